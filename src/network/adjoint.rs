//! Rows of the matrix of an affine map, from the output back to the input.
//!
//! Row o of A is the gradient of output o with every unit held on its piece. It goes through the transpose of each
//! layer once, so that a few rows cost a few forward passes, however many elements the input has.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::graph::{NodeId, Op};
use super::layers::pool::Pool;
use super::layers::{pointwise, route};
use super::run::Runner;
use super::window::Window;
use crate::buffer::Buffer;
use crate::error::Result;

/// Gradients of some outputs, (rows, elements) for each node that they have come to.
pub(super) struct Adjoint<'a> {
    runner: &'a Runner<'a, f64>,
    rows: usize,
    gradients: Vec<Option<Buffer<f64>>>,
}

impl<'a> Adjoint<'a> {
    /// Rows `first..first + rows` of A for the activation pattern `codes`: (rows, input elements), row-major.
    pub fn rows(
        runner: &'a Runner<'a, f64>,
        codes: &[i32],
        first: usize,
        rows: usize,
    ) -> Result<Buffer<f64>> {
        let net = runner.net;
        let gradients = net.nodes.iter().map(|_| None).collect();
        let mut adjoint = Adjoint { runner, rows, gradients };
        let len = net.output_len();
        let seed = adjoint.gradient(net.output)?;
        (0..rows).for_each(|row| seed[row * len + first + row] = 1.0);
        let mut units = net.units.iter().rev().peekable();
        for id in (1..=net.output).rev() {
            runner.ctx.poll()?;
            let layer = units.next_if(|layer| layer.node == id);
            let Some(g) = adjoint.gradients[id].take() else { continue };
            match layer {
                Some(layer) => adjoint.units(id, &codes[layer.first..][..layer.len], &g)?,
                None => adjoint.affine(id, &g)?,
            }
            runner.meter.release(g.len() * size_of::<f64>());
        }
        adjoint.gradient(0)?;
        Ok(adjoint.gradients.swap_remove(0).expect("made just now"))
    }

    /// The gradient of a node, zero if nothing has come to it yet.
    fn gradient(&mut self, id: NodeId) -> Result<&mut Buffer<f64>> {
        let slot = &mut self.gradients[id];
        if slot.is_none() {
            let len = self.rows * self.runner.net.nodes[id].len();
            *slot = Some(self.runner.meter.buffer(len, self.runner.stage)?);
        }
        Ok(slot.as_mut().expect("made just now"))
    }

    /// Adds the gradient `g` of a layer of units on the pieces `codes` to that of its input.
    fn units(&mut self, id: NodeId, codes: &[i32], g: &[f64]) -> Result<()> {
        let net = self.runner.net;
        let pieces = codes.iter().enumerate().map(|(i, &code)| net.piece(id, i, code));
        let pieces: Vec<(usize, f64)> = pieces.map(|(j, slope, _)| (j, slope)).collect();
        let source = net.nodes[id].inputs[0];
        let len = net.nodes[source].len();
        let x = self.gradient(source)?;
        for (g, x) in g.chunks_exact(codes.len()).zip(x.chunks_exact_mut(len)) {
            pieces.iter().zip(g).for_each(|(&(j, slope), g)| x[j] += slope * g);
        }
        Ok(())
    }

