//! Which affine map a policed network is on a region: prescribed, bounded.

use ndarray::{ArrayView1, ArrayView2};

use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_policed, cpwl_set, cpwl_status, pointer, set};
use crate::error::{Result, bail};
use crate::police::Target;
use crate::view::{Dtype, TensorRef};

/// A region of a plan, by number.
fn region(r: i32) -> Result<usize> {
    match usize::try_from(r) {
        Ok(r) => Ok(r),
        Err(_) => bail!(Argument, "region is {r}; expected 0 or more"),
    }
}

fn view<'a>(t: &TensorRef, values: &'a [f64]) -> Result<ArrayView2<'a, f64>> {
    match ArrayView2::from_shape((t.shape()[0], t.shape()[1]), values) {
        Ok(view) => Ok(view),
        Err(e) => bail!(Shape, "{}: {e}", t.name()),
    }
}

/// Makes a policed network that is another given affine map on a region: E f(x) = F x + g for all x of it, by the smallest
/// change of the last dense layer. `region` is the number of the region in `policed` and `set` that region; `outputs` is E,
/// (k, n_outputs) of rank k, or NULL for all outputs; `matrix` is F, (k, n_inputs); `constant` is g, (k). On other regions
/// the network stays affine, with other maps. Free `out` with `cpwl_policed_free`.
///
/// Errors: CPWL_SHAPE (RANK: fewer independent hidden units on the region than it has dimensions, or dependent rows of E;
/// `cpwl_policed_skip` always works), CPWL_ARGUMENT (no such region), CPWL_UNSUPPORTED (the output is no dense layer),
/// CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY, CPWL_CANCELLED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_set_affine(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    region: i32,
    set: *const cpwl_set,
    outputs: *const cpwl_tensor,
    matrix: *const cpwl_tensor,
    constant: *const cpwl_tensor,
    out: *mut *mut cpwl_policed,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, plan, set, matrix, constant, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("policed", policed)?.inner,
                &pointer::required("set", set)?.inner,
                tensor::input("matrix", matrix)?,
                tensor::input("constant", constant)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        matrix.expect_rank(2, "(k, n_inputs)")?;
        constant.expect_rank(1, "(k)")?;
        let (f, g) = (matrix.read::<f64>(&meter)?, constant.read::<f64>(&meter)?);
        let target = Target { outputs: None, matrix: view(&matrix, &f)?, constant: ArrayView1::from(&g[..]) };
        let made = if outputs.is_null() {
            plan.set_affine(ctx, self::region(region)?, set, &target)?
        } else {
            // SAFETY: as above.
            let outputs = unsafe { tensor::input("outputs", outputs)? };
            outputs.expect_rank(2, "(k, n_outputs)")?;
            let e = outputs.read::<f64>(&meter)?;
            let target = Target { outputs: Some(view(&outputs, &e)?), ..target };
            plan.set_affine(ctx, self::region(region)?, set, &target)?
        };
        out.put(cpwl_policed::new(made));
        Ok(())
    })
}

/// Makes a policed network that is `matrix` x + `constant` on a region, by adding the difference to what it is there
/// everywhere: a second path from input to output. `matrix` is (n_outputs, n_inputs), `constant` (n_outputs). Always
/// possible. Free `out` with `cpwl_policed_free`.
///
/// Errors: CPWL_ARGUMENT (no such region), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY, CPWL_CANCELLED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_skip(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    region: i32,
    matrix: *const cpwl_tensor,
    constant: *const cpwl_tensor,
    out: *mut *mut cpwl_policed,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, plan, matrix, constant, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("policed", policed)?.inner,
                tensor::input("matrix", matrix)?,
                tensor::input("constant", constant)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        matrix.expect_rank(2, "(n_outputs, n_inputs)")?;
        constant.expect_rank(1, "(n_outputs)")?;
        let (a, c) = (matrix.read::<f64>(&meter)?, constant.read::<f64>(&meter)?);
        let made = plan.skip(ctx, self::region(region)?, view(&matrix, &a)?, ArrayView1::from(&c[..]))?;
        out.put(cpwl_policed::new(made));
        Ok(())
    })
}

