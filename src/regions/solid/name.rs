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
use super::polyhedron::{Cell, Crossed, NONE, Vertex};
use super::task::{Goal, Task};
use crate::numeric::dyadic::Functional;
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
        for &v in &self.stack.members[cell.members()] {
            let v = &mut self.stack.vertices[v as usize];
            (v.on, v.through) = (0, NONE);
        }
        for (slot, i) in cell.faces().enumerate() {
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

    /// Gives the vertices of a leaf of `level` that the level made their names, if names are wanted.
    pub(super) fn name_vertices(&mut self, level: &Level, cell: &Cell, root: &Cell) {
        if let Goal::Cells(want) = self.goal
            && !want.mesh
        {
            return;
        }
        for i in cell.members() {
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
        let mut planes = [0; 3];
        let mut n = 0;
        for p in v.planes {
            planes[n.min(2)] = p;
            n += usize::from(p >= level.first_line);
        }
        let dim = 3 - (v.on.count_ones() as usize).min(2);
        if v.through != NONE || n != dim {
            return self.name_by_lists(level, v, root);
        }
        planes[..dim].sort_unstable();
        made_by(self.carrier(root, v.on, &[]), &planes[..dim])
    }

    /// The name of a vertex where more planes meet than make one.
    #[cold]
    fn name_by_lists(&mut self, level: &Level, v: &Vertex, root: &Cell) -> Key {
        let mut candidates: Vec<u32> = v.planes.iter().copied().filter(|&p| p >= level.first_line).collect();
        let mut slots: Vec<u32> = (0..64).filter(|&slot| v.on >> slot & 1 == 1).collect();
        let mut beyond = Vec::new();
        for through in self.listed(v) {
            match through {
                Through::Facet(slot) => beyond.push(slot),
                Through::Plane(p) if p >= level.first_line => candidates.push(p),
                Through::Plane(_) => {}
            }
        }
        slots.extend_from_slice(&beyond);
        candidates.sort_unstable();
        let name = self.carrier(root, v.on, &beyond);
        made_by(name, &self.smallest_basis(&candidates, &slots[..slots.len().min(2)], root))
    }

    /// The name of the face of the root that lies in all facets of a set (`on`, and those beyond the first 64): its
    /// vertices, in any order.
    #[inline]
    fn carrier(&self, root: &Cell, on: u64, beyond: &[u32]) -> Key {
        let mut name = Key::default();
        for v in self.stack.corners(root) {
            let holds = v.on & on == on && (beyond.is_empty() || self.lies_in(v, beyond));
            let keep = u64::from(holds).wrapping_neg();
            name = Key(name.0.wrapping_add(v.name.0 & keep), name.1.wrapping_add(v.name.1 & keep));
        }
        name
    }

    fn lies_in(&self, v: &Vertex, facets: &[u32]) -> bool {
        facets.iter().all(|&slot| self.listed(v).any(|t| t == Through::Facet(slot)))
    }

    /// The smallest of `candidates` (sorted) that pin a point down within the facets of the carrier.
    fn smallest_basis(&mut self, candidates: &[u32], carrier: &[u32], root: &Cell) -> Vec<u32> {
        let mut planes: Vec<Functional> = Vec::new();
        for &slot in carrier {
            let facet = self.stack.faces(root)[slot as usize];
            planes.push(self.values.line(self.stack.facets[facet as usize].plane));
        }
        let mut basis = Vec::new();
        for &number in candidates {
            if planes.len() == 3 {
                break;
            }
            planes.push(self.values.line(number));
            if independent(&planes) {
                basis.push(number);
            } else {
                planes.pop();
            }
        }
        basis
    }
}

/// The name of what planes (at most three) make in a face.
fn made_by(carrier: Key, planes: &[u32]) -> Key {
    match *planes {
        [p] => carrier.with(u64::from(p)),
        [p, q] => carrier.with(u64::from(q) << 32 | u64::from(p)).with(2),
        [p, q, r] => carrier.with(u64::from(q) << 32 | u64::from(p)).with(3 << 32 | u64::from(r)),
        _ => carrier,
    }
}
