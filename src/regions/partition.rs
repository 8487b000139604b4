//! The result: cells in depth-first order, and what was asked to be kept of each.

use std::sync::{Arc, OnceLock};

use super::certificate::Signs;
use super::domain::Domain;
use super::frame::Frame;
use super::join::{copied, join};
use super::key::Key;
use super::locate::Grid;
use super::mesh::Mesh;
use super::packed::Packed;
use super::plan::Plan;
use super::shared::Shared;
use super::sink::{AREA_UNITS, Sink, Tally, Want};
use super::task::Task;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::network::Network;

/// What to compute and when to give up.
#[derive(Clone, Copy, Debug)]
pub struct PartitionOptions {
    /// What to keep of each cell.
    pub want: Want,
    /// MAX_REGIONS beyond this many cells; 0 = no limit.
    pub max_regions: u64,
}

impl Default for PartitionOptions {
    fn default() -> Self {
        PartitionOptions { want: Want::ALL, max_regions: 0 }
    }
}

/// The exact partition of a domain into activation cells. Immutable; shareable between threads.
///
/// F cells, V vertices, E edges, C polygon vertices in all (sum over cells).
pub struct Partition {
    pub(super) net: Arc<Network>,
    pub(super) domain: Domain,
    pub(super) frame: Frame,
    want: Want,
    tally: Tally,
    n_regions: usize,
    area: f64,
    domain_area: f64,
    packed: Packed,
    offsets: Buffer<i64>,
    areas: Buffer<f64>,
    centroids: Buffer<[f64; 2]>,
    points: Buffer<[f64; 2]>,
    patterns: Buffer<u64>,
    map_a: Buffer<[f64; 2]>,
    map_b: Buffer<f64>,
    vertices: Buffer<[f64; 2]>,
    cell_vertices: Buffer<i64>,
    cell_edges: Buffer<i64>,
    edges: Buffer<[i64; 2]>,
    edge_cells: Buffer<[i64; 2]>,
    pub(super) edge_lines: Buffer<u32>,
    /// By side of the domain; empty if it is no tile.
    seams: Vec<bool>,
    edge_layers: Buffer<i32>,
    edge_units: Buffer<i64>,
    edge_knots: Buffer<i32>,
    pub(super) grid: OnceLock<Grid>,
}

/// Computes the partition of `domain` by the units of `net`. Errors: SHAPE if the domain does not fit the network,
/// UNSUPPORTED for units with more than 255 knots or 256 candidates, MAX_REGIONS, MEMORY_LIMIT, CANCELLED; nothing is kept
/// of a partition that fails.
pub fn partition(
    ctx: &Context,
    net: &Arc<Network>,
    domain: &Domain,
    options: &PartitionOptions,
) -> Result<Partition> {
    let mut want = options.want;
    want.polygons |= want.mesh;
    ctx.poll()?;
    let plan = Plan::new(net, domain.chart(net.input_len())?, want.maps)?;
    let domain_area = domain.area();
    let shared = Shared::new(ctx, want, options.max_regions, domain_area / plan.frame.measure());
    let (sinks, tally) = ctx.pool().install(|| {
        let mut task = Task::new(&plan, &shared);
        let done = task.start(domain).and_then(|()| task.run());
        done.map(|()| task.finish()).map_err(|e| shared.first_error().unwrap_or(e))
    })?;
    let result = Partition::assemble(net, domain, &plan, want, sinks, tally, &shared.meter, domain_area)?;
    ctx.progress(1.0, "regions");
    Ok(result)
}

