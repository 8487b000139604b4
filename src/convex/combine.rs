//! Sets made of sets: affine images, Minkowski sums, products, hulls of unions, scaling.

use super::{ConvexSet, Shape, check};
use crate::error::{Result, bail};

impl ConvexSet {
    /// The image of the set under x -> M x + shift; `matrix` is M, (outputs, dim) row-major. Rows: the images of the rows,
    /// in the same order.
    ///
    /// Conditions: SHAPE, NONFINITE, also where an image overflows.
    pub fn image(&self, matrix: &[f64], shift: Option<&[f64]>) -> Result<ConvexSet> {
        let dim = self.dim;
        let to = matrix.len() / dim;
        if to == 0 || !matrix.len().is_multiple_of(dim) {
            bail!(
                Shape,
                "matrix has {} numbers; expected rows of {dim}, the dimension of the set",
                matrix.len()
            )
        }
        check::finite(matrix, "matrix")?;
        if let Some(shift) = shift {
            if shift.len() != to {
                bail!(Shape, "shift has {} elements; matrix has {to} rows", shift.len())
            }
            check::finite(shift, "shift")?;
        }
        let map = |x: &[f64], is_point: bool, out: &mut Vec<f64>| {
            let start = |i: usize| shift.filter(|_| is_point).map_or(0.0, |s| s[i]);
            let rows = matrix.chunks_exact(dim).enumerate();
            out.extend(rows.map(|(i, m)| m.iter().zip(x).map(|(m, x)| m * x).sum::<f64>() + start(i)));
        };
        let (mut rows, mut center) = (Vec::with_capacity(self.n_rows() * to), Vec::with_capacity(to));
        for (x, is_point) in self.rows.chunks_exact(dim).zip(self.is_point()) {
            map(x, is_point, &mut rows);
        }
        map(&self.center, true, &mut center);
        ConvexSet::new(to, rows, self.shape.clone(), center)
    }

    /// The Minkowski sum: all x + y with x in this set and y in `other`. Rows: those of this set, then those of `other`,
    /// whose points are directions of the sum.
    ///
    /// Conditions: DIM_MISMATCH, NONFINITE on overflow.
    pub fn sum(&self, other: &ConvexSet) -> Result<ConvexSet> {
        check::same_space(self.dim, other.dim, "sum")?;
        let moved = other.shape.as_directions().shifted(self.n_rows());
        let center = self.center.iter().zip(&other.center).map(|(a, b)| a + b).collect();
        let rows = [&self.rows[..], &other.rows].concat();
        ConvexSet::new(self.dim, rows, Shape::Sum(vec![self.shape.clone(), moved]), center)
    }

    /// The product: all (x, y, ..) with x in the first set, y in the second, and so on. Rows: those of the first, then
    /// those of the second, .., each with zeros for the coordinates of the others; points of all but the first are
    /// directions of the product.
    ///
    /// Conditions: EMPTY_REGION without sets, MEMORY.
    pub fn product(sets: &[&ConvexSet]) -> Result<ConvexSet> {
        if sets.is_empty() {
            bail!(EmptyRegion, "product: there are no sets; expected at least one")
        }
        let (dim, n) = (sets.iter().map(|s| s.dim).sum(), sets.iter().map(|s| s.n_rows()).sum());
        let mut rows = check::zeros(n, dim)?;
        let (mut parts, mut center) = (Vec::new(), Vec::with_capacity(dim));
        let mut next = 0;
        for set in sets {
            parts.push(match parts.is_empty() {
                true => set.shape.clone(),
                false => set.shape.as_directions().shifted(next),
            });
            for row in set.rows.chunks_exact(set.dim) {
                rows[next * dim + center.len()..][..set.dim].copy_from_slice(row);
                next += 1;
            }
            center.extend_from_slice(&set.center);
        }
        ConvexSet::new(dim, rows, Shape::Sum(parts), center)
    }

    /// The hull of the union. Rows: those of the first set, then those of the second, and so on. It is scaled about the
    /// mean of their centres.
    ///
    /// Conditions: EMPTY_REGION without sets, DIM_MISMATCH.
    pub fn hull(sets: &[&ConvexSet]) -> Result<ConvexSet> {
        let [first, ..] = sets else { bail!(EmptyRegion, "hull: there are no sets; expected at least one") };
        let (mut rows, mut parts, mut centers) = (Vec::new(), Vec::new(), Vec::new());
        for set in sets {
            check::same_space(first.dim, set.dim, "hull")?;
            parts.push(set.shape.shifted(rows.len() / first.dim));
            rows.extend_from_slice(&set.rows);
            centers.extend_from_slice(&set.center);
        }
        let center = super::points::mean(first.dim, &centers);
        ConvexSet::new(first.dim, rows, Shape::Hull(parts), center)
    }

    /// c + t (R - c) for this set R and its centre c: points move towards the centre, directions shrink, rays stay. Rows in
    /// the same order. With t = 0 what is left of a bounded set is its centre.
    ///
    /// Conditions: NONFINITE, BAD_REGION unless 0 <= t <= 1.
    pub fn scaled(&self, t: f64) -> Result<ConvexSet> {
        check::finite(&[t], "t")?;
        if !(0.0..=1.0).contains(&t) {
            bail!(BadRegion, "t is {t}; expected a factor from 0 to 1")
        }
        if t == 1.0 {
            return Ok(self.clone());
        }
        let mut rows = self.rows.clone();
        let is_point = self.is_point();
        let mut is_ray = vec![false; self.n_rows()];
        self.shape.for_each_leaf(&mut |leaf| {
            if let Shape::Cone(rays) = leaf {
                is_ray[rays.clone()].fill(true);
            }
        });
        for (j, row) in rows.chunks_exact_mut(self.dim).enumerate() {
            if is_point[j] {
                row.iter_mut().zip(&self.center).for_each(|(x, c)| *x = c + t * (*x - c));
            } else if !is_ray[j] {
                row.iter_mut().for_each(|x| *x *= t);
            }
        }
        ConvexSet::new(self.dim, rows, self.shape.clone(), self.center.clone())
    }
}
