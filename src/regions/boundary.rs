//! Decision boundaries and level sets: the lines inside the cells, and the cell edges, on which outputs tie.
//!
//! Three things go by the name of decision boundary, and they differ: the arg-max boundary (where the winning class
//! changes), the set where any two outputs are equal (a superset), and the zero set of one output. Pieces in the interior
//! of cells and pieces that lie exactly on cell edges are told apart, and their lengths are given apart.

use std::ops::Range;

use super::forms::{End, Form, Forms, Made};
use super::partition::Partition;
use super::plan::Plan;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};

/// Which boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoundaryMode {
    /// Where the largest output changes (ties go to the lowest index).
    Argmax,
    /// Where any two outputs are equal.
    Pairwise,
    /// Where one output equals a level.
    LevelSet {
        /// The output.
        output: usize,
        /// The level.
        level: f64,
    },
}

/// Line segments in (u, v). Immutable; shareable between threads.
pub struct Boundary {
    segments: Buffer<[[f64; 2]; 2]>,
    cells: Buffer<i64>,
    labels: Buffer<[i32; 2]>,
    on_edge: Buffer<u8>,
    flat_cells: Buffer<i64>,
    interior_length: f64,
    on_edge_length: f64,
}

#[derive(Clone, Copy)]
struct Segment {
    ends: [[f64; 2]; 2],
    cell: i64,
    labels: [i32; 2],
    on_edge: bool,
    /// The cell across the edge, for pieces on edges of the domain -1.
    across: i64,
}

#[derive(Default)]
struct Found {
    segments: Vec<Segment>,
    flat: Vec<i64>,
}

const CHUNK: usize = 512;

impl Partition {
    /// The boundary in one of three modes. Needs polygons, patterns, maps and mesh (NOT_STORED otherwise).
    pub fn boundary(&self, ctx: &Context, mode: BoundaryMode) -> Result<Boundary> {
        let want = self.want();
        if !(want.mesh && want.maps && want.patterns) {
            bail!(NotStored, "boundaries need polygons, patterns, maps and mesh; ask for them in `want`")
        }
        let outputs = self.network().output_len();
        match mode {
            BoundaryMode::LevelSet { output, level } => {
                if output >= outputs {
                    bail!(Argument, "output is {output}; the network has {outputs} outputs, counted from 0")
                }
                if !level.is_finite() {
                    bail!(Nonfinite, "level is {level}; expected a finite number")
                }
            }
            _ if outputs < 2 => {
                bail!(Argument, "the network has one output: no classes; ask for a level set of output 0")
            }
            _ => {}
        }
        let plan = Plan::new(self.network(), self.domain(), true)?;
        let found = ctx.pool().map_chunks(self.n_regions(), CHUNK, |cells: Range<usize>| {
            ctx.poll()?;
            let mut search = Search { forms: Forms::new(self, &plan), found: Found::default() };
            for cell in cells {
                search.cell(cell, mode);
            }
            Ok(search.found)
        })?;
        self.collect(ctx, found)
    }

    fn collect(&self, ctx: &Context, found: Vec<Found>) -> Result<Boundary> {
        let flat: Vec<i64> = found.iter().flat_map(|f| f.flat.iter().copied()).collect();
        let is_flat = |cell: i64| flat.binary_search(&cell).is_ok();
        // Edges between two cells on which the form vanishes are the inside of a 2-D piece.
        let segments: Vec<Segment> = found
            .into_iter()
            .flat_map(|f| f.segments)
            .filter(|s| !(s.on_edge && is_flat(s.cell) && is_flat(s.across)))
            .collect();
        let meter = ctx.meter();
        let n = segments.len();
        let mut boundary = Boundary {
            segments: meter.buffer(n, "boundary")?,
            cells: meter.buffer(n, "boundary")?,
            labels: meter.buffer(n, "boundary")?,
            on_edge: meter.buffer(n, "boundary")?,
            flat_cells: meter.buffer(flat.len(), "boundary")?,
            interior_length: 0.0,
            on_edge_length: 0.0,
        };
        boundary.flat_cells.copy_from_slice(&flat);
        for (i, s) in segments.iter().enumerate() {
            boundary.segments[i] = s.ends;
            boundary.cells[i] = s.cell;
            boundary.labels[i] = s.labels;
            boundary.on_edge[i] = u8::from(s.on_edge);
            let [p, q] = s.ends;
            let length = (p[0] - q[0]).hypot(p[1] - q[1]);
            *(if s.on_edge { &mut boundary.on_edge_length } else { &mut boundary.interior_length }) += length;
        }
        Ok(boundary)
    }
}

impl Boundary {
    /// (n, 2, 2): end points of each segment in (u, v).
    pub fn segments(&self) -> &[[[f64; 2]; 2]] {
        &self.segments
    }

    /// (n): the cell in which each segment lies; for one on an edge, the first of its two cells.
    pub fn cells(&self) -> &[i64] {
        &self.cells
    }

    /// (n, 2): the two outputs that tie; for a level set (output, -1).
    pub fn labels(&self) -> &[[i32; 2]] {
        &self.labels
    }