impl Partition {
    #[allow(clippy::too_many_arguments)]
    fn assemble(
        net: &Arc<Network>,
        domain: &Domain,
        plan: &Plan,
        want: Want,
        mut sinks: Vec<Sink>,
        tally: Tally,
        meter: &Meter,
        domain_area: f64,
    ) -> Result<Partition> {
        let n_regions = sinks.iter().map(|s| s.cells).sum::<u64>() as usize;
        let area = sinks.iter().map(|s| s.area).sum::<i128>() as f64 / AREA_UNITS * plan.frame.measure();
        let mesh = if want.mesh { Mesh::new(&sinks, meter)? } else { Mesh::default() };
        for sink in &mut sinks {
            let names = std::mem::take(&mut sink.names);
            let lines = std::mem::take(&mut sink.lines);
            meter.release(names.capacity() * size_of::<Key>() + lines.capacity() * size_of::<u32>());
        }
        let mut offsets = meter.buffer(if want.polygons { n_regions + 1 } else { 0 }, "cell offsets")?;
        let sizes = sinks.iter().flat_map(|s| &s.sizes);
        for (i, &size) in sizes.enumerate() {
            offsets[i + 1] = offsets[i] + i64::from(size);
        }
        let points: Buffer<[f64; 2]> = join(&mut sinks, meter, "polygons", |s| &mut s.points)?;
        let mut centroids = meter.buffer(if want.polygons { n_regions } else { 0 }, "centroids")?;
        for (i, c) in centroids.iter_mut().enumerate() {
            *c = centroid(&points[offsets[i] as usize..offsets[i + 1] as usize]);
        }
        let edges = mesh.edge_lines.len();
        let mut edge_layers = meter.buffer(edges, "edge layers")?;
        let mut edge_units = meter.buffer(edges, "edge units")?;
        let mut edge_knots = meter.buffer(edges, "edge knots")?;
        for (i, &line) in mesh.edge_lines.iter().enumerate() {
            (edge_layers[i], edge_units[i], edge_knots[i]) = plan.maker(line);
        }
        let partition = Partition {
            net: net.clone(),
            seams: domain.seams(),
            domain: domain.clone(),
            frame: plan.frame.clone(),
            want,
            tally,
            n_regions,
            area,
            domain_area,
            packed: Packed::new(plan),
            offsets,
            areas: join(&mut sinks, meter, "areas", |s| &mut s.areas)?,
            centroids,
            points,
            patterns: join(&mut sinks, meter, "patterns", |s| &mut s.patterns)?,
            map_a: join(&mut sinks, meter, "affine maps", |s| &mut s.map_a)?,
            map_b: join(&mut sinks, meter, "affine maps", |s| &mut s.map_b)?,
            vertices: copied(&mesh.vertices, meter, "vertices")?,
            cell_vertices: copied(&mesh.cell_vertices, meter, "cells")?,
            cell_edges: copied(&mesh.cell_edges, meter, "cells")?,
            edges: copied(&mesh.edges, meter, "edges")?,
            edge_cells: copied(&mesh.edge_cells, meter, "edges")?,
            edge_lines: copied(&mesh.edge_lines, meter, "edges")?,
            edge_layers,
            edge_units,
            edge_knots,
            grid: OnceLock::new(),
        };
        meter.release(mesh.bytes);
        Ok(partition)
    }

    /// Number of activation cells F: full-dimensional sets of constant activation pattern.
    pub fn n_regions(&self) -> usize {
        self.n_regions
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.net
    }

    /// The domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// What was kept.
    pub fn want(&self) -> Want {
        self.want
    }

    /// Sum of the areas of the cells, in units of (u, v).
    pub fn area(&self) -> f64 {
        self.area
    }

    /// Area of the domain, in units of (u, v). The cells fill it: `area()` differs by rounding only.
    pub fn domain_area(&self) -> f64 {
        self.domain_area
    }

    /// How the signs that decided the topology were settled.
    pub fn signs(&self) -> Signs {
        self.tally.signs
    }

    /// Number of signs that floating point could not settle and exact arithmetic did.
    pub fn exact_signs(&self) -> u64 {
        self.tally.signs.exact
    }

    /// Number of vertices that f64 could not place well enough and exact arithmetic did.
    pub fn exact_vertices(&self) -> u64 {
        self.tally.exact_vertices
    }

    /// Bound of the errors of the outputs as functionals of the local coordinates.
    pub(super) fn output_error(&self) -> f64 {
        self.tally.output_error
    }

    /// Bound of the error of the coordinates of every vertex, in units of (u, v).
    pub fn vertex_error(&self) -> f64 {
        let [u, v] = self.vertex_errors();
        u.max(v)
    }

    /// The same for each of u and v.
    pub(super) fn vertex_errors(&self) -> [f64; 2] {
        [0, 1].map(|i| self.frame.scale[i] * self.local_vertex_error())
    }

    /// The same in local coordinates, with the rounding to (u, v).
    pub(super) fn local_vertex_error(&self) -> f64 {
        let far = |i: usize| self.frame.center[i].abs() / self.frame.scale[i] + 1.0;
        self.tally.radius + 2.0 * f64::EPSILON * far(0).max(far(1))
    }

    /// Number of cells after each layer of units.
    pub fn layer_cells(&self) -> &[u64] {
        &self.tally.level_cells
    }

    /// (F + 1): polygon vertices of cell i are `offsets[i] .. offsets[i + 1]`.
    pub fn cell_offsets(&self) -> &[i64] {
        &self.offsets
    }

    /// (C, 2): polygons in (u, v), counter-clockwise, one cell after the other.
    pub fn points(&self) -> &[[f64; 2]] {
        &self.points
    }

