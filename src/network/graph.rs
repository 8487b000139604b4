//! The graph of a network: nodes in topological order, each with what it computes and its shape.

use std::sync::Arc;

use super::array::Array;
use super::constants::Cache;
use super::pwl::Pwl;
use super::smooth::Approximation;
use super::window::Window;
use crate::error::{Result, bail};

/// Index of a node in [`Network::nodes`].
pub type NodeId = usize;

/// What a node computes. Shapes are per sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The input of the network; exactly one, node 0.
    Input,
    /// y = W x + b of a flat input; W is (out, in) row-major.
    Dense {
        /// (out, in), row-major.
        weight: Array,
        /// (out).
        bias: Option<Array>,
    },
    /// 2-D convolution (cross-correlation) of a (C, H, W) input; weight is (O, C / groups, kh, kw).
    Conv2d {
        /// (O, C / groups, kh, kw), row-major.
        weight: Array,
        /// (O).
        bias: Option<Array>,
        /// Stride, padding, dilation and kernel size.
        window: Window,
        /// Number of groups; divides C and O.
        groups: usize,
    },
    /// y = scale x + shift: one number of each for all elements, per channel (first axis), or per element.
    ScaleShift {
        /// Length 1, C, or the number of elements.
        scale: Array,
        /// Length 1, C, or the number of elements.
        shift: Array,
    },
    /// A pointwise CPWL activation: one function, or one per channel (first axis).
    Pointwise(Arc<[Pwl]>),
    /// x min(max(x + 3, 0), 6) / 6 of every element: 0 left of -3, x right of 3, and no affine function between. The one
    /// operator that is not piecewise linear: what needs an affine map refuses it, see [`Network::expect_cpwl`].
    HardSwish,
    /// Maximum over groups of `group` consecutive elements of a flat input (channels of a (C, H, W) input).
    Maxout {
        /// Size of a group; divides the first axis.
        group: usize,
        /// A constant that takes part behind the elements of each group; see [`Network::fuse_relu_max`].
        floor: Option<f64>,
    },
    /// Maximum over windows of each channel; padding never wins.
    MaxPool {
        /// Stride, padding, dilation and kernel size.
        window: Window,
        /// A constant that takes part behind the taps of each window; see [`Network::fuse_relu_max`].
        floor: Option<f64>,
    },
    /// Mean over windows of each channel.
    AvgPool {
        /// Stride, padding, dilation and kernel size.
        window: Window,
        /// Whether padding counts in the denominator.
        count_padding: bool,
    },
    /// Elementwise sum of all inputs (one shape).
    Add,
    /// Concatenation along `axis`.
    Concat {
        /// Axis of the per-sample shape.
        axis: usize,
    },
    /// Same elements, another shape.
    Reshape,
}

impl Op {
    /// Whether the operator has breakpoints, that is, cuts the input space.
    pub fn is_unit(&self) -> bool {
        matches!(self, Op::Pointwise(_) | Op::HardSwish | Op::Maxout { .. } | Op::MaxPool { .. })
    }

    /// The constant that takes part in the maxima of a max layer.
    pub fn floor(&self) -> Option<f64> {
        match self {
            Op::Maxout { floor, .. } | Op::MaxPool { floor, .. } => *floor,
            _ => None,
        }
    }

    /// Constants of the operator: weight or scale, and bias or shift.
    pub(crate) fn arrays(&self) -> [Option<&Array>; 2] {
        match self {
            Op::Dense { weight, bias } | Op::Conv2d { weight, bias, .. } => [Some(weight), bias.as_ref()],
            Op::ScaleShift { scale, shift } => [Some(scale), Some(shift)],
            _ => [None, None],
        }
    }

    /// As `arrays`, to be changed.
    pub(super) fn arrays_mut(&mut self) -> [Option<&mut Array>; 2] {
        match self {
            Op::Dense { weight, bias } | Op::Conv2d { weight, bias, .. } => [Some(weight), bias.as_mut()],
            Op::ScaleShift { scale, shift } => [Some(scale), Some(shift)],
            _ => [None, None],
        }
    }

