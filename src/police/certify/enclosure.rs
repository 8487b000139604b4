//! Numbers that know how far they may be from the truth.

use crate::numeric::double::Dd;
use crate::numeric::dyadic::Dyadic;
use crate::numeric::number::{DD, Near, Number};

/// Covers the rounding of the bounds themselves.
const SLACK: f64 = 1.0 + 1e-12;
/// Bits of a root that is no dyadic number. A sum of roots and a dyadic number is 0 only if all roots are dyadic, so that
/// ties are exact, and what is left needs no more than this in all but made-up cases.
const ROOT_BITS: u64 = 512;

/// A number in an interval, with what the range of a functional over a convex set needs. Comparisons that are not certain
/// are false.
pub(super) trait Enclosure: Clone + Send + Sync {
    /// 0, exactly.
    fn zero() -> Self;
    /// A finite number, exactly.
    fn exact(x: f64) -> Self;
    /// self += other.
    fn add(&mut self, other: &Self);
    /// self - other.
    fn sub(&self, other: &Self) -> Self;
    /// w self.
    fn scaled(&self, w: f64) -> Self;
    /// -self.
    fn neg(&self) -> Self;
    /// |self|.
    fn abs(&self) -> Self;
    /// The smaller of both.
    fn min(&self, other: &Self) -> Self;
    /// The larger of both.
    fn max(&self, other: &Self) -> Self;
    /// The 2-norm of some numbers.
    fn norm(values: &[Self]) -> Self;
    /// Whether this is certainly >= 0.
    fn is_at_least_zero(&self) -> bool;
    /// Whether this is certainly > 0.
    fn is_above_zero(&self) -> bool;
    /// The middle of the interval, rounded.
    fn approximate(&self) -> f64;
    /// How far the truth may be from [`Enclosure::approximate`] but for the rounding of the latter; infinite where nothing
    /// is known.
    fn radius(&self) -> f64;
}

/// `x`, or an interval of everything if something overflowed on the way.
fn known(x: Near) -> Near {
    if x.value().to_f64().is_finite() && !x.error().is_nan() {
        x
    } else {
        Near::new(Dd::default(), f64::INFINITY)
    }
}

impl Enclosure for Near {
    fn zero() -> Self {
        Near::default()
    }

    fn exact(x: f64) -> Self {
        Near::new(Dd::new(x), 0.0)
    }

    fn add(&mut self, other: &Self) {
        self.add_assign(other);
        *self = known(*self);
    }

    fn sub(&self, other: &Self) -> Self {
        known(Number::sub(self, other))
    }

    fn scaled(&self, w: f64) -> Self {
        let mut product = Near::default();
        product.add_scaled(w, self);
        known(product)
    }

    fn neg(&self) -> Self {
        let [hi, lo] = self.value().parts();
        Near::new(Dd::from_parts(-hi, -lo), self.error())
    }

    fn abs(&self) -> Self {
        if self.value().to_f64() < 0.0 { self.neg() } else { *self }
    }

    fn min(&self, other: &Self) -> Self {
        self.neg().max(&other.neg()).neg()
    }

    fn max(&self, other: &Self) -> Self {
        let gap = Number::sub(self, other).value().to_f64();
        let (large, small) = if gap >= 0.0 { (self, other) } else { (other, self) };
        // The true maximum is at most this far above the larger value.
        let above = (small.error() - gap.abs() * (1.0 - 1e-12)) * SLACK;
        known(Near::new(large.value(), large.error().max(above)))
    }

