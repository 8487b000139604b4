//! Counts of right answers: models x factors, and models x groups x factors.

use std::ops::Range;

use super::annotations::Annotations;
use super::plane::{Kernel, WORD};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::{Integers, TensorRef};

/// Images whose predictions are compared at a time: what is converted stays in the first-level cache.
const BLOCK: usize = 32 * WORD;

/// How counts are made; all give the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Whichever is faster.
    #[default]
    Auto,
    /// One pass over the bits for every factor and group.
    Planes,
    /// One histogram over distinct combinations of factors and group.
    Cells,
}

/// What to count.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountOptions {
    /// How.
    pub form: Form,
    /// Classes of the lowest accuracy to pool; 0 = none.
    pub worst_classes: usize,
}

/// Integer counts; (M, F) and the like are row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Models, M.
    pub models: usize,
    /// Factors, F.
    pub factors: usize,
    /// Groups, G.
    pub groups: usize,
    /// Images, n.
    pub n: u64,
    /// (F) images of each factor.
    pub total: Vec<u64>,
    /// (M) right answers.
    pub n_correct: Vec<u64>,
    /// (M, F) right answers among the images of each factor.
    pub correct: Vec<u64>,
    /// (G) images of each group.
    pub group_n: Vec<u64>,
    /// (G, F) images of each group and factor.
    pub group_total: Vec<u64>,
    /// (M, G).
    pub group_n_correct: Vec<u64>,
    /// (M, G, F).
    pub group_correct: Vec<u64>,
    /// (M) share of right answers in the pooled images of the worst classes; empty if not asked for.
    pub worst_classes: Vec<f64>,
}

/// Of one model.
#[derive(Default)]
struct One {
    n_correct: u64,
    correct: Vec<u64>,
    group_n_correct: Vec<u64>,
    group_correct: Vec<u64>,
    worst: Option<f64>,
}

impl Annotations {
    /// Counts for `predictions`, (M, n) or (n) of u8, u16, i32 or i64; u16 and i32 are read in place. A prediction that is no
    /// class is wrong. One pass over the predictions; memory beyond the result: a plane and a block for each thread.
    ///
    /// Conditions: RANK, SHAPE, DTYPE, ARGUMENT (worst classes of images with several labels), MEMORY, CANCELLED.
    pub fn count(&self, ctx: &Context, predictions: &TensorRef, options: &CountOptions) -> Result<Counts> {
        let predictions = self.predictions(predictions)?;
        if options.worst_classes > 0 && self.classes.is_none() {
            bail!(Argument, "worst_classes is {}, but images have several labels", options.worst_classes)
        }
        let kernel = Kernel::of(ctx.isa());
        let (models, f, g) = (predictions.rows(), self.factors, self.groups);
        let by_cells = match options.form {
            _ if ctx.reference() => true,
            Form::Auto => (g + 1) * (f + 1) * self.words > 3 * self.columns + 4 * self.cells.len(),
            form => form == Form::Cells,
        };
        let of_model = |models: Range<usize>| -> Result<Vec<One>> {
            let meter = ctx.meter();
            let mut plane = meter.buffer::<u64>(self.words, "plane")?;
            let mut inside = meter.buffer::<u64>(if g == 0 || by_cells { 0 } else { self.words }, "plane")?;
            let mut room = vec![0; 2 * BLOCK];
            models
                .map(|m| {
                    ctx.poll()?;
                    self.mark(kernel, &predictions, m, &mut room, &mut plane);
                    let mut one = if by_cells {
                        self.by_cells(&plane)
                    } else {
                        self.by_planes(kernel, &plane, &mut inside)
                    };
                    one.worst =
                        (options.worst_classes > 0).then(|| self.worst(&plane, options.worst_classes));
                    Ok(one)
                })
                .collect()
        };
        // The totals are what a model that is always right would have.
        let all = if by_cells {
            self.by_cells(&self.joined)
        } else {
            self.by_planes(kernel, &self.joined, &mut vec![0; self.words])
        };
        let mut counts = Counts {
            models,
            factors: f,
            groups: g,
            n: self.n,
            total: all.correct,
            group_n: all.group_n_correct,
            group_total: all.group_correct,
            ..Default::default()
        };
        for one in ctx.pool().map_chunks(models, 4, of_model)?.into_iter().flatten() {
            counts.n_correct.push(one.n_correct);
            counts.correct.extend(one.correct);
            counts.group_n_correct.extend(one.group_n_correct);
            counts.group_correct.extend(one.group_correct);
            counts.worst_classes.extend(one.worst);
        }
        Ok(counts)
    }

