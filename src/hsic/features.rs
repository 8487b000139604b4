//! HSIC from explicit features: random Fourier features (Rahimi and Recht 2007) and Nystrom landmarks.
//!
//! K ~ Phi Phi' with Phi (n, m): n m_x m_y multiplications instead of n^2.

use ndarray::{Array2, ArrayView2, s};

use super::estimate::Estimates;
use super::kernel::Kernel;
use super::linear::of_features;
use super::product::gram_of_columns;
use super::side::{Side, Variable, dimensions};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::eigh::{self, Symmetric, Triangle};
use crate::random::uniform_pair;
use crate::view::TensorRef;

/// Estimates from features, and how far from exact.
#[derive(Clone, Debug)]
pub struct Approximation {
    /// As if the products of features were the kernels.
    pub estimates: Estimates,
    /// Random features: a standard error of the biased HSIC (jackknife over 8 groups of features). Nystrom: a bound on
    /// the biased HSIC that is missing.
    pub error: f64,
}

/// Groups of features that are left out in turn for a standard error.
const GROUPS: usize = 8;

/// W (d, m) and b (m) of the random features of a kernel: cos(x W + b) sqrt(2 / m). Conditions: UNSUPPORTED (kernels without
/// a spectral measure of this form), ARGUMENT.
pub fn random_features(kernel: Kernel, d: usize, m: usize, seed: u64) -> Result<(Vec<f64>, Vec<f64>)> {
    kernel.check("x")?;
    if d == 0 || m == 0 {
        bail!(Shape, "{m} features of {d} columns; expected at least one of each")
    }
    let tau = std::f64::consts::TAU;
    let normal = |i: u64| {
        let [u, v] = uniform_pair(seed, i);
        (-2.0 * (1.0 - u).ln()).sqrt() * (tau * v).cos()
    };
    let entries = (d * m) as u64;
    let phases = (0..m as u64).map(|j| tau * uniform_pair(seed, entries + j)[1]).collect();
    let weight = |e: u64| match kernel {
        Kernel::Rbf { gamma } => Some((2.0 * gamma).sqrt() * normal(e)),
        Kernel::LaplaceL1 { gamma } => {
            Some(gamma * (std::f64::consts::PI * (uniform_pair(seed, e)[0] - 0.5)).tan())
        }
        // A multivariate Cauchy: one more normal number for each feature.
        Kernel::ExpL2 { gamma } => Some(gamma * normal(e) / normal(2 * entries + e % m as u64).abs()),
        _ => None,
    };
    let weights: Option<Vec<f64>> = (0..entries).map(weight).collect();
    match weights {
        Some(w) => Ok((w, phases)),
        None => bail!(Unsupported, "{kernel:?} has no random features; expected Rbf, LaplaceL1 or ExpL2"),
    }
}

/// sqrt(2 / m) cos(X W + b), (n, m).
fn cosines(ctx: &Context, x: &TensorRef, w: &[f64], b: &[f64]) -> Result<Array2<f64>> {
    let (n, d) = dimensions(x)?;
    let m = b.len();
    if m == 0 || w.len() != d * m {
        bail!(Shape, "{}: W has {} numbers and b {m}; expected {d} x m and m >= 1", x.name(), w.len())
    }
    let meter = ctx.meter();
    let x = x.read::<f64>(&meter)?;
    meter.charge(8 * n * m, "features")?;
    let mut out = Array2::zeros((n, m));
    let x = ArrayView2::from_shape((n, d), &x[..]).expect("n x d");
    let w = ArrayView2::from_shape((d, m), w).expect("d x m");
    super::product::product(ctx, x, w, false, out.view_mut())?;
    let scale = (2.0 / m as f64).sqrt();
    for mut row in out.rows_mut() {
        row.iter_mut().zip(b).for_each(|(v, b)| *v = scale * (*v + b).cos());
    }
    Ok(out)
}

/// Subtracts the column means.
fn centre(x: &mut Array2<f64>) {
    let n = x.nrows() as f64;
    let means = x.sum_axis(ndarray::Axis(0)) / n;
    x.rows_mut().into_iter().for_each(|mut r| r -= &means);
}

