//! What follows from singular values: rank, condition number, pseudo-inverse (Moore 1920, Penrose 1955).

use ndarray::{Array2, s};

use super::svd::Svd;

impl Svd {
    /// Number of singular values above `tolerance` times the largest.
    pub fn rank(&self, tolerance: f64) -> usize {
        let least = tolerance * self.s.first().copied().unwrap_or(0.0);
        self.s.iter().filter(|&&s| s > least).count()
    }

    /// The largest singular value over number `rank`; infinite where that is 0 or there are fewer.
    pub fn condition(&self, rank: usize) -> f64 {
        match (self.s.first(), rank.checked_sub(1).map(|last| self.s.get(last))) {
            (_, None) => 1.0,
            (Some(first), Some(Some(&last))) if last > 0.0 => first / last,
            _ => f64::INFINITY,
        }
    }

    /// The pseudo-inverse (n, m), made of the first `rank` singular values, none of which may be 0.
    pub fn pseudo_inverse(&self, rank: usize) -> Array2<f64> {
        let first = s![.., ..rank];
        let scaled = &self.v.slice(first) / &self.s.slice(s![..rank]);
        scaled.dot(&self.u.slice(first).t())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Context;
    use ndarray::array;
    use proptest::prelude::*;

    fn svd(a: &Array2<f64>) -> Svd {
        Svd::new(&Context::default(), a.view()).unwrap()
    }

    #[test]
    fn rank_and_condition_by_hand() {
        let f = svd(&array![[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]);
        assert_eq!((f.rank(1e-9), f.condition(1)), (1, 1.0));
        assert!(f.condition(2) > 1e15 && f.condition(3) == f64::INFINITY);
        let f = svd(&array![[4.0, 0.0], [0.0, -0.5]]);
        assert_eq!((f.rank(0.1), f.rank(0.2), f.condition(2)), (2, 1, 8.0));
        assert_eq!(f.pseudo_inverse(2), array![[0.25, 0.0], [0.0, -2.0]]);
        let zero = svd(&Array2::zeros((2, 3)));
        assert_eq!((zero.rank(1e-9), zero.condition(0), zero.condition(1)), (0, 1.0, f64::INFINITY));
        assert_eq!(zero.pseudo_inverse(0), Array2::<f64>::zeros((3, 2)));
    }

    proptest! {
        #[test]
        fn the_four_laws_of_penrose(
            m in 1usize..7, n in 1usize..7, k in 1usize..4, x in prop::collection::vec(-4i32..=4, 48),
        ) {
            // A product of integer matrices, of a rank that may be low.
            let of = |rows: usize, cols: usize, from: usize| {
                Array2::from_shape_fn((rows, cols), |(i, j)| f64::from(x[(from + 7 * i + 3 * j) % 48]))
            };
            let a = of(m, k, 0).dot(&of(k, n, 5));
            let f = svd(&a);
            let p = f.pseudo_inverse(f.rank(1e-9));
            let size = |a: &Array2<f64>| a.iter().fold(1.0, |m: f64, x| m.max(x.abs()));
            let near = |x: &Array2<f64>, y: &Array2<f64>, scale: f64| {
                x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 1e-11 * scale)
            };
            let both = size(&a) * size(&p);
            prop_assert!(near(&a.dot(&p).dot(&a), &a, both * size(&a)));
            prop_assert!(near(&p.dot(&a).dot(&p), &p, both * size(&p)));
            for product in [a.dot(&p), p.dot(&a)] {
                prop_assert!(near(&product, &product.t().to_owned(), both));
            }
        }
    }
}
