//! Geometry of a sliding window over a (C, H, W) tensor: convolution and pooling.

use std::ops::Range;

/// Geometry of a sliding window over a (C, H, W) tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step in each direction, at least 1.
    pub stride: [usize; 2],
    /// Zero padding (minus infinity for max-pool): top, left, bottom, right.
    pub padding: [usize; 4],
    /// Distance between the taps of the kernel, at least 1.
    pub dilation: [usize; 2],
}

impl Window {
    /// A kernel with stride 1, no padding and no dilation.
    pub fn new(kernel: [usize; 2]) -> Self {
        Window { kernel, stride: [1, 1], padding: [0; 4], dilation: [1, 1] }
    }

    /// The pooling window of `kernel` that moves by its own size.
    pub fn pool(kernel: [usize; 2]) -> Self {
        Window { stride: kernel, ..Window::new(kernel) }
    }

    /// Index into an input plane of `h` x `w` of tap (`i`, `j`) of the window at output (`y`, `x`);
    /// `None` in the padding.
    #[inline]
    pub fn source(
        &self,
        (h, w): (usize, usize),
        (y, x): (usize, usize),
        (i, j): (usize, usize),
    ) -> Option<usize> {
        let r = (y * self.stride[0] + i * self.dilation[0]).checked_sub(self.padding[0])?;
        let c = (x * self.stride[1] + j * self.dilation[1]).checked_sub(self.padding[1])?;
        (r < h && c < w).then_some(r * w + c)
    }

    /// Rows and columns from the first to the last tap of the kernel.
    pub fn extent(&self) -> [usize; 2] {
        [0, 1].map(|a| self.kernel[a].saturating_sub(1).saturating_mul(self.dilation[a]).saturating_add(1))
    }

    /// Number of window positions over a plane of `size` rows and columns; `None` if the kernel is larger than the
    /// padded plane. With `ceil` a window that hangs over the end by less than a step counts too, unless it starts
    /// in the padding behind the plane (the rule of torch and of ONNX).
    pub fn positions(&self, size: [usize; 2], ceil: bool) -> Option<[usize; 2]> {
        let along = |a: usize| {
            let (before, after) = (self.padding[a], self.padding[a + 2]);
            let hang_over = if ceil { self.stride[a] - 1 } else { 0 };
            let room = (size[a] + before + after + hang_over).checked_sub(self.extent()[a])?;
            let n = room / self.stride[a] + 1;
            let starts_behind = (n - 1) * self.stride[a] >= size[a] + before;
            Some(if ceil && starts_behind { n - 1 } else { n })
        };
        Some([along(0)?, along(1)?])
    }

    /// Taps along `axis` of the window at `position` that lie in a plane of `size`.
    pub(crate) fn taps(&self, axis: usize, size: usize, position: usize) -> Range<usize> {
        let (start, padding, dilation) =
            (position * self.stride[axis], self.padding[axis], self.dilation[axis]);
        let first = padding.saturating_sub(start).div_ceil(dilation);
        let end = (size + padding).saturating_sub(start).div_ceil(dilation).min(self.kernel[axis]);
        first.min(end)..end
    }

    /// What the window at output (`y`, `x`) reads of a plane of `h` x `w`: number of the tap, row-major, and index.
    pub(crate) fn reads(
        &self,
        (h, w): (usize, usize),
        (y, x): (usize, usize),
    ) -> impl Iterator<Item = (usize, usize)> {
        let row = move |i| y * self.stride[0] + i * self.dilation[0] - self.padding[0];
        let col = move |j| x * self.stride[1] + j * self.dilation[1] - self.padding[1];
        let cols = self.taps(1, w, x);
        self.taps(0, h, y)
            .flat_map(move |i| cols.clone().map(move |j| (i * self.kernel[1] + j, row(i) * w + col(j))))
    }

    /// Positions `first..end` along `axis` (of `positions` in all) whose tap `k` lies in the plane of `size`.
    pub(crate) fn inside(&self, axis: usize, size: usize, positions: usize, k: usize) -> Range<usize> {
        let (stride, padding, tap) = (self.stride[axis], self.padding[axis], k * self.dilation[axis]);
        let first = padding.saturating_sub(tap).div_ceil(stride);
        let end = (size + padding).saturating_sub(tap).div_ceil(stride).min(positions);
        first.min(end)..end
    }

