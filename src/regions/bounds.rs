//! A-priori bounds of the rounding errors of the functionals, for the f64 filter of the predicates.
//!
//! For each functional (a, b, c) on the local domain two numbers are carried through the graph: a bound S of
//! |a| + |b| + |c| over all patterns, and a bound e of |error of a| + |error of b| + |error of c|. For a row with n terms
//! summed in any order: S' = sum |w| S + |bias| and e' = sum |w| e + (n + 4) u S', u = 2^-53.

use crate::network::{Network, NodeId};
use crate::simd::aligned::{Aligned, padded};

const U: f64 = f64::EPSILON / 2.0;
/// Covers the rounding of the bounds themselves.
const SLACK: f64 = 1.0 + 1e-9;

/// Bounds e for the pre-activations of each level and for the outputs.
pub(crate) fn propagate(
    net: &Network,
    stage: &[usize],
    first: &[(NodeId, Aligned)],
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let nodes = net.nodes();
    // (S, e) of every element of every node.
    let mut bounds: Vec<Vec<(f64, f64)>> = vec![Vec::new(); nodes.len()];
    for (id, block) in first {
        let n = nodes[*id].len();
        let np = padded(n);
        bounds[*id] = (0..n)
            .map(|i| {
                let s = block[i].abs() + block[np + i].abs() + block[2 * np + i].abs();
                // One rounding of a value known to ~2^-100; the smallest normal covers gradual underflow.
                (s * SLACK, 2.0 * U * s + f64::MIN_POSITIVE)
            })
            .collect();
    }
    for (id, node) in nodes.iter().enumerate() {
        if stage[id] == 0 {
            continue;
        }
        if node.op.is_unit() {
            let input = &bounds[node.inputs[0]];
            bounds[id] = (0..node.len())
                .map(|i| {
                    let f = net.activation(id, i);
                    let steepest = f.slopes().iter().fold(0.0f64, |m, s| m.max(s.abs()));
                    let offset = f.offsets().iter().fold(0.0f64, |m, o| m.max(o.abs()));
                    // Offsets are sums of one product per knot, each rounded.
                    let rounding = (4 + 3 * f.knots().len()) as f64 * U;
                    let reach = f.knots().iter().fold(offset, |m, t| m.max(2.0 * steepest * t.abs()));
                    let s = steepest * input[i].0 + offset;
                    (s * SLACK, (steepest * input[i].1 + rounding * (s + reach)) * SLACK)
                })
                .collect();
            continue;
        }
        bounds[id] = (0..node.len())
            .map(|i| {
                let (mut s, mut e, mut terms) = (0.0, 0.0, 0usize);
                let bias = net.row(id, i, |slot, j, w| {
                    let x = bounds[node.inputs[slot]][j];
                    s += w.abs() * x.0;
                    e += w.abs() * x.1;
                    terms += usize::from(w != 0.0);
                });
                s = (s + bias.abs()) * SLACK;
                (s, (e + (terms + 4) as f64 * U * s) * SLACK + f64::MIN_POSITIVE)
            })
            .collect();
    }
    let errors = |id: NodeId| bounds[id].iter().map(|b| b.1).collect::<Vec<f64>>();
    let levels = net.unit_layers().iter().map(|u| errors(nodes[u.node].inputs[0])).collect();
    (levels, errors(net.output()))
}
