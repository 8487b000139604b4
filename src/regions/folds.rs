//! Folds: the functionals of the next dense layer or convolution, added up unit by unit as the units of this level are
//! decided.

use super::convolve::Kernel;
use super::level::Level;
use super::plan::Columns;
use super::values::Values;
use crate::network::NodeId;
use crate::simd::aligned::{Aligned, padded};

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
        let Some(reader) = level.fold.filter(|_| !self.index.is_empty()) else { return from };
        let next = self.folds[level.number].iter().position(|&b| b == from).map_or(0, |i| i + 1);
        let to = self.fold_block(level, reader, next);
        let mut out = std::mem::take(&mut self.blocks[to]);
        let start = &self.blocks[from];
        match (&self.plan.columns[reader], &self.plan.convolutions[reader]) {
            (Some(columns), _) => self.add_up(columns, start, &mut out),
            (_, Some(kernel)) => {
                out.copy_from_slice(start);
                let row = out.len() / self.plan.rows;
                for (factor, out) in self.factor.iter().zip(out.chunks_exact_mut(3 * row)) {
                    for (&j, &f) in self.index.iter().zip(factor) {
                        kernel.scatter(j as usize, f, out, row);
                    }
                }
            }
            _ => unreachable!("folds are dense or convolutions"),
        }
        self.blocks[to] = out;
        to
    }

    /// The first fold of a level: bias and everything decided on entering it.
    pub(crate) fn fold_base(&mut self, level: &Level) -> usize {
        let Some(reader) = level.fold else { return 0 };
        let to = self.fold_block(level, reader, 0);
        let mut out = std::mem::take(&mut self.blocks[to]);
        match (&self.plan.columns[reader], &self.plan.convolutions[reader]) {
            (Some(columns), _) => self.add_up(columns, &columns.bias, &mut out),
            (_, Some(kernel)) => self.convolve_decided(level, kernel, &mut out),
            _ => unreachable!("folds are dense or convolutions"),
        }
        self.blocks[to] = out;
        to
    }

    fn add_up(&self, columns: &Columns, start: &[f64], out: &mut [f64]) {
        let parts = start.chunks_exact(3 * columns.rows).zip(out.chunks_exact_mut(3 * columns.rows));
        for (factor, (start, out)) in self.factor.iter().zip(parts) {
            (self.kernels.fold)(&columns.weight, &self.index, factor, start, out);
        }
    }

    /// Convolves the image of the units that are decided, with zeros for the others.
    fn convolve_decided(&mut self, level: &Level, kernel: &Kernel, out: &mut [f64]) {
        let mut image = std::mem::take(&mut self.blocks[level.node]);
        let row = padded(level.n);
        if image.is_empty() {
            image = Aligned::zeros(self.plan.rows * row);
        }
        image.fill(0.0);
        for (factor, image) in self.factor.iter().zip(image.chunks_exact_mut(3 * row)) {
            for (&k, f) in self.index.iter().zip(factor) {
                for (c, f) in f.iter().enumerate() {
                    image[c * row + k as usize] = *f;
                }
            }
        }
        let to = out.len() / self.plan.rows;
        kernel.run(self.plan.coords, (&image, row), (out, to), &mut self.scratch);
        self.blocks[level.node] = image;
    }

    fn fold_block(&mut self, level: &Level, reader: NodeId, depth: usize) -> usize {
        if depth == self.folds[level.number].len() {
            let row = padded(self.plan.net.nodes()[reader].len());
            self.folds[level.number].push(self.blocks.len());
            self.blocks.push(Aligned::zeros(self.plan.rows * row));
        }
        self.folds[level.number][depth]
    }
}
