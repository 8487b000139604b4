//! Passes over the columns of a panel, for its QR factorisation.

use super::{EDGE, Tile};
use crate::simd::LANES;
use crate::simd::lanes::Lanes;

/// x <- x - `factor` y for column x of `panel` and column y of `vectors`, columns by number; returns the sum of
/// squares of the new x below the first tile.
///
/// # Safety
/// The CPU has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn subtract<L: Lanes>(
    panel: &mut [Tile],
    x: usize,
    vectors: &[Tile],
    y: usize,
    factor: f64,
) -> f64 {
    assert!(x < EDGE && y < EDGE);
    let mut squares = 0.0;
    // SAFETY: whole columns of whole tiles.
    unsafe {
        let factor = L::splat(factor);
        let mut sums = [L::splat(0.0); EDGE / LANES];
        for (t, (panel, vectors)) in panel.iter_mut().zip(vectors).enumerate() {
            let to = panel.as_mut_ptr().add(x * EDGE);
            let from = vectors.as_ptr().add(y * EDGE);
            for (v, sum) in sums.iter_mut().enumerate() {
                let new = L::load(from.add(v * LANES)).fnma(factor, L::load(to.add(v * LANES)));
                new.store(to.add(v * LANES));
                if t > 0 {
                    *sum = new.fma(new, *sum);
                }
            }
        }
        for sum in sums {
            squares += sum.sum();
        }
    }
    squares
}

/// Column `to` of `vectors` <- `factor` times column `from` of `panel`, except in the first tile.
///
/// # Safety
/// The CPU has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn scale<L: Lanes>(panel: &[Tile], column: usize, factor: f64, vectors: &mut [Tile]) {
    assert!(column < EDGE);
    // SAFETY: whole columns of whole tiles.
    unsafe {
        let factor = L::splat(factor);
        for (panel, vectors) in panel.iter().zip(vectors).skip(1) {
            let from = panel.as_ptr().add(column * EDGE);
            let to = vectors.as_mut_ptr().add(column * EDGE);
            for v in 0..EDGE / LANES {
                L::load(from.add(v * LANES)).mul(factor).store(to.add(v * LANES));
            }
        }
    }
}

/// Columns `first`.. of `panel` lose `factors` times column `old` of `vectors`, and `factors` becomes their dot products with
/// column `new`: one pass over memory for the two halves of two reflections.
///
/// # Safety
/// The CPU has the instruction set of `L`.
#[inline(always)]
pub(super) unsafe fn reflect<L: Lanes>(
    panel: &mut [Tile],
    first: usize,
    vectors: &[Tile],
    [old, new]: [usize; 2],
    factors: &mut [f64],
) {
    assert!(first + factors.len() <= EDGE && old < EDGE && new < EDGE && panel.len() == vectors.len());
    let mut first = first;
    let mut factors = factors;
    // SAFETY: the columns are those of a tile, see above.
    unsafe {
        while factors.len() >= 8 {
            let (now, rest) = factors.split_at_mut(8);
            columns::<L, 8>(panel, first, vectors, [old, new], now);
            (first, factors) = (first + 8, rest);
        }
        if factors.len() >= 4 {
            let (now, rest) = factors.split_at_mut(4);
            columns::<L, 4>(panel, first, vectors, [old, new], now);
            (first, factors) = (first + 4, rest);
        }
        for factor in factors.chunks_mut(1) {
            columns::<L, 1>(panel, first, vectors, [old, new], factor);
            first += 1;
        }
    }
}

/// [`reflect`] for `N` columns, whose sums stay in registers.
///
/// # Safety
/// As there, and first + N <= 32, factors hold N.
#[inline(always)]
unsafe fn columns<L: Lanes, const N: usize>(
    panel: &mut [Tile],
    first: usize,
    vectors: &[Tile],
    [old, new]: [usize; 2],
    factors: &mut [f64],
) {
    // SAFETY: the caller's bounds.
    unsafe {
        let mut sums = [L::splat(0.0); N];
        let mut splats = [L::splat(0.0); N];
        for (splat, factor) in splats.iter_mut().zip(&*factors) {
            *splat = L::splat(*factor);
        }
        for (panel, vectors) in panel.iter_mut().zip(vectors) {
            let to = panel.as_mut_ptr().add(first * EDGE);
            let (old, new) = (vectors.as_ptr().add(old * EDGE), vectors.as_ptr().add(new * EDGE));
            for v in (0..EDGE).step_by(LANES) {
                let (old, new) = (L::load(old.add(v)), L::load(new.add(v)));
                for n in 0..N {
                    let to = to.add(n * EDGE + v);
                    let x = old.fnma(splats[n], L::load(to));
                    x.store(to);
                    sums[n] = x.fma(new, sums[n]);
                }
            }
        }
        for (factor, sum) in factors.iter_mut().zip(sums) {
            *factor = sum.sum();
        }
    }
}
