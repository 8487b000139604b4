//! Reads networks from ONNX files, and writes them ([`export`]).
//!
//! A file that is read is decoded with the few protobuf messages that matter ([`messages`]), its constants keep their
//! precision ([`tensor`]), and its nodes are read in order ([`import`]), each by the function of its operator ([`ops`]).
//! The first axis of every value is the batch and is dropped. Integer arithmetic on shapes, as `torch.onnx` emits it, is
//! folded; in it the batch size is an unknown that may only be passed along. Smooth activations are recognised in the
//! operators that spell them out ([`formula`]).

mod call;
mod export;
mod formula;
mod import;
mod messages;
mod ops;
mod tensor;

pub use export::{OnnxPrecision, OnnxWriteOptions};
use prost::Message;

use super::graph::Network;
use crate::error::{Result, bail};

/// How an ONNX file is read.
#[derive(Clone, Debug, Default)]
pub struct OnnxOptions {
    /// Smooth activations (GELU in both forms, SiLU, tanh, sigmoid, softplus, ELU, SELU, CELU, Mish, hard-swish) become
    /// piecewise-linear functions with at most so many knots: see [`Pwl::approximate`](super::Pwl::approximate) and
    /// [`Network::approximations`]. `None` refuses them.
    ///
    /// They are recognised as operators and as the arithmetic that `torch.onnx` writes for them, in any order. Constants
    /// in it are taken to be those of the function if they are so to single precision.
    pub smooth_knots: Option<usize>,
}

impl Network {
    /// The network of an ONNX file, given as its bytes.
    ///
    /// The model has one input of fixed shape behind the batch axis and one output. Weights are taken exactly in the
    /// precision of the file, attributes too (they are in single precision). Batch-norm is folded and divisors are
    /// inverted in f64.
    ///
    /// Conditions: MALFORMED (not a valid file), UNSUPPORTED_OPERATOR (naming node and operator), UNSUPPORTED,
    /// EXTERNAL_DATA, GRAPH (cycles, undefined names), SHAPE, NONFINITE, DTYPE, ARGUMENT, MEMORY_LIMIT.
    #[cfg_attr(docsrs, doc(cfg(feature = "onnx")))]
    pub fn from_onnx(bytes: &[u8]) -> Result<Network> {
        Network::from_onnx_with(bytes, &OnnxOptions::default())
    }

    /// As [`Network::from_onnx`], with options.
    #[cfg_attr(docsrs, doc(cfg(feature = "onnx")))]
    pub fn from_onnx_with(bytes: &[u8], options: &OnnxOptions) -> Result<Network> {
        match messages::Model::decode(bytes) {
            Ok(model) => import::import(model, options.smooth_knots),
            Err(e) => bail!(Malformed, "not a valid ONNX file of {} bytes: {e}", bytes.len()),
        }
    }
}

#[cfg(test)]
mod tests;
