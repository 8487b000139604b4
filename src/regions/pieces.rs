//! Connected linear pieces: activation cells merged across the edges on which the affine map of the outputs does not change;
//! and distinct affine maps, wherever in the domain they hold.
//!
//! "Linear region" means three things in the papers. Activation cells are the finest; they differ from the linear pieces
//! wherever a change of pattern does not reach the outputs (a dead path, a hidden max); and pieces that do not touch may
//! have the same map (a tent has two slopes, however often it is folded).

use super::bounds::U;
use super::oracle::Oracle;
use super::partition::Partition;
use super::plan::Plan;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::simd::FILTER;

const CHUNK: usize = 1024;

impl Partition {
    /// Writes to `labels[i]` the number of the linear piece of cell i, pieces numbered in the order of their first cells,
    /// and returns how many there are. Whether two maps are equal is decided exactly. Needs patterns, maps and mesh
    /// (NOT_STORED otherwise).
    pub fn linear_pieces(&self, ctx: &Context, labels: &mut [i64]) -> Result<usize> {
        let want = self.want();
        if !(want.mesh && want.maps && want.patterns) {
            bail!(NotStored, "linear pieces need patterns, maps and mesh; ask for them in `want`")
        }
        if labels.len() != self.n_regions() {
            bail!(Shape, "labels has {} entries; the partition has {} cells", labels.len(), self.n_regions())
        }
        let plan = self.plan(true)?;
        let joined = ctx.pool().map_chunks(self.edges().len(), CHUNK, |edges| {
            ctx.poll()?;
            let mut maps = Maps { partition: self, plan: &plan, exact: [None, None] };
            Ok(edges.filter(|&e| maps.equal(self.edge_cells()[e])).collect::<Vec<usize>>())
        })?;
        let mut parent: Vec<usize> = (0..self.n_regions()).collect();
        for edge in joined.into_iter().flatten() {
            let [a, b] = self.edge_cells()[edge].map(|c| root(&mut parent, c as usize));
            // The smaller number leads, so that labels follow the order of the cells.
            parent[a.max(b)] = a.min(b);
        }
        let mut pieces = 0;
        for i in 0..labels.len() {
            let first = root(&mut parent, i);
            labels[i] = if first == i {
                pieces += 1;
                pieces as i64 - 1
            } else {
                labels[first]
            };
        }
        Ok(pieces)
    }
}

