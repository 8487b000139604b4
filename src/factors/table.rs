//! Accuracies, error ratios and their intervals, from counts.

use super::tails;
use crate::error::{Result, bail};

/// What a figure should be read with, as bits.
pub mod flag {
    /// Fewer than 30 images: intervals are rough.
    pub const FEW: u8 = 1;
    /// No image of this factor: its figures are NaN.
    pub const ABSENT: u8 = 2;
    /// The model makes no error at all: error ratios are NaN.
    pub const NO_ERROR: u8 = 4;
    /// No error on this factor: the interval of the error ratio is one-sided.
    pub const NO_ERROR_HERE: u8 = 8;
}

/// Figures of R models (or models in groups) by F factors, all (R, F) but for the first two.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Number of rows, R.
    pub rows: usize,
    /// Number of factors, F.
    pub factors: usize,
    /// (R) accuracy over all images.
    pub average: Vec<f64>,
    /// (R) lowest accuracy of a factor that occurs.
    pub worst: Vec<f64>,
    /// Accuracy.
    pub accuracy: Vec<f64>,
    /// Ends of the Wilson interval of the accuracy.
    pub accuracy_low: Vec<f64>,
    /// See `accuracy_low`.
    pub accuracy_high: Vec<f64>,
    /// (1 - accuracy) / (1 - average).
    pub error_ratio: Vec<f64>,
    /// Its standard error, by its influence function.
    pub standard_error: Vec<f64>,
    /// Ends of its interval, symmetric in the logarithm; from 0 to Wilson's bound where the ratio is 0.
    pub ratio_low: Vec<f64>,
    /// See `ratio_low`.
    pub ratio_high: Vec<f64>,
    /// Share of the factor among all activations.
    pub prevalence: Vec<f64>,
    /// The same among activations on images that the model gets wrong.
    pub misclassified_prevalence: Vec<f64>,
    /// Relative difference of the two; 0 where it is not defined.
    pub shift: Vec<f64>,
    /// Bits of [`flag`].
    pub flags: Vec<u8>,
}

/// Ends of the Wilson interval of a share of `n` trials; NaN for no trials.
pub(super) fn wilson(share: f64, n: f64, z: f64) -> (f64, f64) {
    let scale = 1.0 / (1.0 + z * z / n);
    let centre = (share + z * z / (2.0 * n)) * scale;
    let half = z * scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    // Not `max` and `min`, which would turn NaN into a number.
    (if centre < half { 0.0 } else { centre - half }, if centre + half > 1.0 { 1.0 } else { centre + half })
}

/// The quantile that an interval of a confidence level reaches out to.
pub(super) fn reach(level: f64) -> Result<f64> {
    if !(level > 0.0 && level < 1.0) {
        bail!(Argument, "level is {level}; expected a confidence level between 0 and 1")
    }
    Ok(-tails::normal_quantile(0.5 * (1.0 - level)))
}

impl Table {
    /// From `n` (R, or 1 for all), `n_correct` (R), `total` (R x F, or F for all) and `correct` (R x F); `level` is the
    /// confidence of intervals. Conditions: SHAPE, ARGUMENT (counts that cannot be, the level). O(R F).
    pub fn new(n: &[u64], n_correct: &[u64], total: &[u64], correct: &[u64], level: f64) -> Result<Self> {
        let rows = n_correct.len();
        let z = reach(level)?;
        if rows == 0 || !correct.len().is_multiple_of(rows) || !(n.len() == 1 || n.len() == rows) {
            let (n, c) = (n.len(), correct.len());
            bail!(Shape, "n has {n} counts, n_correct {rows} and correct {c}; expected 1 or R, R and R F")
        }
        let factors = correct.len() / rows;
        if total.len() != factors && total.len() != correct.len() {
            bail!(Shape, "total has {} counts; expected {factors} or {}", total.len(), correct.len())
        }
        let mut table = Table { rows, factors, ..Default::default() };
        for r in 0..rows {
            let n = n[if n.len() == 1 { 0 } else { r }];
            let start = if total.len() == factors { 0 } else { r * factors };
            let total = &total[start..start + factors];
            let correct = &correct[r * factors..(r + 1) * factors];
            for (f, (&t, &c)) in total.iter().zip(correct).enumerate() {
                let right = n_correct[r];
                if c > t || right > n || t > n || c > right || t - c > n - right {
                    bail!(
                        Argument,
                        "row {r}, factor {f}: {c} of {t} images right, {right} of all {n}; expected counts of \
                         some images and of all"
                    )
                }
            }
            table.push(n, n_correct[r], total, correct, z);
        }
        Ok(table)
    }

    fn push(&mut self, n: u64, n_correct: u64, total: &[u64], correct: &[u64], z: f64) {
        let n = n as f64;
        let average = n_correct as f64 / n;
        let e = 1.0 - average;
        let active: u64 = total.iter().sum();
        let wrong: u64 = active - correct.iter().sum::<u64>();
        let mut worst = f64::NAN;
        for (&total, &correct) in total.iter().zip(correct) {
            let (all, accuracy) = (total as f64, correct as f64 / total as f64);
            worst = worst.min(accuracy);
            let (low, high) = wilson(accuracy, all, z);
            self.accuracy.push(accuracy);
            self.accuracy_low.push(low);
            self.accuracy_high.push(high);
            let mut flags = if total < 30 { flag::FEW } else { 0 };
            let ratio = if e > 0.0 { (1.0 - accuracy) / e } else { f64::NAN };
            let se = (influence(accuracy, average, all / n) / n).sqrt();
            let (mut from, mut to) = ((-z * se / ratio).exp() * ratio, (z * se / ratio).exp() * ratio);
            if total == 0 {
                flags |= flag::ABSENT;
            } else if e <= 0.0 {
                flags |= flag::NO_ERROR;
            } else if ratio == 0.0 {
                flags |= flag::NO_ERROR_HERE;
                (from, to) = (0.0, wilson(1.0 - accuracy, all, z).1 / e);
            }
            self.error_ratio.push(ratio);
            self.standard_error.push(if ratio.is_nan() { f64::NAN } else { se });
            self.ratio_low.push(from);
            self.ratio_high.push(to);
            let prevalence = all / active as f64;
            let misclassified = (total - correct) as f64 / wrong as f64;
            let shift = (misclassified - prevalence) / prevalence;
            self.prevalence.push(prevalence);
            self.misclassified_prevalence.push(misclassified);
            self.shift.push(if shift.is_nan() { 0.0 } else { shift });
            self.flags.push(flags);
        }
        self.average.push(average);
        self.worst.push(worst);
    }
}

/// The mean square of the influence psi of an image on ER_f, for a factor on a share `t` of all images:
/// psi = (x (w - e_f) / t - ER_f (w - e)) / e. NaN without images or errors.
fn influence(accuracy: f64, average: f64, t: f64) -> f64 {
    let (ef, e) = (1.0 - accuracy, 1.0 - average);
    let ratio = ef / e;
    let own = ef * (1.0 - ef);
    let sum = own / t + ratio * ratio * e * (1.0 - e) - 2.0 * ratio * own;
    // A rounding below 0 is 0; NaN stays.
    if sum < 0.0 { 0.0 } else { sum / (e * e) }
}
