//! The update with NEON: 4 x 12 entries in 24 of the 32 registers, six more for B and two for A.

use std::arch::aarch64::*;

use super::kernel::{Kernel, pack_portable};

const W: usize = 4;

// `Kernel::of` hands this table out only on CPUs with NEON, and `Kernel::tile` has checked the slices.
pub(super) static KERNEL: Kernel = Kernel {
    width: W,
    tiles: [
        // SAFETY: see above; also for those that follow.
        |depth, a, b, stride, c, ld, sign| unsafe { tile::<1>(depth, a, b, stride, c, ld, sign) },
        // SAFETY: as above.
        |depth, a, b, stride, c, ld, sign| unsafe { tile::<2>(depth, a, b, stride, c, ld, sign) },
        // SAFETY: as above.
        |depth, a, b, stride, c, ld, sign| unsafe { tile::<3>(depth, a, b, stride, c, ld, sign) },
    ],
    pack: pack_portable,
};

/// # Safety
/// The slices are as long as `Kernel::tile` asserts.
#[target_feature(enable = "neon")]
unsafe fn tile<const P: usize>(
    depth: usize,
    a: &[f64],
    b: &[f64],
    stride: usize,
    c: &mut [f64],
    ld: usize,
    sign: f64,
) {
    // SAFETY: the caller's bounds.
    unsafe {
        let c = c.as_mut_ptr();
        let mut sums = [[[vdupq_n_f64(0.0); 2]; P]; W];
        let (mut a, mut b) = (a.as_ptr(), b.as_ptr());
        for _ in 0..depth {
            let mut columns = [[vdupq_n_f64(0.0); 2]; P];
            for (p, column) in columns.iter_mut().enumerate() {
                *column = [vld1q_f64(b.add(p * stride)), vld1q_f64(b.add(p * stride + 2))];
            }
            let rows = [vld1q_f64(a), vld1q_f64(a.add(2))];
            for (i, sums) in sums.iter_mut().enumerate() {
                for (s, column) in sums.iter_mut().zip(&columns) {
                    for (s, &column) in s.iter_mut().zip(column) {
                        *s = if i % 2 == 0 {
                            vfmaq_laneq_f64::<0>(*s, column, rows[i / 2])
                        } else {
                            vfmaq_laneq_f64::<1>(*s, column, rows[i / 2])
                        };
                    }
                }
            }
            a = a.add(W);
            b = b.add(W);
        }
        for (i, sums) in sums.iter().enumerate() {
            for (p, s) in sums.iter().enumerate() {
                for (half, &s) in s.iter().enumerate() {
                    let at = c.add(i * ld + p * W + 2 * half);
                    vst1q_f64(at, vfmaq_n_f64(vld1q_f64(at), s, sign));
                }
            }
        }
    }
}
