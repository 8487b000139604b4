//! Double-double arithmetic: a sum of two f64, about 106 bits.

use super::dyadic::Dyadic;

/// hi + lo with |lo| <= ulp(hi) / 2.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Dd {
    hi: f64,
    lo: f64,
}

/// a + b = sum + error, exactly.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

impl Dd {
    pub(crate) fn new(x: f64) -> Self {
        Dd { hi: x, lo: 0.0 }
    }

    pub(crate) fn to_f64(self) -> f64 {
        self.hi + self.lo
    }

    /// The high and the low part.
    pub(crate) fn parts(self) -> [f64; 2] {
        [self.hi, self.lo]
    }

    /// The number with these parts, |lo| <= ulp(hi) / 2.
    pub(crate) fn from_parts(hi: f64, lo: f64) -> Self {
        Dd { hi, lo }
    }

    /// self + other, with a relative error of about 2^-104 of |self| + |other|.
    pub(crate) fn plus(self, other: Dd) -> Dd {
        let (s, t) = two_sum(self.hi, other.hi);
        let (hi, lo) = two_sum(s, t + (self.lo + other.lo));
        Dd { hi, lo }
    }

    /// The square root of a positive number, with a relative error of about 2^-104: one Newton step from that of its high
    /// part.
    pub(crate) fn sqrt(self) -> Dd {
        let root = self.hi.sqrt();
        let square = root * root;
        let rest = (self.hi - square) - root.mul_add(root, -square) + self.lo;
        let (hi, lo) = two_sum(root, rest / (2.0 * root));
        Dd { hi, lo }
    }

    /// self * other, with a relative error of about 2^-104.
    pub(crate) fn times(self, other: Dd) -> Dd {
        let p = self.hi * other.hi;
        let e = self.hi.mul_add(other.hi, -p) + (self.hi * other.lo + self.lo * other.hi);
        let (hi, lo) = two_sum(p, e);
        Dd { hi, lo }
    }

    /// self += w * x, with a relative error of about 2^-100 of |self| + |w x|.
    pub(crate) fn add_scaled(&mut self, w: f64, x: Dd) {
        let p = w * x.hi;
        let e = w.mul_add(x.hi, -p) + w * x.lo;
        let (s, t) = two_sum(self.hi, p);
        let (hi, lo) = two_sum(s, t + (self.lo + e));
        *self = Dd { hi, lo };
    }
}

impl From<&Dyadic> for Dd {
    fn from(x: &Dyadic) -> Self {
        let hi = x.to_f64();
        let lo = if hi.is_finite() { x.sub(&Dyadic::from(hi)).to_f64() } else { 0.0 };
        Dd { hi, lo }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_f64_loses() {
        let mut s = Dd::new(1e16);
        s.add_scaled(1.0, Dd::new(1.0));
        s.add_scaled(-1.0, Dd::new(1e16));
        assert_eq!(s.to_f64(), 1.0);
        let mut p = Dd::default();
        p.add_scaled(0.1, Dd::new(0.1));
        p.add_scaled(-1.0, Dd::new(0.1 * 0.1));
        // The rounding error of 0.1 * 0.1, by fused multiply-add.
        assert_eq!(p.to_f64(), 0.1f64.mul_add(0.1, -(0.1 * 0.1)));
    }
}
