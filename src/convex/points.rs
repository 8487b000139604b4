//! Hulls of points, and of points and rays.

use super::{ConvexSet, Shape, check, frame};
use crate::error::Result;

impl ConvexSet {
    /// The hull of `points`, (points, dim) row-major, carried as they are. Rows: the points.
    ///
    /// Conditions: EMPTY_REGION without points, SHAPE, NONFINITE.
    pub fn points(dim: usize, points: &[f64]) -> Result<ConvexSet> {
        check::points(dim, points, "vertices")?;
        ConvexSet::new(dim, points.to_vec(), Shape::Points(0..points.len() / dim), mean(dim, points))
    }

    /// The hull of `points`, (points, dim) row-major, carried by as few rows as pay: the points themselves
    /// ([`ConvexSet::points`]), or a base and a basis of their affine hull ([`ConvexSet::frame`]).
    ///
    /// A layer from n to n' units costs P n n' multiply-adds for P points, and (r + 1) (n + P) n' for a frame of rank r: n'
    /// times the layer itself and the ranges of P corners. The widths are not known here, so n is taken as 64: wide
    /// layers only favour the frame, in narrow ones neither costs much. The frame must also halve the rows at least, for
    /// a hull of points is simpler: its rows are the vertices, and so are the gradients with respect to them.
    ///
    /// Conditions: EMPTY_REGION without points, SHAPE, NONFINITE.
    pub fn vertices(dim: usize, points: &[f64]) -> Result<ConvexSet> {
        const WIDTH: usize = 64;
        check::points(dim, points, "vertices")?;
        let n = points.len() / dim;
        let most_rows = (n / 2).min(WIDTH * n / (WIDTH + n));
        match most_rows.checked_sub(1) {
            Some(rank) => match frame::of(dim, points, rank)? {
                Some(set) => Ok(set),
                None => ConvexSet::points(dim, points),
            },
            None => ConvexSet::points(dim, points),
        }
    }

    /// This set and everything that lies in the directions `rays`, (rays, dim) row-major, from it: the sums of its points
    /// and of non-negative multiples of the rays. Rows: those of the set, then the rays.
    ///
    /// Conditions: SHAPE, NONFINITE.
    pub fn with_rays(&self, rays: &[f64]) -> Result<ConvexSet> {
        check::whole(self.dim, rays, "rays")?;
        let n = self.n_rows();
        let cone = Shape::Cone(n..n + rays.len() / self.dim);
        let rows = [&self.rows[..], rays].concat();
        ConvexSet::new(self.dim, rows, Shape::Sum(vec![self.shape.clone(), cone]), self.center.clone())
    }
}

/// The mean of the points, which are not summed up first: that could overflow.
pub(super) fn mean(dim: usize, points: &[f64]) -> Vec<f64> {
    let n = (points.len() / dim) as f64;
    let mut mean = vec![0.0; dim];
    for p in points.chunks_exact(dim) {
        mean.iter_mut().zip(p).for_each(|(m, x)| *m += x / n);
    }
    mean
}
