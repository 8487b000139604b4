//! The local frame: the domain recentred and scaled by powers of two so that it lies in [-1, 1]^d.
//!
//! All geometry runs in local coordinates p with x_i = center_i + 2^log2_i p_i. Powers of two keep weights exact, and
//! recentring keeps f64 accurate on domains far from the origin.

use crate::numeric::dyadic::{Dyadic, Functional};

/// Centre and scale of the local coordinates, one of each an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    pub(crate) center: Vec<f64>,
    /// Exponents of the scale.
    pub(crate) log2: Vec<i32>,
    /// 2^log2.
    pub(crate) scale: Vec<f64>,
}

impl Frame {
    /// The frame of the box `lo` to `hi`.
    pub(crate) fn around(lo: &[f64], hi: &[f64]) -> Frame {
        let axis = |(&lo, &hi): (&f64, &f64)| {
            // Halved first: hi - lo may overflow.
            let (center, half) = (lo / 2.0 + hi / 2.0, hi / 2.0 - lo / 2.0);
            // 2^e >= half, also when the centre was rounded.
            (center, exponent(half.max(hi - center).max(center - lo)))
        };
        let (center, log2): (Vec<f64>, Vec<i32>) = lo.iter().zip(hi).map(axis).unzip();
        let scale = log2.iter().map(|&e| 2f64.powi(e)).collect();
        Frame { center, log2, scale }
    }

    /// Number of coordinates d.
    pub(crate) fn dim(&self) -> usize {
        self.center.len()
    }

    /// Local coordinates to those of the domain.
    #[inline]
    pub(crate) fn to_domain<const D: usize>(&self, p: [f64; D]) -> [f64; D] {
        std::array::from_fn(|i| self.center[i] + self.scale[i] * p[i])
    }

    /// A functional a . p + c of the local coordinates as one of the domain's.
    #[inline]
    pub(crate) fn map_to_domain<const D: usize>(&self, a: [f64; D], c: f64) -> ([f64; D], f64) {
        let a: [f64; D] = std::array::from_fn(|i| a[i] / self.scale[i]);
        let moved: f64 = a.iter().zip(&self.center).map(|(a, x)| a * x).sum();
        (a, c - moved)
    }

    /// A point of the domain in local coordinates, exactly.
    pub(crate) fn to_local_exact(&self, p: &[f64]) -> Vec<Dyadic> {
        let axis = |i: usize| Dyadic::from(p[i]).sub(&Dyadic::from(self.center[i])).shifted(-self.log2[i]);
        (0..p.len()).map(axis).collect()
    }

    /// A functional of the domain's coordinates as one of the local ones, exactly.
    pub(crate) fn to_local_functional(&self, f: &[Dyadic]) -> Functional {
        let mut constant = f[self.dim()].clone();
        for (a, &center) in f.iter().zip(&self.center) {
            constant.add_assign(&a.mul(&Dyadic::from(center)));
        }
        let scaled = f.iter().zip(&self.log2).map(|(a, &e)| a.shifted(e));
        scaled.chain(std::iter::once(constant)).collect()
    }

    /// Length, area, volume, ... of what has 1 in local coordinates.
    pub(crate) fn measure(&self) -> f64 {
        self.scale.iter().product()
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
