//! How rows make a set, the range of an affine functional over it, and where the ends of that range are taken.

use std::ops::Range;
use std::sync::Arc;

use crate::error::{Result, bail};

/// How rows, numbered from 0, make a set. Exactly one summand of a sum holds points; the parts of a hull are either all
/// made of points or all of directions.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One point.
    Point(usize),
    /// Directions d: all sums of t_j d_j with |t_j| <= 1.
    Cube(Range<usize>),
    /// Directions d: all sums of t_j d_j with |t|_2 <= 1.
    Ball(Range<usize>),
    /// Directions d: all sums of t_j d_j with |t|_1 <= 1.
    Cross(Range<usize>),
    /// Directions d: the hull of the sums of t_ij d_j over corners i; `t` is (corners, rows).
    Corners(Range<usize>, Arc<[f64]>),
    /// Directions d: all sums of t_j d_j with t_j >= 0.
    Cone(Range<usize>),
    /// Minkowski sum.
    Sum(Vec<Shape>),
    /// Hull of the union.
    Hull(Vec<Shape>),
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The smallest value.
    Low,
    /// The largest value.
    High,
}

/// Where an end of a range is taken: a point of the set, as a combination of the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extreme {
    /// (row, factor).
    pub terms: Vec<(usize, f64)>,
    /// Number of the corner, counted over all points and corners of the shape from the left; for a set that is nothing
    /// but the hull of points the index of the vertex.
    pub corner: Option<usize>,
}

impl Shape {
    /// Smallest and largest value of `n` functionals over the set, from their values on the rows, (rows, n) row-major.
    /// An unbounded end is infinite.
    pub fn range(&self, values: &[f64], n: usize, lo: &mut [f64], hi: &mut [f64]) {
        lo.fill(0.0);
        hi.fill(0.0);
        self.widen(values, n, lo, hi);
    }

    /// Adds the range of this set to (lo, hi).
    fn widen(&self, values: &[f64], n: usize, lo: &mut [f64], hi: &mut [f64]) {
        let row = |j: usize| &values[j * n..][..n];
        let grow = |r: &[f64], lo: &mut [f64], hi: &mut [f64]| {
            lo.iter_mut().zip(r).for_each(|(lo, r)| *lo -= r);
            hi.iter_mut().zip(r).for_each(|(hi, r)| *hi += r);
        };
        match self {
            Shape::Point(j) => {
                lo.iter_mut().zip(row(*j)).for_each(|(lo, v)| *lo += v);
                hi.iter_mut().zip(row(*j)).for_each(|(hi, v)| *hi += v);
            }
            Shape::Cube(rows) => {
                let mut radius = vec![0.0; n];
                for j in rows.clone() {
                    radius.iter_mut().zip(row(j)).for_each(|(r, v)| *r += v.abs());
                }
                grow(&radius, lo, hi);
            }
            Shape::Ball(rows) => {
                let mut square = vec![0.0; n];
                for j in rows.clone() {
                    square.iter_mut().zip(row(j)).for_each(|(s, v)| *s += v * v);
                }
                square.iter_mut().for_each(|s| *s = s.sqrt());
                grow(&square, lo, hi);
            }
            Shape::Cross(rows) => {
                let mut largest = vec![0.0f64; n];
                for j in rows.clone() {
                    largest.iter_mut().zip(row(j)).for_each(|(m, v)| *m = m.max(v.abs()));
                }
                grow(&largest, lo, hi);
            }
            Shape::Cone(rows) => {
                for j in rows.clone() {
                    for ((lo, hi), &v) in lo.iter_mut().zip(&mut *hi).zip(row(j)) {
                        if v < 0.0 {
                            *lo = f64::NEG_INFINITY;
                        } else if v > 0.0 {
                            *hi = f64::INFINITY;
                        }
                    }
                }
            }
            Shape::Corners(rows, t) => {
                let mut value = vec![0.0; n];
                let (mut low, mut high) = (vec![f64::INFINITY; n], vec![f64::NEG_INFINITY; n]);
                for t in t.chunks_exact(rows.len().max(1)) {
                    value.fill(0.0);
                    for (j, t) in rows.clone().zip(t) {
                        value.iter_mut().zip(row(j)).for_each(|(v, x)| *v += t * x);
                    }
                    low.iter_mut().zip(&value).for_each(|(m, v)| *m = m.min(*v));
                    high.iter_mut().zip(&value).for_each(|(m, v)| *m = m.max(*v));
                }
                lo.iter_mut().zip(&low).for_each(|(lo, v)| *lo += v);
                hi.iter_mut().zip(&high).for_each(|(hi, v)| *hi += v);
            }
            Shape::Sum(parts) => parts.iter().for_each(|part| part.widen(values, n, lo, hi)),
            Shape::Hull(parts) => {
                let (mut low, mut high) = (vec![f64::INFINITY; n], vec![f64::NEG_INFINITY; n]);
                let (mut l, mut h) = (vec![0.0; n], vec![0.0; n]);
                for part in parts {
                    part.range(values, n, &mut l, &mut h);
                    low.iter_mut().zip(&l).for_each(|(m, v)| *m = m.min(*v));
                    high.iter_mut().zip(&h).for_each(|(m, v)| *m = m.max(*v));
                }
                lo.iter_mut().zip(&low).for_each(|(lo, v)| *lo += v);
                hi.iter_mut().zip(&high).for_each(|(hi, v)| *hi += v);
            }
        }
    }

