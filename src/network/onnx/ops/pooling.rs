//! Pools and reductions.

use super::window::{self, list};
use crate::error::{Result, bail};
use crate::network::onnx::call::{Call, Computed, Value};
use crate::network::onnx::import::Importer;
use crate::network::window::Window;

/// The window of a pool over `x`, which has `around` it already, and `x` as an image: layer, spatial axes, window.
fn pool(im: &mut Importer, call: &Call, x: &Computed, around: [usize; 4]) -> Result<(usize, usize, Window)> {
    let (axes, image) = window::image(x)?;
    let kernel = list(call, "kernel_shape", axes, 0)?;
    let size = [0, 1].map(|a| image[1 + a].saturating_add(around[a]).saturating_add(around[a + 2]));
    let mut geometry = window::window(call, &kernel, &size[2 - axes..])?;
    geometry.padding.iter_mut().zip(around).for_each(|(p, more)| *p = p.saturating_add(more));
    Ok((im.reshaped(x, &image)?, axes, geometry))
}

/// Maximum over windows.
pub(super) fn max(im: &mut Importer, call: &Call) -> Result<Value> {
    let (x, around) = match call.input(0)? {
        Value::Padded(x, around) => (x, *around),
        _ => (call.computed(0)?, [0; 4]),
    };
    let (input, axes, geometry) = pool(im, call, x, around)?;
    let id = im.builder.max_pool2d(input, geometry, call.flag("ceil_mode", false)?)?;
    window::result(im, x, id, axes)
}

/// Mean over windows.
pub(super) fn average(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let (input, axes, geometry) = pool(im, call, x, [0; 4])?;
    let (ceil, count) = (call.flag("ceil_mode", false)?, call.flag("count_include_pad", false)?);
    let id = im.builder.avg_pool2d(input, geometry, ceil, count)?;
    window::result(im, x, id, axes)
}

/// What to do with the elements of a reduced axis.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reduce {
    Max,
    Mean,
}

/// Reduction over all axes but the batch and the channels.
pub(super) fn global(im: &mut Importer, call: &Call, how: Reduce) -> Result<Value> {
    let x = call.computed(0)?;
    let rank = x.shape.len();
    if rank < 2 {
        bail!(Rank, "the input has shape {:?} per sample; expected channels and spatial axes", x.shape)
    }
    over(im, x, 1, rank, true, how)
}

/// Reduction over neighbouring axes; a mean over the last ones only.
pub(super) fn reduce(im: &mut Importer, call: &Call, how: Reduce) -> Result<Value> {
    let x = call.computed(0)?;
    let axes = match call.axes(1)? {
        Some(axes) if !axes.is_empty() => axes,
        _ if call.flag("noop_with_empty_axes", false)? => return Ok(Value::Computed(x.clone())),
        _ => bail!(UnsupportedOperator, "no axes are given, and all would include the batch"),
    };
    let mut axes = axes.into_iter().map(|a| x.axis(a)).collect::<Result<Vec<_>>>()?;
    axes.sort_unstable();
    let (first, end) = (axes[0], axes[axes.len() - 1] + 1);
    if end - first != axes.len() {
        bail!(UnsupportedOperator, "the axes are not neighbours")
    }
    over(im, x, first, end, call.flag("keepdims", true)?, how)
}

/// Reduces the axes `first..end` of the shape of a sample.
fn over(im: &mut Importer, x: &Computed, first: usize, end: usize, keep: bool, how: Reduce) -> Result<Value> {
    let product = |axes: &[usize]| axes.iter().product::<usize>();
    let (outer, group, inner) = (product(&x.shape[..first]), product(&x.shape[first..end]), &x.shape[end..]);
    let id = match how {
        Reduce::Max => {
            let groups = im.reshaped(x, &[&[outer * group], inner].concat())?;
            im.builder.maxout(groups, group)?
        }
        Reduce::Mean if product(inner) == 1 => {
            let image = im.reshaped(x, &[outer, 1, group])?;
            im.builder.global_avg_pool(image)?
        }
        Reduce::Mean => bail!(UnsupportedOperator, "a mean over axes that are not the last ones"),
    };
    let kept = if keep { vec![1; end - first] } else { vec![] };
    Ok(x.then(id, [&x.shape[..first], &kept, inner].concat()))
}
