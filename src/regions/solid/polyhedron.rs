//! Convex polyhedra on a stack, and their cut by a plane.
//!
//! A cell is a list of vertices and a list of facets; a facet has the loop of its vertices, counter-clockwise as seen from
//! outside. A cut makes new vertices and new facets where the plane passes, and shares everything else with the cell that
//! was cut: the two sides are but new lists. All of it lives on a [`Stack`] and goes when the recursion returns.
//!
//! A cut needs nothing but the sign of every vertex: -, 0 or +. Because the signs are exact they are consistent, and the
//! combinatorics below cannot fail, however degenerate the position of the plane.

use std::ops::Range;

use crate::numeric::dyadic::{Dyadic, ratio_to_f64};
use crate::regions::bounds::U;
use crate::regions::key::Key;

/// No list, no slot, no number.
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
    /// Number in the sink, or `NONE`.
    pub(super) id: u32,
    /// Valid when `named`.
    pub(super) name: Key,
    /// The first 64 facets of the root (`name`) that contain it, one bit each.
    pub(super) on: u64,
    /// Head of the list of what else passes through it (`name`), or `NONE`.
    pub(super) through: u32,
    pub(super) named: bool,
}

/// A facet: part of a facet of the root, or made by a cut within this level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facet {
    /// The plane that made it.
    pub(super) plane: u32,
    /// The facet of the root of which it is a part, or `NONE`.
    pub(super) slot: u32,
    /// Its loop is `loops[start .. start + len]`.
    pub(super) start: u32,
    pub(super) len: u32,
    /// Unit normal of either sense, and a bound of its error.
    pub(super) normal: [f64; 3],
    pub(super) tilt: f64,
}

/// A cell: where its vertices and facets stand in [`Stack::members`] and [`Stack::faces`], and how many they are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    members: [u32; 2],
    faces: [u32; 2],
}

impl Cell {
    fn new(members: Range<usize>, faces: Range<usize>) -> Cell {
        let range = |r: Range<usize>| [r.start as u32, r.len() as u32];
        Cell { members: range(members), faces: range(faces) }
    }

    /// Places of its vertices in [`Stack::members`].
    #[inline]
    pub(super) fn members(&self) -> Range<usize> {
        let [start, len] = self.members;
        start as usize..(start + len) as usize
    }

    /// Places of its facets in [`Stack::faces`].
    #[inline]
    pub(super) fn faces(&self) -> Range<usize> {
        let [start, len] = self.faces;
        start as usize..(start + len) as usize
    }

    /// Place of its last facet in [`Stack::faces`].
    pub(super) fn last_face(&self) -> usize {
        let [start, len] = self.faces;
        (start + len) as usize - 1
    }
}

/// Vertices, facets and cells made of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    pub(super) vertices: Vec<Vertex>,
    pub(super) facets: Vec<Facet>,
    /// Loops of the facets: vertices.
    pub(super) loops: Vec<u32>,
    /// Vertices of the cells.
    pub(super) members: Vec<u32>,
    /// Facets of the cells.
    pub(super) faces: Vec<u32>,
    /// Room for the sign of every vertex, and for where it goes.
    pub(super) signs: Vec<i8>,
    moved: Vec<u32>,
}

/// How high each part of a [`Stack`] is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark([usize; 5]);

/// An edge that the plane crosses, and the two facets that meet in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crossed {
    pub(super) neg: u32,
    pub(super) pos: u32,
    pub(super) facets: [u32; 2],
}

/// The result of [`Stack::divide`].
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// Vertex `first + i` is to be placed on edge `edges[i]`.
    pub(super) first: u32,
    pub(super) edges: Vec<Crossed>,
    /// Per edge of the facet of the cut, on the positive side: its ends, in order.
    links: Vec<[u32; 2]>,
}

impl Stack {
    /// Vertices of a cell.
    pub(super) fn members(&self, cell: &Cell) -> &[u32] {
        &self.members[cell.members()]
    }

    /// Facets of a cell.
    pub(super) fn faces(&self, cell: &Cell) -> &[u32] {
        &self.faces[cell.faces()]
    }

    /// Vertices of a cell.
    pub(super) fn corners(&self, cell: &Cell) -> impl ExactSizeIterator<Item = &Vertex> {
        self.members(cell).iter().map(|&v| &self.vertices[v as usize])
    }

    /// Facets of a cell.
    pub(super) fn sides(&self, cell: &Cell) -> impl ExactSizeIterator<Item = &Facet> {
        self.faces(cell).iter().map(|&f| &self.facets[f as usize])
    }

    /// The loop of a facet.
    #[inline]
    pub(super) fn around(&self, facet: &Facet) -> &[u32] {
        &self.loops[facet.start as usize..][..facet.len as usize]
    }

    pub(super) fn mark(&self) -> Mark {
        let Stack { vertices, facets, loops, members, faces, .. } = self;
        Mark([vertices.len(), facets.len(), loops.len(), members.len(), faces.len()])
    }

