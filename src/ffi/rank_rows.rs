//! Measures of the rows themselves, or of pairs of them.

use super::fence::fence;
use super::network::count;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::rank::{self, Turn};
use crate::view::TensorRef;

/// What `cpwl_two_nn` says. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_two_nn_summary {
    /// `sizeof(cpwl_two_nn_summary)`, set by the caller.
    pub struct_size: usize,
    /// The dimension by the fit, the empirical distribution counted from i = 1: the usual one.
    pub fit: f64,
    /// The same counted from i = 0.
    pub fit_base0: f64,
    /// The dimension of maximum likelihood.
    pub likelihood: f64,
    /// Points used.
    pub n_used: i64,
    /// Points left out because another one lies on them.
    pub n_dropped: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_two_nn_summary {
    const NAME: &'static str = "cpwl_two_nn_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// SelfCluster of the rows of `z`, (N, K): how much they point the same way; 1 when they all do, about 0 for random directions.
///
/// Errors: CPWL_SHAPE (fewer than 2 rows or columns), CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC (a row of zeros), CPWL_LIMIT,
/// CPWL_MEMORY, CPWL_CANCELLED. N K min(N, K) flops. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_self_cluster(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    out: *mut f64,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { of_rows(ctx, z, rank::self_cluster, out) }
}

/// Coherence of the rows of `z`, (N, K): the largest leverage max_i x_i' (Z'Z)^-1 x_i times N / K. 1 if all rows matter alike,
/// N / K if a direction hangs on one row. Where columns are dependent, leverages are those in the space of the rows.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC (all elements 0), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. 2 N K^2
/// flops. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_coherence(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    out: *mut f64,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { of_rows(ctx, z, rank::coherence, out) }
}

/// # Safety
/// As the callers'.
unsafe fn of_rows(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    measure: fn(&Context, &TensorRef) -> Result<f64>,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the caller's promise.
        let (ctx, z, out) =
            unsafe { (context::get(ctx)?, tensor::input("z", z)?, pointer::required_mut("out", out)?) };
        *out = measure(ctx, &z)?;
        Ok(())
    })
}

/// Intrinsic dimension of the points `z`, (N, K), from the distances to the two nearest neighbours of each. Fills `out`, whose
/// `struct_size` the caller has set.
///
/// Errors: CPWL_SHAPE (fewer than 3 points), CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC (every point lies on another, or the two
/// nearest are always as far), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. N^2 K flops. Facco et al.: Estimating the intrinsic
/// dimension of datasets by a minimal neighborhood information, Sci. Rep. 7 (2017). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_two_nn(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    out: *mut cpwl_two_nn_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z) = unsafe {
            options::check("out", out)?;
            (context::get(ctx)?, tensor::input("z", z)?)
        };
        let found = rank::two_nn(ctx, &z)?;
        let summary = cpwl_two_nn_summary {
            struct_size: 0,
            fit: found.fit,
            fit_base0: found.fit_base0,
            likelihood: found.likelihood,
            n_used: count(found.used),
            n_dropped: count(found.dropped),
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Mean angle in radians between successive steps of the path `z`, (T, D): the tokens of a sequence. `turn` is a `cpwl_turn` (0 =
/// CPWL_TURN_ABSOLUTE); `normalize` not 0 divides by ln D. A step of length 0 turns by 0. O(T D).
///
/// Errors: CPWL_SHAPE (fewer than 3 rows, or 2 columns with `normalize`), CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (turn). Since
/// 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_curvature(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    turn: i32,
    normalize: i32,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z, out) =
            unsafe { (context::get(ctx)?, tensor::input("z", z)?, pointer::required_mut("out", out)?) };
        let turn = match turn {
            0 | 1 => Turn::Absolute,
            2 => Turn::Signed,
            other => bail!(UnknownEnum, "turn is {other}; expected 0 to 2 (CPWL_TURN_SIGNED)"),
        };
        *out = rank::curvature(ctx, &z, turn, normalize != 0)?;
        Ok(())
    })
}
