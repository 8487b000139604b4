//! Batched forward pass.

use ndarray::{ArrayView, ArrayView2, ArrayViewMut2, Axis, Dimension, s};

use super::graph::Network;
use super::real::{Real, first_non_finite};
use super::run::{Mode, Runner};
use crate::context::Context;
use crate::error::{Result, bail};

impl Network {
    /// y = f(x) for a batch: `x` is (B, input elements), `y` (B, output elements), row-major per sample.
    ///
    /// The precision of the arithmetic is that of `T`, whatever that of the weights. Samples are cut into chunks
    /// whose size does not depend on the number of threads, so that the result is bit-identical for any number.
    /// `y` is not touched on error. Conditions: SHAPE, NONFINITE (an input, or a weight too large for `f32`),
    /// MEMORY_LIMIT, MEMORY, CANCELLED.
    pub fn forward<T: Real>(&self, ctx: &Context, x: ArrayView2<T>, mut y: ArrayViewMut2<T>) -> Result<()> {
        let batch = x.nrows();
        self.check_input(&x)?;
        self.check_output(&y, batch)?;
        let runner = Runner::new(self, ctx, batch, "forward")?;
        let chunk = runner.chunk();
        let parts = ctx.pool().map_chunks(batch, chunk, |range| {
            let x = x.slice(s![range.clone(), ..]);
            let x = x.as_standard_layout();
            let x = x.as_slice().unwrap_or_default();
            runner.run(
                Mode::Outputs,
                x,
                self.output,
                |_, _| {},
                |out| {
                    let mut part = runner.meter.buffer::<T>(out.len(), "forward")?;
                    part.copy_from_slice(out);
                    Ok(part)
                },
            )
        })?;
        for (part, mut y) in parts.iter().zip(y.axis_chunks_iter_mut(Axis(0), chunk)) {
            y.iter_mut().zip(part.iter()).for_each(|(y, &v)| *y = v);
        }
        Ok(())
    }

    /// SHAPE unless `y` has room for the outputs of `batch` samples.
    pub(super) fn check_output<T>(&self, y: &ArrayViewMut2<T>, batch: usize) -> Result<()> {
        let (dim, len) = (y.dim(), self.output_len());
        if dim != (batch, len) {
            bail!(Shape, "y has shape ({}, {}); expected ({batch}, {len})", dim.0, dim.1)
        }
        Ok(())
    }

