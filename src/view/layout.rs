//! Where the elements of a strided tensor lie.

use crate::error::{Result, bail};

/// More axes than this are a mistake.
const MAX_RANK: usize = 32;

/// Strides as messages say them.
pub(super) fn with(strides: Option<&[i64]>) -> String {
    strides.map_or(String::new(), |strides| format!(" with strides {strides:?}"))
}

/// Shape and strides, checked: every element has an offset in bytes that an `isize` holds.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub shape: Vec<usize>,
    /// Number of elements.
    pub len: usize,
    /// Axes from the outermost to the innermost as (length, stride in elements), without those of length 1, and with
    /// neighbours joined that can be walked as one.
    pub axes: Vec<(usize, isize)>,
    /// Lowest and highest offset of an element, in elements.
    pub span: (isize, isize),
}

impl Layout {
    /// Checks `shape` and `strides` (in elements; `None` = row-major) of a tensor called `name`.
    pub fn new(name: &str, size: usize, shape: &[i64], strides: Option<&[i64]>) -> Result<Layout> {
        if shape.len() > MAX_RANK {
            bail!(Rank, "{name} has {} axes; expected at most {MAX_RANK}", shape.len())
        }
        let mut dims = Vec::with_capacity(shape.len());
        for (axis, &n) in shape.iter().enumerate() {
            match usize::try_from(n) {
                Ok(n) => dims.push(n),
                Err(_) => bail!(Shape, "{name}: shape[{axis}] is {n}; expected 0 or more"),
            }
        }
        let empty = dims.contains(&0);
        let overflow = || format!("{name}: shape {shape:?}{} exceeds the address space", with(strides));
        let Some(len) =
            (if empty { Some(0) } else { dims.iter().try_fold(1usize, |a, &n| a.checked_mul(n)) })
        else {
            bail!(Shape, "{}", overflow())
        };
        let mut layout = Layout { shape: dims, len, axes: Vec::new(), span: (0, 0) };
        if empty {
            return Ok(layout);
        }
        let Some(()) = layout.place(size, strides) else { bail!(Shape, "{}", overflow()) };
        Ok(layout)
    }

    /// Fills `axes` and `span`; `None` on overflow.
    fn place(&mut self, size: usize, strides: Option<&[i64]>) -> Option<()> {
        let mut inner = 1isize;
        let mut axes = Vec::with_capacity(self.shape.len());
        for (axis, &n) in self.shape.iter().enumerate().rev() {
            let stride = match strides {
                Some(strides) => strides[axis],
                None => i64::try_from(inner).ok()?,
            };
            inner = inner.checked_mul(isize::try_from(n).ok()?)?;
            if n > 1 {
                let stride = isize::try_from(stride).ok()?;
                let reach = isize::try_from(n - 1).ok()?.checked_mul(stride)?;
                if reach < 0 {
                    self.span.0 = self.span.0.checked_add(reach)?;
                } else {
                    self.span.1 = self.span.1.checked_add(reach)?;
                }
                axes.push((n, stride));
            }
        }
        let bytes = self.span.1.checked_sub(self.span.0)?.checked_add(1)?.checked_mul(size as isize)?;
        bytes.checked_add(size as isize)?;
        for (n, stride) in axes.into_iter().rev() {
            match self.axes.last_mut() {
                Some(outer) if Some(outer.1) == stride.checked_mul(n as isize) => {
                    *outer = (outer.0 * n, stride)
                }
                _ => self.axes.push((n, stride)),
            }
        }
        Some(())
    }

    /// Whether the elements lie one after the other in row-major order.
    pub fn is_contiguous(&self) -> bool {
        self.len == 0 || matches!(self.axes[..], [] | [(_, 1)])
    }

    /// Whether two indices may name one element. Errs on the side of yes for exotic interleaved strides.
    pub fn may_repeat(&self) -> bool {
        let mut axes = self.axes.clone();
        axes.sort_unstable_by_key(|a| a.1.unsigned_abs());
        let mut reach = 0usize;
        axes.iter().any(|&(n, stride)| {
            let repeats = stride.unsigned_abs() <= reach;
            reach += (n - 1) * stride.unsigned_abs();
            repeats
        })
    }

