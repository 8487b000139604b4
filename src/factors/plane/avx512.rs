//! The kernels with AVX-512: a comparison is a mask, 32 or 16 images at once; the CPU counts bits of whole vectors.

use std::arch::x86_64::*;

use super::{Kernel, WORD, portable};

// `Kernel::of` hands this table out only where `available`.
pub(super) static KERNEL: Kernel = Kernel {
    // SAFETY: the CPU has what the kernel needs, see above.
    short: |a, b, out| unsafe { short(a, b, out) },
    // SAFETY: as above.
    long: |a, b, out| unsafe { long(a, b, out) },
    // SAFETY: as above.
    shared: |a, b| unsafe { shared(a, b) },
};

/// What these kernels need beyond the instruction set of that name.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vpopcntdq")
}

#[target_feature(enable = "avx512f,avx512bw")]
fn short(a: &[u16], b: &[u16], out: &mut [u64]) {
    let whole = a.len() / WORD;
    for (k, out) in out[..whole].iter_mut().enumerate() {
        // SAFETY: 64 elements of both from 64 k on.
        let half = |at: usize| unsafe {
            let a = _mm512_loadu_si512(a.as_ptr().add(at).cast());
            let b = _mm512_loadu_si512(b.as_ptr().add(at).cast());
            u64::from(_mm512_cmpeq_epi16_mask(a, b))
        };
        *out = half(WORD * k) | half(WORD * k + 32) << 32;
    }
    portable::equal(&a[whole * WORD..], &b[whole * WORD..], &mut out[whole..]);
}

#[target_feature(enable = "avx512f")]
fn long(a: &[i32], b: &[i32], out: &mut [u64]) {
    let whole = a.len() / WORD;
    for (k, out) in out[..whole].iter_mut().enumerate() {
        // SAFETY: 64 elements of both from 64 k on.
        let quarter = |at: usize| unsafe {
            let a = _mm512_loadu_si512(a.as_ptr().add(at).cast());
            let b = _mm512_loadu_si512(b.as_ptr().add(at).cast());
            u64::from(_mm512_cmpeq_epi32_mask(a, b))
        };
        let at = WORD * k;
        *out = quarter(at) | quarter(at + 16) << 16 | quarter(at + 32) << 32 | quarter(at + 48) << 48;
    }
    portable::equal(&a[whole * WORD..], &b[whole * WORD..], &mut out[whole..]);
}

#[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
fn shared(a: &[u64], b: &[u64]) -> u64 {
    let whole = a.len() / 8;
    let mut sums = [_mm512_setzero_si512(); 2];
    for k in 0..whole {
        // SAFETY: 8 words of both from 8 k on.
        let both = unsafe {
            let a = _mm512_loadu_si512(a.as_ptr().add(8 * k).cast());
            _mm512_and_si512(a, _mm512_loadu_si512(b.as_ptr().add(8 * k).cast()))
        };
        sums[k % 2] = _mm512_add_epi64(sums[k % 2], _mm512_popcnt_epi64(both));
    }
    let sum = _mm512_reduce_add_epi64(_mm512_add_epi64(sums[0], sums[1]));
    sum as u64 + portable::shared(&a[8 * whole..], &b[8 * whole..])
}
