//! What has to survive `fork`: a process generation, and a short barrier that keeps a fork out of critical steps.
//!
//! After `fork` the child has one thread. Whatever another thread was doing in the parent stays half done for ever:
//! a lock that it held is never released, a `OnceLock` that it was filling is never filled. So nothing here blocks on
//! state that another thread may have left behind. Things that belong to threads are keyed by [`generation`], and the
//! few steps that must not be cut in half run inside [`critical`], which `fork` waits for.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};

static GENERATION: AtomicU64 = AtomicU64::new(1);
/// Threads inside `critical`, and threads about to fork. Counters rather than locks, because the handlers may be
/// registered twice by two racing threads.
static CRITICAL: AtomicUsize = AtomicUsize::new(0);
static FORKING: AtomicUsize = AtomicUsize::new(0);

#[cfg(unix)]
mod handlers {
    use super::*;

    pub(super) extern "C" fn before() {
        FORKING.fetch_add(1, SeqCst);
        while CRITICAL.load(SeqCst) != 0 {
            std::thread::yield_now();
        }
    }

    pub(super) extern "C" fn in_parent() {
        FORKING.fetch_sub(1, SeqCst);
    }

    pub(super) extern "C" fn in_child() {
        FORKING.store(0, SeqCst);
        GENERATION.fetch_add(1, SeqCst);
    }
}

/// Registers the fork handlers, at the first use and never at load.
fn register() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.load(SeqCst) {
        return;
    }
    #[cfg(unix)]
    // SAFETY: the handlers touch atomics only; the first may yield, before the fork. Running them twice is harmless.
    unsafe {
        libc::pthread_atfork(Some(handlers::before), Some(handlers::in_parent), Some(handlers::in_child));
    }
    DONE.store(true, SeqCst);
}

/// The number of this process in its line of forks: it changes in the child. Never 0.
pub(crate) fn generation() -> u64 {
    register();
    GENERATION.load(SeqCst)
}

/// Runs `step` while no thread of this process can be inside `fork`. For short, rare steps, which may nest.
pub(crate) fn critical<R>(step: impl FnOnce() -> R) -> R {
    thread_local!(static INSIDE: Cell<bool> = const { Cell::new(false) });
    if INSIDE.get() {
        return step();
    }
    register();
    loop {
        CRITICAL.fetch_add(1, SeqCst);
        if FORKING.load(SeqCst) == 0 {
            break;
        }
        CRITICAL.fetch_sub(1, SeqCst);
        std::thread::yield_now();
    }
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.set(false);
            CRITICAL.fetch_sub(1, SeqCst);
        }
    }
    let _leave = Leave;
    INSIDE.set(true);
    step()
}

/// The value of `cell`, made at the first call. Unlike a bare `get_or_init`, a fork in another thread cannot leave the
/// child with a cell that is being filled for ever.
pub(crate) fn get_or_init<T>(cell: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    match cell.get() {
        Some(value) => value,
        None => critical(|| cell.get_or_init(make)),
    }
}

/// Keeps concurrent callers apart without ever blocking, also after a fork in the middle of [`TryLock::run`].
#[derive(Default)]
pub(crate) struct TryLock {
    /// Generation of the holder, or 0.
    holder: AtomicU64,
}

impl TryLock {
    /// Runs `f` unless another thread is inside `run` now; says whether it ran.
    pub(crate) fn run(&self, f: impl FnOnce()) -> bool {
        let now = generation();
        let seen = self.holder.load(SeqCst);
        if seen == now || self.holder.compare_exchange(seen, now, SeqCst, SeqCst).is_err() {
            return false;
        }
        struct Release<'a>(&'a AtomicU64);
        impl Drop for Release<'_> {
            fn drop(&mut self) {
                self.0.store(0, SeqCst);
            }
        }
        let _release = Release(&self.holder);
        f();
        true
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::disallowed_methods)] // Threads and panics around a fork.
pub(crate) mod tests {
    use super::*;

    /// Runs `body` in a forked child and returns whether it came back true within 20 seconds.
    pub(crate) fn in_child(body: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child runs `body` and leaves by `_exit`; a child that hangs is ended by its alarm.
        unsafe {
            match libc::fork() {
                0 => {
                    libc::alarm(20);
                    let ok = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
                    libc::_exit(if ok { 0 } else { 1 })
                }
                pid => {
                    let mut status = 0;
                    assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
                    libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
                }
            }
        }
    }

    #[test]
    fn generation_changes_in_the_child_only() {
        let parent = generation();
        assert!(in_child(|| generation() != parent));
        assert_eq!(generation(), parent);
    }

    #[test]
    fn try_lock_excludes_and_outlives_a_fork() {
        let lock = TryLock::default();
        let mut inner = true;
        assert!(lock.run(|| {
            inner = lock.run(|| unreachable!("the lock is held"));
            // The child's copy is held by a thread that may not exist there.
            assert!(in_child(|| lock.run(|| ())));
        }));
        assert!(!inner);
        assert!(lock.run(|| ()));
    }

    #[test]
    fn a_cell_being_filled_is_full_in_the_child() {
        let cell = OnceLock::new();
        let entered = AtomicBool::new(false);
        std::thread::scope(|s| {
            s.spawn(|| {
                get_or_init(&cell, || {
                    entered.store(true, SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    7
                })
            });
            while !entered.load(SeqCst) {
                std::thread::yield_now();
            }
            assert!(in_child(|| *get_or_init(&cell, || 8) == 7));
        });
    }

    #[test]
    fn fork_waits_for_critical_steps() {
        let entered = AtomicBool::new(false);
        let done = AtomicBool::new(false);
        std::thread::scope(|s| {
            s.spawn(|| {
                critical(|| {
                    entered.store(true, SeqCst);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    done.store(true, SeqCst);
                })
            });
            while !entered.load(SeqCst) {
                std::thread::yield_now();
            }
            assert!(in_child(|| done.load(SeqCst)));
        });
        assert!(critical(|| critical(|| true)));
    }
}
