//! Eigenvalues and eigenvectors of symmetric matrices, f64.
//!
//! [`values`] reduces the matrix to a band in matrix products, the band to a tridiagonal matrix by chasing bulges, and
//! finds the values of that by root-free QL. [`decompose`] keeps the reflectors of both reductions, takes the vectors of
//! the tridiagonal matrix from implicit QL, and back. [`tridiagonal_values`] is the last step alone.
//!
//! | step | operations | memory traffic |
//! |---|---|---|
//! | dense to band of width 32 | 4/3 K^3 | K^3 / 12 bytes |
//! | band to tridiagonal | 200 K^2 | cache |
//! | values of the tridiagonal | 30 K^2, one thread | cache |
//! | vectors of the tridiagonal | 5 K^3 | cache |
//! | vectors back | 4 K^3 | cache |
//!
//! There is no one-stage reduction: half of its operations are products of a matrix and a vector, and the two stages were
//! ahead of LAPACK's one at every size that was measured, in cache (K = 256) and out of it (K = 4096).
//!
//! Results are the same to the bit for any number of threads, and with AVX2 and AVX-512; the portable kernels agree within
//! the error of the method, which is backward stable: values and vectors are those of a matrix within c K u |A| of A, with
//! u = 2^-53 and c about 1. The scale of the matrix does not matter: it is taken out as a power of two.

mod band;
mod chase;
mod leaf;
mod panel;
mod ql;
#[cfg(test)]
mod tests;
mod tiles;
mod tridiagonal;
mod vectors;
mod work;

pub use tridiagonal::tridiagonal_values;
pub use vectors::{Decomposition, decompose};

use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use tiles::Tiles;

/// Which triangle of a symmetric matrix is read, the diagonal included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// Rows below the diagonal: row >= column.
    Lower,
    /// Rows above the diagonal: row <= column.
    Upper,
}

/// A symmetric matrix of which one triangle is stored.
#[derive(Clone, Copy, Debug)]
pub struct Symmetric<'a> {
    data: &'a [f64],
    n: usize,
    stride: usize,
    triangle: Triangle,
}

impl<'a> Symmetric<'a> {
    /// `n` rows of `data`, `stride` numbers apart. Conditions: SHAPE (rows that do not fit into `data`, or overlap).
    pub fn new(data: &'a [f64], n: usize, stride: usize, triangle: Triangle) -> Result<Self> {
        if n == 0 {
            bail!(Shape, "matrix: 0 rows; expected at least 1")
        }
        let needed = (n - 1).checked_mul(stride).and_then(|x| x.checked_add(n));
        if stride < n || needed.is_none_or(|needed| data.len() < needed) {
            bail!(Shape, "matrix: {n} rows, {stride} apart, do not fit {} numbers", data.len())
        }
        Ok(Symmetric { data, n, stride, triangle })
    }

    /// Columns of a row that are in the triangle.
    fn stored(&self, row: usize) -> std::ops::Range<usize> {
        match self.triangle {
            Triangle::Lower => 0..row + 1,
            Triangle::Upper => row..self.n,
        }
    }
}

/// The eigenvalues, ascending. The matrix is left as it is: 0.65 K^2 numbers of workspace for large K.
///
/// Conditions: NONFINITE; NUMERIC (no convergence within 30 K iterations, or a value beyond the largest f64); CANCELLED;
/// MEMORY; MEMORY_LIMIT. The context is polled once every 32 columns.
pub fn values(ctx: &Context, meter: &Meter, matrix: &Symmetric) -> Result<Buffer<f64>> {
    // On a worker from here on: the many short parallel calls need not wake one each.
    ctx.pool().install(|| {
        let n = matrix.n;
        let mut tiles = Tiles::new(ctx, meter, matrix)?;
        let exponent = tiles.exponent;
        let band = band::reduce(ctx, meter, &mut tiles, false)?;
        let chase::Tridiagonal { mut d, mut e, .. } =
            chase::tridiagonal(ctx, meter, &tiles, &band, n, false)?;
        drop((tiles, band));
        tridiagonal::iterate(&mut d, &mut e[..n - 1])?;
        let mut values = meter.buffer(n, "eigenvalues")?;
        values.copy_from_slice(&d);
        values.sort_unstable_by(f64::total_cmp);
        tridiagonal::restore(&mut values, exponent)?;
        Ok(values)
    })
}
