//! In which units lengths and areas are taken: those of (u, v), or those of the input space in which a slice lies.
//!
//! A slice x = origin + T (u, v) with columns t_0, t_1 of T carries the inner product G = T'T. A [`Ruler`] is the upper
//! triangular R with R'R = G, so that distances between inputs are plain distances between points R (u, v), and areas
//! are multiplied by det R = sqrt(det(T'T)).

use super::domain::Domain;
use crate::error::{Result, bail};

/// The units of lengths, areas and slopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// Those of (u, v).
    #[default]
    Domain,
    /// Those of the input space; for a box or polygon the same as [`Metric::Domain`].
    Ambient,
}

/// Lengths up to this are taken; their squares and areas stay finite.
const LARGEST: f64 = 1e150;

/// The map (u, v) -> (`r[0]` u + `r[1]` v, `r[2]` v) into a plane in which lengths are those of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ruler {
    r: [f64; 3],
    /// Of its relative error: what was summed up for each number, and then some.
    terms: f64,
}

impl Ruler {
    /// Lengths of (u, v).
    pub(crate) const PLAIN: Ruler = Ruler { r: [1.0, 0.0, 1.0], terms: 16.0 };

    /// The ruler of a metric on a domain. ARGUMENT if the domain is too large or too small in it for areas in f64.
    pub(crate) fn new(domain: &Domain, metric: Metric) -> Result<Ruler> {
        let Some([s, t]) = domain.axes().filter(|_| metric == Metric::Ambient) else {
            return Ok(Ruler::PLAIN);
        };
        let first = norm(s.iter().copied());
        let unit = || s.iter().map(|x| x / first);
        let dot = |t: &[f64]| unit().zip(t).map(|(x, y)| x * y).sum::<f64>();
        let mut rest = t.to_vec();
        let mut along = 0.0;
        // Twice is enough: the second pass takes out what rounding left of nearly parallel axes.
        for _ in 0..2 {
            let part = dot(&rest);
            along += part;
            rest.iter_mut().zip(unit()).for_each(|(r, x)| *r -= part * x);
        }
        let r = [first, along, norm(rest.iter().copied())];
        let ruler = Ruler { r, terms: 16.0 + 4.0 * s.len() as f64 };
        let reach = domain.polygon().iter().map(|&p| length(ruler.place(p))).fold(0.0, f64::max);
        if !(reach <= LARGEST && ruler.area() > f64::MIN_POSITIVE) {
            bail!(
                Argument,
                "slice: a unit square of (u, v) has area {:e} in the input space and reaches {reach:e} there; \
                 expected what f64 can square",
                ruler.area()
            )
        }
        Ok(ruler)
    }

    /// A point, or a difference of points, of (u, v) as one of the plane of lengths.
    pub(crate) fn place(&self, [u, v]: [f64; 2]) -> [f64; 2] {
        [self.r[0] * u + self.r[1] * v, self.r[2] * v]
    }

    /// The inverse of [`Ruler::place`].
    pub(crate) fn unplace(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let v = y / self.r[2];
        [(x - self.r[1] * v) / self.r[0], v]
    }

    /// The slope a . (u, v) as a slope with respect to the plane of lengths.
    pub(crate) fn slope(&self, [a, b]: [f64; 2]) -> [f64; 2] {
        let x = a / self.r[0];
        [x, (b - self.r[1] * x) / self.r[2]]
    }

    /// Area of the unit square of (u, v).
    pub(crate) fn area(&self) -> f64 {
        self.r[0] * self.r[2]
    }

    /// The distance of two points of (u, v).
    pub(crate) fn distance(&self, p: [f64; 2], q: [f64; 2]) -> f64 {
        length(self.place([q[0] - p[0], q[1] - p[1]]))
    }

    /// A bound of the length of a difference of points of (u, v), and of what rounding may add to it.
    pub(crate) fn size(&self, [u, v]: [f64; 2]) -> f64 {
        self.r[0] * u.abs() + (self.r[1].abs() + self.r[2]) * v.abs()
    }

    /// A bound of the relative error, in units of [`Ruler::size`], of a length taken with this ruler.
    pub(crate) fn relative_error(&self) -> f64 {
        self.terms * 4.0 * f64::EPSILON
    }

    /// How far the unit disc reaches along each of u and v, at most.
    pub(crate) fn disc(&self) -> [f64; 2] {
        if *self == Ruler::PLAIN {
            return [1.0; 2];
        }
        // The rows of the inverse of R. The last entry of R has the absolute errors of the second axis.
        let doubt = 1.0 + 2.0 * self.relative_error() * (1.0 + self.r[1].abs() / self.r[2]);
        [length([1.0 / self.r[0], self.r[1] / (self.r[0] * self.r[2])]), 1.0 / self.r[2]].map(|x| x * doubt)
    }
}

fn length([x, y]: [f64; 2]) -> f64 {
    x.hypot(y)
}

/// Euclidean norm without overflow or underflow on the way.
fn norm(x: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = x.clone().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 { 0.0 } else { largest * x.map(|x| (x / largest).powi(2)).sum::<f64>().sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;

    const SQUARE: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];

    #[test]
    fn lengths_areas_and_slopes_of_a_slice() {
        let (s, t) = ([1.0, 2.0, 2.0], [4.0, 0.0, 3.0]); // |s| = 3, |t| = 5, s.t = 10
        let slice = Domain::slice(&[9.0; 3], [&s, &t], &SQUARE).unwrap();
        let ruler = Ruler::new(&slice, Metric::Ambient).unwrap();
        assert_eq!(Ruler::new(&slice, Metric::Domain).unwrap(), Ruler::PLAIN);
        let near = |x: f64, y: f64| assert!((x - y).abs() <= 1e-14 * y.abs().max(1.0), "{x} {y}");
        near(ruler.distance([0.0, 0.0], [1.0, 0.0]), 3.0);
        near(ruler.distance([1.0, 1.0], [1.0, 2.0]), 5.0);
        near(ruler.distance([0.0, 1.0], [1.0, 0.0]), 14f64.sqrt()); // t - s = (3, -2, 1)
        near(ruler.area(), (9.0f64 * 25.0 - 100.0).sqrt());
        let back = ruler.unplace(ruler.place([0.25, -3.0]));
        near(back[0], 0.25);
        near(back[1], -3.0);
        // A slope of the plane is a . y on every y = R (u, v).
        let (a, p) = ([2.0, -7.0], [0.5, 0.75]);
        let (b, q) = (ruler.slope(a), ruler.place(p));
        near(b[0] * q[0] + b[1] * q[1], a[0] * p[0] + a[1] * p[1]);
        // The unit disc touches the line u = disc[0]: the largest u on it, by a fine search.
        let most = (0..100_000).map(|k| f64::from(k) * 1e-5 * std::f64::consts::TAU);
        let most = most.map(|t| ruler.unplace([t.cos(), t.sin()])[0]).fold(0.0, f64::max);
        assert!(ruler.disc()[0] >= most && ruler.disc()[0] < most + 1e-9);
    }

    #[test]
    fn sizes_that_f64_cannot_square_are_refused() {
        for scale in [1e200, 1e-200] {
            let slice = Domain::slice(&[0.0; 2], [&[scale, 0.0], &[0.0, scale]], &SQUARE).unwrap();
            let e = Ruler::new(&slice, Metric::Ambient).unwrap_err();
            assert_eq!(e.condition(), Condition::Argument);
        }
    }
}
