//! Decision boundaries and level sets: the lines inside the cells, and the cell edges, on which outputs tie.
//!
//! Three things go by the name of decision boundary, and they differ: the arg-max boundary (where the winning class
//! changes), the set where any two outputs are equal (a superset), and the zero set of one output. Pieces in the interior
//! of cells and pieces that lie exactly on cell edges are told apart, and their lengths are given apart.
//!
//! `forms` (outputs on a cell, with certified signs), `trace` and `argmax` (segments of single cells), `stitch`
//! (polylines), `sample` (random points), `tree` and `nearest` (distances).

mod argmax;
mod forms;
mod nearest;
mod sample;
mod stitch;
mod trace;
mod tree;

pub use self::nearest::Nearest;

use std::ops::Range;
use std::sync::OnceLock;

use self::stitch::Stitched;
use self::trace::{Found, Search, Segment};
use self::tree::Tree;
use super::domain::Domain;
use super::exact::LazyPlan;
use super::metric::{Metric, Ruler};
use super::partition::Partition;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};

/// Which boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoundaryMode {
    /// Where the largest output changes (ties go to the lowest index).
    Argmax,
    /// Where any two outputs are equal.
    Pairwise,
    /// Where one output equals a level.
    LevelSet {
        /// The output.
        output: usize,
        /// The level.
        level: f64,
    },
}

/// Line segments in (u, v), and the polylines that they form. Immutable; shareable between threads.
pub struct Boundary {
    domain: Domain,
    segments: Buffer<[[f64; 2]; 2]>,
    cells: Buffer<i64>,
    labels: Buffer<[i32; 2]>,
    sides: Buffer<[i32; 2]>,
    on_edge: Buffer<u8>,
    flat_cells: Buffer<i64>,
    lengths: [f64; 2],
    stitched: Stitched,
    /// For distances in either metric.
    trees: [OnceLock<Tree>; 2],
}

const CHUNK: usize = 512;

impl Partition {
    /// The boundary in one of three modes. Needs polygons, patterns, maps and mesh (NOT_STORED otherwise).
    pub fn boundary(&self, ctx: &Context, mode: BoundaryMode) -> Result<Boundary> {
        let want = self.want();
        if !(want.mesh && want.maps && want.patterns) {
            bail!(NotStored, "boundaries need polygons, patterns, maps and mesh; ask for them in `want`")
        }
        let outputs = self.network().output_len();
        match mode {
            BoundaryMode::LevelSet { output, level } => {
                if output >= outputs {
                    bail!(Argument, "output is {output}; the network has {outputs} outputs, counted from 0")
                }
                if !level.is_finite() {
                    bail!(Nonfinite, "level is {level}; expected a finite number")
                }
            }
            _ if outputs < 2 => {
                bail!(Argument, "the network has one output: no classes; ask for a level set of output 0")
            }
            _ => {}
        }
        let lazy = LazyPlan::new(self);
        let found = ctx.pool().map_chunks(self.n_regions(), CHUNK, |cells: Range<usize>| {
            ctx.poll()?;
            let mut search = Search::new(self, &lazy);
            for cell in cells {
                search.cell(cell, mode);
            }
            Ok(search.found)
        })?;
        self.collect(ctx, found)
    }

    fn collect(&self, ctx: &Context, found: Vec<Found>) -> Result<Boundary> {
        let flat: Vec<(i64, [i32; 2])> = found.iter().flat_map(|f| f.flat.iter().copied()).collect();
        let is_flat = |cell: i64, labels: [i32; 2]| flat.binary_search(&(cell, labels)).is_ok();
        // Edges between two cells on which the form vanishes are the inside of a 2-D piece.
        let inside = |s: &Segment| s.on_edge && is_flat(s.cell, s.labels) && is_flat(s.across, s.labels);
        let segments: Vec<Segment> =
            found.iter().flat_map(|f| f.segments.iter().copied()).filter(|s| !inside(s)).collect();
        let mut flat_cells: Vec<i64> = flat.iter().map(|&(cell, _)| cell).collect();
        flat_cells.dedup();
        let (meter, n) = (ctx.meter(), segments.len());
        meter.charge(2 * n * size_of::<Segment>(), "boundary")?;
        let mut boundary = Boundary {
            domain: self.domain().clone(),
            segments: meter.buffer(n, "boundary")?,
            cells: meter.buffer(n, "boundary")?,
            labels: meter.buffer(n, "boundary")?,
            sides: meter.buffer(n, "boundary")?,
            on_edge: meter.buffer(n, "boundary")?,
            flat_cells: meter.buffer(flat_cells.len(), "boundary")?,
            lengths: [0.0; 2],
            stitched: Stitched::new(&segments, &meter)?,
            trees: Default::default(),
        };
        boundary.flat_cells.copy_from_slice(&flat_cells);
        for (i, s) in segments.iter().enumerate() {
            boundary.segments[i] = s.ends;
            boundary.cells[i] = s.cell;
            boundary.labels[i] = s.labels;
            boundary.sides[i] = s.sides;
            boundary.on_edge[i] = u8::from(s.on_edge);
        }
        boundary.lengths = boundary.lengths_by(&Ruler::PLAIN);
        Ok(boundary)
    }
}

