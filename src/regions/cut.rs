//! Signs of lines at vertices, and the cut of a cell by a line.
//!
//! A sign is settled in f64 when the value is farther from 0 than its error bound, otherwise by the exact stage; there is
//! no third way, and in particular no tolerance. Signs have three values: a zero stays on the boundary of both sides.

use std::ops::Range;

use super::bounds::U;
use super::cell::Vertex;
use super::level::Level;
use super::task::{Entry, Task};
use super::values::Values;
use crate::numeric::dyadic::ratio_to_f64;
use crate::numeric::number::meet;
use crate::simd::FILTER;

/// A vertex whose error bound would be larger than this is computed exactly and rounded.
const WORST_RADIUS: f64 = 8192.0 * FILTER;

/// Where a functional vanishes: in f64, and by its number for the exact stage.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) f: [f64; 3],
    /// Taken off the constant of `f`.
    pub(super) knot: f64,
    /// Size of what was added up to the functional.
    pub(super) size: f64,
    /// Bound of the errors of the coefficients.
    pub(super) error: f64,
    pub(super) number: u32,
    /// Whether the functional is minus that of the line.
    pub(super) flipped: bool,
}

impl Line {
    /// Value at a vertex, and what it must exceed to have a certain sign.
    #[inline]
    fn value(&self, v: &Vertex) -> (f64, f64) {
        let [a, b, c] = self.f;
        (a * v.x + (b * v.y + c) - self.knot, self.certain(v.radius))
    }

    /// What a value must exceed to have a certain sign at a vertex that is off by at most `radius`.
    #[inline]
    pub(super) fn certain(&self, radius: f64) -> f64 {
        let [a, b, _] = self.f;
        self.error + radius * (a.abs() + b.abs()) + (FILTER + 5.0 * U) * self.size
    }
}

impl Values<'_> {
    /// Knot `knot` of scalar unit `k`.
    #[inline]
    pub(super) fn knot_line(&self, level: &Level, k: usize, knot: usize) -> Line {
        let z = self.block(level.source);
        let f = [z[k], z[level.np + k], z[2 * level.np + k]];
        let t = level.knots_of(k)[knot];
        Line {
            f,
            knot: t,
            size: f[0].abs() + f[1].abs() + f[2].abs() + t.abs(),
            error: self.error_scale(level) * level.error[k],
            number: level.line(k, knot),
            flipped: false,
        }
    }

    /// The f64 value and the sign of `line` at vertex `i` of a cell.
    #[inline]
    pub(super) fn sign(&mut self, line: &Line, cell: &[Vertex], i: usize, exact: bool) -> (f64, i32) {
        let (value, certain) = line.value(&cell[i]);
        if value.abs() > certain && !exact {
            self.signs.filter += 1;
            self.signs.note(value, line.size);
            return (value, if value > 0.0 { 1 } else { -1 });
        }
        let before = cell[if i == 0 { cell.len() - 1 } else { i - 1 }].line;
        let sign = self.sign_at_lines(line.number, [before, cell[i].line], line.size, exact);
        (value, if line.flipped { -sign } else { sign })
    }

    /// Sign of line `number`, whose coefficients have a sum of `size`, where two others meet: in double-double if that can
    /// tell, otherwise exactly.
    #[cold]
    pub(super) fn sign_at_lines(&mut self, number: u32, at: [u32; 2], size: f64, exact: bool) -> i32 {
        if !exact && let Some((sign, value)) = self.near.near_sign(self.plan, &self.pattern, number, at) {
            self.signs.double += 1;
            self.signs.note(value, size);
            return sign;
        }
        self.signs.exact += 1;
        let f = self.line(number);
        let (sign, value) = self.oracle.sign(self.plan, &self.pattern, &f, at[0], at[1]);
        if sign == 0 {
            self.signs.zero += 1;
        } else {
            self.signs.note(value, size);
        }
        sign
    }
}

/// The two sides of a cut (0 negative, 1 positive), and the index of the cut edge in each.
#[derive(Default)]
pub(super) struct Sides {
    pub(super) cells: [Vec<Vertex>; 2],
    pub(super) edges: [usize; 2],
}

