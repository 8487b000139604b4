//! One worker of the recursion: depth-first, level by level, convex splitting with conflict lists.
//!
//! ```text
//! enter(level, cell):   evaluate the affine nodes of this stage; classify every unit of the level on the cell (on, off,
//!                       crossing); fold the decided ones into the next dense layer; no unit crosses: next level
//! split(cell, list):    cut the cell by one crossing unit; for either side keep the units that still cross, fold those
//!                       that became decided, and split on; an empty list is a leaf of the level: next level, or a cell
//! ```
//! The recursion runs on explicit stacks, so its depth is bounded by memory alone. The order (positive side first) fixes
//! the order of the cells, whatever the number of threads.

use std::ops::Range;

use super::cell::{NAMED, Vertex, cell_name, double_area};
use super::cut::Sides;
use super::domain::Domain;
use super::envelope::Heights;
use super::level::Level;
use super::plan::Plan;
use super::shared::Shared;
use super::sink::{AREA_UNITS, Sink, Tally};
use super::values::Values;
use crate::error::{Condition, Error, Result};
use crate::simd::{Masks, Points};

/// Multiply-adds between two looks at the callbacks and limits: a tenth of a millisecond or so.
const TICK: u64 = 1 << 19;
/// What a split counts for.
const SPLIT_WORK: u64 = TICK / 128;

/// A unit that crosses the cell: a scalar unit with its knots `lo .. hi`, a max unit with its candidates `lo .. hi` of
/// [`Task::live`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) unit: u32,
    pub(crate) lo: u32,
    pub(crate) hi: u32,
}

/// A part of a cell that was cut.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(crate) cell: Range<usize>,
    /// Index of the cut edge.
    pub(crate) edge: usize,
    /// The unit that cut, as it is here.
    pub(crate) entry: Entry,
}

/// A cell to be split by the units of its list.
#[derive(Clone, Debug)]
struct Split {
    level: usize,
    cell: Range<usize>,
    /// The cell that entered the level.
    root: Range<usize>,
    list: Range<usize>,
    /// Where the candidates of its max units end.
    live: usize,
    /// Block of the fold so far.
    folded: usize,
    /// The unit that cuts, once it has, and the sides that wait; the last one is next.
    cut: Option<(u32, Range<usize>)>,
}

/// Buffers that are only used within one step.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) masks: Masks,
    pub(super) points: Points,
    pub(super) corners: Vec<[f64; 2]>,
    pub(super) units: Vec<u32>,
    pub(super) bits: Vec<u8>,
    pub(super) sides: Sides,
    pub(super) signs: Vec<(f64, i32)>,
    pub(super) reach: [Vec<f64>; 2],
    pub(super) doubt: Vec<f64>,
    pub(super) decided: Vec<(usize, usize)>,
    pub(super) heights: Heights,
}

pub(crate) struct Task<'p> {
    pub(super) plan: &'p Plan<'p>,
    shared: &'p Shared<'p>,
    splits: Vec<Split>,
    pub(super) vertices: Vec<Vertex>,
    pub(super) list: Vec<Entry>,
    pub(super) live: Vec<u16>,
    sides: Vec<Side>,
    pub(super) values: Values<'p>,
    pub(super) scratch: Scratch,
    /// The reference path: every sign and every vertex by the exact stage.
    pub(super) exact: bool,
    /// Multiply-adds since the last look at the callbacks and limits.
    work: u64,
    /// How often this task may still hand half of its work to another.
    forks: u32,
    pub(crate) out: Vec<Sink>,
    pub(crate) tally: Tally,
}

impl<'p> Task<'p> {
    pub(crate) fn new(plan: &'p Plan<'p>, shared: &'p Shared<'p>) -> Self {
        let values = Values::new(plan, shared.ctx.isa().kernels());
        Task::with(shared, values, Vec::new(), Vec::new(), shared.forks)
    }

