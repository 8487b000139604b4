//! SelfCluster: how much rows point the same way. 1 when they all do, about 0 for random directions.
//!
//! ```text
//! Zn = rows over their length,   E = n + n (n - 1) / d,   (|Zn Zn'|_F^2 - E) / (n^2 - E)
//! ```
//!
//! E is the expectation for random directions. |Zn Zn'|_F = |Zn' Zn|_F: the smaller of the two Gram matrices will do.

use super::moments::scale_of;
use super::unit;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::syrk::{Gram, Rows, Shift, syrk};
use crate::view::{Matrix, TensorRef};

/// Rows that are divided by their length at a time.
const ROWS: usize = 384;

/// SelfCluster of the rows of `z` (n x d; f32, f64, f16 or bf16). n d min(n, d) flops. Conditions: RANK, DTYPE, SHAPE (fewer than
/// 2 rows or columns), NONFINITE, NUMERIC (a row of zeros, which has no direction).
pub fn self_cluster(ctx: &Context, z: &TensorRef) -> Result<f64> {
    let z = z.matrix("(rows, columns)")?;
    let (n, d) = (z.rows(), z.columns());
    if n < 2 || d < 2 {
        bail!(Shape, "{} is {n} x {d}; expected at least 2 rows and 2 columns", z.name())
    }
    let exponent = scale_of(ctx, z)?;
    let square = if n < d { by_rows(ctx, z, exponent)? } else { by_columns(ctx, z, exponent)? };
    let (n, d) = (n as f64, d as f64);
    let random = n + n * (n - 1.0) / d;
    Ok((square - random) / (n * n - random))
}

/// |Zn Zn'|_F^2 from the Gram matrix of the rows as they are: its diagonal holds the lengths.
fn by_rows(ctx: &Context, z: Matrix, exponent: i32) -> Result<f64> {
    let meter = ctx.meter();
    let mut gram = Gram::zeros(&meter, z.rows())?;
    syrk(ctx, &meter, &Rows { z: z.transpose(), exponent, shift: Shift::None }, 1.0, &mut gram)?;
    if let Some(i) = (0..z.rows()).find(|&i| gram.diagonal(i) == 0.0) {
        bail!(Numeric, "{}[{i}] is a row of zeros, which has no direction", z.name())
    }
    let inverse: Vec<f64> = (0..z.rows()).map(|i| 1.0 / gram.diagonal(i).sqrt()).collect();
    gram.map(|i, j, g| g * inverse[i] * inverse[j]);
    Ok(gram.frobenius_sq())
}

/// |Zn' Zn|_F^2.
fn by_columns(ctx: &Context, z: Matrix, exponent: i32) -> Result<f64> {
    let (meter, columns) = (ctx.meter(), z.columns());
    let mut gram = Gram::zeros(&meter, columns)?;
    let mut block = meter.buffer::<f64>(ROWS.min(z.rows()) * columns, "rows of length 1")?;
    for top in (0..z.rows()).step_by(ROWS) {
        let rows = top..z.rows().min(top + ROWS);
        let block = &mut block[..rows.len() * columns];
        unit::load(&z, exponent, rows.clone(), block)?;
        let rows =
            TensorRef::from_slice(z.name(), block, &[rows.len(), columns])?.matrix("(rows, columns)")?;
        syrk(ctx, &meter, &Rows { z: rows, exponent: 0, shift: Shift::None }, 1.0, &mut gram)?;
    }
    Ok(gram.frobenius_sq())
}
