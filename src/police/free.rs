//! Layers that are left as they are.

use super::contest::Contest;
use super::function::Functions;
use super::ranges::Ranges;
use super::walk::{Value, Walk};
use crate::error::{Result, bail};
use crate::network::{Candidate, NodeId, Op};

impl Walk<'_> {
    /// Leaves `node`, the `layer`-th layer of units, as it is: its units may be on one piece anyway; otherwise vertices go
    /// through it as they are, and nothing is promised any more.
    pub fn free(&mut self, layer: usize, node: NodeId) -> Result<()> {
        let (net, source) = (self.net, self.net.nodes()[node].inputs[0]);
        let (n_in, n) = (net.nodes()[source].len(), net.nodes()[node].len());
        let ranges = self.ranges(source, n_in)?;
        let regions = self.stack.blocks.len();
        let certain: Option<Vec<i32>> = match net.nodes()[node].op {
            Op::Maxout { .. } | Op::MaxPool { .. } => {
                let contest = Contest::new(self, node)?;
                let winner = |k: usize| contest.winner(k / n, k % n..k % n + 1);
                if let Some(wins) = (0..regions * n).map(winner).collect::<Option<Vec<usize>>>() {
                    return self.follow(layer, node, &wins, None);
                }
                None
            }
            _ => {
                let functions = Functions::of(net, node);
                (0..regions * n).map(|k| piece(&functions, &ranges, k / n, k % n)).collect()
            }
        };
        let vertices = self.stack.blocks.iter().all(|block| block.is_vertices());
        if certain.is_none() && !vertices {
            bail!(
                Unsupported,
                "'{}' (node {node}) is left as it is, and its units are not on one piece of their function on the regions; only \
                 regions given by vertices can pass",
                net.nodes()[node].name
            )
        }
        let mut out = self.buffer(self.stack.len() * n)?;
        let rows = self.rows(source);
        for (r, block) in self.stack.blocks.iter().enumerate() {
            for q in block.rows.clone() {
                let (z, point) = (&rows[q * n_in..][..n_in], self.stack.is_point[q]);
                for i in 0..n {
                    out[q * n + i] = match &certain {
                        Some(codes) => {
                            let (j, slope, offset) = net.piece(node, i, codes[r * n + i]);
                            slope * z[j] + if point { offset } else { 0.0 }
                        }
                        None => self.value_of(node, i, z),
                    };
                }
            }
        }
        let (n_units, first) = (net.n_units(), net.unit_layers()[layer].first);
        match certain {
            Some(codes) => {
                for r in 0..regions {
                    self.codes[r * n_units + first..][..n].copy_from_slice(&codes[r * n..][..n]);
                }
            }
            None => self.report.affine = false,
        }
        let size = self.sizes(&out, n);
        self.values[node] = Some(Value { rows: out, size });
        Ok(())
    }

    /// What unit `i` makes of the input `z`.
    fn value_of(&self, node: NodeId, i: usize, z: &[f64]) -> f64 {
        let net = self.net;
        match net.nodes()[node].op {
            Op::Pointwise(_) => net.activation(node, i).eval(z[i]),
            Op::HardSwish => z[i] * (z[i] + 3.0).clamp(0.0, 6.0) / 6.0,
            _ => {
                let values = (0..net.candidates(node)).map(|k| match net.candidate(node, i, k) {
                    Candidate::Element(j) => z[j],
                    Candidate::Constant(c) => c,
                    Candidate::Padding => f64::NEG_INFINITY,
                });
                values.fold(f64::NEG_INFINITY, f64::max)
            }
        }
    }
}

/// The number of the piece that unit `i` is on over region `r`, if it is on one.
fn piece(functions: &Functions, ranges: &Ranges, r: usize, i: usize) -> Option<i32> {
    let (f, [lo, hi]) = (functions.get(i), ranges.get(r, i));
    let inside = |p: &usize| {
        let left = p.checked_sub(1).is_none_or(|k| lo >= f.bands[k].high);
        left && f.bands.get(*p).is_none_or(|band| hi <= band.low)
    };
    (0..f.pieces.len()).rev().find(inside).map(|p| f.pieces[p].code)
}
