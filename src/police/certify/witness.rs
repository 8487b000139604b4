//! Three points on a line that show that a network is not affine.
//!
//! A unit that crosses a bend suggests a segment, from where its input is lowest to where it is highest. Whether the network
//! bends there is found out from its values at the ends and between, in double-double with error bounds: a bend that
//! later layers undo is no witness.

use super::approx::{Approx, Block};
use super::carry::{Arithmetic, Front, Job};
use super::enclosure::Enclosure;
use super::piece::Units;
use super::verdict::Witness;
use crate::convex::{ConvexSet, Shape, Side};
use crate::error::Result;
use crate::network::{Candidate, NodeId};
use crate::numeric::number::Near;

/// Half of a short segment around a bend, in parts of the long one: other bends may hide that of the unit.
const NEAR: f64 = 1.0 / 256.0;
/// The third point keeps this distance from the ends.
const APART: f64 = 1.0 / (1u64 << 20) as f64;

/// A functional by its values on the rows, and the value at which a unit that reads it bends.
pub(super) struct Bend {
    pub values: Vec<f64>,
    pub at: f64,
}

/// Part of a segment between two points of the set, and where to look in it.
struct Segment {
    /// Index of the bend.
    bend: usize,
    from: f64,
    to: f64,
    at: f64,
}

/// Double-double arithmetic at points: units compute their values, whatever piece they are on.
struct AtPoints(Approx);

impl Arithmetic for AtPoints {
    type Block = Block;
    type Value = Near;

    fn affine(&self, job: &Job, id: NodeId, inputs: &[&Block]) -> Result<Option<Block>> {
        self.0.affine(job, id, inputs)
    }

    fn units(&self, job: &Job, layer: usize, input: &Block, codes: &[i32]) -> Result<Block> {
        let rows = job.rows();
        self.0.fill(job, codes.len(), 16, |range, part| {
            for (at, (i, row)) in range.flat_map(|i| (0..rows).map(move |row| (i, row))).enumerate() {
                let z = |j: usize| self.0.value(input, j, row, rows);
                part.put(at, unit(job, layer, i, &z));
            }
            Ok(())
        })
    }

    fn value(&self, block: &Block, i: usize, row: usize, rows: usize) -> Near {
        self.0.value(block, i, row, rows)
    }

    fn release(&self, job: &Job, block: Block) {
        self.0.release(job, block);
    }
}

/// The value of unit `i` from those of its input.
fn unit(job: &Job, layer: usize, i: usize, z: &impl Fn(usize) -> Near) -> Near {
    match &job.units[layer] {
        units @ Units::Scalar { .. } => units.curve(i).map_or_else(Near::default, |curve| curve.at(&z(i))),
        Units::Max { node } => {
            let values =
                (0..job.net.candidates(*node)).filter_map(|k| match job.net.candidate(*node, i, k) {
                    Candidate::Element(j) => Some(z(j)),
                    Candidate::Constant(c) => Some(Enclosure::exact(c)),
                    Candidate::Padding => None,
                });
            values.reduce(|a, b| a.max(&b)).unwrap_or_default()
        }
    }
}

