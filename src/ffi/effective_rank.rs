//! Effective ranks in every convention, of a spectrum or of rows.

use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_spectrum, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::rank::{self, EpsMode, Options, Power, Preset, SpectrumOptions};

/// Flag of `cpwl_rank_options`: give the entropy over ln K, a number from 0 to 1, instead. Since 0.1.
pub const CPWL_RANK_NORMALIZE: u32 = 1;
/// Flag of `cpwl_rank_options`: `eps` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_RANK_EPS: u32 = 2;

/// Conventions of an effective rank. Published codes differ by up to 98 % on the same data because they choose differently.
/// Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_rank_options {
    /// `sizeof(cpwl_rank_options)`.
    pub struct_size: usize,
    /// A `cpwl_rank_preset`, for all that is 0 below; 0 = CPWL_RANK_ROY_VETTERLI.
    pub preset: i32,
    /// A `cpwl_rank_power`.
    pub power: i32,
    /// A `cpwl_rank_eps_mode`.
    pub eps_mode: i32,
    /// A `cpwl_rank_center`. Of a spectrum it must be what the spectrum is.
    pub center: i32,
    /// Added to probabilities or values; at least 0. 0 = that of the preset, unless CPWL_RANK_EPS is set.
    pub eps: f64,
    /// Base of the logarithm of an entropy, above 1; 0 = e. An effective rank does not depend on it.
    pub base: f64,
    /// CPWL_RANK_* flags.
    pub flags: u32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_rank_options {
    const NAME: &'static str = "cpwl_rank_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// # Safety
/// As [`options::read`].
pub(super) unsafe fn read(opts: *const cpwl_rank_options) -> Result<Options> {
    // SAFETY: the caller's promise.
    let o = unsafe { options::read(opts) }?;
    let known = CPWL_RANK_NORMALIZE | CPWL_RANK_EPS;
    if o.flags & !known != 0 {
        bail!(UnknownOption, "flags is {:#x}; this version knows {known:#x}", o.flags)
    }
    let preset = match o.preset {
        0 | 1 => Preset::RoyVetterli,
        2 => Preset::Paper,
        3 => Preset::StablePretraining,
        4 => Preset::Reptrix,
        other => bail!(UnknownEnum, "preset is {other}; expected 0 to 4 (CPWL_RANK_REPTRIX)"),
    };
    let preset = preset.options();
    let options = Options {
        power: match o.power {
            0 => preset.power,
            1 => Power::Singular,
            2 => Power::Eigen,
            other => bail!(UnknownEnum, "power is {other}; expected 0 to 2 (CPWL_RANK_EIGEN)"),
        },
        eps: if o.eps != 0.0 || o.flags & CPWL_RANK_EPS != 0 { o.eps } else { preset.eps },
        eps_mode: match o.eps_mode {
            0 => preset.eps_mode,
            1 => EpsMode::AfterDivision,
            2 => EpsMode::BeforeDivision,
            other => bail!(UnknownEnum, "eps_mode is {other}; expected 0 to 2 (CPWL_RANK_EPS_BEFORE)"),
        },
        center: match o.center {
            0 => preset.center,
            1 => false,
            2 => true,
            other => bail!(UnknownEnum, "center is {other}; expected 0 to 2 (CPWL_RANK_CENTERED)"),
        },
        normalize: o.flags & CPWL_RANK_NORMALIZE != 0,
        base: if o.base == 0.0 { preset.base } else { o.base },
    };
    options.check()?;
    Ok(options)
}

/// Effective rank of a spectrum: the exponential of the entropy of its probabilities, between 1 and the number of values for
/// eps = 0. With CPWL_RANK_NORMALIZE, the entropy over ln K. `opts` may be NULL. O(values).
///
/// Errors: CPWL_ARGUMENT (eps, base, an unknown enum; a centring that is not that of the spectrum), CPWL_UNSUPPORTED (flags).
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_effective_rank(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    opts: *const cpwl_rank_options,
    out: *mut f64,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { of_spectrum(ctx, spectrum, opts, rank::Spectrum::effective_rank, out) }
}

/// The entropy behind an effective rank, to the base of the options; with CPWL_RANK_NORMALIZE over ln K. `opts` may be NULL.
/// O(values). Errors: as `cpwl_spectrum_effective_rank`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_entropy(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    opts: *const cpwl_rank_options,
    out: *mut f64,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { of_spectrum(ctx, spectrum, opts, rank::Spectrum::entropy, out) }
}

/// # Safety
/// As the callers'.
unsafe fn of_spectrum(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    opts: *const cpwl_rank_options,
    measure: fn(&rank::Spectrum, &Options) -> Result<f64>,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the caller's promise.
        let (_, s, options, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("spectrum", spectrum)?.inner,
                read(opts)?,
                pointer::required_mut("out", out)?,
            )
        };
        *out = measure(s, &options)?;
        Ok(())
    })
}

/// Effective rank of the rows of `z`, (N, K): `cpwl_spectrum_new`, centred where the options say so, and
/// `cpwl_spectrum_effective_rank` in one call. `opts` may be NULL. Errors and cost: theirs. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_effective_rank(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    opts: *const cpwl_rank_options,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z, options, out) = unsafe {
            (context::get(ctx)?, tensor::input("z", z)?, read(opts)?, pointer::required_mut("out", out)?)
        };
        let how = SpectrumOptions { center: options.center, ..Default::default() };
        *out = rank::spectrum(ctx, &z, &how)?.effective_rank(&options)?;
        Ok(())
    })
}

/// RankMe of the rows of `z`, (N, K), as published: `cpwl_effective_rank` with CPWL_RANK_PAPER. Meant for the embeddings (outputs
/// of the projector) of some 25,000 samples; compares runs of one method. Errors: as `cpwl_spectrum_new`. Garrido, Balestriero,
/// Najman, LeCun: RankMe, arXiv 2210.02885. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_rankme(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z, out) =
            unsafe { (context::get(ctx)?, tensor::input("z", z)?, pointer::required_mut("out", out)?) };
        *out =
            rank::spectrum(ctx, &z, &SpectrumOptions::default())?.effective_rank(&Preset::Paper.options())?;
        Ok(())
    })
}
