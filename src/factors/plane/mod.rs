//! Bit planes: one bit an image, 64 to a word, the bits behind the last image 0.
//!
//! Two leaf kernels per instruction set: whether predictions equal what is expected, and how many bits two planes share.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;

use crate::simd::Isa;

/// Images to a word.
pub(super) const WORD: usize = 64;

/// Bit i of `out` is `a[i] == b[i]`; slices of one length, `out` of a word for every 64 of them begun.
type Equal<T> = fn(a: &[T], b: &[T], out: &mut [u64]);

/// The kernels of one instruction set.
pub(super) struct Kernel {
    short: Equal<u16>,
    long: Equal<i32>,
    shared: fn(a: &[u64], b: &[u64]) -> u64,
}

impl Kernel {
    /// The kernels of this instruction set, which must be available.
    pub(super) fn of(isa: Isa) -> &'static Kernel {
        assert!(isa.available(), "kernels of {} on a CPU without it", isa.name());
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 if avx512::available() => &avx512::KERNEL,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 | Isa::Avx512 if avx2::available() => &avx2::KERNEL,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => &neon::KERNEL,
            _ => &portable::KERNEL,
        }
    }

    /// Bit i of `out` is `a[i] == b[i]`; bits behind the last are 0.
    pub(super) fn short(&self, a: &[u16], b: &[u16], out: &mut [u64]) {
        assert!(a.len() == b.len() && out.len() == a.len().div_ceil(WORD));
        (self.short)(a, b, out);
    }

    /// As [`Kernel::short`].
    pub(super) fn long(&self, a: &[i32], b: &[i32], out: &mut [u64]) {
        assert!(a.len() == b.len() && out.len() == a.len().div_ceil(WORD));
        (self.long)(a, b, out);
    }

    /// Number of bits that are set in both.
    pub(super) fn shared(&self, a: &[u64], b: &[u64]) -> u64 {
        assert!(a.len() == b.len());
        (self.shared)(a, b)
    }
}

/// Bit i of a plane.
pub(super) fn bit(plane: &[u64], i: usize) -> bool {
    plane[i / WORD] >> (i % WORD) & 1 == 1
}

/// Sets bit i of a plane.
pub(super) fn set(plane: &mut [u64], i: usize) {
    plane[i / WORD] |= 1 << (i % WORD);
}

/// Number of bits that are set.
pub(super) fn ones(plane: &[u64]) -> u64 {
    plane.iter().map(|w| u64::from(w.count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_instruction_set_says_what_the_words_say(
            pairs in prop::collection::vec((0u16..4, 0u16..4), 0..700),
            words in prop::collection::vec((any::<u64>(), any::<u64>()), 0..90),
        ) {
            let (a, b): (Vec<u16>, Vec<u16>) = pairs.iter().copied().unzip();
            let (c, d): (Vec<i32>, Vec<i32>) = pairs.iter().map(|&(a, b)| (i32::from(a) - 1, i32::from(b) - 1)).unzip();
            let (p, q): (Vec<u64>, Vec<u64>) = words.iter().copied().unzip();
            for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                let kernel = Kernel::of(isa);
                let mut short = vec![u64::MAX; a.len().div_ceil(WORD)];
                let mut long = short.clone();
                kernel.short(&a, &b, &mut short);
                kernel.long(&c, &d, &mut long);
                for i in 0..short.len() * WORD {
                    let want = i < a.len() && a[i] == b[i];
                    prop_assert_eq!((bit(&short, i), bit(&long, i)), (want, want), "{} image {}", isa.name(), i);
                }
                let want: u32 = words.iter().map(|(p, q)| (0..64).filter(|i| p >> i & q >> i & 1 == 1).count() as u32).sum();
                prop_assert_eq!(kernel.shared(&p, &q), u64::from(want), "{}", isa.name());
            }
        }
    }
}
