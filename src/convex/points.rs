//! Hulls of points, and of points and rays.

use super::{ConvexSet, Shape, check, frame};
use crate::error::Result;
use crate::fork;

impl ConvexSet {
    /// The hull of `points`, (points, dim) row-major, carried as they are. Rows: the points.
    ///
    /// Conditions: EMPTY_REGION without points, SHAPE, NONFINITE.
    pub fn points(dim: usize, points: &[f64]) -> Result<ConvexSet> {
        check::points(dim, points, "vertices")?;
        ConvexSet::new(dim, points.to_vec(), Shape::Points(0..points.len() / dim), mean(dim, points))
    }

    /// The hull of `points`, (points, dim) row-major, in the form that is cheaper to carry: [`ConvexSet::slim`] of
    /// [`ConvexSet::points`].
    ///
    /// Conditions: EMPTY_REGION without points, SHAPE, NONFINITE.
    pub fn vertices(dim: usize, points: &[f64]) -> Result<ConvexSet> {
        Ok(ConvexSet::points(dim, points)?.slim().clone())
    }

    /// The same set with fewer rows, if it is a hull of points (perhaps with rays) for which a frame pays, otherwise the set
    /// itself. Corners keep their numbers. Found once.
    ///
    /// A layer from n to n' units costs P n n' multiply-adds for P points, and (r + 1) (n + P) n' for a frame of rank r: the
    /// layer itself and the ranges of P corners. The widths are not known here, so n is taken as 64: wide layers only
    /// favour the frame, in narrow ones neither costs much. The frame must also halve the rows, for a hull of points is
    /// simpler: its rows are the vertices, and so are the gradients with respect to them.
    pub fn slim(&self) -> &ConvexSet {
        match fork::get_or_init(&self.slim, || self.slimmer().map(Box::new)) {
            Some(set) => set,
            None => self,
        }
    }

    fn slimmer(&self) -> Option<ConvexSet> {
        const WIDTH: usize = 64;
        let points = match &self.shape {
            Shape::Points(points) => points,
            Shape::Sum(parts) => match &parts[..] {
                [Shape::Points(points), Shape::Cone(_)] => points,
                _ => return None,
            },
            _ => return None,
        };
        let n = points.len();
        let most_rank = (n / 2).min(WIDTH * n / (WIDTH + n)).checked_sub(1)?;
        let (points, rays) = self.rows.split_at(n * self.dim);
        // A frame that overflows is none.
        let frame = frame::of(self.dim, points, most_rank).ok()??;
        if rays.is_empty() { Some(frame) } else { frame.with_rays(rays).ok() }
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
