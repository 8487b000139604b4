//! Level sets in space: the set where an output has a given value, as a mesh of polygons.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::measure;
use super::mesh::edges;
use super::partition::{Prepared, run, vertex_errors};
use super::prune::Pruner;
use super::sink::Sink;
use super::task::Goal;
use super::trace::Level3;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::network::Network;
use crate::regions::body::Body;
use crate::regions::certificate::Signs;
use crate::regions::join::copied;
use crate::regions::key::{Key, Map};
use crate::regions::partition::PartitionOptions;
use crate::regions::sink::{AREA_UNITS, Tally, Want};

/// Which level set, and when to give up.
#[derive(Clone, Copy, Debug, Default)]
pub struct SurfaceOptions {
    /// The output.
    pub output: usize,
    /// The level.
    pub level: f64,
    /// MAX_REGIONS beyond this many cells looked at; 0 = no limit.
    pub max_cells: u64,
}

/// The border of the solid {output < level} inside a domain: where the output passes through the level. Immutable; shareable
/// between threads.
///
/// V vertices, E edges, F polygons, plane and convex, counter-clockwise as seen from where the output is larger. Away from
/// the sides of the domain every edge has two polygons, which run through it in opposite directions (at points and edges
/// where the solid touches itself, an even number). Parts of the level set on both sides of which the output is smaller, or
/// larger, do not belong to it; nor do cells on which the output has the level everywhere, but their borders may.
pub struct Surface {
    vertices: Buffer<[f64; 3]>,
    offsets: Buffer<i64>,
    polygons: Buffer<i64>,
    edges: Buffer<[i64; 2]>,
    /// Polygons at each edge.
    edge_polygons: Buffer<i32>,
    gradients: Buffer<[f64; 3]>,
    area: f64,
    volume_below: f64,
    volume: f64,
    vertex_error: f64,
    flat_cells: u64,
    n_cells: u64,
    oriented: bool,
    tally: Tally,
}

/// Computes the level set of an output of `net` in `domain`. Cells that cannot hold any of it are let go before the layers
/// ahead are worked out. Errors: ARGUMENT (no such output), NONFINITE, and those of [`super::partition3`].
pub fn surface(
    ctx: &Context,
    net: &Arc<Network>,
    domain: &Body,
    options: &SurfaceOptions,
) -> Result<Surface> {
    let (output, level) = (options.output, options.level);
    if output >= net.output_len() {
        bail!(Argument, "output is {output}; the network has {} outputs, counted from 0", net.output_len())
    }
    if !level.is_finite() {
        bail!(Nonfinite, "level is {level}; expected a finite number")
    }
    let limits = PartitionOptions { want: Want::COUNT, max_regions: options.max_cells };
    let Prepared { plan, shared, start } = Prepared::new(ctx, net, domain, &limits, true)?;
    let goal = Goal::Surface(Level3 { output, level }, Pruner::new(&plan));
    let (sinks, tally) = run(&plan, &shared, &start, goal)?;
    let measure = plan.frame.measure();
    let sum = |f: fn(&Sink) -> i128| sinks.iter().map(f).sum::<i128>() as f64 / AREA_UNITS * measure;
    let vertex_error = vertex_errors(&plan.frame, tally.radius).into_iter().fold(0.0, f64::max);
    let mut surface = Surface::assemble(&sinks, tally, &shared.meter)?;
    surface.volume_below = sum(|s| s.below);
    surface.volume = sum(|s| s.volume);
    surface.vertex_error = vertex_error;
    ctx.progress(1.0, "surface");
    Ok(surface)
}

/// A polygon of a sink.
struct Piece<'s> {
    sink: &'s Sink,
    index: usize,
    /// Its vertices in the sink.
    start: usize,
    len: usize,
}

/// The polygons of all sinks, without those on a facet on both sides of which the output is below the level.
fn pieces(sinks: &[Sink]) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Option<Piece>> = Vec::new();
    let mut on_facets: Map<usize> = Map::default();
    for sink in sinks {
        let mut start = 0;
        for (index, &[len, on_facet]) in sink.facets.iter().enumerate() {
            let len = len as usize;
            let piece = Some(Piece { sink, index, start, len });
            let names = &sink.names[start..start + len];
            start += len;
            if on_facet == 0 {
                pieces.push(piece);
                continue;
            }
            let name =
                names.iter().fold(Key::default(), |s, k| Key(s.0.wrapping_add(k.0), s.1.wrapping_add(k.1)));
            match on_facets.entry(name) {
                Entry::Occupied(other) => pieces[other.remove()] = None,
                Entry::Vacant(slot) => {
                    slot.insert(pieces.len());
                    pieces.push(piece);
                }
            }
        }
    }
    pieces.into_iter().flatten().collect()
}

