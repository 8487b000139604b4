//! The kernels with NEON: comparisons narrowed to bytes, weighed by their bit and added in pairs.

use std::arch::aarch64::*;

use super::{Kernel, WORD, portable};

// `Kernel::of` hands this table out only on CPUs with NEON.
pub(super) static KERNEL: Kernel = Kernel {
    // SAFETY: the CPU has what the kernel needs, see above.
    short: |a, b, out| unsafe { short(a, b, out) },
    // SAFETY: as above.
    long: |a, b, out| unsafe { long(a, b, out) },
    // SAFETY: as above.
    shared: |a, b| unsafe { shared(a, b) },
};

/// The word of 64 bytes that are 0 or 255.
#[target_feature(enable = "neon")]
fn word(bytes: [uint8x16_t; 4]) -> u64 {
    let weights = vreinterpretq_u8_u64(vdupq_n_u64(0x8040_2010_0804_0201));
    let [a, b, c, d] = bytes.map(|x| vandq_u8(x, weights));
    let quarters = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)))
}

#[target_feature(enable = "neon")]
fn short(a: &[u16], b: &[u16], out: &mut [u64]) {
    let whole = a.len() / WORD;
    for (k, out) in out[..whole].iter_mut().enumerate() {
        let bytes = |at: usize| {
            // SAFETY: 64 elements of both from 64 k on.
            let same = |at: usize| unsafe {
                vmovn_u16(vceqq_u16(vld1q_u16(a.as_ptr().add(at)), vld1q_u16(b.as_ptr().add(at))))
            };
            vcombine_u8(same(at), same(at + 8))
        };
        *out = word([0, 16, 32, 48].map(|at| bytes(WORD * k + at)));
    }
    portable::equal(&a[whole * WORD..], &b[whole * WORD..], &mut out[whole..]);
}

#[target_feature(enable = "neon")]
fn long(a: &[i32], b: &[i32], out: &mut [u64]) {
    let whole = a.len() / WORD;
    for (k, out) in out[..whole].iter_mut().enumerate() {
        let bytes = |at: usize| {
            // SAFETY: 64 elements of both from 64 k on.
            let same = |at: usize| unsafe {
                vmovn_u32(vceqq_s32(vld1q_s32(a.as_ptr().add(at)), vld1q_s32(b.as_ptr().add(at))))
            };
            let half = |at: usize| vmovn_u16(vcombine_u16(same(at), same(at + 4)));
            vcombine_u8(half(at), half(at + 8))
        };
        *out = word([0, 16, 32, 48].map(|at| bytes(WORD * k + at)));
    }
    portable::equal(&a[whole * WORD..], &b[whole * WORD..], &mut out[whole..]);
}

#[target_feature(enable = "neon")]
fn shared(a: &[u64], b: &[u64]) -> u64 {
    let whole = a.len() / 2;
    let mut sum = vdupq_n_u64(0);
    for k in 0..whole {
        // SAFETY: 2 words of both from 2 k on.
        let both = unsafe { vandq_u64(vld1q_u64(a.as_ptr().add(2 * k)), vld1q_u64(b.as_ptr().add(2 * k))) };
        sum = vpadalq_u32(sum, vpaddlq_u16(vpaddlq_u8(vcntq_u8(vreinterpretq_u8_u64(both)))));
    }
    vaddvq_u64(sum) + portable::shared(&a[2 * whole..], &b[2 * whole..])
}
