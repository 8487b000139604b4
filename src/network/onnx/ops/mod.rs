//! The operators, by family: what each node of a file adds to the network.

mod activation;
mod arithmetic;
mod constant;
mod layout;
mod linear;
mod pad;
mod pooling;
mod shape;
mod smooth;
mod window;

use super::call::{Call, Value};
use super::import::Importer;
use crate::error::{Result, bail};

/// Reads one node and returns its first output.
pub(super) fn evaluate(im: &mut Importer, call: &Call) -> Result<Value> {
    if call.inputs.iter().flatten().all(|v| matches!(v, Value::Constant(_))) {
        return constant::fold(im, call);
    }
    if let Some(value) = smooth::smooth(im, call)? {
        return Ok(value);
    }
    match call.op() {
        "Gemm" => linear::gemm(im, call),
        "MatMul" => linear::matmul(im, call),
        "Conv" => linear::conv(im, call),
        "BatchNormalization" => linear::batch_norm(im, call),
        "Add" | "Sum" => arithmetic::sum(im, call),
        "Sub" => arithmetic::sub(im, call),
        "Mul" => arithmetic::mul(im, call),
        "Div" => arithmetic::div(im, call),
        "Neg" => arithmetic::neg(im, call),
        "Max" => arithmetic::max(im, call),
        "Min" => arithmetic::min(im, call),
        "Relu" => activation::leaky(im, call, 0.0),
        "LeakyRelu" => activation::leaky(im, call, f64::from(call.float("alpha")?.unwrap_or(0.01))),
        "Abs" => activation::leaky(im, call, -1.0),
        "PRelu" => activation::prelu(im, call),
        "Clip" => activation::clip(im, call),
        "HardSigmoid" => activation::hard_sigmoid(im, call),
        "MaxPool" => pooling::max(im, call),
        "AveragePool" => pooling::average(im, call),
        "GlobalMaxPool" => pooling::global(im, call, pooling::Reduce::Max),
        "GlobalAveragePool" => pooling::global(im, call, pooling::Reduce::Mean),
        "ReduceMax" => pooling::reduce(im, call, pooling::Reduce::Max),
        "ReduceMean" => pooling::reduce(im, call, pooling::Reduce::Mean),
        "Identity" => shape::identity(call),
        "Dropout" => shape::dropout(call),
        "Cast" => shape::cast(call),
        "Shape" => shape::shape(call),
        "Flatten" => shape::flatten(call),
        "Reshape" => shape::reshape(im, call),
        "Squeeze" => shape::squeeze(call),
        "Unsqueeze" => shape::unsqueeze(call),
        "Transpose" => shape::transpose(call),
        "Concat" => shape::concat(im, call),
        "Pad" => pad::pad(im, call),
        "Softmax" | "LogSoftmax" | "ArgMax" | "TopK" => {
            bail!(
                UnsupportedOperator,
                "the operator is not continuous piecewise linear; if it is the last one, export the model without it \
                 (the logits)"
            )
        }
        _ => bail!(UnsupportedOperator, "the operator is not continuous piecewise linear, or not known"),
    }
}
