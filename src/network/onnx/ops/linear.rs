//! Layers with weights: Gemm, MatMul, Conv, BatchNormalization.

use super::arithmetic::fit;
use super::window;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::onnx::call::{Call, Computed, Value};
use crate::network::onnx::import::Importer;
use crate::network::onnx::tensor::{Tensor, gather, walk};

/// alpha X W + beta C; W is constant, C constant or computed.
pub(super) fn gemm(im: &mut Importer, call: &Call) -> Result<Value> {
    let (x, w) = (call.computed(0)?, call.constant(1)?);
    im.spend(w.len())?;
    if call.flag("transA", false)? {
        bail!(UnsupportedOperator, "transA = 1 would mix the samples of a batch")
    }
    let factor = |name| Ok(f64::from(call.float(name)?.unwrap_or(1.0)));
    let (alpha, beta): (f64, f64) = (factor("alpha")?, factor("beta")?);
    let (weight, shape) = matrix(w, call.flag("transB", false)?)?;
    let y = Computed { shape: vec![shape[0]], ..x.clone() };
    let bias = match call.optional(2) {
        Some(Value::Constant(c)) => {
            let fitted = fit(im, c, &y)?;
            let spread = (0..shape[0]).map(|i| if fitted.len() == 1 { 0 } else { i });
            Some(scaled(gather(&fitted, spread), beta))
        }
        _ => None,
    };
    let input = im.shaped(x)?;
    let mut id = im.builder.dense(input, scaled(weight, alpha), shape, bias)?;
    if let Some(Value::Computed(c)) = call.optional(2) {
        let mut other = im.shaped(c)?;
        if beta != 1.0 {
            other = im.builder.scale_shift(other, Some(Array::f64(vec![beta])), None)?;
        }
        id = im.builder.add(&[id, other])?;
    }
    Ok(x.then(id, y.shape))
}

/// X W with a constant matrix W.
pub(super) fn matmul(im: &mut Importer, call: &Call) -> Result<Value> {
    let (x, w) = (call.computed(0)?, call.constant(1)?);
    im.spend(w.len())?;
    let (weight, shape) = matrix(w, false)?;
    let input = im.shaped(x)?;
    let id = im.builder.dense(input, weight, shape, None)?;
    Ok(x.then(id, vec![shape[0]]))
}

/// The weight of a dense layer, (out, in), from a constant (in, out), or (out, in) if `transposed`.
fn matrix(w: &Tensor, transposed: bool) -> Result<(Array, [usize; 2])> {
    match (&w.dims[..], transposed) {
        (&[out, n], true) => Ok((w.floats()?.clone(), [out, n])),
        (&[n, out], false) => Ok((gather(w.floats()?, walk(vec![out, n], vec![1, out])), [out, n])),
        (dims, _) => bail!(Rank, "the weight has shape {dims:?}; expected 2 dimensions"),
    }
}

/// `array` times `factor`: exact for single-precision weights, whose products fit a double.
fn scaled(array: Array, factor: f64) -> Array {
    match factor {
        1.0 => array,
        _ => Array::f64(array.to_f64().into_iter().map(|v| v * factor).collect()),
    }
}

/// Convolution over one or two spatial axes.
pub(super) fn conv(im: &mut Importer, call: &Call) -> Result<Value> {
    let (x, w) = (call.computed(0)?, call.constant(1)?);
    im.spend(w.len())?;
    let (axes, image) = window::image(x)?;
    let shape = match (&w.dims[..], axes) {
        (&[o, c, kh, kw], 2) => [o, c, kh, kw],
        (&[o, c, k], 1) => [o, c, 1, k],
        (dims, _) => bail!(Rank, "the weight has shape {dims:?}; the input has {axes} spatial axes"),
    };
    let kernel = &w.dims[2..];
    let given = call.ints("kernel_shape")?.unwrap_or_default();
    if !given.is_empty() && given.iter().map(|&k| k as u64).ne(kernel.iter().map(|&k| k as u64)) {
        bail!(Malformed, "kernel_shape is {given:?}; the weight has kernel {kernel:?}")
    }
    let geometry = window::window(call, kernel, &image[3 - axes..])?;
    let groups = usize::try_from(call.int("group", 1)?).unwrap_or(0);
    let bias = call.optional_constant(2)?.map(Tensor::floats).transpose()?.cloned();
    let weight = w.floats()?.clone();
    let input = im.reshaped(x, &image)?;
    let id = im.builder.conv2d(input, weight, shape, bias, geometry, groups)?;
    window::result(im, x, id, axes)
}

/// Batch normalisation in evaluation form.
pub(super) fn batch_norm(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    if call.flag("training_mode", false)? {
        bail!(
            UnsupportedOperator,
            "training_mode = 1: the statistics depend on the batch; export in evaluation mode"
        )
    }
    let array = |i| call.constant(i)?.floats().cloned();
    let (gamma, beta, mean, var) = (array(1)?, array(2)?, array(3)?, array(4)?);
    let eps = f64::from(call.float("epsilon")?.unwrap_or(1e-5));
    let input = im.shaped(x)?;
    let id = im.builder.batch_norm(input, Some(gamma), Some(beta), mean, var, eps)?;
    Ok(x.then(id, x.shape.clone()))
}
