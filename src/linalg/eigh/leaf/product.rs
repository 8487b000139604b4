//! Products of tiles.

use super::{EDGE, Tile};
use crate::simd::LANES;
use crate::simd::lanes::Lanes;

/// c += a b, or c -= a b if `MINUS`. `a` is 32 x k, column by column; `b` is k x 32, element (p, j) at p * `RS` + j * `CS`.
/// The terms of an element are summed by rising p from zero, then added, so that the blocking by `M` x 8 rows and
/// `N` columns (which fills the registers) does not show in the result.
///
/// # Safety
/// The CPU has the instruction set of `L`; `a` and `b` hold 32 k numbers.
#[inline(always)]
pub(super) unsafe fn product<
    L: Lanes,
    const M: usize,
    const N: usize,
    const RS: usize,
    const CS: usize,
    const MINUS: bool,
>(
    k: usize,
    a: *const f64,
    b: *const f64,
    c: &mut Tile,
) {
    let c = c.as_mut_ptr();
    for j in (0..EDGE).step_by(N) {
        for i in (0..EDGE).step_by(M * LANES) {
            // SAFETY: i + 8 M <= 32 and j + N <= 32, as both divide 32; p < k.
            unsafe {
                let mut acc = [[L::splat(0.0); M]; N];
                let (mut a, mut b) = (a.add(i), b.add(j * CS));
                for _ in 0..k {
                    let mut rows = [L::splat(0.0); M];
                    for (v, row) in rows.iter_mut().enumerate() {
                        *row = L::load(a.add(v * LANES));
                    }
                    for (n, acc) in acc.iter_mut().enumerate() {
                        let factor = L::splat(*b.add(n * CS));
                        for (acc, row) in acc.iter_mut().zip(rows) {
                            *acc = row.fma(factor, *acc);
                        }
                    }
                    a = a.add(EDGE);
                    b = b.add(RS);
                }
                for (n, acc) in acc.iter().enumerate() {
                    for (v, &acc) in acc.iter().enumerate() {
                        let to = c.add(i + v * LANES + (j + n) * EDGE);
                        let old = L::load(to);
                        let new = if MINUS { old.sub(acc) } else { old.add(acc) };
                        new.store(to);
                    }
                }
            }
        }
    }
}
