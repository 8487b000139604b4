//! How far a piecewise-linear function is from a smooth one, at most.
//!
//! Between two points a < b on one piece of both, the difference g has |g''| <= c, so that it is within c (b - a)^2 / 8
//! of its chord: |g| <= max(|g(a)|, |g(b)|) + c (b - a)^2 / 8. Beyond the last points both follow the asymptote, from
//! which the smooth function only comes nearer. What is left is rounding: see [`Smooth::value`].

use super::Smooth;
use crate::network::pwl::Pwl;

/// What the distance of the points may add to the bound, relative to the error.
const COARSE: f64 = 0.005;
/// Rounding errors, relative to the largest number that is computed.
const ROUNDING: f64 = 1.0 / (1u64 << 43) as f64;

/// A bound on |f - pwl| over all real numbers; `error` is about what it will be. `pwl` has the asymptotes of `f` as its
/// first and last piece, but for their offsets.
pub(super) fn bound(f: &Smooth, pwl: &Pwl, error: f64) -> f64 {
    let c = f.curvature();
    let step = (8.0 * COARSE * error / c).sqrt();
    let mut points = [pwl.knots(), &f.breaks()[..], &[-f.settled(), f.settled()]].concat();
    points.sort_by(f64::total_cmp);
    points.dedup();
    let mut worst: f64 = 0.0;
    for ends in points.windows(2) {
        let width = ends[1] - ends[0];
        let n = (width / step).ceil().max(1.0);
        let gap = |x: f64, value: f64| (value - pwl.eval(x)).abs();
        let most = (1..n as usize).map(|i| ends[0] + width * (i as f64 / n)).map(|x| gap(x, f.value(x)));
        let ends = [gap(ends[0], f.limits(ends[0])[1]), gap(ends[1], f.limits(ends[1])[0])];
        let chord = c * (width / n) * (width / n) / 8.0;
        worst = worst.max(most.chain(ends).fold(0.0, f64::max) + chord);
    }
    let (first, last) = (points[0], points[points.len() - 1]);
    let tail = |x: f64, [slope, offset]: [f64; 2], own: f64| {
        (f.value(x) - slope * x - offset).abs() + (own - offset).abs()
    };
    let offsets = pwl.offsets();
    worst =
        worst.max(tail(first, f.left(), offsets[0])).max(tail(last, f.right(), offsets[offsets.len() - 1]));
    let size = 1.0 + first.abs().max(last.abs());
    let steep = pwl.slopes().iter().chain([&pwl.value()]).fold(1.0, |m: f64, s| m.max(s.abs()));
    // The sums above round too; as few units of the last place as they lose, the first factor makes good for.
    worst * (1.0 + 1e-9) + ROUNDING * size * steep
}
