//! Single affine nodes applied to rows: points and directions, which are mapped by the weights alone.

use ndarray::ArrayView2;

use super::array::Array;
use super::graph::{Network, NodeId, Op};
use super::layers::conv::Conv;
use super::layers::pool::Pool;
use super::layers::{dense, pointwise, route};
use super::real::Real;
use super::real::sealed::Sealed;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::linalg::gemm::{Packed, Right, gemm};
use crate::simd::skinny::{self, Skinny};

/// The products of rows with the weights of one node.
pub(crate) struct Product<'a> {
    pub ctx: &'a Context,
    pub meter: &'a Meter,
    pub net: &'a Network,
    /// An affine node.
    pub id: NodeId,
    /// Number of rows.
    pub rows: usize,
    /// Whether products of many rows with weights of single precision may run in single precision.
    pub single: bool,
}

impl Product<'_> {
    /// `out`, (rows, elements of the node), is what the weights make of `inputs`, (rows, elements) each. `sizes` holds for
    /// each input a bound of every element, or nothing; then `size` becomes what the absolute weights make of them.
    ///
    /// Conditions: those of memory; NONFINITE where a weight overflows.
    pub fn run(&self, inputs: &[&[f64]], sizes: &[&[f64]], out: &mut [f64], size: &mut [f64]) -> Result<()> {
        if self.ctx.reference() {
            self.plain(inputs, sizes, out, size);
            return Ok(());
        }
        if let Op::Dense { weight, .. } = &self.net.nodes[self.id].op {
            return self.dense(weight, inputs[0], sizes[0], out, size);
        }
        let linear = |x: &[&[f64]], rows: usize, y: &mut [f64]| self.linear(x, rows, y);
        linear(inputs, self.rows, out)?;
        if !size.is_empty() {
            self.absolute(sizes, size);
        }
        Ok(())
    }

    /// Term by term.
    fn plain(&self, inputs: &[&[f64]], sizes: &[&[f64]], out: &mut [f64], size: &mut [f64]) {
        let n = self.net.nodes[self.id].len();
        for i in 0..n {
            for row in 0..self.rows {
                let mut sum = 0.0;
                self.net.row(self.id, i, |slot, j, w| {
                    sum += w * inputs[slot][row * (inputs[slot].len() / self.rows) + j];
                });
                out[row * n + i] = sum;
            }
        }
        if !size.is_empty() {
            self.absolute(sizes, size);
        }
    }

    fn absolute(&self, sizes: &[&[f64]], size: &mut [f64]) {
        for (i, size) in size.iter_mut().enumerate() {
            *size = 0.0;
            self.net.row(self.id, i, |slot, j, w| *size += w.abs() * sizes[slot][j]);
        }
    }

    /// A dense layer: few rows with the weights as they lie in memory, read once; many as a product of matrices.
    fn dense(&self, weight: &Array, x: &[f64], of: &[f64], out: &mut [f64], size: &mut [f64]) -> Result<()> {
        let (rows, n) = (self.rows, self.net.nodes[self.id].len());
        let m = x.len() / rows;
        let kernels = skinny::kernels(self.ctx.isa());
        let few = rows <= skinny::MOST;
        let job = |rows, x, out| Skinny { rows, m, n, x, of, out };
        match weight {
            Array::F32(w) if few => (kernels.f32)(w, job(rows, x, out), size),
            Array::F64(w) if few => (kernels.f64)(w, job(rows, x, out), size),
            _ if !size.is_empty() => {
                // The sizes alone.
                match weight {
                    Array::F32(w) => (kernels.f32)(w, job(0, &[], &mut []), size),
                    Array::F64(w) => (kernels.f64)(w, job(0, &[], &mut []), size),
                }
            }
            _ => {}
        }
        if few {
            return Ok(());
        }
        if let Array::F32(w) = weight
            && self.single
        {
            return self.narrow(Packed::new(transposed(w, n, m)), x, out);
        }
        let w = self.numbers(weight)?;
        if x.iter().filter(|&&x| x != 0.0).count() <= 2 * rows + m {
            // Rows such as those of a box: a few columns of the weights.
            scatter(rows, n, w, x, out);
        } else {
            dense::dense(self.ctx.isa(), rows, Right::View(transposed(w, n, m)), None, None, x, out);
        }
        Ok(())
    }

    /// A dense layer in single precision: tiles of rows are rounded, multiplied and widened while they are in the cache.
    fn narrow(&self, weight: Packed<f32>, x: &[f64], out: &mut [f64]) -> Result<()> {
        const TILE: usize = 48;
        let (m, n) = (weight.rows(), weight.columns());
        let mut from = self.meter.buffer::<f32>(TILE.min(self.rows) * m, "police")?;
        let mut to = self.meter.buffer::<f32>(TILE.min(self.rows) * n, "police")?;
        for (x, out) in x.chunks(TILE * m).zip(out.chunks_mut(TILE * n)) {
            let (from, to) = (&mut from[..x.len()], &mut to[..out.len()]);
            from.iter_mut().zip(x).for_each(|(to, &x)| *to = x as f32);
            dense::dense(self.ctx.isa(), x.len() / m, Right::Packed(&weight), None, None, from, to);
            out.iter_mut().zip(&*to).for_each(|(to, &y)| *to = f64::from(y));
        }
        self.meter.release(size_of_val(&*from) + size_of_val(&*to));
        Ok(())
    }

    fn numbers<'a>(&self, array: &'a Array) -> Result<&'a [f64]> {
        Ok(f64::of_array(array).expect("every number is a double"))
    }

    /// Adds to `to`, the gradients of the inputs, (rows, elements) each, what follows from the gradient `g` of the node.
    pub fn pull_back(&self, g: &[f64], to: &mut [&mut [f64]]) -> Result<()> {
        let (net, isa) = (self.net, self.ctx.isa());
        let node = &net.nodes[self.id];
        let input = &net.nodes[node.inputs[0]];
        let samples = g.chunks_exact(node.len()).zip(to[0].chunks_exact_mut(input.len()));
        match &node.op {
            Op::Dense { weight, .. } => self.columns(weight, g, to[0])?,
            Op::Conv2d { weight, window, groups, .. } => {
                let weight = self.numbers(weight)?;
                let conv = Conv::of(&input.shape, &node.shape, weight, None, window, *groups, isa);
                let mut scratch = self.meter.buffer::<f64>(conv.scratch(), "police")?;
                samples.for_each(|(g, x)| conv.pull_back(g, x, &mut scratch));
                self.meter.release(size_of_val(&*scratch));
            }
            Op::ScaleShift { scale, .. } => {
                let mut g = g.to_vec();
                pointwise::scale(self.numbers(scale)?, node.shape[0], node.plane(), &mut g);
                route::add(&g, to[0]);
            }
            Op::AvgPool { window, count_padding } => {
                let pool = Pool::of(&input.shape, &node.shape, window);
                let weights = pool.weights(*count_padding);
                let mut g = g.to_vec();
                let planes = g.chunks_exact_mut(node.plane()).zip(to[0].chunks_exact_mut(input.plane()));
                planes.for_each(|(g, x)| pool.pull_back_mean(&weights, g, x));
            }
            Op::Concat { axis } => {
                let run = |id: NodeId| net.nodes[id].shape[*axis..].iter().product::<usize>();
                let (mut at, total) = (0, run(self.id));
                for (&i, to) in node.inputs.iter().zip(to) {
                    let width = run(i);
                    let parts = to.chunks_exact_mut(width).zip(g.chunks_exact(total));
                    parts.for_each(|(x, g)| route::add(&g[at..at + width], x));
                    at += width;
                }
            }
            Op::Add | Op::Reshape => to.iter_mut().for_each(|to| route::add(g, to)),
            op => unreachable!("{} is not affine", op.name()),
        }
        Ok(())
    }

    /// Adds to `total` the gradient of the weights (or scales): what follows from the gradient `g` of the node and the value
    /// `x` of its input.
    pub fn weight_gradient(&self, g: &[f64], x: &[f64], total: &mut [f64]) -> Result<()> {
        let net = self.net;
        let node = &net.nodes[self.id];
        let input = &net.nodes[node.inputs[0]];
        match &node.op {
            Op::Dense { .. } => {
                let (n, m) = (node.len(), input.len());
                let (g, x) = (dense::matrix(g, self.rows, n), dense::matrix(x, self.rows, m));
                gemm(self.ctx.isa(), g.reversed_axes(), x, true, dense::matrix_mut(total, n, m));
            }
            Op::Conv2d { window, groups, .. } => {
                let conv =
                    Conv::<f64>::of(&input.shape, &node.shape, &[], None, window, *groups, self.ctx.isa());
                let mut scratch = self.meter.buffer::<f64>(conv.scratch(), "police")?;
                let samples = x.chunks_exact(input.len()).zip(g.chunks_exact(node.len()));
                samples.for_each(|(x, g)| conv.weight_gradient(x, g, total, &mut scratch));
                self.meter.release(size_of_val(&*scratch));
            }
            Op::ScaleShift { .. } => {
                let products: Vec<f64> = g.iter().zip(x).map(|(g, x)| g * x).collect();
                pointwise::gather(total, node.shape[0], node.plane(), &products);
            }
            op => unreachable!("{} has no weights", op.name()),
        }
        Ok(())
    }

    /// Adds g W to `x`: few rows with the weights as they lie in memory, many as a product of matrices.
    fn columns(&self, weight: &Array, g: &[f64], x: &mut [f64]) -> Result<()> {
        let n = self.net.nodes[self.id].len();
        let m = x.len() / self.rows;
        if self.rows > skinny::MOST {
            let (g, w) = (dense::matrix(g, self.rows, n), dense::matrix(self.numbers(weight)?, n, m));
            gemm(self.ctx.isa(), g, w, true, dense::matrix_mut(x, self.rows, m));
            return Ok(());
        }
        let (rows, kernels) = (self.rows, skinny::kernels(self.ctx.isa()));
        let job = skinny::Back { rows, m, n, g, x };
        match weight {
            Array::F32(w) => (kernels.back_f32)(w, job),
            Array::F64(w) => (kernels.back_f64)(w, job),
        }
        Ok(())
    }

    /// The other affine nodes, by their kernels.
    fn linear(&self, inputs: &[&[f64]], rows: usize, y: &mut [f64]) -> Result<()> {
        let (net, isa) = (self.net, self.ctx.isa());
        let node = &net.nodes[self.id];
        let input = &net.nodes[node.inputs[0]];
        let samples = inputs[0].chunks_exact(input.len());
        match &node.op {
            Op::Conv2d { weight, window, groups, .. } => {
                let weight = self.numbers(weight)?;
                let conv = Conv::of(&input.shape, &node.shape, weight, None, window, *groups, isa);
                let mut scratch = self.meter.buffer::<f64>(conv.scratch(), "police")?;
                samples.zip(y.chunks_exact_mut(node.len())).for_each(|(x, y)| conv.run(x, y, &mut scratch));
                self.meter.release(size_of_val(&*scratch));
            }
            Op::ScaleShift { scale, .. } => {
                y.copy_from_slice(inputs[0]);
                pointwise::scale(self.numbers(scale)?, node.shape[0], node.plane(), y);
            }
            Op::AvgPool { window, count_padding } => {
                let pool = Pool::of(&input.shape, &node.shape, window);
                let weights = pool.weights(*count_padding);
                samples.zip(y.chunks_exact_mut(node.len())).for_each(|(x, y)| pool.mean(&weights, x, y));
            }
            Op::Add => {
                y.copy_from_slice(inputs[0]);
                inputs[1..].iter().for_each(|x| route::add(x, y));
            }
            Op::Concat { axis } => {
                let run = |id: NodeId| net.nodes[id].shape[*axis..].iter().product();
                let parts: Vec<_> = node.inputs.iter().zip(inputs).map(|(&i, x)| (*x, run(i))).collect();
                route::concat(&parts, y);
            }
            Op::Reshape => y.copy_from_slice(inputs[0]),
            op => unreachable!("{} is not affine, or dense and {rows} rows", op.name()),
        }
        Ok(())
    }
}

