//! Writes a finished region: what was asked for, in the coordinates of the domain.

use super::cell::Cell;
use super::center::center;
use super::task::Task;
use super::volume;
use crate::error::{Condition, Error, Result};
use crate::lp::NO_LABEL;

impl Task<'_> {
    pub(super) fn emit(&mut self, cell: &mut Cell) -> Result<()> {
        if self.is_full() {
            return Ok(());
        }
        let want = self.shared.want;
        if want.facets || want.volumes {
            self.solver.tidy(&self.shared.space, cell).map_err(|e| self.shared.fail(e))?;
        }
        let frame = &self.values.plan.frame;
        let d = frame.dim();
        let cones = self.shared.space.cones;
        if want.maps {
            self.emit_maps()?;
        }
        // Facets in the coordinates of the domain, with normals of length 1: what is left of the half-spaces.
        let mut weights = Vec::with_capacity(cell.rows.len());
        let out = self.out.last_mut().expect("a task has a sink");
        let mut facets = 0;
        for i in 0..cell.rows.len() {
            let mut normal: Vec<f64> = cell.rows.normals.row(i).take(d).collect();
            normal.iter_mut().zip(&frame.scale).for_each(|(n, s)| *n /= s);
            let length = normal.iter().map(|n| n * n).sum::<f64>().sqrt();
            weights.push(length);
            if !want.facets || cell.rows.labels[i] == NO_LABEL {
                continue;
            }
            let constant = if cones { -cell.rows.normals.get(i, d) } else { cell.rows.offsets[i] };
            let moved: f64 = normal.iter().zip(&frame.center).map(|(n, c)| n * c).sum();
            // Zeros without a sign.
            out.facet_normals.extend(normal.iter().map(|n| n / length + 0.0));
            out.facet_offsets.push((constant + moved) / length);
            out.facet_lines.push(cell.rows.labels[i]);
            facets += 1;
        }
        if want.facets {
            out.facet_counts.push(facets);
        }
        if want.centers {
            let (point, radius) = self.deep_point(cell, &weights)?;
            let out = self.out.last_mut().expect("a task has a sink");
            out.centers.extend(point);
            out.radii.push(radius);
        }
        if want.volumes {
            let measure = self.values.plan.frame.measure();
            let poll = || self.shared.ctx.poll();
            let local = volume::volume(&cell.rows, poll).map_err(|e| self.shared.fail(e))?;
            self.out.last_mut().expect("a task has a sink").volumes.push(local * measure);
        }
        let effort = self.take_effort();
        let out = self.out.last_mut().expect("a task has a sink");
        if want.patterns {
            out.patterns.extend_from_slice(&self.values.pattern);
        }
        out.efforts.push(effort);
        out.opened.push(self.opens as u32);
        self.opens = self.values.plan.levels.len();
        Ok(())
    }

    /// A deep point of the region and how deep it is, in the coordinates of the domain. Of an unbounded domain: a point
    /// that is deep in the cone of the region, and how deep that is in the region.
    fn deep_point(&mut self, cell: &Cell, weights: &[f64]) -> Result<(Vec<f64>, f64)> {
        let frame = &self.values.plan.frame;
        let space = &self.shared.space;
        let d = frame.dim();
        let ones = vec![1.0; weights.len()];
        // Lengths in units of the largest scale, so that the numbers of the program are about 1.
        let unit = frame.scale.iter().fold(0.0f64, |m, &s| m.max(s));
        let scaled: Vec<f64> = weights.iter().map(|w| w * unit).collect();
        let found = center(space, cell, if space.cones { &ones } else { &scaled }, &mut self.solver.simplex);
        let Some((local, depth)) = found else {
            let error = Error::new(Condition::Numeric, "the deepest point of a region could not be found");
            return Err(self.shared.fail(error));
        };
        let scale = if space.cones { 1.0 / local[d] } else { 1.0 };
        let point = local
            .iter()
            .take(d)
            .zip(&frame.center)
            .zip(&frame.scale)
            .map(|((x, c), s)| c + s * x * scale)
            .collect();
        if !space.cones {
            return Ok((point, depth * unit));
        }
        let mut slack = Vec::new();
        cell.rows.slacks(&local, &mut slack);
        let labelled = (0..slack.len()).filter(|&i| cell.rows.labels[i] != NO_LABEL);
        Ok((point, labelled.map(|i| slack[i] * scale / weights[i]).fold(f64::INFINITY, f64::min)))
    }

    /// Writes the affine maps of a region.
    fn emit_maps(&mut self) -> Result<()> {
        let plan = self.values.plan;
        let (frame, output) = (&plan.frame, plan.net.output());
        let d = frame.dim();
        let block = self.values.block(output);
        let np = block.len() / plan.rows;
        let out = self.out.last_mut().expect("a task has a sink");
        for k in 0..plan.net.output_len() {
            let start = out.map_a.len();
            out.map_a.extend((0..d).map(|c| block[c * np + k] / frame.scale[c]));
            let moved: f64 = out.map_a[start..].iter().zip(&frame.center).map(|(a, c)| a * c).sum();
            let b = block[d * np + k] - moved;
            out.map_b.push(b);
            if !(b.is_finite() && out.map_a[start..].iter().all(|a| a.is_finite())) {
                let text =
                    format!("the affine map of output {k} exceeds the range of f64; enumerate without maps");
                return Err(self.shared.fail(Error::new(Condition::Numeric, text)));
            }
        }
        Ok(())
    }
}
