//! One worker of the recursion: depth-first, level by level, cells given by half-spaces.
//!
//! The same recursion as in the plane (`regions::task`), with `side` for what vertices tell there:
//! ```text
//! enter(level, cell):   evaluate the affine nodes of this stage; which units of the level cross the cell? fold the decided
//!                       ones into the next dense layer; no unit crosses: next level
//! split(cell, list):    cut the cell by one crossing unit; for either side keep the units that still cross, fold those that
//!                       became decided, and split on; an empty list is a leaf of the level: next level, or a region
//! ```
//! The order (positive side first) fixes the order of the regions, and every decision depends on the path to it alone,
//! whatever the number of threads.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::cell::Cell;
use super::shared::Shared;
use super::sheet::Sheet;
use super::side::{Effort, Side, Solver};
use super::sink::Sink;
use crate::error::Result;
use crate::regions::level::Level;
use crate::regions::task::Entry;
use crate::regions::values::Values;

/// Multiply-adds between two looks at the callbacks and limits: a fraction of a millisecond.
const TICK: u64 = 1 << 18;
/// Known points that a part of a cell takes over, for each dimension.
pub(super) const POINTS: usize = 3;
/// A cell is freed of redundant half-spaces when it has this many that it did not have the last time, and parts of it are
/// still to come, which all profit.
const TIDY: usize = 4;

/// A part of a cell that was cut, and the unit that cut it as it is there.
pub(super) type Part = (Cell, Entry);

/// A cell to be split by the units of its list.
#[derive(Debug)]
struct Split {
    level: usize,
    cell: Cell,
    list: Range<usize>,
    /// Where the candidates of its max units end.
    live: usize,
    /// Block of the fold so far.
    folded: usize,
    /// The unit that cuts, once it has.
    cut: Option<u32>,
    /// The parts that wait; the last one is next.
    waiting: Vec<Part>,
    /// How much of the split tree is below each part, for the progress.
    share: f64,
}

pub(crate) struct Task<'p> {
    pub(super) shared: &'p Shared<'p>,
    pub(super) values: Values<'p>,
    pub(super) solver: Solver,
    splits: Vec<Split>,
    pub(super) list: Vec<Entry>,
    /// Candidates of max units that may win.
    pub(super) live: Vec<u16>,
    /// One a level.
    sheets: Vec<Sheet>,
    /// Cells whose memory can be had.
    pub(super) spare: Vec<Cell>,
    /// Bytes of cells that the meter knows of.
    charged: usize,
    /// Multiply-adds since the last look at the callbacks and limits, and what was done since.
    work: u64,
    told: u64,
    part: f64,
    forks: u32,
    /// Counters of what comes before this task in the order of the regions, and those that this task adds to.
    before: Vec<Arc<AtomicU64>>,
    adds: Vec<Arc<AtomicU64>>,
    /// The first level that the next region opens.
    pub(super) opens: usize,
    /// Whether the limit ended the task before its work was done.
    pub(crate) stopped: bool,
    pub(crate) out: Vec<Sink>,
}

impl<'p> Task<'p> {
    pub(crate) fn new(values: Values<'p>, shared: &'p Shared<'p>) -> Self {
        let levels = values.plan.levels.len();
        Task {
            shared,
            values,
            solver: Solver::default(),
            splits: Vec::new(),
            list: Vec::new(),
            live: Vec::new(),
            sheets: vec![Sheet::default(); levels],
            spare: Vec::new(),
            charged: 0,
            work: 0,
            told: 0,
            part: 0.0,
            forks: shared.forks,
            before: Vec::new(),
            adds: Vec::new(),
            opens: 0,
            stopped: false,
            out: vec![Sink::default()],
        }
    }

    /// Enumerates the regions inside `cell`, the whole domain.
    pub(crate) fn run_domain(&mut self, cell: Cell) -> Result<()> {
        self.enter(0, cell, 1.0)?;
        self.run()
    }

    fn run(&mut self) -> Result<()> {
        while let Some(top) = self.splits.last_mut() {
            if self.stopped {
                break;
            }
            if top.cut.is_none() {
                self.cut_top()?;
                if self.forks > 0 && self.splits.len() == 1 {
                    return self.fork();
                }
            } else if let Some(part) = top.waiting.pop() {
                self.list.truncate(top.list.end);
                self.live.truncate(top.live);
                // Below what the part may push.
                let at = self.splits.len() - 1;
                let parent = self.splits.remove(at);
                self.opens = self.opens.min(parent.level);
                let done = self.descend(&parent, part);
                self.splits.insert(at, parent);
                done?;
            } else {
                let done = self.splits.pop().expect("still there");
                self.list.truncate(done.list.start);
                self.spare.push(done.cell);
            }
        }
        self.report()?;
        self.shared.meter.release(self.charged);
        Ok(())
    }

