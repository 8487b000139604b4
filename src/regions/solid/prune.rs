//! Bounds of what the layers ahead can make of a cell, to let go of cells that cannot hold any of a level set.
//!
//! On the cell every element of every layer ahead is enclosed by a convex function U from above and a concave function L
//! from below, both known by their values at the vertices, where such functions have their extremes:
//!
//! ```text
//! affine layers:  U = W⁺ U + W⁻ L + b,  L = W⁺ L + W⁻ U + b
//! units:          decided by the bounds: the piece, applied to U and L (exchanged if it falls);
//!                 convex and rising (ReLU): U = σ(U), L = a piece of σ applied to L;
//!                 concave and rising: the other way round;  otherwise: the extremes of σ between the bounds
//! ```
//! For units that are decided on the cell U = L: the bounds are as sharp as the pattern so far allows, and get sharper from
//! level to level. Rounding is covered by widening every value by the margin of the sign filter.

use std::sync::Arc;

use super::polyhedron::{Cell, Vertex};
use super::task::{Goal, Task};
use crate::error::Result;
use crate::network::{NodeId, Op, Pwl};
use crate::regions::level::Level;
use crate::regions::plan::Plan;
use crate::simd::FILTER;

/// What is known of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It may hold a part of the set.
    Open,
    /// It holds none: all of it is below the level, or above.
    Out(bool),
}

/// Bounds of one node at all vertices, one vertex after the other.
#[derive(Clone, Default)]
struct Bounds {
    upper: Vec<f64>,
    lower: Vec<f64>,
}

/// The nodes between a level and the output, in topological order, and the settled ones that they read.
struct Ahead {
    settled: Vec<NodeId>,
    open: Vec<NodeId>,
    /// Multiply-adds a vertex.
    work: u64,
}

/// The bounds ahead of each level, and room for them.
#[derive(Clone)]
pub(super) struct Pruner<'p> {
    plan: &'p Plan<'p>,
    ahead: Arc<Vec<Ahead>>,
    bounds: Vec<Bounds>,
}

impl<'p> Pruner<'p> {
    pub(super) fn new(plan: &'p Plan<'p>) -> Self {
        let ahead = (0..plan.levels.len()).map(|level| Ahead::new(plan, level)).collect();
        Pruner { plan, ahead: Arc::new(ahead), bounds: vec![Bounds::default(); plan.net.nodes().len()] }
    }

    fn affine(&mut self, id: NodeId, vertices: usize) {
        let plan = self.plan;
        let node = &plan.net.nodes()[id];
        let n = node.len();
        let mut out = std::mem::take(&mut self.bounds[id]);
        out.upper.clear();
        out.lower.clear();
        if let (Op::Dense { .. }, Some(columns)) = (&node.op, &plan.columns[id]) {
            let from = &self.bounds[node.inputs[0]];
            let inputs = from.upper.len() / vertices;
            let bias = &columns.bias[(plan.coords - 1) * columns.rows..][..n];
            for v in 0..vertices {
                out.upper.extend(bias.iter().map(|b| b + FILTER * b.abs()));
                out.lower.extend(bias.iter().map(|b| b - FILTER * b.abs()));
                let (upper, lower) = (&mut out.upper[v * n..], &mut out.lower[v * n..]);
                for j in 0..inputs {
                    let (u, l) = (from.upper[v * inputs + j], from.lower[v * inputs + j]);
                    let (mid, half) = (0.5 * (u + l), 0.5 * (u - l));
                    let column = &columns.weight[j * columns.rows..][..n];
                    for ((upper, lower), w) in upper.iter_mut().zip(lower.iter_mut()).zip(column) {
                        let (m, h) = (w * mid, w.abs() * half);
                        *upper += m + h;
                        *lower += m - h;
                    }
                }
            }
        } else {
            for v in 0..vertices {
                for i in 0..n {
                    let (mut upper, mut lower) = (0.0, 0.0);
                    let bias = plan.net.row(id, i, |slot, j, w| {
                        let from = &self.bounds[node.inputs[slot]];
                        let at = v * (from.upper.len() / vertices) + j;
                        let (u, l) = (w * from.upper[at], w * from.lower[at]);
                        upper += if w > 0.0 { u } else { l };
                        lower += if w > 0.0 { l } else { u };
                    });
                    out.upper.push(upper + bias + FILTER * bias.abs());
                    out.lower.push(lower + bias - FILTER * bias.abs());
                }
            }
        }
        self.bounds[id] = out;
    }

    fn units(&mut self, id: NodeId, vertices: usize) {
        let node = &self.plan.net.nodes()[id];
        let mut out = std::mem::take(&mut self.bounds[id]);
        let from = &self.bounds[node.inputs[0]];
        let n = node.len();
        out.upper.resize(n * vertices, 0.0);
        out.lower.resize(n * vertices, 0.0);
        for k in 0..n {
            let each = (0..vertices).map(|v| v * n + k);
            let hi = each.clone().fold(f64::NEG_INFINITY, |m, i| m.max(from.upper[i]));
            let lo = each.clone().fold(f64::INFINITY, |m, i| m.min(from.lower[i]));
            let enclosure = Enclosure::new(self.plan.net.activation(id, k), lo, hi);
            for i in each {
                let (upper, lower) = enclosure.apply(from.upper[i], from.lower[i]);
                out.upper[i] = upper + FILTER * upper.abs();
                out.lower[i] = lower - FILTER * lower.abs();
            }
        }
        self.bounds[id] = out;
    }
}