impl Partition {
    /// Writes to `labels[i]` the number of the affine map of cell i, maps numbered in the order of their first cells, and
    /// returns how many there are: cells with exactly the same map of the outputs count once, wherever they lie. Needs
    /// patterns, maps and mesh (NOT_STORED otherwise).
    ///
    /// Maps are sorted by a projection to one number, so that only those that come close are compared.
    pub fn distinct_maps(&self, ctx: &Context, labels: &mut [i64]) -> Result<usize> {
        let pieces = self.linear_pieces(ctx, labels)?;
        let mut first = vec![usize::MAX; pieces];
        for (cell, &piece) in labels.iter().enumerate().rev() {
            first[piece as usize] = cell;
        }
        let plan = self.plan(true)?;
        let mut maps = Maps { partition: self, plan: &plan, exact: [None, None] };
        let mut order: Vec<(f64, f64, usize)> = (0..pieces)
            .map(|piece| {
                let (value, doubt) = maps.projection(first[piece]);
                (value, doubt, piece)
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        let widest = order.iter().fold(0.0f64, |w, o| w.max(o.1));
        // For each piece, the first piece with its map. Leaders are compared only while a projection may reach back to them.
        let mut leader: Vec<usize> = (0..pieces).collect();
        let mut open: Vec<(f64, usize)> = Vec::new();
        for (i, &(value, _, piece)) in order.iter().enumerate() {
            if i % CHUNK == 0 {
                ctx.poll()?;
            }
            open.retain(|&(v, _)| value - v <= 2.0 * widest);
            match open.iter().position(|&(_, other)| maps.equal_maps(first[piece], first[other])) {
                Some(at) => {
                    let other = open[at].1;
                    leader[piece] = other;
                    open[at].0 = value;
                }
                None => open.push((value, piece)),
            }
        }
        let mut number = vec![-1; pieces];
        let mut found = 0;
        for label in labels.iter_mut() {
            let map = &mut number[leader[*label as usize]];
            if *map < 0 {
                *map = found;
                found += 1;
            }
            *label = *map;
        }
        Ok(found as usize)
    }
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

/// Compares the maps of two cells.
struct Maps<'a> {
    partition: &'a Partition,
    plan: &'a Plan<'a>,
    /// For either side, the cell that the oracle stands on.
    exact: [Option<(usize, Oracle)>; 2],
}

impl Maps<'_> {
    fn equal(&mut self, cells: [i64; 2]) -> bool {
        if cells[1] < 0 {
            return false;
        }
        let [i, j] = cells.map(|c| c as usize);
        self.equal_maps(i, j)
    }

    /// A number that is the same for equal maps, in local coordinates, and how far rounding may have moved it.
    fn projection(&self, cell: usize) -> (f64, f64) {
        let (p, frame) = (self.partition, &self.plan.frame);
        let outputs = self.plan.net.output_len();
        let (mut value, mut doubt) = (0.0, 0.0);
        for k in 0..outputs {
            let (a, b) = (p.map_a()[cell * outputs + k], p.map_b()[cell * outputs + k]);
            let local = [a[0] * frame.scale[0], a[1] * frame.scale[1]];
            let constant = b + a[0] * frame.center[0] + a[1] * frame.center[1];
            let size = local[0].abs() + local[1].abs() + self.size(cell, k);
            for (c, x) in [local[0], local[1], constant].into_iter().enumerate() {
                // Weights in [1/2, 1], the same for every cell.
                let weight = 0.5 + 0.5 * ((3 * k + c) as f64 * 0.618_033_988_749_895).fract();
                value += weight * x;
            }
            doubt += 3.0 * p.output_error() + (FILTER + 32.0 * U) * size;
        }
        (value, doubt)
    }

    /// Size of what was added up to the constant of output `k`.
    fn size(&self, cell: usize, k: usize) -> f64 {
        let (p, frame) = (self.partition, &self.plan.frame);
        let outputs = self.plan.net.output_len();
        let (a, b) = (p.map_a()[cell * outputs + k], p.map_b()[cell * outputs + k]);
        let reach = |s: usize| a[s].abs() * (frame.center[s].abs() + frame.scale[s]);
        reach(0) + reach(1) + b.abs()
    }

    fn equal_maps(&mut self, i: usize, j: usize) -> bool {
        let outputs = self.plan.net.output_len();
        !(0..outputs).any(|k| self.surely_different(i, j, k))
            && (0..outputs).all(|k| self.exactly_equal(i, j, k))
    }

    fn surely_different(&self, i: usize, j: usize, k: usize) -> bool {
        let (p, frame) = (self.partition, &self.plan.frame);
        let outputs = self.plan.net.output_len();
        let at = |cell: usize| (p.map_a()[cell * outputs + k], p.map_b()[cell * outputs + k]);
        let ((a, b), (c, d)) = (at(i), at(j));
        let doubt = 2.0 * p.output_error() + (FILTER + 16.0 * U) * (self.size(i, k) + self.size(j, k));
        let change = [0, 1].map(|s| (a[s] - c[s]) * frame.scale[s]);
        // The constants of the local coordinates; on either side of an edge they follow from the slopes, elsewhere not.
        let moved = b - d + (a[0] - c[0]) * frame.center[0] + (a[1] - c[1]) * frame.center[1];
        change.into_iter().chain([moved]).any(|x| x.abs() > doubt)
    }

    fn exactly_equal(&mut self, i: usize, j: usize, k: usize) -> bool {
        let [f, g] = [(0, i), (1, j)].map(|(side, cell)| {
            let (current, oracle) = self.exact[side].get_or_insert_with(|| (cell, Oracle::new(self.plan)));
            if *current != cell {
                oracle.forget_from(1);
                *current = cell;
            }
            oracle.value(self.plan, self.partition.packed_pattern(cell), self.plan.net.output(), k)
        });
        f.iter().zip(&g).all(|(f, g)| f.sub(g).is_zero())
    }
}
