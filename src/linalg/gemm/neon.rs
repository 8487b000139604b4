//! Micro-kernels with NEON: 6 rows of a panel, four vectors, 24 of the 32 registers.

use std::arch::aarch64::*;

use super::tile::{Kernel, Tile};

pub(super) static F32: Kernel<f32> = Kernel { rows: 6, panels: 1, run: single::run, dot: single::dot };
pub(super) static F64: Kernel<f64> = Kernel { rows: 6, panels: 1, run: double::run, dot: double::dot };

/// Defines `run` and `dot` for one type: a panel has four vectors of `$lanes` numbers.
macro_rules! micro_kernel {
    ($module:ident, $t:ty, $lanes:literal, zero: $zero:expr, load: $load:ident, store: $store:ident, fma: $fma:ident) => {
        mod $module {
            use super::*;

            /// A tile of `M` rows and `W` vectors.
            ///
            /// # Safety
            /// As for `Kernel::run`.
            #[target_feature(enable = "neon")]
            unsafe fn tile<const M: usize, const W: usize>(t: &Tile<$t>) {
                // SAFETY: the caller's promise.
                unsafe {
                    let mut acc = [[$zero; W]; M];
                    let (mut a, mut b) = (t.a, t.b);
                    for _ in 0..t.k {
                        let mut row = [$zero; W];
                        for (w, v) in row.iter_mut().enumerate() {
                            *v = $load(b.offset((w / 4) as isize * t.b_panel).add(w % 4 * $lanes));
                        }
                        for (i, acc) in acc.iter_mut().enumerate() {
                            let x = *a.offset(i as isize * t.a_row);
                            for (acc, &v) in acc.iter_mut().zip(&row) {
                                *acc = $fma(*acc, v, x);
                            }
                        }
                        a = a.wrapping_offset(t.a_column);
                        b = b.wrapping_offset(t.b_row);
                    }
                    let mut sums = [[[0.0; $lanes]; W]; M];
                    for (sums, acc) in sums.as_flattened_mut().iter_mut().zip(acc.as_flattened()) {
                        $store(sums.as_mut_ptr(), *acc);
                    }
                    t.finish(sums.as_flattened().as_flattened(), W * $lanes)
                }
            }

            /// See `Kernel::run`.
            ///
            /// # Safety
            /// As there.
            pub(super) unsafe fn run(t: &Tile<$t>) {
                // SAFETY: the caller's promise; `Scalar::kernel` hands the table out only on CPUs with NEON.
                unsafe {
                    match (t.rows, t.columns.div_ceil(4 * $lanes)) {
                        (1, 1) => tile::<1, 4>(t),
                        (2, 1) => tile::<2, 4>(t),
                        (3, 1) => tile::<3, 4>(t),
                        (4, 1) => tile::<4, 4>(t),
                        (5, 1) => tile::<5, 4>(t),
                        (6, 1) => tile::<6, 4>(t),
                        (1, 2) => tile::<1, 8>(t),
                        (2, 2) => tile::<2, 8>(t),
                        (3, 2) => tile::<3, 8>(t),
                        shape => unreachable!("no tile of {shape:?} rows and panels"),
                    }
                }
            }

            /// See `Kernel::dot`.
            pub(super) fn dot(a: &[$t], b: &[$t]) -> $t {
                const N: usize = 8 * $lanes;
                let mut sums = [0.0; N];
                let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<N>(), b.as_chunks::<N>());
                for (a, b) in a.iter().zip(b) {
                    for i in 0..N {
                        sums[i] = <$t>::mul_add(a[i], b[i], sums[i]);
                    }
                }
                let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
                sums.iter().sum::<$t>() + rest.sum::<$t>()
            }
        }
    };
}

micro_kernel!(single, f32, 4, zero: vdupq_n_f32(0.0), load: vld1q_f32, store: vst1q_f32, fma: vfmaq_n_f32);
micro_kernel!(double, f64, 2, zero: vdupq_n_f64(0.0), load: vld1q_f64, store: vst1q_f64, fma: vfmaq_n_f64);