    fn with(
        shared: &'p Shared<'p>,
        values: Values<'p>,
        vertices: Vec<Vertex>,
        list: Vec<Entry>,
        forks: u32,
    ) -> Self {
        let plan = values.plan;
        Task {
            plan,
            shared,
            splits: Vec::new(),
            vertices,
            list,
            live: Vec::new(),
            sides: Vec::new(),
            values,
            scratch: Scratch::default(),
            exact: shared.ctx.reference(),
            work: 0,
            forks,
            out: vec![Sink::default()],
            tally: Tally::new(plan),
        }
    }

    /// The whole domain enters the first level.
    pub(crate) fn start(&mut self, domain: &Domain) -> Result<()> {
        for (i, p) in domain.corners(&self.plan.frame).iter().enumerate() {
            let [x, y] = p.rounded();
            self.vertices.push(Vertex::corner(x, y, f64::EPSILON, i));
        }
        self.enter(0, 0..self.vertices.len())
    }

    /// Works until nothing is left.
    pub(crate) fn run(&mut self) -> Result<()> {
        self.advance(u64::MAX)?;
        self.report()
    }

    /// Tells the shared counters what the task holds.
    pub(crate) fn report(&mut self) -> Result<()> {
        self.shared.report(&mut self.out)
    }

    /// Works until the last sink holds `enough` cells or nothing is left; false in the latter case.
    pub(crate) fn advance(&mut self, enough: u64) -> Result<bool> {
        while let Some(top) = self.splits.last_mut() {
            if self.out.last().is_some_and(|sink| sink.cells >= enough) {
                return Ok(true);
            }
            let Some((_, waiting)) = &mut top.cut else {
                self.cut_top()?;
                if self.forks > 0 {
                    self.fork()?;
                }
                continue;
            };
            if waiting.start == waiting.end {
                self.sides.truncate(waiting.start);
                let done = self.splits.pop().expect("still there");
                self.list.truncate(done.list.start);
                continue;
            }
            waiting.end -= 1;
            let side = self.sides[waiting.end].clone();
            self.vertices.truncate(side.cell.end);
            self.list.truncate(top.list.end);
            self.live.truncate(top.live);
            let parent = top.clone();
            self.descend(&parent, &side)?;
        }
        Ok(false)
    }

    /// What the task has found.
    pub(crate) fn finish(mut self) -> (Vec<Sink>, Tally) {
        self.tally.signs.merge(&self.values.signs);
        (self.out, self.tally)
    }

    /// Shares the work with another thread, once the cell of the only split under way is cut.
    fn fork(&mut self) -> Result<()> {
        if self.splits.len() > 1 {
            return Ok(());
        }
        self.forks -= 1;
        let Some(mut other) = self.detach() else { return Ok(()) };
        let bytes = other.values.bytes();
        self.shared.meter.charge(bytes, "partition: a parallel task").map_err(|e| self.shared.fail(e))?;
        let (mine, theirs) = self.shared.ctx.pool().join(|| self.run(), || other.run());
        self.shared.meter.release(bytes);
        mine?;
        theirs?;
        let (mut out, tally) = other.finish();
        self.out.append(&mut out);
        self.tally.merge(&tally);
        Ok(())
    }

