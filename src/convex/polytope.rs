//! Intersections of half-spaces.
//!
//! In steps: the half-spaces scaled to unit normals; the directions in which nothing bounds them (lines) set apart; a
//! deepest point by a linear program; sides that leave no depth turned into equations, which take a dimension away, and
//! again; a vertex, and the reach along every axis. Then all vertices where they are few, a linear program for every
//! functional where they are not.

use super::basis::{Basis, dot, length};
use super::halfspaces::HalfSpaces;
use super::{ConvexSet, Shape, check};
use crate::error::{Result, bail};
use crate::lp::{End, NO_LABEL, Rows, Simplex, start};

/// Vertices are enumerated in this many dimensions at most ..
const ENUMERABLE_DIM: usize = 6;
/// .. and if all bases take this many multiply-adds at most.
const ENUMERABLE_WORK: f64 = 2e7;
/// What is left of a unit normal counts for nothing below this: it is parallel to what was taken from it.
const PARALLEL: f64 = 1e-12;
/// Depth below this part of the offsets is rounding of the offsets.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// How far from the origin a point is looked for, in units of the largest offset.
const REACH: f64 = 1e6;
/// A vertex may be outside a side by this part of the size of the polytope.
const OUTSIDE: f64 = 1e-11;
/// Vertices nearer than this, in the same units, are one.
const SAME: f64 = 1e-10;

/// Half-spaces in coordinates y of a subspace, x = origin + sum of y_j basis_j.
struct Sides {
    origin: Vec<f64>,
    basis: Basis,
    /// (sides, dim): unit normals in the space itself, and their offsets.
    normals: Vec<f64>,
    offsets: Vec<f64>,
    /// Depth that is nothing but rounding.
    rounding: f64,
}

impl ConvexSet {
    /// The set of all x with a x <= b; `a` is (sides, dim) row-major, `b` is (sides). It may be unbounded or flat; sides that
    /// are redundant or without a normal (0 x <= 1) do no harm.
    ///
    /// Up to 6 dimensions and some thousand bases all vertices are enumerated: the set is their hull, as
    /// [`ConvexSet::vertices`] keeps it. Otherwise (and if it is unbounded) the rows are a point inside and as many
    /// directions as the set has dimensions, each about as long as the set is wide, and the range of a functional takes two
    /// linear programs, started at the optimum of the functional before. Directions in which the set holds whole lines
    /// follow as two rays each.
    ///
    /// Accuracy: vertices and optima to rounding times the condition of the sides that meet there. A set that is flat to
    /// 1e-14 of its largest distance from the origin is taken for flat, one that is empty by less than that for a flat one;
    /// one farther away than 1e6 times all of its sides for empty.
    ///
    /// Conditions: SHAPE, NONFINITE, EMPTY_REGION, NUMERIC if a linear program does not end (never seen).
    pub fn polytope(dim: usize, a: &[f64], b: &[f64]) -> Result<ConvexSet> {
        check::whole(dim, a, "a")?;
        check::finite(b, "b")?;
        if a.len() != b.len() * dim {
            bail!(Shape, "a has {} rows; b has {} elements", a.len() / dim, b.len())
        }
        let Some(mut sides) = Sides::new(dim, a, b)? else {
            bail!(EmptyRegion, "polytope: no x satisfies a x <= b")
        };
        // (lines, dim): whole lines of the set.
        let lines = sides.take_lines();
        loop {
            let Some((inside, depth, tight)) = sides.deepest()? else {
                bail!(EmptyRegion, "polytope: no x satisfies a x <= b")
            };
            sides.move_to(&inside);
            if sides.basis.len() == 0 || depth > sides.rounding {
                break;
            }
            sides.flatten(&tight);
        }
        let set = sides.into_set(dim)?;
        if lines.is_empty() {
            return Ok(set);
        }
        let both: Vec<f64> = lines.iter().copied().chain(lines.iter().map(|x| -x)).collect();
        set.with_rays(&both)
    }
}

impl Sides {
    /// `None` if a side excludes everything.
    fn new(dim: usize, a: &[f64], b: &[f64]) -> Result<Option<Sides>> {
        let mut basis = Basis::new(dim);
        basis.extend(&identity(dim), 0.0, dim);
        let (mut normals, mut offsets) = (Vec::with_capacity(a.len()), Vec::with_capacity(b.len()));
        for (i, (normal, &offset)) in a.chunks_exact(dim).zip(b).enumerate() {
            let size = length(normal);
            if size == 0.0 {
                if offset < 0.0 {
                    return Ok(None);
                }
                continue;
            }
            let offset = offset / size;
            if !offset.is_finite() {
                bail!(Nonfinite, "b[{i}] overflows when a[{i}] is scaled to length 1: its length is {size:e}")
            }
            normals.extend(normal.iter().map(|n| n / size));
            offsets.push(offset);
        }
        let rounding = ROUNDING * offsets.iter().fold(0.0f64, |m, o| m.max(o.abs()));
        Ok(Some(Sides { origin: vec![0.0; dim], basis, normals, offsets, rounding }))
    }

