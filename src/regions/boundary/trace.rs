//! Traces boundaries through single cells: chords on which forms vanish, cut back to where their two classes win.

use super::boundary::BoundaryMode;
use super::forms::{End, Form, Forms, Made};
use super::partition::Partition;
use super::plan::Plan;

#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) ends: [[f64; 2]; 2],
    pub(super) cell: i64,
    pub(super) labels: [i32; 2],
    pub(super) on_edge: bool,
    /// The cell across the edge, for pieces on edges of the domain -1.
    pub(super) across: i64,
}

#[derive(Default)]
pub(super) struct Found {
    pub(super) segments: Vec<Segment>,
    pub(super) flat: Vec<(i64, [i32; 2])>,
}

/// Finds the pieces of a boundary on one cell after the other.
pub(super) struct Search<'a> {
    forms: Forms<'a>,
    pub(super) found: Found,
}

impl<'a> Search<'a> {
    pub(super) fn new(partition: &'a Partition, plan: &'a Plan<'a>) -> Self {
        Search { forms: Forms::new(partition, plan), found: Found::default() }
    }

    pub(super) fn cell(&mut self, cell: usize, mode: BoundaryMode) {
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
            self.found.flat.push((cell as i64, labels));
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
