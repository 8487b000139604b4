//! Large buffers, from the host's allocator if it brought one.
//!
//! A [`Buffer`] is a fixed-size array that starts as zeros. Results that grow with the input live in buffers, so that
//! a host with its own allocator (an arena, pinned memory, a counter in a test) sees them; small bookkeeping does not.
#![allow(clippy::disallowed_methods)] // Owns raw memory of the host's allocator.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::{Result, bail};

/// Every buffer starts at a multiple of this many bytes: a cache line, and the widest SIMD register.
pub(crate) const ALIGN: usize = 64;

/// A source of large buffers. May be called from several threads at once.
///
/// # Safety
/// `alloc` returns NULL or `size` writable bytes that nothing else uses until `dealloc`.
pub unsafe trait Allocate: Send + Sync {
    /// At least `size` > 0 bytes at a multiple of `align`, or NULL if there are none. They need not be zero.
    fn alloc(&self, size: usize, align: usize) -> *mut u8;

    /// Takes back what `alloc` returned for the same `size` and `align`.
    ///
    /// # Safety
    /// `ptr` came from `alloc` with this `size` and `align` and is used no more.
    unsafe fn dealloc(&self, ptr: *mut u8, size: usize, align: usize);
}

/// Plain numbers.
///
/// # Safety
/// All-zero bytes are a value, there is no drop glue, and an alignment of 64 bytes is enough.
pub unsafe trait Plain: Copy + Send + Sync + 'static {}

macro_rules! plain {
    ($($t:ty),*) => {$(
        // SAFETY: a primitive number.
        unsafe impl Plain for $t {}
    )*};
}
plain!(f32, f64, u8, u16, i32, u32, i64, u64, usize);

// SAFETY: an array of plain numbers is as plain as they are.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// A fixed number of plain values, zero until written. Derefs to a slice.
pub struct Buffer<T: Plain> {
    /// Dangling if there is nothing to hold.
    ptr: NonNull<T>,
    len: usize,
    /// `None` = the allocator of the Rust standard library.
    host: Option<Arc<dyn Allocate>>,
}

impl<T: Plain> Buffer<T> {
    /// `len` zeros for `what`; `Err` with condition MEMORY if they cannot be had.
    pub(crate) fn zeros(host: Option<Arc<dyn Allocate>>, len: usize, what: &str) -> Result<Self> {
        let Some(layout) = Layout::array::<T>(len).ok().and_then(|l| l.align_to(ALIGN).ok()) else {
            bail!(Memory, "{what}: {len} elements of {} bytes do not fit the address space", size_of::<T>())
        };
        if layout.size() == 0 {
            return Ok(Buffer { ptr: NonNull::dangling(), len, host: None });
        }
        let bytes = match &host {
            // SAFETY: the size is not zero.
            None => unsafe { alloc_zeroed(layout) },
            Some(host) => host.alloc(layout.size(), ALIGN),
        };
        let Some(ptr) = NonNull::new(bytes.cast::<T>()) else {
            bail!(Memory, "{what}: no memory for {} bytes", layout.size())
        };
        if let Some(host) = &host {
            if !bytes.addr().is_multiple_of(ALIGN) {
                // SAFETY: returned by `alloc` just now, and used no more.
                unsafe { host.dealloc(bytes, layout.size(), ALIGN) };
                bail!(Memory, "{what}: alloc returned {bytes:?}, which is not aligned to {ALIGN} bytes")
            }
            // SAFETY: the host gave us that many bytes to write.
            unsafe { bytes.write_bytes(0, layout.size()) };
        }
        Ok(Buffer { ptr, len, host })
    }
}

impl<T: Plain> Drop for Buffer<T> {
    fn drop(&mut self) {
        let size = self.len * size_of::<T>();
        if size > 0 {
            let bytes = self.ptr.as_ptr().cast::<u8>();
            // SAFETY: allocated in `zeros` with this size and alignment from the same source.
            unsafe {
                match &self.host {
                    None => dealloc(bytes, Layout::from_size_align_unchecked(size, ALIGN)),
                    Some(host) => host.dealloc(bytes, size, ALIGN),
                }
            }
        }
    }
}

impl<T: Plain> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        // SAFETY: `len` plain values, initialised as zeros.
        unsafe { std::slice::from_raw_parts(self.ptr.as_ptr(), self.len) }
    }
}

