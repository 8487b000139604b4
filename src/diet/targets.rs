//! Which classes the rows of a batch belong to: checked, merged and sorted by class.

use std::ops::Range;

use super::options::{Options, Problem, Reduction, Targets as Given};
use crate::error::{Result, bail};

/// How far the weights of a row may be from 1.
const SLACK: f64 = 1e-5;

/// A class of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Target {
    pub class: usize,
    pub row: usize,
    /// > 0.
    pub share: f64,
}

/// The targets of a batch, and what its rows count for.
#[derive(Debug)]
pub(super) struct Targets {
    /// By class, then by row; each pair once.
    by_class: Vec<Target>,
    /// What the loss of a row counts for in the reduced loss; 0 for rows that are ignored.
    pub slopes: Vec<f64>,
    /// Whether a row has a loss at all.
    pub valid: Vec<bool>,
}

impl Targets {
    /// Of `n` classes. Conditions: ARGUMENT, SHAPE; the message names the row.
    pub(super) fn new(problem: &Problem, options: &Options, n: usize) -> Result<Self> {
        let rows = problem.features.shape()[0];
        let (mut by_class, valid) = match problem.targets {
            Given::Labels(labels) => hard(labels, rows, n, options.ignore_index)?,
            Given::Mixed { classes, weights, per_row } => {
                mixed(classes, weights, per_row, rows, n, options.ignore_index)?
            }
        };
        by_class.sort_unstable_by_key(|t: &Target| (t.class, t.row));
        by_class.dedup_by(|next, kept| {
            let same = (next.class, next.row) == (kept.class, kept.row);
            if same {
                kept.share += next.share;
            }
            same
        });
        let slopes = slopes(problem.weights, &valid, options.reduction)?;
        Ok(Targets { by_class, slopes, valid })
    }

    /// Keeps those of some classes, counted from the first of them.
    pub(super) fn narrow(&mut self, classes: Range<usize>) {
        let kept = self.of(classes.clone()).iter().map(|t| Target { class: t.class - classes.start, ..*t });
        self.by_class = kept.collect();
    }

    /// Gives every class another number, `number` being increasing.
    pub(super) fn renumber(&mut self, number: impl Fn(usize) -> usize) {
        self.by_class.iter_mut().for_each(|t| t.class = number(t.class));
    }

    /// All of them, by class.
    pub(super) fn all(&self) -> &[Target] {
        &self.by_class
    }

    /// Those of some classes.
    pub(super) fn of(&self, classes: Range<usize>) -> &[Target] {
        let at = |class: usize| self.by_class.partition_point(|t| t.class < class);
        &self.by_class[at(classes.start)..at(classes.end)]
    }
}

type Found = (Vec<Target>, Vec<bool>);

fn hard(labels: &[i64], rows: usize, n: usize, ignore: i64) -> Result<Found> {
    if labels.len() != rows {
        bail!(Shape, "there are {} labels; expected one for each of the {rows} rows", labels.len())
    }
    let (mut found, mut valid) = (Vec::with_capacity(rows), vec![false; rows]);
    for (row, &label) in labels.iter().enumerate() {
        if label == ignore {
            continue;
        }
        valid[row] = true;
        found.push(Target { class: class(label, row, n, ignore)?, row, share: 1.0 });
    }
    Ok((found, valid))
}

fn mixed(
    classes: &[i64],
    weights: &[f64],
    per_row: usize,
    rows: usize,
    n: usize,
    ignore: i64,
) -> Result<Found> {
    if classes.len() != weights.len() || rows.checked_mul(per_row) != Some(classes.len()) || per_row == 0 {
        let (c, w) = (classes.len(), weights.len());
        bail!(Shape, "there are {c} classes and {w} weights; expected {per_row} for each of the {rows} rows")
    }
    let (mut found, mut valid) = (Vec::with_capacity(rows), vec![false; rows]);
    for (row, (classes, weights)) in classes.chunks(per_row).zip(weights.chunks(per_row)).enumerate() {
        if classes[0] == ignore {
            continue;
        }
        valid[row] = true;
        let mut total = 0.0;
        for (&c, &w) in classes.iter().zip(weights).filter(|&(&c, _)| c != -1) {
            let class = class(c, row, n, ignore)?;
            if w.is_nan() || w < 0.0 {
                bail!(Argument, "row {row} has weight {w} for class {c}; expected 0 or more")
            }
            total += w;
            if w > 0.0 {
                found.push(Target { class, row, share: w });
            }
        }
        if (total - 1.0).abs() > SLACK {
            bail!(Argument, "the weights of row {row} add up to {total}; expected 1")
        }
    }
    Ok((found, valid))
}

fn class(label: i64, row: usize, n: usize, ignore: i64) -> Result<usize> {
    match usize::try_from(label) {
        Ok(class) if class < n => Ok(class),
        _ => bail!(Argument, "the label of row {row} is {label}; expected 0 to {} or {ignore}", n as i64 - 1),
    }
}

/// d loss / d loss_i.
fn slopes(weights: Option<&[f64]>, valid: &[bool], reduction: Reduction) -> Result<Vec<f64>> {
    if let Some(weights) = weights {
        if weights.len() != valid.len() {
            let (n, rows) = (weights.len(), valid.len());
            bail!(Shape, "there are {n} weights; expected one for each of the {rows} rows")
        }
        let least = if reduction == Reduction::Mean { 0.0 } else { f64::MIN };
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w >= least)) {
            let expected = if reduction == Reduction::Mean { "0 or more" } else { "a finite number" };
            bail!(Argument, "the weight of row {row} is {}; expected {expected}", weights[row])
        }
    }
    let weight = |row: usize| weights.map_or(1.0, |w| w[row]);
    let mut slopes: Vec<f64> =
        valid.iter().enumerate().map(|(row, &v)| if v { weight(row) } else { 0.0 }).collect();
    let total: f64 = slopes.iter().sum();
    if reduction == Reduction::Mean && total > 0.0 {
        slopes.iter_mut().for_each(|s| *s /= total);
    }
    Ok(slopes)
}
