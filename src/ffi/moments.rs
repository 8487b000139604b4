//! `cpwl_moments`: second moments of a stream of rows.

use super::fence::fence;
use super::network::count;
use super::options::{self, Growable};
use super::spectrum::long;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_spectrum, cpwl_status, pointer};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::rank::{ApproximateOptions, Moments};
use crate::view::{Dtype, TensorRef};

/// Second moments of rows of K columns in double precision, behind every measure of a spectrum: streams, merges, and travels.
/// Memory: K^2 doubles. A state changes: one thread at a time may use it. A call that fails leaves it as it was. Since 0.1.
pub struct cpwl_moments {
    pub(super) inner: Moments,
}

/// What `cpwl_moments_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_moments_summary {
    /// `sizeof(cpwl_moments_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of rows, N.
    pub n_rows: i64,
    /// Number of columns, K.
    pub n_columns: i64,
    /// Length of `cpwl_moments_flat`: 1 + K + K (K + 1) / 2.
    pub flat_size: i64,
    /// Rows are kept as 2^-exponent times what they are: 0 unless they are extreme.
    pub exponent: i32,
    /// Zero.
    pub reserved: i32,
}

/// Flag of `cpwl_rank_estimate_options`: of the rows minus their mean. Since 0.1.
pub const CPWL_ESTIMATE_CENTER: u32 = 1;
/// Flag of `cpwl_rank_estimate_options`: `deflation` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_ESTIMATE_DEFLATION: u32 = 2;

/// Options of `cpwl_moments_estimate_rank`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_rank_estimate_options {
    /// `sizeof(cpwl_rank_estimate_options)`.
    pub struct_size: usize,
    /// Random vectors, at least 2: the error falls with their square root. 0 = 8.
    pub probes: i64,
    /// Steps of each, at least 4. 0 = 48.
    pub steps: i64,
    /// Vectors to multiply with in search of the largest eigenvalues. 0 = 320, or none with CPWL_ESTIMATE_DEFLATION.
    pub deflation: i64,
    /// Of the random numbers: the same seed gives the same result.
    pub seed: u64,
    /// CPWL_ESTIMATE_* flags.
    pub flags: u32,
    /// Zero.
    pub reserved: i32,
}

/// An estimate of an effective rank, and how far off it may be. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_rank_estimate {
    /// `sizeof(cpwl_rank_estimate)`, set by the caller.
    pub struct_size: usize,
    /// The effective rank of Roy and Vetterli (eps = 0).
    pub rank: f64,
    /// Half the width of a 95 % confidence interval.
    pub error: f64,
    /// Eigenvalues that were found one by one.
    pub deflated: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_moments_summary {
    const NAME: &'static str = "cpwl_moments_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_rank_estimate_options {
    const NAME: &'static str = "cpwl_rank_estimate_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_rank_estimate {
    const NAME: &'static str = "cpwl_rank_estimate";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// A number of columns.
pub(super) fn columns(name: &str, n: i64) -> Result<usize> {
    match usize::try_from(n) {
        Ok(n) if n > 0 => Ok(n),
        _ => bail!(Shape, "{name} is {n}; expected 1 or more"),
    }
}

/// Second moments of rows of `n_columns` columns, of which there are none yet. They are kept about the mean of the first rows,
/// so that a large mean costs no accuracy. Free them with `cpwl_moments_free`.
///
/// Errors: CPWL_SHAPE (no columns), CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_new(
    ctx: *const cpwl_context,
    n_columns: i64,
    out: *mut *mut cpwl_moments,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, out) = unsafe { (context::get(ctx)?, pointer::out("out", out)?) };
        out.put(cpwl_moments { inner: Moments::new(ctx, columns("n_columns", n_columns)?)? });
        Ok(())
    })
}

/// The same about a shift that stays, (K): states of one shift and exponent may be summed number by number, see
/// `cpwl_moments_flat`. Rows are scaled by 2^-exponent, which should be 0 unless |x| passes 2^300 or stays below 2^-300. A shift
/// near the mean is best, 0 is fine where the mean is no larger than the spread. Free it with `cpwl_moments_free`.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (exponent, or a shift too large for it), CPWL_LIMIT, CPWL_MEMORY.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_with_shift(
    ctx: *const cpwl_context,
    shift: *const cpwl_tensor,
    exponent: i32,
    out: *mut *mut cpwl_moments,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, shift, out) =
            unsafe { (context::get(ctx)?, tensor::input("shift", shift)?, pointer::out("out", out)?) };
        shift.expect_rank(1, "(columns)")?;
        let shift = shift.read::<f64>(&ctx.meter())?;
        out.put(cpwl_moments { inner: Moments::with_shift(ctx, &shift, exponent)? });
        Ok(())
    })
}