    /// The polygon of cell `i` in (u, v), counter-clockwise; empty if polygons were not kept.
    pub fn polygon(&self, i: usize) -> &[[f64; 2]] {
        if self.offsets.is_empty() {
            &[]
        } else {
            &self.points[self.offsets[i] as usize..self.offsets[i + 1] as usize]
        }
    }

    /// (F): areas in units of (u, v).
    pub fn areas(&self) -> &[f64] {
        &self.areas
    }

    /// (F, 2): centroids in (u, v).
    pub fn centroids(&self) -> &[[f64; 2]] {
        &self.centroids
    }

    /// (F, outputs, 2): on cell i output k is `a[i, k] . (u, v) + b[i, k]`.
    pub fn map_a(&self) -> &[[f64; 2]] {
        &self.map_a
    }

    /// (F, outputs): see [`Partition::map_a`].
    pub fn map_b(&self) -> &[f64] {
        &self.map_b
    }

    /// (V, 2): vertices shared by the cells, in (u, v).
    pub fn vertices(&self) -> &[[f64; 2]] {
        &self.vertices
    }

    /// (C): vertices of the cells, counter-clockwise; see [`Partition::cell_offsets`].
    pub fn cell_vertices(&self) -> &[i64] {
        &self.cell_vertices
    }

    /// (C): the edge from each of [`Partition::cell_vertices`] to the next vertex of its cell.
    pub fn cell_edges(&self) -> &[i64] {
        &self.cell_edges
    }

    /// (E, 2): end points.
    pub fn edges(&self) -> &[[i64; 2]] {
        &self.edges
    }

    /// (E, 2): the cells on both sides; -1 outside the domain.
    pub fn edge_cells(&self) -> &[[i64; 2]] {
        &self.edge_cells
    }

    /// (E): the layer of units (0, 1, ...) that made each edge; -1 for the sides of the domain.
    pub fn edge_layers(&self) -> &[i32] {
        &self.edge_layers
    }

    /// (E): the unit within that layer, or the side of the domain. Of several units with the same line, the first.
    pub fn edge_units(&self) -> &[i64] {
        &self.edge_units
    }

    /// (E): which knot of that unit. For a max unit of g candidates the two that tie, a < b, as a g + b.
    pub fn edge_knots(&self) -> &[i32] {
        &self.edge_knots
    }

    /// Writes the activation pattern of cell `i`: for each unit the index of its piece (ReLU: 0 off, 1 on).
    pub fn pattern(&self, i: usize, mut code: impl FnMut(usize, u8)) -> Result<()> {
        if !self.want.patterns {
            bail!(NotStored, "patterns were not kept; ask for them in `want`")
        }
        self.packed.unpack(self.packed_pattern(i), &mut code);
        Ok(())
    }

    /// The plan by which the cells were made.
    pub(super) fn plan(&self, maps: bool) -> Result<Plan<'_>> {
        Plan::new(&self.net, self.domain.chart(self.net.input_len())?, maps)
    }

    /// The words of each layer in a packed pattern.
    pub(super) fn layer_words(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.packed.ranges()
    }

    /// Whether a side of the domain is the seam of a tile.
    pub(super) fn is_seam(&self, side: usize) -> bool {
        self.seams.get(side).copied().unwrap_or(false)
    }

    pub(super) fn packed_pattern(&self, i: usize) -> &[u64] {
        &self.patterns[i * self.packed.words..][..self.packed.words]
    }
}

/// Centroid of a polygon, about its first vertex; the mean of the vertices if the area is lost to rounding.
fn centroid(p: &[[f64; 2]]) -> [f64; 2] {
    let o = p[0];
    let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
    for w in p[1..].windows(2) {
        let (a, b) = ([w[0][0] - o[0], w[0][1] - o[1]], [w[1][0] - o[0], w[1][1] - o[1]]);
        let cross = a[0] * b[1] - b[0] * a[1];
        area += cross;
        x += cross * (a[0] + b[0]);
        y += cross * (a[1] + b[1]);
    }
    let (cx, cy) = (x / (3.0 * area), y / (3.0 * area));
    let reach = |i: usize| p.iter().fold(0.0f64, |m, v| m.max((v[i] - o[i]).abs()));
    if cx.abs() <= reach(0) && cy.abs() <= reach(1) {
        [o[0] + cx, o[1] + cy]
    } else {
        let n = p.len() as f64;
        [p.iter().map(|v| v[0]).sum::<f64>() / n, p.iter().map(|v| v[1]).sum::<f64>() / n]
    }
}
