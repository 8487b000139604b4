//! Assembles the cells into one face-to-face mesh: shared vertices by their names, facets by their vertices, edges by their
//! ends.

use std::collections::hash_map::Entry;

use super::sink::Sink;
use crate::context::Meter;
use crate::error::{Result, bail};
use crate::regions::key::{Key, Map};

/// Vertices, edges, facets and who meets whom. Numbers follow the order in which the cells meet them.
#[derive(Default)]
pub(super) struct Mesh {
    pub(super) vertices: Vec<[f64; 3]>,
    /// Vertices of every cell, one cell after the other, from `cell_starts[i]` on.
    pub(super) cell_vertices: Vec<i64>,
    pub(super) cell_starts: Vec<i64>,
    /// Facets of every cell, from `facet_starts[i]` on.
    pub(super) cell_facets: Vec<i64>,
    pub(super) cell_facet_starts: Vec<i64>,
    /// Vertices of every facet, counter-clockwise as seen from outside of its first cell, from `facet_starts[i]` on.
    pub(super) facet_vertices: Vec<i64>,
    pub(super) facet_starts: Vec<i64>,
    /// The cells on its two sides, in the order of the cells; -1 outside the domain.
    pub(super) facet_cells: Vec<[i64; 2]>,
    pub(super) facet_planes: Vec<u32>,
    pub(super) edges: Vec<[i64; 2]>,
    /// Charged to the meter for all of this; to be released with it.
    pub(super) bytes: usize,
}

impl Mesh {
    pub(super) fn new(sinks: &[Sink], meter: &Meter) -> Result<Mesh> {
        let sum = |f: fn(&Sink) -> usize| sinks.iter().map(f).sum::<usize>();
        let cells = sum(|s| s.sizes.len());
        let (corners, sides, steps) =
            (sum(|s| s.members.len()), sum(|s| s.facets.len()), sum(|s| s.loops.len()));
        // In a generic mesh eight cells meet in a vertex, two in a facet, and there are three edges a vertex.
        let vertices = corners / 8 + 256;
        let bytes =
            8 * (corners + sides + 2 * cells) + vertices * (24 + 3 * 16 + 32) + sides * (32 + 8) + steps * 8;
        meter.charge(bytes, "partition: the mesh")?;
        let mut mesh = Mesh { bytes, ..Mesh::default() };
        mesh.cell_vertices.reserve_exact(corners);
        mesh.cell_facets.reserve_exact(sides);
        mesh.join(sinks, vertices, sides / 2)?;
        mesh.edges = edges(&mesh.facet_starts, &mesh.facet_vertices, mesh.vertices.len());
        Ok(mesh)
    }

    fn join(&mut self, sinks: &[Sink], vertices: usize, facets: usize) -> Result<()> {
        let mut by_name: Map<i64> = Map::with_capacity_and_hasher(vertices, Default::default());
        let mut by_corner: Map<i64> = Map::with_capacity_and_hasher(facets, Default::default());
        self.cell_starts.push(0);
        self.cell_facet_starts.push(0);
        self.facet_starts.push(0);
        let mut cell = 0;
        let mut numbers = Vec::new();
        for sink in sinks {
            let (mut member, mut facet, mut step) = (0, 0, 0);
            // Of each vertex of the sink, once a cell has met it.
            numbers.clear();
            numbers.resize(sink.names.len(), -1);
            for &[n_members, n_facets] in &sink.sizes {
                for &v in &sink.members[member..member + n_members as usize] {
                    let v = v as usize;
                    if numbers[v] < 0 {
                        numbers[v] = *by_name.entry(sink.names[v]).or_insert_with(|| {
                            self.vertices.push(sink.points[v]);
                            self.vertices.len() as i64 - 1
                        });
                    }
                    self.cell_vertices.push(numbers[v]);
                }
                for &[len, plane] in &sink.facets[facet..facet + n_facets as usize] {
                    let around = &sink.loops[step..step + len as usize];
                    step += len as usize;
                    let at = |i: usize| numbers[around[i] as usize];
                    match by_corner.entry(corner(around.len(), at)) {
                        Entry::Vacant(slot) => {
                            let number = self.facet_planes.len() as i64;
                            slot.insert(number);
                            self.cell_facets.push(number);
                            self.facet_vertices.extend((0..around.len()).map(at));
                            self.facet_starts.push(self.facet_vertices.len() as i64);
                            self.facet_cells.push([cell, -1]);
                            self.facet_planes.push(plane);
                        }
                        Entry::Occupied(slot) => {
                            let number = *slot.get();
                            self.cell_facets.push(number);
                            let cells = &mut self.facet_cells[number as usize];
                            if cells[1] != -1 {
                                bail!(
                                    Numeric,
                                    "facet {number} has more than two cells: please report this network"
                                )
                            }
                            cells[1] = cell;
                        }
                    }
                }
                member += n_members as usize;
                facet += n_facets as usize;
                cell += 1;
                self.cell_starts.push(self.cell_vertices.len() as i64);
                self.cell_facet_starts.push(self.cell_facets.len() as i64);
            }
        }
        Ok(())
    }
}

/// What tells a facet from all others: its first vertex and the two beside it.
fn corner(len: usize, at: impl Fn(usize) -> i64) -> Key {
    let first = (1..len).fold(0, |m, i| if at(i) < at(m) { i } else { m });
    let before = at(if first == 0 { len - 1 } else { first - 1 });
    let behind = at(if first + 1 == len { 0 } else { first + 1 });
    Key(0, 0).with(at(first) as u64).with(((before.min(behind) as u64) << 32) ^ before.max(behind) as u64)
}

/// The different sides of all polygons, sorted by their ends.
pub(super) fn edges(starts: &[i64], vertices: &[i64], n: usize) -> Vec<[i64; 2]> {
    let each = |f: &mut dyn FnMut(i64, i64)| {
        for w in starts.windows(2) {
            let around = &vertices[w[0] as usize..w[1] as usize];
            let mut p = around[around.len() - 1];
            for &q in around {
                f(p.min(q), p.max(q));
                p = q;
            }
        }
    };
    // Sorted by the lower end, then within each of them.
    let mut start = vec![0u32; n + 1];
    each(&mut |p, _| start[p as usize + 1] += 1);
    for i in 0..n {
        start[i + 1] += start[i];
    }
    let mut next = start.clone();
    let mut others = vec![0u32; vertices.len()];
    each(&mut |p, q| {
        others[next[p as usize] as usize] = q as u32;
        next[p as usize] += 1;
    });
    let mut edges = Vec::new();
    for p in 0..n {
        let ends = &mut others[start[p] as usize..start[p + 1] as usize];
        ends.sort_unstable();
        let mut last = None;
        for &q in ends.iter() {
            if last != Some(q) {
                edges.push([p as i64, i64::from(q)]);
                last = Some(q);
            }
        }
    }
    edges
}
