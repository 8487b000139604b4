//! Estimators from blocks and minibatches: memory and time linear in n.
//!
//! Block HSIC is the mean of unbiased HSIC over blocks of B rows (Zaremba et al. 2013). CKA over minibatches is the ratio of
//! mean HSICs (Nguyen et al. 2021), never the mean of ratios.

use super::estimate::{Estimates, expect, hsic};
use super::kernel::Kernel;
use super::side::Variable;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::TensorRef;

/// A mean over batches that come one by one.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    sums: [f64; 3],
    values: Vec<f64>,
}

/// What a [`Stream`] knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Streamed {
    /// Mean unbiased HSIC of x and y over the batches.
    pub hsic: f64,
    /// Its standard error; NaN for one batch.
    pub error: f64,
    /// z = sqrt(batches) mean / standard deviation, normal under independence; NaN for one batch.
    pub z: f64,
    /// One-sided probability of a z as large.
    pub p: f64,
    /// The ratio of means.
    pub cka: Option<f64>,
    /// HSIC of each batch.
    pub batches: Vec<f64>,
}

impl Stream {
    /// No batches yet.
    pub fn new() -> Self {
        Stream::default()
    }

    /// Takes a batch of at least 4 rows. Conditions: as for [`super::hsic()`]; TOO_FEW.
    pub fn push(&mut self, ctx: &Context, x: &Variable, y: &Variable) -> Result<()> {
        expect(x.rows(), 4, "a batch of unbiased HSIC")?;
        let found: Estimates = hsic(ctx, x, y)?;
        self.sums.iter_mut().zip(found.unbiased).for_each(|(s, v)| *s += v);
        self.values.push(found.unbiased[0]);
        Ok(())
    }

    /// The means so far. Condition: TOO_FEW (no batch).
    pub fn finish(&self) -> Result<Streamed> {
        let count = self.values.len() as f64;
        if self.values.is_empty() {
            bail!(TooFew, "there are no batches yet")
        }
        let mean = self.sums[0] / count;
        let spread: f64 = self.values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (count - 1.0);
        let error = (spread / count).sqrt();
        let z = mean / error;
        let (xx, yy) = (self.sums[1], self.sums[2]);
        let cka = (xx > 0.0 && yy > 0.0).then(|| self.sums[0] / xx.sqrt() / yy.sqrt());
        Ok(Streamed { hsic: mean, error, z, p: upper_normal(z), cka, batches: self.values.clone() })
    }
}

/// Probability that a standard normal number is at least z: half of Q(1/2, z^2 / 2).
fn upper_normal(z: f64) -> f64 {
    let tail = 0.5 * super::gamma::log_upper_gamma(0.5, 0.5 * z * z).exp();
    if z >= 0.0 { tail } else { 1.0 - tail }
}

/// The stream of the blocks of `size` rows of x and y; what is left over is dropped (n mod size rows). Conditions: as for
/// [`Stream::push`]; TOO_FEW (fewer rows than a block).
pub fn hsic_blocks(
    ctx: &Context,
    x: (&TensorRef, Kernel),
    y: (&TensorRef, Kernel),
    size: usize,
) -> Result<Streamed> {
    let (n, p) = super::side::dimensions(x.0)?;
    let (m, q) = super::side::dimensions(y.0)?;
    if n != m {
        bail!(Shape, "{} has {n} rows; {} has {m}", x.0.name(), y.0.name())
    }
    expect(size, 4, "a block of unbiased HSIC")?;
    expect(n, size, "the block estimator")?;
    for kernel in [x.1, y.1] {
        if kernel == Kernel::Precomputed {
            bail!(Unsupported, "blocks are of rows of data, not of a Gram matrix")
        }
    }
    let meter = ctx.meter();
    let (a, b) = (x.0.read::<f64>(&meter)?, y.0.read::<f64>(&meter)?);
    let mut stream = Stream::new();
    for first in (0..n / size * size).step_by(size) {
        let part = |v: &'_ [f64], d: usize| v[first * d..(first + size) * d].to_vec();
        let (a, b) = (part(&a, p), part(&b, q));
        let a = TensorRef::from_slice(x.0.name(), &a, &[size, p])?;
        let b = TensorRef::from_slice(y.0.name(), &b, &[size, q])?;
        stream.push(ctx, &Variable::new(&a, x.1), &Variable::new(&b, y.1))?;
    }
    stream.finish()
}
