//! Gamma approximations of null distributions, and the tail of the gamma distribution far out.

use super::centre::Means;
use super::estimate::expect;
use super::leaf::Number;
use super::side::{Side, Variable};
use super::sums::sums;
use super::tiles::{TILE, sweep};
use crate::context::Context;
use crate::error::{Result, bail};

/// A test whose statistic is taken as gamma distributed under independence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaTest {
    /// n times the biased estimator.
    pub statistic: f64,
    /// Mean of the statistic under independence.
    pub mean: f64,
    /// Its variance.
    pub variance: f64,
    /// mean^2 / variance
    pub shape: f64,
    /// What the statistic is divided by to be a standard gamma variable of that shape.
    pub scale: f64,
    /// Probability of a statistic as large; 0 below the smallest f64.
    pub p: f64,
    /// Its natural logarithm, for any size.
    pub log_p: f64,
}

/// As the sources have it: `mean` is that of the statistic over n, in units in which `scale` = n variance / mean; here both
/// are given for the statistic over n, and n enters through the statistic.
pub(super) fn gamma_test(statistic: f64, mean: f64, variance: f64) -> Result<GammaTest> {
    if !(mean > 0.0 && variance > 0.0) {
        bail!(
            Undefined,
            "the null distribution has mean {mean:e} and variance {variance:e}: a variable is constant"
        )
    }
    let shape = mean * mean / variance;
    // Set by the callers, who know n: statistic = n value, scale = n variance / mean.
    Ok(GammaTest { statistic, mean, variance, shape, scale: variance / mean, p: f64::NAN, log_p: f64::NAN })
}

impl GammaTest {
    /// With the scale for a statistic of n rows, and its probability.
    pub(super) fn of_rows(mut self, n: f64) -> Self {
        self.scale *= n;
        self.log_p = log_upper_gamma(self.shape, self.statistic / self.scale);
        self.p = self.log_p.exp();
        self
    }
}

/// UNSUPPORTED unless all kernels have k(x, x) = 1.
pub(super) fn expect_unit(variables: &[Variable]) -> Result<()> {
    for kernel in variables.iter().flat_map(|v| v.kernels()) {
        if !kernel.unit_diagonal() {
            bail!(
                Unsupported,
                "{kernel:?}: the gamma approximation needs k(x, x) = 1; use a permutation test"
            )
        }
    }
    Ok(())
}

/// The test of independence of Gretton et al. (A kernel statistical test of independence, NeurIPS 2007): n HSIC over n^2 as
/// a gamma variable. Kernels with k(x, x) = 1. Two passes. Conditions: as for [`super::hsic()`]; TOO_FEW (n < 6),
/// UNSUPPORTED, UNDEFINED (a constant variable).
pub fn hsic_gamma_test(ctx: &Context, x: &Variable, y: &Variable) -> Result<GammaTest> {
    expect_unit(&[x.clone(), y.clone()])?;
    if x.is_double() || y.is_double() { of::<f64>(ctx, x, y) } else { of::<f32>(ctx, x, y) }
}

fn of<T: Number>(ctx: &Context, x: &Variable, y: &Variable) -> Result<GammaTest> {
    let meter = ctx.meter();
    let (x, y) = (Side::<T>::new(&meter, x, true)?, Side::<T>::new(&meter, y, true)?);
    y.expect_rows(x.name, x.n)?;
    expect(x.n, 6, "the gamma test of HSIC")?;
    let sums = sums(ctx, &meter, &x, &y)?;
    let estimates = sums.estimates();
    // Constant variables have no null distribution.
    estimates.cka(false)?;
    let means = [Means::new(&sums.r, &sums.k_diagonal), Means::new(&sums.s, &sums.l_diagonal)];
    let mut squares = 0.0;
    sweep(
        ctx,
        &meter,
        &[&x, &y],
        "gamma test",
        |work| {
            let origin = work.rows.start;
            let mut rows = [[T::zero(); TILE]; 2];
            let mut sum = 0.0;
            for columns in work.blocks(true) {
                work.load(columns.clone())?;
                let weight = if columns.start == origin { 1.0 } else { 2.0 };
                for i in 0..work.rows.len() {
                    let [k, l] = &mut rows;
                    let (k, l) = (&mut k[..columns.len()], &mut l[..columns.len()]);
                    work.kernel(0, i, x.shift, k);
                    work.kernel(1, i, y.shift, l);
                    let own = origin + i;
                    let mut part = 0.0;
                    for (j, (k, l)) in columns.clone().zip(k.iter().zip(&*l)) {
                        let v = means[0].centred(own, j, k.wide()) * means[1].centred(own, j, l.wide());
                        part += if j == own { 0.0 } else { v * v };
                    }
                    sum += weight * part;
                }
            }
            Ok(sum)
        },
        |part| squares += part,
    )?;
    let n = x.n as f64;
    let off = |r: &[f64], shift: T| r.iter().sum::<f64>() / (n * (n - 1.0)) + shift.wide();
    let (mx, my) = (off(&sums.r, x.shift), off(&sums.s, y.shift));
    let mean = (1.0 + mx * my - mx - my) / n;
    let variance = 72.0 * (n - 4.0) * (n - 5.0) / (n * (n - 1.0) * (n - 2.0) * (n - 3.0));
    let variance = variance * squares / (36.0 * n * (n - 1.0));
    Ok(gamma_test(n * estimates.biased[0], mean, variance)?.of_rows(n))
}

