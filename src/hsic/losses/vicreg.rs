//! VICReg: invariance, variance and covariance of two views.
//!
//! ```text
//! Fair:   25 mean (Z1 - Z2)^2  + 25 sum_views 0.5 mean_k hinge_k  + sum_views sum_{k != l} C_kl^2 / d
//! Paper:  25 |Z1 - Z2|^2 / n   + 25 sum_views     mean_k hinge_k  + the same
//! ```
//!
//! `Fair` is what facebookresearch/vicreg computes, `Paper` what the paper writes: they differ by a factor d in the first
//! term and 2 in the second (issue 26 of that repository).

use super::{Batch, Covariance, Loss, covariance, expect_alike, expect_number, hinge};
use crate::context::Context;
use crate::error::Result;
use crate::hsic::leaf::Number;
use crate::view::TensorRef;

/// Which factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VicregVariant {
    /// Those of the code.
    #[default]
    Fair,
    /// Those of the paper.
    Paper,
}

/// Weights and conventions of VICReg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VicregOptions {
    /// Factors.
    pub variant: VicregVariant,
    /// Weight of the invariance term.
    pub invariance: f64,
    /// Weight of the variance term.
    pub variance: f64,
    /// Weight of the covariance term.
    pub covariance: f64,
    /// Standard deviation that is asked for.
    pub gamma: f64,
    /// Added to variances before the root.
    pub eps: f64,
}

impl Default for VicregOptions {
    fn default() -> Self {
        let variant = VicregVariant::Fair;
        VicregOptions { variant, invariance: 25.0, variance: 25.0, covariance: 1.0, gamma: 1.0, eps: 1e-4 }
    }
}

/// The loss of two views (n, d), n the whole batch; `terms` are invariance, variance, covariance. Conditions as for
/// [`super::vcreg()`].
pub fn vicreg<T: Number>(
    ctx: &Context,
    z1: &TensorRef,
    z2: &TensorRef,
    options: &VicregOptions,
    gradient: bool,
) -> Result<Loss<T>> {
    for (name, v) in [
        ("invariance", options.invariance),
        ("variance", options.variance),
        ("covariance", options.covariance),
        ("gamma", options.gamma),
        ("eps", options.eps),
    ] {
        expect_number(name, v, 0.0)?;
    }
    let meter = ctx.meter();
    let views = [Batch::<T>::new(&meter, z1)?, Batch::<T>::new(&meter, z2)?];
    expect_alike([z1.name(), z2.name()], &views[0], &views[1])?;
    let (n, d) = (views[0].n as f64, views[0].d as f64);
    let (near, far) = match options.variant {
        VicregVariant::Fair => (1.0 / (n * d), 0.5 / d),
        VicregVariant::Paper => (1.0 / n, 1.0 / d),
    };
    // The invariance is of the views themselves, with their means.
    let originals = [z1.read::<T>(&meter)?, z2.read::<T>(&meter)?];
    let gaps = originals[0].iter().zip(&*originals[1]).map(|(a, b)| a.wide() - b.wide());
    let invariance = gaps.map(|g| g * g).sum::<f64>() * near;
    let (mut terms, mut gradients) = ([invariance, 0.0, 0.0], Vec::new());
    for (v, batch) in views.iter().enumerate() {
        let Covariance { variances, off_diagonal, product } =
            covariance(ctx, &meter, batch, n - 1.0, gradient)?;
        let hinges: Vec<[f64; 2]> =
            variances.iter().map(|&c| hinge(c, options.gamma, options.eps, n - 1.0)).collect();
        terms[1] += far * hinges.iter().map(|h| h[0]).sum::<f64>();
        terms[2] += off_diagonal / d;
        let Some(product) = product else { continue };
        let mut out = meter.buffer::<T>(batch.n * batch.d, "gradient")?;
        let to_covariance = 4.0 * options.covariance / (d * (n - 1.0));
        let to_invariance = 2.0 * options.invariance * near;
        let width = batch.d;
        for (i, out) in out.chunks_exact_mut(width).enumerate() {
            let at = i * width..(i + 1) * width;
            let (own, other) = (&originals[v][at.clone()], &originals[1 - v][at.clone()]);
            for (k, o) in out.iter_mut().enumerate() {
                let part = options.variance * far * hinges[k][1] * batch.rows[at.start + k].wide();
                let apart = to_invariance * (own[k].wide() - other[k].wide());
                *o = T::of(apart + part + to_covariance * product[[i, k]].wide());
            }
        }
        gradients.push(out);
    }
    let weights = [options.invariance, options.variance, options.covariance];
    Ok(Loss { value: terms.iter().zip(weights).map(|(t, w)| t * w).sum(), terms, gradients })
}
