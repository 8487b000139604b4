//! TwoNN: the intrinsic dimension from the distances to the two nearest neighbours (Facco et al., Sci. Rep. 7, 2017).
//!
//! mu_i = r2 / r1 of the m points with r1 > 0, ascending. For points of a d-dimensional density, ln mu is exponential of rate d:
//!
//! ```text
//! fit: slope through 0 of -ln(1 - i/m) on ln mu_i, the first floor(9m/10) points, i from 1 (or from 0)
//! likelihood: m / sum ln mu
//! ```
//!
//! Squared distances come from a matrix product, |a|^2 + |b|^2 - 2 a'b; those that may be among the two smallest, given what
//! the product rounds, are computed again from the differences. O(N^2 K).

use ndarray::ArrayView2;

use super::scale::{exponent, ldexp};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::gemm::gemm;
use crate::linalg::syrk::column_means;
use crate::view::TensorRef;

/// Points of a tile of the distance matrix: rows and columns.
const ROWS: usize = 64;
const COLUMNS: usize = 512;

/// What TwoNN says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoNn {
    /// Slope of the fit with the empirical distribution i/m, i from 1: the default.
    pub fit: f64,
    /// The same with i from 0.
    pub fit_base0: f64,
    /// Maximum likelihood.
    pub likelihood: f64,
    /// Points used, m.
    pub used: usize,
    /// Points left out because another one lies on them.
    pub dropped: usize,
}

/// TwoNN of the rows of `z` (N x K; f32, f64, f16 or bf16): N^2 K flops, N K doubles. Conditions: RANK, DTYPE, SHAPE (fewer than
/// 3 rows or no column), NONFINITE, NUMERIC (every point lies on another, or the two nearest are always as far).
pub fn two_nn(ctx: &Context, z: &TensorRef) -> Result<TwoNn> {
    let z = z.matrix("(points, features)")?;
    let (n, k) = (z.rows(), z.columns());
    if n < 3 || k == 0 {
        bail!(Shape, "{} is {n} x {k}; expected at least 3 points and a feature", z.name())
    }
    let largest = z.largest(ctx)?;
    let scale = if largest == 0.0 { 0 } else { exponent(largest) };
    let means = column_means(ctx, z, scale)?;
    let mut x = ctx.meter().buffer::<f64>(n.saturating_mul(k), "centred points")?;
    z.load(0..n, 0..k, &mut x);
    for row in x.chunks_exact_mut(k) {
        row.iter_mut().zip(&means).for_each(|(x, m)| *x = ldexp(*x, -scale) - m);
    }
    let lengths: Vec<f64> = x.chunks_exact(k).map(|row| row.iter().map(|x| x * x).sum()).collect();
    let nearest = ctx.pool().map_chunks(n, ROWS, |rows| neighbours(ctx, &x, &lengths, k, rows))?.concat();
    fits(&nearest)
}

/// Squared distances from each of these points to the two nearest others.
fn neighbours(
    ctx: &Context,
    x: &[f64],
    lengths: &[f64],
    k: usize,
    rows: std::ops::Range<usize>,
) -> Result<Vec<[f64; 2]>> {
    let n = lengths.len();
    let all = ArrayView2::from_shape((n, k), x).expect("n x k values");
    let here = all.slice(ndarray::s![rows.clone(), ..]);
    let mut found = vec![[f64::INFINITY; 2]; rows.len()];
    let exact = |i: usize, j: usize| {
        x[i * k..(i + 1) * k].iter().zip(&x[j * k..]).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
    };
    let mut products = ndarray::Array2::zeros((rows.len(), COLUMNS.min(n)));
    for start in (0..n).step_by(COLUMNS) {
        ctx.poll()?;
        let columns = start..n.min(start + COLUMNS);
        let mut products = products.slice_mut(ndarray::s![.., ..columns.len()]);
        let there = all.slice(ndarray::s![columns.clone(), ..]);
        gemm(ctx.isa(), here, there.t(), false, products.view_mut());
        for (i, (products, best)) in rows.clone().zip(products.rows().into_iter().zip(&mut found)) {
            for (j, &product) in columns.clone().zip(products) {
                // The product is off by at most k + 2 roundings of its terms.
                let sum = lengths[i] + lengths[j];
                let at_least = sum - 2.0 * product - (k + 4) as f64 * f64::EPSILON * sum;
                if at_least < best[1] && i != j {
                    let d = exact(i, j);
                    *best = if d < best[0] { [d, best[0]] } else { [best[0], d.min(best[1])] };
                }
            }
        }
    }
    Ok(found)
}

fn fits(nearest: &[[f64; 2]]) -> Result<TwoNn> {
    let apart = nearest.iter().filter(|r| r[0] > 0.0);
    // ln(r2 / r1) of squared distances.
    let mut ln_mu: Vec<f64> = apart.map(|r| (r[1] / r[0]).ln() / 2.0).collect();
    ln_mu.sort_unstable_by(f64::total_cmp);
    let m = ln_mu.len();
    let first = 9 * m / 10;
    let fit = |base: usize| {
        let points = ln_mu[..first].iter().enumerate();
        let (mut xy, mut xx) = (0.0, 0.0);
        for (i, x) in points {
            xy += -x * (-((i + base) as f64) / m as f64).ln_1p();
            xx += x * x;
        }
        xy / xx
    };
    let (fit, fit_base0) = (fit(1), fit(0));
    let likelihood = m as f64 / ln_mu.iter().sum::<f64>();
    if ![fit, fit_base0, likelihood].iter().all(|d| d.is_finite()) {
        bail!(
            Numeric,
            "{m} of {} points have distinct distances to their two nearest others: too few for a dimension",
            nearest.len()
        )
    }
    Ok(TwoNn { fit, fit_base0, likelihood, used: m, dropped: nearest.len() - m })
}
