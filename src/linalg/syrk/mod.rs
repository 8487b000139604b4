//! Gram matrices: G += X'X of the rows of X, upper triangle, products and sums in f64.
//!
//! X (N x K, any strides; f32, f64, f16 or bf16) is converted, scaled by a power of two, shifted and checked for
//! finiteness while it is packed, so that no f64 copy of it is made. N K^2 flops (a product and a sum are two).
//!
//! ```text
//! for each batch of rows (a few DEPTH deep, so that it fits the last-level cache):
//!   pack it into panels of W columns, row after row            (threads take groups of panels)
//!   for each block of rows of G:                               (threads take blocks)
//!     for each group of 3 panels, for each DEPTH rows, for each panel of the block:
//!       the W x 3W entries of G += panel' x group              (one kernel call, sums in registers)
//! ```
//!
//! One packing serves both sides: a kernel broadcasts from one panel and multiplies with whole vectors of three
//! others. W is 8 with AVX-512 (24 accumulators) and 4 otherwise (12 of AVX2, 24 of NEON). Every entry of G adds the
//! sums of DEPTH rows in order, whoever computes it: results do not depend on the number of threads.
//!
//! `gram` (the triangle and its storage), `pack`, `kernel` (one W x 3W update per instruction set).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod gram;
mod kernel;
mod means;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pack;
mod portable;
mod reference;
#[cfg(test)]
mod tests;

pub(crate) use gram::Gram;
pub(crate) use means::column_means;
pub(crate) use pack::{Rows, Shift, scales};

use crate::context::{Context, Meter};
use crate::error::Result;
use crate::simd::aligned::padded;
use kernel::{GROUP, Kernel};

/// Rows whose products are summed in registers before they reach G. Part of the order of summation, hence fixed.
const DEPTH: usize = 384;

/// Bytes of packed rows to aim for: they should stay in the last-level cache.
const PACKED: usize = 4 << 20;

/// Rows that are packed at a time for `columns` columns. Additions of at most so many rows are done or refused as a whole.
fn batch(columns: usize) -> usize {
    (PACKED / (8 * DEPTH * padded(columns.max(1)))).max(1) * DEPTH
}

/// `gram += sign X'X`, where the rows of X are those of `rows`; returns the column sums of X. NONFINITE before anything
/// is added if the first [`batch`] rows hold a NaN or an infinity; a later error leaves `gram` with the batches before it.
pub(crate) fn syrk(
    ctx: &Context,
    meter: &Meter,
    rows: &Rows,
    sign: f64,
    gram: &mut Gram,
) -> Result<Vec<f64>> {
    let (n, columns) = (rows.z.rows(), rows.z.columns());
    assert_eq!(columns, gram.order());
    if ctx.reference() {
        return reference::syrk(rows, sign, gram);
    }
    let kernel = Kernel::of(ctx.isa());
    let mut sums = vec![0.0; columns];
    if n == 0 {
        return Ok(sums);
    }
    let panels = padded(columns) / kernel.width;
    let batch = batch(columns).min(n.next_multiple_of(8));
    let mut packed = meter.buffer::<f64>(panels * kernel.width * batch, "packed rows")?;
    for start in (0..n).step_by(batch) {
        ctx.poll()?;
        let depth = batch.min(n - start);
        let packed = &mut packed[..panels * kernel.width * depth];
        pack::pack(ctx, rows, start, depth, kernel, packed, &mut sums)?;
        multiply(ctx, kernel, packed, depth, sign, gram)?;
        ctx.progress((start + depth) as f64 / n as f64, "gram");
    }
    Ok(sums)
}

/// [`syrk`], all of it or nothing whatever the number of rows: more than [`batch`] of them take a second matrix.
pub(crate) fn syrk_or_nothing(
    ctx: &Context,
    meter: &Meter,
    rows: &Rows,
    sign: f64,
    gram: &mut Gram,
) -> Result<Vec<f64>> {
    if rows.z.rows() <= batch(rows.z.columns()) {
        return syrk(ctx, meter, rows, sign, gram);
    }
    let mut added = Gram::zeros(meter, gram.order())?;
    let sums = syrk(ctx, meter, rows, sign, &mut added)?;
    gram.add(&added);
    Ok(sums)
}

/// `gram += sign P'P` for `depth` packed rows P. Only a panic stops it half-way.
fn multiply(
    ctx: &Context,
    kernel: &Kernel,
    packed: &[f64],
    depth: usize,
    sign: f64,
    gram: &mut Gram,
) -> Result<()> {
    let (width, ld) = (kernel.width, gram.stride());
    let panels = padded(gram.order()) / width;
    let stride = depth * width;
    // Small enough that threads share the triangle fairly, large enough that panels of a group are used often.
    let block = (gram.order() / 16).clamp(width, 64).next_multiple_of(width);
    let mut blocks: Vec<&mut [f64]> = gram.storage().chunks_mut(block * ld).collect();
    ctx.pool().for_each(&mut blocks, |i, entries| {
        let (first, count) = (i * block / width, entries.len() / (width * ld));
        for group in (first..panels).step_by(GROUP) {
            for rows in (0..depth).step_by(DEPTH) {
                let rows = rows..depth.min(rows + DEPTH);
                let part = |panel: usize| panel * stride + rows.start * width;
                for panel in first..(first + count).min(group + GROUP) {
                    let from = group.max(panel);
                    let b = &packed[part(from)..];
                    let c = &mut entries[(panel - first) * width * ld + from * width..];
                    let count = (group + GROUP).min(panels) - from;
                    kernel.tile(count, rows.len(), &packed[part(panel)..], b, stride, c, ld, sign);
                }
            }
        }
        Ok(())
    })
}
