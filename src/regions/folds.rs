//! Folds: the next dense layer's functionals, added up unit by unit as the units of this level are decided.

use super::level::Level;
use super::task::{Scratch, Task};
use crate::simd::aligned::Aligned;

impl Task<'_> {
    /// Queues the contributions of decided units, given with their pieces.
    #[inline]
    pub(super) fn contribute(&mut self, level: &Level, units: impl Iterator<Item = (usize, usize)>) {
        if level.fold.is_none() {
            return;
        }
        let z = &self.blocks[self.block_of[level.source]];
        let (a, rest) = z.split_at(level.np);
        let (b, c) = rest.split_at(level.np);
        let Scratch { index, factor, .. } = &mut self.scratch;
        for (k, piece) in units {
            let (slope, offset) = level.piece(k, piece);
            if slope != 0.0 || offset != 0.0 {
                index.push(k as u32);
                factor.push([slope * a[k], slope * b[k], slope * c[k] + offset]);
            }
        }
    }

    pub(super) fn clear_contributions(&mut self) {
        self.scratch.index.clear();
        self.scratch.factor.clear();
    }

    /// Adds the queued contributions to the block `from` and returns the block that holds the sum.
    pub(super) fn fold(&mut self, level: usize, from: usize) -> usize {
        let next = self.folds[level].iter().position(|&b| b == from).map_or(0, |i| i + 1);
        let to = self.fold_block(level, next);
        let dense = self.plan.levels[level].fold.expect("contributions need a fold");
        let columns = self.plan.columns[dense].as_ref().expect("a fold is dense");
        let mut out = std::mem::take(&mut self.blocks[to]);
        let Scratch { index, factor, .. } = &self.scratch;
        (self.kernels.fold)(&columns.weight, index, factor, &self.blocks[from], &mut out);
        self.blocks[to] = out;
        to
    }

    /// The first fold of a level: bias and everything decided on entering it.
    pub(super) fn fold_base(&mut self, level: usize) -> usize {
        let Some(dense) = self.plan.levels[level].fold else { return 0 };
        let to = self.fold_block(level, 0);
        let columns = self.plan.columns[dense].as_ref().expect("a fold is dense");
        let Scratch { index, factor, .. } = &self.scratch;
        (self.kernels.fold)(&columns.weight, index, factor, &columns.bias, &mut self.blocks[to]);
        to
    }

    fn fold_block(&mut self, level: usize, depth: usize) -> usize {
        if depth == self.folds[level].len() {
            let dense = self.plan.levels[level].fold.expect("a level that folds");
            let rows = self.plan.columns[dense].as_ref().expect("a fold is dense").rows;
            self.folds[level].push(self.blocks.len());
            self.blocks.push(Aligned::zeros(3 * rows));
        }
        self.folds[level][depth]
    }
}
