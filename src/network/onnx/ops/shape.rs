//! Operators that only look at values another way, and those that put values together.

use std::rc::Rc;

use crate::error::{Result, bail};
use crate::network::onnx::call::{Call, Computed, Value, axis_of};
use crate::network::onnx::import::Importer;
use crate::network::onnx::messages::dtype;
use crate::network::onnx::tensor::{Data, Tensor};

/// The same elements in another per-sample shape.
fn view(x: &Computed, shape: Vec<usize>) -> Result<Value> {
    if shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)) != Some(x.len()) {
        bail!(Shape, "a sample of shape {:?} does not fit the shape {shape:?}", x.shape)
    }
    Ok(x.then(x.id, shape))
}

/// The input.
pub(super) fn identity(call: &Call) -> Result<Value> {
    Ok(call.input(0)?.clone())
}

/// The input: nothing is dropped in evaluation mode.
pub(super) fn dropout(call: &Call) -> Result<Value> {
    if call.optional_constant(2)?.map(Tensor::integers).transpose()?.is_some_and(|t| t != [0]) {
        bail!(UnsupportedOperator, "the node is in training mode; export the model in evaluation mode")
    }
    identity(call)
}

/// The input, as long as the new type holds every number of the old one.
pub(super) fn cast(call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let to = call.int("to", 0)? as i32;
    match (x.dtype, to) {
        (_, dtype::DOUBLE) | (dtype::FLOAT16 | dtype::BFLOAT16, dtype::FLOAT) => {}
        (from, to) if from == to => {}
        (from, to) => bail!(
            UnsupportedOperator,
            "a cast from {} to {} rounds, which is not piecewise linear",
            dtype::name(from),
            dtype::name(to)
        ),
    }
    Ok(Value::Computed(Computed { dtype: to, ..x.clone() }))
}

/// The shape of the input, with the batch size as an unknown.
pub(super) fn shape(call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let all: Vec<_> = [None].into_iter().chain(x.shape.iter().map(|&d| Some(d as i64))).collect();
    let rank = all.len() as i64;
    let clamp = |i: i64| (if i < 0 { i.saturating_add(rank) } else { i }).clamp(0, rank) as usize;
    let (start, end) = (clamp(call.int("start", 0)?), clamp(call.int("end", rank)?));
    Ok(Value::Constant(Rc::new(Tensor::ints(all.get(start..end).unwrap_or_default().to_vec()))))
}

/// All axes from `axis` on as one.
pub(super) fn flatten(call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let axis = x.axis(call.int("axis", 1)?)?;
    if x.shape[..axis].iter().product::<usize>() != 1 {
        bail!(UnsupportedOperator, "axes before axis {} would be joined with the batch", axis + 1)
    }
    view(x, vec![x.len()])
}

/// Another shape; 0 copies a size, -1 stands for what is left.
pub(super) fn reshape(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let target = match call.ints("shape")? {
        Some(shape) => shape.iter().map(|&d| Some(d)).collect(),
        None => match &call.constant(1)?.data {
            Data::Ints(v) => v.clone(),
            Data::Floats(_) => bail!(Dtype, "the shape has floating-point numbers; expected integers"),
        },
    };
    let copies = !call.flag("allowzero", false)?;
    let Some((&batch, rest)) = target.split_first() else {
        bail!(UnsupportedOperator, "the new shape is empty; expected the batch axis first")
    };
    let size = |(i, d): (usize, &Option<i64>)| match *d {
        Some(0) if copies => x.shape.get(i).map(|&d| Some(d)),
        Some(-1) => Some(None),
        Some(d) => usize::try_from(d).ok().filter(|&d| d > 0).map(Some),
        None => None,
    };
    let shown =
        || target.iter().map(|d| d.map_or("batch".into(), |d| d.to_string())).collect::<Vec<_>>().join(", ");
    let Some(rest) = rest.iter().enumerate().map(size).collect::<Option<Vec<_>>>() else {
        bail!(UnsupportedOperator, "the new shape is ({}); expected the batch first, then sizes", shown())
    };
    let known = rest.iter().flatten().try_fold(1usize, |n, &d| n.checked_mul(d)).unwrap_or(0);
    let free = rest.iter().filter(|d| d.is_none()).count();
    let keeps_batch = match batch {
        None => true,
        Some(0) => copies,
        Some(-1) => free == 0 && known == x.len(),
        // A size in the place of a dynamic batch is the batch size of the trace; all such sizes must agree.
        Some(n) => n > 0 && *im.batch.get_or_insert(n) == n,
    };
    if !keeps_batch || free > 1 || (free == 1 && (known == 0 || x.len() % known != 0)) {
        bail!(
            UnsupportedOperator,
            "the new shape is ({}) for samples of shape {:?}; expected the batch first",
            shown(),
            x.shape
        )
    }
    view(x, rest.into_iter().map(|d| d.unwrap_or_else(|| x.len() / known)).collect())
}

/// Without the given axes of size 1.
pub(super) fn squeeze(call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let Some(axes) = call.axes(1)? else {
        bail!(UnsupportedOperator, "no axes are given, so that the batch axis might go; name the axes")
    };
    let axes = axes.into_iter().map(|a| x.axis(a)).collect::<Result<Vec<_>>>()?;
    let kept = x.shape.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, &d)| d);
    view(x, kept.collect())
}

/// With new axes of size 1.
pub(super) fn unsqueeze(call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let axes = call.axes(1)?.unwrap_or_default();
    let rank = x.shape.len() + axes.len();
    let axes = axes.into_iter().map(|a| axis_of(a, rank)).collect::<Result<Vec<_>>>()?;
    let mut old = x.shape.iter().copied();
    view(x, (0..rank).map(|i| if axes.contains(&i) { 1 } else { old.next().unwrap_or(1) }).collect())
}

/// Another order of the axes, if that leaves the elements where they are.
pub(super) fn transpose(call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let rank = x.shape.len() as i64 + 1;
    let order = call.ints("perm")?.map_or_else(|| (0..rank).rev().collect(), <[i64]>::to_vec);
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.iter().copied().ne(0..rank) {
        bail!(Malformed, "perm is {order:?}; expected a permutation of 0 to {}", rank - 1)
    }
    let shape: Vec<_> = order.iter().skip(1).map(|&a| (a > 0).then(|| x.shape[a as usize - 1])).collect();
    let moved: Vec<_> = order.iter().filter(|&&a| a == 0 || x.shape[a as usize - 1] > 1).collect();
    match shape.into_iter().collect::<Option<Vec<_>>>() {
        Some(shape) if moved.is_sorted() => view(x, shape),
        _ => bail!(UnsupportedOperator, "perm {order:?} moves elements of samples of shape {:?}", x.shape),
    }
}

/// Values one behind the other along an axis.
pub(super) fn concat(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let axis = x.axis(call.int("axis", 1)?)?;
    let inputs = (0..call.inputs.len()).map(|i| im.shaped(call.computed(i)?)).collect::<Result<Vec<_>>>()?;
    let id = im.builder.concat(&inputs, axis)?;
    let shape = im.builder.shape(id)?.to_vec();
    Ok(x.then(id, shape))
}
