//! Sweeps over the rows of a matrix, column by column: what the ranges of functionals over a convex set are made of.
//!
//! Written once, as plain loops; each instruction set compiles them for itself.

use std::ops::Range;

/// Some rows of a row-major matrix with `n` columns, from column `column` on: as many columns as there are sums.
#[derive(Clone, Debug)]
pub(crate) struct Rows<'a> {
    pub values: &'a [f64],
    pub n: usize,
    pub column: usize,
    pub rows: Range<usize>,
}

/// The sweeps of one instruction set.
pub(crate) struct Sweeps {
    /// Adds 0 times every value: NaN where one is not finite.
    pub poison: fn(rows: Rows, sums: &mut [f64]),
    /// Widens (low, high) to the values, and adds 0 times each of them to `poison`.
    pub extremes: fn(rows: Rows, low: &mut [f64], high: &mut [f64], poison: &mut [f64]),
    /// Adds absolute values.
    pub absolute: fn(rows: Rows, sums: &mut [f64]),
    /// Adds squares.
    pub squares: fn(rows: Rows, sums: &mut [f64]),
    /// Raises to the largest absolute value.
    pub largest: fn(rows: Rows, most: &mut [f64]),
}

/// Folds every column, four rows at a time so that sums are read and written once for all four.
#[inline(always)]
fn fold(rows: &Rows, sums: &mut [f64], f: impl Fn(f64, f64) -> f64) {
    let w = sums.len();
    let row = |j: usize| &rows.values[j * rows.n + rows.column..][..w];
    let mut j = rows.rows.start;
    while j + 4 <= rows.rows.end {
        let (a, b, c, d) = (row(j), row(j + 1), row(j + 2), row(j + 3));
        for ((((s, &a), &b), &c), &d) in sums.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *s = f(f(f(f(*s, a), b), c), d);
        }
        j += 4;
    }
    for j in j..rows.rows.end {
        sums.iter_mut().zip(row(j)).for_each(|(s, &a)| *s = f(*s, a));
    }
}

#[inline(always)]
fn least(m: f64, v: f64) -> f64 {
    if v < m { v } else { m }
}

#[inline(always)]
fn most(m: f64, v: f64) -> f64 {
    if v > m { v } else { m }
}

#[inline(always)]
pub(super) fn poison(rows: Rows, sums: &mut [f64]) {
    fold(&rows, sums, |s, v| s + v * 0.0);
}

#[inline(always)]
pub(super) fn extremes(rows: Rows, low: &mut [f64], high: &mut [f64], poison: &mut [f64]) {
    let w = low.len();
    let row = |j: usize| &rows.values[j * rows.n + rows.column..][..w];
    let mut j = rows.rows.start;
    // As in `fold`, but every value is read once for all three.
    while j + 4 <= rows.rows.end {
        let (a, b, c, d) = (row(j), row(j + 1), row(j + 2), row(j + 3));
        let ends = low.iter_mut().zip(&mut *high).zip(&mut *poison);
        for ((((((l, h), p), &a), &b), &c), &d) in ends.zip(a).zip(b).zip(c).zip(d) {
            *l = least(least(least(least(*l, a), b), c), d);
            *h = most(most(most(most(*h, a), b), c), d);
            *p += (a * 0.0 + b * 0.0) + (c * 0.0 + d * 0.0);
        }
        j += 4;
    }
    for j in j..rows.rows.end {
        for (((l, h), p), &a) in low.iter_mut().zip(&mut *high).zip(&mut *poison).zip(row(j)) {
            *l = least(*l, a);
            *h = most(*h, a);
            *p += a * 0.0;
        }
    }
}

#[inline(always)]
pub(super) fn absolute(rows: Rows, sums: &mut [f64]) {
    fold(&rows, sums, |s, v| s + v.abs());
}

#[inline(always)]
pub(super) fn squares(rows: Rows, sums: &mut [f64]) {
    fold(&rows, sums, |s, v| s + v * v);
}

#[inline(always)]
pub(super) fn largest(rows: Rows, sizes: &mut [f64]) {
    fold(&rows, sizes, |m, v| most(m, v.abs()));
}

/// The sweeps, compiled for the given target features (none: for any CPU), which the CPU must have where the table is used.
macro_rules! compiled_sweeps {
    ($($features:literal)?) => {{
        use $crate::simd::sweep::{self, Rows, Sweeps};
        compiled_leaf!(poison(rows: Rows, sums: &mut [f64]) = sweep::poison $(, $features)?);
        compiled_leaf!(extremes(rows: Rows, low: &mut [f64], high: &mut [f64], nan: &mut [f64]) = sweep::extremes $(, $features)?);
        compiled_leaf!(absolute(rows: Rows, sums: &mut [f64]) = sweep::absolute $(, $features)?);
        compiled_leaf!(squares(rows: Rows, sums: &mut [f64]) = sweep::squares $(, $features)?);
        compiled_leaf!(largest(rows: Rows, sizes: &mut [f64]) = sweep::largest $(, $features)?);
        Sweeps { poison, extremes, absolute, squares, largest }
    }};
}
pub(crate) use compiled_sweeps;
