//! The affine map of a network at an input.

use ndarray::{Array1, Array2, ArrayView1, Axis, s};

use super::adjoint;
use super::graph::Network;
use super::run::{Mode, Runner};
use crate::context::Context;
use crate::error::Result;

/// From so many inputs for each output on, rows of A are computed rather than columns.
const WIDE: usize = 4;
/// Most rows of A that are computed together.
const ROWS: usize = 4;

impl Network {
    /// (A, b) with f(x) = A x + b for all inputs of the activation pattern at `x`: A is (output elements, input
    /// elements), b (output elements). A is the Jacobian wherever that exists. Computed in f64.
    ///
    /// The unit vectors of the input run through the network like samples, with every unit held on its piece: the
    /// cost is that of a forward pass of as many samples as the input has elements, and convolutions stay
    /// convolutions. Where there are far fewer outputs than inputs, the rows of A run back through the transposed
    /// network instead, at the cost of about as many forward passes as there are outputs. Conditions: SHAPE,
    /// NONFINITE, UNSUPPORTED (a hard swish on its curved piece), MEMORY_LIMIT, MEMORY, CANCELLED.
    pub fn affine_at(&self, ctx: &Context, x: ArrayView1<f64>) -> Result<(Array2<f64>, Array1<f64>)> {
        self.check_input(&x)?;
        let codes = self.pattern(ctx, x.insert_axis(Axis(0)))?;
        let codes = codes.as_slice().unwrap_or_default();
        self.expect_affine(codes)?;
        self.affine_of(ctx, codes)
    }

    /// The affine map (A, b) of the activation pattern `codes`, which need not be that of any input.
    pub(crate) fn affine_of(&self, ctx: &Context, codes: &[i32]) -> Result<(Array2<f64>, Array1<f64>)> {
        let (n_in, n_out) = (self.input_len(), self.output_len());
        let wide = !ctx.reference() && n_in / WIDE >= n_out;
        let runner = Runner::<f64>::new(self, ctx, if wide { n_out } else { n_in } + 1, "affine map")?;
        let mut a = runner.result::<f64>(n_out, n_in)?;
        if wide {
            self.rows(&runner, codes, &mut a)?
        } else {
            self.columns(&runner, codes, &mut a)?
        }
        let origin = vec![0.0; n_in];
        let b = runner.run(Mode::Affine(codes), &origin, self.output, |_, _| {}, |out| Ok(out.to_vec()))?;
        Ok((a, b.into()))
    }

    /// Fills A row by row.
    fn rows(&self, runner: &Runner<f64>, codes: &[i32], a: &mut Array2<f64>) -> Result<()> {
        // The gradients of all nodes may be there at once: few rows in a chunk.
        let (n_out, n_in, chunk) = (self.output_len(), self.input_len(), runner.chunk().min(ROWS));
        let parts = runner.ctx.pool().map_chunks(n_out, chunk, |range| {
            let rows = adjoint::rows(runner, codes, range.start, range.len())?;
            runner.advance(range.len());
            Ok(rows)
        })?;
        for (k, rows) in parts.iter().enumerate() {
            let rows = rows.chunks_exact(n_in).take(chunk.min(n_out - k * chunk));
            for (i, row) in rows.enumerate() {
                a.row_mut(k * chunk + i).assign(&ArrayView1::from(row));
            }
        }
        Ok(())
    }

