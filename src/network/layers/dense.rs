//! Dense layers: one matrix product for a chunk of samples.

use ndarray::linalg::{general_mat_mul, general_mat_vec_mul};
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut1, ArrayViewMut2};

use crate::network::real::Real;

/// Up to so many samples are multiplied one by one: the matrix product packs the weights first, which costs as much
/// as reading them a few times.
const SINGLY: usize = 2;

/// y = x W' + bias for `rows` samples; x is (rows, in), weight (out, in), y (rows, out), all row-major.
pub(in crate::network) fn dense<T: Real>(
    rows: usize,
    weight: &[T],
    bias: Option<&[T]>,
    x: &[T],
    y: &mut [T],
) {
    let (n_in, n_out) = (x.len() / rows, y.len() / rows);
    let beta = match bias {
        Some(bias) => {
            y.chunks_exact_mut(n_out).for_each(|y| y.copy_from_slice(bias));
            T::one()
        }
        None => T::zero(),
    };
    let weight = matrix(weight, n_out, n_in);
    if rows <= SINGLY {
        for (x, y) in x.chunks_exact(n_in).zip(y.chunks_exact_mut(n_out)) {
            let mut y = ArrayViewMut1::from(y);
            general_mat_vec_mul(T::one(), &weight, &ArrayView1::from(x), beta, &mut y);
        }
    } else {
        let mut y = matrix_mut(y, rows, n_out);
        general_mat_mul(T::one(), &matrix(x, rows, n_in), &weight.t(), beta, &mut y);
    }
}

/// A slice of rows * cols elements as a matrix.
pub(super) fn matrix<T>(data: &[T], rows: usize, cols: usize) -> ArrayView2<'_, T> {
    ArrayView2::from_shape((rows, cols), data).expect("the caller passes rows * cols elements")
}

/// A mutable slice of rows * cols elements as a matrix.
pub(super) fn matrix_mut<T>(data: &mut [T], rows: usize, cols: usize) -> ArrayViewMut2<'_, T> {
    ArrayViewMut2::from_shape((rows, cols), data).expect("the caller passes rows * cols elements")
}
