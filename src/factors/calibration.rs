//! Calibration: how far confidence is from accuracy, per factor.

use super::annotations::Annotations;
use super::plane;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::TensorRef;

/// Expected calibration errors: sum over bins of |accuracy - mean confidence| times the share of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Over all images.
    pub all: f64,
    /// (F) over the images of each factor; NaN without any.
    pub factors: Vec<f64>,
}

impl Annotations {
    /// Of one model: (n) predictions and (n) probabilities in [0, 1] that they are right. Bin b holds (b/B, (b+1)/B], the first one
    /// 0 too. Conditions: RANK, SHAPE, DTYPE, NONFINITE, ARGUMENT (a probability, no bins), MEMORY. O(n F).
    pub fn calibration(
        &self,
        ctx: &Context,
        predictions: &TensorRef,
        confidence: &TensorRef,
        bins: usize,
    ) -> Result<Calibration> {
        let matrix = self.predictions(predictions)?;
        confidence.expect_shape(&[self.columns], "(images)")?;
        if matrix.rows() != 1 {
            bail!(Shape, "{} has {} models; expected 1", predictions.name(), matrix.rows())
        }
        if bins == 0 || bins > 1 << 20 {
            bail!(Argument, "bins is {bins}; expected 1 to {}", 1 << 20)
        }
        let confidence = confidence.read::<f64>(&ctx.meter())?;
        let right = self.marked(ctx, &matrix, 0);
        let mut bin = Vec::with_capacity(self.columns);
        for (i, &p) in confidence.iter().enumerate() {
            if !(0.0..=1.0).contains(&p) {
                bail!(Argument, "confidence[{i}] is {p}; expected a probability from 0 to 1")
            }
            bin.push(bin_of(p, bins));
        }
        let error = |images: &[u64]| {
            let mut off = vec![0.0; bins];
            for i in (0..self.columns).filter(|&i| plane::bit(images, i)) {
                off[bin[i]] += f64::from(u8::from(plane::bit(&right, i))) - confidence[i];
            }
            off.iter().map(|off| off.abs()).sum::<f64>() / plane::ones(images) as f64
        };
        let factors = ctx.pool().map_chunks(self.factors, 1, |f| Ok(error(self.plane(f.start))))?;
        Ok(Calibration { all: error(&self.joined), factors })
    }
}

/// The bin with b/B < p <= (b+1)/B; the edges are those quotients as they round.
fn bin_of(p: f64, bins: usize) -> usize {
    let edge = |b: usize| b as f64 / bins as f64;
    let mut b = ((p * bins as f64).ceil() as usize).clamp(1, bins) - 1;
    while b > 0 && p <= edge(b) {
        b -= 1;
    }
    while b + 1 < bins && p > edge(b + 1) {
        b += 1;
    }
    b
}
