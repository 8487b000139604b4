//! The fork-safe pool; the only file that names rayon.
//!
//! Threads start at the first parallel call, never at load, and end with their [`Pool`]. rayon's threads do not
//! survive `fork`, and a child that used the parent's would wait for ever, so started threads belong to the process
//! generation that made them: the child's first parallel call starts fresh ones. No lock is involved that a thread
//! which the child does not have could be holding.
//!
//! A job that panics makes the call that waits for it panic; the other jobs of that call end first.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // The file that names rayon and starts threads.

use std::cell::Cell;
use std::ops::Range;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rayon::prelude::*;

use crate::error::Result;
use crate::fork;

thread_local! {
    /// The generation whose pool this thread works for; 0 on every thread that is not ours.
    static WORKER: Cell<u64> = const { Cell::new(0) };
}

/// Whether the current thread is one of the library's own workers.
pub(crate) fn on_worker() -> bool {
    WORKER.get() != 0
}

/// Running threads. The order of the fields is the order of the end: tell the workers, then wait for them.
struct Started {
    generation: u64,
    workers: rayon::ThreadPool,
    _handles: Handles,
}

struct Handles(Vec<JoinHandle<()>>);

impl Drop for Handles {
    fn drop(&mut self) {
        // A worker that drops its own pool (a host that frees its context in a callback) cannot wait for itself.
        if !on_worker() {
            for handle in self.0.drain(..) {
                let _ = handle.join();
            }
        }
    }
}

impl Started {
    /// Starts `threads` workers; `None` if the system has no threads to give.
    fn new(threads: usize) -> Option<Self> {
        let generation = fork::generation();
        let mut handles = Handles(Vec::with_capacity(threads));
        let workers = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("cpwl-{i}"))
            .spawn_handler(|worker| {
                let thread = std::thread::Builder::new().name(worker.name().unwrap_or("cpwl").to_owned());
                handles.0.push(thread.spawn(move || {
                    WORKER.set(generation);
                    worker.run()
                })?);
                Ok(())
            })
            .build()
            .ok()?;
        // One round through every worker: nothing that they initialise lazily may be half done when a fork comes.
        workers.broadcast(|_| ());
        Some(Started { generation, workers, _handles: handles })
    }
}

/// A lazily started set of worker threads.
pub(crate) struct Pool {
    threads: usize,
    started: AtomicPtr<Started>,
}

