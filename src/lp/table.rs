//! A growing table of numbers, column by column, so that one combination of columns serves all rows at once.

/// `len` rows of `width` numbers; column c is `data[c * stride ..][.. len]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Table {
    width: usize,
    len: usize,
    stride: usize,
    data: Vec<f64>,
}

impl Table {
    pub(crate) fn new(width: usize) -> Table {
        Table { width, len: 0, stride: 16, data: vec![0.0; 16 * width] }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        self.data.capacity() * size_of::<f64>()
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn push(&mut self, row: impl Iterator<Item = f64>) {
        if self.len == self.stride {
            let stride = 2 * self.stride;
            let mut data = vec![0.0; stride * self.width];
            for c in 0..self.width {
                data[c * stride..][..self.len].copy_from_slice(self.column(c));
            }
            (self.data, self.stride) = (data, stride);
        }
        for (c, x) in row.enumerate() {
            self.data[c * self.stride + self.len] = x;
        }
        self.len += 1;
    }

    /// Becomes a copy of `other` without allocating where there is room.
    pub(crate) fn copy_from(&mut self, other: &Table) {
        if self.stride < other.stride || self.width != other.width {
            self.clone_from(other);
            return;
        }
        self.len = other.len;
        for c in 0..self.width {
            self.data[c * self.stride..][..other.len].copy_from_slice(other.column(c));
        }
    }

    #[inline]
    pub(crate) fn column(&self, c: usize) -> &[f64] {
        &self.data[c * self.stride..][..self.len]
    }

    #[inline]
    pub(crate) fn get(&self, i: usize, c: usize) -> f64 {
        debug_assert!(i < self.len);
        self.data[c * self.stride + i]
    }

    pub(crate) fn row(&self, i: usize) -> impl Iterator<Item = f64> + '_ {
        (0..self.width).map(move |c| self.get(i, c))
    }

    /// `out[i] = start + row i . g` for every row.
    pub(crate) fn dot(&self, g: &[f64], start: f64, out: &mut Vec<f64>) {
        out.clear();
        out.resize(self.len, start);
        let mut c = 0;
        // Four columns at a time keep the sums in registers for longer.
        while c + 4 <= self.width {
            let (p, q, r, s) = (self.column(c), self.column(c + 1), self.column(c + 2), self.column(c + 3));
            let (gp, gq, gr, gs) = (g[c], g[c + 1], g[c + 2], g[c + 3]);
            for ((((o, p), q), r), s) in out.iter_mut().zip(p).zip(q).zip(r).zip(s) {
                *o += (p * gp + q * gq) + (r * gr + s * gs);
            }
            c += 4;
        }
        for (c, &g) in g.iter().enumerate().take(self.width).skip(c) {
            for (o, x) in out.iter_mut().zip(self.column(c)) {
                *o += x * g;
            }
        }
    }

    /// Keeps the rows of which `keep` says so, in order.
    pub(crate) fn retain(&mut self, keep: &[bool]) {
        let mut len = 0;
        for (i, &keep) in keep.iter().enumerate().take(self.len) {
            if keep {
                if len < i {
                    for c in 0..self.width {
                        self.data[c * self.stride + len] = self.data[c * self.stride + i];
                    }
                }
                len += 1;
            }
        }
        self.len = len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_combines_and_retains() {
        let mut t = Table::new(5);
        for i in 0..40 {
            t.push((0..5).map(|c| f64::from(i * 10 + c)));
        }
        assert_eq!(t.row(37).collect::<Vec<_>>(), [370.0, 371.0, 372.0, 373.0, 374.0]);
        let mut out = Vec::new();
        t.dot(&[1.0, 0.0, 2.0, 0.0, -1.0], 0.5, &mut out);
        assert_eq!((out.len(), out[3]), (40, 0.5 + 30.0 + 64.0 - 34.0));
        t.retain(&(0..40).map(|i| i % 7 == 3).collect::<Vec<_>>());
        assert_eq!((t.len(), t.get(1, 4)), (6, 104.0));
        let mut other = Table::new(5);
        other.copy_from(&t);
        assert_eq!(other.column(2), t.column(2));
    }
}
