//! Coherence: the largest leverage of a row, max_i x_i' G^-1 x_i n / d with G = Z'Z. Between 1 and n / d of full rank: 1 if all
//! rows matter alike, more if one direction hangs on one row.

use super::batch::of_columns;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::triangle::{cholesky, independent, solve_lower};
use crate::view::TensorRef;

/// Rows of the second pass that are solved for at a time.
const ROWS: usize = 64;

/// Part of its diagonal entry that a pivot may lose to rounding, per column.
const DEPENDENT: f64 = 64.0 * f64::EPSILON;

/// Coherence of the rows of `z` (n x d; f32, f64, f16 or bf16), two passes: n d^2 flops for G and as many for the leverages. If
/// the columns are dependent, leverages are those in their row space. Conditions: RANK, DTYPE, SHAPE, NONFINITE, NUMERIC (all
/// zero).
pub fn coherence(ctx: &Context, z: &TensorRef) -> Result<f64> {
    let z = z.matrix("(rows, columns)")?;
    z.expect_some()?;
    let (n, d) = (z.rows(), z.columns());
    let meter = ctx.meter();
    let moments = of_columns(ctx, &meter, z, false)?;
    let exponent = moments.exponent();
    let gram = moments.scaled(&meter, false)?;
    drop(moments);
    let tolerance = DEPENDENT * d as f64;
    let mut lower = meter.buffer::<f64>(d * d, "Cholesky factor")?;
    lower.copy_from_slice(&gram);
    // Leverages are those in the space of the columns, so that independent ones among them are enough.
    let (columns, lower) = if cholesky(ctx, &mut lower, d, tolerance)? {
        ((0..d).collect(), lower.to_vec())
    } else {
        independent(ctx, &gram, d, tolerance)?
    };
    let r = columns.len();
    if r == 0 {
        bail!(Numeric, "zero spectrum: all elements are 0, and no row has a leverage")
    }
    let leverages = ctx.pool().map_chunks(n, ROWS, |rows| {
        let m = rows.len();
        let mut block = vec![0.0; m * d];
        z.load(rows, 0..d, &mut block);
        let mut x = vec![0.0; r * m];
        for (i, row) in block.chunks_exact(d).enumerate() {
            for (k, &column) in columns.iter().enumerate() {
                x[k * m + i] = super::scale::ldexp(row[column], -exponent);
            }
        }
        solve_lower(ctx, &lower, r, &mut x, m)?;
        let leverage = |i: usize| (0..r).map(|k| x[k * m + i] * x[k * m + i]).sum::<f64>();
        Ok((0..m).map(leverage).fold(0.0, f64::max))
    })?;
    Ok(leverages.into_iter().fold(0.0, f64::max) * n as f64 / d as f64)
}
