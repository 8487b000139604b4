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
use super::domain::Domain;
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

/// A unit with knots `lo .. hi` crossing the cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) unit: u32,
    pub(crate) lo: u16,
    pub(crate) hi: u16,
}

/// A cell to be split by the units of its list.
#[derive(Clone, Debug)]
struct Split {
    level: usize,
    cell: Range<usize>,
    /// The cell that entered the level.
    root: Range<usize>,
    list: Range<usize>,
    /// Block of the fold so far.
    folded: usize,
    /// The unit that cuts and the knot at which it does, once it has.
    cut: Option<(Entry, u16)>,
    /// The side that waits, with the index of its cut edge; `None` once it is under way.
    waiting: Option<(Range<usize>, usize)>,
}

/// Buffers that are only used within one step.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) masks: Masks,
    pub(super) points: Points,
    pub(super) corners: Vec<[f64; 2]>,
    pub(super) units: Vec<u32>,
    pub(super) bits: Vec<u8>,
    pub(super) sides: [Vec<Vertex>; 2],
    pub(super) signs: Vec<(f64, i32)>,
}

pub(crate) struct Task<'p> {
    pub(super) plan: &'p Plan<'p>,
    shared: &'p Shared<'p>,
    splits: Vec<Split>,
    pub(super) vertices: Vec<Vertex>,
    pub(super) list: Vec<Entry>,
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
            values,
            scratch: Scratch::default(),
            exact: shared.ctx.reference(),
            work: 0,
            forks,
            out: vec![Sink::default()],
            tally: Tally { level_cells: vec![0; plan.levels.len()], ..Tally::default() },
        }
    }

    /// Partitions the whole domain.
    pub(crate) fn run_domain(&mut self, domain: &Domain) -> Result<()> {
        for (i, p) in domain.corners(&self.plan.frame).iter().enumerate() {
            // Rounded once to local coordinates.
            self.vertices.push(Vertex::corner(p[0].to_f64(), p[1].to_f64(), f64::EPSILON, i));
        }
        self.enter(0, 0..self.vertices.len())?;
        self.run()
    }

    fn run(&mut self) -> Result<()> {
        while let Some(top) = self.splits.last() {
            if top.cut.is_none() {
                if self.forks > 0 && self.splits.len() == 1 {
                    return self.fork();
                }
                let side = self.cut_top()?;
                self.descend(side, 1)?;
            } else if let Some((cell, edge)) = self.splits.last_mut().and_then(|s| s.waiting.take()) {
                let top = self.splits.last().expect("still there");
                self.vertices.truncate(cell.end);
                self.list.truncate(top.list.end);
                self.descend((cell, edge), 0)?;
            } else {
                let done = self.splits.pop().expect("still there");
                self.list.truncate(done.list.start);
            }
        }
        self.tally.exact_signs = self.values.oracle.asked;
        self.shared.report(&mut self.out)
    }

    /// Cuts the first cell and works on its two sides in parallel.
    fn fork(&mut self) -> Result<()> {
        self.forks -= 1;
        let side = self.cut_top()?;
        let mut parent = self.splits.pop().expect("the split that was cut");
        let negative = parent.waiting.take().expect("a fresh cut has two sides");
        let mut other = self.sibling();
        let bytes = other.values.bytes();
        self.shared.meter.charge(bytes, "partition: a parallel task").map_err(|e| self.shared.fail(e))?;
        let (mine, theirs) = self.shared.ctx.pool().join(
            || {
                self.descend_from(&parent, side, 1)?;
                self.run()
            },
            || {
                other.vertices.truncate(negative.0.end);
                other.descend_from(&parent, negative, 0)?;
                other.run()
            },
        );
        self.shared.meter.release(bytes);
        mine?;
        theirs?;
        self.out.append(&mut other.out);
        self.tally.merge(&other.tally);
        Ok(())
    }

    /// A task that stands where this one does, with nothing to do and nothing written yet.
    fn sibling(&self) -> Task<'p> {
        let (vertices, list) = (self.vertices.clone(), self.list.clone());
        Task::with(self.shared, self.values.sibling(), vertices, list, self.forks)
    }

    /// Cuts the cell of the topmost split; leaves the negative side waiting and returns the positive one.
    fn cut_top(&mut self) -> Result<(Range<usize>, usize)> {
        self.tick(SPLIT_WORK)?;
        let top = self.splits.last().expect("a split to cut");
        let (cell, level) = (top.cell.clone(), top.level);
        let entry = self.list[top.list.start + top.list.len() / 2];
        let knot = (entry.lo + entry.hi) / 2;
        let edges = self.cut(&self.plan.levels[level], entry.unit as usize, knot as usize, cell);
        let start = self.vertices.len();
        self.vertices.extend_from_slice(&self.scratch.sides[0]);
        let negative = start..self.vertices.len();
        self.vertices.extend_from_slice(&self.scratch.sides[1]);
        let positive = negative.end..self.vertices.len();
        let top = self.splits.last_mut().expect("a split to cut");
        top.cut = Some((entry, knot));
        top.waiting = Some((negative, edges[0]));
        Ok((positive, edges[1]))
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

    fn descend(&mut self, side: (Range<usize>, usize), sign: usize) -> Result<()> {
        let parent = self.splits.last().expect("the split whose side this is").clone();
        self.descend_from(&parent, side, sign)
    }

    /// Goes on with one side of a cut: which units of the list still cross it?
    fn descend_from(
        &mut self,
        parent: &Split,
        (cell, edge): (Range<usize>, usize),
        sign: usize,
    ) -> Result<()> {
        let plan = self.plan;
        let level = &plan.levels[parent.level];
        let (picked, knot) = parent.cut.expect("the parent is cut");
        self.values.clear_contributions();
        let start = self.list.len();
        let narrowed = match sign {
            0 => Entry { hi: knot, ..picked },
            _ => Entry { lo: knot + 1, ..picked },
        };
        self.refilter(level, parent.list.clone(), picked.unit, &cell, edge);
        self.keep_or_decide(level, narrowed);
        let folded = self.values.fold(level, parent.folded);
        if self.list.len() > start {
            let list = start..self.list.len();
            let (root, level) = (parent.root.clone(), parent.level);
            self.splits.push(Split { level, cell, root, list, folded, cut: None, waiting: None });
            return Ok(());
        }
        let name = cell_name(&self.vertices[parent.root.clone()]);
        for i in cell.clone() {
            let v = self.vertices[i];
            if v.at != NAMED {
                self.vertices[i].name = v.final_name(&self.vertices[parent.root.clone()], name);
                self.vertices[i].at = NAMED;
            }
        }
        self.leave(parent.level, folded);
        self.enter(parent.level + 1, cell)
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
            self.classify(l, &cell);
            let folded = self.values.fold_base(l);
            if self.list.len() > start {
                for (slot, v) in self.vertices[cell.clone()].iter_mut().enumerate() {
                    v.slot = slot as u32;
                }
                let (root, list) = (cell.clone(), start..self.list.len());
                self.splits.push(Split { level, cell, root, list, folded, cut: None, waiting: None });
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
