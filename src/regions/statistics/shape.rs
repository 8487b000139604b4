//! Size and shape of one convex polygon.
//!
//! Everything is taken about the first vertex, so that a cell of area 1e-18 far from the origin is measured as well as its
//! own vertices are known.

/// Size and shape of a convex polygon, its vertices being differences from the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Shape {
    pub(crate) perimeter: f64,
    /// Largest over smallest distance of two vertices, 1e-10 being added to the smallest (SplineCam).
    pub(crate) eccentricity: f64,
    /// Of the ellipse with the second moments of the uniform distribution on the polygon.
    pub(crate) moment_eccentricity: f64,
}

impl Shape {
    /// O(k^2) for k vertices.
    pub(crate) fn of(p: &[[f64; 2]]) -> Shape {
        let (mut least, mut most, mut far) = (f64::INFINITY, 0.0, [0.0; 2]);
        for (i, a) in p.iter().enumerate() {
            for b in &p[..i] {
                let d = [a[0] - b[0], a[1] - b[1]];
                let length = d[0].hypot(d[1]);
                least = length.min(least);
                if length > most {
                    (most, far) = (length, d);
                }
            }
        }
        Shape {
            perimeter: sides(p).map(|(a, b)| (b[0] - a[0]).hypot(b[1] - a[1])).sum(),
            eccentricity: most / (least + 1e-10),
            moment_eccentricity: if most > 0.0 { moment_eccentricity(p, far, most) } else { 0.0 },
        }
    }
}

/// The sides, each from a vertex to the next.
fn sides(p: &[[f64; 2]]) -> impl Iterator<Item = ([f64; 2], [f64; 2])> + '_ {
    (0..p.len()).map(|i| (p[i], p[if i + 1 == p.len() { 0 } else { i + 1 }]))
}

/// Works along and across the diameter, which keeps the small eigenvalue of a thin cell, and in units of it, which
/// keeps fourth powers of lengths in range.
fn moment_eccentricity(p: &[[f64; 2]], far: [f64; 2], most: f64) -> f64 {
    let axis = far.map(|x| x / most);
    let turn = |q: [f64; 2]| {
        let q = q.map(|x| x / most);
        [q[0] * axis[0] + q[1] * axis[1], q[1] * axis[0] - q[0] * axis[1]]
    };
    // Sums over the triangles from the first vertex: 2 area, first and second moments.
    let (mut area, mut first, mut second) = (0.0, [0.0; 2], [0.0; 3]);
    for (a, b) in sides(p) {
        let (a, b) = (turn(a), turn(b));
        let cross = a[0] * b[1] - b[0] * a[1];
        area += cross;
        for i in 0..2 {
            first[i] += cross * (a[i] + b[i]);
        }
        for (s, (i, j)) in second.iter_mut().zip([(0, 0), (0, 1), (1, 1)]) {
            *s += cross * (2.0 * (a[i] * a[j] + b[i] * b[j]) + a[i] * b[j] + a[j] * b[i]);
        }
    }
    let mean = first.map(|m| m / (3.0 * area));
    let covariance = |i: usize, j: usize| second[i + j] / (12.0 * area) - mean[i] * mean[j];
    let (xx, xy, yy) = (covariance(0, 0), covariance(0, 1), covariance(1, 1));
    let trace = xx + yy;
    let large = 0.5 * (trace + (xx - yy).hypot(2.0 * xy));
    let small = (xx * yy - xy * xy) / large;
    // A polygon whose width is lost to rounding is a line.
    if area > 0.0 && large > 0.0 { (1.0 - small / large).clamp(0.0, 1.0).sqrt() } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        let (w, h) = (3.0, 0.5);
        let near = |x: f64, y: f64| assert!((x - y).abs() < 1e-12, "{x} {y}");
        for (turn, scale) in [(0.0f64, 1.0), (0.7, 1e-9), (2.0, 1e60)] {
            let (c, s) = (turn.cos() * scale, turn.sin() * scale);
            let place = |x: f64, y: f64| [x * c - y * s, x * s + y * c];
            let shape = Shape::of(&[place(0.0, 0.0), place(w, 0.0), place(w, h), place(0.0, h)]);
            near(shape.perimeter / scale, 2.0 * (w + h));
            near(shape.eccentricity * (h + 1e-10 / scale), w.hypot(h));
            // Variances w^2 / 12 and h^2 / 12.
            near(shape.moment_eccentricity, (1.0 - (h / w) * (h / w)).sqrt());
        }
        // An equilateral triangle is isotropic.
        let shape = Shape::of(&[[0.0, 0.0], [1.0, 0.0], [0.5, 0.75f64.sqrt()]]);
        assert!(shape.moment_eccentricity < 1e-7);
        let lost = Shape::of(&[[0.0; 2]; 3]);
        assert_eq!((lost.perimeter, lost.eccentricity, lost.moment_eccentricity), (0.0, 0.0, 0.0));
        assert_eq!(Shape::of(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]).moment_eccentricity, 1.0);
    }
}