/// Checks the inequalities E f(x) <= g on a region: `outputs` is E, (k, n_outputs), `bound` is g, (k). `region` is the number
/// of the region in `policed` and `set` that region.
///
/// `largest`, (k), becomes the largest value of each row of E f over the region, from the exact maximum of its affine map
/// (infinite where there is none), `slack`, (k), g less that: inequality i holds on all of the region iff slack i >= 0.
/// `points`, (k, n_inputs), become points where the largest values are taken; it may be NULL. All are f32 or f64.
///
/// Errors: CPWL_ARGUMENT (no such region), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY, CPWL_CANCELLED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_check(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    region: i32,
    set: *const cpwl_set,
    outputs: *const cpwl_tensor,
    bound: *const cpwl_tensor,
    largest: *mut cpwl_tensor,
    slack: *mut cpwl_tensor,
    points: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, plan, set, outputs, bound, mut largest, mut slack) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("policed", policed)?.inner,
                &pointer::required("set", set)?.inner,
                tensor::input("outputs", outputs)?,
                tensor::input("bound", bound)?,
                tensor::output("largest", largest)?,
                tensor::output("slack", slack)?,
            )
        };
        let meter = ctx.meter();
        set::matrix(&outputs, None, "(k, n_outputs)")?;
        outputs.expect_rank(2, "(k, n_outputs)")?;
        bound.expect_rank(1, "(k)")?;
        let k = outputs.shape()[0];
        for to in [&largest, &slack] {
            to.expect_dtype(&[Dtype::F32, Dtype::F64])?;
            to.expect_shape(&[k], "(k)")?;
        }
        let (e, g) = (outputs.read::<f64>(&meter)?, bound.read::<f64>(&meter)?);
        let found =
            plan.check(ctx, self::region(region)?, set, view(&outputs, &e)?, ArrayView1::from(&g[..]))?;
        if !points.is_null() {
            // SAFETY: as above.
            let mut points = unsafe { tensor::output("points", points)? };
            points.expect_dtype(&[Dtype::F32, Dtype::F64])?;
            points.expect_shape(&[k, plan.network().input_len()], "(k, n_inputs)")?;
            points.write(found.points.as_slice().unwrap_or_default())?;
        }
        largest.write(found.largest.as_slice().unwrap_or_default())?;
        slack.write(found.slack.as_slice().unwrap_or_default())
    })
}

/// Makes a policed network for which the inequalities of `cpwl_policed_check` hold, by the smallest change of the bias of
/// the last dense layer that lowers every violated row by its violation. If that lifts another row above its bound, all rows
/// but the violated ones are kept where they are. Free `out` with `cpwl_policed_free`.
///
/// Errors: as `cpwl_policed_check`; CPWL_SHAPE (RANK: rows of E depend on each other where they may not), CPWL_NUMERIC (a row is unbounded on the region),
/// CPWL_UNSUPPORTED (the output is no dense layer). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_enforce(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    region: i32,
    set: *const cpwl_set,
    outputs: *const cpwl_tensor,
    bound: *const cpwl_tensor,
    out: *mut *mut cpwl_policed,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, plan, set, outputs, bound, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("policed", policed)?.inner,
                &pointer::required("set", set)?.inner,
                tensor::input("outputs", outputs)?,
                tensor::input("bound", bound)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        outputs.expect_rank(2, "(k, n_outputs)")?;
        bound.expect_rank(1, "(k)")?;
        let (e, g) = (outputs.read::<f64>(&meter)?, bound.read::<f64>(&meter)?);
        let g = ArrayView1::from(&g[..]);
        let made = plan.enforce(ctx, self::region(region)?, set, view(&outputs, &e)?, g)?;
        out.put(cpwl_policed::new(made));
        Ok(())
    })
}
