//! Singular value decomposition by one-sided Jacobi rotations (Hestenes), and what follows from it: rank, pseudo-inverse.
//!
//! Columns are rotated in pairs until all are orthogonal; their lengths are the singular values. Small singular values come
//! out to high relative accuracy. O(sweeps m n^2) for an (m, n) matrix, with some ten sweeps.

use ndarray::{Array1, Array2, ArrayView2};

use crate::error::{Result, bail};

/// Sweeps after which the method is given up; never seen.
const SWEEPS: usize = 60;

/// A = U diag(s) V' with k = min(m, n) singular values, largest first.
pub(crate) struct Svd {
    /// (m, k). A column that belongs to a singular value of 0 is 0.
    pub u: Array2<f64>,
    /// (k).
    pub s: Array1<f64>,
    /// (n, k).
    pub v: Array2<f64>,
}

/// The decomposition of a matrix of finite numbers. Condition: NUMERIC.
pub(crate) fn svd(a: ArrayView2<f64>) -> Result<Svd> {
    if a.nrows() < a.ncols() {
        let Svd { u, s, v } = svd(a.t())?;
        return Ok(Svd { u: v, s, v: u });
    }
    let (m, n) = a.dim();
    // In units that keep squares from over- and underflowing.
    let largest = a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let unit = if largest > 0.0 { 2f64.powi(largest.log2().floor() as i32) } else { 1.0 };
    // Columns as rows, which lie in one piece.
    let mut w: Vec<Vec<f64>> =
        a.columns().into_iter().map(|c| c.iter().map(|x| x / unit).collect()).collect();
    let mut v: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let tolerance = f64::EPSILON * (m as f64).sqrt();
    let mut rotated = true;
    for _ in 0..SWEEPS {
        rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let (pp, qq, pq) = (dot(&w[p], &w[p]), dot(&w[q], &w[q]), dot(&w[p], &w[q]));
                if pq.abs() <= tolerance * (pp * qq).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (qq - pp) / (2.0 * pq);
                let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                rotate(&mut w, p, q, c, c * t);
                rotate(&mut v, p, q, c, c * t);
            }
        }
        if !rotated {
            break;
        }
    }
    if rotated {
        bail!(Numeric, "singular values of a {m} x {n} matrix: Jacobi rotations did not converge")
    }
    let lengths: Vec<f64> = w.iter().map(|w| dot(w, w).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let u = Array2::from_shape_fn((m, n), |(i, j)| match lengths[order[j]] {
        0.0 => 0.0,
        length => w[order[j]][i] / length,
    });
    let v = Array2::from_shape_fn((n, n), |(i, j)| v[order[j]][i]);
    Ok(Svd { u, s: order.iter().map(|&j| lengths[j] * unit).collect(), v })
}

impl Svd {
    /// Number of singular values above `tolerance` times the largest.
    pub fn rank(&self, tolerance: f64) -> usize {
        let least = tolerance * self.s.first().copied().unwrap_or(0.0);
        self.s.iter().filter(|&&s| s > least).count()
    }

    /// The pseudo-inverse (n, m), made of the first `rank` singular values.
    pub fn pseudo_inverse(&self, rank: usize) -> Array2<f64> {
        let columns = ndarray::s![.., ..rank];
        let scaled = &self.v.slice(columns) / &self.s.slice(ndarray::s![..rank]);
        scaled.dot(&self.u.slice(columns).t())
    }

    /// Largest singular value over the smallest; infinite without full rank.
    pub fn condition(&self) -> f64 {
        match (self.s.first(), self.s.last()) {
            (Some(first), Some(last)) => first / last,
            _ => 1.0,
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Rotates two rows.
fn rotate(rows: &mut [Vec<f64>], p: usize, q: usize, c: f64, s: f64) {
    let (head, tail) = rows.split_at_mut(q);
    for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;
    use proptest::prelude::*;

    #[test]
    fn known_singular_values() {
        // A A' = [[17, 8], [8, 17]] has the eigenvalues 25 and 9.
        let a = array![[3.0, 2.0, 2.0], [2.0, 3.0, -2.0]];
        let Svd { s, .. } = svd(a.view()).unwrap();
        assert!((s[0] - 5.0).abs() < 1e-14 && (s[1] - 3.0).abs() < 1e-14, "{s}");
        // Graded columns: each value to its own accuracy.
        let d = svd(array![[1e150, 0.0], [0.0, 1e-150], [0.0, 0.0]].view()).unwrap();
        assert!((d.s[0] / 1e150 - 1.0).abs() < 1e-15 && d.s[1] / 1e-150 - 1.0 < 1e-15);
        let zero = svd(Array2::zeros((3, 2)).view()).unwrap();
        assert_eq!((zero.rank(1e-9), zero.s[0]), (0, 0.0));
        assert_eq!(svd(array![[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]].view()).unwrap().rank(1e-9), 1);
    }

    proptest! {
        #[test]
        fn the_factors_are_what_they_should_be(m in 1usize..9, n in 1usize..9, x in prop::collection::vec(-9.0f64..9.0, 64)) {
            let a = Array2::from_shape_fn((m, n), |(i, j)| x[8 * i.min(7) + j.min(7)] + (i * j) as f64);
            let f = svd(a.view()).unwrap();
            let scale = 1e-13 * (1.0 + f.s[0]);
            let near = |x: &Array2<f64>, y: &Array2<f64>| x.iter().zip(y).all(|(x, y)| (x - y).abs() <= scale);
            prop_assert!(near(&(&f.u * &f.s).dot(&f.v.t()), &a));
            let k = m.min(n);
            prop_assert!(f.s.windows(2).into_iter().all(|s| s[0] >= s[1]));
            let rank = f.rank(1e-9);
            let eye = Array2::<f64>::eye(rank);
            let first = ndarray::s![.., ..rank];
            let gram = |q: &Array2<f64>| q.slice(first).t().dot(&q.slice(first));
            prop_assert!(gram(&f.u).iter().zip(&eye).all(|(x, y)| (x - y).abs() < 1e-12));
            prop_assert!(gram(&f.v).iter().zip(&eye).all(|(x, y)| (x - y).abs() < 1e-12) && k >= rank);
            // Moore and Penrose: A A+ A = A.
            let back = a.dot(&f.pseudo_inverse(rank)).dot(&a);
            prop_assert!(back.iter().zip(&a).all(|(x, y)| (x - y).abs() <= 1e-6 * (1.0 + f.s[0])));
        }
    }
}