    /// Calls `f(tap, outputs, source)` for every tap and every row of outputs that it reads real elements for:
    /// element `outputs.start + k` of the output plane reads element `source + k * stride[1]` of the image plane.
    pub(crate) fn runs(
        &self,
        image: [usize; 2],
        out: [usize; 2],
        mut f: impl FnMut(usize, Range<usize>, usize),
    ) {
        let along = |axis: usize| {
            let inside = move |k| (k, self.inside(axis, image[axis], out[axis], k));
            (0..self.kernel[axis]).map(inside).filter(|(_, positions)| !positions.is_empty())
        };
        let columns: Vec<_> = along(1).collect();
        for (ki, rows) in along(0) {
            for (kj, cols) in &columns {
                let c = cols.start * self.stride[1] + kj * self.dilation[1] - self.padding[1];
                for y in rows.clone() {
                    let r = y * self.stride[0] + ki * self.dilation[0] - self.padding[0];
                    let outputs = y * out[1] + cols.start..y * out[1] + cols.end;
                    f(ki * self.kernel[1] + kj, outputs, r * image[1] + c);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(kernel: usize, stride: usize, padding: (usize, usize), dilation: usize) -> Window {
        Window {
            kernel: [kernel, 1],
            stride: [stride, 1],
            padding: [padding.0, 0, padding.1, 0],
            dilation: [dilation, 1],
        }
    }

    #[test]
    fn positions_follow_the_rule_of_torch() {
        // Computed with torch.nn.functional.max_pool1d / conv1d.
        let cases = [
            ((5, 2, 2, (0, 0), 1, false), 2),
            ((5, 2, 2, (0, 0), 1, true), 3),
            ((6, 3, 2, (1, 1), 1, true), 4),
            ((4, 1, 3, (0, 0), 1, true), 2),
            ((3, 2, 2, (1, 1), 1, true), 2),
            ((9, 3, 2, (0, 0), 2, false), 3),
            ((9, 3, 3, (0, 0), 2, true), 3),
            ((1, 3, 3, (0, 0), 1, true), 1),
            ((3, 3, 2, (1, 1), 2, true), 1),
        ];
        for ((size, kernel, stride, padding, dilation, ceil), n) in cases {
            let w = one(kernel, stride, padding, dilation);
            assert_eq!(w.positions([size, 1], ceil), Some([n, 1]), "size {size}, {w:?}, ceil {ceil}");
        }
        assert_eq!(one(4, 1, (0, 0), 1).positions([3, 1], true), None);
        assert_eq!(one(4, 3, (0, 0), 1).positions([3, 1], false), None);
        assert_eq!(one(2, 1, (0, 0), usize::MAX).positions([3, 1], false), None);
    }

    proptest! {
        #[test]
        fn inside_and_taps_agree_with_source(
            size in 1usize..9, kernel in 1usize..4, stride in 1usize..4,
            before in 0usize..5, after in 0usize..5, dilation in 1usize..4, ceil: bool,
        ) {
            let w = one(kernel, stride, (before, after), dilation);
            let Some([n, _]) = w.positions([size, 1], ceil) else { return Ok(()) };
            for y in 0..n {
                let taps: Vec<_> = (0..kernel).filter(|&k| w.source((size, 1), (y, 0), (k, 0)).is_some()).collect();
                prop_assert_eq!(w.taps(0, size, y).collect::<Vec<_>>(), taps);
                for (k, p) in w.reads((size, 1), (y, 0)) {
                    prop_assert_eq!(w.source((size, 1), (y, 0), (k, 0)), Some(p));
                }
            }
            for k in 0..kernel {
                let found: Vec<_> = (0..n).filter(|&y| w.source((size, 1), (y, 0), (k, 0)).is_some()).collect();
                prop_assert_eq!(w.inside(0, size, n, k).collect::<Vec<_>>(), found);
            }
        }
    }
}
