//! Names of vertices by what makes them, never by their coordinates, so that all cells around a vertex find the same name.
//!
//! A cell enters a level as a root. A vertex that the level makes lies in the interior of one face of the root, its carrier: an
//! edge, a facet, or the root itself. Which planes of the level pass through it and cross the carrier is a property of the
//! network on the carrier, the same seen from every root around it; and so is the lexicographically smallest set of those
//! planes that pins the vertex down within the carrier: one plane on an edge, two on a facet, three inside. Carrier and planes
//! are its name.
//!
//! ```text
//! T(v) = facets of the root and planes of the level that contain v
//! a vertex on the edge between v and w begins with  T(v) ∩ T(w) and the plane of the cut;
//! exact zeros add the rest, before the cell is a leaf of the level
//! ```
//! T is complete: a unit is on the list until its sign is known at every vertex of the cell, so it meets every vertex made
//! while it is there; and one that has left the list, with zeros at the ends of an edge, contains the edge and is inherited.
//! Without coincidences T(v) is known from the facets of the cell, and no list is ever made.

use super::exact::independent;
use super::polyhedron::{Cell, Crossed, Facet, NONE, Vertex};
use super::task::Task;
use crate::regions::dyadic::Functional;
use crate::regions::key::Key;
use crate::regions::level::Level;

/// What passes through a vertex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Through {
    /// A facet of the root beyond the first 64.
    Facet(u32),
    /// A plane.
    Plane(u32),
}

