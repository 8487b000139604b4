//! Zonotopes and ellipsoids: a centre and the image of a cube or a ball.

use super::{ConvexSet, Shape, check};
use crate::error::{Result, bail};

impl ConvexSet {
    /// The zonotope of all center + G t with |t_j| <= 1; `generators` is G, (dim, p) row-major, p may be 0. Rows: the
    /// centre, then the columns of G.
    ///
    /// Conditions: SHAPE, NONFINITE.
    pub fn zonotope(center: &[f64], generators: &[f64]) -> Result<ConvexSet> {
        columns(center, generators, "generators", Shape::Cube)
    }

    /// The ellipsoid of all center + P t with |t|_2 <= 1; `shape` is P, (dim, p) row-major, of any rank. Rows: the centre,
    /// then the columns of P. (An ellipsoid given as (x - c)^T Q^-1 (x - c) <= 1 has any P with P P^T = Q.)
    ///
    /// Conditions: SHAPE, NONFINITE.
    pub fn ellipsoid(center: &[f64], shape: &[f64]) -> Result<ConvexSet> {
        columns(center, shape, "shape", Shape::Ball)
    }
}

/// A centre and the columns of a matrix.
fn columns(
    center: &[f64],
    matrix: &[f64],
    name: &str,
    kind: fn(std::ops::Range<usize>) -> Shape,
) -> Result<ConvexSet> {
    let dim = center.len();
    check::dimension(dim)?;
    check::finite(center, "center")?;
    if !matrix.len().is_multiple_of(dim) {
        bail!(
            Shape,
            "{name} has {} numbers; expected {dim} rows, one for each element of center",
            matrix.len()
        )
    }
    check::finite(matrix, name)?;
    let p = matrix.len() / dim;
    let mut rows = Vec::with_capacity((p + 1) * dim);
    rows.extend_from_slice(center);
    (0..p).for_each(|j| rows.extend((0..dim).map(|i| matrix[i * p + j])));
    ConvexSet::about(center, rows, kind(1..p + 1))
}
