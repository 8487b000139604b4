//! The two precisions of the arithmetic.

use std::fmt::Debug;
use std::ops::AddAssign;
use std::sync::OnceLock;

use ndarray::LinalgScalar;

use super::array::Array;
use super::constants::{Curves, Slots};
use crate::buffer::Plain;

/// A precision in which networks can be run: `f32` or `f64`.
pub trait Real: LinalgScalar + PartialOrd + AddAssign + Default + Plain + Debug + sealed::Sealed {
    /// The largest value below all finite ones.
    const NEG_INFINITY: Self;

    /// The nearest value to `v`.
    fn of(v: f64) -> Self;

    /// This value, exactly.
    fn wide(self) -> f64;
}

pub(super) mod sealed {
    use super::*;

    /// What only this library needs to know about a precision.
    pub trait Sealed: Sized {
        /// The other precision.
        type Other: Real<Other = Self>;

        /// The numbers of `array` in this precision; the index of the first that overflows in it.
        fn of_array(array: &Array) -> Result<&[Self], usize>;

        /// Where a graph keeps its functions in this precision.
        fn slot(slots: &Slots) -> &OnceLock<Curves<Self>>;
    }
}

macro_rules! real {
    ($t:ident, $variant:ident, $other:ident, $wrapped:ident) => {
        impl Real for $t {
            const NEG_INFINITY: Self = $t::NEG_INFINITY;

            #[inline]
            fn of(v: f64) -> Self {
                v as $t
            }

            #[inline]
            fn wide(self) -> f64 {
                f64::from(self)
            }
        }

        impl sealed::Sealed for $t {
            type Other = $other;

            fn of_array(array: &Array) -> Result<&[Self], usize> {
                match array {
                    Array::$variant(v) => Ok(v),
                    Array::$wrapped(v) => v.converted(),
                }
            }

            fn slot(slots: &Slots) -> &OnceLock<Curves<Self>> {
                &slots.$t
            }
        }
    };
}
real!(f32, F32, f64, F64);
real!(f64, F64, f32, F32);
