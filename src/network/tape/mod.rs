//! A forward pass that is recorded, and its way back: gradients by reverse-mode differentiation.
//!
//! [`Network::record`] computes y = f(x) for a batch and keeps, of every chunk of samples, the values that the way back
//! reads. [`Tape::pull_back`] takes dL/dy and returns dL/dx and dL/dp for every parameter p, in the order of
//! [`Network::parameters`]. At a kink the slope is that of the piece that [`Network::pattern`] reports (ReLU'(0) = 0), and a
//! maximum passes its gradient to the first of equal candidates, so that the gradient is that of the affine map at x.
//!
//! Cost: two more forward passes; memory: the values of the layers, for the whole batch. The precision of the arithmetic
//! is that of the recorded pass.

mod backward;
mod parameters;
mod reference;
#[cfg(test)]
mod tests;
mod units;

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

use super::graph::{Network, Op};
use super::layers::pointwise;
use super::real::Real;
use super::run::Runner;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::Result;

pub use backward::{Gradients, Wanted};

/// What a forward pass left behind. Immutable; shares the constants of its network.
pub struct Tape<T: Real> {
    net: Network,
    batch: usize,
    /// Samples in a chunk, but for the last.
    chunk: usize,
    parts: Vec<Part<T>>,
}

/// One chunk of samples.
struct Part<T: Real> {
    rows: usize,
    /// (rows, elements) of the nodes that are kept; buffers may be longer.
    values: Vec<Option<Buffer<T>>>,
}

impl<T: Real> Part<T> {
    /// The values of a node that is kept.
    fn value(&self, net: &Network, id: usize) -> &[T] {
        let buffer = self.values[id].as_ref().expect("kept when it was recorded");
        &buffer[..self.rows * net.nodes[id].len()]
    }
}

impl Network {
    /// y = f(x) as in [`Network::forward`], recorded. The numbers are the same, but for the rounding of sums in chunks of
    /// another size.
    ///
    /// Conditions: SHAPE, NONFINITE, MEMORY_LIMIT, MEMORY, CANCELLED; `y` is not touched on error.
    pub fn record<T: Real>(
        &self,
        ctx: &Context,
        x: ArrayView2<T>,
        mut y: ArrayViewMut2<T>,
    ) -> Result<Tape<T>> {
        let (batch, len) = (x.nrows(), self.output_len());
        self.check_input(&x)?;
        self.check_output(&y, batch)?;
        let runner = Runner::new(self, ctx, batch, "recorded forward")?;
        let (chunk, kept) = (runner.long_chunk(), self.kept::<T>(&runner));
        let parts = ctx.pool().map_chunks(batch, chunk, |range| {
            let rows = range.len();
            let mut input = runner.meter.buffer::<T>(rows * self.input_len(), runner.stage)?;
            let mut out = runner.meter.buffer::<T>(rows * len, runner.stage)?;
            let to = ArrayViewMut2::from_shape((rows, self.input_len()), &mut input).expect("made so");
            x.slice(s![range, ..]).assign_to(to);
            let mut values = runner.record(&input, &kept, |y| {
                out.copy_from_slice(y);
                Ok(())
            })?;
            values[0] = Some(input);
            Ok((Part { rows, values }, out))
        })?;
        let mut all = Vec::with_capacity(parts.len());
        for ((part, out), mut y) in parts.into_iter().zip(y.axis_chunks_iter_mut(Axis(0), chunk)) {
            y.iter_mut().zip(out.iter()).for_each(|(y, &v)| *y = v);
            all.push(part);
        }
        Ok(Tape { net: self.clone(), batch, chunk, parts: all })
    }

    /// The nodes whose values the way back reads, besides the input.
    fn kept<T: Real>(&self, runner: &Runner<T>) -> Vec<bool> {
        let mut kept = vec![false; self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            match node.op {
                Op::Pointwise(_) if pointwise::are_read_from_values(runner.constants.curves(id)) => {
                    kept[id] = true
                }
                Op::Dense { .. } | Op::Conv2d { .. } | Op::ScaleShift { .. } => kept[node.inputs[0]] = true,
                Op::Pointwise(_) | Op::HardSwish | Op::Maxout { .. } | Op::MaxPool { .. } => {
                    kept[node.inputs[0]] = true
                }
                Op::Input | Op::AvgPool { .. } | Op::Add | Op::Concat { .. } | Op::Reshape => {}
            }
        }
        kept
    }
}

impl<T: Real> Tape<T> {
    /// The network that was recorded.
    pub fn network(&self) -> &Network {
        &self.net
    }

    /// Number of samples.
    pub fn batch(&self) -> usize {
        self.batch
    }
}
