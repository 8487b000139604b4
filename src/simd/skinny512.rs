//! Products of a few rows with AVX-512, by hand: the compiler makes pairs of numbers of the plain loops.

use std::arch::x86_64::*;

use super::skinny::{Back, Skinny};

const LANES: usize = 8;
/// Rows of the matrix that are read together, so that each reading of x serves all of them.
const OUTS: usize = 4;
/// Rows of x that share one reading of the matrix.
const ROWS: usize = 4;

/// A number of the matrix.
pub(super) trait Weight: Copy {
    /// The `mask`ed ones of 8 numbers, the others 0.
    ///
    /// # Safety
    /// The CPU has AVX-512 F and VL, and the masked numbers can be read.
    unsafe fn load(from: *const Self, mask: __mmask8) -> __m512d;
}

impl Weight for f32 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn load(from: *const f32, mask: __mmask8) -> __m512d {
        // SAFETY: the caller's promise.
        _mm512_cvtps_pd(unsafe { _mm256_maskz_loadu_ps(mask, from) })
    }
}

impl Weight for f64 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512vl")]
    unsafe fn load(from: *const f64, mask: __mmask8) -> __m512d {
        // SAFETY: the caller's promise.
        unsafe { _mm512_maskz_loadu_pd(mask, from) }
    }
}

/// See [`Kernels`](super::skinny::Kernels).
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
pub(super) fn run<W: Weight>(w: &[W], job: Skinny, size: &mut [f64]) {
    let Skinny { rows, m, n, x, of, out } = job;
    assert!(w.len() == n * m && x.len() == rows * m && (size.is_empty() || of.len() == m && size.len() == n));
    for k in (0..n).step_by(OUTS) {
        // Short of a block the last row is read again.
        let w: [&[W]; OUTS] = std::array::from_fn(|o| &w[(k + o).min(n - 1) * m..][..m]);
        let outs = OUTS.min(n - k);
        if !size.is_empty() {
            size[k..k + outs].copy_from_slice(&absolute(w, of)[..outs]);
        }
        for first in (0..rows).step_by(ROWS) {
            let x: [&[f64]; ROWS] = std::array::from_fn(|r| &x[(first + r).min(rows - 1) * m..][..m]);
            let sums = products(w, x);
            for (r, sums) in sums.iter().enumerate().take(rows - first) {
                out[(first + r) * n + k..][..outs].copy_from_slice(&sums[..outs]);
            }
        }
    }
}

/// See [`Kernels`](super::skinny::Kernels): panels of columns, whose sums stay in registers.
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
pub(super) fn back<W: Weight>(w: &[W], job: Back) {
    const VECTORS: usize = 4;
    let Back { rows, m, n, g, x } = job;
    assert!(w.len() == n * m && x.len() == rows * m && g.len() == rows * n);
    for panel in (0..m).step_by(VECTORS * LANES) {
        let (first, last) = (panel, (panel + VECTORS * LANES).min(m));
        let masks: [__mmask8; VECTORS] = std::array::from_fn(|v| {
            let left = last.saturating_sub(first + v * LANES);
            if left < LANES { (1 << left) - 1 } else { 0xff }
        });
        for top in (0..rows).step_by(ROWS) {
            let row = |r: usize| (top + r).min(rows - 1);
            let mut sums = [[_mm512_setzero_pd(); VECTORS]; ROWS];
            for k in 0..n {
                // SAFETY: a mask ends with its row of W.
                let ws: [_; VECTORS] = std::array::from_fn(|v| unsafe {
                    W::load(w.as_ptr().wrapping_add(k * m + first + v * LANES), masks[v])
                });
                for (r, sums) in sums.iter_mut().enumerate() {
                    let g = _mm512_set1_pd(g[row(r) * n + k]);
                    for (sum, &w) in sums.iter_mut().zip(&ws) {
                        *sum = _mm512_fmadd_pd(g, w, *sum);
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate().take(rows - top) {
                for (v, &sum) in sums.iter().enumerate() {
                    let to = x.as_mut_ptr().wrapping_add((top + r) * m + first + v * LANES);
                    // SAFETY: a mask ends with its row of x.
                    unsafe {
                        let x = _mm512_maskz_loadu_pd(masks[v], to);
                        _mm512_mask_storeu_pd(to, masks[v], _mm512_add_pd(x, sum));
                    }
                }
            }
        }
    }
}

/// The first column of every block of 8, and which of the block there are.
#[inline]
fn blocks(m: usize) -> impl Iterator<Item = (usize, __mmask8)> {
    (0..m).step_by(LANES).map(move |j| (j, if m - j < LANES { (1 << (m - j)) - 1 } else { 0xff }))
}

/// Inner products of each of `x` with each of `w`, all of the same length.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn products<W: Weight>(w: [&[W]; OUTS], x: [&[f64]; ROWS]) -> [[f64; OUTS]; ROWS] {
    let mut sums = [[_mm512_setzero_pd(); OUTS]; ROWS];
    for (j, mask) in blocks(w[0].len()) {
        // SAFETY: the mask ends with the slices.
        let ws = w.map(|w| unsafe { W::load(w.as_ptr().add(j), mask) });
        for (sums, x) in sums.iter_mut().zip(x) {
            // SAFETY: as above.
            let x = unsafe { _mm512_maskz_loadu_pd(mask, x.as_ptr().add(j)) };
            for (sum, &w) in sums.iter_mut().zip(&ws) {
                *sum = _mm512_fmadd_pd(w, x, *sum);
            }
        }
    }
    sums.map(|sums| totals(sums))
}

/// Inner products of the absolute values of each of `w` with `x`.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn absolute<W: Weight>(w: [&[W]; OUTS], x: &[f64]) -> [f64; OUTS] {
    let mut sums = [_mm512_setzero_pd(); OUTS];
    for (j, mask) in blocks(x.len()) {
        // SAFETY: the mask ends with the slices.
        let x = unsafe { _mm512_maskz_loadu_pd(mask, x.as_ptr().add(j)) };
        for (sum, w) in sums.iter_mut().zip(w) {
            // SAFETY: as above.
            let w = unsafe { W::load(w.as_ptr().add(j), mask) };
            *sum = _mm512_fmadd_pd(_mm512_abs_pd(w), x, *sum);
        }
    }
    totals(sums)
}

/// The sum of the numbers of each.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn totals(sums: [__m512d; OUTS]) -> [f64; OUTS] {
    // Two sums side by side in each pair of lanes, then pairs of lanes two by two.
    let pair = |a, b| _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
    let (low, high) = (pair(sums[0], sums[1]), pair(sums[2], sums[3]));
    let even = _mm512_shuffle_f64x2::<0b10_00_10_00>(low, high);
    let odd = _mm512_shuffle_f64x2::<0b11_01_11_01>(low, high);
    let halves = _mm512_add_pd(even, odd);
    let sums = _mm512_add_pd(halves, _mm512_shuffle_f64x2::<0b10_11_00_01>(halves, halves));
    let mut out = [0.0; OUTS];
    // SAFETY: as many numbers as the register has lanes.
    unsafe {
        _mm256_storeu_pd(
            out.as_mut_ptr(),
            _mm512_castpd512_pd256(_mm512_shuffle_f64x2::<0b00_00_10_00>(sums, sums)),
        )
    };
    out
}
