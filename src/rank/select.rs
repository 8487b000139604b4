//! The selection rule of RankMe: of all runs the one of highest rank, and on a plateau the plainest of them.

use crate::error::{Result, bail};

/// Which end of a plateau to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefer {
    /// The smallest hyperparameter.
    #[default]
    Min,
    /// The largest.
    Max,
}

/// The index of the run to take: among those of rank at least (1 - tolerance) times the highest, the one whose hyperparameter
/// is smallest or largest (the first of equal ones). RankMe compares runs of one method only. Conditions: SHAPE (no runs, or
/// not one rank each), NONFINITE, ARGUMENT (a tolerance outside [0, 1)).
pub fn select(values: &[f64], ranks: &[f64], tolerance: f64, prefer: Prefer) -> Result<usize> {
    if values.is_empty() || values.len() != ranks.len() {
        bail!(
            Shape,
            "{} hyperparameters and {} ranks; expected as many, at least one",
            values.len(),
            ranks.len()
        )
    }
    if let Some(i) = (0..values.len()).find(|&i| !(values[i].is_finite() && ranks[i].is_finite())) {
        bail!(
            Nonfinite,
            "run {i} has hyperparameter {} and rank {}; expected finite numbers",
            values[i],
            ranks[i]
        )
    }
    if !(0.0..1.0).contains(&tolerance) {
        bail!(Argument, "tolerance is {tolerance}; expected 0 or more and less than 1")
    }
    let highest = ranks.iter().fold(f64::NEG_INFINITY, |m, &r| m.max(r));
    let plateau = (0..values.len()).filter(|&i| ranks[i] >= highest - tolerance * highest.abs());
    let size = |i: usize| if prefer == Prefer::Min { values[i] } else { -values[i] };
    Ok(plateau.min_by(|&i, &j| size(i).total_cmp(&size(j))).unwrap_or(0))
}