    /// Where the functional with the values `value(row)` takes the given end of its range: the first of several equal
    /// corners. Rays do not take part: an infinite end is taken nowhere.
    pub fn extreme(&self, side: Side, value: &impl Fn(usize) -> f64) -> Extreme {
        let mut extreme = Extreme::default();
        self.reach(side, value, 0, &mut extreme);
        extreme
    }

    /// Adds the terms of this shape, whose corners are numbered from `first`, and returns their value.
    fn reach(&self, side: Side, value: &impl Fn(usize) -> f64, first: usize, at: &mut Extreme) -> f64 {
        let sign = if side == Side::Low { -1.0 } else { 1.0 };
        let mut add = |terms: &mut dyn Iterator<Item = (usize, f64)>| {
            let mut sum = 0.0;
            for (j, t) in terms {
                sum += t * value(j);
                at.terms.push((j, t));
            }
            sum
        };
        match self {
            Shape::Point(j) => {
                let v = add(&mut [(*j, 1.0)].into_iter());
                at.corner = Some(first);
                v
            }
            Shape::Cube(rows) => {
                add(&mut rows.clone().filter(|&j| value(j) != 0.0).map(|j| (j, sign * value(j).signum())))
            }
            Shape::Ball(rows) => {
                let norm = rows.clone().map(|j| value(j) * value(j)).sum::<f64>().sqrt();
                if norm == 0.0 { 0.0 } else { add(&mut rows.clone().map(|j| (j, sign * value(j) / norm))) }
            }
            Shape::Cross(rows) => {
                let largest = rows.clone().fold(None, |m: Option<usize>, j| match m {
                    Some(m) if value(m).abs() >= value(j).abs() => Some(m),
                    _ => Some(j),
                });
                let largest = largest.filter(|&j| value(j) != 0.0);
                add(&mut largest.into_iter().map(|j| (j, sign * value(j).signum())))
            }
            Shape::Cone(_) => 0.0,
            Shape::Corners(rows, t) => {
                let k = rows.len().max(1);
                let of = |t: &[f64]| rows.clone().zip(t).map(|(j, t)| t * value(j)).sum::<f64>();
                let mut best = (f64::NEG_INFINITY, 0);
                for (i, t) in t.chunks_exact(k).enumerate() {
                    let v = sign * of(t);
                    if v > best.0 {
                        best = (v, i);
                    }
                }
                let v = add(&mut rows.clone().zip(t[best.1 * k..][..rows.len()].iter().copied()));
                at.corner = Some(first + best.1);
                v
            }
            Shape::Sum(parts) => {
                let (mut sum, mut first) = (0.0, first);
                for part in parts {
                    sum += part.reach(side, value, first, at);
                    first += part.n_corners();
                }
                sum
            }
            Shape::Hull(parts) => {
                let (mut best, mut first): (Option<(f64, Extreme)>, usize) = (None, first);
                for part in parts {
                    let mut candidate = Extreme::default();
                    let v = part.reach(side, value, first, &mut candidate);
                    if best.as_ref().is_none_or(|(b, _)| sign * v > sign * b) {
                        best = Some((v, candidate));
                    }
                    first += part.n_corners();
                }
                let Some((v, candidate)) = best else { return 0.0 };
                at.terms.extend(candidate.terms);
                at.corner = candidate.corner;
                v
            }
        }
    }

