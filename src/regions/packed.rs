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

    /// Packs the codes of all units.
    pub(crate) fn pack(&self, codes: &[i32], words: &mut [u64]) {
        words.fill(0);
        let mut codes = codes.iter();
        for (layer, p) in self.layers.iter().enumerate() {
            for (unit, &code) in codes.by_ref().take(p.units).enumerate() {
                self.set_code(words, layer, unit, code as u64);
            }
        }
    }

    /// Code of unit `unit` of layer `layer`.
    pub(crate) fn code(&self, words: &[u64], layer: usize, unit: usize) -> u64 {
        let p = self.layers[layer];
        let bit = unit * p.bits as usize;
        words[p.word + bit / 64] >> (bit % 64) & ((1u64 << p.bits) - 1)
    }

    /// Sets it.
    pub(crate) fn set_code(&self, words: &mut [u64], layer: usize, unit: usize, code: u64) {
        let p = self.layers[layer];
        let (bit, mask) = (unit * p.bits as usize, (1u64 << p.bits) - 1);
        let word = &mut words[p.word + bit / 64];
        *word = *word & !(mask << (bit % 64)) | (code & mask) << (bit % 64);
    }
}
