//! The piece of a level set in a cell: a polygon, whose vertices are named like those of the cells.
//!
//! The set is seen as the border of the solid {output < level}: each polygon is a facet of the solid's part in one cell,
//! counter-clockwise as seen from where the output is larger.

use super::polyhedron::Cell;
use super::sign::Plane;
use super::task::Task;
use crate::error::Result;
use crate::regions::key::Key;
use crate::regions::sink::AREA_UNITS;

/// The number of the plane on which the output has the level: beyond those of all units.
pub(super) const LEVEL: u32 = u32::MAX - 1;

/// The set where output `output` equals `level`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level3 {
    pub(super) output: usize,
    pub(super) level: f64,
}

impl Task<'_> {
    /// A cell that cannot hold any of the set; `below` tells on which side of the level it is.
    pub(super) fn let_go(&mut self, cell: &Cell, below: bool) {
        let volume = (self.moments(cell).volume() * AREA_UNITS) as i128;
        let out = self.sink();
        out.count += 1;
        out.volume += volume;
        out.below += if below { volume } else { 0 };
    }

    /// Where the output has the level, on a cell that has passed all levels of units.
    fn level_plane(&self, form: Level3) -> Plane {
        let block = self.values.block(self.plan.net.output());
        let np = block.len() / self.plan.rows;
        let [a, b, c, d] = [0, 1, 2, 3].map(|row| block[row * np + form.output]);
        Plane {
            f: [a, b, c, d - form.level],
            size: a.abs() + b.abs() + c.abs() + d.abs() + form.level.abs(),
            error: self.values.output_error(),
            number: LEVEL,
        }
    }

    /// Writes the polygon that a finished cell holds.
    pub(super) fn trace(&mut self, cell: &Cell, form: Level3) -> Result<()> {
        let plane = self.level_plane(form);
        match self.signs_at(&plane, cell) {
            (true, true) => self.trace_cut(cell, &plane, form),
            (false, true) => {
                self.let_go(cell, true);
                self.trace_facet(cell, form);
            }
            (true, false) => self.let_go(cell, false),
            (false, false) => {
                self.let_go(cell, false);
                self.sink().flat += 1;
            }
        }
        Ok(())
    }

    fn trace_cut(&mut self, cell: &Cell, plane: &Plane, form: Level3) {
        let mark = self.stack.mark();
        let volume = (self.moments(cell).volume() * AREA_UNITS) as i128;
        let [below, _] = self.cut(plane, cell);
        let cut = &self.scratch.cut;
        for (i, edge) in cut.edges.iter().enumerate() {
            let [v, w] = [edge.neg, edge.pos].map(|i| self.stack.vertices[i as usize].name);
            self.stack.vertices[cut.first as usize + i].name = Key::pair(v, w).with(u64::from(LEVEL));
        }
        let part = (self.moments(&below).volume() * AREA_UNITS) as i128;
        self.write(self.stack.faces[below.last_face()], false, form);
        let out = self.sink();
        out.count += 1;
        out.volume += volume;
        out.below += part;
        self.stack.truncate(&mark);
    }

    /// The output is at most at the level on the cell: it may have it on all of a facet.
    fn trace_facet(&mut self, cell: &Cell, form: Level3) {
        for i in cell.faces() {
            let number = self.stack.faces[i];
            let facet = &self.stack.facets[number as usize];
            let flat = self.stack.around(facet).iter().all(|&v| self.stack.signs[v as usize] == 0);
            // Nothing is beyond the sides of the domain.
            if flat && facet.plane as usize >= self.plan.sides.len() {
                self.write(number, true, form);
            }
        }
    }

    fn write(&mut self, facet: u32, on_facet: bool, form: Level3) {
        let (gradient, _) = self.output_map(form.output).unwrap_or_default();
        let frame = &self.plan.frame;
        let facet = self.stack.facets[facet as usize];
        let out = self.out.last_mut().expect("a task has a sink");
        for &i in self.stack.around(&facet) {
            let v = &self.stack.vertices[i as usize];
            self.tally.radius = self.tally.radius.max(v.radius);
            out.points.push(frame.to_domain(v.p));
            out.names.push(v.name);
        }
        out.facets.push([facet.len, u32::from(on_facet)]);
        out.map_a.push(gradient);
    }
}
