//! The bounding box of an intersection of half-spaces, or that it has none.

use crate::error::{Result, bail};
use crate::lp::{End, NO_LABEL, Rows, Simplex, start};
use crate::regions::body::HalfSpace;

/// In homogeneous coordinates a polytope shallower than this has no interior.
const FLAT: f64 = 1e-12;

/// Lower and upper corner of the smallest box around the polytope; `None` if it is unbounded. ZERO_AREA if it has no
/// interior.
pub(crate) fn of(d: usize, sides: &[HalfSpace]) -> Result<Option<[Vec<f64>; 2]>> {
    let Some(inside) = interior(d, sides) else {
        bail!(ZeroArea, "polytope: the half-spaces have no interior in common")
    };
    // Around the interior point, in units of its smallest distance from a side.
    let mut rows = Rows::new(d);
    let mut unit = f64::INFINITY;
    for side in sides {
        let length = norm(&side.normal);
        let gap = (side.offset - dot(&side.normal, &inside)) / length;
        unit = unit.min(gap);
        rows.push(side.normal.iter().map(|n| n / length), gap, NO_LABEL);
    }
    rows.offsets.iter_mut().for_each(|o| *o /= unit);
    let Some(basis) = start::vertex(&rows, &vec![0.0; d]) else { return Ok(None) };
    let mut simplex = Simplex::default();
    let mut corners = [inside.clone(), inside];
    for (corner, sign) in corners.iter_mut().zip([1.0, -1.0]) {
        for c in 0..d {
            let mut goal = vec![0.0; d];
            goal[c] = sign;
            if !simplex.stand(&rows, &basis) {
                bail!(Numeric, "polytope: its sides are too close to parallel to find a vertex")
            }
            match simplex.minimise(&rows, &goal, f64::NEG_INFINITY) {
                End::Optimal(least) => corner[c] += sign * least * unit,
                End::Unbounded => return Ok(None),
                _ => bail!(Numeric, "polytope: a linear program did not end"),
            }
        }
    }
    Ok(Some(corners))
}

/// A deep point: of the cone of all (x, s) with normal . x <= offset s, over which it is x / s.
fn interior(d: usize, sides: &[HalfSpace]) -> Option<Vec<f64>> {
    let largest = sides.iter().map(|h| h.offset.abs() / norm(&h.normal)).fold(0.0f64, f64::max);
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let mut rows = Rows::new(d + 1);
    for side in sides {
        let length = norm(&side.normal);
        let lifted: Vec<f64> =
            side.normal.iter().map(|n| n / length).chain([-side.offset / length / scale]).collect();
        let length = norm(&lifted);
        rows.push(lifted.iter().map(|x| x / length), 0.0, NO_LABEL);
    }
    rows.push((0..=d).map(|c| if c == d { -1.0 } else { 0.0 }), 0.0, NO_LABEL);
    let (x, _) = start::interior(&rows, 1.0, FLAT)?;
    Some(x[..d].iter().map(|v| v / x[d] * scale).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(x: &[f64]) -> f64 {
    let largest = x.iter().fold(f64::MIN_POSITIVE, |m, x| m.max(x.abs()));
    largest * x.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
}
