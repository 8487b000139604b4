//! The second pass: the scores again, their gradient, and what becomes of it.
//!
//! Every round of a few strips has three steps: gradients of the scores, one strip a job; dF, a block of rows a job, strip by
//! strip in order; the rows of dW, one strip a job. The rows of the head may change in the third step, after the last use
//! of what they were.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2};

use super::forward::{Pass, Slot};
use super::head::{Head, through_lengths};
use super::leaf::{self, Slopes};
use super::options::Norm;
use super::partials::Partials;
use super::targets::Targets;
use super::update::Rule;
use crate::buffer::Buffer;
use crate::context::Meter;
use crate::error::Result;
use crate::linalg::gemm::gemm;
use crate::simd::real::Real;

/// Rows of dF in a job.
const BLOCK: usize = 48;
/// Rows of dW that are held at a time where it is not kept.
const PIECE: usize = 64;

/// The head, and what becomes of its gradient.
pub(super) enum Sink<'a, T: Real> {
    /// Nothing.
    None(Head<'a, T>),
    /// It is written: (N, K).
    Write(Head<'a, T>, &'a mut [T]),
    /// The squares of all of its elements are added up.
    Norm(Head<'a, T>, &'a mut f64),
    /// The head is updated, `states` and all, each (N, K).
    Update { head: &'a mut [T], states: Vec<&'a mut [T]>, rule: Rule<T> },
}

impl<T: Real> Sink<'_, T> {
    /// The head as it is now.
    pub fn head(&self) -> Head<'_, T> {
        match self {
            Sink::None(head) | Sink::Write(head, _) | Sink::Norm(head, _) => *head,
            Sink::Update { head, .. } => Head::Rows(head),
        }
    }
}

/// What the second pass computes besides.
pub(super) struct Wanted<'a> {
    /// dF.
    pub features: bool,
    /// db, (N).
    pub bias: Option<&'a mut [f64]>,
}

/// What the second pass found for the whole batch.
pub(super) struct Found<T: Real> {
    /// Sum over classes of G w, (rows, K); not yet times the scale and through the lengths. Empty unless wanted.
    pub features: Buffer<T>,
}

/// One strip of a round.
struct Job<'s, T: Real> {
    classes: Range<usize>,
    slot: &'s mut Slot<T>,
    /// Its scores, where they were kept.
    kept: Option<&'s [T]>,
    /// Sums of the gradient over the batch.
    bias: Vec<f64>,
}

