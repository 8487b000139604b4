//! Hulls of points by a base point and a basis of their affine hull.

use super::basis::{Basis, dot, length};
use super::corners::Corners;
use super::points::mean;
use super::{ConvexSet, Shape, check};
use crate::error::Result;

/// What is left of a vertex beyond a basis counts for nothing up to this part of the largest distance of a vertex from the
/// origin: the coordinates of vertices are roundings themselves.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

impl ConvexSet {
    /// The hull of `points`, (points, dim) row-major, carried by a frame: as many rows as its affine hull has dimensions,
    /// and one. Rows: a base near the hull, then orthogonal directions of it, about as long as the hull reaches; along the
    /// axes where the hull has all dimensions. With as many points or fewer it is [`ConvexSet::points`].
    ///
    /// Every point is met to within 4e-15 of the largest distance of a point from the origin; along the axes to half a unit
    /// of the last place of its difference from the base, which mostly is none. Cost: points x dim x rank.
    ///
    /// Conditions: EMPTY_REGION without points, SHAPE, NONFINITE.
    pub fn frame(dim: usize, points: &[f64]) -> Result<ConvexSet> {
        check::points(dim, points, "vertices")?;
        match of(dim, points, dim.min((points.len() / dim).saturating_sub(2)))? {
            Some(set) => Ok(set),
            None => ConvexSet::points(dim, points),
        }
    }
}

/// A frame of rank `most` or less, if the points have one.
pub(super) fn of(dim: usize, points: &[f64], most: usize) -> Result<Option<ConvexSet>> {
    let center = mean(dim, points);
    let away = |points: &[f64]| -> Vec<f64> {
        points.chunks_exact(dim).flat_map(|p| p.iter().zip(&center).map(|(x, c)| x - c)).collect()
    };
    let tolerance = ROUNDING * points.chunks_exact(dim).map(length).fold(0.0, f64::max);
    // A few points are enough to see that the rank is too large.
    let some = &points[..points.len().min((2 * most + 2) * dim)];
    if !Basis::new(dim).extend(&away(some), tolerance, most) {
        return Ok(None);
    }
    let mut basis = Basis::new(dim);
    let away = away(points);
    if !basis.extend(&away, tolerance, most) {
        return Ok(None);
    }
    let k = basis.len();
    if k == 0 {
        return ConvexSet::new(dim, points[..dim].to_vec(), Shape::Points(0..1), points[..dim].to_vec())
            .map(Some);
    }
    let (rows, t) = if k == dim { axes(&center, points) } else { directions(&center, &away, &basis) };
    let shape = Shape::Sum(vec![Shape::Points(0..1), Shape::Corners(1..k + 1, Corners::new(k, t).into())]);
    ConvexSet::new(dim, rows, shape, center).map(Some)
}

/// Rows along the axes, and the coordinates of the points: powers of two, and a base of few digits (none where the points
/// are about the origin), so that coordinates are exact wherever differences are.
fn axes(center: &[f64], points: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let dim = center.len();
    let mut rows = vec![0.0; (dim + 1) * dim];
    let mut t = points.to_vec();
    for (i, &c) in center.iter().enumerate() {
        let reach =
            |base: f64| points.iter().skip(i).step_by(dim).fold(0.0f64, |m, x| m.max((x - base).abs()));
        let base = if c.abs() <= reach(c) { 0.0 } else { f64::from(c as f32) };
        let base = if base.is_finite() { base } else { c };
        let size = power_of_two(reach(base));
        rows[i] = base;
        rows[(i + 1) * dim + i] = size;
        t.iter_mut().skip(i).step_by(dim).for_each(|t| *t = (*t - base) / size);
    }
    (rows, t)
}

/// Rows along a basis, and the coordinates of the points `away` from the centre: by least squares, for the basis is
/// orthonormal, and once more for what rounding left over.
fn directions(center: &[f64], away: &[f64], basis: &Basis) -> (Vec<f64>, Vec<f64>) {
    let (dim, k) = (center.len(), basis.len());
    let mut t = Vec::with_capacity(away.len() / dim * k);
    for x in away.chunks_exact(dim) {
        let mut rest = x.to_vec();
        let start = t.len();
        t.resize(start + k, 0.0);
        for _ in 0..2 {
            for (t, b) in t[start..].iter_mut().zip(basis.vectors()) {
                let along = dot(&rest, b);
                *t += along;
                rest.iter_mut().zip(b).for_each(|(r, b)| *r -= along * b);
            }
        }
    }
    let mut rows = center.to_vec();
    for (j, b) in basis.vectors().enumerate() {
        let size = power_of_two(t.iter().skip(j).step_by(k).fold(0.0f64, |m, t| m.max(t.abs())));
        t.iter_mut().skip(j).step_by(k).for_each(|t| *t /= size);
        rows.extend(b.iter().map(|b| b * size));
    }
    (rows, t)
}

/// The largest power of two up to x > 0.
fn power_of_two(x: f64) -> f64 {
    if x < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { f64::from_bits(x.to_bits() & (0x7ff << 52)) }
}
