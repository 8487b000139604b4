//! The breakpoints of one level of units as hyperplanes of the current cell, with normals of length 1.

use super::side::{Plane, Space};
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
        let mut functional = Vec::with_capacity(space.dim);
        for k in 0..level.n {
            for &knot in level.knots_of(k) {
                functional.clear();
                functional.extend((0..d).map(|c| block[c * level.np + k]));
                let error = scale * level.error[k] + f64::EPSILON * knot.abs();
                let constant = block[d * level.np + k] - knot;
                let (constant, margin) = space.normalise(&mut functional, constant, error);
                self.normals.extend_from_slice(&functional);
                self.constants.push(constant);
                self.margins.push(margin);
            }
        }
    }

    /// Hyperplane `line` of `level` in a space of `dim` coordinates.
    #[inline]
    pub(crate) fn plane(&self, dim: usize, level: &Level, line: u32) -> Plane<'_> {
        let j = (line - level.first_line) as usize;
        let normal = &self.normals[j * dim..][..dim];
        Plane { normal, constant: self.constants[j], margin: self.margins[j], line }
    }
}