    /// Drops everything above a mark.
    pub(super) fn truncate(&mut self, &Mark([vertices, facets, loops, members, faces]): &Mark) {
        self.vertices.truncate(vertices);
        self.facets.truncate(facets);
        self.loops.truncate(loops);
        self.members.truncate(members);
        self.faces.truncate(faces);
    }

    /// Adds a facet with its loop.
    pub(super) fn push_facet(&mut self, facet: Facet, around: impl IntoIterator<Item = u32>) -> u32 {
        let start = self.loops.len();
        self.loops.extend(around);
        let (start, len) = (start as u32, (self.loops.len() - start) as u32);
        self.facets.push(Facet { start, len, ..facet });
        self.facets.len() as u32 - 1
    }

    /// All of the stack as one cell.
    pub(super) fn whole(&mut self) -> Cell {
        let begin = (self.members.len(), self.faces.len());
        self.members.extend(0..self.vertices.len() as u32);
        self.faces.extend(0..self.facets.len() as u32);
        Cell::new(begin.0..self.members.len(), begin.1..self.faces.len())
    }

    /// A copy of a cell on top of the stack, whose vertices and facets belong to no other.
    pub(super) fn duplicate(&mut self, cell: &Cell) -> Cell {
        let begin = (self.members.len(), self.faces.len());
        self.moved.resize(self.vertices.len(), NONE);
        for i in cell.members() {
            let (old, new) = (self.members[i] as usize, self.vertices.len());
            self.moved[old] = new as u32;
            self.members.push(new as u32);
            self.vertices.push(self.vertices[old]);
        }
        for i in cell.faces() {
            let facet = self.facets[self.faces[i] as usize];
            let start = self.loops.len() as u32;
            for at in facet.start..facet.start + facet.len {
                self.loops.push(self.moved[self.loops[at as usize] as usize]);
            }
            self.faces.push(self.facets.len() as u32);
            self.facets.push(Facet { start, ..facet });
        }
        Cell::new(begin.0..self.members.len(), begin.1..self.faces.len())
    }

    /// Cuts a cell on whose vertices `signs` has both strict signs. Returns the negative and the positive side; the last
    /// facet of either is the one in the plane of the cut: `facet` with its loop. The new vertices are still to be placed.
    pub(super) fn divide(&mut self, cell: &Cell, cut: &mut Cut, facet: Facet) -> [Cell; 2] {
        cut.first = self.vertices.len() as u32;
        cut.edges.clear();
        cut.links.clear();
        // Facets first, which tell the new vertices.
        let start = self.faces.len();
        let n = cell.faces().len();
        // Negative ones are written from here on, positive ones behind them.
        self.faces.resize(start + 2 * (n + 1), NONE);
        let (mut negative, mut positive) = (start, start + n + 1);
        let mut zeros = false;
        for i in cell.faces() {
            let number = self.faces[i];
            let facet = self.facets[number as usize];
            let (mut least, mut most, mut zero) = (0, 0, 0);
            for &v in self.around(&facet) {
                let sign = self.signs[v as usize];
                least |= i32::from(sign < 0);
                most |= i32::from(sign > 0);
                zero += i32::from(sign == 0);
            }
            zeros |= zero > 0;
            // Written to both lists, counted in those to which it belongs.
            let mut parts = [number; 2];
            if least & most == 1 {
                parts = self.divide_facet(number, cut);
            } else if zero > 1 {
                self.touch_facet(number, most == 1, cut);
            }
            self.faces[negative] = parts[0];
            self.faces[positive] = parts[1];
            negative += least as usize;
            positive += most as usize;
        }
        let loops = self.close(cut);
        for (end, around) in [&mut negative, &mut positive].into_iter().zip(loops) {
            self.facets.push(Facet { start: around.start as u32, len: around.len() as u32, ..facet });
            self.faces[*end] = self.facets.len() as u32 - 1;
            *end += 1;
        }
        let faces = [start..negative, start + n + 1..positive];
        // Then the vertices.
        let start = self.members.len();
        let (n, made) = (cell.members().len(), cut.edges.len());
        self.members.resize(start + 2 * (n + made), NONE);
        let (mut negative, mut positive) = (start, start + n + made);
        for i in cell.members() {
            let v = self.members[i];
            let sign = self.signs[v as usize];
            self.members[negative] = v;
            self.members[positive] = v;
            negative += usize::from(sign <= 0);
            positive += usize::from(sign >= 0);
            if zeros && sign == 0 {
                // From now on the plane of the cut is one of its facets.
                let v = &mut self.vertices[v as usize];
                v.gap = v.gap.max(v.radius);
            }
        }
        for i in 0..made {
            self.members[negative + i] = cut.first + i as u32;
            self.members[positive + i] = cut.first + i as u32;
        }
        let [f, g] = faces;
        [Cell::new(start..negative + made, f), Cell::new(start + n + made..positive + made, g)]
    }

