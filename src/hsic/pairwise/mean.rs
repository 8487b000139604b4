//! The sum of HSIC over all pairs of features, without the pairs.
//!
//! ```text
//! sum_{a != b} <Ka, Kb> = |sum_a Ka|^2 - sum_a |Ka|^2        Ka centred; ordered pairs
//! d / dKa = 2 (sum_b Kb - Ka) / n^2
//! ```
//!
//! Normalised by nu_a = |Ka| it is the sum of CKA. One pass over the pairs of rows for the row sums and norms (normalised: a
//! second one for the value), one for the gradient: O(K n^2), memory K n.

use super::{BLOCK, FeatureKernel, Features};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::hsic::leaf::Number;
use crate::view::{Dtype, TensorRef};

/// A mean over ordered pairs of different features, and its gradient.
#[derive(Debug)]
pub struct MeanGradient {
    /// The mean.
    pub mean: f64,
    /// (n, K), row-major; empty if it was not asked for.
    pub gradient: Buffer<f64>,
}

/// Mean HSIC (over n^2) of all ordered pairs of different features, or with `normalised` mean CKA. The linear kernel is
/// refused: its mean is the covariance term of [`crate::hsic::vcreg()`]. Conditions: as for [`super::pairwise_hsic`]; TOO_FEW
/// (K < 2), UNDEFINED (a constant feature, normalised).
pub fn pairwise_mean(
    ctx: &Context,
    f: &TensorRef,
    kernel: FeatureKernel,
    gammas: &[f64],
    normalised: bool,
) -> Result<f64> {
    Ok(run(ctx, f, kernel, gammas, normalised, false)?.mean)
}

/// The same with its gradient.
pub fn pairwise_mean_gradient(
    ctx: &Context,
    f: &TensorRef,
    kernel: FeatureKernel,
    gammas: &[f64],
    normalised: bool,
) -> Result<MeanGradient> {
    run(ctx, f, kernel, gammas, normalised, true)
}

fn run(
    ctx: &Context,
    f: &TensorRef,
    kernel: FeatureKernel,
    gammas: &[f64],
    normalised: bool,
    wanted: bool,
) -> Result<MeanGradient> {
    if kernel == FeatureKernel::Linear {
        bail!(Unsupported, "the mean over linear kernels is the covariance term of vcreg")
    }
    let meter = ctx.meter();
    if f.dtype() == Dtype::F64 {
        of(ctx, &meter, &Features::<f64>::new(&meter, f, kernel, gammas)?, normalised, wanted)
    } else {
        of(ctx, &meter, &Features::<f32>::new(&meter, f, kernel, gammas)?, normalised, wanted)
    }
}

/// What the first pass finds: of every feature, and of the weighted sum of all.
struct First {
    /// n x K row sums, without the diagonal.
    rows: Vec<f64>,
    /// sum_{i<j} of squares.
    squares: Vec<f64>,
    /// sum_{i<j} of squares of the sum.
    total: f64,
}

/// Runs `task` on the blocks of rows, and hands the results to `fold` in order.
fn waves<A: Send>(
    ctx: &Context,
    blocks: usize,
    task: impl Fn(usize) -> Result<A> + Send + Sync,
    mut fold: impl FnMut(A),
) -> Result<()> {
    let wave = 2 * ctx.threads();
    for first in (0..blocks).step_by(wave) {
        let parts = ctx.pool().map_chunks(wave.min(blocks - first), 1, |b| {
            ctx.poll()?;
            task(first + b.start)
        })?;
        parts.into_iter().for_each(&mut fold);
    }
    Ok(())
}

