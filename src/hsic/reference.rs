//! The plain implementation: both Gram matrices in f64, entry by entry. What a context with `reference` runs, and what the
//! tests of the fast paths compare with.

use super::leaf::Number;
use super::side::Side;
use super::sums::Sums;

/// The Gram matrix, n x n.
pub(super) fn gram<T: Number>(side: &Side<T>) -> Vec<f64> {
    let n = side.n;
    (0..n * n).map(|e| side.entry(e / n, e % n)).collect()
}

/// [`Sums`] without shifts.
pub(super) fn sums<T: Number>(x: &Side<T>, y: &Side<T>) -> Sums {
    let (n, k, l) = (x.n, gram(x), gram(y));
    let (c, d) = (x.shift.wide(), y.shift.wide());
    let mut sums = Sums { r: vec![0.0; n], s: vec![0.0; n], ..Sums::default() };
    for i in 0..n {
        for j in 0..n {
            let (k, l) = (k[i * n + j] - c, l[i * n + j] - d);
            if i == j {
                sums.k_diagonal.push(k);
                sums.l_diagonal.push(l);
                continue;
            }
            sums.r[i] += k;
            sums.s[i] += l;
            sums.kl += k * l;
            sums.kk += k * k;
            sums.ll += l * l;
        }
    }
    sums
}
