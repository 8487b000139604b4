//! A deep point of a cell: the centre of the largest ball inside it.
//!
//! Maximises t with normal . x + w t <= offset, where w is what a ball of radius 1 in the coordinates of the domain takes up
//! in the local ones; the walk starts at a vertex, where t = 0. In a ball domain |x| + t <= radius is added by cutting
//! planes: the tangents where the last answer stuck out.

use super::cell::Cell;
use super::side::Space;
use crate::lp::{End, NO_LABEL, Rows, Simplex, start};

/// Cutting planes of a ball; each makes the answer a good part better.
const CUTS: usize = 60;

/// The centre, in local coordinates, and the radius of the largest ball (by `weights`, one a half-space) inside `cell`.
pub(crate) fn center(
    space: &Space,
    cell: &Cell,
    weights: &[f64],
    simplex: &mut Simplex,
) -> Option<(Vec<f64>, f64)> {
    match space.ball {
        None => in_polytope(cell, weights, simplex),
        Some(radius) => in_ball(cell, radius, simplex),
    }
}

fn in_polytope(cell: &Cell, weights: &[f64], simplex: &mut Simplex) -> Option<(Vec<f64>, f64)> {
    let d = cell.rows.dim();
    let mut raised = Rows::new(d + 1);
    for (i, w) in weights.iter().enumerate() {
        let scale = 1.0 / (1.0 + w * w).sqrt();
        let normal = cell.rows.normals.row(i).chain([*w]).map(|x| x * scale);
        raised.push(normal, cell.rows.offsets[i] * scale, NO_LABEL);
    }
    let floor = |s: f64| (0..=d).map(move |c| if c == d { s } else { 0.0 });
    raised.push(floor(-1.0), 0.0, NO_LABEL);
    let down: Vec<f64> = floor(-1.0).collect();
    for v in 0..cell.pool.len() {
        let mut basis = cell.pool.basis_of(v).to_vec();
        basis.push(cell.rows.len() as u32);
        if !simplex.stand(&raised, &basis) {
            continue;
        }
        if let End::Optimal(_) = simplex.minimise(&raised, &down, f64::NEG_INFINITY) {
            return Some((simplex.x[..d].to_vec(), simplex.x[d]));
        }
    }
    None
}

fn in_ball(cell: &Cell, radius: f64, simplex: &mut Simplex) -> Option<(Vec<f64>, f64)> {
    let d = cell.rows.dim();
    let mut rows = cell.rows.clone();
    let mut best: Option<(Vec<f64>, f64)> = None;
    let mut slack = Vec::new();
    // A cell may be as large as the ball, and `interior` wants a cube around its answer.
    let start: Vec<Vec<f64>> = (0..cell.pool.len()).map(|i| cell.pool.points.row(i).collect()).collect();
    for x in start {
        consider(cell, radius, x, &mut slack, &mut best);
    }
    let mut bound = f64::INFINITY;
    for _ in 0..CUTS {
        let Some((x, t)) = start::interior_with(&rows, radius, f64::NEG_INFINITY, simplex) else { break };
        bound = bound.min(t);
        let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
        if length > 0.0 {
            rows.push(x.iter().map(|x| x / length), radius, NO_LABEL);
        }
        consider(cell, radius, x, &mut slack, &mut best);
        if best.as_ref().is_some_and(|(_, r)| *r >= bound * (1.0 - 1e-9)) {
            break;
        }
    }
    debug_assert_eq!(rows.dim(), d);
    best
}

/// Takes `x` if it is deeper inside the cell than the best point so far.
fn consider(cell: &Cell, radius: f64, x: Vec<f64>, slack: &mut Vec<f64>, best: &mut Option<(Vec<f64>, f64)>) {
    let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
    cell.rows.slacks(&x, slack);
    let depth = slack.iter().fold(radius - length, |m, &s| m.min(s));
    if best.as_ref().is_none_or(|(_, r)| depth > *r) {
        *best = Some((x, depth));
    }
}
