//! Units: which piece of its function each one is on, and what that piece computes.

use super::graph::{Network, NodeId, Op};
use crate::error::{Result, bail};

/// What competes for a maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Candidate {
    /// This element of the input of the layer.
    Element(usize),
    /// Nothing: the tap lies in the padding, which never wins.
    Padding,
    /// The floor of the layer, the same for all inputs.
    Constant(f64),
}

impl Network {
    /// Number of candidates of each unit of a max layer: the group size or the taps of the window, and one for the
    /// floor if the layer has one.
    pub fn candidates(&self, node: NodeId) -> usize {
        let op = &self.nodes[node].op;
        inputs(op) + usize::from(op.floor().is_some())
    }

    /// What candidate `k` of unit `i` of max layer `node` is. A floor is the last candidate; every unit has an element.
    pub fn candidate(&self, node: NodeId, i: usize, k: usize) -> Candidate {
        let n = &self.nodes[node];
        if let Some(floor) = n.op.floor().filter(|_| k == inputs(&n.op)) {
            return Candidate::Constant(floor);
        }
        let (channel, p) = (i / n.plane(), i % n.plane());
        match &n.op {
            Op::Maxout { group, .. } => Candidate::Element((channel * group + k) * n.plane() + p),
            Op::MaxPool { window, .. } => {
                let x = &self.nodes[n.inputs[0]].shape;
                let at = (p / n.shape[2], p % n.shape[2]);
                let tap = (k / window.kernel[1], k % window.kernel[1]);
                let source = window.source((x[1], x[2]), at, tap);
                source.map_or(Candidate::Padding, |j| Candidate::Element(channel * x[1] * x[2] + j))
            }
            op => unreachable!("{} takes no maximum", op.name()),
        }
    }

    /// Code of unit `i` of `node`, whose input has the elements `z`: the interval of a scalar unit, the candidate
    /// with the largest value (the lowest among equals) of a max unit.
    pub(crate) fn code(&self, node: NodeId, i: usize, z: impl Fn(usize) -> f64) -> i32 {
        match self.nodes[node].op {
            Op::Pointwise(_) => return self.activation(node, i).interval(z(i)) as i32,
            Op::HardSwish => return i32::from(z(i) > -3.0) + i32::from(z(i) > 3.0),
            _ => {}
        }
        let mut best = (f64::NEG_INFINITY, 0);
        for k in 0..self.candidates(node) {
            let value = match self.candidate(node, i, k) {
                Candidate::Element(j) => z(j),
                Candidate::Padding => continue,
                Candidate::Constant(c) => c,
            };
            if value > best.0 {
                best = (value, k);
            }
        }
        best.1 as i32
    }

    /// What unit `i` of `node` computes on the piece `code`: `slope * z[j] + offset`, as (j, slope, offset); the slope
    /// is 0 where the floor of a max unit wins. The middle piece of a hard swish computes no such thing, see
    /// [`Network::expect_affine`].
    pub(crate) fn piece(&self, node: NodeId, i: usize, code: i32) -> (usize, f64, f64) {
        let code = code as usize;
        match &self.nodes[node].op {
            Op::Pointwise(_) => {
                let f = self.activation(node, i);
                (i, f.slopes()[code], f.offsets()[code])
            }
            Op::HardSwish => (i, if code == 2 { 1.0 } else { 0.0 }, 0.0),
            _ => match self.candidate(node, i, code) {
                Candidate::Element(j) => (j, 1.0, 0.0),
                Candidate::Constant(c) => (0, 0.0, c),
                // Only where every element has overflowed to NaN or minus infinity.
                Candidate::Padding => (0, 1.0, 0.0),
            },
        }
    }
}

impl Network {
    /// UNSUPPORTED if a unit of the pattern `codes` is on a piece that is not affine.
    pub(super) fn expect_affine(&self, codes: &[i32]) -> Result<()> {
        for layer in self.units.iter().filter(|layer| self.nodes[layer.node].op == Op::HardSwish) {
            if let Some(i) = codes[layer.first..][..layer.len].iter().position(|&code| code == 1) {
                let (name, id) = (&self.nodes[layer.node].name, layer.node);
                bail!(
                    Unsupported,
                    "'{name}' (node {id}): the input of unit {i} lies between -3 and 3, where a hard swish is not affine; give \
                     the layer a number of knots (knots=K) to have it approximated"
                )
            }
        }
        Ok(())
    }
}

/// Number of candidates of a unit that are elements or padding.
fn inputs(op: &Op) -> usize {
    match op {
        Op::Maxout { group, .. } => *group,
        Op::MaxPool { window, .. } => window.kernel[0] * window.kernel[1],
        op => unreachable!("{} takes no maximum", op.name()),
    }
}
