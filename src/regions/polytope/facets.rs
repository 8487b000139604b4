//! Which half-spaces of a cell are its facets.
//!
//! At a vertex where exactly d half-spaces are tight all of them are facets, so that the vertices which are known settle
//! most. For each of the rest: walk towards it. Either the walk ends at a vertex that settles it, and its neighbours with
//! it, or before: then it is redundant. Where many half-spaces meet in one vertex, a walk without it tells whether the
//! polytope would be larger.

use super::cell::Cell;
use super::side::{Solver, Space};
use crate::error::{Result, bail};
use crate::lp::{End, NO_LABEL};

/// Slacks below this are in doubt for the count of the tight half-spaces of a vertex.
pub(super) const TIGHT: f64 = 1e-9;

impl Solver {
    /// For every half-space of `cell` whether it is a facet.
    pub(crate) fn facets(&mut self, space: &Space, cell: &mut Cell) -> Result<Vec<bool>> {
        if let Some(radius) = space.ball {
            return Ok((0..cell.rows.len()).map(|i| self.is_facet_in_ball(space, cell, i, radius)).collect());
        }
        let d = space.dim;
        let mut facet = vec![false; cell.rows.len()];
        let mut slack = Vec::new();
        let mut x = vec![0.0; d];
        for v in 0..cell.pool.len() {
            x.iter_mut().zip(cell.pool.points.row(v)).for_each(|(x, p)| *x = p);
            cell.rows.slacks(&x, &mut slack);
            if cell.pool.error[v] < TIGHT / 16.0 && slack.iter().filter(|&&s| s < TIGHT).count() == d {
                for &b in cell.pool.basis_of(v) {
                    facet[b as usize] = true;
                }
            }
        }
        let mut normal = vec![0.0; d];
        for i in 0..facet.len() {
            if facet[i] {
                continue;
            }
            normal.iter_mut().zip(cell.rows.normals.row(i)).for_each(|(n, x)| *n = x);
            self.walk_to(space, cell, &mut facet, i, &normal)?;
        }
        Ok(facet)
    }

    fn walk_to(
        &mut self,
        space: &Space,
        cell: &mut Cell,
        facet: &mut [bool],
        i: usize,
        normal: &[f64],
    ) -> Result<()> {
        self.effort.programs += 1;
        cell.pool.points.dot(normal, 0.0, &mut self.values);
        let away: Vec<f64> = normal.iter().map(|n| -n).collect();
        let mut order: Vec<usize> = (0..cell.pool.len()).collect();
        order.sort_by(|&a, &b| self.values[b].total_cmp(&self.values[a]));
        for v in order {
            if !self.simplex.stand(&cell.rows, cell.pool.basis_of(v)) {
                continue;
            }
            let end = self.simplex.minimise(&cell.rows, &away, -cell.rows.offsets[i] + space.tolerance / 4.0);
            if end == End::Stuck {
                continue;
            }
            if self.simplex.basis != cell.pool.basis_of(v) {
                cell.pool.push(&self.simplex.x, &self.simplex.basis, self.simplex.error());
            }
            let arrived = self.simplex.slack(i) <= space.tolerance;
            if arrived && self.simplex.basis.contains(&(i as u32)) && self.simplex.is_simple(TIGHT) {
                for &b in &self.simplex.basis {
                    facet[b as usize] = true;
                }
            } else if arrived {
                facet[i] = self.grows_without(space, cell, i, &away)?;
            }
            return Ok(());
        }
        bail!(
            Numeric,
            "a linear program of {} half-spaces in {} dimensions did not end",
            cell.rows.len(),
            space.dim
        )
    }

    /// Whether the polytope would be larger without half-space `i`, close to which the simplex stands.
    fn grows_without(&mut self, space: &Space, cell: &Cell, i: usize, away: &[f64]) -> Result<bool> {
        self.effort.programs += 1;
        if let Some(j) = self.simplex.basis.iter().position(|&b| b as usize == i) {
            // Step back from it first.
            if self.simplex.pivot(&cell.rows, j, false).is_none() {
                return Ok(true);
            }
        }
        self.simplex.ignored = Some(i);
        match self.simplex.minimise(&cell.rows, away, -cell.rows.offsets[i] - space.tolerance) {
            End::Optimal(_) => Ok(false),
            End::Reached(_) | End::Unbounded => Ok(true),
            End::Stuck => bail!(Numeric, "a linear program in {} dimensions did not end", space.dim),
        }
    }

    fn is_facet_in_ball(&mut self, space: &Space, cell: &Cell, i: usize, radius: f64) -> bool {
        self.effort.programs += 1;
        self.rows.copy_from(&cell.rows);
        self.rows.clear();
        for r in (0..cell.rows.len()).filter(|&r| r != i) {
            self.rows.push(cell.rows.normals.row(r), cell.rows.offsets[r], NO_LABEL);
        }
        let beyond = cell.rows.offsets[i] + 2.0 * space.tolerance;
        self.rows.push(cell.rows.normals.row(i).map(|n| -n), -beyond, NO_LABEL);
        self.projection.distance(&self.rows, radius - space.tolerance).is_some()
    }
}