impl Pool {
    /// `threads` 0 = all cores the process may use, 1 = the calling thread only.
    pub(crate) fn new(threads: usize) -> Self {
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, |n| n.get()),
            n => n,
        };
        Pool { threads, started: AtomicPtr::new(ptr::null_mut()) }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `f` where [`Pool::join`] is parallel: on a worker of the pool, while the calling thread waits. With one
    /// thread (or if the system has no threads to give) `f` runs on the calling thread.
    pub(crate) fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match self.workers() {
            Some(workers) => workers.install(f),
            None => f(),
        }
    }

    /// Runs `a` and `b`, in parallel inside [`Pool::install`], otherwise one after the other.
    pub(crate) fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        if self.threads > 1 && WORKER.get() == fork::generation() { rayon::join(a, b) } else { (a(), b()) }
    }

    /// Cuts `0..items` into ranges of `chunk` items (the last may be shorter), runs `f` on each in parallel, and
    /// returns the results in order. If some fail, the error is that of the first such range for any number of
    /// threads; ranges after a failed one may not run.
    pub(crate) fn map_chunks<T: Send>(
        &self,
        items: usize,
        chunk: usize,
        f: impl Fn(Range<usize>) -> Result<T> + Send + Sync,
    ) -> Result<Vec<T>> {
        let chunk = chunk.max(1);
        let run = |i: usize| f(i * chunk..items.min((i + 1) * chunk));
        let chunks = items.div_ceil(chunk);
        if self.threads == 1 || chunks < 2 {
            return (0..chunks).map(run).collect();
        }
        let failed = AtomicUsize::new(usize::MAX);
        let run = |i: usize| {
            (i < failed.load(Ordering::Relaxed)).then(|| {
                let result = run(i);
                if result.is_err() {
                    failed.fetch_min(i, Ordering::Relaxed);
                }
                result
            })
        };
        let results: Vec<Option<Result<T>>> = match self.workers() {
            Some(workers) => {
                workers.install(|| (0..chunks).into_par_iter().with_max_len(1).map(run).collect())
            }
            None => (0..chunks).map(run).collect(),
        };
        // Ranges that did not run come after a failed one, so the first error ends the walk before they are missed.
        results.into_iter().flatten().collect()
    }

    /// Runs `f` on every item, by number, in parallel. If some fail, the error is that of the first such item for any
    /// number of threads; items after a failed one may not be run.
    pub(crate) fn for_each<T: Send>(
        &self,
        items: &mut [T],
        f: impl Fn(usize, &mut T) -> Result<()> + Send + Sync,
    ) -> Result<()> {
        let workers = if items.len() < 2 { None } else { self.workers() };
        let Some(workers) = workers else {
            return items.iter_mut().enumerate().try_for_each(|(i, item)| f(i, item));
        };
        let failed = AtomicUsize::new(usize::MAX);
        let run = |(i, item): (usize, &mut T)| {
            if i > failed.load(Ordering::Relaxed) {
                return None;
            }
            let error = f(i, item).err()?;
            failed.fetch_min(i, Ordering::Relaxed);
            Some((i, error))
        };
        let first = workers.install(|| {
            let errors = items.par_iter_mut().enumerate().with_max_len(1).filter_map(run);
            errors.min_by_key(|&(i, _)| i)
        });
        first.map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The workers to hand jobs to; `None` = work on the calling thread.
    fn workers(&self) -> Option<&rayon::ThreadPool> {
        let now = fork::generation();
        // A worker that forked (in a callback) runs on alone in the child: the others of its pool are not there.
        if self.threads == 1 || (on_worker() && WORKER.get() != now) {
            return None;
        }
        let seen = self.started.load(Ordering::Acquire);
        // SAFETY: the pointer is null or came from `Box::into_raw`; only `drop` frees it.
        match unsafe { seen.as_ref() } {
            Some(started) if started.generation == now => Some(&started.workers),
            _ => self.start(seen),
        }
    }

    /// Replaces `seen`, which is null or of another generation and then leaked: its threads are not there to end.
    fn start(&self, seen: *mut Started) -> Option<&rayon::ThreadPool> {
        let started = fork::critical(|| Started::new(self.threads))?;
        let fresh = Box::into_raw(Box::new(started));
        let current = match self.started.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => fresh,
            Err(winner) => {
                // SAFETY: `fresh` came from `Box::into_raw` above and was never shared.
                drop(unsafe { Box::from_raw(fresh) });
                winner
            }
        };
        // SAFETY: both came from `Box::into_raw`; only `drop` frees what is stored.
        Some(unsafe { &(*current).workers })
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let started = *self.started.get_mut();
        // SAFETY: the pointer is null or came from `Box::into_raw`, and nobody borrows the pool any more.
        unsafe {
            if !started.is_null() && (*started).generation == fork::generation() {
                drop(Box::from_raw(started));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::bail;
    #[cfg(unix)]
    use crate::fork::tests::in_child;
    use std::sync::atomic::AtomicBool;

    /// 0 + 1 + .. + (n - 1), by halves.
    fn sum(pool: &Pool, range: Range<u64>) -> u64 {
        if range.end - range.start < 10 {
            return range.sum();
        }
        let middle = (range.start + range.end) / 2;
        let (a, b) = pool.join(|| sum(pool, range.start..middle), || sum(pool, middle..range.end));
        a + b
    }

    fn works(pool: &Pool) -> bool {
        let squares = pool.map_chunks(10, 3, |r| Ok(r.map(|i| i * i).collect::<Vec<_>>())).unwrap();
        squares.concat() == [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]
            && pool.install(|| sum(pool, 0..1000)) == 499_500
    }

    #[test]
    fn any_number_of_threads_gives_the_same() {
        for threads in [1, 2, 3, 8] {
            let pool = Pool::new(threads);
            assert!(works(&pool), "{threads} threads");
            assert_eq!(sum(&pool, 0..1000), 499_500, "outside install");
            assert!(pool.map_chunks(0, 4, |_| -> Result<()> { unreachable!() }).unwrap().is_empty());
        }
    }

    #[test]
    fn one_thread_is_the_calling_thread() {
        let me = std::thread::current().id();
        let pool = Pool::new(1);
        assert_eq!(pool.install(|| std::thread::current().id()), me);
        assert_eq!(pool.map_chunks(3, 1, |_| Ok(std::thread::current().id())).unwrap(), [me; 3]);
        let name = |pool: &Pool| pool.install(|| std::thread::current().name().map(str::to_owned));
        assert!(name(&Pool::new(2)).unwrap().starts_with("cpwl-"));
    }

    #[test]
    fn the_first_failing_range_names_the_error() {
        for threads in [1, 4] {
            let fail = |r: Range<usize>| -> Result<()> {
                if r.start >= 20 { bail!(Argument, "range {}", r.start) } else { Ok(()) }
            };
            for _ in 0..50 {
                let error = Pool::new(threads).map_chunks(100, 10, fail).unwrap_err();
                assert_eq!(error.message(), "range 20");
            }
        }
    }

    #[test]
    fn every_item_is_visited_once_and_the_first_error_is_the_same() {
        for threads in [1, 2, 8] {
            let pool = Pool::new(threads);
            let mut items = vec![0; 100];
            let visit = |i: usize, item: &mut usize| {
                *item += i;
                if i >= 20 { bail!(Argument, "item {i}") } else { Ok(()) }
            };
            assert_eq!(pool.for_each(&mut items, visit).unwrap_err().message(), "item 20");
            assert!(items[..20].iter().enumerate().all(|(i, &item)| item == i));
            pool.for_each(&mut items[..20], visit).unwrap();
            assert!(items[..20].iter().enumerate().all(|(i, &item)| item == 2 * i));
            pool.for_each(&mut items[..0], visit).unwrap();
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_leaves_the_pool_usable() {
        let pool = Pool::new(2);
        let job = |r: Range<usize>| if r.start == 5 { panic!("job 5") } else { Ok(r.start) };
        let caught = std::panic::catch_unwind(|| pool.map_chunks(9, 1, job));
        assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"job 5"));
        assert!(works(&pool));
    }

    #[test]
    fn threads_end_with_the_pool() {
        struct Count<'a>(&'a AtomicUsize);
        thread_local!(static ALIVE: Cell<Option<Count<'static>>> = const { Cell::new(None) });
        static ENDED: AtomicUsize = AtomicUsize::new(0);
        impl Drop for Count<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let pool = Pool::new(3);
        pool.workers().unwrap().broadcast(|_| ALIVE.set(Some(Count(&ENDED))));
        drop(pool);
        assert_eq!(ENDED.load(Ordering::SeqCst), 3);
    }

    #[cfg(unix)]
    #[test]
    fn a_forked_child_computes() {
        let pool = Pool::new(2);
        assert!(in_child(|| works(&pool)), "pool not started yet");
        assert!(works(&pool));
        assert!(in_child(|| works(&pool)), "pool started");
        assert!(in_child(|| works(&pool) && in_child(|| works(&pool))), "grandchild");
        assert!(works(&pool));
    }

    #[cfg(unix)]
    #[test]
    fn a_child_forked_while_others_work_computes() {
        let pool = Pool::new(2);
        let (inside, go_on) = (AtomicUsize::new(0), AtomicBool::new(false));
        std::thread::scope(|s| {
            s.spawn(|| {
                pool.map_chunks(2, 1, |_| {
                    inside.fetch_add(1, Ordering::SeqCst);
                    while !go_on.load(Ordering::SeqCst) {
                        std::thread::yield_now();
                    }
                    Ok(())
                })
            });
            while inside.load(Ordering::SeqCst) < 2 {
                std::thread::yield_now();
            }
            let ok = in_child(|| works(&pool));
            go_on.store(true, Ordering::SeqCst);
            assert!(ok);
        });
    }

    #[cfg(unix)]
    #[test]
    fn a_child_forked_by_a_worker_computes_alone() {
        let pool = Pool::new(2);
        assert!(pool.install(|| in_child(|| works(&pool) && works(&Pool::new(4)))));
        assert!(works(&pool));
    }

    #[cfg(unix)]
    #[test]
    fn forks_during_start_and_end_are_harmless() {
        let stop = AtomicBool::new(false);
        std::thread::scope(|s| {
            s.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    assert!(works(&Pool::new(2)));
                }
            });
            let ok = (0..40).all(|_| in_child(|| works(&Pool::new(2))));
            stop.store(true, Ordering::SeqCst);
            assert!(ok);
        });
    }
}
