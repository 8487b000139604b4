//! Max units: which candidates may win on a cell, and the upper envelope of those that do.
//!
//! A candidate is dropped when another one is at least as large at every vertex; of two that are the same function on the
//! cell the later one is dropped, because ties go to the lowest index. What is left wins somewhere or hides behind several
//! others, and the parts of the cell where each of them wins are the cell clipped by the lines on which it ties with the
//! others.

use std::ops::Range;

use super::cell::Vertex;
use super::cut::Line;
use super::level::Level;
use super::maximum::{FLOOR, Max};
use super::task::{Entry, Task};
use super::values::Values;
use crate::simd::FILTER;

/// Values of all elements at all vertices of a cell, and how far from the truth they may be.
#[derive(Default)]
pub(super) struct Heights {
    /// `at[i * np + j]`: element j at vertex i.
    at: Vec<f64>,
    doubt: Vec<f64>,
    /// np.
    stride: usize,
}

impl Heights {
    /// Value of element `j` at vertex `i`.
    #[inline]
    pub(super) fn value(&self, max: &Max, i: usize, j: u32) -> f64 {
        if j == FLOOR { max.floor } else { self.at[i * self.stride + j as usize] }
    }

    /// How far from the truth the values of element `j` may be.
    #[inline]
    pub(super) fn doubt(&self, max: &Max, j: u32) -> f64 {
        if j == FLOOR { 2.0 * FILTER * max.floor.abs() } else { self.doubt[j as usize] }
    }

    /// Evaluates `level`'s source at `points` with errors of at most `radius`.
    pub(super) fn set(
        &mut self,
        values: &Values,
        level: &Level,
        points: impl Iterator<Item = [f64; 2]>,
        radius: f64,
    ) {
        let z = values.block(level.source);
        let np = level.np;
        self.stride = np;
        let (a, rest) = z.split_at(np);
        let (b, c) = rest.split_at(np);
        self.at.clear();
        for [x, y] in points {
            self.at.extend(a.iter().zip(b).zip(c).map(|((a, b), c)| a * x + (b * y + c)));
        }
        let scale = values.error_scale(level);
        let slope_doubt = |a: &f64, b: &f64| a.abs() + b.abs();
        self.doubt.clear();
        self.doubt.extend(a.iter().zip(b).zip(c).zip(level.error.iter()).map(|(((a, b), c), e)| {
            scale * e + radius * slope_doubt(a, b) + 2.0 * FILTER * (slope_doubt(a, b) + c.abs())
        }));
    }
}

impl Values<'_> {
    /// Where candidates `a` and `b` of unit `k` tie; positive where `a` is larger.
    fn tie_line(&self, level: &Level, max: &Max, k: usize, a: u16, b: u16) -> Line {
        let z = self.block(level.source);
        let scale = self.error_scale(level);
        let element = |c: u16| match max.element(k, usize::from(c)) {
            FLOOR => ([0.0, 0.0, max.floor], 0.0),
            j => {
                let j = j as usize;
                ([z[j], z[level.np + j], z[2 * level.np + j]], scale * level.error[j])
            }
        };
        let ((f, e), (g, d)) = (element(a), element(b));
        let size = f.iter().chain(&g).map(|x| x.abs()).sum();
        Line {
            f: [f[0] - g[0], f[1] - g[1], f[2] - g[2]],
            knot: 0.0,
            size,
            error: e + d,
            number: level.first_line + max.line(k, a, b),
            // Lines are positive where the element with the lower number is larger.
            flipped: max.element(k, usize::from(a)) > max.element(k, usize::from(b)),
        }
    }
}

