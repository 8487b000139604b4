//! The first pass: what the scores say about the rows, a few strips of classes at a time.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::batch::Batch;
use super::head::{Head, inverse_lengths};
use super::leaf::{self, Rows};
use super::options::{Norm, Options};
use super::partials::{Partials, Row};
use super::targets::Target;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::linalg::gemm::{Epilogue, Right, gemm_with};
use crate::simd::real::Real;

/// Scores of a strip, where the caller does not say how many classes one has: a quarter of a second-level cache.
const STRIP: usize = 1 << 16;
/// Fewest and most classes of such a strip.
const CLASSES: [usize; 2] = [64, 2048];
/// Strips a thread at a time, so that a thread that is held up does not hold up all.
const PER_THREAD: usize = 2;

/// What both passes work on.
pub(super) struct Pass<'a, T: Real> {
    pub ctx: &'a Context,
    pub options: &'a Options,
    pub batch: Batch<'a, T>,
    /// Of all classes of the head; empty = none.
    pub bias: Vec<T>,
    /// Classes of the head.
    pub n: usize,
    /// Classes of a strip.
    pub strip: usize,
}

/// What a strip is computed in.
pub(super) struct Slot<T: Real> {
    /// (strip, lanes).
    pub scores: Buffer<T>,
    /// (strip, K), or empty if rows are read where they are.
    pub rows: Buffer<T>,
    /// Of the rows of the head under [`Norm::Cosine`], otherwise empty: (strip).
    pub inverse: Vec<T>,
    pub factor: Vec<T>,
    summary: Rows<T>,
    /// Sum of the rows of the head over their lengths, (K), and of the biases.
    sum: Vec<f64>,
    bias_sum: f64,
}

impl<'a, T: Real> Pass<'a, T> {
    pub fn new(ctx: &'a Context, options: &'a Options, batch: Batch<'a, T>, bias: Vec<T>, n: usize) -> Self {
        let most = (STRIP / batch.lanes.max(1)).clamp(CLASSES[0], CLASSES[1]);
        let strip = if options.strip == 0 { most } else { options.strip }.min(n.max(1));
        Pass { ctx, options, batch, bias, n, strip }
    }

    /// Strips that are worked on at a time; no result depends on it.
    pub fn width(&self) -> usize {
        (PER_THREAD * self.ctx.threads()).min(self.n.div_ceil(self.strip)).max(1)
    }

    /// Room for [`Pass::width`] strips.
    pub fn slots(&self, meter: &Meter, head: Head<T>) -> Result<Vec<Slot<T>>> {
        let (lanes, k) = (self.batch.lanes, self.batch.k);
        let rows = if head.is_foreign() { self.strip * k } else { 0 };
        let slot = |_| {
            Ok(Slot {
                scores: meter.buffer(self.strip.saturating_mul(lanes), "scores of a strip of classes")?,
                rows: meter.buffer(rows, "rows of a strip of classes")?,
                inverse: vec![T::ONE; if self.options.norm == Norm::Cosine { self.strip } else { 0 }],
                factor: Vec::new(),
                summary: Rows::new(lanes, self.options.entropy),
                sum: vec![0.0; if self.options.smoothing > 0.0 { k } else { 0 }],
                bias_sum: 0.0,
            })
        };
        (0..self.width()).map(slot).collect()
    }

    /// Scores of the strip `classes` whose rows are `rows`; leaves the inverse lengths of the rows in the slot.
    pub fn scores(
        &self,
        classes: Range<usize>,
        rows: &[T],
        inverse: &mut [T],
        factor: &mut Vec<T>,
        z: &mut [T],
    ) {
        let (lanes, k, count) = (self.batch.lanes, self.batch.k, classes.len());
        let a = ArrayView2::from_shape((count, k), rows).expect("rows of the strip");
        let c = ArrayViewMut2::from_shape((count, lanes), z).expect("scores of the strip");
        let right = Right::Packed(&self.batch.packed);
        gemm_with(self.ctx.isa(), a, right, Epilogue::plain(false), c);
        let inverse = match inverse.get_mut(..count) {
            Some(inverse) => {
                inverse_lengths(rows, k, inverse);
                &*inverse
            }
            None => &[],
        };
        factor.clear();
        let scale = self.options.scale;
        if !inverse.is_empty() || scale != 1.0 {
            let of = |j: usize| T::of(scale * inverse.get(j).map_or(1.0, |x| x.wide()));
            factor.extend((0..count).map(of));
        }
        let bias = if self.bias.is_empty() { &[] } else { &self.bias[classes] };
        if !factor.is_empty() || !bias.is_empty() {
            leaf::affine(self.ctx.isa(), z, lanes, factor, bias);
        }
    }

