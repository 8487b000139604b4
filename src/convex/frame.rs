//! Hulls of points by a base point and a basis of their affine hull.

use super::basis::{Basis, dot, length};
use super::points::mean;
use super::{ConvexSet, Shape, check};
use crate::error::Result;

/// What is left of a vertex beyond a basis counts for nothing up to this part of the largest distance of a vertex from the
/// origin: the coordinates of vertices are roundings themselves.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

impl ConvexSet {
    /// The hull of `points`, (points, dim) row-major, carried by a frame: as many rows as its affine hull has dimensions,
    /// and one. Rows: the mean of the points, then orthogonal directions, each as long as the hull reaches along it. With
    /// as many points or fewer it is [`ConvexSet::points`].
    ///
    /// Every point is met to within 4e-15 of the largest distance of a point from the origin. Cost: points x dim x rank.
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
        return Ok(Some(ConvexSet::new(
            dim,
            points[..dim].to_vec(),
            Shape::Points(0..1),
            points[..dim].to_vec(),
        )?));
    }
    // (points, rank) coordinates, by least squares: the basis is orthonormal. Once more for what rounding left over.
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
    let mut rows = center.clone();
    for (j, b) in basis.vectors().enumerate() {
        let reach = t.iter().skip(j).step_by(k).fold(0.0f64, |m, t| m.max(t.abs()));
        t.iter_mut().skip(j).step_by(k).for_each(|t| *t /= reach);
        rows.extend(b.iter().map(|b| b * reach));
    }
    let shape = Shape::Sum(vec![Shape::Points(0..1), Shape::Corners(1..k + 1, t.into())]);
    ConvexSet::new(dim, rows, shape, center).map(Some)
}
