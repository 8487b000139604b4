//! Assembles the cells into one face-to-face mesh: shared vertices by their names, edges by their end points.

use std::collections::hash_map::Entry;

use super::key::{Key, Map};
use super::sink::Sink;
use crate::context::Meter;
use crate::error::{Result, bail};

/// Vertices, edges and who meets whom.
#[derive(Default)]
pub(crate) struct Mesh {
    pub(crate) vertices: Vec<[f64; 2]>,
    /// Vertices of every cell, counter-clockwise, one cell after the other.
    pub(crate) cell_vertices: Vec<i64>,
    /// Edge from each of them to the next of its cell.
    pub(crate) cell_edges: Vec<i64>,
    pub(crate) edges: Vec<[i64; 2]>,
    /// The cells on its two sides, in the order of the cells; -1 outside the domain.
    pub(crate) edge_cells: Vec<[i64; 2]>,
    pub(crate) edge_lines: Vec<u32>,
    /// Charged to the meter for all of this; to be released with it.
    pub(crate) bytes: usize,
}

impl Mesh {
    /// Numbers vertices and edges in the order in which the cells meet them.
    pub(crate) fn new(sinks: &[Sink], meter: &Meter) -> Result<Mesh> {
        let corners: usize = sinks.iter().map(|s| s.names.len()).sum();
        let cells: usize = sinks.iter().map(|s| s.sizes.len()).sum();
        // By Euler's formula V and E follow from the cells and their corners; E = corners/2 + sides of the domain.
        let (v, e) = (corners.saturating_sub(corners / 2 + cells) + 1024, corners / 2 + 1024);
        let bytes = corners * 16 + v * (16 + 32) + e * (36 + 32);
        meter.charge(bytes, "partition: the mesh")?;
        let mut mesh = Mesh::build(sinks, corners, v, e)?;
        mesh.bytes = bytes;
        Ok(mesh)
    }

    fn build(sinks: &[Sink], corners: usize, v: usize, e: usize) -> Result<Mesh> {
        let mut mesh = Mesh::default();
        mesh.cell_vertices.reserve_exact(corners);
        mesh.cell_edges.reserve_exact(corners);
        let mut by_name: Map<i64> = Map::with_capacity_and_hasher(v, Default::default());
        let mut by_ends: Map<i64> = Map::with_capacity_and_hasher(e, Default::default());
        let mut cell = 0;
        for sink in sinks {
            let mut first = 0;
            for &size in &sink.sizes {
                let range = first..first + size as usize;
                let start = mesh.cell_vertices.len();
                for i in range.clone() {
                    let vertex = *by_name.entry(sink.names[i]).or_insert_with(|| {
                        mesh.vertices.push(sink.points[i]);
                        mesh.vertices.len() as i64 - 1
                    });
                    mesh.cell_vertices.push(vertex);
                }
                for i in range.clone() {
                    let at = start + (i - first);
                    let next = if i + 1 == range.end { start } else { at + 1 };
                    let (a, b) = (mesh.cell_vertices[at], mesh.cell_vertices[next]);
                    let ends = Key(0, 0).with((a.min(b) as u64) << 32 ^ a.max(b) as u64);
                    match by_ends.entry(ends) {
                        Entry::Vacant(slot) => {
                            mesh.cell_edges.push(mesh.edges.len() as i64);
                            slot.insert(mesh.edges.len() as i64);
                            mesh.edges.push([a, b]);
                            mesh.edge_cells.push([cell, -1]);
                            mesh.edge_lines.push(sink.lines[i]);
                        }
                        Entry::Occupied(slot) => {
                            let edge = *slot.get() as usize;
                            mesh.cell_edges.push(edge as i64);
                            if mesh.edge_cells[edge][1] != -1 {
                                bail!(
                                    Numeric,
                                    "edge {edge} has more than two cells: please report this network"
                                )
                            }
                            mesh.edge_cells[edge][1] = cell;
                        }
                    }
                }
                first = range.end;
                cell += 1;
            }
        }
        Ok(mesh)
    }
}
