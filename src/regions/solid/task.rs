//! One worker of the recursion in space: the one of the plane (`regions::task`), with polyhedra for cells.
//!
//! ```text
//! enter(level, cell):   evaluate the affine nodes of this stage; classify every unit of the level on the cell (on, off,
//!                       crossing); fold the decided ones into the next dense layer; no unit crosses: next level
//! split(cell, list):    cut the cell by one crossing unit; for either side keep the units that still cross, fold those
//!                       that became decided, and split on; an empty list is a leaf of the level: next level, or a cell
//! ```
//! What becomes of a cell that has passed all levels is a matter of the [`Goal`]: a region of a partition, or a polygon of a
//! surface; the latter also lets cells go early that cannot hold any of it.

use std::ops::Range;

use super::domain::Start;
use super::name::Through;
use super::polyhedron::{Cell, Cut, Mark, NONE, Stack};
use super::prune::{Pruner, Verdict};
use super::sink::Sink;
use super::trace::Level3;
use crate::error::Result;
use crate::regions::plan::Plan;
use crate::regions::shared::Shared;
use crate::regions::sink::{Tally, Want};
use crate::regions::task::Entry;
use crate::regions::values::Values;
use crate::simd::{Masks, Points3};

/// Multiply-adds between two looks at the callbacks and limits: a tenth of a millisecond or so.
const TICK: u64 = 1 << 19;
/// What a split counts for.
const SPLIT_WORK: u64 = TICK / 64;

/// What the recursion is for.
#[derive(Clone)]
pub(super) enum Goal<'p> {
    /// The cells themselves.
    Cells(Want),
    /// The set where an output has a level.
    Surface(Level3, Pruner<'p>),
}

/// A cell to be split by the units of its list.
#[derive(Clone, Debug)]
struct Split {
    level: usize,
    cell: Cell,
    /// The cell that entered the level, and whether this is it.
    root: Cell,
    is_root: bool,
    list: Range<usize>,
    /// Block of the fold so far.
    folded: usize,
    /// The unit that cuts and the knot at which it does, once it has.
    cut: Option<(Entry, u32)>,
    /// The side that waits, and how high the stack was; `None` once it is under way.
    waiting: Option<(Cell, Mark)>,
    /// Length of `Task::through` before the root.
    through: usize,
}

/// Buffers that are only used within one step.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) cut: Cut,
    /// Values at the vertices of the cell being cut.
    pub(super) values: Vec<f64>,
    pub(super) masks: Masks,
    pub(super) points: Points3,
    pub(super) corners: Vec<[f64; 3]>,
    pub(super) units: Vec<u32>,
    pub(super) bits: Vec<u8>,
}

pub(super) struct Task<'p> {
    pub(super) plan: &'p Plan<'p>,
    pub(super) shared: &'p Shared<'p>,
    pub(super) goal: Goal<'p>,
    splits: Vec<Split>,
    pub(super) stack: Stack,
    /// What passes through vertices, as lists that share their tails.
    pub(super) through: Vec<(Through, u32)>,
    pub(super) list: Vec<Entry>,
    pub(super) values: Values<'p>,
    pub(super) scratch: Scratch,
    /// The reference path: every sign and every vertex by the exact stage.
    pub(super) exact: bool,
    /// Multiply-adds since the last look at the callbacks and limits.
    work: u64,
    /// How often this task may still hand half of its work to another.
    forks: u32,
    pub(super) out: Vec<Sink>,
    pub(super) tally: Tally,
}

impl<'p> Task<'p> {
    pub(super) fn new(plan: &'p Plan<'p>, shared: &'p Shared<'p>, goal: Goal<'p>) -> Self {
        let values = Values::new(plan, shared.ctx.isa().kernels());
        Task::with(shared, goal, values, shared.forks)
    }

    fn with(shared: &'p Shared<'p>, goal: Goal<'p>, values: Values<'p>, forks: u32) -> Self {
        let plan = values.plan;
        Task {
            plan,
            shared,
            goal,
            splits: Vec::new(),
            stack: Stack::default(),
            through: Vec::new(),
            list: Vec::new(),
            values,
            scratch: Scratch::default(),
            exact: shared.ctx.reference(),
            work: 0,
            forks,
            out: vec![Sink::default()],
            tally: Tally { level_cells: vec![0; plan.levels.len()], ..Tally::default() },
        }
    }

