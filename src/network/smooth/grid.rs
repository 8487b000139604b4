//! Knots and slopes on grids of powers of two, so that all products of the two are exact in f64 and the pieces of the
//! function meet exactly, to the last one, which is the asymptote.

use super::Smooth;
use super::corridor::Point;
use crate::error::Result;
use crate::network::pwl::Pwl;

/// Bits of the offsets: less than 53 by what the sums of a few products of the largest knot and slope need.
const BITS: i32 = 48;
/// Bits of a knot beyond those that tell as many knots apart.
const KNOT_BITS: i32 = 10;

/// The function that bends at the points of `path` (at most `knots`), but for what the grids move: about a thousandth
/// of its error.
pub(super) fn snap(f: &Smooth, path: &[Point], knots: usize) -> Result<Pwl> {
    let ([below, left], [above, right]) = (f.left(), f.right());
    let rise = |a: &Point, b: &Point| (b[1] - a[1]) / (b[0] - a[0]);
    let slopes: Vec<f64> = path.windows(2).map(|p| rise(&p[0], &p[1])).collect();
    let power = |v: f64| v.log2().ceil() as i32;
    let width = power(path.iter().fold(0.0, |m, p| f64::max(m, p[0].abs())));
    let steep = power(slopes.iter().fold(above.max(below), |m, s| f64::max(m, s.abs())));
    let fine = KNOT_BITS + power(knots as f64);
    // Knots are integers times `unit[0]`, slopes times `unit[1]`, offsets and values times their product.
    let unit = [width - fine, steep + fine - BITS].map(|e| f64::from(e).exp2());
    let product = unit[0] * unit[1];

    let mut at: Vec<i64> = path.iter().map(|p| (p[0] / unit[0]).round() as i64).collect();
    let coprime = |at: &[i64]| at.windows(3).any(|t| gcd(t[1] - t[0], t[2] - t[1]) == 1);
    while at.len() > 2 && !coprime(&at) {
        at[1] += 1;
    }
    let (start, end) = (path[0][0], path[path.len() - 1][0]);
    // Moved with its knot along the mean of the slopes beside it; the ends along the asymptotes.
    let value = |i: usize| {
        let (t, knot) = (at[i] as f64 * unit[0], path[i]);
        match knot[0] {
            x if x == start => below * t + left,
            x if x == end => above * t + right,
            x => knot[1] + 0.5 * (slopes[i - 1] + slopes[i]) * (t - x),
        }
    };
    let gaps: Vec<i64> = at.windows(2).map(|t| t[1] - t[0]).collect();
    let mut steps: Vec<i64> = (0..gaps.len())
        .map(|i| ((value(i + 1) - value(i)) / (gaps[i] as f64 * unit[0]) / unit[1]).round() as i64)
        .collect();
    let [first, last] = [value(0), value(path.len() - 1)].map(|v| (v / product).round() as i64);
    meet(&gaps, &mut steps, last - first);

    let knots: Vec<f64> = at.iter().map(|&t| t as f64 * unit[0]).collect();
    let inner = steps.iter().map(|&s| s as f64 * unit[1]);
    let slopes = std::iter::once(below).chain(inner).chain([above]).collect();
    Pwl::new(knots, slopes, first as f64 * product)
}

/// The greatest common divisor of two positive numbers.
fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Changes two neighbouring steps as little as possible so that the sum of steps times gaps becomes `rise`. Two gaps
/// without a common divisor always allow that; with a single gap a difference below half of it may stay.
fn meet(gaps: &[i64], steps: &mut [i64], rise: i64) {
    let sum = |steps: &[i64]| gaps.iter().zip(steps).map(|(g, s)| g * s).sum::<i64>();
    let missing = rise - sum(steps);
    let change = |i: usize| {
        let (a, b) = (gaps[i], gaps[i + 1]);
        let by = (0..b).flat_map(|k| [k, -k]).find(|k| (missing - k * a) % b == 0)?;
        Some((by.abs() * a, i, by, (missing - by * a) / b))
    };
    if let Some((_, i, by, then)) = (0..gaps.len().saturating_sub(1)).filter_map(change).min() {
        steps[i] += by;
        steps[i + 1] += then;
    }
}
