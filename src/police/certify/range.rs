//! The range of an affine functional over a convex set, with certainty, from its values on the rows.

use super::enclosure::Enclosure;
use crate::convex::{HalfSpaces, Shape};

/// Whether an end of a range is infinite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Infinite {
    No,
    /// The sign of the functional along a ray is in doubt.
    Maybe,
    Yes,
}

/// One end of a range: `value` unless it is infinite.
#[derive(Clone, Debug)]
pub(super) struct End<E> {
    /// A bound that the functional does not pass.
    pub value: E,
    /// A value that it takes, where that is not the same.
    pub reached: Option<E>,
    pub infinite: Infinite,
}

impl<E: Enclosure> End<E> {
    fn finite(value: E) -> Self {
        End { value, reached: None, infinite: Infinite::No }
    }

    /// The same through `f`, applied to numbers.
    pub fn map(&self, f: impl Fn(&E) -> E) -> Self {
        End { value: f(&self.value), reached: self.reached.as_ref().map(f), infinite: self.infinite }
    }

    /// Both together through `f`, applied to numbers.
    fn join(&self, other: &Self, f: impl Fn(&E, &E) -> E) -> Self {
        let reached =
            (self.reached.is_some() || other.reached.is_some()).then(|| f(self.reached(), other.reached()));
        let infinite = self.infinite.max(other.infinite);
        End { value: f(&self.value, &other.value), reached, infinite }
    }

    /// A value that the functional takes.
    pub fn reached(&self) -> &E {
        self.reached.as_ref().unwrap_or(&self.value)
    }
}

/// [lowest, highest] value of the functional that is `value(j)` on row j.
pub(super) fn range<E: Enclosure>(shape: &Shape, value: &impl Fn(usize) -> E) -> [End<E>; 2] {
    let around_zero = |radius: E| [End::finite(radius.neg()), End::finite(radius)];
    let both = |x: E| [End::finite(x.clone()), End::finite(x)];
    match shape {
        Shape::Points(rows) | Shape::Steps(rows) => hull(rows.clone().map(|j| both(value(j)))),
        Shape::Simplex(rows) => {
            let corners = rows.clone().map(|j| both(value(j)));
            hull(corners.chain([both(E::zero())]))
        }
        Shape::Polytope(rows, sides) => {
            let values: Vec<E> = rows.clone().map(value).collect();
            let down: Vec<E> = values.iter().map(E::neg).collect();
            let low = largest(sides, &down);
            [low.map(E::neg), largest(sides, &values)]
        }
        Shape::Cube(rows) => {
            let mut radius = E::zero();
            rows.clone().for_each(|j| radius.add(&value(j).abs()));
            around_zero(radius)
        }
        Shape::Ball(rows) => {
            let values: Vec<E> = rows.clone().map(value).collect();
            around_zero(E::norm(&values))
        }
        Shape::Cross(rows) => around_zero(rows.clone().fold(E::zero(), |m, j| m.max(&value(j).abs()))),
        Shape::Cone(rows) => {
            let mut ends = both(E::zero());
            for j in rows.clone() {
                let v = value(j);
                let along = [v.neg(), v];
                for (end, v) in ends.iter_mut().zip(&along) {
                    let infinite = match v.is_above_zero() {
                        true => Infinite::Yes,
                        false if v.neg().is_at_least_zero() => Infinite::No,
                        false => Infinite::Maybe,
                    };
                    end.infinite = end.infinite.max(infinite);
                }
            }
            ends
        }
        Shape::Corners(rows, t) => hull(t.chunks_exact(rows.len().max(1)).map(|t| {
            let mut sum = E::zero();
            rows.clone().zip(t).for_each(|(j, &t)| sum.add(&value(j).scaled(t)));
            both(sum)
        })),
        Shape::Sum(parts) => {
            let add = |a: &E, b: &E| {
                let mut sum = a.clone();
                sum.add(b);
                sum
            };
            let ranges = parts.iter().map(|part| range(part, value));
            ranges.fold(both(E::zero()), |[lo, hi], [l, h]| [lo.join(&l, add), hi.join(&h, add)])
        }
        Shape::Hull(parts) => hull(parts.iter().map(|part| range(part, value))),
    }
}

