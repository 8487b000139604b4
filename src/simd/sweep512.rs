//! The sweep over corners with AVX-512, by hand: the compiler makes single numbers of the plain loops here (it does well
//! with AVX2).

use std::arch::x86_64::*;

use super::sweep::{BLOCK, PANEL};

/// [`Sweeps::corners`](super::sweep::Sweeps) with `$vectors` registers to a row of the panel: all sums of a block stay in
/// registers, and each value is loaded once for the corners of a block.
macro_rules! corners {
    ($name:ident, $t:ty, $register:ty, $vectors:literal, $load:ident, $store:ident, $one:ident, $fused:ident, $min:ident, $max:ident) => {
        #[target_feature(enable = "avx512f")]
        pub(super) fn $name(factors: &[$t], panel: &[$t], low: &mut [$t; PANEL], high: &mut [$t; PANEL]) {
            const LANES: usize = PANEL / $vectors;
            #[inline]
            #[target_feature(enable = "avx512f")]
            fn load(row: &[$t; PANEL]) -> [$register; $vectors] {
                let mut values = [$one(0.0); $vectors];
                for (v, value) in values.iter_mut().enumerate() {
                    // SAFETY: a row of the panel fills `$vectors` registers.
                    *value = unsafe { $load(row.as_ptr().add(v * LANES)) };
                }
                values
            }
            let panel = panel.as_chunks::<PANEL>().0;
            let (mut least, mut most) = (load(low), load(high));
            for block in factors.as_chunks::<BLOCK>().0.chunks_exact(panel.len()) {
                let mut sums = [[$one(0.0); $vectors]; BLOCK];
                for (factors, row) in block.iter().zip(panel) {
                    let values = load(row);
                    for (sums, &factor) in sums.iter_mut().zip(factors) {
                        for (sum, &value) in sums.iter_mut().zip(&values) {
                            *sum = $fused($one(factor), value, *sum);
                        }
                    }
                }
                for sums in &sums {
                    for v in 0..$vectors {
                        least[v] = $min(least[v], sums[v]);
                        most[v] = $max(most[v], sums[v]);
                    }
                }
            }
            for v in 0..$vectors {
                // SAFETY: as there.
                unsafe {
                    $store(low.as_mut_ptr().add(v * LANES), least[v]);
                    $store(high.as_mut_ptr().add(v * LANES), most[v]);
                }
            }
        }
    };
}

corners!(
    corners64,
    f64,
    __m512d,
    2,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_set1_pd,
    _mm512_fmadd_pd,
    _mm512_min_pd,
    _mm512_max_pd
);
corners!(
    corners32,
    f32,
    __m512,
    1,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps,
    _mm512_min_ps,
    _mm512_max_ps
);
