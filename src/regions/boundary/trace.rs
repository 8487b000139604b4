//! Traces boundaries through single cells: chords on which forms vanish, each with its direction and the names of its ends.
//!
//! The first label is on the left of a segment, and the higher values of a level set are.

use super::super::exact::LazyPlan;
use super::super::key::Key;
use super::super::partition::Partition;
use super::BoundaryMode;
use super::forms::{End, Form, Forms, Made};

#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub(super) ends: [[f64; 2]; 2],
    /// Equal for the ends of two segments that are the same point.
    pub(super) names: [Key; 2],
    pub(super) cell: i64,
    pub(super) labels: [i32; 2],
    /// Signs of the form on the left and on the right; equal on ridges and valleys, which have no direction.
    pub(super) sides: [i32; 2],
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
    pub(super) forms: Forms<'a>,
    pub(super) found: Found,
}

impl<'a> Search<'a> {
    pub(super) fn new(partition: &'a Partition, lazy: &'a LazyPlan<'a>) -> Self {
        Search { forms: Forms::new(partition, lazy), found: Found::default() }
    }

    pub(super) fn cell(&mut self, cell: usize, mode: BoundaryMode) {
        self.forms.enter(cell);
        match mode {
            BoundaryMode::LevelSet { output, level } => {
                self.level_set(cell, Form { plus: output, minus: None, level }, [output as i32, -1], &[]);
            }
            BoundaryMode::Pairwise => {
                let outputs = self.forms.partition.network().output_len();
                self.forms.measure();
                for a in 0..outputs {
                    let apart = |b: usize| self.forms.above(a, b) || self.forms.above(b, a);
                    let close: Vec<usize> = (a + 1..outputs).filter(|&b| !apart(b)).collect();
                    for b in close {
                        // Lines of different pairs cross, but do not meet.
                        self.level_set(cell, Form::difference(a, b), [a as i32, b as i32], &[a, b]);
                    }
                }
            }
            BoundaryMode::Argmax => self.argmax(cell),
        }
    }

    pub(super) fn signs(&mut self, form: &Form) -> Vec<i32> {
        (0..self.forms.vertices())
            .map(|i| {
                let v = self.forms.vertex(i);
                self.forms.sign(form, &v)
            })
            .collect()
    }

    /// The two points at which a form with both strict signs on the cell vanishes on its border; positive values are on
    /// the left of the way from the first to the second.
    pub(super) fn chord(&self, form: &Form, signs: &[i32]) -> [End; 2] {
        let n = signs.len();
        let mut ends = [self.forms.vertex(0); 2];
        for i in 0..n {
            let (j, before) = (if i + 1 == n { 0 } else { i + 1 }, if i == 0 { n - 1 } else { i - 1 });
            // Counter-clockwise round the cell, the positive part is left at the first end and entered at the second.
            if signs[i] == 0 {
                ends[usize::from(signs[before] < 0)] = self.forms.vertex(i);
            } else if signs[i] * signs[j] < 0 {
                let (p, q) = (self.forms.vertex(i), self.forms.vertex(j));
                ends[usize::from(signs[i] < 0)] = self.forms.crossing(form, &p, &q, Made::OnEdge(i, *form));
            }
        }
        ends
    }

    /// The cell across edge `i` of `cell`, if `cell` is the one that reports pieces on that edge.
    pub(super) fn across(&self, cell: usize, i: usize) -> Option<i64> {
        let p = self.forms.partition;
        let edge = p.cell_edges()[p.cell_offsets()[cell] as usize + i] as usize;
        (p.edge_cells()[edge][0] == cell as i64).then(|| p.edge_cells()[edge][1])
    }

    /// Runs `f` at a vertex of the cell across edge `i` that is not on that edge.
    pub(super) fn over_there<T>(
        &mut self,
        (cell, i, across): (usize, usize, usize),
        f: impl FnOnce(&mut Forms<'a>, &End) -> T,
    ) -> T {
        let p = self.forms.partition;
        let edge = p.cell_edges()[p.cell_offsets()[cell] as usize + i];
        self.forms.enter(across);
        let start = p.cell_offsets()[across] as usize;
        let n = self.forms.vertices();
        let j = (0..n).position(|j| p.cell_edges()[start + j] == edge).expect("edges have two sides");
        let off_edge = self.forms.vertex((j + 2) % n);
        let result = f(&mut self.forms, &off_edge);
        self.forms.enter(cell);
        result
    }

    fn level_set(&mut self, cell: usize, form: Form, labels: [i32; 2], pair: &[usize]) {
        let signs = self.signs(&form);
        if signs.contains(&1) && signs.contains(&-1) {
            let ends = self.chord(&form, &signs);
            let names = ends.map(|e| self.forms.name(&e, pair, &[]));
            self.found.segments.push(Segment {
                ends: ends.map(|e| e.point),
                names,
                cell: cell as i64,
                labels,
                sides: [1, -1],
                on_edge: false,
                across: -1,
            });
            return;
        }
        // The sign off all edges on which the form vanishes.
        let here = signs.iter().copied().find(|&s| s != 0).unwrap_or(0);
        if here == 0 {
            self.found.flat.push((cell as i64, labels));
        }
        for i in 0..signs.len() {
            let j = if i + 1 == signs.len() { 0 } else { i + 1 };
            if let (0, 0, Some(across)) = (signs[i], signs[j], self.across(cell, i)) {
                let there = match usize::try_from(across) {
                    Ok(other) => self.over_there((cell, i, other), |forms, at| forms.sign(&form, at)),
                    Err(_) => -here,
                };
                let (mut ends, mut sides) = ([self.forms.vertex(i), self.forms.vertex(j)], [here, there]);
                if here < there {
                    ends.reverse();
                    sides.reverse();
                }
                let names = ends.map(|e| self.forms.name(&e, pair, &[]));
                let ends = ends.map(|e| e.point);
                let cell = cell as i64;
                self.found.segments.push(Segment { ends, names, cell, labels, sides, on_edge: true, across });
            }
        }
    }
}
