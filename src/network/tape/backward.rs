//! The way back, chunk by chunk.
//!
//! The gradient of a parameter is a sum over samples. Every chunk adds its part to the total in one step, in the order of
//! the chunks, whether one thread walks through them or several make parts that are added afterwards; so the result is
//! bit-identical for any number of threads.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, s};

use super::{Part, Tape, parameters, reference, units};
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::network::graph::{Network, Node, NodeId, Op};
use crate::network::layers::{pointwise, route};
use crate::network::real::{Real, first_non_finite};
use crate::network::run::Runner;
use crate::network::sweep::{Gate, Sweep};

/// Parts that are made before they are added up, for each thread: bounds the memory that parts take.
const PARTS: usize = 2;

/// Which gradients are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// That of the input. Without it the first layers cost less.
    pub x: bool,
    /// Those of the parameters.
    pub parameters: bool,
}

impl Wanted {
    /// All of them.
    pub const ALL: Wanted = Wanted { x: true, parameters: true };
}

/// Gradients of a scalar L, given dL/dy.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients<T> {
    /// dL/dx, (batch, input elements); `None` if it was not asked for.
    pub x: Option<Array2<T>>,
    /// dL/dp summed over the batch, in the order of [`Network::parameters`]; empty if it was not asked for.
    pub parameters: Vec<Vec<T>>,
}

impl<T: Real> Tape<T> {
    /// Gradients of L = sum over the batch of `dy` times y; `dy` is (batch, output elements).
    ///
    /// Conditions: SHAPE, NONFINITE, MEMORY_LIMIT, MEMORY, CANCELLED.
    pub fn pull_back(&self, ctx: &Context, dy: ArrayView2<T>, wanted: Wanted) -> Result<Gradients<T>> {
        let net = &self.net;
        if dy.dim() != (self.batch, net.output_len()) {
            let ((rows, cols), batch, len) = (dy.dim(), self.batch, net.output_len());
            bail!(Shape, "dy has shape ({rows}, {cols}); expected ({batch}, {len})")
        }
        let bad = match dy.as_slice() {
            Some(dy) => first_non_finite(dy),
            None => dy.iter().position(|v| !v.wide().is_finite()),
        };
        if let Some(i) = bad {
            let (row, col) = (i / net.output_len(), i % net.output_len());
            bail!(Nonfinite, "dy[{row}, {col}] is NaN or infinite; expected finite numbers")
        }
        let runner = Runner::<T>::new(net, ctx, self.batch, "backward")?;
        let nodes = wanted_nodes(net, wanted);
        let gates = gates(&runner, &nodes);
        let walk = Walk { tape: self, runner: &runner, dy, wanted, nodes: &nodes, gates: &gates };
        let mut total = walk.zeros()?;
        let mut x = runner.result::<T>(if wanted.x { self.batch } else { 0 }, net.input_len())?;
        let pool = ctx.pool();
        if pool.threads() == 1 || self.parts.len() == 1 {
            for k in 0..self.parts.len() {
                let dx = walk.chunk(k, &mut total)?;
                walk.put(k, dx, x.view_mut());
            }
        } else {
            let wave = PARTS * pool.threads();
            for first in (0..self.parts.len()).step_by(wave) {
                let parts = pool.map_chunks(wave.min(self.parts.len() - first), 1, |i| {
                    let mut part = walk.zeros()?;
                    let dx = walk.chunk(first + i.start, &mut part)?;
                    Ok((part, dx))
                })?;
                for (i, (part, dx)) in parts.into_iter().enumerate() {
                    for (total, part) in total.iter_mut().zip(&part) {
                        route::add(part, total);
                        runner.meter.release(size_of_val(&**part));
                    }
                    walk.put(first + i, dx, x.view_mut());
                }
            }
        }
        let parameters = total.iter().map(|p| p.to_vec()).collect();
        Ok(Gradients { x: wanted.x.then_some(x), parameters })
    }
}

/// Nodes whose gradient is needed: those that depend on something whose gradient is asked for.
fn wanted_nodes(net: &Network, wanted: Wanted) -> Vec<bool> {
    let mut nodes = vec![wanted.x];
    for node in &net.nodes[1..] {
        let own = wanted.parameters && node.op.arrays()[0].is_some();
        nodes.push(own || node.inputs.iter().any(|&i| nodes[i]));
    }
    nodes
}

