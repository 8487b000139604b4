//! Products of matrices on all threads: blocks of rows of the result, each by one thread.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::context::Context;
use crate::error::Result;
use crate::linalg::gemm::gemm;
use crate::network::Real;

/// Rows of the result that one thread takes at a time.
const ROWS: usize = 96;

/// c = a b, or c + a b. Conditions: CANCELLED.
pub(super) fn product<T: Real>(
    ctx: &Context,
    a: ArrayView2<T>,
    b: ArrayView2<T>,
    accumulate: bool,
    mut c: ArrayViewMut2<T>,
) -> Result<()> {
    let mut blocks: Vec<_> =
        c.axis_chunks_iter_mut(Axis(0), ROWS).zip(a.axis_chunks_iter(Axis(0), ROWS)).collect();
    ctx.pool().for_each(&mut blocks, |_, (c, a)| {
        ctx.poll()?;
        gemm(ctx.isa(), *a, b, accumulate, c.view_mut());
        Ok(())
    })
}

/// x'y in f64 of two matrices of as many rows.
pub(super) fn gram_of_columns(ctx: &Context, x: ArrayView2<f64>, y: ArrayView2<f64>) -> Result<Array2<f64>> {
    let mut out = Array2::zeros((x.ncols(), y.ncols()));
    product(ctx, x.t(), y, false, out.view_mut())?;
    Ok(out)
}
