//! Column means, for use as a shift.

use crate::context::Context;
use crate::error::Result;
use crate::view::Matrix;

use super::pack::scales;

const COLUMNS: usize = 64;
const ROWS: usize = 32;

/// The means of the columns of 2^-exponent z, taken as first row + mean of what the others differ from it, so that the mean
/// of equal rows is that row to the bit. NaN or infinite where the matrix is.
pub(crate) fn column_means(ctx: &Context, z: Matrix, exponent: i32) -> Result<Vec<f64>> {
    let [s, t] = scales(exponent);
    let means = ctx.pool().map_chunks(z.columns(), COLUMNS, |columns| {
        ctx.poll()?;
        let width = columns.len();
        let mut block = vec![0.0; ROWS * width];
        let (mut first, mut sums) = (vec![0.0; width], vec![0.0; width]);
        for top in (0..z.rows()).step_by(ROWS) {
            let rows = top..z.rows().min(top + ROWS);
            let block = &mut block[..rows.len() * width];
            z.load(rows, columns.clone(), block);
            block.iter_mut().for_each(|x| *x = *x * s * t);
            if top == 0 {
                first.copy_from_slice(&block[..width]);
            }
            for row in block.chunks_exact(width) {
                for ((sum, x), f) in sums.iter_mut().zip(row).zip(&first) {
                    *sum += x - f;
                }
            }
        }
        Ok(first.iter().zip(&sums).map(|(f, s)| f + s / z.rows() as f64).collect::<Vec<_>>())
    })?;
    Ok(means.concat())
}
