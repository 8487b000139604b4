//! Padding as a layer of its own.

use super::window;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::onnx::call::{Call, Value};
use crate::network::onnx::import::Importer;
use crate::network::onnx::tensor::Tensor;
use crate::network::window::Window;

/// Zeros around the image, by a convolution that copies each channel; or minus infinity, for the MaxPool behind.
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
    let pads = match call.ints("pads")? {
        Some(pads) => pads.to_vec(),
        None => call.constant(1)?.integers()?,
    };
    let rank = x.shape.len();
    let axes = call.optional_constant(3)?.map(Tensor::integers).transpose()?;
    let axes = axes.unwrap_or_else(|| (0..=rank as i64).collect());
    if pads.len() != 2 * axes.len() {
        bail!(Malformed, "pads are {pads:?}; expected two for each of {} axes", axes.len())
    }
    let mut around = vec![[0; 2]; rank];
    let (before, after) = pads.split_at(axes.len());
    for (&axis, pair) in axes.iter().zip(before.iter().zip(after)).filter(|(_, pair)| *pair != (&0, &0)) {
        let (Ok(before), Ok(after)) = (usize::try_from(*pair.0), usize::try_from(*pair.1)) else {
            bail!(UnsupportedOperator, "pads are {pads:?}; expected numbers that are not negative")
        };
        around[x.axis(axis)?] = [before, after];
    }
    if around.iter().flatten().all(|&p| p == 0) {
        return Ok(Value::Computed(x.clone()));
    }
    let (spatial, image) = window::image(x)?;
    let lowest = value == f64::NEG_INFINITY;
    if (value != 0.0 && !lowest) || around[0] != [0, 0] {
        bail!(
            UnsupportedOperator,
            "pads are {pads:?} with {value}; expected zeros around the spatial axes, or -inf in front of a MaxPool"
        )
    }
    let [rows, cols] = if spatial == 2 { [around[1], around[2]] } else { [[0, 0], around[1]] };
    let padding = [rows[0], cols[0], rows[1], cols[1]];
    if lowest {
        return Ok(Value::Padded(x.clone(), padding));
    }
    let window = Window { padding, ..Window::new([1, 1]) };
    let (input, channels) = (im.reshaped(x, &image)?, image[0]);
    let ones = Array::f32(vec![1.0; channels]);
    let id = im.builder.conv2d(input, ones, [channels, 1, 1, 1], None, window, channels)?;
    window::result(im, x, id, spatial)
}
