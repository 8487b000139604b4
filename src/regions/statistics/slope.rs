//! Norms of the slope of the affine map on a cell: how fast the outputs change there.

use super::super::metric::Ruler;

/// Spectral and Frobenius norm of the slope A (outputs x 2) of the map on a cell, per unit of length of the metric.
pub(crate) fn norms(a: &[[f64; 2]], ruler: &Ruler) -> [f64; 2] {
    let slopes = || a.iter().map(|&a| ruler.slope(a));
    let largest = slopes().flatten().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 {
        return [0.0; 2];
    }
    // A'A, in units in which it cannot overflow.
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    for [x, y] in slopes().map(|a| a.map(|x| x / largest)) {
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    let spectral = (0.5 * (xx + yy + (xx - yy).hypot(2.0 * xy))).sqrt();
    [largest * spectral, largest * (xx + yy).sqrt()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_known_singular_values() {
        let [spectral, frobenius] = norms(&[[3.0, 0.0], [0.0, -4.0]], &Ruler::PLAIN);
        assert_eq!((spectral, frobenius), (4.0, 5.0));
        // One row: both are its length.
        let [spectral, frobenius] = norms(&[[3e200, 4e200]], &Ruler::PLAIN);
        assert!((spectral / 5e200 - 1.0).abs() < 1e-15 && (frobenius / 5e200 - 1.0).abs() < 1e-15);
        assert_eq!(norms(&[[0.0; 2]; 3], &Ruler::PLAIN), [0.0; 2]);
    }
}
