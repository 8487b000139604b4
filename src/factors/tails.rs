//! Tail probabilities of the tests: Student, chi-squared, the symmetric binomial; quantiles of the normal.

use std::f64::consts::{LN_2, PI};

/// ln Gamma(z) - ((z - 1/2) ln z - z + ln(2 pi)/2) for z > 0.
pub(super) fn stirling(mut z: f64) -> f64 {
    // Below 15 by way of Gamma(z + 1) = z Gamma(z).
    let mut shift = 0.0;
    while z < 15.0 {
        shift += (z + 0.5) * (1.0 / z).ln_1p() - 1.0;
        z += 1.0;
    }
    let y = 1.0 / (z * z);
    let series = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    series.iter().rev().fold(0.0, |s, c| s * y + c) / z + shift
}

/// ln Gamma(z), z > 0.
fn ln_gamma(z: f64) -> f64 {
    (z - 0.5) * z.ln() - z + 0.5 * (2.0 * PI).ln() + stirling(z)
}

/// ln Gamma(a + 1/2) - ln Gamma(a), without the loss of a difference.
fn ln_gamma_half(a: f64) -> f64 {
    a * (0.5 / a).ln_1p() + 0.5 * a.ln() - 0.5 + stirling(a + 0.5) - stirling(a)
}

/// Evaluates a continued fraction a1/(b1 + a2/(b2 + ..)) by Lentz's method.
fn fraction(mut term: impl FnMut(u32) -> (f64, f64)) -> f64 {
    const TINY: f64 = 1e-300;
    let (mut f, mut c, mut d) = (TINY, TINY, 0.0);
    for k in 1..10_000 {
        let (a, b) = term(k);
        d = 1.0 / Some(b + a * d).filter(|d| *d != 0.0).unwrap_or(TINY);
        c = Some(b + a / c).filter(|c| *c != 0.0).unwrap_or(TINY);
        f *= c * d;
        if (c * d - 1.0).abs() < 4e-16 {
            break;
        }
    }
    f
}

/// The regularised incomplete beta function I_x(a, b) by its continued fraction, good for x < (a + 1)/(a + b + 2);
/// `ln_front` is ln(x^a (1 - x)^b / B(a, b)).
fn beta_tail(a: f64, b: f64, x: f64, ln_front: f64) -> f64 {
    let f = fraction(|k| {
        if k == 1 {
            return (1.0, 1.0);
        }
        let m = f64::from((k - 1) / 2);
        if k % 2 == 0 {
            (-(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)), 1.0)
        } else {
            (m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)), 1.0)
        }
    });
    ln_front.exp() * f / a
}

/// P(|T| >= |t|) for Student's t with `dof` > 0 degrees of freedom, which need not be whole. NaN for NaN.
pub(super) fn student(t: f64, dof: f64) -> f64 {
    if t.is_nan() || dof.is_nan() {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    // I_x(dof/2, 1/2) at x = dof/(dof + t^2).
    let (a, b, s) = (0.5 * dof, 0.5, t * t / dof);
    let (x, y) = (1.0 / (1.0 + s), s / (1.0 + s));
    if t == 0.0 {
        return 1.0;
    }
    // 1 / B(a, 1/2) = Gamma(a + 1/2) / (Gamma(a) sqrt(pi)).
    let ln_front = -a * s.ln_1p() + b * y.ln() + ln_gamma_half(a) - 0.5 * PI.ln();
    if x < (a + 1.0) / (a + b + 2.0) {
        beta_tail(a, b, x, ln_front).clamp(0.0, 1.0)
    } else {
        (1.0 - beta_tail(b, a, y, ln_front)).clamp(0.0, 1.0)
    }
}

/// P(X >= x) for chi-squared with `dof` > 0 degrees of freedom. NaN for NaN.
pub(super) fn chi_squared(x: f64, dof: f64) -> f64 {
    if x.is_nan() || dof.is_nan() {
        return f64::NAN;
    }
    let (a, x) = (0.5 * dof, 0.5 * x);
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        // 1 - P by its series.
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            k += 1.0;
            term *= x / k;
            sum += term;
        }
        (1.0 - front * sum).clamp(0.0, 1.0)
    } else {
        let f = fraction(|k| {
            let j = f64::from(k - 1);
            (if k == 1 { 1.0 } else { -j * (j - a) }, x + 2.0 * j + 1.0 - a)
        });
        (front * f).clamp(0.0, 1.0)
    }
}

/// P(X = k) for X binomial with n draws of probability 1/2.
fn coin(n: u64, k: u64) -> f64 {
    if k == 0 || k == n {
        return (-(n as f64) * LN_2).exp();
    }
    // Loader's form (2000): the large terms cancel before they are rounded.
    let (n, k) = (n as f64, k as f64);
    let deviance = |x: f64| {
        let half = 0.5 * n;
        let d = (x - half) / half;
        // x ln(x/half) + half - x
        if d.abs() > 0.1 {
            x * (x / half).ln() + half - x
        } else {
            // half * ((1 + d) ln(1 + d) - d), by its series d^2/2 - d^3/6 + d^4/12 - ..
            let (mut sum, mut power) = (0.0, d * d);
            for j in 2..40 {
                let j = f64::from(j);
                sum += power / (j * (j - 1.0));
                power *= -d;
            }
            half * sum
        }
    };
    let rest = n - k;
    let exponent = stirling(n) - stirling(k) - stirling(rest) - deviance(k) - deviance(rest);
    exponent.exp() * (n / (2.0 * PI * k * rest)).sqrt()
}

/// The exact two-sided p-value min(1, 2 P(X <= min(b, c))) for X binomial with b + c draws of probability 1/2.
pub(super) fn mcnemar(b: u64, c: u64) -> f64 {
    let (n, m) = (b + c, b.min(c));
    if n == 0 {
        return 1.0;
    }
    let (mut term, mut sum) = (1.0, 0.0);
    for k in (0..=m).rev() {
        sum += term;
        term *= k as f64 / (n - k + 1) as f64;
        if term < sum * 1e-18 {
            break;
        }
    }
    (2.0 * sum * coin(n, m)).min(1.0)
}

/// The quantile of the standard normal, 0 < p < 1 (Wichura, AS 241, 1988).
pub(super) fn normal_quantile(p: f64) -> f64 {
    let ratio = |x: f64, a: [f64; 8], b: [f64; 8]| {
        let at = |c: [f64; 8]| c.iter().rev().fold(0.0, |s, c| s * x + c);
        at(a) / at(b)
    };
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(0.180_625 - q * q, CENTRE.0, CENTRE.1);
    }
    let r = (-p.min(1.0 - p).ln()).sqrt();
    let z = if r <= 5.0 { ratio(r - 1.6, NEAR.0, NEAR.1) } else { ratio(r - 5.0, FAR.0, FAR.1) };
    z.copysign(q)
}

type Rational = ([f64; 8], [f64; 8]);
#[allow(clippy::excessive_precision)] // As published.
const CENTRE: Rational = (
    [
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ],
    [
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ],
);
#[allow(clippy::excessive_precision)] // As published.
const NEAR: Rational = (
    [
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);
#[allow(clippy::excessive_precision)] // As published.
const FAR: Rational = (
    [
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);