    fn norm(values: &[Self]) -> Self {
        let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.value().to_f64().abs()));
        let errors =
            |scale: f64| values.iter().map(|v| (v.error() / scale) * (v.error() / scale)).sum::<f64>();
        let worst = values.iter().fold(0.0, |m: f64, v| m.max(v.error()));
        // The norms of values and of errors, each scaled so that no square leaves the range of f64.
        let error = if worst > 0.0 { errors(worst).sqrt() * worst * SLACK } else { 0.0 };
        if largest == 0.0 {
            return known(Near::new(Dd::default(), error));
        }
        let scale = 2f64.powi(largest.log2().floor().clamp(-1000.0, 1000.0) as i32);
        let mut sum = Dd::default();
        for v in values {
            let v = v.value().times(Dd::new(1.0 / scale));
            sum = sum.plus(v.times(v));
        }
        let root = sum.sqrt().times(Dd::new(scale));
        let rounding = (values.len() + 8) as f64 * DD * root.to_f64() + f64::MIN_POSITIVE;
        known(Near::new(root, (error + rounding) * SLACK))
    }

    fn is_at_least_zero(&self) -> bool {
        self.is_above_zero() || self.is_zero()
    }

    fn is_above_zero(&self) -> bool {
        self.sign() == Some(1)
    }

    fn approximate(&self) -> f64 {
        self.value().to_f64()
    }

    fn radius(&self) -> f64 {
        self.error()
    }
}

/// An exact number, or one that a root has made inexact: somewhere in `below ..= above`.
#[derive(Clone, Debug)]
pub(super) struct Exact {
    below: Dyadic,
    /// `None` = the same.
    above: Option<Dyadic>,
}

impl Exact {
    pub(super) fn new(x: Dyadic) -> Self {
        Exact { below: x, above: None }
    }

    fn above(&self) -> &Dyadic {
        self.above.as_ref().unwrap_or(&self.below)
    }

    /// Applies `f`, which increases, to both ends.
    fn map(&self, f: impl Fn(&Dyadic) -> Dyadic) -> Self {
        Exact { below: f(&self.below), above: self.above.as_ref().map(f) }
    }

    /// Applies `f`, which increases in both arguments, to both ends.
    fn zip(&self, other: &Self, f: impl Fn(&Dyadic, &Dyadic) -> Dyadic) -> Self {
        let above = self.above.is_some() || other.above.is_some();
        Exact { below: f(&self.below, &other.below), above: above.then(|| f(self.above(), other.above())) }
    }
}

impl Enclosure for Exact {
    fn zero() -> Self {
        Exact::new(Dyadic::zero())
    }

    fn exact(x: f64) -> Self {
        Exact::new(Dyadic::from(x))
    }

    fn add(&mut self, other: &Self) {
        *self = self.zip(other, |a, b| {
            let mut sum = a.clone();
            sum.add_assign(b);
            sum
        });
    }

    fn sub(&self, other: &Self) -> Self {
        let mut difference = other.neg();
        difference.add(self);
        difference
    }

    fn scaled(&self, w: f64) -> Self {
        let size = Dyadic::from(w.abs());
        let product = self.map(|x| x.mul(&size));
        if w < 0.0 { product.neg() } else { product }
    }

    fn neg(&self) -> Self {
        Exact { below: self.above().neg(), above: self.above.as_ref().map(|_| self.below.neg()) }
    }

    fn abs(&self) -> Self {
        self.max(&self.neg())
    }

    fn min(&self, other: &Self) -> Self {
        self.zip(other, |a, b| if b < a { b.clone() } else { a.clone() })
    }

    fn max(&self, other: &Self) -> Self {
        self.zip(other, |a, b| if b > a { b.clone() } else { a.clone() })
    }

    fn norm(values: &[Self]) -> Self {
        let square = |end: fn(&Exact) -> &Dyadic| {
            let mut sum = Dyadic::zero();
            values.iter().map(Exact::abs).for_each(|x| sum.add_assign(&end(&x).mul(end(&x))));
            sum
        };
        let (below, above) = square(|x| &x.below).sqrt(ROOT_BITS);
        let above = match values.iter().any(|x| x.above.is_some()) {
            true => square(Exact::above).sqrt(ROOT_BITS).1,
            false => above,
        };
        let above = (below != above).then_some(above);
        Exact { below, above }
    }

