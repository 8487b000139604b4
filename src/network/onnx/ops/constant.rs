//! Nodes that read constants only: shape arithmetic and transformed weights, computed here and now.

use std::rc::Rc;

use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::onnx::call::{Call, Value};
use crate::network::onnx::import::Importer;
use crate::network::onnx::messages::dtype;
use crate::network::onnx::tensor::{Data, Tensor, broadcast, gather, spread, walk};

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
        "Gather" => gather_axis(im, call)?,
        "Slice" => slice(call)?,
        "Concat" => concat(call)?,
        "Unsqueeze" => unsqueeze(call)?,
        "Squeeze" => squeeze(call)?,
        "Reshape" => reshape(call)?,
        "Transpose" => transpose(call)?,
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
        return Ok(scalar(Data::Floats(Array::F32(vec![v]))));
    }
    if let Some(v) = call.floats("value_floats")? {
        return Ok(Tensor { dims: vec![v.len()], data: Data::Floats(Array::F32(v.to_vec())) });
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
        None => Data::Floats(Array::F32(vec![0.0; n])),
        Some(v) if v.len() == 1 => pick(&v.data, std::iter::repeat_n(0, n)),
        Some(v) => bail!(Malformed, "the value has {} elements; expected one", v.len()),
    };
    Ok(Tensor { dims: dims.iter().map(|&d| d as usize).collect(), data })
}

/// The elements at `indices`.
fn pick(data: &Data, indices: impl Iterator<Item = usize>) -> Data {
    match data {
        Data::Floats(a) => Data::Floats(gather(a, indices)),
        Data::Ints(v) => Data::Ints(indices.map(|i| v[i]).collect()),
    }
}

fn cast(t: &Tensor, to: i32) -> Result<Tensor> {
    let data = match (&t.data, to) {
        (Data::Floats(Array::F32(v)), dtype::FLOAT) => Data::Floats(Array::F32(v.clone())),
        (Data::Floats(Array::F64(v)), dtype::FLOAT) => {
            Data::Floats(Array::F32(v.iter().map(|&v| v as f32).collect()))
        }
        (Data::Floats(a), dtype::DOUBLE) => Data::Floats(Array::F64(a.to_f64())),
        (Data::Floats(a), dtype::INT64 | dtype::INT32) => {
            Data::Ints(a.to_f64().into_iter().map(|v| Some(v as i64)).collect())
        }
        (Data::Ints(v), dtype::INT64 | dtype::INT32) => Data::Ints(v.clone()),
        (Data::Ints(_), dtype::FLOAT) => {
            Data::Floats(Array::F32(t.integers()?.into_iter().map(|v| v as f32).collect()))
        }
        (Data::Ints(_), dtype::DOUBLE) => {
            Data::Floats(Array::F64(t.integers()?.into_iter().map(|v| v as f64).collect()))
        }
        _ => bail!(UnsupportedOperator, "a cast of a constant to {}", dtype::name(to)),
    };
    Ok(Tensor { dims: t.dims.clone(), data })
}

/// Position of an axis, or of an element, that may count from the end.
fn position(i: i64, n: usize, what: &str) -> Result<usize> {
    let p = if i < 0 { i.saturating_add(n as i64) } else { i };
    match usize::try_from(p) {
        Ok(p) if p < n => Ok(p),
        _ => bail!(Malformed, "{what} is {i}; expected one of {n}"),
    }
}

fn gather_axis(im: &mut Importer, call: &Call) -> Result<Tensor> {
    let (t, indices) = (call.constant(0)?, call.constant(1)?);
    let axis = position(call.int("axis", 0)?, t.dims.len(), "axis")?;
    let chosen = indices.integers()?.into_iter().map(|i| position(i, t.dims[axis], "an index"));
    let mut lists: Vec<Vec<usize>> = t.dims.iter().map(|&d| (0..d).collect()).collect();
    lists[axis] = chosen.collect::<Result<_>>()?;
    im.spend(lists.iter().fold(1, |n: usize, list| n.saturating_mul(list.len())))?;
    let dims = [&t.dims[..axis], &indices.dims, &t.dims[axis + 1..]].concat();
    Ok(Tensor { dims, data: pick(&t.data, grid(&t.dims, &lists).into_iter()) })
}

/// The elements of a tensor of shape `dims` at the given indices along each axis, row-major.
fn grid(dims: &[usize], lists: &[Vec<usize>]) -> Vec<usize> {
    dims.iter().zip(lists).fold(vec![0], |elements, (d, list)| {
        elements.into_iter().flat_map(|e| list.iter().map(move |i| e * d + i)).collect()
    })
}

fn slice(call: &Call) -> Result<Tensor> {
    let t = call.constant(0)?;
    let numbers = |name: &str, i: usize| match call.ints(name)? {
        Some(v) => Ok(Some(v.to_vec())),
        None => call.optional_constant(i)?.map(Tensor::integers).transpose(),
    };
    let (starts, ends) = (numbers("starts", 1)?.unwrap_or_default(), numbers("ends", 2)?.unwrap_or_default());
    let n = starts.len();
    let axes = numbers("axes", 3)?.unwrap_or_else(|| (0..n as i64).collect());
    let steps = numbers("steps", 4)?.unwrap_or_else(|| vec![1; n]);
    if [ends.len(), axes.len(), steps.len()] != [n; 3] || steps.iter().any(|&s| s == 0 || s == i64::MIN) {
        bail!(
            Malformed,
            "starts {starts:?}, ends {ends:?}, axes {axes:?} and steps {steps:?} do not fit together"
        )
    }
    let mut lists: Vec<Vec<usize>> = t.dims.iter().map(|&d| (0..d).collect()).collect();
    for k in 0..n {
        let axis = position(axes[k], t.dims.len(), "axis")?;
        let size = t.dims[axis] as i64;
        // Backwards the range ends before element 0, which is position -1.
        let (low, high) = if steps[k] > 0 { (0, size) } else { (-1, size - 1) };
        let clamp = |i: i64| (if i < 0 { i.saturating_add(size) } else { i }).clamp(low, high);
        let (start, end, step) = (clamp(starts[k]), clamp(ends[k]), steps[k]);
        let count = if step > 0 { end - start } else { start - end }.max(0) as u64;
        let count = count.div_ceil(step.unsigned_abs()) as i64;
        lists[axis] = (0..count).map(|i| (start + i * step) as usize).collect();
    }
    let dims = lists.iter().map(Vec::len).collect();
    Ok(Tensor { dims, data: pick(&t.data, grid(&t.dims, &lists).into_iter()) })
}

