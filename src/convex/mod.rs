//! Convex sets: boxes, balls, zonotopes, ellipsoids, simplices, hulls of points and rays, and what sums, products, hulls,
//! affine images and scaling make of them.
//!
//! Every set is kept in one form that passes through affine maps: *rows* (points and directions of the space) and a
//! [`Shape`] that says how they are combined. The image of a set under x -> W x + b is the same shape over mapped rows:
//! a point maps to W p + b, a direction to W d. So an affine network needs to carry the rows only, however many vertices
//! the set has (a box in 784 dimensions has 2^784 vertices and 785 rows), and the smallest and largest value of an affine
//! functional follow from its values on the rows.
//!
//! | set | rows | cost of a range |
//! |---|---|---|
//! | box, zonotope | centre, generators | rows |
//! | ellipsoid, l2 ball, l1 ball | centre, semi-axes | rows |
//! | hull of points | the points; or one of them and a basis of their affine hull | points; points x rank |
//! | rays | one direction each, unbounded | rows |
//! | simplex | its corners | rows |

mod shape;

pub use shape::{Extreme, Shape, Side};

use crate::error::Result;

/// A non-empty closed convex set. Immutable; made by its constructors (one file each kind), shareable between threads.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvexSet {
    dim: usize,
    /// (rows, dim), row-major.
    rows: Vec<f64>,
    shape: Shape,
    /// What the set is scaled about.
    center: Vec<f64>,
}

impl ConvexSet {
    /// Dimension of the space.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.rows.len() / self.dim
    }

    /// All rows, (rows, dim) row-major: points and directions, as the shape says. A direction may be zero.
    pub fn rows(&self) -> &[f64] {
        &self.rows
    }

    /// How the rows are combined.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// A point of the set: its centre where it has one, the mean of its corners otherwise.
    pub fn center(&self) -> &[f64] {
        &self.center
    }

    /// The hull of `points`, (points, dim) row-major, carried as they are: one row each.
    ///
    /// Conditions: EMPTY_REGION without points, SHAPE, NONFINITE.
    pub fn points(dim: usize, points: &[f64]) -> Result<ConvexSet> {
        shape::check(dim, points, "vertices")?;
        let n = points.len() / dim;
        let mut center = vec![0.0; dim];
        for p in points.chunks_exact(dim) {
            center.iter_mut().zip(p).for_each(|(c, x)| *c += x / n as f64);
        }
        let shape = Shape::Hull((0..n).map(Shape::Point).collect());
        Ok(ConvexSet { dim, rows: points.to_vec(), shape, center })
    }

    /// The box of all x with |x - center| <= radius on every axis; a radius may be zero. Rows: the centre, then radius i
    /// times unit vector i for each axis.
    ///
    /// Conditions: SHAPE, NONFINITE, BAD_REGION at a negative radius.
    pub fn boxed(center: &[f64], radius: &[f64]) -> Result<ConvexSet> {
        let dim = center.len();
        shape::check(dim, center, "center")?;
        shape::expect_radius(dim, radius)?;
        let mut rows = vec![0.0; (dim + 1) * dim];
        rows[..dim].copy_from_slice(center);
        (0..dim).for_each(|i| rows[(i + 1) * dim + i] = radius[i]);
        let shape = Shape::Sum(vec![Shape::Point(0), Shape::Cube(1..dim + 1)]);
        Ok(ConvexSet { dim, rows, shape, center: center.to_vec() })
    }
}
