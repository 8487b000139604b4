//! Rows over their length.

use std::ops::Range;

use super::moments::scale_of;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::syrk::scales;
use crate::view::{Matrix, TensorRef};

/// The rows of `z` (n x k; f32, f64, f16 or bf16), each over its Euclidean length: n x k, row-major. Conditions: RANK, DTYPE,
/// NONFINITE, NUMERIC (a row of zeros, which has no direction), MEMORY, MEMORY_LIMIT.
pub fn unit_rows(ctx: &Context, z: &TensorRef) -> Result<Buffer<f64>> {
    let z = z.matrix("(rows, columns)")?;
    let mut rows = ctx.meter().buffer::<f64>(z.rows().saturating_mul(z.columns()), "rows of length 1")?;
    load(&z, scale_of(ctx, z)?, 0..z.rows(), &mut rows)?;
    Ok(rows)
}

/// The same for some of the rows, given the exponent of the scale of the matrix.
pub(super) fn load(z: &Matrix, exponent: i32, rows: Range<usize>, out: &mut [f64]) -> Result<()> {
    let [s, t] = scales(exponent);
    z.load(rows.clone(), 0..z.columns(), out);
    for (i, row) in rows.zip(out.chunks_exact_mut(z.columns().max(1))) {
        if !row.iter().all(|x| x.is_finite()) {
            return Err(z.nonfinite(i..i + 1));
        }
        // Over the largest first: the squares of a small row are none.
        let scaled = row.iter_mut().map(|x| {
            *x = *x * s * t;
            x.abs()
        });
        let largest = scaled.fold(0.0, f64::max);
        if largest == 0.0 {
            bail!(Numeric, "{}[{i}] is a row of zeros, which has no direction", z.name())
        }
        row.iter_mut().for_each(|x| *x /= largest);
        let length = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        row.iter_mut().for_each(|x| *x /= length);
    }
    Ok(())
}
