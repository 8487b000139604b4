//! Writes the cells of a partition.

use super::measure::Moments;
use super::polyhedron::Cell;
use super::sink::Sink;
use super::task::{Goal, Task};
use crate::error::{Condition, Error, Result};
use crate::regions::sink::{AREA_UNITS, Want};

impl Task<'_> {
    /// A cell has passed all levels.
    pub(super) fn emit(&mut self, cell: &Cell) -> Result<()> {
        match self.goal {
            Goal::Cells(want) => self.emit_cell(cell, want),
            Goal::Surface(level, _) => self.trace(cell, level),
        }
    }

    /// The sink of this task.
    pub(super) fn sink(&mut self) -> &mut Sink {
        self.out.last_mut().expect("a task has a sink")
    }

    /// Volume and first moment of a cell, in local coordinates.
    pub(super) fn moments(&self, cell: &Cell) -> Moments {
        let vertices = self.stack.vertices(cell);
        let mut moments = Moments::about(vertices[0].p);
        for facet in self.stack.facets(cell) {
            let around = self.stack.around(facet);
            // Facets at the first vertex add nothing.
            if !around.contains(&0) {
                moments.facet(around.iter().map(|&v| vertices[v as usize].p));
            }
        }
        moments
    }

    fn emit_cell(&mut self, cell: &Cell, want: Want) -> Result<()> {
        let moments = self.moments(cell);
        let volume = moments.volume();
        if want.maps {
            self.tally.output_error = self.tally.output_error.max(self.values.output_error());
            self.emit_maps()?;
        }
        let frame = &self.plan.frame;
        let vertices = self.stack.vertices(cell);
        let out = self.out.last_mut().expect("a task has a sink");
        out.count += 1;
        out.volume += (volume * AREA_UNITS) as i128;
        for v in vertices {
            self.tally.radius = self.tally.radius.max(v.radius);
        }
        if want.polygons {
            let mean = || [0, 1, 2].map(|i| vertices.iter().map(|v| v.p[i]).sum::<f64>() / vertices.len() as f64);
            out.volumes.push(volume * frame.measure());
            out.centroids.push(frame.to_domain(moments.centroid().unwrap_or_else(mean)));
        }
        if want.mesh {
            let facets = self.stack.facets(cell);
            out.sizes.push([vertices.len() as u32, facets.len() as u32]);
            out.points.extend(vertices.iter().map(|v| frame.to_domain(v.p)));
            out.names.extend(vertices.iter().map(|v| v.name));
            for facet in facets {
                out.facets.push([facet.len, facet.plane]);
                out.loops.extend_from_slice(self.stack.around(facet));
            }
        }
        if want.patterns {
            out.patterns.extend_from_slice(&self.values.pattern);
        }
        Ok(())
    }

    /// Writes the affine maps of a finished cell. Where f64 overflowed on the way the exact stage has the last word.
    fn emit_maps(&mut self) -> Result<()> {
        for k in 0..self.plan.net.output_len() {
            let Some((a, b)) = self.output_map(k) else {
                let text = format!("the affine map of output {k} exceeds the range of f64; partition without maps");
                return Err(self.shared.fail(Error::new(Condition::Numeric, text)));
            };
            let out = self.sink();
            out.map_a.push(a);
            out.map_b.push(b);
        }
        Ok(())
    }

    /// Output `k` on the current cell, which has passed all levels: a . (u, v, w) + b. `None` if it overflows.
    pub(super) fn output_map(&mut self, k: usize) -> Option<([f64; 3], f64)> {
        let plan = self.plan;
        let block = self.values.block(plan.net.output());
        let np = block.len() / plan.rows;
        let finite = |(a, b): &([f64; 3], f64)| a.iter().all(|x| x.is_finite()) && b.is_finite();
        let map = plan.frame.map_to_domain([block[k], block[np + k], block[2 * np + k]], block[3 * np + k]);
        if finite(&map) {
            return Some(map);
        }
        let f = self.values.oracle.value(plan, &self.values.pattern, plan.net.output(), k);
        let f = [0, 1, 2, 3].map(|i| f[i].to_f64());
        Some(plan.frame.map_to_domain([f[0], f[1], f[2]], f[3])).filter(finite)
    }
}
