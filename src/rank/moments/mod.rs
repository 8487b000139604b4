//! The mergeable state behind every measure: how many rows, their sum, and the sum of their outer products.
//!
//! ```text
//! S = sum (x - a),   G = sum (x - a)(x - a)'      upper triangle, f64; x stands for 2^-e times the row
//! mu = a + S / n,    C = G - S S' / n,    U = C + n mu mu'
//! ```
//!
//! The shift a is the mean of the first rows unless the caller gives one, so that a large mean costs no accuracy; e is 0
//! unless the data are of extreme size. `update` (rows come and go), `merge` (Chan, Golub and LeVeque 1979), `bytes`
//! (the versioned form), `flat` (a buffer that an all-reduce may sum).

mod bytes;
mod flat;
mod merge;
#[cfg(test)]
mod tests;
mod update;

pub(super) use update::scale_of;

use super::scale::ldexp;
use super::spectrum::Spectrum;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::linalg::syrk::Gram;

/// Where the shift comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// The mean of the first rows.
    First,
    /// It is 0, whatever the scale.
    Zero,
    /// The caller gave it, and the scale too; both stay.
    Given,
}

/// Second moments of rows of K features: streaming, mergeable, exact to the rounding of the sums. Memory: K^2 doubles.
///
/// A call that fails leaves the state as it was.
pub struct Moments {
    rows: u64,
    exponent: i32,
    anchor: Anchor,
    /// a; in the units of the scaled rows, as everything that follows.
    shift: Vec<f64>,
    /// S.
    sums: Vec<f64>,
    /// G.
    gram: Gram,
}

/// Part of the shifted second moments below which centred ones are rounding: a few units in the last place.
const LOST: f64 = 64.0 * f64::EPSILON;

impl Moments {
    /// No rows yet; the shift will be the mean of the first ones. Conditions: SHAPE (no columns), MEMORY, MEMORY_LIMIT.
    pub fn new(ctx: &Context, columns: usize) -> Result<Self> {
        Moments::anchored(&ctx.meter(), columns, Anchor::First)
    }