    /// Points and corners.
    fn n_corners(&self) -> usize {
        match self {
            Shape::Point(_) => 1,
            Shape::Corners(rows, t) => t.len() / rows.len().max(1),
            Shape::Sum(parts) | Shape::Hull(parts) => parts.iter().map(Shape::n_corners).sum(),
            _ => 0,
        }
    }

    /// Marks the rows that are points; an affine map adds its constant to those only.
    pub fn mark_points(&self, is_point: &mut [bool]) {
        match self {
            Shape::Point(j) => is_point[*j] = true,
            Shape::Sum(parts) | Shape::Hull(parts) => parts.iter().for_each(|p| p.mark_points(is_point)),
            _ => (),
        }
    }

    /// The same shape over rows numbered from `by`.
    pub fn shifted(&self, by: usize) -> Shape {
        let to = |rows: &Range<usize>| rows.start + by..rows.end + by;
        let all = |parts: &[Shape]| parts.iter().map(|p| p.shifted(by)).collect();
        match self {
            Shape::Point(j) => Shape::Point(j + by),
            Shape::Cube(rows) => Shape::Cube(to(rows)),
            Shape::Ball(rows) => Shape::Ball(to(rows)),
            Shape::Cross(rows) => Shape::Cross(to(rows)),
            Shape::Cone(rows) => Shape::Cone(to(rows)),
            Shape::Corners(rows, t) => Shape::Corners(to(rows), t.clone()),
            Shape::Sum(parts) => Shape::Sum(all(parts)),
            Shape::Hull(parts) => Shape::Hull(all(parts)),
        }
    }
}

/// EMPTY_REGION, SHAPE or NONFINITE unless `points` holds whole points of `dim` finite numbers.
pub(super) fn check(dim: usize, points: &[f64], name: &str) -> Result<()> {
    if points.is_empty() {
        bail!(EmptyRegion, "{name} is empty; expected at least one point")
    }
    if dim == 0 || points.len() % dim != 0 {
        bail!(Shape, "{name} has {} numbers; expected a multiple of the dimension {dim}", points.len())
    }
    finite(points, name)
}

/// NONFINITE at a NaN or infinity.
pub(super) fn finite(values: &[f64], name: &str) -> Result<()> {
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => bail!(Nonfinite, "{name}: element {i} is {}; expected finite numbers", values[i]),
        None => Ok(()),
    }
}

/// SHAPE, NONFINITE or BAD_REGION unless `radius` holds `dim` numbers >= 0.
pub(super) fn expect_radius(dim: usize, radius: &[f64]) -> Result<()> {
    if radius.len() != dim {
        bail!(Shape, "radius has {} elements; center has {dim}", radius.len())
    }
    finite(radius, "radius")?;
    match radius.iter().position(|&r| r < 0.0) {
        Some(i) => bail!(BadRegion, "radius[{i}] is {}; expected a number >= 0", radius[i]),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConvexSet;
    use super::*;

    #[test]
    fn a_box_by_hand() {
        let set = ConvexSet::boxed(&[1.0, 2.0], &[0.5, 0.0]).unwrap();
        // 3 x - 4 y: value on the rows (1, 2), (0.5, 0), (0, 0).
        let values = [-5.0, 1.5, 0.0];
        let (mut lo, mut hi) = ([0.0], [0.0]);
        set.shape().range(&values, 1, &mut lo, &mut hi);
        assert_eq!((lo, hi), ([-6.5], [-3.5]));
        let at = set.shape().extreme(Side::Low, &|j| values[j]);
        assert_eq!(at.terms, [(0, 1.0), (1, -1.0)]);
    }

    #[test]
    fn the_first_of_equal_vertices_decides() {
        let set = ConvexSet::points(1, &[1.0, -1.0, -1.0, 1.0]).unwrap();
        let values = set.rows();
        assert_eq!(set.shape().extreme(Side::Low, &|j| values[j]).corner, Some(1));
        assert_eq!(set.shape().extreme(Side::High, &|j| values[j]).corner, Some(0));
    }
}
