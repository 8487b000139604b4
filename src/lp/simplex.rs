//! The linear-programming core: the primal simplex method on half-spaces in few dimensions, from vertex to vertex.
//!
//! A vertex is where d half-spaces are tight, the basis. With E the inverse of the matrix of their normals, column `e_j` is
//! the direction that leaves the others tight, and an objective g is the combination of the normals with the multipliers
//! `g . e_j`. If one is positive, moving along `-e_j` lowers g . x: until the first half-space is hit, which replaces j. If
//! none is, the vertex is optimal, and the multipliers are a proof of it: g . x >= sum of multiplier times offset, for all x
//! (weak duality; the proof needs no exact vertex). Any vertex of the polytope is a start for any objective: no phase one,
//! and a good start is most of the work.
//!
//! Numbers: normals have length 1; coordinates are about 1. A pivot costs d m + 3 d^2 multiply-adds for m half-spaces.

use super::Rows;

/// A multiplier counts as positive beyond this part of the length of its direction.
const OPTIMAL: f64 = 1e-13;
/// Half-spaces that a step nears more slowly than this (a unit step along a unit normal is 1) do not block it.
const PARALLEL: f64 = 1e-11;
/// By so much a step may run into half-spaces, for the choice of a well-conditioned one among those hit about together.
const HARRIS: f64 = 1e-13;
/// Pivots after which the inverse and the vertex are computed afresh.
const REFRESH: usize = 32;
/// Steps of length zero after which the rule is Bland's, which never cycles.
const PATIENCE: usize = 24;
/// Pivots after which a program is given up; never seen.
const LAST_PIVOT: usize = 20_000;
/// Columns of the inverse longer than this come from parallel normals: no vertex.
const SINGULAR: f64 = 1e12;

/// How a minimisation ended. In any case the simplex stands at a vertex.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    /// No x of the polytope has a smaller g . x than this.
    Optimal(f64),
    /// The value at the current vertex, which is below what was asked for.
    Reached(f64),
    /// There is no smallest value.
    Unbounded,
    /// The method did not come to an end.
    Stuck,
}

/// A vertex on the move, and the memory that it needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simplex {
    pub(crate) x: Vec<f64>,
    /// The half-spaces that are tight.
    pub(crate) basis: Vec<u32>,
    /// Column j of the inverse is `inverse[j * d ..][.. d]`.
    inverse: Vec<f64>,
    /// Of all half-spaces.
    slack: Vec<f64>,
    rate: Vec<f64>,
    step: Vec<f64>,
    work: Vec<f64>,
    in_basis: Vec<bool>,
    /// A half-space that is left out.
    pub(crate) ignored: Option<usize>,
    /// Multiply-adds since they were last taken.
    spent: u64,
}

impl Simplex {
    /// Stands at the vertex where the half-spaces `basis` are tight. False if their normals are dependent.
    pub(crate) fn stand(&mut self, rows: &Rows, basis: &[u32]) -> bool {
        self.basis.clear();
        self.basis.extend_from_slice(basis);
        self.ignored = None;
        self.in_basis.clear();
        self.in_basis.resize(rows.len(), false);
        for &b in basis {
            self.in_basis[b as usize] = true;
        }
        self.refresh(rows)
    }

    /// Computes inverse, vertex and slacks from the basis.
    fn refresh(&mut self, rows: &Rows) -> bool {
        let d = rows.dim();
        self.spent += (d * (rows.len() + d * d)) as u64;
        if !self.invert(rows, d) {
            return false;
        }
        self.x.clear();
        self.x.resize(d, 0.0);
        for (j, &b) in self.basis.iter().enumerate() {
            let o = rows.offsets[b as usize];
            for (x, e) in self.x.iter_mut().zip(&self.inverse[j * d..][..d]) {
                *x += o * e;
            }
        }
        rows.slacks(&self.x, &mut self.slack);
        // One step of iterative refinement.
        for (j, &b) in self.basis.iter().enumerate() {
            let residual = std::mem::take(&mut self.slack[b as usize]);
            for (x, e) in self.x.iter_mut().zip(&self.inverse[j * d..][..d]) {
                *x += residual * e;
            }
        }
        true
    }

