//! Where a task writes its cells or polygons.

use crate::regions::key::Key;
use crate::regions::shared::{Told, Written};
use crate::regions::sink::held;

/// Cells in depth-first order, or polygons.
#[derive(Default)]
pub(super) struct Sink {
    told: Told,
    /// Cells, finished or let go.
    pub(super) count: u64,
    /// Their local volume, and that of the part of them where the output is below the level, in units of 1 / `AREA_UNITS`:
    /// integers add up to the same in any order.
    pub(super) volume: i128,
    pub(super) below: i128,
    /// Vertices and facets of each cell.
    pub(super) sizes: Vec<[u32; 2]>,
    pub(super) volumes: Vec<f64>,
    pub(super) centroids: Vec<[f64; 3]>,
    /// Vertices in (u, v, w) and their names. Some are here more than once.
    pub(super) points: Vec<[f64; 3]>,
    pub(super) names: Vec<Key>,
    /// Vertices of the cells, one cell after the other.
    pub(super) members: Vec<u32>,
    /// Number of vertices and plane of each facet; for polygons of a surface whether they lie on a facet.
    pub(super) facets: Vec<[u32; 2]>,
    /// Vertices of the facets, one facet after the other.
    pub(super) loops: Vec<u32>,
    pub(super) patterns: Vec<u64>,
    /// (F, outputs, 3) and (F, outputs), in (u, v, w); of surfaces the gradient of the output on each polygon.
    pub(super) map_a: Vec<[f64; 3]>,
    pub(super) map_b: Vec<f64>,
    /// Cells on which the output has the level everywhere.
    pub(super) flat: u64,
}

impl Written for Sink {
    fn told(&mut self) -> &mut Told {
        &mut self.told
    }

    fn cells(&self) -> u64 {
        self.count
    }

    fn measure(&self) -> i128 {
        self.volume
    }

    fn bytes(&self) -> usize {
        held(&self.sizes)
            + held(&self.volumes)
            + held(&self.centroids)
            + held(&self.points)
            + held(&self.names)
            + held(&self.members)
            + held(&self.facets)
            + held(&self.loops)
            + held(&self.patterns)
            + held(&self.map_a)
            + held(&self.map_b)
    }
}
