//! The spectrum of a matrix that is there as a whole.

use ndarray::ArrayView2;

use super::moments::{Moments, scale_of};
use super::spectrum::Spectrum;
use super::unit::unit_rows;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::linalg::svd::Svd;
use crate::linalg::syrk::{Gram, Rows, Shift, column_means, syrk};
use crate::linalg::tsqr::triangular_factor;
use crate::view::{Matrix, TensorRef};

/// What is done to the rows before their singular values are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpectrumOptions {
    /// Subtract the mean of the rows.
    pub center: bool,
    /// Divide each row by its length first; as the matrix entropies of token representations want it. Takes N K doubles.
    pub unit_rows: bool,
    /// Small singular values to full accuracy, for f64 data: see [`spectrum()`].
    pub exact: bool,
}

/// Singular values of `z` (N x K, rows are samples; f32, f64, f16 or bf16, any strides). N >= K: from the eigenvalues of the
/// K x K second moments; N < K: of the N x N Gram matrix. Products, sums and eigenvalues in f64: sigma / sigma_1 above 1.5e-8
/// sqrt(K) is resolved, which is all that f32 data hold.
///
/// `exact`, with m = min(N, K): a QR decomposition, and Jacobi rotations of its triangular factor. Every sigma is then right to a few
/// u sigma_1, u = 2^-53, not to sqrt(u) sigma_1. 2 N K m flops and about 30 m^3 of one thread: seconds for m = 500, a minute or
/// two for m = 2000.
///
/// Otherwise N K m flops, and 4/3 m^3 for the eigenvalues; memory 2 m^2 doubles. Conditions: RANK, DTYPE, SHAPE
/// (no rows or no columns), NONFINITE, NUMERIC (zero spectrum, or a row of zeros with `unit_rows`).
pub fn spectrum(ctx: &Context, z: &TensorRef, options: &SpectrumOptions) -> Result<Spectrum> {
    if options.unit_rows {
        let rows = unit_rows(ctx, z)?;
        let z = TensorRef::from_slice(z.name(), &rows, z.shape())?;
        return spectrum(ctx, &z, &SpectrumOptions { unit_rows: false, ..*options });
    }
    let matrix = z.matrix("(rows, columns)")?;
    matrix.expect_some()?;
    let meter = &ctx.meter();
    if options.exact {
        return exact(ctx, meter, matrix, options.center);
    }
    if matrix.rows() >= matrix.columns() {
        let moments = of_columns(ctx, meter, matrix, options.center)?;
        return moments.into_spectrum(ctx, meter, options.center);
    }
    let (n, k, center) = (matrix.rows(), matrix.columns(), options.center);
    let RowGram { gram, exponent, .. } = of_rows(ctx, meter, matrix, center)?;
    Spectrum::from_eigenvalues(gram.eigenvalues(ctx, meter)?, exponent, n as u64, k, center)
}

/// Second moments of the columns, about their mean or about 0.
pub(super) fn of_columns(ctx: &Context, meter: &Meter, z: Matrix, center: bool) -> Result<Moments> {
    let mut moments = Moments::about(meter, z.columns(), center)?;
    moments.absorb(ctx, meter, z, 1.0)?;
    Ok(moments)
}

/// The N x N products of rows 2^-exponent z - means.
pub(super) struct RowGram {
    pub(super) gram: Gram,
    pub(super) exponent: i32,
    /// Of the columns; empty if nothing was subtracted.
    pub(super) means: Vec<f64>,
}

pub(super) fn of_rows(ctx: &Context, meter: &Meter, z: Matrix, center: bool) -> Result<RowGram> {
    let exponent = scale_of(ctx, z)?;
    let means = if center { column_means(ctx, z, exponent)? } else { Vec::new() };
    // The rows of Z are the columns of its transpose: the mean of a feature is the shift of a row.
    let shift = if center { Shift::Rows(&means) } else { Shift::None };
    let mut gram = Gram::zeros(meter, z.rows())?;
    syrk(ctx, meter, &Rows { z: z.transpose(), exponent, shift }, 1.0, &mut gram)?;
    Ok(RowGram { gram, exponent, means })
}

/// From the triangular factor of the rows, or of the columns if there are fewer rows.
fn exact(ctx: &Context, meter: &Meter, z: Matrix, center: bool) -> Result<Spectrum> {
    let (n, k) = (z.rows(), z.columns());
    let exponent = scale_of(ctx, z)?;
    // What the mean is rounded by adds its square to the second moments, which is nothing.
    let means = if center { column_means(ctx, z, exponent)? } else { Vec::new() };
    let rows = match (center, n >= k) {
        (false, true) => Rows { z, exponent, shift: Shift::None },
        (false, false) => Rows { z: z.transpose(), exponent, shift: Shift::None },
        (true, true) => Rows { z, exponent, shift: Shift::Columns(&means) },
        (true, false) => Rows { z: z.transpose(), exponent, shift: Shift::Rows(&means) },
    };
    let order = n.min(k);
    let factor = triangular_factor(ctx, meter, &rows)?;
    let factor = ArrayView2::from_shape((order, order), &factor[..]).expect("a square matrix");
    Spectrum::new(Svd::new(ctx, factor)?.s.to_vec(), exponent, n as u64, k, center)
}
