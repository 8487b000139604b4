//! What a micro-kernel is given.

use super::Scalar;

/// One tile of C and where its factors lie. All pointers are to elements that the tile needs; strides are in elements.
pub struct Tile<T> {
    /// Rows of the tile.
    pub rows: usize,
    /// Columns of the tile; B has whole panels of them all the same.
    pub columns: usize,
    /// Terms of the sum.
    pub k: usize,
    pub a: *const T,
    pub a_row: isize,
    pub a_column: isize,
    pub b: *const T,
    /// From one row of a panel to the next.
    pub b_row: isize,
    /// From one panel to the next.
    pub b_panel: isize,
    /// Row-major.
    pub c: *mut T,
    pub c_row: isize,
    /// See [`super::Epilogue`].
    pub accumulate: bool,
    /// NULL = none.
    pub bias: *const T,
    pub slopes: Option<[T; 2]>,
    /// NULL = the element itself.
    pub gate: *const T,
    pub gate_row: isize,
}

/// The micro-kernel of one instruction set.
pub struct Kernel<T: Scalar> {
    /// Most rows of a tile of `panels` panels.
    pub rows: usize,
    /// Most panels of a tile; a tile of up to half the rows may have twice as many.
    pub panels: usize,
    /// Computes a tile of at most `rows` rows and `panels` panels, or half and twice as many.
    ///
    /// # Safety
    /// The pointers of the tile are valid for its sizes, with whole panels of B, and C overlaps nothing.
    pub run: unsafe fn(tile: &Tile<T>),
    /// Sum of products of two slices of the same length.
    pub dot: fn(a: &[T], b: &[T]) -> T,
}

impl<T: Scalar> Tile<T> {
    /// Writes the sums of a tile, (rows, stride) in `sums`, element by element: for tiles that end inside a panel.
    ///
    /// # Safety
    /// As for [`Kernel::run`]; `sums` has a row of at least `columns` for each row.
    #[inline(always)]
    pub unsafe fn finish(&self, sums: &[T], stride: usize) {
        for i in 0..self.rows {
            for j in 0..self.columns {
                // SAFETY: inside the tile.
                unsafe { self.put(i, j, sums[i * stride + j]) };
            }
        }
    }

    /// Writes the sum of one element.
    ///
    /// # Safety
    /// (i, j) lies in the tile, and the pointers besides those of the factors are valid.
    #[inline(always)]
    pub unsafe fn put(&self, i: usize, j: usize, sum: T) {
        // SAFETY: the caller's promise.
        unsafe {
            let c = self.c.offset(i as isize * self.c_row).add(j);
            let mut v = if self.accumulate { *c + sum } else { sum };
            if !self.bias.is_null() {
                v = v + *self.bias.add(j);
            }
            if let Some([below, above]) = self.slopes {
                let gate = if self.gate.is_null() {
                    v
                } else {
                    *self.gate.offset(i as isize * self.gate_row).add(j)
                };
                v = v * if gate > T::default() { above } else { below } + T::default();
            }
            *c = v;
        }
    }
}