/// Dense layers that are alone to read a kink whose values tell the pieces.
fn gates<T: Real>(runner: &Runner<T>, wanted: &[bool]) -> Vec<bool> {
    let net = runner.net;
    let mut readers = vec![0; net.nodes.len()];
    net.nodes.iter().flat_map(|node| &node.inputs).for_each(|&i| readers[i] += 1);
    let kink = |id: usize| {
        let curves = runner.constants.curves(id);
        pointwise::slopes(curves).is_some() && pointwise::are_read_from_values(curves)
    };
    let gate = |node: &Node| match (&node.op, node.inputs.first()) {
        (Op::Dense { .. }, Some(&i)) => readers[i] == 1 && wanted[i] && kink(i),
        _ => false,
    };
    net.nodes.iter().map(gate).collect()
}

/// One call.
struct Walk<'a, T: Real> {
    tape: &'a Tape<T>,
    runner: &'a Runner<'a, T>,
    dy: ArrayView2<'a, T>,
    wanted: Wanted,
    nodes: &'a [bool],
    /// Dense layers that pass their gradient through the kink in front of them, alone to read it.
    gates: &'a [bool],
}

impl<T: Real> Walk<'_, T> {
    /// A zero gradient of every parameter; none if they are not wanted.
    fn zeros(&self) -> Result<Vec<Buffer<T>>> {
        let arrays = self.tape.net.nodes.iter().flat_map(|n| n.op.arrays()).flatten();
        let zeros = |len| self.runner.meter.buffer(len, self.runner.stage);
        arrays.filter(|_| self.wanted.parameters).map(|a| zeros(a.len())).collect()
    }

    /// Adds the gradients of chunk `k` to `total`; returns that of its input if it is wanted.
    fn chunk(&self, k: usize, total: &mut [Buffer<T>]) -> Result<Option<Buffer<T>>> {
        let (tape, runner, net) = (self.tape, self.runner, &self.tape.net);
        let part = &tape.parts[k];
        let first = k * tape.chunk;
        let dy = self.dy.slice(s![first..first + part.rows, ..]);
        if runner.ctx.reference() {
            return reference::chunk(self.runner, part, dy, self.wanted, total);
        }
        let mut sweep = Sweep::new(runner, part.rows, self.nodes, runner.lend());
        let mut seed = sweep.buffer(dy.len())?;
        seed.iter_mut().zip(dy).for_each(|(to, &v)| *to = v);
        sweep.give(net.output, seed);
        let mut left = total.len();
        // Units that the dense layer behind them has taken care of.
        let mut done = vec![false; net.nodes.len()];
        for id in (1..=net.output).rev() {
            runner.ctx.poll()?;
            let node = &net.nodes[id];
            let own = node.op.arrays().into_iter().flatten().count();
            left -= if self.wanted.parameters { own } else { 0 };
            let Some(g) = sweep.take(id) else { continue };
            if self.wanted.parameters && own > 0 {
                parameters::add(&mut sweep, part, id, &g, &mut total[left..left + own])?;
            }
            if done[id] {
                sweep.give(node.inputs[0], g);
            } else if node.op.is_unit() {
                units::pull_back(&mut sweep, part, id, g)?;
            } else {
                let gate = self.gates[id].then(|| self.gate(part, node.inputs[0]));
                node.inputs.iter().for_each(|&i| done[i] |= gate.is_some());
                sweep.affine(id, g, gate)?;
            }
        }
        let dx = if self.wanted.x {
            sweep.gradient(0)?;
            sweep.take(0)
        } else {
            None
        };
        runner.give_back(sweep.into_idle());
        runner.advance(part.rows);
        Ok(dx)
    }

    /// The kink `id` for the dense layer behind it.
    fn gate<'a>(&self, part: &'a Part<T>, id: NodeId) -> Gate<'a, T> {
        let slopes = pointwise::slopes(self.runner.constants.curves(id)).expect("a gate is a kink");
        Gate { values: part.value(&self.tape.net, id), slopes }
    }

    /// Puts the gradient of the input of chunk `k` where it belongs.
    fn put(&self, k: usize, dx: Option<Buffer<T>>, mut x: ArrayViewMut2<T>) {
        let Some(dx) = dx else { return };
        let to = x.axis_chunks_iter_mut(Axis(0), self.tape.chunk).nth(k).expect("a chunk of the batch");
        to.into_iter().zip(dx.iter()).for_each(|(to, &v)| *to = v);
        // The next chunk may have it.
        let mut idle = self.runner.lend();
        idle.push(dx);
        self.runner.give_back(idle);
    }
}
