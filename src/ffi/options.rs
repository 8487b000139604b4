//! Structs that grow: their first field is `size_t struct_size`, later versions append fields, zero means default.
//!
//! A struct of another version than ours is never seen through a reference: its bytes are copied into a zeroed local.

use std::mem::MaybeUninit;
use std::ptr;

use crate::error::{Result, bail};

/// A `struct_size` beyond this was never set.
const MAX_SIZE: usize = 1 << 16;

/// A growable struct of the C ABI.
///
/// # Safety
/// `repr(C)`, its first field is `struct_size: usize`, all-zero bytes are a value, and there is no padding at the end.
pub(super) unsafe trait Growable: Copy {
    /// Its name in the header.
    const NAME: &'static str;
    /// Its size in the version that introduced it.
    const FIRST_SIZE: usize;
}

/// Reads options; NULL means all defaults.
///
/// # Safety
/// `ptr` is NULL or points to `struct_size` readable bytes.
pub(super) unsafe fn read<T: Growable>(ptr: *const T) -> Result<T> {
    let mut local = MaybeUninit::<T>::zeroed();
    if !ptr.is_null() {
        let bytes = ptr.cast::<u8>();
        // SAFETY: the caller's promise; every version has its size first.
        let size = unsafe { struct_size(ptr) }?;
        // SAFETY: both have that many bytes.
        unsafe { ptr::copy_nonoverlapping(bytes, local.as_mut_ptr().cast(), size.min(size_of::<T>())) };
        for at in size_of::<T>()..size {
            // SAFETY: below `struct_size`.
            if unsafe { bytes.add(at).read() } != 0 {
                let known = size_of::<T>();
                bail!(UnknownOption, "{}: byte {at} is set, but this version knows {known} bytes", T::NAME)
            }
        }
    }
    // SAFETY: zeroed and then overwritten with a prefix of a value.
    Ok(unsafe { local.assume_init() })
}

/// As [`read`], for options that have no defaults.
///
/// # Safety
/// As [`read`].
pub(super) unsafe fn required<T: Growable>(ptr: *const T) -> Result<T> {
    if ptr.is_null() {
        bail!(Null, "opts is NULL; {} has no defaults for all fields", T::NAME)
    }
    // SAFETY: the caller's promise.
    unsafe { read(ptr) }
}

/// Fills a struct for the caller, up to the size that it knows; what this version does not know becomes zero.
/// `value.struct_size` is replaced by the caller's.
///
/// # Safety
/// `ptr` is NULL or points to `struct_size` writable bytes that nobody else uses.
pub(super) unsafe fn write<T: Growable>(name: &str, ptr: *mut T, value: &T) -> Result<()> {
    if ptr.is_null() {
        bail!(Null, "{name} is NULL")
    }
    // SAFETY: the caller's promise; the first field is the size.
    unsafe {
        let size = struct_size(ptr)?;
        let known = size.min(size_of::<T>());
        ptr.cast::<u8>().write_bytes(0, size);
        ptr::copy_nonoverlapping(ptr::from_ref(value).cast::<u8>(), ptr.cast(), known);
        ptr.cast::<usize>().write_unaligned(size);
    }
    Ok(())
}

/// Checks a struct that the caller wants filled later, so that work is not lost on it.
///
/// # Safety
/// `ptr` is NULL or points to at least a `size_t`.
pub(super) unsafe fn check<T: Growable>(name: &str, ptr: *const T) -> Result<()> {
    if ptr.is_null() {
        bail!(Null, "{name} is NULL")
    }
    // SAFETY: the caller's promise.
    unsafe { struct_size(ptr) }.map(drop)
}

/// # Safety
/// `ptr` points to at least a `size_t`.
unsafe fn struct_size<T: Growable>(ptr: *const T) -> Result<usize> {
    // SAFETY: the caller's promise.
    let size = unsafe { ptr.cast::<usize>().read_unaligned() };
    if !(T::FIRST_SIZE..=MAX_SIZE).contains(&size) {
        let (name, known) = (T::NAME, size_of::<T>());
        bail!(StructSize, "{name}: struct_size is {size}; expected sizeof({name}), {known} in this version")
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Now {
        struct_size: usize,
        a: i32,
        b: i32,
        c: f64,
    }
    // SAFETY: as the trait demands; `c` came with the second version.
    unsafe impl Growable for Now {
        const NAME: &'static str = "now";
        const FIRST_SIZE: usize = 16;
    }

    #[repr(C)]
    struct Newer {
        now: Now,
        d: u64,
    }

    #[test]
    fn older_newer_and_missing_structs() {
        let now = Now { struct_size: 24, a: 1, b: 2, c: 3.0 };
        // SAFETY: each pointer has the bytes that its struct_size says.
        unsafe {
            assert_eq!(read(&now).unwrap(), now);
            assert_eq!(read::<Now>(ptr::null()).unwrap(), Now { struct_size: 0, a: 0, b: 0, c: 0.0 });
            let old = [16usize, usize::from_ne_bytes([7, 0, 0, 0, 8, 0, 0, 0])];
            assert_eq!(
                read(old.as_ptr().cast::<Now>()).unwrap(),
                Now { struct_size: 16, a: 7, b: 8, c: 0.0 }
            );
            let mut newer = Newer { now: Now { struct_size: 32, ..now }, d: 0 };
            assert_eq!(read::<Now>((&raw const newer).cast()).unwrap().c, 3.0);
            newer.d = 1 << 40;
            let e = read::<Now>((&raw const newer).cast()).unwrap_err();
            assert_eq!(
                e.to_string(),
                "[UNKNOWN_OPTION] now: byte 29 is set, but this version knows 24 bytes"
            );
        }
    }

    #[test]
    fn sizes_that_cannot_be_are_refused() {
        for struct_size in [0, 4, 15, usize::MAX] {
            let now = Now { struct_size, a: 1, b: 2, c: 3.0 };
            // SAFETY: only the size is read.
            let e = unsafe { read(&now) }.unwrap_err();
            assert_eq!(e.condition(), Condition::StructSize);
            let expected =
                format!("now: struct_size is {struct_size}; expected sizeof(now), 24 in this version");
            assert_eq!(e.message(), expected);
        }
    }

    #[test]
    fn filling_older_and_newer_structs() {
        let value = Now { struct_size: 0, a: 1, b: 2, c: 3.0 };
        let mut old = [16usize, 0, 99];
        let mut newer = Newer { now: Now { struct_size: 32, ..value }, d: 99 };
        // SAFETY: each pointer has the bytes that its struct_size says.
        unsafe {
            write("out", old.as_mut_ptr().cast::<Now>(), &value).unwrap();
            write("out", (&raw mut newer).cast::<Now>(), &value).unwrap();
            assert!(write("out", ptr::null_mut(), &value).is_err());
        }
        assert_eq!(old, [16, usize::from_ne_bytes([1, 0, 0, 0, 2, 0, 0, 0]), 99]);
        assert_eq!((newer.now.struct_size, newer.now.c, newer.d), (32, 3.0, 0));
    }
}
