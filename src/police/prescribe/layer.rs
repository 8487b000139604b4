//! The last layer of a network: found, read, replaced.

use ndarray::{Array1, Array2};

use crate::error::{Result, bail};
use crate::network::{Array, Network, NodeId, Op};

/// The dense layer whose value is the output, perhaps in another shape.
pub(super) struct LastLayer {
    node: NodeId,
    /// The node that it reads.
    pub input: NodeId,
    /// (outputs, hidden).
    pub weight: Array2<f64>,
    /// (outputs), 0 where the layer has none.
    pub bias: Array1<f64>,
}

impl LastLayer {
    /// UNSUPPORTED if the output is that of another layer.
    pub fn of(net: &Network) -> Result<LastLayer> {
        let mut id = net.output();
        while let Op::Reshape = net.nodes()[id].op {
            id = net.nodes()[id].inputs[0];
        }
        let node = &net.nodes()[id];
        let Op::Dense { weight, bias } = &node.op else {
            bail!(
                Unsupported,
                "the output is that of '{}' (node {id}), a {} layer; a dense layer can be changed as asked for, and adding the \
                 difference (skip) always works",
                node.name,
                node.op.name()
            )
        };
        let (rows, cols) = (node.len(), net.nodes()[node.inputs[0]].len());
        let Ok(weight) = Array2::from_shape_vec((rows, cols), weight.to_f64()) else {
            unreachable!("a weight of as many rows as outputs")
        };
        let bias = bias.as_ref().map_or_else(|| vec![0.0; rows], Array::to_f64);
        Ok(LastLayer { node: id, input: node.inputs[0], weight, bias: bias.into() })
    }

    /// The network with other numbers in this layer. NONFINITE.
    pub fn replaced(&self, net: &Network, weight: &Array2<f64>, bias: &Array1<f64>) -> Result<Network> {
        let mut nodes = net.nodes().to_vec();
        let weight = array(net, weight.iter().copied())?;
        let bias = Some(array(net, bias.iter().copied())?);
        nodes[self.node].op = Op::Dense { weight, bias };
        Ok(net.rebuilt(nodes, net.output()))
    }
}

/// Numbers for a layer of `net`, in its precision; NONFINITE where they are beyond it.
pub(super) fn array(net: &Network, numbers: impl Iterator<Item = f64> + Clone) -> Result<Array> {
    let in_range = |x: f64| if net.is_f32() { (x as f32).is_finite() } else { x.is_finite() };
    if let Some(x) = numbers.clone().find(|&x| !in_range(x)) {
        bail!(Nonfinite, "the network would hold {x:e}, beyond the range of its precision")
    }
    Ok(match net.is_f32() {
        true => Array::f32(numbers.map(|x| x as f32).collect()),
        false => Array::f64(numbers.collect()),
    })
}
