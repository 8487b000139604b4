//! How a call runs: threads, instruction set, limits, and the host's callbacks.
//!
//! A [`Context`] is immutable and may be shared between threads. Everything that takes long polls
//! [`Context::poll`] at tile granularity and reports through [`Context::progress`]; large buffers are had from, and
//! accounted for by, the [`Meter`] of the call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::buffer::{Allocate, Buffer, Plain};
use crate::error::{Result, bail};
use crate::fork::TryLock;
use crate::pool::Pool;
use crate::simd::Isa;

/// Stops a call when it returns true. Called from worker threads, but never at the same time as another cancel or
/// progress call of the same context.
pub type CancelFn = dyn Fn() -> bool + Send + Sync;
/// Receives the fraction done in [0, 1] and the name of the stage. Called from worker threads, one at a time; a
/// report that comes while the host is busy with another is dropped.
pub type ProgressFn = dyn Fn(f64, &str) + Send + Sync;
/// Receives a level (0 error, 1 warning, 2 info, 3 debug) and a line of text.
pub type LogFn = dyn Fn(i32, &str) + Send + Sync;

/// More threads than this in one context are a mistake.
const MAX_THREADS: usize = 4096;

/// What a [`Context`] is made from; every field has a usable default.
#[derive(Default)]
pub struct ContextOptions {
    /// Worker threads: 0 = all cores the process may use, 1 = the calling thread only.
    pub threads: usize,
    /// Instruction set; `None` = the best that this CPU has.
    pub isa: Option<Isa>,
    /// Run the plain reference implementations (slow; for checking).
    pub reference: bool,
    /// Allow results that depend on the number of threads in the last bits. No room needs it today.
    pub nondeterministic: bool,
    /// Largest number of bytes that one call may hold in working and result buffers; 0 = no limit.
    pub memory_limit: usize,
    /// Where large buffers come from; `None` = the allocator of the Rust standard library.
    pub allocator: Option<Arc<dyn Allocate>>,
    /// Asks whether to stop.
    pub cancel: Option<Box<CancelFn>>,
    /// Hears about progress.
    pub progress: Option<Box<ProgressFn>>,
    /// Hears log lines; without it nothing is ever printed.
    pub log: Option<Box<LogFn>>,
}

/// How a call runs. See [`ContextOptions`].
pub struct Context {
    isa: Isa,
    reference: bool,
    deterministic: bool,
    memory_limit: usize,
    allocator: Option<Arc<dyn Allocate>>,
    cancel: Option<Box<CancelFn>>,
    progress: Option<Box<ProgressFn>>,
    log: Option<Box<LogFn>>,
    /// Keeps cancel and progress calls apart. Not a mutex: a forked child would wait for a holder it does not have.
    calling: TryLock,
    pool: Pool,
}

impl Context {
    /// A context from options; fails if the forced instruction set is not available on this CPU.
    pub fn new(options: ContextOptions) -> Result<Self> {
        let isa = match options.isa {
            Some(isa) if !isa.available() => {
                bail!(Unsupported, "isa: {} was forced, but this CPU does not have it", isa.name())
            }
            Some(isa) => isa,
            None => Isa::detect(),
        };
        if options.threads > MAX_THREADS {
            bail!(Argument, "threads is {}; expected 0 (all cores) to {MAX_THREADS}", options.threads)
        }
        Ok(Context {
            isa,
            reference: options.reference,
            deterministic: !options.nondeterministic,
            memory_limit: if options.memory_limit == 0 { usize::MAX } else { options.memory_limit },
            allocator: options.allocator,
            cancel: options.cancel,
            progress: options.progress,
            log: options.log,
            calling: TryLock::default(),
            pool: Pool::new(options.threads),
        })
    }

    /// The instruction set in use.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// Whether the plain reference implementations are to run.
    pub fn reference(&self) -> bool {
        self.reference
    }

    /// Whether results must be bit-identical for any number of threads.
    pub fn deterministic(&self) -> bool {
        self.deterministic
    }

    /// Worker threads that a call may use, at least 1.
    pub fn threads(&self) -> usize {
        self.pool.threads()
    }

    /// The pool on which parallel work runs.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Asks the host whether to go on; `Err` with condition CANCELLED if not. Cheap without a callback.
    pub fn poll(&self) -> Result<()> {
        let mut stop = false;
        if let Some(cancel) = &self.cancel {
            self.calling.run(|| stop = cancel());
        }
        if stop { bail!(Cancelled, "the cancel callback asked to stop") } else { Ok(()) }
    }

    /// Tells the host how far the work is: `fraction` in [0, 1] of the stage named `stage`.
    pub fn progress(&self, fraction: f64, stage: &str) {
        if let Some(progress) = &self.progress {
            self.calling.run(|| progress(fraction.clamp(0.0, 1.0), stage));
        }
    }

    /// Whether anybody listens to progress.
    pub fn has_progress(&self) -> bool {
        self.progress.is_some()
    }

    /// Sends a line to the host's log callback, if there is one.
    pub fn log(&self, level: i32, line: &str) {
        if let Some(log) = &self.log {
            log(level, line);
        }
    }

    /// A meter of the bytes that one call holds, against the memory limit.
    pub fn meter(&self) -> Meter {
        Meter { used: AtomicUsize::new(0), limit: self.memory_limit, allocator: self.allocator.clone() }
    }
}

impl Default for Context {
    /// All cores, the best instruction set, no limits, no callbacks.
    fn default() -> Self {
        Context::new(ContextOptions::default()).expect("the default context needs nothing special")
    }
}

/// Counts the bytes that one call holds in large buffers, and hands them out.
pub struct Meter {
    used: AtomicUsize,
    limit: usize,
    allocator: Option<Arc<dyn Allocate>>,
}

impl Meter {
    /// `len` zeros for `what`, charged to the account for the rest of the call. Conditions: MEMORY_LIMIT, MEMORY.
    pub fn buffer<T: Plain>(&self, len: usize, what: &str) -> Result<Buffer<T>> {
        let bytes = len.saturating_mul(size_of::<T>());
        self.charge(bytes, what)?;
        Buffer::zeros(self.allocator.clone(), len, what).inspect_err(|_| self.release(bytes))
    }

    /// Adds `bytes` to the account; `Err` with condition MEMORY_LIMIT if that passes the limit.
    pub fn charge(&self, bytes: usize, what: &str) -> Result<()> {
        let add = |used: usize| used.checked_add(bytes).filter(|&total| total <= self.limit);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add) {
            Ok(_) => Ok(()),
            Err(used) => bail!(
                MemoryLimit,
                "{what} needs {bytes} bytes on top of {used} in use; memory_limit is {} bytes",
                self.limit
            ),
        }
    }

    /// Takes `bytes` off the account.
    pub fn release(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes on the account now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}
