//! Scalar continuous piecewise-linear functions: the pointwise activations.

use crate::error::{Result, bail};

/// A continuous piecewise-linear function of one variable, given by its knots t_1 < ... < t_m, its m + 1 slopes
/// s_0 ... s_m and its value at t_1 (at 0 when there is no knot).
///
/// Interval i is (t_i, t_{i+1}]: a knot belongs to the interval below it, so that ReLU is "on" iff z > 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Pwl {
    knots: Vec<f64>,
    slopes: Vec<f64>,
    value: f64,
    /// value of piece i extended to z = 0, rounded to f64 (exact for every activation with at most one knot at 0)
    offsets: Vec<f64>,
}

impl Pwl {
    /// A function from its knots (strictly increasing), slopes (one more than knots) and value at the first knot.
    pub fn new(knots: Vec<f64>, slopes: Vec<f64>, value: f64) -> Result<Self> {
        if slopes.len() != knots.len() + 1 {
            bail!(Shape, "slopes has {} entries; expected {} (knots + 1)", slopes.len(), knots.len() + 1)
        }
        if let Some(i) = knots.iter().position(|t| !t.is_finite()) {
            bail!(Nonfinite, "knots[{i}] is {}; expected a finite number", knots[i])
        }
        if let Some(i) = slopes.iter().position(|s| !s.is_finite()) {
            bail!(Nonfinite, "slopes[{i}] is {}; expected a finite number", slopes[i])
        }
        if !value.is_finite() {
            bail!(Nonfinite, "value is {value}; expected a finite number")
        }
        if let Some(i) = (1..knots.len()).find(|&i| knots[i] <= knots[i - 1]) {
            let (a, b) = (knots[i - 1], knots[i]);
            bail!(Argument, "knots must increase strictly; knots[{}] = {a} and knots[{i}] = {b}", i - 1)
        }
        let mut offsets = Vec::with_capacity(slopes.len());
        let mut offset = value - knots.first().map_or(0.0, |t| slopes[0] * t);
        offsets.push(offset);
        for i in 1..slopes.len() {
            offset += (slopes[i - 1] - slopes[i]) * knots[i - 1];
            offsets.push(offset);
        }
        if let Some(i) = offsets.iter().position(|o| !o.is_finite()) {
            bail!(Nonfinite, "piece {i} of the activation overflows: its value at 0 is {}", offsets[i])
        }
        Ok(Pwl { knots, slopes, value, offsets })
    }

    /// max(z, 0) + slope * min(z, 0): ReLU for slope 0, leaky ReLU, abs for slope -1.
    pub fn leaky_relu(slope: f64) -> Result<Self> {
        Pwl::new(vec![0.0], vec![slope, 1.0], 0.0)
    }

    /// min(max(z, low), high); either bound may be infinite.
    pub fn clip(low: f64, high: f64) -> Result<Self> {
        if low.is_nan() || high.is_nan() || low >= high {
            bail!(Argument, "clip: min is {low} and max is {high}; expected min < max")
        }
        match (low.is_finite(), high.is_finite()) {
            (true, true) => Pwl::new(vec![low, high], vec![0.0, 1.0, 0.0], low),
            (true, false) => Pwl::new(vec![low], vec![0.0, 1.0], low),
            (false, true) => Pwl::new(vec![high], vec![1.0, 0.0], high),
            (false, false) => Pwl::new(vec![], vec![1.0], 0.0),
        }
    }

    /// Knots t_1 < ... < t_m.
    pub fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// Slopes s_0 ... s_m.
    pub fn slopes(&self) -> &[f64] {
        &self.slopes
    }

    /// Value at the first knot (at 0 when there is none); with knots and slopes it defines the function exactly.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Piece i is z -> slope i times z plus offset i; offsets are rounded to f64.
    pub fn offsets(&self) -> &[f64] {
        &self.offsets
    }

    /// Index of the interval of `z`: the number of knots below it.
    pub fn interval(&self, z: f64) -> usize {
        self.knots.partition_point(|&t| z > t)
    }

    /// The function at `z`.
    pub fn eval(&self, z: f64) -> f64 {
        let i = self.interval(z);
        self.slopes[i] * z + self.offsets[i]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;

    #[test]
    fn pieces_meet_at_the_knots() {
        let f = Pwl::new(vec![-1.0, 0.0, 2.0], vec![1.0, -2.0, 0.5, 3.0], 4.0).unwrap();
        assert_eq!(f.offsets(), [5.0, 2.0, 2.0, -3.0]);
        let at = |z| (f.interval(z), f.eval(z));
        assert_eq!(at(-3.0), (0, 2.0));
        assert_eq!(at(-1.0), (0, 4.0));
        assert_eq!(at(0.0), (1, 2.0));
        assert_eq!(at(2.0), (2, 3.0));
        assert_eq!(at(3.0), (3, 6.0));
    }

    #[test]
    fn named_functions() {
        let abs = Pwl::leaky_relu(-1.0).unwrap();
        assert_eq!([-2.0, 0.0, 3.0].map(|z| abs.eval(z)), [2.0, 0.0, 3.0]);
        let clip = Pwl::clip(-1.0, 6.0).unwrap();
        assert_eq!([-2.0, 0.5, 7.0].map(|z| clip.eval(z)), [-1.0, 0.5, 6.0]);
        let above = Pwl::clip(0.25, f64::INFINITY).unwrap();
        assert_eq!([-2.0, 1.0].map(|z| above.eval(z)), [0.25, 1.0]);
        let below = Pwl::clip(f64::NEG_INFINITY, 0.25).unwrap();
        assert_eq!([-2.0, 1.0].map(|z| below.eval(z)), [-2.0, 0.25]);
        assert_eq!(Pwl::clip(f64::NEG_INFINITY, f64::INFINITY).unwrap().eval(5.0), 5.0);
    }

    #[test]
    fn what_is_not_a_function_is_refused() {
        let refused = |f: Result<Pwl>| f.unwrap_err().to_string();
        assert_eq!(
            refused(Pwl::new(vec![0.0], vec![1.0], 0.0)),
            "[SHAPE] slopes has 1 entries; expected 2 (knots + 1)"
        );
        assert_eq!(
            refused(Pwl::new(vec![1.0, 1.0], vec![0.0; 3], 0.0)),
            "[ARGUMENT] knots must increase strictly; knots[0] = 1 and knots[1] = 1"
        );
        for (knot, slope, value) in [(f64::NAN, 0.0, 0.0), (0.0, f64::INFINITY, 0.0), (0.0, 0.0, f64::NAN)] {
            let e = Pwl::new(vec![knot], vec![slope, 1.0], value).unwrap_err();
            assert_eq!(e.condition(), Condition::Nonfinite);
        }
        let e = Pwl::new(vec![1e200], vec![1e200, 0.0], 0.0).unwrap_err();
        assert_eq!(e.condition(), Condition::Nonfinite, "a piece that overflows");
        for (low, high) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0)] {
            assert_eq!(Pwl::clip(low, high).unwrap_err().condition(), Condition::Argument);
        }
    }
}
