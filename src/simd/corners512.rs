//! Screening corners with AVX-512, by hand: the compiler makes single numbers of the plain loops here (it does well with
//! AVX2).

use std::arch::x86_64::*;

use super::corners::{BLOCK, Ends, PANEL};

const LANES: usize = 16;
const VECTORS: usize = PANEL / LANES;

/// A row of the panel, or ends of a block.
type Lanes = [__m512; VECTORS];

#[inline]
#[target_feature(enable = "avx512f")]
fn load(from: &[f32; PANEL]) -> Lanes {
    let from = from.as_chunks::<LANES>().0;
    // SAFETY: as many numbers as the register has lanes.
    std::array::from_fn(|v| unsafe { _mm512_loadu_ps(from[v].as_ptr()) })
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store(lanes: Lanes, to: &mut [f32; PANEL]) {
    for (lanes, to) in lanes.into_iter().zip(to.as_chunks_mut::<LANES>().0) {
        // SAFETY: as many numbers as the register has lanes.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), lanes) };
    }
}

/// [`Corners::screen`](super::corners::Corners): all sums of a block stay in registers, and each value is loaded once for the
/// corners of a block.
#[target_feature(enable = "avx512f")]
pub(super) fn screen(factors: &[f32], panel: &[f32], blocks: &mut [Ends], all: &mut Ends) {
    let panel = panel.as_chunks::<PANEL>().0;
    let (mut least, mut most) =
        ([_mm512_set1_ps(f32::INFINITY); VECTORS], [_mm512_set1_ps(f32::NEG_INFINITY); VECTORS]);
    for (block, ends) in factors.as_chunks::<BLOCK>().0.chunks_exact(panel.len()).zip(blocks) {
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; BLOCK];
        for (factors, row) in block.iter().zip(panel) {
            let values = load(row);
            for (sums, &factor) in sums.iter_mut().zip(factors) {
                for (sum, &value) in sums.iter_mut().zip(&values) {
                    *sum = _mm512_fmadd_ps(_mm512_set1_ps(factor), value, *sum);
                }
            }
        }
        let (mut low, mut high) = (sums[0], sums[0]);
        for v in 0..VECTORS {
            for sums in &sums[1..] {
                low[v] = _mm512_min_ps(low[v], sums[v]);
                high[v] = _mm512_max_ps(high[v], sums[v]);
            }
            least[v] = _mm512_min_ps(low[v], least[v]);
            most[v] = _mm512_max_ps(high[v], most[v]);
        }
        store(low, &mut ends[0]);
        store(high, &mut ends[1]);
    }
    store(least, &mut all[0]);
    store(most, &mut all[1]);
}

/// [`Corners::within`](super::corners::Corners).
#[target_feature(enable = "avx512f")]
pub(super) fn within(blocks: &[Ends], limits: &Ends, hits: &mut [u32]) {
    let [lowest, highest] = [load(&limits[0]), load(&limits[1])];
    for (ends, hits) in blocks.iter().zip(hits) {
        let (low, high) = (load(&ends[0]), load(&ends[1]));
        *hits = 0;
        for v in 0..VECTORS {
            let beyond = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(low[v], lowest[v])
                & _mm512_cmp_ps_mask::<_CMP_LT_OQ>(high[v], highest[v]);
            *hits |= u32::from(!beyond) << (v * LANES);
        }
    }
}