    /// Gauss and Jordan with partial pivoting on the transposed matrix, whose columns are the normals: its inverse has
    /// the directions as rows.
    fn invert(&mut self, rows: &Rows, d: usize) -> bool {
        let w = &mut self.work;
        w.clear();
        w.resize(2 * d * d, 0.0);
        for (j, &b) in self.basis.iter().enumerate() {
            for c in 0..d {
                w[c * 2 * d + j] = rows.normals.get(b as usize, c);
            }
        }
        for c in 0..d {
            w[c * 2 * d + d + c] = 1.0;
        }
        for p in 0..d {
            let size = |r: usize| w[r * 2 * d + p].abs();
            let best = (p..d).fold(p, |a, b| if size(b) > size(a) { b } else { a });
            if size(best) < 1.0 / SINGULAR {
                return false;
            }
            if best != p {
                for c in 0..2 * d {
                    w.swap(best * 2 * d + c, p * 2 * d + c);
                }
            }
            let scale = 1.0 / w[p * 2 * d + p];
            w[p * 2 * d..][..2 * d].iter_mut().for_each(|v| *v *= scale);
            for r in 0..d {
                let f = w[r * 2 * d + p];
                if r != p && f != 0.0 {
                    let (head, tail) = w.split_at_mut(r.max(p) * 2 * d);
                    let (target, source) = if r < p {
                        (&mut head[r * 2 * d..][..2 * d], &tail[..2 * d])
                    } else {
                        (&mut tail[..2 * d], &head[p * 2 * d..][..2 * d])
                    };
                    // Columns before p are those of the identity already.
                    for (t, s) in target[p..].iter_mut().zip(&source[p..]) {
                        *t -= f * s;
                    }
                }
            }
        }
        self.inverse.clear();
        for j in 0..d {
            self.inverse.extend_from_slice(&w[j * 2 * d + d..][..d]);
        }
        true
    }

    /// How far off the vertex may be: the conditioning of its basis times a few roundings.
    pub(crate) fn error(&self) -> f64 {
        4.0 * f64::EPSILON * self.inverse.iter().map(|e| e.abs()).sum::<f64>()
    }

    /// The direction that leaves all half-spaces of the basis tight but the one at position `j`, whose normal it meets with 1.
    pub(crate) fn direction(&self, j: usize) -> &[f64] {
        let d = self.basis.len();
        &self.inverse[j * d..][..d]
    }

    /// Whether exactly the half-spaces of the basis are tight, beyond doubt: they are facets then.
    pub(crate) fn is_simple(&self, tolerance: f64) -> bool {
        let free = |(i, &s): (usize, &f64)| self.in_basis[i] || s > tolerance;
        self.slack.iter().enumerate().all(free)
    }

    /// How far the vertex is inside half-space `i`.
    pub(crate) fn slack(&self, i: usize) -> f64 {
        self.slack[i]
    }

    /// Multiply-adds spent since the last call.
    pub(crate) fn take_work(&mut self) -> u64 {
        std::mem::take(&mut self.spent)
    }

    fn value(&self, g: &[f64]) -> f64 {
        self.x.iter().zip(g).map(|(x, g)| x * g).sum()
    }

    /// Walks down `g . x`, to the minimum or to the first vertex with a value below `enough`.
    pub(crate) fn minimise(&mut self, rows: &Rows, g: &[f64], enough: f64) -> End {
        let d = rows.dim();
        let (mut idle, mut since) = (0, 0);
        for _ in 0..LAST_PIVOT {
            if self.value(g) < enough {
                return End::Reached(self.value(g));
            }
            let bland = idle > PATIENCE;
            let Some(leaving) = self.leaving(d, g, bland) else {
                let proof = self.basis.iter().enumerate().map(|(j, &b)| {
                    let multiplier: f64 = g.iter().zip(&self.inverse[j * d..][..d]).map(|(g, e)| g * e).sum();
                    multiplier * rows.offsets[b as usize]
                });
                return End::Optimal(proof.sum());
            };
            let Some(step) = self.pivot(rows, leaving, bland) else { return End::Unbounded };
            idle = if step > HARRIS { 0 } else { idle + 1 };
            since += 1;
            if since == REFRESH {
                since = 0;
                if !self.refresh(rows) {
                    return End::Stuck;
                }
            }
        }
        End::Stuck
    }