    /// No rows yet, and this shift for good: states of the same shift and exponent may be summed entry by entry, see
    /// [`Moments::write_flat`]. Rows are scaled by 2^-exponent, which should be 0 unless |x| passes 2^300 or stays below
    /// 2^-300. Conditions: SHAPE, NONFINITE, ARGUMENT.
    pub fn with_shift(ctx: &Context, shift: &[f64], exponent: i32) -> Result<Self> {
        if let Some((i, x)) = shift.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            bail!(Nonfinite, "shift[{i}] is {x}; expected a finite number")
        }
        if !(-1074..=1024).contains(&exponent) {
            bail!(Argument, "exponent is {exponent}; expected -1074 to 1024")
        }
        let mut moments = Moments::anchored(&ctx.meter(), shift.len(), Anchor::Given)?;
        moments.exponent = exponent;
        for (i, (a, &x)) in moments.shift.iter_mut().zip(shift).enumerate() {
            *a = ldexp(x, -exponent);
            if a.abs() > update::REACH {
                bail!(Argument, "shift[{i}] is {x:e}, too large for the scale 2^{exponent} of this state")
            }
        }
        Ok(moments)
    }

    /// No rows yet. Without `center` the shift is 0: uncentred moments come out without a detour, and centred ones lose what
    /// the mean takes.
    pub(super) fn about(meter: &Meter, columns: usize, center: bool) -> Result<Self> {
        Moments::anchored(meter, columns, if center { Anchor::First } else { Anchor::Zero })
    }

    fn anchored(meter: &Meter, columns: usize, anchor: Anchor) -> Result<Self> {
        if columns == 0 {
            bail!(Shape, "columns is 0; expected at least 1")
        }
        let zeros = || vec![0.0; columns];
        let gram = Gram::zeros(meter, columns)?;
        Ok(Moments { rows: 0, exponent: 0, anchor, shift: zeros(), sums: zeros(), gram })
    }

    /// Number of rows, N.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of columns, K.
    pub fn columns(&self) -> usize {
        self.shift.len()
    }

    /// e: the rows are kept as 2^-e times what they are.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    /// Forgets the rows.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.sums.fill(0.0);
        self.gram.clear();
        if self.anchor != Anchor::Given {
            self.exponent = 0;
            self.shift.fill(0.0);
        }
    }

    /// mu, in the units of the data. Condition: SHAPE (no rows).
    pub fn mean(&self) -> Result<Vec<f64>> {
        self.expect_rows()?;
        Ok(self.scaled_mean().map(|x| ldexp(x, self.exponent)).collect())
    }

    /// C, or U without `center`: K x K, row-major, both triangles, in the units of the data squared (infinite or 0 if no
    /// f64 holds it). Conditions: SHAPE (no rows), MEMORY, MEMORY_LIMIT.
    pub fn second_moments(&self, ctx: &Context, center: bool) -> Result<Buffer<f64>> {
        let mut full = self.scaled(&ctx.meter(), center)?;
        if self.exponent != 0 {
            full.iter_mut().for_each(|x| *x = ldexp(*x, 2 * self.exponent));
        }
        Ok(full)
    }

    /// The singular values of the rows, with `center` of the rows minus their mean: min(N, K) of them. 4/3 K^3 flops, 1.7 K^2
    /// doubles. Conditions: SHAPE (no rows), NUMERIC (zero spectrum, or rows were subtracted that are not there), MEMORY,
    /// MEMORY_LIMIT, CANCELLED.
    pub fn spectrum(&self, ctx: &Context, center: bool) -> Result<Spectrum> {
        self.expect_rows()?;
        let meter = ctx.meter();
        let matrix = self.gram.mapped(&meter, self.entries(center))?;
        self.spectrum_of(ctx, &meter, &matrix, center, self.lost())
    }

    /// The same at the price of the state, which saves a copy of it.
    pub(super) fn into_spectrum(mut self, ctx: &Context, meter: &Meter, center: bool) -> Result<Spectrum> {
        self.expect_rows()?;
        let (lost, entries) = (self.lost(), self.entries(center));
        self.gram.map(entries);
        self.spectrum_of(ctx, meter, &self.gram, center, lost)
    }

    /// C or U of the scaled rows.
    pub(super) fn into_matrix(mut self, center: bool) -> Result<Gram> {
        self.expect_rows()?;
        let entries = self.entries(center);
        self.gram.map(entries);
        Ok(self.gram)
    }

    fn spectrum_of(
        &self,
        ctx: &Context,
        meter: &Meter,
        matrix: &Gram,
        center: bool,
        lost: f64,
    ) -> Result<Spectrum> {
        if center && matrix.trace().abs() <= lost {
            bail!(
                Numeric,
                "zero spectrum: all rows are equal, or differ by so little that a shift far from them has lost it"
            )
        }
        let lambda = matrix.eigenvalues(ctx, meter)?;
        Spectrum::from_eigenvalues(lambda, self.exponent, self.rows, self.columns(), center)
    }

    /// (sum lambda)^2 / sum lambda^2 without eigenvalues; K^2 flops. Its logarithm is the matrix Renyi entropy of order 2.
    /// Conditions: SHAPE (no rows), NUMERIC (zero spectrum).
    pub fn participation_ratio(&self, center: bool) -> Result<f64> {
        self.expect_rows()?;
        let entry = self.entries(center);
        let (mut trace, mut squares) = (0.0, 0.0);
        for i in 0..self.columns() {
            for (k, &g) in self.gram.row(i).iter().enumerate() {
                let x = entry(i, i + k, g);
                trace += if k == 0 { x } else { 0.0 };
                squares += if k == 0 { x * x } else { 2.0 * x * x };
            }
        }
        if trace <= if center { self.lost() } else { 0.0 } {
            bail!(
                Numeric,
                "zero spectrum: the rows {} 0",
                if center { "minus their mean are all" } else { "are all" }
            )
        }
        Ok(trace / squares * trace)
    }

    /// A trace of C that is no more than the rounding of G.
    pub(super) fn lost(&self) -> f64 {
        LOST * self.gram.trace()
    }

    fn expect_rows(&self) -> Result<()> {
        if self.rows == 0 { bail!(Shape, "there are no rows yet; expected at least one") } else { Ok(()) }
    }

    pub(super) fn scaled_mean(&self) -> impl Iterator<Item = f64> {
        let n = self.rows as f64;
        self.shift.iter().zip(&self.sums).map(move |(a, s)| a + s / n)
    }

    /// What turns entry (i, j) of G into that of C or U.
    fn entries(&self, center: bool) -> impl Fn(usize, usize, f64) -> f64 + use<> {
        let n = self.rows as f64;
        let (mean, sums): (Vec<f64>, _) = (self.scaled_mean().collect(), self.sums.clone());
        // Around 0, G is U as it is.
        let plain = !center && self.shift.iter().all(|&a| a == 0.0);
        move |i, j, g| {
            let c = g - sums[i] * sums[j] / n;
            match (plain, center) {
                (true, _) => g,
                (_, true) => c,
                _ => c + n * mean[i] * mean[j],
            }
        }
    }

    /// C or U of the scaled rows, both triangles.
    pub(super) fn scaled(&self, meter: &Meter, center: bool) -> Result<Buffer<f64>> {
        self.expect_rows()?;
        self.gram.to_full(meter, self.entries(center))
    }
}
