//! The range of affine functionals over a set.

use super::Shape;
use crate::simd::Isa;
use crate::simd::sweep::{self, BLOCK, PANEL, Rows, Scalar, Sweeps};

/// Columns that are worked on at a time: their ranges stay in the nearest cache.
const WIDTH: usize = 128;

/// The ranges of a panel of columns.
type Ends<T> = [T; WIDTH];

/// The memory that ranges need, and the instruction set that they are computed with.
pub struct Scratch<T: Scalar> {
    sweeps: &'static Sweeps<T>,
    /// Factors of corners, in blocks.
    factors: Vec<T>,
    /// Values in [`PANEL`] columns.
    panel: Vec<T>,
}

impl<T: Scalar> Scratch<T> {
    /// Scratch for the kernels of `isa`, which this CPU must have.
    pub fn new(isa: Isa) -> Scratch<T> {
        Scratch { sweeps: sweep::sweeps(isa), factors: Vec::new(), panel: Vec::new() }
    }
}

impl<T: Scalar> Default for Scratch<T> {
    /// For the best instruction set of this CPU.
    fn default() -> Scratch<T> {
        Scratch::new(Isa::detect())
    }
}

/// Values of functionals on rows, and the columns of them that are worked on.
#[derive(Clone, Copy)]
struct Values<'a, T> {
    all: &'a [T],
    n: usize,
    column: usize,
    width: usize,
}

impl<'a, T> Values<'a, T> {
    fn rows(&self, rows: &std::ops::Range<usize>) -> Rows<'a, T> {
        Rows { values: self.all, n: self.n, column: self.column, rows: rows.clone() }
    }
}

impl Shape {
    /// Smallest and largest value of `n` functionals over the set, from their values on the rows, (rows, n) row-major.
    /// An unbounded end is infinite. Both ends of a functional are NaN if a value is not finite, or overflows on the way.
    ///
    /// Cost: the values are read twice; corners take a multiply-add per corner, row and functional, and are never kept.
    pub fn range<T: Scalar>(&self, values: &[T], n: usize, lo: &mut [T], hi: &mut [T]) {
        self.range_with(&mut Scratch::default(), values, n, lo, hi);
    }

    /// The same with scratch of the caller's, for one call after the other.
    pub fn range_with<T: Scalar>(
        &self,
        scratch: &mut Scratch<T>,
        values: &[T],
        n: usize,
        lo: &mut [T],
        hi: &mut [T],
    ) {
        let span = self.span();
        for (i, (lo, hi)) in lo[..n].chunks_mut(WIDTH).zip(hi[..n].chunks_mut(WIDTH)).enumerate() {
            let at = Values { all: values, n, column: i * WIDTH, width: lo.len() };
            let (mut low, mut high) = ([T::ZERO; WIDTH], [T::ZERO; WIDTH]);
            self.measure(at, scratch, &mut low, &mut high);
            let mut poison = [T::ZERO; WIDTH];
            (scratch.sweeps.poison)(at.rows(&span), &mut poison[..at.width]);
            for (((lo, hi), (low, high)), poison) in
                lo.iter_mut().zip(hi).zip(low.iter().zip(&high)).zip(&poison)
            {
                (*lo, *hi) = (*low + *poison, *high + *poison);
            }
        }
    }