fn first_pass<T: Number>(ctx: &Context, f: &Features<T>, weights: Option<&[f64]>) -> Result<First> {
    let (n, k, leaf) = (f.n, f.count, T::leaf(ctx.isa()));
    let mut all = First { rows: vec![0.0; n * k], squares: vec![0.0; k], total: 0.0 };
    let mut start = 0;
    waves(
        ctx,
        f.blocks(),
        |b| {
            let origin = b * BLOCK;
            let mut part = First { rows: vec![0.0; (n - origin) * k], squares: vec![0.0; k], total: 0.0 };
            let mut row = vec![T::zero(); k];
            // Squares of one row of pairs are summed in the precision of the data, then in f64.
            let (mut squares, mut own) = (vec![T::zero(); k], vec![T::zero(); k]);
            for i in origin..n.min(origin + BLOCK) {
                squares.fill(T::zero());
                own.fill(T::zero());
                let mut pending = 0;
                for j in i + 1..n {
                    (leaf.features)(f.absolute, f.row(i), f.row(j), &f.gamma, &f.shift, &mut row);
                    let to = &mut part.rows[(j - origin) * k..][..k];
                    for (((&v, s), o), to) in row.iter().zip(&mut squares).zip(&mut own).zip(to) {
                        *s += v * v;
                        *o += v;
                        *to += v.wide();
                    }
                    let sum: f64 = match weights {
                        Some(w) => row.iter().zip(w).map(|(v, w)| v.wide() * w).sum(),
                        None => sum_of(&row),
                    };
                    part.total += sum * sum;
                    pending += 1;
                    if pending == 64 || j + 1 == n {
                        let to = &mut part.rows[(i - origin) * k..][..k];
                        to.iter_mut().zip(&own).for_each(|(to, o)| *to += o.wide());
                        part.squares.iter_mut().zip(&squares).for_each(|(to, s)| *to += s.wide());
                        squares.fill(T::zero());
                        own.fill(T::zero());
                        pending = 0;
                    }
                }
            }
            Ok(part)
        },
        |part| {
            all.rows[start..].iter_mut().zip(&part.rows).for_each(|(a, p)| *a += p);
            all.squares.iter_mut().zip(&part.squares).for_each(|(a, p)| *a += p);
            all.total += part.total;
            start += BLOCK * k;
        },
    )?;
    Ok(all)
}

/// The sum of a row, eight at a time.
fn sum_of<T: Number>(row: &[T]) -> f64 {
    let (blocks, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(s, v)| *s += v.wide());
    }
    sums.iter().sum::<f64>() + rest.iter().map(|v| v.wide()).sum::<f64>()
}

/// |HKH|^2 of a Gram matrix from the sum over i < j of squares, its row sums without the diagonal, and that.
fn centred(n: usize, squares: f64, rows: impl Iterator<Item = f64>, diagonal: f64) -> f64 {
    let m = n as f64;
    let rows: Vec<f64> = rows.map(|r| r + diagonal).collect();
    let mean = rows.iter().sum::<f64>() / m;
    let spread: f64 = rows.iter().map(|r| (r - mean) * (r - mean)).sum();
    2.0 * squares + m * diagonal * diagonal - 2.0 / m * spread - mean * mean
}

fn of<T: Number>(
    ctx: &Context,
    meter: &Meter,
    f: &Features<T>,
    normalised: bool,
    wanted: bool,
) -> Result<MeanGradient> {
    let (n, k) = (f.n, f.count);
    if k < 2 {
        bail!(TooFew, "the mean over pairs of features needs at least 2 of them; there are {k}")
    }
    meter.charge(8 * n * k * (2 + 2 * ctx.threads()), "row sums of features")?;
    let diagonal = f.diagonal();
    let mut first = first_pass(ctx, f, None)?;
    let column = |rows: &[f64], a: usize| rows.iter().skip(a).step_by(k).copied().collect::<Vec<f64>>();
    let own: Vec<f64> = (0..k)
        .map(|a| centred(n, first.squares[a], column(&first.rows, a).into_iter(), diagonal[a]))
        .collect();
    let mut weights = vec![1.0; k];
    if normalised {
        for (a, (w, own)) in weights.iter_mut().zip(&own).enumerate() {
            let size = 2.0 * first.squares[a] + n as f64 * diagonal[a] * diagonal[a];
            if own.is_nan() || *own <= 1e-14 * size {
                bail!(Undefined, "CKA: feature {a} is constant")
            }
            *w = 1.0 / own.sqrt();
        }
        first.total = first_pass(ctx, f, Some(&weights))?.total;
    }
    let weighted = |row: &[f64]| row.iter().zip(&weights).map(|(r, w)| r * w).sum::<f64>();
    let total_rows: Vec<f64> = first.rows.chunks_exact(k).map(weighted).collect();
    let total = centred(n, first.total, total_rows.iter().copied(), weighted(&diagonal));
    let squares: f64 = own.iter().zip(&weights).map(|(o, w)| o * w * w).sum();
    let pairs = (k * (k - 1)) as f64;
    let scale = if normalised { 1.0 / pairs } else { 1.0 / (pairs * (n * n) as f64) };
    let mean = (total - squares) * scale;
    let mut gradient = meter.buffer::<f64>(if wanted { n * k } else { 0 }, "gradient")?;
    if wanted {
        backward(ctx, f, &first.rows, &diagonal, &weights, normalised, scale, &mut gradient)?;
    }
    Ok(MeanGradient { mean, gradient })
}

