//! What the tasks of one partition share: the context, limits, and how far they are.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::sink::{AREA_UNITS, Want};
use crate::context::{Context, Meter};
use crate::error::{Error, Result, bail};

pub(crate) struct Shared<'c> {
    pub(crate) ctx: &'c Context,
    pub(crate) want: Want,
    /// Levels of the split tree at which work is handed to other threads.
    pub(crate) forks: u32,
    pub(crate) max_regions: u64,
    /// Cells of a sink, beyond which another one is begun: vectors that grow by doubling stay small, and each is freed when
    /// it is joined to the result.
    pub(crate) sink_cells: u64,
    pub(crate) meter: Meter,
    cells: AtomicU64,
    /// Area of the domain in local coordinates.
    local_area: f64,
    /// How much of it is done, in parts of 2^-40.
    done: AtomicU64,
    /// Why the first task that failed did.
    failed: OnceLock<Error>,
}

/// What a task has written so far.
pub(crate) trait Written {
    /// What the shared counters know of it.
    fn told(&mut self) -> &mut Told;
    /// Cells.
    fn cells(&self) -> u64;
    /// Their local area or volume, in units of 1 / `AREA_UNITS`: integers add up to the same in any order.
    fn measure(&self) -> i128;
    /// Bytes held.
    fn bytes(&self) -> usize;
}

const SINK_CELLS: u64 = 4096;
const DONE_UNITS: f64 = (1u64 << 40) as f64;

/// What a sink has told the shared counters already.
#[derive(Clone, Copy, Default)]
pub(crate) struct Told {
    cells: u64,
    area: i128,
    bytes: usize,
}

impl Told {
    /// Bytes charged to the meter.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl<'c> Shared<'c> {
    pub(crate) fn new(ctx: &'c Context, want: Want, max_regions: u64, local_area: f64) -> Self {
        // About 32 tasks a thread: enough for an even load, few enough that starting them costs nothing.
        let forks = if ctx.threads() > 1 { 5 + ctx.threads().ilog2().min(8) } else { 0 };
        Shared { forks, sink_cells: SINK_CELLS, ..Shared::serial(ctx, want, max_regions, local_area) }
    }

    /// For tasks that do not fork on their own. `max_regions` 0 = no limit.
    pub(crate) fn serial(ctx: &'c Context, want: Want, max_regions: u64, local_area: f64) -> Self {
        Shared {
            ctx,
            want,
            forks: 0,
            sink_cells: u64::MAX,
            max_regions: if max_regions == 0 { u64::MAX } else { max_regions },
            meter: ctx.meter(),
            local_area,
            cells: AtomicU64::new(0),
            done: AtomicU64::new(0),
            failed: OnceLock::new(),
        }
    }

    /// Records why a task failed; the other tasks stop at their next look.
    pub(crate) fn fail(&self, error: Error) -> Error {
        let _ = self.failed.set(error.clone());
        error
    }

    /// Tells what the last sink holds now and looks at the limits.
    pub(crate) fn report(&self, out: &mut [impl Written]) -> Result<()> {
        self.check(out).map_err(|e| self.fail(e))
    }

    /// Why the partition failed, if a look at the limits told: other tasks only followed.
    pub(crate) fn first_error(&self) -> Option<Error> {
        self.failed.get().cloned()
    }

    fn check(&self, out: &mut [impl Written]) -> Result<()> {
        let sink = out.last_mut().expect("a task has a sink");
        let now = Told { cells: sink.cells(), area: sink.measure(), bytes: sink.bytes() };
        let told = std::mem::replace(sink.told(), now);
        if now.bytes > told.bytes {
            self.meter.charge(now.bytes - told.bytes, "partition: the regions")?;
        }
        let new = now.cells - told.cells;
        let cells = self.cells.fetch_add(new, Ordering::Relaxed) + new;
        if cells > self.max_regions {
            bail!(MaxRegions, "partition: more than max_regions = {} regions", self.max_regions)
        }
        if let Some(error) = self.failed.get() {
            return Err(error.clone());
        }
        self.ctx.poll()?;
        if self.ctx.has_progress() {
            let part = (now.area - told.area) as f64 / AREA_UNITS / self.local_area;
            let part = (part * DONE_UNITS).max(0.0) as u64;
            let done = self.done.fetch_add(part, Ordering::Relaxed) + part;
            self.ctx.progress(done as f64 / DONE_UNITS, "regions");
        }
        Ok(())
    }
}
