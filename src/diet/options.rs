//! What is computed.

use crate::error::{Result, bail};
use crate::view::TensorRef;

/// Which factors are divided by their length first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Norm {
    /// Neither.
    #[default]
    None,
    /// The features.
    Features,
    /// The features and the rows of the head: scores are cosines times the scale.
    Cosine,
}

/// How the losses of the rows become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean by weight, without ignored rows; NaN if there is none.
    #[default]
    Mean,
    /// Their sum by weight.
    Sum,
}

/// A loss in every detail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// eps in [0, 1].
    pub smoothing: f64,
    /// Of the losses of the rows.
    pub reduction: Reduction,
    /// Rows with this label count for nothing.
    pub ignore_index: i64,
    /// What is divided by its length.
    pub norm: Norm,
    /// s, finite: what the products are multiplied by.
    pub scale: f64,
    /// Compute in f64 whatever the inputs are; otherwise only if one of them is f64.
    pub double: bool,
    /// Classes of a strip; 0 = so many that a strip stays in cache. Results depend on it by rounding alone.
    pub strip: usize,
    /// Bytes that the call may use to keep the scores from the first pass to the second: with B N scores in it, a quarter of
    /// the work is saved.
    pub workspace: usize,
    /// Also the entropy of every row's probabilities.
    pub entropy: bool,
}

impl Default for Options {
    /// Those of the paper: smoothing 0.8, mean, nothing normalised.
    fn default() -> Self {
        Options {
            smoothing: 0.8,
            reduction: Reduction::Mean,
            ignore_index: -100,
            norm: Norm::None,
            scale: 1.0,
            double: false,
            strip: 0,
            workspace: 0,
            entropy: false,
        }
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<()> {
        if !(0.0..=1.0).contains(&self.smoothing) {
            bail!(Argument, "smoothing is {}; expected 0 to 1", self.smoothing)
        }
        if !self.scale.is_finite() {
            bail!(Argument, "scale is {}; expected a finite number", self.scale)
        }
        Ok(())
    }
}

/// Which classes the rows belong to.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// A class for each row, or `ignore_index`: (B).
    Labels(&'a [i64]),
    /// `per_row` classes for each row and their weights, which add up to 1: (B, per_row) both. -1 is no class; a row
    /// whose first class is `ignore_index` is ignored. A class that comes twice has the sum of its weights.
    Mixed {
        /// (B, per_row).
        classes: &'a [i64],
        /// (B, per_row), 0 or more.
        weights: &'a [f64],
        /// Most classes of a row.
        per_row: usize,
    },
}

/// The data of a loss; tensors are f32, f64, f16 or bf16.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// F: (B, K), any strides. May hold NaN, which stays in its row.
    pub features: &'a TensorRef<'a>,
    /// W: (N, K). Read where it is if it is contiguous and of the precision of the call, otherwise converted strip by strip.
    pub head: &'a TensorRef<'a>,
    /// b: (N), may hold -inf (a class that is masked).
    pub bias: Option<&'a TensorRef<'a>>,
    /// Of the B rows.
    pub targets: Targets<'a>,
    /// A weight for each row: (B); 0 or more for a mean, any finite numbers for a sum, whose gradient is then that of
    /// upstream gradients of the rows. A row of weight 0 has no gradient.
    pub weights: Option<&'a [f64]>,
}