impl Ahead {
    fn new(plan: &Plan, level: usize) -> Ahead {
        let nodes = plan.net.nodes();
        let output = plan.net.output();
        let mut needed = vec![false; nodes.len()];
        needed[output] = true;
        let (mut settled, mut open, mut work) = (Vec::new(), Vec::new(), 0);
        for id in (0..=output).rev().filter(|&id| id <= output) {
            if !needed[id] {
                continue;
            }
            if plan.stage[id] <= level {
                settled.push(id);
                continue;
            }
            open.push(id);
            nodes[id].inputs.iter().for_each(|&i| needed[i] = true);
            work += 2 * (nodes[id].len() * plan.norms[id].as_ref().map_or(1, |n| n.terms)) as u64;
        }
        open.reverse();
        Ahead { settled, open, work }
    }
}

/// How the values of a unit are enclosed on a cell.
#[derive(Clone, Copy, Debug)]
enum Enclosure<'f> {
    /// One affine piece.
    Piece(f64, f64),
    /// A convex rising function, and one of its pieces.
    Convex(&'f Pwl, f64, f64),
    /// A concave rising function, and one of its pieces.
    Concave(&'f Pwl, f64, f64),
    Between(f64, f64),
}

impl<'f> Enclosure<'f> {
    /// For a unit whose argument is between `lo` and `hi`.
    fn new(f: &'f Pwl, lo: f64, hi: f64) -> Self {
        let piece_at = |z: f64| f.knots().partition_point(|&t| t < z);
        let (first, last) = (piece_at(lo), piece_at(hi).max(piece_at(lo)));
        if first == last {
            return Enclosure::Piece(f.slopes()[first], f.offsets()[first]);
        }
        let slopes = &f.slopes()[first..=last];
        let middle = piece_at(0.5 * (lo + hi)).clamp(first, last);
        let (slope, offset) = (f.slopes()[middle], f.offsets()[middle]);
        let rising = slopes.iter().all(|&s| s >= 0.0);
        if rising && slopes.is_sorted() {
            Enclosure::Convex(f, slope, offset)
        } else if rising && slopes.is_sorted_by(|a, b| a >= b) {
            Enclosure::Concave(f, slope, offset)
        } else {
            let inside = f.knots()[first..last].iter().copied().chain([lo, hi]).map(|z| eval(f, z));
            let (least, most) =
                inside.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(y), b.max(y)));
            Enclosure::Between(least, most)
        }
    }

    /// Bounds (upper, lower) behind the unit from those before it.
    #[inline]
    fn apply(self, upper: f64, lower: f64) -> (f64, f64) {
        match self {
            Enclosure::Piece(s, o) if s >= 0.0 => (s * upper + o, s * lower + o),
            Enclosure::Piece(s, o) => (s * lower + o, s * upper + o),
            Enclosure::Convex(f, s, o) => (eval(f, upper), s * lower + o),
            Enclosure::Concave(f, s, o) => (s * upper + o, eval(f, lower)),
            Enclosure::Between(least, most) => (most, least),
        }
    }
}

fn eval(f: &Pwl, z: f64) -> f64 {
    let piece = f.knots().partition_point(|&t| t < z);
    f.slopes()[piece] * z + f.offsets()[piece]
}

impl Task<'_> {
    /// Whether a cell that enters a level can hold any of the level set.
    pub(super) fn look_ahead(&mut self, level: &Level, cell: &Cell) -> Result<Verdict> {
        let Goal::Surface(form, pruner) = &mut self.goal else { return Ok(Verdict::Open) };
        let ahead = pruner.ahead.clone();
        let ahead = &ahead[level.number];
        let vertices: Vec<&Vertex> = self.stack.corners(cell).collect();
        let values = &self.values;
        for &id in &ahead.settled {
            let mut out = std::mem::take(&mut pruner.bounds[id]);
            out.upper.clear();
            out.lower.clear();
            let (n, error) = (values.plan.net.nodes()[id].len(), values.error(id));
            let block = values.block(id);
            let np = block.len() / values.plan.rows;
            for v in &vertices {
                for k in 0..n {
                    let [a, b, c, d] = [0, 1, 2, 3].map(|row| block[row * np + k]);
                    let slope = a.abs() + b.abs() + c.abs();
                    let z = a * v.p[0] + b * v.p[1] + c * v.p[2] + d;
                    let doubt = error + v.radius * slope + FILTER * (slope + d.abs());
                    out.upper.push(z + doubt);
                    out.lower.push(z - doubt);
                }
            }
            pruner.bounds[id] = out;
        }
        let n = vertices.len();
        for &id in &ahead.open {
            match values.plan.net.nodes()[id].op {
                Op::Pointwise(_) => pruner.units(id, n),
                _ => pruner.affine(id, n),
            }
        }
        let bounds = &pruner.bounds[values.plan.net.output()];
        let outputs = values.plan.net.output_len();
        let at = |bounds: &[f64], v: usize| bounds[v * outputs + form.output];
        let verdict = if (0..n).all(|v| at(&bounds.upper, v) < form.level) {
            Verdict::Out(true)
        } else if (0..n).all(|v| at(&bounds.lower, v) > form.level) {
            Verdict::Out(false)
        } else {
            Verdict::Open
        };
        self.tick(ahead.work * n as u64)?;
        Ok(verdict)
    }
}
