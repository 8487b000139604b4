//! The steps of a sweep of bulge chasing, on blocks of 32 x 32 of a band in memory.
//!
//! Blocks are given by the place of their first element and the distance from a column to the next; rows follow each
//! other. Of the blocks on the diagonal only the lower triangle is the matrix's; up to 7 numbers above the diagonal in
//! each column are zeros that belong to the block, so that vectors may start at a multiple of 8 rows.

use super::{BLOCKS, EDGE, TINY};
use crate::simd::LANES;
use crate::simd::lanes::Lanes;

/// H = I - tau v v', with v starting with 1.
#[derive(Clone, Copy)]
pub(in crate::linalg::eigh) struct Reflector {
    pub(in crate::linalg::eigh) v: [f64; EDGE],
    pub(in crate::linalg::eigh) tau: f64,
}

impl Reflector {
    pub(in crate::linalg::eigh) const NONE: Reflector = Reflector { v: [0.0; EDGE], tau: 0.0 };
}

/// Lanes k.. of eight are `load(MASK + 8 - k)`.
static MASK: [f64; 16] = {
    let mut mask = [0.0; 16];
    let mut i = 8;
    while i < 16 {
        mask[i] = 1.0;
        i += 1;
    }
    mask
};

/// One where the lane is at least `k` <= 8.
#[inline(always)]
unsafe fn from_lane<L: Lanes>(k: usize) -> L {
    // SAFETY: 8 numbers from 8 - k >= 0 on.
    unsafe { L::load(MASK.as_ptr().add(LANES - k)) }
}

// Loops instead of closures from here on: a closure is not built for the instruction set of the kernel around it.

#[inline(always)]
unsafe fn load<L: Lanes>(from: *const f64) -> [L; BLOCKS] {
    // SAFETY: the caller's 32 numbers.
    unsafe {
        let mut x = [L::splat(0.0); BLOCKS];
        for (h, x) in x.iter_mut().enumerate() {
            *x = L::load(from.add(h * LANES));
        }
        x
    }
}

/// factor x
#[inline(always)]
unsafe fn scaled<L: Lanes>(mut x: [L; BLOCKS], factor: L) -> [L; BLOCKS] {
    for x in &mut x {
        // SAFETY: the caller's CPU.
        *x = unsafe { x.mul(factor) };
    }
    x
}

/// x - factor y
#[inline(always)]
unsafe fn less<L: Lanes>(mut x: [L; BLOCKS], factor: L, y: [L; BLOCKS]) -> [L; BLOCKS] {
    for (x, y) in x.iter_mut().zip(y) {
        // SAFETY: the caller's CPU.
        *x = unsafe { y.fnma(factor, *x) };
    }
    x
}

/// x'y
#[inline(always)]
unsafe fn dot<L: Lanes>(x: [L; BLOCKS], y: [L; BLOCKS]) -> f64 {
    // SAFETY: the caller's CPU.
    unsafe {
        let mut sum = x[0].mul(y[0]);
        for h in 1..BLOCKS {
            sum = x[h].fma(y[h], sum);
        }
        sum.sum()
    }
}

#[inline(always)]
unsafe fn store<L: Lanes>(x: [L; BLOCKS], to: *mut f64) {
    for (h, x) in x.into_iter().enumerate() {
        // SAFETY: the caller's 32 numbers.
        unsafe { x.store(to.add(h * LANES)) }
    }
}

/// The reflector that takes `x` to (beta, 0, ..), and what becomes of x.
///
/// # Safety
/// The CPU has the instruction set of `L`.
#[inline(always)]
unsafe fn annihilate<L: Lanes>(x: [L; BLOCKS], to: *mut f64, reflector: &mut Reflector) {
    // SAFETY: 32 numbers everywhere.
    unsafe {
        let mut tail = x;
        tail[0] = x[0].mul(from_lane(1));
        let squares = dot(tail, tail);
        store(x, reflector.v.as_mut_ptr());
        let alpha = reflector.v[0];
        if squares <= TINY {
            *reflector = Reflector::NONE;
            reflector.v[0] = 1.0;
            store([L::splat(0.0); BLOCKS], to);
            *to = alpha;
            return;
        }
        let beta = -alpha.signum() * (alpha * alpha + squares).sqrt();
        reflector.tau = (beta - alpha) / beta;
        let scale = L::splat(1.0 / (alpha - beta));
        store(scaled(x, scale), reflector.v.as_mut_ptr());
        reflector.v[0] = 1.0;
        store([L::splat(0.0); BLOCKS], to);
        *to = beta;
    }
}

/// Starts a sweep: the reflector of a column of 32 numbers, which becomes (beta, 0, ..).
///
/// # Safety
/// The CPU has the instruction set of `L`; nobody else touches the column meanwhile.
#[inline(always)]
pub(super) unsafe fn begin<L: Lanes>(column: *mut f64, reflector: &mut Reflector) {
    // SAFETY: the caller's column.
    unsafe { annihilate::<L>(load(column), column, reflector) }
}

