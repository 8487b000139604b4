//! Whether an open disc meets a cell: the distance of a point from a convex polygon, with a bound of its error, and the
//! exact answer where that leaves a doubt.

use super::exact::Exact;
use super::metric::{Metric, Ruler};
use super::partition::Partition;
use crate::numeric::dyadic::{Dyadic, Functional};

/// A disc in the metric of a ruler, its centre in (u, v).
#[derive(Clone, Copy, Debug)]
pub(super) struct Disc {
    pub(super) center: [f64; 2],
    pub(super) radius: f64,
}

impl Disc {
    /// Whether the disc meets a polygon whose vertices are known up to `errors` on each axis of (u, v); `None` if that
    /// cannot be told. The distance from a polygon changes by no more than its vertices move.
    pub(super) fn meets(&self, polygon: &[[f64; 2]], ruler: &Ruler, errors: [f64; 2]) -> Option<bool> {
        let (mut inside, mut nearest, mut size) = (true, f64::INFINITY, 0.0f64);
        for (i, p) in polygon.iter().enumerate() {
            let q = polygon[if i + 1 == polygon.len() { 0 } else { i + 1 }];
            let from = |p: &[f64; 2]| [p[0] - self.center[0], p[1] - self.center[1]];
            let (a, b) = (from(p), from(&q));
            size = size.max(ruler.size(a));
            let (a, b) = (ruler.place(a), ruler.place(b));
            inside &= a[0] * b[1] - a[1] * b[0] >= 0.0;
            nearest = nearest.min(distance(a, b));
        }
        let distance = if inside { 0.0 } else { nearest };
        let doubt = 2.0 * ruler.size(errors) + ruler.relative_error() * size;
        if distance < self.radius - doubt {
            Some(true)
        } else if distance > self.radius + doubt {
            Some(false)
        } else {
            None
        }
    }
}

/// Distance of the origin from a segment.
fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    let d = [b[0] - a[0], b[1] - a[1]];
    let t = -(a[0] * d[0] + a[1] * d[1]) / (d[0] * d[0] + d[1] * d[1]);
    if t > 0.0 && t < 1.0 {
        // Of the line: twice the area over the base, which keeps its accuracy for slivers.
        (a[0] * b[1] - a[1] * b[0]).abs() / d[0].hypot(d[1])
    } else {
        a[0].hypot(a[1]).min(b[0].hypot(b[1]))
    }
}

/// The quadratic form |x|^2 of a metric in local coordinates, exactly.
pub(super) struct Gram {
    entries: [Dyadic; 3],
}

/// A difference of points, up to a positive factor.
type Vector = [Dyadic; 2];

impl Gram {
    pub(super) fn new(p: &Partition, metric: Metric) -> Gram {
        let axes = p.domain().axes().filter(|_| metric == Metric::Ambient);
        let product = |i: usize, j: usize| {
            let entry = match axes {
                None => Dyadic::from(if i == j { 1.0 } else { 0.0 }),
                Some(t) => t[i].iter().zip(t[j]).fold(Dyadic::zero(), |mut sum, (&x, &y)| {
                    sum.add_assign(&Dyadic::from(x).mul(&Dyadic::from(y)));
                    sum
                }),
            };
            entry.shifted(p.frame.log2[i] + p.frame.log2[j])
        };
        Gram { entries: [product(0, 0), product(0, 1), product(1, 1)] }
    }

    fn dot(&self, x: &Vector, y: &Vector) -> Dyadic {
        let [a, b, c] = &self.entries;
        let mut sum = a.mul(&x[0]).mul(&y[0]);
        sum.add_assign(&b.mul(&x[0]).mul(&y[1]));
        sum.add_assign(&b.mul(&x[1]).mul(&y[0]));
        sum.add_assign(&c.mul(&x[1]).mul(&y[1]));
        sum
    }

    fn determinant(&self) -> Dyadic {
        let [a, b, c] = &self.entries;
        a.mul(c).sub(&b.mul(b))
    }

    /// The same form with the entries that measure slopes: adj(G).
    fn adjoint(&self) -> Gram {
        let [a, b, c] = &self.entries;
        Gram { entries: [c.clone(), b.neg(), a.clone()] }
    }

    /// Whether the disc meets the cell on which `exact` stands, of `n` vertices: the exact answer.
    pub(super) fn meets(&self, disc: &Disc, p: &Partition, exact: &mut Exact, n: usize) -> bool {
        let center = p.frame.to_local_exact(&disc.center);
        let square = Dyadic::from(disc.radius).mul(&Dyadic::from(disc.radius));
        let mut inside = true;
        for i in 0..n {
            let side = exact.side(i);
            let mut height = side[0].mul(&center[0]);
            height.add_assign(&side[1].mul(&center[1]));
            height.add_assign(&side[2]);
            if height.signum() >= 0 {
                continue;
            }
            inside = false;
            let ends = [positive(exact.vertex(i)), positive(exact.vertex((i + 1) % n))];
            let off: [Vector; 2] =
                [0, 1].map(|k| [0, 1].map(|c| ends[k][c].sub(&center[c].mul(&ends[k][2]))));
            // An end of the side is in the disc.
            let near = |k: usize| {
                let reach = square.mul(&ends[k][2]).mul(&ends[k][2]);
                self.dot(&off[k], &off[k]).sub(&reach).signum() < 0
            };
            if near(0) || near(1) {
                return true;
            }
            // The foot on its line is between them and in the disc.
            let along: Vector = [0, 1].map(|c| ends[1][c].mul(&ends[0][2]).sub(&ends[0][c].mul(&ends[1][2])));
            let between = self.dot(&off[0], &along).signum() < 0 && self.dot(&off[1], &along).signum() > 0;
            let slope: Vector = [side[0].clone(), side[1].clone()];
            let reach = square.mul(&self.adjoint().dot(&slope, &slope));
            if between && height.mul(&height).mul(&self.determinant()).sub(&reach).signum() < 0 {
                return true;
            }
        }
        inside
    }
}

/// The same homogeneous point with a positive weight.
fn positive(point: Functional) -> Functional {
    if point[2].signum() < 0 { point.iter().map(Dyadic::neg).collect() } else { point }
}
