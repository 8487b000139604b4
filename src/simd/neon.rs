//! The leaf kernels with NEON: 2 values of f64 at once. Classification stays with the portable code, which the
//! compiler vectorises well enough; the folds are where the time goes.

use std::arch::aarch64::*;

use super::corners::compiled_corners;
use super::skinny::compiled_skinny;
use super::sweep::compiled_sweeps;
use super::{Kernels, pair, portable};

// `Isa::kernels` hands this table out only on CPUs with NEON.
pub(super) static KERNELS: Kernels = Kernels {
    // SAFETY: the CPU has NEON, see above.
    fold: |weight, index, factor, start, out| unsafe { fold(weight, index, factor, start, out) },
    norms: portable::norms,
    reach: portable::reach,
    classify: portable::classify,
    sides: portable::sides,
    classify3: portable::classify3,
    sides3: portable::sides3,
    sweeps: compiled_sweeps!("neon"),
    corners: compiled_corners!(true, "neon"),
    accumulate: pair::accumulate::<true>,
    skinny: compiled_skinny!(true, "neon"),
};

#[target_feature(enable = "neon")]
fn fold(weight: &[f64], index: &[u32], factor: &[[f64; 3]], start: &[f64], out: &mut [f64]) {
    let np = out.len() / 3;
    assert!(np.is_multiple_of(8) && start.len() == 3 * np && index.len() == factor.len());
    assert!(index.iter().all(|&j| (j as usize + 1) * np <= weight.len()));
    for i in (0..np).step_by(8) {
        // SAFETY: i + 8 <= np, and the asserts above bound every access.
        unsafe {
            // 8 rows x 3 coordinates: 12 of the 32 registers, enough to hide the latency of the multiply-add.
            let mut acc = [[vdupq_n_f64(0.0); 4]; 3];
            for (c, acc) in acc.iter_mut().enumerate() {
                for (v, a) in acc.iter_mut().enumerate() {
                    *a = vld1q_f64(start.as_ptr().add(c * np + i + 2 * v));
                }
            }
            for (&j, f) in index.iter().zip(factor) {
                let column = weight.as_ptr().add(j as usize * np + i);
                for v in 0..4 {
                    let w = vld1q_f64(column.add(2 * v));
                    for (acc, &f) in acc.iter_mut().zip(f) {
                        acc[v] = vfmaq_n_f64(acc[v], w, f);
                    }
                }
            }
            for (c, acc) in acc.iter().enumerate() {
                for (v, a) in acc.iter().enumerate() {
                    vst1q_f64(out.as_mut_ptr().add(c * np + i + 2 * v), *a);
                }
            }
        }
    }
}
