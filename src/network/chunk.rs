//! One chunk of samples on its way through the graph, and the buffers that its values live in.

use super::graph::{Node, NodeId, Op};
use super::layers::conv::Conv;
use super::layers::pool::Pool;
use super::layers::{dense, pointwise, route};
use super::real::Real;
use super::run::{Mode, Runner};
use crate::buffer::Buffer;
use crate::error::Result;

/// One chunk on its way through the graph.
pub(super) struct Chunk<'a, T: Real> {
    runner: &'a Runner<'a, T>,
    mode: Mode<'a>,
    x: &'a [T],
    rows: usize,
    idle: Vec<Buffer<T>>,
    /// Values that a later node needs; a buffer may be longer than its value.
    values: Vec<Option<Buffer<T>>>,
    /// How many nodes have yet to read each value.
    uses: Vec<usize>,
    /// Nodes whose value is kept to the end; empty = only the last.
    kept: &'a [bool],
}

impl<'a, T: Real> Chunk<'a, T> {
    /// `rows` samples `x`, with buffers that may be used.
    pub fn new(
        runner: &'a Runner<'a, T>,
        mode: Mode<'a>,
        x: &'a [T],
        rows: usize,
        idle: Vec<Buffer<T>>,
    ) -> Self {
        Chunk { runner, mode, x, rows, idle, values: Vec::new(), uses: Vec::new(), kept: &[] }
    }

    /// As it is, but keeps the values of these nodes for [`Chunk::take`].
    pub fn keeping(self, kept: &'a [bool]) -> Self {
        Chunk { kept, ..self }
    }

    /// The buffer with the value of a node that is kept.
    pub fn take(&mut self, id: NodeId) -> Option<Buffer<T>> {
        self.values[id].take()
    }

    /// Computes nodes 1 to `last`; `observe` is as in [`Runner::run`].
    pub fn run(&mut self, last: NodeId, mut observe: impl FnMut(usize, &[T])) -> Result<()> {
        let net = self.runner.net;
        self.values = (0..=last).map(|_| None).collect();
        self.uses = vec![0; last + 1];
        self.uses[last] = 1;
        self.uses.iter_mut().zip(self.kept).for_each(|(uses, &kept)| *uses += usize::from(kept));
        net.nodes[1..=last].iter().flat_map(|n| &n.inputs).for_each(|&i| self.uses[i] += 1);
        let fused = self.fused(last);
        let mut layer = 0;
        for (id, node) in net.nodes.iter().enumerate().take(last + 1).skip(1) {
            self.runner.ctx.poll()?;
            if fused[id] {
                continue;
            }
            if fused[node.inputs[0]] {
                let dense = &net.nodes[node.inputs[0]];
                let out = self.compute(dense, pointwise::slopes(self.runner.constants.curves(id)))?;
                self.values[id] = Some(out);
                self.release(dense.inputs[0]);
                continue;
            }
            if node.op.is_unit() {
                observe(layer, self.value(node.inputs[0]));
            }
            let out = match (&node.op, self.mode) {
                (Op::Reshape | Op::ScaleShift { .. } | Op::Add, _)
                | (Op::Pointwise(_) | Op::HardSwish, Mode::Values | Mode::Outputs) => {
                    self.in_place(id, node)?
                }
                (op, Mode::Affine(codes) | Mode::Linear(codes)) if op.is_unit() => {
                    self.follow(id, &codes[net.units[layer].first..][..node.len()])?
                }
                _ => self.compute(node, None)?,
            };
            layer += usize::from(node.op.is_unit());
            self.values[id] = Some(out);
            node.inputs.iter().for_each(|&i| self.release(i));
        }
        Ok(())
    }

    /// Dense layers that are computed with the kink behind them, the only one to read them.
    fn fused(&self, last: NodeId) -> Vec<bool> {
        let net = self.runner.net;
        let mut fused = vec![false; last + 1];
        if let Mode::Outputs = self.mode {
            for (id, node) in net.nodes.iter().enumerate().take(last + 1).skip(1) {
                let source = node.inputs[0];
                let kink = pointwise::slopes(self.runner.constants.curves(id)).is_some();
                let dense = matches!(net.nodes[source].op, Op::Dense { .. });
                fused[source] |= kink && dense && self.uses[source] == 1;
            }
        }
        fused
    }

    /// The value of a node that has been computed and is still needed.
    pub fn value(&self, id: NodeId) -> &[T] {
        match (id, &self.values[id]) {
            (0, _) => self.x,
            (_, Some(buffer)) => &buffer[..self.rows * self.runner.net.nodes[id].len()],
            (_, None) => unreachable!("node {id} is read after its last use"),
        }
    }

    /// A buffer for `len` elements, with anything in it.
    fn buffer(&mut self, len: usize) -> Result<Buffer<T>> {
        // What is kept should not hold on to much more than it needs.
        let most = if self.kept.is_empty() { usize::MAX } else { len.saturating_mul(2) };
        let fits = self.idle.iter().enumerate().filter(|(_, b)| (len..=most).contains(&b.len()));
        match fits.min_by_key(|(_, b)| b.len()) {
            Some((i, _)) => Ok(self.idle.swap_remove(i)),
            None => self.runner.meter.buffer(len, self.runner.stage),
        }
    }

    /// Counts one read of a value, and takes its buffer back after the last.
    fn release(&mut self, id: NodeId) {
        self.uses[id] -= 1;
        if self.uses[id] == 0 {
            self.idle.extend(self.values[id].take());
        }
    }