    /// The predictions as a matrix with a column for every image.
    pub(super) fn predictions<'a>(&self, predictions: &TensorRef<'a>) -> Result<Integers<'a>> {
        let matrix = predictions.integer_view("1 or 2: (models, images)")?;
        if matrix.columns() != self.columns {
            bail!(
                Shape,
                "{} has {} predictions a model; expected {}",
                predictions.name(),
                matrix.columns(),
                self.columns
            )
        }
        Ok(matrix)
    }

    /// The plane of one model.
    pub(super) fn marked(&self, ctx: &Context, predictions: &Integers, row: usize) -> Vec<u64> {
        let mut plane = vec![0; self.words];
        self.mark(Kernel::of(ctx.isa()), predictions, row, &mut vec![0; 2 * BLOCK], &mut plane);
        plane
    }

    fn mark(&self, kernel: &Kernel, predictions: &Integers, row: usize, room: &mut [i32], plane: &mut [u64]) {
        for (words, start) in plane.chunks_mut(BLOCK / WORD).zip((0..).step_by(BLOCK)) {
            let images = start..self.columns.min(start + BLOCK);
            self.goal.mark(kernel, predictions, row, images, room, words);
        }
    }

    fn by_planes(&self, kernel: &Kernel, plane: &[u64], inside: &mut [u64]) -> One {
        let of = |plane: &[u64]| (0..self.factors).map(|f| kernel.shared(plane, self.plane(f))).collect();
        let mut one =
            One { n_correct: kernel.shared(plane, &self.joined), correct: of(plane), ..Default::default() };
        for g in 0..self.groups {
            for ((inside, a), b) in inside.iter_mut().zip(plane).zip(self.group_plane(g)) {
                *inside = a & b;
            }
            one.group_n_correct.push(kernel.shared(inside, &self.joined));
            let correct: Vec<u64> = of(inside);
            one.group_correct.extend(correct);
        }
        one
    }

    fn by_cells(&self, plane: &[u64]) -> One {
        let f = self.factors;
        let mut one = One {
            n_correct: 0,
            correct: vec![0; f],
            group_n_correct: vec![0; self.groups],
            group_correct: vec![0; self.groups * f],
            worst: None,
        };
        for (c, right) in self.cells.histogram(plane).into_iter().enumerate() {
            one.n_correct += right;
            let group = self.cells.groups[c].map(|g| g as usize);
            if let Some(g) = group {
                one.group_n_correct[g] += right;
            }
            let mut mask = self.cells.masks[c];
            while mask != 0 {
                let bit = mask.trailing_zeros() as usize;
                one.correct[bit] += right;
                if let Some(g) = group {
                    one.group_correct[g * f + bit] += right;
                }
                mask &= mask - 1;
            }
        }
        one
    }

    /// Accuracy over the images of the `k` classes with the lowest accuracy; of equal ones, those of the lower number.
    fn worst(&self, plane: &[u64], k: usize) -> f64 {
        let classes = self.classes.as_deref().unwrap_or(&[]);
        let largest = classes.iter().filter(|&&c| c != u32::MAX).max().map_or(0, |&c| c as usize + 1);
        let mut count = vec![(0u64, 0u64); largest];
        for (i, &c) in classes.iter().enumerate().filter(|&(_, &c)| c != u32::MAX) {
            count[c as usize].0 += 1;
            count[c as usize].1 += u64::from(super::plane::bit(plane, i));
        }
        // right/all of a < right/all of b, in integers; stable, so that ties stay in order.
        count.sort_by(|a, b| (a.1 as u128 * b.0 as u128).cmp(&(b.1 as u128 * a.0 as u128)));
        let (all, right) = count.iter().take(k).fold((0, 0), |(n, r), c| (n + c.0, r + c.1));
        right as f64 / all as f64
    }
}
