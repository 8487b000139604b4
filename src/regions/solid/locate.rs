//! Point location: which cell holds a point of space.

use std::ops::Range;
use std::sync::OnceLock;

use super::domain::chart;
use super::measure::{minus, triple};
use super::partition::Partition3;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::fork;
use crate::numeric::dyadic::{Dyadic, Functional, sign_at};
use crate::regions::oracle::Oracle;
use crate::regions::plan::{LineOf, Plan};

/// Cells by bucket: those whose bounding box meets each bucket of a regular grid over the domain, in rising order.
pub(super) struct Grid {
    lo: [f64; 3],
    /// Buckets per unit of u, v and w.
    rate: [f64; 3],
    n: usize,
    start: Vec<u32>,
    cells: Vec<u32>,
}

impl Grid {
    fn new(p: &Partition3) -> Grid {
        let mut n = (p.n_regions() as f64).cbrt().ceil().clamp(1.0, 128.0) as usize;
        loop {
            match Grid::with_buckets(p, n) {
                Ok(grid) => return grid,
                Err(fewer) => n = fewer,
            }
        }
    }

    /// A grid of n x n x n buckets, or how many to try instead.
    fn with_buckets(p: &Partition3, n: usize) -> std::result::Result<Grid, usize> {
        let (lo, hi) = bounds(p.corners.iter().copied());
        let rate = [0, 1, 2].map(|i| n as f64 / (hi[i] - lo[i]));
        let mut grid = Grid { lo, rate, n, start: vec![0; n * n * n + 1], cells: Vec::new() };
        let error = p.vertex_errors();
        let boxes: Vec<[Range<usize>; 3]> = (0..p.n_regions())
            .map(|i| {
                let (lo, hi) = bounds(p.cell(i).iter().map(|&v| p.vertices()[v as usize]));
                [0, 1, 2].map(|k| grid.bucket(lo[k] - error[k], k)..grid.bucket(hi[k] + error[k], k) + 1)
            })
            .collect();
        let entries: usize = boxes.iter().map(|b| b.iter().map(Range::len).product::<usize>()).sum();
        if n > 1 && entries > 16 * p.n_regions() + 64 {
            return Err(n / 2); // long thin cells: coarser
        }
        let each = |b: &[Range<usize>; 3], f: &mut dyn FnMut(usize)| {
            for z in b[2].clone() {
                for y in b[1].clone() {
                    b[0].clone().for_each(|x| f((z * n + y) * n + x));
                }
            }
        };
        for b in &boxes {
            each(b, &mut |k| grid.start[k + 1] += 1);
        }
        for k in 1..grid.start.len() {
            grid.start[k] += grid.start[k - 1];
        }
        let mut next = grid.start.clone();
        let mut cells = vec![0; entries];
        for (i, b) in boxes.iter().enumerate() {
            each(b, &mut |k| {
                cells[next[k] as usize] = i as u32;
                next[k] += 1;
            });
        }
        grid.cells = cells;
        Ok(grid)
    }

    fn bucket(&self, x: f64, axis: usize) -> usize {
        // A float-to-integer cast saturates, so points outside go to the nearest bucket.
        (((x - self.lo[axis]) * self.rate[axis]) as usize).min(self.n - 1)
    }

    fn at(&self, p: [f64; 3]) -> &[u32] {
        let [x, y, z] = [0, 1, 2].map(|i| self.bucket(p[i], i));
        let k = (z * self.n + y) * self.n + x;
        &self.cells[self.start[k] as usize..self.start[k + 1] as usize]
    }
}

fn bounds(points: impl Iterator<Item = [f64; 3]>) -> ([f64; 3], [f64; 3]) {
    points.fold(([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]), |(lo, hi), p| {
        ([0, 1, 2].map(|i| lo[i].min(p[i])), [0, 1, 2].map(|i| hi[i].max(p[i])))
    })
}

const CHUNK: usize = 1024;

impl Partition3 {
    /// Vertices of cell `i`.
    pub(super) fn cell(&self, i: usize) -> &[i64] {
        &self.cell_vertices()[self.cell_offsets()[i] as usize..self.cell_offsets()[i + 1] as usize]
    }