    /// SHAPE unless the last axis of `x` holds the elements of one input; NONFINITE at a NaN or infinity.
    pub(super) fn check_input<T: Real, D: Dimension>(&self, x: &ArrayView<T, D>) -> Result<()> {
        let len = self.input_len();
        if x.shape().last() != Some(&len) {
            bail!(Shape, "x has shape {:?}; expected {len} input elements along the last axis", x.shape())
        }
        let first = match x.as_slice() {
            Some(x) => first_non_finite(x),
            None => x.iter().position(|v| !v.wide().is_finite()),
        };
        match first {
            Some(i) if x.ndim() == 1 => {
                bail!(Nonfinite, "x[{i}] is NaN or infinite; expected finite numbers")
            }
            Some(i) => {
                bail!(Nonfinite, "x[{}, {}] is NaN or infinite; expected finite numbers", i / len, i % len)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Rng, reference, threads};
    use super::super::{Array, Builder, Pwl, Window};
    use super::*;
    use crate::context::ContextOptions;
    use crate::error::Condition;
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    fn forward<T: Real>(net: &Network, ctx: &Context, x: &Array2<T>) -> Array2<T> {
        let mut y = Array2::zeros((x.nrows(), net.output_len()));
        net.forward(ctx, x.view(), y.view_mut()).unwrap();
        y
    }

    fn f64s(v: &[f64]) -> Array {
        Array::f64(v.to_vec())
    }

    fn relu() -> Vec<Pwl> {
        vec![Pwl::leaky_relu(0.0).unwrap()]
    }

    /// Runs both implementations and both precisions against numbers worked out by hand (exact in binary).
    fn check(b: &Builder, x: Array2<f64>, y: Array2<f64>) {
        let net = b.finish(b.last()).unwrap();
        for ctx in [reference(), Context::default()] {
            assert_eq!(forward(&net, &ctx, &x), y);
            assert_eq!(forward(&net, &ctx, &x.mapv(|v| v as f32)), y.mapv(|v| v as f32));
        }
    }

    #[test]
    fn a_small_mlp_by_hand() {
        let mut b = Builder::new(&[2]).unwrap();
        let h = b.dense(0, f64s(&[1., 2., -1., 1.]), [2, 2], Some(f64s(&[0.5, -1.]))).unwrap();
        let h = b.pointwise(h, relu()).unwrap();
        b.dense(h, f64s(&[2., 3.]), [1, 2], Some(f64s(&[1.]))).unwrap();
        // (1, 1): h = (3.5, -1), y = 8; (-2, 3): h = (4.5, 4), y = 22; (0, 0): h = (0.5, -1), y = 2.
        check(&b, array![[1., 1.], [-2., 3.], [0., 0.]], array![[8.], [22.], [2.]]);
    }

    #[test]
    fn a_convolution_by_hand() {
        // 3 x 3 image 1..9, kernel [[1, 2], [3, 4]] with stride 2, one row of padding on top, one column at right.
        let mut b = Builder::new(&[1, 3, 3]).unwrap();
        let window = Window { stride: [2, 2], padding: [1, 0, 0, 1], ..Window::new([0, 0]) };
        b.conv2d(0, f64s(&[1., 2., 3., 4.]), [1, 1, 2, 2], Some(f64s(&[0.5])), window, 1).unwrap();
        let x = Array2::from_shape_fn((1, 9), |(_, i)| (i + 1) as f64);
        // Rows (pad, 123): 3*1+4*2, 3*3; rows (456, 789): 4+2*5+3*7+4*8, 6+3*9.
        check(&b, x, array![[11.5, 9.5, 67.5, 33.5]]);
    }

    #[test]
    fn groups_and_dilation_by_hand() {
        let mut b = Builder::new(&[2, 1, 3]).unwrap();
        let window = Window { dilation: [1, 2], ..Window::new([0, 0]) };
        let weight = f64s(&[1., 10., 2., 20., 3., 30., 4., 40., 5., 50., 6., 60.]);
        b.conv2d(0, weight, [6, 1, 1, 2], None, window, 2).unwrap();
        // Group 0 reads (1, 3), group 1 reads (4, 6); three output channels each.
        check(&b, array![[1., 2., 3., 4., 5., 6.]], array![[31., 62., 93., 256., 320., 384.]]);
    }

    #[test]
    fn pools_by_hand() {
        let x = array![[1., 2., 3., -4., -5., -6.]];
        let pool = Window::pool([1, 2]);
        let with = |f: &dyn Fn(&mut Builder)| {
            let mut b = Builder::new(&[1, 2, 3]).unwrap();
            f(&mut b);
            b
        };
        check(&with(&|b| _ = b.max_pool2d(0, pool, true).unwrap()), x.clone(), array![[2., 3., -4., -6.]]);
        check(&with(&|b| _ = b.max_pool2d(0, pool, false).unwrap()), x.clone(), array![[2., -4.]]);
        let padded = Window { padding: [0, 1, 0, 0], ..pool };
        check(&with(&|b| _ = b.max_pool2d(0, padded, false).unwrap()), x.clone(), array![[1., 3., -4., -5.]]);
        let mean = |count| with(&|b| _ = b.avg_pool2d(0, padded, false, count).unwrap());
        check(&mean(true), x.clone(), array![[0.5, 2.5, -2., -5.5]]);
        check(&mean(false), x.clone(), array![[1., 2.5, -4., -5.5]]);
        // The last window hangs over the end: torch counts only what lies inside the padded image.
        check(
            &with(&|b| _ = b.avg_pool2d(0, pool, true, true).unwrap()),
            x.clone(),
            array![[1.5, 3., -4.5, -6.]],
        );
        check(&with(&|b| _ = b.maxout(0, 1).unwrap()), x.clone(), x.clone());
        let two = with(&|b| {
            let two = b.concat(&[0, 0], 0).unwrap();
            let half = b.scale_shift(two, Some(f64s(&[1., -1.])), Some(f64s(&[0.5]))).unwrap();
            b.maxout(half, 2).unwrap();
        });
        check(&two, x, array![[1.5, 2.5, 3.5, 4.5, 5.5, 6.5]]);
    }

    #[test]
    fn activations_by_hand() {
        let mut b = Builder::new(&[3, 1]).unwrap();
        let steps = Pwl::new(vec![-1., 1.], vec![-1., 0.5, 2.], 3.).unwrap();
        b.pointwise(0, vec![Pwl::leaky_relu(-1.).unwrap(), Pwl::clip(0., 6.).unwrap(), steps]).unwrap();
        check(
            &b,
            array![[-2., -2., -2.], [2., 7., 0.], [0., 3., 2.]],
            array![[2., 0., 4.], [2., 6., 3.5], [0., 3., 6.]],
        );
    }

    #[test]
    fn constants_that_overflow_single_precision_are_refused_there() {
        let mut b = Builder::new(&[1]).unwrap();
        let out = b.dense(0, f64s(&[1e300]), [1, 1], None).unwrap();
        let net = b.finish(out).unwrap();
        assert_eq!(forward(&net, &Context::default(), &array![[2.0]]), array![[2e300]]);
        let mut y = array![[7f32]];
        let e = net.forward(&Context::default(), array![[1f32]].view(), y.view_mut()).unwrap_err();
        assert_eq!(
            e.to_string(),
            "[NONFINITE] 'dense_1': the constant 1e300 overflows single precision; use double"
        );
        assert_eq!(y, array![[7.0]]);
    }

    #[test]
    fn bad_calls_say_why_and_leave_the_output_alone() {
        let mut b = Builder::new(&[2]).unwrap();
        let out = b.dense(0, f64s(&[1., 2.]), [1, 2], None).unwrap();
        let net = b.finish(out).unwrap();
        let refused = |ctx: &Context, x: Array2<f64>, (rows, cols): (usize, usize)| {
            let mut y = Array2::from_elem((rows, cols), 7.0);
            let e = net.forward(ctx, x.view(), y.view_mut()).unwrap_err();
            assert_eq!(y, Array2::from_elem((rows, cols), 7.0));
            e
        };
        let ctx = Context::default();
        let e = refused(&ctx, array![[1., 2., 3.]], (1, 1));
        assert_eq!(
            e.to_string(),
            "[SHAPE] x has shape [1, 3]; expected 2 input elements along the last axis"
        );
        let e = refused(&ctx, array![[1., 2.]], (2, 1));
        assert_eq!(e.to_string(), "[SHAPE] y has shape (2, 1); expected (1, 1)");
        let e = refused(&ctx, array![[1., 2.], [3., f64::NAN]], (2, 1));
        assert_eq!(e.to_string(), "[NONFINITE] x[1, 1] is NaN or infinite; expected finite numbers");
        let stopped =
            Context::new(ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() }).unwrap();
        assert_eq!(refused(&stopped, array![[1., 2.]], (1, 1)).condition(), Condition::Cancelled);
        let tight = Context::new(ContextOptions { memory_limit: 7, ..Default::default() }).unwrap();
        assert_eq!(refused(&tight, array![[1., 2.]], (1, 1)).condition(), Condition::MemoryLimit);
        assert_eq!(forward(&net, &ctx, &Array2::<f64>::zeros((0, 2))).dim(), (0, 1));
    }

    #[test]
    fn progress_rises_to_one() {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = seen.clone();
        let progress =
            move |fraction: f64, stage: &str| log.lock().unwrap().push((fraction, stage.to_owned()));
        let ctx = Context::new(ContextOptions { progress: Some(Box::new(progress)), ..Default::default() })
            .unwrap();
        let net = Rng(5).network();
        forward(&net, &ctx, &Rng(6).batch(1000, net.input_len()));
        let seen = seen.lock().unwrap();
        assert!(seen.len() > 1 && seen.windows(2).all(|w| w[0].0 < w[1].0));
        assert_eq!(seen.last().unwrap(), &(1.0, "forward".to_owned()));
    }

    proptest! {
        #[test]
        fn fast_is_reference(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.curved_network();
            let x = rng.batch(3, net.input_len());
            let plain = forward(&net, &reference(), &x);
            let scale = plain.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            for rows in [1, 3] {
                let x = x.slice(s![..rows, ..]).to_owned();
                let fast = forward(&net, &threads(1), &x);
                let single = forward(&net, &threads(1), &x.mapv(|v| v as f32));
                for ((p, f), s) in plain.iter().zip(&fast).zip(&single) {
                    prop_assert!((p - f).abs() <= 1e-12 * scale, "{p} {f}");
                    prop_assert!((p - f64::from(*s)).abs() <= 1e-3 * scale, "{p} {s} in single precision");
                }
            }
        }

        #[test]
        fn threads_do_not_change_a_bit(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let x = rng.batch(100, net.input_len());
            let one = forward(&net, &threads(1), &x);
            for n in [2, 8] {
                let many = forward(&net, &threads(n), &x);
                prop_assert!(one.iter().zip(&many).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
        }

        #[test]
        fn strides_of_input_and_output_do_not_matter(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let x = rng.batch(5, net.input_len());
            let y = forward(&net, &threads(1), &x);
            let columns = x.t().as_standard_layout().to_owned();
            let mut turned = Array2::zeros((net.output_len(), 5));
            net.forward(&threads(1), columns.t(), turned.view_mut().reversed_axes()).unwrap();
            prop_assert_eq!(turned.t(), y);
        }
    }
}
