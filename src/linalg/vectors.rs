//! Vectors of doubles: sums that a processor does side by side, and lengths of any size.

/// The inner product, as sixteen sums.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    let mut sums = [0.0; 16];
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] += a[i] * b[i];
        }
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

/// y += factor x.
pub(crate) fn axpy(factor: f64, x: &[f64], y: &mut [f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x);
}

/// x *= factor.
pub(crate) fn scale(factor: f64, x: &mut [f64]) {
    x.iter_mut().for_each(|x| *x *= factor);
}

/// The 2-norm, where squares over- or underflow too.
pub(crate) fn norm(x: &[f64]) -> f64 {
    let square = dot(x, x);
    if (1e-250..1e300).contains(&square) {
        return square.sqrt();
    }
    let largest = x.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let exponent = Exponent::of(largest);
    let square: f64 = x.iter().map(|x| (x * exponent.down()).powi(2)).sum();
    square.sqrt() * exponent.up()
}

/// A power of two near a number > 0, by which it can be divided and multiplied exactly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exponent(i32);

impl Exponent {
    /// Of a number from 1e-300 to 1e300; beyond that, of one of these two.
    pub fn of(x: f64) -> Exponent {
        Exponent(x.clamp(1e-300, 1e300).log2().floor() as i32)
    }

    /// The power of two.
    pub fn up(self) -> f64 {
        2f64.powi(self.0)
    }

    /// One over it.
    pub fn down(self) -> f64 {
        2f64.powi(-self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_any_size() {
        for unit in [1e-300, 1e-160, 1.0, 1e160, 1e300] {
            let x: Vec<f64> = [3.0, 4.0, 12.0, 84.0].iter().map(|x| x * unit).collect();
            assert!((norm(&x) / (85.0 * unit) - 1.0).abs() < 1e-15, "{unit}");
        }
        assert_eq!((norm(&[]), norm(&[0.0; 20])), (0.0, 0.0));
        assert_eq!(dot(&[1.0; 20], &[2.0; 20]), 40.0);
        assert_eq!([0.75, 1.0, 6.0, 1e-200].map(|x| Exponent::of(x).0), [-1, 0, 2, -665]);
    }
}
