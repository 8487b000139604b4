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
    /// No |t_c| is larger than this, with certainty; infinite if nothing is certain.
    reach: f64,
}

/// A vertex where a functional is largest, about: what a proof of that can be built from.
pub(crate) struct Largest {
    /// The sides that are tight: normal, offset, and the direction that meets this normal with 1 and the others with 0,
    /// about.
    pub(crate) tight: Vec<(Vec<f64>, f64, Vec<f64>)>,
    /// The vertex, about.
    pub(crate) vertex: Vec<f64>,
    /// Whether the functional has a largest value.
    pub(crate) bounded: bool,
}

impl HalfSpaces {
    /// `vertex` names sides that are tight at a vertex.
    pub(super) fn new(sides: Rows, vertex: Vec<u32>, bounded: bool) -> HalfSpaces {
        let mut set = HalfSpaces { sides, vertex, bounded, reach: f64::INFINITY };
        if bounded {
            set.reach = set.bound();
        }
        set
    }

    /// A bound of every |t_c|: by multipliers y >= 0 of the tight sides t_c = y . (n . t) + r . t <= y . o + |r|_1 reach.
    fn bound(&self) -> f64 {
        let d = self.dim();
        let (mut value, mut rest) = (0.0f64, 0.0f64);
        for (c, sign) in (0..d).flat_map(|c| [(c, 1.0), (c, -1.0)]) {
            let mut g = vec![0.0; d];
            g[c] = sign;
            let Some(largest) = self.largest(&g).filter(|l| l.bounded) else { return f64::INFINITY };
            let (mut sum, mut size) = (0.0, 1.0);
            for (normal, offset, direction) in &largest.tight {
                let y = (sign * direction[c]).max(0.0);
                sum += y * offset;
                size += y;
                g.iter_mut().zip(normal).for_each(|(g, n)| *g -= y * n);
            }
            // Normals have length 1, about; every element is rounded d + 1 times.
            let rounding = (d * (d + 4)) as f64 * f64::EPSILON * size;
            value = value.max(sum * (1.0 + 1e-9));
            rest = rest.max((g.iter().map(|g| g.abs()).sum::<f64>() + rounding) * (1.0 + 1e-9));
        }
        if rest < 0.5 { value / (1.0 - rest) * (1.0 + 1e-9) } else { f64::INFINITY }
    }

    /// No |t_c| is larger than this; infinite if nothing is certain.
    pub(crate) fn reach(&self) -> f64 {
        self.reach
    }

    /// Where g . t is largest; `None` if g is 0, not finite, or the method does not end.
    pub(crate) fn largest(&self, g: &[f64]) -> Option<Largest> {
        let size = length(g);
        if size == 0.0 || !size.is_finite() {
            return None;
        }
        let down: Vec<f64> = g.iter().map(|g| -g / size).collect();
        let mut simplex = self.start();
        let bounded = match simplex.minimise(&self.sides, &down, f64::NEG_INFINITY) {
            End::Optimal(_) => true,
            End::Unbounded => false,
            End::Reached(_) | End::Stuck => return None,
        };
        let side = |(j, &i): (usize, &u32)| {
            let i = i as usize;
            let normal = self.sides.normals.row(i).collect();
            (normal, self.sides.offsets[i], simplex.direction(j).to_vec())
        };
        let tight = simplex.basis.iter().enumerate().map(side).collect();
        Some(Largest { tight, vertex: simplex.x.clone(), bounded })
    }

    /// `t` moved towards the origin until it is certainly inside.
    pub(crate) fn inside(&self, t: &[f64]) -> Vec<f64> {
        let size = t.iter().map(|t| t.abs()).sum::<f64>();
        let rounding = 2.0 * (self.dim() + 4) as f64 * f64::EPSILON * size;
        let past = |(i, &o): (usize, &f64)| {
            let at: f64 = self.sides.normals.row(i).zip(t).map(|(n, t)| n * t).sum();
            (at + rounding) / o
        };
        let past = self.sides.offsets.iter().enumerate().map(past).fold(0.0, f64::max);
        let factor = if past < 1.0 { 1.0 } else { (1.0 - 8.0 * f64::EPSILON) / past };
        t.iter().map(|t| t * factor).collect()
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
