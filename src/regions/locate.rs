//! Point location: which cell holds a point of the plane.

use std::ops::Range;

use super::dyadic::{Dyadic, Functional, sign_at};
use super::oracle::Oracle;
use super::partition::Partition;
use super::plan::{LineOf, Plan};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::fork;

/// Cells by bucket: those whose bounding box meets each bucket of a regular grid over the domain, in rising order.
pub(super) struct Grid {
    lo: [f64; 2],
    /// Buckets per unit of (u, v).
    rate: [f64; 2],
    n: usize,
    start: Vec<u32>,
    cells: Vec<u32>,
}

impl Grid {
    fn new(p: &Partition) -> Grid {
        let (lo, hi) = bounds(p.domain().polygon());
        let n = (p.n_regions() as f64).sqrt().ceil().clamp(1.0, 1024.0) as usize;
        let rate = [0, 1].map(|i| n as f64 / (hi[i] - lo[i]));
        let mut grid = Grid { lo, rate, n, start: vec![0; n * n + 1], cells: Vec::new() };
        let error = p.vertex_error();
        let boxes: Vec<[Range<usize>; 2]> = (0..p.n_regions())
            .map(|i| {
                let (lo, hi) = bounds(p.polygon(i));
                [0, 1].map(|k| grid.bucket(lo[k] - error, k)..grid.bucket(hi[k] + error, k) + 1)
            })
            .collect();
        let each = |b: &[Range<usize>; 2], f: &mut dyn FnMut(usize)| {
            for y in b[1].clone() {
                for x in b[0].clone() {
                    f(y * n + x);
                }
            }
        };
        for b in &boxes {
            each(b, &mut |k| grid.start[k + 1] += 1);
        }
        for k in 0..n * n {
            grid.start[k + 1] += grid.start[k];
        }
        let mut next = grid.start.clone();
        let mut cells = vec![0; grid.start[n * n] as usize];
        for (i, b) in boxes.iter().enumerate() {
            each(b, &mut |k| {
                cells[next[k] as usize] = i as u32;
                next[k] += 1;
            });
        }
        grid.cells = cells;
        grid
    }

    fn bucket(&self, x: f64, axis: usize) -> usize {
        // A float-to-integer cast saturates, so points outside go to the nearest bucket.
        (((x - self.lo[axis]) * self.rate[axis]) as usize).min(self.n - 1)
    }

    fn at(&self, [u, v]: [f64; 2]) -> &[u32] {
        let k = self.bucket(v, 1) * self.n + self.bucket(u, 0);
        &self.cells[self.start[k] as usize..self.start[k + 1] as usize]
    }
}

fn bounds(points: &[[f64; 2]]) -> ([f64; 2], [f64; 2]) {
    points.iter().fold(([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]), |(lo, hi), p| {
        ([lo[0].min(p[0]), lo[1].min(p[1])], [hi[0].max(p[0]), hi[1].max(p[1])])
    })
}

const CHUNK: usize = 1024;

impl Partition {
    /// Writes to `cells[i]` the index of the cell that holds `points[i]` = (u, v), or -1 outside the domain. A point on a
    /// boundary belongs to the cell where the units that vanish there are off (on iff > 0); if no cell has that pattern,
    /// to the first that touches the point. Exact. Needs patterns and mesh (NOT_STORED otherwise).
    pub fn locate(&self, ctx: &Context, points: &[[f64; 2]], cells: &mut [i64]) -> Result<()> {
        let want = self.want();
        if !(want.mesh && want.patterns) {
            bail!(NotStored, "locate needs polygons, patterns and mesh; ask for them in `want`")
        }
        if points.len() != cells.len() {
            bail!(Shape, "cells has {} entries; points has {}", cells.len(), points.len())
        }
        for (i, p) in points.iter().enumerate() {
            if !(p[0].is_finite() && p[1].is_finite()) {
                bail!(Nonfinite, "points[{i}] is ({}, {}); expected finite numbers", p[0], p[1])
            }
        }
        let grid = fork::get_or_init(&self.grid, || Grid::new(self));
        let found = ctx.pool().map_chunks(points.len(), CHUNK, |range| {
            ctx.poll()?;
            let mut locator = Locator { partition: self, exact: None };
            range.map(|i| locator.locate(grid, points[i])).collect::<Result<Vec<i64>>>()
        })?;
        for (cell, found) in cells.iter_mut().zip(found.into_iter().flatten()) {
            *cell = found;
        }
        Ok(())
    }
}

