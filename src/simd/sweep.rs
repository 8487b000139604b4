//! Sweeps over the rows of a matrix, column by column: what the ranges of functionals over a convex set are made of.
//!
//! Written once, for both precisions, as plain loops; each instruction set compiles them for itself.

use std::fmt::Debug;
use std::ops::{Add, Mul, Range, Sub};

use super::Isa;

/// A precision in which ranges are computed: `f32` or `f64`.
pub trait Scalar:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + 'static
    + sealed::Sealed
{
    /// 0.
    const ZERO: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Sums of squares above this have lost nothing to underflow that matters.
    const SMALL_SQUARE: Self;
    /// The nearest value to `v`.
    fn of(v: f64) -> Self;
    /// This value, exactly.
    fn wide(self) -> f64;
    /// |x|.
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// self * factor + addend, rounded once.
    fn fused(self, factor: Self, addend: Self) -> Self;
}

mod sealed {
    /// What only this library needs to know about a precision.
    pub trait Sealed: Sized {
        /// Its sweeps.
        fn sweeps(isa: super::Isa) -> &'static super::Sweeps<Self>;
    }
}

/// The sweeps of an instruction set in the precision of T.
pub(crate) fn sweeps<T: Scalar>(isa: Isa) -> &'static Sweeps<T> {
    T::sweeps(isa)
}

macro_rules! scalar {
    ($t:ident, $field:ident) => {
        impl Scalar for $t {
            const ZERO: Self = 0.0;
            const INFINITY: Self = $t::INFINITY;
            const SMALL_SQUARE: Self = $t::MIN_POSITIVE / ($t::EPSILON * $t::EPSILON);

            #[inline]
            fn of(v: f64) -> Self {
                v as $t
            }

            #[inline]
            fn wide(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn abs(self) -> Self {
                $t::abs(self)
            }

            #[inline]
            fn sqrt(self) -> Self {
                $t::sqrt(self)
            }

            #[inline]
            fn fused(self, factor: Self, addend: Self) -> Self {
                $t::mul_add(self, factor, addend)
            }
        }

        impl sealed::Sealed for $t {
            fn sweeps(isa: Isa) -> &'static Sweeps<$t> {
                &isa.kernels().$field
            }
        }
    };
}
scalar!(f32, sweeps32);
scalar!(f64, sweeps64);

/// Some rows of a row-major matrix with `n` columns, from column `column` on: as many columns as there are sums.
#[derive(Clone, Debug)]
pub struct Rows<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) n: usize,
    pub(crate) column: usize,
    pub(crate) rows: Range<usize>,
}

/// Corners in a block of [`Sweeps::corners`].
pub(crate) const BLOCK: usize = 8;
/// Columns of a panel of [`Sweeps::corners`].
pub(crate) const PANEL: usize = 16;

/// The sweeps of one instruction set in one precision.
pub struct Sweeps<T> {
    /// Adds 0 times every value: NaN where one is not finite.
    pub(crate) poison: fn(rows: Rows<T>, sums: &mut [T]),
    /// Widens (low, high) to the values.
    pub(crate) extremes: fn(rows: Rows<T>, low: &mut [T], high: &mut [T]),
    /// Adds absolute values.
    pub(crate) absolute: fn(rows: Rows<T>, sums: &mut [T]),
    /// Adds squares.
    pub(crate) squares: fn(rows: Rows<T>, sums: &mut [T]),
    /// Raises to the largest absolute value.
    pub(crate) largest: fn(rows: Rows<T>, most: &mut [T]),
    /// Widens (low, high) to the products of corners, in blocks of k times [`BLOCK`] factors, with a panel of k rows of
    /// [`PANEL`] values.
    pub(crate) corners: fn(factors: &[T], panel: &[T], low: &mut [T; PANEL], high: &mut [T; PANEL]),
}

/// Folds every column, four rows at a time so that sums are read and written once for all four.
#[inline(always)]
fn fold<T: Scalar>(rows: &Rows<T>, sums: &mut [T], f: impl Fn(T, T) -> T) {
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
        for (s, &a) in sums.iter_mut().zip(&rows.values[j * rows.n + rows.column..]) {
            *s = f(*s, a);
        }
    }
}

#[inline(always)]
fn least<T: Scalar>(m: T, v: T) -> T {
    if v < m { v } else { m }
}

#[inline(always)]
fn most<T: Scalar>(m: T, v: T) -> T {
    if v > m { v } else { m }
}

#[inline(always)]
pub(super) fn poison<T: Scalar>(rows: Rows<T>, sums: &mut [T]) {
    fold(&rows, sums, |s, v| s + v * T::ZERO);
}

