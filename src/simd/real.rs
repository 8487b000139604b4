//! The two precisions with an exponential that the compiler turns into vectors, and loops compiled for every instruction
//! set.
//!
//! ```text
//! e^x = 2^n e^r,   n = round(x / ln 2),   |r| <= ln 2 / 2
//! ```
//!
//! with e^r by its Taylor polynomial: degree 7 in f32 (truncated by less than 6e-9), 13 in f64 (5e-18). Below the smallest
//! normal number the result is 0, above 88.37 (709.43) infinite. No branch and no table, so a loop of exponentials costs about a cycle each.

use std::ops::{Div, Neg, Sub};

use crate::linalg::gemm::Scalar;
use crate::view::Float;

/// f32 or f64.
pub(crate) trait Real:
    Scalar + Float + Sub<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Minus infinity.
    const LOWEST: Self;

    /// The nearest number of this precision.
    fn of(x: f64) -> Self;
    /// The same number.
    fn wide(self) -> f64;
    /// self * b + c; with one rounding if `FUSED`.
    fn fused<const FUSED: bool>(self, b: Self, c: Self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// e^self.
    fn exp<const FUSED: bool>(self) -> Self;
}

macro_rules! real {
    (
        $t:ident, mantissa: $mantissa:literal, last: $last:literal, bias: $bias:literal, magic: $magic:literal,
        ln2: [$high:literal, $low:literal], from: $least:literal, to: $most:literal, terms: [$($term:literal),*]
    ) => {
        impl Real for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const LOWEST: Self = $t::NEG_INFINITY;

            #[inline(always)]
            fn of(x: f64) -> Self {
                x as $t
            }
            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn fused<const FUSED: bool>(self, b: Self, c: Self) -> Self {
                if FUSED { self.mul_add(b, c) } else { self * b + c }
            }
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn exp<const FUSED: bool>(self) -> Self {
                // Adding 1.5 times the first number without fractions rounds, and leaves n in the lowest bits.
                let shifted = self.fused::<FUSED>(std::$t::consts::LOG2_E, $magic);
                let n = shifted - $magic;
                let r = (-n).fused::<FUSED>($low, (-n).fused::<FUSED>($high, self));
                let mut sum: $t = 1.0 / $last;
                $(sum = sum.fused::<FUSED>(r, 1.0 / $term);)*
                sum = sum.fused::<FUSED>(r, 1.0).fused::<FUSED>(r, 1.0);
                let exponent = shifted.to_bits().wrapping_sub(($magic as $t).to_bits());
                let power = $t::from_bits(exponent.wrapping_add($bias) << $mantissa);
                let value = sum * power;
                let value = if self < $least { 0.0 } else { value };
                if self > $most { $t::INFINITY } else { value }
            }
        }
    };
}

real! {
    f32, mantissa: 23, last: 5040.0, bias: 127, magic: 12_582_912.0,
    ln2: [0.693_359_4, -2.121_944_4e-4], from: -87.33, to: 88.37, terms: [720.0, 120.0, 24.0, 6.0, 2.0]
}
real! {
    f64, mantissa: 52, last: 6_227_020_800.0, bias: 1023, magic: 6_755_399_441_055_744.0,
    ln2: [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10], from: -708.39, to: 709.43,
    terms: [479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5040.0, 720.0, 120.0, 24.0, 6.0, 2.0]
}

/// Defines `name(isa, arguments)` for every [`Real`], compiled for each instruction set from one body that is generic over
/// the precision and over whether products and sums are fused.
macro_rules! compiled {
    ($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) = $body:ident) => {
        $(#[$doc])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<T: $crate::simd::real::Real>(isa: $crate::simd::Isa, $($arg: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[allow(clippy::too_many_arguments)]
            #[target_feature(enable = "avx512f,avx512dq,avx512vl,fma")]
            fn avx512<T: $crate::simd::real::Real>($($arg: $type),*) {
                $body::<T, true>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[allow(clippy::too_many_arguments)]
            #[target_feature(enable = "avx2,fma")]
            fn avx2<T: $crate::simd::real::Real>($($arg: $type),*) {
                $body::<T, true>($($arg),*)
            }
            match isa {
                // SAFETY: a context has only instruction sets that the CPU has.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Isa::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Isa::Avx2 => unsafe { avx2($($arg),*) },
                #[cfg(target_arch = "aarch64")]
                $crate::simd::Isa::Neon => $body::<T, true>($($arg),*),
                _ => $body::<T, false>($($arg),*),
            }
        }
    };
}
pub(crate) use compiled;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Isa;

    compiled! {
        fn exponentials(x: &mut [T]) = every
    }

    #[inline(always)]
    fn every<T: Real, const FUSED: bool>(x: &mut [T]) {
        for x in x {
            *x = x.exp::<FUSED>();
        }
    }

    #[test]
    fn exponentials_are_right_to_a_few_units() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let x: Vec<f64> = (0..200_001).map(|i| -700.0 + 1400.0 * f64::from(i) / 200_000.0).collect();
            let mut y = x.clone();
            exponentials(isa, &mut y);
            for (x, y) in x.iter().zip(&y) {
                assert!((y / x.exp() - 1.0).abs() <= 4e-16, "e^{x} = {y} with {}", isa.name());
            }
            let x: Vec<f32> = x.iter().map(|x| (x / 8.1) as f32).collect();
            let mut y = x.clone();
            exponentials(isa, &mut y);
            for (&x, &y) in x.iter().zip(&y) {
                let want = f64::from(x).exp();
                assert!((f64::from(y) / want - 1.0).abs() <= 2e-7, "e^{x} = {y} with {}", isa.name());
            }
        }
    }

    #[test]
    fn ends_of_the_range() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let inf = f64::INFINITY;
            let mut y = [-inf, -1e300, -750.0, 0.0, 800.0, 1e300, inf, f64::NAN];
            exponentials(isa, &mut y);
            assert_eq!(y[..7], [0.0, 0.0, 0.0, 1.0, inf, inf, inf]);
            assert!(y[7].is_nan());
            let inf = f32::INFINITY;
            let mut y = [-inf, -1e30, -104.0, 0.0, 100.0, 1e30, inf, f32::NAN];
            exponentials(isa, &mut y);
            assert_eq!(y[..7], [0.0, 0.0, 0.0, 1.0, inf, inf, inf]);
            assert!(y[7].is_nan());
        }
    }
}
