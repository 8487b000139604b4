//! The power law that counts follow: maximum likelihood over the exponent, given the ranks.
//!
//! With p sorted, largest first, S = sum p_k ln k and E_t the mean of ln k under k^-t, the exponent is the root of E_t = S. E_t falls
//! with t, at the rate -Var_t(ln k).

use crate::context::Context;
use crate::error::{Result, bail};
use crate::simd::Isa;
use crate::simd::real::{Real, compiled};

use super::family::check_counts;

/// Exponents are looked for up to here; a steeper law has all of its mass on one cluster as far as f64 can tell.
pub const STEEPEST: f64 = 64.0;

const LANES: usize = 8;

/// Ranks of K clusters.
pub(super) struct Ranks {
    /// ln k, k = 1 .. K.
    logs: Vec<f64>,
    isa: Isa,
}

compiled! {
    /// Sums of k^-t, k^-t ln k and k^-t ln^2 k.
    fn moments(logs: &[T], t: T, out: &mut [T; 3]) = moments_body
}

#[inline(always)]
fn moments_body<T: Real, const FUSED: bool>(logs: &[T], t: T, out: &mut [T; 3]) {
    let mut sums = [[T::ZERO; LANES]; 3];
    let (chunks, rest) = logs.as_chunks::<LANES>();
    for chunk in chunks {
        for i in 0..LANES {
            let w = (-(t * chunk[i])).exp::<FUSED>();
            sums[0][i] = sums[0][i] + w;
            sums[1][i] = sums[1][i] + w * chunk[i];
            sums[2][i] = sums[2][i] + w * chunk[i] * chunk[i];
        }
    }
    *out = sums.map(|lanes| lanes.into_iter().fold(T::ZERO, |s, x| s + x));
    for &log in rest {
        let w = (-(t * log)).exp::<FUSED>();
        out[0] = out[0] + w;
        out[1] = out[1] + w * log;
        out[2] = out[2] + w * log * log;
    }
}

impl Ranks {
    pub fn new(isa: Isa, k: usize) -> Self {
        Ranks { logs: (1..=k).map(|k| (k as f64).ln()).collect(), isa }
    }

    /// ln sum k^-t, mean and variance of ln k under k^-t.
    pub fn law(&self, t: f64) -> [f64; 3] {
        let mut sums = [0.0; 3];
        moments(self.isa, &self.logs, t, &mut sums);
        let mean = sums[1] / sums[0];
        [sums[0].ln(), mean, (sums[2] / sums[0] - mean * mean).max(0.0)]
    }

    /// S of a law, sorted.
    pub fn mean_log(&self, p: &[f64]) -> f64 {
        p.iter().zip(&self.logs).map(|(p, log)| p * log).sum()
    }

    /// The exponent of a law, sorted: 0 if it is no steeper than uniform, infinite if it has one cluster.
    pub fn exponent(&self, p: &[f64]) -> f64 {
        let s = self.mean_log(p);
        let (mut low, mut high) = (0.0, STEEPEST);
        if s >= self.law(low)[1] {
            return 0.0;
        }
        if s <= self.law(high)[1] {
            return f64::INFINITY;
        }
        let mut t = 1.0;
        for _ in 0..200 {
            let [_, mean, variance] = self.law(t);
            if mean > s {
                low = t;
            } else {
                high = t;
            }
            // Newton's step where it stays inside, else half way.
            let mut next = t + (mean - s) / variance;
            if !(next > low && next < high) {
                next = 0.5 * (low + high);
            }
            if (next - t).abs() <= 1e-15 * t.max(1e-3) {
                return next;
            }
            t = next;
        }
        t
    }
}

/// The exponent of the power law of maximum likelihood for counts or probabilities, in any order: 0 for a uniform law, infinite if
/// one cluster has everything. Sorting alone makes it positive; see [`super::diagnose()`]. Conditions: ARGUMENT.
pub fn fit_exponent(ctx: &Context, counts: &[f64]) -> Result<f64> {
    let sorted = sorted(counts)?;
    Ok(Ranks::new(ctx.isa(), sorted.len()).exponent(&sorted))
}

/// Counts over their sum, largest first. Conditions: ARGUMENT.
pub(super) fn sorted(counts: &[f64]) -> Result<Vec<f64>> {
    check_counts(counts)?;
    let sum: f64 = counts.iter().sum();
    if !(sum > 0.0 && sum.is_finite()) {
        bail!(Argument, "{} counts add up to {sum}; expected a positive number", counts.len())
    }
    let mut p: Vec<f64> = counts.iter().map(|c| c / sum).collect();
    p.sort_unstable_by(|a, b| b.total_cmp(a));
    Ok(p)
}