    fn dim(&self) -> usize {
        self.origin.len()
    }

    /// Restricts the subspace to what the normals span; what is left of it are lines of the set, which are returned.
    fn take_lines(&mut self) -> Vec<f64> {
        let dim = self.dim();
        let mut span = Basis::new(dim);
        span.extend(&self.normals, PARALLEL, dim);
        let rank = span.len();
        let mut all = span.clone();
        all.extend(&identity(dim), PARALLEL, dim);
        // Without lines the axes stay what they are.
        if rank < dim {
            self.basis = span;
        }
        all.vectors().skip(rank).flatten().copied().collect()
    }

    /// Normals of length 1 in coordinates of the subspace, and how far the origin is inside them; the sides to which a row
    /// belongs are its labels. Sides that contain the subspace are left out; `None` if one excludes it.
    fn rows(&self, unit: f64) -> Option<Rows> {
        let mut rows = Rows::new(self.basis.len());
        for (i, (normal, offset)) in self.normals.chunks_exact(self.dim()).zip(&self.offsets).enumerate() {
            let inside = offset - dot(normal, &self.origin);
            let along: Vec<f64> = self.basis.vectors().map(|b| dot(normal, b)).collect();
            let size = length(&along);
            if size > PARALLEL {
                rows.push(along.iter().map(|n| n / size), inside / size / unit, i as u32);
            } else if inside < -self.rounding {
                return None;
            }
        }
        Some(rows)
    }

    /// The point farthest inside all sides (nearby, if there is no farthest), how far, and the sides that hold it there.
    /// `None` if every point is outside.
    fn deepest(&self) -> Result<Option<(Vec<f64>, f64, Vec<usize>)>> {
        let d = self.basis.len();
        let largest = self.offsets.iter().fold(0.0f64, |m, o| m.max(o.abs()));
        let mut unit = if largest > 0.0 { largest } else { 1.0 };
        let mut here = Sides {
            origin: self.origin.clone(),
            basis: self.basis.clone(),
            normals: self.normals.clone(),
            offsets: self.offsets.clone(),
            rounding: self.rounding,
        };
        let mut found = None;
        // Each time nearer, in units of what was found: the digits that a set far away or much smaller than its distance
        // from the origin needs.
        for reach in [REACH, 1e3, 1e3] {
            let Some(rows) = here.rows(unit) else { return Ok(None) };
            if d == 0 || rows.len() == 0 {
                return Ok(Some((here.origin, if d == 0 { 0.0 } else { f64::INFINITY }, Vec::new())));
            }
            let mut simplex = Simplex::default();
            let Some((y, depth)) = start::interior_with(&rows, reach, f64::NEG_INFINITY, &mut simplex) else {
                bail!(Numeric, "polytope: a linear program did not end")
            };
            let y: Vec<f64> = y.iter().map(|y| y * unit).collect();
            let depth = depth * unit;
            let mut down = vec![0.0; d + 1];
            down[d] = -1.0;
            let holds = |(j, &row): (usize, &u32)| {
                let multiplier = dot(&down, simplex.direction(j));
                let side = rows.labels.get(row as usize).filter(|_| multiplier < -1e-9)?;
                Some(*side as usize)
            };
            let tight = simplex.basis.iter().enumerate().filter_map(holds).collect();
            here.move_to_coordinates(&y);
            found = Some((here.origin.clone(), depth, tight));
            if depth.abs() > 1e-3 * unit {
                break;
            }
            unit = depth.abs().max(1e-6 * unit);
        }
        Ok(found.filter(|(_, depth, _)| *depth >= -self.rounding))
    }

    fn move_to_coordinates(&mut self, y: &[f64]) {
        for (y, b) in y.iter().zip(self.basis.vectors()) {
            self.origin.iter_mut().zip(b).for_each(|(x, b)| *x += y * b);
        }
    }

    fn move_to(&mut self, origin: &[f64]) {
        self.origin.copy_from_slice(origin);
    }

    /// Restricts the subspace to where the sides `tight` hold with equality.
    fn flatten(&mut self, tight: &[usize]) {
        let dim = self.dim();
        let mut taken = Basis::new(dim);
        let normals: Vec<f64> =
            tight.iter().flat_map(|&i| &self.normals[i * dim..][..dim]).copied().collect();
        // Of the normals what lies in the subspace.
        let within: Vec<f64> = normals
            .chunks_exact(dim)
            .flat_map(|n| {
                let mut within = vec![0.0; dim];
                for b in self.basis.vectors() {
                    let along = dot(n, b);
                    within.iter_mut().zip(b).for_each(|(w, b)| *w += along * b);
                }
                within
            })
            .collect();
        taken.extend(&within, 1e-9, dim);
        let left: Vec<f64> = self
            .basis
            .vectors()
            .flat_map(|b| {
                let mut b = b.to_vec();
                taken.reject(&mut b);
                b
            })
            .collect();
        let rank = self.basis.len() - taken.len();
        let mut basis = Basis::new(dim);
        basis.extend(&left, 1e-9, rank);
        self.basis = basis;
    }

