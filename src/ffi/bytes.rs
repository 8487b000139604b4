//! `cpwl_bytes`: a file in memory.

use std::ffi::c_void;

use super::fence::fence;
use super::{context, cpwl_context, cpwl_status, pointer};

/// Bytes that a call has made: the contents of a file. Immutable. Since 0.1.
pub struct cpwl_bytes {
    pub(super) inner: Vec<u8>,
}

/// Lends the bytes: `*data` is valid until they are freed, `*size` is their number.
///
/// Errors: CPWL_ARGUMENT (NULL). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_bytes_get(
    ctx: *const cpwl_context,
    bytes: *const cpwl_bytes,
    data: *mut *const c_void,
    size: *mut usize,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, bytes, data, size) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("bytes", bytes)?.inner,
                pointer::required_mut("data", data)?,
                pointer::required_mut("size", size)?,
            )
        };
        (*data, *size) = (bytes.as_ptr().cast(), bytes.len());
        Ok(())
    })
}

/// Frees bytes. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_bytes_free(bytes: *mut cpwl_bytes) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(bytes) }
}