/// What the exact stage needs, prepared when the first sign is in doubt.
struct Exact<'a> {
    plan: Plan<'a>,
    oracle: Oracle,
    cell: usize,
}

struct Locator<'a> {
    partition: &'a Partition,
    exact: Option<Exact<'a>>,
}

impl Locator<'_> {
    fn locate(&mut self, grid: &Grid, point: [f64; 2]) -> Result<i64> {
        let mut first = -1;
        for &cell in grid.at(point) {
            match self.holds(cell as usize, point)? {
                Some(true) => return Ok(i64::from(cell)),
                Some(false) if first < 0 => first = i64::from(cell),
                _ => {}
            }
        }
        Ok(first)
    }

    /// `None` if the point is outside the closed cell; otherwise whether the cell has the pattern of the point.
    fn holds(&mut self, cell: usize, [u, v]: [f64; 2]) -> Result<Option<bool>> {
        let p = self.partition;
        let polygon = p.polygon(cell);
        let error = p.vertex_error();
        let mut own = true;
        for (i, a) in polygon.iter().enumerate() {
            let b = polygon[if i + 1 == polygon.len() { 0 } else { i + 1 }];
            let (d, e) = ([b[0] - a[0], b[1] - a[1]], [u - a[0], v - a[1]]);
            let cross = d[0] * e[1] - d[1] * e[0];
            let reach = d[0].abs() + d[1].abs() + e[0].abs() + e[1].abs();
            // Error of the end points and of the two products, with room to spare.
            let doubt = 8.0 * (error * reach + error * error + f64::EPSILON * reach * reach);
            if cross > doubt {
                continue;
            }
            if cross < -doubt {
                return Ok(None);
            }
            match self.side(cell, i, [u, v])? {
                (sign, _) if sign < 0 => return Ok(None),
                (0, below) => own &= below,
                _ => {}
            }
        }
        Ok(Some(own))
    }

    /// On which side of edge `i` of `cell` the point is (1 inside), and whether the cell is below the knot of the unit
    /// that made the edge (sides of the domain count as below).
    fn side(&mut self, cell: usize, i: usize, point: [f64; 2]) -> Result<(i32, bool)> {
        let p = self.partition;
        if self.exact.is_none() {
            let plan = Plan::new(&p.net, p.domain(), false)?;
            let oracle = Oracle::new(&plan);
            self.exact = Some(Exact { plan, oracle, cell });
        }
        let Exact { plan, oracle, cell: current } = self.exact.as_mut().expect("just prepared");
        if *current != cell {
            oracle.forget_from(1);
            *current = cell;
        }
        let edge = p.cell_edges()[p.cell_offsets()[cell] as usize + i] as usize;
        let line = p.edge_lines[edge];
        let pattern = p.packed_pattern(cell);
        let [x, y] = plan.frame.to_local_exact(point);
        let point: Functional = [x, y, Dyadic::from(1.0)];
        let sign = sign_at(&oracle.line(plan, pattern, line), &point);
        Ok(match plan.line_of(line) {
            LineOf::Side(_) => (sign, true),
            LineOf::Unit { level, unit, knot } => {
                let below = plan.levels[level].code(pattern, unit) <= knot;
                (if below { -sign } else { sign }, below)
            }
        })
    }
}
