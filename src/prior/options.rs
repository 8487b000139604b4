//! What is computed.

use crate::error::{Result, bail};
use crate::view::{Dtype, TensorRef};

/// Which way the divergence between mean assignment and prior is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// KL(pbar || pi): ln K less the entropy of pbar for a uniform prior, as in MSN.
    #[default]
    MeanToPrior,
    /// KL(pi || pbar).
    PriorToMean,
}

/// A loss in every detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorOptions {
    /// tau > 0.
    pub temperature: f64,
    /// T > 0: targets are softmax(s / T).
    pub sharpening: f64,
    /// Sinkhorn iterations on the targets; 0 = none.
    pub sinkhorn: usize,
    /// lam, 0 or more.
    pub weight: f64,
    /// Weight of the mean entropy of the assignments.
    pub entropy_weight: f64,
    /// Of the divergence.
    pub direction: Direction,
    /// Divide priors by their sum; otherwise one that does not add up to 1 is refused.
    pub normalize: bool,
    /// Compute in f64 whatever the inputs are; otherwise only if one of them is f64.
    pub double: bool,
}

impl Default for PriorOptions {
    /// Those of MSN's configurations.
    fn default() -> Self {
        PriorOptions {
            temperature: 0.1,
            sharpening: 0.25,
            sinkhorn: 3,
            weight: 1.0,
            entropy_weight: 0.0,
            direction: Direction::MeanToPrior,
            normalize: false,
            double: false,
        }
    }
}

/// The data of a loss; tensors are f32, f64, f16 or bf16, of finite numbers.
#[derive(Clone, Copy, Debug)]
pub struct Views<'a> {
    /// (V B, d): row v B + i is view v of image i.
    pub anchors: &'a TensorRef<'a>,
    /// (B, d): the view that targets are made of.
    pub targets: &'a TensorRef<'a>,
    /// (K, d).
    pub prototypes: &'a TensorRef<'a>,
    /// pi, (K); `None` = uniform.
    pub prior: Option<&'a [f64]>,
    /// What the targets are balanced to, (K); `None` = uniform.
    pub sinkhorn_prior: Option<&'a [f64]>,
    /// ln pbar of the anchors of all processes, (K), instead of that of these anchors.
    pub log_mean: Option<&'a [f64]>,
}

impl Views<'_> {
    /// Whether the precision is f64.
    pub(super) fn double(&self, options: &PriorOptions) -> bool {
        let tensors = [self.anchors, self.targets, self.prototypes];
        options.double || tensors.iter().any(|t| t.dtype() == Dtype::F64)
    }

    /// Checks shapes and options; the priors of the loss and of the targets.
    pub(super) fn check(&self, options: &PriorOptions) -> Result<[Vec<f64>; 2]> {
        let positive = |name: &str, x: f64| match x {
            x if x > 0.0 && x.is_finite() => Ok(()),
            _ => bail!(Argument, "{name} is {x}; expected a number above 0"),
        };
        positive("temperature", options.temperature)?;
        positive("sharpening", options.sharpening)?;
        if !(options.weight >= 0.0 && options.weight.is_finite()) {
            bail!(Argument, "weight is {}; expected 0 or more", options.weight)
        }
        if !options.entropy_weight.is_finite() {
            bail!(Argument, "entropy_weight is {}; expected a finite number", options.entropy_weight)
        }
        let Views { anchors, targets, prototypes, .. } = self;
        prototypes.expect_rank(2, "(k, d)")?;
        targets.expect_rank(2, "(b, d)")?;
        anchors.expect_rank(2, "(views b, d)")?;
        let [k, d] = [prototypes.shape()[0], prototypes.shape()[1]];
        let (b, m) = (targets.shape()[0], anchors.shape()[0]);
        targets.expect_shape(&[b, d], "(b, d) for prototypes (k, d)")?;
        anchors.expect_shape(&[m, d], "(views b, d) for prototypes (k, d)")?;
        if k == 0 || d == 0 {
            bail!(Shape, "{} is {k} x {d}; expected at least one row and one column", prototypes.name())
        }
        if b == 0 || m == 0 || m % b != 0 {
            bail!(Argument, "{m} anchors for {b} targets; expected one or more views of each of them")
        }
        let slack = if self.double(options) { 1e-6 } else { 1e-4 };
        let read = |name: &str, prior: Option<&[f64]>| checked(name, prior, k, slack, options.normalize);
        let prior = read("prior", self.prior)?;
        if options.direction == Direction::MeanToPrior
            && let Some(at) = prior.iter().position(|&p| p == 0.0)
        {
            bail!(
                Argument,
                "prior[{at}] is 0, of which the divergence from the mean is infinite; expected more"
            )
        }
        if let Some(log_mean) = self.log_mean
            && (log_mean.len() != k || log_mean.iter().any(|x| x.is_nan() || *x > 1e-6))
        {
            bail!(Argument, "log_mean has {} numbers; expected {k} logarithms of a mean", log_mean.len())
        }
        Ok([prior, read("sinkhorn_prior", self.sinkhorn_prior)?])
    }
}

/// A law over `k` clusters. Conditions: ARGUMENT.
pub(super) fn checked(
    name: &str,
    prior: Option<&[f64]>,
    k: usize,
    slack: f64,
    normalize: bool,
) -> Result<Vec<f64>> {
    let Some(prior) = prior else { return Ok(vec![1.0 / k as f64; k]) };
    if prior.len() != k {
        bail!(Argument, "{name} has {} numbers; expected {k}", prior.len())
    }
    if let Some(at) = prior.iter().position(|p| !(p.is_finite() && *p >= 0.0)) {
        bail!(Argument, "{name}[{at}] is {}; expected 0 or more", prior[at])
    }
    let sum: f64 = prior.iter().sum();
    if normalize && sum > 0.0 && sum.is_finite() {
        return Ok(prior.iter().map(|p| p / sum).collect());
    }
    if sum.is_nan() || (sum - 1.0).abs() > slack {
        bail!(Argument, "{name} adds up to {sum}; expected 1")
    }
    Ok(prior.to_vec())
}
