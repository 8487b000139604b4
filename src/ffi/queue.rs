//! `cpwl_queue`: the last rows of a stream.

use super::fence::fence;
use super::moments::columns;
use super::network::count;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_moments, cpwl_spectrum, cpwl_status, pointer};
use crate::error::bail;
use crate::rank::{Moments, Queue};
use crate::view::Dtype;

/// The last Q rows of a stream of K columns, and their second moments. Memory: Q K numbers and K^2 doubles. A queue changes: one
/// thread at a time may use it. A call that fails leaves it as it was. Since 0.1.
pub struct cpwl_queue {
    inner: Queue,
}

/// What `cpwl_queue_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_queue_summary {
    /// `sizeof(cpwl_queue_summary)`, set by the caller.
    pub struct_size: usize,
    /// Rows that are in.
    pub n_rows: i64,
    /// Rows that it holds at most, Q.
    pub capacity: i64,
    /// Number of columns, K.
    pub n_columns: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_queue_summary {
    const NAME: &'static str = "cpwl_queue_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// An empty queue of `capacity` rows, which are kept as CPWL_F32 (for f32, f16 and bf16 rows) or CPWL_F64. Free it with
/// `cpwl_queue_free`.
///
/// Errors: CPWL_SHAPE (no capacity or no columns), CPWL_DTYPE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_queue_new(
    ctx: *const cpwl_context,
    capacity: i64,
    n_columns: i64,
    dtype: i32,
    out: *mut *mut cpwl_queue,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, out) = unsafe { (context::get(ctx)?, pointer::out("out", out)?) };
        let (capacity, n_columns) = (columns("capacity", capacity)?, columns("n_columns", n_columns)?);
        let Some(&dtype) = Dtype::ALL.iter().find(|&&d| d as i32 == dtype) else {
            bail!(UnknownEnum, "dtype is {dtype}; expected 1 (CPWL_F32) or 2 (CPWL_F64)")
        };
        out.put(cpwl_queue { inner: Queue::new(ctx, capacity, n_columns, dtype)? });
        Ok(())
    })
}

/// Frees a queue. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_queue_free(queue: *mut cpwl_queue) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(queue) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_queue_info(
    ctx: *const cpwl_context,
    queue: *const cpwl_queue,
    out: *mut cpwl_queue_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, q) = unsafe { (context::get(ctx)?, &pointer::required("queue", queue)?.inner) };
        let summary = cpwl_queue_summary {
            struct_size: 0,
            n_rows: count(q.rows()),
            capacity: count(q.capacity()),
            n_columns: count(q.columns()),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Takes the rows of `z`, (n, K), in, oldest first, and lets as many go as do not fit. n K^2 flops for those that come and those
/// that go, once moments have been asked for.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE (f64 rows in a queue of f32, which would round them), CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_queue_push(
    ctx: *const cpwl_context,
    queue: *mut cpwl_queue,
    z: *const cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, q, z) =
            unsafe { (context::get(ctx)?, pointer::required_mut("queue", queue)?, tensor::input("z", z)?) };
        q.inner.push(ctx, &z)
    })
}

/// The second moments of the rows that are in, as a state of its own. Free it with `cpwl_moments_free`.
///
/// Errors: as `cpwl_moments_update`. rows K^2 flops for the first time and after every Q rows, otherwise K^2. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_queue_moments(
    ctx: *const cpwl_context,
    queue: *mut cpwl_queue,
    out: *mut *mut cpwl_moments,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, q, out) = unsafe {
            (context::get(ctx)?, pointer::required_mut("queue", queue)?, pointer::out("out", out)?)
        };
        let mut copy = Moments::new(ctx, q.inner.columns())?;
        copy.merge(q.inner.moments(ctx)?)?;
        out.put(cpwl_moments { inner: copy });
        Ok(())
    })
}

/// The singular values of the rows that are in, in whatever order they came; if `centered` is not 0, of the rows minus their
/// mean. Free it with `cpwl_spectrum_free`. Errors and cost: those of `cpwl_queue_moments` and `cpwl_moments_spectrum`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_queue_spectrum(
    ctx: *const cpwl_context,
    queue: *mut cpwl_queue,
    centered: i32,
    out: *mut *mut cpwl_spectrum,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, q, out) = unsafe {
            (context::get(ctx)?, pointer::required_mut("queue", queue)?, pointer::out("out", out)?)
        };
        out.put(cpwl_spectrum::new(q.inner.moments(ctx)?.spectrum(ctx, centered != 0)?));
        Ok(())
    })
}
