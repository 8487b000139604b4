//! The two precisions of the kernels: what the compiler turns into vectors when a loop over it is built for an
//! instruction set.

use super::Leaf;
use crate::network::Real;
use crate::simd::Isa;
use crate::view::Float;

/// f32 or f64. Methods with `FUSED` use a fused multiply-add, which the target must then have.
pub trait Number: Real + Float + std::ops::Neg<Output = Self> {
    #[doc(hidden)]
    fn leaf(isa: Isa) -> &'static Leaf<Self>;
    #[doc(hidden)]
    fn fma<const FUSED: bool>(self, b: Self, c: Self) -> Self;
    #[doc(hidden)]
    fn root(self) -> Self;
    #[doc(hidden)]
    fn size(self) -> Self;
    #[doc(hidden)]
    fn power(self, exponent: Self) -> Self;
    /// e^self for self <= 0, gradual underflow included: 2 units in the last place in f64, 1e-7 in f32.
    #[doc(hidden)]
    fn exp<const FUSED: bool>(self) -> Self;
}

/// (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2, interpolated at Chebyshev nodes: 2e-17 of e^r.
const F64: [f64; 10] = [
    0.500_000_000_000_000_1,
    0.166_666_666_666_666_67,
    0.041_666_666_666_624_13,
    0.008_333_333_333_330_062,
    0.001_388_888_891_721_371_7,
    0.000_198_412_698_630_536_17,
    2.480_152_129_595_437_5e-5,
    2.755_726_845_999_706_5e-6,
    2.762_008_844_540_975e-7,
    2.510_038_549_531_952e-8,
];

/// The same with fewer terms: 3e-10.
const F32: [f32; 6] = [0.5, 0.166_666_67, 0.041_666_464, 0.008_333_311, 0.001_393_373_1, 0.000_198_910_8];

macro_rules! number {
    ($t:ident, $bits:ident, $poly:ident, lowest: $lowest:literal, magic: $magic:literal, ln2: $high:literal + $low:literal,
     mantissa: $mantissa:literal, bias: $bias:literal, lift: $lift:literal) => {
        #[inline(always)]
        fn fma<const FUSED: bool>(self, b: Self, c: Self) -> Self {
            if FUSED { self.mul_add(b, c) } else { self * b + c }
        }
        #[inline(always)]
        fn root(self) -> Self {
            self.sqrt()
        }
        #[inline(always)]
        fn size(self) -> Self {
            self.abs()
        }
        #[inline(always)]
        fn power(self, exponent: Self) -> Self {
            self.powf(exponent)
        }
        #[inline(always)]
        fn exp<const FUSED: bool>(self) -> Self {
            let x = if self > $lowest { self } else { $lowest };
            // The multiple of ln 2, as the last bits of a number that has no others.
            let shifted = x.fma::<FUSED>(std::$t::consts::LOG2_E, $magic);
            let k = shifted - $magic;
            let r = k.fma::<FUSED>(-$low, k.fma::<FUSED>(-$high, x));
            let mut q = $poly[$poly.len() - 1];
            let mut i = $poly.len() - 1;
            while i > 0 {
                i -= 1;
                q = q.fma::<FUSED>(r, $poly[i]);
            }
            let p = (r * r).fma::<FUSED>(q, r) + 1.0;
            // 2^(k + lift) is a normal number for every k that is left; the last product may be subnormal.
            let scale = $t::from_bits(shifted.to_bits().wrapping_add($bias + $lift) << $mantissa);
            p * scale * $t::from_bits(($bias - $lift) << $mantissa)
        }
    };
}

impl Number for f64 {
    fn leaf(isa: Isa) -> &'static Leaf<f64> {
        super::tables::double(isa)
    }
    number!(f64, u64, F64, lowest: -746.0, magic: 6_755_399_441_055_744.0,
            ln2: 0.693_147_180_369_123_8 + 1.908_214_929_270_587_7e-10, mantissa: 52, bias: 1023, lift: 60);
}

impl Number for f32 {
    fn leaf(isa: Isa) -> &'static Leaf<f32> {
        super::tables::single(isa)
    }
    number!(f32, u32, F32, lowest: -104.0, magic: 12_582_912.0,
            ln2: 0.693_359_4 + -2.121_944_4e-4, mantissa: 23, bias: 127, lift: 30);
}