    /// Fills A column by column.
    fn columns(&self, runner: &Runner<f64>, codes: &[i32], a: &mut Array2<f64>) -> Result<()> {
        let (n_in, n_out, chunk) = (self.input_len(), self.output_len(), runner.chunk());
        let columns = runner.ctx.pool().map_chunks(n_in, chunk, |range| {
            let mut unit = runner.meter.buffer::<f64>(range.len() * n_in, "affine map")?;
            range.clone().enumerate().for_each(|(row, j)| unit[row * n_in + j] = 1.0);
            runner.run(
                Mode::Linear(codes),
                &unit,
                self.output,
                |_, _| {},
                |out| {
                    let mut columns = runner.meter.buffer::<f64>(out.len(), "affine map")?;
                    columns.copy_from_slice(out);
                    runner.meter.release(unit.len() * size_of::<f64>());
                    Ok(columns)
                },
            )
        })?;
        for (k, columns) in columns.iter().enumerate() {
            for (j, column) in columns.chunks_exact(n_out).enumerate() {
                a.slice_mut(s![.., k * chunk + j]).assign(&ArrayView1::from(column));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Rng, reference, threads};
    use super::super::{Array, Builder, Pwl};
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn a_small_mlp_by_hand() {
        let mut b = Builder::new(&[2]).unwrap();
        let weight = Array::f64(vec![1., 2., -1., 1.]);
        let h = b.dense(0, weight, [2, 2], Some(Array::f64(vec![0.5, -1.]))).unwrap();
        let h = b.pointwise(h, vec![Pwl::leaky_relu(0.25).unwrap()]).unwrap();
        let out = b.dense(h, Array::f64(vec![2., 4.]), [1, 2], Some(Array::f64(vec![1.]))).unwrap();
        let net = b.finish(out).unwrap();
        for ctx in [reference(), Context::default()] {
            // At (1, 1) unit 0 is on and unit 1 is off: 2 (x + 2 y + 0.5) + (-x + y - 1) + 1.
            let (a, b) = net.affine_at(&ctx, array![1., 1.].view()).unwrap();
            assert_eq!((a, b), (array![[1., 5.]], array![1.]));
        }
        let e = net.affine_at(&Context::default(), array![1., f64::INFINITY].view()).unwrap_err();
        assert_eq!(e.to_string(), "[NONFINITE] x[1] is NaN or infinite; expected finite numbers");
    }

    proptest! {
        #[test]
        fn rows_are_columns(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let x = rng.batch(1, net.input_len());
            let codes = net.pattern(&threads(1), x.view()).unwrap();
            let codes = codes.as_slice().unwrap();
            let matrix = |fill: fn(&Network, &Runner<f64>, &[i32], &mut Array2<f64>) -> Result<()>, n: usize| {
                let ctx = threads(n);
                let runner = Runner::new(&net, &ctx, 1, "affine map").unwrap();
                let mut a = Array2::zeros((net.output_len(), net.input_len()));
                fill(&net, &runner, codes, &mut a).unwrap();
                a
            };
            let (rows, columns) = (matrix(Network::rows, 1), matrix(Network::columns, 1));
            let scale = columns.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            for (a, b) in rows.iter().zip(&columns) {
                prop_assert!((a - b).abs() <= 1e-12 * scale, "{a} {b}");
            }
            let many = matrix(Network::rows, 3);
            prop_assert!(rows.iter().zip(&many).all(|(a, b)| a.to_bits() == b.to_bits()));
        }

        #[test]
        fn the_map_gives_the_value_and_the_differences(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let ctx = threads(2);
            let n = net.input_len();
            let x = rng.batch(1, n).remove_axis(Axis(0));
            let (a, b) = net.affine_at(&ctx, x.view()).unwrap();
            let (a_plain, b_plain) = net.affine_at(&reference(), x.view()).unwrap();
            let scale = a.iter().chain(&b).fold(1.0, |m: f64, v| m.max(v.abs()));
            for (fast, plain) in a.iter().zip(&a_plain).chain(b.iter().zip(&b_plain)) {
                prop_assert!((fast - plain).abs() <= 1e-12 * scale, "{fast} {plain}");
            }
            // A forward pass is independent of the map: at x it gives A x + b, and steps of h along each axis that
            // stay on the pattern change it by h A.
            let h = 1e-6;
            let mut steps = Array2::from_shape_fn((n + 1, n), |(_, j)| x[j]);
            (0..n).for_each(|j| steps[[j + 1, j]] += h);
            let mut y = Array2::zeros((n + 1, net.output_len()));
            net.forward(&ctx, steps.view(), y.view_mut()).unwrap();
            let patterns = net.pattern(&ctx, steps.view()).unwrap();
            let scale = scale * n as f64;
            for (o, (&y, value)) in y.row(0).iter().zip(a.dot(&x) + &b).enumerate() {
                prop_assert!((y - value).abs() <= 1e-12 * scale, "output {o}: {y} {value}");
            }
            for j in (0..n).filter(|&j| patterns.row(j + 1) == patterns.row(0)) {
                for o in 0..net.output_len() {
                    let slope = (y[[j + 1, o]] - y[[0, o]]) / h;
                    prop_assert!((slope - a[[o, j]]).abs() <= 1e-8 * scale, "A[{o}, {j}]: {slope} {}", a[[o, j]]);
                }
            }
        }
    }
}