    fn is_at_least_zero(&self) -> bool {
        self.below.signum() >= 0
    }

    fn is_above_zero(&self) -> bool {
        self.below.signum() > 0
    }

    fn approximate(&self) -> f64 {
        self.below.to_f64()
    }

    fn radius(&self) -> f64 {
        self.above.as_ref().map_or(0.0, |above| above.sub(&self.below).to_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether the interval of `x` holds `truth`.
    fn holds(x: &Near, truth: &Exact) -> bool {
        let [hi, lo] = x.value().parts();
        let mut value = Exact::exact(hi);
        value.add(&Exact::exact(lo));
        let error = Exact::exact(x.error());
        let off = value.sub(truth).abs();
        error.sub(&off).is_at_least_zero()
    }

    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => (-1i64 << 53..1i64 << 53, -60i32..60).prop_map(|(m, e)| m as f64 * 2f64.powi(e)),
            1 => Just(0.0),
            1 => (-8i32..8).prop_map(f64::from),
            1 => (-1i64 << 53..1i64 << 53).prop_map(|m| m as f64 * 2f64.powi(-1060)),
        ]
    }

    proptest! {
        /// What is computed with intervals in double-double holds what exact arithmetic says.
        #[test]
        fn intervals_hold_the_truth(x in prop::collection::vec(number(), 1..8), w in number()) {
            fn both<E: Enclosure>(x: &[f64], w: f64) -> Vec<E> {
                let mut sum = E::zero();
                // Inexact numbers to begin with.
                let thirds: Vec<E> = x.iter().map(|&v| {
                    sum.add(&E::exact(v).scaled(w));
                    sum.clone()
                }).collect();
                let fold = |f: fn(&E, &E) -> E| thirds.iter().skip(1).fold(thirds[0].clone(), |m, v| f(&m, v));
                let norm = E::norm(&thirds);
                let exact: Vec<E> = x.iter().map(|&v| E::exact(v)).collect();
                vec![fold(E::min), fold(E::max), sum.abs(), sum.sub(&thirds[0]), norm, E::norm(&exact), sum]
            }
            for (i, (near, exact)) in both::<Near>(&x, w).iter().zip(&both::<Exact>(&x, w)).enumerate() {
                prop_assert!(holds(near, exact), "{i}: {near:?} for {}", exact.approximate());
                prop_assert!(!near.is_above_zero() || exact.is_above_zero());
                prop_assert!(!near.is_at_least_zero() || exact.is_at_least_zero());
            }
        }

        /// sqrt(a^2 + b^2) of a Pythagorean triple is exact, and its neighbours are not it.
        #[test]
        fn norms_of_integers_tie_exactly(m in 1i32..60, n in 1i32..60, k in -40i32..40) {
            let scale = 2f64.powi(k);
            let [a, b, c] = [m * m - n * n, 2 * m * n, m * m + n * n].map(|x| f64::from(x) * scale);
            let norm = Exact::norm(&[Exact::exact(a), Exact::exact(b)]);
            let gap = norm.sub(&Exact::exact(c));
            prop_assert!(gap.is_at_least_zero() && !gap.is_above_zero() && gap.radius() == 0.0);
            let off = Exact::norm(&[Exact::exact(a), Exact::exact(b), Exact::exact(1e-12 * scale)]);
            prop_assert!(off.sub(&Exact::exact(c)).is_above_zero());
        }
    }

    #[test]
    fn what_overflows_is_unknown() {
        let mut x = <Near as Enclosure>::exact(f64::MAX);
        x.add(&<Near as Enclosure>::exact(f64::MAX));
        assert!(!x.is_at_least_zero() && x.radius() == f64::INFINITY);
        let y = x.max(&Near::exact(0.0));
        assert!(!y.is_at_least_zero() || y.radius() == f64::INFINITY);
        assert!(!Near::norm(&[x]).is_at_least_zero());
    }
}
