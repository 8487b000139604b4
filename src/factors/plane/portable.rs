//! The kernels in plain Rust.

use super::{Kernel, WORD};

pub(super) static KERNEL: Kernel = Kernel { short: equal, long: equal, shared };

/// Inlined, so that other instruction sets finish with it.
#[inline(always)]
pub(super) fn equal<T: PartialEq>(a: &[T], b: &[T], out: &mut [u64]) {
    for ((a, b), out) in a.chunks(WORD).zip(b.chunks(WORD)).zip(out) {
        *out = a.iter().zip(b).enumerate().fold(0, |word, (i, (a, b))| word | u64::from(a == b) << i);
    }
}

#[inline(always)]
pub(super) fn shared(a: &[u64], b: &[u64]) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from((a & b).count_ones())).sum()
}