    /// Goes on with the first part of the only cell, which is cut, and with the others in parallel.
    fn fork(&mut self) -> Result<()> {
        self.forks -= 1;
        let mut parent = self.splits.pop().expect("the split that was cut");
        let first = parent.waiting.pop().expect("a fresh cut has parts");
        let mut other = Task::new(self.values.sibling(), self.shared);
        other.list.clone_from(&self.list);
        other.live.clone_from(&self.live);
        other.sheets.clone_from(&self.sheets);
        other.forks = self.forks;
        other.opens = parent.level;
        let mine = Arc::new(AtomicU64::new(0));
        other.adds.clone_from(&self.adds);
        other.before.clone_from(&self.before);
        other.before.push(mine.clone());
        self.adds.push(mine);
        let bytes = other.values.bytes();
        self.shared.meter.charge(bytes, "enumeration: a parallel task").map_err(|e| self.shared.fail(e))?;
        let copy = Split { cell: Cell::default(), waiting: Vec::new(), list: parent.list.clone(), ..parent };
        other.splits.push(parent);
        let (left, right) = self.shared.ctx.pool().join(
            || {
                self.descend(&copy, first)?;
                self.run()
            },
            || other.run(),
        );
        self.shared.meter.release(bytes);
        left?;
        right?;
        self.stopped |= other.stopped;
        self.out.append(&mut other.out);
        Ok(())
    }

    /// Cuts the cell of the topmost split by the unit in the middle of its list; the parts are left waiting.
    fn cut_top(&mut self) -> Result<()> {
        let mut top = self.splits.pop().expect("a split to cut");
        let level = &self.values.plan.levels[top.level];
        let entry = self.list[top.list.start + top.list.len() / 2];
        match level.max {
            None => self.cut_at_knot(level, entry, &mut top.cell, &mut top.waiting)?,
            Some(_) => self.cut_envelope(level, entry, &mut top.cell, &mut top.waiting)?,
        }
        top.share /= top.waiting.len() as f64;
        top.cut = Some(entry.unit);
        self.splits.push(top);
        Ok(())
    }

    fn cut_at_knot(
        &mut self,
        level: &Level,
        entry: Entry,
        cell: &mut Cell,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let space = &self.shared.space;
        let knot = (entry.lo + entry.hi) / 2;
        let line = level.line(entry.unit as usize, knot as usize);
        let plane = self.sheets[level.number].plane(space.dim, level, line);
        // Again: the points that showed the crossing may have gone with half-spaces that were dropped since.
        let side = self.solver.side(space, cell, &plane).map_err(|e| self.shared.fail(e))?;
        let (below, above) = (Entry { hi: knot, ..entry }, Entry { lo: knot + 1, ..entry });
        let mut part = |sign: f64, entry| {
            let mut part = self.spare.pop().unwrap_or_else(|| Cell::new(space.dim));
            part.cut_from(cell, &plane, sign, &self.solver.values, POINTS * space.dim);
            parts.push((part, entry));
        };
        if side != Side::Above {
            part(-1.0, below);
        }
        if matches!(side, Side::Above | Side::Cross) {
            part(1.0, above);
        }
        Ok(())
    }

    /// Goes on with one part of a cut: which units of the list still cross it?
    fn descend(&mut self, parent: &Split, (mut cell, side): Part) -> Result<()> {
        let level = &self.values.plan.levels[parent.level];
        let picked = parent.cut.expect("the parent is cut");
        self.values.clear_contributions();
        let start = self.list.len();
        if level.max.is_some() {
            self.values.decide(level, picked as usize, side.lo as usize);
        }
        for i in parent.list.clone() {
            let entry = self.list[i];
            if entry.unit != picked {
                self.settle(level, entry, &mut cell)?;
            } else if level.max.is_none() {
                self.keep_or_decide(level, side);
            }
        }
        let folded = self.values.fold(level, parent.folded);
        self.tick()?;
        if self.list.len() > start {
            if self.list.len() - start > 1 {
                self.tidy(&mut cell)?;
            }
            self.push_split(parent.level, cell, start, folded, parent.share);
            return Ok(());
        }
        self.values.leave(level, folded);
        self.enter(parent.level + 1, cell, parent.share)
    }

    fn push_split(&mut self, level: usize, cell: Cell, start: usize, folded: usize, share: f64) {
        let (list, live) = (start..self.list.len(), self.live.len());
        self.splits.push(Split { level, cell, list, live, folded, cut: None, waiting: Vec::new(), share });
    }

