//! Max units: which candidates may win on a cell, and the parts of it where each of those does.
//!
//! Of two candidates the one that is nowhere larger is dropped, and of two that are the same on the cell the later one,
//! because ties go to the lowest index. The part where one wins is the cell cut by the hyperplanes on which it ties with the
//! others; candidates that hide behind several others have none.

use super::cell::Cell;
use super::side::{Plane, Side};
use super::task::{POINTS, Part, Task};
use crate::error::Result;
use crate::regions::level::Level;
use crate::regions::maximum::FLOOR;
use crate::regions::task::Entry;

/// A [`Plane`] with a normal of its own.
struct Tie {
    normal: Vec<f64>,
    constant: f64,
    margin: f64,
    line: u32,
}

impl Tie {
    fn plane(&self) -> Plane<'_> {
        Plane { normal: &self.normal, constant: self.constant, margin: self.margin, line: self.line }
    }
}

impl Task<'_> {
    /// Which candidates of each max unit may win when a cell enters a level.
    pub(super) fn classify_max(&mut self, level: &Level, cell: &mut Cell) -> Result<()> {
        let max = level.max.as_ref().expect("max units");
        for k in 0..level.n {
            let start = self.live.len();
            self.live.extend(max.candidates(k).map(|(c, _)| c));
            let all = Entry { unit: k as u32, lo: start as u32, hi: self.live.len() as u32 };
            self.settle_max(level, all, cell)?;
        }
        Ok(())
    }

    /// Drops the candidates of `entry` that another one beats; one that is left alone has won, several go to the list.
    pub(super) fn settle_max(&mut self, level: &Level, entry: Entry, cell: &mut Cell) -> Result<()> {
        let k = entry.unit as usize;
        let mut live: Vec<u16> = self.live[entry.lo as usize..entry.hi as usize].to_vec();
        let mut b = live.len();
        while b > 0 {
            b -= 1;
            let mut loses = false;
            for c in (0..live.len()).filter(|&c| c != b) {
                let tie = self.tie(level, k, live[c], live[b]);
                loses = match self.look_at(cell, &tie)? {
                    Side::Above => true,
                    Side::Flat => live[c] < live[b],
                    Side::Below | Side::Cross => false,
                };
                if loses {
                    break;
                }
            }
            if loses {
                live.remove(b);
            }
        }
        if let [winner] = live[..] {
            self.values.decide(level, k, usize::from(winner));
        } else {
            let start = self.live.len();
            self.live.extend(live);
            self.list.push(Entry { unit: entry.unit, lo: start as u32, hi: self.live.len() as u32 });
        }
        Ok(())
    }

    /// The parts of a cell where each candidate of `entry` wins; the last one is the first to be worked on.
    pub(super) fn cut_envelope(
        &mut self,
        level: &Level,
        entry: Entry,
        cell: &mut Cell,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let k = entry.unit as usize;
        let live: Vec<u16> = self.live[entry.lo as usize..entry.hi as usize].to_vec();
        for &a in live.iter().rev() {
            let mut part = self.spare.pop().unwrap_or_default();
            part.copy_from(cell);
            let mut full = true;
            for &b in live.iter().filter(|&&b| b != a) {
                let tie = self.tie(level, k, a, b);
                match self.look_at(&mut part, &tie)? {
                    Side::Above => {}
                    Side::Flat if a < b => {}
                    Side::Below | Side::Flat => {
                        full = false;
                        break;
                    }
                    Side::Cross => {
                        let mut smaller =
                            self.spare.pop().unwrap_or_else(|| Cell::new(self.shared.space.dim));
                        part.pool.points.dot(&tie.normal, tie.constant, &mut self.solver.values);
                        let most = POINTS * self.shared.space.dim;
                        smaller.cut_from(&part, &tie.plane(), 1.0, &self.solver.values, most);
                        std::mem::swap(&mut part, &mut smaller);
                        self.spare.push(smaller);
                    }
                }
            }
            if full {
                let a = u32::from(a);
                parts.push((part, Entry { unit: entry.unit, lo: a, hi: a }));
            } else {
                self.spare.push(part);
            }
        }
        Ok(())
    }

    fn look_at(&mut self, cell: &mut Cell, tie: &Tie) -> Result<Side> {
        let side = self.solver.side(&self.shared.space, cell, &tie.plane());
        side.map_err(|e| self.shared.fail(e))
    }

    /// Where candidates `a` and `b` of unit `k` tie; positive where `a` is larger.
    fn tie(&self, level: &Level, k: usize, a: u16, b: u16) -> Tie {
        let max = level.max.as_ref().expect("max units");
        let d = self.values.plan.coords - 1;
        let block = self.values.block(level.source);
        let scale = self.values.error_scale(level);
        let mut f = vec![0.0; d + 1];
        let mut error = 0.0;
        for (c, sign) in [(a, 1.0), (b, -1.0)] {
            match max.element(k, usize::from(c)) {
                FLOOR => f[d] += sign * max.floor,
                j => {
                    let j = j as usize;
                    f.iter_mut().enumerate().for_each(|(i, f)| *f += sign * block[i * level.np + j]);
                    error += scale * level.error[j];
                }
            }
        }
        let constant = f.pop().unwrap_or_default();
        let (constant, margin) = self.shared.space.normalise(&mut f, constant, error);
        Tie { normal: f, constant, margin, line: level.first_line + max.line(k, a, b) }
    }
}
