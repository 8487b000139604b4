//! Curvature of the path that the tokens of a sequence take through the layers' space (Hosseini and Fedorenko 2023).

use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::TensorRef;

/// How turning is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// arccos |cos|, in [0, pi / 2]: the form of the published toolkits.
    #[default]
    Absolute,
    /// arccos cos, in [0, pi].
    Signed,
}

/// The mean angle in radians between successive steps z_{t+1} - z_t of the T x D path `z`, or that over ln D with
/// `normalize`. A step of length 0 turns by 0. O(T D). Conditions: RANK, DTYPE, SHAPE (fewer than 3 rows, or 2 columns with
/// `normalize`), NONFINITE.
pub fn curvature(ctx: &Context, z: &TensorRef, turn: Turn, normalize: bool) -> Result<f64> {
    let z = z.matrix("(tokens, features)")?;
    let (t, d) = (z.rows(), z.columns());
    if t < 3 || d == 0 || (normalize && d < 2) {
        bail!(Shape, "{} is {t} x {d}; expected at least 3 tokens, and features", z.name())
    }
    // Powers of two keep differences and squares in range.
    let exponent = super::scale::exponent(z.largest(ctx)?.max(f64::MIN_POSITIVE)) + 2;
    let step = |i: usize| {
        let mut pair = vec![0.0; 2 * d];
        z.load(i..i + 2, 0..d, &mut pair);
        let (from, to) = pair.split_at(d);
        let scaled = |x: f64| super::scale::ldexp(x, -exponent);
        let v: Vec<f64> = to.iter().zip(from).map(|(b, a)| scaled(*b) - scaled(*a)).collect();
        let largest = v.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let length = v.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
        // A unit vector, or none.
        (largest > 0.0).then(|| v.iter().map(|x| x / largest / length).collect::<Vec<f64>>())
    };
    let mut total = 0.0;
    let mut last = step(0);
    for i in 1..t - 1 {
        let next = step(i);
        if let (Some(u), Some(v)) = (&last, &next) {
            // 2 atan(|u - v| / |u + v|): accurate near 0 and pi, where the cosine says nothing.
            let length = |sign: f64| u.iter().zip(v).map(|(a, b)| (a + sign * b).powi(2)).sum::<f64>().sqrt();
            let angle = 2.0 * length(-1.0).atan2(length(1.0));
            total += if turn == Turn::Absolute { angle.min(std::f64::consts::PI - angle) } else { angle };
        }
        last = next;
    }
    let mean = total / (t - 2) as f64;
    Ok(if normalize { mean / (d as f64).ln() } else { mean })
}
