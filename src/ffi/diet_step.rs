//! Optimiser steps on a head, and heads whose classes are spread over processes.

use super::diet::{Given, Outputs, cpwl_diet_options, cpwl_diet_problem, cpwl_diet_result, read_options};
use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::diet::{self, Optimizer, PARTIALS, Partials, Shard, State, Update};
use crate::error::{Result, bail};
use crate::view::Dtype;

/// A step of an optimiser. All numbers are meant as they are; those that the optimiser does not have are ignored. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_diet_update {
    /// `sizeof(cpwl_diet_update)`.
    pub struct_size: usize,
    /// lr.
    pub rate: f64,
    /// wd.
    pub weight_decay: f64,
    /// The gradient is scaled down to this Frobenius norm if it is longer; 0 = never. Costs a pass of its own, as CPWL_LARS does.
    pub clip: f64,
    /// mu of CPWL_SGD and CPWL_LARS.
    pub momentum: f64,
    /// Of CPWL_LARS.
    pub trust: f64,
    /// Of CPWL_ADAMW.
    pub beta1: f64,
    /// Of CPWL_ADAMW.
    pub beta2: f64,
    /// Of CPWL_ADAMW.
    pub eps: f64,
    /// Of CPWL_ADAMW: 1 for the first step.
    pub step: i64,
    /// A `cpwl_optimizer`.
    pub optimizer: i32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_diet_update {
    const NAME: &'static str = "cpwl_diet_update";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn read(u: &cpwl_diet_update) -> Result<Update> {
    let optimizer = match u.optimizer {
        1 => Optimizer::Sgd { momentum: u.momentum },
        2 => {
            let Ok(step) = u64::try_from(u.step) else {
                bail!(Argument, "step is {}; expected 1 or more", u.step)
            };
            Optimizer::AdamW { beta1: u.beta1, beta2: u.beta2, eps: u.eps, step }
        }
        3 => Optimizer::Lars { momentum: u.momentum, trust: u.trust },
        x => bail!(UnknownEnum, "optimizer is {x}; expected 1 (CPWL_SGD) to 3 (CPWL_LARS)"),
    };
    Ok(Update { optimizer, rate: u.rate, weight_decay: u.weight_decay, clip: u.clip })
}

/// The loss of a batch and, in the same two passes, a step of the optimiser on `head`, (n, k), contiguous f32 or f64, which is the
/// precision of the call. The gradient of the head is never stored. `first` is the momentum buffer or m, `second` v of
/// CPWL_ADAMW and otherwise NULL: arrays like the head, zeros before the first step. `problem->head` is not used. `d_features` is
/// that of the head before the step; the bias is not updated, its gradient is for the caller. Free `out` with
/// `cpwl_diet_result_free`.
///
/// Errors, before anything is written: as `cpwl_diet_loss`; CPWL_DTYPE (an array that is not contiguous). A call that is cancelled leaves
/// some rows updated. 8 b n k flops, 12 with `clip` or CPWL_LARS. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_step(
    ctx: *const cpwl_context,
    problem: *const cpwl_diet_problem,
    opts: *const cpwl_diet_options,
    update: *const cpwl_diet_update,
    head: *mut cpwl_tensor,
    first: *mut cpwl_tensor,
    second: *mut cpwl_tensor,
    d_features: *mut cpwl_tensor,
    d_bias: *mut cpwl_tensor,
    out: *mut *mut cpwl_diet_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, given, options, update, mut head, mut first, mut second, mut outputs, out) = unsafe {
            (
                context::get(ctx)?,
                Given::read(problem, false)?,
                read_options(&options::read(opts)?)?,
                read(&options::required(update)?)?,
                tensor::output("head", head)?,
                tensor::output("first", first)?,
                if second.is_null() { None } else { Some(tensor::output("second", second)?) },
                Outputs::new(d_features, std::ptr::null_mut(), d_bias)?,
                pointer::out("out", out)?,
            )
        };
        let state = State { first: &mut first, second: second.as_mut() };
        let (problem, gradients) = (given.problem(), outputs.gradients());
        let loss = diet::step(ctx, &problem, &options, &update, &mut head, state, gradients)?;
        out.put(cpwl_diet_result::new(loss));
        Ok(())
    })
}

