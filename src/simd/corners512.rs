//! Screening corners with AVX-512, by hand: the compiler makes single numbers of the plain loops here (it does well with
//! AVX2).

use std::arch::x86_64::*;

use super::corners::{BLOCK, Ends, PANEL};

const LANES: usize = 16;
const VECTORS: usize = PANEL / LANES;

/// [`Corners::screen`](super::corners::Corners): all sums of a block stay in registers, and each value is loaded once for the
/// corners of a block.
#[target_feature(enable = "avx512f")]
pub(super) fn screen(factors: &[f32], panel: &[f32], ends: &mut [Ends]) {
    let panel = panel.as_chunks::<PANEL>().0;
    for (block, [low, high]) in factors.as_chunks::<BLOCK>().0.chunks_exact(panel.len()).zip(ends) {
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; BLOCK];
        for (factors, row) in block.iter().zip(panel) {
            let mut values = [_mm512_setzero_ps(); VECTORS];
            for (value, lanes) in values.iter_mut().zip(row.as_chunks::<LANES>().0) {
                // SAFETY: as many numbers as the register has lanes.
                *value = unsafe { _mm512_loadu_ps(lanes.as_ptr()) };
            }
            for (sums, &factor) in sums.iter_mut().zip(factors) {
                for (sum, &value) in sums.iter_mut().zip(&values) {
                    *sum = _mm512_fmadd_ps(_mm512_set1_ps(factor), value, *sum);
                }
            }
        }
        for (v, (low, high)) in
            low.as_chunks_mut::<LANES>().0.iter_mut().zip(high.as_chunks_mut::<LANES>().0).enumerate()
        {
            let (mut least, mut most) = (sums[0][v], sums[0][v]);
            for sums in &sums[1..] {
                least = _mm512_min_ps(least, sums[v]);
                most = _mm512_max_ps(most, sums[v]);
            }
            // SAFETY: as many numbers as the registers have lanes.
            unsafe {
                _mm512_storeu_ps(low.as_mut_ptr(), least);
                _mm512_storeu_ps(high.as_mut_ptr(), most);
            }
        }
    }
}