    /// Works through the whole domain.
    pub(super) fn run_domain(&mut self, start: &Start) -> Result<()> {
        let (stack, cell) = start.cell(&self.plan.sides);
        self.stack = stack;
        self.enter(0, cell)?;
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
            } else if let Some((cell, mark)) = self.splits.last_mut().and_then(|s| s.waiting.take()) {
                let top = self.splits.last().expect("still there");
                self.stack.truncate(&mark);
                self.list.truncate(top.list.end);
                self.descend(cell, 0)?;
            } else {
                let done = self.splits.pop().expect("still there");
                self.list.truncate(done.list.start);
                if done.is_root {
                    // Its vertices are done with, and what passes through them.
                    self.through.truncate(done.through);
                }
            }
        }
        self.tally.signs = self.values.signs;
        self.shared.report(&mut self.out)
    }

    /// Cuts the first cell and works on its two sides in parallel.
    fn fork(&mut self) -> Result<()> {
        self.forks -= 1;
        let side = self.cut_top()?;
        let mut parent = self.splits.pop().expect("the split that was cut");
        let (negative, _) = parent.waiting.take().expect("a fresh cut has two sides");
        let mut other = self.sibling();
        let bytes = other.values.bytes();
        self.shared.meter.charge(bytes, "a parallel task").map_err(|e| self.shared.fail(e))?;
        let (mine, theirs) = self.shared.ctx.pool().join(
            || {
                self.descend_from(&parent, side, 1)?;
                self.run()
            },
            || {
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
        let mut other = Task::with(self.shared, self.goal.clone(), self.values.sibling(), self.forks);
        other.stack.clone_from(&self.stack);
        // Numbers belong to the sink.
        other.stack.vertices.iter_mut().for_each(|v| v.id = NONE);
        other.through.clone_from(&self.through);
        other.list.clone_from(&self.list);
        other
    }

    /// Cuts the cell of the topmost split by the unit in the middle of its list; leaves the negative side waiting and
    /// returns the positive one.
    fn cut_top(&mut self) -> Result<Cell> {
        self.tick(SPLIT_WORK)?;
        let top = self.splits.last().expect("a split to cut");
        let (cell, level) = (top.cell, top.level);
        let entry = self.list[top.list.start + top.list.len() / 2];
        let knot = (entry.lo + entry.hi) / 2;
        let plane = self.values.plane(&self.plan.levels[level], entry.unit as usize, knot as usize);
        let [negative, positive] = self.cut(&plane, &cell);
        let mark = self.stack.mark();
        let top = self.splits.last_mut().expect("a split to cut");
        top.cut = Some((entry, knot));
        top.waiting = Some((negative, mark));
        Ok(positive)
    }

    /// Now and then, measured in multiply-adds: callbacks, limits, and whether another task has failed.
    pub(super) fn tick(&mut self, work: u64) -> Result<()> {
        self.work += work;
        if self.work < TICK {
            return Ok(());
        }
        self.work = 0;
        self.shared.report(&mut self.out)
    }

    fn descend(&mut self, side: Cell, sign: usize) -> Result<()> {
        let parent = self.splits.last().expect("the split whose side this is").clone();
        self.descend_from(&parent, side, sign)
    }

    /// Goes on with one side of a cut: which units of the list still cross it?
    fn descend_from(&mut self, parent: &Split, cell: Cell, sign: usize) -> Result<()> {
        let level = &self.plan.levels[parent.level];
        let (picked, knot) = parent.cut.expect("the parent is cut");
        self.values.clear_contributions();
        let start = self.list.len();
        let narrowed = match sign {
            0 => Entry { hi: knot, ..picked },
            _ => Entry { lo: knot + 1, ..picked },
        };
        self.refilter(level, parent.list.clone(), picked.unit, &cell);
        self.keep_or_decide(level, narrowed);
        let folded = self.values.fold(level, parent.folded);
        if self.list.len() > start {
            let (root, list) = (parent.root, start..self.list.len());
            let (level, through) = (parent.level, parent.through);
            let is_root = false;
            self.splits.push(Split {
                level,
                cell,
                root,
                is_root,
                list,
                folded,
                cut: None,
                waiting: None,
                through,
            });
            return Ok(());
        }
        self.name_vertices(level, &cell, &parent.root);
        self.leave(parent.level, folded);
        self.enter(parent.level + 1, cell)
    }

    /// All units of `level` are decided on the current cell.
    fn leave(&mut self, level: usize, folded: usize) {
        self.tally.level_cells[level] += 1;
        self.values.leave(&self.plan.levels[level], folded);
    }

    /// A cell enters a level with everything before it decided. Levels that no unit crosses are passed at once.
    fn enter(&mut self, mut level: usize, mut cell: Cell) -> Result<()> {
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
            let (start, through) = (self.list.len(), self.through.len());
            self.values.bound_units(l);
            if let Verdict::Out(below) = self.look_ahead(l, &cell)? {
                self.let_go(&cell, below);
                return Ok(());
            }
            self.values.clear_contributions();
            self.classify(l, &mut cell);
            let folded = self.values.fold_base(l);
            if self.list.len() > start {
                let (root, list, is_root) = (cell, start..self.list.len(), true);
                self.splits.push(Split {
                    level,
                    cell,
                    root,
                    is_root,
                    list,
                    folded,
                    cut: None,
                    waiting: None,
                    through,
                });
                return Ok(());
            }
            self.leave(level, folded);
            level += 1;
        }
    }
}
