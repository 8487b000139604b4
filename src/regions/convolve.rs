//! Convolutions of functionals, coefficient by coefficient, as of images; never a dense matrix.

use crate::network::{Conv, Network, NodeId, Op, Window};
use crate::simd::Isa;

/// A convolution, prepared.
pub(crate) struct Kernel {
    /// (O, C / groups, kh, kw), row-major.
    weight: Vec<f64>,
    bias: Option<Vec<f64>>,
    window: Window,
    groups: usize,
    input: [usize; 3],
    output: [usize; 3],
}

impl Kernel {
    /// The convolution of a node, if it is one.
    pub(crate) fn new(net: &Network, id: NodeId) -> Option<Kernel> {
        let node = &net.nodes()[id];
        let Op::Conv2d { weight, bias, window, groups } = &node.op else { return None };
        let image = |shape: &[usize]| [shape[0], shape[1], shape[2]];
        Some(Kernel {
            weight: weight.to_f64(),
            bias: bias.as_ref().map(|b| b.to_f64()),
            window: *window,
            groups: *groups,
            input: image(&net.nodes()[node.inputs[0]].shape),
            output: image(&node.shape),
        })
    }

    /// Convolves a block of functionals of `coords` numbers, with `from` and `to` elements a row. The bias belongs to the
    /// constants.
    pub(crate) fn run(
        &self,
        coords: usize,
        (x, from): (&[f64], usize),
        (out, to): (&mut [f64], usize),
        scratch: &mut Vec<f64>,
    ) {
        let [input, output] = [self.input, self.output].map(|s| s.iter().product::<usize>());
        for c in 0..coords {
            let conv = Conv {
                weight: &self.weight,
                bias: self.bias.as_deref().filter(|_| c + 1 == coords),
                window: &self.window,
                groups: self.groups,
                input: self.input,
                output: self.output,
                isa: Isa::detect(),
            };
            scratch.resize(conv.scratch(), 0.0);
            conv.run(&x[c * from..][..input], &mut out[c * to..][..output], scratch);
        }
    }

    /// Adds what element `j` of the image contributes when it has the three numbers `f`, to three rows of `to` elements.
    pub(crate) fn scatter(&self, j: usize, f: [f64; 3], out: &mut [f64], to: usize) {
        let [channels, h, w] = self.input;
        let [out_channels, out_h, out_w] = self.output;
        let (channel, y, x) = (j / (h * w), j / w % h, j % w);
        let (depth, width) = (channels / self.groups, out_channels / self.groups);
        let (group, local) = (channel / depth, channel % depth);
        let [kh, kw] = self.window.kernel;
        let (row, rest) = out.split_at_mut(to);
        let (second, third) = rest.split_at_mut(to);
        for ki in 0..kh {
            let Some(oy) = self.reader(0, y, ki, out_h) else { continue };
            for kj in 0..kw {
                let Some(ox) = self.reader(1, x, kj, out_w) else { continue };
                for o in group * width..(group + 1) * width {
                    let weight = self.weight[((o * depth + local) * kh + ki) * kw + kj];
                    let at = (o * out_h + oy) * out_w + ox;
                    row[at] += weight * f[0];
                    second[at] += weight * f[1];
                    third[at] += weight * f[2];
                }
            }
        }
    }

    /// Position along `axis` at which tap `k` of the window reads the image at `at`.
    fn reader(&self, axis: usize, at: usize, k: usize, positions: usize) -> Option<usize> {
        let (stride, dilation) = (self.window.stride[axis], self.window.dilation[axis]);
        let start = (at + self.window.padding[axis]).checked_sub(k * dilation)?;
        (start.is_multiple_of(stride) && start / stride < positions).then(|| start / stride)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Array, Builder};
    use proptest::prelude::*;

    proptest! {
        /// Scattering an image element by element is convolving it.
        #[test]
        fn scatter_is_convolution(
            (h, w) in (3usize..7, 3usize..7), k in 1usize..4, stride in 1usize..3, pad in 0usize..2,
            dilation in 1usize..3, groups in 1usize..3, seed in any::<u32>(),
        ) {
            let number = |i: usize| f64::from((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed) % 17) - 8.0;
            let (channels, out) = (2 * groups, 3 * groups);
            let mut b = Builder::new(&[channels, h, w]).unwrap();
            let shape = [out, 2, k, k];
            let weight = Array::f64((0..shape.iter().product()).map(number).collect());
            let window = Window { stride: [stride; 2], padding: [pad; 4], dilation: [dilation, 1], ..Window::new([k, k]) };
            let Ok(node) = b.conv2d(0, weight, shape, None, window, groups) else { return Ok(()) };
            let net = b.finish(node).unwrap();
            let kernel = Kernel::new(&net, node).unwrap();
            let (n, m) = (channels * h * w, net.output_len());
            let x: Vec<f64> = (0..3 * n).map(|i| number(i + 7)).collect();
            let mut whole = vec![0.0; 3 * m];
            kernel.run(3, (&x, n), (&mut whole, m), &mut Vec::new());
            let mut sum = vec![0.0; 3 * m];
            for j in 0..n {
                kernel.scatter(j, [x[j], x[n + j], x[2 * n + j]], &mut sum, m);
            }
            // Small integers: no rounding.
            prop_assert_eq!(whole, sum);
        }
    }
}
