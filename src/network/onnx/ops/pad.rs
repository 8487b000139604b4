//! Padding as a layer of its own.

use super::window;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::onnx::call::{Call, Value};
use crate::network::onnx::import::Importer;
use crate::network::window::Window;

/// Zeros around the image, by a convolution that copies each channel.
pub(super) fn pad(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let mode = call.string("mode")?.unwrap_or_default();
    if !matches!(mode.as_str(), "" | "constant") {
        bail!(UnsupportedOperator, "padding mode is '{mode}'; expected 'constant'")
    }
    let value = match call.optional_constant(2)? {
        Some(t) => t.scalar()?,
        None => f64::from(call.float("value")?.unwrap_or(0.0)),
    };
    let (pads, rank) = (window_pads(call)?, x.shape.len() + 1);
    let axes = match call.optional_constant(3)? {
        Some(axes) => axes.integers()?.into_iter().map(|a| x.axis(a)).collect::<Result<Vec<_>>>()?,
        // All axes; those of the batch are checked and dropped.
        None if pads.len() == 2 * rank && pads[0] == 0 && pads[rank] == 0 => (0..rank - 1).collect(),
        None => bail!(
            UnsupportedOperator,
            "pads are {pads:?}; expected two for each of {rank} axes, none of the batch"
        ),
    };
    let skip = pads.len() / 2 - axes.len().min(pads.len() / 2);
    let mut around = vec![[0usize; 2]; rank - 1];
    for (k, &axis) in axes.iter().enumerate() {
        let pair = [pads.get(skip + k), pads.get(pads.len() / 2 + skip + k)]
            .map(|p| p.and_then(|&p| usize::try_from(p).ok()));
        let [Some(before), Some(after)] = pair else {
            bail!(UnsupportedOperator, "pads are {pads:?}; expected numbers that are not negative")
        };
        around[axis] = [before, after];
    }
    if around.iter().flatten().all(|&p| p == 0) {
        return Ok(Value::Computed(x.clone()));
    }
    let (spatial, image) = window::image(x)?;
    if value != 0.0 || around[0] != [0, 0] {
        bail!(UnsupportedOperator, "pads are {pads:?} with {value}; expected zeros around the spatial axes")
    }
    let [rows, cols] = if spatial == 2 { [around[1], around[2]] } else { [[0, 0], around[1]] };
    let window = Window { padding: [rows[0], cols[0], rows[1], cols[1]], ..Window::new([1, 1]) };
    let (input, channels) = (im.reshaped(x, &image)?, image[0]);
    let ones = Array::F32(vec![1.0; channels]);
    let id = im.builder.conv2d(input, ones, [channels, 1, 1, 1], None, window, channels)?;
    window::result(im, x, id, spatial)
}

/// The pads of a node, from the attribute (operator set 2) or the input (11).
fn window_pads(call: &Call) -> Result<Vec<i64>> {
    match call.ints("pads")? {
        Some(pads) => Ok(pads.to_vec()),
        None => call.constant(1)?.integers(),
    }
}
