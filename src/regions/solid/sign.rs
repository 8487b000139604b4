//! Signs of planes at vertices, and the cut of a cell by a plane.
//!
//! A sign is settled in f64 when the value is farther from 0 than its error bound, otherwise by the exact stage (a 4 x 4
//! determinant of functionals); there is no third way, and in particular no tolerance. Signs have three values: a vertex on
//! which a plane vanishes belongs to both sides.

use super::exact::{meet, unit};
use super::measure::triple;
use super::polyhedron::{Cell, Crossed, Facet, NONE, Vertex};
use super::task::{Goal, Task};
use super::trace::LEVEL;
use crate::numeric::dyadic::{Dyadic, ratio_to_f64};
use crate::numeric::number::{Number, dot};
use crate::regions::bounds::U;
use crate::regions::level::Level;
use crate::regions::oracle::Oracle;
use crate::regions::plan::Plan;
use crate::regions::task::Entry;
use crate::regions::values::Values;
use crate::simd::FILTER;

/// A vertex whose error bound would be larger than this is computed exactly and rounded.
const WORST_RADIUS: f64 = 8192.0 * FILTER;

/// A plane in f64: where `f[0] x + f[1] y + f[2] z + f[3]` vanishes.
pub(super) struct Plane {
    pub(super) f: [f64; 4],
    /// Sum of the absolute values of the four numbers and of what cancelled in them.
    pub(super) size: f64,
    /// Bound of the sum of their errors.
    pub(super) error: f64,
    pub(super) number: u32,
}

/// A plane that cuts: its unit normal with a bound of the error, and how far a point where the computed functional
/// vanishes may be from it.
struct Knife {
    normal: [f64; 3],
    tilt: f64,
    gap: f64,
    number: u32,
}

impl Plane {
    /// Value at a vertex, and the bound of its error.
    #[inline]
    pub(super) fn value(&self, v: &Vertex) -> (f64, f64) {
        let [a, b, c, d] = self.f;
        let value = a * v.p[0] + (b * v.p[1] + (c * v.p[2] + d));
        let slope = a.abs() + b.abs() + c.abs();
        (value, self.error + v.radius * slope + 8.0 * U * self.size)
    }

    /// What a cut needs to know of it.
    fn knife(&self) -> Knife {
        let (normal, slope) = unit([self.f[0], self.f[1], self.f[2]]);
        // The 16 leaves room for the rounding of the values at the ends of an edge.
        let gap = (self.error + 16.0 * U * self.size) / slope + 4.0 * U;
        Knife { normal, tilt: 2.0 * self.error / slope + 8.0 * U, gap, number: self.number }
    }
}

impl Values<'_> {
    /// Where unit `k` of `level` has its knot.
    #[inline]
    pub(super) fn plane(&self, level: &Level, k: usize, knot: usize) -> Plane {
        let z = self.block(level.source);
        let [a, b, c, d] = [0, 1, 2, 3].map(|row| z[row * level.np + k]);
        let t = level.knots_of(k)[knot];
        Plane {
            f: [a, b, c, d - t],
            size: a.abs() + b.abs() + c.abs() + d.abs() + t.abs(),
            error: self.error_scale(level) * level.error[k],
            number: level.line(k, knot),
        }
    }
}

impl Goal<'_> {
    /// The functional that vanishes on a plane.
    fn functional<N: Number>(
        &self,
        oracle: &mut Oracle<N>,
        plan: &Plan,
        pattern: &[u64],
        plane: u32,
    ) -> Vec<N> {
        match self {
            Goal::Surface(form, _) if plane == LEVEL => {
                let mut f = oracle.value(plan, pattern, plan.net.output(), form.output);
                f[3].add_scaled(-1.0, &N::from_f64(form.level));
                f
            }
            _ => oracle.line(plan, pattern, plane),
        }
    }

    /// The point where three planes meet.
    fn point<N: Number>(
        &self,
        oracle: &mut Oracle<N>,
        plan: &Plan,
        pattern: &[u64],
        planes: [u32; 3],
    ) -> Vec<N> {
        let [p, q, r] = planes.map(|plane| self.functional(oracle, plan, pattern, plane));
        meet([&p, &q, &r])
    }
}

