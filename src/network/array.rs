//! Constant numbers of a layer.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::layers::dense::matrix;
use super::real::{Real, first_non_finite};
use crate::fork;
use crate::linalg::gemm::Packed;

/// Constant numbers of a layer, kept exactly in the precision in which they were given. Copies share the numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Array {
    /// Single precision.
    F32(Shared<f32>),
    /// Double precision.
    F64(Shared<f64>),
}

impl Array {
    /// Numbers in single precision.
    pub fn f32(numbers: Vec<f32>) -> Self {
        Array::F32(Shared::new(numbers))
    }

    /// Numbers in double precision.
    pub fn f64(numbers: Vec<f64>) -> Self {
        Array::F64(Shared::new(numbers))
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Array::F32(v) => v.len(),
            Array::F64(v) => v.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the numbers are kept in single precision.
    pub fn is_f32(&self) -> bool {
        matches!(self, Array::F32(_))
    }

    /// Element `i`, exactly.
    #[inline]
    pub fn get(&self, i: usize) -> f64 {
        match self {
            Array::F32(v) => f64::from(v[i]),
            Array::F64(v) => v[i],
        }
    }

    /// All elements, exactly.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Array::F32(v) => v.iter().map(|&x| f64::from(x)).collect(),
            Array::F64(v) => v.to_vec(),
        }
    }

    /// Whether the two are copies that share their numbers.
    pub fn is(&self, other: &Array) -> bool {
        match (self, other) {
            (Array::F32(a), Array::F32(b)) => Arc::ptr_eq(&a.0, &b.0),
            (Array::F64(a), Array::F64(b)) => Arc::ptr_eq(&a.0, &b.0),
            _ => false,
        }
    }

    /// Index of the first NaN or infinity.
    pub(crate) fn first_non_finite(&self) -> Option<usize> {
        match self {
            Array::F32(v) => first_non_finite(v),
            Array::F64(v) => first_non_finite(v),
        }
    }
}

impl From<Vec<f32>> for Array {
    fn from(v: Vec<f32>) -> Self {
        Array::f32(v)
    }
}

impl From<Vec<f64>> for Array {
    fn from(v: Vec<f64>) -> Self {
        Array::f64(v)
    }
}

/// Numbers that all copies share, with what was made of them once. Derefs to a slice.
#[derive(Clone)]
pub struct Shared<T: Real>(Arc<Inner<T>>);

struct Inner<T: Real> {
    numbers: Vec<T>,
    /// The numbers in the other precision, or the index of the first that overflows there.
    converted: OnceLock<Result<Vec<T::Other>, usize>>,
    /// The weights of a dense layer as its products want them, in this and in the other precision.
    packed: (OnceLock<Packed<T>>, OnceLock<Packed<T::Other>>),
}

impl<T: Real> Shared<T> {
    fn new(numbers: Vec<T>) -> Self {
        Shared(Arc::new(Inner { numbers, converted: OnceLock::new(), packed: Default::default() }))
    }

    /// The numbers in the other precision, made when first asked for; the index of the first that overflows there.
    pub(super) fn converted(&self) -> Result<&[T::Other], usize> {
        let convert = |(i, v): (usize, &T)| {
            let v = T::Other::of(v.wide());
            if v.wide().is_finite() { Ok(v) } else { Err(i) }
        };
        let all = || self.iter().enumerate().map(convert).collect();
        match fork::get_or_init(&self.0.converted, all) {
            Ok(numbers) => Ok(numbers),
            Err(i) => Err(*i),
        }
    }

    /// The transpose of the (rows, columns) matrix of the numbers, packed when first asked for; `None` if another shape was
    /// asked for before.
    pub(super) fn packed(&self, shape: [usize; 2]) -> Option<&Packed<T>> {
        packed(&self.0.packed.0, self, shape)
    }

    /// As [`Shared::packed`], in the other precision; the numbers must not overflow in it.
    pub(super) fn packed_converted(&self, shape: [usize; 2]) -> Option<&Packed<T::Other>> {
        packed(&self.0.packed.1, self.converted().ok()?, shape)
    }
}

fn packed<'a, T: Real>(
    slot: &'a OnceLock<Packed<T>>,
    numbers: &[T],
    [rows, columns]: [usize; 2],
) -> Option<&'a Packed<T>> {
    let packed = fork::get_or_init(slot, || Packed::new(matrix(numbers, rows, columns).reversed_axes()));
    Some(packed).filter(|p| (p.rows(), p.columns()) == (columns, rows))
}

impl<T: Real> Deref for Shared<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0.numbers
    }
}

impl<T: Real> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl<T: Real> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_share_numbers_and_conversions() {
        let a = Array::f32(vec![0.1, -2.0]);
        let copy = a.clone();
        let (Array::F32(a), Array::F32(copy)) = (&a, &copy) else { unreachable!() };
        assert!(std::ptr::eq(a.as_ptr(), copy.as_ptr()));
        let converted = a.converted().unwrap();
        assert_eq!(converted, [f64::from(0.1f32), -2.0]);
        assert!(std::ptr::eq(converted, copy.converted().unwrap()));
        let Array::F64(huge) = Array::f64(vec![1.0, -1e39, 1e40]) else { unreachable!() };
        assert_eq!(huge.converted(), Err(1), "the first that overflows");
    }

    #[test]
    fn weights_are_packed_once_for_one_shape() {
        let Array::F32(a) = Array::f32((0..6).map(|i| i as f32).collect()) else { unreachable!() };
        let first = a.packed([2, 3]).unwrap();
        assert_eq!((first.rows(), first.columns()), (3, 2));
        assert!(std::ptr::eq(first, a.clone().packed([2, 3]).unwrap()));
        assert!(a.packed([3, 2]).is_none());
        assert_eq!(a.packed_converted([3, 2]).unwrap().columns(), 3, "another slot");
    }

    #[test]
    fn what_is_not_finite_is_found_anywhere() {
        for (len, at) in [1, 15, 16, 17, 40].into_iter().flat_map(|len| (0..len).map(move |at| (len, at))) {
            for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let (mut double, mut single) = (vec![f64::MAX; len], vec![f32::MAX; len]);
                assert_eq!(Array::from(double.clone()).first_non_finite(), None);
                assert_eq!(Array::from(single.clone()).first_non_finite(), None);
                (double[at], single[at]) = (bad, bad as f32);
                assert_eq!(Array::from(double).first_non_finite(), Some(at));
                assert_eq!(Array::from(single).first_non_finite(), Some(at));
            }
        }
    }
}
