//! Intersections of half-spaces.
//!
//! In steps: the half-spaces scaled to unit normals; the directions in which nothing bounds them (lines) set apart; a
//! deepest point by a linear program; sides that leave no depth turned into equations, which take a dimension away, and
//! again; a vertex, and the reach along every axis. Then all vertices where they are few, a linear program for every
//! functional where they are not.

use super::basis::{Basis, dot, length};
use super::halfspaces::HalfSpaces;
use super::{ConvexSet, Shape, check};
use crate::context::Context;
use crate::error::{Condition, Error, Result, bail};
use crate::lp::{End, NO_LABEL, Rows, Simplex, start};

/// Sets of more dimensions are refused: linear programs on them take longer than anyone would wait for.
const LARGEST_DIM: usize = 64;
/// Vertices are enumerated in this many dimensions at most ..
const ENUMERABLE_DIM: usize = 6;
/// .. and if all bases take this many multiply-adds at most.
const ENUMERABLE_WORK: f64 = 2e7;
/// What is left of a unit normal counts for nothing below this: it is parallel to what was taken from it.
const PARALLEL: f64 = 1e-12;
/// Depth below this part of the offsets is rounding of the offsets.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// How far from the origin a point is looked for, in units of the largest offset: farther only where there is none.
const REACH: [f64; 3] = [4.0, 1e3, 1e6];
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

