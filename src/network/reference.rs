//! The plain implementation: every element from [`Network::row`], sums in f64. Slow; for checking.

use super::graph::{Network, NodeId, Op};
use super::real::Real;
use super::run::Mode;
use crate::context::Context;
use crate::error::Result;

/// As `Runner::run`, one sample after the other; returns the values of `last`.
pub(super) fn run<T: Real>(
    net: &Network,
    ctx: &Context,
    mode: Mode,
    x: &[T],
    last: NodeId,
    mut observe: impl FnMut(usize, &[T]),
) -> Result<Vec<T>> {
    let mut out = Vec::new();
    for x in x.chunks_exact(net.input_len()) {
        out.append(&mut values(net, ctx, mode, x, last, &mut observe)?[last]);
    }
    Ok(out)
}

/// The values of nodes 0 to `last` for one sample.
pub(super) fn values<T: Real>(
    net: &Network,
    ctx: &Context,
    mode: Mode,
    x: &[T],
    last: NodeId,
    mut observe: impl FnMut(usize, &[T]),
) -> Result<Vec<Vec<T>>> {
    let (mut values, mut layer) = (vec![x.to_vec()], 0);
    for (id, node) in net.nodes().iter().enumerate().take(last + 1).skip(1) {
        ctx.poll()?;
        let z = &values[node.inputs[0]];
        if node.op.is_unit() {
            observe(layer, z);
        }
        let element = |i: usize| match (mode, node.op.is_unit()) {
            (Mode::Values | Mode::Outputs, true) => value(net, id, i, z),
            (Mode::Affine(codes) | Mode::Linear(codes), true) => {
                let (j, slope, offset) = net.piece(id, i, codes[net.unit_layers()[layer].first + i]);
                slope * z[j].wide() + if let Mode::Linear(_) = mode { 0.0 } else { offset }
            }
            (_, false) => {
                let mut sum = 0.0;
                let constant = net.row(id, i, |slot, j, w| sum += w * values[node.inputs[slot]][j].wide());
                sum + if let Mode::Linear(_) = mode { 0.0 } else { constant }
            }
        };
        let value = (0..node.len()).map(|i| T::of(element(i))).collect();
        layer += usize::from(node.op.is_unit());
        values.push(value);
    }
    Ok(values)
}

/// The value of unit `i` of `node`, whose input is `z`.
fn value<T: Real>(net: &Network, node: NodeId, i: usize, z: &[T]) -> f64 {
    match net.nodes()[node].op {
        Op::Pointwise(_) => return net.activation(node, i).eval(z[i].wide()),
        Op::HardSwish => return z[i].wide() * ((z[i].wide() + 3.0).clamp(0.0, 6.0) / 6.0),
        _ => {}
    }
    let (j, slope, offset) = net.piece(node, i, net.code(node, i, |j| z[j].wide()));
    slope * z[j].wide() + offset
}
