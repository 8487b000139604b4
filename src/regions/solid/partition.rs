//! The result: cells in depth-first order, and what was asked to be kept of each.

use std::sync::{Arc, OnceLock};

use super::domain::{Start, chart};
use super::locate::Grid;
use super::measure;
use super::mesh::Mesh;
use super::sink::Sink;
use super::task::{Goal, Task};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::network::{Network, Op};
use crate::regions::body::Body;
use crate::regions::certificate::Signs;
use crate::regions::frame::Frame;
use crate::regions::join::{copied, join};
use crate::regions::packed::Packed;
use crate::regions::partition::PartitionOptions;
use crate::regions::plan::{LineOf, Plan};
use crate::regions::shared::Shared;
use crate::regions::sink::{AREA_UNITS, Tally, Want};

/// The exact partition of a domain in space into activation cells. Immutable; shareable between threads.
///
/// C cells, V vertices, E edges, F facets; V - E + F - C = 1.
pub struct Partition3 {
    pub(super) net: Arc<Network>,
    pub(super) domain: Body,
    pub(super) frame: Frame,
    want: Want,
    tally: Tally,
    n_regions: usize,
    volume: f64,
    domain_volume: f64,
    /// Vertices of the domain.
    pub(super) corners: Vec<[f64; 3]>,
    packed: Packed,
    volumes: Buffer<f64>,
    centroids: Buffer<[f64; 3]>,
    areas: Buffer<f64>,
    patterns: Buffer<u64>,
    map_a: Buffer<[f64; 3]>,
    map_b: Buffer<f64>,
    vertices: Buffer<[f64; 3]>,
    edges: Buffer<[i64; 2]>,
    cell_offsets: Buffer<i64>,
    cell_vertices: Buffer<i64>,
    cell_facet_offsets: Buffer<i64>,
    cell_facets: Buffer<i64>,
    facet_offsets: Buffer<i64>,
    facet_vertices: Buffer<i64>,
    facet_cells: Buffer<[i64; 2]>,
    pub(super) facet_planes: Buffer<u32>,
    facet_areas: Buffer<f64>,
    facet_layers: Buffer<i32>,
    facet_units: Buffer<i64>,
    facet_knots: Buffer<i32>,
    pub(super) grid: OnceLock<Grid>,
}

/// Computes the partition of `domain` by the units of `net`. Of [`Want`], `polygons` stands for volumes and centroids, and
/// `mesh` for vertices, edges and facets. Errors: SHAPE if the domain does not fit the network, UNSUPPORTED for max units,
/// MAX_REGIONS, MEMORY_LIMIT, CANCELLED; nothing is kept of a partition that fails.
pub fn partition3(
    ctx: &Context,
    net: &Arc<Network>,
    domain: &Body,
    options: &PartitionOptions,
) -> Result<Partition3> {
    let mut want = options.want;
    want.polygons |= want.mesh;
    let Prepared { plan, shared, start } = Prepared::new(ctx, net, domain, options, want.maps)?;
    let (sinks, tally) = run(&plan, &shared, &start, Goal::Cells(want))?;
    let mut result = Partition3::assemble(net, domain, &plan, want, sinks, tally, &shared.meter)?;
    result.domain_volume = start.volume() * plan.frame.measure();
    result.corners = start.vertices(&plan.frame);
    ctx.progress(1.0, "regions");
    Ok(result)
}

/// What a recursion stands on.
pub(super) struct Prepared<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) shared: Shared<'a>,
    pub(super) start: Start,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(
        ctx: &'a Context,
        net: &'a Network,
        domain: &Body,
        options: &PartitionOptions,
        maps: bool,
    ) -> Result<Self> {
        ctx.poll()?;
        net.expect_cpwl()?;
        refuse_max_units(net)?;
        let plan = Plan::new(net, chart(domain, net.input_len())?, maps)?;
        let start = Start::new(&plan.sides)?;
        let shared = Shared::new(ctx, options.want, options.max_regions, start.volume());
        Ok(Prepared { plan, shared, start })
    }
}

/// Runs the recursion on all threads.
pub(super) fn run<'a>(
    plan: &'a Plan<'a>,
    shared: &'a Shared<'a>,
    start: &Start,
    goal: Goal<'a>,
) -> Result<(Vec<Sink>, Tally)> {
    shared.ctx.pool().install(|| {
        let mut task = Task::new(plan, shared, goal);
        let done = task.run_domain(start);
        done.map(|()| (task.out, task.tally)).map_err(|e| shared.first_error().unwrap_or(e))
    })
}

/// Max-pool and maxout cut cells by upper envelopes, which are done in the plane only.
fn refuse_max_units(net: &Network) -> Result<()> {
    for unit in net.unit_layers() {
        let node = &net.nodes()[unit.node];
        if !matches!(node.op, Op::Pointwise(_)) {
            bail!(
                Unsupported,
                "layer {} ({}): regions of max units in space are not in this version; in the plane they are",
                node.name,
                node.op.name()
            )
        }
    }
    Ok(())
}

