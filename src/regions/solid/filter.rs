//! Which side of a cell's units' knots the cell is on, in bulk: the SIMD filter first, the exact stage for the rest.

use std::ops::Range;

use super::polyhedron::Cell;
use super::task::Task;
use crate::regions::filter::bits;
use crate::regions::level::Level;
use crate::regions::task::Entry;
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
    fn narrow_one(&mut self, level: &Level, unit: u32, cell: &Cell, fresh: bool) -> Entry {
        self.values.signs.filter -= cell.members().len() as u64;
        self.narrow(level, Entry { unit, lo: 0, hi: 1 }, cell, fresh)
    }

    fn worst_radius(&self, cell: &Cell) -> f64 {
        self.stack.corners(cell).fold(0.0, |r, v| if v.radius > r { v.radius } else { r })
    }

    /// Which side each unit of `list` but `picked` is on, for a side of a cut.
    pub(super) fn refilter(&mut self, level: &Level, list: Range<usize>, picked: u32, cell: &Cell) {
        if self.exact || !level.relu_like {
            for i in list {
                let e = self.list[i];
                if e.unit != picked {
                    let e = self.narrow(level, e, cell, true);
                    self.keep_or_decide(level, e);
                }
            }
            return;
        }
        if list.len() == 1 {
            return;
        }
        let radius = self.worst_radius(cell);
        let scratch = &mut self.scratch;
        scratch.points.set(self.stack.corners(cell).map(|v| v.p));
        scratch.units.clear();
        scratch.units.extend(self.list[list].iter().map(|e| e.unit).filter(|&u| u != picked));
        scratch.bits.resize(scratch.units.len(), 0);
        let block = self.values.block(level.source);
        let doubt = Doubt { error: &level.error, scale: self.values.error_scale(level), radius };
        (self.values.kernels.sides3)(block, doubt, &scratch.units, &scratch.points, &mut scratch.bits);
        self.values.signs.filter += (self.scratch.units.len() * cell.members().len()) as u64;
        for i in 0..self.scratch.units.len() {
            let unit = self.scratch.units[i];
            let e = match self.scratch.bits[i] {
                side::POS => Entry { unit, lo: 1, hi: 1 },
                side::NEG => Entry { unit, lo: 0, hi: 0 },
                bits if bits & 3 == 3 => Entry { unit, lo: 0, hi: 1 },
                _ => self.narrow_one(level, unit, cell, true),
            };
            self.keep_or_decide(level, e);
        }
    }

    /// Which side each unit of `level` is on when a cell enters. It becomes a root unless all are decided at once.
    pub(super) fn classify(&mut self, level: &Level, cell: &mut Cell) {
        if self.exact || !level.relu_like {
            *cell = self.become_root(cell);
            for k in 0..level.n {
                let all = Entry { unit: k as u32, lo: 0, hi: level.knots_of(k).len() as u32 };
                let e = self.narrow(level, all, cell, false);
                self.keep_or_decide(level, e);
            }
            return;
        }
        let radius = self.worst_radius(cell);
        let mut masks = std::mem::take(&mut self.scratch.masks);
        masks.resize(level.words);
        self.scratch.corners.clear();
        self.scratch.corners.extend(self.stack.corners(cell).map(|v| v.p));
        let block = self.values.block(level.source);
        let doubt = Doubt { error: &level.error, scale: self.values.error_scale(level), radius };
        (self.values.kernels.classify3)(block, doubt, &self.scratch.corners, &mut masks);
        self.values.signs.filter += (level.n * cell.members().len()) as u64;
        let mut root = false;
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
            let open = all & !(pos | neg);
            if open != 0 && !root {
                *cell = self.become_root(cell);
                root = true;
            }
            for k in bits(open) {
                let unit = (64 * w + k) as u32;
                let e = match cross >> k & 1 {
                    1 => Entry { unit, lo: 0, hi: 1 },
                    _ => self.narrow_one(level, unit, cell, false),
                };
                self.keep_or_decide(level, e);
            }
        }
        self.scratch.masks = masks;
    }
}
