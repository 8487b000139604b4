//! Elementwise arithmetic of values and constants.

use super::activation::apply;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::onnx::call::{Call, Computed, Value};
use crate::network::onnx::import::Importer;
use crate::network::onnx::tensor::{Tensor, broadcast, gather, spread};
use crate::network::pwl::Pwl;

/// The numbers of a constant that broadcasts to `x`: one, one per channel, or one per element.
pub(super) fn fit(im: &mut Importer, t: &Tensor, x: &Computed) -> Result<Array> {
    let full = [&[1], &x.shape[..]].concat();
    if broadcast(&t.dims, &full).as_ref() != Some(&full) {
        let (dims, shape) = (&t.dims, &x.shape);
        bail!(Shape, "a constant of shape {dims:?} does not broadcast to the shape {shape:?} of a sample")
    }
    im.spend(t.len())?;
    let numbers = t.floats()?;
    let behind = x.shape.len().saturating_sub(1);
    let per_channel = t.dims.len() > behind && t.dims[t.dims.len() - behind..].iter().all(|&d| d == 1);
    if t.len() == 1 || (per_channel && x.shape.first() == Some(&t.len())) {
        return Ok(numbers.clone());
    }
    im.spend(x.len())?;
    Ok(gather(numbers, spread(&t.dims, &full)))
}

/// `scale` times the value plus `shift`.
fn affine(im: &mut Importer, x: &Computed, scale: Option<Array>, shift: Option<Array>) -> Result<Computed> {
    let input = im.shaped(x)?;
    let id = im.builder.scale_shift(input, scale, shift)?;
    Ok(Computed { id, ..x.clone() })
}

fn negated(im: &mut Importer, x: &Computed) -> Result<Computed> {
    affine(im, x, Some(Array::f32(vec![-1.0])), None)
}

/// SHAPE unless two computed values have one shape: broadcasting between them would need copies.
fn same_shape(a: &Computed, b: &Computed) -> Result<()> {
    if a.shape != b.shape {
        bail!(Shape, "operands of shapes {:?} and {:?} per sample; expected equal shapes", a.shape, b.shape)
    }
    Ok(())
}

fn add(im: &mut Importer, a: &Value, b: &Value) -> Result<Value> {
    match (a, b) {
        (Value::Computed(a), Value::Computed(b)) => {
            same_shape(a, b)?;
            let inputs = [im.shaped(a)?, im.shaped(b)?];
            Ok(a.then(im.builder.add(&inputs)?, a.shape.clone()))
        }
        (Value::Computed(x), Value::Constant(c)) | (Value::Constant(c), Value::Computed(x)) => {
            let shift = fit(im, c, x)?;
            Ok(Value::Computed(affine(im, x, None, Some(shift))?))
        }
        _ => {
            bail!(UnsupportedOperator, "the first two of three or more operands are constants")
        }
    }
}

/// Sum of any number of values; the first two are not both constant.
pub(super) fn sum(im: &mut Importer, call: &Call) -> Result<Value> {
    let first = call.input(0)?.clone();
    (1..call.inputs.len()).try_fold(first, |sum, i| add(im, &sum, call.input(i)?))
}

/// a - b.
pub(super) fn sub(im: &mut Importer, call: &Call) -> Result<Value> {
    match (call.input(0)?, call.input(1)?) {
        (Value::Computed(x), Value::Constant(c)) => {
            let shift = match fit(im, c, x)? {
                Array::F32(v) => Array::f32(v.iter().map(|v| -v).collect()),
                Array::F64(v) => Array::f64(v.iter().map(|v| -v).collect()),
            };
            Ok(Value::Computed(affine(im, x, None, Some(shift))?))
        }
        (a, b) => {
            let Value::Computed(x) = b else { bail!(Malformed, "input 1 is missing") };
            let minus = Value::Computed(negated(im, x)?);
            add(im, a, &minus)
        }
    }
}

/// A value times a constant.
pub(super) fn mul(im: &mut Importer, call: &Call) -> Result<Value> {
    match (call.input(0)?, call.input(1)?) {
        (Value::Computed(x), Value::Constant(c)) | (Value::Constant(c), Value::Computed(x)) => {
            let scale = fit(im, c, x)?;
            Ok(Value::Computed(affine(im, x, Some(scale), None)?))
        }
        _ => bail!(UnsupportedOperator, "a product of two computed values is not piecewise linear"),
    }
}

/// A value divided by a constant, whose inverse is rounded to f64.
pub(super) fn div(im: &mut Importer, call: &Call) -> Result<Value> {
    let Value::Computed(x) = call.input(0)? else {
        bail!(UnsupportedOperator, "a constant divided by a computed value is not piecewise linear")
    };
    let divisor = fit(im, call.constant(1)?, x)?.to_f64();
    let inverse = Array::f64(divisor.into_iter().map(|v| 1.0 / v).collect());
    Ok(Value::Computed(affine(im, x, Some(inverse), None)?))
}

/// -x.
pub(super) fn neg(im: &mut Importer, call: &Call) -> Result<Value> {
    Ok(Value::Computed(negated(im, call.computed(0)?)?))
}

/// The larger of two operands, or with `lower` the smaller.
fn extreme(im: &mut Importer, a: &Value, b: &Value, lower: bool) -> Result<Value> {
    match (a, b) {
        (Value::Computed(a), Value::Computed(b)) => {
            same_shape(a, b)?;
            let mut pair = [a.clone(), b.clone()];
            if lower {
                pair = [negated(im, a)?, negated(im, b)?];
            }
            // Side by side, so that the operands of each element form a group of two.
            let columns = [im.reshaped(&pair[0], &[a.len(), 1])?, im.reshaped(&pair[1], &[a.len(), 1])?];
            let pairs = im.builder.concat(&columns, 1)?;
            let flat = im.builder.flatten(pairs)?;
            let max = Computed { id: im.builder.maxout(flat, 2)?, ..a.clone() };
            Ok(Value::Computed(if lower { negated(im, &max)? } else { max }))
        }
        (Value::Computed(x), Value::Constant(c)) | (Value::Constant(c), Value::Computed(x)) => {
            let bounds = fit(im, c, x)?.to_f64().into_iter();
            let clip = |v| if lower { Pwl::clip(f64::NEG_INFINITY, v) } else { Pwl::clip(v, f64::INFINITY) };
            let functions = bounds.map(clip).collect::<Result<_>>()?;
            apply(im, x, functions)
        }
        _ => bail!(UnsupportedOperator, "the first two of three or more operands are constants"),
    }
}

/// Elementwise maximum.
pub(super) fn max(im: &mut Importer, call: &Call) -> Result<Value> {
    let first = call.input(0)?.clone();
    (1..call.inputs.len()).try_fold(first, |max, i| extreme(im, &max, call.input(i)?, false))
}

/// Elementwise minimum.
pub(super) fn min(im: &mut Importer, call: &Call) -> Result<Value> {
    let first = call.input(0)?.clone();
    (1..call.inputs.len()).try_fold(first, |min, i| extreme(im, &min, call.input(i)?, true))
}
