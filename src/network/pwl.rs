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

    /// Piece i is z -> slopes[i] * z + offsets[i]; offsets are rounded to f64.
    pub fn offsets(&self) -> &[f64] {
        &self.offsets
    }

    /// Index of the interval of `z`: the number of knots below it.
    pub fn interval(&self, z: f64) -> usize {
        self.knots.iter().take_while(|&&t| z > t).count()
    }

    /// The function at `z`.
    pub fn eval(&self, z: f64) -> f64 {
        let i = self.interval(z);
        self.slopes[i] * z + self.offsets[i]
    }
}
