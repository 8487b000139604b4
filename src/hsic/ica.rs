//! Independent component analysis by VCReg on random features: whitened data are turned until the covariances between random
//! cosines of different coordinates vanish, which is when HSIC does (Mialon et al., arXiv 2209.14905).
//!
//! The objective has local optima, so the search is started several times, and the start with the smallest pairwise HSIC of
//! its sources wins: the sources themselves are never needed. What comes back says how the starts compare.

use ndarray::{Array2, ArrayView2, s};

use super::pairwise::{FeatureKernel, pairwise_mean};
use super::product::gram_of_columns;
use crate::buffer::Buffer;
use crate::context::{Context, ContextOptions};
use crate::error::{Result, bail};
use crate::linalg::eigh::{self, Symmetric, Triangle};
use crate::linalg::gemm::gemm;
use crate::random::uniform_pair;
use crate::view::TensorRef;

/// How the search runs; the defaults are those of the experiments behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IcaOptions {
    /// Starts.
    pub restarts: usize,
    /// Steps of Adam.
    pub steps: usize,
    /// Rows of a step.
    pub batch: usize,
    /// Random cosines of each coordinate.
    pub cosines: usize,
    /// Step size.
    pub rate: f64,
    /// Seed of starts, batches and cosines.
    pub seed: u64,
}

impl Default for IcaOptions {
    fn default() -> Self {
        IcaOptions { restarts: 8, steps: 600, batch: 512, cosines: 16, rate: 0.02, seed: 0 }
    }
}

/// Sources and how far to trust them.
#[derive(Debug)]
pub struct Ica {
    /// (n, p): sources of mean 0 and variance 1, in no order and of no sign.
    pub sources: Buffer<f64>,
    /// (p, p): sources = (x - mean) unmixing.
    pub unmixing: Vec<f64>,
    /// p
    pub mean: Vec<f64>,
    /// Mean pairwise HSIC (gamma 0.5, at most 1000 rows) of the sources of each start.
    pub objectives: Vec<f64>,
    /// The start that was taken.
    pub best: usize,
    /// Whether the best two starts found the same sources but for order and sign; false for one start.
    pub agree: bool,
}

/// Rows on which starts are compared.
const JUDGED: usize = 1000;

/// Whitened rows, the whitening matrix, the mean.
fn whiten(ctx: &Context, x: &TensorRef) -> Result<(Array2<f64>, Array2<f64>, Vec<f64>)> {
    let (n, p) = super::side::dimensions(x)?;
    if p < 2 {
        bail!(Shape, "{} has {p} columns; expected at least 2 to tell apart", x.name())
    }
    super::estimate::expect(n, 2 * p.max(4), "ICA")?;
    let meter = ctx.meter();
    let values = x.read::<f64>(&meter)?;
    meter.charge(8 * 4 * n * p, "whitened data")?;
    let mut z = ArrayView2::from_shape((n, p), &values[..]).expect("n x p").to_owned();
    let mean = z.mean_axis(ndarray::Axis(0)).expect("rows");
    z.rows_mut().into_iter().for_each(|mut r| r -= &mean);
    let c = gram_of_columns(ctx, z.view(), z.view())? / n as f64;
    let found = eigh::decompose(
        ctx,
        &meter,
        &Symmetric::new(c.as_slice().expect("row-major"), p, p, Triangle::Upper)?,
    )?;
    let largest = found.values[p - 1];
    if found.values[0].is_nan() || found.values[0] <= 1e-12 * largest {
        bail!(Numeric, "{}: its covariance is singular: a column is a combination of the others", x.name())
    }
    let w = Array2::from_shape_fn((p, p), |(i, j)| found.vectors[j * p + i] / found.values[j].sqrt());
    let white = z.dot(&w);
    Ok((white, w, mean.to_vec()))
}

/// Rows made orthonormal, one after the other, twice.
fn orthonormal(q: &mut Array2<f64>) {
    for _ in 0..2 {
        for i in 0..q.nrows() {
            for j in 0..i {
                let dot = q.row(i).dot(&q.row(j));
                let (before, mut rest) = q.view_mut().split_at(ndarray::Axis(0), i);
                rest.row_mut(0).scaled_add(-dot, &before.row(j));
            }
            let size = q.row(i).dot(&q.row(i)).sqrt();
            q.row_mut(i).mapv_inplace(|v| v / size);
        }
    }
}

/// Numbers of one start, in order.
struct Draws {
    seed: u64,
    next: u64,
}

impl Draws {
    fn pair(&mut self) -> [f64; 2] {
        self.next += 1;
        uniform_pair(self.seed, self.next)
    }