    /// The set around the origin, which is inside.
    fn into_set(self, dim: usize) -> Result<ConvexSet> {
        let d = self.basis.len();
        if d == 0 {
            return ConvexSet::points(dim, &self.origin);
        }
        let stuck = || {
            crate::error::Error::new(
                crate::error::Condition::Numeric,
                "polytope: its sides are too close to parallel to find a vertex",
            )
        };
        let Some(rows) = self.rows(1.0) else { return Err(stuck()) };
        let unit = rows.offsets.iter().fold(f64::INFINITY, |m, &o| m.min(o));
        let mut near = rows.clone();
        near.offsets.iter_mut().for_each(|o| *o /= unit);
        let vertex = start::vertex(&near, &vec![0.0; d]).ok_or_else(stuck)?;
        let (scale, bounded) = widths(&near, &vertex)?;
        // In units of the reach along every axis.
        let mut sides = Rows::new(d);
        for i in 0..near.len() {
            let normal: Vec<f64> = near.normals.row(i).zip(&scale).map(|(n, s)| n * s).collect();
            let size = length(&normal);
            sides.push(normal.iter().map(|n| n / size), near.offsets[i] / size, NO_LABEL);
        }
        let axes: Vec<f64> =
            self.basis.vectors().zip(&scale).flat_map(|(b, s)| b.iter().map(move |b| b * s * unit)).collect();
        if bounded && enumerable(d, sides.len()) {
            let points: Vec<f64> = vertices(&sides)
                .iter()
                .flat_map(|t| {
                    let mut x = self.origin.clone();
                    for (t, axis) in t.iter().zip(axes.chunks_exact(dim)) {
                        x.iter_mut().zip(axis).for_each(|(x, a)| *x += t * a);
                    }
                    x
                })
                .collect();
            if points.is_empty() {
                return Err(stuck());
            }
            return ConvexSet::vertices(dim, &points);
        }
        let half_spaces = HalfSpaces::new(sides, vertex, bounded);
        let rows = [&self.origin[..], &axes].concat();
        ConvexSet::about(&self.origin, rows, Shape::Polytope(1..d + 1, half_spaces.into()))
    }
}

/// How far the set reaches along each axis (where that is finite), and whether it is bounded.
fn widths(rows: &Rows, vertex: &[u32]) -> Result<(Vec<f64>, bool)> {
    let (mut widths, mut bounded) = (Vec::new(), true);
    let mut simplex = Simplex::default();
    for c in 0..rows.dim() {
        let mut reach = 0.0f64;
        for sign in [1.0, -1.0] {
            let mut goal = vec![0.0; rows.dim()];
            goal[c] = sign;
            if !simplex.stand(rows, vertex) {
                bail!(Numeric, "polytope: its sides are too close to parallel to find a vertex")
            }
            match simplex.minimise(rows, &goal, f64::NEG_INFINITY) {
                End::Optimal(least) => reach = reach.max(-least),
                End::Unbounded => bounded = false,
                End::Reached(_) | End::Stuck => bail!(Numeric, "polytope: a linear program did not end"),
            }
        }
        widths.push(if reach > 0.0 { reach } else { 1.0 });
    }
    Ok((widths, bounded))
}

/// Whether looking at all bases is quickly done.
fn enumerable(d: usize, sides: usize) -> bool {
    let bases = (0..d).map(|i| (sides - i) as f64 / (i + 1) as f64).product::<f64>();
    d <= ENUMERABLE_DIM && bases * (d * (sides + d * d)) as f64 <= ENUMERABLE_WORK
}

/// All vertices of a bounded intersection of half-spaces.
fn vertices(sides: &Rows) -> Vec<Vec<f64>> {
    let (d, m) = (sides.dim(), sides.len());
    let mut pick: Vec<u32> = (0..d as u32).collect();
    let (mut simplex, mut slack) = (Simplex::default(), Vec::new());
    let mut found: Vec<Vec<f64>> = Vec::new();
    loop {
        if simplex.stand(sides, &pick) {
            sides.slacks(&simplex.x, &mut slack);
            let near = |v: &Vec<f64>| v.iter().zip(&simplex.x).all(|(a, b)| (a - b).abs() <= SAME);
            if slack.iter().all(|&s| s >= -OUTSIDE) && !found.iter().any(near) {
                found.push(simplex.x.clone());
            }
        }
        let Some(j) = (0..d).rev().find(|&j| (pick[j] as usize) < m - d + j) else { return found };
        pick[j] += 1;
        for i in j + 1..d {
            pick[i] = pick[i - 1] + 1;
        }
    }
}

fn identity(dim: usize) -> Vec<f64> {
    (0..dim * dim).map(|i| f64::from(u8::from(i % (dim + 1) == 0))).collect()
}
