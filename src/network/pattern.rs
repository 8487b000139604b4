//! Activation patterns.

use ndarray::{Array2, ArrayView2, Axis, s};

use super::graph::Network;
use super::run::{Mode, Runner};
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::Result;

impl Network {
    /// The activation patterns of a batch `x` of shape (B, input elements), as codes of shape (B, units) at the
    /// positions of [`Network::unit_layers`]. Computed in f64.
    ///
    /// The code of a scalar unit is the interval of its pre-activation: for ReLU 1 iff z > 0; with m knots the number
    /// of knots below z, and so for a hard swish with its knots -3 and 3. The code of a max unit is the index of its largest candidate, within the group or within the
    /// window (kernel row times kernel width plus kernel column); the lowest among equals.
    ///
    /// Conditions: SHAPE, NONFINITE, MEMORY_LIMIT, MEMORY, CANCELLED.
    pub fn pattern(&self, ctx: &Context, x: ArrayView2<f64>) -> Result<Array2<i32>> {
        self.check_input(&x)?;
        let (batch, n_units) = (x.nrows(), self.n_units());
        let runner = Runner::<f64>::new(self, ctx, batch, "pattern")?;
        let Some(last) = self.units.last().map(|layer| layer.node) else {
            return Ok(Array2::zeros((batch, 0)));
        };
        let parts: Vec<Buffer<i32>> = ctx.pool().map_chunks(batch, runner.chunk(), |range| {
            let x = x.slice(s![range.clone(), ..]);
            let x = x.as_standard_layout();
            let mut codes = runner.meter.buffer::<i32>(range.len() * n_units, "pattern")?;
            let observe = |layer: usize, z: &[f64]| {
                let layer = self.units[layer];
                let z = z.chunks_exact(z.len() / range.len());
                for (z, codes) in z.zip(codes.chunks_exact_mut(n_units)) {
                    let codes = codes[layer.first..][..layer.len].iter_mut();
                    codes.enumerate().for_each(|(i, code)| *code = self.code(layer.node, i, |j| z[j]));
                }
            };
            runner.run(Mode::Values, x.as_slice().unwrap_or_default(), last, observe, |_| Ok(()))?;
            Ok(codes)
        })?;
        let mut all = runner.result::<i32>(batch, n_units)?;
        for (part, mut codes) in parts.iter().zip(all.axis_chunks_iter_mut(Axis(0), runner.chunk())) {
            codes.iter_mut().zip(part.iter()).for_each(|(to, &code)| *to = code);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Rng, reference, threads};
    use super::super::{Array, Builder, Op, Pwl, UnitLayer, Window};
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn a_knot_belongs_to_the_interval_below_it() {
        let mut b = Builder::new(&[3]).unwrap();
        let clip = Pwl::clip(-1.0, 1.0).unwrap();
        let out = b.pointwise(0, vec![Pwl::leaky_relu(0.0).unwrap(), clip.clone(), clip]).unwrap();
        let net = b.finish(out).unwrap();
        let x = array![[0.0, -1.0, 1.0], [1e-300, -0.5, 1.5], [-0.0, -2.0, f64::MIN_POSITIVE]];
        for ctx in [reference(), Context::default()] {
            assert_eq!(net.pattern(&ctx, x.view()).unwrap(), array![[0, 0, 1], [1, 1, 2], [0, 0, 1]]);
        }
    }

    #[test]
    fn a_tie_goes_to_the_lowest_candidate() {
        let mut b = Builder::new(&[1, 2, 3]).unwrap();
        let pooled =
            b.max_pool2d(0, Window { padding: [0, 1, 0, 0], ..Window::pool([2, 2]) }, false).unwrap();
        let flat = b.flatten(pooled).unwrap();
        let out = b.maxout(flat, 2).unwrap();
        let net = b.finish(out).unwrap();
        // Windows (pad 5 / pad 5) and (2 2 / 7 7), then a group of two.
        let x = array![[5.0, 2.0, 2.0, 5.0, 7.0, 7.0]];
        for ctx in [reference(), Context::default()] {
            assert_eq!(net.pattern(&ctx, x.view()).unwrap(), array![[1, 2, 1]]);
        }
    }

    #[test]
    fn a_network_without_units_has_empty_patterns() {
        let mut b = Builder::new(&[1]).unwrap();
        let out = b.dense(0, Array::f64(vec![2.0]), [1, 1], None).unwrap();
        let net = b.finish(out).unwrap();
        assert_eq!(net.pattern(&Context::default(), array![[1.0], [2.0]].view()).unwrap().dim(), (2, 0));
    }

    /// Whether two codes of the unit at `position` are both right at input `x`, up to rounding: it stands on a knot, or its
    /// two candidates tie. Sums in another order may then fall to either side.
    fn tie(net: &Network, x: &[f64], position: usize, codes: [i32; 2]) -> bool {
        let layer = net.units.iter().rposition(|layer| layer.first <= position).unwrap();
        let UnitLayer { node, first, .. } = net.units[layer];
        let ctx = reference();
        let runner = Runner::<f64>::new(net, &ctx, 1, "test").unwrap();
        let mut near = false;
        let observe = |at: usize, z: &[f64]| {
            if at == layer {
                let unit = position - first;
                let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + a.abs());
                near = match net.nodes[node].op {
                    Op::Pointwise(_) => {
                        let knots = net.activation(node, unit).knots();
                        let (lo, hi) = (codes[0].min(codes[1]) as usize, codes[0].max(codes[1]) as usize);
                        knots[lo..hi].iter().all(|&t| close(t, z[unit]))
                    }
                    _ => {
                        let [a, b] = codes.map(|code| {
                            let (j, slope, offset) = net.piece(node, unit, code);
                            slope * z[j] + offset
                        });
                        close(a, b)
                    }
                };
            }
        };
        runner.run(Mode::Values, x, node, observe, |_| Ok(())).unwrap();
        near
    }

    proptest! {
        #[test]
        fn fast_is_reference_for_any_threads(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let x = rng.batch(70, net.input_len());
            let plain = net.pattern(&reference(), x.view()).unwrap();
            let fast = net.pattern(&threads(1), x.view()).unwrap();
            prop_assert_eq!(&net.pattern(&threads(4), x.view()).unwrap(), &fast);
            for ((row, unit), &code) in fast.indexed_iter() {
                let other = plain[[row, unit]];
                prop_assert!(
                    code == other || tie(&net, &x.row(row).to_vec(), unit, [code, other]),
                    "row {row}, unit {unit}: {code} and {other}"
                );
            }
        }
    }
}
