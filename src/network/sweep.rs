//! Gradients on their way from the output back to the input, and through the affine layers.

use super::graph::{NodeId, Op};
use super::layers::conv::Conv;
use super::layers::dense::{matrix, matrix_mut};
use super::layers::pool::Pool;
use super::layers::{pointwise, route};
use super::real::Real;
use super::run::Runner;
use crate::buffer::Buffer;
use crate::error::Result;
use crate::linalg::gemm::{Epilogue, Right, gemm_with};

/// Gradients of `rows` samples (or of so many outputs): (rows, elements) for each node that one has come to.
pub(super) struct Sweep<'a, T: Real> {
    pub runner: &'a Runner<'a, T>,
    rows: usize,
    /// Nodes whose gradient somebody needs.
    wanted: &'a [bool],
    gradients: Vec<Option<Buffer<T>>>,
    /// Buffers that hold nothing any more.
    idle: Vec<Buffer<T>>,
}

/// The kink in front of a dense layer: the slopes below and above 0, and values that are positive where it is on.
#[derive(Clone, Copy)]
pub(super) struct Gate<'a, T> {
    pub values: &'a [T],
    pub slopes: [T; 2],
}

impl<'a, T: Real> Sweep<'a, T> {
    /// Nothing has come anywhere yet. `idle` are buffers that may be used.
    pub fn new(runner: &'a Runner<'a, T>, rows: usize, wanted: &'a [bool], idle: Vec<Buffer<T>>) -> Self {
        let gradients = runner.net.nodes.iter().map(|_| None).collect();
        Sweep { runner, rows, wanted, gradients, idle }
    }

    /// Elements of the value of a node, in all rows.
    pub fn len(&self, id: NodeId) -> usize {
        self.rows * self.runner.net.nodes[id].len()
    }

    /// Whether somebody needs the gradient of a node.
    pub fn wants(&self, id: NodeId) -> bool {
        self.wanted[id]
    }

    /// A buffer of at least `len` elements, with anything in it.
    pub fn buffer(&mut self, len: usize) -> Result<Buffer<T>> {
        let fits = self.idle.iter().enumerate().filter(|(_, b)| b.len() >= len);
        match fits.min_by_key(|(_, b)| b.len()) {
            Some((i, _)) => Ok(self.idle.swap_remove(i)),
            None => self.runner.meter.buffer(len, self.runner.stage),
        }
    }

    /// Takes back a buffer that holds nothing any more.
    pub fn recycle(&mut self, buffer: Buffer<T>) {
        self.idle.push(buffer);
    }

    /// All buffers, for the next sweep.
    pub fn into_idle(mut self) -> Vec<Buffer<T>> {
        self.idle.extend(self.gradients.into_iter().flatten());
        self.idle
    }

    /// The gradient of a node, to be added to; zero if none has come yet.
    pub fn gradient(&mut self, id: NodeId) -> Result<&mut [T]> {
        let len = self.len(id);
        if self.gradients[id].is_none() {
            let mut fresh = self.buffer(len)?;
            fresh[..len].fill(T::zero());
            self.gradients[id] = Some(fresh);
        }
        Ok(&mut self.gradients[id].as_mut().expect("made just now")[..len])
    }

    /// Takes the gradient of a node; `None` if none has come.
    pub fn take(&mut self, id: NodeId) -> Option<Buffer<T>> {
        self.gradients[id].take()
    }

    /// Adds `g` to the gradient of a node, without a copy if it is the first.
    pub fn give(&mut self, id: NodeId, g: Buffer<T>) {
        let len = self.len(id);
        match &mut self.gradients[id] {
            _ if !self.wanted[id] => self.idle.push(g),
            Some(sum) => {
                route::add(&g[..len], &mut sum[..len]);
                self.idle.push(g);
            }
            slot => *slot = Some(g),
        }
    }

    /// Passes the gradient `g` of an affine layer on to its inputs. With a `gate` (of a dense layer that is alone to read a
    /// kink) the result is the gradient of the input of the kink.
    pub fn affine(&mut self, id: NodeId, mut g: Buffer<T>, gate: Option<Gate<T>>) -> Result<()> {
        let runner = self.runner;
        let node = &runner.net.nodes[id];
        let (source, len) = (node.inputs[0], self.len(id));
        let first = &runner.net.nodes[source];
        match &node.op {
            Op::ScaleShift { scale, .. } => {
                let scale = runner.constants.array(scale);
                pointwise::scale(scale, node.shape[0], node.plane(), &mut g[..len]);
                self.give(source, g);
                return Ok(());
            }
            Op::Add | Op::Reshape => {
                let (&last, others) = node.inputs.split_last().expect("at least one");
                for &other in others {
                    if self.wanted[other] {
                        route::add(&g[..len], self.gradient(other)?);
                    }
                }
                self.give(last, g);
                return Ok(());
            }
            Op::Concat { axis } => self.split(id, *axis, &g[..len])?,
            _ if !self.wanted[source] => {}
            Op::Dense { weight, .. } => {
                let weight = runner.constants.array(weight);
                let accumulate = self.gradients[source].is_some();
                let size = self.len(source);
                let mut x = match self.gradients[source].take() {
                    Some(x) => x,
                    None => self.buffer(size)?,
                };
                let epilogue = Epilogue {
                    slopes: gate.map(|gate| gate.slopes),
                    gate: gate.map(|gate| matrix(gate.values, self.rows, first.len())),
                    ..Epilogue::plain(accumulate)
                };
                let weight = Right::View(matrix(weight, node.len(), first.len()));
                let g = matrix(&g[..len], self.rows, node.len());
                let to = matrix_mut(&mut x[..size], self.rows, first.len());
                gemm_with(runner.ctx.isa(), g, weight, epilogue, to);
                self.gradients[source] = Some(x);
            }
            Op::Conv2d { weight, window, groups, .. } => {
                let (weight, isa) = (runner.constants.array(weight), runner.ctx.isa());
                let conv = Conv::of(&first.shape, &node.shape, weight, None, window, *groups, isa);
                let mut scratch = self.buffer(conv.scratch())?;
                let x = self.gradient(source)?.chunks_exact_mut(first.len());
                g[..len]
                    .chunks_exact(node.len())
                    .zip(x)
                    .for_each(|(g, x)| conv.pull_back(g, x, &mut scratch));
                self.recycle(scratch);
            }
            Op::AvgPool { window, count_padding } => {
                let pool = Pool::of(&first.shape, &node.shape, window);
                let weights = pool.weights(*count_padding);
                let x = self.gradient(source)?.chunks_exact_mut(first.plane());
                for (x, g) in x.zip(g[..len].chunks_exact_mut(node.plane())) {
                    pool.pull_back_mean(&weights, g, x);
                }
            }
            op => unreachable!("{} is not affine", op.name()),
        }
        self.recycle(g);
        Ok(())
    }

    /// Adds the parts of the gradient of a concatenation to those of its inputs.
    fn split(&mut self, id: NodeId, axis: usize, g: &[T]) -> Result<()> {
        let net = self.runner.net;
        let run = |id: NodeId| net.nodes[id].shape[axis..].iter().product::<usize>();
        let mut at = 0;
        for &i in &net.nodes[id].inputs {
            let (width, total) = (run(i), run(id));
            if self.wanted[i] {
                let x = self.gradient(i)?.chunks_exact_mut(width);
                x.zip(g.chunks_exact(total)).for_each(|(x, g)| route::add(&g[at..at + width], x));
            }
            at += width;
        }
        Ok(())
    }
}