    /// The basis position to leave: the steepest descent, or the first that descends.
    fn leaving(&self, d: usize, g: &[f64], bland: bool) -> Option<usize> {
        let mut best = (OPTIMAL, None);
        for (j, e) in self.inverse.chunks_exact(d).enumerate() {
            let (mut along, mut square) = (0.0, 0.0);
            for (g, e) in g.iter().zip(e) {
                along += g * e;
                square += e * e;
            }
            if along <= 0.0 {
                continue;
            }
            let steepness = along / square.sqrt();
            if bland {
                let earlier = |b: usize| self.basis[j] < self.basis[b];
                if steepness > OPTIMAL && best.1.is_none_or(earlier) {
                    best.1 = Some(j);
                }
            } else if steepness > best.0 {
                best = (steepness, Some(j));
            }
        }
        best.1
    }

    /// Leaves the half-space at position `j` of the basis until another one is hit, which takes its place. Returns the
    /// length of the step; `None` if nothing is ever hit, and then the simplex stays where it is.
    pub(crate) fn pivot(&mut self, rows: &Rows, j: usize, bland: bool) -> Option<f64> {
        let d = rows.dim();
        self.spent += (d * (rows.len() + 3 * d)) as u64;
        let leaving = &self.inverse[j * d..][..d];
        let length = leaving.iter().map(|e| e * e).sum::<f64>().sqrt();
        self.step.clear();
        self.step.extend(leaving.iter().map(|e| -e / length));
        rows.normals.dot(&self.step, 0.0, &mut self.rate);
        for &b in &self.basis {
            self.rate[b as usize] = 0.0;
        }
        if let Some(i) = self.ignored {
            self.rate[i] = 0.0;
        }
        let (mut furthest, mut first) = (f64::INFINITY, None);
        for (i, (&rate, &slack)) in self.rate.iter().zip(&self.slack).enumerate() {
            if rate > PARALLEL {
                let t = (slack + HARRIS) / rate;
                if t < furthest || first.is_none() {
                    (furthest, first) = (t, Some(i));
                }
            }
        }
        let first = first?;
        let mut entering = (0.0, usize::MAX);
        for (i, (&rate, &slack)) in self.rate.iter().zip(&self.slack).enumerate() {
            if rate > PARALLEL
                && slack <= furthest * rate
                && (rate > entering.0)
                && (!bland || entering.1 == usize::MAX)
            {
                entering = (rate, i);
            }
        }
        // Where rounding leaves nobody within reach of the first, it is the first.
        let (rate, i) = if entering.1 == usize::MAX { (self.rate[first], first) } else { entering };
        let t = (self.slack[i] / rate).max(0.0);
        for (x, s) in self.x.iter_mut().zip(&self.step) {
            *x += t * s;
        }
        for (slack, rate) in self.slack.iter_mut().zip(&self.rate) {
            *slack -= t * rate;
        }
        // The left half-space is no longer tight.
        let left = self.basis[j] as usize;
        self.slack[left] = t / length;
        self.in_basis[left] = false;
        self.slack[i] = 0.0;
        self.in_basis[i] = true;
        self.basis[j] = i as u32;
        self.exchange(rows, i, j, d);
        Some(t)
    }

