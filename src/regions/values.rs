//! The network on the current cell: values of all nodes as functionals of the local coordinates in f64, their error bounds,
//! the pattern so far, and the exact stage behind it all. Whatever the dimension: the recursions in the plane, in space and
//! in n-D differ in what a cell is, and share this.
//!
//! A block of functionals of n elements is `Plan::rows` rows of np = n padded to whole cache lines: the d coefficients,
//! the constant, zeros up to a multiple of three.

use super::bounds::{TINY, size};
use super::certificate::Signs;
use super::level::Level;
use super::oracle::Oracle;
use super::plan::Plan;
use crate::network::{NodeId, Op};
use crate::numeric::dyadic::Functional;
use crate::numeric::number::Near;
use crate::simd::Kernels;
use crate::simd::aligned::{Aligned, padded};

pub(crate) struct Values<'p> {
    pub(crate) plan: &'p Plan<'p>,
    pub(crate) kernels: &'static Kernels,
    /// Packed codes of the units that are decided.
    pub(crate) pattern: Vec<u64>,
    /// The second and the third stage of the predicates.
    pub(crate) near: Oracle<Near>,
    pub(crate) oracle: Oracle,
    pub(crate) signs: Signs,
    /// One block a node, then the folds of each level.
    pub(super) blocks: Vec<Aligned>,
    /// The block that holds the value of each node now.
    pub(super) block_of: Vec<usize>,
    pub(super) folds: Vec<Vec<usize>>,
    /// (N, E) of the value of each node (`bounds`), and the factor of `Level::error`, on the current cell.
    sizes: Vec<(f64, f64)>,
    error_scale: Vec<f64>,
    /// Contributions that wait for the next fold: columns, and their factors three rows at a time.
    pub(super) index: Vec<u32>,
    pub(super) factor: Vec<Vec<[f64; 3]>>,
    /// Columns of convolutions.
    pub(super) scratch: Vec<f64>,
}

impl<'p> Values<'p> {
    /// Nothing decided yet: the whole domain.
    pub(crate) fn new(plan: &'p Plan<'p>, kernels: &'static Kernels) -> Self {
        let nodes = plan.net.nodes().len();
        let mut blocks = vec![Aligned::default(); nodes];
        let mut sizes = vec![(0.0, 0.0); nodes];
        for first in &plan.first {
            blocks[first.id] = first.block.clone();
            // None of the columns errs by more than all of them together.
            let error = plan.coords as f64 * first.errors.iter().map(|e| e * e).sum::<f64>().sqrt();
            sizes[first.id] = (size(kernels, &first.block, plan.rows), error + TINY);
        }
        Values {
            plan,
            kernels,
            pattern: vec![0; plan.pattern_words],
            near: Oracle::new(plan),
            oracle: Oracle::new(plan),
            signs: Signs::default(),
            blocks,
            block_of: (0..nodes).collect(),
            folds: vec![Vec::new(); plan.levels.len()],
            sizes,
            error_scale: vec![1.0; plan.levels.len()],
            index: Vec::new(),
            factor: vec![Vec::new(); plan.rows / 3],
            scratch: Vec::new(),
        }
    }

