//! Vertices of a convex cell while it is being split, and how they get their names.
//!
//! A cell enters a level as a root: its vertices have names, its edges have slots 0, 1, ... While the units of the level
//! cut it, new vertices are remembered by what made them: a slot and a line, or two lines that cross inside. When several
//! lines pass through one vertex (which only exact signs of zero can tell) the smallest line numbers are kept, so that
//! every cell at that vertex finds the same name, in whatever order the units were taken.

use super::key::Key;

/// Values of [`Vertex::at`] and [`Vertex::slot`] that are not the slot of a root edge.
pub(crate) const NAMED: u32 = u32::MAX;
pub(crate) const INSIDE: u32 = u32::MAX - 1;

/// A vertex, and the edge from it to the next one (counter-clockwise).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vertex {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Bound of the distance to the true vertex.
    pub(crate) radius: f64,
    /// Bounds of the distances to the true lines of the edge before it and of its own edge. They do not grow from cut to
    /// cut, while the distance to the true vertex depends on the angle between the lines.
    pub(crate) gaps: [f64; 2],
    /// Valid when `at` is `NAMED`.
    pub(crate) name: Key,
    /// `NAMED`, or where this level made it: `INSIDE` the root or on the root edge with this slot.
    pub(crate) at: u32,
    /// Smallest line through it (of this level); for `INSIDE` also the smallest that differs from it.
    pub(crate) first: u32,
    pub(crate) second: u32,
    /// The line on which the edge lies.
    pub(crate) line: u32,
    /// The root edge of which the edge is a part, or `INSIDE`.
    pub(crate) slot: u32,
}

impl Vertex {
    pub(crate) fn corner(x: f64, y: f64, radius: f64, number: usize) -> Vertex {
        let name = Key::seed(1, number as u64);
        let line = number as u32;
        Vertex { x, y, radius, gaps: [radius; 2], name, at: NAMED, first: 0, second: 0, line, slot: INSIDE }
    }

    /// A vertex made by `line` on the edge that starts at `self`, with the cut before it and the rest of the edge behind.
    /// `gaps` are the distances to the line and to the edge.
    pub(crate) fn on_edge(&self, line: u32, (x, y): (f64, f64), radius: f64, gaps: [f64; 2]) -> Vertex {
        let (first, second) =
            if self.slot == INSIDE { (line.min(self.line), line.max(self.line)) } else { (line, 0) };
        Vertex { x, y, radius, gaps, name: Key::default(), at: self.slot, first, second, ..*self }
    }

    /// The vertex of [`Vertex::on_edge`] seen from the other side: the edge before it and the cut behind.
    pub(crate) fn turned(self, line: u32) -> Vertex {
        Vertex { line, slot: INSIDE, gaps: [self.gaps[1], self.gaps[0]], ..self }
    }

    /// A vertex through which `line` passes exactly, with the cut in place of its own edge.
    pub(crate) fn before_cut(self, line: u32) -> Vertex {
        Vertex { line, slot: INSIDE, gaps: [self.gaps[0], self.radius], ..self }
    }

    /// A vertex through which `line` passes exactly, with the cut in place of the edge before it.
    pub(crate) fn behind_cut(self) -> Vertex {
        Vertex { gaps: [self.radius, self.gaps[1]], ..self }
    }

    /// Records that `line`, of the level that made this vertex, passes exactly through it. `same(a, b)` tells whether
    /// two lines through this vertex coincide.
    pub(crate) fn touch(&mut self, line: u32, mut same: impl FnMut(u32, u32) -> bool) {
        match self.at {
            NAMED => {}
            INSIDE if line < self.first => {
                if !same(line, self.first) {
                    self.second = self.first;
                }
                self.first = line;
            }
            INSIDE => {
                if line < self.second && line != self.first && !same(line, self.first) {
                    self.second = line;
                }
            }
            _ => self.first = self.first.min(line),
        }
    }

    /// The name of a vertex made in the root with vertices `root` and name `cell()`.
    pub(crate) fn final_name(&self, root: &[Vertex], cell: impl FnOnce() -> Key) -> Key {
        match self.at {
            NAMED => self.name,
            INSIDE => cell().with(u64::from(self.first)).with(u64::from(self.second)),
            slot => {
                let slot = slot as usize;
                let next = if slot + 1 == root.len() { 0 } else { slot + 1 };
                Key::pair(root[slot].name, root[next].name).with(u64::from(self.first))
            }
        }
    }
}

/// The name of a cell: its vertices in any order.
pub(crate) fn cell_name(vertices: &[Vertex]) -> Key {
    let sum = vertices.iter().fold(Key::default(), |s, v| {
        let k = v.name.with(3);
        Key(s.0.wrapping_add(k.0), s.1.wrapping_add(k.1))
    });
    sum.with(4)
}

/// Twice the area of a polygon, about its first vertex.
pub(crate) fn double_area(vertices: &[Vertex]) -> f64 {
    let o = vertices[0];
    vertices[1..].windows(2).map(|w| (w[0].x - o.x) * (w[1].y - o.y) - (w[1].x - o.x) * (w[0].y - o.y)).sum()
}
