//! Permutation tests of all pairs of features at once: one permutation serves every pair, and its statistics are a product of
//! matrices.

use ndarray::{Array2, ArrayView2};

use super::{FeatureKernel, Features, STRIP};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::hsic::estimate::expect;
use crate::hsic::leaf::Number;
use crate::hsic::permutation::permutation;
use crate::linalg::gemm::gemm;
use crate::view::{Dtype, TensorRef};

/// p of independence of every pair of columns of `f`, (K, K): (1 + permutations whose biased HSIC reaches that of the data) /
/// (1 + `count`), with the column of the larger index permuted; 1 on the diagonal. K^2 n^2 multiplications and
/// K n^2 kernel evaluations a permutation; K^2 + 2 K n numbers a thread. Conditions: as for [`super::pairwise_hsic`];
/// UNSUPPORTED (the linear kernel), TOO_FEW (n < 2).
pub fn pairwise_test(
    ctx: &Context,
    f: &TensorRef,
    kernel: FeatureKernel,
    gammas: &[f64],
    count: usize,
    seed: u64,
) -> Result<Buffer<f64>> {
    if kernel == FeatureKernel::Linear {
        bail!(Unsupported, "tests of pairs are for the Gaussian and the Laplace kernel")
    }
    if count == 0 {
        bail!(Argument, "the number of permutations is 0; expected at least 1")
    }
    let meter = ctx.meter();
    if f.dtype() == Dtype::F64 {
        of(ctx, &meter, &Features::<f64>::new(&meter, f, kernel, gammas)?, count, seed)
    } else {
        of(ctx, &meter, &Features::<f32>::new(&meter, f, kernel, gammas)?, count, seed)
    }
}

/// Row sums of every Gram matrix less their mean, (n, K), of the rows in their own order.
fn row_sums<T: Number>(ctx: &Context, f: &Features<T>) -> Array2<f64> {
    let (n, k, leaf) = (f.n, f.count, T::leaf(ctx.isa()));
    let mut rows = Array2::zeros((n, k));
    let mut row = vec![T::zero(); k];
    for i in 0..n {
        for j in 0..i {
            (leaf.features)(f.absolute, f.row(i), f.row(j), &f.gamma, &f.shift, &mut row);
            for (a, v) in row.iter().enumerate() {
                rows[[i, a]] += v.wide();
                rows[[j, a]] += v.wide();
            }
        }
    }
    let means = rows.mean_axis(ndarray::Axis(0)).expect("rows");
    rows - means
}

/// n^2 times HSIC of column a with the permuted column b, but for what no permutation changes.
fn statistics<T: Number>(ctx: &Context, f: &Features<T>, rows: &Array2<f64>, order: &[usize]) -> Array2<f64> {
    let (n, k, leaf) = (f.n, f.count, T::leaf(ctx.isa()));
    let (mut left, mut right) = (vec![T::zero(); STRIP * k], vec![T::zero(); STRIP * k]);
    let mut strip = Array2::from_elem((k, k), T::zero());
    let mut sums = Array2::<f64>::zeros((k, k));
    let mut filled = 0;
    for i in 0..n {
        for j in 0..i {
            let at = filled * k..(filled + 1) * k;
            let (x, y) = (f.row(i), f.row(j));
            (leaf.features)(f.absolute, x, y, &f.gamma, &f.shift, &mut left[at.clone()]);
            let (x, y) = (f.row(order[i]), f.row(order[j]));
            (leaf.features)(f.absolute, x, y, &f.gamma, &f.shift, &mut right[at]);
            filled += 1;
            if filled == STRIP || (i, j) == (n - 1, n - 2) {
                let view = |v| ArrayView2::from_shape((filled, k), v).expect("a strip");
                gemm(
                    ctx.isa(),
                    view(&left[..filled * k]).reversed_axes(),
                    view(&right[..filled * k]),
                    false,
                    strip.view_mut(),
                );
                sums.zip_mut_with(&strip, |s, v| *s += 2.0 * v.wide());
                filled = 0;
            }
        }
    }
    let turned = Array2::from_shape_fn((n, k), |(i, b)| rows[[order[i], b]]);
    let mut cross = Array2::<f64>::zeros((k, k));
    gemm(ctx.isa(), rows.t(), turned.view(), false, cross.view_mut());
    sums.zip_mut_with(&cross, |s, c| *s -= 2.0 / n as f64 * c);
    sums
}

fn of<T: Number>(
    ctx: &Context,
    meter: &Meter,
    f: &Features<T>,
    count: usize,
    seed: u64,
) -> Result<Buffer<f64>> {
    let (n, k) = (f.n, f.count);
    expect(n, 2, "a permutation test")?;
    meter.charge(
        ctx.threads() * (16 * (2 * k * k + 2 * n * k) + 2 * STRIP * k * size_of::<T>()),
        "permutations",
    )?;
    let rows = row_sums(ctx, f);
    let identity: Vec<usize> = (0..n).collect();
    let own = statistics(ctx, f, &rows, &identity);
    // What no permutation changes is in both: a tie is one of the whole statistic, so its size is that of the largest.
    let size = own.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let reached = ctx.pool().map_chunks(count, count.div_ceil(16).max(1), |range| {
        let mut reached = vec![0u32; k * k];
        for b in range {
            ctx.poll()?;
            let found = statistics(ctx, f, &rows, &permutation(seed, b as u64, n));
            for ((r, t), own) in reached.iter_mut().zip(&found).zip(&own) {
                *r += u32::from(*t >= own - 1e-12 * size);
            }
        }
        Ok(reached)
    })?;
    let mut p = meter.buffer::<f64>(k * k, "p of pairs")?;
    for a in 0..k {
        p[a * k + a] = 1.0;
        for b in a + 1..k {
            let total: u32 = reached.iter().map(|r| r[a * k + b]).sum();
            p[a * k + b] = f64::from(1 + total) / (1 + count) as f64;
            p[b * k + a] = p[a * k + b];
        }
    }
    Ok(p)
}
