//! Intersections of half-spaces around the origin, over which a linear program finds the least value of a functional.

use super::basis::length;
use crate::lp::{End, Rows, Simplex};

/// Half-spaces n . t <= o with o > 0 that leave no line uncut, and a vertex of their intersection.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfSpaces {
    sides: Rows,
    /// The sides that are tight at a vertex.
    vertex: Vec<u32>,
    bounded: bool,
}

impl HalfSpaces {
    /// `vertex` names sides that are tight at a vertex.
    pub(super) fn new(sides: Rows, vertex: Vec<u32>, bounded: bool) -> HalfSpaces {
        HalfSpaces { sides, vertex, bounded }
    }

    /// Number of coordinates t.
    pub fn dim(&self) -> usize {
        self.sides.dim()
    }

    /// The half-spaces n . t <= o, as (n, o); n has length 1.
    pub fn sides(&self) -> impl Iterator<Item = (Vec<f64>, f64)> + '_ {
        (0..self.sides.len()).map(|i| (self.sides.normals.row(i).collect(), self.sides.offsets[i]))
    }

    /// Whether the intersection is bounded.
    pub fn is_bounded(&self) -> bool {
        self.bounded
    }

    /// A simplex method at the first vertex.
    pub(super) fn start(&self) -> Simplex {
        let mut simplex = Simplex::default();
        simplex.stand(&self.sides, &self.vertex);
        simplex
    }

    /// The least g . t, minus infinity if there is none, and a vertex t where it is taken (or where the search for it
    /// ended). It starts where `simplex` stands and leaves it at that vertex: a good start for a functional like this one.
    /// NaN if g is not finite or the method does not end (never seen).
    ///
    /// The value is the bound that multipliers prove, right to rounding times the condition of the vertex.
    pub(super) fn least(&self, g: &[f64], simplex: &mut Simplex) -> (f64, Vec<f64>) {
        let size = length(g);
        if size == 0.0 || !size.is_finite() {
            return (0.0 * size, vec![0.0; self.dim()]);
        }
        let unit: Vec<f64> = g.iter().map(|g| g / size).collect();
        // From scratch: the inverse of a method that has come far has gathered rounding.
        let basis = std::mem::take(&mut simplex.basis);
        for start in [&basis, &self.vertex] {
            if !simplex.stand(&self.sides, start) {
                continue;
            }
            match simplex.minimise(&self.sides, &unit, f64::NEG_INFINITY) {
                End::Optimal(least) => return (least * size, simplex.x.clone()),
                End::Unbounded => return (f64::NEG_INFINITY, simplex.x.clone()),
                End::Reached(_) | End::Stuck => {}
            }
        }
        (f64::NAN, vec![0.0; self.dim()])
    }
}
