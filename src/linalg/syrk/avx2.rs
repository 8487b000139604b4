//! The update with AVX2 and FMA: 4 x 12 entries in 12 of the 16 registers, three more for B and one for A.

use std::arch::asm;
use std::arch::x86_64::*;
use std::ops::Range;

use super::kernel::Kernel;
use super::pack::{self, Packed, Rows};

const W: usize = 4;

// `Kernel::of` hands this table out only on CPUs with AVX2 and FMA, and `Kernel::tile` has checked the slices.
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
    // SAFETY: as above.
    pack: |rows, range, first, width, out| unsafe { panels(rows, range, first, width, out) },
};

#[target_feature(enable = "avx2,fma")]
fn panels(rows: &Rows, range: Range<usize>, first: usize, width: usize, out: &mut [f64]) -> Packed {
    pack::panels(rows, range, first, width, out)
}

/// # Safety
/// The slices are as long as `Kernel::tile` asserts.
#[target_feature(enable = "avx2,fma")]
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
        // The entries arrive while the products are made.
        for i in 0..W {
            for p in 0..P {
                _mm_prefetch::<_MM_HINT_T0>(c.add(i * ld + p * W).cast());
            }
        }
        let mut sums = [[_mm256_setzero_pd(); P]; W];
        let (mut a, mut b) = (a.as_ptr(), b.as_ptr());
        for _ in 0..depth {
            let mut columns = [_mm256_setzero_pd(); P];
            for (p, column) in columns.iter_mut().enumerate() {
                *column = _mm256_loadu_pd(b.add(p * stride));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = _mm256_broadcast_sd(&*a.add(i));
                for (s, &column) in sums.iter_mut().zip(&columns) {
                    *s = _mm256_fmadd_pd(row, column, *s);
                }
                // All 16 registers are in use: were the next factor loaded before the sums of this row are done, one of
                // them would live in memory, which costs two thirds of the speed. No instruction comes of this.
                for s in sums {
                    asm!("/* {0} */", inout(ymm_reg) * s, options(nostack, preserves_flags));
                }
            }
            a = a.add(W);
            b = b.add(W);
        }
        let sign = _mm256_set1_pd(sign);
        for (i, sums) in sums.iter().enumerate() {
            for (p, &s) in sums.iter().enumerate() {
                let at = c.add(i * ld + p * W);
                _mm256_storeu_pd(at, _mm256_fmadd_pd(sign, s, _mm256_loadu_pd(at)));
            }
        }
    }
}
