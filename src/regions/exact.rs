//! The exact stage on the cells of a finished partition.
//!
//! Its plan is made when the first sign in doubt asks for it, which on generic networks is never.

use std::sync::OnceLock;

use super::oracle::Oracle;
use super::partition::Partition;
use super::plan::Plan;
use crate::numeric::dyadic::{Dyadic, Functional, sign_at};
use crate::numeric::number::meet;

/// The plan of a partition, once for all threads of a call.
pub(super) struct LazyPlan<'a> {
    partition: &'a Partition,
    plan: OnceLock<Plan<'a>>,
}

impl<'a> LazyPlan<'a> {
    pub(super) fn new(partition: &'a Partition) -> Self {
        LazyPlan { partition, plan: OnceLock::new() }
    }

    fn get(&self) -> &Plan<'a> {
        self.plan.get_or_init(|| {
            self.partition.plan(true).expect("the partition was made from the same network and domain")
        })
    }
}

/// Exact functionals on one cell after the other.
pub(super) struct Exact<'a> {
    lazy: &'a LazyPlan<'a>,
    oracle: Option<Oracle>,
    cell: usize,
}

impl<'a> Exact<'a> {
    pub(super) fn new(lazy: &'a LazyPlan<'a>) -> Self {
        Exact { lazy, oracle: None, cell: 0 }
    }

    /// Goes to another cell.
    pub(super) fn enter(&mut self, cell: usize) {
        if cell != self.cell {
            self.cell = cell;
            if let Some(oracle) = &mut self.oracle {
                oracle.forget_from(1);
            }
        }
    }

    fn edge(&self, i: usize) -> usize {
        let p = self.lazy.partition;
        p.cell_edges()[p.cell_offsets()[self.cell] as usize + i] as usize
    }

    /// The functional of the local coordinates that vanishes on edge `i`, as the unit that made the edge has it.
    pub(super) fn line(&mut self, i: usize) -> Functional {
        let (p, plan) = (self.lazy.partition, self.lazy.get());
        let line = p.edge_lines[self.edge(i)];
        let oracle = self.oracle.get_or_insert_with(|| Oracle::new(plan));
        oracle.line(plan, p.packed_pattern(self.cell), line)
    }

    /// As [`Exact::line`], positive inside the cell.
    pub(super) fn side(&mut self, i: usize) -> Functional {
        let line = self.line(i);
        let n = self.lazy.partition.polygon(self.cell).len();
        let off_edge = self.vertex((i + 2) % n);
        if sign_at(&line, &off_edge) < 0 { line.iter().map(Dyadic::neg).collect() } else { line }
    }

    /// Vertex `i` in homogeneous local coordinates.
    pub(super) fn vertex(&mut self, i: usize) -> Functional {
        let before = if i == 0 { self.lazy.partition.polygon(self.cell).len() - 1 } else { i - 1 };
        meet(&self.line(before), &self.line(i))
    }

    /// Output `k` as a functional of the local coordinates.
    pub(super) fn output(&mut self, k: usize) -> Functional {
        let (p, plan) = (self.lazy.partition, self.lazy.get());
        let oracle = self.oracle.get_or_insert_with(|| Oracle::new(plan));
        oracle.value(plan, p.packed_pattern(self.cell), p.network().output(), k)
    }
}
