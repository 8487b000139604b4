//! Convolutions: tiles of the image as matrix columns, then a matrix product; direct loops for thin groups.

use std::ops::Range;

use ndarray::s;

use super::dense::{matrix, matrix_mut};
use crate::linalg::gemm::gemm;
use crate::network::real::Real;
use crate::network::window::Window;
use crate::simd::Isa;

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
    pub isa: Isa,
}

impl<'a, T: Real> Conv<'a, T> {
    /// The convolution of a node that maps `input` to `output`.
    pub fn of(
        input: &[usize],
        output: &[usize],
        weight: &'a [T],
        bias: Option<&'a [T]>,
        window: &'a Window,
        groups: usize,
        isa: Isa,
    ) -> Self {
        let image = |shape: &[usize]| [shape[0], shape[1], shape[2]];
        Conv { weight, bias, window, groups, input: image(input), output: image(output), isa }
    }

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
        let (x_group, w_group, y_group) = self.group_sizes();
        let groups = x.chunks_exact(x_group).zip(self.weight.chunks_exact(w_group));
        for ((x, weight), y) in groups.zip(y.chunks_exact_mut(y_group)) {
            if self.thin() { self.direct(weight, x, y) } else { self.multiply(weight, x, y, scratch) }
        }
    }

    /// Adds the gradient of the input of one sample to `x`, given the gradient `g` of its output.
    pub fn pull_back(&self, g: &[T], x: &mut [T], scratch: &mut [T]) {
        let (x_group, w_group, y_group) = self.group_sizes();
        let groups = x.chunks_exact_mut(x_group).zip(self.weight.chunks_exact(w_group));
        for ((x, weight), g) in groups.zip(g.chunks_exact(y_group)) {
            if self.thin() {
                self.each_tap(|o, tap, c, out, from| {
                    let w = weight[o * self.depth() + tap];
                    let x = x[c + from..].iter_mut().step_by(self.window.stride[1]);
                    x.zip(&g[o * self.plane()..][out]).for_each(|(x, &g)| *x += w * g);
                });
            } else {
                self.multiply_back(weight, g, x, scratch);
            }
        }
    }

    /// Adds the gradient of the weights for one sample to `weight`, given its input `x` and the gradient `g` of its output.
    pub fn weight_gradient(&self, x: &[T], g: &[T], weight: &mut [T], scratch: &mut [T]) {
        let (x_group, w_group, y_group) = self.group_sizes();
        let groups = x.chunks_exact(x_group).zip(weight.chunks_exact_mut(w_group));
        for ((x, weight), g) in groups.zip(g.chunks_exact(y_group)) {
            if self.thin() {
                self.each_tap(|o, tap, c, out, from| {
                    let x = x[c + from..].iter().step_by(self.window.stride[1]);
                    let products = x.zip(&g[o * self.plane()..][out]).map(|(&x, &g)| x * g);
                    weight[o * self.depth() + tap] += products.fold(T::zero(), |sum, v| sum + v);
                });
            } else {
                self.multiply_weight(x, g, weight, scratch);
            }
        }
    }

    /// Elements of one group of the input, the weights and the output.
    fn group_sizes(&self) -> (usize, usize, usize) {
        let y = self.plane() * (self.output[0] / self.groups);
        (self.input.iter().product::<usize>() / self.groups, self.depth() * (self.output[0] / self.groups), y)
    }

    /// Adds the products of one group tap by tap, along the rows of the image.
    fn direct(&self, weight: &[T], x: &[T], y: &mut [T]) {
        let stride = self.window.stride[1];
        self.each_tap(|o, tap, c, out, from| {
            let (w, y) = (weight[o * self.depth() + tap], &mut y[o * self.plane()..][out]);
            if stride == 1 {
                y.iter_mut().zip(&x[c + from..]).for_each(|(y, &x)| *y += w * x);
            } else {
                y.iter_mut().zip(x[c + from..].iter().step_by(stride)).for_each(|(y, &x)| *y += w * x);
            }
        });
    }

    /// Calls `f(output channel, row of the matrix of columns, start of the input channel, outputs, source)` for every tap
    /// of one group and every row of outputs, as in [`Window::runs`].
    fn each_tap(&self, mut f: impl FnMut(usize, usize, usize, Range<usize>, usize)) {
        let taps = self.window.kernel[0] * self.window.kernel[1];
        let (image, out) = ([self.input[1], self.input[2]], [self.output[1], self.output[2]]);
        for o in 0..self.output[0] / self.groups {
            for channel in 0..self.input[0] / self.groups {
                let start = channel * image[0] * image[1];
                self.window.runs(image, out, |tap, to, from| f(o, channel * taps + tap, start, to, from));
            }
        }
    }

    /// Adds the matrix product of one group, tile by tile.
    fn multiply(&self, weight: &[T], x: &[T], y: &mut [T], scratch: &mut [T]) {
        let (depth, plane) = (self.depth(), self.plane());
        let weight = matrix(weight, weight.len() / depth, depth);
        let mut y = matrix_mut(y, weight.nrows(), plane);
        if self.is_pointwise() {
            return gemm(self.isa, weight, matrix(x, depth, plane), true, y);
        }
        for range in self.tiles() {
            let columns = &mut scratch[..depth * range.len()];
            self.columns(x, range.start, range.len(), columns);
            let y = y.slice_mut(s![.., range.clone()]);
            gemm(self.isa, weight, matrix(columns, depth, range.len()), true, y);
        }
    }

    /// As `multiply`, from the gradient of the output to that of the input.
    fn multiply_back(&self, weight: &[T], g: &[T], x: &mut [T], scratch: &mut [T]) {
        let (depth, plane) = (self.depth(), self.plane());
        let weight = matrix(weight, weight.len() / depth, depth);
        let g = matrix(g, weight.nrows(), plane);
        if self.is_pointwise() {
            return gemm(self.isa, weight.reversed_axes(), g, true, matrix_mut(x, depth, plane));
        }
        for range in self.tiles() {
            let columns = &mut scratch[..depth * range.len()];
            let g = g.slice(s![.., range.clone()]);
            gemm(self.isa, weight.reversed_axes(), g, false, matrix_mut(columns, depth, range.len()));
            self.scatter(x, range.start, range.len(), columns);
        }
    }

    /// As `multiply`, from the input and the gradient of the output to the gradient of the weights.
    fn multiply_weight(&self, x: &[T], g: &[T], weight: &mut [T], scratch: &mut [T]) {
        let (depth, plane) = (self.depth(), self.plane());
        let mut weight = matrix_mut(weight, weight.len() / depth, depth);
        let g = matrix(g, weight.nrows(), plane);
        if self.is_pointwise() {
            return gemm(self.isa, g, matrix(x, depth, plane).reversed_axes(), true, weight);
        }
        for range in self.tiles() {
            let columns = &mut scratch[..depth * range.len()];
            self.columns(x, range.start, range.len(), columns);
            let columns = matrix(columns, depth, range.len()).reversed_axes();
            gemm(self.isa, g.slice(s![.., range]), columns, true, weight.view_mut());
        }
    }

    /// The tiles of the output plane.
    fn tiles(&self) -> impl Iterator<Item = Range<usize>> {
        let (plane, tile) = (self.plane(), self.tile());
        (0..plane).step_by(tile).map(move |first| first..plane.min(first + tile))
    }

    /// Fills (depth, width) `columns`: what each tap reads at outputs `first..first + width` of the plane.
    fn columns(&self, x: &[T], first: usize, width: usize, columns: &mut [T]) {
        let stride = self.window.stride[1];
        for (row, to) in columns.chunks_exact_mut(width).enumerate() {
            if self.window.padding != [0; 4] {
                to.fill(T::zero());
            }
            self.stretches(row, first, width, |part, source| {
                let (to, x) = (&mut to[part], &x[source..]);
                if stride == 1 {
                    to.copy_from_slice(&x[..to.len()]);
                } else {
                    to.iter_mut().zip(x.iter().step_by(stride)).for_each(|(to, &x)| *to = x);
                }
            });
        }
    }

    /// Adds (depth, width) `columns` to what each tap reads: the transpose of [`Conv::columns`].
    fn scatter(&self, x: &mut [T], first: usize, width: usize, columns: &[T]) {
        let stride = self.window.stride[1];
        for (row, from) in columns.chunks_exact(width).enumerate() {
            self.stretches(row, first, width, |part, source| {
                let x = &mut x[source..];
                if stride == 1 {
                    x.iter_mut().zip(&from[part]).for_each(|(x, &v)| *x += v);
                } else {
                    x.iter_mut().step_by(stride).zip(&from[part]).for_each(|(x, &v)| *x += v);
                }
            });
        }
    }

    /// Calls `f(part, source)` for the parts of outputs `first..first + width` of the plane where row `row` of the matrix
    /// of columns reads the image: element `part.start + k` reads element `source + k * stride[1]` of the group.
    fn stretches(&self, row: usize, first: usize, width: usize, mut f: impl FnMut(Range<usize>, usize)) {
        let [_, h, w] = self.input;
        let [_, out_h, out_w] = self.output;
        let [kh, kw] = self.window.kernel;
        let (channel, ki, kj) = (row / (kh * kw), row / kw % kh, row % kw);
        let rows = self.window.inside(0, h, out_h, ki);
        let cols = self.window.inside(1, w, out_w, kj);
        let mut done = 0;
        while done < width {
            let (y, from) = ((first + done) / out_w, (first + done) % out_w);
            let len = (out_w - from).min(width - done);
            let real = cols.start.max(from)..cols.end.min(from + len);
            if rows.contains(&y) && !real.is_empty() {
                let r = y * self.window.stride[0] + ki * self.window.dilation[0] - self.window.padding[0];
                let c = real.start * self.window.stride[1] + kj * self.window.dilation[1]
                    - self.window.padding[1];
                let part = done + real.start - from..done + real.end - from;
                f(part, (channel * h + r) * w + c);
            }
            done += len;
        }
    }
}
