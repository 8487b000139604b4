//! The arg-max boundary on single cells: the parts of chords and edges on which two classes tie and none is above them.
//!
//! An end of such a part is named by all classes that tie there, of which a third one ended it: outputs are continuous, so
//! every cell that shares the point finds the same set.

use super::forms::{End, Form, Made};
use super::trace::{Search, Segment};

/// A part of a line along which classes tie.
struct Part {
    ends: [End; 2],
    /// Classes that tie all along.
    along: Vec<usize>,
    /// Classes that tie at each end besides.
    at: [Vec<usize>; 2],
}

/// What another class leaves of a part.
enum Clip {
    Some,
    Nothing,
    /// It ties all along.
    Tie,
}

impl Search<'_> {
    /// Outputs that may be largest somewhere on the cell, by their heights.
    fn candidates(&self) -> Vec<usize> {
        let outputs = self.forms.partition.network().output_len();
        let total = |k: usize| self.forms.heights(k).0.iter().sum::<f64>();
        let best = (0..outputs).fold((0, f64::NEG_INFINITY), |best, k| {
            let t = total(k);
            if t > best.1 { (k, t) } else { best }
        });
        (0..outputs).filter(|&k| k == best.0 || !self.forms.above(best.0, k)).collect()
    }

    pub(super) fn argmax(&mut self, cell: usize) {
        self.forms.measure();
        let classes = self.candidates();
        if classes.len() < 2 {
            return;
        }
        for (x, &a) in classes.iter().enumerate() {
            for &b in &classes[x + 1..] {
                if self.forms.above(a, b) || self.forms.above(b, a) {
                    continue;
                }
                let form = Form::difference(a, b);
                let signs = self.signs(&form);
                let (pos, neg) = (signs.iter().position(|&s| s > 0), signs.iter().position(|&s| s < 0));
                if let (Some(pos), Some(neg)) = (pos, neg) {
                    let ends = self.chord(&form, &signs);
                    let sides = [self.forms.vertex(pos), self.forms.vertex(neg)];
                    if let Some(part) = self.winning_part(form, ends, &classes, sides) {
                        self.push(cell, &part, [a, b], None);
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

    fn push(&mut self, cell: usize, part: &Part, labels: [usize; 2], across: Option<i64>) {
        let name = |k: usize| {
            let mut ties: Vec<usize> = part.along.iter().chain(&part.at[k]).copied().collect();
            ties.sort_unstable();
            self.forms.name(&part.ends[k], &[], &ties)
        };
        self.found.segments.push(Segment {
            ends: part.ends.map(|e| e.point),
            names: [name(0), name(1)],
            cell: cell as i64,
            labels: labels.map(|k| k as i32),
            sides: [1, -1],
            on_edge: across.is_some(),
            across: across.unwrap_or(-1),
        });
    }

    /// The part of a chord of a - b on which no other class is above the two, unless a third class wins on one side of
    /// it. `sides` are vertices on the side of a and on that of b.
    fn winning_part(
        &mut self,
        form: Form,
        ends: [End; 2],
        classes: &[usize],
        sides: [End; 2],
    ) -> Option<Part> {
        let (a, b) = (form.plus, form.minus.expect("a difference"));
        let mut part = Part { ends, along: vec![a, b], at: Default::default() };
        for &c in classes.iter().filter(|&&c| c != a && c != b) {
            match self.clip(&mut part, c, |other| Made::Crossing(form, other)) {
                Clip::Nothing => return None,
                Clip::Some => {}
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
        Some(part)
    }

    /// Cuts off what class `c` wins of a part. `made` tells what makes the cut, given the form that vanishes there.
    fn clip(&mut self, part: &mut Part, c: usize, made: impl Fn(Form) -> Made) -> Clip {
        let other = Form::difference(part.along[0], c);
        let signs = [0, 1].map(|k| self.forms.sign(&other, &part.ends[k]));
        match signs {
            [0, 0] => {
                part.along.push(c);
                return Clip::Tie;
            }
            [p, q] if p <= 0 && q <= 0 => return Clip::Nothing,
            [p, q] if p * q < 0 => {
                let k = usize::from(p > 0);
                part.ends[k] = self.forms.crossing(&other, &part.ends[0], &part.ends[1], made(other));
                part.at[k] = vec![c];
            }
            _ => {
                for (at, sign) in part.at.iter_mut().zip(signs) {
                    if sign == 0 {
                        at.push(c);
                    }
                }
            }
        }
        Clip::Some
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
            let mut part = Part { ends: edge, along: ties.clone(), at: Default::default() };
            let mut others = classes.iter().filter(|c| !ties.contains(c));
            if others
                .any(|&c| matches!(self.clip(&mut part, c, |other| Made::OnEdge(i, other)), Clip::Nothing))
            {
                continue;
            }
            let here = winner(&mut self.forms, &ties, &off_edge);
            let there = self.over_there((cell, i, across as usize), |forms, at| winner(forms, &ties, at));
            if here != there {
                self.push(cell, &part, [here, there], Some(across));
            }
        }
    }
}

/// The largest of `classes` at `at`, ties to the lowest index.
fn winner(forms: &mut super::forms::Forms, classes: &[usize], at: &End) -> usize {
    let mut best = classes[0];
    for &c in &classes[1..] {
        let s = forms.sign(&Form::difference(c, best), at);
        if s > 0 || (s == 0 && c < best) {
            best = c;
        }
    }
    best
}
