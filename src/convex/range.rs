//! The range of affine functionals over a set.

use super::Shape;
use super::corners::Screen;
use crate::simd::Isa;
use crate::simd::sweep::{Rows, Sweeps};

/// Sums of squares above this have lost nothing to underflow that matters.
const SMALL_SQUARE: f64 = f64::MIN_POSITIVE / (f64::EPSILON * f64::EPSILON);
/// Columns that are worked on at a time: their ranges stay in the nearest cache.
const WIDTH: usize = 128;

/// The ranges of a panel of columns.
type Ends = [f64; WIDTH];

/// The memory that ranges need, and the instruction set that they are computed with.
pub struct Scratch {
    sweeps: &'static Sweeps,
    screen: Screen,
    /// Of each functional, the corners that the ends were taken at.
    corners: Vec<[u32; 2]>,
}

impl Scratch {
    /// Scratch for the kernels of `isa`, which this CPU must have.
    pub fn new(isa: Isa) -> Scratch {
        Scratch { sweeps: &isa.kernels().sweeps, screen: Screen::new(isa), corners: Vec::new() }
    }

    /// Of each functional of the last call of [`Shape::range_with`] the corners where the range begins and ends, as
    /// [`Extreme::corner`](super::Extreme::corner), if the shape is carried by a point and directions with corners.
    pub(crate) fn corners(&self) -> &[[u32; 2]] {
        &self.corners
    }
}

impl Default for Scratch {
    /// For the best instruction set of this CPU.
    fn default() -> Scratch {
        Scratch::new(Isa::detect())
    }
}

/// Values of functionals on rows, and the columns of them that are worked on.
#[derive(Clone, Copy)]
struct Values<'a> {
    all: &'a [f64],
    n: usize,
    column: usize,
    width: usize,
}

impl<'a> Values<'a> {
    fn rows(&self, rows: &std::ops::Range<usize>) -> Rows<'a> {
        Rows { values: self.all, n: self.n, column: self.column, rows: rows.clone() }
    }
}

impl Shape {
    /// Smallest and largest value of `n` functionals over the set, from their values on the rows, (rows, n) row-major.
    /// An unbounded end is infinite. Both ends of a functional are NaN if a value is not finite, or overflows on the way.
    ///
    /// Cost: the values are read once; corners take a multiply-add in single precision per corner, row and functional, and
    /// are never kept.
    pub fn range(&self, values: &[f64], n: usize, lo: &mut [f64], hi: &mut [f64]) {
        self.range_with(&mut Scratch::default(), values, n, lo, hi);
    }

    /// The same with scratch of the caller's, for one call after the other.
    pub fn range_with(
        &self,
        scratch: &mut Scratch,
        values: &[f64],
        n: usize,
        lo: &mut [f64],
        hi: &mut [f64],
    ) {
        scratch.corners.clear();
        if self.sole_corners().is_some() {
            scratch.corners.resize(n, [0; 2]);
        }
        for (i, (lo, hi)) in lo[..n].chunks_mut(WIDTH).zip(hi[..n].chunks_mut(WIDTH)).enumerate() {
            let at = Values { all: values, n, column: i * WIDTH, width: lo.len() };
            let (mut low, mut high, mut poison) = ([0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH]);
            self.measure(at, scratch, &mut low, &mut high, &mut poison);
            for (((lo, hi), (low, high)), poison) in
                lo.iter_mut().zip(hi).zip(low.iter().zip(&high)).zip(&poison)
            {
                (*lo, *hi) = (*low + *poison, *high + *poison);
            }
        }
    }

