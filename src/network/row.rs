//! Each affine operator row by row.
//!
//! [`Network::row`] is the one definition of what every affine operator computes: it lists the terms of one output
//! element. The reference forward pass, the exact predicates and the error bounds of `regions` are all built on it;
//! fast paths are tested against it.

use super::array::Array;
use super::graph::{Network, NodeId, Op};
use super::window::Window;

impl Network {
    /// Lists the terms of element `i` of the affine node `node`: calls `term(slot, j, w)` for each summand
    /// `w * value(inputs[slot])[j]` and returns the constant. Terms with weight zero may be listed.
    pub fn row(&self, node: NodeId, i: usize, mut term: impl FnMut(usize, usize, f64)) -> f64 {
        let n = &self.nodes[node];
        let at = |a: &Option<Array>, i: usize| a.as_ref().map_or(0.0, |a| a.get(i));
        match &n.op {
            Op::Dense { weight, bias } => {
                let cols = self.nodes[n.inputs[0]].len();
                for j in 0..cols {
                    term(0, j, weight.get(i * cols + j));
                }
                at(bias, i)
            }
            Op::Conv2d { weight, bias, window, groups } => {
                let x = &self.nodes[n.inputs[0]].shape;
                let (channels, h, w) = (x[0] / groups, x[1], x[2]);
                let (o, y, xx) = (i / n.plane(), i % n.plane() / n.shape[2], i % n.shape[2]);
                let first = o / (n.shape[0] / groups) * channels;
                let taps = window.kernel[0] * window.kernel[1];
                for c in 0..channels {
                    for (tap, p) in window.reads((h, w), (y, xx)) {
                        term(0, (first + c) * h * w + p, weight.get((o * channels + c) * taps + tap));
                    }
                }
                at(bias, o)
            }
            Op::ScaleShift { scale, shift } => {
                let pick = |a: &Array| match a.len() {
                    1 => a.get(0),
                    l if l == n.len() => a.get(i),
                    _ => a.get(i / n.plane()),
                };
                term(0, i, pick(scale));
                pick(shift)
            }
            Op::AvgPool { window, count_padding } => {
                let x = &self.nodes[n.inputs[0]].shape;
                let (h, w) = (x[1], x[2]);
                let (c, y, xx) = (i / n.plane(), i % n.plane() / n.shape[2], i % n.shape[2]);
                let weight = avg_weight(window, (h, w), (y, xx), *count_padding);
                for (_, p) in window.reads((h, w), (y, xx)) {
                    term(0, c * h * w + p, weight);
                }
                0.0
            }
            Op::Add => {
                for slot in 0..n.inputs.len() {
                    term(slot, i, 1.0);
                }
                0.0
            }
            Op::Concat { axis } => {
                let inner: usize = n.shape[axis + 1..].iter().product();
                let (outer, mut k, tail) =
                    (i / (inner * n.shape[*axis]), i / inner % n.shape[*axis], i % inner);
                for (slot, &input) in n.inputs.iter().enumerate() {
                    let len = self.nodes[input].shape[*axis];
                    if k < len {
                        term(slot, (outer * len + k) * inner + tail, 1.0);
                        break;
                    }
                    k -= len;
                }
                0.0
            }
            Op::Reshape => {
                term(0, i, 1.0);
                0.0
            }
            op => unreachable!("{} is not affine", op.name()),
        }
    }
}

/// The weight of each element of a mean over the window at output (`y`, `x`): one over the number of elements,
/// rounded to f64. Where that number is not a power of two the network *is* the one with the rounded weight.
pub(crate) fn avg_weight(
    window: &Window,
    plane: (usize, usize),
    at: (usize, usize),
    count_padding: bool,
) -> f64 {
    let along = |axis: usize, size: usize, position: usize| match count_padding {
        // A window that ceil-mode pushes past the padded image counts only what lies inside the padded image.
        true => {
            let left =
                size + window.padding[axis] + window.padding[axis + 2] - position * window.stride[axis];
            left.div_ceil(window.dilation[axis]).min(window.kernel[axis])
        }
        false => window.taps(axis, size, position).len(),
    };
    1.0 / (along(0, plane.0, at.0) * along(1, plane.1, at.1)) as f64
}
