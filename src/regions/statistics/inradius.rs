//! The largest circle inside a convex polygon.
//!
//! All sides move inwards at unit speed. Each gets shorter all the time and vanishes when its two ends meet; the polygon
//! of those that are left goes on, until nothing is left inside. The time of that is the inradius, and what is left is the
//! set of the centres: a point, or a segment between parallel sides. (This is the medial axis of a convex polygon, met
//! side by side.) No equation system of nearly parallel lines is ever solved, so slivers do no harm.

type Point = [f64; 2];

/// A vertex, and the direction of the side that starts there.
#[derive(Clone, Copy)]
struct Corner {
    at: Point,
    along: Point,
}

/// The radius and the centre of the largest circle inside a counter-clockwise convex polygon; if many are largest, the
/// middle one of them. O(k^2) for k vertices.
pub(crate) fn inscribed_circle(p: &[Point]) -> (f64, Point) {
    let mut corners: Vec<Corner> = Vec::with_capacity(p.len());
    for (i, &at) in p.iter().enumerate() {
        let next = p[if i + 1 == p.len() { 0 } else { i + 1 }];
        let d = [next[0] - at[0], next[1] - at[1]];
        let length = d[0].hypot(d[1]);
        // Vertices may coincide after rounding.
        if length > 0.0 {
            corners.push(Corner { at, along: d.map(|x| x / length) });
        }
    }
    let mut time = 0.0;
    while corners.len() > 2 && turns_left(&corners) {
        let (first, wait) = next_to_vanish(&corners);
        time += wait;
        let moved: Vec<Point> = (0..corners.len()).map(|i| moved(&corners, i, wait)).collect();
        for (corner, at) in corners.iter_mut().zip(moved) {
            corner.at = at;
        }
        if corners.len() == 3 {
            break;
        }
        // The ends of the vanished side are one point now: its second corner keeps the next side.
        corners.remove(first);
    }
    if corners.is_empty() {
        return (0.0, p[0]);
    }
    // A point or a segment: the middle of its bounding box is its own.
    let middle = |k: usize| {
        let reach = corners
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), c| (c.at[k].min(lo), c.at[k].max(hi)));
        reach.0 / 2.0 + reach.1 / 2.0
    };
    (time, [middle(0), middle(1)])
}