    /// A cell enters a level with everything before it decided. Levels that no unit crosses are passed at once.
    fn enter(&mut self, mut level: usize, mut cell: Cell, share: f64) -> Result<()> {
        let plan = self.values.plan;
        loop {
            if level > 0 {
                self.work += plan.work[level];
                self.values.enter(level);
            }
            if level == plan.levels.len() {
                self.emit(&mut cell)?;
                self.part += share;
                self.spare.push(cell);
                return Ok(());
            }
            self.tidy(&mut cell)?;
            let l = &plan.levels[level];
            self.values.bound_units(l);
            self.values.clear_contributions();
            let start = self.list.len();
            if l.max.is_some() {
                self.classify_max(l, &mut cell)?;
            } else {
                let mut sheet = std::mem::take(&mut self.sheets[level]);
                sheet.fill(&self.values, l, &self.shared.space);
                self.sheets[level] = sheet;
                for k in 0..l.n {
                    let all = Entry { unit: k as u32, lo: 0, hi: l.knots_of(k).len() as u32 };
                    self.settle(l, all, &mut cell)?;
                }
            }
            let folded = self.values.fold_base(l);
            self.tick()?;
            if self.list.len() > start {
                self.push_split(level, cell, start, folded, share);
                return Ok(());
            }
            self.values.leave(l, folded);
            level += 1;
        }
    }

    /// Keeps a unit on the list if it still crosses the cell, decides it if not.
    fn settle(&mut self, level: &Level, entry: Entry, cell: &mut Cell) -> Result<()> {
        if level.max.is_some() {
            return self.settle_max(level, entry, cell);
        }
        let entry = self.narrow(level, entry, cell)?;
        self.keep_or_decide(level, entry);
        Ok(())
    }

    fn tidy(&mut self, cell: &mut Cell) -> Result<()> {
        if cell.rows.len() < cell.fresh + TIDY {
            return Ok(());
        }
        self.solver.tidy(&self.shared.space, cell).map_err(|e| self.shared.fail(e))
    }

    /// Which of the knots of a unit cross the cell.
    fn narrow(&mut self, level: &Level, mut entry: Entry, cell: &mut Cell) -> Result<Entry> {
        let space = &self.shared.space;
        let sheet = &self.sheets[level.number];
        for knot in entry.lo..entry.hi {
            let line = level.line(entry.unit as usize, knot as usize);
            let plane = sheet.plane(space.dim, level, line);
            match self.solver.side(space, cell, &plane).map_err(|e| self.shared.fail(e))? {
                Side::Above => entry.lo = knot + 1,
                Side::Cross => {}
                // Flat on the knot: off.
                Side::Below | Side::Flat => {
                    entry.hi = knot;
                    break;
                }
            }
        }
        self.work += (cell.pool.len() * space.dim) as u64;
        Ok(entry)
    }

    /// A unit whose crossing knots are known: back to the list, or decided.
    fn keep_or_decide(&mut self, level: &Level, e: Entry) {
        if e.lo < e.hi {
            self.list.push(e);
        } else {
            self.values.decide(level, e.unit as usize, e.hi as usize);
        }
    }

    /// Regions that are known to come before the next one of this task.
    fn regions_before(&self) -> u64 {
        let before: u64 = self.before.iter().map(|n| n.load(Ordering::Relaxed)).sum();
        before + self.out.last().map_or(0, |s| s.len() as u64)
    }

    /// Whether the limit is reached, and there is more to come.
    pub(super) fn is_full(&mut self) -> bool {
        self.stopped |= self.shared.keep_partial && self.regions_before() >= self.shared.max_regions;
        self.stopped
    }

    /// Now and then, measured in multiply-adds: callbacks, limits, and whether another task has failed.
    fn tick(&mut self) -> Result<()> {
        self.work += self.solver.simplex.take_work();
        if self.work < TICK {
            return Ok(());
        }
        if self.is_full() {
            return Ok(());
        }
        self.report()
    }

    fn report(&mut self) -> Result<()> {
        self.work = 0;
        let waiting =
            self.splits.iter().flat_map(|s| s.waiting.iter().map(|(cell, _)| cell).chain([&s.cell]));
        let bytes = waiting.chain(&self.spare).map(Cell::bytes).sum::<usize>();
        if bytes > self.charged {
            let more = bytes - self.charged;
            self.shared.meter.charge(more, "enumeration: cells").map_err(|e| self.shared.fail(e))?;
            self.charged = bytes;
        }
        let sink = self.out.last_mut().expect("a task has a sink");
        let new = sink.len() as u64 - self.told;
        self.told = sink.len() as u64;
        for counter in &self.adds {
            counter.fetch_add(new, Ordering::Relaxed);
        }
        self.shared.report(sink, new, std::mem::take(&mut self.part))
    }

    /// What was decided since the region before.
    pub(super) fn take_effort(&mut self) -> Effort {
        std::mem::take(&mut self.solver.effort)
    }
}
