//! Assembles the cells into one face-to-face mesh: shared vertices by their names, facets by their vertices, edges by their
//! ends.

use super::polyhedron::NONE;
use super::sink::Sink;
use crate::context::Meter;
use crate::error::Result;
use crate::regions::key::Map;

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
        mesh.cell_starts.reserve_exact(cells + 1);
        mesh.cell_facet_starts.reserve_exact(cells + 1);
        mesh.vertices.reserve(vertices);
        mesh.facet_vertices.reserve(steps / 2 + steps / 16);
        mesh.facet_starts.reserve(sides / 2 + sides / 16);
        mesh.facet_cells.reserve(sides / 2 + sides / 16);
        mesh.facet_planes.reserve(sides / 2 + sides / 16);
        mesh.join(sinks, vertices, sides / 2);
        mesh.edges = edges(&mesh.facet_starts, &mesh.facet_vertices, mesh.vertices.len());
        Ok(mesh)
    }

    fn join(&mut self, sinks: &[Sink], vertices: usize, facets: usize) {
        let mut by_name: Map<u32> = Map::with_capacity_and_hasher(vertices, Default::default());
        let mut open = Corners { first: Vec::with_capacity(vertices), facets: Vec::with_capacity(facets) };
        self.cell_starts.push(0);
        self.cell_facet_starts.push(0);
        self.facet_starts.push(0);
        let mut cell = 0;
        let (mut numbers, mut ring) = (Vec::new(), Vec::new());
        for sink in sinks {
            let (mut member, mut facet, mut step) = (0, 0, 0);
            // Of each vertex of the sink, once a cell has met it.
            numbers.clear();
            numbers.resize(sink.names.len(), NONE);
            for &[n_members, n_facets] in &sink.sizes {
                for &v in &sink.members[member..member + n_members as usize] {
                    let v = v as usize;
                    if numbers[v] == NONE {
                        numbers[v] = *by_name.entry(sink.names[v]).or_insert_with(|| {
                            self.vertices.push(sink.points[v]);
                            self.vertices.len() as u32 - 1
                        });
                    }
                    self.cell_vertices.push(i64::from(numbers[v]));
                }
                for &[len, plane] in &sink.facets[facet..facet + n_facets as usize] {
                    ring.clear();
                    ring.extend(sink.loops[step..step + len as usize].iter().map(|&v| numbers[v as usize]));
                    step += len as usize;
                    match open.take(&ring) {
                        None => {
                            self.cell_facets.push(self.facet_planes.len() as i64);
                            self.facet_vertices.extend(ring.iter().map(|&v| i64::from(v)));
                            self.facet_starts.push(self.facet_vertices.len() as i64);
                            self.facet_cells.push([cell, -1]);
                            self.facet_planes.push(plane);
                        }
                        Some(number) => {
                            self.cell_facets.push(i64::from(number));
                            self.facet_cells[number as usize][1] = cell;
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
    }
}

/// Facets that have met one cell, by their first vertex: it and the two beside it tell a facet from all others.
struct Corners {
    /// By vertex: the last facet that begins there and is open, or `NONE`.
    first: Vec<u32>,
    /// By facet: the next one in the list of its vertex, and the vertices beside that.
    facets: Vec<[u32; 3]>,
}

impl Corners {
    /// The number of a facet that has met a cell already, which closes it; `None` if it is new, and then it is next.
    fn take(&mut self, ring: &[u32]) -> Option<u32> {
        let (mut vertex, mut place) = (ring[0], 0);
        for (i, &v) in ring.iter().enumerate() {
            (vertex, place) = if v < vertex { (v, i) } else { (vertex, place) };
        }
        let last = ring.len() - 1;
        let before = ring[if place == 0 { last } else { place - 1 }];
        let behind = ring[if place == last { 0 } else { place + 1 }];
        let beside = [before.min(behind), before.max(behind)];
        if self.first.len() <= vertex as usize {
            self.first.resize(vertex as usize + 1, NONE);
        }
        let head = self.first[vertex as usize];
        let (mut number, mut last) = (head, NONE);
        while number != NONE {
            let [next, a, b] = self.facets[number as usize];
            if [a, b] == beside {
                match last {
                    NONE => self.first[vertex as usize] = next,
                    _ => self.facets[last as usize][0] = next,
                }
                return Some(number);
            }
            (last, number) = (number, next);
        }
        self.first[vertex as usize] = self.facets.len() as u32;
        self.facets.push([head, beside[0], beside[1]]);
        None
    }
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
