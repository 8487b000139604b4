//! Builds a network layer by layer, checking every shape and number on the way.
//!
//! Each method appends one node that reads earlier nodes and returns its id; so the graph has no cycles by
//! construction. A failed call leaves the builder as it was.

mod affine;
pub(super) mod check;
mod route;
mod units;

use super::constants::Cache;
use super::graph::{Network, Node, NodeId, Op, UnitLayer};
use crate::error::{Result, bail};
use check::{elements, show};

/// Builds a [`Network`]. All shapes are per sample (no batch axis).
///
/// ```
/// use cpwl::network::{Array, Builder, Pwl};
///
/// let mut b = Builder::new(&[2])?;
/// let hidden = b.dense(0, Array::f64(vec![1.0, 1.0, 1.0, -1.0]), [2, 2], None)?;
/// let relu = b.pointwise(hidden, vec![Pwl::leaky_relu(0.0)?])?;
/// let out = b.dense(relu, Array::f64(vec![1.0, 2.0]), [1, 2], Some(Array::f64(vec![0.5])))?;
/// let net = b.finish(out)?;
/// assert_eq!((net.input_len(), net.output_len(), net.n_units()), (2, 1, 2));
/// # Ok::<(), cpwl::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    nodes: Vec<Node>,
    /// Whether all numbers of a node were given in single precision.
    single: Vec<bool>,
}

impl Builder {
    /// A graph with nothing but its input, node 0, of shape `input_shape`.
    ///
    /// SHAPE if it has no dimension, a dimension of zero, or more than 2^31 - 1 elements.
    pub fn new(input_shape: &[usize]) -> Result<Self> {
        elements(input_shape, || "input".into())?;
        let mut builder = Builder { nodes: vec![], single: vec![] };
        builder.push(Op::Input, &[], input_shape.to_vec());
        builder.nodes[0].name = "input".into();
        Ok(builder)
    }

    /// A builder that goes on behind a network, whose nodes keep their numbers.
    pub(crate) fn of(net: &Network) -> Self {
        let single =
            net.nodes.iter().map(|n| net.single || n.op.arrays().into_iter().flatten().all(|a| a.is_f32()));
        Builder { single: single.collect(), nodes: net.nodes.clone() }
    }

    /// Gives a node the name under which messages and [`Network::nodes`] know it.
    pub fn name(&mut self, node: NodeId, name: &str) -> Result<()> {
        self.known(node)?;
        self.nodes[node].name = name.into();
        Ok(())
    }

    /// The node added last; the input if there is none.
    pub fn last(&self) -> NodeId {
        self.nodes.len() - 1
    }

    /// Shape of the value of a node; GRAPH if there is no such node.
    pub fn shape(&self, node: NodeId) -> Result<&[usize]> {
        self.known(node)?;
        Ok(&self.nodes[node].shape)
    }

    /// The network whose output is the value of node `output`. Nodes that the output does not need are dropped.
    /// Copies the weights; the builder stays usable.
    ///
    /// GRAPH if there is no such node or it is the input: a network has at least one layer.
    pub fn finish(&self, output: NodeId) -> Result<Network> {
        self.clone().into_network(output)
    }

    /// As [`Builder::finish`], without copying the weights.
    pub fn into_network(self, output: NodeId) -> Result<Network> {
        self.known(output)?;
        if output == 0 {
            bail!(Graph, "the output is the input node: the network is empty; expected at least one layer")
        }
        let needed = needed(&self.nodes, output);
        let single = self.single.iter().zip(&needed).all(|(&single, &needed)| single || !needed);
        Ok(assemble(self.nodes, output, single))
    }

    /// Appends a node; its shape must have passed [`elements`].
    fn push(&mut self, op: Op, inputs: &[NodeId], shape: Vec<usize>) -> NodeId {
        let id = self.nodes.len();
        self.single.push(op.arrays().into_iter().flatten().all(|a| a.is_f32()));
        let (name, inputs) = (format!("{}_{id}", op.name()), inputs.to_vec());
        self.nodes.push(Node { name, op, inputs, shape, approximation: None });
        id
    }

    /// An existing node.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// GRAPH if there is no node `id`.
    fn known(&self, id: NodeId) -> Result<()> {
        if id >= self.nodes.len() {
            bail!(Graph, "node {id} does not exist; nodes 0 to {} do", self.nodes.len() - 1)
        }
        Ok(())
    }

    /// The layer about to be added, for messages.
    fn next(&self, op: &str) -> String {
        format!("{op} (node {})", self.nodes.len())
    }

    /// An existing node with its shape, for messages.
    fn describe(&self, id: NodeId) -> String {
        let n = &self.nodes[id];
        format!("'{}' (node {id}) of shape {}", n.name, show(&n.shape))
    }

    /// The (C, H, W) shape of an input, or SHAPE.
    fn image(&self, input: NodeId, op: &str) -> Result<[usize; 3]> {
        match *self.shape(input)? {
            [c, h, w] => Ok([c, h, w]),
            _ => bail!(Shape, "{}: reads {}; expected (C, H, W)", self.next(op), self.describe(input)),
        }
    }
}

/// The network of nodes in topological order whose output is the value of node `output`. Nodes that the output does
/// not need are dropped.
pub(super) fn assemble(nodes: Vec<Node>, output: NodeId, single: bool) -> Network {
    let (needed, mut renumbered) = (needed(&nodes, output), vec![0; nodes.len()]);
    let (mut kept, mut units, mut first) = (Vec::new(), Vec::new(), 0);
    for (old, mut node) in nodes.into_iter().enumerate().filter(|&(old, _)| needed[old]) {
        renumbered[old] = kept.len();
        node.inputs.iter_mut().for_each(|i| *i = renumbered[*i]);
        if node.op.is_unit() {
            units.push(UnitLayer { node: kept.len(), first, len: node.len() });
            first += node.len();
        }
        kept.push(node);
    }
    Network { output: renumbered[output], nodes: kept, units, single, cache: Cache::default() }
}

/// Which nodes the value of `output` depends on; the input counts always.
fn needed(nodes: &[Node], output: NodeId) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    (needed[0], needed[output]) = (true, true);
    for id in (1..=output).rev() {
        if needed[id] {
            nodes[id].inputs.iter().for_each(|&i| needed[i] = true);
        }
    }
    needed
}

#[cfg(test)]
mod tests;