impl Partition3 {
    fn assemble(
        net: &Arc<Network>,
        domain: &Body,
        plan: &Plan,
        want: Want,
        mut sinks: Vec<Sink>,
        tally: Tally,
        meter: &Meter,
    ) -> Result<Partition3> {
        let n_regions = sinks.iter().map(|s| s.count).sum::<u64>() as usize;
        let volume = sinks.iter().map(|s| s.volume).sum::<i128>() as f64 / AREA_UNITS * plan.frame.measure();
        let mesh = if want.mesh { Mesh::new(&sinks, meter)? } else { Mesh::default() };
        for sink in &mut sinks {
            for bytes in [
                std::mem::take(&mut sink.points).capacity() * size_of::<[f64; 3]>(),
                std::mem::take(&mut sink.names).capacity() * 16,
                std::mem::take(&mut sink.facets).capacity() * 8,
                std::mem::take(&mut sink.sizes).capacity() * 8,
                std::mem::take(&mut sink.loops).capacity() * 4,
                std::mem::take(&mut sink.members).capacity() * 4,
            ] {
                meter.release(bytes);
            }
        }
        let facets = mesh.facet_planes.len();
        let mut facet_areas = meter.buffer::<f64>(facets, "facets")?;
        let mut facet_layers = meter.buffer(facets, "facets")?;
        let mut facet_units = meter.buffer(facets, "facets")?;
        let mut facet_knots = meter.buffer(facets, "facets")?;
        for (i, &plane) in mesh.facet_planes.iter().enumerate() {
            let around =
                &mesh.facet_vertices[mesh.facet_starts[i] as usize..mesh.facet_starts[i + 1] as usize];
            facet_areas[i] = measure::area(around.iter().map(|&v| mesh.vertices[v as usize]));
            (facet_layers[i], facet_units[i], facet_knots[i]) = match plan.line_of(plane) {
                LineOf::Side(side) => (-1, side as i64, 0),
                LineOf::Knot { level, unit, knot } => (level as i32, unit as i64, knot as i32),
                LineOf::Tie { level, unit, .. } => (level as i32, unit as i64, 0),
            };
        }
        let mut areas = meter.buffer(if want.mesh { n_regions } else { 0 }, "surface areas")?;
        for (i, area) in areas.iter_mut().enumerate() {
            let facets = mesh.cell_facet_starts[i] as usize..mesh.cell_facet_starts[i + 1] as usize;
            *area = mesh.cell_facets[facets].iter().map(|&f| facet_areas[f as usize]).sum::<f64>();
        }
        let result = Partition3 {
            net: net.clone(),
            domain: domain.clone(),
            frame: plan.frame.clone(),
            want,
            tally,
            n_regions,
            volume,
            domain_volume: 0.0,
            corners: Vec::new(),
            packed: Packed::new(plan),
            volumes: join(&mut sinks, meter, "volumes", |s| &mut s.volumes)?,
            centroids: join(&mut sinks, meter, "centroids", |s| &mut s.centroids)?,
            areas,
            patterns: join(&mut sinks, meter, "patterns", |s| &mut s.patterns)?,
            map_a: join(&mut sinks, meter, "affine maps", |s| &mut s.map_a)?,
            map_b: join(&mut sinks, meter, "affine maps", |s| &mut s.map_b)?,
            vertices: copied(&mesh.vertices, meter, "vertices")?,
            edges: copied(&mesh.edges, meter, "edges")?,
            cell_offsets: copied(&mesh.cell_starts, meter, "cells")?,
            cell_vertices: copied(&mesh.cell_vertices, meter, "cells")?,
            cell_facet_offsets: copied(&mesh.cell_facet_starts, meter, "cells")?,
            cell_facets: copied(&mesh.cell_facets, meter, "cells")?,
            facet_offsets: copied(&mesh.facet_starts, meter, "facets")?,
            facet_vertices: copied(&mesh.facet_vertices, meter, "facets")?,
            facet_cells: copied(&mesh.facet_cells, meter, "facets")?,
            facet_planes: copied(&mesh.facet_planes, meter, "facets")?,
            facet_areas,
            facet_layers,
            facet_units,
            facet_knots,
            grid: OnceLock::new(),
        };
        meter.release(mesh.bytes);
        Ok(result)
    }

    /// Number of activation cells C: full-dimensional sets of constant activation pattern.
    pub fn n_regions(&self) -> usize {
        self.n_regions
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.net
    }

    /// The domain.
    pub fn domain(&self) -> &Body {
        &self.domain
    }

    /// What was kept.
    pub fn want(&self) -> Want {
        self.want
    }

