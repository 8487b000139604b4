//! Values of the affine nodes as functionals on the current cell, in f64: three numbers (a, b, c) an element.

use super::bounds::size;
use super::level::Level;
use super::plan::Plan;
use super::task::Task;
use crate::network::{Array, NodeId, Op, Window};
use crate::simd::aligned::{Aligned, padded};

impl Task<'_> {
    /// Evaluates the affine nodes that settle at `stage` >= 1, in topological order. Those of stage 0 are evaluated once for
    /// the whole domain, in double-double: `Plan::first`.
    pub(super) fn evaluate_stage(&mut self, stage: usize) {
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
                out = Aligned::zeros(3 * padded(plan.net.nodes()[id].len()));
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
            (size(self.kernels, &self.blocks[self.block_of[id]]), norms.error(self.input_sizes(id)));
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
    pub(super) fn bound_units(&mut self, level: &Level) {
        if self.plan.stage[level.source] > 0 {
            self.error_scale[level.number] = self.error_factor(level.source);
        }
    }

    /// (N, E) of the units of a level, all of which are decided.
    pub(super) fn bound_decided(&mut self, level: &Level) {
        let (n, e) = self.sizes[level.source];
        let size = level.steepest * n + level.offsets_of(&self.pattern);
        self.sizes[level.node] = (size, level.steepest * e + level.rounding * size);
    }

    /// Bound of the errors of the outputs on the current cell.
    pub(super) fn output_error(&self) -> f64 {
        let output = self.plan.net.output();
        let rows =
            self.plan.norms[output].as_ref().map_or(1.0, |n| n.rows.iter().fold(0.0, |m, &r| r.max(m)));
        let error = rows * self.error_factor(output);
        // NaN comes from overflow: nothing is known.
        if error.is_nan() { f64::INFINITY } else { error }
    }

    fn evaluate(&mut self, plan: &Plan, id: NodeId, out: &mut [f64]) {
        let node = &plan.net.nodes()[id];
        let input = |slot: usize| &self.blocks[self.block_of[node.inputs[slot]]][..];
        let (n, np) = (node.len(), out.len() / 3);
        match &node.op {
            Op::Dense { .. } => {
                let columns = plan.columns[id].as_ref().expect("dense nodes have columns");
                let x = input(0);
                let (m, mp) = (plan.net.nodes()[node.inputs[0]].len(), x.len() / 3);
                let index: Vec<u32> = (0..m as u32).collect();
                let factor: Vec<[f64; 3]> = (0..m).map(|j| [x[j], x[mp + j], x[2 * mp + j]]).collect();
                (self.kernels.fold)(&columns.weight, &index, &factor, &columns.bias, out);
            }
            Op::Conv2d { weight, bias, window, groups } => {
                let shape = &plan.net.nodes()[node.inputs[0]].shape;
                let x = input(0);
                let xp = x.len() / 3;
                for c in 0..3 {
                    let out = &mut out[c * np..][..n];
                    match bias {
                        Some(bias) if c == 2 => {
                            for (o, plane) in out.chunks_exact_mut(node.plane()).enumerate() {
                                plane.fill(bias.get(o));
                            }
                        }
                        _ => out.fill(0.0),
                    }
                    convolve(weight, window, *groups, shape, &x[c * xp..], &node.shape, out);
                }
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
                for i in 0..n {
                    let mut sum = [0.0; 3];
                    let bias = plan.net.row(id, i, |slot, j, w| {
                        let x = input(slot);
                        let xp = x.len() / 3;
                        for (c, s) in sum.iter_mut().enumerate() {
                            *s += w * x[c * xp + j];
                        }
                    });
                    sum[2] += bias;
                    for (c, s) in sum.iter().enumerate() {
                        out[c * np + i] = *s;
                    }
                }
            }
        }
    }

    /// Writes the output of a level of units, all decided on the current cell.
    pub(super) fn write_units(&mut self, level: &Level) {
        let mut out = std::mem::take(&mut self.blocks[level.node]);
        if out.is_empty() {
            out = Aligned::zeros(3 * level.np);
        }
        let z = &self.blocks[self.block_of[level.source]];
        let np = level.np;
        for k in 0..level.n {
            let (slope, offset) = level.piece(k, level.code(&self.pattern, k));
            for c in 0..3 {
                out[c * np + k] = slope * z[c * np + k];
            }
            out[2 * np + k] += offset;
        }
        self.blocks[level.node] = out;
    }
}

/// Adds the convolution of one (C, H, W) image to `out`, row by row of each tap of the kernel.
fn convolve(
    weight: &Array,
    window: &Window,
    groups: usize,
    shape: &[usize],
    x: &[f64],
    out_shape: &[usize],
    out: &mut [f64],
) {
    let (channels, h, w) = (shape[0] / groups, shape[1], shape[2]);
    let (oc, oh, ow) = (out_shape[0], out_shape[1], out_shape[2]);
    let [kh, kw] = window.kernel;
    let [sy, sx] = window.stride;
    let [dy, dx] = window.dilation;
    let [top, left, ..] = window.padding;
    for o in 0..oc {
        let first = o / (oc / groups) * channels;
        for c in 0..channels {
            let image = &x[(first + c) * h * w..][..h * w];
            for ki in 0..kh {
                for kj in 0..kw {
                    let weight = weight.get(((o * channels + c) * kh + ki) * kw + kj);
                    if weight == 0.0 {
                        continue;
                    }
                    let columns = window.inside(1, w, ow, kj);
                    let shift = kj * dx;
                    for y in window.inside(0, h, oh, ki) {
                        let source = &image[(y * sy + ki * dy - top) * w..][..w];
                        let target = &mut out[(o * oh + y) * ow..][columns.clone()];
                        // Empty ranges may lie outside the image.
                        let Some(first) = (columns.start * sx + shift).checked_sub(left) else { continue };
                        let source = source.iter().skip(first).step_by(sx);
                        for (t, s) in target.iter_mut().zip(source) {
                            *t += weight * s;
                        }
                    }
                }
            }
        }
    }
}
