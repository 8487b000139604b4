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
        let mut signs = [false; 3];
        for i in cell.vertices.clone() {
            signs[(self.sign(&plane, i).1 + 1) as usize] = true;
        }
        match signs {
            [true, _, true] => self.trace_cut(cell, &plane, form),
            [true, touches, false] => {
                self.let_go(cell, true);
                if touches {
                    self.trace_facet(cell, &plane, form);
                }
            }
            [false, _, true] => self.let_go(cell, false),
            [false, ..] => {
                self.let_go(cell, false);
                self.sink().flat += 1;
            }
        }
        Ok(())
    }

    fn trace_cut(&mut self, cell: &Cell, plane: &Plane, form: Level3) {
        let mut cut = std::mem::take(&mut self.scratch.cut);
        self.find_crossings(plane, cell, &mut cut);
        for (made, edge) in cut.made.iter_mut().zip(&cut.edges) {
            let [v, w] = [edge.neg, edge.pos].map(|i| self.stack.vertices[cell.vertices.start + i as usize].name);
            made.name = Key::pair(v, w).with(u64::from(LEVEL));
        }
        let volume = (self.moments(cell).volume() * AREA_UNITS) as i128;
        let [below, _] = self.stack.divide(cell, &mut cut, super::polyhedron::Facet::new(LEVEL, [0.0; 3], 0.0));
        self.scratch.cut = cut;
        let part = (self.moments(&below).volume() * AREA_UNITS) as i128;
        self.write(&below, below.facets.end - 1, false, form);
        let out = self.sink();
        out.count += 1;
        out.volume += volume;
        out.below += part;
        self.stack.truncate(cell);
    }

    /// The output is at most at the level, and reaches it on some vertices: perhaps on all of a facet.
    fn trace_facet(&mut self, cell: &Cell, plane: &Plane, form: Level3) {
        for i in cell.facets.clone() {
            let around = self.stack.around(&self.stack.facets[i]).to_vec();
            if around.iter().all(|&v| self.sign(plane, cell.vertices.start + v as usize).1 == 0) {
                self.write(cell, i, true, form);
            }
        }
    }

    fn write(&mut self, cell: &Cell, facet: usize, on_facet: bool, form: Level3) {
        let (gradient, _) = self.output_map(form.output).unwrap_or_default();
        let frame = &self.plan.frame;
        let facet = self.stack.facets[facet];
        let out = self.out.last_mut().expect("a task has a sink");
        for &i in self.stack.around(&facet) {
            let v = &self.stack.vertices[cell.vertices.start + i as usize];
            self.tally.radius = self.tally.radius.max(v.radius);
            out.points.push(frame.to_domain(v.p));
            out.names.push(v.name);
        }
        out.facets.push([facet.len, u32::from(on_facet)]);
        out.map_a.push(gradient);
    }
}
