//! One node of a file as the operators see it: its inputs and attributes.

use std::rc::Rc;

use super::formula::Formula;
use super::messages::{self, Attribute, kind};
use super::tensor::Tensor;
use crate::error::{Result, bail};
use crate::network::graph::NodeId;

/// What a name in the file stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Numbers in the file, or folded from them.
    Constant(Rc<Tensor>),
    /// The value of a layer.
    Computed(Computed),
    /// The value of a layer with minus infinity around its images (above, left, below, right), for a MaxPool to read.
    Padded(Computed, [usize; 4]),
    /// Part of an activation function that is spelt out.
    Formula(Rc<Formula>),
    /// An output that this reader does not compute.
    Missing,
}

/// The value of a layer.
#[derive(Clone, Debug)]
pub(super) struct Computed {
    /// The layer; its elements are those of `shape` in row-major order, whatever its own shape.
    pub id: NodeId,
    /// Shape in the file without the batch axis; empty for one number per sample.
    pub shape: Vec<usize>,
    /// Element type, see `messages::dtype`.
    pub dtype: i32,
}

impl Computed {
    /// A layer behind this one, of shape `shape` and the same element type.
    pub fn then(&self, id: NodeId, shape: Vec<usize>) -> Value {
        Value::Computed(Computed { id, shape, dtype: self.dtype })
    }

    /// Number of elements per sample.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Axis of the per-sample shape for an ONNX axis (which counts the batch, and from the end if negative).
    pub fn axis(&self, axis: i64) -> Result<usize> {
        axis_of(axis, self.shape.len())
    }
}

/// As [`Computed::axis`], for a per-sample shape of `rank` axes.
pub(super) fn axis_of(axis: i64, rank: usize) -> Result<usize> {
    let full = rank as i64 + 1;
    match if axis < 0 { axis.saturating_add(full) } else { axis } {
        0 => bail!(Unsupported, "axis {axis} is the batch axis; a network works sample by sample"),
        a if a < 0 || a >= full => bail!(Malformed, "axis is {axis}; expected {} to {}", -full, full - 1),
        a => Ok(a as usize - 1),
    }
}

/// One node with its inputs looked up.
pub(super) struct Call<'a> {
    pub node: &'a messages::Node,
    /// `None` where an optional input is left out.
    pub inputs: Vec<Option<Value>>,
}

impl Call<'_> {
    /// The operator.
    pub fn op(&self) -> &str {
        &self.node.op_type
    }

    /// The name of the node, or of its first output if it has none.
    pub fn label(&self) -> &str {
        match (self.node.name.as_str(), self.node.output.first()) {
            ("", Some(output)) => output,
            (name, _) => name,
        }
    }

    /// Input `i`, or `None` if it is left out.
    pub fn optional(&self, i: usize) -> Option<&Value> {
        self.inputs.get(i)?.as_ref()
    }

    /// Input `i`; MALFORMED if it is left out.
    pub fn input(&self, i: usize) -> Result<&Value> {
        match self.optional(i) {
            Some(value) => Ok(value),
            None => bail!(Malformed, "input {i} is missing"),
        }
    }

    /// Input `i`, which must be the value of a layer.
    pub fn computed(&self, i: usize) -> Result<&Computed> {
        match self.input(i)? {
            Value::Computed(c) => Ok(c),
            _ => bail!(
                UnsupportedOperator,
                "input {i} is a constant; expected a value that depends on the input"
            ),
        }
    }

    /// Input `i`, which must be a constant.
    pub fn constant(&self, i: usize) -> Result<&Tensor> {
        match self.input(i)? {
            Value::Constant(t) => Ok(t),
            _ => bail!(
                UnsupportedOperator,
                "input {i} is not a constant; a network of this kind has constant weights"
            ),
        }
    }

    /// Input `i`, a constant if it is there.
    pub fn optional_constant(&self, i: usize) -> Result<Option<&Tensor>> {
        self.optional(i).map(|_| self.constant(i)).transpose()
    }

    /// Attribute `name` of type `expected`; MALFORMED if it is of another type (files of the first years have none).
    fn attribute(&self, name: &str, expected: i32) -> Result<Option<&Attribute>> {
        let found = self.node.attribute.iter().find(|a| a.name == name);
        match found {
            Some(a) if a.kind != expected && a.kind != 0 => {
                bail!(Malformed, "attribute '{name}' is of type {}; expected {expected}", a.kind)
            }
            found => Ok(found),
        }
    }

    /// An integer attribute, or `default`.
    pub fn int(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.attribute(name, kind::INT)?.map_or(default, |a| a.i))
    }

    /// A switch: an integer attribute that is not zero.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool> {
        Ok(self.int(name, i64::from(default))? != 0)
    }

    /// A number. The file keeps it in single precision, and that number is meant: an alpha of 0.01 is
    /// 0.00999999977648258.
    pub fn float(&self, name: &str) -> Result<Option<f32>> {
        Ok(self.attribute(name, kind::FLOAT)?.map(|a| a.f))
    }

    /// A list of integers.
    pub fn ints(&self, name: &str) -> Result<Option<&[i64]>> {
        Ok(self.attribute(name, kind::INTS)?.map(|a| &a.ints[..]))
    }

    /// A list of numbers.
    pub fn floats(&self, name: &str) -> Result<Option<&[f32]>> {
        Ok(self.attribute(name, kind::FLOATS)?.map(|a| &a.floats[..]))
    }

    /// A word.
    pub fn string(&self, name: &str) -> Result<Option<String>> {
        Ok(self.attribute(name, kind::STRING)?.map(|a| String::from_utf8_lossy(&a.s).into_owned()))
    }

    /// A constant tensor.
    pub fn tensor(&self, name: &str) -> Result<Option<&messages::Tensor>> {
        Ok(self.attribute(name, kind::TENSOR)?.and_then(|a| a.t.as_ref()))
    }

    /// Axes from the attribute `axes` (older operator sets) or from constant input `i` (newer ones).
    pub fn axes(&self, i: usize) -> Result<Option<Vec<i64>>> {
        match self.ints("axes")? {
            Some(axes) => Ok(Some(axes.to_vec())),
            None => self.optional_constant(i)?.map(Tensor::integers).transpose(),
        }
    }
}
