//! The upper triangle of a symmetric matrix, stored so that kernels may write whole tiles.

use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::linalg::eigh::{self, Decomposition, Symmetric, Triangle};
use crate::simd::aligned::padded;

/// The upper triangle of a symmetric matrix of f64. Row-major; rows start on cache lines, an odd number of them apart
/// (a power of two would crowd few sets of the caches), and the order is padded to a multiple of 8. What lies below the
/// diagonal or in the padding is scratch.
pub(crate) struct Gram {
    order: usize,
    stride: usize,
    entries: Buffer<f64>,
}

impl Gram {
    /// The zero matrix of this order.
    pub(crate) fn zeros(meter: &Meter, order: usize) -> Result<Gram> {
        let stride = padded(order) | 8;
        let entries = meter.buffer(padded(order).saturating_mul(stride), "Gram matrix")?;
        Ok(Gram { order, stride, entries })
    }

    /// Number of rows and columns.
    pub(crate) fn order(&self) -> usize {
        self.order
    }

    /// Entries (i, i) .. (i, order).
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.entries[i * self.stride..][i..self.order]
    }

    /// See [`Gram::row`].
    pub(crate) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.entries[i * self.stride..][i..self.order]
    }

    /// Entry (i, i).
    pub(crate) fn diagonal(&self, i: usize) -> f64 {
        self.entries[i * self.stride + i]
    }

    /// Entry distance of rows, see the type.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// All of it, padding too.
    pub(super) fn storage(&mut self) -> &mut [f64] {
        &mut self.entries
    }

    /// Sets every entry to 0.
    pub(crate) fn clear(&mut self) {
        self.entries.fill(0.0);
    }

    /// Writes `f(i, j, entry)` over every entry of the triangle.
    pub(crate) fn map(&mut self, f: impl Fn(usize, usize, f64) -> f64) {
        for i in 0..self.order {
            for (k, x) in self.row_mut(i).iter_mut().enumerate() {
                *x = f(i, i + k, *x);
            }
        }
    }

    /// The sum of the diagonal.
    pub(crate) fn trace(&self) -> f64 {
        (0..self.order).map(|i| self.diagonal(i)).sum()
    }

    /// The sum of the squares of all entries, both triangles.
    pub(crate) fn frobenius_sq(&self) -> f64 {
        let row = |i: usize| {
            let (d, rest) = self.row(i).split_first().expect("a row has its diagonal");
            d * d + 2.0 * rest.iter().map(|x| x * x).sum::<f64>()
        };
        (0..self.order).map(row).sum()
    }

    /// Adds another of the same order.
    pub(crate) fn add(&mut self, other: &Gram) {
        for i in 0..self.order {
            for (x, y) in self.row_mut(i).iter_mut().zip(other.row(i)) {
                *x += y;
            }
        }
    }

    /// The matrix of `f(i, j, entry)`.
    pub(crate) fn mapped(&self, meter: &Meter, f: impl Fn(usize, usize, f64) -> f64) -> Result<Gram> {
        let mut out = Gram::zeros(meter, self.order)?;
        for i in 0..self.order {
            for (k, (x, &g)) in out.row_mut(i).iter_mut().zip(self.row(i)).enumerate() {
                *x = f(i, i + k, g);
            }
        }
        Ok(out)
    }

    /// The eigenvalues, ascending. Conditions: NUMERIC, MEMORY, MEMORY_LIMIT, CANCELLED.
    pub(crate) fn eigenvalues(&self, ctx: &Context, meter: &Meter) -> Result<Vec<f64>> {
        Ok(eigh::values(ctx, meter, &self.symmetric()?)?.to_vec())
    }

    /// The eigenvalues, ascending, and their vectors. Conditions as for the values.
    pub(crate) fn decompose(&self, ctx: &Context, meter: &Meter) -> Result<Decomposition> {
        eigh::decompose(ctx, meter, &self.symmetric()?)
    }

    fn symmetric(&self) -> Result<Symmetric<'_>> {
        Symmetric::new(&self.entries, self.order, self.stride, Triangle::Upper)
    }

    /// The matrix of `f(i, j, entry)`, both triangles, in row-major order without padding.
    pub(crate) fn to_full(&self, meter: &Meter, f: impl Fn(usize, usize, f64) -> f64) -> Result<Buffer<f64>> {
        const TILE: usize = 32;
        let n = self.order;
        let mut full = meter.buffer::<f64>(n.saturating_mul(n), "symmetric matrix")?;
        for i in 0..n {
            for (k, (x, &g)) in full[i * n + i..(i + 1) * n].iter_mut().zip(self.row(i)).enumerate() {
                *x = f(i, i + k, g);
            }
        }
        // The lower triangle tile by tile: column-wise writes would miss the cache at every step.
        for top in (0..n).step_by(TILE) {
            for left in (top..n).step_by(TILE) {
                for i in top..n.min(top + TILE) {
                    for j in left.max(i + 1)..n.min(left + TILE) {
                        full[j * n + i] = full[i * n + j];
                    }
                }
            }
        }
        Ok(full)
    }
}
