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

impl Pool<'_> {
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
}
