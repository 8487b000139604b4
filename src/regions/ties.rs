//! Names for the vertices of envelopes.
//!
//! The cells at a vertex have dropped different candidates on their way there, so what they remember does not name it alike.
//! What does is which candidates tie for the maximum at the vertex: a property of the function, the same seen from every
//! cell. A vertex is named by the smallest line on which two such candidates tie, and inside the root by the smallest that
//! crosses it.

use std::ops::Range;

use super::cell::{INSIDE, NAMED};
use super::envelope::Heights;
use super::level::Level;
use super::maximum::Max;
use super::task::Task;
use super::values::Values;

/// A vertex whose ties are looked for.
struct Place {
    /// The lines of the edges at the vertex.
    made: [u32; 2],
    /// Elements that those lines say tie.
    tied: Vec<u32>,
}

impl Place {
    fn new(level: &Level, max: &Max, made: [u32; 2]) -> Place {
        let elements = made.map(|line| {
            let i = line.checked_sub(level.first_line).filter(|&i| (i as usize) < level.n_lines);
            i.map(|i| max.ties[i as usize].elements)
        });
        let tied = match elements {
            [Some(p), Some(q)] if p.iter().any(|x| q.contains(x)) => [p, q].concat(),
            [Some(p), None] | [None, Some(p)] => p.to_vec(),
            _ => Vec::new(),
        };
        Place { made, tied }
    }

    /// Whether two elements tie here by what made the vertex.
    fn knows(&self, level: &Level, max: &Max, k: usize, [a, b]: [u16; 2]) -> bool {
        let [i, j] = [a, b].map(|c| max.element(k, usize::from(c)));
        self.tied.contains(&i) && self.tied.contains(&j)
            || self.made.contains(&(level.first_line + max.line(k, a, b)))
    }
}

impl Task<'_> {
    /// Finds the lines that name each vertex of the cell that this level made.
    pub(super) fn find_ties(&mut self, level: &Level, cell: &Range<usize>, root: &Range<usize>) {
        let max = level.max.as_ref().expect("max units");
        let mut heights = std::mem::take(&mut self.scratch.heights);
        for i in cell.clone() {
            let v = self.vertices[i];
            if v.at == NAMED {
                continue;
            }
            let before = self.vertices[if i == cell.start { cell.end - 1 } else { i - 1 }].line;
            let place = Place::new(level, max, [before, v.line]);
            heights.set(&self.values, level, std::iter::once([v.x, v.y]), v.radius);
            // Lines on which two candidates tie, and whether that is known by what made the vertex.
            let mut lines: Vec<(u32, bool)> = Vec::new();
            for k in 0..level.n {
                self.ties_of(level, max, k, &heights, &place, &mut lines);
            }
            lines.sort_unstable();
            let inside = v.at == INSIDE;
            let mut known = [false; 2];
            let mut chosen = [0; 2];
            if !inside {
                chosen[0] = self.vertices[root.start + v.at as usize].line;
                known[0] = place.made.contains(&chosen[0]);
            } else if let Some(&(line, sure)) = lines.first() {
                (chosen[0], known[0]) = (line, sure);
            }
            let crossing = lines.iter().find(|&&(line, sure)| {
                let Values { plan, oracle, pattern, .. } = &mut self.values;
                line != chosen[0] && (sure && known[0] || !oracle.parallel(plan, pattern, line, chosen[0]))
            });
            let v = &mut self.vertices[i];
            match (inside, crossing) {
                (true, Some(&(second, _))) => (v.first, v.second) = (chosen[0], second),
                (false, Some(&(first, _))) => v.first = first,
                _ => {}
            }
        }
        self.scratch.heights = heights;
    }

    /// Lists the lines on which two candidates of unit `k` tie for its maximum at a vertex, but not everywhere.
    fn ties_of(
        &mut self,
        level: &Level,
        max: &Max,
        k: usize,
        heights: &Heights,
        place: &Place,
        lines: &mut Vec<(u32, bool)>,
    ) {
        let highest = |best: (u32, f64), (_, j): (u16, u32)| {
            let h = heights.value(max, 0, j);
            if h > best.1 { (j, h) } else { best }
        };
        let (best, top) = max.candidates(k).fold((0, f64::NEG_INFINITY), highest);
        let close =
            |j: u32| top - heights.value(max, 0, j) <= heights.doubt(max, best) + heights.doubt(max, j);
        if max.candidates(k).filter(|&(_, j)| close(j)).count() < 2 {
            return;
        }
        let mut winners: Vec<u16> = Vec::new();
        for (c, _) in max.candidates(k).filter(|&(_, j)| close(j)) {
            let Some(&champion) = winners.first() else {
                winners.push(c);
                continue;
            };
            match self.compare(level, max, k, [c, champion], place) {
                0 => winners.push(c),
                s if s > 0 => winners = vec![c],
                _ => {}
            }
        }
        for (i, &b) in winners.iter().enumerate() {
            for &a in &winners[..i] {
                let line = level.first_line + max.line(k, a, b);
                let sure = place.knows(level, max, k, [a, b]);
                if sure || !self.values.line(line).iter().all(crate::numeric::dyadic::Dyadic::is_zero) {
                    lines.push((line, sure));
                }
            }
        }
    }

    /// Sign of candidate `a` minus candidate `b` of unit `k` at a vertex.
    fn compare(&mut self, level: &Level, max: &Max, k: usize, [a, b]: [u16; 2], place: &Place) -> i32 {
        if place.knows(level, max, k, [a, b]) {
            return 0;
        }
        let line = level.first_line + max.line(k, a, b);
        let sign = self.values.sign_at_lines(line, place.made, f64::INFINITY, self.exact);
        let flipped = max.element(k, usize::from(a)) > max.element(k, usize::from(b));
        if flipped { -sign } else { sign }
    }
}
