//! `cpwl_context`: how calls run, and the host's callbacks.

use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock};

use super::fence::{fence, fence_value};
use super::options::{self, Growable};
use super::{CPWL_CONTEXT_NONDETERMINISTIC, CPWL_CONTEXT_REFERENCE, cpwl_status, pointer};
use crate::buffer::Allocate;
use crate::context::{Context, ContextOptions};
use crate::error::{Result, bail};
use crate::fork;
use crate::simd::Isa;

/// How calls run: threads, instruction set, limits and callbacks. Immutable; may be shared between threads and used
/// by several calls at once. Wherever a function takes a context, NULL is one with all defaults. Since 0.1.
pub struct cpwl_context {
    inner: Context,
}

/// What a context is made from. Set `struct_size` to `sizeof(cpwl_context_options)` and the rest to zero; zero is the
/// default of every field. Since 0.1.
///
/// Callbacks must return normally: no `longjmp`, no C++ exception. They run on threads of the library or on the
/// calling thread; `cancel` and `progress` of one context are never inside each other or themselves at the same time,
/// `alloc`, `dealloc` and `log` may be.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_context_options {
    /// `sizeof(cpwl_context_options)`.
    pub struct_size: usize,
    /// Threads that a call may use: 0 = all cores that the process may use, 1 = the calling thread only. Threads start
    /// with the first call that needs them. Results do not depend on it.
    pub threads: i32,
    /// A `cpwl_isa`; one that the CPU does not have is CPWL_UNSUPPORTED.
    pub isa: i32,
    /// `CPWL_CONTEXT_*` bits.
    pub flags: u32,
    /// A `cpwl_device`.
    pub device: i32,
    /// 0.
    pub device_id: i32,
    /// Zero.
    pub reserved: i32,
    /// NULL on the CPU.
    pub stream: *mut c_void,
    /// Largest number of bytes that one call may hold in large buffers, working memory and results together; more is
    /// CPWL_LIMIT, with nothing left behind. 0 = no limit.
    pub memory_limit: u64,
    /// Where large buffers come from: at least `size` bytes at a multiple of `align`, or NULL for CPWL_MEMORY.
    /// NULL = the library's own allocator; given together with `dealloc` or not at all. Results own such buffers, so
    /// both and `userdata` must stay valid until everything made with the context is freed.
    pub alloc: Option<unsafe extern "C" fn(size: usize, align: usize, userdata: *mut c_void) -> *mut c_void>,
    /// Takes back what `alloc` returned, with the same `size` and `align`.
    pub dealloc:
        Option<unsafe extern "C" fn(ptr: *mut c_void, size: usize, align: usize, userdata: *mut c_void)>,
    /// Asked often, from a few thousand to a few times a second: return non-zero to end the call with CPWL_CANCELLED.
    pub cancel: Option<unsafe extern "C" fn(userdata: *mut c_void) -> i32>,
    /// Told the fraction done, 0 to 1, of the stage of that name (valid during the callback).
    pub progress: Option<unsafe extern "C" fn(fraction: f64, stage: *const c_char, userdata: *mut c_void)>,
    /// Told lines of text (valid during the callback) with a level: 0 error, 1 warning, 2 info, 3 debug.
    pub log: Option<unsafe extern "C" fn(level: i32, line: *const c_char, userdata: *mut c_void)>,
    /// Handed to every callback.
    pub userdata: *mut c_void,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field (NULL for callbacks), ends with a pointer.
unsafe impl Growable for cpwl_context_options {
    const NAME: &'static str = "cpwl_context_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The host's callbacks. A C program that hands them over promises that they may be called from any thread.
#[derive(Clone, Copy)]
struct Host(cpwl_context_options);

// SAFETY: the promise of the header about callbacks and userdata.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    fn cancel(&self) -> bool {
        // SAFETY: the host's function with the host's argument, as the header says.
        self.0.cancel.is_some_and(|f| unsafe { f(self.0.userdata) } != 0)
    }

    fn progress(&self, fraction: f64, stage: &str) {
        if let (Some(f), Ok(stage)) = (self.0.progress, CString::new(stage)) {
            // SAFETY: as above; the text outlives the call.
            unsafe { f(fraction, stage.as_ptr(), self.0.userdata) }
        }
    }

    fn log(&self, level: i32, line: &str) {
        if let (Some(f), Ok(line)) = (self.0.log, CString::new(line.replace('\0', "\u{FFFD}"))) {
            // SAFETY: as above; the text outlives the call.
            unsafe { f(level, line.as_ptr(), self.0.userdata) }
        }
    }
}

// SAFETY: the header asks the host for exactly this.
unsafe impl Allocate for Host {
    fn alloc(&self, size: usize, align: usize) -> *mut u8 {
        // SAFETY: as above.
        self.0.alloc.map_or(ptr::null_mut(), |f| unsafe { f(size, align, self.0.userdata) }).cast()
    }

    unsafe fn dealloc(&self, ptr: *mut u8, size: usize, align: usize) {
        if let Some(f) = self.0.dealloc {
            // SAFETY: as above; `ptr` came from `alloc`.
            unsafe { f(ptr.cast(), size, align, self.0.userdata) }
        }
    }
}