impl Boundary {
    /// (n, 2, 2): end points of each segment in (u, v).
    pub fn segments(&self) -> &[[[f64; 2]; 2]] {
        &self.segments
    }

    /// (n): the cell in which each segment lies; for one on an edge, the first of its two cells.
    pub fn cells(&self) -> &[i64] {
        &self.cells
    }

    /// (n, 2): the two outputs that tie, the larger one on the left first; for a level set (output, -1), with higher
    /// values on the left.
    pub fn labels(&self) -> &[[i32; 2]] {
        &self.labels
    }

    /// (n, 2): signs, on the left and on the right, of the first output minus the second one or the level. Where they are
    /// equal (1 a valley, -1 a ridge, 0 a flat piece) the segment has no direction. (1, -1) for the arg-max boundary.
    pub fn sides(&self) -> &[[i32; 2]] {
        &self.sides
    }

    /// (n): 1 if the segment lies on a cell edge, 0 if in the interior of a cell.
    pub fn on_edge(&self) -> &[u8] {
        &self.on_edge
    }

    /// Cells on which the output of a level set equals the level everywhere, or two outputs are the same: 2-D pieces of
    /// the set. Empty for the arg-max boundary.
    pub fn flat_cells(&self) -> &[i64] {
        &self.flat_cells
    }

    /// Length of the segments inside cells, in units of (u, v).
    pub fn interior_length(&self) -> f64 {
        self.lengths[0]
    }

    /// Length of the segments on cell edges, each counted once, in units of (u, v).
    pub fn on_edge_length(&self) -> f64 {
        self.lengths[1]
    }

    /// Lengths inside cells and on cell edges, in units of the metric.
    pub fn lengths(&self, metric: Metric) -> Result<[f64; 2]> {
        Ok(self.lengths_by(&Ruler::new(&self.domain, metric)?))
    }

    fn lengths_by(&self, ruler: &Ruler) -> [f64; 2] {
        let mut lengths = [0.0; 2];
        for (&[p, q], &on_edge) in self.segments.iter().zip(self.on_edge.iter()) {
            lengths[usize::from(on_edge)] += ruler.distance(p, q);
        }
        lengths
    }

    /// (P + 1): the points of polyline p are `polyline_points()[offsets[p] .. offsets[p + 1]]`. It has one segment less
    /// than points; a closed one ends at the point at which it starts.
    pub fn polyline_offsets(&self) -> &[i64] {
        &self.stitched.offsets
    }

    /// (n + P, 2): points in (u, v), directed as the segments are.
    pub fn polyline_points(&self) -> &[[f64; 2]] {
        &self.stitched.points
    }

    /// (n): the segments of the polylines; those of polyline p start at `polyline_offsets()[p] - p`.
    pub fn polyline_segments(&self) -> &[i64] {
        &self.stitched.segments
    }

    /// (P, 2): the labels of all segments of each polyline.
    pub fn polyline_labels(&self) -> &[[i32; 2]] {
        &self.stitched.labels
    }

    /// (P): 1 for closed loops.
    pub fn polyline_closed(&self) -> &[u8] {
        &self.stitched.closed
    }

    /// (P, 2): the junctions at which each polyline starts and ends; -1 for an end on the border of the domain, and for
    /// closed loops that pass no junction.
    pub fn polyline_ends(&self) -> &[[i64; 2]] {
        &self.stitched.ends
    }

    /// (J, 2): points in (u, v) at which three segments or more meet.
    pub fn junctions(&self) -> &[[f64; 2]] {
        &self.stitched.junctions
    }
}