fn concat(call: &Call) -> Result<Tensor> {
    let parts = (0..call.inputs.len()).map(|i| call.constant(i)).collect::<Result<Vec<_>>>()?;
    let Some(ints) = parts.iter().map(|t| ints(t)).collect::<Option<Vec<_>>>() else {
        bail!(UnsupportedOperator, "a concatenation of constants that are not lists of integers")
    };
    Ok(Tensor::ints(ints.concat()))
}

/// The integers of a list.
fn ints(t: &Tensor) -> Option<&[Option<i64>]> {
    match &t.data {
        Data::Ints(v) if t.dims.len() == 1 => Some(v),
        _ => None,
    }
}

fn unsqueeze(call: &Call) -> Result<Tensor> {
    let (t, axes) = (call.constant(0)?, call.axes(1)?.unwrap_or_default());
    let rank = t.dims.len() + axes.len();
    let axes = axes.into_iter().map(|a| position(a, rank, "axis")).collect::<Result<Vec<_>>>()?;
    let mut old = t.dims.iter().copied();
    let dims = (0..rank).map(|i| if axes.contains(&i) { 1 } else { old.next().unwrap_or(1) }).collect();
    viewed(t, dims)
}

fn squeeze(call: &Call) -> Result<Tensor> {
    let t = call.constant(0)?;
    let rank = t.dims.len();
    let axes = match call.axes(1)? {
        Some(axes) => axes.into_iter().map(|a| position(a, rank, "axis")).collect::<Result<Vec<_>>>()?,
        None => (0..rank).filter(|&a| t.dims[a] == 1).collect(),
    };
    viewed(t, t.dims.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, &d)| d).collect())
}

fn reshape(call: &Call) -> Result<Tensor> {
    let t = call.constant(0)?;
    let target = call.constant(1)?.integers()?;
    let copied = |(i, &d): (usize, &i64)| if d == 0 { t.dims.get(i).map_or(0, |&d| d as i64) } else { d };
    let target: Vec<_> = target.iter().enumerate().map(copied).collect();
    let known =
        target.iter().filter(|&&d| d != -1).try_fold(1usize, |n, &d| n.checked_mul(usize::try_from(d).ok()?));
    let rest = known.filter(|&k| k > 0).map_or(0, |k| t.len() / k);
    viewed(t, target.iter().map(|&d| usize::try_from(d).unwrap_or(rest)).collect())
}

/// The same elements in another shape.
fn viewed(t: &Tensor, dims: Vec<usize>) -> Result<Tensor> {
    if dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) != Some(t.len()) {
        bail!(Shape, "a constant of shape {:?} does not fit the shape {dims:?}", t.dims)
    }
    Ok(Tensor { dims, data: t.data.clone() })
}

fn transpose(call: &Call) -> Result<Tensor> {
    let t = call.constant(0)?;
    let rank = t.dims.len();
    let order = match call.ints("perm")? {
        Some(perm) => perm.iter().map(|&a| position(a, rank, "perm")).collect::<Result<Vec<_>>>()?,
        None => (0..rank).rev().collect(),
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.iter().copied().ne(0..rank) {
        bail!(Malformed, "perm is {order:?}; expected a permutation of {rank} axes")
    }
    let stride = |axis: usize| t.dims[axis + 1..].iter().product();
    let dims: Vec<_> = order.iter().map(|&a| t.dims[a]).collect();
    let indices = walk(dims.clone(), order.iter().map(|&a| stride(a)).collect());
    Ok(Tensor { data: pick(&t.data, indices), dims })
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
            Data::Floats(Array::F32(pairs.map(|(i, j)| float(a[i], b[j])).collect()))
        }
        (Data::Floats(Array::F64(a)), Data::Floats(Array::F64(b))) => {
            let float = |x: f64, y: f64| match op {
                "Add" => x + y,
                "Sub" => x - y,
                "Mul" => x * y,
                _ => x / y,
            };
            Data::Floats(Array::F64(pairs.map(|(i, j)| float(a[i], b[j])).collect()))
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
        (Data::Floats(Array::F32(v)), "Neg") => Data::Floats(Array::F32(v.iter().map(|v| -v).collect())),
        (Data::Floats(Array::F64(v)), "Neg") => Data::Floats(Array::F64(v.iter().map(|v| -v).collect())),
        (Data::Floats(Array::F32(v)), _) => Data::Floats(Array::F32(v.iter().map(|v| v.sqrt()).collect())),
        (Data::Floats(Array::F64(v)), _) => Data::Floats(Array::F64(v.iter().map(|v| v.sqrt()).collect())),
        (Data::Ints(_), "Neg") => {
            Data::Ints(t.integers()?.into_iter().map(|v| Some(v.wrapping_neg())).collect())
        }
        _ => bail!(Dtype, "a root of integers"),
    };
    Ok(Tensor { dims: t.dims.clone(), data })
}
