//! The rows of all regions, one below the other: what runs through the network in place of the regions.

use std::ops::Range;

use crate::convex::{ConvexSet, Shape};
use crate::error::{Result, bail};

/// One region: some consecutive rows and how they are combined.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its rows in the stack.
    pub rows: Range<usize>,
    /// How they are combined; numbered from 0.
    pub shape: Shape,
    /// The same without rays, if it has any.
    pub bounded: Option<Shape>,
    /// Row of the region that each one is.
    pub origin: Vec<usize>,
}

impl Block {
    /// Whether every row is a vertex and the region their hull.
    pub fn is_vertices(&self) -> bool {
        matches!(&self.shape, Shape::Points(rows) if *rows == (0..self.rows.len()))
    }

    /// Whether the set is unbounded.
    pub fn has_rays(&self) -> bool {
        self.bounded.is_some()
    }
}

/// The rows of all regions. Directions that are zero are left out: they stay zero on their way.
#[derive(Clone, Debug)]
pub(super) struct Stack<'a> {
    pub dim: usize,
    /// One for each region.
    pub blocks: Vec<Block>,
    /// Each row, `dim` numbers.
    pub rows: Vec<&'a [f64]>,
    /// All rows, where they lie one behind the other.
    pub whole: Option<&'a [f64]>,
    /// Whether a row is a point: only points feel the constants of affine layers.
    pub is_point: Vec<bool>,
}

impl<'a> Stack<'a> {
    /// EMPTY_REGION without regions, DIM_MISMATCH at one that is not of `dim` dimensions.
    pub fn new(dim: usize, regions: &[&'a ConvexSet]) -> Result<Self> {
        if regions.is_empty() {
            bail!(EmptyRegion, "regions is empty; expected at least one region")
        }
        let mut stack =
            Stack { dim, blocks: Vec::new(), rows: Vec::new(), whole: None, is_point: Vec::new() };
        for (i, region) in regions.iter().enumerate() {
            if region.dim() != dim {
                let d = region.dim();
                bail!(DimMismatch, "region {i} has {d} dimensions; the network has {dim} inputs")
            }
            stack.push(region);
        }
        if let [region] = regions
            && region.n_rows() == stack.len()
        {
            stack.whole = Some(region.rows());
        }
        Ok(stack)
    }

    fn push(&mut self, region: &'a ConvexSet) {
        let row = |j: usize| &region.rows()[j * self.dim..][..self.dim];
        let mut idle = vec![false; region.n_rows()];
        mark_directions(region.shape(), &mut idle);
        idle.iter_mut().enumerate().for_each(|(j, idle)| *idle &= row(j).iter().all(|&x| x == 0.0));
        let mut origin = Vec::with_capacity(idle.len());
        let mut to = vec![0; idle.len() + 1];
        for (j, idle) in idle.iter().enumerate() {
            if !idle {
                origin.push(j);
            }
            to[j + 1] = origin.len();
        }
        let shape = renumber(region.shape(), &to, true);
        let bounded = has_rays(&shape).then(|| renumber(region.shape(), &to, false));
        let first = self.rows.len();
        self.rows.extend(origin.iter().map(|&j| row(j)));
        self.is_point.resize(self.rows.len(), false);
        shape.mark_points(&mut self.is_point[first..]);
        self.blocks.push(Block { rows: first..self.rows.len(), shape, bounded, origin });
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}

/// Marks the directions that may be left out where they are zero.
fn mark_directions(shape: &Shape, mark: &mut [bool]) {
    match shape {
        Shape::Cube(rows) | Shape::Ball(rows) | Shape::Cross(rows) | Shape::Cone(rows) => {
            mark[rows.clone()].fill(true);
        }
        Shape::Sum(parts) | Shape::Hull(parts) => parts.iter().for_each(|p| mark_directions(p, mark)),
        _ => (),
    }
}

fn has_rays(shape: &Shape) -> bool {
    match shape {
        Shape::Cone(rows) => !rows.is_empty(),
        Shape::Polytope(_, sides) => !sides.is_bounded(),
        Shape::Sum(parts) | Shape::Hull(parts) => parts.iter().any(has_rays),
        _ => false,
    }
}

/// The shape over the rows that are kept: row j becomes row `to[j]`. Without `rays`, what is unbounded shrinks to a point.
fn renumber(shape: &Shape, to: &[usize], rays: bool) -> Shape {
    let map = |rows: &Range<usize>| to[rows.start]..to[rows.end];
    let all = |parts: &[Shape]| parts.iter().map(|p| renumber(p, to, rays)).collect();
    match shape {
        Shape::Points(rows) => Shape::Points(map(rows)),
        Shape::Steps(rows) => Shape::Steps(map(rows)),
        Shape::Simplex(rows) => Shape::Simplex(map(rows)),
        Shape::Cube(rows) => Shape::Cube(map(rows)),
        Shape::Ball(rows) => Shape::Ball(map(rows)),
        Shape::Cross(rows) => Shape::Cross(map(rows)),
        Shape::Corners(rows, t) => Shape::Corners(map(rows), t.clone()),
        Shape::Polytope(rows, sides) if rays || sides.is_bounded() => {
            Shape::Polytope(map(rows), sides.clone())
        }
        Shape::Cone(rows) if rays => Shape::Cone(map(rows)),
        Shape::Polytope(..) | Shape::Cone(_) => Shape::Cone(0..0),
        Shape::Sum(parts) => Shape::Sum(all(parts)),
        Shape::Hull(parts) => Shape::Hull(all(parts)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;

    #[test]
    fn zero_directions_are_left_out() {
        let sets = [
            ConvexSet::boxed(&[1.0, 2.0, 3.0], &[0.5, 0.0, 0.25]).unwrap(),
            ConvexSet::points(3, &[0.0; 6]).unwrap(),
        ];
        let stack = Stack::new(3, &sets.each_ref()).unwrap();
        assert_eq!(
            stack.rows,
            [&[1.0, 2.0, 3.0][..], &[0.5, 0.0, 0.0], &[0.0, 0.0, 0.25], &[0.0; 3], &[0.0; 3]]
        );
        assert_eq!(stack.is_point, [true, false, false, true, true]);
        assert_eq!(stack.blocks[0].shape, Shape::Sum(vec![Shape::Points(0..1), Shape::Cube(1..3)]));
        assert_eq!((stack.blocks[0].origin.as_slice(), stack.blocks[1].rows.clone()), (&[0, 1, 3][..], 3..5));
        assert!(stack.blocks[1].is_vertices() && !stack.blocks[0].is_vertices());
    }

    #[test]
    fn bad_regions_say_why() {
        let refused = |regions: &[&ConvexSet]| Stack::new(2, regions).unwrap_err();
        assert_eq!(refused(&[]).condition(), Condition::EmptyRegion);
        let e = refused(&[&ConvexSet::points(3, &[0.0; 3]).unwrap()]);
        assert_eq!(e.to_string(), "[DIM_MISMATCH] region 0 has 3 dimensions; the network has 2 inputs");
    }
}
