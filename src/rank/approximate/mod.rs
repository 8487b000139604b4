//! RankMe without the eigenvalues, for K of many thousands: stochastic Lanczos quadrature after deflation.
//!
//! ```text
//! S1 = tr G^(1/2),   S2 = tr(G^(1/2) ln G^(1/2)),   RankMe = S1 exp(-S2 / S1)
//! ```
//!
//! The largest eigenvalues, which carry most of the variance of random probes, are found one by one (`deflate`: block Lanczos
//! with full reorthogonalisation; those that have converged are taken out). The traces over what remains are means over
//! random sign vectors z of z' f(G) z, each by Gauss quadrature in a Krylov space (`quadrature`; Ubaru, Chen and Saad 2017).
//! Without deflation the same effort errs by 20 % on steep spectra.
//!
//! Never chosen by the library: it is asked for by name, and it says how far off it may be.

mod deflate;
mod quadrature;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::moments::Moments;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::gemm::gemm;
use crate::random::uniform_pair;
use deflate::deflate;
use quadrature::{Probe, probe};

/// How much to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApproximateOptions {
    /// Of the rows minus their mean.
    pub center: bool,
    /// Random vectors, at least 2: the error falls with their square root.
    pub probes: usize,
    /// Steps of each, at least 4.
    pub steps: usize,
    /// Vectors to multiply with in search of the largest eigenvalues; 0 = none.
    pub deflation: usize,
    /// Of the random numbers: the same seed gives the same result.
    pub seed: u64,
}

impl Default for ApproximateOptions {
    /// 8 probes of 48 steps after 320 vectors of deflation.
    fn default() -> Self {
        ApproximateOptions { center: false, probes: 8, steps: 48, deflation: 320, seed: 0 }
    }
}

/// An estimate, and how far off it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approximate {
    /// The effective rank of Roy and Vetterli (eps = 0).
    pub rank: f64,
    /// Half the width of a 95 % confidence interval: Student's t times the jackknife error over the probes, plus what a
    /// quarter fewer steps would have changed.
    pub error: f64,
    /// Eigenvalues that were found one by one.
    pub deflated: usize,
}

/// Quantiles 97.5 % of Student's t with 1, 2, .. degrees of freedom.
const STUDENT: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

impl Moments {
    /// An estimate of the effective rank (eps = 0) of the rows: 2 K^2 (deflation + probes steps) flops instead of 4/3 K^3 that
    /// mostly wait for memory; K^2 doubles. Worth it from K of about 8192; of smaller K, [`Moments::spectrum`] is exact and no
    /// slower. Conditions: SHAPE (no rows), ARGUMENT, NUMERIC (zero spectrum), MEMORY, MEMORY_LIMIT, CANCELLED.
    pub fn approximate_rank(&self, ctx: &Context, options: &ApproximateOptions) -> Result<Approximate> {
        let ApproximateOptions { center, probes, steps, deflation, seed } = *options;
        if probes < 2 || steps < 4 {
            bail!(Argument, "probes is {probes} and steps is {steps}; expected at least 2 and 4")
        }
        let k = self.columns();
        let mut g = self.scaled(&ctx.meter(), center)?;
        let trace: f64 = g.iter().step_by(k + 1).sum();
        if trace <= if center { self.lost() } else { 0.0 } {
            bail!(
                Numeric,
                "zero spectrum: the rows {} 0",
                if center { "minus their mean are all" } else { "are all" }
            )
        }
        // f(c G) is no simple multiple of f(G): bring the trace to 1, where S1 and S2 are of ordinary size.
        g.iter_mut().for_each(|x| *x /= trace);
        let operator = Operator { ctx, g: &g, k };
        let found = deflate(&operator, deflation.min(k), seed)?;
        let sums = |lambda: f64| {
            let sigma = lambda.max(0.0).sqrt();
            [sigma, if sigma > 0.0 { sigma * sigma.ln() } else { 0.0 }]
        };
        let known = found.values.iter().fold([0.0; 2], |s, &l| add(s, sums(l)));
        let signs = |i: usize| {
            let pairs = (0..k.div_ceil(2)).map(|c| uniform_pair(seed, ((i + 1) * k + c) as u64));
            pairs.flatten().take(k).map(|u| if u < 0.5 { -1.0 } else { 1.0 }).collect::<Vec<f64>>()
        };
        let starts: Vec<Vec<f64>> = (0..probes).map(signs).collect();
        let all: Vec<Probe> = probe(&operator, &found.vectors, starts, steps)?;
        let estimate = |skip: Option<usize>, short: bool| {
            let used = (0..probes).filter(|i| Some(*i) != skip);
            let total = used.map(|i| all[i].trace(short, sums)).fold([0.0; 2], add);
            let count = (probes - usize::from(skip.is_some())) as f64;
            let [s1, s2] = add(known, total.map(|t| t / count));
            s1 * (-s2 / s1).exp()
        };
        let rank = estimate(None, false);
        let without: Vec<f64> = (0..probes).map(|i| estimate(Some(i), false)).collect();
        let mean = without.iter().sum::<f64>() / probes as f64;
        let spread: f64 = without.iter().map(|r| (r - mean) * (r - mean)).sum();
        let deviation = (spread * (probes - 1) as f64 / probes as f64).sqrt();
        let student = STUDENT.get(probes - 2).copied().unwrap_or(1.96);
        let error = student * deviation + (rank - estimate(None, true)).abs();
        Ok(Approximate { rank, error, deflated: found.values.len() })
    }
}

