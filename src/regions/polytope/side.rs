//! On which sides of a hyperplane a cell lies: known points first, then one linear program for the side that no point shows.

use super::cell::Cell;
use super::qp::Projection;
use crate::error::{Result, bail};
use crate::lp::{End, NO_LABEL, Rows, Simplex};

/// A crossing is looked for until it is this many margins deep, so that the smallest one reported means something.
const CLEAR: f64 = 256.0;

/// What cells are parts of.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    /// Coordinates of a cell: d, or d + 1 where the domain is unbounded and cells are cones (x, s) for the points x / s.
    pub(crate) dim: usize,
    pub(crate) cones: bool,
    /// Cells are parts of the ball of this radius around the local origin.
    pub(crate) ball: Option<f64>,
    /// A hyperplane crosses a cell if the cell reaches farther than this on both of its sides.
    pub(crate) tolerance: f64,
}

/// A hyperplane normal . x + constant = 0 with a normal of length 1, or of zeros if it is all or nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane<'a> {
    pub(crate) normal: &'a [f64],
    pub(crate) constant: f64,
    /// The depth on both sides that counts.
    pub(crate) margin: f64,
    /// Its line number (`Plan::line_of`).
    pub(crate) line: u32,
}

impl Space {
    /// Makes the hyperplane where `normal . x + constant = 0` one of this space with a normal of length 1; returns its
    /// constant and the depth on both of its sides that counts. `error` bounds the error of the functional. One that is
    /// constant on the domain becomes 1, -1 or 0.
    pub(crate) fn normalise(&self, normal: &mut Vec<f64>, mut constant: f64, error: f64) -> (f64, f64) {
        if self.cones {
            normal.push(constant);
            constant = 0.0;
        }
        // Scaled first: squares may over- or underflow.
        let largest = normal.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        if largest > error {
            let length = largest * normal.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
            normal.iter_mut().for_each(|x| *x /= length);
            return (constant / length, self.tolerance.max(4.0 * error / length));
        }
        normal.fill(0.0);
        (if constant.abs() > error { constant.signum() } else { 0.0 }, self.tolerance)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Nowhere strictly below.
    Above,
    /// Nowhere strictly above.
    Below,
    /// On the hyperplane.
    Flat,
    Cross,
}

/// How close the decisions were, and what they cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Smallest depth, on the shallower side, of a crossing that was accepted.
    pub(crate) accepted: f64,
    /// Largest depth on the shallower side of one that was not.
    pub(crate) rejected: f64,
    /// Programs solved.
    pub(crate) programs: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { accepted: f64::INFINITY, rejected: 0.0, programs: 0 }
    }
}

impl Effort {
    pub(crate) fn merge(&mut self, other: &Effort) {
        self.accepted = self.accepted.min(other.accepted);
        self.rejected = self.rejected.max(other.rejected);
        self.programs += other.programs;
    }
}

/// Answers questions about cells. Holds no state but memory.
#[derive(Debug, Default)]
pub(crate) struct Solver {
    pub(crate) simplex: Simplex,
    pub(crate) projection: Projection,
    pub(crate) values: Vec<f64>,
    /// A cell with another half-space.
    pub(crate) rows: Rows,
    pub(crate) effort: Effort,
}

/// How far a cell reaches on either side of a hyperplane, as far as its points show.
#[derive(Clone, Copy, Debug, Default)]
struct Reach {
    above: f64,
    below: f64,
}

