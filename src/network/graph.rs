//! The graph of a network: nodes in topological order, and each affine operator row by row.
//!
//! [`Network::row`] is the one definition of what every affine operator computes: it lists the terms of one output
//! element. The reference forward pass, the exact predicates and the error bounds of `regions` are all built on it;
//! fast paths are tested against it.

use super::pwl::Pwl;

/// Index of a node in [`Network::nodes`].
pub type NodeId = usize;

/// Constant numbers of a layer, kept exactly in the precision in which they were given.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Array {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Array::F32(v) => v.len(),
            Array::F64(v) => v.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Element `i`, exactly.
    #[inline]
    pub fn get(&self, i: usize) -> f64 {
        match self {
            Array::F32(v) => f64::from(v[i]),
            Array::F64(v) => v[i],
        }
    }

    /// All elements, exactly.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Array::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Array::F64(v) => v.clone(),
        }
    }
}

/// Geometry of a sliding window over a (C, H, W) tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Step in each direction, at least 1.
    pub stride: [usize; 2],
    /// Zero padding (minus infinity for max-pool): top, left, bottom, right.
    pub padding: [usize; 4],
    /// Distance between the taps of the kernel, at least 1.
    pub dilation: [usize; 2],
}

impl Window {
    /// Index into an input plane of `h` x `w` of tap (`i`, `j`) of the window at output (`y`, `x`);
    /// `None` in the padding.
    #[inline]
    pub fn source(
        &self,
        (h, w): (usize, usize),
        (y, x): (usize, usize),
        (i, j): (usize, usize),
    ) -> Option<usize> {
        let r = (y * self.stride[0] + i * self.dilation[0]).checked_sub(self.padding[0])?;
        let c = (x * self.stride[1] + j * self.dilation[1]).checked_sub(self.padding[1])?;
        (r < h && c < w).then_some(r * w + c)
    }
}

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
    /// y = scale[c] x + shift[c] along the first axis (length 1 = all elements; or one entry per element).
    ScaleShift {
        /// Length 1, C, or the number of elements.
        scale: Array,
        /// Length 1, C, or the number of elements.
        shift: Array,
    },
    /// A pointwise CPWL activation: one function, or one per channel (first axis).
    Pointwise(Vec<Pwl>),
    /// Maximum over groups of `group` consecutive elements of a flat input (channels of a (C, H, W) input).
    Maxout {
        /// Size of a group; divides the first axis.
        group: usize,
    },
    /// Maximum over windows of each channel; padding never wins.
    MaxPool(Window),
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
        matches!(self, Op::Pointwise(_) | Op::Maxout { .. } | Op::MaxPool(_))
    }

    /// Lower-case name for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input => "input",
            Op::Dense { .. } => "dense",
            Op::Conv2d { .. } => "conv2d",
            Op::ScaleShift { .. } => "scale_shift",
            Op::Pointwise(_) => "pointwise",
            Op::Maxout { .. } => "maxout",
            Op::MaxPool(_) => "max_pool2d",
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

    /// The activation function of element `i` of a [`Op::Pointwise`] node.
    pub fn activation(&self, node: NodeId, i: usize) -> &Pwl {
        let n = &self.nodes[node];
        match &n.op {
            Op::Pointwise(f) if f.len() == 1 => &f[0],
            Op::Pointwise(f) => &f[i / n.plane()],
            op => unreachable!("{} has no activation function", op.name()),
        }
    }

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
                let [kh, kw] = window.kernel;
                let (o, y, xx) = (i / n.plane(), i % n.plane() / n.shape[2], i % n.shape[2]);
                let first = o / (n.shape[0] / groups) * channels;
                for c in 0..channels {
                    for ki in 0..kh {
                        for kj in 0..kw {
                            if let Some(p) = window.source((h, w), (y, xx), (ki, kj)) {
                                let k = ((o * channels + c) * kh + ki) * kw + kj;
                                term(0, (first + c) * h * w + p, weight.get(k));
                            }
                        }
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
                for ki in 0..window.kernel[0] {
                    for kj in 0..window.kernel[1] {
                        if let Some(p) = window.source((h, w), (y, xx), (ki, kj)) {
                            term(0, c * h * w + p, weight);
                        }
                    }
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
    let [kh, kw] = window.kernel;
    let taps = (0..kh).flat_map(|i| (0..kw).map(move |j| (i, j)));
    let n = match count_padding {
        // A window that ceil-mode pushes past the padded image counts only what lies inside the padded image.
        true => taps.filter(|&(i, j)| inside_padded(window, plane, at, (i, j))).count(),
        false => taps.filter(|&tap| window.source(plane, at, tap).is_some()).count(),
    };
    1.0 / n.max(1) as f64
}

fn inside_padded(w: &Window, plane: (usize, usize), at: (usize, usize), tap: (usize, usize)) -> bool {
    at.0 * w.stride[0] + tap.0 * w.dilation[0] < plane.0 + w.padding[0] + w.padding[2]
        && at.1 * w.stride[1] + tap.1 * w.dilation[1] < plane.1 + w.padding[1] + w.padding[3]
}
