//! Gradients through layers of units: to the pieces that their inputs are on.

use super::Part;
use crate::buffer::Buffer;
use crate::error::Result;
use crate::network::graph::{NodeId, Op};
use crate::network::layers::pool::Pool;
use crate::network::layers::{pointwise, route};
use crate::network::real::Real;
use crate::network::sweep::Sweep;

/// Passes the gradient `g` of a layer of units on to its input.
pub(super) fn pull_back<T: Real>(
    sweep: &mut Sweep<T>,
    part: &Part<T>,
    id: NodeId,
    mut g: Buffer<T>,
) -> Result<()> {
    let net = sweep.runner.net;
    let node = &net.nodes[id];
    let (source, len) = (node.inputs[0], sweep.len(id));
    if !sweep.wants(source) {
        sweep.recycle(g);
        return Ok(());
    }
    let input = &net.nodes[source];
    match &node.op {
        Op::Pointwise(_) => {
            let curves = sweep.runner.constants.curves(id);
            let read = if pointwise::are_read_from_values(curves) { id } else { source };
            pointwise::pull_back(curves, node.plane(), part.value(net, read), &mut g[..len]);
            sweep.give(source, g);
            return Ok(());
        }
        Op::HardSwish => {
            pointwise::hard_swish_back(part.value(net, source), &mut g[..len]);
            sweep.give(source, g);
            return Ok(());
        }
        Op::Maxout { group, floor } => {
            let size = sweep.len(source);
            let mut dx = sweep.buffer(size)?;
            let (z, floor) = (part.value(net, source), floor.map(T::of));
            route::maxout_back(*group, floor, node.plane(), z, &g[..len], &mut dx[..size]);
            sweep.give(source, dx);
        }
        Op::MaxPool { window, floor } => {
            let pool = Pool::of(&input.shape, &node.shape, window);
            let z = part.value(net, source).chunks_exact(input.plane());
            let x = sweep.gradient(source)?.chunks_exact_mut(input.plane());
            for ((x, z), g) in x.zip(z).zip(g[..len].chunks_exact(node.plane())) {
                pool.pull_back_max(floor.map(T::of), z, g, x);
            }
        }
        op => unreachable!("{} is no layer of units", op.name()),
    }
    sweep.recycle(g);
    Ok(())
}
