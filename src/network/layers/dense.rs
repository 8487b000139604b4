//! Dense layers: one matrix product for a chunk of samples.

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::linalg::gemm::{Epilogue, Right, gemm_with};
use crate::network::real::Real;
use crate::simd::Isa;

/// y = x W' + bias for `rows` samples, and behind it the function with the slopes below and above 0 if there are `slopes`;
/// x is (rows, in), `weight` the matrix W', (in, out), y (rows, out) row-major.
pub(in crate::network) fn dense<T: Real>(
    isa: Isa,
    rows: usize,
    weight: Right<T>,
    bias: Option<&[T]>,
    slopes: Option<[T; 2]>,
    x: &[T],
    y: &mut [T],
) {
    let (x, columns) = (matrix(x, rows, x.len() / rows), y.len() / rows);
    let epilogue = Epilogue { bias, slopes, ..Epilogue::plain(false) };
    gemm_with(isa, x, weight, epilogue, matrix_mut(y, rows, columns));
}

/// A slice of rows * cols elements as a matrix.
pub(in crate::network) fn matrix<T>(data: &[T], rows: usize, cols: usize) -> ArrayView2<'_, T> {
    ArrayView2::from_shape((rows, cols), data).expect("the caller passes rows * cols elements")
}

/// A mutable slice of rows * cols elements as a matrix.
pub(in crate::network) fn matrix_mut<T>(data: &mut [T], rows: usize, cols: usize) -> ArrayViewMut2<'_, T> {
    ArrayViewMut2::from_shape((rows, cols), data).expect("the caller passes rows * cols elements")
}
