//! Conventions of an effective rank, each by its name. Published codes differ by up to 98 % on one data set because
//! they choose differently.

use crate::error::{Result, bail};

/// What the probabilities are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Power {
    /// Singular values.
    #[default]
    Singular,
    /// Their squares, the eigenvalues of the second moments.
    Eigen,
}

/// Where eps goes. s are singular values or eigenvalues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EpsMode {
    /// q = s / sum s + eps, which sums to 1 + r eps: the paper's.
    #[default]
    AfterDivision,
    /// q = (s + eps) / sum (s + eps), in the units of s.
    BeforeDivision,
}

/// An effective rank in every detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Singular values or eigenvalues.
    pub power: Power,
    /// Added to the probabilities; >= 0.
    pub eps: f64,
    /// How it is added.
    pub eps_mode: EpsMode,
    /// Of the rows minus their mean.
    pub center: bool,
    /// Give the entropy over ln K, a number in [0, 1], instead.
    pub normalize: bool,
    /// Base of the logarithm of an entropy; > 1. An effective rank does not depend on it.
    pub base: f64,
}

impl Default for Options {
    /// [`Preset::RoyVetterli`].
    fn default() -> Self {
        Preset::RoyVetterli.options()
    }
}

impl Options {
    /// Condition ARGUMENT unless eps and base are in their ranges.
    pub fn check(&self) -> Result<()> {
        if !(self.eps >= 0.0 && self.eps.is_finite()) {
            bail!(Argument, "eps is {}; expected a finite number, 0 or more", self.eps)
        }
        if !(self.base > 1.0 && self.base.is_finite()) {
            bail!(Argument, "base is {}; expected a finite number above 1", self.base)
        }
        Ok(())
    }
}

/// The conventions of published codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Effective rank of Roy and Vetterli: singular values, eps 0.
    #[default]
    RoyVetterli,
    /// RankMe as published: singular values, eps 1e-7 after the division.
    Paper,
    /// The RankMe of stable-pretraining: eps 1e-5.
    StablePretraining,
    /// The RankMe of reptrix: eigenvalues of the centred data, eps 1e-7.
    Reptrix,
}

impl Preset {
    /// The options that it stands for.
    pub fn options(self) -> Options {
        let roy_vetterli = Options {
            power: Power::Singular,
            eps: 0.0,
            eps_mode: EpsMode::AfterDivision,
            center: false,
            normalize: false,
            base: std::f64::consts::E,
        };
        match self {
            Preset::RoyVetterli => roy_vetterli,
            Preset::Paper => Options { eps: 1e-7, ..roy_vetterli },
            Preset::StablePretraining => Options { eps: 1e-5, ..roy_vetterli },
            Preset::Reptrix => Options { power: Power::Eigen, eps: 1e-7, center: true, ..roy_vetterli },
        }
    }
}
