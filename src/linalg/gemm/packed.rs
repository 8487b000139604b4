//! The right factor in panels: all rows of the first [`Scalar::PANEL`] columns, one cache line each, then of the next ones,
//! the last panel filled up with zeros.

use ndarray::ArrayView2;

use super::Scalar;

/// A matrix (K, N) in panels.
#[derive(Debug)]
pub struct Packed<T> {
    rows: usize,
    columns: usize,
    panels: Vec<T>,
}

impl<T: Scalar> Packed<T> {
    /// Packs a matrix: reads and writes it once.
    pub fn new(b: ArrayView2<T>) -> Self {
        let mut panels = vec![T::default(); b.nrows() * b.ncols().next_multiple_of(T::PANEL)];
        pack(b, &mut panels);
        Packed { rows: b.nrows(), columns: b.ncols(), panels }
    }

    /// K.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// N.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The panel of column `j`, which begins it, from row `k` on.
    pub fn at(&self, k: usize, j: usize) -> &[T] {
        &self.panels[j * self.rows + k * T::PANEL..]
    }
}

/// Packs `b` into `panels`; the columns behind the last keep what is there.
pub(super) fn pack<T: Scalar>(b: ArrayView2<T>, panels: &mut [T]) {
    let (rows, columns) = b.dim();
    if rows == 0 {
        return;
    }
    for (panel, j) in panels.chunks_exact_mut(rows * T::PANEL).zip((0..columns).step_by(T::PANEL)) {
        let width = T::PANEL.min(columns - j);
        // Down the columns where these are contiguous, in strips that stay in the first-level cache.
        for k in (0..rows).step_by(STRIP) {
            let strip = b.slice(ndarray::s![k..rows.min(k + STRIP), j..j + width]);
            let to = &mut panel[k * T::PANEL..];
            if b.strides()[1] == 1 {
                for (row, to) in strip.rows().into_iter().zip(to.chunks_exact_mut(T::PANEL)) {
                    row.iter().zip(to).for_each(|(&v, to)| *to = v);
                }
            } else {
                for (c, column) in strip.columns().into_iter().enumerate() {
                    match column.as_slice() {
                        Some(column) => spread(column, &mut to[c..]),
                        None => to[c..].iter_mut().step_by(T::PANEL).zip(column).for_each(|(to, &v)| *to = v),
                    }
                }
            }
        }
    }
}

/// Rows of a panel that are filled at a time.
const STRIP: usize = 64;

/// Writes a column of a panel.
fn spread<T: Scalar>(column: &[T], to: &mut [T]) {
    to.iter_mut().step_by(T::PANEL).zip(column).for_each(|(to, &v)| *to = v);
}