#[inline(always)]
pub(super) fn extremes<T: Scalar>(rows: Rows<T>, low: &mut [T], high: &mut [T]) {
    let w = low.len();
    let row = |j: usize| &rows.values[j * rows.n + rows.column..][..w];
    let mut j = rows.rows.start;
    // As in `fold`, but every value is read once for both ends.
    while j + 4 <= rows.rows.end {
        let (a, b, c, d) = (row(j), row(j + 1), row(j + 2), row(j + 3));
        for (((((l, h), &a), &b), &c), &d) in low.iter_mut().zip(&mut *high).zip(a).zip(b).zip(c).zip(d) {
            *l = least(least(least(least(*l, a), b), c), d);
            *h = most(most(most(most(*h, a), b), c), d);
        }
        j += 4;
    }
    for j in j..rows.rows.end {
        for ((l, h), &a) in low.iter_mut().zip(&mut *high).zip(&rows.values[j * rows.n + rows.column..]) {
            *l = least(*l, a);
            *h = most(*h, a);
        }
    }
}

#[inline(always)]
pub(super) fn absolute<T: Scalar>(rows: Rows<T>, sums: &mut [T]) {
    fold(&rows, sums, |s, v| s + v.abs());
}

#[inline(always)]
pub(super) fn squares<T: Scalar>(rows: Rows<T>, sums: &mut [T]) {
    fold(&rows, sums, |s, v| s + v * v);
}

#[inline(always)]
pub(super) fn largest<T: Scalar>(rows: Rows<T>, sizes: &mut [T]) {
    fold(&rows, sizes, |m, v| most(m, v.abs()));
}

/// `FUSED`: whether the instruction set multiplies and adds in one.
#[inline(always)]
pub(super) fn corners<T: Scalar, const FUSED: bool>(
    factors: &[T],
    panel: &[T],
    low: &mut [T; PANEL],
    high: &mut [T; PANEL],
) {
    let panel = panel.as_chunks::<PANEL>().0;
    let (mut l, mut h) = (*low, *high);
    for block in factors.as_chunks::<BLOCK>().0.chunks_exact(panel.len()) {
        let mut sums = [[T::ZERO; PANEL]; BLOCK];
        for (t, v) in block.iter().zip(panel) {
            for q in 0..BLOCK {
                for c in 0..PANEL {
                    sums[q][c] = if FUSED { t[q].fused(v[c], sums[q][c]) } else { t[q] * v[c] + sums[q][c] };
                }
            }
        }
        for sum in &sums {
            for c in 0..PANEL {
                l[c] = least(l[c], sum[c]);
                h[c] = most(h[c], sum[c]);
            }
        }
    }
    (*low, *high) = (l, h);
}

/// The sweeps of one precision, compiled for the given target features (none: for any CPU), which the CPU must have where
/// the table is used.
macro_rules! compiled_sweeps {
    ($t:ident, $fused:literal $(, $features:literal)?) => {{
        use $crate::simd::sweep::{self, PANEL, Rows, Sweeps};
        compiled_sweeps!(@compile poison(rows: Rows<$t>, sums: &mut [$t]) = sweep::poison $(, $features)?);
        compiled_sweeps!(@compile extremes(rows: Rows<$t>, low: &mut [$t], high: &mut [$t]) = sweep::extremes $(, $features)?);
        compiled_sweeps!(@compile absolute(rows: Rows<$t>, sums: &mut [$t]) = sweep::absolute $(, $features)?);
        compiled_sweeps!(@compile squares(rows: Rows<$t>, sums: &mut [$t]) = sweep::squares $(, $features)?);
        compiled_sweeps!(@compile largest(rows: Rows<$t>, sizes: &mut [$t]) = sweep::largest $(, $features)?);
        compiled_sweeps!(@compile corners(factors: &[$t], panel: &[$t], low: &mut [$t; PANEL], high: &mut [$t; PANEL])
            = sweep::corners::<$t, $fused> $(, $features)?);
        Sweeps { poison, extremes, absolute, squares, largest, corners }
    }};
    (@compile $name:ident($($arg:ident: $type:ty),*) = $body:expr) => {
        fn $name($($arg: $type),*) {
            $body($($arg),*)
        }
    };
    (@compile $name:ident($($arg:ident: $type:ty),*) = $body:expr, $features:literal) => {
        fn $name($($arg: $type),*) {
            #[target_feature(enable = $features)]
            fn compiled($($arg: $type),*) {
                $body($($arg),*)
            }
            // SAFETY: tables of kernels are handed out only where the CPU has their features.
            unsafe { compiled($($arg),*) }
        }
    };
}
pub(crate) use compiled_sweeps;