    /// Adds the gradient `g` of an affine layer to those of its inputs.
    fn affine(&mut self, id: NodeId, g: &[f64]) -> Result<()> {
        let (runner, rows) = (self.runner, self.rows);
        let node = &runner.net.nodes[id];
        let first = &runner.net.nodes[node.inputs[0]];
        let image = |shape: &[usize]| [shape[0], shape[1], shape[2]];
        match &node.op {
            Op::Dense { weight, .. } => {
                let weight = runner.constants.array(weight);
                let x = self.gradient(node.inputs[0])?;
                let matrix = |data, r, c| ArrayView2::from_shape((r, c), data).expect("rows * elements");
                let mut x = ArrayViewMut2::from_shape((rows, first.len()), x).expect("rows * elements");
                let (g, weight) = (matrix(g, rows, node.len()), matrix(weight, node.len(), first.len()));
                general_mat_mul(1.0, &g, &weight, 1.0, &mut x);
            }
            Op::Conv2d { weight, window, groups, .. } => {
                let weight = runner.constants.array(weight);
                let (input, output) = (image(&first.shape), image(&node.shape));
                let x = self.gradient(node.inputs[0])?.chunks_exact_mut(first.len());
                g.chunks_exact(node.len())
                    .zip(x)
                    .for_each(|(g, x)| conv(weight, window, *groups, input, output, g, x));
            }
            Op::AvgPool { window, count_padding } => {
                let pool = Pool { window, input: image(&first.shape), output: image(&node.shape) };
                let weights = pool.weights::<f64>(*count_padding);
                let x = self.gradient(node.inputs[0])?;
                let planes = x.chunks_exact_mut(first.plane()).zip(g.chunks_exact(node.plane()));
                for (x, g) in planes {
                    let g: Vec<f64> = g.iter().zip(&weights).map(|(g, w)| g * w).collect();
                    scatter(window, pool.input, pool.output, |_| 1.0, &g, x);
                }
            }
            Op::ScaleShift { scale, .. } => {
                let mut scaled = runner.meter.buffer::<f64>(g.len(), runner.stage)?;
                scaled.copy_from_slice(g);
                pointwise::scale(runner.constants.array(scale), node.shape[0], node.plane(), &mut scaled);
                self.add(node.inputs[0], &scaled)?;
                runner.meter.release(size_of_val(g));
            }
            Op::Concat { axis } => {
                let run = |id: NodeId| runner.net.nodes[id].shape[*axis..].iter().product::<usize>();
                let total: usize = node.inputs.iter().map(|&i| run(i)).sum();
                let mut at = 0;
                for &i in &node.inputs {
                    let width = run(i);
                    let x = self.gradient(i)?;
                    for (x, g) in x.chunks_exact_mut(width).zip(g.chunks_exact(total)) {
                        route::add(&g[at..at + width], x);
                    }
                    at += width;
                }
            }
            // Sums and changes of shape pass the gradient on.
            _ => node.inputs.iter().try_for_each(|&i| self.add(i, g))?,
        }
        Ok(())
    }

    fn add(&mut self, id: NodeId, g: &[f64]) -> Result<()> {
        route::add(g, self.gradient(id)?);
        Ok(())
    }
}

/// Adds the gradient `g` of a convolution of one sample to that of its input: every tap scatters what it gathered.
fn conv(
    weight: &[f64],
    window: &Window,
    groups: usize,
    input: [usize; 3],
    output: [usize; 3],
    g: &[f64],
    x: &mut [f64],
) {
    let (channels, taps) = (input[0] / groups, window.kernel[0] * window.kernel[1]);
    let (size, plane) = (input[1] * input[2], output[1] * output[2]);
    for (o, (g, weight)) in g.chunks_exact(plane).zip(weight.chunks_exact(channels * taps)).enumerate() {
        if g.iter().all(|&g| g == 0.0) {
            continue;
        }
        let first = o / (output[0] / groups) * channels;
        let x = x[first * size..].chunks_exact_mut(size);
        for (x, weight) in x.zip(weight.chunks_exact(taps)) {
            scatter(window, input, output, |tap| weight[tap], g, x);
        }
    }
}

/// Adds `weight(tap)` times the gradient of every output of one plane to what the tap read.
fn scatter(
    window: &Window,
    input: [usize; 3],
    output: [usize; 3],
    weight: impl Fn(usize) -> f64,
    g: &[f64],
    x: &mut [f64],
) {
    let stride = window.stride[1];
    window.runs([input[1], input[2]], [output[1], output[2]], |tap, from, to| {
        let (w, g) = (weight(tap), &g[from]);
        if stride == 1 {
            x[to..].iter_mut().zip(g).for_each(|(x, &g)| *x += w * g);
        } else {
            x[to..].iter_mut().step_by(stride).zip(g).for_each(|(x, &g)| *x += w * g);
        }
    });
}
