//! The leaf kernels with AVX-512: 8 values of f64 at once.

use std::arch::x86_64::*;

use super::corners::{Corners, compiled_corners};
use super::sweep::compiled_sweeps;
use super::{
    Doubt, FILTER, Kernels, Masks, Points, Points3, corners512, pair, portable, side, skinny, skinny512,
};

// `Isa::kernels` hands this table out only on CPUs with AVX-512 F, DQ and VL.
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
    // SAFETY: as above.
    accumulate: |terms, x, sum| unsafe { accumulate(terms, x, sum) },
    sweeps: compiled_sweeps!("avx512f,avx512dq,avx512vl,fma"),
    corners: Corners {
        // SAFETY: as above.
        screen: |factors, panel, blocks, all| unsafe { corners512::screen(factors, panel, blocks, all) },
        // SAFETY: as above.
        within: |blocks, limits, hits| unsafe { corners512::within(blocks, limits, hits) },
        ..compiled_corners!(true, "avx512f,avx512dq,avx512vl,fma")
    },
    skinny: skinny::Kernels {
        // SAFETY: as above.
        f32: |w, job, size| unsafe { skinny512::run(w, job, size) },
        // SAFETY: as above.
        f64: |w, job, size| unsafe { skinny512::run(w, job, size) },
        // SAFETY: as above.
        back_f32: |w, job| unsafe { skinny512::back(w, job) },
        // SAFETY: as above.
        back_f64: |w, job| unsafe { skinny512::back(w, job) },
    },
};

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn accumulate(terms: &[(u32, f64)], x: &[pair::Pairs], sum: &mut pair::Pairs) {
    pair::accumulate::<true>(terms, x, sum);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn fold(weight: &[f64], index: &[u32], factor: &[[f64; 3]], start: &[f64], out: &mut [f64]) {
    let np = out.len() / 3;
    assert!(np.is_multiple_of(8) && start.len() == 3 * np && index.len() == factor.len());
    assert!(index.iter().all(|&j| (j as usize + 1) * np <= weight.len()));
    let mut i = 0;
    // 64 rows x 3 coordinates fill 24 of the 32 registers; each term's factors are loaded once for all of them.
    while i + 64 <= np {
        // SAFETY: i + 64 <= np, and the asserts above bound every access.
        unsafe { fold_rows::<8>(weight, index, factor, start, out, np, i) };
        i += 64;
    }
    if i + 32 <= np {
        // SAFETY: as above.
        unsafe { fold_rows::<4>(weight, index, factor, start, out, np, i) };
        i += 32;
    }
    if i + 16 <= np {
        // SAFETY: as above.
        unsafe { fold_rows::<2>(weight, index, factor, start, out, np, i) };
        i += 16;
    }
    if i < np {
        // SAFETY: np is a multiple of 8, so exactly 8 rows are left.
        unsafe { fold_rows::<1>(weight, index, factor, start, out, np, i) };
    }
}

/// Rows i .. i + 8 V, with the accumulators in registers.
///
/// # Safety
/// i + 8 V <= np, and the slices are as long as `fold` asserts.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
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
        let mut acc = [[_mm512_setzero_pd(); V]; 3];
        for (c, acc) in acc.iter_mut().enumerate() {
            for (v, a) in acc.iter_mut().enumerate() {
                *a = _mm512_loadu_pd(start.as_ptr().add(c * np + i + 8 * v));
            }
        }
        for (&j, f) in index.iter().zip(factor) {
            let column = weight.as_ptr().add(j as usize * np + i);
            let f = [_mm512_set1_pd(f[0]), _mm512_set1_pd(f[1]), _mm512_set1_pd(f[2])];
            for v in 0..V {
                let w = _mm512_loadu_pd(column.add(8 * v));
                for (acc, &f) in acc.iter_mut().zip(&f) {
                    acc[v] = _mm512_fmadd_pd(w, f, acc[v]);
                }
            }
        }
        for (c, acc) in acc.iter().enumerate() {
            for (v, a) in acc.iter().enumerate() {
                _mm512_storeu_pd(out.as_mut_ptr().add(c * np + i + 8 * v), *a);
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn norms(block: &[f64]) -> [f64; 3] {
    portable::norms(block)
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn reach(block: &[f64], points: &[[f64; 2]], lo: &mut [f64], hi: &mut [f64]) {
    portable::reach(block, points, lo, hi);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn classify(block: &[f64], doubt: Doubt, points: &[[f64; 2]], masks: &mut Masks) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    assert!(np.is_multiple_of(8) && block.len() == 3 * np);
    let words = np.div_ceil(64);
    assert!(masks.cross.len() >= words && masks.pos.len() >= words && masks.neg.len() >= words);
    for k in (0..np).step_by(8) {
        // SAFETY: k + 8 <= np, and the block has 3 np values.
        let (a, b, c, e) = unsafe {
            let at = |i: usize| _mm512_loadu_pd(block.as_ptr().add(i));
            (at(k), at(np + k), at(2 * np + k), _mm512_loadu_pd(error.as_ptr().add(k)))
        };
        let slope = _mm512_add_pd(_mm512_abs_pd(a), _mm512_abs_pd(b));
        let all = _mm512_add_pd(slope, _mm512_abs_pd(c));
        let e = _mm512_mul_pd(_mm512_set1_pd(scale), e);
        let t = _mm512_add_pd(e, _mm512_mul_pd(_mm512_set1_pd(radius), slope));
        let t = _mm512_add_pd(t, _mm512_mul_pd(_mm512_set1_pd(FILTER), all));
        let minus_t = _mm512_sub_pd(_mm512_setzero_pd(), t);
        let mut lo = _mm512_set1_pd(f64::INFINITY);
        let mut hi = _mm512_set1_pd(f64::NEG_INFINITY);
        for p in points {
            // The same operations as everywhere else: plain products, so that all kernels agree to the bit.
            let by = _mm512_add_pd(_mm512_mul_pd(b, _mm512_set1_pd(p[1])), c);
            let v = _mm512_add_pd(_mm512_mul_pd(a, _mm512_set1_pd(p[0])), by);
            lo = _mm512_min_pd(v, lo);
            hi = _mm512_max_pd(v, hi);
        }
        let above = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(hi, t);
        let below = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(lo, minus_t);
        let pos = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(lo, t);
        let neg = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(hi, minus_t);
        let (word, shift) = (k / 64, k % 64);
        masks.cross[word] |= u64::from(above & below) << shift;
        masks.pos[word] |= u64::from(pos) << shift;
        masks.neg[word] |= u64::from(neg) << shift;
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn sides(block: &[f64], doubt: Doubt, units: &[u32], points: &Points, out: &mut [u8]) {
    let Doubt { error, scale, radius } = doubt;
    let np = error.len();
    for (&k, out) in units.iter().zip(out) {
        let k = k as usize;
        let (a, b, c) = (block[k], block[np + k], block[2 * np + k]);
        let slope = a.abs() + b.abs();
        let t = scale * error[k] + radius * slope + FILTER * (slope + c.abs());
        let (t, minus_t) = (_mm512_set1_pd(t), _mm512_set1_pd(-t));
        let (a, b, c) = (_mm512_set1_pd(a), _mm512_set1_pd(b), _mm512_set1_pd(c));
        let (mut pos, mut neg, mut sure) = (0u8, 0u8, 0xffu8);
        for (x, y) in points.x.iter().zip(&points.y) {
            // SAFETY: both point at 8 values.
            let (x, y) = unsafe { (_mm512_loadu_pd(x.as_ptr()), _mm512_loadu_pd(y.as_ptr())) };
            let v = _mm512_add_pd(_mm512_mul_pd(a, x), _mm512_add_pd(_mm512_mul_pd(b, y), c));
            let p = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(v, t);
            let n = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(v, minus_t);
            pos |= p;
            neg |= n;
            sure &= p | n;
        }
        let doubt = u8::from(sure != 0xff) * side::DOUBT;
        *out = (u8::from(pos != 0) * side::POS) | (u8::from(neg != 0) * side::NEG) | doubt;
    }
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn classify3(block: &[f64], doubt: Doubt, points: &[[f64; 3]], masks: &mut Masks) {
    portable::classify3(block, doubt, points, masks);
}

#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn sides3(block: &[f64], doubt: Doubt, units: &[u32], points: &Points3, out: &mut [u8]) {
    portable::sides3(block, doubt, units, points, out);
}
