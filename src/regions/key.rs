//! 128-bit names of vertices and cells.
//!
//! A vertex is named by what makes it (the edge it lies on and the unit that cuts there, or the cell and the two units
//! that cross in it), never by its coordinates, so two cells that share it give it the same name. Names are mixed down
//! to 128 bits: for 10^9 vertices the chance of a clash is below 10^-20.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A mixed name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u64, pub(crate) u64);

const A: u64 = 0x9e37_79b9_7f4a_7c15;
const B: u64 = 0xd1b5_4a32_d192_ed03;

/// Folded 64 x 64 -> 128 bit multiplication: every input bit reaches every output bit.
#[inline(always)]
fn fold(x: u64, y: u64) -> u64 {
    let p = u128::from(x) * u128::from(y);
    p as u64 ^ (p >> 64) as u64
}

impl Key {
    /// Name of the thing number `n` of kind `kind` that stands at the beginning.
    #[inline]
    pub(crate) fn seed(kind: u64, n: u64) -> Key {
        Key(B, A).with(kind).with(n)
    }

    /// The name that follows from this one by `n`.
    #[inline(always)]
    pub(crate) fn with(self, n: u64) -> Key {
        let x = fold(self.0 ^ n ^ A, self.1 ^ B);
        let y = fold(self.1 ^ n.rotate_left(32) ^ B, self.0 ^ A ^ x);
        Key(x, y)
    }

    /// The name of an unordered pair.
    #[inline(always)]
    pub(crate) fn pair(a: Key, b: Key) -> Key {
        let (a, b) = if a <= b { (a, b) } else { (b, a) };
        Key(fold(a.0 ^ A, b.0 ^ B) ^ a.1, fold(a.1 ^ B, b.1 ^ A) ^ b.0.rotate_left(23)).with(2)
    }
}

/// Names are mixed already: their first word is as good as any hash of them.
#[derive(Default)]
pub(crate) struct First(u64);

impl Hasher for First {
    fn write(&mut self, _: &[u8]) {
        unreachable!("keys hash as words")
    }
    fn write_u64(&mut self, word: u64) {
        if self.0 == 0 {
            self.0 = word;
        }
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Things by name.
pub(crate) type Map<V> = HashMap<Key, V, BuildHasherDefault<First>>;
