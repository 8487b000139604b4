//! Pooling of one sample, channel by channel, tap by tap along the rows.

use crate::network::real::Real;
use crate::network::row::avg_weight;
use crate::network::window::Window;

/// Shapes of a pooling layer: (C, H, W) to (C, Y, X).
pub(in crate::network) struct Pool<'a> {
    pub window: &'a Window,
    pub input: [usize; 3],
    pub output: [usize; 3],
}

impl<'a> Pool<'a> {
    /// The pooling layer that maps `input` to `output`.
    pub fn of(input: &[usize], output: &[usize], window: &'a Window) -> Self {
        let image = |shape: &[usize]| [shape[0], shape[1], shape[2]];
        Pool { window, input: image(input), output: image(output) }
    }

    fn image(&self) -> [usize; 2] {
        [self.input[1], self.input[2]]
    }

    fn out(&self) -> [usize; 2] {
        [self.output[1], self.output[2]]
    }

    /// Combines each output element, which starts as `start`, with what its taps read.
    fn fold<T: Real>(&self, x: &[T], y: &mut [T], start: T, combine: impl Fn(T, T) -> T + Copy) {
        let ([h, w], [out_h, out_w], stride) = (self.image(), self.out(), self.window.stride[1]);
        y.fill(start);
        for (x, y) in x.chunks_exact(h * w).zip(y.chunks_exact_mut(out_h * out_w)) {
            self.window.runs(self.image(), self.out(), |_, to, from| {
                if stride == 1 {
                    y[to].iter_mut().zip(&x[from..]).for_each(|(y, &x)| *y = combine(*y, x));
                } else {
                    let x = x[from..].iter().step_by(stride);
                    y[to].iter_mut().zip(x).for_each(|(y, &x)| *y = combine(*y, x));
                }
            });
        }
    }

    /// Maximum over each window, and the floor.
    pub fn max<T: Real>(&self, floor: Option<T>, x: &[T], y: &mut [T]) {
        self.fold(x, y, floor.unwrap_or(T::NEG_INFINITY), |a, b| if b > a { b } else { a });
    }

    /// Weight of each element of the mean at each position of the output plane.
    pub fn weights<T: Real>(&self, count_padding: bool) -> Vec<T> {
        let ([h, w], [out_h, out_w]) = (self.image(), self.out());
        let at = |p: usize| avg_weight(self.window, (h, w), (p / out_w, p % out_w), count_padding);
        (0..out_h * out_w).map(|p| T::of(at(p))).collect()
    }

    /// Sum over each window times the weight of its position.
    pub fn mean<T: Real>(&self, weights: &[T], x: &[T], y: &mut [T]) {
        self.fold(x, y, T::zero(), |a, b| a + b);
        for y in y.chunks_exact_mut(weights.len()) {
            y.iter_mut().zip(weights).for_each(|(y, &w)| *y = *y * w);
        }
    }

    /// Adds the gradient `g` of the mean of one channel to that of its input; `g` is scaled on the way.
    pub fn pull_back_mean<T: Real>(&self, weights: &[T], g: &mut [T], x: &mut [T]) {
        g.iter_mut().zip(weights).for_each(|(g, &w)| *g = *g * w);
        self.window.runs(self.image(), self.out(), |_, to, from| {
            let x = x[from..].iter_mut().step_by(self.window.stride[1]);
            x.zip(&g[to]).for_each(|(x, &g)| *x += g);
        });
    }

    /// Adds the gradient `g` of the maximum of one channel `z` to that of its input: each element goes to the first largest
    /// of its window, or nowhere if the floor is larger.
    pub fn pull_back_max<T: Real>(&self, floor: Option<T>, z: &[T], g: &[T], x: &mut [T]) {
        let ([h, w], [_, out_w]) = (self.image(), self.out());
        for (i, &g) in g.iter().enumerate() {
            let mut best = (T::NEG_INFINITY, None);
            for (_, p) in self.window.reads((h, w), (i / out_w, i % out_w)) {
                if z[p] > best.0 {
                    best = (z[p], Some(p));
                }
            }
            match best.1 {
                Some(p) if floor.is_none_or(|floor| floor <= best.0) => x[p] += g,
                _ => {}
            }
        }
    }
}
