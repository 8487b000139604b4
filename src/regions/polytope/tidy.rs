//! Frees a cell of redundant half-spaces.

use super::cell::Cell;
use super::facets::TIGHT;
use super::side::{Solver, Space};
use crate::error::Result;
use crate::lp::NO_LABEL;

/// What is left of a unit normal behind others, when it depends on them.
const DEPENDENT: f64 = 1e-6;

impl Solver {
    /// Drops the redundant half-spaces of a cell. Its known vertices stay, on those that remain.
    pub(crate) fn tidy(&mut self, space: &Space, cell: &mut Cell) -> Result<()> {
        let mut keep = self.facets(space, cell)?;
        for (keep, &label) in keep.iter_mut().zip(&cell.rows.labels) {
            *keep |= label == NO_LABEL;
        }
        let d = if space.ball.is_some() { 0 } else { space.dim };
        let mut stays: Vec<bool> = (0..cell.pool.len()).map(|v| self.move_basis(cell, v, &keep)).collect();
        if !stays.contains(&true) {
            // One must, and with it what is tight there.
            cell.pool.basis_of(0).iter().for_each(|&b| keep[b as usize] = true);
            stays[0] = true;
        }
        let mut kept = 0;
        let renumbered: Vec<u32> = keep
            .iter()
            .map(|&k| {
                kept += u32::from(k);
                kept.saturating_sub(1)
            })
            .collect();
        let vertices = (0..stays.len()).filter(|&v| stays[v]);
        let basis = vertices.flat_map(|v| &cell.pool.basis[v * d..][..d]);
        cell.pool.basis = basis.map(|&b| renumbered[b as usize]).collect();
        cell.pool.points.retain(&stays);
        let mut kept = stays.iter();
        cell.pool.error.retain(|_| *kept.next().unwrap_or(&false));
        cell.rows.retain(&keep);
        cell.fresh = cell.rows.len();
        Ok(())
    }

    /// Makes vertex `v` one of the half-spaces of which `keep` says so; false if it cannot be. Vertices in general position
    /// are already: all that is tight there is a facet.
    fn move_basis(&mut self, cell: &mut Cell, v: usize, keep: &[bool]) -> bool {
        if cell.pool.basis_of(v).iter().all(|&b| keep[b as usize]) {
            return true;
        }
        let d = cell.rows.dim();
        let x: Vec<f64> = cell.pool.points.row(v).collect();
        cell.rows.slacks(&x, &mut self.values);
        let mut basis = Vec::with_capacity(d);
        let mut span: Vec<Vec<f64>> = Vec::with_capacity(d);
        for i in (0..keep.len()).filter(|&i| keep[i] && self.values[i] < TIGHT) {
            let mut rest: Vec<f64> = cell.rows.normals.row(i).collect();
            for _ in 0..2 {
                for s in &span {
                    let along: f64 = s.iter().zip(&rest).map(|(s, r)| s * r).sum();
                    rest.iter_mut().zip(s).for_each(|(r, s)| *r -= along * s);
                }
            }
            let length = rest.iter().map(|r| r * r).sum::<f64>().sqrt();
            if length > DEPENDENT && basis.len() < d {
                span.push(rest.into_iter().map(|r| r / length).collect());
                basis.push(i as u32);
            }
        }
        if basis.len() < d || !self.simplex.stand(&cell.rows, &basis) {
            return false;
        }
        cell.pool.basis[v * d..][..d].copy_from_slice(&basis);
        cell.pool.error[v] = cell.pool.error[v].max(self.simplex.error());
        true
    }
}
