//! A head whose classes are spread over processes: six numbers a row travel between the passes, and dF after them.

use super::head::Head;
use super::loss::{Gradients, Loss, Ready, backward_into, check, summary};
use super::options::{Options, Problem};
use super::partials::Partials;
use super::targets::Targets;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::simd::real::Real;
use crate::view::Dtype;

/// Which classes a head holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// The class of its first row.
    pub first: usize,
    /// N: classes in all, of which labels are numbers.
    pub of: usize,
}

/// The first pass over a shard: `problem.head` and `problem.bias` are its rows, labels are those of the whole head. A shard
/// without any label of the batch is as good as any. Merge the partials of all shards in the order of their classes
/// ([`Partials::merge`]). 2 B N K flops, N being the classes of the shard. Conditions: those of [`super::loss()`].
pub fn shard_forward(ctx: &Context, problem: &Problem, options: &Options, shard: Shard) -> Result<Partials> {
    let (n, targets) = ready_for(problem, options, shard, &mut Gradients::default())?;
    if double(problem, options) {
        forward::<f64>(ctx, problem, options, targets, n, shard)
    } else {
        forward::<f32>(ctx, problem, options, targets, n, shard)
    }
}

/// The second pass, given the merged partials of all shards: this shard's part of dF and of the derivative by the scale, to be
/// added to those of the others, and its own rows of dW and db. The loss is that of the whole batch. 6 B N K flops.
/// Conditions: those of [`super::loss()`].
pub fn shard_backward(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    shard: Shard,
    partials: &Partials,
    mut gradients: Gradients,
) -> Result<Loss> {
    let (n, targets) = ready_for(problem, options, shard, &mut gradients)?;
    let rows = problem.features.shape()[0];
    if partials.rows.len() != rows {
        bail!(Shape, "partials of {} rows; expected one for each of the {rows} rows", partials.rows.len())
    }
    let loss = summary(partials, &targets, options, shard.of);
    if double(problem, options) {
        backward::<f64>(ctx, problem, options, targets, n, shard, partials, loss, &mut gradients)
    } else {
        backward::<f32>(ctx, problem, options, targets, n, shard, partials, loss, &mut gradients)
    }
}

fn ready_for(
    problem: &Problem,
    options: &Options,
    shard: Shard,
    gradients: &mut Gradients,
) -> Result<(usize, Targets)> {
    let n = check(problem, options, gradients)?;
    if shard.first.checked_add(n).is_none_or(|end| end > shard.of) {
        bail!(Argument, "a shard of {n} classes from {} on, of {} in all", shard.first, shard.of)
    }
    Ok((n, Targets::new(problem, options, shard.of)?))
}

fn double(problem: &Problem, options: &Options) -> bool {
    let tensors = [Some(problem.features), Some(problem.head), problem.bias];
    options.double || tensors.into_iter().flatten().any(|t| t.dtype() == Dtype::F64)
}

fn forward<T: Real>(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    mut targets: Targets,
    n: usize,
    shard: Shard,
) -> Result<Partials> {
    targets.narrow(shard.first..shard.first + n);
    let head = Head::<T>::new(problem.head, problem.head.matrix("(n, k)")?);
    let mut partials = Ready::<T>::new(ctx, problem, options, targets, n)?.partials(head)?;
    partials.rows.iter_mut().for_each(|row| row.best += shard.first as f64);
    Ok(partials)
}

#[allow(clippy::too_many_arguments)]
fn backward<T: Real>(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    mut targets: Targets,
    n: usize,
    shard: Shard,
    partials: &Partials,
    mut loss: Loss,
    gradients: &mut Gradients,
) -> Result<Loss> {
    targets.narrow(shard.first..shard.first + n);
    let head = Head::<T>::new(problem.head, problem.head.matrix("(n, k)")?);
    let mut ready = Ready::<T>::new(ctx, problem, options, targets, n)?;
    let slopes = ready.pass.slopes(partials, &ready.targets);
    let uniform = options.smoothing / shard.of as f64;
    ready.prepare();
    backward_into(&mut loss, &mut ready, head, &slopes, uniform, &[], gradients)?;
    Ok(loss)
}