    /// The first pass. `kept`, (N, lanes) or empty, becomes the scores. `targets` are by class.
    pub fn forward(
        &self,
        slots: &mut [Slot<T>],
        head: Head<T>,
        targets: &[Target],
        kept: &mut [T],
    ) -> Result<Partials> {
        let (lanes, k, rows) = (self.batch.lanes, self.batch.k, self.batch.rows);
        let mut found = vec![Row::NOTHING; rows];
        if rows == 0 {
            return Ok(Partials { rows: found });
        }
        let smooth = self.options.smoothing > 0.0;
        let mut total = vec![0.0; if smooth { k } else { 0 }];
        let mut bias_total = 0.0;
        let width = self.strip * slots.len();
        let mut kept = kept.chunks_mut(width * lanes);
        for first in (0..self.n).step_by(width) {
            self.ctx.poll()?;
            let round = first..self.n.min(first + width);
            let mut windows = kept.next().unwrap_or_default().chunks_mut(self.strip * lanes);
            let strips = round.clone().step_by(self.strip);
            let mut jobs: Vec<_> =
                strips.zip(&mut *slots).map(|(start, slot)| (start, slot, windows.next())).collect();
            self.ctx.pool().for_each(&mut jobs, |_, (start, slot, window)| {
                let classes = *start..self.n.min(*start + self.strip);
                let Slot { scores, rows, inverse, factor, summary, sum, bias_sum } = &mut **slot;
                let z = match window {
                    Some(window) => &mut **window,
                    None => &mut scores[..classes.len() * lanes],
                };
                let rows = head.strip(classes.clone(), k, rows);
                self.scores(classes.clone(), rows, inverse, factor, z);
                leaf::summarise(self.ctx.isa(), z, lanes, summary);
                if smooth {
                    sum.fill(0.0);
                    leaf::add_rows(self.ctx.isa(), rows, k, inverse, sum);
                    *bias_sum = self.bias.get(classes).unwrap_or_default().iter().map(|b| b.wide()).sum();
                }
                Ok(())
            })?;
            for (start, slot, _) in &jobs {
                let Slot { summary, sum, bias_sum, .. } = &**slot;
                for (i, row) in found.iter_mut().enumerate() {
                    row.merge(&Row {
                        most: summary.most[i].wide(),
                        sum: summary.sum[i].wide(),
                        moment: summary.moment.get(i).map_or(0.0, |m| m.wide()),
                        best: *start as f64 + summary.best[i].wide(),
                        ..Row::NOTHING
                    });
                }
                total.iter_mut().zip(sum).for_each(|(t, s)| *t += s);
                bias_total += bias_sum;
            }
            self.ctx.progress(0.5 * round.end as f64 / self.n as f64, "scores");
        }
        let units = ArrayView2::from_shape((self.batch.lanes, k), &self.batch.units[..]).expect("rows");
        let scale = self.options.scale;
        if smooth {
            for (row, u) in found.iter_mut().zip(units.rows()) {
                row.total = scale * u.iter().zip(&total).map(|(u, t)| u.wide() * t).sum::<f64>() + bias_total;
            }
        }
        self.target_scores(head, targets, &mut found);
        Ok(Partials { rows: found })
    }

    /// In f64: they are subtracted from a number of their size.
    fn target_scores(&self, head: Head<T>, targets: &[Target], found: &mut [Row]) {
        let k = self.batch.k;
        let units = ArrayView2::from_shape((self.batch.lanes, k), &self.batch.units[..]).expect("rows");
        let mut scratch = vec![T::ZERO; if head.is_foreign() { k } else { 0 }];
        let mut inverse = [T::ONE];
        for target in targets {
            let row = head.strip(target.class..target.class + 1, k, &mut scratch);
            let u = units.slice(s![target.row, ..]);
            let mut z: f64 = u.iter().zip(row).map(|(u, w)| u.wide() * w.wide()).sum();
            if self.options.norm == Norm::Cosine {
                inverse_lengths(row, k, &mut inverse);
                z *= inverse[0].wide();
            }
            z = z * self.options.scale + self.bias.get(target.class).map_or(0.0, |b| b.wide());
            found[target.row].target += target.share * z;
        }
    }
}
