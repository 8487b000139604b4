//! Units: which piece of its function each one is on, and what that piece computes.

use super::graph::{Network, NodeId, Op};

impl Network {
    /// Number of candidates of each unit of a max layer: the group size, or the taps of the window.
    pub fn candidates(&self, node: NodeId) -> usize {
        match &self.nodes[node].op {
            Op::Maxout { group } => *group,
            Op::MaxPool(window) => window.kernel[0] * window.kernel[1],
            op => unreachable!("{} takes no maximum", op.name()),
        }
    }

    /// Element of the input of max layer `node` that candidate `k` of unit `i` reads; `None` in the padding.
    pub fn candidate(&self, node: NodeId, i: usize, k: usize) -> Option<usize> {
        let n = &self.nodes[node];
        let (channel, p) = (i / n.plane(), i % n.plane());
        match &n.op {
            Op::Maxout { group } => Some((channel * group + k) * n.plane() + p),
            Op::MaxPool(window) => {
                let x = &self.nodes[n.inputs[0]].shape;
                let at = (p / n.shape[2], p % n.shape[2]);
                let tap = (k / window.kernel[1], k % window.kernel[1]);
                window.source((x[1], x[2]), at, tap).map(|j| channel * x[1] * x[2] + j)
            }
            op => unreachable!("{} takes no maximum", op.name()),
        }
    }

    /// Code of unit `i` of `node`, whose input has the elements `z`: the interval of a scalar unit, the candidate
    /// with the largest value (the lowest among equals) of a max unit.
    pub(crate) fn code(&self, node: NodeId, i: usize, z: impl Fn(usize) -> f64) -> i32 {
        if let Op::Pointwise(_) = self.nodes[node].op {
            return self.activation(node, i).interval(z(i)) as i32;
        }
        let mut best = (f64::NEG_INFINITY, 0);
        for k in 0..self.candidates(node) {
            match self.candidate(node, i, k).map(&z) {
                Some(v) if v > best.0 => best = (v, k),
                _ => {}
            }
        }
        best.1 as i32
    }

    /// What unit `i` of `node` computes on the piece `code`: `slope * z[j] + offset`, as (j, slope, offset).
    pub(crate) fn piece(&self, node: NodeId, i: usize, code: i32) -> (usize, f64, f64) {
        let code = code as usize;
        match &self.nodes[node].op {
            Op::Pointwise(_) => {
                let f = self.activation(node, i);
                (i, f.slopes()[code], f.offsets()[code])
            }
            // A candidate in the padding never wins, so that this is always an element.
            _ => (self.candidate(node, i, code).unwrap_or_default(), 1.0, 0.0),
        }
    }
}
