//! Constants rearranged: gathered, sliced, joined, seen in another shape.

use crate::error::{Result, bail};
use crate::network::onnx::call::Call;
use crate::network::onnx::import::Importer;
use crate::network::onnx::tensor::{Data, Tensor, walk};

/// Position of an axis, or of an element, that may count from the end.
fn position(i: i64, n: usize, what: &str) -> Result<usize> {
    let p = if i < 0 { i.saturating_add(n as i64) } else { i };
    match usize::try_from(p) {
        Ok(p) if p < n => Ok(p),
        _ => bail!(Malformed, "{what} is {i}; expected one of {n}"),
    }
}

pub(super) fn gather(im: &mut Importer, call: &Call) -> Result<Tensor> {
    let (t, indices) = (call.constant(0)?, call.constant(1)?);
    let axis = position(call.int("axis", 0)?, t.dims.len(), "axis")?;
    let chosen = indices.integers()?.into_iter().map(|i| position(i, t.dims[axis], "an index"));
    let mut lists: Vec<Vec<usize>> = t.dims.iter().map(|&d| (0..d).collect()).collect();
    lists[axis] = chosen.collect::<Result<_>>()?;
    im.spend(lists.iter().fold(1, |n: usize, list| n.saturating_mul(list.len())))?;
    let dims = [&t.dims[..axis], &indices.dims, &t.dims[axis + 1..]].concat();
    Ok(Tensor { dims, data: t.data.pick(grid(&t.dims, &lists).into_iter()) })
}

/// The elements of a tensor of shape `dims` at the given indices along each axis, row-major.
fn grid(dims: &[usize], lists: &[Vec<usize>]) -> Vec<usize> {
    dims.iter().zip(lists).fold(vec![0], |elements, (d, list)| {
        elements.into_iter().flat_map(|e| list.iter().map(move |i| e * d + i)).collect()
    })
}

pub(super) fn slice(call: &Call) -> Result<Tensor> {
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
    Ok(Tensor { dims, data: t.data.pick(grid(&t.dims, &lists).into_iter()) })
}

pub(super) fn concat(call: &Call) -> Result<Tensor> {
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

pub(super) fn unsqueeze(call: &Call) -> Result<Tensor> {
    let (t, axes) = (call.constant(0)?, call.axes(1)?.unwrap_or_default());
    let rank = t.dims.len() + axes.len();
    let axes = axes.into_iter().map(|a| position(a, rank, "axis")).collect::<Result<Vec<_>>>()?;
    let mut old = t.dims.iter().copied();
    let dims = (0..rank).map(|i| if axes.contains(&i) { 1 } else { old.next().unwrap_or(1) }).collect();
    viewed(t, dims)
}

pub(super) fn squeeze(call: &Call) -> Result<Tensor> {
    let t = call.constant(0)?;
    let rank = t.dims.len();
    let axes = match call.axes(1)? {
        Some(axes) => axes.into_iter().map(|a| position(a, rank, "axis")).collect::<Result<Vec<_>>>()?,
        None => (0..rank).filter(|&a| t.dims[a] == 1).collect(),
    };
    viewed(t, t.dims.iter().enumerate().filter(|(i, _)| !axes.contains(i)).map(|(_, &d)| d).collect())
}

pub(super) fn reshape(call: &Call) -> Result<Tensor> {
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

pub(super) fn transpose(call: &Call) -> Result<Tensor> {
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
    Ok(Tensor { data: t.data.pick(indices), dims })
}
