//! Lengths that something is divided by.

/// Lengths below this count as this.
pub(crate) const SHORTEST: f64 = 1e-12;

/// The length of a row, at least [`SHORTEST`]; of no more than half the digits lost to overflow or underflow of squares.
pub(crate) fn length(row: &[f64]) -> f64 {
    let squares: f64 = row.iter().map(|x| x * x).sum();
    if squares.is_nan() {
        return f64::NAN;
    }
    if !(1e-250..=1e300).contains(&squares) {
        let largest = row.iter().fold(0.0, |m: f64, x| if x.abs() > m { x.abs() } else { m });
        if largest == 0.0 || !largest.is_finite() {
            return largest.max(SHORTEST);
        }
        let scaled: f64 = row.iter().map(|x| (x / largest) * (x / largest)).sum();
        return (largest * scaled.sqrt()).max(SHORTEST);
    }
    let length = squares.sqrt();
    if length < SHORTEST { SHORTEST } else { length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_any_size() {
        assert_eq!(length(&[3.0, 4.0]), 5.0);
        assert!((length(&[3e200, -4e200]) / 5e200 - 1.0).abs() < 1e-15);
        assert_eq!(length(&[3e-200, 4e-200]), SHORTEST);
        assert_eq!(length(&[0.0, 0.0]), SHORTEST);
        assert!(length(&[f64::NAN, 1.0]).is_nan());
        assert_eq!(length(&[f64::INFINITY, 1.0]), f64::INFINITY);
    }
}
