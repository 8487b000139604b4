//! What a vector does to the eigenvectors: reflections of 32 of their rows, and rotations of neighbours.

use super::{BLOCKS, EDGE};
use crate::simd::LANES;
use crate::simd::lanes::Lanes;

/// Numbers `row`.. `row` + 32 of every vector (`height` numbers each) are reflected: x <- x - tau (v'x) v, where v starts with 1,
/// whose place holds tau.
///
/// # Safety
/// The CPU has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn reflect<L: Lanes>(
    vectors: &mut [f64],
    height: usize,
    row: usize,
    reflector: &[f64; EDGE],
) {
    assert!(row + EDGE <= height);
    let tau = reflector[0];
    let mut v = *reflector;
    v[0] = 1.0;
    for x in vectors.chunks_exact_mut(height) {
        // SAFETY: 32 numbers from `row` on, see above.
        unsafe {
            let x = x.as_mut_ptr().add(row);
            let mut block = [L::splat(0.0); BLOCKS];
            let mut sum = L::splat(0.0);
            for (h, block) in block.iter_mut().enumerate() {
                *block = L::load(x.add(h * LANES));
                sum = block.fma(L::load(v.as_ptr().add(h * LANES)), sum);
            }
            let factor = L::splat(sum.sum() * tau);
            for (h, block) in block.into_iter().enumerate() {
                L::load(v.as_ptr().add(h * LANES)).fnma(factor, block).store(x.add(h * LANES));
            }
        }
    }
}

/// Columns of 32 numbers, from the last pair to the first: with c and s of the pair,
/// right <- s left + c right, left <- c left - s right. One column more than rotations.
///
/// # Safety
/// The CPU has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn rotate<L: Lanes>(columns: &mut [[f64; EDGE]], rotations: &[[f64; 2]]) {
    assert!(columns.len() == rotations.len() + 1);
    // SAFETY: whole columns.
    unsafe {
        let mut last = columns.as_mut_ptr().add(rotations.len()).cast::<f64>();
        let mut carried = [L::splat(0.0); BLOCKS];
        for (h, carried) in carried.iter_mut().enumerate() {
            *carried = L::load(last.add(h * LANES));
        }
        for &[c, s] in rotations {
            let (c, s) = (L::splat(c), L::splat(s));
            let left = last.sub(EDGE);
            for (h, carried) in carried.iter_mut().enumerate() {
                let x = L::load(left.add(h * LANES));
                x.fma(s, carried.mul(c)).store(last.add(h * LANES));
                *carried = carried.fnma(s, x.mul(c));
            }
            last = left;
        }
        for (h, carried) in carried.into_iter().enumerate() {
            carried.store(last.add(h * LANES));
        }
    }
}
