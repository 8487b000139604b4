//! Total, mean, standard deviation, least and largest of a column of numbers.

/// How a quantity is spread over the cells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// Sum over all cells.
    pub total: f64,
    /// `total` over the number of cells.
    pub mean: f64,
    /// Standard deviation of the population (divided by the number of cells).
    pub std: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of at least one finite number; all zero for none. Two passes, and in units in which squares cannot overflow.
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone) -> Spread {
        let n = values.clone().count() as f64;
        if n == 0.0 {
            return Spread::default();
        }
        let (min, max) =
            values.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (x.min(lo), x.max(hi)));
        let unit = min.abs().max(max.abs());
        if unit == 0.0 {
            return Spread::default();
        }
        let total: f64 = values.clone().sum();
        let mean = if total.is_finite() { total / n } else { values.clone().map(|x| x / n).sum() };
        let variance = values.map(|x| (x / unit - mean / unit).powi(2)).sum::<f64>() / n;
        Spread { total, mean, std: variance.sqrt() * unit, min, max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_numbers() {
        let s = Spread::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter());
        assert_eq!(s, Spread { total: 40.0, mean: 5.0, std: 2.0, min: 2.0, max: 9.0 });
        let s = Spread::of([1e200, 3e200].into_iter());
        assert!((s.std / 1e200 - 1.0).abs() < 1e-15);
        assert_eq!(Spread::of([0.0; 3].into_iter()), Spread::default());
        assert_eq!(Spread::of(std::iter::empty()), Spread::default());
    }
}