/// Frees second moments. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_free(moments: *mut cpwl_moments) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(moments) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_info(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    out: *mut cpwl_moments_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, m) = unsafe { (context::get(ctx)?, &pointer::required("moments", moments)?.inner) };
        let summary = cpwl_moments_summary {
            struct_size: 0,
            n_rows: long(m.rows()),
            n_columns: count(m.columns()),
            flat_size: count(Moments::flat_len(m.columns())),
            exponent: m.exponent(),
            reserved: 0,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Adds the rows of `z`, (n, K): f32, f64, f16 or bf16, of any strides; n may be 0. n K^2 flops; more rows than fit 4 MiB of
/// doubles take K^2 doubles besides, unless they are the first.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (too large for a given scale), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Bit-identical for any number of threads. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_update(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
    z: *const cpwl_tensor,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { with_rows(ctx, moments, z, Moments::update) }
}

/// Takes the rows of `z`, which came in before in any order, out again. As exact as putting them in, but every such pair leaves
/// its rounding behind: start anew when as many rows have left as are there. Errors: as `cpwl_moments_update`; CPWL_ARGUMENT if
/// there are fewer rows. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_downdate(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
    z: *const cpwl_tensor,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { with_rows(ctx, moments, z, Moments::downdate) }
}

/// # Safety
/// As the callers'.
unsafe fn with_rows(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
    z: *const cpwl_tensor,
    change: fn(&mut Moments, &Context, &TensorRef) -> Result<()>,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the caller's promise.
        let (ctx, m, z) = unsafe {
            (context::get(ctx)?, pointer::required_mut("moments", moments)?, tensor::input("z", z)?)
        };
        change(&mut m.inner, ctx, &z)
    })
}

/// Adds the rows that `other` has seen, whatever its shift and scale; any order and grouping of merges gives the same up to
/// rounding. K^2 flops. Errors: CPWL_SHAPE, CPWL_ARGUMENT (`other` is `moments` itself, or too large for a given scale). Since
/// 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_merge(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
    other: *const cpwl_moments,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { with_other(ctx, moments, other, Moments::merge) }
}

/// Takes the rows that `other` has seen out again. Rows that are not there leave a state that is none, which its spectrum says
/// (CPWL_NUMERIC). Errors: as `cpwl_moments_merge`; CPWL_ARGUMENT if `other` has seen more rows. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_subtract(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
    other: *const cpwl_moments,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { with_other(ctx, moments, other, Moments::subtract) }
}

/// # Safety
/// As the callers'.
unsafe fn with_other(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
    other: *const cpwl_moments,
    change: fn(&mut Moments, &Moments) -> Result<()>,
) -> cpwl_status {
    fence(|| {
        if moments.cast_const() == other && !other.is_null() {
            bail!(Argument, "other is moments itself; expected another state")
        }
        // SAFETY: the caller's promise; they are two.
        let (_, m, other) = unsafe {
            (
                context::get(ctx)?,
                pointer::required_mut("moments", moments)?,
                pointer::required("other", other)?,
            )
        };
        change(&mut m.inner, &other.inner)
    })
}

/// Forgets all rows; a shift that was given stays. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_clear(
    ctx: *const cpwl_context,
    moments: *mut cpwl_moments,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, m) = unsafe { (context::get(ctx)?, pointer::required_mut("moments", moments)?) };
        m.inner.clear();
        Ok(())
    })
}

/// Writes the mean of the rows to `out`, (K), f32 or f64. Errors: CPWL_SHAPE (no rows yet), CPWL_DTYPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_mean(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, m, mut out) = unsafe {
            (context::get(ctx)?, &pointer::required("moments", moments)?.inner, tensor::output("out", out)?)
        };
        out.expect_shape(&[m.columns()], "(columns)")?;
        out.write(&m.mean()?)
    })
}