impl Task<'_> {
    /// A copy of a cell that enters a level, its facets numbered, and recorded at each vertex.
    pub(super) fn become_root(&mut self, cell: &Cell) -> Cell {
        let cell = self.stack.duplicate(cell);
        for &v in &self.stack.members[cell.members.clone()] {
            let v = &mut self.stack.vertices[v as usize];
            (v.on, v.through) = (0, NONE);
        }
        for (slot, i) in cell.faces.clone().enumerate() {
            let facet = &mut self.stack.facets[self.stack.faces[i] as usize];
            facet.slot = slot as u32;
            for at in facet.start..facet.start + facet.len {
                let v = &mut self.stack.vertices[self.stack.loops[at as usize] as usize];
                if slot < 64 {
                    v.on |= 1 << slot;
                } else {
                    self.through.push((Through::Facet(slot as u32), v.through));
                    v.through = self.through.len() as u32 - 1;
                }
            }
        }
        cell
    }

    fn listed(&self, v: &Vertex) -> impl Iterator<Item = Through> {
        let mut at = v.through;
        std::iter::from_fn(move || {
            let &(through, next) = self.through.get(at as usize)?;
            at = next;
            Some(through)
        })
    }

    /// Records that a plane passes exactly through vertex `i` of the stack.
    pub(super) fn touch(&mut self, i: usize, plane: u32) {
        let v = self.stack.vertices[i];
        let known = v.planes.contains(&plane) || self.listed(&v).any(|t| t == Through::Plane(plane));
        if !known {
            self.add(i, Through::Plane(plane));
        }
    }

    fn add(&mut self, i: usize, through: Through) {
        let v = &mut self.stack.vertices[i];
        self.through.push((through, v.through));
        v.through = self.through.len() as u32 - 1;
    }

    /// What a vertex made on an edge has from the ends of the edge.
    #[cold]
    pub(super) fn inherit(&mut self, made: &mut Vertex, edge: &Crossed) {
        let [at_v, at_w] = [edge.neg, edge.pos].map(|i| {
            let v = &self.stack.vertices[i as usize];
            v.planes.iter().map(|&p| Through::Plane(p)).chain(self.listed(v)).collect::<Vec<Through>>()
        });
        for t in at_v {
            let own = made.planes.iter().any(|&p| t == Through::Plane(p));
            if at_w.contains(&t) && !own {
                self.through.push((t, made.through));
                made.through = self.through.len() as u32 - 1;
            }
        }
    }

    /// Gives the vertices of a leaf of `level` that the level made their names.
    pub(super) fn name_vertices(&mut self, level: &Level, cell: &Cell, root: &Cell) {
        for i in cell.members.clone() {
            let i = self.stack.members[i] as usize;
            if !self.stack.vertices[i].named {
                let v = self.stack.vertices[i];
                let name = self.name(level, &v, root);
                let v = &mut self.stack.vertices[i];
                (v.name, v.named) = (name, true);
                self.number_vertex(i);
            }
        }
    }

    fn name(&mut self, level: &Level, v: &Vertex, root: &Cell) -> Key {
        let of_level = |p: &u32| *p >= level.first_line;
        let mut slots = [0, 0];
        let mut n_slots = 0;
        let mut slot = |s: u32| {
            if n_slots < 2 {
                slots[n_slots] = s;
            }
            n_slots += 1;
        };
        let mut on = v.on;
        while on != 0 {
            slot(on.trailing_zeros());
            on &= on - 1;
        }
        let mut planes = [0; 3];
        let mut n_planes = 0;
        for &p in v.planes.iter().filter(|p| of_level(p)) {
            planes[n_planes] = p;
            n_planes += 1;
        }
        let mut more = Vec::new();
        if v.through != NONE {
            for t in self.listed(v) {
                match t {
                    Through::Facet(s) => slot(s),
                    Through::Plane(p) if of_level(&p) => more.push(p),
                    Through::Plane(_) => {}
                }
            }
        }
        let carrier = &slots[..n_slots.min(2)];
        let dim = 3 - carrier.len();
        if more.is_empty() && n_planes == dim {
            planes[..n_planes].sort_unstable();
        } else {
            more.extend_from_slice(&planes[..n_planes]);
            more.sort_unstable();
            self.smallest_basis(&more, carrier, root, &mut planes);
        }
        let name = match *carrier {
            [] => self.cell_name(root),
            [s] => self.facet_name(root, s),
            [s, t, ..] => self.edge_name(root, s, t),
        };
        planes[..dim].iter().fold(name, |name, &p| name.with(u64::from(p)))
    }

    /// The smallest of `candidates` (sorted) that pin a point down within the carrier.
    #[cold]
    fn smallest_basis(&mut self, candidates: &[u32], carrier: &[u32], root: &Cell, basis: &mut [u32; 3]) {
        let mut planes: Vec<Functional> = Vec::new();
        for &slot in carrier {
            let plane = self.root_facet(root, slot).plane;
            planes.push(self.values.line(plane));
        }
        let mut n = 0;
        for &number in candidates {
            if planes.len() == 3 {
                break;
            }
            planes.push(self.values.line(number));
            if independent(&planes) {
                basis[n] = number;
                n += 1;
            } else {
                planes.pop();
            }
        }
    }

    fn root_facet(&self, root: &Cell, slot: u32) -> &Facet {
        &self.stack.facets[self.stack.faces(root)[slot as usize] as usize]
    }

    fn cell_name(&self, root: &Cell) -> Key {
        total(self.stack.corners(root)).with(4)
    }

    fn facet_name(&self, root: &Cell, slot: u32) -> Key {
        let around = self.stack.around(self.root_facet(root, slot));
        total(around.iter().map(|&i| &self.stack.vertices[i as usize])).with(6)
    }

    /// Name of the edge in which two facets of the root meet: its ends.
    fn edge_name(&self, root: &Cell, s: u32, t: u32) -> Key {
        let [s, t] = [s, t].map(|slot| self.stack.around(self.root_facet(root, slot)));
        let mut ends = s.iter().filter(|i| t.contains(i)).map(|&i| self.stack.vertices[i as usize].name);
        Key::pair(ends.next().unwrap_or_default(), ends.next().unwrap_or_default())
    }
}

/// Sum of names: the same in any order.
fn total<'a>(vertices: impl IntoIterator<Item = &'a Vertex>) -> Key {
    vertices
        .into_iter()
        .fold(Key::default(), |s, v| Key(s.0.wrapping_add(v.name.0), s.1.wrapping_add(v.name.1)))
}