    /// Writes to `cells[i]` the index of the cell that holds `points[i]` = (u, v, w), or -1 outside the domain. A point on
    /// facets belongs to the cell on which the units that made those facets are off, as they are at the point (on iff > 0);
    /// if there is none, to the first cell that touches the point. Exact. Needs patterns and mesh (NOT_STORED otherwise).
    pub fn locate(&self, ctx: &Context, points: &[[f64; 3]], cells: &mut [i64]) -> Result<()> {
        let want = self.want();
        if !(want.mesh && want.patterns) {
            bail!(NotStored, "locate needs patterns and mesh; ask for them in `want`")
        }
        if points.len() != cells.len() {
            bail!(Shape, "cells has {} entries; points has {}", cells.len(), points.len())
        }
        if let Some(i) = points.iter().position(|p| p.iter().any(|x| !x.is_finite())) {
            bail!(Nonfinite, "points[{i}] is {:?}; expected finite numbers", points[i])
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

struct Locator<'a> {
    partition: &'a Partition3,
    /// Prepared when the first sign is in doubt, once for all chunks.
    plan: &'a OnceLock<Result<Plan<'a>>>,
    /// The exact stage, and the cell that it stands on.
    exact: Option<(Oracle, usize)>,
}

impl Locator<'_> {
    fn locate(&mut self, grid: &Grid, point: [f64; 3]) -> Result<i64> {
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
    fn holds(&mut self, cell: usize, point: [f64; 3]) -> Result<Option<bool>> {
        let p = self.partition;
        let error = p.vertex_errors().into_iter().fold(0.0, f64::max);
        let mut own = true;
        let facets = p.cell_facet_offsets()[cell] as usize..p.cell_facet_offsets()[cell + 1] as usize;
        for &facet in &p.cell_facets()[facets] {
            let facet = facet as usize;
            let around = &p.facet_vertices()[p.facet_offsets()[facet] as usize..];
            let [a, b, c] = [0, 1, 2].map(|i| p.vertices()[around[i] as usize]);
            let (d, e, f) = (minus(b, a), minus(c, a), minus(point, a));
            // Positive inside of the first cell of the facet, from whose outside its vertices are counter-clockwise.
            let inside = if p.facet_cells()[facet][0] == cell as i64 { -1.0 } else { 1.0 };
            let height = inside * triple(d, e, f);
            let size = |v: [f64; 3]| v[0].abs() + v[1].abs() + v[2].abs();
            let (d, e, f) = (size(d) + 4.0 * error, size(e) + 4.0 * error, size(f) + 4.0 * error);
            let doubt = 8.0 * error * (d * e + e * f + f * d) + 16.0 * f64::EPSILON * d * e * f;
            if height > doubt {
                continue;
            }
            if height < -doubt {
                return Ok(None);
            }
            match self.side(cell, p.facet_planes[facet], point)? {
                (sign, _) if sign < 0 => return Ok(None),
                (0, below) => own &= below,
                _ => {}
            }
        }
        Ok(Some(own))
    }

    /// On which side of a plane that bounds `cell` the point is (1 inside), and whether the cell is below the knot of the
    /// unit that made it (sides of the domain count as below).
    fn side(&mut self, cell: usize, plane: u32, point: [f64; 3]) -> Result<(i32, bool)> {
        let p = self.partition;
        let prepare = || Plan::new(&p.net, chart(p.domain(), p.net.input_len())?, false);
        let plan = self.plan.get_or_init(prepare).as_ref().map_err(Clone::clone)?;
        let (oracle, current) = self.exact.get_or_insert_with(|| (Oracle::new(plan), cell));
        if *current != cell {
            oracle.forget_from(1);
            *current = cell;
        }
        let pattern = p.packed_pattern(cell);
        let mut at: Functional = plan.frame.to_local_exact(&point);
        at.push(Dyadic::from(1.0));
        let sign = sign_at(&oracle.line(plan, pattern, plane), &at);
        Ok(match plan.line_of(plane) {
            LineOf::Knot { level, unit, knot } => {
                let below = plan.levels[level].code(pattern, unit) <= knot;
                (if below { -sign } else { sign }, below)
            }
            _ => (sign, true),
        })
    }
}
