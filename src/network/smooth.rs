//! Smooth activation functions, and continuous piecewise-linear functions in their place.
//!
//! A network with GELU, SiLU, tanh, ... is not piecewise linear. On request such a unit is replaced by a [`Pwl`] with
//! a given number of knots, and the result says by how much the two differ at most, over all real numbers:
//! [`Pwl::approximate`]. Knots and values are near the best in that sense ([`corridor`]); the tails are the asymptotes
//! of the function, so that the difference vanishes far away. The bound is proven, not sampled ([`bound`]).
//!
//! All functions here are g(s x) / s for one of a few g, with a bounded second derivative between the points where a
//! derivative jumps, and with a line as asymptote on either side from which they differ less and less beyond |s x| = 2.

mod bound;
mod corridor;
mod elementary;
mod grid;

use std::fmt;

use super::pwl::Pwl;
use crate::error::{Result, bail};
use elementary::{erf, exp, ln_1p};

/// Fewest and most knots of an approximation.
const KNOTS: [usize; 2] = [2, 1024];
/// Least and largest parameters: far from where numbers overflow or lose digits.
const PARAMETER: [f64; 2] = [1.0 / 1024.0, 1024.0];
/// Beyond so much the logarithm in softplus is less than rounding.
const SOFTPLUS_END: f64 = 40.0;
/// The constants of SELU (Klambauer et al., 2017).
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

/// A smooth activation function, with the parameters of torch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smooth {
    /// x Phi(x), with the distribution function Phi of the normal distribution.
    Gelu,
    /// x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    GeluTanh,
    /// x sigmoid(beta x); SiLU for beta 1.
    Silu {
        /// Steepness.
        beta: f64,
    },
    /// tanh(x).
    Tanh,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// log(1 + exp(beta x)) / beta where beta x <= threshold, x beyond.
    Softplus {
        /// Steepness.
        beta: f64,
        /// Infinite for the plain function.
        threshold: f64,
    },
    /// x where x > 0, alpha (exp(x) - 1) elsewhere.
    Elu {
        /// Minus the limit at minus infinity.
        alpha: f64,
    },
    /// ELU with the constants of Klambauer et al. (2017), times a constant of theirs.
    Selu,
    /// x where x > 0, alpha (exp(x / alpha) - 1) elsewhere.
    Celu {
        /// Minus the limit at minus infinity.
        alpha: f64,
    },
    /// x tanh(log(1 + exp(x))).
    Mish,
    /// x min(max(x + 3, 0), 6) / 6.
    HardSwish,
}

/// A piecewise-linear function in place of a smooth one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approximation {
    /// The smooth function.
    pub function: Smooth,
    /// Number of knots of the piecewise-linear one.
    pub knots: usize,
    /// No real number has values under the two that differ by more.
    pub bound: f64,
}

impl Pwl {
    /// A continuous piecewise-linear function with at most `knots` knots (2 to 1024) near `function`, and a bound on
    /// the difference over all real numbers. The bound is proven, and a percent or so above the true difference.
    ///
    /// Left of the first knot and right of the last the function is its asymptote. All knots, slopes and offsets are
    /// such that the pieces meet exactly, in f64. Near the best possible: the difference falls as 1 / knots^2.
    /// A fraction of a second for the most knots, a millisecond for a few. Conditions: ARGUMENT.
    pub fn approximate(function: Smooth, knots: usize) -> Result<(Pwl, f64)> {
        function.check()?;
        if !(KNOTS[0]..=KNOTS[1]).contains(&knots) {
            bail!(Argument, "knots is {knots}; expected {} to {}", KNOTS[0], KNOTS[1])
        }
        let (path, error) = corridor::best(&function, knots);
        let pwl = grid::snap(&function, &path, knots)?;
        let bound = bound::bound(&function, &pwl, error);
        Ok((pwl, bound))
    }
}

