//! How rows make a set.

use std::ops::Range;
use std::sync::Arc;

use super::corners::Corners;
use super::halfspaces::HalfSpaces;

/// How rows, numbered from 0, make a set. Rows are points or directions: an affine map adds its constant to points only.
/// Of a sum exactly one part is made of points; the parts of a hull are either all made of points or all of directions.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Points: their hull.
    Points(Range<usize>),
    /// Directions d: their hull, the sums of t_j d_j with t_j >= 0 that add up to 1.
    Steps(Range<usize>),
    /// Directions d: all sums of t_j d_j with t_j >= 0 that add up to 1 at most.
    Simplex(Range<usize>),
    /// Directions d: all sums of t_j d_j with |t_j| <= 1.
    Cube(Range<usize>),
    /// Directions d: all sums of t_j d_j with |t|_2 <= 1.
    Ball(Range<usize>),
    /// Directions d: all sums of t_j d_j with |t|_1 <= 1.
    Cross(Range<usize>),
    /// Directions d: all sums of t_j d_j with t_j >= 0.
    Cone(Range<usize>),
    /// Directions d: the hull of the sums of t_ij d_j over corners i.
    Corners(Range<usize>, Arc<Corners>),
    /// Directions d: all sums of t_j d_j with t in an intersection of half-spaces.
    Polytope(Range<usize>, Arc<HalfSpaces>),
    /// Minkowski sum.
    Sum(Vec<Shape>),
    /// Hull of the union.
    Hull(Vec<Shape>),
}

impl Shape {
    /// Marks the rows that are points; an affine map adds its constant to those only.
    pub fn mark_points(&self, is_point: &mut [bool]) {
        self.for_each_leaf(&mut |leaf| {
            if let Shape::Points(rows) = leaf {
                is_point[rows.clone()].fill(true);
            }
        });
    }

    /// The same shape over rows numbered from `by`.
    pub fn shifted(&self, by: usize) -> Shape {
        self.map_leaves(&|leaf| leaf.over(leaf.leaf_rows().start + by))
    }

    /// The same shape with directions in place of points: a set that a sum with points moves about.
    pub(super) fn as_directions(&self) -> Shape {
        self.map_leaves(&|leaf| match leaf {
            Shape::Points(rows) => Shape::Steps(rows.clone()),
            other => other.clone(),
        })
    }

    /// Corners, which [`Extreme::corner`](super::Extreme::corner) numbers: points, steps, and the corners of simplices. In
    /// a sum a part with one corner only moves the others and is not counted.
    pub(crate) fn n_corners(&self) -> usize {
        match self {
            Shape::Points(rows) | Shape::Steps(rows) => rows.len(),
            Shape::Simplex(rows) => rows.len() + 1,
            Shape::Corners(_, corners) => corners.count(),
            Shape::Sum(parts) => {
                let many: usize = parts.iter().map(Shape::n_corners).filter(|&n| n > 1).sum();
                many.max(parts.iter().map(Shape::n_corners).max().unwrap_or(0))
            }
            Shape::Hull(parts) => parts.iter().map(Shape::n_corners).sum(),
            Shape::Cube(_) | Shape::Ball(_) | Shape::Cross(_) | Shape::Cone(_) | Shape::Polytope(..) => 0,
        }
    }

    /// The rows and corners of a shape that is nothing else, but for a point that moves it.
    pub(super) fn sole_corners(&self) -> Option<(Option<usize>, &Range<usize>, &Corners)> {
        let parts = match self {
            Shape::Corners(rows, corners) => return Some((None, rows, corners)),
            Shape::Sum(parts) => &parts[..],
            _ => return None,
        };
        match parts {
            [Shape::Points(point), Shape::Corners(rows, corners)] if point.len() == 1 => {
                Some((Some(point.start), rows, corners))
            }
            _ => None,
        }
    }

    /// Calls `f` on every part that is no sum and no hull.
    pub(super) fn for_each_leaf(&self, f: &mut impl FnMut(&Shape)) {
        match self {
            Shape::Sum(parts) | Shape::Hull(parts) => parts.iter().for_each(|part| part.for_each_leaf(f)),
            leaf => f(leaf),
        }
    }

    fn map_leaves(&self, f: &impl Fn(&Shape) -> Shape) -> Shape {
        let all = |parts: &[Shape]| parts.iter().map(|part| part.map_leaves(f)).collect();
        match self {
            Shape::Sum(parts) => Shape::Sum(all(parts)),
            Shape::Hull(parts) => Shape::Hull(all(parts)),
            leaf => f(leaf),
        }
    }

    /// Rows of a part that is no sum and no hull.
    fn leaf_rows(&self) -> Range<usize> {
        match self {
            Shape::Points(rows)
            | Shape::Steps(rows)
            | Shape::Simplex(rows)
            | Shape::Cube(rows)
            | Shape::Ball(rows)
            | Shape::Cross(rows)
            | Shape::Cone(rows)
            | Shape::Corners(rows, _)
            | Shape::Polytope(rows, _) => rows.clone(),
            Shape::Sum(_) | Shape::Hull(_) => 0..0,
        }
    }

    /// A part that is no sum and no hull, over as many rows from `start`.
    fn over(&self, start: usize) -> Shape {
        let to = start..start + self.leaf_rows().len();
        match self {
            Shape::Points(_) => Shape::Points(to),
            Shape::Steps(_) => Shape::Steps(to),
            Shape::Simplex(_) => Shape::Simplex(to),
            Shape::Cube(_) => Shape::Cube(to),
            Shape::Ball(_) => Shape::Ball(to),
            Shape::Cross(_) => Shape::Cross(to),
            Shape::Cone(_) => Shape::Cone(to),
            Shape::Corners(_, t) => Shape::Corners(to, t.clone()),
            Shape::Polytope(_, sides) => Shape::Polytope(to, sides.clone()),
            Shape::Sum(_) | Shape::Hull(_) => self.clone(),
        }
    }
}
