//! The fence: no panic crosses into the host, and every error leaves its text.
#![allow(clippy::disallowed_methods)] // The fence.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use super::{context, cpwl_context, cpwl_status};
use crate::error::{Condition, Error, Result, Status};
use crate::{fork, pool};

thread_local! {
    /// Calls into the library that this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// Where the last panic happened, for the error text; workers panic on other threads than the fence's.
static PLACE: AtomicPtr<String> = AtomicPtr::new(ptr::null_mut());

/// Runs the body of an entry point. An error or a panic becomes the thread's last error and a status.
pub(super) fn fence(body: impl FnOnce() -> Result<()>) -> cpwl_status {
    let error = match guarded(body) {
        Ok(Ok(())) => return Status::Ok as cpwl_status,
        Ok(Err(error)) | Err(error) => error,
    };
    // After the thread's destructors began there is no place for the text any more; the status still says what.
    let _ = LAST_ERROR.try_with(|last| {
        let text = error.to_string().replace('\0', "\u{FFFD}");
        *last.borrow_mut() = CString::new(text).unwrap_or_default();
    });
    error.status() as cpwl_status
}

/// Runs the body of an entry point that returns a value and does not fail; `otherwise` stands in for a panic.
pub(super) fn fence_value<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    guarded(body).unwrap_or(otherwise)
}

fn guarded<R>(body: impl FnOnce() -> R) -> Result<R> {
    install_hook();
    DEPTH.set(DEPTH.get() + 1);
    // Nothing that the body could leave half done is looked at again: handles are immutable, and a builder's failed
    // call leaves it as it was.
    let outcome = catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    outcome.map_err(|payload| {
        let place = take_place().map_or(String::new(), |place| format!(" at {place}"));
        let version = env!("CARGO_PKG_VERSION");
        let text = format!("internal error{place}: {}. This is a bug in cpwl {version}", words(&*payload));
        Error::new(Condition::Panic, text)
    })
}

fn words(payload: &(dyn Any + Send)) -> &str {
    match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text,
        _ => "a panic without a message",
    }
}

fn take_place() -> Option<String> {
    let place = PLACE.swap(ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: a non-null pointer came from `Box::into_raw`, and the swap took it for us alone.
    (!place.is_null()).then(|| *unsafe { Box::from_raw(place) })
}

/// Keeps panics inside the fence (and on the library's own workers) from printing; all others go to the hook that was
/// there before.
fn install_hook() {
    static INSTALLED: AtomicBool = AtomicBool::new(false);
    // Hooks cannot be changed while the thread panics (a Rust host that calls from a destructor).
    if INSTALLED.load(Ordering::Acquire) || std::thread::panicking() {
        return;
    }
    fork::critical(|| {
        if !INSTALLED.swap(true, Ordering::AcqRel) {
            let previous = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if DEPTH.get() > 0 || pool::on_worker() { remember(info) } else { previous(info) }
            }));
        }
    });
}

fn remember(info: &PanicHookInfo) {
    let place = info.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
    drop(take_place());
    let place = PLACE.swap(Box::into_raw(Box::new(place)), Ordering::AcqRel);
    if !place.is_null() {
        // SAFETY: came from `Box::into_raw`, and the swap took it for us alone.
        drop(unsafe { Box::from_raw(place) });
    }
}

/// The text of the last error on the calling thread: "`[CONDITION] sentence`", UTF-8, where the condition is a stable
/// word and the sentence names the argument, its value and what was expected. "" if no call failed on this thread.
/// Never NULL. Valid until the next failing call on the same thread; successful calls leave it. Since 0.1.
#[unsafe(no_mangle)]
pub extern "C" fn cpwl_last_error() -> *const c_char {
    const NONE: &CStr = c"";
    LAST_ERROR.try_with(|last| last.borrow().as_ptr()).unwrap_or(NONE.as_ptr())
}

/// Panics inside the fence, on a worker thread if `on_worker` is not zero and the context has any. Not in the header:
/// the tests of the fence declare it.
#[doc(hidden)]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_test_panic(ctx: *const cpwl_context, on_worker: i32) -> cpwl_status {
    fence(|| {
        // SAFETY: the test gives NULL or a live context.
        let ctx = unsafe { context::get(ctx) }?;
        match on_worker {
            0 => panic!("asked to panic"),
            _ => ctx.pool().install(|| panic!("asked to panic on a worker")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::bail;

    fn last_error() -> String {
        // SAFETY: NUL-terminated, and copied at once.
        unsafe { CStr::from_ptr(cpwl_last_error()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn errors_leave_their_text_until_the_next_one() {
        std::thread::spawn(|| {
            assert_eq!(last_error(), "");
            assert_eq!(fence(|| bail!(Rank, "x has a\0b")), 2);
            assert_eq!(fence(|| Ok(())), 0);
            assert_eq!(last_error(), "[RANK] x has a\u{FFFD}b");
        })
        .join()
        .unwrap();
        std::thread::spawn(|| assert_eq!(last_error(), "", "another thread's error")).join().unwrap();
    }

    #[test]
    fn panics_become_a_status_and_name_their_place() {
        assert_eq!(fence(|| panic!("boom {}", 1)), 13);
        let text = last_error();
        assert!(text.starts_with("[PANIC] internal error at src/ffi/fence.rs:"), "{text}");
        assert!(text.contains(": boom 1. This is a bug in cpwl "), "{text}");
        // SAFETY: NULL is the default context.
        assert_eq!(unsafe { cpwl_test_panic(ptr::null(), 1) }, 13);
        assert!(last_error().contains("asked to panic on a worker"));
        assert_eq!(fence_value(7, || panic!("boom")), 7);
    }
}
