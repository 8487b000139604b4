//! The loss and its gradients.
//!
//! ```text
//! ds_ik = (p_ik sum_l t_il - t_ik) / M + (lam / M) (p_ik h_k - p_ik sum_l p_il h_l) - (w / M) p_ik (ln p_ik + H_i)
//! h_k = ln pbar_k - ln pi_k    or, for KL(pi || pbar),   -pi_k / pbar_k
//! du_i = sum_k ds_ik c_k / tau,   dc_k = sum_i ds_ik u_i / tau
//! ```

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::leaf::{self, Terms};
use super::mean::ClusterMean;
use super::options::{Direction, PriorOptions, Views};
use super::scores::{BLOCK, Units, assign};
use super::sinkhorn::{Work, balance_in_place};
use crate::context::Context;
use crate::error::Result;
use crate::linalg::gemm::{Packed, gemm};
use crate::simd::real::Real;
use crate::view::{Dtype, TensorMut};

/// Where gradients go; each f32 or f64.
#[derive(Debug, Default)]
pub struct PriorGradients<'s, 'a> {
    /// (V B, d).
    pub anchors: Option<&'s mut TensorMut<'a>>,
    /// (K, d).
    pub prototypes: Option<&'s mut TensorMut<'a>>,
}

/// What the views cost.
#[derive(Clone, Debug)]
pub struct PriorLoss {
    /// `cross_entropy + weight divergence + entropy_weight entropy`.
    pub loss: f64,
    /// Of targets and assignments, averaged over anchors.
    pub cross_entropy: f64,
    /// Between mean assignment and prior.
    pub divergence: f64,
    /// Mean entropy of the assignments.
    pub entropy: f64,
    /// ln pbar: (K).
    pub log_mean: Vec<f64>,
    /// (B, K), rows add up to 1.
    pub targets: Vec<f64>,
    /// Largest difference between column sums of the targets over B and the law that they were balanced to; NaN without
    /// Sinkhorn.
    pub column_error: f64,
}

/// The loss of some views and the gradients that are asked for. Computed in f64 if an input is or if asked to, otherwise in f32, with
/// means in f64. 2 (V + 1) B K d flops, 6 with gradients; memory 2 V B K numbers.
///
/// Conditions: ARGUMENT (options, priors, numbers of views), RANK, SHAPE, DTYPE, NONFINITE, OVERLAP, MEMORY, MEMORY_LIMIT,
/// CANCELLED.
pub fn prior_loss(
    ctx: &Context,
    views: &Views,
    options: &PriorOptions,
    gradients: PriorGradients,
) -> Result<PriorLoss> {
    let priors = views.check(options)?;
    let inputs = [views.anchors, views.targets, views.prototypes];
    for (out, like) in [(&gradients.anchors, views.anchors), (&gradients.prototypes, views.prototypes)] {
        if let Some(out) = out {
            out.expect_dtype(&[Dtype::F32, Dtype::F64])?;
            out.expect_shape(like.shape(), "as what it is the gradient of")?;
            inputs.into_iter().try_for_each(|input| out.expect_apart(input))?;
        }
    }
    if views.double(options) {
        run::<f64>(ctx, views, options, priors, gradients)
    } else {
        run::<f32>(ctx, views, options, priors, gradients)
    }
}

