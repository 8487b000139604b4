//! Convex sets: boxes, balls, zonotopes, ellipsoids, simplices, hulls of points and rays, polytopes, and what sums,
//! products, hulls, affine images and scaling make of them.
//!
//! Every set is kept in one form that passes through affine maps: *rows* (points and directions of the space) and a
//! [`Shape`] that says how they are combined. The image of a set under x -> W x + b is the same shape over mapped rows:
//! a point maps to W p + b, a direction to W d. So an affine network needs to carry the rows only, however many vertices
//! the set has (a box in 784 dimensions has 2^784 vertices and 785 rows), and the smallest and largest value of an affine
//! functional follow from its values on the rows ([`Shape::range`]).
//!
//! | set | rows, in this order | cost of a range |
//! |---|---|---|
//! | box, zonotope | centre, generators | rows |
//! | ellipsoid, l1 and l2 ball | centre, semi-axes | rows |
//! | hull of points | the points; or their mean and a basis of their affine hull | points; points x rank |
//! | simplex | origin and edges; or corners | rows |
//! | half-spaces | as a hull of points; or a point inside and directions | as there; linear programs |
//! | rays | one direction each, unbounded | rows |
//!
//! Sets that degenerate (radius 0, repeated vertices, segments, points) are legal. Rows are anchored at the set and not at
//! the origin, so that a small set far away keeps its digits.

mod basis;
mod boxes;
mod check;
mod combine;
mod corners;
mod extreme;
mod frame;
mod halfspaces;
mod points;
mod polytope;
mod range;
mod rank;
mod sample;
mod shape;
mod simplex;
mod support;
#[cfg(test)]
mod tests;
mod zonotope;

use std::sync::OnceLock;

pub use boxes::Norm;
pub use corners::Corners;
pub use extreme::{Extreme, Side};
pub use halfspaces::HalfSpaces;
pub use range::Scratch;
pub use shape::Shape;

use crate::error::{Result, bail};

/// A non-empty closed convex set. Immutable; made by its constructors (one file each kind), shareable between threads.
#[derive(Clone, Debug)]
pub struct ConvexSet {
    dim: usize,
    /// (rows, dim), row-major.
    rows: Vec<f64>,
    shape: Shape,
    /// What the set is scaled about.
    center: Vec<f64>,
    /// The same set with fewer rows, where that pays; found when first asked for.
    slim: OnceLock<Option<Box<ConvexSet>>>,
}

impl PartialEq for ConvexSet {
    /// Whether rows, shape and centre are the same.
    fn eq(&self, other: &ConvexSet) -> bool {
        (&self.rows, &self.shape, &self.center) == (&other.rows, &other.shape, &other.center)
    }
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

    /// Whether each row is a point.
    pub fn is_point(&self) -> Vec<bool> {
        let mut is_point = vec![false; self.n_rows()];
        self.shape.mark_points(&mut is_point);
        is_point
    }

    /// Whether no ray is part of the set.
    pub fn is_bounded(&self) -> bool {
        let mut bounded = true;
        self.shape.for_each_leaf(&mut |leaf| {
            bounded &= match leaf {
                Shape::Cone(rays) => {
                    self.rows[rays.start * self.dim..rays.end * self.dim].iter().all(|&x| x == 0.0)
                }
                Shape::Polytope(_, sides) => sides.is_bounded(),
                _ => true,
            }
        });
        bounded
    }

    fn n_points(&self) -> usize {
        self.is_point().into_iter().filter(|&is_point| is_point).count()
    }

    /// NONFINITE where a number of the set has overflowed.
    fn new(dim: usize, rows: Vec<f64>, shape: Shape, center: Vec<f64>) -> Result<ConvexSet> {
        if let Some(i) = rows.iter().position(|x| !x.is_finite()) {
            bail!(Nonfinite, "the set overflows: element {} of row {} is {}", i % dim, i / dim, rows[i])
        }
        if let Some(i) = center.iter().position(|x| !x.is_finite()) {
            bail!(Nonfinite, "the set overflows: element {i} of its centre is {}", center[i])
        }
        Ok(ConvexSet { dim, rows, shape, center, slim: OnceLock::new() })
    }

    /// A set around a point, which is its first row.
    fn about(center: &[f64], rows: Vec<f64>, around: Shape) -> Result<ConvexSet> {
        let shape = Shape::Sum(vec![Shape::Points(0..1), around]);
        ConvexSet::new(center.len(), rows, shape, center.to_vec())
    }
}
