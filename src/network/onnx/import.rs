//! Walks the graph of a file in order and adds one layer after the other.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::call::{Call, Computed, Value};
use super::formula;
use super::messages::{Graph, Model, Node, ValueInfo, dtype};
use super::ops;
use super::tensor::Tensor;
use crate::error::{Error, Result, bail};
use crate::network::build::Builder;
use crate::network::graph::{Network, NodeId};

/// First version of the standard operators that this reader knows (ONNX 1.2, 2018).
const OLDEST_OPSET: i64 = 7;
/// A small file must not ask for much memory: so many elements, and so many times those of the file, may all constants
/// have that are computed while reading.
const FOLDED: (usize, usize) = (1 << 22, 8);

/// The network under construction.
pub(super) struct Importer {
    pub builder: Builder,
    /// Batch size, if the file fixes it: in its input, or in the first `Reshape` to a fixed one.
    pub batch: Option<i64>,
    /// How many knots the piecewise-linear functions in place of smooth ones get; `None` to refuse smooth ones.
    pub smooth_knots: Option<usize>,
    /// Whether the file works in single precision (or less).
    single: bool,
    values: HashMap<String, Value>,
    /// How many elements of computed constants are still allowed.
    allowance: usize,
}

/// Builds the network of a decoded file.
pub(super) fn import(model: Model, smooth_knots: Option<usize>) -> Result<Network> {
    let Some(graph) = model.graph else { bail!(Malformed, "not an ONNX model: it has no graph") };
    let standard = model.opset_import.iter().find(|set| is_standard(&set.domain));
    if let Some(set) = standard.filter(|set| set.version < OLDEST_OPSET) {
        bail!(Unsupported, "the model uses operator set {}; expected {OLDEST_OPSET} or newer", set.version)
    }
    if !graph.sparse_initializer.is_empty() {
        bail!(Unsupported, "the model has sparse initializers; save it with dense ones")
    }
    let mut importer = Importer::new(&graph, smooth_knots)?;
    for tensor in &graph.initializer {
        let constant = Tensor::read(tensor)?;
        importer.allowance = importer.allowance.saturating_add(FOLDED.1 * constant.len());
        importer.define(&tensor.name, Value::Constant(Rc::new(constant)))?;
    }
    let later = graph.node.iter().flat_map(|n| &n.output).map(String::as_str).collect();
    for (i, node) in graph.node.iter().enumerate() {
        let label = || match node.name.as_str() {
            "" => format!("node {i} ({})", node.op_type),
            name => format!("node '{name}' ({})", node.op_type),
        };
        let explain = |e: Error| Error::new(e.condition(), format!("{}: {}", label(), e.message()));
        importer.node(node, &later).map_err(explain)?;
    }
    importer.finish(&graph)
}

