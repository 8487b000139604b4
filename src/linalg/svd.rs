//! Singular values by one-sided Jacobi rotations (Hestenes 1958), behind a pivoted QR decomposition (Drmač and Veselić,
//! SIAM J. Matrix Anal. Appl. 29, 2008).
//!
//! With A P = Q R and m >= n, the rows of R are rotated in pairs until all are orthogonal, V R = S U'; their lengths are the
//! singular values. Pivoting has nearly done that already, so that few sweeps are needed, and a tall matrix costs no more
//! than a square one in each. Small singular values come out to high relative accuracy where A is a well-conditioned matrix
//! with columns of any length.

use ndarray::{Array1, Array2, ArrayView2};

use super::qr::Qr;
use super::vectors::{Exponent, dot, norm, scale};
use crate::context::Context;
use crate::error::{Result, bail};

/// Sweeps after which the method is given up; never seen.
const SWEEPS: usize = 60;
/// What is shorter than the longest by this factor counts as 0: rotations would round to nothing.
const NOTHING: f64 = 1e-280;

/// A = U diag(s) V' with k = min(m, n) singular values, largest first.
pub(crate) struct Svd {
    /// (m, k). A column that belongs to a singular value of 0 is 0.
    pub u: Array2<f64>,
    /// (k).
    pub s: Array1<f64>,
    /// (n, k). As `u`.
    pub v: Array2<f64>,
}

impl Svd {
    /// The decomposition of a matrix of finite numbers. Singular values below 1e-280 of the largest come out as 0.
    /// O(m n^2) and O(n^3) a sweep, of which there are about five.
    ///
    /// Conditions: NUMERIC, CANCELLED.
    pub fn new(ctx: &Context, a: ArrayView2<f64>) -> Result<Svd> {
        if a.nrows() < a.ncols() {
            let Svd { u, s, v } = Svd::new(ctx, a.t())?;
            return Ok(Svd { u: v, s, v: u });
        }
        let n = a.ncols();
        let unit = Exponent::of(a.iter().fold(0.0f64, |m, x| m.max(x.abs())));
        let qr = Qr::new(ctx, a.mapv(|x| x * unit.down()).view())?;
        // What lies beside each other in memory is rotated: rows of R, and of the rotations so far.
        let mut rows: Vec<Vec<f64>> = (0..n).map(|i| qr.r.iter().map(|column| column[i]).collect()).collect();
        let mut turned: Vec<Vec<f64>> =
            (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        orthogonalise(ctx, &mut rows, &mut turned)?;
        let mut lengths: Vec<f64> = rows.iter().map(|row| norm(row)).collect();
        let least = NOTHING * lengths.iter().copied().fold(0.0, f64::max);
        lengths.iter_mut().filter(|length| **length < least).for_each(|length| *length = 0.0);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
        let mut v = Array2::zeros((n, n));
        for (k, &i) in order.iter().enumerate() {
            match lengths[i] {
                0.0 => rows[i].fill(0.0),
                length => unit_length(&mut rows[i], length),
            }
            (0..n).for_each(|j| v[[qr.order[j], k]] = rows[i][j]);
        }
        let inner = Array2::from_shape_fn((n, n), |(i, k)| match lengths[order[k]] {
            0.0 => 0.0,
            _ => turned[order[k]][i],
        });
        let s = order.iter().map(|&i| lengths[i] * unit.up()).collect();
        Ok(Svd { u: qr.q_times(&inner), s, v })
    }
}

/// Gives a vector of some length > 0 the length 1, in two steps for tiny ones.
fn unit_length(x: &mut [f64], length: f64) {
    scale(Exponent::of(length).down(), x);
    let length = norm(x);
    scale(1.0 / length, x);
}

/// Rotates `rows`, the longest of which is of about length 1, until they are orthogonal, and `turned` with them.
fn orthogonalise(ctx: &Context, rows: &mut [Vec<f64>], turned: &mut [Vec<f64>]) -> Result<()> {
    let n = rows.len();
    let tolerance = f64::EPSILON * (n as f64).sqrt().max(2.0);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            ctx.poll()?;
            for q in p + 1..n {
                if let Some((c, s)) = rotation(&rows[p], &rows[q], tolerance) {
                    rotated = true;
                    rotate(rows, p, q, c, s);
                    rotate(turned, p, q, c, s);
                }
            }
        }
        if !rotated {
            return Ok(());
        }
    }
    bail!(Numeric, "singular values: Jacobi rotations of {n} rows did not converge in {SWEEPS} sweeps")
}