    /// Sum of the volumes of the cells, in units of (u, v, w).
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// Volume of the domain, in units of (u, v, w). The cells fill it: `volume()` differs by rounding only.
    pub fn domain_volume(&self) -> f64 {
        self.domain_volume
    }

    /// How the signs were settled.
    pub fn signs(&self) -> Signs {
        self.tally.signs
    }

    /// Number of vertices that f64 could not place well enough and exact arithmetic did.
    pub fn exact_vertices(&self) -> u64 {
        self.tally.exact_vertices
    }

    /// Bound of the error of the coordinates of every vertex, in units of (u, v, w).
    pub fn vertex_error(&self) -> f64 {
        self.vertex_errors().into_iter().fold(0.0, f64::max)
    }

    /// The same for each axis.
    pub(super) fn vertex_errors(&self) -> [f64; 3] {
        vertex_errors(&self.frame, self.tally.radius)
    }

    /// Number of cells after each layer of units.
    pub fn layer_cells(&self) -> &[u64] {
        &self.tally.level_cells
    }

    /// (C): volumes in units of (u, v, w).
    pub fn volumes(&self) -> &[f64] {
        &self.volumes
    }

    /// (C, 3): centroids in (u, v, w).
    pub fn centroids(&self) -> &[[f64; 3]] {
        &self.centroids
    }

    /// (C): surface areas in units of (u, v, w).
    pub fn areas(&self) -> &[f64] {
        &self.areas
    }

    /// (C, outputs, 3): on cell i output k is `a[i, k] . (u, v, w) + b[i, k]`.
    pub fn map_a(&self) -> &[[f64; 3]] {
        &self.map_a
    }

    /// (C, outputs): see [`Partition3::map_a`].
    pub fn map_b(&self) -> &[f64] {
        &self.map_b
    }

    /// (V, 3): vertices shared by the cells, in (u, v, w).
    pub fn vertices(&self) -> &[[f64; 3]] {
        &self.vertices
    }

    /// (E, 2): ends of the edges, sorted.
    pub fn edges(&self) -> &[[i64; 2]] {
        &self.edges
    }

    /// (C + 1): where the vertices of each cell begin in [`Partition3::cell_vertices`].
    pub fn cell_offsets(&self) -> &[i64] {
        &self.cell_offsets
    }

    /// Vertices of the cells, one cell after the other.
    pub fn cell_vertices(&self) -> &[i64] {
        &self.cell_vertices
    }

    /// (C + 1): where the facets of each cell begin in [`Partition3::cell_facets`].
    pub fn cell_facet_offsets(&self) -> &[i64] {
        &self.cell_facet_offsets
    }

    /// Facets of the cells, one cell after the other.
    pub fn cell_facets(&self) -> &[i64] {
        &self.cell_facets
    }

    /// (F + 1): where the vertices of each facet begin in [`Partition3::facet_vertices`].
    pub fn facet_offsets(&self) -> &[i64] {
        &self.facet_offsets
    }

    /// Vertices of the facets, counter-clockwise as seen from outside of the first of its two cells.
    pub fn facet_vertices(&self) -> &[i64] {
        &self.facet_vertices
    }

    /// (F, 2): the cells on both sides; -1 outside the domain.
    pub fn facet_cells(&self) -> &[[i64; 2]] {
        &self.facet_cells
    }

    /// (F): areas in units of (u, v, w).
    pub fn facet_areas(&self) -> &[f64] {
        &self.facet_areas
    }

    /// (F): the layer of units (0, 1, ...) that made each facet; -1 for the sides of the domain.
    pub fn facet_layers(&self) -> &[i32] {
        &self.facet_layers
    }

    /// (F): the unit within that layer, or the side of the domain. Of several units with the same plane, the first.
    pub fn facet_units(&self) -> &[i64] {
        &self.facet_units
    }

    /// (F): which knot of that unit.
    pub fn facet_knots(&self) -> &[i32] {
        &self.facet_knots
    }

    /// Writes the activation pattern of cell `i`: for each unit the index of its piece (ReLU: 0 off, 1 on).
    pub fn pattern(&self, i: usize, mut code: impl FnMut(usize, u8)) -> Result<()> {
        if !self.want.patterns {
            bail!(NotStored, "patterns were not kept; ask for them in `want`")
        }
        self.packed.unpack(self.packed_pattern(i), &mut code);
        Ok(())
    }

    pub(super) fn packed_pattern(&self, i: usize) -> &[u64] {
        &self.patterns[i * self.packed.words..][..self.packed.words]
    }
}

/// Bounds of the errors of coordinates in (u, v, w), for local ones of `radius`.
pub(super) fn vertex_errors(frame: &Frame, radius: f64) -> [f64; 3] {
    [0, 1, 2].map(|i| {
        let far = frame.center[i].abs() / frame.scale[i] + 1.0;
        frame.scale[i] * (radius + 2.0 * f64::EPSILON * far)
    })
}
