//! The transcendental functions that the smooth activations are made of, in basic operations of IEEE arithmetic only:
//! those of the platform promise no accuracy, and differ between platforms.

/// e^x for x <= 0, to a relative error below 2^-49 (and to 0 below -700).
pub(super) fn exp(x: f64) -> f64 {
    // The first has 21 trailing zeros, so that its products below are exact; the second is the rest of log 2.
    const LN_2: [f64; 2] = [f64::from_bits(0x3FE6_2E42_FEE0_0000), 1.908_214_929_270_587_7e-10];
    if x < -700.0 {
        return 0.0;
    }
    let k = (x * std::f64::consts::LOG2_E).round();
    let r = (x - k * LN_2[0]) - k * LN_2[1];
    // |r| <= 0.35: the first term left out, r^14 / 14!, is below 2^-57.
    let sum = (1..14).rev().fold(1.0, |sum, n| 1.0 + r / f64::from(n) * sum);
    let exponent = (k as i64 + 1023) as u64;
    sum * f64::from_bits(exponent << 52)
}

/// log(1 + y) for 0 <= y <= 1, to a relative error below 2^-48: 2 artanh(y / (2 + y)).
pub(super) fn ln_1p(y: f64) -> f64 {
    let z = y / (2.0 + y);
    // z <= 1/3: each term is at most a ninth of the one before it.
    2.0 * z * (0..19).rev().fold(0.0, |sum, n| 1.0 / f64::from(2 * n + 1) + z * z * sum)
}

/// The error function, to an error below 2^-44: 2 / sqrt(pi) exp(-z^2) times the sum of 2^n z^(2n + 1) / (2n + 1)!!,
/// all of one sign. A term is three roundings worse than the one before it, and those up to number 2 z^2 count.
pub(super) fn erf(z: f64) -> f64 {
    if z.abs() > 6.0 {
        return z.signum(); // The rest is below 2^-55.
    }
    let (mut term, mut sum, mut n) = (z, z, 0.0);
    while term.abs() > 1e-18 * sum.abs() {
        n += 1.0;
        term *= 2.0 * z * z / (2.0 * n + 1.0);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * exp(-z * z) * sum
}