fn before(i: usize, n: usize) -> usize {
    if i == 0 { n - 1 } else { i - 1 }
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Whether the sides turn by less than half a turn at every corner: otherwise nothing is left between them.
fn turns_left(corners: &[Corner]) -> bool {
    (0..corners.len()).all(|i| {
        let (e, f) = (corners[before(i, corners.len())].along, corners[i].along);
        cross(e, f) > 0.0 || dot(e, f) > 0.0
    })
}

/// The side that vanishes first, and when.
fn next_to_vanish(corners: &[Corner]) -> (usize, f64) {
    let n = corners.len();
    // A side gets shorter by the tangents of half the turns at its ends.
    let shrink: Vec<f64> = (0..n)
        .map(|i| {
            let (e, f) = (corners[before(i, n)].along, corners[i].along);
            let (c, d) = (cross(e, f).max(0.0), dot(e, f));
            if d > 0.0 { c / (1.0 + d) } else { (1.0 - d) / c }
        })
        .collect();
    let wait = |i: usize| {
        let (j, side) = (if i + 1 == n { 0 } else { i + 1 }, corners[i]);
        let length = dot([corners[j].at[0] - side.at[0], corners[j].at[1] - side.at[1]], side.along);
        length.max(0.0) / (shrink[i] + shrink[j])
    };
    let first = |best: (usize, f64), i: usize| {
        let t = wait(i);
        if t < best.1 { (i, t) } else { best }
    };
    let (i, t) = (0..n).fold((0, f64::INFINITY), first);
    (i, if t.is_finite() { t } else { 0.0 })
}

/// Where corner `i` is after the time `t`.
fn moved(corners: &[Corner], i: usize, t: f64) -> Point {
    let (e, f) = (corners[before(i, corners.len())].along, corners[i].along);
    let d = dot(e, f);
    let velocity = if d > 0.0 {
        [-(e[1] + f[1]) / (1.0 + d), (e[0] + f[0]) / (1.0 + d)]
    } else {
        let c = cross(e, f);
        [(f[0] - e[0]) / c, (f[1] - e[1]) / c]
    };
    [0, 1].map(|k| corners[i].at[k] + t * velocity[k])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(x: f64, y: f64, tolerance: f64) {
        assert!((x - y).abs() <= tolerance, "{x} {y}");
    }

    #[test]
    fn closed_forms() {
        let (r, c) = inscribed_circle(&[[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]);
        near(r, 1.0, 1e-15);
        near(c[0], 1.0, 1e-15);
        near(c[1], 1.0, 1e-15);
        let (r, c) = inscribed_circle(&[[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [0.0, 1.0]]);
        near(r, 0.5, 1e-15);
        near(c[0], 2.0, 1e-15); // the middle of the segment of centres
        near(c[1], 0.5, 1e-15);
        let polygon: Vec<Point> = (0..17)
            .map(|k| f64::from(k) * std::f64::consts::TAU / 17.0)
            .map(|t| [t.cos(), t.sin()])
            .collect();
        let (r, c) = inscribed_circle(&polygon);
        near(r, (std::f64::consts::PI / 17.0).cos(), 1e-14);
        near(c[0].hypot(c[1]), 0.0, 1e-14);
        // A sliver: 2 area / perimeter of a triangle.
        let (r, _) = inscribed_circle(&[[0.0, 0.0], [1.0, 0.0], [0.5, 1e-9]]);
        near(r / 5e-10, 1.0, 1e-9);
        // What rounding leaves of cells that it cannot tell from a point or a line.
        assert_eq!(inscribed_circle(&[[2.0, 1.0]; 3]), (0.0, [2.0, 1.0]));
        assert_eq!(inscribed_circle(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]).0, 0.0);
        assert_eq!(inscribed_circle(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [2.0, 2.0]]).0, 0.0);
    }

    proptest! {
        /// The circle is inside, and touches sides whose normals hold the centre fast: no larger one fits.
        #[test]
        fn largest_of_all(mut turns in proptest::collection::vec(0.0..std::f64::consts::TAU, 3..12), stretch in 1e-6..1.0f64) {
            turns.sort_by(f64::total_cmp);
            turns.dedup_by(|a, b| (*a - *b).abs() < 1e-3);
            prop_assume!(turns.len() >= 3);
            let p: Vec<Point> = turns.iter().map(|t| [t.cos(), stretch * t.sin()]).collect();
            let (r, c) = inscribed_circle(&p);
            let sides: Vec<(Point, f64)> = (0..p.len()).map(|i| {
                let (a, b) = (p[i], p[(i + 1) % p.len()]);
                let d = [b[0] - a[0], b[1] - a[1]];
                let length = d[0].hypot(d[1]);
                let normal = [-d[1] / length, d[0] / length];
                (normal, dot([c[0] - a[0], c[1] - a[1]], normal))
            }).collect();
            let tolerance = 1e-12;
            prop_assert!(sides.iter().all(|s| s.1 >= r - tolerance));
            // The normals of the touching sides are in no open half plane.
            let mut touching: Vec<f64> = sides.iter().filter(|s| s.1 <= r + 10.0 * tolerance).map(|s| s.0[1].atan2(s.0[0])).collect();
            touching.sort_by(f64::total_cmp);
            let gaps = (0..touching.len()).map(|i| {
                let next = touching[(i + 1) % touching.len()] - touching[i];
                if i + 1 == touching.len() { next + std::f64::consts::TAU } else { next }
            });
            prop_assert!(touching.len() >= 2 && gaps.fold(0.0, f64::max) <= std::f64::consts::PI + 1e-6);
        }
    }
}
