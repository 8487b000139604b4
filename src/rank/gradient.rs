//! The gradient of an effective rank, for use as a loss.
//!
//! H = -sum q ln q of q = s / S + eps, s = sigma or sigma^2, S = sum s; R = exp H:
//!
//! ```text
//! g_i = dH/ds_i = -(1/S) [(ln q_i + 1) - sum_j p_j (ln q_j + 1)]
//! dH/dZ = Z V diag(g_i / sigma_i) V'        of singular values; N < K: U diag(g_i / sigma_i) U' Z
//! dH/dZ = 2 Z V diag(g_i) V'                of eigenvalues
//! dR/dZ = R dH/dZ
//! ```
//!
//! with (s + eps) / T, T = sum (s + eps): the same with T for S and q for p. Centred: of Z minus its mean. A symmetric function
//! of the singular values has no term 1 / (sigma_i^2 - sigma_j^2): repeated values do no harm, which is where automatic
//! differentiation of an SVD gives NaN. Where sigma_i is 0 the rank has no derivative; 0 is the choice of least norm.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::batch::{RowGram, of_columns, of_rows};
use super::entropy::{probabilities, scaled_eps};
use super::options::{EpsMode, Options, Power};
use super::scale::ldexp;
use super::spectrum::Spectrum;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::eigh::Decomposition;
use crate::linalg::gemm::gemm;
use crate::view::{Matrix, TensorRef};

/// Rows of the gradient that are computed at a time.
const ROWS: usize = 64;

/// What is differentiated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// The effective rank, [`Spectrum::effective_rank`].
    #[default]
    Rank,
    /// Its entropy, [`Spectrum::entropy`].
    Entropy,
}

/// A gradient in every detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientOptions {
    /// The convention of the effective rank.
    pub rank: Options,
    /// What is differentiated.
    pub target: Target,
    /// Singular values up to this much of the largest contribute nothing; 0 <= tolerance < 1.
    pub tolerance: f64,
}

impl Default for GradientOptions {
    /// Of Roy and Vetterli's effective rank; tolerance 1e-7.
    fn default() -> Self {
        GradientOptions { rank: Options::default(), target: Target::Rank, tolerance: 1e-7 }
    }
}

/// A value and what makes its gradient: a symmetric matrix M of order min(N, K), dR/dZ = Z M, or M Z if N < K, of the rows minus
/// their mean if centred.
pub struct Gradient {
    value: f64,
    /// M for rows 2^-exponent z.
    map: Buffer<f64>,
    exponent: i32,
    shape: [usize; 2],
    /// In the units of the scaled rows; empty if not centred.
    means: Vec<f64>,
}

/// The value of an effective rank of `z` (N x K; f32, f64, f16 or bf16) and its gradient. Cost of the spectrum with vectors and
/// 2 min(N, K)^3 flops; [`Gradient::values`] 2 N K min(N, K) more. Conditions: those of [`super::spectrum()`]; ARGUMENT.
pub fn gradient(ctx: &Context, z: &TensorRef, options: &GradientOptions) -> Result<Gradient> {
    options.rank.check()?;
    if !(0.0..1.0).contains(&options.tolerance) {
        bail!(Argument, "tolerance is {}; expected 0 or more and less than 1", options.tolerance)
    }
    let matrix = z.matrix("(rows, columns)")?;
    matrix.expect_some()?;
    let (n, k, center) = (matrix.rows(), matrix.columns(), options.rank.center);
    let meter = &ctx.meter();
    let (gram, exponent, means) = if n >= k {
        let moments = of_columns(ctx, meter, matrix, center)?;
        let means = if center { moments.scaled_mean().collect() } else { Vec::new() };
        let exponent = moments.exponent();
        (moments.into_matrix(center)?, exponent, means)
    } else {
        let RowGram { gram, exponent, means } = of_rows(ctx, meter, matrix, center)?;
        (gram, exponent, means)
    };
    let order = n.min(k);
    let Decomposition { values, vectors } = gram.decompose(ctx, meter)?;
    drop(gram);
    let spectrum = Spectrum::from_eigenvalues(values.to_vec(), exponent, n as u64, k, center)?;
    let (value, slopes) = slopes(&spectrum, options)?;
    // Values are 2^-unit sigma of the scaled rows: what has the dimension 1 / sigma^2 is 2^-2unit of that.
    let unit = spectrum.exponent() - exponent;
    let mut weighted = meter.buffer::<f64>(order * order, "weighted eigenvectors")?;
    // Vectors come by ascending values, slopes by descending ones.
    let rows = vectors.chunks_exact(order).zip(weighted.chunks_exact_mut(order));
    for ((v, w), slope) in rows.zip(slopes.iter().rev()) {
        let weight = ldexp(*slope, -2 * unit);
        w.iter_mut().zip(v).for_each(|(w, v)| *w = weight * *v);
    }
    let view = |values| ArrayView2::from_shape((order, order), values).expect("a square matrix");
    let mut map = meter.buffer::<f64>(order * order, "gradient map")?;
    let mut out = ArrayViewMut2::from_shape((order, order), &mut map[..]).expect("a square matrix");
    gemm(ctx.isa(), view(&vectors).t(), view(&weighted), false, out.view_mut());
    Ok(Gradient { value, map, exponent, shape: [n, k], means })
}

