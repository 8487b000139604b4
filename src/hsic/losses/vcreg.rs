//! VCReg: alpha sum_k max(0, gamma - sqrt(C_kk + eps)) + beta sum_{k != l} C_kl^2 of one batch.

use super::{Batch, Loss, covariance, expect_number, hinge};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::hsic::leaf::Number;
use crate::view::TensorRef;

/// Weights and conventions of VCReg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VcregOptions {
    /// Weight of the variance term.
    pub alpha: f64,
    /// Weight of the covariance term.
    pub beta: f64,
    /// Standard deviation that is asked for.
    pub gamma: f64,
    /// Added to variances before the root.
    pub eps: f64,
    /// Covariances are over n - ddof: 0 or 1.
    pub ddof: u32,
    /// Both terms over d, as in VICReg, instead of plain sums.
    pub per_feature: bool,
}

impl Default for VcregOptions {
    fn default() -> Self {
        VcregOptions { alpha: 1.0, beta: 1.0, gamma: 1.0, eps: 0.0, ddof: 1, per_feature: false }
    }
}

impl VcregOptions {
    pub(super) fn check(&self) -> Result<()> {
        expect_number("alpha", self.alpha, 0.0)?;
        expect_number("beta", self.beta, 0.0)?;
        expect_number("gamma", self.gamma, 0.0)?;
        expect_number("eps", self.eps, 0.0)?;
        if self.ddof > 1 {
            bail!(Argument, "ddof is {}; expected 0 or 1", self.ddof)
        }
        Ok(())
    }

    /// What the sums are multiplied by.
    pub(super) fn scale(&self, d: usize) -> f64 {
        if self.per_feature { 1.0 / d as f64 } else { 1.0 }
    }
}

/// The loss of `z` (n, d); `terms` are variance, covariance, 0. Conditions: RANK, SHAPE, DTYPE, NONFINITE, ARGUMENT, TOO_FEW
/// (n < 2), MEMORY_LIMIT, MEMORY, CANCELLED.
pub fn vcreg<T: Number>(
    ctx: &Context,
    z: &TensorRef,
    options: &VcregOptions,
    gradient: bool,
) -> Result<Loss<T>> {
    options.check()?;
    let meter = ctx.meter();
    let batch = Batch::<T>::new(&meter, z)?;
    let divisor = (batch.n - options.ddof as usize) as f64;
    let found = covariance(ctx, &meter, &batch, divisor, gradient)?;
    let scale = options.scale(batch.d);
    let hinges: Vec<[f64; 2]> =
        found.variances.iter().map(|&v| hinge(v, options.gamma, options.eps, divisor)).collect();
    let terms = [hinges.iter().map(|h| h[0]).sum::<f64>() * scale, found.off_diagonal * scale, 0.0];
    let mut gradients = Vec::new();
    if let Some(product) = found.product {
        let mut out = meter.buffer::<T>(batch.n * batch.d, "gradient")?;
        let factor = 4.0 * options.beta * scale / divisor;
        let rows = out.chunks_exact_mut(batch.d).zip(batch.rows.chunks_exact(batch.d)).zip(product.rows());
        for ((out, z), product) in rows {
            for (((o, z), p), h) in out.iter_mut().zip(z).zip(product).zip(&hinges) {
                *o = T::of(options.alpha * scale * h[1] * z.wide() + factor * p.wide());
            }
        }
        gradients.push(out);
    }
    Ok(Loss { value: options.alpha * terms[0] + options.beta * terms[1], terms, gradients })
}
