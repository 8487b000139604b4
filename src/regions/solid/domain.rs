//! The polyhedron with which a recursion begins: a bounded domain in space, cut out of a box by its sides.

use std::collections::HashMap;

use super::exact::{direction, meet};
use super::measure::Moments;
use super::polyhedron::{Cell, Cut, Facet, Stack, Vertex};
use crate::error::{Result, bail};
use crate::numeric::dyadic::{Dyadic, Functional, sign_at};
use crate::regions::body::Body;
use crate::regions::chart::Chart;
use crate::regions::frame::Frame;
use crate::regions::key::Key;

/// Half width of the box, in local coordinates, in which domains reach from -1 to 1.
const START: f64 = 4.0;

/// A convex polyhedron in local coordinates.
pub(super) struct Start {
    /// Three sides that meet in each vertex.
    corners: Vec<[u32; 3]>,
    /// The side of each facet and its vertices, counter-clockwise as seen from outside.
    facets: Vec<(u32, Vec<u32>)>,
    /// Vertices in local coordinates, rounded.
    vertices: Vec<[f64; 3]>,
}

/// The chart of a domain in space for a network of `n_in` elements. SHAPE, UNSUPPORTED (a ball), ARGUMENT (unbounded).
pub(super) fn chart(body: &Body, n_in: usize) -> Result<Chart> {
    if body.dim() != 3 {
        bail!(Shape, "the domain has dimension {}; expected a domain in space", body.dim())
    }
    if body.sphere().is_some() {
        bail!(
            Unsupported,
            "the domain is a ball, whose regions are not polyhedra; expected a box or a polyhedron"
        )
    }
    if body.bounds().is_none() {
        bail!(Argument, "the domain is unbounded; expected a bounded one")
    }
    body.chart(n_in)
}

impl Start {
    /// Cuts the domain out. All tests are exact. ZERO_AREA if no point is strictly inside of all `sides`.
    pub(super) fn new(sides: &[Functional]) -> Result<Start> {
        let n = sides.len();
        let mut sides = sides.to_vec();
        sides.extend(box_sides());
        let (mut stack, mut cell) = start_box(n as u32);
        let mut cut = Cut::default();
        for i in 0..n {
            stack.signs.resize(stack.vertices.len(), 0);
            let (mut inside, mut outside) = (false, false);
            for k in cell.members() {
                let v = stack.members[k] as usize;
                let at = meet(stack.vertices[v].planes.map(|side| &sides[side as usize][..]));
                let sign = sign_at(&sides[i], &at);
                stack.signs[v] = sign as i8;
                (inside, outside) = (inside | (sign > 0), outside | (sign < 0));
            }
            if !inside {
                bail!(ZeroArea, "polyhedron: no point is strictly inside of all its {n} sides")
            }
            if outside {
                [_, cell] = stack.divide(&cell, &mut cut, Facet::new(i as u32, [0.0; 3], 0.0));
                for e in &cut.edges {
                    let [f, g] = e.facets.map(|facet| stack.facets[facet as usize].plane);
                    stack.vertices.push(Vertex { planes: [f, g, i as u32], ..Vertex::new() });
                }
            }
        }
        let places: HashMap<u32, u32> =
            stack.members(&cell).iter().zip(0..).map(|(&v, place)| (v, place)).collect();
        let around = |f: &Facet| stack.around(f).iter().map(|v| places[v]).collect();
        let facets: Vec<(u32, Vec<u32>)> = stack.sides(&cell).map(|f| (f.plane, around(f))).collect();
        if facets.iter().any(|(side, _)| *side as usize >= n) {
            bail!(Argument, "polyhedron: its {n} sides do not bound it; expected a bounded domain")
        }
        let corners: Vec<[u32; 3]> = stack.corners(&cell).map(|v| v.planes).collect();
        let place =
            |&planes: &[u32; 3]| Vertex::exact(&meet(planes.map(|side| &sides[side as usize][..])), planes).p;
        let vertices = corners.iter().map(place).collect();
        Ok(Start { corners, facets, vertices })
    }

    /// The cell with which a recursion begins.
    pub(super) fn cell(&self, sides: &[Functional]) -> (Stack, Cell) {
        let mut stack = Stack::default();
        for (i, &planes) in self.corners.iter().enumerate() {
            let at = meet(planes.map(|side| &sides[side as usize][..]));
            let (name, named) = (Key::seed(1, i as u64), true);
            stack.vertices.push(Vertex { name, named, ..Vertex::exact(&at, planes) });
        }
        for (side, around) in &self.facets {
            let normal = direction(&sides[*side as usize][..3]);
            stack.push_facet(Facet::new(*side, normal, f64::EPSILON), around.iter().copied());
        }
        let cell = stack.whole();
        (stack, cell)
    }

    /// Volume in local coordinates.
    pub(super) fn volume(&self) -> f64 {
        let mut moments = Moments::about(self.vertices[0]);
        for (_, around) in &self.facets {
            moments.facet(around.iter().map(|&v| self.vertices[v as usize]));
        }
        moments.volume()
    }

    /// Vertices in the coordinates of the domain.
    pub(super) fn vertices(&self, frame: &Frame) -> Vec<[f64; 3]> {
        self.vertices.iter().map(|&p| frame.to_domain(p)).collect()
    }
}

/// The sides of a box, positive inside.
fn box_sides() -> Vec<Functional> {
    let side = |i: usize, sign: f64| {
        let mut f = [0.0, 0.0, 0.0, START];
        f[i] = sign;
        f.map(Dyadic::from).to_vec()
    };
    (0..3).flat_map(|i| [side(i, 1.0), side(i, -1.0)]).collect()
}

/// The cell of a box whose sides have the numbers `first ..`; vertices without coordinates.
fn start_box(first: u32) -> (Stack, Cell) {
    let mut stack = Stack::default();
    for i in 0..8 {
        let planes = [0, 1, 2].map(|k| first + 2 * k + (i >> k & 1));
        stack.vertices.push(Vertex { planes, ..Vertex::new() });
    }
    let loops = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    for (i, around) in loops.iter().enumerate() {
        stack.push_facet(Facet::new(first + i as u32, [0.0; 3], 0.0), *around);
    }
    let cell = stack.whole();
    (stack, cell)
}