impl Task<'_> {
    /// Sign of a plane at vertex `i` of the stack, with the f64 value. An exact zero is recorded at the vertex.
    #[inline]
    pub(super) fn sign(&mut self, plane: &Plane, i: usize) -> (f64, i32) {
        let (value, error) = plane.value(&self.stack.vertices[i]);
        if value.abs() > error + FILTER * plane.size && !self.exact {
            self.values.signs.filter += 1;
            self.values.signs.note(value, plane.size);
            return (value, if value > 0.0 { 1 } else { -1 });
        }
        (value, self.sign_in_doubt(plane, i))
    }

    /// In double-double if that can tell, otherwise exactly.
    #[cold]
    fn sign_in_doubt(&mut self, plane: &Plane, i: usize) -> i32 {
        let planes = self.stack.vertices[i].planes;
        let Values { plan, pattern, near, oracle, signs, .. } = &mut self.values;
        let goal = &self.goal;
        if !self.exact {
            let at = goal.point(near, plan, pattern, planes);
            let value = dot(&goal.functional(near, plan, pattern, plane.number), &at);
            if let (Some(sign), Some(weight)) = (value.sign(), at[3].sign()) {
                signs.double += 1;
                signs.note(value.approximate() / at[3].approximate(), plane.size);
                return sign * weight;
            }
        }
        signs.exact += 1;
        let f = goal.functional(oracle, plan, pattern, plane.number);
        if f.iter().all(Dyadic::is_zero) {
            // Zero everywhere: no plane at all.
            signs.zero += 1;
            return 0;
        }
        let at = goal.point(oracle, plan, pattern, planes);
        let value = dot(&f, &at);
        if value.is_zero() {
            signs.zero += 1;
            if plane.number != LEVEL {
                self.touch(i, plane.number);
            }
            return 0;
        }
        signs.note(ratio_to_f64(&value, &at[3]), plane.size);
        value.signum() * at[3].signum()
    }

    /// Which of the knots of `e` cross the cell. `fresh` tells that its last facet has just been cut: a unit that vanishes
    /// on all of it lies in the same plane, which from now on goes by the smaller number.
    pub(super) fn narrow(&mut self, level: &Level, e: Entry, cell: &Cell, fresh: bool) -> Entry {
        let k = e.unit as usize;
        let (mut lo, mut hi) = (e.lo, e.hi);
        for knot in e.lo..e.hi {
            let plane = self.values.plane(level, k, knot as usize);
            let (pos, neg) = self.signs_at(&plane, cell);
            if fresh && pos != neg {
                let facet = self.stack.faces[cell.last_face()] as usize;
                let around = self.stack.around(&self.stack.facets[facet]);
                if around.iter().all(|&v| self.stack.signs[v as usize] == 0) {
                    let facet = &mut self.stack.facets[facet];
                    facet.plane = facet.plane.min(plane.number);
                }
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

    /// The signs of a plane at the vertices of a cell: put where `divide` looks for them; whether there are positive and
    /// negative ones.
    pub(super) fn signs_at(&mut self, plane: &Plane, cell: &Cell) -> (bool, bool) {
        let (mut pos, mut neg) = (false, false);
        self.stack.signs.resize(self.stack.vertices.len(), 0);
        self.scratch.values.resize(self.stack.vertices.len(), 0.0);
        for i in cell.members() {
            let v = self.stack.members[i] as usize;
            let (value, sign) = self.sign(plane, v);
            self.scratch.values[v] = value;
            self.stack.signs[v] = sign as i8;
            pos |= sign > 0;
            neg |= sign < 0;
        }
        (pos, neg)
    }

    /// Cuts a cell that a plane crosses into its negative and its positive side. New vertices have no names yet; they are
    /// on the edges `scratch.cut.edges`.
    pub(super) fn cut(&mut self, plane: &Plane, cell: &Cell) -> [Cell; 2] {
        self.signs_at(plane, cell);
        let knife = plane.knife();
        let mut cut = std::mem::take(&mut self.scratch.cut);
        let sides = self.stack.divide(cell, &mut cut, Facet::new(plane.number, knife.normal, knife.tilt));
        for edge in &cut.edges {
            let made = self.crossing(&knife, edge);
            self.stack.vertices.push(made);
        }
        self.scratch.cut = cut;
        sides
    }

    /// The point where a plane cuts an edge.
    #[inline]
    fn crossing(&mut self, knife: &Knife, edge: &Crossed) -> Vertex {
        let at = [edge.neg, edge.pos].map(|i| self.scratch.values[i as usize]);
        let [v, w] = [edge.neg, edge.pos].map(|i| &self.stack.vertices[i as usize]);
        let [f, g] = edge.facets.map(|i| &self.stack.facets[i as usize]);
        let planes = [f.plane, g.plane, knife.number];
        let d = [w.p[0] - v.p[0], w.p[1] - v.p[1], w.p[2] - v.p[2]];
        let length = d[0].abs() + d[1].abs() + d[2].abs();
        // The new point lies where the computed functional vanishes, between two points that are near both facets: so near
        // the plane, and as near to the facets as those two.
        let mut gap = knife.gap;
        let edge_gap = v.gap.max(w.gap) + 4.0 * U;
        // The displacement is a combination of cross products of the normals over their determinant.
        let det = triple(f.normal, g.normal, knife.normal).abs();
        let sure = det - (f.tilt + g.tilt + knife.tilt) - 16.0 * U;
        // In any case both the point and the true one lie between the two ends.
        let mut radius = length + v.radius.max(w.radius) + 4.0 * U;
        if at[0] * at[1] < 0.0 && sure > 0.5 * det {
            radius = radius.min(1.1 * (gap + 2.0 * edge_gap) / sure);
        } else {
            gap = radius;
        }
        let (on, listed) = (v.on & w.on, v.through != NONE || w.through != NONE);
        let mut made = if radius < WORST_RADIUS && !self.exact {
            let t = at[0] / (at[0] - at[1]);
            let t = if t.is_nan() { 0.5 } else { t.clamp(0.0, 1.0) };
            let p = [0, 1, 2].map(|i| v.p[i] + t * d[i]);
            Vertex { p, radius, gap: gap.max(edge_gap), planes, ..Vertex::new() }
        } else {
            self.tally.exact_vertices += 1;
            let Values { plan, pattern, oracle, .. } = &mut self.values;
            Vertex::exact(&self.goal.point(oracle, plan, pattern, planes), planes)
        };
        made.on = on;
        if listed {
            self.inherit(&mut made, edge);
        }
        made
    }
}
