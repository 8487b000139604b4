//! The two precisions of the arithmetic.

use std::fmt::Debug;
use std::ops::AddAssign;
use std::sync::OnceLock;

use ndarray::LinalgScalar;

use super::array::Array;
use super::constants::{Curves, Slots};
use crate::buffer::Plain;
use crate::linalg::gemm::{Packed, Scalar};

/// A precision in which networks can be run: `f32` or `f64`.
pub trait Real:
    LinalgScalar + PartialOrd + AddAssign + Default + Plain + Scalar + Debug + sealed::Sealed
{
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
    pub trait Sealed: Scalar {
        /// The other precision.
        type Other: Real<Other = Self>;

        /// The numbers of `array` in this precision; the index of the first that overflows in it.
        fn of_array(array: &Array) -> Result<&[Self], usize>;

        /// The transpose of a (rows, columns) matrix in this precision, packed once; `None` if that of another shape is kept.
        #[doc(hidden)]
        fn packed(array: &Array, shape: [usize; 2]) -> Option<&Packed<Self>>;

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

            fn packed(array: &Array, shape: [usize; 2]) -> Option<&Packed<Self>> {
                match array {
                    Array::$variant(v) => v.packed(shape),
                    Array::$wrapped(v) => v.packed_converted(shape),
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

/// Index of the first NaN or infinity. One sum finds out that there is none, as fast as the numbers can be read.
pub(super) fn first_non_finite<T: Real>(values: &[T]) -> Option<usize> {
    // Zero times a finite number is zero, times anything else NaN, which a sum keeps.
    let mut lanes = [T::zero(); 32];
    let (chunks, rest) = values.as_chunks::<32>();
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(lane, &x)| *lane += x * T::zero());
    }
    let sum = lanes.iter().chain(rest).fold(T::zero(), |sum, &x| sum + x * T::zero());
    if sum == T::zero() { None } else { values.iter().position(|x| !x.wide().is_finite()) }
}