    /// Lower-case name for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Dense { .. } => "dense",
            Op::Conv2d { .. } => "conv2d",
            Op::ScaleShift { .. } => "scale_shift",
            Op::Pointwise(_) => "pointwise",
            Op::HardSwish => "hard_swish",
            Op::Maxout { .. } => "maxout",
            Op::MaxPool { .. } => "max_pool2d",
            Op::AvgPool { .. } => "avg_pool2d",
            Op::Add => "add",
            Op::Concat { .. } => "concat",
            Op::Reshape => "reshape",
        }
    }
}

/// One operator of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Name given by the host or the file; used in messages.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// Nodes it reads, all with smaller index.
    pub inputs: Vec<NodeId>,
    /// Shape of its value, per sample.
    pub shape: Vec<usize>,
    /// What it stands for, if it is a piecewise-linear function in place of a smooth one.
    pub approximation: Option<Approximation>,
}

impl Node {
    /// Number of elements of its value.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether its value has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements per channel: the product of all axes but the first.
    pub(crate) fn plane(&self) -> usize {
        self.shape.iter().skip(1).product()
    }
}

/// A layer of units in topological order: the k-th node that cuts the input space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitLayer {
    /// The node.
    pub node: NodeId,
    /// Its units have pattern positions `first .. first + len`.
    pub first: usize,
    /// Number of units.
    pub len: usize,
}

/// An immutable CPWL network. Made by [`super::Builder`] or from ONNX; shareable between threads.
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) nodes: Vec<Node>,
    pub(super) output: NodeId,
    pub(super) units: Vec<UnitLayer>,
    pub(super) single: bool,
    pub(super) cache: Cache,
}

impl Network {
    /// Nodes in topological order; node 0 is the input.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node whose value is the output.
    pub fn output(&self) -> NodeId {
        self.output
    }

    /// Shape of the input, per sample.
    pub fn input_shape(&self) -> &[usize] {
        &self.nodes[0].shape
    }

    /// Shape of the output, per sample.
    pub fn output_shape(&self) -> &[usize] {
        &self.nodes[self.output].shape
    }

    /// Number of input elements.
    pub fn input_len(&self) -> usize {
        self.nodes[0].len()
    }

    /// Number of output elements.
    pub fn output_len(&self) -> usize {
        self.nodes[self.output].len()
    }

    /// Layers of units in topological order.
    pub fn unit_layers(&self) -> &[UnitLayer] {
        &self.units
    }

    /// Number of units: the length of an activation pattern.
    pub fn n_units(&self) -> usize {
        self.units.last().map_or(0, |u| u.first + u.len)
    }

    /// Number of constants in the affine layers: weights, biases, scales and shifts (a folded batch-norm counts as
    /// one scale and one shift per channel).
    pub fn n_parameters(&self) -> usize {
        self.nodes.iter().flat_map(|n| n.op.arrays()).flatten().map(Array::len).sum()
    }

    /// The nodes that stand for smooth activation functions, which the network only approximates; none for a network
    /// that is what it was made from.
    pub fn approximations(&self) -> impl Iterator<Item = (NodeId, &Approximation)> {
        self.nodes.iter().enumerate().filter_map(|(id, node)| Some((id, node.approximation.as_ref()?)))
    }

    /// Whether all weights were given in single precision.
    pub fn is_f32(&self) -> bool {
        self.single
    }

    /// UNSUPPORTED if a node is not piecewise linear.
    pub fn expect_cpwl(&self) -> Result<()> {
        let Some(id) = self.nodes.iter().position(|n| n.op == Op::HardSwish) else { return Ok(()) };
        let name = &self.nodes[id].name;
        bail!(
            Unsupported,
            "'{name}' (node {id}): a hard swish is not piecewise linear; give the layer a number of knots (knots=K) to have \
             it approximated"
        )
    }

    /// The network of other nodes, in topological order, with the value of node `output` as its output.
    pub(crate) fn rebuilt(&self, nodes: Vec<Node>, output: NodeId) -> Network {
        super::build::assemble(nodes, output, self.single)
    }

    /// The activation function of element `i` of a [`Op::Pointwise`] node.
    pub fn activation(&self, node: NodeId, i: usize) -> &Pwl {
        let n = &self.nodes[node];
        match &n.op {
            Op::Pointwise(f) if f.len() == 1 => &f[0],
            Op::Pointwise(f) => &f[i / n.plane()],
            op => unreachable!("{} has no activation function", op.name()),
        }
    }
}
