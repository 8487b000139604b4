//! Kernels k(x, y), each a function of one number of the pair: an inner product, a squared distance, a sum of absolute
//! differences, or a count of differing entries.

use crate::error::{Result, bail};

/// A kernel with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kernel {
    /// x . y
    Linear,
    /// exp(-gamma |x - y|^2); gamma = 1 / (2 sigma^2) for a bandwidth sigma.
    Rbf {
        /// > 0
        gamma: f64,
    },
    /// exp(-gamma |x - y|_1)
    LaplaceL1 {
        /// > 0
        gamma: f64,
    },
    /// exp(-gamma |x - y|), the Euclidean distance.
    ExpL2 {
        /// > 0
        gamma: f64,
    },
    /// (1 + gamma |x - y|^2 / alpha)^-alpha; the limit alpha -> infinity is `Rbf`.
    RationalQuadratic {
        /// > 0
        gamma: f64,
        /// > 0
        alpha: f64,
    },
    /// (1 + gamma |x - y|^2)^-1/2
    InverseMultiquadric {
        /// > 0
        gamma: f64,
    },
    /// (gamma x . y + coef0)^degree
    Poly {
        /// > 0
        gamma: f64,
        /// >= 0
        coef0: f64,
        /// >= 1
        degree: u32,
    },
    /// 1 if the rows are equal, else 0: for labels.
    Discrete,
    /// -|x - y|: conditionally positive definite; HSIC of it is the squared distance covariance (Szekely et al. 2007).
    Distance,
    /// The data are the symmetric n x n Gram matrix itself.
    Precomputed,
}

/// The number of a pair of rows that a kernel is a function of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// x . y
    Dot,
    /// |x - y|^2
    Square,
    /// |x - y|_1
    Absolute,
    /// How many entries differ.
    Differing,
    /// The entry of the given matrix.
    Given,
}

impl Kernel {
    /// ARGUMENT unless the parameters are in their ranges; `name` says whose kernel it is.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        let positive = |what: &str, v: f64| {
            if v > 0.0 && v.is_finite() {
                return Ok(());
            }
            bail!(Argument, "{name}: {what} of the kernel is {v}; expected a finite number > 0")
        };
        match *self {
            Kernel::Rbf { gamma } | Kernel::LaplaceL1 { gamma } | Kernel::ExpL2 { gamma } => {
                positive("gamma", gamma)
            }
            Kernel::InverseMultiquadric { gamma } => positive("gamma", gamma),
            Kernel::RationalQuadratic { gamma, alpha } => {
                positive("gamma", gamma)?;
                positive("alpha", alpha)
            }
            Kernel::Poly { gamma, coef0, degree } => {
                positive("gamma", gamma)?;
                if !(coef0 >= 0.0 && coef0.is_finite()) {
                    bail!(Argument, "{name}: coef0 of the kernel is {coef0}; expected a finite number >= 0")
                }
                if degree == 0 || degree > 64 {
                    bail!(Argument, "{name}: degree of the kernel is {degree}; expected 1 to 64")
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn base(&self) -> Base {
        match self {
            Kernel::Linear | Kernel::Poly { .. } => Base::Dot,
            Kernel::LaplaceL1 { .. } => Base::Absolute,
            Kernel::Discrete => Base::Differing,
            Kernel::Precomputed => Base::Given,
            _ => Base::Square,
        }
    }

    /// Whether k(x, y) depends on x - y only.
    pub(super) fn invariant(&self) -> bool {
        matches!(self.base(), Base::Square | Base::Absolute)
    }

    /// Whether k(x, x) = 1 for every x, which the gamma approximation of the null distribution needs.
    pub(super) fn unit_diagonal(&self) -> bool {
        !matches!(self, Kernel::Linear | Kernel::Poly { .. } | Kernel::Distance | Kernel::Precomputed)
    }

    /// The kernel as a function of its base: the plain definition.
    pub(super) fn of(&self, u: f64) -> f64 {
        match *self {
            Kernel::Linear | Kernel::Precomputed => u,
            Kernel::Rbf { gamma } | Kernel::LaplaceL1 { gamma } => (-gamma * u).exp(),
            Kernel::ExpL2 { gamma } => (-gamma * u.sqrt()).exp(),
            Kernel::RationalQuadratic { gamma, alpha } => (1.0 + gamma * u / alpha).powf(-alpha),
            Kernel::InverseMultiquadric { gamma } => 1.0 / (1.0 + gamma * u).sqrt(),
            Kernel::Poly { gamma, coef0, degree } => (gamma * u + coef0).powi(degree as i32),
            Kernel::Discrete => f64::from(u == 0.0),
            Kernel::Distance => -u.sqrt(),
        }
    }

    /// Its derivative in the base; 0 where equal rows have a kink. What `leaf` is tested against.
    #[cfg(test)]
    pub(super) fn slope(&self, u: f64) -> f64 {
        match *self {
            Kernel::Linear | Kernel::Precomputed => 1.0,
            Kernel::Rbf { gamma } | Kernel::LaplaceL1 { gamma } => -gamma * (-gamma * u).exp(),
            Kernel::ExpL2 { gamma } if u > 0.0 => -0.5 * gamma * (-gamma * u.sqrt()).exp() / u.sqrt(),
            Kernel::RationalQuadratic { gamma, alpha } => {
                -gamma * (1.0 + gamma * u / alpha).powf(-alpha - 1.0)
            }
            Kernel::InverseMultiquadric { gamma } => -0.5 * gamma * (1.0 + gamma * u).powf(-1.5),
            Kernel::Poly { gamma, coef0, degree } => {
                f64::from(degree) * gamma * (gamma * u + coef0).powi(degree as i32 - 1)
            }
            Kernel::Distance if u > 0.0 => -0.5 / u.sqrt(),
            _ => 0.0,
        }
    }

    /// Its derivative in gamma, for kernels that have one.
    pub(super) fn in_gamma(&self, u: f64) -> Option<f64> {
        Some(match *self {
            Kernel::Rbf { .. } | Kernel::LaplaceL1 { .. } => -u * self.of(u),
            Kernel::ExpL2 { .. } => -u.sqrt() * self.of(u),
            Kernel::RationalQuadratic { gamma, alpha } => -u * (1.0 + gamma * u / alpha).powf(-alpha - 1.0),
            Kernel::InverseMultiquadric { gamma } => -0.5 * u * (1.0 + gamma * u).powf(-1.5),
            Kernel::Poly { gamma, coef0, degree } => {
                f64::from(degree) * u * (gamma * u + coef0).powi(degree as i32 - 1)
            }
            _ => return None,
        })
    }
}
