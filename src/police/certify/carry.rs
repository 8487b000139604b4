//! The rows of a convex set on their way through the network, in one arithmetic.
//!
//! As long as every unit stays on one piece, the value of a node on the set is the image of the set under an affine map:
//! points go along it, directions along its linear part.

use super::enclosure::Enclosure;
use super::piece::Units;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::network::{Network, NodeId};

/// What is the same in every arithmetic.
pub(super) struct Job<'a> {
    pub ctx: &'a Context,
    pub meter: &'a Meter,
    pub net: &'a Network,
    /// By layer of units.
    pub units: &'a [Units],
    /// Which rows are points.
    pub is_point: Vec<bool>,
}

impl Job<'_> {
    pub fn rows(&self) -> usize {
        self.is_point.len()
    }

    /// A buffer of zeros.
    pub fn buffer(&self, len: usize) -> Result<Buffer<f64>> {
        self.meter.buffer(len, "certificate")
    }
}

/// Numbers to compute with.
pub(super) trait Arithmetic: Sync {
    /// The value of a node on all rows.
    type Block: Sync;
    /// One number of it.
    type Value: Enclosure;

    /// The value of the affine node `id` from those of its inputs; `None` if that is too much work.
    fn affine(&self, job: &Job, id: NodeId, inputs: &[&Self::Block]) -> Result<Option<Self::Block>>;

    /// The value of the layer of units `layer` on the pieces `codes` from that of its input.
    fn units(&self, job: &Job, layer: usize, input: &Self::Block, codes: &[i32]) -> Result<Self::Block>;

    /// Element `i` of a block on row `row` of `rows`.
    fn value(&self, block: &Self::Block, i: usize, row: usize, rows: usize) -> Self::Value;

    /// Takes a block that is needed no more.
    fn release(&self, job: &Job, block: Self::Block);
}

/// How far the rows have come.
pub(super) struct Front<'a, A: Arithmetic> {
    job: &'a Job<'a>,
    pub arithmetic: A,
    values: Vec<Option<A::Block>>,
    /// How many nodes have yet to read each value.
    uses: Vec<usize>,
    layer: usize,
    /// Whether the work became too much.
    stuck: bool,
}

impl<'a, A: Arithmetic> Front<'a, A> {
    /// With the value of the input.
    pub fn new(job: &'a Job<'a>, arithmetic: A, input: A::Block) -> Self {
        let mut uses = vec![0; job.net.nodes().len()];
        job.net.nodes().iter().flat_map(|n| &n.inputs).for_each(|&i| uses[i] += 1);
        uses[job.net.output()] += 1;
        Front { job, arithmetic, values: vec![Some(input)], uses, layer: 0, stuck: false }
    }

    /// Multiplications that are left to do before node `to`, if every number were to be looked at.
    pub fn work(&self, to: NodeId) -> u64 {
        let left = self.values.len()..to.max(self.values.len());
        let terms = left.map(|id| terms(self.job.net, id) as u64 * self.job.net.nodes()[id].len() as u64);
        terms.sum::<u64>().saturating_mul(self.job.rows() as u64)
    }

    /// Computes all nodes before `to`, with their units on the pieces `codes`; false if that is too much work.
    pub fn advance(&mut self, to: NodeId, codes: &[i32]) -> Result<bool> {
        while self.values.len() < to && !self.stuck {
            self.job.ctx.poll()?;
            let (id, net) = (self.values.len(), self.job.net);
            let node = &net.nodes()[id];
            let input = |&i: &NodeId| self.value(i);
            let value = if node.op.is_unit() {
                let layer = net.unit_layers()[self.layer];
                let codes = &codes[layer.first..][..layer.len];
                Some(self.arithmetic.units(self.job, self.layer, input(&node.inputs[0]), codes)?)
            } else {
                let inputs: Vec<_> = node.inputs.iter().map(input).collect();
                self.arithmetic.affine(self.job, id, &inputs)?
            };
            let Some(value) = value else {
                self.stuck = true;
                break;
            };
            self.layer += usize::from(node.op.is_unit());
            self.values.push(Some(value));
            for &i in &node.inputs {
                self.uses[i] -= 1;
                if self.uses[i] == 0
                    && let Some(block) = self.values[i].take()
                {
                    self.arithmetic.release(self.job, block);
                }
            }
        }
        Ok(!self.stuck)
    }

    /// The value of a node that has been computed and is still needed.
    pub fn value(&self, id: NodeId) -> &A::Block {
        self.values[id].as_ref().expect("kept until its last use")
    }
}

/// Most terms of an element of an affine node; 0 for a unit.
pub(super) fn terms(net: &Network, id: NodeId) -> usize {
    use crate::network::Op;
    let node = &net.nodes()[id];
    match &node.op {
        Op::Dense { .. } => net.nodes()[node.inputs[0]].len(),
        Op::Conv2d { window, groups, .. } => {
            net.nodes()[node.inputs[0]].shape[0] / groups * window.kernel[0] * window.kernel[1]
        }
        Op::AvgPool { window, .. } => window.kernel[0] * window.kernel[1],
        Op::Add => node.inputs.len(),
        op if op.is_unit() => 0,
        _ => 1,
    }
}
