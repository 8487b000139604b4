//! Where the codes of the units stand in a packed pattern.

use std::ops::Range;

use super::plan::Plan;

/// One layer of units.
#[derive(Clone, Copy, Debug)]
struct Layer {
    units: usize,
    word: usize,
    bits: u32,
}

/// The layout of packed patterns.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    layers: Vec<Layer>,
    /// Words of a pattern.
    pub(crate) words: usize,
}

impl Packed {
    pub(crate) fn new(plan: &Plan) -> Packed {
        let layer = |l: &super::level::Level| Layer { units: l.n, word: l.word, bits: l.bits };
        Packed { layers: plan.levels.iter().map(layer).collect(), words: plan.pattern_words }
    }

    /// The words of each layer.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let ends = self.layers.iter().skip(1).map(|l| l.word).chain([self.words]);
        self.layers.iter().zip(ends).map(|(l, end)| l.word..end)
    }

    /// Calls `code(position, code)` for every unit.
    pub(crate) fn unpack(&self, words: &[u64], mut code: impl FnMut(usize, u8)) {
        let mut position = 0;
        for p in &self.layers {
            let mask = (1u64 << p.bits) - 1;
            for k in 0..p.units {
                let bit = k * p.bits as usize;
                code(position, (words[p.word + bit / 64] >> (bit % 64) & mask) as u8);
                position += 1;
            }
        }
    }
}
