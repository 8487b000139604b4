//! Windows of convolutions and pools: attributes of one or two spatial axes as a 2-D window.

use crate::error::{Result, bail};
use crate::network::graph::NodeId;
use crate::network::onnx::call::{Call, Computed, Value};
use crate::network::onnx::import::Importer;
use crate::network::window::Window;

/// Number of spatial axes of a value, and its shape as an image: (C, H, W), or (C, 1, L) for one axis.
pub(super) fn image(x: &Computed) -> Result<(usize, [usize; 3])> {
    match x.shape[..] {
        [c, h, w] => Ok((2, [c, h, w])),
        [c, l] => Ok((1, [c, 1, l])),
        _ => bail!(
            UnsupportedOperator,
            "the input has shape {:?} per sample; expected channels and one or two spatial axes",
            x.shape
        ),
    }
}

/// The value of layer `id` behind `x`, with as many spatial axes as `x` had.
pub(super) fn result(im: &Importer, x: &Computed, id: NodeId, axes: usize) -> Result<Value> {
    let mut shape = im.builder.shape(id)?.to_vec();
    if axes == 1 {
        shape.remove(1);
    }
    Ok(x.then(id, shape))
}

/// The window of a node with this kernel over an image of this size (both per spatial axis).
pub(super) fn window(call: &Call, kernel: &[usize], size: &[usize]) -> Result<Window> {
    let n = size.len();
    if kernel.len() != n {
        bail!(Rank, "the kernel is {kernel:?}; the input has {n} spatial axes")
    }
    let (stride, dilation) = (list(call, "strides", n, 1)?, list(call, "dilations", n, 1)?);
    let padding = match call.string("auto_pad")?.as_deref().unwrap_or("NOTSET") {
        "NOTSET" | "" => list(call, "pads", 2 * n, 0)?,
        "VALID" => vec![0; 2 * n],
        mode @ ("SAME_UPPER" | "SAME_LOWER") => {
            let total: Vec<_> = (0..n).map(|a| same(size[a], kernel[a], stride[a], dilation[a])).collect();
            // What cannot be halved goes behind, or with SAME_LOWER in front.
            let front = |t: usize| if mode == "SAME_UPPER" { t / 2 } else { t.div_ceil(2) };
            total.iter().map(|&t| front(t)).chain(total.iter().map(|&t| t - front(t))).collect()
        }
        mode => bail!(Malformed, "auto_pad is '{mode}'"),
    };
    Ok(match n {
        1 => Window {
            kernel: [1, kernel[0]],
            stride: [1, stride[0]],
            padding: [0, padding[0], 0, padding[1]],
            dilation: [1, dilation[0]],
        },
        _ => Window {
            kernel: [kernel[0], kernel[1]],
            stride: [stride[0], stride[1]],
            padding: [padding[0], padding[1], padding[2], padding[3]],
            dilation: [dilation[0], dilation[1]],
        },
    })
}

/// Padding in all with which there are ceil(size / stride) windows.
fn same(size: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    let span = (size.div_ceil(stride.max(1)) - 1).saturating_mul(stride);
    let extent = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
    span.saturating_add(extent).saturating_sub(size)
}

/// A list attribute of `n` numbers that are not negative, or `n` times the default.
pub(super) fn list(call: &Call, name: &str, n: usize, default: usize) -> Result<Vec<usize>> {
    let Some(given) = call.ints(name)?.filter(|v| !v.is_empty()) else { return Ok(vec![default; n]) };
    match given.iter().map(|&v| usize::try_from(v).ok()).collect::<Option<Vec<_>>>() {
        Some(v) if v.len() == n => Ok(v),
        _ => bail!(Malformed, "{name} is {given:?}; expected {n} numbers, none negative"),
    }
}