impl Solver {
    /// The side of `plane` on which `cell` lies. Points that are found on the way are added to the cell; `values` are those of
    /// the plane at all of its points.
    pub(crate) fn side(&mut self, space: &Space, cell: &mut Cell, plane: &Plane) -> Result<Side> {
        let margin = plane.margin;
        cell.pool.points.dot(plane.normal, plane.constant, &mut self.values);
        let mut reach = Reach::default();
        for (v, e) in self.values.iter().zip(&cell.pool.error) {
            reach.above = reach.above.max(v - e);
            reach.below = reach.below.max(-v - e);
        }
        // How far the bound lets the cell reach where no point does.
        let (mut beyond_above, mut beyond_below) = (0.0, 0.0);
        if reach.below <= CLEAR * margin {
            beyond_below = self.look(space, cell, plane, 1.0, &mut reach.below)?;
        }
        if reach.above <= CLEAR * margin {
            beyond_above = self.look(space, cell, plane, -1.0, &mut reach.above)?;
        }
        Ok(match (reach.above > margin, reach.below > margin) {
            (true, true) => {
                self.effort.accepted = self.effort.accepted.min(reach.above.min(reach.below));
                Side::Cross
            }
            (true, false) => {
                self.effort.rejected = self.effort.rejected.max(beyond_below);
                Side::Above
            }
            (false, true) => {
                self.effort.rejected = self.effort.rejected.max(beyond_above);
                Side::Below
            }
            (false, false) => Side::Flat,
        })
    }

    /// Looks for points on the side -`sign` of a plane. Raises `reach` to the depth found, and returns the bound of the depth.
    fn look(
        &mut self,
        space: &Space,
        cell: &mut Cell,
        plane: &Plane,
        sign: f64,
        reach: &mut f64,
    ) -> Result<f64> {
        let Plane { normal: g, constant: c, margin, .. } = *plane;
        self.effort.programs += 1;
        if let Some(radius) = space.ball {
            return Ok(self.look_in_ball(cell, plane, sign, radius, reach));
        }
        let goal: Vec<f64> = g.iter().map(|g| sign * g).collect();
        // From the lowest vertex; one whose basis has become singular is passed over.
        let mut order: Vec<usize> = (0..cell.pool.len()).collect();
        let lowest = order
            .iter()
            .copied()
            .fold(0, |b, i| if sign * self.values[i] < sign * self.values[b] { i } else { b });
        order.swap(0, lowest);
        for i in order {
            if !self.simplex.stand(&cell.rows, cell.pool.basis_of(i)) {
                continue;
            }
            let enough = -CLEAR * margin - sign * c;
            let end = self.simplex.minimise(&cell.rows, &goal, enough);
            let bound = match end {
                End::Optimal(least) => -(least + sign * c),
                End::Reached(_) => f64::INFINITY,
                End::Unbounded | End::Stuck => continue,
            };
            let value: f64 = self.simplex.x.iter().zip(&goal).map(|(x, g)| x * g).sum::<f64>() + sign * c;
            let error = self.simplex.error();
            *reach = reach.max(-value - error);
            if self.simplex.basis != cell.pool.basis_of(i) {
                cell.pool.push(&self.simplex.x, &self.simplex.basis, error);
                self.values.push(sign * value);
            }
            return Ok(bound.max(0.0));
        }
        bail!(
            Numeric,
            "a linear program of {} half-spaces in {} dimensions did not end",
            cell.rows.len(),
            space.dim
        )
    }

    /// The same where the cell is a part of a ball: the nearest point to the centre decides.
    fn look_in_ball(
        &mut self,
        cell: &mut Cell,
        plane: &Plane,
        sign: f64,
        radius: f64,
        reach: &mut f64,
    ) -> f64 {
        let Plane { normal: g, constant: c, margin, .. } = *plane;
        // Whether there is anything; then something as deep as can be had at little cost.
        let mut found = 0.0;
        for depth in [2.0 * margin, 1e-2, 1e-4, 1e-6, CLEAR * margin] {
            if depth <= found {
                break;
            }
            self.rows.copy_from(&cell.rows);
            self.rows.push(g.iter().map(|g| sign * g), -sign * c - depth, NO_LABEL);
            if self.projection.distance(&self.rows, radius - margin).is_some() {
                let last = found > 0.0;
                found = depth;
                *reach = reach.max(0.99 * depth);
                cell.pool.push(&self.projection.x, &[], margin / 4.0);
                self.values.push(-sign * depth);
                if last {
                    break;
                }
            } else if found == 0.0 {
                return 0.0;
            }
        }
        f64::INFINITY
    }
}
