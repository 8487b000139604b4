//! Two models on the same images.

use super::adjust::{benjamini_hochberg, holm};
use super::annotations::Annotations;
use super::tails;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::TensorRef;

/// How model a differs from model b, factor by factor; lengths F.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paired {
    /// Error ratio of a minus that of b.
    pub delta: Vec<f64>,
    /// Its standard error, which knows that the images are the same.
    pub standard_error: Vec<f64>,
    /// Images of the factor that a gets wrong and b right.
    pub only_a_wrong: Vec<u64>,
    /// Images of the factor that a gets right and b wrong.
    pub only_b_wrong: Vec<u64>,
    /// McNemar's exact two-sided test of equal accuracy within the factor.
    pub p: Vec<f64>,
    /// The same, by Holm over all factors.
    pub holm: Vec<f64>,
    /// The same, by Benjamini and Hochberg.
    pub benjamini_hochberg: Vec<f64>,
}

/// How many images are wrong by [neither, b, a, both].
type Cells = [u64; 4];

impl Annotations {
    /// Compares two models, (n) predictions each. Conditions: RANK, SHAPE, DTYPE. One pass over the predictions.
    pub fn compare(&self, ctx: &Context, a: &TensorRef, b: &TensorRef) -> Result<Paired> {
        let right = [a, b].map(|predictions| {
            let matrix = self.predictions(predictions)?;
            if matrix.rows() != 1 {
                bail!(Shape, "{} has {} models; expected 1", predictions.name(), matrix.rows())
            }
            Ok(self.marked(ctx, &matrix, 0))
        });
        let [a, b] = right;
        let (a, b) = (a?, b?);
        let cells = |plane: &[u64]| -> Cells {
            let mut cells = [0; 4];
            for ((&here, &a), &b) in plane.iter().zip(&a).zip(&b) {
                let shares = [here & a & b, here & a & !b, here & !a & b, here & !a & !b];
                cells.iter_mut().zip(shares).for_each(|(cell, share)| *cell += u64::from(share.count_ones()));
            }
            cells
        };
        let all = cells(&self.joined);
        let mut out = Paired::default();
        for f in 0..self.factors {
            let here = cells(self.plane(f));
            let (delta, se) = difference(&all, &here);
            out.delta.push(delta);
            out.standard_error.push(se);
            out.only_a_wrong.push(here[2]);
            out.only_b_wrong.push(here[1]);
            out.p.push(tails::mcnemar(here[2], here[1]));
        }
        out.holm = holm(&out.p);
        out.benjamini_hochberg = benjamini_hochberg(&out.p);
        Ok(out)
    }
}

/// The difference of error ratios and its standard error, from the cells of all images and of those with the factor.
fn difference(all: &Cells, here: &Cells) -> (f64, f64) {
    let [n, total] = [all, here].map(|cells| cells.iter().sum::<u64>() as f64);
    let error = |cells: &Cells, by: usize, n: f64| (cells[by] + cells[3]) as f64 / n;
    // Models a and b: cells 2 and 1 are what they alone get wrong.
    let e = [2, 1].map(|by| error(all, by, n));
    let own = [2, 1].map(|by| error(here, by, total));
    let ratio = [own[0] / e[0], own[1] / e[1]];
    let psi = |k: usize, x: f64, w: f64| (x * (w - own[k]) * n / total - ratio[k] * (w - e[k])) / e[k];
    let mut sum = 0.0;
    for c in 0..4 {
        let (wa, wb) = ((c >> 1) as f64, (c & 1) as f64);
        for (x, count) in [(1.0, here[c]), (0.0, all[c] - here[c])] {
            let d = psi(0, x, wa) - psi(1, x, wb);
            sum += count as f64 * d * d;
        }
    }
    (ratio[0] - ratio[1], (sum / n / n).sqrt())
}
