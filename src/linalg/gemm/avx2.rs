//! Micro-kernels with AVX2 and FMA: 6 rows of a panel, two vectors, 12 of the 16 registers.

use std::arch::x86_64::*;

use super::tile::{Kernel, Tile};
use super::x86::micro_kernel;

pub(super) static F32: Kernel<f32> = Kernel { rows: 6, panels: 1, run: single::run, dot: single::dot };
pub(super) static F64: Kernel<f64> = Kernel { rows: 6, panels: 1, run: double::run, dot: double::dot };

micro_kernel! {
    single, f32, "avx2,fma", 8, 2,
    zero: _mm256_setzero_ps(), load: _mm256_loadu_ps, store: _mm256_storeu_ps, set1: _mm256_set1_ps,
    add: _mm256_add_ps, mul: _mm256_mul_ps, fmadd: _mm256_fmadd_ps,
    pick: |gate, below, above| {
        _mm256_blendv_ps(below, above, _mm256_cmp_ps::<_CMP_GT_OQ>(gate, _mm256_setzero_ps()))
    },
    tiles: [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (1, 2), (2, 2), (3, 2)]
}

micro_kernel! {
    double, f64, "avx2,fma", 4, 2,
    zero: _mm256_setzero_pd(), load: _mm256_loadu_pd, store: _mm256_storeu_pd, set1: _mm256_set1_pd,
    add: _mm256_add_pd, mul: _mm256_mul_pd, fmadd: _mm256_fmadd_pd,
    pick: |gate, below, above| {
        _mm256_blendv_pd(below, above, _mm256_cmp_pd::<_CMP_GT_OQ>(gate, _mm256_setzero_pd()))
    },
    tiles: [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1), (1, 2), (2, 2), (3, 2)]
}
