//! Writes networks as ONNX files, so that any engine runs them.
//!
//! Every layer becomes one node of the standard operators, or a few where there is none ([`affine`], [`units`]); weights
//! are stored as raw little-endian bytes. The last node of a layer and the value it computes have the name of the layer;
//! what else a layer needs is named `layer/part`. Operators and attributes are those of operator set 13, which every
//! engine of the last years reads, and which onnxruntime runs in double precision where it can at all.

mod affine;
mod units;
mod window;
mod writer;

use prost::Message;

use super::messages::{Dimension, Graph, Model, OperatorSet, Shape, TensorType, Type, ValueInfo, dtype};
use crate::error::{Result, bail};
use crate::network::graph::{Network, Op};
use writer::Writer;

/// Operator set of the files.
const OPSET: i64 = 13;
/// Version of the format that goes with it (ONNX 1.8).
const IR_VERSION: i64 = 7;
/// Name of the batch axis.
const BATCH: &str = "N";

/// Precision of the numbers in an ONNX file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnnxPrecision {
    /// `float`.
    Single,
    /// `double`.
    Double,
}

/// How an ONNX file is written.
#[derive(Clone, Debug, Default)]
pub struct OnnxWriteOptions {
    /// Precision of input, output and weights. `None` is that of the network: single if all its weights were given in
    /// single precision, else double.
    ///
    /// In single precision every number is rounded to the nearest one. That concerns double-precision weights, and in any
    /// network what was computed in double precision: a folded batch normalisation, knots and slopes of activations.
    /// Double loses nothing, but few engines have all operators in double precision (onnxruntime on CPUs lacks
    /// convolutions, average pools and leaky ReLUs).
    pub precision: Option<OnnxPrecision>,
}

impl Network {
    /// The network as the bytes of an ONNX file: one input and one output with the names of the nodes, both with a
    /// dynamic batch axis "N" in front; operator set 13.
    ///
    /// Activations are written as the operator of that name where there is one (Relu, LeakyRelu, PRelu, Abs, Clip; Max
    /// and Min for bounds per channel) and else as an exact sum of ReLUs, v + s_0 (z - t_1) + sum_i (s_i - s_{i-1})
    /// relu(z - t_i). A max layer with a floor is written as the ReLU (or Clip) and the plain max layer that
    /// [`Network::fuse_relu_max`] made it from. Read again, the file is a network with the same values up to rounding
    /// and the same units, except for those sums of more than one ReLU and for bounds per channel. A hard swish is spelt
    /// out, and is read as its approximation only.
    ///
    /// O(weights), which are copied twice. Conditions: NONFINITE (a number beyond the range of single precision),
    /// UNSUPPORTED (more than the 2 GiB that a protobuf message may have).
    #[cfg_attr(docsrs, doc(cfg(feature = "onnx")))]
    pub fn to_onnx(&self, options: &OnnxWriteOptions) -> Result<Vec<u8>> {
        let given = if self.is_f32() { OnnxPrecision::Single } else { OnnxPrecision::Double };
        let mut writer = Writer::new(self, options.precision.unwrap_or(given));
        for id in 1..self.nodes.len() {
            writer.begin(id);
            layer(&mut writer)?;
        }
        let model = model(writer);
        let size = model.encoded_len();
        if size > i32::MAX as usize {
            bail!(
                Unsupported,
                "the ONNX file would have {size} bytes; a protobuf message has {} at most",
                i32::MAX
            )
        }
        Ok(model.encode_to_vec())
    }
}

/// Writes the current layer.
fn layer(w: &mut Writer) -> Result<()> {
    let node = w.node();
    match &node.op {
        Op::Input => Ok(()),
        Op::Dense { weight, bias } => affine::dense(w, weight, bias.as_ref()),
        Op::Conv2d { weight, bias, window, groups } => {
            affine::conv(w, weight, bias.as_ref(), window, *groups)
        }
        Op::ScaleShift { scale, shift } => affine::scale_shift(w, scale, shift),
        Op::Pointwise(functions) => units::pointwise(w, functions),
        Op::HardSwish => units::hard_swish(w),
        Op::Maxout { group, floor } => units::maxout(w, *group, *floor),
        Op::MaxPool { window, floor } => units::max_pool(w, window, *floor),
        Op::AvgPool { window, count_padding } => affine::avg_pool(w, window, *count_padding),
        Op::Add => affine::add(w),
        Op::Concat { axis } => affine::concat(w, *axis),
        Op::Reshape => affine::reshape(w),
    }
}

/// The file of a graph whose layers have been written.
fn model(w: Writer) -> Model {
    let value = |id: usize| {
        let batch = Dimension { value: None, name: BATCH.into() };
        let size = |&d: &usize| Dimension { value: Some(d as i64), name: String::new() };
        let dim = [batch].into_iter().chain(w.net.nodes[id].shape.iter().map(size)).collect();
        let elem_type = if w.is_single() { dtype::FLOAT } else { dtype::DOUBLE };
        let tensor = Some(TensorType { elem_type, shape: Some(Shape { dim }) });
        ValueInfo { name: w.value(id).into(), ty: Some(Type { tensor }) }
    };
    let (input, output) = (vec![value(0)], vec![value(w.net.output)]);
    let graph = Graph { name: "network".into(), input, output, ..w.graph };
    Model {
        ir_version: IR_VERSION,
        producer_name: "cpwl".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
    }
}