/// Whether a domain is that of the standard operators.
fn is_standard(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

impl Importer {
    /// A graph with its one input.
    fn new(graph: &Graph, smooth_knots: Option<usize>) -> Result<Self> {
        let constants: HashSet<&str> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
        let inputs: Vec<_> = graph.input.iter().filter(|i| !constants.contains(i.name.as_str())).collect();
        let [input] = inputs[..] else {
            let names: Vec<_> = inputs.iter().map(|i| i.name.as_str()).collect();
            bail!(Unsupported, "the graph has {} inputs {names:?}; expected one", names.len())
        };
        let (batch, shape, elements) = input_type(input)?;
        let mut builder = Builder::new(&shape)?;
        builder.name(0, &input.name)?;
        let values = HashMap::from([(
            input.name.clone(),
            Value::Computed(Computed { id: 0, shape, dtype: elements }),
        )]);
        let single = elements != dtype::DOUBLE;
        Ok(Importer { builder, batch, smooth_knots, single, values, allowance: FOLDED.0 })
    }

    /// Gives a name its value; GRAPH if it has one.
    fn define(&mut self, name: &str, value: Value) -> Result<()> {
        if self.values.insert(name.to_owned(), value).is_some() {
            bail!(Graph, "the name '{name}' is defined twice")
        }
        Ok(())
    }

    /// Reads one node; `outputs` are the outputs of all nodes.
    fn node(&mut self, node: &Node, outputs: &HashSet<&str>) -> Result<()> {
        if !is_standard(&node.domain) {
            bail!(
                UnsupportedOperator,
                "the operator is of domain '{}'; only standard ones are known",
                node.domain
            )
        }
        let lookup = |name: &String| match self.values.get(name) {
            _ if name.is_empty() => Ok(None),
            Some(Value::Missing) => bail!(Unsupported, "input '{name}' is an output that is not computed"),
            Some(Value::Padded(..)) if node.op_type != "MaxPool" => {
                bail!(
                    UnsupportedOperator,
                    "input '{name}' is padded with minus infinity; only a MaxPool may read it"
                )
            }
            Some(value) => Ok(Some(value.clone())),
            None if outputs.contains(name.as_str()) => {
                bail!(Graph, "input '{name}' is computed later: a cycle, or nodes out of order")
            }
            None => {
                bail!(Graph, "input '{name}' is neither an input nor a constant nor the output of a node")
            }
        };
        let inputs = node.input.iter().map(lookup).collect::<Result<_>>()?;
        let Some((first, others)) = node.output.split_first() else {
            bail!(Malformed, "the node has no output")
        };
        let mut call = Call { node, inputs };
        let formula = if self.smooth_knots.is_some() { formula::read(self, &call)? } else { None };
        let value = match formula {
            Some(formula) => formula,
            None => {
                self.settle(&mut call)?;
                let before = self.builder.last();
                let value = ops::evaluate(self, &call)?;
                if let Value::Computed(c) = &value
                    && c.id > before
                {
                    self.builder.name(c.id, call.label())?;
                }
                value
            }
        };
        if let Value::Constant(t) = &value {
            self.spend(t.len())?;
        }
        self.define(first, value)?;
        others.iter().filter(|o| !o.is_empty()).try_for_each(|o| self.define(o, Value::Missing))
    }

    /// Gives the inputs that are formulas a layer.
    fn settle(&mut self, call: &mut Call) -> Result<()> {
        for (input, name) in call.inputs.iter_mut().zip(&call.node.input) {
            if let Some(Value::Formula(f)) = input {
                let layer = Value::Computed(self.layer(f)?);
                self.values.insert(name.clone(), layer.clone());
                *input = Some(layer);
            }
        }
        Ok(())
    }

    /// The network that ends at the output of the graph.
    fn finish(mut self, graph: &Graph) -> Result<Network> {
        let [output] = &graph.output[..] else {
            let names: Vec<_> = graph.output.iter().map(|o| o.name.as_str()).collect();
            bail!(Unsupported, "the graph has {} outputs {names:?}; expected one", names.len())
        };
        let value = match self.values.remove(&output.name) {
            Some(Value::Formula(f)) => Some(Value::Computed(self.layer(&f)?)),
            value => value,
        };
        match value {
            Some(Value::Computed(c)) => {
                let id = self.shaped(&c)?;
                Ok(Network { single: self.single, ..self.builder.into_network(id)? })
            }
            Some(Value::Padded(..)) => {
                bail!(UnsupportedOperator, "output '{}' is padded with minus infinity", output.name)
            }
            Some(Value::Constant(_)) => bail!(Graph, "output '{}' does not depend on the input", output.name),
            Some(Value::Missing | Value::Formula(_)) | None => {
                bail!(Graph, "output '{}' is not computed by any node", output.name)
            }
        }
    }

    /// The layer of a value in the shape that the file gives it, or (1) for one number per sample.
    pub fn shaped(&mut self, value: &Computed) -> Result<NodeId> {
        self.reshaped(value, if value.shape.is_empty() { &[1] } else { &value.shape })
    }

    /// The layer of a value in another shape with as many elements.
    pub fn reshaped(&mut self, value: &Computed, shape: &[usize]) -> Result<NodeId> {
        if self.builder.shape(value.id)? == shape {
            return Ok(value.id);
        }
        let shape: Vec<i64> = shape.iter().map(|&d| d as i64).collect();
        self.builder.reshape(value.id, &shape)
    }

    /// Accounts for `n` elements of constants about to be computed or copied; MEMORY_LIMIT if they are too many.
    pub fn spend(&mut self, n: usize) -> Result<()> {
        match self.allowance.checked_sub(n) {
            Some(left) => self.allowance = left,
            None => {
                bail!(MemoryLimit, "the constants computed from the file have too many elements for its size")
            }
        }
        Ok(())
    }
}

/// Batch size (if fixed), per-sample shape and element type of the input.
fn input_type(input: &ValueInfo) -> Result<(Option<i64>, Vec<usize>, i32)> {
    let name = &input.name;
    let tensor = input.ty.as_ref().and_then(|t| t.tensor.as_ref());
    let Some((tensor, shape)) = tensor.and_then(|t| Some((t, t.shape.as_ref()?))) else {
        bail!(Shape, "input '{name}' has no shape; export the model with fixed sizes")
    };
    if !matches!(tensor.elem_type, dtype::FLOAT | dtype::DOUBLE | dtype::FLOAT16 | dtype::BFLOAT16) {
        bail!(
            Dtype,
            "input '{name}' has elements of {}; expected floating-point",
            dtype::name(tensor.elem_type)
        )
    }
    let Some((batch, rest)) = shape.dim.split_first().filter(|(_, rest)| !rest.is_empty()) else {
        bail!(
            Shape,
            "input '{name}' has {} dimensions; expected the batch and at least one more",
            shape.dim.len()
        )
    };
    let fixed = |(axis, d): (usize, &super::messages::Dimension)| match d.value.map(usize::try_from) {
        Some(Ok(n)) if n > 0 => Ok(n),
        Some(_) => bail!(Malformed, "dimension {axis} of input '{name}' is {}", d.value.unwrap_or_default()),
        None => bail!(
            Shape,
            "dimension {axis} of input '{name}' is dynamic ('{}'); expected a fixed size",
            d.name
        ),
    };
    let rest = rest.iter().enumerate().map(|(axis, d)| fixed((axis + 1, d))).collect::<Result<_>>()?;
    Ok((batch.value.filter(|&n| n > 0), rest, tensor.elem_type))
}
