//! Windows of convolutions and pools as attributes.

use super::writer::ints;
use crate::network::onnx::messages::Attribute;
use crate::network::window::Window;

/// Attributes of a convolution or pool; padding and dilation only where there are any.
pub(super) fn attributes(window: &Window, padding: &[usize; 4]) -> Vec<Attribute> {
    let mut all = vec![ints("kernel_shape", &window.kernel), ints("strides", &window.stride)];
    if *padding != [0; 4] {
        all.push(ints("pads", padding));
    }
    if window.dilation != [1, 1] {
        all.push(ints("dilations", &window.dilation));
    }
    all
}

/// The padding with which exactly `positions` windows fit an image of size `size`, without any rule for a last window
/// that hangs over: behind the image as much as the last window reaches beyond it.
pub(super) fn fitted(window: &Window, size: [usize; 2], positions: [usize; 2]) -> [usize; 4] {
    let [top, left, ..] = window.padding;
    let behind = |a: usize| {
        let end = (positions[a] - 1) * window.stride[a] + window.extent()[a];
        end.saturating_sub(size[a] + window.padding[a])
    };
    [top, left, behind(0), behind(1)]
}
