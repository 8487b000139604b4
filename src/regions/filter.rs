//! Which side of a cell's units' knots the cell is on, in bulk: the SIMD filter first, the exact stage for the rest.

use std::ops::Range;

use super::level::Level;
use super::task::{Entry, Task};
use crate::simd::{Doubt, side};

impl Task<'_> {
    /// A unit whose crossing knots are known: back to the list, or decided.
    pub(super) fn keep_or_decide(&mut self, level: &Level, e: Entry) {
        if e.lo < e.hi {
            self.list.push(e);
        } else {
            self.values.decide(level, e.unit as usize, e.lo as usize);
        }
    }

    /// A unit that was in doubt in bulk, whose signs are counted one by one.
    pub(super) fn narrow_one(
        &mut self,
        level: &Level,
        e: Entry,
        cell: &Range<usize>,
        edge: Option<usize>,
    ) -> Entry {
        self.values.signs.filter -= cell.len() as u64;
        self.narrow(level, e, cell, edge)
    }

    /// Which side each unit of `list` but `picked` is on, for a side of a cut whose cut edge starts at `edge`.
    pub(super) fn refilter(
        &mut self,
        level: &Level,
        list: Range<usize>,
        picked: u32,
        cell: &Range<usize>,
        edge: usize,
    ) {
        if !self.exact && !level.relu_like {
            return self.refilter_knots(level, list, picked, cell, edge);
        }
        if self.exact {
            for i in list {
                let e = self.list[i];
                if e.unit != picked {
                    let e = self.narrow(level, e, cell, Some(edge));
                    self.keep_or_decide(level, e);
                }
            }
            return;
        }
        let vertices = &self.vertices[cell.clone()];
        let radius = vertices.iter().fold(0.0f64, |r, v| r.max(v.radius));
        let scratch = &mut self.scratch;
        scratch.points.set(vertices.iter().map(|v| [v.x, v.y]));
        scratch.units.clear();
        scratch.units.extend(self.list[list].iter().map(|e| e.unit).filter(|&u| u != picked));
        scratch.bits.resize(scratch.units.len(), 0);
        let block = self.values.block(level.source);
        let doubt = Doubt { error: &level.error, scale: self.values.error_scale(level), radius };
        (self.values.kernels.sides)(block, doubt, &scratch.units, &scratch.points, &mut scratch.bits);
        self.values.signs.filter += (self.scratch.units.len() * cell.len()) as u64;
        for i in 0..self.scratch.units.len() {
            let unit = self.scratch.units[i];
            let e = match self.scratch.bits[i] {
                side::POS => Entry { unit, lo: 1, hi: 1 },
                side::NEG => Entry { unit, lo: 0, hi: 0 },
                bits if bits & 3 == 3 => Entry { unit, lo: 0, hi: 1 },
                _ => self.narrow_one(level, Entry { unit, lo: 0, hi: 1 }, cell, Some(edge)),
            };
            self.keep_or_decide(level, e);
        }
    }

    /// Which side each unit of `level` is on when a cell enters.
    pub(super) fn classify(&mut self, level: &Level, cell: &Range<usize>) {
        if !self.exact && !level.relu_like {
            return self.classify_knots(level, cell);
        }
        if self.exact {
            for k in 0..level.n {
                let all = Entry { unit: k as u32, lo: 0, hi: level.knots_of(k).len() as u32 };
                let e = self.narrow(level, all, cell, None);
                self.keep_or_decide(level, e);
            }
            return;
        }
        let vertices = &self.vertices[cell.clone()];
        let radius = vertices.iter().fold(0.0f64, |r, v| r.max(v.radius));
        let mut masks = std::mem::take(&mut self.scratch.masks);
        masks.resize(level.words);
        self.scratch.corners.clear();
        self.scratch.corners.extend(vertices.iter().map(|v| [v.x, v.y]));
        let block = self.values.block(level.source);
        let doubt = Doubt { error: &level.error, scale: self.values.error_scale(level), radius };
        (self.values.kernels.classify)(block, doubt, &self.scratch.corners, &mut masks);
        self.values.signs.filter += (level.n * cell.len()) as u64;
        for w in 0..level.words {
            let (cross, pos, neg) = (masks.cross[w], masks.pos[w], masks.neg[w]);
            // One bit a unit: the mask is the pattern.
            self.values.pattern[level.word + w] = pos;
            let here = (level.n - (64 * w).min(level.n)).min(64);
            let all = if here == 64 { !0 } else { (1 << here) - 1 };
            self.values.contribute(level, bits(pos).map(|k| (64 * w + k, 1)));
            if !level.off_is_zero {
                self.values.contribute(level, bits(neg).map(|k| (64 * w + k, 0)));
            }
            for k in bits(all & !(pos | neg)) {
                let e = Entry { unit: (64 * w + k) as u32, lo: 0, hi: 1 };
                let e = if cross >> k & 1 == 1 { e } else { self.narrow_one(level, e, cell, None) };
                self.keep_or_decide(level, e);
            }
        }
        self.scratch.masks = masks;
    }
}

/// Positions of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let k = word.trailing_zeros() as usize;
            word &= word - 1;
            k
        })
    })
}
