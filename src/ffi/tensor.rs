//! `cpwl_tensor` to checked views.

use std::ffi::c_void;

use super::pointer;
use crate::error::{Result, bail};
use crate::view::{Dtype, RawTensor, TensorMut, TensorRef};

/// A tensor in the host's memory; the fields mean what they mean in DLPack 1.x. Functions that take a
/// `const cpwl_tensor *` read the elements, those that take a `cpwl_tensor *` write them (or, where the doc says
/// "lends", fill the struct itself). The struct and its arrays are used during the call only. Since 0.1.
///
/// Negative strides are fine, zero strides are fine for tensors that are read. Elements must be aligned to their
/// size. A contiguous tensor of the data type that a function computes in is used in place, any other is converted.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct cpwl_tensor {
    /// Start of the memory; may be NULL if there are no elements.
    pub data: *mut c_void,
    /// Bytes from `data` to the element with index (0, 0, ...).
    pub byte_offset: i64,
    /// A `cpwl_dtype`.
    pub dtype: i32,
    /// Number of axes, 0 to 32.
    pub ndim: i32,
    /// Lengths of the axes; may be NULL if `ndim` is 0.
    pub shape: *const i64,
    /// Strides in elements; NULL = row-major.
    pub strides: *const i64,
    /// A `cpwl_device`.
    pub device: i32,
    /// 0.
    pub device_id: i32,
}

/// # Safety
/// `ptr` is NULL or points to a tensor whose shape and strides have `ndim` entries during `'a`.
unsafe fn raw<'a>(name: &str, ptr: *const cpwl_tensor) -> Result<RawTensor<'a>> {
    // SAFETY: the caller's promise.
    let t = unsafe { pointer::required::<cpwl_tensor>(name, ptr) }?;
    let Some(&dtype) = Dtype::ALL.iter().find(|&&d| d as i32 == t.dtype) else {
        bail!(UnknownEnum, "{name}: dtype is {}; expected 1 (CPWL_F32) to 8 (CPWL_U16)", t.dtype)
    };
    if !matches!((t.device, t.device_id), (0 | 1, 0)) {
        let (device, id) = (t.device, t.device_id);
        bail!(Device, "{name}: device is {device}, device_id {id}; expected 0 or 1 (the CPU), device_id 0")
    }
    if !(0..=32).contains(&t.ndim) {
        bail!(Rank, "{name}: ndim is {}; expected 0 to 32", t.ndim)
    }
    // SAFETY: the caller's promise.
    let shape = unsafe { pointer::slice(&format!("{name}: shape"), t.shape, t.ndim) }?;
    let strides = match t.strides.is_null() {
        true => None,
        // SAFETY: the caller's promise.
        false => Some(unsafe { pointer::slice(&format!("{name}: strides"), t.strides, t.ndim) }?),
    };
    Ok(RawTensor { data: t.data.cast(), byte_offset: t.byte_offset, dtype, shape, strides })
}

/// A tensor to read.
///
/// # Safety
/// `ptr` is NULL or points to a valid tensor whose elements nobody writes during `'a`.
pub(super) unsafe fn input<'a>(name: &'a str, ptr: *const cpwl_tensor) -> Result<TensorRef<'a>> {
    // SAFETY: the caller's promise.
    unsafe { TensorRef::from_raw(name, &raw(name, ptr)?) }
}

/// A tensor to read, where NULL stands for none.
///
/// # Safety
/// As [`input`].
pub(super) unsafe fn optional<'a>(name: &'a str, ptr: *const cpwl_tensor) -> Result<Option<TensorRef<'a>>> {
    // SAFETY: the caller's promise.
    if ptr.is_null() { Ok(None) } else { unsafe { input(name, ptr) }.map(Some) }
}

/// A tensor to write.
///
/// # Safety
/// `ptr` is NULL or points to a valid tensor whose elements nobody else uses during `'a`.
pub(super) unsafe fn output<'a>(name: &'a str, ptr: *mut cpwl_tensor) -> Result<TensorMut<'a>> {
    // SAFETY: the caller's promise.
    unsafe { TensorMut::from_raw(name, &raw(name, ptr)?) }
}