    /// Sets (low, high) to the range of this part, and adds NaN to `poison` where a value is not finite.
    fn measure(&self, at: Values, scratch: &mut Scratch, low: &mut Ends, high: &mut Ends, poison: &mut Ends) {
        let w = at.width;
        let extremes = |sweeps: &Sweeps, rows, low: &mut Ends, high: &mut Ends, poison: &mut Ends| {
            (sweeps.extremes)(at.rows(rows), &mut low[..w], &mut high[..w], &mut poison[..w]);
        };
        match self {
            Shape::Points(rows) | Shape::Steps(rows) => {
                nothing(low, high);
                extremes(scratch.sweeps, rows, low, high, poison);
            }
            Shape::Simplex(rows) => {
                symmetric([0.0; WIDTH], low, high);
                extremes(scratch.sweeps, rows, low, high, poison);
            }
            Shape::Cube(rows) => {
                let mut sums = [0.0; WIDTH];
                (scratch.sweeps.absolute)(at.rows(rows), &mut sums[..w]);
                symmetric(sums, low, high);
            }
            Shape::Ball(rows) => {
                let mut sums = [0.0; WIDTH];
                (scratch.sweeps.squares)(at.rows(rows), &mut sums[..w]);
                for (c, sum) in sums.iter_mut().enumerate() {
                    // Squares that overflow or vanish, or might have: each in a wider range of exponents.
                    let safe = *sum > SMALL_SQUARE && *sum < f64::INFINITY || c >= w;
                    *sum = if safe {
                        sum.sqrt()
                    } else {
                        let column = rows.clone().map(|j| at.all[j * at.n + at.column + c]);
                        super::extreme::norm(column)
                    };
                }
                symmetric(sums, low, high);
            }
            Shape::Cross(rows) => {
                let mut sizes = [0.0; WIDTH];
                (scratch.sweeps.largest)(at.rows(rows), &mut sizes[..w]);
                (scratch.sweeps.poison)(at.rows(rows), &mut poison[..w]);
                symmetric(sizes, low, high);
            }
            Shape::Cone(rows) => {
                symmetric([0.0; WIDTH], low, high);
                extremes(scratch.sweeps, rows, low, high, poison);
                for (low, high) in low.iter_mut().zip(high) {
                    *low = if *low < 0.0 { f64::NEG_INFINITY } else { 0.0 };
                    *high = if *high > 0.0 { f64::INFINITY } else { 0.0 };
                }
            }
            Shape::Corners(rows, corners) => {
                (scratch.sweeps.poison)(at.rows(rows), &mut poison[..w]);
                let columns = at.column..at.column + w;
                let mut found = [[0; 2]; WIDTH];
                let to = [&mut low[..w], &mut high[..w]];
                corners.ends(&mut scratch.screen, (at.all, at.n), rows, columns.clone(), to, &mut found[..w]);
                if let Some(kept) = scratch.corners.get_mut(columns) {
                    kept.copy_from_slice(&found[..w]);
                }
            }
            Shape::Polytope(rows, sides) => {
                (scratch.sweeps.poison)(at.rows(rows), &mut poison[..w]);
                let mut simplex = sides.start();
                for c in 0..w {
                    let values = rows.clone().map(|j| at.all[j * at.n + at.column + c]);
                    let (up, down): (Vec<f64>, Vec<f64>) = values.map(|v| (v, -v)).unzip();
                    low[c] = sides.least(&up, &mut simplex).0;
                    high[c] = -sides.least(&down, &mut simplex).0;
                }
            }
            Shape::Sum(parts) => {
                symmetric([0.0; WIDTH], low, high);
                let (mut l, mut h) = ([0.0; WIDTH], [0.0; WIDTH]);
                for part in parts {
                    part.measure(at, scratch, &mut l, &mut h, poison);
                    low.iter_mut().zip(&l).for_each(|(low, l)| *low += *l);
                    high.iter_mut().zip(&h).for_each(|(high, h)| *high += *h);
                }
            }
            Shape::Hull(parts) => {
                nothing(low, high);
                let (mut l, mut h) = ([0.0; WIDTH], [0.0; WIDTH]);
                for part in parts {
                    part.measure(at, scratch, &mut l, &mut h, poison);
                    low.iter_mut()
                        .zip(&l)
                        .for_each(|(low, l)| *low = if *low < *l || low.is_nan() { *low } else { *l });
                    high.iter_mut()
                        .zip(&h)
                        .for_each(|(high, h)| *high = if *high > *h || high.is_nan() { *high } else { *h });
                }
            }
        }
    }
}

/// The range of an empty set.
fn nothing(low: &mut Ends, high: &mut Ends) {
    low.fill(f64::INFINITY);
    high.fill(f64::NEG_INFINITY);
}

/// From -size to size; NaN if that has overflowed.
fn symmetric(sizes: Ends, low: &mut Ends, high: &mut Ends) {
    for ((low, high), size) in low.iter_mut().zip(high).zip(sizes) {
        let size = size + size * 0.0;
        (*low, *high) = (0.0 - size, size);
    }
}