/// A point far inside.
struct Deep {
    point: Vec<f64>,
    /// From the nearest side; negative outside.
    depth: f64,
    /// The sides that hold it there.
    tight: Vec<usize>,
    /// Whether the end of where it was looked for does so too.
    held: bool,
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
    /// Conditions: SHAPE, NONFINITE, EMPTY_REGION, UNSUPPORTED in more than 64 dimensions, CANCELLED, NUMERIC if a linear
    /// program does not end (never seen).
    pub fn polytope(ctx: &Context, dim: usize, a: &[f64], b: &[f64]) -> Result<ConvexSet> {
        check::whole(dim, a, "a")?;
        check::finite(b, "b")?;
        if a.len() != b.len() * dim {
            bail!(Shape, "a has {} rows; b has {} elements", a.len() / dim, b.len())
        }
        if dim > LARGEST_DIM {
            bail!(
                Unsupported,
                "polytope: dimension {dim}; half-spaces are taken in up to {LARGEST_DIM} (use other sets)"
            )
        }
        let Some(mut sides) = Sides::new(dim, a, b)? else {
            bail!(EmptyRegion, "polytope: no x satisfies a x <= b")
        };
        // (lines, dim): whole lines of the set.
        let lines = sides.take_lines();
        loop {
            ctx.poll()?;
            let Some(deep) = sides.deepest()? else {
                bail!(EmptyRegion, "polytope: no x satisfies a x <= b")
            };
            sides.origin = deep.point;
            if deep.depth > sides.rounding {
                break;
            }
            if !sides.flatten(&deep.tight) {
                bail!(
                    Numeric,
                    "polytope: its sides are too close to parallel to tell which of them are equations"
                )
            }
        }
        let set = sides.into_set(ctx)?;
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
        let rounding = ROUNDING * unit_of(&offsets);
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

    /// Normals of length 1 in coordinates of the subspace, and how far `origin` is inside them; their labels are the numbers
    /// of the sides. Sides that contain the subspace are left out; `None` if one excludes it.
    fn rows(&self, origin: &[f64], unit: f64) -> Option<Rows> {
        let mut rows = Rows::new(self.basis.len());
        for (i, (normal, offset)) in self.normals.chunks_exact(self.dim()).zip(&self.offsets).enumerate() {
            let inside = offset - dot(normal, origin);
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

    /// The point farthest inside all sides (nearby, if there is no farthest). `None` if every point is outside one.
    fn deepest(&self) -> Result<Option<Deep>> {
        let mut unit = unit_of(&self.offsets);
        let mut found = None;
        for reach in REACH {
            let Some(deep) = self.search(&self.origin, unit, reach)? else { return Ok(None) };
            let settled = deep.depth > self.rounding || !deep.held;
            found = Some(deep);
            if settled {
                break;
            }
        }
        // Twice nearer, in units of what was found: the digits that a set needs that is far away, or thin.
        for _ in 0..2 {
            let Some(deep) = &found else { break };
            if deep.depth.abs() > 1e-3 * unit {
                break;
            }
            unit = deep.depth.abs().max(1e-6 * unit);
            match self.search(&deep.point, unit, REACH[1])? {
                Some(nearer) if nearer.depth > self.rounding || !nearer.held => found = Some(nearer),
                _ => break,
            }
        }
        Ok(found.filter(|deep| deep.depth >= -self.rounding))
    }

    /// The same in a cube of the subspace about `origin`, `reach` units to all sides.
    fn search(&self, origin: &[f64], unit: f64, reach: f64) -> Result<Option<Deep>> {
        let Some(rows) = self.rows(origin, unit) else { return Ok(None) };
        let mut deep = Deep { point: origin.to_vec(), depth: f64::INFINITY, tight: Vec::new(), held: false };
        if rows.len() == 0 {
            return Ok(Some(deep));
        }
        let mut simplex = Simplex::default();
        let Some((y, depth)) = start::interior_with(&rows, reach, f64::NEG_INFINITY, &mut simplex) else {
            bail!(Numeric, "polytope: a linear program did not end")
        };
        deep.depth = depth * unit;
        for (y, b) in y.iter().zip(self.basis.vectors()) {
            deep.point.iter_mut().zip(b).for_each(|(x, b)| *x += y * unit * b);
        }
        for (j, &row) in simplex.basis.iter().enumerate() {
            // The multiplier of the last coordinate, the depth: the sides that hold the point where it is.
            if simplex.direction(j)[y.len()] > 1e-9 {
                match rows.labels.get(row as usize) {
                    Some(&side) => deep.tight.push(side as usize),
                    None => deep.held = true,
                }
            }
        }
        Ok(Some(deep))
    }

    /// Restricts the subspace to where the sides `tight` hold with equality. False if it stays as large as it is.
    fn flatten(&mut self, tight: &[usize]) -> bool {
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
        taken.len() > 0
    }

    /// The set around the origin, which is inside.
    fn into_set(self, ctx: &Context) -> Result<ConvexSet> {
        let (dim, d) = (self.dim(), self.basis.len());
        if d == 0 {
            return ConvexSet::points(dim, &self.origin);
        }
        let parallel = || {
            Error::new(Condition::Numeric, "polytope: its sides are too close to parallel to find a vertex")
        };
        let rows = self.rows(&self.origin, 1.0).ok_or_else(parallel)?;
        let unit = rows.offsets.iter().fold(f64::INFINITY, |m, &o| m.min(o));
        let mut near = rows.clone();
        near.offsets.iter_mut().for_each(|o| *o /= unit);
        let vertex = start::vertex(&near, &vec![0.0; d]).ok_or_else(parallel)?;
        let (scale, bounded) = widths(ctx, &near, &vertex)?;
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
                return Err(parallel());
            }
            return ConvexSet::vertices(dim, &points);
        }
        let half_spaces = HalfSpaces::new(sides, vertex, bounded);
        let rows = [&self.origin[..], &axes].concat();
        ConvexSet::about(&self.origin, rows, Shape::Polytope(1..d + 1, half_spaces.into()))
    }
}

/// The largest offset; 1 where all are 0, for then one size is like another.
fn unit_of(offsets: &[f64]) -> f64 {
    let largest = offsets.iter().fold(0.0f64, |m, o| m.max(o.abs()));
    if largest > 0.0 { largest } else { 1.0 }
}

/// How far the set reaches along each axis (where that is finite), and whether it is bounded.
fn widths(ctx: &Context, rows: &Rows, vertex: &[u32]) -> Result<(Vec<f64>, bool)> {
    let (mut widths, mut bounded) = (Vec::new(), true);
    let mut simplex = Simplex::default();
    let mut basis = vertex.to_vec();
    for c in 0..rows.dim() {
        let mut reach = 0.0f64;
        for sign in [1.0, -1.0] {
            let mut goal = vec![0.0; rows.dim()];
            goal[c] = sign;
            ctx.poll()?;
            // From where the last one ended.
            if !simplex.stand(rows, &basis) && !simplex.stand(rows, vertex) {
                bail!(Numeric, "polytope: its sides are too close to parallel to find a vertex")
            }
            match simplex.minimise(rows, &goal, f64::NEG_INFINITY) {
                End::Optimal(least) => reach = reach.max(-least),
                End::Unbounded => bounded = false,
                End::Reached(_) | End::Stuck => bail!(Numeric, "polytope: a linear program did not end"),
            }
            basis.clone_from(&simplex.basis);
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
