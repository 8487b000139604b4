//! Connected linear pieces: activation cells merged across the edges on which the affine map of the outputs does not change.
//!
//! "Linear region" means different things in different papers; activation cells are the finest of them, and differ from the
//! linear pieces wherever a change of pattern does not reach the outputs (a dead path, a hidden max).

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
        let outputs = self.plan.net.output_len();
        !(0..outputs).any(|k| self.surely_different(i, j, k))
            && (0..outputs).all(|k| self.exactly_equal(i, j, k))
    }

    fn surely_different(&self, i: usize, j: usize, k: usize) -> bool {
        let (p, frame) = (self.partition, &self.plan.frame);
        let outputs = self.plan.net.output_len();
        let at = |cell: usize| (p.map_a()[cell * outputs + k], p.map_b()[cell * outputs + k]);
        let ((a, b), (c, d)) = (at(i), at(j));
        let reach = |s: usize| frame.center[s].abs() + frame.scale[s];
        let size =
            (a[0].abs() + c[0].abs()) * reach(0) + (a[1].abs() + c[1].abs()) * reach(1) + b.abs() + d.abs();
        let doubt = 2.0 * p.output_error() + (FILTER + 16.0 * U) * size;
        let change = |s: usize| (a[s] - c[s]).abs() * frame.scale[s];
        change(0) > doubt || change(1) > doubt
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
