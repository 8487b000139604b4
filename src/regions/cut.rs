//! Signs of units at vertices, and the cut of a cell by a unit.
//!
//! A sign is settled in f64 when the value is farther from 0 than its error bound, otherwise by the exact stage; there is
//! no third way, and in particular no tolerance. Signs have three values: a zero stays on the boundary of both sides.

use std::ops::Range;

use super::bounds::U;
use super::cell::Vertex;
use super::dyadic::{meet, ratio_to_f64};
use super::level::Level;
use super::task::{Entry, Task};
use super::values::Values;
use crate::simd::FILTER;

/// A vertex whose error bound would be larger than this is computed exactly and rounded.
const WORST_RADIUS: f64 = 8192.0 * FILTER;

impl Task<'_> {
    /// Value of unit `k` minus its knot at vertex `v`, and the bound of its error.
    #[inline]
    fn value(&self, level: &Level, k: usize, knot: usize, v: &Vertex) -> (f64, f64) {
        let z = self.values.block(level.source);
        let (a, b, c) = (z[k], z[level.np + k], z[2 * level.np + k]);
        let t = level.knots_of(k)[knot];
        let value = a * v.x + (b * v.y + c) - t;
        let slope = a.abs() + b.abs();
        let error = self.values.error_scale(level) * level.error[k];
        (value, error + v.radius * slope + 5.0 * U * (slope + c.abs() + t.abs()))
    }

    /// Sign of unit `k` at its knot, at vertex `i` of the cell, with the f64 value. An exact zero is recorded at the vertex.
    fn sign(&mut self, level: &Level, k: usize, knot: usize, cell: &Range<usize>, i: usize) -> (f64, i32) {
        let (value, error) = self.value(level, k, knot, &self.vertices[i]);
        let z = self.values.block(level.source);
        let size =
            z[k].abs() + z[level.np + k].abs() + z[2 * level.np + k].abs() + level.knots_of(k)[knot].abs();
        let certain = error + FILTER * size;
        if value > certain && !self.exact {
            return (value, 1);
        }
        if value < -certain && !self.exact {
            return (value, -1);
        }
        let line = level.line(k, knot);
        let before = self.vertices[if i == cell.start { cell.end - 1 } else { i - 1 }].line;
        let behind = self.vertices[i].line;
        let Values { plan, oracle, pattern, .. } = &mut self.values;
        let f = oracle.line(plan, pattern, line);
        let sign = oracle.sign(plan, pattern, &f, before, behind);
        if sign == 0 {
            self.vertices[i].touch(line, |p, q| oracle.parallel(plan, pattern, p, q));
        }
        (value, sign)
    }

    /// Which of the knots of `e` cross the cell. `edge` is the cut edge that has just been made, if any: a unit that
    /// vanishes on all of it lies on the same line, which from now on goes by the smaller number.
    pub(super) fn narrow(
        &mut self,
        level: &Level,
        e: Entry,
        cell: &Range<usize>,
        edge: Option<usize>,
    ) -> Entry {
        let k = e.unit as usize;
        let (mut lo, mut hi) = (e.lo, e.hi);
        for knot in e.lo..e.hi {
            let (mut pos, mut neg) = (false, false);
            let mut zeros = [false; 2];
            for i in cell.clone() {
                let (_, sign) = self.sign(level, k, knot as usize, cell, i);
                pos |= sign > 0;
                neg |= sign < 0;
                if let (0, Some(edge)) = (sign, edge) {
                    let next = if edge + 1 == cell.len() { 0 } else { edge + 1 };
                    zeros[0] |= i - cell.start == edge;
                    zeros[1] |= i - cell.start == next;
                }
            }
            if let (true, Some(edge)) = (zeros[0] && zeros[1], edge) {
                let line = &mut self.vertices[cell.start + edge].line;
                *line = (*line).min(level.line(k, knot as usize));
            }
            match (pos, neg) {
                (true, true) => {}
                // The cell is above this knot, hence above all before it.
                (true, false) => lo = knot + 1,
                // At or below this knot, hence below all behind it.
                (false, _) => {
                    hi = knot;
                    break;
                }
            }
        }
        Entry { unit: e.unit, lo, hi: hi.max(lo) }
    }

    /// Cuts a cell that unit `k` crosses at its knot. The sides are left in `scratch.sides` (0 negative, 1 positive);
    /// returns the index of the cut edge in each.
    pub(super) fn cut(&mut self, level: &Level, k: usize, knot: usize, cell: Range<usize>) -> [usize; 2] {
        let line = level.line(k, knot);
        let mut signs = std::mem::take(&mut self.scratch.signs);
        let mut sides = std::mem::take(&mut self.scratch.sides);
        signs.clear();
        for i in cell.clone() {
            signs.push(self.sign(level, k, knot, &cell, i));
        }
        sides.iter_mut().for_each(Vec::clear);
        let mut edges = [0; 2];
        for i in 0..signs.len() {
            let j = if i + 1 == signs.len() { 0 } else { i + 1 };
            let (v, (value, sign), (next, next_sign)) = (self.vertices[cell.start + i], signs[i], signs[j]);
            // On the line: the edge behind it stays with the side it leads into, the other side goes along the cut.
            for (s, side) in [-1, 1].into_iter().zip(0..2) {
                if sign == s {
                    sides[side].push(v);
                } else if sign == 0 && next_sign == s {
                    sides[side].push(v.behind_cut());
                } else if sign == 0 {
                    edges[side] = sides[side].len();
                    sides[side].push(v.before_cut(line));
                }
            }
            if sign * next_sign < 0 {
                let w = self.vertices[cell.start + j];
                let new = self.crossing(level, k, knot, (&v, value), (&w, next), line);
                let (from, to) = if sign < 0 { (0, 1) } else { (1, 0) };
                edges[from] = sides[from].len();
                sides[from].push(new.turned(line));
                sides[to].push(new);
            }
        }
        self.scratch.signs = signs;
        self.scratch.sides = sides;
        edges
    }

    /// The point where `line` cuts the edge from `v` to `w`, at which it has opposite signs.
    fn crossing(
        &mut self,
        level: &Level,
        k: usize,
        knot: usize,
        (v, at_v): (&Vertex, f64),
        (w, at_w): (&Vertex, f64),
        line: u32,
    ) -> Vertex {
        let z = self.values.block(level.source);
        let (a, b, c) = (z[k], z[level.np + k], z[2 * level.np + k]);
        let size = a.abs() + b.abs() + c.abs() + level.knots_of(k)[knot].abs();
        let error = self.values.error_scale(level) * level.error[k];
        let slope = (a * a + b * b).sqrt();
        let (dx, dy) = (w.x - v.x, w.y - v.y);
        let length = (dx * dx + dy * dy).sqrt();
        // The new point lies where the computed functional vanishes, between two points that are near the edge: so near
        // the line, and as near to the edge as those two.
        // The 12 leaves room for the rounding of the two values, which the sine below does not count.
        let mut gaps = [(error + 12.0 * U * size) / slope + 4.0 * U, v.gaps[1].max(w.gaps[0]) + 4.0 * U];
        // Sine of the angle between the true lines, at least.
        let sine = (at_v - at_w).abs() / (length * slope);
        let sure = sine - 1.1 * (v.gaps[1] + w.gaps[0]) / length - 2.0 * error / slope - 16.0 * U;
        // In any case both the point and the true one lie between the two ends.
        let mut radius = length + v.radius.max(w.radius) + 4.0 * U;
        if at_v * at_w < 0.0 && sure > 0.5 * sine {
            radius = radius.min(1.1 * (gaps[0] + gaps[1]) / sure);
        } else {
            gaps[0] = radius;
        }
        if radius < WORST_RADIUS && !self.exact {
            let t = at_v / (at_v - at_w);
            let t = if t.is_nan() { 0.5 } else { t.clamp(0.0, 1.0) };
            return v.on_edge(line, (v.x + t * dx, v.y + t * dy), radius, gaps);
        }
        self.tally.exact_vertices += 1;
        let point = meet(&self.values.line(v.line), &self.values.line(line));
        let (x, y) = (ratio_to_f64(&point[0], &point[2]), ratio_to_f64(&point[1], &point[2]));
        v.on_edge(line, (x, y), 4.0 * U, [4.0 * U; 2])
    }
}
