//! Partitions that are not kept: chunks of cells, in order, while they are found.
//!
//! Memory is bounded by the chunks under way, a few for each thread, however many cells there are. Tasks stand in a line,
//! in the order of their cells; all of the front ones work, and each stops when it has a chunk, until its turn comes.

use std::sync::Mutex;

use super::certificate::Signs;
use super::domain::Domain;
use super::packed::Packed;
use super::plan::Plan;
use super::shared::Shared;
use super::sink::{AREA_UNITS, Sink, Tally, Want};
use super::task::Task;
use crate::context::Context;
use crate::error::Result;
use crate::network::Network;

/// What to keep of the cells and when to give up.
#[derive(Clone, Copy, Debug)]
pub struct StreamOptions {
    /// What each chunk holds.
    pub want: Want,
    /// MAX_REGIONS beyond this many cells; 0 = no limit.
    pub max_regions: u64,
    /// Cells of a chunk, more or less; 0 = 4096.
    pub chunk: u64,
}

impl Default for StreamOptions {
    fn default() -> Self {
        StreamOptions { want: Want::ALL, max_regions: 0, chunk: 0 }
    }
}

/// Consecutive cells of a partition, n of them with C polygon vertices in all. What was not wanted is empty.
pub struct Chunk<'a> {
    /// Index of the first cell in the whole partition.
    pub first: u64,
    /// (n + 1): polygon vertices of cell i are `offsets[i] .. offsets[i + 1]`.
    pub offsets: Vec<i64>,
    /// (C, 2): polygons in (u, v), counter-clockwise.
    pub points: &'a [[f64; 2]],
    /// (n): areas in units of (u, v).
    pub areas: &'a [f64],
    /// (n, outputs, 2) and (n, outputs): on cell i output k is `map_a[i, k] . (u, v) + map_b[i, k]`.
    pub map_a: &'a [[f64; 2]],
    /// See `map_a`.
    pub map_b: &'a [f64],
    /// (C): names of the vertices. Two cells share a vertex, in whatever chunks they are, if they name it alike.
    pub vertex_keys: Vec<[u64; 2]>,
    /// (C): layer of units, unit and knot that made the edge from each vertex to the next, as in a mesh.
    pub edge_layers: Vec<i32>,
    /// See `edge_layers`.
    pub edge_units: Vec<i64>,
    /// See `edge_layers`.
    pub edge_knots: Vec<i32>,
    /// (n, units): activation patterns.
    pub patterns: Vec<u8>,
    n: usize,
}

impl Chunk<'_> {
    /// Number of cells.
    pub fn len(&self) -> usize {
        self.n
    }

    /// Whether there are none; no such chunk is handed out.
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }
}

/// What is known of a partition when all its chunks have been handed out.
#[derive(Clone, Debug)]
pub struct Streamed {
    /// F.
    pub n_regions: u64,
    /// Sum of the areas of the cells, in units of (u, v), and the area of the domain.
    pub area: f64,
    /// See `area`.
    pub domain_area: f64,
    /// Number of cells after each layer of units.
    pub layer_cells: Vec<u64>,
    /// How the signs were settled.
    pub signs: Signs,
}

/// Default of [`StreamOptions::chunk`].
const CHUNK: u64 = 4096;

/// Computes the partition of `domain` by the units of `net` and hands its cells to `take`, on the calling thread, in the
/// order that they have in a [`super::Partition`]. An error of `take` ends it. Errors as [`super::partition()`].
pub fn stream(
    ctx: &Context,
    net: &Network,
    domain: &Domain,
    options: &StreamOptions,
    mut take: impl FnMut(&Chunk) -> Result<()>,
) -> Result<Streamed> {
    let mut want = options.want;
    want.polygons |= want.mesh;
    let enough = if options.chunk == 0 { CHUNK } else { options.chunk };
    ctx.poll()?;
    let plan = Plan::new(net, domain.chart(net.input_len())?, want.maps)?;
    let domain_area = domain.area();
    let shared = Shared::serial(ctx, want, options.max_regions, domain_area / plan.frame.measure());
    let mut first = Task::new(&plan, &shared);
    first.start(domain)?;
    let mut line = vec![Mutex::new(Running { task: first, more: true })];
    let mut done = Delivered { cells: 0, area: 0, tally: Tally::new(&plan) };
    while !line.is_empty() {
        widen(&mut line, ctx.threads(), enough);
        let front = line.len().min(ctx.threads());
        let advance = || {
            ctx.pool().map_chunks(front, 1, |range| {
                for running in &line[range] {
                    running.lock().unwrap_or_else(|e| e.into_inner()).advance(enough)?;
                }
                Ok(())
            })
        };
        advance().map_err(|e| shared.first_error().unwrap_or(e))?;
        deliver(&mut line, &plan, &shared, &mut done, &mut take)?;
    }
    ctx.progress(1.0, "regions");
    Ok(Streamed {
        n_regions: done.cells,
        area: done.area as f64 / AREA_UNITS * plan.frame.measure(),
        domain_area,
        layer_cells: done.tally.level_cells,
        signs: done.tally.signs,
    })
}

