//! Entropies of a spectrum, and the ranks that are their exponentials. Natural logarithm, 0 ln 0 = 0.

use super::options::{EpsMode, Options, Power};
use super::scale::ldexp;
use super::spectrum::Spectrum;
use crate::error::{Result, bail};

/// -sum q ln q.
pub(super) fn shannon(q: impl IntoIterator<Item = f64>) -> f64 {
    let term = |q: f64| if q > 0.0 { -q * q.ln() } else { 0.0 };
    // Adding to +0 keeps a point mass at 0 rather than -0.
    q.into_iter().map(term).fold(0.0, |sum, t| sum + t)
}

/// q of values s that are 2^-e times the true ones.
pub(super) fn probabilities(s: &[f64], e: i32, eps: f64, mode: EpsMode) -> impl Iterator<Item = f64> {
    let (before, after) = match mode {
        EpsMode::AfterDivision => (0.0, eps),
        EpsMode::BeforeDivision => (scaled_eps(eps, e), 0.0),
    };
    let sum: f64 = s.iter().map(|s| s + before).sum();
    s.iter().map(move |s| (s + before) / sum + after)
}

/// eps in the units of values that are 2^-e times the true ones; large enough that any value is nothing beside it, small
/// enough to be summed.
pub(super) fn scaled_eps(eps: f64, e: i32) -> f64 {
    ldexp(eps, -e).min(1e280)
}

/// Denominators of [`Spectrum::matrix_entropy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntropyScale {
    /// None.
    #[default]
    Raw,
    /// ln N.
    LnRows,
    /// ln K.
    LnColumns,
    /// min(ln N, ln K).
    LnMin,
    /// ln N ln K.
    LnProduct,
}

impl Spectrum {
    /// Effective rank: the exponential of the entropy of q, with eps where `options` say; between 1 and r for eps = 0. With
    /// `normalize`, the entropy over ln K. Condition ARGUMENT if `center` is not what this spectrum is, or see
    /// [`Options::check`].
    pub fn effective_rank(&self, options: &Options) -> Result<f64> {
        let h = self.nats(options)?;
        Ok(if options.normalize { self.over_ln_k(h) } else { h.exp() })
    }

    /// The entropy itself, to the base that `options` say, or over ln K with `normalize`. Conditions as of
    /// [`Spectrum::effective_rank`].
    pub fn entropy(&self, options: &Options) -> Result<f64> {
        let h = self.nats(options)?;
        Ok(if options.normalize { self.over_ln_k(h) } else { h / options.base.ln() })
    }

    fn nats(&self, options: &Options) -> Result<f64> {
        options.check()?;
        if options.center != self.centred() {
            let is = |centred| if centred { "centred" } else { "not centred" };
            bail!(
                Argument,
                "center: the options ask for a spectrum that is {}; this one is {}",
                is(options.center),
                is(self.centred())
            )
        }
        let (s, e) = self.powers(options.power);
        Ok(shannon(probabilities(&s, e, options.eps, options.eps_mode)))
    }

    /// The values that probabilities are made of, and their exponent.
    pub(super) fn powers(&self, power: Power) -> (Vec<f64>, i32) {
        match power {
            Power::Singular => (self.values.clone(), self.exponent()),
            Power::Eigen => (self.eigenvalues(), 2 * self.exponent()),
        }
    }

    /// 0 for K = 1, where both are 0.
    fn over_ln_k(&self, h: f64) -> f64 {
        if self.columns() > 1 { h / (self.columns() as f64).ln() } else { 0.0 }
    }

    /// Squares of the scaled values.
    pub(super) fn eigenvalues(&self) -> Vec<f64> {
        self.values.iter().map(|v| v * v).collect()
    }

    /// von Neumann (matrix) entropy S_1 in nats: that of lambda / sum lambda.
    pub fn von_neumann(&self) -> f64 {
        shannon(probabilities(&self.eigenvalues(), 0, 0.0, EpsMode::AfterDivision))
    }

    /// Matrix Renyi entropy in nats, S_a = ln(sum P^a) / (1 - a) of P = lambda / sum lambda; a >= 0. The limits are a = 0 (ln of
    /// the number of positive values), 1 (von Neumann) and infinity (-ln of the largest P). Condition: ARGUMENT.
    pub fn renyi(&self, order: f64) -> Result<f64> {
        if order.is_nan() || order < 0.0 {
            bail!(Argument, "order is {order}; expected 0 or more")
        }
        if order == 1.0 {
            return Ok(self.von_neumann());
        }
        // Relative to the largest, so that no power underflows that counts.
        let first = self.values[0];
        let largest = -self.stable_rank().ln();
        if order == f64::INFINITY {
            return Ok(-largest);
        }
        let powers = self.values.iter().filter(|&&v| v > 0.0).map(|v| (v / first).powf(2.0 * order));
        Ok((powers.sum::<f64>().ln() + order * largest) / (1.0 - order))
    }

    /// Matrix entropy of this order, divided as `scale` says; 0 if the logarithm is 0 (one row or column). Condition:
    /// ARGUMENT.
    pub fn matrix_entropy(&self, order: f64, scale: EntropyScale) -> Result<f64> {
        let (n, k) = ((self.rows() as f64).ln(), (self.columns() as f64).ln());
        let divisor = match scale {
            EntropyScale::Raw => 1.0,
            EntropyScale::LnRows => n,
            EntropyScale::LnColumns => k,
            EntropyScale::LnMin => n.min(k),
            EntropyScale::LnProduct => n * k,
        };
        let entropy = self.renyi(order)?;
        Ok(if divisor > 0.0 { entropy / divisor } else { 0.0 })
    }

    /// (sum lambda)^2 / sum lambda^2, the exponential of S_2.
    pub fn participation_ratio(&self) -> f64 {
        let fourth: f64 = self.values.iter().map(|v| (v * v) * (v * v)).sum();
        self.square_sum().powi(2) / fourth
    }
}
