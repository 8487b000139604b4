//! Convolutions: tiles of the image as matrix columns, then a matrix product; direct loops for thin groups.

use ndarray::linalg::general_mat_mul;
use ndarray::s;

use super::dense::{matrix, matrix_mut};
use crate::network::real::Real;
use crate::network::window::Window;

/// Elements of a tile of columns: half a megabyte of doubles, about what stays in the second-level cache.
const TILE: usize = 1 << 16;
/// Narrowest tile: the product packs the weights once per tile, which this many columns pay for.
const NARROWEST: usize = 64;
/// Groups of up to so many output channels (depthwise convolutions) are computed directly.
const THIN: usize = 2;

/// A convolution of one sample, (C, H, W) to (O, Y, X).
pub(crate) struct Conv<'a, T> {
    /// (O, C / groups, kh, kw), row-major.
    pub weight: &'a [T],
    /// (O).
    pub bias: Option<&'a [T]>,
    pub window: &'a Window,
    pub groups: usize,
    pub input: [usize; 3],
    pub output: [usize; 3],
}

impl<T: Real> Conv<'_, T> {
    /// Rows of the matrix of columns: terms of one output element.
    fn depth(&self) -> usize {
        self.input[0] / self.groups * self.window.kernel[0] * self.window.kernel[1]
    }

    fn plane(&self) -> usize {
        self.output[1] * self.output[2]
    }

    fn tile(&self) -> usize {
        (TILE / self.depth()).max(NARROWEST).min(self.plane())
    }

    fn thin(&self) -> bool {
        self.output[0] / self.groups <= THIN
    }

    /// Whether the image itself is the matrix of columns.
    fn is_pointwise(&self) -> bool {
        *self.window == Window::new([1, 1])
    }

    /// Elements of scratch memory that [`Conv::run`] needs.
    pub fn scratch(&self) -> usize {
        if self.thin() || self.is_pointwise() { 0 } else { self.depth() * self.tile() }
    }

    /// Convolves one sample.
    pub fn run(&self, x: &[T], y: &mut [T], scratch: &mut [T]) {
        let plane = self.plane();
        match self.bias {
            Some(bias) => y.chunks_exact_mut(plane).zip(bias).for_each(|(y, &b)| y.fill(b)),
            None => y.fill(T::zero()),
        }
        let (x_group, w_group) = (x.len() / self.groups, self.weight.len() / self.groups);
        let groups = x.chunks_exact(x_group).zip(self.weight.chunks_exact(w_group));
        for ((x, weight), y) in groups.zip(y.chunks_exact_mut(plane * (self.output[0] / self.groups))) {
            if self.thin() { self.direct(weight, x, y) } else { self.multiply(weight, x, y, scratch) }
        }
    }

    /// Adds the products of one group tap by tap, along the rows of the image.
    fn direct(&self, weight: &[T], x: &[T], y: &mut [T]) {
        let (size, stride) = (self.input[1] * self.input[2], self.window.stride[1]);
        let taps = self.window.kernel[0] * self.window.kernel[1];
        for (weight, y) in weight.chunks_exact(self.depth()).zip(y.chunks_exact_mut(self.plane())) {
            for (weight, x) in weight.chunks_exact(taps).zip(x.chunks_exact(size)) {
                let (image, out) = ([self.input[1], self.input[2]], [self.output[1], self.output[2]]);
                self.window.runs(image, out, |tap, to, from| {
                    let w = weight[tap];
                    if stride == 1 {
                        y[to.clone()].iter_mut().zip(&x[from..]).for_each(|(y, &x)| *y += w * x);
                    } else {
                        let x = x[from..].iter().step_by(stride);
                        y[to].iter_mut().zip(x).for_each(|(y, &x)| *y += w * x);
                    }
                });
            }
        }
    }

    /// Adds the matrix product of one group, tile by tile.
    fn multiply(&self, weight: &[T], x: &[T], y: &mut [T], scratch: &mut [T]) {
        let (depth, plane, tile) = (self.depth(), self.plane(), self.tile());
        let weight = matrix(weight, weight.len() / depth, depth);
        let mut y = matrix_mut(y, weight.nrows(), plane);
        if self.is_pointwise() {
            return general_mat_mul(T::one(), &weight, &matrix(x, depth, plane), T::one(), &mut y);
        }
        for first in (0..plane).step_by(tile) {
            let width = tile.min(plane - first);
            let columns = &mut scratch[..depth * width];
            self.columns(x, first, width, columns);
            let mut y = y.slice_mut(s![.., first..first + width]);
            general_mat_mul(T::one(), &weight, &matrix(columns, depth, width), T::one(), &mut y);
        }
    }

    /// Fills (depth, width) `columns`: what each tap reads at outputs `first..first + width` of the plane.
    fn columns(&self, x: &[T], first: usize, width: usize, columns: &mut [T]) {
        let [_, h, w] = self.input;
        let [_, out_h, out_w] = self.output;
        let [kh, kw] = self.window.kernel;
        let stride = self.window.stride[1];
        for (row, to) in columns.chunks_exact_mut(width).enumerate() {
            let (channel, ki, kj) = (row / (kh * kw), row / kw % kh, row % kw);
            let image = &x[channel * h * w..][..h * w];
            let rows = self.window.inside(0, h, out_h, ki);
            let cols = self.window.inside(1, w, out_w, kj);
            let mut done = 0;
            while done < width {
                let (y, from) = ((first + done) / out_w, (first + done) % out_w);
                let to = &mut to[done..][..(out_w - from).min(width - done)];
                done += to.len();
                let real = cols.start.max(from)..cols.end.min(from + to.len());
                if !rows.contains(&y) || real.is_empty() {
                    to.fill(T::zero());
                    continue;
                }
                let r = y * self.window.stride[0] + ki * self.window.dilation[0] - self.window.padding[0];
                let c = real.start * stride + kj * self.window.dilation[1] - self.window.padding[1];
                let source = &image[r * w + c..];
                to[..real.start - from].fill(T::zero());
                to[real.end - from..].fill(T::zero());
                let to = &mut to[real.start - from..real.end - from];
                if stride == 1 {
                    to.copy_from_slice(&source[..to.len()]);
                } else {
                    to.iter_mut().zip(source.iter().step_by(stride)).for_each(|(to, &x)| *to = x);
                }
            }
        }
    }
}
