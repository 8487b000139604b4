//! alpha-ReQ: the decay of the eigenvalues of the covariance as a power law, lambda_t ~ t^-alpha (Agrawal et al. 2022).
//!
//! Least squares of ln lambda_t on (-ln t, 1) over a range of ranks t, 1-based. Values that are 0 have no logarithm and are
//! left out.

use super::spectrum::Spectrum;
use crate::error::{Result, bail};

/// Weights of the fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weighting {
    /// 1/t, as the reference does.
    #[default]
    InverseRank,
    /// All alike.
    None,
}

/// A range of ranks and how to weight them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlphaOptions {
    /// First rank, from 1.
    pub start: usize,
    /// Last rank, included.
    pub end: usize,
    /// Weights.
    pub weighting: Weighting,
}

impl Default for AlphaOptions {
    /// Ranks 11 to 100 with weights 1/t.
    fn default() -> Self {
        AlphaOptions { start: 11, end: 100, weighting: Weighting::InverseRank }
    }
}

/// A fitted power law: ln lambda_t = intercept - alpha ln t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlphaFit {
    /// The exponent.
    pub alpha: f64,
    /// The value at rank 1, its logarithm.
    pub intercept: f64,
    /// 1 - SS_res / SS_tot on the fitted ranks, without weights; 1 if all are equal.
    pub r2: f64,
    /// The same on the ranks from start + 1 to 500, or to 10 before the last of fewer than 512: the form that the reference
    /// reports. NaN if fewer than 2 ranks are there.
    pub r2_tail: f64,
}

/// (-ln t, ln lambda_t, weight) of these ranks, of those that are positive.
fn points(lambda: &[f64], start: usize, end: usize, weighting: Weighting) -> Vec<[f64; 3]> {
    let weight = |t: f64| if weighting == Weighting::None { 1.0 } else { 1.0 / t };
    let point = |t: usize| [-(t as f64).ln(), lambda[t - 1].ln(), weight(t as f64)];
    (start..=end.min(lambda.len())).filter(|&t| lambda[t - 1] > 0.0).map(point).collect()
}

/// Slope and intercept of the weighted least squares.
fn line(points: &[[f64; 3]]) -> (f64, f64) {
    let total: f64 = points.iter().map(|p| p[2]).sum();
    let mean = |c: usize| points.iter().map(|p| p[2] * p[c]).sum::<f64>() / total;
    let (x, y) = (mean(0), mean(1));
    let sxy: f64 = points.iter().map(|p| p[2] * (p[0] - x) * (p[1] - y)).sum();
    let sxx: f64 = points.iter().map(|p| p[2] * (p[0] - x) * (p[0] - x)).sum();
    let slope = sxy / sxx;
    (slope, y - slope * x)
}

fn r2(points: &[[f64; 3]], alpha: f64, intercept: f64) -> f64 {
    let mean = points.iter().map(|p| p[1]).sum::<f64>() / points.len() as f64;
    let residual: f64 = points.iter().map(|p| (p[1] - intercept - alpha * p[0]).powi(2)).sum();
    let total: f64 = points.iter().map(|p| (p[1] - mean).powi(2)).sum();
    match points.len() {
        0 | 1 => f64::NAN,
        _ if total == 0.0 => 1.0,
        _ => 1.0 - residual / total,
    }
}

fn check(lambda: &[f64], start: usize, end: usize) -> Result<()> {
    if start == 0 || start >= end || end > lambda.len() {
        bail!(
            Argument,
            "ranks {start} to {end} of {} eigenvalues; expected 1 <= start < end <= their number",
            lambda.len()
        )
    }
    if let Some((i, l)) = lambda.iter().enumerate().find(|(_, l)| !(l.is_finite() && **l >= 0.0)) {
        bail!(Argument, "eigenvalue {i} is {l}; expected a finite number, 0 or more")
    }
    Ok(())
}

/// The fit to eigenvalues, largest first, on whatever scale. Condition: ARGUMENT (ranks beyond the values, or fewer than 3
/// positive ones among them).
pub fn alpha_req(lambda: &[f64], options: &AlphaOptions) -> Result<AlphaFit> {
    let AlphaOptions { start, end, weighting } = *options;
    check(lambda, start, end)?;
    let fitted = points(lambda, start, end, weighting);
    if fitted.len() < 3 {
        bail!(Argument, "ranks {start} to {end} hold {} positive eigenvalues; a fit needs 3", fitted.len())
    }
    let (alpha, intercept) = line(&fitted);
    let last = if lambda.len() >= 512 { 500 } else { lambda.len().saturating_sub(10) };
    let tail = points(lambda, start + 1, last, weighting);
    Ok(AlphaFit { alpha, intercept, r2: r2(&fitted, alpha, intercept), r2_tail: r2(&tail, alpha, intercept) })
}

/// The median of the unweighted slopes on the windows s .. s + w, s = start .. end, w = floor((end - start) / 10). Condition:
/// ARGUMENT (a window of one rank, beyond the values, or with fewer than 2 positive ones).
pub fn alpha_robust(lambda: &[f64], start: usize, end: usize) -> Result<f64> {
    check(lambda, start, end)?;
    let width = (end - start) / 10;
    if width == 0 || end + width > lambda.len() {
        bail!(
            Argument,
            "windows of {} ranks from {start} to {} of {} eigenvalues; expected at least 2, and none beyond",
            width + 1,
            end + width,
            lambda.len()
        )
    }
    let mut slopes = Vec::with_capacity(end - start + 1);
    for s in start..=end {
        let window = points(lambda, s, s + width, Weighting::None);
        if window.len() < 2 {
            bail!(
                Argument,
                "ranks {s} to {} hold {} positive eigenvalues; a slope needs 2",
                s + width,
                window.len()
            )
        }
        slopes.push(line(&window).0);
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let middle = slopes.len() / 2;
    Ok(if slopes.len() % 2 == 1 { slopes[middle] } else { (slopes[middle - 1] + slopes[middle]) / 2.0 })
}

impl Spectrum {
    /// lambda / sum lambda, largest first: the explained-variance ratios if the data were centred.
    pub fn variance_ratios(&self) -> Vec<f64> {
        let sum = self.square_sum();
        self.values.iter().map(|v| v * v / sum).collect()
    }

    /// [`alpha_req`] of the explained-variance ratios; meant for centred data. Condition: ARGUMENT.
    pub fn alpha_req(&self, options: &AlphaOptions) -> Result<AlphaFit> {
        alpha_req(&self.variance_ratios(), options)
    }
}