/// The largest deviation from an affine function that was found along segments suggested by `bends`.
pub(super) fn search(job: &Job, set: &ConvexSet, bends: &[Bend]) -> Result<Option<Witness>> {
    let ends: Vec<[Vec<(usize, f64)>; 2]> =
        bends.iter().map(|bend| [Side::Low, Side::High].map(|side| end(set.shape(), bend, side))).collect();
    let mut segments = Vec::new();
    for (b, (bend, ends)) in bends.iter().zip(&ends).enumerate() {
        let [low, high] =
            ends.each_ref().map(|terms| terms.iter().map(|&(j, t)| t * bend.values[j]).sum::<f64>());
        let at = (bend.at - low) / (high - low);
        // NaN where the functional does not change after all.
        if !at.is_finite() {
            continue;
        }
        let at = at.clamp(APART, 1.0 - APART);
        segments.push(Segment { bend: b, from: 0.0, to: 1.0, at });
        let (from, to) = ((at - NEAR).max(0.0), (at + NEAR).min(1.0));
        segments.push(Segment {
            bend: b,
            from,
            to,
            at: ((at - from) / (to - from)).clamp(APART, 1.0 - APART),
        });
    }
    if segments.is_empty() {
        return Ok(None);
    }
    let dim = set.dim();
    let point = |terms: &[(usize, f64)], i: usize| {
        let mut x = Near::default();
        terms
            .iter()
            .for_each(|&(j, t)| x.add(&<Near as Enclosure>::exact(set.rows()[j * dim + i]).scaled(t)));
        x
    };
    // Three rows a segment: both ends, and the point between.
    let rows = 3 * segments.len();
    let points = Job { is_point: vec![true; rows], ..*job };
    let coordinate = |i: usize, row: usize| {
        let (segment, which) = (&segments[row / 3], row % 3);
        let [low, high] = ends[segment.bend].each_ref().map(|terms| point(terms, i));
        let along = |t: f64| {
            let mut x = Enclosure::sub(&high, &low).scaled(t);
            x.add(&low);
            x
        };
        let [from, to] = [along(segment.from), along(segment.to)];
        match which {
            0 => from,
            1 => to,
            _ => between(&from, &to, segment.at),
        }
    };
    let arithmetic = Approx { double: true };
    let input = arithmetic.input_of(&points, dim, coordinate)?;
    let mut front = Front::new(&points, AtPoints(arithmetic), input);
    front.advance(job.net.nodes().len(), &vec![0; job.net.n_units()])?;
    let value = |o: usize, row: usize| arithmetic.value(front.value(job.net.output()), o, row, rows);
    let mut best: Option<(usize, usize, Near)> = None;
    for (s, segment) in segments.iter().enumerate() {
        for o in 0..job.net.output_len() {
            let chord = between(&value(o, 3 * s), &value(o, 3 * s + 1), segment.at);
            let off = Enclosure::sub(&value(o, 3 * s + 2), &chord);
            let larger =
                best.as_ref().is_none_or(|(_, _, b)| off.approximate().abs() > b.approximate().abs());
            if off.abs().is_above_zero() && larger {
                best = Some((s, o, off));
            }
        }
    }
    Ok(best.map(|(s, output, off)| {
        let row = |which: usize| (0..dim).map(|i| coordinate(i, 3 * s + which).approximate()).collect();
        Witness {
            ends: [row(0), row(1)],
            at: segments[s].at,
            point: row(2),
            output,
            deviation: off.approximate(),
            radius: off.radius(),
        }
    }))
}

/// a + t (b - a).
fn between(a: &Near, b: &Near, t: f64) -> Near {
    let mut x = Enclosure::sub(b, a).scaled(t);
    x.add(a);
    x
}

/// A point of the set where the functional is lowest or highest, about, as (row, factor): certainly a point of the set.
fn end(shape: &Shape, bend: &Bend, side: Side) -> Vec<(usize, f64)> {
    let value = |j: usize| bend.values[j];
    let mut terms = shape.extreme(side, &value).terms;
    keep_inside(shape, &mut terms);
    let sign = if side == Side::Low { -1.0 } else { 1.0 };
    if let Some(ray) = ray(shape, &|j| sign * value(j)) {
        // As far beyond the bend as the end was before it, and no less than the ray is long.
        let here: f64 = terms.iter().map(|&(j, t)| t * value(j)).sum();
        let steps = (2.0 * (sign * (bend.at - here)).max(0.0) / value(ray).abs()).clamp(1.0, 1e100);
        terms.push((ray, steps));
    }
    terms
}

/// Moves factors that rounding may have put outside inwards.
fn keep_inside(shape: &Shape, terms: &mut [(usize, f64)]) {
    match shape {
        Shape::Ball(rows) => {
            let factor = 1.0 - (rows.len() + 8) as f64 * f64::EPSILON;
            terms.iter_mut().filter(|(j, _)| rows.contains(j)).for_each(|(_, t)| *t *= factor);
        }
        Shape::Polytope(rows, sides) => {
            let mut t = vec![0.0; rows.len()];
            terms.iter().filter(|(j, _)| rows.contains(j)).for_each(|&(j, x)| t[j - rows.start] = x);
            let t = sides.inside(&t);
            terms.iter_mut().filter(|(j, _)| rows.contains(j)).for_each(|(j, x)| *x = t[*j - rows.start]);
        }
        Shape::Sum(parts) | Shape::Hull(parts) => parts.iter().for_each(|part| keep_inside(part, terms)),
        _ => {}
    }
}

/// The ray along which the functional grows fastest.
fn ray(shape: &Shape, value: &impl Fn(usize) -> f64) -> Option<usize> {
    match shape {
        Shape::Cone(rows) => {
            rows.clone().filter(|&j| value(j) > 0.0).max_by(|&a, &b| value(a).total_cmp(&value(b)))
        }
        Shape::Sum(parts) | Shape::Hull(parts) => {
            let rays = parts.iter().filter_map(|part| ray(part, value));
            rays.max_by(|&a, &b| value(a).total_cmp(&value(b)))
        }
        _ => None,
    }
}