    /// (n): 1 if the segment lies on a cell edge, 0 if in the interior of a cell.
    pub fn on_edge(&self) -> &[u8] {
        &self.on_edge
    }

    /// Cells on which the output of a level set equals the level everywhere: 2-D pieces of the set.
    pub fn flat_cells(&self) -> &[i64] {
        &self.flat_cells
    }

    /// Length of the segments inside cells, in units of (u, v).
    pub fn interior_length(&self) -> f64 {
        self.interior_length
    }

    /// Length of the segments on cell edges, each counted once, in units of (u, v).
    pub fn on_edge_length(&self) -> f64 {
        self.on_edge_length
    }
}

struct Search<'a> {
    forms: Forms<'a>,
    found: Found,
}

impl Search<'_> {
    fn cell(&mut self, cell: usize, mode: BoundaryMode) {
        self.forms.enter(cell);
        match mode {
            BoundaryMode::LevelSet { output, level } => {
                self.level_set(cell, Form { plus: output, minus: None, level }, [output as i32, -1]);
            }
            BoundaryMode::Pairwise => {
                let outputs = self.forms.partition.network().output_len();
                for a in 0..outputs {
                    for b in a + 1..outputs {
                        self.level_set(cell, Form::difference(a, b), [a as i32, b as i32]);
                    }
                }
            }
            BoundaryMode::Argmax => self.argmax(cell),
        }
    }

    fn signs(&mut self, form: &Form) -> Vec<i32> {
        (0..self.forms.vertices())
            .map(|i| {
                let v = self.forms.vertex(i);
                self.forms.sign(form, &v)
            })
            .collect()
    }

    /// The two points at which a form with both strict signs on the cell vanishes on its border.
    fn chord(&self, form: &Form, signs: &[i32]) -> [End; 2] {
        let n = signs.len();
        let mut ends = Vec::with_capacity(2);
        for i in 0..n {
            let j = if i + 1 == n { 0 } else { i + 1 };
            if signs[i] == 0 {
                ends.push(self.forms.vertex(i));
            } else if signs[i] * signs[j] < 0 {
                let (p, q) = (self.forms.vertex(i), self.forms.vertex(j));
                ends.push(self.forms.crossing(form, &p, &q, Made::OnEdge(i, *form)));
            }
        }
        [ends[0], ends[1]]
    }

    fn push(&mut self, cell: usize, ends: [End; 2], labels: [i32; 2], across: Option<i64>) {
        self.found.segments.push(Segment {
            ends: ends.map(|e| e.point),
            cell: cell as i64,
            labels,
            on_edge: across.is_some(),
            across: across.unwrap_or(-1),
        });
    }

    /// The cell across edge `i` of `cell`, if `cell` is the one that reports pieces on that edge.
    fn across(&self, cell: usize, i: usize) -> Option<i64> {
        let p = self.forms.partition;
        let edge = p.cell_edges()[p.cell_offsets()[cell] as usize + i] as usize;
        (p.edge_cells()[edge][0] == cell as i64).then(|| p.edge_cells()[edge][1])
    }

    fn level_set(&mut self, cell: usize, form: Form, labels: [i32; 2]) {
        let signs = self.signs(&form);
        if signs.contains(&1) && signs.contains(&-1) {
            let ends = self.chord(&form, &signs);
            self.push(cell, ends, labels, None);
            return;
        }
        if signs.iter().all(|&s| s == 0) {
            self.found.flat.push(cell as i64);
        }
        for i in 0..signs.len() {
            let j = if i + 1 == signs.len() { 0 } else { i + 1 };
            if let (0, 0, Some(across)) = (signs[i], signs[j], self.across(cell, i)) {
                self.push(cell, [self.forms.vertex(i), self.forms.vertex(j)], labels, Some(across));
            }
        }
    }

    /// Outputs that may be largest somewhere on the cell.
    fn candidates(&self) -> Vec<usize> {
        let outputs = self.forms.partition.network().output_len();
        let n = self.forms.vertices();
        let total = |k: usize| {
            let form = Form { plus: k, minus: None, level: 0.0 };
            (0..n).map(|i| self.forms.value(&form, &self.forms.vertex(i)).0).sum::<f64>()
        };
        let best = (0..outputs)
            .map(|k| (k, total(k)))
            .fold((0, f64::NEG_INFINITY), |best, (k, t)| if t > best.1 { (k, t) } else { best });
        let beaten = |k: usize| {
            let form = Form::difference(best.0, k);
            (0..n).all(|i| {
                let (value, error) = self.forms.value(&form, &self.forms.vertex(i));
                value > error
            })
        };
        (0..outputs).filter(|&k| k == best.0 || !beaten(k)).collect()
    }

    fn argmax(&mut self, cell: usize) {
        let classes = self.candidates();
        if classes.len() < 2 {
            return;
        }
        for (x, &a) in classes.iter().enumerate() {
            for &b in &classes[x + 1..] {
                let form = Form::difference(a, b);
                let signs = self.signs(&form);
                let (pos, neg) = (signs.iter().position(|&s| s > 0), signs.iter().position(|&s| s < 0));
                if let (Some(pos), Some(neg)) = (pos, neg) {
                    let ends = self.chord(&form, &signs);
                    let sides = [self.forms.vertex(pos), self.forms.vertex(neg)];
                    if let Some(ends) = self.winning_part(form, ends, &classes, sides) {
                        self.push(cell, ends, [a as i32, b as i32], None);
                    }
                }
            }
        }
        for i in 0..self.forms.vertices() {
            if let Some(across) = self.across(cell, i).filter(|&c| c >= 0) {
                self.argmax_on_edge(cell, i, across, &classes);
            }
        }
    }

    /// The part of a chord of a - b on which no other class is above the two, unless a third class wins on one side of
    /// it. `sides` are vertices on the side of a and on that of b.
    fn winning_part(
        &mut self,
        form: Form,
        mut ends: [End; 2],
        classes: &[usize],
        sides: [End; 2],
    ) -> Option<[End; 2]> {
        let (a, b) = (form.plus, form.minus.expect("a difference"));
        for &c in classes.iter().filter(|&&c| c != a && c != b) {
            match self.clip(form, &mut ends, c) {
                Clip::Empty => return None,
                Clip::Part => {}
                Clip::Tie => {
                    for (k, side) in [(a, &sides[0]), (b, &sides[1])] {
                        let s = self.forms.sign(&Form::difference(k, c), side);
                        if s < 0 || (s == 0 && c < k) {
                            return None;
                        }
                    }
                }
            }
        }
        Some(ends)
    }

    /// Cuts off what class `c` wins of a segment on which `form` = a - b vanishes.
    fn clip(&mut self, form: Form, ends: &mut [End; 2], c: usize) -> Clip {
        let other = Form::difference(form.plus, c);
        let signs = [self.forms.sign(&other, &ends[0]), self.forms.sign(&other, &ends[1])];
        match signs {
            [0, 0] => return Clip::Tie,
            [p, q] if p <= 0 && q <= 0 => return Clip::Empty,
            [p, q] if p * q < 0 => {
                let cut = self.forms.crossing(&other, &ends[0], &ends[1], Made::Crossing(form, other));
                ends[usize::from(p > 0)] = cut;
            }
            _ => {}
        }
        Clip::Part
    }

    /// The part of edge `i` of `cell` along which the winner on this side differs from the one on the other.
    fn argmax_on_edge(&mut self, cell: usize, i: usize, across: i64, classes: &[usize]) {
        let n = self.forms.vertices();
        let edge = [self.forms.vertex(i), self.forms.vertex((i + 1) % n)];
        let off_edge = self.forms.vertex((i + 2) % n);
        for (x, &a) in classes.iter().enumerate() {
            // Classes that tie with a all along the edge; a is the first of them.
            let mut ties = vec![a];
            for &b in classes {
                let form = Form::difference(a, b);
                if b != a && self.forms.sign(&form, &edge[0]) == 0 && self.forms.sign(&form, &edge[1]) == 0 {
                    ties.push(b);
                }
            }
            if ties.len() < 2 || ties.iter().any(|b| classes[..x].contains(b)) {
                continue;
            }
            let mut ends = edge;
            let others = classes.iter().filter(|c| !ties.contains(c));
            let mut empty = false;
            for &c in others {
                let other = Form::difference(a, c);
                let signs = [self.forms.sign(&other, &ends[0]), self.forms.sign(&other, &ends[1])];
                empty |= signs[0] <= 0 && signs[1] <= 0;
                if signs[0] * signs[1] < 0 {
                    let made = Made::OnEdge(i, other);
                    let cut = self.forms.crossing(&other, &ends[0], &ends[1], made);
                    ends[usize::from(signs[0] > 0)] = cut;
                }
            }
            if empty {
                continue;
            }
            let here = self.winner(&ties, &off_edge);
            let there = self.winner_across(cell, i, across as usize, &ties);
            if here != there {
                self.push(cell, ends, [here as i32, there as i32], Some(across));
            }
        }
    }

    /// The largest of `classes` at `at`, ties to the lowest index.
    fn winner(&mut self, classes: &[usize], at: &End) -> usize {
        let mut best = classes[0];
        for &c in &classes[1..] {
            let s = self.forms.sign(&Form::difference(c, best), at);
            if s > 0 || (s == 0 && c < best) {
                best = c;
            }
        }
        best
    }

    fn winner_across(&mut self, cell: usize, i: usize, across: usize, ties: &[usize]) -> usize {
        let p = self.forms.partition;
        let edge = p.cell_edges()[p.cell_offsets()[cell] as usize + i];
        self.forms.enter(across);
        let start = p.cell_offsets()[across] as usize;
        let n = self.forms.vertices();
        let j = (0..n).position(|j| p.cell_edges()[start + j] == edge).expect("edges have two sides");
        let off_edge = self.forms.vertex((j + 2) % n);
        let winner = self.winner(ties, &off_edge);
        self.forms.enter(cell);
        winner
    }
}

/// What is left of a segment.
enum Clip {
    Part,
    Empty,
    /// The third class ties with the two all along it.
    Tie,
}