/// The value, and the eigenvalues of M for the values as the spectrum has them, largest sigma first.
fn slopes(spectrum: &Spectrum, options: &GradientOptions) -> Result<(f64, Vec<f64>)> {
    let Options { power, eps, eps_mode, normalize, base, .. } = options.rank;
    let (s, e) = spectrum.powers(power);
    let q: Vec<f64> = probabilities(&s, e, eps, eps_mode).collect();
    // What the sum is divided by, and the weights of the mean.
    let (total, mean_of) = match eps_mode {
        EpsMode::AfterDivision => (s.iter().sum::<f64>(), probabilities(&s, e, 0.0, eps_mode).collect()),
        EpsMode::BeforeDivision => (s.iter().map(|s| s + scaled_eps(eps, e)).sum(), q.clone()),
    };
    let log = |q: f64| if q > 0.0 { q.ln() + 1.0 } else { 0.0 };
    let mean: f64 = mean_of.iter().zip(&q).map(|(p, &q)| p * log(q)).sum();
    let value = match options.target {
        Target::Rank => spectrum.effective_rank(&options.rank)?,
        Target::Entropy => spectrum.entropy(&options.rank)?,
    };
    // dH in nats to d(value).
    let factor = match options.target {
        _ if normalize => {
            if spectrum.columns() > 1 {
                1.0 / (spectrum.columns() as f64).ln()
            } else {
                0.0
            }
        }
        Target::Rank => value,
        Target::Entropy => 1.0 / base.ln(),
    };
    let sigma = &spectrum.values;
    let slope = |(&q, &sigma_i): (&f64, &f64)| {
        let g = -(log(q) - mean) / total;
        match power {
            _ if sigma_i <= options.tolerance * sigma[0] => 0.0,
            Power::Singular => factor * g / sigma_i,
            Power::Eigen => 2.0 * factor * g,
        }
    };
    Ok((value, q.iter().zip(sigma).map(slope).collect()))
}

impl Gradient {
    /// The effective rank or the entropy.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// M, row-major, of order min(N, K), for rows that are 2^-[`Gradient::exponent`] times those given: dR/dZ = 2^-2exponent Z M.
    pub fn map(&self) -> &[f64] {
        &self.map
    }

    /// Exponent of the scale of the rows; 0 unless they are extreme.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// dR/dZ at the matrix that the gradient was made from: N x K, row-major. Conditions: SHAPE, MEMORY, MEMORY_LIMIT, CANCELLED.
    pub fn values(&self, ctx: &Context, z: &TensorRef) -> Result<Buffer<f64>> {
        z.expect_shape(&self.shape, "the matrix that the gradient was made from")?;
        let z = z.matrix("(rows, columns)")?;
        let [n, k] = self.shape;
        let meter = ctx.meter();
        let mut out = meter.buffer::<f64>(n * k, "gradient")?;
        let order = n.min(k);
        let map = ArrayView2::from_shape((order, order), &self.map[..]).expect("a square matrix");
        if n < k {
            // M Z: every row needs all of them.
            let mut rows = meter.buffer::<f64>(n * k, "rows")?;
            self.rows(&z, 0..n, &mut rows);
            let rows = ArrayView2::from_shape((n, k), &rows[..]).expect("n x k values");
            let mut blocks: Vec<_> = out.chunks_mut(ROWS * k).collect();
            ctx.pool().for_each(&mut blocks, |i, block| {
                ctx.poll()?;
                let m = block.len() / k;
                let mut block = ArrayViewMut2::from_shape((m, k), block).expect("m x k values");
                let m = map.slice(ndarray::s![i * ROWS..i * ROWS + m, ..]);
                gemm(ctx.isa(), m, rows, false, block.view_mut());
                Ok(())
            })?;
        } else {
            let mut blocks: Vec<_> = out.chunks_mut(ROWS * k).collect();
            ctx.pool().for_each(&mut blocks, |i, block| {
                ctx.poll()?;
                let m = block.len() / k;
                let mut rows = vec![0.0; block.len()];
                self.rows(&z, i * ROWS..i * ROWS + m, &mut rows);
                let rows = ArrayView2::from_shape((m, k), &rows[..]).expect("m x k values");
                let mut block = ArrayViewMut2::from_shape((m, k), block).expect("m x k values");
                gemm(ctx.isa(), rows, map, false, block.view_mut());
                Ok(())
            })?;
        }
        if self.exponent != 0 {
            out.iter_mut().for_each(|x| *x = ldexp(*x, -self.exponent));
        }
        Ok(out)
    }

    /// Rows, scaled and centred.
    fn rows(&self, z: &Matrix, rows: std::ops::Range<usize>, out: &mut [f64]) {
        z.load(rows, 0..self.shape[1], out);
        if self.exponent != 0 {
            out.iter_mut().for_each(|x| *x = ldexp(*x, -self.exponent));
        }
        if !self.means.is_empty() {
            for row in out.chunks_exact_mut(self.shape[1]) {
                row.iter_mut().zip(&self.means).for_each(|(x, m)| *x -= m);
            }
        }
    }
}
