//! Arrays that a result handle lends to the host.

use std::ptr;

use super::cpwl_tensor;
use super::pointer;
use crate::buffer::Plain;
use crate::error::{Result, bail};
use crate::view::Element;

/// An array of a handle, with its shape for as long as the handle lives.
pub(super) struct Lent {
    /// What it is, in the plural.
    name: &'static str,
    /// NULL if it was not kept.
    data: *const u8,
    dtype: i32,
    shape: Vec<i64>,
}

impl Lent {
    /// `values`, seen as a row-major array of `T` whose last axes are `inner`; the first is as long as it takes. The
    /// memory must stay where it is while the handle lives. `kept` is whether it was computed at all.
    pub(super) fn new<T: Element>(
        name: &'static str,
        kept: bool,
        values: &[impl Plain],
        inner: &[usize],
    ) -> Self {
        let rows = size_of_val(values) / size_of::<T>() / inner.iter().product::<usize>().max(1);
        let shape = std::iter::once(&rows).chain(inner).map(|&n| i64::try_from(n).unwrap_or(i64::MAX));
        let data = if kept { values.as_ptr().cast() } else { ptr::null() };
        Lent { name, data, dtype: T::DTYPE as i32, shape: shape.collect() }
    }
}

/// Fills the caller's struct with array `which` (1, 2, ...) of a handle.
///
/// # Safety
/// `out` is NULL, misaligned, or points to a struct that nobody else uses.
pub(super) unsafe fn lend(arrays: &[Lent], which: i32, out: *mut cpwl_tensor) -> Result<()> {
    // SAFETY: the caller's promise.
    let out = unsafe { pointer::required_mut("out", out) }?;
    let index = usize::try_from(which).ok().and_then(|which| which.checked_sub(1));
    let Some(lent) = index.and_then(|index| arrays.get(index)) else {
        bail!(UnknownEnum, "which is {which}; expected 1 to {}", arrays.len())
    };
    if lent.data.is_null() {
        bail!(NotStored, "{} were not kept; ask for them in `want`", lent.name)
    }
    let data = if lent.shape.contains(&0) { ptr::null() } else { lent.data };
    *out = cpwl_tensor {
        data: data.cast_mut().cast(),
        byte_offset: 0,
        dtype: lent.dtype,
        ndim: i32::try_from(lent.shape.len()).unwrap_or(0),
        shape: lent.shape.as_ptr(),
        strides: ptr::null(),
        device: 0,
        device_id: 0,
    };
    Ok(())
}
