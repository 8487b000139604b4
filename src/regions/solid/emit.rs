//! Writes the cells of a partition.

use super::measure::Moments;
use super::polyhedron::{Cell, NONE};
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
        let first = self.stack.members(cell)[0];
        let at = |v: u32| self.stack.vertices[v as usize].p;
        let mut moments = Moments::about(at(first));
        for facet in self.stack.sides(cell) {
            let around = self.stack.around(facet);
            // Facets at the first vertex add nothing.
            if !around.contains(&first) {
                moments.facet(around.iter().map(|&v| at(v)));
            }
        }
        moments
    }

    /// Gives vertex `i` of the stack a number in the sink, if vertices are wanted.
    #[inline]
    pub(super) fn number_vertex(&mut self, i: usize) -> u32 {
        let wanted = match self.goal {
            Goal::Cells(want) => want.mesh,
            Goal::Surface(..) => false,
        };
        let v = &mut self.stack.vertices[i];
        if wanted && v.id == NONE {
            let out = self.out.last_mut().expect("a task has a sink");
            v.id = out.points.len() as u32;
            out.points.push(self.plan.frame.to_domain(v.p));
            out.names.push(v.name);
            self.tally.radius = self.tally.radius.max(v.radius);
        }
        v.id
    }

    fn emit_cell(&mut self, cell: &Cell, want: Want) -> Result<()> {
        let moments = self.moments(cell);
        let volume = moments.volume();
        if want.maps {
            self.tally.output_error = self.tally.output_error.max(self.values.output_error());
            self.emit_maps()?;
        }
        if want.mesh {
            for i in cell.members() {
                let id = self.number_vertex(self.stack.members[i] as usize);
                self.sink().members.push(id);
            }
        }
        let frame = &self.plan.frame;
        let stack = &self.stack;
        let out = self.out.last_mut().expect("a task has a sink");
        out.count += 1;
        out.volume += (volume * AREA_UNITS) as i128;
        if want.polygons {
            let n = cell.members().len() as f64;
            let mean = || [0, 1, 2].map(|i| stack.corners(cell).map(|v| v.p[i]).sum::<f64>() / n);
            out.volumes.push(volume * frame.measure());
            out.centroids.push(frame.to_domain(moments.centroid().unwrap_or_else(mean)));
        }
        if want.mesh {
            out.sizes.push([cell.members().len() as u32, cell.faces().len() as u32]);
            for facet in stack.sides(cell) {
                out.facets.push([facet.len, facet.plane]);
                out.loops.extend(stack.around(facet).iter().map(|&v| stack.vertices[v as usize].id));
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
                let text =
                    format!("the affine map of output {k} exceeds the range of f64; partition without maps");
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