/// The range over the hull of sets with these ranges.
fn hull<E: Enclosure>(ranges: impl Iterator<Item = [End<E>; 2]>) -> [End<E>; 2] {
    ranges
        .reduce(|[lo, hi], [l, h]| [lo.join(&l, E::min), hi.join(&h, E::max)])
        .unwrap_or_else(|| [End::finite(E::zero()), End::finite(E::zero())])
}

/// How often multipliers of a linear program are refined: to 2^-106 and beyond.
const REFINEMENTS: usize = 2;

/// The largest g . t over an intersection of half-spaces: between its value at a point inside, and what multipliers y >= 0 of
/// sides prove, g . t = y . (n . t) + r . t <= y . o + |r|_1 reach. An unbounded functional is only known to be that maybe,
/// and so is every functional over an unbounded set.
fn largest<E: Enclosure>(sides: &HalfSpaces, g: &[E]) -> End<E> {
    let approximate = |g: &[E]| g.iter().map(E::approximate).collect::<Vec<f64>>();
    let is_zero = |x: &E| x.is_at_least_zero() && x.neg().is_at_least_zero();
    let Some(largest) = sides.largest(&approximate(g)) else {
        let infinite = if g.iter().all(is_zero) { Infinite::No } else { Infinite::Maybe };
        return End { infinite, ..End::finite(E::zero()) };
    };
    let mut reached = E::zero();
    g.iter().zip(sides.inside(&largest.vertex)).for_each(|(g, t)| reached.add(&g.scaled(t)));
    let mut rest = g.to_vec();
    let mut multipliers = vec![E::zero(); largest.tight.len()];
    for _ in 0..=REFINEMENTS {
        let towards = approximate(&rest);
        for ((normal, _, direction), sum) in largest.tight.iter().zip(&mut multipliers) {
            let y: f64 = direction.iter().zip(&towards).map(|(d, g)| d * g).sum();
            sum.add(&E::exact(y));
            rest.iter_mut().zip(normal).for_each(|(r, &n)| *r = r.sub(&E::exact(n).scaled(y)));
        }
    }
    let mut above = E::zero();
    for ((normal, offset, _), y) in largest.tight.iter().zip(&multipliers) {
        if y.is_at_least_zero() {
            above.add(&y.scaled(*offset));
        } else {
            rest.iter_mut().zip(normal).for_each(|(r, &n)| r.add(&y.scaled(n)));
        }
    }
    let mut off = E::zero();
    rest.iter().for_each(|r| off.add(&r.abs()));
    if !largest.bounded || !(sides.reach().is_finite() || is_zero(&off)) {
        return End { value: reached, reached: None, infinite: Infinite::Maybe };
    }
    if !is_zero(&off) {
        above.add(&off.scaled(sides.reach()));
    }
    End { value: above, reached: Some(reached), infinite: Infinite::No }
}

/// Factors of the rows that make a point in the relative interior of the set, about.
pub(super) fn interior(shape: &Shape, share: f64, factors: &mut [f64]) {
    match shape {
        Shape::Points(rows) | Shape::Steps(rows) => {
            rows.clone().for_each(|j| factors[j] += share / rows.len() as f64);
        }
        Shape::Simplex(rows) => rows.clone().for_each(|j| factors[j] += share / (rows.len() + 1) as f64),
        Shape::Cone(rows) => rows.clone().for_each(|j| factors[j] += share),
        Shape::Corners(rows, t) => {
            let corners = t.chunks_exact(rows.len().max(1));
            let share = share / corners.len().max(1) as f64;
            corners.for_each(|t| rows.clone().zip(t).for_each(|(j, t)| factors[j] += share * t));
        }
        Shape::Sum(parts) => parts.iter().for_each(|part| interior(part, share, factors)),
        Shape::Hull(parts) => {
            parts.iter().for_each(|part| interior(part, share / parts.len() as f64, factors));
        }
        Shape::Cube(_) | Shape::Ball(_) | Shape::Cross(_) | Shape::Polytope(..) => {}
    }
}
