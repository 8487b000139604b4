//! Point location: which cell holds a point of the plane.

use std::ops::Range;
use std::sync::OnceLock;

use super::oracle::Oracle;
use super::partition::Partition;
use super::plan::{LineOf, Plan};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::fork;
use crate::numeric::dyadic::{Dyadic, Functional, sign_at};

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
    pub(super) fn new(p: &Partition) -> Grid {
        let mut n = (p.n_regions() as f64).sqrt().ceil().clamp(1.0, 1024.0) as usize;
        loop {
            match Grid::with_buckets(p, n) {
                Ok(grid) => return grid,
                Err(fewer) => n = fewer,
            }
        }
    }

    /// A grid of n x n buckets, or how many to try instead.
    fn with_buckets(p: &Partition, n: usize) -> std::result::Result<Grid, usize> {
        let (lo, hi) = bounds(p.domain().polygon());
        let rate = [0, 1].map(|i| n as f64 / (hi[i] - lo[i]));
        let mut grid = Grid { lo, rate, n, start: vec![0; n * n + 1], cells: Vec::new() };
        let error = p.vertex_errors();
        let boxes: Vec<[Range<usize>; 2]> = (0..p.n_regions())
            .map(|i| {
                let (lo, hi) = bounds(p.polygon(i));
                [0, 1].map(|k| grid.bucket(lo[k] - error[k], k)..grid.bucket(hi[k] + error[k], k) + 1)
            })
            .collect();
        let entries: usize = boxes.iter().map(|b| b[0].len() * b[1].len()).sum();
        if n > 1 && entries > 8 * p.n_regions() + 64 {
            return Err(n / 2); // long thin cells: coarser
        }
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
        Ok(grid)
    }

    /// The cells of each bucket that meets the box from `lo` to `hi`: a cell whose bounding box meets that one comes at
    /// least once.
    pub(super) fn buckets_in(&self, lo: [f64; 2], hi: [f64; 2]) -> impl Iterator<Item = &[u32]> {
        let range = |k: usize| self.bucket(lo[k], k)..self.bucket(hi[k], k) + 1;
        let (columns, rows) = (range(0), range(1));
        rows.flat_map(move |y| columns.clone().map(move |x| y * self.n + x))
            .map(|k| &self.cells[self.start[k] as usize..self.start[k + 1] as usize])
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
    /// Writes to `cells[i]` the index of the cell that holds `points[i]` = (u, v), or -1 outside the domain. A point on edges
    /// belongs to the cell on which the units that made those edges are off, as they are at the point (on iff > 0); if there
    /// is none, to the first cell that touches the point. Exact. Needs patterns and mesh (NOT_STORED otherwise).
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
        let plan = OnceLock::new();
        let found = ctx.pool().map_chunks(points.len(), CHUNK, |range| {
            ctx.poll()?;
            let mut locator = Locator { partition: self, plan: &plan, exact: None };
            range.map(|i| locator.locate(grid, points[i])).collect::<Result<Vec<i64>>>()
        })?;
        for (cell, found) in cells.iter_mut().zip(found.into_iter().flatten()) {
            *cell = found;
        }
        Ok(())
    }
}

/// What the exact stage stands on.
struct Exact {
    oracle: Oracle,
    cell: usize,
}

struct Locator<'a> {
    partition: &'a Partition,
    /// Prepared when the first sign is in doubt, once for all chunks.
    plan: &'a OnceLock<Result<Plan<'a>>>,
    exact: Option<Exact>,
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
        let error = p.vertex_errors();
        let mut own = true;
        for (i, a) in polygon.iter().enumerate() {
            let b = polygon[if i + 1 == polygon.len() { 0 } else { i + 1 }];
            let (d, e) = ([b[0] - a[0], b[1] - a[1]], [u - a[0], v - a[1]]);
            let cross = d[0] * e[1] - d[1] * e[0];
            // Errors of the end points (twice in d, once in e) and of the two products, with room to spare.
            let (d, e) = (d.map(f64::abs), e.map(f64::abs));
            let moved =
                error[0] * (2.0 * e[1] + d[1]) + error[1] * (2.0 * e[0] + d[0]) + 4.0 * error[0] * error[1];
            let doubt = 2.0 * moved + 8.0 * f64::EPSILON * (d[0] * e[1] + d[1] * e[0]);
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
        let plan = self.plan.get_or_init(|| p.plan(false)).as_ref().map_err(Clone::clone)?;
        let exact = self.exact.get_or_insert_with(|| Exact { oracle: Oracle::new(plan), cell });
        let Exact { oracle, cell: current } = exact;
        if *current != cell {
            oracle.forget_from(1);
            *current = cell;
        }
        let edge = p.cell_edges()[p.cell_offsets()[cell] as usize + i] as usize;
        let line = p.edge_lines[edge];
        let pattern = p.packed_pattern(cell);
        let mut point: Functional = plan.frame.to_local_exact(&point);
        point.push(Dyadic::from(1.0));
        let f = oracle.line(plan, pattern, line);
        let sign = sign_at(&f, &point);
        Ok(match plan.line_of(line) {
            LineOf::Side(_) => (sign, true),
            LineOf::Knot { level, unit, knot } => {
                let below = plan.levels[level].code(pattern, unit) <= knot;
                (if below { -sign } else { sign }, below)
            }
            LineOf::Tie { .. } => {
                // On which side the cell is, told by a vertex off the edge. Ties go to the lower candidate, which is
                // above the other one where the line is positive.
                let edges =
                    &p.cell_edges()[p.cell_offsets()[cell] as usize..p.cell_offsets()[cell + 1] as usize];
                let other = |k: usize| p.edge_lines[edges[(i + k) % edges.len()] as usize];
                let inside = (1..edges.len() - 1)
                    .map(|k| oracle.sign(plan, pattern, &f, other(k), other(k + 1)).0)
                    .find(|&s| s != 0)
                    .unwrap_or(1);
                (sign * inside, inside > 0)
            }
        })
    }
}