/// A task, and whether it has anything left to do.
struct Running<'p> {
    task: Task<'p>,
    more: bool,
}

impl Running<'_> {
    fn cells(&self) -> u64 {
        self.task.out.iter().map(|s| s.cells).sum()
    }

    fn advance(&mut self, enough: u64) -> Result<()> {
        if self.more && self.cells() < enough {
            self.more = self.task.advance(enough)?;
            self.task.report()?;
        }
        Ok(())
    }
}

struct Delivered {
    cells: u64,
    area: i128,
    tally: Tally,
}

/// Splits tasks until there is one for each thread that may work, as far as they can be split.
fn widen(line: &mut Vec<Mutex<Running<'_>>>, threads: usize, enough: u64) {
    let mut i = 0;
    while line.len() < threads && i < line.len() {
        let running = line[i].get_mut().unwrap_or_else(|e| e.into_inner());
        let works = running.more && running.cells() < enough;
        match works.then(|| running.task.detach()).flatten() {
            Some(task) => line.insert(i + 1, Mutex::new(Running { task, more: true })),
            None => i += 1,
        }
    }
}

/// Hands out what the tasks at the front of the line have found, up to the first that has more to do.
fn deliver(
    line: &mut Vec<Mutex<Running<'_>>>,
    plan: &Plan,
    shared: &Shared,
    done: &mut Delivered,
    take: &mut impl FnMut(&Chunk) -> Result<()>,
) -> Result<()> {
    while let Some(front) = line.first_mut() {
        let running = front.get_mut().unwrap_or_else(|e| e.into_inner());
        for sink in std::mem::replace(&mut running.task.out, vec![Sink::default()]) {
            if sink.cells > 0 {
                take(&chunk(plan, shared.want, &sink, done.cells))?;
            }
            done.cells += sink.cells;
            done.area += sink.area;
            shared.meter.release(sink.told.bytes());
        }
        if running.more {
            return Ok(());
        }
        let running = line.remove(0).into_inner().unwrap_or_else(|e| e.into_inner());
        done.tally.merge(&running.task.finish().1);
    }
    Ok(())
}

fn chunk<'a>(plan: &Plan, want: Want, sink: &'a Sink, first: u64) -> Chunk<'a> {
    let n = sink.cells as usize;
    let mut offsets = vec![0; if want.polygons { n + 1 } else { 0 }];
    for (i, &size) in sink.sizes.iter().enumerate() {
        offsets[i + 1] = offsets[i] + i64::from(size);
    }
    let makers: Vec<(i32, i64, i32)> = sink.lines.iter().map(|&line| plan.maker(line)).collect();
    let units = plan.net.n_units();
    let mut patterns = vec![0; if want.patterns { n * units } else { 0 }];
    let packed = Packed::new(plan);
    let words = sink.patterns.chunks(packed.words.max(1));
    for (codes, words) in patterns.chunks_exact_mut(units.max(1)).zip(words) {
        packed.unpack(words, |unit, code| codes[unit] = code);
    }
    Chunk {
        first,
        offsets,
        points: &sink.points,
        areas: &sink.areas,
        map_a: &sink.map_a,
        map_b: &sink.map_b,
        vertex_keys: sink.names.iter().map(|k| [k.0, k.1]).collect(),
        edge_layers: makers.iter().map(|m| m.0).collect(),
        edge_units: makers.iter().map(|m| m.1).collect(),
        edge_knots: makers.iter().map(|m| m.2).collect(),
        patterns,
        n,
    }
}
