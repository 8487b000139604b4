//! The leaf kernels with AVX2 and FMA: 4 values of f64 at once.

use std::arch::x86_64::*;

use super::corners::compiled_corners;
use super::skinny::compiled_skinny;
use super::sweep::compiled_sweeps;
use super::{Doubt, FILTER, Kernels, Masks, Points, Points3, pair, portable, side};

// `Isa::kernels` hands this table out only on CPUs with AVX2 and FMA.
pub(super) static KERNELS: Kernels = Kernels {
    // SAFETY: the CPU has what the kernel needs, see above.
    fold: |weight, index, factor, start, out| unsafe { fold(weight, index, factor, start, out) },
    // SAFETY: as above.
    norms: |block| unsafe { norms(block) },
    // SAFETY: as above.
    reach: |block, points, lo, hi| unsafe { reach(block, points, lo, hi) },
    // SAFETY: as above.
    classify: |block, doubt, points, masks| unsafe { classify(block, doubt, points, masks) },
    // SAFETY: as above.
    sides: |block, doubt, units, points, out| unsafe { sides(block, doubt, units, points, out) },
    // SAFETY: as above.
    classify3: |block, doubt, points, masks| unsafe { classify3(block, doubt, points, masks) },
    // SAFETY: as above.
    sides3: |block, doubt, units, points, out| unsafe { sides3(block, doubt, units, points, out) },
    sweeps: compiled_sweeps!("avx2,fma"),
    corners: compiled_corners!(true, "avx2,fma"),
    // SAFETY: as above.
    accumulate: |terms, x, sum| unsafe { accumulate(terms, x, sum) },
    skinny: compiled_skinny!(true, "avx2,fma"),
};

#[target_feature(enable = "avx2,fma")]
fn accumulate(terms: &[(u32, f64)], x: &[pair::Pairs], sum: &mut pair::Pairs) {
    pair::accumulate::<true>(terms, x, sum);
}

#[target_feature(enable = "avx2,fma")]
fn fold(weight: &[f64], index: &[u32], factor: &[[f64; 3]], start: &[f64], out: &mut [f64]) {
    let np = out.len() / 3;
    assert!(np.is_multiple_of(8) && start.len() == 3 * np && index.len() == factor.len());
    assert!(index.iter().all(|&j| (j as usize + 1) * np <= weight.len()));
    let mut i = 0;
    // 16 rows x 3 coordinates fill 12 of the 16 registers.
    while i + 16 <= np {
        // SAFETY: i + 16 <= np, and the asserts above bound every access.
        unsafe { fold_rows::<4>(weight, index, factor, start, out, np, i) };
        i += 16;
    }
    if i < np {
        // SAFETY: np is a multiple of 8, so exactly 8 rows are left.
        unsafe { fold_rows::<2>(weight, index, factor, start, out, np, i) };
    }
}

/// Rows i .. i + 4 V, with the accumulators in registers.
///
/// # Safety
/// i + 4 V <= np, and the slices are as long as `fold` asserts.
#[inline]
#[target_feature(enable = "avx2,fma")]
unsafe fn fold_rows<const V: usize>(
    weight: &[f64],
    index: &[u32],
    factor: &[[f64; 3]],
    start: &[f64],
    out: &mut [f64],
    np: usize,
    i: usize,
) {
    // SAFETY: the caller's bounds.
    unsafe {
        let mut acc = [[_mm256_setzero_pd(); V]; 3];
        for (c, acc) in acc.iter_mut().enumerate() {
            for (v, a) in acc.iter_mut().enumerate() {
                *a = _mm256_loadu_pd(start.as_ptr().add(c * np + i + 4 * v));
            }
        }
        for (&j, f) in index.iter().zip(factor) {
            let column = weight.as_ptr().add(j as usize * np + i);
            let f = [_mm256_set1_pd(f[0]), _mm256_set1_pd(f[1]), _mm256_set1_pd(f[2])];
            for v in 0..V {
                let w = _mm256_loadu_pd(column.add(4 * v));
                for (acc, &f) in acc.iter_mut().zip(&f) {
                    acc[v] = _mm256_fmadd_pd(w, f, acc[v]);
                }
            }
        }
        for (c, acc) in acc.iter().enumerate() {
            for (v, a) in acc.iter().enumerate() {
                _mm256_storeu_pd(out.as_mut_ptr().add(c * np + i + 4 * v), *a);
            }
        }
    }
}

#[target_feature(enable = "avx2,fma")]
fn abs(x: __m256d) -> __m256d {
    _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
}

