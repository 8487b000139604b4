//! The dimension of the affine hull of a set.

use super::basis::{Basis, length};
use super::{ConvexSet, Shape};

/// Directions count beyond this part of the longest one, differences of points beyond this part of the farthest point.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// Vectors that span the affine hull, and one point of it.
struct Spanned {
    anchor: Vec<f64>,
    differences: Vec<f64>,
}

impl ConvexSet {
    /// The dimension of the affine hull of the set: the rank of its directions and of the differences of its points.
    /// Multiples of unit vectors count however short they are; what is left of others beyond those before counts if it is
    /// longer than 4e-15 of the longest of them, or of the farthest point. Cost: rows x dim x rank, but O(rows dim) for
    /// what lies along the axes.
    pub fn affine_rank(&self) -> usize {
        let dim = self.dim;
        let mut spanned = self.spanned(&self.shape);
        let points = self.rows.chunks_exact(dim).zip(self.is_point()).filter(|(_, is_point)| *is_point);
        let farthest = points.map(|(p, _)| length(p)).fold(0.0, f64::max);
        let several = self.n_points() > 1;
        let longest = spanned.differences.chunks_exact(dim).map(length).fold(0.0, f64::max);
        let tolerance = ROUNDING * if several { farthest.max(longest) } else { longest };
        // A vector along an axis takes that axis out of all others, exactly.
        let mut taken = vec![false; dim];
        for x in spanned.differences.chunks_exact(dim) {
            let mut nonzero = (0..dim).filter(|&i| x[i] != 0.0);
            if let (Some(axis), None) = (nonzero.next(), nonzero.next()) {
                taken[axis] = true;
            }
        }
        for x in spanned.differences.chunks_exact_mut(dim) {
            x.iter_mut().zip(&taken).filter(|(_, taken)| **taken).for_each(|(x, _)| *x = 0.0);
        }
        let rest: Vec<f64> = spanned
            .differences
            .chunks_exact(dim)
            .filter(|x| x.iter().any(|&x| x != 0.0))
            .flatten()
            .copied()
            .collect();
        let mut basis = Basis::new(dim);
        basis.extend(&rest, tolerance, dim);
        basis.len() + taken.iter().filter(|&&taken| taken).count()
    }

    fn spanned(&self, shape: &Shape) -> Spanned {
        let dim = self.dim;
        let rows = |rows: &std::ops::Range<usize>| self.rows[rows.start * dim..rows.end * dim].to_vec();
        match shape {
            Shape::Points(r) | Shape::Steps(r) => {
                let mut all = rows(r);
                let anchor: Vec<f64> = all.drain(..dim).collect();
                all.chunks_exact_mut(dim).for_each(|x| difference(x, &anchor));
                Spanned { anchor, differences: all }
            }
            Shape::Simplex(r)
            | Shape::Cube(r)
            | Shape::Ball(r)
            | Shape::Cross(r)
            | Shape::Cone(r)
            | Shape::Corners(r, _)
            | Shape::Polytope(r, _) => Spanned { anchor: vec![0.0; dim], differences: rows(r) },
            Shape::Sum(parts) => {
                let mut sum = Spanned { anchor: vec![0.0; dim], differences: Vec::new() };
                for mut part in parts.iter().map(|part| self.spanned(part)) {
                    sum.anchor.iter_mut().zip(&part.anchor).for_each(|(a, b)| *a += b);
                    sum.differences.append(&mut part.differences);
                }
                sum
            }
            Shape::Hull(parts) => {
                let mut parts = parts.iter().map(|part| self.spanned(part));
                let Some(mut hull) = parts.next() else {
                    return Spanned { anchor: vec![0.0; dim], differences: Vec::new() };
                };
                for mut part in parts {
                    difference(&mut part.anchor, &hull.anchor);
                    hull.differences.append(&mut part.anchor);
                    hull.differences.append(&mut part.differences);
                }
                hull
            }
        }
    }
}

fn difference(x: &mut [f64], y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x -= y);
}