fn build(o: cpwl_context_options) -> Result<Context> {
    let Ok(threads) = usize::try_from(o.threads) else {
        bail!(Argument, "threads is {}; expected 0 (all cores) or more", o.threads)
    };
    let isa = match o.isa {
        0 => None,
        code => match Isa::ALL.into_iter().find(|&isa| isa as i32 == code) {
            None => bail!(UnknownEnum, "isa is {code}; expected 0 (CPWL_ISA_AUTO) to 4 (CPWL_ISA_NEON)"),
            isa => isa,
        },
    };
    let known = CPWL_CONTEXT_REFERENCE | CPWL_CONTEXT_NONDETERMINISTIC;
    if o.flags & !known != 0 {
        bail!(UnknownOption, "flags is {:#x}; this version knows {known:#x}", o.flags)
    }
    if !matches!((o.device, o.device_id), (0 | 1, 0)) {
        let (device, id) = (o.device, o.device_id);
        bail!(Device, "device is {device}, device_id {id}; this build has only the CPU (0, device_id 0)")
    }
    if !o.stream.is_null() {
        bail!(Device, "stream is {:p}; expected NULL: the CPU has no streams", o.stream)
    }
    if o.reserved != 0 {
        bail!(UnknownOption, "reserved is {}; expected 0", o.reserved)
    }
    if o.alloc.is_some() != o.dealloc.is_some() {
        bail!(Argument, "alloc and dealloc must be given together")
    }
    let host = Host(o);
    Context::new(ContextOptions {
        threads,
        isa,
        reference: o.flags & CPWL_CONTEXT_REFERENCE != 0,
        nondeterministic: o.flags & CPWL_CONTEXT_NONDETERMINISTIC != 0,
        memory_limit: usize::try_from(o.memory_limit).unwrap_or(usize::MAX),
        allocator: o.alloc.map(|_| Arc::new(host) as Arc<dyn Allocate>),
        cancel: o.cancel.map(|_| Box::new(move || host.cancel()) as _),
        progress: o
            .progress
            .map(|_| Box::new(move |fraction, stage: &str| host.progress(fraction, stage)) as _),
        log: o.log.map(|_| Box::new(move |level, line: &str| host.log(level, line)) as _),
    })
}

/// The context of a call; NULL is the default one.
///
/// # Safety
/// `ctx` is NULL or a live context.
pub(super) unsafe fn get<'a>(ctx: *const cpwl_context) -> Result<&'a Context> {
    static DEFAULT: OnceLock<Context> = OnceLock::new();
    if ctx.is_null() {
        return Ok(fork::get_or_init(&DEFAULT, Context::default));
    }
    // SAFETY: the caller's promise.
    Ok(&unsafe { pointer::required("ctx", ctx) }?.inner)
}

/// Makes a context. `opts` NULL = all defaults. Free it with `cpwl_context_free`.
///
/// Errors: CPWL_ARGUMENT (a value out of range, `struct_size` not set), CPWL_UNSUPPORTED (an instruction set that the
/// CPU does not have, unknown flags), CPWL_DEVICE. Starts no threads. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_context_new(
    opts: *const cpwl_context_options,
    out: *mut *mut cpwl_context,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (out, opts) = unsafe { (pointer::out("out", out)?, options::read(opts)?) };
        out.put(cpwl_context { inner: build(opts)? });
        Ok(())
    })
}

/// A ready-made `cancel` callback: the call ends as soon as the `int32_t` at `userdata` is not 0. Any thread may set it
/// at any time. For hosts that would rather set a flag than be called from worker threads, such as interpreters with a
/// global lock. `userdata` NULL never cancels. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_cancel_flag(userdata: *mut c_void) -> i32 {
    let flag = userdata.cast::<i32>();
    if flag.is_null() || !flag.is_aligned() {
        return 0;
    }
    // SAFETY: not NULL, aligned, and the host's `int32_t` for as long as the context lives.
    unsafe { AtomicI32::from_ptr(flag) }.load(Ordering::Relaxed)
}

/// Frees a context and ends its threads. NULL is fine. No call may be using it; what was made with it stays valid,
/// as long as its `alloc`, `dealloc` and `userdata` do. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_context_free(ctx: *mut cpwl_context) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(ctx) }
}

/// The `cpwl_isa` in use, never CPWL_ISA_AUTO. `ctx` NULL = the default context. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_context_isa(ctx: *const cpwl_context) -> i32 {
    // SAFETY: the words of the header to the caller.
    fence_value(0, || unsafe { get(ctx) }.map_or(0, |ctx| ctx.isa() as i32))
}

/// Threads that a call may use, at least 1. `ctx` NULL = the default context. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_context_threads(ctx: *const cpwl_context) -> i32 {
    // SAFETY: the words of the header to the caller.
    fence_value(0, || unsafe { get(ctx) }.map_or(0, |ctx| i32::try_from(ctx.threads()).unwrap_or(i32::MAX)))
}
