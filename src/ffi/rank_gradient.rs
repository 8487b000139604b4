//! The gradient of an effective rank.

use super::effective_rank::{cpwl_rank_options, read};
use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::bail;
use crate::rank::{self, GradientOptions, Target};
use crate::view::Dtype;

/// Options of `cpwl_rank_gradient`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_rank_gradient_options {
    /// `sizeof(cpwl_rank_gradient_options)`.
    pub struct_size: usize,
    /// The convention of the effective rank; NULL = all defaults.
    pub rank: *const cpwl_rank_options,
    /// A `cpwl_rank_target`; 0 = CPWL_RANK_OF_RANK.
    pub target: i32,
    /// Zero.
    pub reserved: i32,
    /// Singular values up to this much of the largest contribute nothing, where a rank has no derivative; below 1. 0 = 1e-7.
    pub tolerance: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_rank_gradient_options {
    const NAME: &'static str = "cpwl_rank_gradient_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// An effective rank of the rows of `z`, (N, K), or its entropy, in `*value`; and its gradient with respect to `z` in `dz`, of
/// the same shape, f32 or f64 (NULL: not wanted). Repeated singular values do no harm. `opts` may be NULL.
///
/// Errors: as `cpwl_spectrum_new` and `cpwl_spectrum_effective_rank`; CPWL_ARGUMENT (tolerance, an unknown enum, `dz` that overlaps
/// `z`). With m = min(N, K): the cost of a spectrum with vectors, and 2 N K m flops. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_rank_gradient(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    opts: *const cpwl_rank_gradient_options,
    value: *mut f64,
    dz: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z, o, value) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("z", z)?,
                options::read(opts)?,
                pointer::required_mut("value", value)?,
            )
        };
        // SAFETY: as above.
        let rank = unsafe { read(o.rank) }?;
        let target = match o.target {
            0 | 1 => Target::Rank,
            2 => Target::Entropy,
            other => bail!(UnknownEnum, "target is {other}; expected 0 to 2 (CPWL_RANK_OF_ENTROPY)"),
        };
        let tolerance = if o.tolerance == 0.0 { GradientOptions::default().tolerance } else { o.tolerance };
        let options = GradientOptions { rank, target, tolerance };
        if dz.is_null() {
            *value = rank::gradient(ctx, &z, &options)?.value();
            return Ok(());
        }
        // SAFETY: as above.
        let mut dz = unsafe { tensor::output("dz", dz)? };
        dz.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        dz.expect_shape(z.shape(), "that of z")?;
        dz.expect_apart(&z)?;
        let gradient = rank::gradient(ctx, &z, &options)?;
        dz.write(&gradient.values(ctx, &z)?)?;
        *value = gradient.value();
        Ok(())
    })
}
