//! The labels of the batch and some other classes in place of all: approximate.
//!
//! U are the distinct classes of the batch, S some of the others, drawn uniformly without replacement:
//!
//! ```text
//! lse' = ln( sum_U exp z + (N - |U|) / |S| sum_S exp z )
//! ```
//!
//! The sum is unbiased, so its logarithm is too small on average; with S = all the others it is exact. The smoothing term is
//! exact, from the mean of all rows; it moves every row of the head by the same -(eps / N) sum_i g_i f_i.

use super::backward::{Sink, Wanted};
use super::head::Head;
use super::leaf;
use super::loss::{Gradients, Loss, Ready, check, finish, summary};
use super::options::{Norm, Options, Problem};
use super::targets::Targets;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::simd::real::Real;
use crate::view::{Dtype, TensorRef};

/// Rows of the head that are added up in a job.
const SUMS: usize = 8192;

/// The loss with lse', and its gradients; `others` are the classes S, none of which is a class of the batch. dW is dense if eps >
/// 0. One pass over the head for its mean and 8 B (|U| + |S|) K flops. Conditions: those of [`super::loss()`]; ARGUMENT (a class
/// of S that is out of range, twice there or in the batch), UNSUPPORTED (rows of the head over their length).
pub fn sampled_loss(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    others: &[i64],
    mut gradients: Gradients,
) -> Result<Loss> {
    let n = check(problem, options, &mut gradients)?;
    if options.norm == Norm::Cosine {
        bail!(Unsupported, "a sampled head whose rows are divided by their lengths")
    }
    let targets = Targets::new(problem, options, n)?;
    let tensors = [Some(problem.features), Some(problem.head), problem.bias];
    let double = options.double || tensors.into_iter().flatten().any(|t| t.dtype() == Dtype::F64);
    let candidates = Candidates::new(&targets, others, n)?;
    if double {
        run::<f64>(ctx, problem, options, targets, &candidates, &mut gradients)
    } else {
        run::<f32>(ctx, problem, options, targets, &candidates, &mut gradients)
    }
}

/// U and S, by number.
struct Candidates {
    classes: Vec<usize>,
    /// ln of what a class stands for.
    log_weight: Vec<f64>,
    n: usize,
}

impl Candidates {
    fn new(targets: &Targets, others: &[i64], n: usize) -> Result<Self> {
        let mut own: Vec<usize> = targets.all().iter().map(|t| t.class).collect();
        own.dedup();
        let mut all: Vec<(usize, bool)> = own.iter().map(|&c| (c, true)).collect();
        for &class in others {
            match usize::try_from(class) {
                Ok(c) if c < n => all.push((c, false)),
                _ => bail!(Argument, "class {class} is sampled; expected 0 to {}", n - 1),
            }
        }
        if all.is_empty() {
            bail!(Argument, "there is no class to compare with; expected labels or sampled classes")
        }
        all.sort_unstable();
        if let Some(pair) = all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            bail!(Argument, "class {} is sampled, and a class of the batch or sampled twice", pair[0].0)
        }
        let weight = ((n - own.len()) as f64 / others.len() as f64).ln();
        let log_weight = all.iter().map(|&(_, own)| if own { 0.0 } else { weight }).collect();
        Ok(Candidates { classes: all.into_iter().map(|(c, _)| c).collect(), log_weight, n })
    }
}