    /// Cuts a facet on which both strict signs occur into its negative and its positive part.
    fn divide_facet(&mut self, number: u32, cut: &mut Cut) -> [u32; 2] {
        let facet = self.facets[number as usize];
        let (start, len) = (facet.start as usize, facet.len as usize);
        // Where the strictly negative run begins and how long it is, and the same for the positive one.
        let around = &self.loops[start..start + len];
        let (mut begin, mut count) = ([0; 2], [0; 2]);
        let mut before = self.signs[around[len - 1] as usize];
        for (at, &v) in around.iter().enumerate() {
            let now = self.signs[v as usize];
            count[0] += usize::from(now < 0);
            count[1] += usize::from(now > 0);
            begin[0] = if now < 0 && before >= 0 { at } else { begin[0] };
            begin[1] = if now > 0 && before <= 0 { at } else { begin[1] };
            before = now;
        }
        let wrap = |at: usize| if at >= len { at - len } else { at };
        // Where the plane enters either run: a vertex on it, or a new one.
        let mut gates = [0; 2];
        for side in 0..2 {
            let inside = self.loops[start + begin[side]];
            let outside = self.loops[start + wrap(begin[side] + len - 1)];
            let touches = self.signs[outside as usize] == 0;
            gates[side] = if touches { outside } else { cut.vertex([outside, inside], side, number) };
        }
        // The edge of the positive part in the plane runs from its last vertex to its first; the facet of the cut has it the
        // other way round.
        cut.links.push([gates[1], gates[0]]);
        let parts = self.facets.len() as u32;
        for side in 0..2 {
            let from = self.loops.len();
            self.loops.push(gates[side]);
            for at in begin[side]..begin[side] + count[side] {
                let v = self.loops[start + wrap(at)];
                self.loops.push(v);
            }
            self.loops.push(gates[1 - side]);
            self.facets.push(Facet { start: from as u32, len: (self.loops.len() - from) as u32, ..facet });
        }
        [parts, parts + 1]
    }

    /// A facet on one side of the plane that has an edge in it, perhaps: on the positive side it is the one that tells.
    #[cold]
    fn touch_facet(&self, number: u32, positive: bool, cut: &mut Cut) {
        if !positive {
            return;
        }
        let around = self.around(&self.facets[number as usize]);
        let mut p = around[around.len() - 1];
        for &q in around {
            if self.signs[p as usize] == 0 && self.signs[q as usize] == 0 {
                cut.links.push([q, p]);
            }
            p = q;
        }
    }

    /// Puts the links together: the loop of the facet of the cut as the negative and as the positive side see it.
    fn close(&mut self, cut: &Cut) -> [Range<usize>; 2] {
        let start = self.loops.len();
        let mut at = cut.links[0][0];
        // Signs are consistent, so the links close.
        for _ in 0..cut.links.len() {
            self.loops.push(at);
            at = cut.links.iter().find(|link| link[0] == at).map_or(at, |link| link[1]);
        }
        let middle = self.loops.len();
        self.loops.extend_from_within(start..middle);
        self.loops[start..middle].reverse();
        [start..middle, middle..self.loops.len()]
    }
}

impl Cut {
    /// The vertex on the edge between two vertices of opposite signs; `side` tells which side the second is on.
    fn vertex(&mut self, [outside, inside]: [u32; 2], side: usize, facet: u32) -> u32 {
        let (neg, pos) = if side == 0 { (inside, outside) } else { (outside, inside) };
        let known = self.edges.iter_mut().enumerate().find(|(_, e)| e.neg == neg && e.pos == pos);
        let place = match known {
            Some((i, edge)) => {
                edge.facets[1] = facet;
                i
            }
            None => {
                self.edges.push(Crossed { neg, pos, facets: [facet, NONE] });
                self.edges.len() - 1
            }
        };
        self.first + place as u32
    }
}

impl Vertex {
    /// A vertex of which nothing is known.
    pub(super) fn new() -> Vertex {
        Vertex {
            p: [0.0; 3],
            radius: 0.0,
            gap: 0.0,
            planes: [NONE; 3],
            id: NONE,
            name: Key::default(),
            on: 0,
            through: NONE,
            named: false,
        }
    }

    /// The vertex at a homogeneous point, rounded, where `planes` meet.
    pub(super) fn exact(at: &[Dyadic], planes: [u32; 3]) -> Vertex {
        let p = [0, 1, 2].map(|i| ratio_to_f64(&at[i], &at[3]));
        Vertex { p, radius: 4.0 * U, gap: 4.0 * U, planes, ..Vertex::new() }
    }
}

impl Facet {
    /// A facet without a loop, in plane number `plane`.
    pub(super) fn new(plane: u32, normal: [f64; 3], tilt: f64) -> Facet {
        Facet { plane, slot: NONE, start: 0, len: 0, normal, tilt }
    }
}
