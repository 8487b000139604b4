//! alpha-ReQ: the decay of eigenvalues as a power law.

use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_spectrum, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::rank::{self, AlphaFit, AlphaOptions, Weighting};

/// Options of `cpwl_alpha_req`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_alpha_options {
    /// `sizeof(cpwl_alpha_options)`.
    pub struct_size: usize,
    /// First rank of the fit, from 1; 0 = 11.
    pub start: i64,
    /// Last rank of the fit, included; 0 = 100.
    pub end: i64,
    /// A `cpwl_weighting`; 0 = CPWL_WEIGHT_INVERSE_RANK.
    pub weighting: i32,
    /// Zero.
    pub reserved: i32,
}

/// A fitted power law, ln lambda_t = intercept - alpha ln t. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_alpha_fit {
    /// `sizeof(cpwl_alpha_fit)`, set by the caller.
    pub struct_size: usize,
    /// The exponent.
    pub alpha: f64,
    /// The logarithm of the value at rank 1.
    pub intercept: f64,
    /// 1 - SS_res / SS_tot on the fitted ranks, without weights.
    pub r2: f64,
    /// The same on the ranks start + 1 to 500, or to 10 before the last of fewer than 512; NaN if there are fewer than 2.
    pub r2_tail: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_alpha_options {
    const NAME: &'static str = "cpwl_alpha_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_alpha_fit {
    const NAME: &'static str = "cpwl_alpha_fit";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn rank_of(name: &str, rank: i64, zero: usize) -> Result<usize> {
    match usize::try_from(rank) {
        Ok(0) => Ok(zero),
        Ok(rank) => Ok(rank),
        Err(_) => bail!(Argument, "{name} is {rank}; expected a rank, 1 or more"),
    }
}

fn read(o: &cpwl_alpha_options) -> Result<AlphaOptions> {
    let default = AlphaOptions::default();
    Ok(AlphaOptions {
        start: rank_of("start", o.start, default.start)?,
        end: rank_of("end", o.end, default.end)?,
        weighting: match o.weighting {
            0 | 1 => Weighting::InverseRank,
            2 => Weighting::None,
            other => bail!(UnknownEnum, "weighting is {other}; expected 0 to 2 (CPWL_WEIGHT_NONE)"),
        },
    })
}

/// # Safety
/// As [`options::write`].
unsafe fn write(fit: &AlphaFit, out: *mut cpwl_alpha_fit) -> Result<()> {
    let AlphaFit { alpha, intercept, r2, r2_tail } = *fit;
    let fit = cpwl_alpha_fit { struct_size: 0, alpha, intercept, r2, r2_tail };
    // SAFETY: the caller's promise.
    unsafe { options::write("out", out, &fit) }
}

/// Fits lambda_t ~ t^-alpha to `eigenvalues`, (L), largest first and on whatever scale, by least squares of ln lambda_t on ln t
/// over ranks `start` to `end`. Values that are 0 are left out. `opts` may be NULL; `out` has its `struct_size` set by the caller.
///
/// Errors: CPWL_ARGUMENT (ranks beyond the values, fewer than 3 positive values among them, a negative value), CPWL_SHAPE,
/// CPWL_DTYPE, CPWL_NONFINITE. O(L). Agrawal et al.: alpha-ReQ, NeurIPS 2022. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_alpha_req(
    ctx: *const cpwl_context,
    eigenvalues: *const cpwl_tensor,
    opts: *const cpwl_alpha_options,
    out: *mut cpwl_alpha_fit,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, lambda, o) =
            unsafe { (context::get(ctx)?, tensor::input("eigenvalues", eigenvalues)?, options::read(opts)?) };
        lambda.expect_rank(1, "(eigenvalues)")?;
        let fit = rank::alpha_req(&lambda.read::<f64>(&ctx.meter())?, &read(&o)?)?;
        // SAFETY: as above.
        unsafe { write(&fit, out) }
    })
}

/// The median of the unweighted slopes over windows of ranks s to s + w, s from `start` to `end`, w = (end - start) / 10 without
/// its fraction. `eigenvalues` as for `cpwl_alpha_req`; 0 = 11 and 100. Errors: as there. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_alpha_robust(
    ctx: *const cpwl_context,
    eigenvalues: *const cpwl_tensor,
    start: i64,
    end: i64,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, lambda, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("eigenvalues", eigenvalues)?,
                pointer::required_mut("out", out)?,
            )
        };
        lambda.expect_rank(1, "(eigenvalues)")?;
        let default = AlphaOptions::default();
        let (start, end) = (rank_of("start", start, default.start)?, rank_of("end", end, default.end)?);
        *out = rank::alpha_robust(&lambda.read::<f64>(&ctx.meter())?, start, end)?;
        Ok(())
    })
}

/// `cpwl_alpha_req` of the variance ratios of a spectrum, which is meant to be centred. Errors: as there. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_alpha_req(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    opts: *const cpwl_alpha_options,
    out: *mut cpwl_alpha_fit,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s, o) = unsafe {
            (context::get(ctx)?, &pointer::required("spectrum", spectrum)?.inner, options::read(opts)?)
        };
        // SAFETY: as above.
        unsafe { write(&s.alpha_req(&read(&o)?)?, out) }
    })
}
