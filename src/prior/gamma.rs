//! The chi-square tail, and normal variates.

use std::f64::consts::{PI, TAU};

/// ln Gamma(x) for x > 0: Stirling's series, from 10 on.
pub(super) fn ln_gamma(x: f64) -> f64 {
    let mut product = 1.0;
    let mut z = x;
    while z < 10.0 {
        product *= z;
        z += 1.0;
    }
    let w = 1.0 / (z * z);
    let coefficients = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    let series = coefficients.iter().rev().fold(0.0, |s, c| s * w + c) / z;
    (z - 0.5) * z.ln() - z + 0.5 * (2.0 * PI).ln() + series - f64::ln(product)
}

/// P(X > x) of a chi-square law: the upper incomplete gamma function of half of both, over Gamma.
pub(super) fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    let (a, x) = (degrees / 2.0, x / 2.0);
    if a <= 0.0 || x <= 0.0 {
        return if x > 0.0 { 0.0 } else { 1.0 };
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (1.0 - front * sum).max(0.0);
    }
    // Lentz's continued fraction.
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / tiny, 1.0 / b);
    let mut value = d;
    for i in 1..100_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = an * d + b;
        d = if d.abs() < tiny { tiny } else { d };
        c = b + an / c;
        c = if c.abs() < tiny { tiny } else { c };
        d = 1.0 / d;
        value *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * value
}

/// A normal variate of two uniform ones (Box and Muller).
pub(super) fn normal([u, v]: [f64; 2]) -> f64 {
    (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factorials_and_halves() {
        let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>().ln();
        for n in [0, 1, 2, 5, 9, 10, 50, 150] {
            assert!((ln_gamma(f64::from(n) + 1.0) - factorial(n)).abs() <= 1e-12 * factorial(n).max(1.0));
        }
        assert!((ln_gamma(0.5) - PI.sqrt().ln()).abs() < 1e-14);
    }

    #[test]
    fn tails_with_closed_forms() {
        // Two degrees: e^(-x / 2); four: (1 + x / 2) e^(-x / 2).
        for x in [0.0f64, 0.1, 1.0, 3.0, 10.0, 80.0, 1000.0] {
            let e = (-x / 2.0).exp();
            assert!((chi_square_tail(x, 2.0) - e).abs() <= 1e-14 * e.max(1e-3));
            assert!((chi_square_tail(x, 4.0) - (1.0 + x / 2.0) * e).abs() <= 1e-14);
        }
        // Of a table.
        assert!((chi_square_tail(3.841_458_820_694_124, 1.0) - 0.05).abs() < 1e-12);
        assert!((chi_square_tail(124.342_113_404_004_07, 100.0) - 0.05).abs() < 1e-12);
    }
}