    /// All buffers, for the next chunk.
    pub fn into_idle(mut self) -> Vec<Buffer<T>> {
        self.idle.extend(self.values.into_iter().flatten());
        self.idle
    }

    /// Whether biases, shifts and offsets count.
    fn constants(&self) -> bool {
        !matches!(self.mode, Mode::Linear(_))
    }

    /// A node that changes its first input in place: the buffer of that input if nobody else needs it, or a copy.
    fn in_place(&mut self, id: NodeId, node: &Node) -> Result<Buffer<T>> {
        let first = node.inputs[0];
        let len = self.rows * node.len();
        let mut out = match self.values[first].take() {
            Some(buffer) if self.uses[first] == 1 => buffer,
            kept => {
                self.values[first] = kept;
                let mut copy = self.buffer(len)?;
                copy[..len].copy_from_slice(self.value(first));
                copy
            }
        };
        let y = &mut out[..len];
        let consts = &self.runner.constants;
        match &node.op {
            Op::ScaleShift { scale, shift } => {
                let (channels, plane) = (node.shape[0], node.plane());
                pointwise::scale(consts.array(scale), channels, plane, y);
                if self.constants() {
                    pointwise::shift(consts.array(shift), channels, plane, y);
                }
            }
            Op::Pointwise(_) => pointwise::activate(consts.curves(id), node.plane(), y),
            Op::HardSwish => pointwise::hard_swish(y),
            Op::Add => {
                for &other in &node.inputs[1..] {
                    route::add(self.value(other), y);
                }
            }
            _ => {}
        }
        Ok(out)
    }

    /// A node of any other kind, into a buffer of its own; behind a dense layer the kink with these slopes.
    fn compute(&mut self, node: &Node, slopes: Option<[T; 2]>) -> Result<Buffer<T>> {
        let (runner, rows, len) = (self.runner, self.rows, self.rows * node.len());
        let (consts, with_bias) = (&runner.constants, self.constants());
        let bias = |bias| Some(consts.array(Option::as_ref(bias)?)).filter(|_| with_bias);
        let input = &runner.net.nodes[node.inputs[0]];
        let mut out = self.buffer(len)?;
        if let Op::Conv2d { weight, bias: b, window, groups } = &node.op {
            let (weight, bias, isa) = (consts.array(weight), bias(b), runner.ctx.isa());
            let conv = Conv::of(&input.shape, &node.shape, weight, bias, window, *groups, isa);
            let mut scratch = self.buffer(conv.scratch())?;
            let samples = self.value(node.inputs[0]).chunks_exact(input.len());
            let samples = samples.zip(out[..len].chunks_exact_mut(node.len()));
            samples.for_each(|(x, y)| conv.run(x, y, &mut scratch));
            self.idle.push(scratch);
            return Ok(out);
        }
        let (x, y) = (self.value(node.inputs[0]), &mut out[..len]);
        let samples = x.chunks_exact(input.len()).zip(y.chunks_exact_mut(node.len()));
        match &node.op {
            Op::Dense { weight, bias: b } => {
                let weight = consts.right(weight, [node.len(), input.len()], rows);
                dense::dense(runner.ctx.isa(), rows, weight, bias(b), slopes, x, y);
            }
            Op::MaxPool { window, floor } => {
                let pool = Pool::of(&input.shape, &node.shape, window);
                samples.for_each(|(x, y)| pool.max(floor.map(T::of), x, y));
            }
            Op::AvgPool { window, count_padding } => {
                let pool = Pool::of(&input.shape, &node.shape, window);
                let weights = pool.weights(*count_padding);
                samples.for_each(|(x, y)| pool.mean(&weights, x, y));
            }
            Op::Maxout { group, floor } => route::maxout(*group, floor.map(T::of), node.plane(), x, y),
            Op::Concat { axis } => {
                let run = |id: NodeId| self.runner.net.nodes[id].shape[*axis..].iter().product();
                let parts: Vec<_> = node.inputs.iter().map(|&i| (self.value(i), run(i))).collect();
                route::concat(&parts, y);
            }
            op => unreachable!("{} is computed in place", op.name()),
        }
        Ok(out)
    }

    /// A layer of units that stay on the pieces `codes`.
    fn follow(&mut self, id: NodeId, codes: &[i32]) -> Result<Buffer<T>> {
        let (net, len) = (self.runner.net, self.rows * codes.len());
        let mut out = self.buffer(len)?;
        let pieces = codes.iter().enumerate().map(|(i, &code)| net.piece(id, i, code));
        let sources: Vec<usize> = pieces.clone().map(|(j, ..)| j).collect();
        let y = &mut out[..len];
        route::select(self.rows, &sources, self.value(net.nodes[id].inputs[0]), y);
        let op = &net.nodes[id].op;
        if matches!(op, Op::Pointwise(_) | Op::HardSwish) || op.floor().is_some() {
            let slopes: Vec<T> = pieces.clone().map(|(_, slope, _)| T::of(slope)).collect();
            pointwise::scale(&slopes, codes.len(), 1, y);
            if self.constants() {
                let offsets: Vec<T> = pieces.map(|(.., offset)| T::of(offset)).collect();
                pointwise::shift(&offsets, codes.len(), 1, y);
            }
        }
        Ok(out)
    }
}
