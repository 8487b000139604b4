//! QR decomposition by Householder reflections, with column pivoting (Businger and Golub 1965).

use ndarray::{Array2, ArrayView2};

use super::vectors::{Exponent, axpy, dot, norm, scale};
use crate::context::Context;
use crate::error::Result;

/// A P = Q R of a matrix (m, n) with m >= n: the longest of what is left of the columns comes first, so that |R[i, i]| falls.
///
/// Every column keeps its own accuracy, however different their lengths.
pub(crate) struct Qr {
    /// m.
    rows: usize,
    /// (n), each (m): reflections I - 2 v v', which build Q one behind the other; 0 where there is nothing to reflect.
    reflections: Vec<Vec<f64>>,
    /// (n), the columns of R, each (n).
    pub r: Vec<Vec<f64>>,
    /// (n): column j of R belongs to column `order[j]` of A.
    pub order: Vec<usize>,
}

impl Qr {
    /// The decomposition of a matrix of finite numbers with at least as many rows as columns. O(m n^2).
    ///
    /// Condition: CANCELLED.
    pub fn new(ctx: &Context, a: ArrayView2<f64>) -> Result<Qr> {
        let n = a.ncols();
        let mut left: Vec<Vec<f64>> = a.columns().into_iter().map(|c| c.to_vec()).collect();
        let (mut order, mut reflections): (Vec<usize>, _) = ((0..n).collect(), Vec::with_capacity(n));
        for i in 0..n {
            ctx.poll()?;
            let mut longest = (0.0, i);
            for (j, column) in left.iter().enumerate().skip(i) {
                let length = norm(&column[i..]);
                if length > longest.0 {
                    longest = (length, j);
                }
            }
            left.swap(i, longest.1);
            order.swap(i, longest.1);
            let mut v = vec![0.0; a.nrows()];
            v[i..].copy_from_slice(&left[i][i..]);
            if longest.0 > 0.0 {
                // Away from the first unit vector, so that nothing cancels; then of length 1, scaled twice for tiny ones.
                v[i] += longest.0.copysign(v[i]);
                let exponent = Exponent::of(norm(&v));
                scale(exponent.down(), &mut v);
                let length = norm(&v);
                scale(1.0 / length, &mut v);
                left[i..].iter_mut().for_each(|column| reflect(&v[i..], &mut column[i..]));
                left[i][i + 1..].fill(0.0);
            }
            reflections.push(v);
        }
        left.iter_mut().for_each(|column| column.truncate(n));
        Ok(Qr { rows: a.nrows(), reflections, r: left, order })
    }

    /// Q x for the columns x of a matrix (n, k), as (m, k).
    pub fn q_times(&self, x: &Array2<f64>) -> Array2<f64> {
        let mut product = Array2::zeros((self.rows, x.ncols()));
        for (x, mut to) in x.columns().into_iter().zip(product.columns_mut()) {
            let mut column = x.to_vec();
            column.resize(self.rows, 0.0);
            for (i, v) in self.reflections.iter().enumerate().rev() {
                reflect(&v[i..], &mut column[i..]);
            }
            to.assign(&ndarray::ArrayView1::from(&column));
        }
        product
    }
}

/// x - 2 v (v . x).
fn reflect(v: &[f64], x: &mut [f64]) {
    axpy(-2.0 * dot(v, x), v, x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    fn factors(a: &Array2<f64>) -> (Array2<f64>, Array2<f64>, Vec<usize>) {
        let qr = Qr::new(&Context::default(), a.view()).unwrap();
        let n = a.ncols();
        let r = Array2::from_shape_fn((n, n), |(i, j)| qr.r[j][i]);
        (qr.q_times(&Array2::eye(n)), r, qr.order)
    }

    #[test]
    fn a_small_matrix_by_hand() {
        // The second column (0, 6) is the longer one; of the first, (3, 4), a part 3 is orthogonal to it.
        let (q, r, order) = factors(&array![[3.0, 0.0], [4.0, 6.0]]);
        assert_eq!(order, [1, 0]);
        for (x, y) in r.mapv(f64::abs).iter().zip(&array![[6.0, 4.0], [0.0, 3.0]]) {
            assert!((x - y).abs() < 1e-14, "{r}");
        }
        assert!((q[[1, 0]].abs() - 1.0).abs() < 1e-14 && (q[[0, 1]].abs() - 1.0).abs() < 1e-14, "{q}");
    }

    proptest! {
        #[test]
        fn the_factors_multiply_to_the_matrix(
            n in 1usize..7, more in 0usize..6, x in prop::collection::vec(-9.0f64..9.0, 80), grade in -120i32..=120,
        ) {
            // Columns of very different lengths, and one that depends on another.
            let unit = |j: usize| 10f64.powi(grade * j as i32 / 6);
            let entry = |(i, j): (usize, usize)| unit(j) * if j == 3 { x[7 * i] } else { x[7 * i + j] };
            let a = Array2::from_shape_fn((n + more, n), entry);
            let (q, r, order) = factors(&a);
            for (x, y) in q.t().dot(&q).iter().zip(&Array2::<f64>::eye(n)) {
                prop_assert!((x - y).abs() < 1e-14);
            }
            let product = q.dot(&r);
            for j in 0..n {
                let column = a.column(order[j]);
                let length = column.dot(&column).sqrt();
                prop_assert!((0..n + more).all(|i| (product[[i, j]] - column[i]).abs() <= 1e-14 * length));
                prop_assert!((j + 1..n).all(|i| r[[i, j]] == 0.0));
                prop_assert!(j == 0 || r[[j, j]].abs() <= r[[j - 1, j - 1]].abs() * (1.0 + 1e-14));
            }
        }
    }
}
