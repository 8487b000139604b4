//! Simplices along the axes.

use super::{ConvexSet, Shape, check};
use crate::error::Result;

impl ConvexSet {
    /// The simplex of all origin + x with x >= 0 that add up to `size` at most, which may be zero. Rows: the origin, then
    /// size e_i for each axis i. It is scaled about its centroid.
    ///
    /// Conditions: SHAPE, NONFINITE, BAD_REGION at a negative size, MEMORY.
    pub fn corner_simplex(origin: &[f64], size: f64) -> Result<ConvexSet> {
        let dim = origin.len();
        check::dimension(dim)?;
        check::finite(origin, "origin")?;
        check::size(size, "size")?;
        let mut rows = check::zeros(dim + 1, dim)?;
        rows[..dim].copy_from_slice(origin);
        (0..dim).for_each(|i| rows[(i + 1) * dim + i] = size);
        let center = origin.iter().map(|o| o + size / (dim + 1) as f64).collect();
        ConvexSet::new(dim, rows, Shape::Sum(vec![Shape::Points(0..1), Shape::Simplex(1..dim + 1)]), center)
    }

    /// The simplex of all x >= 0 of `dim` numbers that add up to `size`, which may be zero. Rows: its corners size e_i.
    ///
    /// Conditions: SHAPE, NONFINITE, BAD_REGION at a negative size, MEMORY.
    pub fn probability_simplex(dim: usize, size: f64) -> Result<ConvexSet> {
        check::dimension(dim)?;
        check::size(size, "size")?;
        let mut rows = check::zeros(dim, dim)?;
        (0..dim).for_each(|i| rows[i * dim + i] = size);
        ConvexSet::new(dim, rows, Shape::Points(0..dim), vec![size / dim as f64; dim])
    }
}
