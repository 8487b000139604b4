//! Convolution of the coefficients of functionals, as of images; never a dense matrix.

use crate::network::{Array, Window};

/// Adds the convolution of one (C, H, W) image to `out`, row by row of each tap of the kernel.
pub(super) fn convolve(
    weight: &Array,
    window: &Window,
    groups: usize,
    shape: &[usize],
    x: &[f64],
    out_shape: &[usize],
    out: &mut [f64],
) {
    let (channels, h, w) = (shape[0] / groups, shape[1], shape[2]);
    let (oc, oh, ow) = (out_shape[0], out_shape[1], out_shape[2]);
    let [kh, kw] = window.kernel;
    let [sy, sx] = window.stride;
    let [dy, dx] = window.dilation;
    let [top, left, ..] = window.padding;
    for o in 0..oc {
        let first = o / (oc / groups) * channels;
        for c in 0..channels {
            let image = &x[(first + c) * h * w..][..h * w];
            for ki in 0..kh {
                for kj in 0..kw {
                    let weight = weight.get(((o * channels + c) * kh + ki) * kw + kj);
                    if weight == 0.0 {
                        continue;
                    }
                    let columns = window.inside(1, w, ow, kj);
                    let shift = kj * dx;
                    for y in window.inside(0, h, oh, ki) {
                        let source = &image[(y * sy + ki * dy - top) * w..][..w];
                        let target = &mut out[(o * oh + y) * ow..][columns.clone()];
                        // Empty ranges may lie outside the image.
                        let Some(first) = (columns.start * sx + shift).checked_sub(left) else { continue };
                        let source = source.iter().skip(first).step_by(sx);
                        for (t, s) in target.iter_mut().zip(source) {
                            *t += weight * s;
                        }
                    }
                }
            }
        }
    }
}