/// Cosine and sine of the rotation that makes two vectors orthogonal; `None` if they are within the tolerance on the cosine
/// of their angle.
fn rotation(x: &[f64], y: &[f64], tolerance: f64) -> Option<(f64, f64)> {
    let (xx, yy, xy) = (dot(x, x), dot(y, y), dot(x, y));
    let (xx, yy, xy, ratio) = if xx.min(yy) > 1e-200 {
        (xx, yy, xy, 1.0)
    } else {
        // Each in a unit of its own, for squares that underflow.
        let (nx, ny) = (norm(x), norm(y));
        if nx.min(ny) < NOTHING {
            return None;
        }
        let (ux, uy) = (Exponent::of(nx), Exponent::of(ny));
        let xy = x.iter().zip(y).map(|(x, y)| (x * ux.down()) * (y * uy.down())).sum();
        ((nx * ux.down()).powi(2), (ny * uy.down()).powi(2), xy, uy.up() * ux.down())
    };
    if xy.abs() <= tolerance * (xx.sqrt() * yy.sqrt()) {
        return None;
    }
    let zeta = (yy * ratio - xx / ratio) / (2.0 * xy);
    let t = 1.0f64.copysign(zeta) / (zeta.abs() + zeta.hypot(1.0));
    let c = 1.0 / t.hypot(1.0);
    Some((c, c * t))
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
    use ndarray::{array, s};
    use proptest::prelude::*;

    fn svd(a: &Array2<f64>) -> Svd {
        Svd::new(&Context::default(), a.view()).unwrap()
    }

    fn values(a: &Array2<f64>) -> Vec<f64> {
        svd(a).s.to_vec()
    }

    #[test]
    fn known_singular_values() {
        // A A' = [[17, 8], [8, 17]] has the eigenvalues 25 and 9.
        let s = values(&array![[3.0, 2.0, 2.0], [2.0, 3.0, -2.0]]);
        assert!((s[0] - 5.0).abs() < 1e-14 && (s[1] - 3.0).abs() < 1e-14, "{s:?}");
        assert_eq!(values(&Array2::zeros((3, 2))), [0.0, 0.0]);
        assert!(values(&Array2::zeros((0, 3))).is_empty());
        assert_eq!(values(&Array2::from_elem((1, 1), -7.0)), [7.0]);
        // The largest and smallest numbers that there are.
        for unit in [1e-300, 1e300] {
            let s = values(&(array![[3.0, 0.0], [4.0, 5.0]] * unit));
            // A' A = [[25, 20], [20, 25]].
            assert!((s[0] / unit - 45f64.sqrt()).abs() < 1e-14 && (s[1] / unit - 5f64.sqrt()).abs() < 1e-14);
        }
    }

    #[test]
    fn the_hilbert_matrix() {
        // Of the matrices of the rounded 1 / (i + j + 1), by mpmath with 60 digits.
        const SIX: [f64; 6] = [
            1.618899858924339,
            0.24236087057520955,
            0.016321521319875826,
            0.0006157483541826453,
            1.2570757122637029e-05,
            1.082799484481101e-07,
        ];
        const TEN: [f64; 10] = [
            1.7519196702651776,
            0.3429295484835091,
            0.035741816271639235,
            0.0025308907686700287,
            0.0001287496142763734,
            4.729689293190096e-06,
            1.2289677387429186e-07,
            2.1474388217975424e-09,
            2.2667455503810733e-11,
            1.0932524334974553e-13,
        ];
        for reference in [&SIX[..], &TEN] {
            let n = reference.len();
            let s = values(&Array2::from_shape_fn((n, n), |(i, j)| 1.0 / (i + j + 1) as f64));
            assert!(s.iter().zip(reference).all(|(x, y)| (x - y).abs() < 4e-16 * s[0]), "{s:?}");
        }
    }

    /// A matrix (m, n) with orthonormal columns: of the reflection I - 2 v v' / v'v.
    fn orthonormal(v: &[f64], n: usize) -> Array2<f64> {
        let square: f64 = v.iter().map(|x| x * x).sum();
        let entry = |(i, j): (usize, usize)| f64::from(u8::from(i == j)) - 2.0 * v[i] * v[j] / square;
        Array2::from_shape_fn((v.len(), n), entry)
    }

    #[test]
    fn columns_of_any_length_keep_their_digits() {
        let q = orthonormal(&[1.0, -2.0, 0.5, 3.0, 1.5, -1.0, 0.25], 5);
        for lengths in [
            [1.0, 1e-3, 1e-9, 1e-5, 1e-7],
            [1e-130, 1e120, 3.0, 2e-150, 1e-30],
            [1e-120, 1e150, 1.0, 1.0, 2.0],
        ] {
            let a = &q * &array![lengths[0], lengths[1], lengths[2], lengths[3], lengths[4]];
            let mut sorted = lengths;
            sorted.sort_by(|a, b| b.total_cmp(a));
            let f = svd(&a);
            for (x, y) in f.s.iter().zip(sorted) {
                assert!((x / y - 1.0).abs() < 1e-14, "{x} {y}");
            }
        }
    }

    #[test]
    fn a_rotation_that_cannot_be_seen_in_squares() {
        // Rows (1, 0) and 1e-200 (1, 1): singular values are about 1 and 1e-200.
        let s = values(&array![[1.0, 1e-200], [0.0, 1e-200]]);
        assert!((s[0] - 1.0).abs() < 1e-15 && (s[1] / 1e-200 - 1.0).abs() < 1e-14, "{s:?}");
        assert_eq!(values(&array![[1.0, 0.0], [0.0, 1e-290]])[1], 0.0);
    }

    proptest! {
        #[test]
        fn the_factors_are_what_they_should_be(
            m in 1usize..9, n in 1usize..9, x in prop::collection::vec(-9.0f64..9.0, 64), double: bool,
        ) {
            // With `double` some columns depend on each other.
            let a = Array2::from_shape_fn((m, n), |(i, j)| x[8 * i + if double { j / 2 } else { j }]);
            let f = svd(&a);
            let k = m.min(n);
            prop_assert_eq!((f.u.dim(), f.s.len(), f.v.dim()), ((m, k), k, (n, k)));
            let near = |x: &Array2<f64>, y: &Array2<f64>| x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 2e-14 * f.s[0]);
            prop_assert!(near(&(&f.u * &f.s).dot(&f.v.t()), &a));
            prop_assert!(f.s.windows(2).into_iter().all(|s| s[0] >= s[1]));
            let rank = f.s.iter().filter(|&&s| s > 0.0).count();
            for q in [&f.u, &f.v] {
                let q = q.slice(s![.., ..rank]);
                let gram = q.t().dot(&q);
                prop_assert!(gram.iter().zip(&Array2::<f64>::eye(rank)).all(|(x, y)| (x - y).abs() < 1e-13));
            }
            // The sum of their squares is that of the elements.
            let squares = |x: &mut dyn Iterator<Item = &f64>| x.map(|x| x * x).sum::<f64>();
            let (s, e) = (squares(&mut f.s.iter()), squares(&mut a.iter()));
            prop_assert!((s - e).abs() <= 1e-13 * e);
        }
    }
}
