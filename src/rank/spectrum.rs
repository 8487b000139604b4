//! Singular values, and the measures that need no more than a few of them or their sums.

use super::scale::{exponent, ldexp};
use crate::error::{Result, bail};

/// An eigenvalue below minus this much of the largest is no rounding: something was subtracted that was not there.
const NEGATIVE: f64 = 1e-8;

/// Precision of the data that a [`Spectrum`] comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// f32 data: a unit in the last place is 2^-23.
    #[default]
    Single,
    /// f64 data and an accurate spectrum: 2^-52.
    Double,
}

/// The singular values of an N x K matrix, min(N, K) of them in descending order, not all zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Scaled by a power of two so that the first is in [0.5, 1).
    pub(super) values: Vec<f64>,
    /// The singular values are `values` 2^exponent.
    exponent: i32,
    rows: u64,
    columns: usize,
    centred: bool,
}

impl Spectrum {
    /// Of singular values that the caller has, in any order: min(rows, columns) of them, finite and not negative.
    /// Conditions: SHAPE, ARGUMENT, NUMERIC (all of them 0).
    pub fn from_singular_values(values: &[f64], rows: u64, columns: usize, centred: bool) -> Result<Self> {
        if let Some((i, v)) = values.iter().enumerate().find(|(_, v)| !(v.is_finite() && **v >= 0.0)) {
            bail!(Argument, "singular_values[{i}] is {v}; expected a finite number, 0 or more")
        }
        let r = rows.min(columns as u64);
        if values.len() as u64 != r {
            bail!(Shape, "{} singular values of a {rows} x {columns} matrix; expected {r}", values.len())
        }
        Spectrum::new(values.to_vec(), 0, rows, columns, centred)
    }

    /// Of singular values 2^-scale; sorted here.
    pub(super) fn new(
        mut values: Vec<f64>,
        scale: i32,
        rows: u64,
        columns: usize,
        centred: bool,
    ) -> Result<Self> {
        values.sort_unstable_by(|a, b| b.total_cmp(a));
        if rows == 0 || values.is_empty() {
            bail!(Shape, "a spectrum of {rows} rows and {columns} columns; expected at least one of both")
        }
        if centred && rows <= columns as u64 {
            // Subtracting the mean takes one dimension of the rows: this value is 0, and what it holds is rounding.
            values[rows as usize - 1] = 0.0;
        }
        if values[0] == 0.0 {
            let what = if centred { "all rows are equal" } else { "all elements are 0" };
            bail!(Numeric, "zero spectrum: {what}, so that there is no distribution of singular values")
        }
        let e = exponent(values[0]);
        for v in &mut values {
            *v = ldexp(*v, -e);
        }
        Ok(Spectrum { values, exponent: scale + e, rows, columns, centred })
    }

    /// Of the eigenvalues 2^-2scale of the second moments: the min(rows, columns) largest count, negative ones are 0.
    pub(super) fn from_eigenvalues(
        mut lambda: Vec<f64>,
        scale: i32,
        rows: u64,
        columns: usize,
        centred: bool,
    ) -> Result<Self> {
        lambda.sort_unstable_by(|a, b| b.total_cmp(a));
        if let (Some(&first), Some(&last)) = (lambda.first(), lambda.last())
            && last < -NEGATIVE * first
        {
            bail!(
                Numeric,
                "second moments have the eigenvalue {:e} beside {:e}: rows were subtracted that they do not hold, or many \
                 times over; rebuild them from the rows",
                ldexp(last, 2 * scale),
                ldexp(first, 2 * scale)
            )
        }
        lambda.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
        let values = lambda.into_iter().map(|l| l.max(0.0).sqrt()).collect();
        Spectrum::new(values, scale, rows, columns, centred)
    }

    /// Number of singular values, min(N, K).
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// N.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// K.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether these are the values of the rows minus their mean.
    pub fn centred(&self) -> bool {
        self.centred
    }

    /// The singular values, descending.
    pub fn singular_values(&self) -> Vec<f64> {
        self.values.iter().map(|&v| ldexp(v, self.exponent)).collect()
    }

    /// The power of two that [`Spectrum::values`] are scaled by.
    pub(super) fn exponent(&self) -> i32 {
        self.exponent
    }

    /// sum lambda / lambda_1, lambda the squares. Of centred data this is NESum (He and Ozay 2022); TF-GNN calls it numerical
    /// rank.
    pub fn stable_rank(&self) -> f64 {
        self.square_sum() / (self.values[0] * self.values[0])
    }

    /// sum sigma / sigma_1.
    pub fn nuclear_over_operator(&self) -> f64 {
        self.sum() / self.values[0]
    }

    /// sum sigma; infinite if no f64 holds it.
    pub fn nuclear_norm(&self) -> f64 {
        ldexp(self.sum(), self.exponent)
    }

    /// sum of the squares; infinite or 0 if no f64 holds it.
    pub fn frobenius_sq(&self) -> f64 {
        ldexp(self.square_sum(), 2 * self.exponent)
    }

    /// sigma_r / sigma_1, the inverse of the condition number.
    pub fn inverse_condition(&self) -> f64 {
        self.values[self.len() - 1] / self.values[0]
    }

    /// sigma_1 / sigma_r, or 0 if sigma_r is 0; usually of centred data.
    pub fn pseudo_condition(&self) -> f64 {
        match self.values[self.len() - 1] {
            0.0 => 0.0,
            last => self.values[0] / last,
        }
    }

    /// How many sigma exceed sigma_1 max(N, K) ulp, ulp the precision of the data.
    pub fn numerical_rank(&self, precision: Precision) -> usize {
        let ulp = match precision {
            Precision::Single => f64::from(f32::EPSILON),
            Precision::Double => f64::EPSILON,
        };
        let limit = self.values[0] * self.rows.max(self.columns as u64) as f64 * ulp;
        self.values.iter().filter(|&&v| v > limit).count()
    }

    pub(super) fn sum(&self) -> f64 {
        self.values.iter().sum()
    }

    pub(super) fn square_sum(&self) -> f64 {
        self.values.iter().map(|v| v * v).sum()
    }
}