fn add(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

/// A symmetric matrix to multiply with.
struct Operator<'a> {
    ctx: &'a Context,
    g: &'a [f64],
    k: usize,
}

/// Rows of the matrix in one product.
const ROWS: usize = 128;

impl Operator<'_> {
    /// G times each of these vectors.
    fn apply(&self, vectors: &[Vec<f64>]) -> Result<Vec<Vec<f64>>> {
        let (k, b) = (self.k, vectors.len());
        // K x b, so that the product is one of row blocks of G, which threads share.
        let mut x = vec![0.0; k * b];
        for (j, v) in vectors.iter().enumerate() {
            (0..k).for_each(|i| x[i * b + j] = v[i]);
        }
        let x = ArrayView2::from_shape((k, b), &x[..]).expect("k x b values");
        let mut y = vec![0.0; k * b];
        let mut blocks: Vec<&mut [f64]> = y.chunks_mut(ROWS * b.max(1)).collect();
        self.ctx.pool().for_each(&mut blocks, |i, block| {
            self.ctx.poll()?;
            let rows = block.len() / b;
            let g = &self.g[i * ROWS * k..(i * ROWS + rows) * k];
            let g = ArrayView2::from_shape((rows, k), g).expect("rows of a matrix");
            let mut block = ArrayViewMut2::from_shape((rows, b), &mut block[..]).expect("rows x b values");
            gemm(self.ctx.isa(), g, x, false, block.view_mut());
            Ok(())
        })?;
        Ok((0..b).map(|j| (0..k).map(|i| y[i * b + j]).collect()).collect())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Eight sums, for the compiler to keep in vectors.
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a8.0.iter().zip(b8.0) {
        for ((s, a), b) in sums.iter_mut().zip(a).zip(b) {
            *s += a * b;
        }
    }
    sums.iter().sum::<f64>() + a8.1.iter().zip(b8.1).map(|(a, b)| a * b).sum::<f64>()
}

/// Takes what lies in the span of the orthonormal `basis` out of `v`, twice, as rounding needs.
fn orthogonalise(v: &mut [f64], basis: &[Vec<f64>]) {
    for _ in 0..2 {
        for q in basis {
            let c = dot(v, q);
            v.iter_mut().zip(q).for_each(|(v, q)| *v -= c * q);
        }
    }
}

/// Divides `v` by its length, which it returns; a vector of 0 stays one.
fn normalise(v: &mut [f64]) -> f64 {
    let length = dot(v, v).sqrt();
    if length > 0.0 {
        v.iter_mut().for_each(|x| *x /= length);
    }
    length
}
