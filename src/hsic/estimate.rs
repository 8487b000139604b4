//! HSIC and CKA between two variables.

use super::kernel::Kernel;
use super::leaf::Number;
use super::linear;
use super::oned;
use super::side::{Side, Variable};
use super::sums::{Sums, sums};
use crate::context::Context;
use crate::error::{Result, bail};

/// Which normalisation of HSIC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Estimator {
    /// Tr(K H L H) / n^2 (Gretton et al. 2005, as most packages print it).
    #[default]
    BiasedN2,
    /// Tr(K H L H) / (n - 1)^2.
    BiasedNm1,
    /// Song et al. 2012; may be negative, which is right: its mean over samples of independent variables is 0.
    Unbiased,
}

/// All estimators of one pair of variables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimates {
    /// Number of rows.
    pub n: usize,
    /// Tr(K H L H) / n^2 of x and y, of x and x, of y and y.
    pub biased: [f64; 3],
    /// Unbiased, in the same order; NaN for n < 4.
    pub unbiased: [f64; 3],
    /// Ratio of the centred to the shifted sums of squares of each variable: 0 for a constant one.
    spread: [f64; 2],
}

/// A spread below which a variable is constant: what is left of its Gram matrix is rounding.
const CONSTANT: f64 = 1e-14;

impl Estimates {
    /// HSIC of x and y. Condition: TOO_FEW (unbiased with n < 4, n - 1 = 0).
    pub fn hsic(&self, estimator: Estimator) -> Result<f64> {
        let n = self.n as f64;
        match estimator {
            Estimator::BiasedN2 => Ok(self.biased[0]),
            Estimator::BiasedNm1 => {
                expect(self.n, 2, "HSIC over (n - 1)^2")?;
                Ok(self.biased[0] * (n / (n - 1.0)).powi(2))
            }
            Estimator::Unbiased => {
                expect(self.n, 4, "unbiased HSIC")?;
                Ok(self.unbiased[0])
            }
        }
    }

    /// Centred kernel alignment: HSIC of x and y over the geometric mean of those of each with itself. Conditions: UNDEFINED
    /// (a constant variable, or an unbiased self term that is not positive), TOO_FEW.
    pub fn cka(&self, debiased: bool) -> Result<f64> {
        if debiased {
            expect(self.n, 4, "debiased CKA")?;
        }
        let [xy, xx, yy] = if debiased { self.unbiased } else { self.biased };
        for (name, own, spread) in [("x", xx, self.spread[0]), ("y", yy, self.spread[1])] {
            if !(own > 0.0 && spread > CONSTANT) {
                bail!(Undefined, "CKA: HSIC of {name} with itself is {own:e}; expected more than 0")
            }
        }
        Ok(xy / xx.sqrt() / yy.sqrt())
    }
}

/// TOO_FEW unless there are `least` rows.
pub(super) fn expect(n: usize, least: usize, what: &str) -> Result<()> {
    if n < least {
        bail!(TooFew, "{what} needs at least {least} rows; there are {n}")
    }
    Ok(())
}

impl Sums {
    pub(super) fn estimates(&self) -> Estimates {
        let n = self.r.len();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let total = |a: &[f64]| a.iter().sum::<f64>();
        let full = |a: &[f64], d: &[f64]| a.iter().zip(d).map(|(a, d)| a + d).collect::<Vec<f64>>();
        let (r, s) = (full(&self.r, &self.k_diagonal), full(&self.s, &self.l_diagonal));
        let m = n as f64;
        let biased = |kl: f64, k: &[f64], l: &[f64], a: &[f64], b: &[f64]| {
            let square = kl + dot(k, l);
            let centred = square - 2.0 / m * dot(a, b) + total(a) * total(b) / (m * m);
            [centred / (m * m), if square > 0.0 { centred / square } else { 0.0 }]
        };
        let unbiased = |kl: f64, a: &[f64], b: &[f64]| {
            if n < 4 {
                return f64::NAN;
            }
            let both = total(a) * total(b) / ((m - 1.0) * (m - 2.0));
            (kl + both - 2.0 / (m - 2.0) * dot(a, b)) / (m * (m - 3.0))
        };
        let (dk, dl) = (&self.k_diagonal[..], &self.l_diagonal[..]);
        let [xy, _] = biased(self.kl, dk, dl, &r, &s);
        let [xx, x_spread] = biased(self.kk, dk, dk, &r, &r);
        let [yy, y_spread] = biased(self.ll, dl, dl, &s, &s);
        Estimates {
            n,
            biased: [xy, xx, yy],
            unbiased: [
                unbiased(self.kl, &self.r, &self.s),
                unbiased(self.kk, &self.r, &self.r),
                unbiased(self.ll, &self.s, &self.s),
            ],
            spread: [x_spread, y_spread],
        }
    }
}

/// HSIC of x and y, biased and unbiased, and CKA, in one pass over tiles of the two Gram matrices.
///
/// n^2 (d_x + d_y) / 2 multiplications and n^2 kernel evaluations; memory O(n) and a few tiles for each thread. Two linear
/// kernels take d_x d_y n instead where that is less, and one column each with Laplace or distance kernels n log n. Conditions: SHAPE, RANK, DTYPE, NONFINITE, ARGUMENT, MEMORY_LIMIT,
/// MEMORY, CANCELLED.
pub fn hsic(ctx: &Context, x: &Variable, y: &Variable) -> Result<Estimates> {
    if let (Some((a, Kernel::Linear)), Some((b, Kernel::Linear))) = (x.single(), y.single())
        && !ctx.reference()
        && linear::pays(a, b)?
    {
        return linear::estimates(ctx, a, b);
    }
    if !ctx.reference() && oned::pays(x, y) {
        return oned::hsic_1d(ctx, x, y);
    }
    if x.is_double() || y.is_double() { of::<f64>(ctx, x, y) } else { of::<f32>(ctx, x, y) }
}

fn of<T: Number>(ctx: &Context, x: &Variable, y: &Variable) -> Result<Estimates> {
    let meter = ctx.meter();
    let (x, y) = (Side::<T>::new(&meter, x, true)?, Side::<T>::new(&meter, y, true)?);
    y.expect_rows(x.name, x.n)?;
    Ok(sums(ctx, &meter, &x, &y)?.estimates())
}
