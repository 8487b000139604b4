//! The breakpoints of one level of units as hyperplanes of the current cell, with normals of length 1.

use super::side::Space;
use crate::regions::level::Level;
use crate::regions::values::Values;

/// Hyperplane j is where `normal . x + constant = 0`: knot j of the level, all units one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sheet {
    normals: Vec<f64>,
    constants: Vec<f64>,
    /// How deep a cell must reach on both sides to be crossed.
    margins: Vec<f64>,
}

impl Sheet {
    /// Fills the sheet from the functionals of a level on the current cell.
    pub(crate) fn fill(&mut self, values: &Values, level: &Level, space: &Space) {
        let d = values.plan.coords - 1;
        let block = values.block(level.source);
        let scale = values.error_scale(level);
        self.normals.clear();
        self.constants.clear();
        self.margins.clear();
        for k in 0..level.n {
            for &knot in level.knots_of(k) {
                let start = self.normals.len();
                self.normals.extend((0..d).map(|c| block[c * level.np + k]));
                let mut constant = block[d * level.np + k] - knot;
                if space.cones {
                    self.normals.push(constant);
                    constant = 0.0;
                }
                let normal = &mut self.normals[start..];
                let error = scale * level.error[k] + f64::EPSILON * knot.abs();
                // Scaled first: squares may over- or underflow.
                let largest = normal.iter().fold(0.0f64, |m, x| m.max(x.abs()));
                let length = largest * normal.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
                if largest > error {
                    normal.iter_mut().for_each(|x| *x /= length);
                    self.constants.push(constant / length);
                    self.margins.push(space.tolerance.max(4.0 * error / length));
                } else {
                    // Constant on the domain: strictly above, strictly below, or off.
                    normal.fill(0.0);
                    let sign = if constant.abs() > error { constant.signum() } else { 0.0 };
                    self.constants.push(sign);
                    self.margins.push(space.tolerance);
                }
            }
        }
    }

    /// Normal, constant and margin of hyperplane `j` in a space of `dim` coordinates.
    #[inline]
    pub(crate) fn plane(&self, dim: usize, j: usize) -> (&[f64], f64, f64) {
        (&self.normals[j * dim..][..dim], self.constants[j], self.margins[j])
    }
}
