//! Where an affine functional takes the ends of its range over a set.

use std::ops::Range;

use super::Shape;

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The smallest value.
    Low,
    /// The largest value.
    High,
}

impl Side {
    /// What makes the end the largest value.
    fn sign(self) -> f64 {
        if self == Side::Low { -1.0 } else { 1.0 }
    }
}

/// Where an end of a range is taken: a point of the set, as a combination of the rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extreme {
    /// (row, factor).
    pub terms: Vec<(usize, f64)>,
    /// Number of the corner, counted over all points and corners of the shape from the left (in a sum, parts with a single
    /// corner are not counted): the index of the vertex for a hull of points, in whatever form it is kept; for a simplex 0
    /// is its origin.
    pub corner: Option<usize>,
}

impl Extreme {
    /// The point, for rows of `dim` numbers.
    pub fn point(&self, rows: &[f64], dim: usize) -> Vec<f64> {
        let mut point = vec![0.0; dim];
        for &(j, t) in &self.terms {
            point.iter_mut().zip(&rows[j * dim..][..dim]).for_each(|(x, d)| *x += t * d);
        }
        point
    }
}

impl Shape {
    /// Where the functional with the values `value(row)` takes the given end of its range: the first of several equal
    /// corners. Rays do not take part: an infinite end is taken nowhere.
    pub fn extreme(&self, side: Side, value: &impl Fn(usize) -> f64) -> Extreme {
        let mut extreme = Extreme::default();
        self.reach(side, value, 0, &mut extreme);
        extreme
    }

    /// The point of a corner, if the shape has no other extreme points: a hull of points, in whatever form.
    pub(crate) fn at_corner(&self, corner: usize) -> Option<Extreme> {
        let terms = match (self, self.sole_corners()) {
            (Shape::Points(rows), _) if corner < rows.len() => vec![(rows.start + corner, 1.0)],
            (_, Some((point, rows, corners))) if corner < corners.count() => {
                let of_corner = rows.clone().zip(corners.corner(corner).iter().copied());
                point.map(|j| (j, 1.0)).into_iter().chain(of_corner.filter(|&(_, t)| t != 0.0)).collect()
            }
            _ => return None,
        };
        Some(Extreme { terms, corner: Some(corner) })
    }

    /// Adds the terms of this shape, whose corners are numbered from `first`, and returns their value.
    fn reach(&self, side: Side, value: &impl Fn(usize) -> f64, first: usize, at: &mut Extreme) -> f64 {
        let sign = side.sign();
        let mut add = |terms: &mut dyn Iterator<Item = (usize, f64)>| {
            let mut sum = 0.0;
            for (j, t) in terms.filter(|&(_, t)| t != 0.0) {
                sum += t * value(j);
                at.terms.push((j, t));
            }
            sum
        };
        match self {
            Shape::Points(rows) | Shape::Steps(rows) => {
                let best = first_largest(rows.clone(), |j| sign * value(j)).unwrap_or(rows.start);
                at.corner = Some(first + best - rows.start);
                add(&mut [(best, 1.0)].into_iter())
            }
            Shape::Simplex(rows) => {
                let best =
                    first_largest(rows.clone(), |j| sign * value(j)).filter(|&j| sign * value(j) > 0.0);
                at.corner = Some(first + best.map_or(0, |j| j - rows.start + 1));
                add(&mut best.map(|j| (j, 1.0)).into_iter())
            }
            Shape::Cube(rows) => add(&mut rows.clone().map(|j| (j, sign * direction(value(j))))),
            Shape::Ball(rows) => {
                let size = norm(rows.clone().map(value));
                if size == 0.0 { 0.0 } else { add(&mut rows.clone().map(|j| (j, sign * (value(j) / size)))) }
            }
            Shape::Cross(rows) => {
                let largest = first_largest(rows.clone(), |j| value(j).abs());
                add(&mut largest.map(|j| (j, sign * direction(value(j)))).into_iter())
            }
            Shape::Cone(_) => 0.0,
            Shape::Corners(rows, corners) => {
                let values: Vec<f64> = rows.clone().map(|j| sign * value(j)).collect();
                let of = |i: usize| corners.corner(i).iter().zip(&values).map(|(t, v)| t * v).sum::<f64>();
                let best = first_largest(0..corners.count(), of).unwrap_or(0);
                at.corner = Some(first + best);
                add(&mut rows.clone().zip(corners.corner(best).iter().copied()))
            }
            Shape::Polytope(rows, sides) => {
                let down: Vec<f64> = rows.clone().map(|j| -sign * value(j)).collect();
                let t = sides.least(&down, &mut sides.start()).1;
                add(&mut rows.clone().zip(t))
            }
            Shape::Sum(parts) => {
                let (mut sum, mut first) = (0.0, first);
                for part in parts {
                    let mut here = Extreme::default();
                    sum += part.reach(side, value, first, &mut here);
                    at.terms.append(&mut here.terms);
                    let corners = part.n_corners();
                    if corners > 1 {
                        at.corner = here.corner;
                        first += corners;
                    } else if at.corner.is_none() {
                        at.corner = here.corner;
                    }
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
                let Some((v, mut candidate)) = best else { return 0.0 };
                at.terms.append(&mut candidate.terms);
                at.corner = candidate.corner;
                v
            }
        }
    }
}

/// The first of the largest.
fn first_largest(range: Range<usize>, of: impl Fn(usize) -> f64) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for i in range {
        let v = of(i);
        if best.is_none_or(|(b, _)| v > b) {
            best = Some((v, i));
        }
    }
    best.map(|(_, i)| i)
}

/// Which way a value points: 0 for 0.
fn direction(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// The 2-norm, where squares would overflow or vanish too.
pub(super) fn norm(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let square: f64 = values.clone().map(|x| x * x).sum();
    if square.is_finite() && square > 1e-270 {
        return square.sqrt();
    }
    let largest = values.clone().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 { 0.0 } else { largest * values.map(|x| (x / largest).powi(2)).sum::<f64>().sqrt() }
}
