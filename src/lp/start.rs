//! A first interior point and a first vertex.

use super::{End, NO_LABEL, Rows, Simplex};

/// The deepest point of the polytope within the cube |x_i| <= `reach`, up to half its size, and how deep it is. `None` if
/// the cube holds no point deeper than `least`.
///
/// Maximises t with normal . x + t <= offset, from a corner of the cube and the t that this corner allows.
pub(crate) fn interior(rows: &Rows, reach: f64, least: f64) -> Option<(Vec<f64>, f64)> {
    interior_with(rows, reach, least, &mut Simplex::default())
}

/// The same in the memory of `simplex`.
pub(crate) fn interior_with(
    rows: &Rows,
    reach: f64,
    least: f64,
    simplex: &mut Simplex,
) -> Option<(Vec<f64>, f64)> {
    let d = rows.dim();
    let mut raised = Rows::new(d + 1);
    let half = std::f64::consts::FRAC_1_SQRT_2;
    for i in 0..rows.len() {
        raised.push(rows.normals.row(i).chain([1.0]).map(|x| x * half), rows.offsets[i] * half, NO_LABEL);
    }
    let unit = |j: usize, s: f64| (0..=d).map(move |c| if c == j { s } else { 0.0 });
    for j in 0..d {
        raised.push(unit(j, -1.0), reach, NO_LABEL);
        raised.push(unit(j, 1.0), reach, NO_LABEL);
    }
    raised.push(unit(d, 1.0), reach, NO_LABEL);
    let mut slack = Vec::new();
    rows.slacks(&vec![-reach; d], &mut slack);
    let worst = (0..slack.len()).fold(None, |w, i| match w {
        Some(w) if slack[w] <= slack[i] => Some(w),
        _ => Some(i),
    });
    // The last row, t <= reach, where nothing else bounds t.
    let last = match worst {
        Some(w) if slack[w] < reach => w,
        _ => raised.len() - 1,
    };
    let mut basis: Vec<u32> = (0..d).map(|j| (rows.len() + 2 * j) as u32).collect();
    basis.push(last as u32);
    if !simplex.stand(&raised, &basis) {
        return None;
    }
    let down: Vec<f64> = unit(d, -1.0).collect();
    let End::Optimal(_) = simplex.minimise(&raised, &down, f64::NEG_INFINITY) else { return None };
    let depth = simplex.x[d];
    (depth > least).then(|| (simplex.x[..d].to_vec(), depth))
}

/// The basis of a vertex, reached from an interior point by walking into one half-space after the other. `None` if the
/// polytope holds a whole line.
pub(crate) fn vertex(rows: &Rows, inside: &[f64]) -> Option<Vec<u32>> {
    let d = rows.dim();
    let mut x = inside.to_vec();
    let mut basis: Vec<u32> = Vec::new();
    // Orthonormal, spanning the normals of the basis.
    let mut span: Vec<Vec<f64>> = Vec::new();
    let (mut slack, mut rate) = (Vec::new(), Vec::new());
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    while basis.len() < d {
        rows.slacks(&x, &mut slack);
        let mut best: Option<(f64, usize, f64, Vec<f64>)> = None;
        // Of all axes and both ways the half-space that is hit most squarely.
        for axis in 0..d {
            let mut way: Vec<f64> = (0..d).map(|c| f64::from(u8::from(c == axis))).collect();
            for _ in 0..2 {
                for s in &span {
                    let along = dot(s, &way);
                    way.iter_mut().zip(s).for_each(|(w, s)| *w -= along * s);
                }
            }
            let length = dot(&way, &way).sqrt();
            if length < 1e-3 / d as f64 {
                continue;
            }
            way.iter_mut().for_each(|w| *w /= length);
            rows.normals.dot(&way, 0.0, &mut rate);
            for sign in [1.0, -1.0] {
                let hits = (0..rows.len()).filter(|&i| sign * rate[i] > 1e-9 && !basis.contains(&(i as u32)));
                let first = hits
                    .map(|i| (slack[i].max(0.0) / (sign * rate[i]), i))
                    .min_by(|a, b| a.0.total_cmp(&b.0));
                if let Some((t, i)) = first {
                    let square = sign * rate[i];
                    if best.as_ref().is_none_or(|b| square > b.0) {
                        best = Some((square, i, t * sign, way.clone()));
                    }
                }
            }
        }
        let (_, i, t, way) = best?;
        x.iter_mut().zip(&way).for_each(|(x, w)| *x += t * w);
        basis.push(i as u32);
        let mut normal: Vec<f64> = rows.normals.row(i).collect();
        for _ in 0..2 {
            for s in &span {
                let along = dot(s, &normal);
                normal.iter_mut().zip(s).for_each(|(n, s)| *n -= along * s);
            }
        }
        let length = dot(&normal, &normal).sqrt();
        normal.iter_mut().for_each(|n| *n /= length);
        span.push(normal);
    }
    Some(basis)
}
