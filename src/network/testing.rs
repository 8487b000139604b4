//! Random networks of every kind of layer, for property tests.

use ndarray::Array2;

use super::{Array, Builder, Network, NodeId, Pwl, Window};
use crate::context::{Context, ContextOptions};

/// A context that runs the plain implementation.
pub fn reference() -> Context {
    Context::new(ContextOptions { reference: true, ..Default::default() }).unwrap()
}

/// A context with so many threads.
pub fn threads(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

/// A small generator (splitmix64) of reproducible numbers.
pub struct Rng(pub u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An integer in `low..=high`.
    pub fn int(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    /// A number in [-1, 1).
    pub fn real(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// A batch of inputs.
    pub fn batch(&mut self, rows: usize, cols: usize) -> Array2<f64> {
        Array2::from_shape_fn((rows, cols), |_| self.real())
    }

    fn array(&mut self, len: usize) -> Array {
        match self.int(0, 1) {
            0 => Array::f32((0..len).map(|_| self.real() as f32).collect()),
            _ => Array::f64((0..len).map(|_| self.real()).collect()),
        }
    }

    fn maybe(&mut self, len: usize) -> Option<Array> {
        (self.int(0, 2) > 0).then(|| self.array(len))
    }

    fn window(&mut self) -> Window {
        let mut pick = |low, high| [self.int(low, high), self.int(low, high)];
        let (kernel, stride, dilation) = (pick(1, 3), pick(1, 2), pick(1, 2));
        let (p, q) = (pick(0, 1), pick(0, 1));
        Window { kernel, stride, dilation, padding: [p[0], p[1], q[0], q[1]] }
    }

    fn curve(&mut self) -> Pwl {
        match self.int(0, 3) {
            0 => Pwl::leaky_relu(0.0).unwrap(),
            1 => Pwl::leaky_relu(self.real()).unwrap(),
            2 => Pwl::clip(-0.75, 0.5).unwrap(),
            _ => Pwl::new(vec![-0.5, 0.25, 0.5], vec![0.5, -1.0, 0.0, 2.0], 0.125).unwrap(),
        }
    }

    /// Adds a layer of any kind behind `x`; fails where the kind does not fit the shape.
    fn layer(
        &mut self,
        b: &mut Builder,
        x: NodeId,
        earlier: &[NodeId],
        kinds: usize,
    ) -> crate::Result<NodeId> {
        let shape = b.shape(x)?.to_vec();
        let (c, len) = (shape[0], shape.iter().product::<usize>());
        match self.int(0, kinds - 1) {
            0..=1 => {
                let (flat, out) = (b.flatten(x)?, self.int(1, 9));
                let (weight, bias) = (self.array(out * len), self.maybe(out));
                b.dense(flat, weight, [out, len], bias)
            }
            2..=3 => {
                let groups = [1, c, 1][self.int(0, 2)];
                let out = groups * self.int(1, 4);
                let window = self.window();
                let shape = [out, c / groups, window.kernel[0], window.kernel[1]];
                let (weight, bias) = (self.array(shape.iter().product()), self.maybe(out));
                b.conv2d(x, weight, shape, bias, window, groups)
            }
            4 => {
                let n = [1, c, len][self.int(0, 2)];
                let (scale, shift) = (self.maybe(n), self.maybe(c));
                b.scale_shift(x, scale, shift)
            }
            5..=6 => {
                let n = [1, c][self.int(0, 1)];
                let curves = (0..n).map(|_| self.curve()).collect();
                b.pointwise(x, curves)
            }
            7 => b.maxout(x, self.int(1, 3)),
            8 => b.max_pool2d(x, self.window(), self.int(0, 1) == 1),
            9 => b.avg_pool2d(x, self.window(), self.int(0, 1) == 1, self.int(0, 1) == 1),
            10 => b.reshape(x, &[-1, c as i64]),
            11 => b.global_avg_pool(x),
            12 => b.concat(&[earlier[self.int(0, earlier.len() - 1)], x, x], self.int(0, shape.len() - 1)),
            13..=14 => {
                let on = b.pointwise(x, vec![Pwl::leaky_relu(0.0).unwrap()])?;
                match self.int(0, 1) {
                    0 => b.maxout(on, self.int(1, 3)),
                    _ => b.max_pool2d(on, self.window(), self.int(0, 1) == 1),
                }
            }
            15 => b.add(&[x, earlier[self.int(0, earlier.len() - 1)]]),
            _ => b.hard_swish(x),
        }
    }

    /// A piecewise-linear network of some layers.
    pub fn network(&mut self) -> Network {
        self.some_layers(16)
    }

    /// A network of some layers, hard swishes among them.
    pub fn curved_network(&mut self) -> Network {
        self.some_layers(18)
    }

    fn some_layers(&mut self, kinds: usize) -> Network {
        let mut pick = || self.int(1, 7);
        let shape = [vec![pick()], vec![pick(), pick(), pick()]];
        let mut b = Builder::new(&shape[self.int(0, 1)]).unwrap();
        let mut made = vec![0];
        let depth = self.int(1, 9);
        for _ in 0..200 {
            if let Ok(node) = self.layer(&mut b, made[made.len() - 1], &made.clone(), kinds) {
                made.push(node);
            }
            if made.len() > depth {
                break;
            }
        }
        if made.len() == 1 {
            made.push(b.flatten(0).unwrap());
        }
        b.finish(made[made.len() - 1]).unwrap()
    }
}