    /// Hands over the last part of the work: the waiting sides of the outermost split that has some, less the one that
    /// comes next if nothing is under way before it. The cells of the new task follow all that are left to this one.
    pub(crate) fn detach(&mut self) -> Option<Task<'p>> {
        let waiting = |s: &Split| s.cut.as_ref().map_or(0, |(_, w)| w.len());
        let outermost = self.splits.iter().position(|s| waiting(s) > 0)?;
        let keep = usize::from(outermost + 1 == self.splits.len());
        if waiting(&self.splits[outermost]) <= keep {
            return None;
        }
        let mut other = self.sibling();
        let mut split = self.splits[outermost].clone();
        let (_, mine) = self.splits[outermost].cut.as_mut()?;
        let (_, theirs) = split.cut.as_mut()?;
        theirs.end -= keep;
        mine.start = theirs.end;
        // What it truncates to when it is done must not cut off the sides of others.
        mine.end = mine.start + keep;
        other.splits.push(split);
        Some(other)
    }

    /// A task that stands where this one does, with nothing to do and nothing written yet.
    fn sibling(&self) -> Task<'p> {
        let (vertices, list) = (self.vertices.clone(), self.list.clone());
        let mut other = Task::with(self.shared, self.values.sibling(), vertices, list, self.forks);
        other.live.clone_from(&self.live);
        other.sides.clone_from(&self.sides);
        other
    }

    /// Cuts the cell of the topmost split by the unit in the middle of its list; the sides are left waiting.
    fn cut_top(&mut self) -> Result<()> {
        self.tick(SPLIT_WORK)?;
        let top = self.splits.last().expect("a split to cut");
        let (cell, number) = (top.cell.clone(), top.level);
        let entry = self.list[top.list.start + top.list.len() / 2];
        let level = &self.plan.levels[number];
        let start = self.sides.len();
        if level.max.is_some() {
            self.cut_envelope(level, entry, cell);
        } else {
            let knot = (entry.lo + entry.hi) / 2;
            self.cut_at_knot(level, entry.unit as usize, knot as usize, cell);
            let sides = std::mem::take(&mut self.scratch.sides);
            let parts = [Entry { hi: knot, ..entry }, Entry { lo: knot + 1, ..entry }];
            for (i, entry) in parts.into_iter().enumerate() {
                self.push_side(&sides.cells[i], sides.edges[i], entry);
            }
            self.scratch.sides = sides;
        }
        let top = self.splits.last_mut().expect("a split to cut");
        top.cut = Some((entry.unit, start..self.sides.len()));
        Ok(())
    }

    pub(super) fn push_side(&mut self, vertices: &[Vertex], edge: usize, entry: Entry) {
        let start = self.vertices.len();
        self.vertices.extend_from_slice(vertices);
        self.sides.push(Side { cell: start..self.vertices.len(), edge, entry });
    }

    /// Now and then, measured in multiply-adds: callbacks, limits, and whether another task has failed.
    fn tick(&mut self, work: u64) -> Result<()> {
        self.work += work;
        if self.work < TICK {
            return Ok(());
        }
        self.work = 0;
        self.shared.report(&mut self.out)
    }

    /// Goes on with one side of a cut: which units of the list still cross it?
    fn descend(&mut self, parent: &Split, side: &Side) -> Result<()> {
        let level = &self.plan.levels[parent.level];
        let (picked, _) = parent.cut.as_ref().expect("the parent is cut");
        self.values.clear_contributions();
        let start = self.list.len();
        let cell = side.cell.clone();
        if level.max.is_some() {
            self.refilter_max(level, parent.list.clone(), *picked, &cell);
            self.values.decide(level, *picked as usize, side.entry.lo as usize);
        } else {
            self.refilter(level, parent.list.clone(), *picked, &cell, side.edge);
            self.keep_or_decide(level, side.entry);
        }
        let folded = self.values.fold(level, parent.folded);
        if self.list.len() > start {
            let (root, list, live) = (parent.root.clone(), start..self.list.len(), self.live.len());
            self.splits.push(Split { level: parent.level, cell, root, list, live, folded, cut: None });
            return Ok(());
        }
        self.name_vertices(level, &cell, &parent.root);
        self.leave(parent.level, folded);
        self.enter(parent.level + 1, cell)
    }

    /// Gives the vertices that this level made their names.
    fn name_vertices(&mut self, level: &Level, cell: &Range<usize>, root: &Range<usize>) {
        if !self.shared.want.mesh {
            self.vertices[cell.clone()].iter_mut().for_each(|v| v.at = NAMED);
            return;
        }
        if level.max.is_some() {
            self.find_ties(level, cell, root);
        }
        let (roots, cells) = self.vertices.split_at_mut(cell.start);
        let root = &roots[root.clone()];
        let mut name = None;
        for v in &mut cells[..cell.len()] {
            if v.at != NAMED {
                let inside = || *name.get_or_insert_with(|| cell_name(root));
                v.name = v.final_name(root, inside);
                v.at = NAMED;
            }
        }
    }

    /// All units of `level` are decided on the current cell.
    fn leave(&mut self, level: usize, folded: usize) {
        self.tally.level_cells[level] += 1;
        self.values.leave(&self.plan.levels[level], folded);
    }

    /// A cell enters a level with everything before it decided. Levels that no unit crosses are passed at once.
    fn enter(&mut self, mut level: usize, cell: Range<usize>) -> Result<()> {
        let plan = self.plan;
        loop {
            if level > 0 {
                self.tick(plan.work[level])?;
                self.values.enter(level);
            }
            if level == plan.levels.len() {
                return self.emit(&cell);
            }
            let l = &plan.levels[level];
            let start = self.list.len();
            self.values.bound_units(l);
            self.values.clear_contributions();
            match l.max {
                None => self.classify(l, &cell),
                Some(_) => self.classify_max(l, &cell),
            }
            let folded = self.values.fold_base(l);
            if self.list.len() > start {
                for (slot, v) in self.vertices[cell.clone()].iter_mut().enumerate() {
                    v.slot = slot as u32;
                }
                let (root, list, live) = (cell.clone(), start..self.list.len(), self.live.len());
                self.splits.push(Split { level, cell, root, list, live, folded, cut: None });
                return Ok(());
            }
            self.leave(level, folded);
            level += 1;
        }
    }

    /// Writes the affine maps of a finished cell. Where f64 overflowed on the way the exact stage has the last word.
    fn emit_maps(&mut self) -> Result<()> {
        let plan = self.plan;
        let output = plan.net.output();
        for k in 0..plan.net.output_len() {
            let block = self.values.block(output);
            let np = block.len() / plan.rows;
            let (mut a, mut b) = plan.frame.map_to_domain([block[k], block[np + k]], block[2 * np + k]);
            if !(a[0].is_finite() && a[1].is_finite() && b.is_finite()) {
                let Values { oracle, pattern, .. } = &mut self.values;
                let f = oracle.value(plan, pattern, output, k);
                (a, b) = plan.frame.map_to_domain([f[0].to_f64(), f[1].to_f64()], f[2].to_f64());
                if !(a[0].is_finite() && a[1].is_finite() && b.is_finite()) {
                    let text = format!(
                        "the affine map of output {k} exceeds the range of f64; partition without maps"
                    );
                    return Err(self.shared.fail(Error::new(Condition::Numeric, text)));
                }
            }
            let out = self.out.last_mut().expect("a task has a sink");
            out.map_a.push(a);
            out.map_b.push(b);
        }
        Ok(())
    }

    /// Writes a finished cell.
    fn emit(&mut self, cell: &Range<usize>) -> Result<()> {
        if self.out.last().is_some_and(|sink| sink.cells >= self.shared.sink_cells) {
            self.report()?;
            self.out.push(Sink::default());
        }
        let (plan, want) = (self.plan, self.shared.want);
        let output_error = if want.maps { self.values.output_error() } else { 0.0 };
        let vertices = &self.vertices[cell.clone()];
        let area = 0.5 * double_area(vertices);
        for v in vertices {
            self.tally.radius = self.tally.radius.max(v.radius);
        }
        let out = self.out.last_mut().expect("a task has a sink");
        out.cells += 1;
        out.area += (area * AREA_UNITS) as i128;
        if want.polygons {
            out.sizes.push(vertices.len() as u32);
            out.areas.push(area * plan.frame.measure());
            out.points.extend(vertices.iter().map(|v| plan.frame.to_domain([v.x, v.y])));
        }
        if want.mesh {
            out.names.extend(vertices.iter().map(|v| v.name));
            out.lines.extend(vertices.iter().map(|v| v.line));
        }
        if want.patterns {
            out.patterns.extend_from_slice(&self.values.pattern);
        }
        if want.maps {
            self.tally.output_error = self.tally.output_error.max(output_error);
            self.emit_maps()?;
        }
        Ok(())
    }
}
