//! Powers of two: scaling that does not round, of numbers that a power of two may not hold.

/// Sizes up to 2^SAFE and down to 2^-SAFE can be squared and summed as they are.
pub(super) const SAFE: i32 = 300;

/// `x` 2^k, with the rounding of subnormal results as the only error; k of any size.
pub(super) fn ldexp(x: f64, k: i32) -> f64 {
    let mut x = x;
    let mut k = k.clamp(-4400, 4400);
    while k != 0 && x != 0.0 && x.is_finite() {
        // The last step is the only one that can round: the others stay among normal numbers or overflow for good.
        let step = k.clamp(-900, 900);
        x *= f64::from_bits(((1023 + step) as u64) << 52);
        k -= step;
    }
    x
}

/// The smallest e with |x| < 2^e, of a finite x that is not 0.
pub(super) fn exponent(x: f64) -> i32 {
    let bits = |x: f64| ((x.to_bits() >> 52) & 0x7ff) as i32;
    match bits(x) {
        0 => bits(x * 2f64.powi(64)) - 1022 - 64,
        e => e - 1022,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_of_everything() {
        for (x, e) in
            [(1.0, 1), (0.75, 0), (-2.0, 2), (f64::MAX, 1024), (f64::MIN_POSITIVE, -1021), (5e-324, -1073)]
        {
            assert_eq!(exponent(x), e, "{x}");
            let scaled = ldexp(x, -e);
            assert!((0.5..1.0).contains(&scaled.abs()), "{x}: {scaled}");
            assert_eq!(ldexp(scaled, e), x);
        }
        assert_eq!(ldexp(1.0, -1074), 5e-324);
        assert_eq!(ldexp(1.0, 5000), f64::INFINITY);
        assert_eq!(ldexp(3.0, -5000), 0.0);
        assert_eq!(ldexp(0.0, 7), 0.0);
    }
}