fn run<T: Real>(
    ctx: &Context,
    views: &Views,
    options: &PriorOptions,
    [prior, balanced]: [Vec<f64>; 2],
    gradients: PriorGradients,
) -> Result<PriorLoss> {
    let meter = ctx.meter();
    let prototypes = Units::<T>::new(&meter, views.prototypes)?;
    let k = prototypes.count;
    let packed = Packed::new(prototypes.view().reversed_axes());
    let anchors = Units::<T>::new(&meter, views.anchors)?;
    let given = Units::<T>::new(&meter, views.targets)?;
    let (m, b, d) = (anchors.count, given.count, anchors.d);

    let sharp = options.temperature * options.sharpening;
    let mut targets = assign(ctx, &meter, &given, &packed, sharp)?.logs;
    let mut column_error = f64::NAN;
    if options.sinkhorn > 0 {
        let scores = std::mem::replace(&mut targets, meter.buffer(b * k, "targets")?);
        let rows = vec![1.0 / b as f64; b];
        let work = Work { scores: &scores, rows: &rows, columns: &balanced, k, tolerance: 0.0 };
        let mut most = vec![T::LOWEST; k];
        leaf::raise(ctx.isa(), &scores, k, &mut most);
        column_error =
            balance_in_place(ctx, &work, &most, options.sinkhorn, &mut targets, true)?.column_error;
    } else {
        let (zeros, mut sums) = (vec![T::ZERO; b.max(k)], vec![T::ZERO; k]);
        let mut out = meter.buffer(b * k, "targets")?;
        leaf::kernel(ctx.isa(), &targets, k, &zeros[..b], &zeros[..k], &mut out, &mut sums);
        targets = out;
    }

    let mut assigned = assign(ctx, &meter, &anchors, &packed, options.temperature)?;
    let log_mean = match views.log_mean {
        Some(pooled) => pooled.to_vec(),
        None => ClusterMean::of(ctx, &assigned, k)?.log_mean(),
    };
    let divergence = divergence(&log_mean, &prior, options.direction);
    let entropy = assigned.entropy.iter().sum::<f64>() / m as f64;
    let parts = ctx.pool().map_chunks(m, BLOCK, |rows| {
        let terms = rows.map(|i| {
            let (logs, t) = (&assigned.logs[i * k..][..k], &targets[i % b * k..][..k]);
            // A target of 0 for an assignment of 0 costs nothing.
            let terms = logs.iter().zip(t).filter(|(_, t)| **t != T::ZERO);
            terms.map(|(log, t)| t.wide() * log.wide()).sum::<f64>()
        });
        Ok(terms.sum::<f64>())
    })?;
    let cross_entropy = -parts.iter().sum::<f64>() / m as f64;

    if gradients.anchors.is_some() || gradients.prototypes.is_some() {
        let share = 1.0 / m as f64;
        let reverse = options.direction == Direction::PriorToMean;
        let slope = |(mean, prior): (&f64, &f64)| if reverse { prior.ln() - mean } else { mean - prior.ln() };
        let slopes: Vec<T> = log_mean.iter().zip(&prior).map(|pair| T::of(slope(pair))).collect();
        let terms = Terms {
            slopes: &slopes,
            reverse,
            weights: [T::of(options.weight * share), T::of(options.entropy_weight * share)],
            share: T::of(share),
        };
        let mut du = meter.buffer::<T>(if gradients.anchors.is_some() { m * d } else { 0 }, "d_anchors")?;
        let mut out = du.chunks_mut(BLOCK * d);
        let blocks = assigned.logs.chunks_mut(BLOCK * k).zip(assigned.entropy.chunks(BLOCK)).enumerate();
        let mut blocks: Vec<_> = blocks.map(|(i, (logs, e))| (i * BLOCK, logs, e, out.next())).collect();
        ctx.pool().for_each(&mut blocks, |_, (first, logs, entropy, du)| {
            for (i, row) in logs.chunks_exact_mut(k).enumerate() {
                let t = &targets[(*first + i) % b * k..][..k];
                leaf::differentiate(ctx.isa(), row, k, t, &entropy[i..i + 1], &terms);
                let over = T::of(1.0 / options.temperature);
                row.iter_mut().for_each(|g| *g = *g * over);
            }
            if let Some(du) = du {
                let count = entropy.len();
                let g = ArrayView2::from_shape((count, k), logs).expect("a block of rows");
                let out = ArrayViewMut2::from_shape((count, d), du).expect("a block of rows");
                gemm(ctx.isa(), g, prototypes.view(), false, out);
                anchors.through_lengths(*first, du);
            }
            Ok(())
        })?;
        if let Some(to) = gradients.anchors {
            to.write(&du)?;
        }
        if let Some(to) = gradients.prototypes {
            let mut dc = meter.buffer::<T>(k * d, "d_prototypes")?;
            let g = ArrayView2::from_shape((m, k), &assigned.logs[..]).expect("rows of k");
            let mut blocks: Vec<_> = dc.chunks_mut(BLOCK * d).collect();
            ctx.pool().for_each(&mut blocks, |i, dc| {
                let count = dc.len() / d;
                let g = g.slice(s![.., i * BLOCK..i * BLOCK + count]);
                let out = ArrayViewMut2::from_shape((count, d), dc).expect("a block of rows");
                gemm(ctx.isa(), g.reversed_axes(), anchors.view(), false, out);
                prototypes.through_lengths(i * BLOCK, dc);
                Ok(())
            })?;
            to.write(&dc)?;
        }
    }
    Ok(PriorLoss {
        loss: cross_entropy + options.weight * divergence + options.entropy_weight * entropy,
        cross_entropy,
        divergence,
        entropy,
        log_mean,
        targets: targets.iter().map(|t| t.wide()).collect(),
        column_error,
    })
}

/// Between a mean, given by its logarithms, and a prior.
fn divergence(log_mean: &[f64], prior: &[f64], direction: Direction) -> f64 {
    let pairs = log_mean.iter().zip(prior);
    match direction {
        // p ln p is 0 for p = 0.
        Direction::MeanToPrior => pairs
            .map(|(&mean, &p)| if mean == f64::NEG_INFINITY { 0.0 } else { mean.exp() * (mean - p.ln()) })
            .sum(),
        Direction::PriorToMean => {
            pairs.map(|(&mean, &p)| if p == 0.0 { 0.0 } else { p * (p.ln() - mean) }).sum()
        }
    }
}