/// ln Gamma(a) for a > 0: Stirling's series after a step up.
fn log_gamma(a: f64) -> f64 {
    let (mut z, mut product) = (a, 1.0);
    let mut less = 0.0;
    while z < 12.0 {
        product *= z;
        z += 1.0;
        if product > 1e200 {
            less += product.ln();
            product = 1.0;
        }
    }
    let w = 1.0 / (z * z);
    let series = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1260.0,
        -1.0 / 1680.0,
        1.0 / 1188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
        -3617.0 / 122_400.0,
    ];
    let tail = series.iter().rev().fold(0.0, |sum, c| sum * w + c) / z;
    (z - 0.5) * z.ln() - z + 0.5 * (2.0 * std::f64::consts::PI).ln() + tail - product.ln() - less
}

/// ln Q(a, x), the logarithm of the upper regularised incomplete gamma function, for a > 0: a series below the mean, a
/// continued fraction (modified Lentz) above.
pub(super) fn log_upper_gamma(a: f64, x: f64) -> f64 {
    if x.is_nan() || a.is_nan() {
        return f64::NAN;
    }
    if x <= 0.0 {
        return 0.0;
    }
    // ln of x^a e^-x / Gamma(a), with the large terms taken together for large a.
    let front = if a > 50.0 {
        let ratio = x / a;
        let bend = if (ratio - 1.0).abs() < 0.5 {
            (ratio - 1.0).ln_1p() - (ratio - 1.0)
        } else {
            ratio.ln() - ratio + 1.0
        };
        // Gamma(a) by Stirling: a ln a - a - ln(a)/2 + ln(2 pi)/2 + tail.
        let tail = log_gamma(a) - ((a - 0.5) * a.ln() - a + 0.5 * (2.0 * std::f64::consts::PI).ln());
        a * bend + 0.5 * a.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln() - tail
    } else {
        a * x.ln() - x - log_gamma(a)
    };
    const STEPS: usize = 1_000_000;
    if x < a + 1.0 {
        let (mut term, mut sum, mut k) = (1.0 / a, 1.0 / a, a);
        for _ in 0..STEPS {
            k += 1.0;
            term *= x / k;
            sum += term;
            if term < sum * 1e-17 {
                break;
            }
        }
        let lower = (front + sum.ln()).exp();
        return (-lower.min(1.0)).ln_1p();
    }
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut h = d;
    for i in 1..STEPS {
        let i = i as f64;
        let an = -i * (i - a);
        b += 2.0;
        d = an * d + b;
        d = if d.abs() < tiny { tiny } else { d };
        c = b + an / c;
        c = if c.abs() < tiny { tiny } else { c };
        d = 1.0 / d;
        let step = d * c;
        h *= step;
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front + h.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closed forms: Q(1, x) = e^-x, Q(n, x) = e^-x sum x^k / k!, Q(1/2, x) = erfc(sqrt x); far out and for large shapes.
    #[test]
    fn tails_of_the_gamma_distribution() {
        for x in [0.1, 1.0, 5.0, 50.0, 690.0, 5000.0] {
            assert!((log_upper_gamma(1.0, x) + x).abs() <= 1e-13 * x.max(1.0));
        }
        for n in [2, 7, 40, 90] {
            for x in [0.5, 3.0, 30.0, 90.0, 400.0] {
                let mut term: f64 = 1.0;
                let mut sum = 1.0;
                for k in 1..n {
                    term *= x / f64::from(k);
                    sum += term;
                }
                let want = sum.ln() - x;
                let got = log_upper_gamma(f64::from(n), x);
                assert!((got - want).abs() <= 1e-11 * want.abs().max(1.0), "Q({n}, {x}): {got} for {want}");
            }
        }
        // erfc(1), erfc(5), erfc(20) in 16 digits (Abramowitz and Stegun, table 7.1; DLMF 7.12).
        for (x, want) in [(1.0, 0.157_299_207_050_285_13), (25.0, 1.537_459_794_428_035e-12)] {
            let got = log_upper_gamma(0.5, x).exp();
            assert!((got - want).abs() <= 1e-12 * want, "{got:e} for {want:e}");
        }
        for k in 1..20 {
            let factorial: f64 = (1..k).map(f64::from).product();
            assert!((log_gamma(f64::from(k)) - factorial.ln()).abs() <= 2e-14 * factorial.ln().max(1.0));
        }
        assert!((log_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() <= 1e-14);
    }
}
