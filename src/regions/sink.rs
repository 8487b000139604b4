//! Where a task writes its cells.

use super::certificate::Signs;
use super::key::Key;
use super::plan::Plan;
use super::shared::Told;

/// What to keep of each cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Polygons and areas.
    pub polygons: bool,
    /// Activation patterns.
    pub patterns: bool,
    /// Affine maps of the output.
    pub maps: bool,
    /// Shared vertices, edges with the units that made them, neighbours; implies `polygons`.
    pub mesh: bool,
}

impl Want {
    /// Everything.
    pub const ALL: Want = Want { polygons: true, patterns: true, maps: true, mesh: true };
    /// Nothing but the count of cells (in total and by layer) and the total area.
    pub const COUNT: Want = Want { polygons: false, patterns: false, maps: false, mesh: false };
}

/// Units of [`Sink::area`] in a local area of 1.
pub(crate) const AREA_UNITS: f64 = (1u128 << 100) as f64;

/// Cells in depth-first order.
#[derive(Default)]
pub(crate) struct Sink {
    pub(crate) told: Told,
    pub(crate) cells: u64,
    /// Local area in units of 2^-100: integers add up to the same in any order.
    pub(crate) area: i128,
    /// Vertices of each cell.
    pub(crate) sizes: Vec<u32>,
    pub(crate) areas: Vec<f64>,
    /// Polygons in (u, v).
    pub(crate) points: Vec<[f64; 2]>,
    /// For the mesh: the name of each polygon vertex and the line of the edge behind it.
    pub(crate) names: Vec<Key>,
    pub(crate) lines: Vec<u32>,
    pub(crate) patterns: Vec<u64>,
    /// (F, outputs, 2) and (F, outputs), in (u, v).
    pub(crate) map_a: Vec<[f64; 2]>,
    pub(crate) map_b: Vec<f64>,
}

impl Sink {
    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        fn of<T>(v: &Vec<T>) -> usize {
            v.capacity() * size_of::<T>()
        }
        of(&self.sizes)
            + of(&self.areas)
            + of(&self.points)
            + of(&self.names)
            + of(&self.lines)
            + of(&self.patterns)
            + of(&self.map_a)
            + of(&self.map_b)
    }
}

/// Sums that do not depend on the order in which tasks finish.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Cells after each level.
    pub(crate) level_cells: Vec<u64>,
    pub(crate) signs: Signs,
    /// Vertices that were computed exactly and rounded.
    pub(crate) exact_vertices: u64,
    /// Largest error bound of a stored vertex, in local coordinates.
    pub(crate) radius: f64,
    /// Largest error bound of an output functional.
    pub(crate) output_error: f64,
}

impl Tally {
    pub(crate) fn new(plan: &Plan) -> Tally {
        Tally { level_cells: vec![0; plan.levels.len()], ..Tally::default() }
    }

    pub(crate) fn merge(&mut self, other: &Tally) {
        for (a, b) in self.level_cells.iter_mut().zip(&other.level_cells) {
            *a += b;
        }
        self.signs.merge(&other.signs);
        self.exact_vertices += other.exact_vertices;
        self.radius = self.radius.max(other.radius);
        self.output_error = self.output_error.max(other.output_error);
    }
}