    /// The same cell, for another task.
    pub(crate) fn sibling(&self) -> Values<'p> {
        Values {
            plan: self.plan,
            kernels: self.kernels,
            pattern: self.pattern.clone(),
            near: Oracle::new(self.plan),
            oracle: Oracle::new(self.plan),
            signs: Signs::default(),
            blocks: self.blocks.clone(),
            block_of: self.block_of.clone(),
            folds: self.folds.clone(),
            sizes: self.sizes.clone(),
            error_scale: self.error_scale.clone(),
            index: Vec::new(),
            factor: vec![Vec::new(); self.factor.len()],
            scratch: Vec::new(),
        }
    }

    /// Bytes held by the blocks.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(|b| b.len() * size_of::<f64>()).sum()
    }

    /// The block of a node's value on the current cell.
    #[inline]
    pub(crate) fn block(&self, node: NodeId) -> &[f64] {
        &self.blocks[self.block_of[node]]
    }

    /// The factor that makes errors of the pre-activations of a level from `Level::error`.
    #[inline]
    pub(crate) fn error_scale(&self, level: &Level) -> f64 {
        self.error_scale[level.number]
    }

    /// The functional that vanishes on a line (a hyperplane), exactly.
    pub(crate) fn line(&mut self, line: u32) -> Functional {
        self.oracle.line(self.plan, &self.pattern, line)
    }

    /// The cell enters stage `stage` >= 1: everything before it is decided.
    pub(crate) fn enter(&mut self, stage: usize) {
        self.near.forget_from(stage);
        self.oracle.forget_from(stage);
        self.evaluate_stage(stage);
    }

    /// The cell leaves a level: all its units are decided, and their fold is in block `folded`.
    pub(crate) fn leave(&mut self, level: &Level, folded: usize) {
        self.bound_decided(level);
        if let Some(dense) = level.fold {
            self.block_of[dense] = folded;
        }
        if self.plan.written[level.node] {
            self.write_units(level);
        }
    }

    /// Records the piece of a unit and queues its contribution to the fold.
    pub(crate) fn decide(&mut self, level: &Level, k: usize, piece: usize) {
        level.set_code(&mut self.pattern, k, piece);
        self.contribute(level, std::iter::once((k, piece)));
    }

    /// Evaluates the affine nodes that settle at `stage` >= 1, in topological order. Those of stage 0 are evaluated once for
    /// the whole domain, in double-double: `Plan::first`.
    fn evaluate_stage(&mut self, stage: usize) {
        let plan = self.plan;
        if let Some(dense) = plan.levels[stage - 1].fold {
            self.bound(dense);
        }
        for &id in &plan.eval[stage] {
            if let Op::Reshape = plan.net.nodes()[id].op {
                self.block_of[id] = self.block_of[plan.net.nodes()[id].inputs[0]];
                self.sizes[id] = self.sizes[plan.net.nodes()[id].inputs[0]];
                continue;
            }
            let mut out = std::mem::take(&mut self.blocks[id]);
            if out.is_empty() {
                out = Aligned::zeros(plan.rows * padded(plan.net.nodes()[id].len()));
            }
            self.evaluate(plan, id, &mut out);
            self.blocks[id] = out;
            self.block_of[id] = id;
            self.bound(id);
        }
    }

    /// (N, E) of an affine node whose value has just been computed.
    fn bound(&mut self, id: NodeId) {
        let norms = self.plan.norms[id].as_ref().expect("affine nodes have norms");
        self.sizes[id] =
            (size(self.kernels, self.block(id), self.plan.rows), norms.error(self.input_sizes(id)));
    }

    /// (N, E) of the inputs of a node. Reshapes are looked through: before a fold they are not evaluated.
    fn input_sizes(&self, id: NodeId) -> impl Iterator<Item = (f64, f64)> {
        let nodes = self.plan.net.nodes();
        nodes[id].inputs.iter().map(move |&i| {
            let mut source = i;
            while let Op::Reshape = nodes[source].op {
                source = nodes[source].inputs[0];
            }
            self.sizes[source]
        })
    }

    /// The factor that makes errors of the elements of `id` from `Norms::rows`; E itself where there are none.
    fn error_factor(&self, id: NodeId) -> f64 {
        match &self.plan.norms[id] {
            Some(norms) => norms.factor(self.input_sizes(id)),
            None => self.sizes[id].1,
        }
    }

    /// Sets the error factor of a level.
    pub(crate) fn bound_units(&mut self, level: &Level) {
        if self.plan.stage[level.source] > 0 {
            self.error_scale[level.number] = self.error_factor(level.source);
        }
    }

    /// (N, E) of the units of a level, all of which are decided.
    fn bound_decided(&mut self, level: &Level) {
        let (n, e) = self.sizes[level.source];
        let size = level.steepest * n + level.offsets_of(&self.pattern);
        self.sizes[level.node] = (size, level.steepest * e + level.rounding * size);
    }

    /// Bound of the error of every element of a node's value on the current cell.
    pub(crate) fn error(&self, id: NodeId) -> f64 {
        self.sizes[id].1
    }

    /// Bound of the errors of the outputs on the current cell.
    pub(crate) fn output_error(&self) -> f64 {
        let output = self.plan.net.output();
        let rows =
            self.plan.norms[output].as_ref().map_or(1.0, |n| n.rows.iter().fold(0.0, |m, &r| r.max(m)));
        let error = rows * self.error_factor(output);
        // NaN comes from overflow: nothing is known.
        if error.is_nan() { f64::INFINITY } else { error }
    }

    fn evaluate(&mut self, plan: &Plan, id: NodeId, out: &mut [f64]) {
        let node = &plan.net.nodes()[id];
        let input = |slot: usize| self.block(node.inputs[slot]);
        let (n, np) = (node.len(), out.len() / plan.rows);
        let constant = plan.coords - 1;
        match &node.op {
            Op::Dense { .. } => {
                let columns = plan.columns[id].as_ref().expect("dense nodes have columns");
                let x = input(0);
                let (m, mp) = (plan.net.nodes()[node.inputs[0]].len(), x.len() / plan.rows);
                let index: Vec<u32> = (0..m as u32).collect();
                let starts = columns.bias.chunks_exact(3 * np);
                for (g, (start, out)) in starts.zip(out.chunks_exact_mut(3 * np)).enumerate() {
                    let x = &x[3 * g * mp..];
                    let factor: Vec<[f64; 3]> = (0..m).map(|j| [x[j], x[mp + j], x[2 * mp + j]]).collect();
                    (self.kernels.fold)(&columns.weight, &index, &factor, start, out);
                }
            }
            Op::Conv2d { .. } => {
                let kernel = plan.convolutions[id].as_ref().expect("convolutions have kernels");
                let mut scratch = std::mem::take(&mut self.scratch);
                let x = self.block(node.inputs[0]);
                kernel.run(plan.coords, (x, x.len() / plan.rows), (out, np), &mut scratch);
                self.scratch = scratch;
            }
            Op::Add => {
                out.copy_from_slice(input(0));
                for slot in 1..node.inputs.len() {
                    for (o, x) in out.iter_mut().zip(input(slot)) {
                        *o += x;
                    }
                }
            }
            _ => {
                // Few terms an element: batch-norm, average pool, concatenation.
                let mut sum = vec![0.0; plan.coords];
                for i in 0..n {
                    sum.fill(0.0);
                    let bias = plan.net.row(id, i, |slot, j, w| {
                        let x = input(slot);
                        let xp = x.len() / plan.rows;
                        for (c, s) in sum.iter_mut().enumerate() {
                            *s += w * x[c * xp + j];
                        }
                    });
                    sum[constant] += bias;
                    for (c, s) in sum.iter().enumerate() {
                        out[c * np + i] = *s;
                    }
                }
            }
        }
    }

    /// Writes the output of a level of units, all decided on the current cell.
    fn write_units(&mut self, level: &Level) {
        let mut out = std::mem::take(&mut self.blocks[level.node]);
        if out.is_empty() {
            out = Aligned::zeros(self.plan.rows * padded(level.n));
        }
        let z = self.block(level.source);
        let (np, to, coords) = (level.np, out.len() / self.plan.rows, self.plan.coords);
        for k in 0..level.n {
            let (j, slope, offset) = level.piece(k, level.code(&self.pattern, k));
            for c in 0..coords {
                out[c * to + k] = slope * z[c * np + j];
            }
            out[(coords - 1) * to + k] += offset;
        }
        self.blocks[level.node] = out;
    }
}
