//! What the later stages of the predicates compute with: exact dyadic numbers, and double-double numbers that know how far
//! they may be from the truth.

use super::double::Dd;
use super::dyadic::Dyadic;

/// Numbers with a sign that is right or unknown.
pub(crate) trait Number: Clone {
    fn zero() -> Self;
    fn from_f64(x: f64) -> Self;
    fn from_exact(x: &Dyadic) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn sub(&self, other: &Self) -> Self;
    fn add_assign(&mut self, other: &Self);
    /// self += w x.
    fn add_scaled(&mut self, w: f64, x: &Self);
    /// -1, 0 or 1; `None` where it cannot be told.
    fn sign(&self) -> Option<i32>;
    /// About the same number.
    fn approximate(&self) -> f64;
}

impl Number for Dyadic {
    fn zero() -> Self {
        Dyadic::zero()
    }
    fn from_f64(x: f64) -> Self {
        Dyadic::from(x)
    }
    fn from_exact(x: &Dyadic) -> Self {
        x.clone()
    }
    fn mul(&self, other: &Self) -> Self {
        Dyadic::mul(self, other)
    }
    fn sub(&self, other: &Self) -> Self {
        Dyadic::sub(self, other)
    }
    fn add_assign(&mut self, other: &Self) {
        Dyadic::add_assign(self, other);
    }
    fn add_scaled(&mut self, w: f64, x: &Self) {
        if !x.is_zero() {
            Dyadic::add_assign(self, &Dyadic::from(w).mul(x));
        }
    }
    fn sign(&self) -> Option<i32> {
        Some(self.signum())
    }
    fn approximate(&self) -> f64 {
        self.to_f64()
    }
}

/// A double-double number and a bound of its error. Infinities and NaN have no certain sign.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Near {
    value: Dd,
    error: f64,
}

/// Relative error of one operation in double-double, with room to spare.
pub(crate) const DD: f64 = 1.0 / (1u128 << 102) as f64;
/// Covers the rounding of the bounds themselves.
const SLACK: f64 = 1.0 + 1e-12;
/// Absolute error of an operation that underflows: the low half of a double-double is the first to be lost.
const TINY: f64 = 1e-290;

impl Near {
    /// `value`, at most `error` from the truth.
    pub(crate) fn new(value: Dd, error: f64) -> Self {
        Near { value, error }
    }

    /// The number in the middle.
    pub(crate) fn value(&self) -> Dd {
        self.value
    }

    /// How far the truth may be from it.
    pub(crate) fn error(&self) -> f64 {
        self.error
    }

    /// Whether this is 0 without doubt.
    pub(crate) fn is_zero(&self) -> bool {
        self.error == 0.0 && self.value.to_f64() == 0.0
    }
}

impl Number for Near {
    fn zero() -> Self {
        Near::default()
    }
    fn from_f64(x: f64) -> Self {
        Near { value: Dd::new(x), error: 0.0 }
    }
    fn from_exact(x: &Dyadic) -> Self {
        let value = Dd::from(x);
        let error = if x.is_zero() { 0.0 } else { DD * value.to_f64().abs() + TINY };
        Near { value, error }
    }
    fn mul(&self, other: &Self) -> Self {
        let value = self.value.times(other.value);
        let (x, y) = (self.value.to_f64().abs(), other.value.to_f64().abs());
        let error = x * other.error + y * self.error + self.error * other.error + DD * (x * y) + TINY;
        Near { value, error: error * SLACK }
    }
    fn sub(&self, other: &Self) -> Self {
        let mut d = *self;
        d.add_scaled(-1.0, other);
        d
    }
    fn add_assign(&mut self, other: &Self) {
        self.add_scaled(1.0, other);
    }
    fn add_scaled(&mut self, w: f64, x: &Self) {
        // What is known to be 0 stays so: units that are 0 throughout would need the exact stage otherwise.
        if w == 0.0 || x.is_zero() {
            return;
        }
        if w == 1.0 && self.is_zero() {
            *self = *x;
            return;
        }
        let size = self.value.to_f64().abs() + (w * x.value.to_f64()).abs();
        self.value.add_scaled(w, x.value);
        self.error = (self.error + w.abs() * x.error + DD * size) * SLACK + TINY;
    }
    fn sign(&self) -> Option<i32> {
        let v = self.value.to_f64();
        (v.is_finite() && v.abs() > self.error).then_some(if v > 0.0 { 1 } else { -1 })
    }
    fn approximate(&self) -> f64 {
        self.value.to_f64()
    }
}

/// Sum of products: the functional `f` at the homogeneous point `p`.
pub(crate) fn dot<N: Number>(f: &[N], p: &[N]) -> N {
    let mut sum = N::zero();
    for (f, x) in f.iter().zip(p) {
        sum.add_assign(&f.mul(x));
    }
    sum
}

/// The homogeneous point where two lines of the plane meet: their cross product.
pub(crate) fn meet<N: Number>(p: &[N], q: &[N]) -> Vec<N> {
    let minor = |i: usize, j: usize| p[i].mul(&q[j]).sub(&p[j].mul(&q[i]));
    vec![minor(1, 2), minor(2, 0), minor(0, 1)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A sign of a double-double determinant, where there is one, is that of the exact one.
        #[test]
        fn near_signs_are_right(
            x in prop::collection::vec(-(1i64 << 52)..1i64 << 52, 6),
            e in prop::collection::vec(-30i32..30, 6),
            (s, t) in (-8i64..8, -8i64..8),
        ) {
            let value = |i: usize| x[i] as f64 * 2f64.powi(e[i]);
            // The third row is nearly, or exactly, a combination of the first two.
            let mut rows = [[value(0), value(1), value(2)], [value(3), value(4), value(5)], [0.0; 3]];
            let [p, q, r] = &mut rows;
            for ((r, p), q) in r.iter_mut().zip(p).zip(q) {
                *r = s as f64 * *p + t as f64 * *q;
            }
            fn determinant<N: Number>(rows: &[[f64; 3]; 3]) -> N {
                let [p, q, r] = rows.map(|row| row.map(N::from_f64));
                dot(&r, &meet(&p, &q))
            }
            let exact = determinant::<Dyadic>(&rows).signum();
            if let Some(sign) = determinant::<Near>(&rows).sign() {
                prop_assert_eq!(sign, exact);
            }
        }
    }
}