impl<T: Plain> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.as_ptr(), self.len) }
    }
}

impl<T: Plain + fmt::Debug> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

// SAFETY: a buffer owns its memory, like a `Vec`; `Allocate` may be called from any thread.
unsafe impl<T: Plain> Send for Buffer<T> {}
// SAFETY: shared access only reads.
unsafe impl<T: Plain> Sync for Buffer<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::{Context, ContextOptions};
    use crate::error::Condition;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Hands out memory until `left` calls have been made, shifted by `shift` bytes, and keeps count.
    struct Counting {
        left: AtomicUsize,
        shift: usize,
        held: AtomicUsize,
    }

    // SAFETY: forwards to the standard allocator with room for the shift.
    unsafe impl Allocate for Counting {
        fn alloc(&self, size: usize, align: usize) -> *mut u8 {
            if self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_err() {
                return std::ptr::null_mut();
            }
            self.held.fetch_add(size, Ordering::SeqCst);
            let layout = Layout::from_size_align(size + self.shift, align).unwrap();
            // SAFETY: the size is not zero; the shift stays inside. Not zeroed: filled with a pattern.
            unsafe {
                let start = std::alloc::alloc(layout);
                start.write_bytes(0xAB, layout.size());
                start.add(self.shift)
            }
        }

        unsafe fn dealloc(&self, ptr: *mut u8, size: usize, align: usize) {
            self.held.fetch_sub(size, Ordering::SeqCst);
            // SAFETY: undoes `alloc`.
            unsafe {
                dealloc(ptr.sub(self.shift), Layout::from_size_align(size + self.shift, align).unwrap())
            }
        }
    }

    fn context(left: usize, shift: usize, memory_limit: usize) -> (Arc<Counting>, Context) {
        let host = Arc::new(Counting { left: AtomicUsize::new(left), shift, held: AtomicUsize::new(0) });
        let allocator: Option<Arc<dyn Allocate>> = Some(host.clone());
        let options = ContextOptions { threads: 1, memory_limit, allocator, ..Default::default() };
        (host, Context::new(options).unwrap())
    }

    #[test]
    fn zeros_that_can_be_written_and_are_aligned() {
        for meter in [Context::default().meter(), context(9, 0, 0).1.meter()] {
            let mut b = meter.buffer::<[f64; 2]>(5, "points").unwrap();
            assert_eq!(&*b, &[[0.0; 2]; 5]);
            assert_eq!(b.as_ptr().addr() % ALIGN, 0);
            b[4] = [1.0, 2.0];
            assert_eq!(b.iter().flatten().sum::<f64>(), 3.0);
            assert!(meter.buffer::<f64>(0, "nothing").unwrap().is_empty());
        }
    }

    #[test]
    fn the_host_gets_everything_back() {
        let (host, ctx) = context(2, 0, 0);
        let meter = ctx.meter();
        let (a, b) = (meter.buffer::<i64>(3, "a").unwrap(), meter.buffer::<u8>(5, "b").unwrap());
        assert_eq!(host.held.load(Ordering::SeqCst), 29);
        let e = meter.buffer::<f64>(7, "c").unwrap_err();
        assert_eq!(e.to_string(), "[MEMORY] c: no memory for 56 bytes");
        assert_eq!(meter.used(), 29, "the failed buffer is off the account");
        drop((a, b, ctx));
        assert_eq!(host.held.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn bad_requests_are_errors() {
        let (host, ctx) = context(9, 8, 1000);
        let meter = ctx.meter();
        let e = meter.buffer::<f64>(4, "areas").unwrap_err();
        assert!(e.to_string().ends_with("which is not aligned to 64 bytes"), "{e}");
        assert_eq!(host.held.load(Ordering::SeqCst), 0);
        let e = meter.buffer::<f64>(126, "areas").unwrap_err();
        let expected = "[MEMORY_LIMIT] areas needs 1008 bytes on top of 0 in use; memory_limit is 1000 bytes";
        assert_eq!(e.to_string(), expected);
        let e = meter.buffer::<f64>(usize::MAX / 4, "areas").unwrap_err();
        assert_eq!(e.condition(), Condition::MemoryLimit);
        let e = Context::default().meter().buffer::<f64>(usize::MAX / 4, "areas").unwrap_err();
        assert_eq!(e.condition(), Condition::Memory);
    }
}