#[target_feature(enable = "avx2,fma")]
fn threshold(a: __m256d, b: __m256d, c: __m256d, error: __m256d, radius: f64) -> __m256d {
    let slope = _mm256_add_pd(abs(a), abs(b));
    let all = _mm256_add_pd(slope, abs(c));
    let t = _mm256_add_pd(error, _mm256_mul_pd(_mm256_set1_pd(radius), slope));
    _mm256_add_pd(t, _mm256_mul_pd(_mm256_set1_pd(FILTER), all))
}

#[target_feature(enable = "avx2,fma")]
fn norms(block: &[f64]) -> [f64; 3] {
    portable::norms(block)
}

#[target_feature(enable = "avx2,fma")]
fn reach(block: &[f64], points: &[[f64; 2]], lo: &mut [f64], hi: &mut [f64]) {
    portable::reach(block, points, lo, hi);
}

#[target_feature(enable = "avx2,fma")]
fn classify(block: &[f64], doubt: Doubt, points: &[[f64; 2]], masks: &mut Masks) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    assert!(np.is_multiple_of(8) && block.len() == 3 * np);
    let words = np.div_ceil(64);
    assert!(masks.cross.len() >= words && masks.pos.len() >= words && masks.neg.len() >= words);
    for k in (0..np).step_by(4) {
        // SAFETY: k + 4 <= np, and the block has 3 np values.
        let (a, b, c, e) = unsafe {
            let at = |i: usize| _mm256_loadu_pd(block.as_ptr().add(i));
            (at(k), at(np + k), at(2 * np + k), _mm256_loadu_pd(error.as_ptr().add(k)))
        };
        let t = threshold(a, b, c, _mm256_mul_pd(_mm256_set1_pd(scale), e), radius);
        let minus_t = _mm256_sub_pd(_mm256_setzero_pd(), t);
        let mut lo = _mm256_set1_pd(f64::INFINITY);
        let mut hi = _mm256_set1_pd(f64::NEG_INFINITY);
        for p in points {
            // The same operations as everywhere else: plain products, so that all kernels agree to the bit.
            let by = _mm256_add_pd(_mm256_mul_pd(b, _mm256_set1_pd(p[1])), c);
            let v = _mm256_add_pd(_mm256_mul_pd(a, _mm256_set1_pd(p[0])), by);
            lo = _mm256_min_pd(v, lo);
            hi = _mm256_max_pd(v, hi);
        }
        let above = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(hi, t));
        let below = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(lo, minus_t));
        let pos = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(lo, t));
        let neg = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(hi, minus_t));
        let (word, shift) = (k / 64, k % 64);
        masks.cross[word] |= ((above & below) as u64) << shift;
        masks.pos[word] |= (pos as u64) << shift;
        masks.neg[word] |= (neg as u64) << shift;
    }
}

#[target_feature(enable = "avx2,fma")]
fn sides(block: &[f64], doubt: Doubt, units: &[u32], points: &Points, out: &mut [u8]) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    for (&k, out) in units.iter().zip(out) {
        let k = k as usize;
        let (a, b, c) = (block[k], block[np + k], block[2 * np + k]);
        let slope = a.abs() + b.abs();
        let t = scale * error[k] + radius * slope + FILTER * (slope + c.abs());
        let (t, minus_t) = (_mm256_set1_pd(t), _mm256_set1_pd(-t));
        let (a, b, c) = (_mm256_set1_pd(a), _mm256_set1_pd(b), _mm256_set1_pd(c));
        let (mut pos, mut neg, mut sure) = (0, 0, 0xf);
        for (x, y) in points.x.iter().zip(&points.y) {
            for (x, y) in x.as_chunks::<4>().0.iter().zip(y.as_chunks::<4>().0) {
                // SAFETY: both point at 4 values.
                let (x, y) = unsafe { (_mm256_loadu_pd(x.as_ptr()), _mm256_loadu_pd(y.as_ptr())) };
                let v = _mm256_add_pd(_mm256_mul_pd(a, x), _mm256_add_pd(_mm256_mul_pd(b, y), c));
                let p = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_GT_OQ>(v, t));
                let n = _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(v, minus_t));
                pos |= p;
                neg |= n;
                sure &= p | n;
            }
        }
        *out = bits(pos, neg, sure == 0xf);
    }
}

#[inline(always)]
fn bits(pos: i32, neg: i32, sure: bool) -> u8 {
    (u8::from(pos != 0) * side::POS) | (u8::from(neg != 0) * side::NEG) | (u8::from(!sure) * side::DOUBT)
}

#[target_feature(enable = "avx2,fma")]
fn classify3(block: &[f64], doubt: Doubt, points: &[[f64; 3]], masks: &mut Masks) {
    portable::classify3(block, doubt, points, masks);
}

#[target_feature(enable = "avx2,fma")]
fn sides3(block: &[f64], doubt: Doubt, units: &[u32], points: &Points3, out: &mut [u8]) {
    portable::sides3(block, doubt, units, points, out);
}
