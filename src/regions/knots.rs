//! Units with any number of knots, in bulk: the range of each unit's values on a cell tells which knots it reaches.

use std::ops::Range;

use super::bounds::U;
use super::level::Level;
use super::task::{Entry, Task};
use crate::simd::FILTER;

/// As in the signs of single vertices.
const ROUNDING: f64 = FILTER + 5.0 * U;

impl Task<'_> {
    /// Which knots of each unit of `level` cross a cell that enters it.
    pub(super) fn classify_knots(&mut self, level: &Level, cell: &Range<usize>) {
        let vertices = &self.vertices[cell.clone()];
        let radius = vertices.iter().fold(0.0f64, |r, v| r.max(v.radius));
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.corners.clear();
        scratch.corners.extend(vertices.iter().map(|v| [v.x, v.y]));
        let [lo, hi] = &mut scratch.reach;
        lo.resize(level.np, 0.0);
        hi.resize(level.np, 0.0);
        let z = self.values.block(level.source);
        (self.values.kernels.reach)(z, &scratch.corners, lo, hi);
        let (a, rest) = z.split_at(level.np);
        let (b, c) = rest.split_at(level.np);
        let scale = self.values.error_scale(level);
        scratch.doubt.clear();
        scratch.doubt.extend(a.iter().zip(b).zip(c).zip(level.error.iter()).map(|(((a, b), c), e)| {
            let slope = a.abs() + b.abs();
            scale * e + radius * slope + ROUNDING * (slope + c.abs())
        }));
        scratch.decided.clear();
        self.values.signs.filter += (level.n * cell.len()) as u64;
        for k in 0..level.n {
            let knots = level.knots_of(k);
            let (lo, hi, doubt) = (scratch.reach[0][k], scratch.reach[1][k], scratch.doubt[k]);
            let certain = |t: f64| doubt + ROUNDING * t.abs();
            // Above the first knots, below the last; knots between two that cross do so as well.
            let above = knots.iter().take_while(|&&t| lo - t > certain(t)).count();
            let below = knots[above..].iter().rev().take_while(|&&t| t - hi > certain(t)).count();
            let end = knots.len() - below;
            if above == end {
                scratch.decided.push((k, above));
                continue;
            }
            let e = Entry { unit: k as u32, lo: above as u32, hi: end as u32 };
            let crosses = |t: f64| hi - t > certain(t) && t - lo > certain(t);
            let sure = crosses(knots[above]) && crosses(knots[end - 1]);
            let e = if sure { e } else { self.narrow_one(level, e, cell, None) };
            self.keep_or_decide(level, e);
        }
        for &(k, piece) in &scratch.decided {
            level.set_code(&mut self.values.pattern, k, piece);
        }
        self.values.contribute(level, scratch.decided.iter().copied());
        self.scratch = scratch;
    }

    /// Which knots of the units of `list` but `picked` cross a side of a cut.
    pub(super) fn refilter_knots(
        &mut self,
        level: &Level,
        list: Range<usize>,
        picked: u32,
        cell: &Range<usize>,
        edge: usize,
    ) {
        let radius = self.vertices[cell.clone()].iter().fold(0.0f64, |r, v| r.max(v.radius));
        for i in list {
            let e = self.list[i];
            if e.unit == picked {
                continue;
            }
            let z = self.values.block(level.source);
            let k = e.unit as usize;
            let (a, b, c) = (z[k], z[level.np + k], z[2 * level.np + k]);
            let mut reach = [f64::INFINITY, f64::NEG_INFINITY];
            for v in &self.vertices[cell.clone()] {
                let value = a * v.x + (b * v.y + c);
                reach = [reach[0].min(value), reach[1].max(value)];
            }
            let e = self.settle_knots(level, e, reach, radius, cell, edge);
            self.keep_or_decide(level, e);
        }
    }

    /// The knots of `e` that cross the cell, on which the unit has values in `reach`; a knot in doubt goes through the
    /// signs at all vertices.
    fn settle_knots(
        &mut self,
        level: &Level,
        e: Entry,
        [lo, hi]: [f64; 2],
        radius: f64,
        cell: &Range<usize>,
        edge: usize,
    ) -> Entry {
        let (k, knots) = (e.unit as usize, level.knots_of(e.unit as usize));
        let base = self.values.knot_line(level, k, e.lo as usize).certain(radius);
        let certain = |t: f64| base + ROUNDING * t.abs();
        let mut e = e;
        while e.lo < e.hi && lo - knots[e.lo as usize] > certain(knots[e.lo as usize]) {
            e.lo += 1;
        }
        while e.lo < e.hi && knots[e.hi as usize - 1] - hi > certain(knots[e.hi as usize - 1]) {
            e.hi -= 1;
        }
        let crosses = |knot: u32| {
            let t = knots[knot as usize];
            hi - t > certain(t) && t - lo > certain(t)
        };
        self.values.signs.filter += cell.len() as u64;
        let sure = e.lo == e.hi || (crosses(e.lo) && crosses(e.hi - 1));
        if sure { e } else { self.narrow_one(level, e, cell, Some(edge)) }
    }
}