/// HSIC with random features: `x` with its W (d_x, m_x) and b (m_x), and so `y`. Conditions: SHAPE, RANK, DTYPE, NONFINITE,
/// MEMORY_LIMIT, CANCELLED.
pub fn hsic_random_features(
    ctx: &Context,
    x: (&TensorRef, &[f64], &[f64]),
    y: (&TensorRef, &[f64], &[f64]),
) -> Result<Approximation> {
    let (mut p, mut q) = (cosines(ctx, x.0, x.1, x.2)?, cosines(ctx, y.0, y.1, y.2)?);
    if p.nrows() != q.nrows() || p.is_empty() {
        bail!(
            Shape,
            "{} has {} rows; {} has {}; expected as many, at least one",
            x.0.name(),
            p.nrows(),
            y.0.name(),
            q.nrows()
        )
    }
    centre(&mut p);
    centre(&mut q);
    let estimates = of_features(ctx, p.view(), q.view())?.estimates();
    let n = p.nrows() as f64;
    let c = gram_of_columns(ctx, p.view(), q.view())?;
    let cut = |m: usize, g: usize| m * g / GROUPS..m * (g + 1) / GROUPS;
    let (m, k) = c.dim();
    let mut error = f64::NAN;
    if m >= GROUPS && k >= GROUPS {
        let part = |g: usize, h: usize| {
            let block = c.slice(s![cut(m, g), cut(k, h)]);
            block.iter().map(|v| v * v).sum::<f64>() / (n * n)
        };
        let table: Vec<Vec<f64>> = (0..GROUPS).map(|g| (0..GROUPS).map(|h| part(g, h)).collect()).collect();
        let all: f64 = table.iter().flatten().sum();
        let kept = |m: usize, g: usize| m as f64 / (m - cut(m, g).len()) as f64;
        let without = |g: usize| {
            let row: f64 = table[g].iter().sum();
            let column: f64 = table.iter().map(|r| r[g]).sum();
            (all - row - column + table[g][g]) * kept(m, g) * kept(k, g)
        };
        let left: Vec<f64> = (0..GROUPS).map(without).collect();
        let mean = left.iter().sum::<f64>() / GROUPS as f64;
        let spread: f64 = left.iter().map(|v| (v - mean) * (v - mean)).sum();
        error = (spread * (GROUPS - 1) as f64 / GROUPS as f64).sqrt();
    }
    Ok(Approximation { estimates, error })
}

/// Phi = K_nm U s^(-1/2) of the landmark rows, and what is left of the trace of K.
fn landmarks(
    ctx: &Context,
    x: &TensorRef,
    kernel: Kernel,
    rows: &[usize],
    rcond: f64,
) -> Result<(Array2<f64>, f64)> {
    let meter = ctx.meter();
    let side = Side::<f64>::new(&meter, &Variable::new(x, kernel), false)?;
    let (n, m) = (side.n, rows.len());
    if let Some(&i) = rows.iter().find(|&&i| i >= n) {
        bail!(Argument, "landmark {i} of {}; expected less than {n}", x.name())
    }
    if m == 0 {
        bail!(Argument, "there are no landmarks; expected at least one")
    }
    meter.charge(16 * n * m + 16 * m * m, "landmarks")?;
    let k = Array2::from_shape_fn((m, m), |(i, j)| side.entry(rows[i], rows[j]));
    let slice = k.as_slice().expect("row-major");
    let found = eigh::decompose(ctx, &meter, &Symmetric::new(slice, m, m, Triangle::Upper)?)?;
    let values = found.values.to_vec();
    let largest = values.iter().fold(0.0f64, |a, v| a.max(*v));
    let keep: Vec<usize> = (0..m).filter(|&i| values[i] > rcond * largest).collect();
    let mut out = Array2::zeros((n, keep.len()));
    let mut left = 0.0;
    for i in 0..n {
        let row: Vec<f64> = rows.iter().map(|&j| side.entry(i, j)).collect();
        let mut size = 0.0;
        for (c, &v) in keep.iter().enumerate() {
            let vector = &found.vectors[v * m..][..m];
            let dot: f64 = row.iter().zip(vector).map(|(a, b)| a * b).sum();
            let value = dot / values[v].sqrt();
            out[[i, c]] = value;
            size += value * value;
        }
        left += side.entry(i, i) - size;
    }
    Ok((out, left.max(0.0)))
}

/// HSIC with Nystrom features from landmark rows of x and of y; eigenvalues up to `rcond` times the largest are dropped
/// (0 = 1e-10). `error` bounds what the biased HSIC misses for kernels with k(x, x) <= 1. All rows as landmarks give the
/// exact value on the rank that is kept. Conditions: as for [`super::hsic()`]; NUMERIC.
pub fn hsic_nystrom(
    ctx: &Context,
    x: (&TensorRef, Kernel, &[usize]),
    y: (&TensorRef, Kernel, &[usize]),
    rcond: f64,
) -> Result<Approximation> {
    let rcond = if rcond > 0.0 { rcond } else { 1e-10 };
    let (mut p, left_x) = landmarks(ctx, x.0, x.1, x.2, rcond)?;
    let (mut q, left_y) = landmarks(ctx, y.0, y.1, y.2, rcond)?;
    if p.nrows() != q.nrows() {
        bail!(Shape, "{} has {} rows; {} has {}", x.0.name(), p.nrows(), y.0.name(), q.nrows())
    }
    let n = p.nrows() as f64;
    centre(&mut p);
    centre(&mut q);
    let estimates = of_features(ctx, p.view(), q.view())?.estimates();
    // What is missing is positive semidefinite: <K - K^, L> <= tr(K - K^) |L|, and |L| <= tr L = n.
    Ok(Approximation { estimates, error: (left_x + left_y) / n })
}