/// W' for a product with many rows: weights change after every plan, so they are not packed for longer.
fn transposed<T: Real>(w: &[T], n: usize, m: usize) -> ArrayView2<'_, T> {
    dense::matrix(w, n, m).reversed_axes()
}

/// y = x W' for rows with few numbers that are not zero: column by column of the weights, in blocks of rows of W.
fn scatter(rows: usize, n: usize, w: &[f64], x: &[f64], y: &mut [f64]) {
    let m = x.len() / rows;
    let entries: Vec<(usize, usize, f64)> =
        (0..x.len()).filter(|&i| x[i] != 0.0).map(|i| (i / m, i % m, x[i])).collect();
    y.fill(0.0);
    // A block of the weights stays in the cache while all rows take their columns of it.
    const BLOCK: usize = 8;
    for first in (0..n).step_by(BLOCK) {
        let last = (first + BLOCK).min(n);
        for &(row, j, factor) in &entries {
            for k in first..last {
                y[row * n + k] += factor * w[k * m + j];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Rng, reference, threads};
    use super::*;
    use crate::network::Builder;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fast_is_plain(seed: u64, few: bool) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let rows = if few { 5 } else { 19 };
            let contexts = [reference(), threads(1)];
            for (id, node) in net.nodes().iter().enumerate().skip(1).filter(|(_, n)| !n.op.is_unit()) {
                let inputs: Vec<_> = node.inputs.iter().map(|&i| rng.batch(rows, net.nodes()[i].len())).collect();
                let inputs: Vec<&[f64]> = inputs.iter().map(|x| x.as_slice().unwrap()).collect();
                let sizes: Vec<Vec<f64>> = inputs.iter().map(|x| x[..x.len() / rows].iter().map(|x| x.abs()).collect()).collect();
                let sizes: Vec<&[f64]> = sizes.iter().map(|s| &s[..]).collect();
                let [plain, fast] = contexts.each_ref().map(|ctx| {
                    let (mut out, mut size) = (vec![0.0; rows * node.len()], vec![0.0; node.len()]);
                    let product = Product { ctx, meter: &ctx.meter(), net: &net, id, rows, single: false };
                    product.run(&inputs, &sizes, &mut out, &mut size).unwrap();
                    out.extend(size);
                    out
                });
                let scale = plain.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
                for (a, b) in plain.iter().zip(&fast) {
                    prop_assert!((a - b).abs() <= 1e-13 * scale, "{}: {a} {b}", node.op.name());
                }
            }
        }
    }

    #[test]
    fn unit_vectors_take_columns() {
        let mut b = Builder::new(&[40]).unwrap();
        let w: Vec<f64> = (0..3 * 40).map(f64::from).collect();
        let out = b.dense(0, Array::f64(w.clone()), [3, 40], None).unwrap();
        let net = b.finish(out).unwrap();
        let ctx = threads(1);
        let mut x = vec![0.0; 40 * 40];
        (0..40).for_each(|i| x[i * 41] = 2.0);
        let mut y = vec![0.0; 40 * 3];
        let product = Product { ctx: &ctx, meter: &ctx.meter(), net: &net, id: 1, rows: 40, single: false };
        product.run(&[&x], &[&[]], &mut y, &mut []).unwrap();
        assert!((0..40).all(|i| (0..3).all(|k| y[i * 3 + k] == 2.0 * w[k * 40 + i])));
    }
}
