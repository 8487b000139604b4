//! The local frame: the plane recentred and scaled by powers of two so that the domain lies in [-1, 1]^2.
//!
//! All geometry runs in local coordinates (p, q) with u = cu + 2^su p and v = cv + 2^sv q. Powers of two keep weights
//! exact, and recentring keeps f64 accurate on domains far from the origin.

use super::dyadic::Dyadic;

/// Centre and scale of the local coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) center: [f64; 2],
    /// Exponents of the scale.
    pub(crate) log2: [i32; 2],
    /// 2^log2.
    pub(crate) scale: [f64; 2],
}

impl Frame {
    /// The frame of a polygon in (u, v).
    pub(crate) fn around(polygon: &[[f64; 2]]) -> Frame {
        let axis = |i: usize| {
            let (lo, hi) = polygon
                .iter()
                .fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), p| (lo.min(p[i]), hi.max(p[i])));
            // Halved first: hi - lo may overflow.
            let (center, half) = (lo / 2.0 + hi / 2.0, hi / 2.0 - lo / 2.0);
            // 2^e >= half, also when the centre was rounded.
            (center, exponent(half.max(hi - center).max(center - lo)))
        };
        let (u, v) = (axis(0), axis(1));
        let log2 = [u.1, v.1];
        Frame { center: [u.0, v.0], log2, scale: log2.map(|e| 2f64.powi(e)) }
    }

    /// Local coordinates to (u, v).
    pub(crate) fn to_domain(self, [p, q]: [f64; 2]) -> [f64; 2] {
        [self.center[0] + self.scale[0] * p, self.center[1] + self.scale[1] * q]
    }

    /// A functional of the local coordinates as a functional a . (u, v) + b.
    pub(crate) fn map_to_domain(&self, [a, b, c]: [f64; 3]) -> ([f64; 2], f64) {
        let a = [a / self.scale[0], b / self.scale[1]];
        (a, c - (a[0] * self.center[0] + a[1] * self.center[1]))
    }

    /// A point (u, v) in local coordinates, exactly.
    pub(crate) fn to_local_exact(self, p: [f64; 2]) -> [Dyadic; 2] {
        [0, 1].map(|i| Dyadic::from(p[i]).sub(&Dyadic::from(self.center[i])).shifted(-self.log2[i]))
    }

    /// Area of a unit of local area.
    pub(crate) fn area(&self) -> f64 {
        self.scale[0] * self.scale[1]
    }
}

/// Smallest e with 2^e >= x, for positive finite x, kept where 2^e is a normal number.
fn exponent(x: f64) -> i32 {
    let mut e = (x.log2().ceil() as i32).clamp(-1000, 1000);
    while 2f64.powi(e) < x && e < 1000 {
        e += 1;
    }
    e
}
