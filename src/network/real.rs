//! The two precisions of the arithmetic.

use std::fmt::Debug;
use std::ops::AddAssign;
use std::sync::{Arc, OnceLock};

use ndarray::LinalgScalar;

use super::array::Array;
use super::constants::{Cache, Constants};
use crate::buffer::Plain;
use crate::error::Result;

/// A precision in which networks can be run: `f32` or `f64`.
pub trait Real: LinalgScalar + PartialOrd + AddAssign + Plain + Debug + sealed::Sealed {
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
        /// The numbers of `array`, if it is kept in this precision.
        fn of_array(array: &Array) -> Option<&[Self]>;

        /// Where a network keeps its constants in this precision.
        fn slot(cache: &Cache) -> &OnceLock<Result<Arc<Constants<Self>>>>;
    }
}

macro_rules! real {
    ($t:ident, $variant:ident) => {
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
            fn of_array(array: &Array) -> Option<&[Self]> {
                match array {
                    Array::$variant(v) => Some(v),
                    _ => None,
                }
            }

            fn slot(cache: &Cache) -> &OnceLock<Result<Arc<Constants<Self>>>> {
                &cache.$t
            }
        }
    };
}
real!(f32, F32);
real!(f64, F64);
