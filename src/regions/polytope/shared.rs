//! What the tasks of one enumeration share: the context, limits, and how far they are.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::side::Space;
use super::sink::{EnumerationWant, Sink};
use crate::context::{Context, Meter};
use crate::error::{Error, Result, bail};

pub(crate) struct Shared<'c> {
    pub(crate) ctx: &'c Context,
    pub(crate) space: Space,
    pub(crate) want: EnumerationWant,
    /// Levels of the split tree at which work is handed to other threads.
    pub(crate) forks: u32,
    pub(crate) max_regions: u64,
    /// Stop at the limit with what is there, instead of failing.
    pub(crate) keep_partial: bool,
    pub(crate) meter: Meter,
    regions: AtomicU64,
    /// How much of the split tree is done, in parts of 2^-40.
    done: AtomicU64,
    failed: OnceLock<Error>,
}

const DONE_UNITS: f64 = (1u64 << 40) as f64;

impl<'c> Shared<'c> {
    pub(crate) fn new(
        ctx: &'c Context,
        space: Space,
        want: EnumerationWant,
        max_regions: u64,
        keep_partial: bool,
    ) -> Self {
        let forks = if ctx.threads() > 1 { 5 + ctx.threads().ilog2().min(8) } else { 0 };
        Shared {
            ctx,
            space,
            want,
            forks,
            max_regions,
            keep_partial,
            meter: ctx.meter(),
            regions: AtomicU64::new(0),
            done: AtomicU64::new(0),
            failed: OnceLock::new(),
        }
    }

    /// Why the enumeration failed: other tasks only followed.
    pub(crate) fn first_error(&self) -> Option<Error> {
        self.failed.get().cloned()
    }

    /// Records why a task failed; the other tasks stop at their next look.
    pub(crate) fn fail(&self, error: Error) -> Error {
        let _ = self.failed.set(error.clone());
        error
    }

    /// A look at callbacks and limits, `regions` regions and `part` of the split tree after the last one.
    pub(crate) fn report(&self, sink: &mut Sink, regions: u64, part: f64) -> Result<()> {
        self.check(sink, regions, part).map_err(|e| self.fail(e))
    }

    fn check(&self, sink: &mut Sink, regions: u64, part: f64) -> Result<()> {
        let bytes = sink.bytes();
        if bytes > sink.charged {
            self.meter.charge(bytes - sink.charged, "enumeration: the regions")?;
            sink.charged = bytes;
        }
        let total = self.regions.fetch_add(regions, Ordering::Relaxed) + regions;
        if total > self.max_regions && !self.keep_partial {
            bail!(MaxRegions, "enumeration: more than max_regions = {} regions", self.max_regions)
        }
        if let Some(error) = self.failed.get() {
            return Err(error.clone());
        }
        self.ctx.poll()?;
        if self.ctx.has_progress() {
            let part = (part * DONE_UNITS) as u64;
            let done = self.done.fetch_add(part, Ordering::Relaxed) + part;
            self.ctx.progress(done as f64 / DONE_UNITS, "regions");
        }
        Ok(())
    }
}