    /// Updates the inverse: normal `i` is now at position `j`.
    fn exchange(&mut self, rows: &Rows, i: usize, j: usize, d: usize) {
        let normal = &mut self.step;
        normal.clear();
        normal.extend(rows.normals.row(i));
        let along = |e: &[f64]| normal.iter().zip(e).map(|(n, e)| n * e).sum::<f64>();
        let scale = 1.0 / along(&self.inverse[j * d..][..d]);
        self.inverse[j * d..][..d].iter_mut().for_each(|e| *e *= scale);
        let (head, rest) = self.inverse.split_at_mut(j * d);
        let (pivot, tail) = rest.split_at_mut(d);
        for e in head.chunks_exact_mut(d).chain(tail.chunks_exact_mut(d)) {
            let f = along(e);
            if f != 0.0 {
                for (e, p) in e.iter_mut().zip(&*pivot) {
                    *e -= f * p;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::NO_LABEL;
    use super::super::start;
    use super::*;
    use proptest::prelude::*;

    /// Random half-spaces around the origin and the sides of a cube.
    fn polytope(d: usize, cuts: &[Vec<f64>]) -> Rows {
        let mut rows = Rows::new(d);
        for j in 0..d {
            for s in [-1.0, 1.0] {
                rows.push((0..d).map(|c| if c == j { s } else { 0.0 }), 1.0, NO_LABEL);
            }
        }
        for cut in cuts {
            let length = cut[..d].iter().map(|x| x * x).sum::<f64>().sqrt();
            if length > 0.1 {
                rows.push(cut[..d].iter().map(|x| x / length), 0.05 + cut[4].abs(), NO_LABEL);
            }
        }
        rows
    }

    /// The least g . x over all vertices: every d half-spaces that meet in a point of the polytope.
    fn brute_force(rows: &Rows, g: &[f64]) -> f64 {
        let d = rows.dim();
        let mut least = f64::INFINITY;
        let mut pick: Vec<u32> = (0..d as u32).collect();
        let mut simplex = Simplex::default();
        let mut slack = Vec::new();
        loop {
            if simplex.stand(rows, &pick) {
                rows.slacks(&simplex.x, &mut slack);
                if slack.iter().all(|&s| s > -1e-9) {
                    least = least.min(simplex.value(g));
                }
            }
            let Some(j) = (0..d).rev().find(|&j| (pick[j] as usize) < rows.len() - d + j) else {
                return least;
            };
            pick[j] += 1;
            for i in j + 1..d {
                pick[i] = pick[i - 1] + 1;
            }
        }
    }

    proptest! {
        #[test]
        fn optima_are_those_of_all_vertices(
            d in 1usize..5,
            cuts in prop::collection::vec(prop::collection::vec(-1.0..1.0f64, 5), 0..9),
            g in prop::collection::vec(-1.0..1.0f64, 4),
        ) {
            let (rows, g) = (polytope(d, &cuts), &g[..d]);
            let (x, depth) = start::interior(&rows, 2.0, 1e-9).unwrap();
            prop_assert!(depth >= 0.05 - 1e-12);
            let basis = start::vertex(&rows, &x).unwrap();
            let mut simplex = Simplex::default();
            prop_assert!(simplex.stand(&rows, &basis));
            let End::Optimal(bound) = simplex.minimise(&rows, g, f64::NEG_INFINITY) else {
                return Err(TestCaseError::fail("no optimum"));
            };
            let least = brute_force(&rows, g);
            prop_assert!((bound - least).abs() < 1e-12 && (simplex.value(g) - least).abs() < 1e-12, "{bound} {least}");
        }
    }

    #[test]
    fn unbounded_and_lines() {
        let mut wedge = Rows::new(2);
        wedge.push([-1.0, 0.0].into_iter(), 0.0, NO_LABEL);
        assert!(start::vertex(&wedge, &[1.0, 1.0]).is_none(), "holds a line");
        wedge.push([0.0, -1.0].into_iter(), 0.0, NO_LABEL);
        let basis = start::vertex(&wedge, &[1.0, 1.0]).unwrap();
        let mut simplex = Simplex::default();
        assert!(simplex.stand(&wedge, &basis) && simplex.x == [0.0, 0.0]);
        assert_eq!(simplex.minimise(&wedge, &[1.0, -1.0], f64::NEG_INFINITY), End::Unbounded);
        assert_eq!(simplex.minimise(&wedge, &[1.0, 1.0], f64::NEG_INFINITY), End::Optimal(0.0));
        assert!(!simplex.stand(&wedge, &[0, 0]), "no vertex");
    }

    /// The apex of a pyramid over a polygon of many sides, all of which meet there: no cycling.
    #[test]
    fn degenerate_vertices_do_not_cycle() {
        let mut rows = Rows::new(3);
        for i in 0..40 {
            let t = f64::from(i) * std::f64::consts::TAU / 40.0;
            let s = std::f64::consts::FRAC_1_SQRT_2;
            rows.push([s * t.cos(), s * t.sin(), s].into_iter(), s, NO_LABEL);
        }
        rows.push([0.0, 0.0, -1.0].into_iter(), 0.0, NO_LABEL);
        let (x, _) = start::interior(&rows, 2.0, 1e-9).unwrap();
        let basis = start::vertex(&rows, &x).unwrap();
        let mut simplex = Simplex::default();
        for (g, least) in [([0.0, 0.0, -1.0], -1.0), ([1.0, 0.0, -1.0], -1.0), ([1.0, 0.0, 0.0], -1.0)] {
            assert!(simplex.stand(&rows, &basis));
            let End::Optimal(bound) = simplex.minimise(&rows, &g, f64::NEG_INFINITY) else { panic!("{g:?}") };
            assert!((bound - least).abs() < 1e-12, "{g:?}: {bound}");
        }
    }
}