fn run<T: Real>(
    ctx: &Context,
    problem: &Problem,
    options: &Options,
    mut targets: Targets,
    candidates: &Candidates,
    gradients: &mut Gradients,
) -> Result<Loss> {
    let Candidates { classes, log_weight, n } = candidates;
    let head = Head::<T>::new(problem.head, problem.head.matrix("(n, k)")?);
    let (k, count) = (problem.features.shape()[1], classes.len());
    let meter = ctx.meter();
    let mut rows = meter.buffer::<T>(count.saturating_mul(k), "sampled rows")?;
    let mut scratch = vec![T::ZERO; k];
    for (&class, out) in classes.iter().zip(rows.chunks_exact_mut(k)) {
        out.copy_from_slice(head.strip(class..class + 1, k, &mut scratch));
    }
    let all_bias = problem.bias.map(TensorRef::floats).transpose()?;
    let own_bias = |j: usize| all_bias.as_ref().map_or(0.0, |b| b[classes[j]]);
    let bias: Vec<f64> = (0..count).map(|j| own_bias(j) + log_weight[j]).collect();
    let bias = TensorRef::from_slice("sampled bias", &bias, &[count])?;

    let mut loss_targets = Targets::new(problem, options, *n)?;
    targets.renumber(|class| classes.partition_point(|&c| c < class));
    let seen = Problem { bias: Some(&bias), ..*problem };
    let mut ready = Ready::<T>::new(ctx, &seen, options, targets, count)?;
    let sampled = Head::Rows(&rows[..]);
    let mut partials = ready.partials(sampled)?;

    // The smoothing term, of all classes.
    let sum = if options.smoothing > 0.0 { row_sum(ctx, head, *n, k)? } else { vec![0.0; k] };
    let bias_sum: f64 = all_bias.iter().flatten().sum();
    let batch = &ready.pass.batch;
    for (row, u) in partials.rows.iter_mut().zip(batch.units.chunks_exact(k)) {
        let along: f64 = u.iter().zip(&sum).map(|(u, s)| u.wide() * s).sum();
        row.total = if options.smoothing > 0.0 { options.scale * along + bias_sum } else { 0.0 };
    }
    partials.rows.iter_mut().for_each(|row| row.best = classes[row.best as usize] as f64);
    loss_targets.slopes.clone_from(&ready.targets.slopes);
    let mut loss = summary(&partials, &loss_targets, options, *n);
    if gradients.features.is_none() && gradients.head.is_none() && gradients.bias.is_none() {
        return Ok(loss);
    }

    let slopes = ready.pass.slopes(&partials, &ready.targets);
    ready.prepare();
    let mut head_gradient = meter.buffer::<T>(count * k, "gradient of the sampled rows")?;
    let mut bias_gradient = vec![0.0; count];
    let wanted = Wanted { features: true, bias: Some(&mut bias_gradient) };
    let mut found = ready.second(Sink::Write(sampled, &mut head_gradient), &slopes, 0.0, &[], wanted)?;
    let even = options.smoothing / *n as f64;
    if even > 0.0 {
        for (row, &slope) in found.features.chunks_exact_mut(k).zip(&ready.targets.slopes) {
            row.iter_mut().zip(&sum).for_each(|(g, s)| *g = T::of(g.wide() - even * slope * s));
        }
    }
    // Units are 0 where the slope is, and times the scale, by now.
    let mut shared = vec![0.0; k];
    for (u, slope) in ready.pass.batch.units.chunks_exact(k).zip(&ready.targets.slopes) {
        shared.iter_mut().zip(u).for_each(|(s, u)| *s -= even * slope * u.wide());
    }
    if let Some(out) = &mut gradients.head {
        let mut dense = meter.buffer::<T>(n.saturating_mul(k), "gradient of the head")?;
        for row in dense.chunks_exact_mut(k) {
            row.iter_mut().zip(&shared).for_each(|(d, &s)| *d = T::of(s));
        }
        for (&class, g) in classes.iter().zip(head_gradient.chunks_exact(k)) {
            let row = dense[class * k..][..k].iter_mut().zip(g).zip(&shared);
            row.for_each(|((d, g), s)| *d = T::of(g.wide() + s));
        }
        out.write(&dense)?;
    }
    if let Some(out) = &mut gradients.bias {
        let all: f64 = ready.targets.slopes.iter().sum();
        let mut dense = vec![-even * all; *n];
        classes.iter().zip(&bias_gradient).for_each(|(&class, g)| dense[class] += g);
        out.write(&dense)?;
    }
    finish(&mut loss, &ready, &found, gradients)?;
    Ok(loss)
}

/// The sum of all rows of a head.
fn row_sum<T: Real>(ctx: &Context, head: Head<T>, n: usize, k: usize) -> Result<Vec<f64>> {
    let parts = ctx.pool().map_chunks(n, SUMS, |classes| {
        ctx.poll()?;
        let mut sums = vec![0.0; k];
        let mut scratch = vec![T::ZERO; if head.is_foreign() { k } else { 0 }];
        for class in classes {
            leaf::add_rows(ctx.isa(), head.strip(class..class + 1, k, &mut scratch), k, &[], &mut sums);
        }
        Ok(sums)
    })?;
    Ok(parts.into_iter().fold(vec![0.0; k], |mut total, part| {
        total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        total
    }))
}
