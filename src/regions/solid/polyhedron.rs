//! Convex polyhedra on a stack, and their cut by a plane.
//!
//! A cell is a range of vertices, a range of facets, and for each facet the loop of its vertices, counter-clockwise as
//! seen from outside. A cut needs nothing but the sign of every vertex: -, 0 or +. Because the signs are exact they are
//! consistent, and the combinatorics below cannot fail, however degenerate the position of the plane.

use std::ops::Range;

use crate::regions::bounds::U;
use crate::regions::dyadic::{Dyadic, ratio_to_f64};
use crate::regions::key::Key;

/// No list, no slot.
pub(super) const NONE: u32 = u32::MAX;

/// A vertex in local coordinates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vertex {
    pub(super) p: [f64; 3],
    /// Bound of the distance to the true vertex.
    pub(super) radius: f64,
    /// Bound of the distance to the true planes of the facets around it. It does not grow from cut to cut, while the
    /// distance to the true vertex depends on the angles between the planes.
    pub(super) gap: f64,
    /// Three planes that meet in it and nowhere else.
    pub(super) planes: [u32; 3],
    /// Valid when `named`.
    pub(super) name: Key,
    pub(super) named: bool,
    /// The first 64 facets of the root (`name`) that contain it, one bit each.
    pub(super) on: u64,
    /// Head of the list of what else passes through it (`name`), or `NONE`.
    pub(super) through: u32,
}

/// A facet: part of a facet of the root, or made by a cut within this level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facet {
    /// The plane that made it.
    pub(super) plane: u32,
    /// The facet of the root of which it is a part, or `NONE`.
    pub(super) slot: u32,
    /// Its loop is `loops[start .. start + len]`: indices of vertices, counted from the first of the cell.
    pub(super) start: u32,
    pub(super) len: u32,
    /// Unit normal of either sense, and a bound of its error.
    pub(super) normal: [f64; 3],
    pub(super) tilt: f64,
}

/// Ranges of the [`Stack`].
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    pub(super) vertices: Range<usize>,
    pub(super) facets: Range<usize>,
    pub(super) loops: Range<usize>,
}

/// Cells on top of each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    pub(super) vertices: Vec<Vertex>,
    pub(super) facets: Vec<Facet>,
    pub(super) loops: Vec<u16>,
}

/// An edge that the plane crosses, and the two facets that meet in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossed {
    pub(super) neg: u16,
    pub(super) pos: u16,
    pub(super) facets: [u32; 2],
}

/// Buffers of [`Stack::divide`].
#[derive(Default)]
pub(super) struct Cut {
    /// Of each vertex of the cell: -1, 0 or 1.
    pub(super) signs: Vec<i8>,
    /// Filled by [`Stack::crossed`]; vertex `made[i]` lies on edge `edges[i]`.
    pub(super) edges: Vec<Crossed>,
    pub(super) made: Vec<Vertex>,
    /// Per vertex of the cell, its index on the side being written.
    moved: Vec<u16>,
    /// Per vertex of a side: the next one around the facet of the cut.
    link: Vec<u16>,
}

impl Stack {
    /// Vertices of a cell.
    pub(super) fn vertices(&self, cell: &Cell) -> &[Vertex] {
        &self.vertices[cell.vertices.clone()]
    }

    /// Facets of a cell.
    pub(super) fn facets(&self, cell: &Cell) -> &[Facet] {
        &self.facets[cell.facets.clone()]
    }

    /// The loop of a facet.
    #[inline]
    pub(super) fn around(&self, facet: &Facet) -> &[u16] {
        &self.loops[facet.start as usize..][..facet.len as usize]
    }

    /// Drops everything above a cell.
    pub(super) fn truncate(&mut self, cell: &Cell) {
        self.vertices.truncate(cell.vertices.end);
        self.facets.truncate(cell.facets.end);
        self.loops.truncate(cell.loops.end);
    }

    /// Finds the edges whose ends have opposite signs.
    pub(super) fn crossed(&self, cell: &Cell, cut: &mut Cut) {
        let Cut { signs, edges, .. } = cut;
        edges.clear();
        for (i, facet) in self.facets(cell).iter().enumerate() {
            let around = self.around(facet);
            let mut v = around[around.len() - 1];
            for &w in around {
                let (at_v, at_w) = (signs[v as usize], signs[w as usize]);
                if at_v * at_w < 0 {
                    let (neg, pos) = if at_v < 0 { (v, w) } else { (w, v) };
                    match edges.iter_mut().find(|e| e.neg == neg && e.pos == pos) {
                        Some(edge) => edge.facets[1] = i as u32,
                        None => edges.push(Crossed { neg, pos, facets: [i as u32, NONE] }),
                    }
                }
                v = w;
            }
        }
    }

