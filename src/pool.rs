//! The fork-safe pool; the only file that names rayon.
//!
//! Threads start at the first parallel call, never at load. rayon's threads do not survive `fork`, and a child that
//! used the parent's pool would wait for ever, so a pool belongs to the process generation that made it: a
//! `pthread_atfork` child handler raises the generation, and the child's first parallel call builds a fresh pool
//! (the parent's is leaked on purpose: its threads are not there to be joined).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};

static GENERATION: AtomicU64 = AtomicU64::new(0);

extern "C" fn after_fork_in_child() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

fn generation() -> u64 {
    static REGISTER: Once = Once::new();
    // SAFETY: registers a handler that only touches an atomic, which is async-signal-safe.
    REGISTER.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(after_fork_in_child));
    });
    GENERATION.load(Ordering::Relaxed)
}

/// A lazily started set of worker threads.
pub(crate) struct Pool {
    threads: usize,
    state: Mutex<Option<(u64, Arc<rayon::ThreadPool>)>>,
}

impl Pool {
    /// `threads` 0 = all cores the process may use, 1 = the calling thread only.
    pub(crate) fn new(threads: usize) -> Self {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n,
        };
        Pool { threads, state: Mutex::new(None) }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }
}
