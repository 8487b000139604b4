//! Pointers of the host, checked as far as they can be, and handles on their way out.
#![allow(clippy::disallowed_methods)] // The reader of a host's pointers.

use std::ffi::{CStr, c_char, c_void};
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::error::{Result, bail};

fn check<T>(name: &str, ptr: *const T) -> Result<()> {
    if ptr.is_null() {
        bail!(Null, "{name} is NULL")
    }
    if !ptr.is_aligned() {
        bail!(Misaligned, "{name} is {ptr:p}; expected a multiple of {}", align_of::<T>())
    }
    Ok(())
}

/// What a pointer named `name` points to.
///
/// # Safety
/// `ptr` is NULL, misaligned, or points to a `T` that nobody changes during `'a`.
pub(super) unsafe fn required<'a, T>(name: &str, ptr: *const T) -> Result<&'a T> {
    check(name, ptr)?;
    // SAFETY: checked above as far as possible; the caller promises the rest.
    Ok(unsafe { &*ptr })
}

/// As [`required`], where NULL stands for none.
///
/// # Safety
/// As [`required`].
pub(super) unsafe fn optional<'a, T>(name: &str, ptr: *const T) -> Result<Option<&'a T>> {
    // SAFETY: the caller's promise.
    if ptr.is_null() { Ok(None) } else { unsafe { required(name, ptr) }.map(Some) }
}

/// As [`required`], to change it.
///
/// # Safety
/// `ptr` is NULL, misaligned, or points to a `T` that nobody else uses during `'a`.
pub(super) unsafe fn required_mut<'a, T>(name: &str, ptr: *mut T) -> Result<&'a mut T> {
    check(name, ptr)?;
    // SAFETY: checked above as far as possible; the caller promises the rest.
    Ok(unsafe { &mut *ptr })
}

/// As [`required_mut`], where NULL means that the caller does not want the value.
///
/// # Safety
/// As [`required_mut`].
pub(super) unsafe fn optional_mut<'a, T>(name: &str, ptr: *mut T) -> Result<Option<&'a mut T>> {
    // SAFETY: the caller's promise.
    if ptr.is_null() { Ok(None) } else { unsafe { required_mut(name, ptr) }.map(Some) }
}

/// `len` values at `ptr`, which may be NULL if there are none.
///
/// # Safety
/// `ptr` is NULL, misaligned, or points to `len` values that nobody changes during `'a`.
pub(super) unsafe fn slice<'a, T>(name: &str, ptr: *const T, len: i32) -> Result<&'a [T]> {
    let Ok(len) = usize::try_from(len) else {
        bail!(Argument, "the length of {name} is {len}; expected 0 or more")
    };
    if len == 0 {
        return Ok(&[]);
    }
    check(name, ptr)?;
    // SAFETY: checked above as far as possible; the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// As [`slice()`], to change them.
///
/// # Safety
/// `ptr` is NULL, misaligned, or points to `len` values that nobody else uses during `'a`.
pub(super) unsafe fn slice_mut<'a, T>(name: &str, ptr: *mut T, len: i32) -> Result<&'a mut [T]> {
    let Ok(len) = usize::try_from(len) else {
        bail!(Argument, "the length of {name} is {len}; expected 0 or more")
    };
    if len == 0 {
        return Ok(&mut []);
    }
    check(name, ptr)?;
    // SAFETY: checked above as far as possible; the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts_mut(ptr, len) })
}

/// A NUL-terminated string.
///
/// # Safety
/// `ptr` is NULL or points to a NUL-terminated string that nobody changes during `'a`.
pub(super) unsafe fn text<'a>(name: &str, ptr: *const c_char) -> Result<&'a CStr> {
    check(name, ptr)?;
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(ptr) })
}

/// A file name: any bytes on POSIX systems, UTF-8 elsewhere.
///
/// # Safety
/// As [`text`].
pub(super) unsafe fn path(name: &str, ptr: *const c_char) -> Result<PathBuf> {
    // SAFETY: the caller's promise.
    let text = unsafe { text(name, ptr) }?;
    #[cfg(unix)]
    return Ok(std::ffi::OsStr::from_bytes(text.to_bytes()).into());
    #[cfg(not(unix))]
    match text.to_str() {
        Ok(text) => Ok(text.into()),
        Err(_) => bail!(Argument, "{name} is {text:?}; expected UTF-8"),
    }
}

/// `size` bytes at `ptr`, which may be NULL if there are none.
///
/// # Safety
/// `ptr` is NULL or points to `size` bytes that nobody changes during `'a`.
pub(super) unsafe fn bytes<'a>(name: &str, ptr: *const c_void, size: usize) -> Result<&'a [u8]> {
    if size == 0 {
        return Ok(&[]);
    }
    check(name, ptr.cast::<u8>())?;
    if size > isize::MAX as usize {
        bail!(Argument, "{name} has {size} bytes, more than there can be")
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(ptr.cast(), size) })
}

/// A place for a new handle; untouched until [`Out::put`].
pub(super) struct Out<'a, T>(&'a mut *mut T);

impl<T> Out<'_, T> {
    /// Gives the handle to the caller, who frees it with [`free`].
    pub(super) fn put(self, handle: T) {
        *self.0 = Box::into_raw(Box::new(handle));
    }
}

/// A place for a new handle.
///
/// # Safety
/// `ptr` is NULL, misaligned, or points to a handle variable that nobody else uses during `'a`.
pub(super) unsafe fn out<'a, T>(name: &str, ptr: *mut *mut T) -> Result<Out<'a, T>> {
    // SAFETY: the caller's promise.
    unsafe { required_mut(name, ptr) }.map(Out)
}

/// Ends a handle; NULL is fine.
///
/// # Safety
/// `ptr` is NULL or came from [`Out::put`] and is used no more.
pub(super) unsafe fn free<T>(ptr: *mut T) {
    if !ptr.is_null() {
        // SAFETY: the caller's promise.
        super::fence::fence_value((), || drop(unsafe { Box::from_raw(ptr) }))
    }
}
