//! The graph of the file under construction: names, constants, nodes.

use std::collections::HashSet;

use super::OnnxPrecision;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::graph::{self, Network, NodeId};
use crate::network::onnx::messages::{self, Attribute, Graph, Tensor, dtype, kind};

/// Operators that are not the last one of a layer, each behind the one before: `op(value, others..)`.
pub(super) struct Step {
    op: &'static str,
    /// Its name within the layer, unless it comes last.
    part: &'static str,
    others: Vec<String>,
    attribute: Vec<Attribute>,
}

impl Step {
    pub fn new(op: &'static str, part: &'static str, others: Vec<String>, attribute: Vec<Attribute>) -> Self {
        Step { op, part, others, attribute }
    }
}

/// The file under construction.
pub(super) struct Writer<'a> {
    pub net: &'a Network,
    pub graph: Graph,
    precision: OnnxPrecision,
    /// Name of the value of each node.
    values: Vec<String>,
    /// Names of all values and constants.
    taken: HashSet<String>,
    /// The layer that is being written.
    id: NodeId,
}

impl<'a> Writer<'a> {
    pub fn new(net: &'a Network, precision: OnnxPrecision) -> Self {
        let mut taken = HashSet::new();
        // The layers come first: what else is named makes way for them.
        let name = |(id, node): (usize, &graph::Node)| match node.name.as_str() {
            "" => unique(&mut taken, format!("{}_{id}", node.op.name())),
            name => unique(&mut taken, name.to_owned()),
        };
        let values = net.nodes.iter().enumerate().map(name).collect();
        Writer { net, graph: Graph::default(), precision, values, taken, id: 0 }
    }

    /// Turns to another layer.
    pub fn begin(&mut self, id: NodeId) {
        self.id = id;
    }

    /// The layer that is being written.
    pub fn node(&self) -> &'a graph::Node {
        &self.net.nodes[self.id]
    }

    /// Shape of what it reads.
    pub fn input_shape(&self) -> &'a [usize] {
        &self.net.nodes[self.node().inputs[0]].shape
    }

    /// Name of the first value that it reads.
    pub fn input(&self) -> String {
        self.values[self.node().inputs[0]].clone()
    }

    /// Names of all values that it reads.
    pub fn inputs(&self) -> Vec<String> {
        self.node().inputs.iter().map(|&i| self.values[i].clone()).collect()
    }

    /// Name of the value of a node.
    pub fn value(&self, id: NodeId) -> &str {
        &self.values[id]
    }

    pub fn is_single(&self) -> bool {
        self.precision == OnnxPrecision::Single
    }

    /// The number that `v` is in the file.
    pub fn rounded(&self, v: f64) -> f64 {
        if self.is_single() { f64::from(v as f32) } else { v }
    }

    /// Adds an operator inside the layer and returns the name of its value.
    pub fn inner(&mut self, op: &str, part: &str, inputs: Vec<String>, attribute: Vec<Attribute>) -> String {
        let name = self.part(part);
        self.push(op, name.clone(), inputs, attribute, String::new());
        name
    }

    /// Adds the operator whose value is that of the layer.
    pub fn last(&mut self, op: &str, inputs: Vec<String>, attribute: Vec<Attribute>) {
        let stands_for = self.node().approximation.as_ref().map(|a| {
            format!("piecewise linear with {} knots, within {:e} of {}", a.knots, a.bound, a.function)
        });
        self.push(op, self.values[self.id].clone(), inputs, attribute, stands_for.unwrap_or_default());
    }

    /// Adds operators one behind the other, the value of the last of which is that of the layer; without any the layer
    /// is the identity.
    pub fn chain(&mut self, mut value: String, steps: Vec<Step>) {
        let n = steps.len();
        if n == 0 {
            return self.last("Identity", vec![value], vec![]);
        }
        for (i, Step { op, part, others, attribute }) in steps.into_iter().enumerate() {
            let inputs = [vec![std::mem::take(&mut value)], others].concat();
            if i + 1 == n {
                self.last(op, inputs, attribute);
            } else {
                value = self.inner(op, part, inputs, attribute);
            }
        }
    }

    fn push(&mut self, op: &str, name: String, input: Vec<String>, attribute: Vec<Attribute>, doc: String) {
        self.graph.node.push(messages::Node {
            input,
            output: vec![name.clone()],
            name,
            op_type: op.into(),
            attribute,
            doc_string: doc,
            domain: String::new(),
        });
    }

    /// A free name in the layer.
    fn part(&mut self, part: &str) -> String {
        let base = format!("{}/{part}", self.values[self.id]);
        unique(&mut self.taken, base)
    }

    /// A constant with the numbers of an array; NONFINITE if one is too large for the precision of the file.
    pub fn array(&mut self, part: &str, dims: &[usize], array: &Array) -> Result<String> {
        if let (Array::F32(v), true) = (array, self.is_single()) {
            return Ok(self.tensor(part, dims, dtype::FLOAT, bytes(v, |v| v.to_le_bytes())));
        }
        self.numbers(part, dims, &array.to_f64())
    }

    /// A constant; NONFINITE if a finite number is too large for the precision of the file.
    pub fn numbers(&mut self, part: &str, dims: &[usize], v: &[f64]) -> Result<String> {
        if !self.is_single() {
            return Ok(self.tensor(part, dims, dtype::DOUBLE, bytes(v, |v| v.to_le_bytes())));
        }
        if let Some(i) = v.iter().position(|v| v.is_finite() && !(*v as f32).is_finite()) {
            bail!(
                Nonfinite,
                "'{}': element {i} of {part} is {:e}, beyond the range of single precision; write the file in double",
                self.values[self.id],
                v[i]
            )
        }
        Ok(self.tensor(part, dims, dtype::FLOAT, bytes(v, |v| (*v as f32).to_le_bytes())))
    }

    /// A constant list of integers.
    pub fn integers(&mut self, part: &str, v: &[i64]) -> String {
        self.tensor(part, &[v.len()], dtype::INT64, bytes(v, |v| v.to_le_bytes()))
    }

    fn tensor(&mut self, part: &str, dims: &[usize], data_type: i32, raw_data: Vec<u8>) -> String {
        let (name, dims) = (self.part(part), signed(dims));
        self.graph.initializer.push(Tensor {
            dims,
            data_type,
            name: name.clone(),
            raw_data,
            ..Default::default()
        });
        name
    }
}

fn bytes<T, const N: usize>(v: &[T], write: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
    v.iter().flat_map(write).collect()
}

/// Sizes as they stand in a file.
pub(super) fn signed(sizes: &[usize]) -> Vec<i64> {
    sizes.iter().map(|&d| d as i64).collect()
}

/// `base`, or `base` with a number behind it if there is one already.
fn unique(taken: &mut HashSet<String>, base: String) -> String {
    let numbered = (2..).map(|k| format!("{base}_{k}"));
    let name = [base.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name));
    let name = name.unwrap_or(base);
    taken.insert(name.clone());
    name
}

/// An integer attribute.
pub(super) fn int(name: &str, i: i64) -> Attribute {
    Attribute { name: name.into(), kind: kind::INT, i, ..Default::default() }
}

/// A list of integers as an attribute.
pub(super) fn ints(name: &str, sizes: &[usize]) -> Attribute {
    Attribute { name: name.into(), kind: kind::INTS, ints: signed(sizes), ..Default::default() }
}

/// A number as an attribute, which is in single precision in every file.
pub(super) fn float(name: &str, f: f32) -> Attribute {
    Attribute { name: name.into(), kind: kind::FLOAT, f, ..Default::default() }
}
