//! The rows of the head, a strip at a time.

use std::ops::Range;

use crate::linalg::gemm::Scalar;
use crate::linalg::length::{SHORTEST, length};
use crate::simd::real::Real;
use crate::view::{Matrix, TensorRef};

/// The head (N, K) where its host keeps it.
#[derive(Clone, Copy)]
pub(super) enum Head<'a, T> {
    /// In the precision of the call, row after row.
    Rows(&'a [T]),
    /// Anything else; strips are converted.
    Foreign(Matrix<'a>),
}

impl<'a, T: Real> Head<'a, T> {
    /// `matrix` is that of `tensor`.
    pub fn new(tensor: &TensorRef<'a>, matrix: Matrix<'a>) -> Self {
        match tensor.contiguous::<T>() {
            Some(rows) => Head::Rows(rows),
            None => Head::Foreign(matrix),
        }
    }

    /// Whether [`Head::strip`] needs scratch memory.
    pub fn is_foreign(&self) -> bool {
        matches!(self, Head::Foreign(_))
    }

    /// Rows `classes`, each of length `k`; `scratch` has room for them if they are foreign.
    pub fn strip<'s>(&'s self, classes: Range<usize>, k: usize, scratch: &'s mut [T]) -> &'s [T] {
        match self {
            Head::Rows(rows) => &rows[classes.start * k..classes.end * k],
            Head::Foreign(matrix) => {
                let scratch = &mut scratch[..classes.len() * k];
                let mut row = vec![0.0; k];
                for (class, out) in classes.zip(scratch.chunks_exact_mut(k.max(1))) {
                    matrix.load(class..class + 1, 0..k, &mut row);
                    out.iter_mut().zip(&row).for_each(|(o, &x)| *o = T::of(x));
                }
                scratch
            }
        }
    }
}

/// What the rows of a strip are multiplied by to have length 1.
pub(super) fn inverse_lengths<T: Scalar + Real>(rows: &[T], k: usize, out: &mut [T]) {
    let mut wide = vec![0.0; k];
    for (row, out) in rows.chunks_exact(k.max(1)).zip(out) {
        wide.iter_mut().zip(row).for_each(|(w, x)| *w = x.wide());
        *out = T::of(1.0 / length(&wide));
    }
}

/// Turns gradients with respect to v, divided by the lengths, into those with respect to the rows w: d - w (w.d) / |w|^2.
pub(super) fn through_lengths<T: Real>(rows: &[T], inverse: &[T], k: usize, gradients: &mut [T]) {
    let pairs = rows.chunks_exact(k.max(1)).zip(gradients.chunks_exact_mut(k.max(1)));
    for ((row, gradient), inverse) in pairs.zip(inverse) {
        let inverse = inverse.wide();
        if inverse >= 1.0 / SHORTEST {
            continue;
        }
        let along: f64 = row.iter().zip(&*gradient).map(|(w, g)| w.wide() * inverse * g.wide()).sum();
        let part = along * inverse;
        gradient.iter_mut().zip(row).for_each(|(g, w)| *g = T::of(g.wide() - w.wide() * part));
    }
}
