//! Nodes that read constants only: shape arithmetic and transformed weights, computed here and now. This file has the
//! dispatch and the arithmetic; [`layout`] moves elements.

use std::rc::Rc;

use super::layout;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::onnx::call::{Call, Value};
use crate::network::onnx::import::Importer;
use crate::network::onnx::messages::dtype;
use crate::network::onnx::tensor::{Data, Tensor, broadcast, spread};

/// The first output of a node without computed inputs.
pub(super) fn fold(im: &mut Importer, call: &Call) -> Result<Value> {
    let tensor = match call.op() {
        "Constant" => constant(call)?,
        "Identity" | "Dropout" => return Ok(call.input(0)?.clone()),
        "Shape" => {
            let dims = call.constant(0)?.dims.iter().map(|&d| Some(d as i64));
            Tensor::ints(dims.collect())
        }
        "ConstantOfShape" => constant_of_shape(im, call)?,
        "Cast" => cast(call.constant(0)?, call.int("to", 0)? as i32)?,
        "Gather" => layout::gather(im, call)?,
        "Slice" => layout::slice(call)?,
        "Concat" => layout::concat(call)?,
        "Unsqueeze" => layout::unsqueeze(call)?,
        "Squeeze" => layout::squeeze(call)?,
        "Reshape" => layout::reshape(call)?,
        "Transpose" => layout::transpose(call)?,
        "Add" | "Sub" | "Mul" | "Div" | "Mod" => binary(im, call)?,
        "Neg" | "Sqrt" => unary(call)?,
        _ => bail!(
            UnsupportedOperator,
            "the operator reads constants only, and is not one that is computed in advance"
        ),
    };
    Ok(Value::Constant(Rc::new(tensor)))
}

fn constant(call: &Call) -> Result<Tensor> {
    if let Some(t) = call.tensor("value")? {
        return Tensor::read(t);
    }
    let scalar = |data| Tensor { dims: vec![], data };
    if let Some(v) = call.float("value_float")? {
        return Ok(scalar(Data::Floats(Array::f32(vec![v]))));
    }
    if let Some(v) = call.floats("value_floats")? {
        return Ok(Tensor { dims: vec![v.len()], data: Data::Floats(Array::f32(v.to_vec())) });
    }
    if let Some(v) = call.ints("value_ints")? {
        return Ok(Tensor::ints(v.iter().map(|&v| Some(v)).collect()));
    }
    match call.node.attribute.iter().any(|a| a.name == "value_int") {
        true => Ok(scalar(Data::Ints(vec![Some(call.int("value_int", 0)?)]))),
        false => bail!(UnsupportedOperator, "a constant that is neither a tensor nor numbers"),
    }
}

fn constant_of_shape(im: &mut Importer, call: &Call) -> Result<Tensor> {
    let dims = call.constant(0)?.integers()?;
    let multiply = |n: usize, &d: &i64| n.checked_mul(usize::try_from(d).ok()?);
    let Some(n) = dims.iter().try_fold(1, multiply) else { bail!(Malformed, "the shape is {dims:?}") };
    im.spend(n)?;
    let value = call.tensor("value")?.map(Tensor::read).transpose()?;
    let data = match value {
        None => Data::Floats(Array::f32(vec![0.0; n])),
        Some(v) if v.len() == 1 => v.data.pick(std::iter::repeat_n(0, n)),
        Some(v) => bail!(Malformed, "the value has {} elements; expected one", v.len()),
    };
    Ok(Tensor { dims: dims.iter().map(|&d| d as usize).collect(), data })
}

fn cast(t: &Tensor, to: i32) -> Result<Tensor> {
    let data = match (&t.data, to) {
        (Data::Floats(a @ Array::F32(_)), dtype::FLOAT) => Data::Floats(a.clone()),
        (Data::Floats(Array::F64(v)), dtype::FLOAT) => {
            Data::Floats(Array::f32(v.iter().map(|&v| v as f32).collect()))
        }
        (Data::Floats(a), dtype::DOUBLE) => Data::Floats(Array::f64(a.to_f64())),
        (Data::Floats(a), dtype::INT64 | dtype::INT32) => {
            Data::Ints(a.to_f64().into_iter().map(|v| Some(v as i64)).collect())
        }
        (Data::Ints(v), dtype::INT64 | dtype::INT32) => Data::Ints(v.clone()),
        (Data::Ints(_), dtype::FLOAT) => {
            Data::Floats(Array::f32(t.integers()?.into_iter().map(|v| v as f32).collect()))
        }
        (Data::Ints(_), dtype::DOUBLE) => {
            Data::Floats(Array::f64(t.integers()?.into_iter().map(|v| v as f64).collect()))
        }
        _ => bail!(UnsupportedOperator, "a cast of a constant to {}", dtype::name(to)),
    };
    Ok(Tensor { dims: t.dims.clone(), data })
}