#[allow(clippy::too_many_arguments)] // One pass over what the first one found.
fn backward<T: Number>(
    ctx: &Context,
    f: &Features<T>,
    rows: &[f64],
    diagonal: &[f64],
    weights: &[f64],
    normalised: bool,
    scale: f64,
    out: &mut [f64],
) -> Result<()> {
    let (n, k, leaf) = (f.n, f.count, T::leaf(ctx.isa()));
    let m = n as f64;
    // Means of the rows of every matrix, less half of the mean of all: entry (i, j) loses e_i + e_j.
    let mut e = rows.to_vec();
    let mut half = vec![0.0; k];
    for row in e.chunks_exact_mut(k) {
        for ((e, d), half) in row.iter_mut().zip(diagonal).zip(&mut half) {
            *e = (*e + d) / m;
            *half += *e / (2.0 * m);
        }
    }
    e.chunks_exact_mut(k).for_each(|row| row.iter_mut().zip(&half).for_each(|(e, h)| *e -= h));
    let weighted = |row: &[f64]| row.iter().zip(weights).map(|(r, w)| r * w).sum::<f64>();
    let total: Vec<f64> = e.chunks_exact(k).map(weighted).collect();
    // G_a = 2 (T - w_a C_a), and normalised less the part along w_a C_a: <G_a, w_a C_a> = 2 (<T, w_a C_a> - 1).
    let mut along = vec![0.0; k];
    if normalised {
        let mut sums = vec![0.0; k];
        pairs_of(
            ctx,
            f,
            |v, i, j, row: &mut [f64]| {
                let t = weighted_row(v, weights) - total[i] - total[j];
                for (a, s) in row.iter_mut().enumerate() {
                    *s += 2.0 * t * (v[a].wide() - e[i * k + a] - e[j * k + a]);
                }
            },
            &mut sums,
        )?;
        for i in 0..n {
            let t = weighted(diagonal) - 2.0 * total[i];
            for (a, s) in sums.iter_mut().enumerate() {
                *s += t * (diagonal[a] - 2.0 * e[i * k + a]);
            }
        }
        along = sums.iter().zip(weights).map(|(s, w)| 2.0 * (s * w - 1.0)).collect();
    }
    let slope_of = |a: usize, x: f64, y: f64, v: f64| {
        let (g, step) = (f.gamma[a].wide(), x - y);
        let kernel = v + f.shift[a].wide();
        if !f.absolute {
            -2.0 * g * step * kernel
        } else if step == 0.0 {
            0.0
        } else {
            -g * step.signum() * kernel
        }
    };
    let mut blocks: Vec<&mut [f64]> = out.chunks_mut(BLOCK * k).collect();
    ctx.pool().for_each(&mut blocks, |b, out| {
        ctx.poll()?;
        let mut row = vec![T::zero(); k];
        for (r, out) in out.chunks_exact_mut(k).enumerate() {
            let i = b * BLOCK + r;
            for j in (0..n).filter(|&j| j != i) {
                (leaf.features)(f.absolute, f.row(i), f.row(j), &f.gamma, &f.shift, &mut row);
                let t = weighted_row(&row, weights) - total[i] - total[j];
                let (x, y) = (f.row(i), f.row(j));
                let (ei, ej) = (&e[i * k..][..k], &e[j * k..][..k]);
                for a in 0..k {
                    let v = row[a].wide();
                    let c = weights[a] * (v - ei[a] - ej[a]);
                    let g = 2.0 * (t - c) - along[a] * c;
                    // Both entries (i, j) and (j, i).
                    out[a] += 2.0 * scale * weights[a] * g * slope_of(a, x[a].wide(), y[a].wide(), v);
                }
            }
        }
        Ok(())
    })
}

fn weighted_row<T: Number>(row: &[T], weights: &[f64]) -> f64 {
    let (blocks, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (block, w) in blocks.iter().zip(weights.as_chunks::<8>().0) {
        for l in 0..8 {
            sums[l] += block[l].wide() * w[l];
        }
    }
    let done = blocks.len() * 8;
    sums.iter().sum::<f64>() + rest.iter().zip(&weights[done..]).map(|(v, w)| v.wide() * w).sum::<f64>()
}

/// Sums what `add` makes of every pair i < j, in the order of blocks of rows.
fn pairs_of<T: Number>(
    ctx: &Context,
    f: &Features<T>,
    add: impl Fn(&[T], usize, usize, &mut [f64]) + Send + Sync,
    out: &mut [f64],
) -> Result<()> {
    let leaf = T::leaf(ctx.isa());
    waves(
        ctx,
        f.blocks(),
        |b| {
            let (mut sums, mut row) = (vec![0.0; f.count], vec![T::zero(); f.count]);
            for (i, j) in f.pairs(b) {
                (leaf.features)(f.absolute, f.row(i), f.row(j), &f.gamma, &f.shift, &mut row);
                add(&row, i, j, &mut sums);
            }
            Ok(sums)
        },
        |part| out.iter_mut().zip(part).for_each(|(o, p)| *o += p),
    )
}