    /// Cuts a cell on which both strict signs occur. The sides are put on top of the stack, the negative one first. The
    /// last facet of either is the one in the plane of the cut: `facet` with its loop.
    pub(super) fn divide(&mut self, cell: &Cell, cut: &mut Cut, facet: Facet) -> [Cell; 2] {
        [-1, 1].map(|side| self.write_side(cell, cut, facet, side))
    }

    fn write_side(&mut self, cell: &Cell, cut: &mut Cut, facet: Facet, side: i8) -> Cell {
        let Cut { signs, edges, made, moved, link } = cut;
        let begin = (self.vertices.len(), self.facets.len(), self.loops.len());
        moved.clear();
        // `link[i]` is NONE for vertices off the plane.
        link.clear();
        for (i, &sign) in signs.iter().enumerate() {
            moved.push(link.len() as u16);
            let v = self.vertices[cell.vertices.start + i];
            if sign == side {
                self.vertices.push(v);
                link.push(OFF);
            } else if sign == 0 {
                // From now on the plane of the cut is one of its facets.
                self.vertices.push(Vertex { gap: v.gap.max(v.radius), ..v });
                link.push(ON);
            }
        }
        let first_made = link.len() as u16;
        self.vertices.extend_from_slice(made);
        link.resize(self.vertices.len() - begin.0, ON);
        let mut from = 0;
        for i in cell.facets.clone() {
            let old = self.facets[i];
            let start = self.loops.len();
            let mut strict = false;
            let mut a = self.loops[(old.start + old.len - 1) as usize];
            for at in old.start..old.start + old.len {
                let b = self.loops[at as usize];
                if signs[a as usize] * signs[b as usize] < 0 {
                    let (neg, pos) = if signs[a as usize] < 0 { (a, b) } else { (b, a) };
                    let edge = edges.iter().position(|e| e.neg == neg && e.pos == pos);
                    self.loops.push(first_made + edge.expect("`crossed` has seen every edge") as u16);
                }
                if signs[b as usize] != -side {
                    strict |= signs[b as usize] == side;
                    self.loops.push(moved[b as usize]);
                }
                a = b;
            }
            if !strict {
                self.loops.truncate(start);
                continue;
            }
            // Two neighbours in the plane are the edge that it shares with the facet of the cut.
            let new = &self.loops[start..];
            let mut p = new[new.len() - 1];
            for &q in new {
                if link[p as usize] != OFF && link[q as usize] != OFF {
                    (link[q as usize], from) = (p, q);
                }
                p = q;
            }
            let len = new.len() as u32;
            self.facets.push(Facet { start: start as u32, len, ..old });
        }
        let start = self.loops.len();
        let mut at = from;
        // Signs are consistent, so the links close; the bound keeps a fault from becoming a hang.
        for _ in 0..link.len() {
            self.loops.push(at);
            at = link[at as usize];
            if at == from || at >= ON {
                break;
            }
        }
        let len = (self.loops.len() - start) as u32;
        self.facets.push(Facet { start: start as u32, len, ..facet });
        Cell {
            vertices: begin.0..self.vertices.len(),
            facets: begin.1..self.facets.len(),
            loops: begin.2..self.loops.len(),
        }
    }
}

/// In [`Cut::link`]: off the plane; on it, with the next one not yet known.
const OFF: u16 = u16::MAX;
const ON: u16 = u16::MAX - 1;

impl Vertex {
    /// A vertex of which nothing is known.
    pub(super) fn new() -> Vertex {
        Vertex {
            p: [0.0; 3],
            radius: 0.0,
            gap: 0.0,
            planes: [NONE; 3],
            name: Key::default(),
            named: false,
            on: 0,
            through: NONE,
        }
    }

    /// The vertex at a homogeneous point, rounded, where `planes` meet.
    pub(super) fn exact(at: &[Dyadic], planes: [u32; 3]) -> Vertex {
        let p = [0, 1, 2].map(|i| ratio_to_f64(&at[i], &at[3]));
        Vertex { p, radius: 4.0 * U, gap: 4.0 * U, planes, ..Vertex::new() }
    }
}

impl Stack {
    /// Adds a facet with its loop.
    pub(super) fn push_facet(&mut self, facet: Facet, around: &[u16]) {
        let start = self.loops.len() as u32;
        self.loops.extend_from_slice(around);
        self.facets.push(Facet { start, len: around.len() as u32, ..facet });
    }

    /// All of the stack as one cell.
    pub(super) fn whole(&self) -> Cell {
        Cell { vertices: 0..self.vertices.len(), facets: 0..self.facets.len(), loops: 0..self.loops.len() }
    }

    /// A stack that holds this cell and nothing else.
    pub(super) fn alone(&self, cell: &Cell) -> (Stack, Cell) {
        let mut stack = Stack { vertices: self.vertices(cell).to_vec(), ..Stack::default() };
        for facet in self.facets(cell) {
            stack.push_facet(*facet, self.around(facet));
        }
        let cell = stack.whole();
        (stack, cell)
    }
}
