//! Exact dyadic numbers m * 2^e with an arbitrary-precision integer m: closed under +, - and *, which is all that the
//! exact stage of the predicates needs. Every finite f64 is one.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};

use super::number::dot;

/// m * 2^e, exactly.
#[derive(Clone, Debug)]
pub(crate) struct Dyadic {
    mantissa: BigInt,
    exponent: i64,
}

impl Dyadic {
    pub(crate) fn zero() -> Self {
        Dyadic { mantissa: BigInt::ZERO, exponent: 0 }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.mantissa.sign() == Sign::NoSign
    }

    /// -1, 0 or 1.
    pub(crate) fn signum(&self) -> i32 {
        match self.mantissa.sign() {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        }
    }

    pub(crate) fn mul(&self, other: &Dyadic) -> Dyadic {
        Dyadic { mantissa: &self.mantissa * &other.mantissa, exponent: self.exponent + other.exponent }
    }

    pub(crate) fn neg(&self) -> Dyadic {
        Dyadic { mantissa: -&self.mantissa, exponent: self.exponent }
    }

    pub(crate) fn add_assign(&mut self, other: &Dyadic) {
        if other.is_zero() {
            return;
        }
        if self.is_zero() {
            self.clone_from(other);
            return;
        }
        let shift = other.exponent - self.exponent;
        if shift >= 0 {
            self.mantissa += &other.mantissa << shift as u64;
        } else {
            self.mantissa <<= (-shift) as u64;
            self.exponent = other.exponent;
            self.mantissa += &other.mantissa;
        }
    }

    pub(crate) fn sub(&self, other: &Dyadic) -> Dyadic {
        let mut d = self.clone();
        d.add_assign(&other.neg());
        d
    }

    /// Length of the mantissa in bits.
    pub(crate) fn bits(&self) -> u64 {
        self.mantissa.bits()
    }

    /// The square root of a number >= 0 as (below, above): equal where it is a dyadic number, otherwise at most one part in
    /// 2^`precision` apart.
    pub(crate) fn sqrt(&self, precision: u64) -> (Dyadic, Dyadic) {
        debug_assert!(self.signum() >= 0);
        if self.is_zero() {
            return (Dyadic::zero(), Dyadic::zero());
        }
        let mut shift = (2 * precision + 2).saturating_sub(self.mantissa.bits()) as i64;
        // An even exponent under the root.
        shift += (self.exponent - shift) & 1;
        let square = &self.mantissa << shift as u64;
        let root = square.sqrt();
        let exponent = (self.exponent - shift) / 2;
        let above = if &root * &root == square { root.clone() } else { &root + 1 };
        (Dyadic { mantissa: root, exponent }, Dyadic { mantissa: above, exponent })
    }

    /// self * 2^k.
    pub(crate) fn shifted(&self, k: i32) -> Dyadic {
        Dyadic { mantissa: self.mantissa.clone(), exponent: self.exponent + i64::from(k) }
    }

    /// The nearest f64, up to one unit in the last place; infinite beyond the range of f64.
    pub(crate) fn to_f64(&self) -> f64 {
        ratio_to_f64(self, &Dyadic::from(1.0))
    }
}

impl PartialOrd for Dyadic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.sub(other).signum().cmp(&0))
    }
}

impl PartialEq for Dyadic {
    fn eq(&self, other: &Self) -> bool {
        self.sub(other).is_zero()
    }
}

impl From<f64> for Dyadic {
    /// Exact; `x` must be finite.
    fn from(x: f64) -> Self {
        debug_assert!(x.is_finite());
        if x == 0.0 {
            return Dyadic::zero();
        }
        let bits = x.to_bits();
        let biased = (bits >> 52 & 0x7ff) as i64;
        let fraction = bits & ((1 << 52) - 1);
        let (m, e) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
        // Odd mantissas keep the integers of low-bit networks short.
        let zeros = m.trailing_zeros();
        let m = (m >> zeros) as i64;
        Dyadic { mantissa: BigInt::from(if x < 0.0 { -m } else { m }), exponent: e + i64::from(zeros) }
    }
}