fn shard(first: i64, of: i64) -> Result<Shard> {
    match (usize::try_from(first), usize::try_from(of)) {
        (Ok(first), Ok(of)) => Ok(Shard { first, of }),
        _ => bail!(Argument, "first is {first} and of is {of}; expected 0 or more"),
    }
}

/// The first pass over a head that holds classes `first`, .. of `of`: the head and the bias of the problem are those of the shard,
/// labels are those of the whole. `partials`, (b, 6) of f64, becomes what other processes need; merge those of all shards with
/// `cpwl_diet_merge`. 2 b n k flops for the n classes of the shard.
///
/// Errors: as `cpwl_diet_loss`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_shard_forward(
    ctx: *const cpwl_context,
    problem: *const cpwl_diet_problem,
    opts: *const cpwl_diet_options,
    first: i64,
    of: i64,
    partials: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, given, options, mut partials) = unsafe {
            (
                context::get(ctx)?,
                Given::read(problem, true)?,
                read_options(&options::read(opts)?)?,
                tensor::output("partials", partials)?,
            )
        };
        let problem = given.problem();
        partials.expect_dtype(&[Dtype::F64])?;
        partials.expect_shape(&[problem.features.shape()[0], PARTIALS], "(b, 6)")?;
        partials.write(&diet::shard_forward(ctx, &problem, &options, shard(first, of)?)?.to_flat())
    })
}

/// Merges the partials of all shards, (shards, b, 6) of f64 in the order of their classes, into `merged`, (b, 6).
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_merge(
    ctx: *const cpwl_context,
    partials: *const cpwl_tensor,
    merged: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, partials, mut merged) = unsafe {
            (context::get(ctx)?, tensor::input("partials", partials)?, tensor::output("merged", merged)?)
        };
        partials.expect_rank(3, "(shards, b, 6)")?;
        let [shards, rows] = [partials.shape()[0], partials.shape()[1]];
        partials.expect_shape(&[shards, rows, PARTIALS], "(shards, b, 6)")?;
        merged.expect_dtype(&[Dtype::F64])?;
        merged.expect_shape(&[rows, PARTIALS], "(b, 6)")?;
        if shards == 0 {
            bail!(Shape, "partials are those of no shard; expected one at least")
        }
        let flat = partials.floats()?;
        let mut total = Partials::from_flat(&flat[..rows * PARTIALS])?;
        for s in 1..shards {
            total.merge(&Partials::from_flat(&flat[s * rows * PARTIALS..(s + 1) * rows * PARTIALS])?)?;
        }
        merged.write(&total.to_flat())
    })
}

/// The second pass over a shard, given the merged partials of all of them: its part of `d_features` and of `d_scale`, to be added to
/// those of the others, and the gradients of its own rows. The loss is that of the whole head.
///
/// Errors: as `cpwl_diet_loss`. 6 b n k flops for the n classes of the shard. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_shard_backward(
    ctx: *const cpwl_context,
    problem: *const cpwl_diet_problem,
    opts: *const cpwl_diet_options,
    first: i64,
    of: i64,
    partials: *const cpwl_tensor,
    d_features: *mut cpwl_tensor,
    d_head: *mut cpwl_tensor,
    d_bias: *mut cpwl_tensor,
    out: *mut *mut cpwl_diet_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, given, options, partials, mut outputs, out) = unsafe {
            (
                context::get(ctx)?,
                Given::read(problem, true)?,
                read_options(&options::read(opts)?)?,
                tensor::input("partials", partials)?,
                Outputs::new(d_features, d_head, d_bias)?,
                pointer::out("out", out)?,
            )
        };
        let problem = given.problem();
        partials.expect_shape(&[problem.features.shape()[0], PARTIALS], "(b, 6)")?;
        let partials = Partials::from_flat(&partials.floats()?)?;
        let (shard, gradients) = (shard(first, of)?, outputs.gradients());
        let loss = diet::shard_backward(ctx, &problem, &options, shard, &partials, gradients)?;
        out.put(cpwl_diet_result::new(loss));
        Ok(())
    })
}
