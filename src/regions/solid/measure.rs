//! Volumes, centroids and areas of polyhedra, as sums over the tetrahedra and triangles of fans.

/// Determinant of three vectors: six times the volume of their tetrahedron.
#[inline]
pub(super) fn triple(a: [f64; 3], b: [f64; 3], c: [f64; 3]) -> f64 {
    a[0] * (b[1] * c[2] - b[2] * c[1])
        + a[1] * (b[2] * c[0] - b[0] * c[2])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
}

#[inline]
pub(super) fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

/// Area of a plane polygon: half the length of the sum of the cross products of its fan.
pub(super) fn area(polygon: impl IntoIterator<Item = [f64; 3]>) -> f64 {
    let mut points = polygon.into_iter();
    let (Some(o), Some(first)) = (points.next(), points.next()) else { return 0.0 };
    let mut before = minus(first, o);
    let mut sum = [0.0; 3];
    for p in points {
        let next = minus(p, o);
        sum[0] += before[1] * next[2] - before[2] * next[1];
        sum[1] += before[2] * next[0] - before[0] * next[2];
        sum[2] += before[0] * next[1] - before[1] * next[0];
        before = next;
    }
    0.5 * (sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]).sqrt()
}

/// A polyhedron as it grows facet by facet: its volume and first moment about one of its vertices.
pub(super) struct Moments {
    origin: [f64; 3],
    /// Six times the volume.
    volume: f64,
    /// 24 times the first moment.
    moment: [f64; 3],
}

impl Moments {
    pub(super) fn about(origin: [f64; 3]) -> Moments {
        Moments { origin, volume: 0.0, moment: [0.0; 3] }
    }

    /// Adds the cone of a facet, whose vertices come counter-clockwise as seen from outside.
    #[inline]
    pub(super) fn facet(&mut self, around: impl IntoIterator<Item = [f64; 3]>) {
        let mut points = around.into_iter().map(|p| minus(p, self.origin));
        let (Some(o), Some(mut before)) = (points.next(), points.next()) else { return };
        for p in points {
            let t = triple(o, before, p);
            self.volume += t;
            for i in 0..3 {
                self.moment[i] += t * (o[i] + before[i] + p[i]);
            }
            before = p;
        }
    }

    pub(super) fn volume(&self) -> f64 {
        self.volume / 6.0
    }

    /// The centroid, or `None` if the volume is lost to rounding.
    pub(super) fn centroid(&self) -> Option<[f64; 3]> {
        let shift = self.moment.map(|m| m / (4.0 * self.volume));
        shift.iter().all(|x| x.is_finite()).then(|| [0, 1, 2].map(|i| self.origin[i] + shift[i]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corner_of_a_box_is_measured() {
        // The tetrahedron (2, 3, 4) + conv{0, 3x, 3y, 3z}: volume 27/6, centroid at 3/4 on each axis.
        let at = |p: [f64; 3]| [p[0] + 2.0, p[1] + 3.0, p[2] + 4.0];
        let (o, x, y, z) = (at([0.0; 3]), at([3.0, 0.0, 0.0]), at([0.0, 3.0, 0.0]), at([0.0, 0.0, 3.0]));
        let mut m = Moments::about(o);
        for facet in [[o, y, x], [o, x, z], [o, z, y], [x, y, z]] {
            m.facet(facet);
        }
        assert!((m.volume() - 4.5).abs() < 1e-15);
        let c = m.centroid().unwrap();
        for (c, want) in c.iter().zip([2.75, 3.75, 4.75]) {
            assert!((c - want).abs() < 1e-15);
        }
        assert!((area([x, y, z]) - 3f64.sqrt() / 4.0 * 18.0).abs() < 1e-14);
        assert_eq!(Moments::about(o).centroid(), None);
    }
}