    /// Sets (low, high) to the range of this part.
    fn measure<T: Scalar>(
        &self,
        at: Values<T>,
        scratch: &mut Scratch<T>,
        low: &mut Ends<T>,
        high: &mut Ends<T>,
    ) {
        let w = at.width;
        match self {
            Shape::Points(rows) | Shape::Steps(rows) => {
                nothing(low, high);
                (scratch.sweeps.extremes)(at.rows(rows), &mut low[..w], &mut high[..w]);
            }
            Shape::Simplex(rows) => {
                symmetric([T::ZERO; WIDTH], low, high);
                (scratch.sweeps.extremes)(at.rows(rows), &mut low[..w], &mut high[..w]);
            }
            Shape::Cube(rows) => {
                let mut sums = [T::ZERO; WIDTH];
                (scratch.sweeps.absolute)(at.rows(rows), &mut sums[..w]);
                symmetric(sums, low, high);
            }
            Shape::Ball(rows) => {
                let mut sums = [T::ZERO; WIDTH];
                (scratch.sweeps.squares)(at.rows(rows), &mut sums[..w]);
                for (c, sum) in sums.iter_mut().enumerate() {
                    // Squares that overflow or vanish, or might have: each in a wider range of exponents.
                    let safe = *sum > T::SMALL_SQUARE && *sum < T::INFINITY || c >= w;
                    *sum = if safe {
                        sum.sqrt()
                    } else {
                        let column = rows.clone().map(|j| at.all[j * at.n + at.column + c].wide());
                        T::of(super::extreme::norm(column))
                    };
                }
                symmetric(sums, low, high);
            }
            Shape::Cross(rows) => {
                let mut sizes = [T::ZERO; WIDTH];
                (scratch.sweeps.largest)(at.rows(rows), &mut sizes[..w]);
                symmetric(sizes, low, high);
            }
            Shape::Cone(rows) => {
                symmetric([T::ZERO; WIDTH], low, high);
                (scratch.sweeps.extremes)(at.rows(rows), &mut low[..w], &mut high[..w]);
                for (low, high) in low.iter_mut().zip(high) {
                    *low = if *low < T::ZERO { T::ZERO - T::INFINITY } else { T::ZERO };
                    *high = if *high > T::ZERO { T::INFINITY } else { T::ZERO };
                }
            }
            Shape::Corners(rows, factors) => {
                nothing(low, high);
                corners(rows, factors, at, scratch, low, high);
            }
            Shape::Polytope(rows, sides) => {
                let mut simplex = sides.start();
                for c in 0..w {
                    let values = rows.clone().map(|j| at.all[j * at.n + at.column + c].wide());
                    let (up, down): (Vec<f64>, Vec<f64>) = values.map(|v| (v, -v)).unzip();
                    low[c] = T::of(sides.least(&up, &mut simplex).0);
                    high[c] = T::of(-sides.least(&down, &mut simplex).0);
                }
            }
            Shape::Sum(parts) => {
                symmetric([T::ZERO; WIDTH], low, high);
                let (mut l, mut h) = ([T::ZERO; WIDTH], [T::ZERO; WIDTH]);
                for part in parts {
                    part.measure(at, scratch, &mut l, &mut h);
                    low.iter_mut().zip(&l).for_each(|(low, l)| *low = *low + *l);
                    high.iter_mut().zip(&h).for_each(|(high, h)| *high = *high + *h);
                }
            }
            Shape::Hull(parts) => {
                nothing(low, high);
                let (mut l, mut h) = ([T::ZERO; WIDTH], [T::ZERO; WIDTH]);
                for part in parts {
                    part.measure(at, scratch, &mut l, &mut h);
                    low.iter_mut()
                        .zip(&l)
                        .for_each(|(low, l)| *low = if *low < *l || low.wide().is_nan() { *low } else { *l });
                    high.iter_mut().zip(&h).for_each(|(high, h)| {
                        *high = if *high > *h || high.wide().is_nan() { *high } else { *h }
                    });
                }
            }
        }
    }
}

/// The range of an empty set.
fn nothing<T: Scalar>(low: &mut Ends<T>, high: &mut Ends<T>) {
    low.fill(T::INFINITY);
    high.fill(T::ZERO - T::INFINITY);
}

/// From -size to size; NaN if that has overflowed.
fn symmetric<T: Scalar>(sizes: Ends<T>, low: &mut Ends<T>, high: &mut Ends<T>) {
    for ((low, high), size) in low.iter_mut().zip(high).zip(sizes) {
        let size = size + size * T::ZERO;
        (*low, *high) = (T::ZERO - size, size);
    }
}

/// Widens (low, high) to the corners: blocks of them against panels of columns, so that both stay in the nearest caches.
fn corners<T: Scalar>(
    rows: &std::ops::Range<usize>,
    factors: &[f64],
    at: Values<T>,
    scratch: &mut Scratch<T>,
    low: &mut Ends<T>,
    high: &mut Ends<T>,
) {
    let k = rows.len();
    scratch.factors.clear();
    for block in factors.chunks(k * BLOCK) {
        for j in 0..k {
            // Short of a block the last corner is repeated.
            let last = block.len() / k - 1;
            scratch.factors.extend((0..BLOCK).map(|q| T::of(block[q.min(last) * k + j])));
        }
    }
    let ends = low.as_chunks_mut::<PANEL>().0.iter_mut().zip(high.as_chunks_mut::<PANEL>().0);
    for (i, (low, high)) in ends.enumerate().take(at.width.div_ceil(PANEL)) {
        let width = PANEL.min(at.width - i * PANEL);
        scratch.panel.clear();
        for j in rows.clone() {
            let row = &at.all[j * at.n + at.column + i * PANEL..][..width];
            scratch.panel.extend_from_slice(row);
            scratch.panel.extend((width..PANEL).map(|_| T::ZERO));
        }
        (scratch.sweeps.corners)(&scratch.factors, &scratch.panel, low, high);
    }
}
