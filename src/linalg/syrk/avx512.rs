//! The update with AVX-512: 8 x 24 entries in 24 of the 32 registers, three more for B and one for A.

use std::arch::x86_64::*;
use std::ops::Range;

use super::kernel::Kernel;
use super::pack::{self, Packed, Rows};

const W: usize = 8;

// `Kernel::of` hands this table out only on CPUs with AVX-512 F, DQ and VL, and `Kernel::tile` has checked the slices.
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

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn panels(rows: &Rows, range: Range<usize>, first: usize, width: usize, out: &mut [f64]) -> Packed {
    pack::panels(rows, range, first, width, out)
}

/// # Safety
/// The slices are as long as `Kernel::tile` asserts.
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
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
        let mut sums = [[_mm512_setzero_pd(); P]; W];
        let (mut a, mut b) = (a.as_ptr(), b.as_ptr());
        for _ in 0..depth {
            let mut columns = [_mm512_setzero_pd(); P];
            for (p, column) in columns.iter_mut().enumerate() {
                *column = _mm512_loadu_pd(b.add(p * stride));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = _mm512_set1_pd(*a.add(i));
                for (s, &column) in sums.iter_mut().zip(&columns) {
                    *s = _mm512_fmadd_pd(row, column, *s);
                }
            }
            a = a.add(W);
            b = b.add(W);
        }
        let sign = _mm512_set1_pd(sign);
        for (i, sums) in sums.iter().enumerate() {
            for (p, &s) in sums.iter().enumerate() {
                let at = c.add(i * ld + p * W);
                _mm512_storeu_pd(at, _mm512_fmadd_pd(sign, s, _mm512_loadu_pd(at)));
            }
        }
    }
}
