//! What every kind of partition gives in the same way: patterns of a run of cells, and the cell of each point.

use super::tensor::{self, cpwl_tensor};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::network::Network;
use crate::view::{Dtype, TensorRef};

/// Writes the patterns of cells first .. first + count - 1 of `n` to a tensor; `pattern(i, put)` calls `put(unit, code)`.
/// `whole` and `parts` say what has how many of what.
///
/// # Safety
/// `codes` is as the header demands.
pub(super) unsafe fn patterns(
    ctx: &Context,
    (whole, parts, n): (&str, &str, usize),
    network: &Network,
    (first, count): (i64, i64),
    codes: *mut cpwl_tensor,
    mut pattern: impl FnMut(usize, &mut dyn FnMut(usize, u8)) -> Result<()>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let mut codes = unsafe { tensor::output("codes", codes)? };
    let range = usize::try_from(first).ok().zip(usize::try_from(count).ok());
    let inside = |&(first, count): &(usize, usize)| first.checked_add(count).is_some_and(|end| end <= n);
    let Some((first, count)) = range.filter(inside) else {
        bail!(Argument, "first is {first} and count is {count}; the {whole} has {n} {parts}")
    };
    let n_units = network.n_units();
    codes.expect_shape(&[count, n_units], "(count, n_units)")?;
    codes.expect_dtype(&[Dtype::U8, Dtype::I32, Dtype::I64])?;
    let mut all = ctx.meter().buffer::<u8>(count * n_units, "codes")?;
    for (i, row) in all.chunks_exact_mut(n_units.max(1)).enumerate() {
        pattern(first + i, &mut |unit, code| row[unit] = code)?;
    }
    codes.write(&all)
}

/// Writes the cell of each of `points` to a tensor named `name`, of shape (n).
///
/// # Safety
/// `cells` is as the header demands.
pub(super) unsafe fn locate(
    ctx: &Context,
    points: &TensorRef,
    (name, cells): (&'static str, *mut cpwl_tensor),
    find: impl FnOnce(&[f64], &mut [i64]) -> Result<()>,
) -> Result<()> {
    // SAFETY: the caller's promise.
    let mut cells = unsafe { tensor::output(name, cells)? };
    cells.expect_shape(&[points.shape()[0]], "(n)")?;
    cells.expect_dtype(&[Dtype::I64, Dtype::I32])?;
    cells.expect_apart(points)?;
    let meter = ctx.meter();
    let values = points.read::<f64>(&meter)?;
    let mut found = meter.buffer::<i64>(cells.len(), name)?;
    find(&values, &mut found)?;
    cells.write(&found)
}
