//! The plain way back: one sample after the other, every derivative from the definition of its layer, sums in f64. Slow;
//! for checking.

use ndarray::ArrayView2;

use super::{Part, Wanted};
use crate::buffer::Buffer;
use crate::error::Result;
use crate::network::graph::{Network, NodeId, Op};
use crate::network::real::Real;
use crate::network::reference;
use crate::network::run::{Mode, Runner};

/// As `Walk::chunk`, from nothing but the inputs of the chunk.
pub(super) fn chunk<T: Real>(
    runner: &Runner<T>,
    part: &Part<T>,
    dy: ArrayView2<T>,
    wanted: Wanted,
    total: &mut [Buffer<T>],
) -> Result<Option<Buffer<T>>> {
    let (net, ctx) = (runner.net, runner.ctx);
    let mut sums: Vec<Vec<f64>> = total.iter().map(|p| vec![0.0; p.len()]).collect();
    let mut all = runner.meter.buffer::<T>(part.rows * net.input_len(), runner.stage)?;
    let samples = part.value(net, 0).chunks_exact(net.input_len()).zip(all.chunks_exact_mut(net.input_len()));
    for ((x, dx), dy) in samples.zip(dy.rows()) {
        let values = reference::values(net, ctx, Mode::Values, x, net.output, |_, _| {})?;
        let mut g: Vec<Vec<f64>> = values.iter().map(|v| vec![0.0; v.len()]).collect();
        g[net.output] = (0..dy.len()).map(|i| dy[i].wide()).collect();
        let mut left = sums.len();
        for id in (1..=net.output).rev() {
            ctx.poll()?;
            let of_node = std::mem::take(&mut g[id]);
            let node = &net.nodes[id];
            if wanted.parameters {
                let own = node.op.arrays().into_iter().flatten().count();
                left -= own;
                parameters(net, id, &values[node.inputs[0]], &of_node, &mut sums[left..left + own]);
            }
            for (i, &v) in of_node.iter().enumerate() {
                if node.op.is_unit() {
                    let z = &values[node.inputs[0]];
                    let code = net.code(id, i, |j| z[j].wide());
                    let (j, slope) = match (&node.op, code) {
                        (Op::HardSwish, 1) => (i, z[i].wide() / 3.0 + 0.5),
                        _ => (net.piece(id, i, code).0, net.piece(id, i, code).1),
                    };
                    g[node.inputs[0]][j] += slope * v;
                } else {
                    net.row(id, i, |slot, j, w| g[node.inputs[slot]][j] += w * v);
                }
            }
        }
        dx.iter_mut().zip(&g[0]).for_each(|(to, &v)| *to = T::of(v));
    }
    for (total, sum) in total.iter_mut().zip(&sums) {
        total.iter_mut().zip(sum).for_each(|(total, &v)| *total += T::of(v));
    }
    runner.advance(part.rows);
    Ok(wanted.x.then_some(all))
}

/// Adds the gradients of the numbers of a layer with input `x`, given the gradient `g` of its value.
fn parameters<T: Real>(net: &Network, id: NodeId, x: &[T], g: &[f64], sums: &mut [Vec<f64>]) {
    let node = &net.nodes[id];
    let [weight, rest @ ..] = sums else { return };
    let at = |len: usize, i: usize| match len {
        1 => 0,
        _ if len == g.len() => i,
        _ => i / node.plane(),
    };
    for (i, &g) in g.iter().enumerate() {
        match &node.op {
            Op::Dense { .. } => {
                x.iter().enumerate().for_each(|(j, x)| weight[i * x_len(net, id) + j] += g * x.wide());
            }
            Op::Conv2d { window, groups, .. } => {
                let shape = &net.nodes[node.inputs[0]].shape;
                let (channels, size) = (shape[0] / groups, shape[1] * shape[2]);
                let (o, p) = (i / node.plane(), i % node.plane());
                let first = o / (node.shape[0] / groups) * channels;
                let taps = window.kernel[0] * window.kernel[1];
                for (c, tap) in (0..channels).flat_map(|c| (0..taps).map(move |tap| (c, tap))) {
                    let (position, tap_at) = (
                        (p / node.shape[2], p % node.shape[2]),
                        (tap / window.kernel[1], tap % window.kernel[1]),
                    );
                    if let Some(j) = window.source((shape[1], shape[2]), position, tap_at) {
                        weight[(o * channels + c) * taps + tap] += g * x[(first + c) * size + j].wide();
                    }
                }
            }
            _ => {
                let k = at(weight.len(), i);
                weight[k] += g * x[i].wide();
            }
        }
        if let [bias] = rest {
            let k = match node.op {
                Op::ScaleShift { .. } => at(bias.len(), i),
                _ => i / node.plane(),
            };
            bias[k] += g;
        }
    }
}

fn x_len(net: &Network, id: NodeId) -> usize {
    net.nodes[net.nodes[id].inputs[0]].len()
}
