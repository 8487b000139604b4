//! What some of the classes know about the rows of a batch, and how two such shards become one.

use super::targets::Targets;
use crate::error::{Result, bail};

/// Numbers a row in the flat form of [`Partials`].
pub const PARTIALS: usize = 6;

/// What a shard of the classes says about one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// Largest score.
    pub most: f64,
    /// Sum of exp(z - most).
    pub sum: f64,
    /// Scores of the targets, by their shares.
    pub target: f64,
    /// Sum of the scores; 0 without smoothing.
    pub total: f64,
    /// Sum of exp(z - most) (z - most); 0 unless the entropy was asked for.
    pub moment: f64,
    /// The class of the largest score.
    pub best: f64,
}

impl Row {
    pub const NOTHING: Row =
        Row { most: f64::NEG_INFINITY, sum: 0.0, target: 0.0, total: 0.0, moment: 0.0, best: 0.0 };

    /// Takes in other classes, which come after these.
    pub fn merge(&mut self, other: &Row) {
        let most = if other.most > self.most { other.most } else { self.most };
        if other.most > self.most {
            self.best = other.best;
        }
        let mut sums = [0.0; 2];
        for row in [&*self, other] {
            // Scores that are all -inf add nothing; NaN and +inf make it NaN.
            if row.most == f64::NEG_INFINITY && row.sum == 0.0 {
                continue;
            }
            let below = row.most - most;
            let weight = below.exp();
            sums[0] += weight * row.sum;
            sums[1] += weight * (row.moment + below * row.sum);
        }
        *self = Row {
            most,
            sum: sums[0],
            target: self.target + other.target,
            total: self.total + other.total,
            moment: sums[1],
            best: self.best,
        };
    }

    pub fn lse(&self) -> f64 {
        self.most + self.sum.ln()
    }

    /// The loss, if `n` classes are all that there are.
    pub fn loss(&self, smoothing: f64, n: usize) -> f64 {
        let mut loss = self.lse();
        // 0 times an infinite score is 0 here.
        if smoothing < 1.0 {
            loss -= (1.0 - smoothing) * self.target;
        }
        if smoothing > 0.0 {
            loss -= smoothing * (self.total / n as f64);
        }
        loss
    }

    /// Entropy of softmax(z).
    pub fn entropy(&self) -> f64 {
        self.sum.ln() - self.moment / self.sum
    }
}

/// What a shard of the classes says about the rows of a batch: [`PARTIALS`] numbers a row, which other processes need.
#[derive(Clone, Debug)]
pub struct Partials {
    pub(super) rows: Vec<Row>,
}

impl Partials {
    /// Takes in the shard of the classes that come after these. Condition: SHAPE.
    pub fn merge(&mut self, next: &Partials) -> Result<()> {
        if self.rows.len() != next.rows.len() {
            let (a, b) = (self.rows.len(), next.rows.len());
            bail!(Shape, "partials of {a} and of {b} rows; expected the same batch")
        }
        self.rows.iter_mut().zip(&next.rows).for_each(|(a, b)| a.merge(b));
        Ok(())
    }

    /// As numbers to send: (B, [`PARTIALS`]).
    pub fn to_flat(&self) -> Vec<f64> {
        self.rows.iter().flat_map(|r| [r.most, r.sum, r.target, r.total, r.moment, r.best]).collect()
    }

    /// From what [`Partials::to_flat`] gave. Condition: SHAPE.
    pub fn from_flat(flat: &[f64]) -> Result<Self> {
        if !flat.len().is_multiple_of(PARTIALS) {
            bail!(Shape, "partials have {} numbers; expected {PARTIALS} a row", flat.len())
        }
        let rows = flat.as_chunks::<PARTIALS>().0.iter();
        let row = |&[most, sum, target, total, moment, best]: &[f64; PARTIALS]| Row {
            most,
            sum,
            target,
            total,
            moment,
            best,
        };
        Ok(Partials { rows: rows.map(row).collect() })
    }

    /// ln sum exp of the scores of each row.
    pub fn lse(&self) -> Vec<f64> {
        self.rows.iter().map(Row::lse).collect()
    }

    /// Losses, 0 for rows that are ignored.
    pub(super) fn losses(&self, targets: &Targets, smoothing: f64, n: usize) -> Vec<f64> {
        let rows = self.rows.iter().zip(&targets.valid);
        rows.map(|(row, &valid)| if valid { row.loss(smoothing, n) } else { 0.0 }).collect()
    }
}