fn binary(im: &mut Importer, call: &Call) -> Result<Tensor> {
    let (a, b) = (call.constant(0)?, call.constant(1)?);
    let Some(dims) = broadcast(&a.dims, &b.dims) else {
        bail!(Shape, "constants of shapes {:?} and {:?} do not broadcast", a.dims, b.dims)
    };
    im.spend(dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).unwrap_or(usize::MAX))?;
    let pairs = spread(&a.dims, &dims).zip(spread(&b.dims, &dims));
    let op = call.op();
    let data = match (&a.data, &b.data) {
        (Data::Floats(_), _) if op == "Mod" => {
            bail!(UnsupportedOperator, "a remainder of floating-point numbers")
        }
        (Data::Floats(Array::F32(a)), Data::Floats(Array::F32(b))) => {
            let float = |x: f32, y: f32| match op {
                "Add" => x + y,
                "Sub" => x - y,
                "Mul" => x * y,
                _ => x / y,
            };
            Data::Floats(Array::f32(pairs.map(|(i, j)| float(a[i], b[j])).collect()))
        }
        (Data::Floats(Array::F64(a)), Data::Floats(Array::F64(b))) => {
            let float = |x: f64, y: f64| match op {
                "Add" => x + y,
                "Sub" => x - y,
                "Mul" => x * y,
                _ => x / y,
            };
            Data::Floats(Array::f64(pairs.map(|(i, j)| float(a[i], b[j])).collect()))
        }
        (Data::Ints(a), Data::Ints(b)) => {
            Data::Ints(pairs.map(|(i, j)| integer(op, a[i], b[j])).collect::<Result<_>>()?)
        }
        _ => bail!(Malformed, "the operands are of different types"),
    };
    Ok(Tensor { dims, data })
}

/// Integer arithmetic; the batch size may only be added to 0 and multiplied or divided by 1.
fn integer(op: &str, a: Option<i64>, b: Option<i64>) -> Result<Option<i64>> {
    let result = match (op, a, b) {
        ("Add", None, Some(0)) | ("Add", Some(0), None) | ("Sub", None, Some(0)) => return Ok(None),
        ("Mul", None, Some(1)) | ("Mul", Some(1), None) | ("Div", None, Some(1)) => return Ok(None),
        (_, None, _) | (_, _, None) => bail!(UnsupportedOperator, "arithmetic with the batch size"),
        ("Add", Some(a), Some(b)) => a.checked_add(b),
        ("Sub", Some(a), Some(b)) => a.checked_sub(b),
        ("Mul", Some(a), Some(b)) => a.checked_mul(b),
        ("Mod", Some(a), Some(b)) if b > 0 => a.checked_rem_euclid(b),
        ("Mod", ..) => None,
        (_, Some(a), Some(b)) => a.checked_div(b),
    };
    match result {
        Some(v) => Ok(Some(v)),
        None => bail!(Malformed, "{op} of the integers {a:?} and {b:?} overflows or divides by zero"),
    }
}

fn unary(call: &Call) -> Result<Tensor> {
    let t = call.constant(0)?;
    let data = match (&t.data, call.op()) {
        (Data::Floats(Array::F32(v)), "Neg") => Data::Floats(Array::f32(v.iter().map(|v| -v).collect())),
        (Data::Floats(Array::F64(v)), "Neg") => Data::Floats(Array::f64(v.iter().map(|v| -v).collect())),
        (Data::Floats(Array::F32(v)), _) => Data::Floats(Array::f32(v.iter().map(|v| v.sqrt()).collect())),
        (Data::Floats(Array::F64(v)), _) => Data::Floats(Array::f64(v.iter().map(|v| v.sqrt()).collect())),
        (Data::Ints(_), "Neg") => {
            Data::Ints(t.integers()?.into_iter().map(|v| Some(v.wrapping_neg())).collect())
        }
        _ => bail!(Dtype, "a root of integers"),
    };
    Ok(Tensor { dims: t.dims.clone(), data })
}