    fn normal(&mut self) -> f64 {
        let [u, v] = self.pair();
        (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// One start: the rotation it ends with.
fn search(ctx: &Context, white: &Array2<f64>, options: &IcaOptions, start: usize) -> Result<Array2<f64>> {
    let (n, p) = white.dim();
    let (m, w) = (options.batch.min(n), options.cosines);
    let mut draws =
        Draws { seed: options.seed ^ (start as u64 + 1).wrapping_mul(0xD134_2543_DE82_EF95), next: 0 };
    let mut q = Array2::from_shape_fn((p, p), |_| draws.normal());
    orthonormal(&mut q);
    let (mut first, mut second) = (Array2::<f64>::zeros((p, p)), Array2::<f64>::zeros((p, p)));
    let (mut rows, mut features, mut slopes) =
        (Array2::zeros((m, p)), Array2::zeros((m, p * w)), Array2::zeros((m, p * w)));
    let mut c = Array2::zeros((p * w, p * w));
    let mut pulled = Array2::zeros((m, p * w));
    let mut dy = Array2::zeros((m, p));
    for step in 1..=options.steps {
        ctx.poll()?;
        for mut row in rows.rows_mut() {
            let i = (draws.pair()[0] * n as f64) as usize;
            row.assign(&white.row(i.min(n - 1)));
        }
        let y = rows.dot(&q);
        let waves: Vec<[f64; 2]> =
            (0..p * w).map(|_| [draws.normal(), std::f64::consts::TAU * draws.pair()[1]]).collect();
        for i in 0..m {
            for (f, [a, b]) in waves.iter().enumerate() {
                let (sin, cos) = (a * y[[i, f / w]] + b).sin_cos();
                features[[i, f]] = cos;
                slopes[[i, f]] = -a * sin;
            }
        }
        let means = features.mean_axis(ndarray::Axis(0)).expect("rows");
        features.rows_mut().into_iter().for_each(|mut r| r -= &means);
        gemm(ctx.isa(), features.t(), features.view(), false, c.view_mut());
        c /= m as f64;
        for b in 0..p {
            c.slice_mut(s![b * w..(b + 1) * w, b * w..(b + 1) * w]).fill(0.0);
        }
        gemm(ctx.isa(), features.view(), c.view(), false, pulled.view_mut());
        let scale = 4.0 / (m * w * w) as f64;
        for i in 0..m {
            for b in 0..p {
                let part = s![i, b * w..(b + 1) * w];
                dy[[i, b]] = scale * pulled.slice(part).dot(&slopes.slice(part));
            }
        }
        let g = rows.t().dot(&dy);
        // Along the rotations: the skew part of Q'G.
        let turn = q.t().dot(&g);
        let turn = &turn - &turn.t();
        first.zip_mut_with(&turn, |f, t| *f = 0.9 * *f + 0.1 * t);
        second.zip_mut_with(&turn, |s, t| *s = 0.999 * *s + 0.001 * t * t);
        let (b1, b2) = (1.0 - 0.9f64.powi(step as i32), 1.0 - 0.999f64.powi(step as i32));
        // The step falls to a tenth, so that the noise of batches does not stay in the answer.
        let rate = options.rate * (1.0 - 0.9 * step as f64 / options.steps as f64);
        let along =
            Array2::from_shape_fn((p, p), |e| rate * (first[e] / b1) / ((second[e] / b2).sqrt() + 1e-8));
        q = &q - &q.dot(&along);
        orthonormal(&mut q);
    }
    Ok(q)
}

/// Sources of a linear mixture `x` (n, p), p independent variables of which at most one is Gaussian. About
/// 4 batch (p cosines)^2 operations a step and start; starts run on threads. Conditions: RANK, SHAPE, DTYPE, NONFINITE,
/// ARGUMENT, TOO_FEW, NUMERIC (dependent columns), MEMORY_LIMIT, CANCELLED.
pub fn ica(ctx: &Context, x: &TensorRef, options: &IcaOptions) -> Result<Ica> {
    let IcaOptions { restarts, steps, batch, cosines, rate, .. } = *options;
    if restarts == 0 || steps == 0 || batch < 4 || cosines == 0 || !(rate > 0.0 && rate.is_finite()) {
        bail!(
            Argument,
            "restarts {restarts}, steps {steps}, batch {batch}, cosines {cosines}, rate {rate}; expected at least 1, 1, 4, 1, and more than 0"
        )
    }
    let (white, w, mean) = whiten(ctx, x)?;
    let (n, p) = white.dim();
    let alone = Context::new(ContextOptions { threads: 1, isa: Some(ctx.isa()), ..Default::default() })?;
    let found = ctx.pool().map_chunks(restarts, 1, |r| {
        ctx.poll()?;
        let q = search(&alone, &white, options, r.start)?;
        let every = n.div_ceil(JUDGED);
        let judged: Vec<f64> =
            white.rows().into_iter().step_by(every).flat_map(|row| row.dot(&q).to_vec()).collect();
        let rows = judged.len() / p;
        let view = TensorRef::from_slice("sources", &judged, &[rows, p])?;
        Ok((q, pairwise_mean(&alone, &view, FeatureKernel::Rbf, &[0.5], false)?))
    })?;
    let objectives: Vec<f64> = found.iter().map(|f| f.1).collect();
    let mut order: Vec<usize> = (0..restarts).collect();
    order.sort_by(|&a, &b| objectives[a].total_cmp(&objectives[b]));
    let best = order[0];
    let q = &found[best].0;
    // Each source of one start is one of the other: a product of rotations with one large entry a row.
    let agree = order.get(1).is_some_and(|&second| {
        let between = q.t().dot(&found[second].0);
        between.rows().into_iter().all(|r| r.iter().any(|v| v.abs() > 0.99))
    });
    let unmixing = w.dot(q);
    let all = white.dot(q);
    let mut sources = ctx.meter().buffer::<f64>(n * p, "sources")?;
    sources.iter_mut().zip(&all).for_each(|(o, v)| *o = *v);
    Ok(Ica { sources, unmixing: unmixing.iter().copied().collect(), mean, objectives, best, agree })
}
