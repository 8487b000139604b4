//! A cell of the recursion: half-spaces, and points of it that are known.

use super::side::Plane;
use crate::lp::{Rows, Table};

/// Points of a cell that tell on which sides of a hyperplane it lies: vertices, with the half-spaces that are tight there,
/// or, where the domain is a ball, any points strictly inside it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    pub(crate) points: Table,
    /// Half-spaces tight at each vertex, d a vertex; empty in a ball.
    pub(crate) basis: Vec<u32>,
    /// How far off each point may be.
    pub(crate) error: Vec<f64>,
}

impl Pool {
    pub(crate) fn new(dim: usize) -> Pool {
        Pool { points: Table::new(dim), basis: Vec::new(), error: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    pub(crate) fn push(&mut self, x: &[f64], basis: &[u32], error: f64) {
        self.points.push(x.iter().copied());
        self.basis.extend_from_slice(basis);
        self.error.push(error);
    }

    pub(crate) fn basis_of(&self, i: usize) -> &[u32] {
        let d = if self.basis.is_empty() { 0 } else { self.points.width() };
        &self.basis[i * d..][..d]
    }

    fn clear(&mut self) {
        self.points.clear();
        self.basis.clear();
        self.error.clear();
    }
}

/// A cell: never empty, always with an interior.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) rows: Rows,
    pub(crate) pool: Pool,
    /// Rows from here on have not been looked at since the redundant ones were dropped.
    pub(crate) fresh: usize,
}

impl Cell {
    pub(crate) fn new(dim: usize) -> Cell {
        Cell { rows: Rows::new(dim), pool: Pool::new(dim), fresh: 0 }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.rows.bytes()
            + self.pool.points.bytes()
            + 4 * self.pool.basis.capacity()
            + 8 * self.pool.error.capacity()
    }

    pub(crate) fn copy_from(&mut self, other: &Cell) {
        self.rows.copy_from(&other.rows);
        self.pool.points.copy_from(&other.pool.points);
        self.pool.basis.clone_from(&other.pool.basis);
        self.pool.error.clone_from(&other.pool.error);
        self.fresh = other.fresh;
    }

    /// Becomes the part of `parent` on the side `sign` of a plane, and keeps at most `most` of the points of which `values`
    /// says that they are strictly there.
    pub(crate) fn cut_from(&mut self, parent: &Cell, plane: &Plane, sign: f64, values: &[f64], most: usize) {
        self.rows.copy_from(&parent.rows);
        self.rows.push(plane.normal.iter().map(|g| -sign * g), sign * plane.constant, plane.line);
        self.fresh = parent.fresh;
        self.pool.clear();
        let there = |i: usize| sign * values[i] > parent.pool.error[i];
        // Later points are the ones found in smaller cells.
        let count = (0..values.len()).filter(|&i| there(i)).count();
        for i in (0..values.len()).filter(|&i| there(i)).skip(count.saturating_sub(most)) {
            self.pool.points.push(parent.pool.points.row(i));
            self.pool.basis.extend_from_slice(parent.pool.basis_of(i));
            self.pool.error.push(parent.pool.error[i]);
        }
    }
}