impl<T: Real> Pass<'_, T> {
    /// How the rows differentiate.
    pub fn slopes(&self, partials: &Partials, targets: &Targets) -> Slopes<T> {
        let lanes = self.batch.lanes;
        let mut slopes =
            Slopes { most: vec![T::ZERO; lanes], inverse: vec![T::ONE; lanes], slope: vec![T::ZERO; lanes] };
        for (i, row) in partials.rows.iter().enumerate() {
            slopes.most[i] = T::of(row.most);
            slopes.inverse[i] = T::of(1.0 / row.sum);
            slopes.slope[i] = T::of(targets.slopes[i]);
        }
        slopes
    }

    /// The second pass. `kept` are the scores of the first, or empty; `uniform` is subtracted from every probability.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        meter: &Meter,
        slots: &mut [Slot<T>],
        mut sink: Sink<T>,
        slopes: &Slopes<T>,
        targets: &Targets,
        uniform: f64,
        kept: &[T],
        mut wanted: Wanted,
    ) -> Result<Found<T>> {
        let (lanes, k, rows) = (self.batch.lanes, self.batch.k, self.batch.rows);
        let features = if wanted.features { rows * k } else { 0 };
        let mut features = meter.buffer::<T>(features, "gradient of the features")?;
        if rows == 0 {
            return Ok(Found { features });
        }
        let pieces = if matches!(sink, Sink::Norm(..) | Sink::Update { .. }) { slots.len() } else { 0 };
        let mut pieces: Vec<Buffer<T>> = (0..pieces)
            .map(|_| meter.buffer(PIECE.min(self.strip) * k, "gradient of some rows of the head"))
            .collect::<Result<_>>()?;
        let width = self.strip * slots.len();
        for first in (0..self.n).step_by(width) {
            self.ctx.poll()?;
            let round = first..self.n.min(first + width);
            let strips = round.clone().step_by(self.strip);
            let classes = |start: usize| start..self.n.min(start + self.strip);
            let job = |(start, slot)| Job {
                classes: classes(start),
                slot,
                kept: kept.get(start * lanes..classes(start).end * lanes).filter(|kept| !kept.is_empty()),
                bias: Vec::new(),
            };
            let mut jobs: Vec<_> = strips.zip(&mut *slots).map(job).collect();
            let head = sink.head();
            self.ctx.pool().for_each(&mut jobs, |_, job| {
                self.gradient_of_scores(job, head, slopes, targets, uniform, wanted.bias.is_some());
                Ok(())
            })?;
            if let Some(bias) = &mut wanted.bias {
                jobs.iter().for_each(|job| bias[job.classes.clone()].copy_from_slice(&job.bias));
            }
            if wanted.features {
                self.add_features(&jobs, head, &mut features)?;
            }
            self.rows_of_head(&mut jobs, &mut sink, round.clone(), &mut pieces)?;
            self.ctx.progress(0.5 + 0.5 * round.end as f64 / self.n as f64, "gradients");
        }
        Ok(Found { features })
    }

    /// Leaves G, times the inverse lengths of the rows, in the scores of the slot.
    fn gradient_of_scores(
        &self,
        job: &mut Job<T>,
        head: Head<T>,
        slopes: &Slopes<T>,
        targets: &Targets,
        uniform: f64,
        bias: bool,
    ) {
        let (lanes, k, classes) = (self.batch.lanes, self.batch.k, job.classes.clone());
        let Slot { scores, rows, inverse, factor, .. } = &mut *job.slot;
        let z = &mut scores[..classes.len() * lanes];
        let rows = head.strip(classes.clone(), k, rows);
        match job.kept {
            Some(kept) => {
                z.copy_from_slice(kept);
                if !inverse.is_empty() {
                    super::head::inverse_lengths(rows, k, &mut inverse[..classes.len()]);
                }
            }
            None => self.scores(classes.clone(), rows, inverse, factor, z),
        }
        leaf::differentiate(self.ctx.isa(), z, lanes, slopes, T::of(uniform));
        let keep = 1.0 - self.options.smoothing;
        if keep > 0.0 {
            for t in targets.of(classes.clone()).iter().filter(|t| targets.slopes[t.row] != 0.0) {
                let at = &mut z[(t.class - classes.start) * lanes + t.row];
                *at = *at - T::of(targets.slopes[t.row] * (keep * t.share));
            }
        }
        if bias {
            job.bias.extend(z.chunks_exact(lanes).map(|z| z.iter().map(|g| g.wide()).sum::<f64>()));
        }
        if !inverse.is_empty() {
            leaf::affine(self.ctx.isa(), z, lanes, &inverse[..classes.len()], &[]);
        }
    }

    /// features += G' w of every strip, in order.
    fn add_features(&self, jobs: &[Job<T>], head: Head<T>, features: &mut [T]) -> Result<()> {
        let (lanes, k) = (self.batch.lanes, self.batch.k);
        let mut blocks: Vec<&mut [T]> = features.chunks_mut(BLOCK * k).collect();
        self.ctx.pool().for_each(&mut blocks, |i, block| {
            let count = block.len() / k;
            let mut out = ArrayViewMut2::from_shape((count, k), block).expect("rows of dF");
            for Job { classes, slot, .. } in jobs {
                let n = classes.len();
                let rows = match head {
                    Head::Rows(rows) => &rows[classes.start * k..classes.end * k],
                    Head::Foreign(_) => &slot.rows[..n * k],
                };
                let g = ArrayView2::from_shape((n, lanes), &slot.scores[..n * lanes]).expect("a strip");
                let g = g.slice_move(ndarray::s![.., i * BLOCK..i * BLOCK + count]);
                let w = ArrayView2::from_shape((n, k), rows).expect("rows of a strip");
                gemm(self.ctx.isa(), g.reversed_axes(), w, true, out.view_mut());
            }
            Ok(())
        })
    }

    /// dW of the strips of a round, and what becomes of it.
    fn rows_of_head(
        &self,
        jobs: &mut [Job<T>],
        sink: &mut Sink<T>,
        round: Range<usize>,
        pieces: &mut [Buffer<T>],
    ) -> Result<()> {
        let k = self.batch.k;
        let span = round.start * k..round.end * k;
        let chunk = self.strip * k;
        match sink {
            Sink::None(_) => Ok(()),
            Sink::Write(head, out) => {
                let head = *head;
                let mut parts: Vec<_> = jobs.iter_mut().zip(out[span].chunks_mut(chunk)).collect();
                self.ctx.pool().for_each(&mut parts, |_, (job, out)| {
                    let rows = 0..job.classes.len();
                    self.head_gradient(job, head, rows, out);
                    Ok(())
                })
            }
            Sink::Norm(head, sum) => {
                let head = *head;
                let mut parts: Vec<_> = jobs.iter_mut().zip(pieces).map(|(j, p)| (j, p, 0.0)).collect();
                self.ctx.pool().for_each(&mut parts, |_, (job, piece, sum)| {
                    for rows in in_pieces(job.classes.len()) {
                        let out = &mut piece[..rows.len() * k];
                        self.head_gradient(job, head, rows, out);
                        *sum += out.iter().map(|x| x.wide() * x.wide()).sum::<f64>();
                    }
                    Ok(())
                })?;
                parts.iter().for_each(|(_, _, part)| **sum += part);
                Ok(())
            }
            Sink::Update { head, states, rule } => {
                let mut windows: Vec<Vec<&mut [T]>> = jobs.iter().map(|_| Vec::new()).collect();
                for state in states.iter_mut() {
                    let parts = state[span.clone()].chunks_mut(chunk);
                    windows.iter_mut().zip(parts).for_each(|(w, part)| w.push(part));
                }
                let rows = head[span].chunks_mut(chunk);
                let mut parts: Vec<_> = jobs.iter_mut().zip(pieces).zip(rows).zip(windows).collect();
                self.ctx.pool().for_each(&mut parts, |_, (((job, piece), head), states)| {
                    let first = job.classes.start;
                    for rows in in_pieces(job.classes.len()) {
                        let out = &mut piece[..rows.len() * k];
                        let span = rows.start * k..rows.end * k;
                        // The rows of this strip alone, so that others may be changed at the same time.
                        let strip = Head::Rows(head);
                        self.head_gradient_of(job, strip, first, rows, out);
                        let states = states.iter_mut().map(|state| &mut state[span.clone()]).collect();
                        rule.apply(self.ctx.isa(), &mut head[span.clone()], out, states);
                    }
                    Ok(())
                })
            }
        }
    }

    fn head_gradient(&self, job: &Job<T>, head: Head<T>, rows: Range<usize>, out: &mut [T]) {
        self.head_gradient_of(job, head, 0, rows, out);
    }

    /// `rows` of dW of a strip; row 0 of `head` is class `first`.
    fn head_gradient_of(&self, job: &Job<T>, head: Head<T>, first: usize, rows: Range<usize>, out: &mut [T]) {
        let (lanes, k, count) = (self.batch.lanes, self.batch.k, rows.len());
        let g = &job.slot.scores[rows.start * lanes..rows.end * lanes];
        let g = ArrayView2::from_shape((count, lanes), g).expect("rows of a strip");
        let g = g.slice_move(ndarray::s![.., ..self.batch.rows]);
        let units = &self.batch.units[..self.batch.rows * k];
        let units = ArrayView2::from_shape((self.batch.rows, k), units).expect("rows of units");
        let c = ArrayViewMut2::from_shape((count, k), &mut *out).expect("rows of dW");
        gemm(self.ctx.isa(), g, units, false, c);
        if self.options.norm == Norm::Cosine {
            let start = job.classes.start - first;
            let w = match head {
                Head::Rows(head) => &head[(start + rows.start) * k..(start + rows.end) * k],
                Head::Foreign(_) => &job.slot.rows[rows.start * k..rows.end * k],
            };
            through_lengths(w, &job.slot.inverse[rows], k, out);
        }
    }
}

/// `0..rows` by [`PIECE`] rows.
fn in_pieces(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(PIECE).map(move |start| start..rows.min(start + PIECE))
}
