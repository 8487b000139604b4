//! The largest circle inside a convex polygon.
//!
//! All sides move inwards at unit speed. Each gets shorter all the time and vanishes when its two ends meet; the polygon
//! of those that are left goes on, until nothing is left inside. The time of that is the inradius, and what is left is the
//! set of the centres: a point, or a segment between parallel sides. (This is the medial axis of a convex polygon, met
//! side by side.) No equation system of nearly parallel lines is ever solved, so slivers do no harm.

type Point = [f64; 2];

/// A vertex, and the direction of the side that starts there.
#[derive(Clone, Copy)]
pub(super) struct Corner {
    at: Point,
    along: Point,
    /// How much shorter both sides at it get in a unit of time, each at this end: the tangent of half the turn.
    shrink: f64,
    velocity: Point,
}

/// The radius and the centre of the largest circle inside a counter-clockwise convex polygon; if many are largest, the
/// middle one of them. `corners` is scratch. O(k^2) for k vertices.
pub(super) fn inscribed_circle(p: &[Point], corners: &mut Vec<Corner>) -> (f64, Point) {
    corners.clear();
    for (i, &at) in p.iter().enumerate() {
        let next = p[if i + 1 == p.len() { 0 } else { i + 1 }];
        let d = [next[0] - at[0], next[1] - at[1]];
        let length = d[0].hypot(d[1]);
        // Vertices may coincide after rounding.
        if length > 0.0 {
            corners.push(Corner { at, along: d.map(|x| x / length), shrink: 0.0, velocity: [0.0; 2] });
        }
    }
    let mut time = 0.0;
    while corners.len() > 2 && set_going(corners) {
        let (first, wait) = next_to_vanish(corners);
        time += wait;
        for corner in corners.iter_mut() {
            corner.at = [0, 1].map(|k| corner.at[k] + wait * corner.velocity[k]);
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
        let (lo, hi) = corners
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), c| (c.at[k].min(lo), c.at[k].max(hi)));
        lo / 2.0 + hi / 2.0
    };
    (time, [middle(0), middle(1)])
}

fn cross(a: Point, b: Point) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn dot(a: Point, b: Point) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Sets the speeds of all corners; false if the sides turn by half a turn or more at one: then nothing is left between
/// them.
fn set_going(corners: &mut [Corner]) -> bool {
    let mut e = corners[corners.len() - 1].along;
    for corner in corners {
        let f = corner.along;
        let (c, d) = (cross(e, f), dot(e, f));
        if d > 0.0 {
            corner.shrink = c.max(0.0) / (1.0 + d);
            corner.velocity = [-(e[1] + f[1]) / (1.0 + d), (e[0] + f[0]) / (1.0 + d)];
        } else if c > 0.0 {
            corner.shrink = (1.0 - d) / c;
            corner.velocity = [(f[0] - e[0]) / c, (f[1] - e[1]) / c];
        } else {
            return false;
        }
        e = f;
    }
    true
}

/// The side that vanishes first, and when.
fn next_to_vanish(corners: &[Corner]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (i, side) in corners.iter().enumerate() {
        let end = &corners[if i + 1 == corners.len() { 0 } else { i + 1 }];
        let length = dot([end.at[0] - side.at[0], end.at[1] - side.at[1]], side.along);
        let wait = length.max(0.0) / (side.shrink + end.shrink);
        if wait < best.1 {
            best = (i, wait);
        }
    }
    if best.1.is_finite() { best } else { (0, 0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn inscribed_circle(p: &[Point]) -> (f64, Point) {
        super::inscribed_circle(p, &mut Vec::new())
    }

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