impl Smooth {
    /// Lower-case name: "gelu", "gelu_tanh", "silu", "tanh", "sigmoid", "softplus", "elu", "selu", "celu", "mish" or
    /// "hard_swish".
    pub fn name(&self) -> &'static str {
        match self {
            Smooth::Gelu => "gelu",
            Smooth::GeluTanh => "gelu_tanh",
            Smooth::Silu { .. } => "silu",
            Smooth::Tanh => "tanh",
            Smooth::Sigmoid => "sigmoid",
            Smooth::Softplus { .. } => "softplus",
            Smooth::Elu { .. } => "elu",
            Smooth::Selu => "selu",
            Smooth::Celu { .. } => "celu",
            Smooth::Mish => "mish",
            Smooth::HardSwish => "hard_swish",
        }
    }

    /// ARGUMENT at a parameter that makes no sense or is extreme.
    fn check(&self) -> Result<()> {
        let (what, value) = match *self {
            Smooth::Silu { beta } | Smooth::Softplus { beta, .. } => ("beta", beta),
            Smooth::Elu { alpha } | Smooth::Celu { alpha } => ("alpha", alpha),
            _ => return Ok(()),
        };
        if !(PARAMETER[0]..=PARAMETER[1]).contains(&value) {
            bail!(Argument, "{}: {what} is {value}; expected 1/1024 to 1024", self.name())
        }
        match *self {
            Smooth::Softplus { threshold, .. } if threshold.is_nan() || threshold < 0.0 => {
                bail!(Argument, "softplus: threshold is {threshold}; expected 0 or more")
            }
            _ => Ok(()),
        }
    }

    /// s, see the top of this file.
    fn scale(&self) -> f64 {
        match *self {
            Smooth::Silu { beta } | Smooth::Softplus { beta, .. } => beta,
            Smooth::Celu { alpha } => 1.0 / alpha,
            _ => 1.0,
        }
    }

    /// Its value at x, within 2^-44 (1 + |x|) times the larger of 1 and its largest slope or value.
    pub fn value(&self, x: f64) -> f64 {
        let s = self.scale();
        let y = s * x;
        match *self {
            Smooth::Gelu => 0.5 * x * (1.0 + erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Smooth::GeluTanh => {
                let c = (2.0 / std::f64::consts::PI).sqrt();
                0.5 * x * (1.0 + tanh(c * (x + 0.044715 * x * x * x)))
            }
            Smooth::Silu { .. } => x * sigmoid(y),
            Smooth::Tanh => tanh(x),
            Smooth::Sigmoid => sigmoid(x),
            Smooth::Softplus { threshold, .. } if y > threshold => x,
            Smooth::Softplus { .. } => softplus(y) / s,
            Smooth::Elu { .. } | Smooth::Selu | Smooth::Celu { .. } if x > 0.0 => self.right()[0] * x,
            Smooth::Elu { alpha } => alpha * (exp(x) - 1.0),
            Smooth::Selu => SELU_SCALE * SELU_ALPHA * (exp(x) - 1.0),
            Smooth::Celu { .. } => (exp(y) - 1.0) / s,
            // tanh(log(1 + e^x)) = (e^2x + 2 e^x) / (e^2x + 2 e^x + 2)
            Smooth::Mish if x > 0.0 => {
                let n = exp(-x);
                x * (1.0 + 2.0 * n) / (1.0 + 2.0 * n + 2.0 * n * n)
            }
            Smooth::Mish => {
                let q = exp(x) * (exp(x) + 2.0);
                x * q / (q + 2.0)
            }
            Smooth::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        }
    }

    /// A number that the second derivative does not exceed anywhere between the [`Smooth::breaks`].
    fn curvature(&self) -> f64 {
        self.scale()
            * match *self {
                // |phi(x) (2 - x^2)|, largest at 0: 2 / sqrt(2 pi).
                Smooth::Gelu => 0.798,
                // With u = c (x + a x^3): sech^2(u) (u' + x u'' / 2 - x u'^2 tanh u), where sech^2(u) <= 4 exp(-2 c |x|).
                Smooth::GeluTanh => 1.7,
                // |sigmoid'(y) (2 - y tanh(y / 2))|, largest at 0.
                Smooth::Silu { .. } => 0.5,
                // 2 tanh sech^2 <= 4 / (3 sqrt 3)
                Smooth::Tanh => 0.77,
                // |sigmoid' (1 - 2 sigmoid)| <= 1 / (6 sqrt 3)
                Smooth::Sigmoid => 0.0963,
                Smooth::Softplus { .. } => 0.25,
                Smooth::Elu { alpha } => alpha,
                Smooth::Selu => SELU_SCALE * SELU_ALPHA,
                Smooth::Celu { .. } => 1.0,
                // 2 w' + x w'' with w = tanh(softplus(x)). Let e = exp(x), q = e^2 + 2 e + 2: w' = 4 e (e + 1) / q^2 and
                // w'' is a difference of 4 e (2 e + 1) / q^2 and 16 e^2 (e + 1)^2 / q^3. For x <= 0: 0 <= w' <= 1/2
                // and |w''| <= e; for x > 0: w' <= 1/2 and |w''| <= sech^2(x / 2).
                Smooth::Mish => 2.0,
                Smooth::HardSwish => 0.334,
            }
    }

    /// Where the function or its derivative jumps.
    fn breaks(&self) -> Vec<f64> {
        match *self {
            Smooth::Softplus { beta, threshold } if threshold <= SOFTPLUS_END => vec![threshold / beta],
            Smooth::Elu { .. } | Smooth::Selu | Smooth::Celu { .. } => vec![0.0],
            Smooth::HardSwish => vec![-3.0, 3.0],
            _ => vec![],
        }
    }

    /// The limits of the function at x from the left and from the right.
    fn limits(&self, x: f64) -> [f64; 2] {
        match *self {
            Smooth::Softplus { beta, threshold } if x == threshold / beta => [softplus(threshold) / beta, x],
            _ => [self.value(x); 2],
        }
    }

    /// Slope and offset of the asymptote at minus infinity.
    fn left(&self) -> [f64; 2] {
        match *self {
            Smooth::Tanh => [0.0, -1.0],
            Smooth::Elu { alpha } | Smooth::Celu { alpha } => [0.0, -alpha],
            Smooth::Selu => [0.0, -SELU_SCALE * SELU_ALPHA],
            _ => [0.0, 0.0],
        }
    }

    /// Slope and offset of the asymptote at infinity.
    fn right(&self) -> [f64; 2] {
        match *self {
            Smooth::Tanh | Smooth::Sigmoid => [0.0, 1.0],
            Smooth::Selu => [SELU_SCALE, 0.0],
            _ => [1.0, 0.0],
        }
    }

    /// Where the function becomes its right asymptote with a kink that an approximation should have too.
    fn corner(&self) -> Option<f64> {
        matches!(self, Smooth::Elu { .. } | Smooth::Selu | Smooth::Celu { .. }).then_some(0.0)
    }

    /// The size of what bends: how far the function is from its asymptotes, roughly.
    fn bend(&self) -> f64 {
        match *self {
            Smooth::Elu { alpha } => alpha,
            _ => 1.0 / self.scale(),
        }
    }

    /// Beyond plus and minus this the difference from the asymptotes does not grow.
    fn settled(&self) -> f64 {
        2.0 / self.scale()
    }
}

impl fmt::Display for Smooth {
    /// The name, with the parameters that are not the defaults of torch.
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())?;
        match *self {
            Smooth::Silu { beta } if beta != 1.0 => write!(f, "(beta={beta})"),
            Smooth::Softplus { beta, threshold } if beta != 1.0 || threshold != 20.0 => {
                write!(f, "(beta={beta}, threshold={threshold})")
            }
            Smooth::Elu { alpha } | Smooth::Celu { alpha } if alpha != 1.0 => write!(f, "(alpha={alpha})"),
            _ => Ok(()),
        }
    }
}

fn sigmoid(x: f64) -> f64 {
    let n = exp(-x.abs());
    if x > 0.0 { 1.0 / (1.0 + n) } else { n / (1.0 + n) }
}

fn tanh(x: f64) -> f64 {
    let n = exp(-2.0 * x.abs());
    ((1.0 - n) / (1.0 + n)).copysign(x)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + ln_1p(exp(-x.abs()))
}

#[cfg(test)]
mod tests;
