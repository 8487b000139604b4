//! Decision boundaries and level sets: the lines inside the cells, and the cell edges, on which outputs tie.
//!
//! Three things go by the name of decision boundary, and they differ: the arg-max boundary (where the winning class
//! changes), the set where any two outputs are equal (a superset), and the zero set of one output. Pieces in the interior
//! of cells and pieces that lie exactly on cell edges are told apart, and their lengths are given apart.

use std::ops::Range;

use super::partition::Partition;
use super::trace::{Found, Search, Segment};
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

/// Line segments in (u, v). Immutable; shareable between threads.
pub struct Boundary {
    segments: Buffer<[[f64; 2]; 2]>,
    cells: Buffer<i64>,
    labels: Buffer<[i32; 2]>,
    on_edge: Buffer<u8>,
    flat_cells: Buffer<i64>,
    interior_length: f64,
    on_edge_length: f64,
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
        let plan = self.plan(true)?;
        let found = ctx.pool().map_chunks(self.n_regions(), CHUNK, |cells: Range<usize>| {
            ctx.poll()?;
            let mut search = Search::new(self, &plan);
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
        let meter = ctx.meter();
        let n = segments.len();
        let mut boundary = Boundary {
            segments: meter.buffer(n, "boundary")?,
            cells: meter.buffer(n, "boundary")?,
            labels: meter.buffer(n, "boundary")?,
            on_edge: meter.buffer(n, "boundary")?,
            flat_cells: meter.buffer(flat_cells.len(), "boundary")?,
            interior_length: 0.0,
            on_edge_length: 0.0,
        };
        boundary.flat_cells.copy_from_slice(&flat_cells);
        for (i, s) in segments.iter().enumerate() {
            boundary.segments[i] = s.ends;
            boundary.cells[i] = s.cell;
            boundary.labels[i] = s.labels;
            boundary.on_edge[i] = u8::from(s.on_edge);
            let [p, q] = s.ends;
            let length = (p[0] - q[0]).hypot(p[1] - q[1]);
            *(if s.on_edge { &mut boundary.on_edge_length } else { &mut boundary.interior_length }) += length;
        }
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

    /// (n, 2): the two outputs that tie; for a level set (output, -1).
    pub fn labels(&self) -> &[[i32; 2]] {
        &self.labels
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
        self.interior_length
    }

    /// Length of the segments on cell edges, each counted once, in units of (u, v).
    pub fn on_edge_length(&self) -> f64 {
        self.on_edge_length
    }
}