/// a / b rounded to f64 within one unit in the last place; `b` must not be zero.
pub(crate) fn ratio_to_f64(a: &Dyadic, b: &Dyadic) -> f64 {
    if a.is_zero() {
        return 0.0;
    }
    // Scale so that the integer quotient has 64 to 66 bits.
    let shift = 65 + b.mantissa.bits() as i64 - a.mantissa.bits() as i64;
    let quotient = if shift >= 0 {
        (&a.mantissa << shift as u64) / &b.mantissa
    } else {
        &a.mantissa / (&b.mantissa << (-shift) as u64)
    };
    let exponent = a.exponent - b.exponent - shift;
    let (sign, digits) = quotient.to_u64_digits();
    let magnitude = digits.iter().rev().fold(0.0f64, |acc, &d| acc * 2f64.powi(64) + d as f64);
    let magnitude = scale(magnitude, exponent);
    if sign == Sign::Minus { -magnitude } else { magnitude }
}

/// x * 2^e without overflow or underflow on the way.
fn scale(x: f64, e: i64) -> f64 {
    let e = e.clamp(-4000, 4000) as i32;
    let (h, q) = (e / 4, e - e / 4 * 3);
    x * 2f64.powi(h) * 2f64.powi(h) * 2f64.powi(h) * 2f64.powi(q)
}

/// An affine functional of d coordinates, exactly: its d coefficients, then the constant. Homogeneous points have the
/// same form, with their weight last.
pub(crate) type Functional = Vec<Dyadic>;

/// Sign of the functional `f` at the homogeneous point `p`, whose weight must not be zero.
pub(crate) fn sign_at(f: &[Dyadic], p: &[Dyadic]) -> i32 {
    dot(f, p).signum() * p.last().map_or(0, Dyadic::signum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn extremes_convert_both_ways() {
        for x in [0.0, 1.0, -0.1, f64::MIN_POSITIVE, 5e-324, f64::MAX, -1.5e300, 3.0] {
            assert_eq!(Dyadic::from(x).to_f64(), x);
        }
        let third = ratio_to_f64(&Dyadic::from(1.0), &Dyadic::from(-3.0));
        assert!((third + 1.0 / 3.0).abs() <= f64::EPSILON);
        let huge = Dyadic::from(f64::MAX).mul(&Dyadic::from(f64::MAX));
        assert_eq!(huge.to_f64(), f64::INFINITY);
        assert_eq!(ratio_to_f64(&huge, &huge), 1.0);
    }

    #[test]
    fn roots_are_exact_or_enclosed() {
        for x in [4.0, 2.25, 0.5f64.powi(40), 9.0 * 2f64.powi(101)] {
            let (below, above) = Dyadic::from(x).mul(&Dyadic::from(x)).sqrt(10);
            assert!(below == Dyadic::from(x) && above == below, "{x}");
        }
        for x in [2.0, 0.5, 3e-300, 1e300] {
            let x = Dyadic::from(x);
            let (below, above) = x.sqrt(200);
            assert!(below.mul(&below) < x && x < above.mul(&above));
            assert!(above.sub(&below).shifted(200) <= above);
        }
    }

    proptest! {
        /// Sums and products of 50-bit integers agree with i128 arithmetic, whatever the exponents.
        #[test]
        fn ring_laws(a in -(1i64<<50)..1i64<<50, b in -(1i64<<50)..1i64<<50, c in -(1i64<<50)..1i64<<50, e in -40i32..40) {
            let d = |x: i64| Dyadic::from(x as f64);
            let mut sum = d(a).mul(&d(b)).shifted(e);
            sum.add_assign(&d(c).shifted(e));
            let exact = i128::from(a) * i128::from(b) + i128::from(c);
            prop_assert_eq!(i128::from(sum.signum()), exact.signum());
            let back = sum.shifted(-e).sub(&d(a).mul(&d(b))).sub(&d(c));
            prop_assert!(back.is_zero());
        }
    }
}