/// Goes on: the block below the last one is reflected from the right, which fills it; the reflector that clears its
/// first column takes its turn from the left, and replaces the old one.
///
/// # Safety
/// The CPU has the instruction set of `L`; nobody else touches the block meanwhile.
#[inline(always)]
pub(super) unsafe fn below<L: Lanes>(block: *mut f64, stride: usize, reflector: &mut Reflector) {
    // SAFETY: the caller's block.
    unsafe {
        let mut w = [L::splat(0.0); BLOCKS];
        for (c, &v) in reflector.v.iter().enumerate() {
            let v = L::splat(v);
            let x = load::<L>(block.add(c * stride));
            for (w, x) in w.iter_mut().zip(x) {
                *w = x.fma(v, *w);
            }
        }
        let w = scaled(w, L::splat(reflector.tau));
        let old = reflector.v;
        annihilate(less(load(block), L::splat(old[0]), w), block, reflector);
        let v = load::<L>(reflector.v.as_ptr());
        for (c, &old) in old.iter().enumerate().skip(1) {
            let column = block.add(c * stride);
            let x = less(load(column), L::splat(old), w);
            let factor = L::splat(dot(x, v) * reflector.tau);
            store(less(x, factor, v), column);
        }
    }
}

/// Reflects a block of the diagonal from both sides.
///
/// # Safety
/// The CPU has the instruction set of `L`; nobody else touches the lower triangle, or the 7 numbers above it in each
/// column, meanwhile.
#[inline(always)]
pub(super) unsafe fn both<L: Lanes>(block: *mut f64, stride: usize, reflector: &Reflector) {
    // SAFETY: the caller's block.
    unsafe {
        let v = load::<L>(reflector.v.as_ptr());
        let mut y = [L::splat(0.0); BLOCKS];
        let mut across = [0.0; EDGE];
        multiply::<L, 0>(block, stride, reflector, &v, &mut y, &mut across);
        multiply::<L, 1>(block, stride, reflector, &v, &mut y, &mut across);
        multiply::<L, 2>(block, stride, reflector, &v, &mut y, &mut across);
        multiply::<L, 3>(block, stride, reflector, &v, &mut y, &mut across);
        for (y, across) in y.iter_mut().zip(load::<L>(across.as_ptr())) {
            *y = y.add(across);
        }
        // w = tau (y - tau (y'v) v / 2)
        let tau = reflector.tau;
        let w = scaled(less(y, L::splat(dot(y, v) * tau * 0.5), v), L::splat(tau));
        let mut factors = [0.0; EDGE];
        store(w, factors.as_mut_ptr());
        subtract::<L, 0>(block, stride, reflector, &factors, &v, &w);
        subtract::<L, 1>(block, stride, reflector, &factors, &v, &w);
        subtract::<L, 2>(block, stride, reflector, &factors, &v, &w);
        subtract::<L, 3>(block, stride, reflector, &factors, &v, &w);
    }
}

/// Columns 8 G .. 8 G + 8 of the product with v: y gets the triangle with the diagonal, `across` its transpose without.
#[inline(always)]
unsafe fn multiply<L: Lanes, const G: usize>(
    block: *mut f64,
    stride: usize,
    reflector: &Reflector,
    v: &[L; BLOCKS],
    y: &mut [L; BLOCKS],
    across: &mut [f64; EDGE],
) {
    for k in 0..LANES {
        let c = G * LANES + k;
        // SAFETY: the caller's block.
        unsafe {
            let column = block.add(c * stride);
            let factor = L::splat(reflector.v[c]);
            let x = L::load(column.add(G * LANES));
            y[G] = x.fma(factor, y[G]);
            let mut sum = x.mul(v[G].mul(from_lane(k + 1)));
            for h in G + 1..BLOCKS {
                let x = L::load(column.add(h * LANES));
                y[h] = x.fma(factor, y[h]);
                sum = x.fma(v[h], sum);
            }
            across[c] = sum.sum();
        }
    }
}

/// Columns 8 G .. 8 G + 8 of the lower triangle lose v w' + w v'.
#[inline(always)]
unsafe fn subtract<L: Lanes, const G: usize>(
    block: *mut f64,
    stride: usize,
    reflector: &Reflector,
    factors: &[f64; EDGE],
    v: &[L; BLOCKS],
    w: &[L; BLOCKS],
) {
    for k in 0..LANES {
        let c = G * LANES + k;
        // SAFETY: the caller's block.
        unsafe {
            let column = block.add(c * stride);
            let (vc, wc) = (L::splat(reflector.v[c]), L::splat(factors[c]));
            for h in G..BLOCKS {
                let to = column.add(h * LANES);
                let x = w[h].fnma(vc, v[h].fnma(wc, L::load(to)));
                let x = if h == G { x.mul(from_lane(k)) } else { x };
                x.store(to);
            }
        }
    }
}
