//! Laws over K clusters. Prototypes are exchangeable: which cluster gets which probability carries no meaning.

use super::gamma::normal;
use crate::error::{Result, bail};
use crate::random::uniform_pair;

/// A law over clusters k = 1 .. K, before it is divided by its sum.
#[derive(Clone, Debug, PartialEq)]
pub enum Family {
    /// 1.
    Uniform,
    /// k^-exponent. PMSN's default is 0.25, which is mild.
    PowerLaw {
        /// Any finite number.
        exponent: f64,
    },
    /// (k + shift)^-exponent.
    ZipfMandelbrot {
        /// > -1.
        shift: f64,
        /// Any finite number.
        exponent: f64,
    },
    /// ratio^-((k - 1) / (K - 1)): the first cluster is `ratio` times the last.
    Exponential {
        /// > 0.
        ratio: f64,
    },
    /// `ratio` for the first `head` clusters, 1 for the others.
    Step {
        /// Up to K.
        head: usize,
        /// > 0.
        ratio: f64,
    },
    /// counts + alpha, in the order that they are given in.
    Counts {
        /// K numbers, 0 or more.
        counts: Vec<f64>,
        /// 0 or more.
        alpha: f64,
    },
    /// A sample of the symmetric Dirichlet law.
    Dirichlet {
        /// > 0.
        alpha: f64,
        /// The same seed gives the same sample.
        seed: u64,
    },
}

impl Family {
    /// The law over `k` clusters. Conditions: ARGUMENT.
    pub fn prior(&self, k: usize) -> Result<Vec<f64>> {
        if k == 0 {
            bail!(Argument, "k is 0; expected one cluster at least")
        }
        let ranks = || (1..=k).map(|rank| rank as f64);
        let weights: Vec<f64> = match *self {
            Family::Uniform => vec![1.0; k],
            Family::PowerLaw { exponent } => {
                finite("exponent", exponent)?;
                ranks().map(|r| r.powf(-exponent)).collect()
            }
            Family::ZipfMandelbrot { shift, exponent } => {
                finite("exponent", exponent)?;
                if !(shift > -1.0 && shift.is_finite()) {
                    bail!(Argument, "shift is {shift}; expected a number above -1")
                }
                ranks().map(|r| (r + shift).powf(-exponent)).collect()
            }
            Family::Exponential { ratio } => {
                positive("ratio", ratio)?;
                let steps = (k - 1).max(1) as f64;
                ranks().map(|r| ratio.powf(-(r - 1.0) / steps)).collect()
            }
            Family::Step { head, ratio } => {
                positive("ratio", ratio)?;
                if head > k {
                    bail!(Argument, "head is {head}; expected at most the {k} clusters")
                }
                (0..k).map(|i| if i < head { ratio } else { 1.0 }).collect()
            }
            Family::Counts { ref counts, alpha } => {
                if counts.len() != k {
                    bail!(Argument, "there are {} counts; expected {k}", counts.len())
                }
                if !(alpha >= 0.0 && alpha.is_finite()) {
                    bail!(Argument, "alpha is {alpha}; expected 0 or more")
                }
                check_counts(counts)?;
                counts.iter().map(|c| c + alpha).collect()
            }
            Family::Dirichlet { alpha, seed } => {
                positive("alpha", alpha)?;
                dirichlet(alpha, seed, k)
            }
        };
        let sum: f64 = weights.iter().sum();
        if !(sum > 0.0 && sum.is_finite()) {
            bail!(Argument, "weights of {k} clusters add up to {sum}; expected a positive number")
        }
        Ok(weights.into_iter().map(|w| w / sum).collect())
    }
}

fn finite(name: &str, x: f64) -> Result<()> {
    if x.is_finite() { Ok(()) } else { bail!(Argument, "{name} is {x}; expected a finite number") }
}

fn positive(name: &str, x: f64) -> Result<()> {
    if x > 0.0 && x.is_finite() { Ok(()) } else { bail!(Argument, "{name} is {x}; expected more than 0") }
}

/// Every count is a number, 0 or more.
pub(super) fn check_counts(counts: &[f64]) -> Result<()> {
    match counts.iter().position(|c| !(c.is_finite() && *c >= 0.0)) {
        Some(at) => bail!(Argument, "counts[{at}] is {}; expected 0 or more", counts[at]),
        None => Ok(()),
    }
}

/// Gamma variates by Marsaglia and Tsang (2000) in logarithms, as small shapes make numbers that f64 does not hold.
fn dirichlet(alpha: f64, seed: u64, k: usize) -> Vec<f64> {
    let mut at = 0;
    let mut draw = || {
        at += 1;
        uniform_pair(seed, at)
    };
    let (d, boost) = if alpha < 1.0 { (alpha + 1.0 - 1.0 / 3.0, true) } else { (alpha - 1.0 / 3.0, false) };
    let logs: Vec<f64> = (0..k)
        .map(|_| {
            loop {
                let x = normal(draw());
                let v = 1.0 + x / (9.0 * d).sqrt();
                let [u, w] = draw();
                if v > 0.0 && (1.0 - u).ln() < 0.5 * x * x + d * (1.0 - v.powi(3) + 3.0 * v.ln()) {
                    let log = d.ln() + 3.0 * v.ln();
                    return if boost { log + (1.0 - w).ln() / alpha } else { log };
                }
            }
        })
        .collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    logs.into_iter().map(|log| (log - most).exp()).collect()
}

/// -sum p ln p, 0 ln 0 being 0.
pub fn entropy(p: &[f64]) -> f64 {
    -p.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>()
}