    /// Calls `run(offset, count, stride)`, in elements, for runs that together list every element in row-major order.
    pub fn runs(&self, mut run: impl FnMut(isize, usize, isize)) {
        if self.len == 0 {
            return;
        }
        let Some((&(count, stride), outer)) = self.axes.split_last() else { return run(0, 1, 1) };
        let mut index = vec![0; outer.len()];
        let mut offset = 0isize;
        loop {
            run(offset, count, stride);
            let mut axis = outer.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                let (n, stride) = outer[axis];
                index[axis] += 1;
                offset += stride;
                if index[axis] < n {
                    break;
                }
                offset -= stride * n as isize;
                index[axis] = 0;
            }
        }
    }

    /// The index of the `k`-th element in row-major order, as "3, 1".
    pub fn index(&self, mut k: usize) -> String {
        let mut index = Vec::with_capacity(self.shape.len());
        for &n in self.shape.iter().rev() {
            index.push((k % n).to_string());
            k /= n;
        }
        index.reverse();
        index.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(shape: &[i64], strides: &[i64]) -> Layout {
        Layout::new("x", 8, shape, Some(strides)).unwrap()
    }

    fn offsets(l: &Layout) -> Vec<isize> {
        let mut all = Vec::new();
        l.runs(|offset, n, stride| all.extend((0..n as isize).map(|i| offset + i * stride)));
        all
    }

    #[test]
    fn runs_list_every_element_in_row_major_order() {
        assert_eq!(offsets(&layout(&[2, 3], &[3, 1])), [0, 1, 2, 3, 4, 5]);
        assert_eq!(offsets(&layout(&[2, 3], &[1, 2])), [0, 2, 4, 1, 3, 5]);
        assert_eq!(offsets(&layout(&[2, 2], &[-5, 0])), [0, 0, -5, -5]);
        assert_eq!(offsets(&layout(&[2, 1, 2], &[10, 99, 3])), [0, 3, 10, 13]);
        assert_eq!(offsets(&layout(&[2, 2, 2], &[8, 4, 1])), [0, 1, 4, 5, 8, 9, 12, 13]);
        assert_eq!(offsets(&layout(&[], &[])), [0]);
        assert_eq!(offsets(&layout(&[3, 0], &[1, 1])), [0isize; 0]);
    }

    #[test]
    fn spans_and_contiguity() {
        assert_eq!(layout(&[3, 4], &[-10, 2]).span, (-20, 6));
        assert!(layout(&[3, 4], &[4, 1]).is_contiguous());
        assert!(layout(&[3, 1, 4], &[4, -7, 1]).is_contiguous());
        assert!(!layout(&[3, 4], &[5, 1]).is_contiguous());
        assert!(!layout(&[4], &[-1]).is_contiguous());
        assert!(Layout::new("x", 8, &[5, 6, 7], None).unwrap().is_contiguous());
    }

    #[test]
    fn repeated_elements_are_seen() {
        assert!(layout(&[3], &[0]).may_repeat());
        assert!(layout(&[3, 3], &[2, 1]).may_repeat());
        assert!(layout(&[2, 2], &[1, -1]).may_repeat());
        assert!(!layout(&[1, 3], &[0, 1]).may_repeat());
        assert!(!layout(&[3, 4], &[1, 3]).may_repeat());
        assert!(!layout(&[3, 4], &[-4, 1]).may_repeat());
    }

    #[test]
    fn extents_beyond_the_address_space_are_refused() {
        let max = i64::MAX;
        for (shape, strides) in [
            (&[max][..], &[1][..]),
            (&[max, max], &[0, 0]),
            (&[2], &[max]),
            (&[2], &[i64::MIN]),
            (&[2, 2], &[max / 8 - 2, 3]),
            (&[max / 8 + 1], &[1]),
        ] {
            let e = Layout::new("x", 8, shape, Some(strides)).unwrap_err();
            assert!(e.to_string().starts_with("[SHAPE] x: shape"), "{e}");
        }
        assert!(Layout::new("x", 8, &[1 << 32, 1 << 32], None).is_err());
        let e = Layout::new("x", 8, &[2, -1], None).unwrap_err();
        assert_eq!(e.to_string(), "[SHAPE] x: shape[1] is -1; expected 0 or more");
        assert_eq!(Layout::new("x", 8, &[max, 0], None).unwrap().len, 0);
        let e = Layout::new("x", 8, &[1; 33], None).unwrap_err();
        assert_eq!(e.to_string(), "[RANK] x has 33 axes; expected at most 32");
    }

    #[test]
    fn indices_for_messages() {
        let l = layout(&[2, 3, 4], &[12, 4, 1]);
        assert_eq!(l.index(23), "1, 2, 3");
        assert_eq!(l.index(5), "0, 1, 1");
        assert_eq!(layout(&[], &[]).index(0), "");
    }
}
