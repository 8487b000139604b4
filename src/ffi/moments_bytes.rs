//! `cpwl_moments` on its way to files and other processes.

use std::ffi::c_void;

use super::bytes::cpwl_bytes;
use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_moments, cpwl_status, pointer};
use crate::rank::Moments;
use crate::view::Dtype;

/// The state as bytes, for files and other processes, on any machine: rows, mean and centred second moments, 8 (K (K + 3) / 2
/// + 5) bytes. A shift that was given is not part of it. Free them with `cpwl_bytes_free`.
///
/// Version 1, little-endian, every field 8 bytes: "CPWLMOM1"; N (u64); K (u64); e (i64), what follows being in units of 2^e; the
/// mean (K f64); the sum of the outer products of the rows minus the mean (K (K + 1) / 2 f64, the upper triangle row after row); a
/// checksum (u64, FNV-1a with offset 0xcbf29ce484222325 and prime 0x100000001b3 over the 8-byte words before it). Errors:
/// CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_to_bytes(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    out: *mut *mut cpwl_bytes,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, m, out) = unsafe {
            (context::get(ctx)?, &pointer::required("moments", moments)?.inner, pointer::out("out", out)?)
        };
        out.put(cpwl_bytes { inner: m.to_bytes()? });
        Ok(())
    })
}

/// The state that `cpwl_moments_to_bytes` wrote, on this machine or another; `size` bytes at `data`, of any alignment. Free it with
/// `cpwl_moments_free`.
///
/// Errors: CPWL_ARGUMENT (MALFORMED: not such bytes, another version, cut short, changed), CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_from_bytes(
    ctx: *const cpwl_context,
    data: *const c_void,
    size: usize,
    out: *mut *mut cpwl_moments,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, data, out) =
            unsafe { (context::get(ctx)?, pointer::bytes("data", data, size)?, pointer::out("out", out)?) };
        out.put(cpwl_moments { inner: Moments::from_bytes(ctx, data)? });
        Ok(())
    })
}

/// Writes N, the sum of the rows minus the shift (K) and the sum of their outer products (K (K + 1) / 2, the upper triangle row
/// after row) to `out`, (`flat_size`), f64; all in units of the scale. The sum of such buffers of several processes (an all-reduce)
/// is the buffer of all rows, given that all have the same shift and exponent.
///
/// Errors: CPWL_ARGUMENT (the state was not made with a shift), CPWL_SHAPE, CPWL_DTYPE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_flat(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, m, mut out) = unsafe {
            (context::get(ctx)?, &pointer::required("moments", moments)?.inner, tensor::output("out", out)?)
        };
        let size = Moments::flat_len(m.columns());
        out.expect_dtype(&[Dtype::F64])?;
        out.expect_shape(&[size], "(flat_size)")?;
        if let Some(values) = out.contiguous::<f64>() {
            return m.write_flat(values);
        }
        let mut values = ctx.meter().buffer::<f64>(size, "flat")?;
        m.write_flat(&mut values)?;
        out.write(&values)
    })
}

/// The state of a buffer that `cpwl_moments_flat` wrote, or of the sum of several, for the shift (K) and exponent that they were
/// written for. Free it with `cpwl_moments_free`.
///
/// Errors: those of `cpwl_moments_with_shift`; CPWL_ARGUMENT (its first number is no number of rows). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_from_flat(
    ctx: *const cpwl_context,
    shift: *const cpwl_tensor,
    exponent: i32,
    flat: *const cpwl_tensor,
    out: *mut *mut cpwl_moments,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, shift, flat, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("shift", shift)?,
                tensor::input("flat", flat)?,
                pointer::out("out", out)?,
            )
        };
        shift.expect_rank(1, "(columns)")?;
        flat.expect_rank(1, "(flat_size)")?;
        let meter = ctx.meter();
        let (shift, flat) = (shift.read::<f64>(&meter)?, flat.read::<f64>(&meter)?);
        out.put(cpwl_moments { inner: Moments::from_flat(ctx, &shift, exponent, &flat)? });
        Ok(())
    })
}
