//! Sums of products in double-double, [`WIDTH`] of them side by side.

/// Sums that are computed side by side: enough independent chains to hide the latency of an addition.
pub(crate) const WIDTH: usize = 16;

/// [`WIDTH`] double-double numbers: high parts, then low parts.
pub(crate) type Pairs = [[f64; WIDTH]; 2];

/// After so many terms the low parts are carried over.
const CARRY: usize = 16;

/// Relative error of a sum of t terms, over (t + 8) times the sum of the absolute values of the terms and of what the sum
/// starts with. With u = 2^-53, a step rounds the product twice beyond its high part (2 u^2), and adds to a low part of at
/// most (CARRY + 4) u times the sum so far: at most (CARRY / 2 + 9) u^2 a step on average, carrying included.
pub(crate) const ERROR: f64 = 1.0 / (1u128 << 101) as f64;

/// a b = product + error, exactly unless something over- or underflows.
#[inline(always)]
fn product<const FUSED: bool>(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    if FUSED {
        return (p, a.mul_add(b, -p));
    }
    // Dekker: halves of 26 bits, whose products are exact.
    let split = |x: f64| {
        let c = 134_217_729.0 * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (p, ((ah * bh - p) + ah * bl + al * bh) + al * bl)
}

/// sum += w x over all terms (element of `x`, w). Inlined into the files of the instruction sets: the compiler makes their
/// vectors of it.
#[inline(always)]
pub(super) fn accumulate<const FUSED: bool>(terms: &[(u32, f64)], x: &[Pairs], sum: &mut Pairs) {
    let [mut high, mut low] = *sum;
    for terms in terms.chunks(CARRY) {
        for &(j, w) in terms {
            let [xh, xl] = &x[j as usize];
            for i in 0..WIDTH {
                let (p, e) = product::<FUSED>(w, xh[i]);
                let e = if FUSED { w.mul_add(xl[i], e) } else { w * xl[i] + e };
                let s = high[i] + p;
                let t = s - high[i];
                low[i] += ((high[i] - (s - t)) + (p - t)) + e;
                high[i] = s;
            }
        }
        for i in 0..WIDTH {
            let s = high[i] + low[i];
            let t = s - high[i];
            low[i] = (high[i] - (s - t)) + (low[i] - t);
            high[i] = s;
        }
    }
    *sum = [high, low];
}