impl Task<'_> {
    /// Which candidates of each max unit may win when a cell enters a level.
    pub(super) fn classify_max(&mut self, level: &Level, cell: &Range<usize>) {
        let max = level.max.as_ref().expect("max units");
        let mut heights = std::mem::take(&mut self.scratch.heights);
        let vertices = &self.vertices[cell.clone()];
        let radius = vertices.iter().fold(0.0f64, |r, v| r.max(v.radius));
        heights.set(&self.values, level, vertices.iter().map(|v| [v.x, v.y]), radius);
        let n = cell.len();
        for k in 0..level.n {
            let total = |j: u32| (0..n).map(|i| heights.value(max, i, j)).sum::<f64>();
            let (mut best, mut highest) = (0, f64::NEG_INFINITY);
            for (_, j) in max.candidates(k) {
                let t = total(j);
                if t > highest {
                    (best, highest) = (j, t);
                }
            }
            let beaten = |j: u32| {
                let margin = heights.doubt(max, best) + heights.doubt(max, j);
                (0..n).all(|i| heights.value(max, i, best) - heights.value(max, i, j) > margin)
            };
            let start = self.live.len();
            let rivals = max.candidates(k).filter(|&(_, j)| self.exact || j == best || !beaten(j));
            self.live.extend(rivals.map(|(c, _)| c));
            self.settle(level, k, start, cell);
        }
        self.scratch.heights = heights;
    }

    /// Which candidates of each max unit of `list` but `picked` may win on a part of a cell.
    pub(super) fn refilter_max(
        &mut self,
        level: &Level,
        list: Range<usize>,
        picked: u32,
        cell: &Range<usize>,
    ) {
        for i in list {
            let e = self.list[i];
            if e.unit != picked {
                let start = self.live.len();
                self.live.extend_from_within(e.lo as usize..e.hi as usize);
                self.settle(level, e.unit as usize, start, cell);
            }
        }
    }

    /// Drops the candidates from `start` on of `live` that another one beats; one that is left alone has won, several go to
    /// the list.
    fn settle(&mut self, level: &Level, k: usize, start: usize, cell: &Range<usize>) {
        let mut b = self.live.len();
        while b > start {
            b -= 1;
            let loses = (start..self.live.len())
                .any(|c| c != b && self.beats(level, k, self.live[c], self.live[b], cell));
            if loses {
                self.live.remove(b);
            }
        }
        let end = self.live.len();
        if end - start == 1 {
            let winner = usize::from(self.live[start]);
            self.live.truncate(start);
            self.values.decide(level, k, winner);
        } else {
            self.list.push(Entry { unit: k as u32, lo: start as u32, hi: end as u32 });
        }
    }

    /// Whether candidate `a` of unit `k` leaves nothing to `b` on the cell.
    fn beats(&mut self, level: &Level, k: usize, a: u16, b: u16, cell: &Range<usize>) -> bool {
        let max = level.max.as_ref().expect("max units");
        let line = self.values.tie_line(level, max, k, a, b);
        let vertices = &self.vertices[cell.clone()];
        let mut same = true;
        for i in 0..vertices.len() {
            match self.values.sign(&line, vertices, i, self.exact).1 {
                0 => {}
                s if s < 0 => return false,
                _ => same = false,
            }
        }
        !same || a < b
    }

    /// Cuts a cell into the parts where each candidate of `entry` wins.
    pub(super) fn cut_envelope(&mut self, level: &Level, entry: Entry, cell: Range<usize>) {
        let max = level.max.as_ref().expect("max units");
        let k = entry.unit as usize;
        let live: Vec<u16> = self.live[entry.lo as usize..entry.hi as usize].to_vec();
        let whole = self.vertices[cell].to_vec();
        let mut part = Vec::new();
        // The last side is the first to be worked on.
        for &a in live.iter().rev() {
            part.clone_from(&whole);
            let full = live.iter().filter(|&&b| b != a).all(|&b| {
                let line = self.values.tie_line(level, max, k, a, b);
                self.clip(&line, &mut part)
            });
            if full {
                let a = u32::from(a);
                self.push_side(&part, 0, Entry { unit: entry.unit, lo: a, hi: a });
            }
        }
    }

    /// Keeps the part of a cell where a line is positive; false if that has no interior.
    fn clip(&mut self, line: &Line, cell: &mut Vec<Vertex>) -> bool {
        let mut signs = std::mem::take(&mut self.scratch.signs);
        signs.clear();
        signs.extend((0..cell.len()).map(|i| self.values.sign(line, cell, i, self.exact)));
        let (pos, neg) = (signs.iter().any(|s| s.1 > 0), signs.iter().any(|s| s.1 < 0));
        if pos && neg {
            let mut sides = std::mem::take(&mut self.scratch.sides);
            self.cut(line, cell, &signs, &mut sides);
            cell.clone_from(&sides.cells[1]);
            self.scratch.sides = sides;
        }
        self.scratch.signs = signs;
        pos
    }
}
