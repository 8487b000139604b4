//! Micro-kernels with AVX-512: 12 rows of 2 panels, 24 of the 32 registers.

use std::arch::x86_64::*;

use super::tile::{Kernel, Tile};
use super::x86::micro_kernel;

pub(super) static F32: Kernel<f32> = Kernel { rows: 12, panels: 2, run: single::run, dot: single::dot };
pub(super) static F64: Kernel<f64> = Kernel { rows: 12, panels: 2, run: double::run, dot: double::dot };

micro_kernel! {
    single, f32, "avx512f,avx512dq,avx512vl", 16, 1,
    zero: _mm512_setzero_ps(), load: _mm512_loadu_ps, store: _mm512_storeu_ps, set1: _mm512_set1_ps,
    add: _mm512_add_ps, mul: _mm512_mul_ps, fmadd: _mm512_fmadd_ps,
    pick: |gate, below, above| {
        _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_ps()), below, above)
    },
    tiles: [
        (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1), (12, 1),
        (1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 2), (8, 2), (9, 2), (10, 2), (11, 2), (12, 2),
        (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 3), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4), (6, 4),
    ]
}

micro_kernel! {
    double, f64, "avx512f,avx512dq,avx512vl", 8, 1,
    zero: _mm512_setzero_pd(), load: _mm512_loadu_pd, store: _mm512_storeu_pd, set1: _mm512_set1_pd,
    add: _mm512_add_pd, mul: _mm512_mul_pd, fmadd: _mm512_fmadd_pd,
    pick: |gate, below, above| {
        _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_GT_OQ>(gate, _mm512_setzero_pd()), below, above)
    },
    tiles: [
        (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1), (8, 1), (9, 1), (10, 1), (11, 1), (12, 1),
        (1, 2), (2, 2), (3, 2), (4, 2), (5, 2), (6, 2), (7, 2), (8, 2), (9, 2), (10, 2), (11, 2), (12, 2),
        (1, 3), (2, 3), (3, 3), (4, 3), (5, 3), (6, 3), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4), (6, 4),
    ]
}
