//! What to expect of a sample size, and which run to take.

use super::fence::fence;
use super::network::count;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::bail;
use crate::rank::{self, Prefer};

/// The part of full rank that samples of an isotropic Gaussian show in the limit of Marchenko and Pastur (1967): RankMe is about
/// min(N, K) f(g) with g = min(N, K) / max(N, K). From 1 at g = 0 to 0.805 at g = 1; accurate to 1e-13.
///
/// Errors: CPWL_ARGUMENT (g outside 0 to 1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_sample_size_law(
    ctx: *const cpwl_context,
    g: f64,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, out) = unsafe { (context::get(ctx)?, pointer::required_mut("out", out)?) };
        *out = rank::sample_size_law(g)?;
        Ok(())
    })
}

/// The RankMe that `n_rows` samples of an isotropic Gaussian in `n_columns` dimensions have in expectation: what full rank looks
/// like at this sample size. Errors: CPWL_SHAPE (none of either). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_expected_rank(
    ctx: *const cpwl_context,
    n_rows: i64,
    n_columns: i64,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, out) = unsafe { (context::get(ctx)?, pointer::required_mut("out", out)?) };
        let (Ok(rows), Ok(columns)) = (u64::try_from(n_rows), usize::try_from(n_columns)) else {
            bail!(Shape, "n_rows is {n_rows} and n_columns is {n_columns}; expected 1 or more of both")
        };
        *out = rank::expected_rank(rows, columns)?;
        Ok(())
    })
}

/// The run to take by the rule of the RankMe paper: among those of rank at least (1 - tolerance) times the highest of `ranks`, (n),
/// the one whose hyperparameter in `values`, (n), is smallest or largest, as `prefer` (a `cpwl_prefer`, 0 = CPWL_PREFER_MIN)
/// says; the first of equal ones. `*out` is its index.
///
/// Errors: CPWL_SHAPE (no runs, or not one rank each), CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (tolerance outside 0 to 1,
/// prefer). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_rank_select(
    ctx: *const cpwl_context,
    values: *const cpwl_tensor,
    ranks: *const cpwl_tensor,
    tolerance: f64,
    prefer: i32,
    out: *mut i64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, values, ranks, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("values", values)?,
                tensor::input("ranks", ranks)?,
                pointer::required_mut("out", out)?,
            )
        };
        values.expect_rank(1, "(runs)")?;
        ranks.expect_rank(1, "(runs)")?;
        let prefer = match prefer {
            0 | 1 => Prefer::Min,
            2 => Prefer::Max,
            other => bail!(UnknownEnum, "prefer is {other}; expected 0 to 2 (CPWL_PREFER_MAX)"),
        };
        let meter = ctx.meter();
        *out = count(rank::select(
            &values.read::<f64>(&meter)?,
            &ranks.read::<f64>(&meter)?,
            tolerance,
            prefer,
        )?);
        Ok(())
    })
}
