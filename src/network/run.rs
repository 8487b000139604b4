//! Runs a chunk of samples through the graph. Forward pass, activation pattern and affine map are all such runs.

use std::sync::{Mutex, PoisonError};

use ndarray::Array2;

use super::chunk::Chunk;
use super::constants::Constants;
use super::graph::{Network, Node, NodeId};
use super::real::Real;
use crate::buffer::{Buffer, Plain};
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::linalg::gemm::BLOCK;

/// What the units and constants do.
#[derive(Clone, Copy)]
pub(super) enum Mode<'a> {
    /// Every unit is on the piece that its own input chooses: values of the network.
    Values,
    /// As `Values`, where nobody looks at the inputs of the units: what is not needed for the result may be skipped.
    Outputs,
    /// Every unit stays on its piece in the pattern `codes`: values of the affine map of that pattern.
    Affine(&'a [i32]),
    /// As `Affine`, without the constants: images under the matrix of the map.
    Linear(&'a [i32]),
}

/// Elements of the widest value of a chunk: two megabytes of doubles, the size of a second-level cache or two.
const CHUNK_ELEMENTS: usize = 1 << 18;
/// Most samples of a chunk; with so many, packing the weights for a matrix product costs a few percent of it.
const CHUNK_SAMPLES: usize = 256;
// What a chunk adds to a sum over samples is added in one step.
const _: () = assert!(CHUNK_SAMPLES <= BLOCK);

/// Runs chunks of samples of one call, on any thread.
pub(super) struct Runner<'a, T: Real> {
    pub net: &'a Network,
    pub ctx: &'a Context,
    /// Memory of this call.
    pub meter: Meter,
    /// Constants of the network in this precision.
    pub constants: Constants<'a, T>,
    /// Buffers that no chunk is using, as sets that one thread took together.
    idle: Mutex<Vec<Vec<Buffer<T>>>>,
    /// Samples done, of all that the call has.
    done: Mutex<usize>,
    total: usize,
    /// Names the work in messages and to the progress callback.
    pub stage: &'static str,
}

impl<'a, T: Real> Runner<'a, T> {
    /// A runner for `total` samples.
    pub fn new(net: &'a Network, ctx: &'a Context, total: usize, stage: &'static str) -> Result<Self> {
        let (constants, meter) = (net.constants()?, ctx.meter());
        Ok(Runner {
            net,
            ctx,
            meter,
            constants,
            idle: Mutex::default(),
            done: Mutex::default(),
            total,
            stage,
        })
    }

    /// Samples in a chunk. Depends on the network and the number of samples only, never on the threads.
    pub fn chunk(&self) -> usize {
        if self.ctx.reference() {
            return 1;
        }
        let widest = self.net.nodes.iter().map(Node::len).max().unwrap_or(1);
        (CHUNK_ELEMENTS / widest).clamp(1, CHUNK_SAMPLES).min(self.total.div_ceil(16).max(32))
    }

    /// As [`Runner::chunk`], for a pass that sums over the samples of a chunk: longer, at most [`CHUNK_SAMPLES`].
    pub fn long_chunk(&self) -> usize {
        if self.ctx.reference() {
            return 1;
        }
        let widest = self.net.nodes.iter().map(Node::len).max().unwrap_or(1);
        (CHUNK_ELEMENTS / widest).clamp(1, CHUNK_SAMPLES).min(self.total.div_ceil(8).max(64))
    }

    /// A (rows, cols) array of zeros that the call returns, charged to its memory.
    pub fn result<R: Plain + Default>(&self, rows: usize, cols: usize) -> Result<Array2<R>> {
        let len = rows.saturating_mul(cols);
        self.meter.charge(len.saturating_mul(size_of::<R>()), self.stage)?;
        let mut all = Vec::new();
        if all.try_reserve_exact(len).is_err() {
            bail!(Memory, "{}: no memory for {rows} x {cols} results", self.stage)
        }
        all.resize(len, R::default());
        Ok(Array2::from_shape_vec((rows, cols), all).expect("rows * cols elements"))
    }

    /// Computes nodes 1 to `last` for `rows` samples `x`, and passes the value of `last` to `finish`, (rows, len)
    /// row-major. `observe(layer, z)` sees the input of each layer of units (an index into `Network::unit_layers`).
    pub fn run<R>(
        &self,
        mode: Mode,
        x: &[T],
        last: NodeId,
        observe: impl FnMut(usize, &[T]),
        finish: impl FnOnce(&[T]) -> Result<R>,
    ) -> Result<R> {
        let rows = x.len() / self.net.input_len();
        let result = if self.ctx.reference() {
            super::reference::run(self.net, self.ctx, mode, x, last, observe).and_then(|y| finish(&y))
        } else {
            let mut chunk = Chunk::new(self, mode, x, rows, self.lend());
            let result = chunk.run(last, observe).and_then(|()| finish(chunk.value(last)));
            self.give_back(chunk.into_idle());
            result
        };
        if result.is_ok() {
            self.advance(rows);
        }
        result
    }

    /// Computes the values of all nodes of `rows` samples `x` and passes that of the output to `finish`. Returns the values
    /// of the nodes that are `kept`, in buffers that may be longer; never that of the input.
    pub fn record(
        &self,
        x: &[T],
        kept: &[bool],
        finish: impl FnOnce(&[T]) -> Result<()>,
    ) -> Result<Vec<Option<Buffer<T>>>> {
        let rows = x.len() / self.net.input_len();
        let mut values: Vec<Option<Buffer<T>>> = kept.iter().map(|_| None).collect();
        if self.ctx.reference() {
            let all =
                super::reference::values(self.net, self.ctx, Mode::Outputs, x, self.net.output, |_, _| {})?;
            for (id, value) in all.iter().enumerate().filter(|&(id, _)| kept[id] && id > 0) {
                let mut buffer = self.meter.buffer(value.len(), self.stage)?;
                buffer.copy_from_slice(value);
                values[id] = Some(buffer);
            }
            finish(&all[self.net.output])?;
        } else {
            let idle = self.lend();
            let mut chunk = Chunk::new(self, Mode::Outputs, x, rows, idle).keeping(kept);
            let result = chunk.run(self.net.output, |_, _| {});
            let result = result.and_then(|()| finish(chunk.value(self.net.output)));
            values.iter_mut().enumerate().filter(|&(id, _)| kept[id]).for_each(|(id, v)| *v = chunk.take(id));
            self.give_back(chunk.into_idle());
            result?;
        }
        self.advance(rows);
        Ok(values)
    }

    /// A set of buffers that nobody is using.
    pub fn lend(&self) -> Vec<Buffer<T>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes back a set of buffers.
    pub fn give_back(&self, idle: Vec<Buffer<T>>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(idle);
    }

    /// Tells the host that so many more samples are done.
    pub fn advance(&self, rows: usize) {
        if self.ctx.has_progress() {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += rows;
            self.ctx.progress(*done as f64 / self.total.max(1) as f64, self.stage);
        }
    }
}
