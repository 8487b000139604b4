//! The kernels with AVX2: comparisons packed to bytes and then to bits; bits counted by a table of nibbles.

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

/// What these kernels need.
pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt")
}

/// # Safety
/// 32 bytes can be read from element `at` of both on.
#[target_feature(enable = "avx2")]
unsafe fn pair<T>(a: &[T], b: &[T], at: usize) -> [__m256i; 2] {
    // SAFETY: the caller's promise.
    unsafe { [a, b].map(|x| _mm256_loadu_si256(x.as_ptr().add(at).cast())) }
}

#[target_feature(enable = "avx2")]
fn short(a: &[u16], b: &[u16], out: &mut [u64]) {
    let whole = a.len() / WORD;
    for (k, out) in out[..whole].iter_mut().enumerate() {
        let same = |at: usize| {
            // SAFETY: 64 elements of both from 64 k on.
            let [a, b] = unsafe { pair(a, b, at) };
            _mm256_cmpeq_epi16(a, b)
        };
        let half = |at: usize| {
            // Packing works within halves of a vector; the middle quarters change places.
            let bytes = _mm256_packs_epi16(same(at), same(at + 16));
            u64::from(_mm256_movemask_epi8(_mm256_permute4x64_epi64::<0b11_01_10_00>(bytes)) as u32)
        };
        *out = half(WORD * k) | half(WORD * k + 32) << 32;
    }
    portable::equal(&a[whole * WORD..], &b[whole * WORD..], &mut out[whole..]);
}

#[target_feature(enable = "avx2")]
fn long(a: &[i32], b: &[i32], out: &mut [u64]) {
    let whole = a.len() / WORD;
    for (k, out) in out[..whole].iter_mut().enumerate() {
        let same = |at: usize| {
            // SAFETY: 64 elements of both from 64 k on.
            let [a, b] = unsafe { pair(a, b, at) };
            _mm256_cmpeq_epi32(a, b)
        };
        let half = |at: usize| {
            let low = _mm256_packs_epi32(same(at), same(at + 8));
            let high = _mm256_packs_epi32(same(at + 16), same(at + 24));
            let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
            let bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
            u64::from(_mm256_movemask_epi8(bytes) as u32)
        };
        *out = half(WORD * k) | half(WORD * k + 32) << 32;
    }
    portable::equal(&a[whole * WORD..], &b[whole * WORD..], &mut out[whole..]);
}

#[target_feature(enable = "avx2,popcnt")]
fn shared(a: &[u64], b: &[u64]) -> u64 {
    let nibbles = _mm256_setr_epi8(
        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
    );
    let low = _mm256_set1_epi8(15);
    let count = |x: __m256i| {
        let lower = _mm256_shuffle_epi8(nibbles, _mm256_and_si256(x, low));
        _mm256_add_epi8(lower, _mm256_shuffle_epi8(nibbles, _mm256_and_si256(_mm256_srli_epi16::<4>(x), low)))
    };
    let whole = a.len() / 8;
    let mut sum = _mm256_setzero_si256();
    for k in 0..whole {
        let both = |at: usize| {
            // SAFETY: 8 words of both from 8 k on.
            let [a, b] = unsafe { pair(a, b, at) };
            count(_mm256_and_si256(a, b))
        };
        let bytes = _mm256_add_epi8(both(8 * k), both(8 * k + 4));
        sum = _mm256_add_epi64(sum, _mm256_sad_epu8(bytes, _mm256_setzero_si256()));
    }
    let mut lanes = [0u64; 4];
    // SAFETY: room for 32 bytes.
    unsafe { _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sum) };
    lanes.iter().sum::<u64>() + portable::shared(&a[8 * whole..], &b[8 * whole..])
}
