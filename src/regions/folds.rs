//! Folds: the next dense layer's functionals, added up unit by unit as the units of this level are decided.

use super::level::Level;
use super::plan::Columns;
use super::values::Values;
use crate::simd::aligned::Aligned;

impl Values<'_> {
    /// Queues the contributions of decided units, given with their pieces.
    #[inline]
    pub(crate) fn contribute(&mut self, level: &Level, units: impl Iterator<Item = (usize, usize)>) {
        if level.fold.is_none() {
            return;
        }
        let constant = self.plan.coords - 1;
        let z = &self.blocks[self.block_of[level.source]];
        for (k, piece) in units {
            let (j, slope, offset) = level.piece(k, piece);
            if slope == 0.0 && offset == 0.0 {
                continue;
            }
            self.index.push(k as u32);
            for (g, (factor, z)) in self.factor.iter_mut().zip(z.chunks_exact(3 * level.np)).enumerate() {
                let mut f = [slope * z[j], slope * z[level.np + j], slope * z[2 * level.np + j]];
                if g == constant / 3 {
                    f[constant % 3] += offset;
                }
                factor.push(f);
            }
        }
    }

    pub(crate) fn clear_contributions(&mut self) {
        self.index.clear();
        self.factor.iter_mut().for_each(Vec::clear);
    }

    /// Adds the queued contributions to the block `from` and returns the block that holds the sum.
    pub(crate) fn fold(&mut self, level: &Level, from: usize) -> usize {
        if self.index.is_empty() {
            return from;
        }
        let next = self.folds[level.number].iter().position(|&b| b == from).map_or(0, |i| i + 1);
        let to = self.fold_block(level, next);
        let mut out = std::mem::take(&mut self.blocks[to]);
        self.add_up(self.columns(level), &self.blocks[from], &mut out);
        self.blocks[to] = out;
        to
    }

    /// The first fold of a level: bias and everything decided on entering it.
    pub(crate) fn fold_base(&mut self, level: &Level) -> usize {
        if level.fold.is_none() {
            return 0;
        }
        let to = self.fold_block(level, 0);
        let mut out = std::mem::take(&mut self.blocks[to]);
        let columns = self.columns(level);
        self.add_up(columns, &columns.bias, &mut out);
        self.blocks[to] = out;
        to
    }

    fn add_up(&self, columns: &Columns, start: &[f64], out: &mut [f64]) {
        let parts = start.chunks_exact(3 * columns.rows).zip(out.chunks_exact_mut(3 * columns.rows));
        for (factor, (start, out)) in self.factor.iter().zip(parts) {
            (self.kernels.fold)(&columns.weight, &self.index, factor, start, out);
        }
    }

    fn columns(&self, level: &Level) -> &'_ Columns {
        let dense = level.fold.expect("a level that folds");
        self.plan.columns[dense].as_ref().expect("a fold is dense")
    }

    fn fold_block(&mut self, level: &Level, depth: usize) -> usize {
        if depth == self.folds[level.number].len() {
            let rows = self.columns(level).rows;
            self.folds[level.number].push(self.blocks.len());
            self.blocks.push(Aligned::zeros(self.plan.rows * rows));
        }
        self.folds[level.number][depth]
    }
}
