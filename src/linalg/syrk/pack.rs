//! Rows into panels: converted, scaled, shifted, checked and summed on the way.

use std::ops::Range;

use super::kernel::Kernel;
use crate::context::Context;
use crate::error::Result;
use crate::view::Matrix;

/// What is subtracted from the scaled elements.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shift<'a> {
    /// Nothing.
    None,
    /// A number per column.
    Columns(&'a [f64]),
    /// A number per row.
    Rows(&'a [f64]),
}

/// The rows of a Gram matrix: x = 2^-exponent z - shift.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    pub(crate) z: Matrix<'a>,
    pub(crate) exponent: i32,
    pub(crate) shift: Shift<'a>,
}

/// Columns of a group of panels, and rows that are converted at a time: a block of f64 stays in the first-level cache.
const COLUMNS: usize = 64;
const ROWS: usize = 16;

/// What packing says of its columns.
pub(super) struct Packed {
    sums: [f64; COLUMNS],
    finite: bool,
}

/// 2^-e as two factors, because the power itself overflows for the smallest numbers.
pub(crate) fn scales(exponent: i32) -> [f64; 2] {
    let half = -exponent / 2;
    [half, -exponent - half].map(power_of_two)
}

/// 2^e for -1022 <= e <= 1023.
fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((1023 + e) as u64) << 52)
}

/// Packs rows `start .. start + depth` into `out`: panels of `width` columns one after the other, in each the values of a
/// row together. Columns beyond the last are 0. Adds the column sums to `sums`. Condition: NONFINITE.
pub(super) fn pack(
    ctx: &Context,
    rows: &Rows,
    start: usize,
    depth: usize,
    kernel: &Kernel,
    out: &mut [f64],
    sums: &mut [f64],
) -> Result<()> {
    let groups = out.chunks_mut(COLUMNS * depth);
    let mut groups: Vec<_> = groups.map(|out| (out, Packed { sums: [0.0; COLUMNS], finite: true })).collect();
    ctx.pool().for_each(&mut groups, |group, (out, packed)| {
        *packed = (kernel.pack)(rows, start..start + depth, group * COLUMNS, kernel.width, out);
        Ok(())
    })?;
    if !groups.iter().all(|(_, packed)| packed.finite) {
        return Err(rows.z.nonfinite(start..start + depth));
    }
    for (sums, (_, packed)) in sums.chunks_mut(COLUMNS).zip(&groups) {
        for (total, s) in sums.iter_mut().zip(&packed.sums) {
            *total += s;
        }
    }
    Ok(())
}

/// Packs the columns from `first` on, at most [`COLUMNS`] of them, into as many panels as `out` has room for. Inlined into
/// the files of the instruction sets, which compile it each for theirs.
#[inline(always)]
pub(super) fn panels(
    rows: &Rows,
    range: Range<usize>,
    first: usize,
    width: usize,
    out: &mut [f64],
) -> Packed {
    match width {
        8 => panels_of::<8>(rows, range, first, out),
        _ => panels_of::<4>(rows, range, first, out),
    }
}

#[inline(always)]
fn panels_of<const W: usize>(rows: &Rows, range: Range<usize>, first: usize, out: &mut [f64]) -> Packed {
    let depth = range.len();
    let columns = first..rows.z.columns().min(first + COLUMNS);
    let count = columns.len();
    let [s, t] = scales(rows.exponent);
    let mut block = [0.0; ROWS * COLUMNS];
    // What is subtracted from the values of a column, and of a row: 0 unless asked for, which changes nothing.
    let (mut of_column, mut of_row) = ([0.0; COLUMNS], [0.0; ROWS]);
    if let Shift::Columns(a) = rows.shift {
        of_column[..count].copy_from_slice(&a[columns.clone()]);
    }
    let (mut sums, mut doubt) = ([0.0; COLUMNS], [0.0; W]);
    for top in (0..depth).step_by(ROWS) {
        let height = ROWS.min(depth - top);
        let here = range.start + top..range.start + top + height;
        rows.z.load(here.clone(), columns.clone(), &mut block[..height * count]);
        if let Shift::Rows(a) = rows.shift {
            of_row[..height].copy_from_slice(&a[here]);
        }
        for (p, panel) in out.chunks_exact_mut(depth * W).enumerate() {
            let values = block[..height * count].chunks_exact(count);
            let lines = panel[top * W..(top + height) * W].as_chunks_mut::<W>().0;
            let (a, sums) = (&of_column.as_chunks::<W>().0[p], &mut sums.as_chunks_mut::<W>().0[p]);
            // The sums of a panel stay in registers: taken along row by row, in this order whatever the CPU.
            let mut sum = *sums;
            for ((line, values), r) in lines.iter_mut().zip(values).zip(&of_row) {
                let mut x = [0.0; W];
                match values.get(p * W..(p + 1) * W) {
                    Some(whole) => x.copy_from_slice(whole),
                    // The last columns, and none beyond them.
                    None => (p * W..count).for_each(|j| x[j - p * W] = values[j]),
                }
                for j in 0..W {
                    // 0, or NaN for ever if x is a NaN or an infinity.
                    doubt[j] += 0.0 * x[j];
                    line[j] = x[j] * s * t - a[j] - r;
                    sum[j] += line[j];
                }
            }
            *sums = sum;
        }
    }
    Packed { sums, finite: doubt.iter().all(|d| *d == 0.0) }
}