impl Task<'_> {
    /// Sign of a line at vertex `i` of the cell, with the f64 value. An exact zero is recorded at the vertex.
    fn sign(&mut self, line: &Line, cell: &Range<usize>, i: usize) -> (f64, i32) {
        let (value, sign) = self.values.sign(line, &self.vertices[cell.clone()], i, self.exact);
        if sign == 0 {
            let Values { plan, oracle, pattern, .. } = &mut self.values;
            self.vertices[cell.start + i].touch(line.number, |p, q| oracle.parallel(plan, pattern, p, q));
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
        let (mut lo, mut hi) = (e.lo, e.hi);
        for knot in e.lo..e.hi {
            let line = self.values.knot_line(level, e.unit as usize, knot as usize);
            let (mut pos, mut neg) = (false, false);
            let mut zeros = [false; 2];
            for i in 0..cell.len() {
                let (_, sign) = self.sign(&line, cell, i);
                pos |= sign > 0;
                neg |= sign < 0;
                if let (0, Some(edge)) = (sign, edge) {
                    let next = if edge + 1 == cell.len() { 0 } else { edge + 1 };
                    zeros[0] |= i == edge;
                    zeros[1] |= i == next;
                }
            }
            if let (true, Some(edge)) = (zeros[0] && zeros[1], edge) {
                let number = &mut self.vertices[cell.start + edge].line;
                *number = (*number).min(line.number);
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

    /// Cuts a cell that scalar unit `k` crosses at its knot; the sides are left in `scratch.sides`.
    pub(super) fn cut_at_knot(&mut self, level: &Level, k: usize, knot: usize, cell: Range<usize>) {
        let line = self.values.knot_line(level, k, knot);
        let mut signs = std::mem::take(&mut self.scratch.signs);
        signs.clear();
        for i in 0..cell.len() {
            signs.push(self.sign(&line, &cell, i));
        }
        let mut sides = std::mem::take(&mut self.scratch.sides);
        let vertices = std::mem::take(&mut self.vertices);
        self.cut(&line, &vertices[cell], &signs, &mut sides);
        self.vertices = vertices;
        self.scratch.signs = signs;
        self.scratch.sides = sides;
    }

    /// Cuts a cell by a line that has the given values and signs, of both kinds, at its vertices.
    pub(super) fn cut(&mut self, line: &Line, cell: &[Vertex], signs: &[(f64, i32)], sides: &mut Sides) {
        sides.cells.iter_mut().for_each(Vec::clear);
        let Sides { cells, edges } = sides;
        for i in 0..cell.len() {
            let j = if i + 1 == cell.len() { 0 } else { i + 1 };
            let (v, (value, sign), (next, next_sign)) = (cell[i], signs[i], signs[j]);
            // On the line: the edge behind it stays with the side it leads into, the other side goes along the cut.
            for (s, side) in [-1, 1].into_iter().zip(0..2) {
                if sign == s {
                    cells[side].push(v);
                } else if sign == 0 && next_sign == s {
                    cells[side].push(v.behind_cut());
                } else if sign == 0 {
                    edges[side] = cells[side].len();
                    cells[side].push(v.before_cut(line.number));
                }
            }
            if sign * next_sign < 0 {
                let new = self.crossing(line, (&v, value), (&cell[j], next));
                let (from, to) = if sign < 0 { (0, 1) } else { (1, 0) };
                edges[from] = cells[from].len();
                cells[from].push(new.turned(line.number));
                cells[to].push(new);
            }
        }
    }

    /// The point where `line` cuts the edge from `v` to `w`, at which it has opposite signs.
    fn crossing(&mut self, line: &Line, (v, at_v): (&Vertex, f64), (w, at_w): (&Vertex, f64)) -> Vertex {
        let [a, b, _] = line.f;
        let slope = (a * a + b * b).sqrt();
        let (dx, dy) = (w.x - v.x, w.y - v.y);
        let length = (dx * dx + dy * dy).sqrt();
        // The new point lies where the computed functional vanishes, between two points that are near the edge: so near
        // the line, and as near to the edge as those two.
        // The 12 leaves room for the rounding of the two values, which the sine below does not count.
        let mut gaps =
            [(line.error + 12.0 * U * line.size) / slope + 4.0 * U, v.gaps[1].max(w.gaps[0]) + 4.0 * U];
        // Sine of the angle between the true lines, at least.
        let sine = (at_v - at_w).abs() / (length * slope);
        let sure = sine - 1.1 * (v.gaps[1] + w.gaps[0]) / length - 2.0 * line.error / slope - 16.0 * U;
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
            return v.on_edge(line.number, (v.x + t * dx, v.y + t * dy), radius, gaps);
        }
        self.tally.exact_vertices += 1;
        let point = meet(&self.values.line(v.line), &self.values.line(line.number));
        let (x, y) = (ratio_to_f64(&point[0], &point[2]), ratio_to_f64(&point[1], &point[2]));
        v.on_edge(line.number, (x, y), 4.0 * U, [4.0 * U; 2])
    }
}