/// Writes the sum of the outer products of the rows to `out`, (K, K), f32 or f64; if `centered` is not 0, of the rows minus
/// their mean. Over N it is the matrix of second moments, or the covariance. Errors: CPWL_SHAPE (no rows yet), CPWL_DTYPE,
/// CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_products(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    centered: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, m, mut out) = unsafe {
            (context::get(ctx)?, &pointer::required("moments", moments)?.inner, tensor::output("out", out)?)
        };
        out.expect_shape(&[m.columns(); 2], "(columns, columns)")?;
        out.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        out.write(&m.second_moments(ctx, centered != 0)?)
    })
}

/// The singular values of the rows, if `centered` is not 0 of the rows minus their mean. Free it with `cpwl_spectrum_free`.
///
/// Errors: CPWL_SHAPE (no rows yet), CPWL_NUMERIC (a zero spectrum; rows were taken out that are not there), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. 4/3 K^3 flops, 1.7 K^2 doubles. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_spectrum(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    centered: i32,
    out: *mut *mut cpwl_spectrum,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, m, out) = unsafe {
            (context::get(ctx)?, &pointer::required("moments", moments)?.inner, pointer::out("out", out)?)
        };
        out.put(cpwl_spectrum::new(m.spectrum(ctx, centered != 0)?));
        Ok(())
    })
}

/// Participation ratio (sum lambda)^2 / sum lambda^2 without eigenvalues; its logarithm is the matrix Renyi entropy of order 2.
/// K^2 flops. Errors: CPWL_SHAPE (no rows yet), CPWL_NUMERIC (a zero spectrum). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_participation_ratio(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    centered: i32,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, m, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("moments", moments)?.inner,
                pointer::required_mut("out", out)?,
            )
        };
        *out = m.participation_ratio(centered != 0)?;
        Ok(())
    })
}

/// Estimates the effective rank (eps = 0) of the rows without all eigenvalues, for K of many thousands: stochastic Lanczos
/// quadrature behind deflation, with a 95 % confidence interval. `opts` may be NULL; `out` has its `struct_size` set by the
/// caller. Worth it from about K = 8192 on; below, `cpwl_moments_spectrum` is exact and no slower.
///
/// Errors: CPWL_SHAPE (no rows yet), CPWL_ARGUMENT, CPWL_UNSUPPORTED (flags), CPWL_NUMERIC (a zero spectrum), CPWL_LIMIT,
/// CPWL_MEMORY, CPWL_CANCELLED. 2 K^2 (deflation + probes steps) flops, K^2 doubles. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_moments_estimate_rank(
    ctx: *const cpwl_context,
    moments: *const cpwl_moments,
    opts: *const cpwl_rank_estimate_options,
    out: *mut cpwl_rank_estimate,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, m, o) = unsafe {
            options::check("out", out)?;
            (context::get(ctx)?, &pointer::required("moments", moments)?.inner, options::read(opts)?)
        };
        let found = m.approximate_rank(ctx, &estimate(&o)?)?;
        let summary = cpwl_rank_estimate {
            struct_size: 0,
            rank: found.rank,
            error: found.error,
            deflated: count(found.deflated),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

fn estimate(o: &cpwl_rank_estimate_options) -> Result<ApproximateOptions> {
    let known = CPWL_ESTIMATE_CENTER | CPWL_ESTIMATE_DEFLATION;
    if o.flags & !known != 0 {
        bail!(UnknownOption, "flags is {:#x}; this version knows {known:#x}", o.flags)
    }
    let default = ApproximateOptions::default();
    let number = |name: &str, n: i64, zero: usize| match usize::try_from(n) {
        Ok(0) => Ok(zero),
        Ok(n) => Ok(n),
        Err(_) => bail!(Argument, "{name} is {n}; expected 0 or more"),
    };
    let deflation = if o.flags & CPWL_ESTIMATE_DEFLATION != 0 { 0 } else { default.deflation };
    Ok(ApproximateOptions {
        center: o.flags & CPWL_ESTIMATE_CENTER != 0,
        probes: number("probes", o.probes, default.probes)?,
        steps: number("steps", o.steps, default.steps)?,
        deflation: number("deflation", o.deflation, deflation)?,
        seed: o.seed,
    })
}