impl Surface {
    fn assemble(sinks: &[Sink], tally: Tally, meter: &Meter) -> Result<Surface> {
        let pieces = pieces(sinks);
        let corners = pieces.iter().map(|p| p.len).sum();
        let n = pieces.len();
        meter.charge(corners * 64, "surface")?;
        let mut by_name: Map<i64> = Map::with_capacity_and_hasher(corners / 3, Default::default());
        let mut vertices = Vec::with_capacity(corners / 3);
        let mut polygons = meter.buffer::<i64>(corners, "polygons")?;
        let mut offsets = meter.buffer::<i64>(n + 1, "polygons")?;
        let mut gradients = meter.buffer::<[f64; 3]>(n, "gradients")?;
        let (mut at, mut area) = (0, 0.0);
        for (i, piece) in pieces.iter().enumerate() {
            for k in piece.start..piece.start + piece.len {
                polygons[at] = *by_name.entry(piece.sink.names[k]).or_insert_with(|| {
                    vertices.push(piece.sink.points[k]);
                    vertices.len() as i64 - 1
                });
                at += 1;
            }
            offsets[i + 1] = at as i64;
            gradients[i] = piece.sink.map_a[piece.index];
            area += measure::area(piece.sink.points[piece.start..piece.start + piece.len].iter().copied());
        }
        let edges = edges(&offsets, &polygons, vertices.len());
        let mut edge_polygons = meter.buffer::<i32>(edges.len(), "edges")?;
        // How often each edge is passed forwards more often than backwards.
        let mut balance = vec![0i32; edges.len()];
        for w in offsets.windows(2) {
            let around = &polygons[w[0] as usize..w[1] as usize];
            let mut p = around[around.len() - 1];
            for &q in around {
                let edge = edges.binary_search(&[p.min(q), p.max(q)]).expect("listed with the others");
                edge_polygons[edge] += 1;
                balance[edge] += if p < q { 1 } else { -1 };
                p = q;
            }
        }
        let oriented = balance.iter().zip(edge_polygons.iter()).all(|(&b, &n)| n < 2 || b == 0);
        meter.release(corners * 64);
        Ok(Surface {
            vertices: copied(&vertices, meter, "vertices")?,
            offsets,
            polygons,
            edges: copied(&edges, meter, "edges")?,
            edge_polygons,
            gradients,
            area,
            volume_below: 0.0,
            volume: 0.0,
            vertex_error: 0.0,
            flat_cells: sinks.iter().map(|s| s.flat).sum(),
            n_cells: sinks.iter().map(|s| s.count).sum(),
            oriented,
            tally,
        })
    }

    /// (V, 3): vertices in (u, v, w).
    pub fn vertices(&self) -> &[[f64; 3]] {
        &self.vertices
    }

    /// (F + 1): where each polygon begins in [`Surface::polygon_vertices`].
    pub fn polygon_offsets(&self) -> &[i64] {
        &self.offsets
    }

    /// Vertices of the polygons, one after the other.
    pub fn polygon_vertices(&self) -> &[i64] {
        &self.polygons
    }

    /// (E, 2): ends of the edges, sorted.
    pub fn edges(&self) -> &[[i64; 2]] {
        &self.edges
    }

    /// (E): number of polygons at each edge: 2, or 1 at the sides of the domain.
    pub fn edge_polygons(&self) -> &[i32] {
        &self.edge_polygons
    }

    /// (F, 3): gradient of the output on each polygon, in (u, v, w).
    pub fn gradients(&self) -> &[[f64; 3]] {
        &self.gradients
    }

    /// Area in units of (u, v, w).
    pub fn area(&self) -> f64 {
        self.area
    }

    /// Volume of {output < level} in the domain, in units of (u, v, w).
    pub fn volume_below(&self) -> f64 {
        self.volume_below
    }

    /// Volume of the domain as the sum of all cells that were looked at.
    pub fn volume(&self) -> f64 {
        self.volume
    }

    /// Bound of the error of the coordinates of every vertex, in units of (u, v, w).
    pub fn vertex_error(&self) -> f64 {
        self.vertex_error
    }

    /// Number of cells on which the output has the level everywhere.
    pub fn flat_cells(&self) -> u64 {
        self.flat_cells
    }

    /// Number of cells at which the search ended.
    pub fn n_cells(&self) -> u64 {
        self.n_cells
    }

    /// How the signs were settled.
    pub fn signs(&self) -> Signs {
        self.tally.signs
    }

    /// V - E + F.
    pub fn euler_characteristic(&self) -> i64 {
        self.vertices.len() as i64 - self.edges.len() as i64 + self.gradients.len() as i64
    }

    /// Whether every edge has one polygon or two, which run through it in opposite directions.
    pub fn is_manifold(&self) -> bool {
        self.oriented && self.edge_polygons.iter().all(|&n| n <= 2)
    }

    /// Whether no edge has a polygon on one side only: the surface does not reach the sides of the domain.
    pub fn is_closed(&self) -> bool {
        self.edge_polygons.iter().all(|n| n % 2 == 0)
    }
}
