//! The loops over rows of scores.

use crate::simd::real::{Real, compiled};

/// Partial sums of a row, so that its sum is one of vectors.
const LANES: usize = 16;

#[inline(always)]
fn largest<T: Real>(row: &[T]) -> T {
    let (chunks, rest) = row.as_chunks::<LANES>();
    let mut most = [T::LOWEST; LANES];
    for chunk in chunks {
        for (m, &x) in most.iter_mut().zip(chunk) {
            *m = if x > *m { x } else { *m };
        }
    }
    most.iter().chain(rest).fold(T::LOWEST, |m, &x| if x > m { x } else { m })
}

/// Sums of two functions of the elements of two rows.
#[inline(always)]
fn sums<T: Real>(row: &[T], other: &[T], f: impl Fn(T, T) -> [T; 2]) -> [T; 2] {
    let ((chunks, rest), (others, rest_others)) = (row.as_chunks::<LANES>(), other.as_chunks::<LANES>());
    let mut sums = [[T::ZERO; LANES]; 2];
    for (chunk, other) in chunks.iter().zip(others) {
        for i in 0..LANES {
            let [a, b] = f(chunk[i], other[i]);
            sums[0][i] = sums[0][i] + a;
            sums[1][i] = sums[1][i] + b;
        }
    }
    let mut total = sums.map(|lanes| lanes.into_iter().fold(T::ZERO, |s, x| s + x));
    for (&x, &y) in rest.iter().zip(rest_others) {
        let [a, b] = f(x, y);
        total = [total[0] + a, total[1] + b];
    }
    total
}

compiled! {
    /// Turns rows of k scores into logarithms of softmax(factor z), and gives their entropies.
    pub(super) fn log_softmax(z: &mut [T], k: usize, factor: T, entropy: &mut [f64]) = log_softmax_body
}

#[inline(always)]
fn log_softmax_body<T: Real, const FUSED: bool>(z: &mut [T], k: usize, factor: T, entropy: &mut [f64]) {
    for (row, entropy) in z.chunks_exact_mut(k).zip(entropy) {
        row.iter_mut().for_each(|z| *z = *z * factor);
        let most = largest(row);
        let [sum, moment] = sums(row, row, |z, _| {
            let e = (z - most).exp::<FUSED>();
            [e, e * (z - most)]
        });
        let log = sum.wide().ln();
        *entropy = log - moment.wide() / sum.wide();
        // In two steps: the largest score may be far larger than the logarithm.
        let log = T::of(log);
        row.iter_mut().for_each(|z| *z = (*z - most) - log);
    }
}

compiled! {
    /// Raises `most`, (k), to the rows.
    pub(super) fn raise(rows: &[T], k: usize, most: &mut [T]) = raise_body
}

#[inline(always)]
fn raise_body<T: Real, const FUSED: bool>(rows: &[T], k: usize, most: &mut [T]) {
    for row in rows.chunks_exact(k) {
        most.iter_mut().zip(row).for_each(|(m, &x)| *m = if x > *m { x } else { *m });
    }
}

compiled! {
    /// Adds exp(z - from) of the rows to `sums`, (k).
    pub(super) fn add_exponentials(rows: &[T], k: usize, from: &[T], sums: &mut [T]) = add_exponentials_body
}

#[inline(always)]
fn add_exponentials_body<T: Real, const FUSED: bool>(rows: &[T], k: usize, from: &[T], sums: &mut [T]) {
    for row in rows.chunks_exact(k) {
        for ((s, &z), &from) in sums.iter_mut().zip(row).zip(from) {
            *s = *s + (z - from).exp::<FUSED>();
        }
    }
}

/// What the gradient of the scores is made of.
pub(super) struct Terms<'a, T> {
    /// ln pbar - ln pi, (k), or ln pi - ln pbar with `reverse`.
    pub slopes: &'a [T],
    /// Of KL(pi || pbar).
    pub reverse: bool,
    /// lam / M and the weight of the entropy / M.
    pub weights: [T; 2],
    /// 1 / M.
    pub share: T,
}

compiled! {
    /// Turns rows of ln p into gradients of the loss by the scores; `targets` and `entropy` are those of the rows.
    pub(super) fn differentiate(rows: &mut [T], k: usize, targets: &[T], entropy: &[f64], terms: &Terms<T>) = differentiate_body
}

#[inline(always)]
fn differentiate_body<T: Real, const FUSED: bool>(
    rows: &mut [T],
    k: usize,
    targets: &[T],
    entropy: &[f64],
    terms: &Terms<T>,
) {
    let Terms { slopes, reverse, weights: [pull, spread], share } = *terms;
    for ((row, t), &entropy) in rows.chunks_exact_mut(k).zip(targets.chunks_exact(k)).zip(entropy) {
        let [mass, _] = sums(t, t, |t, _| [t, T::ZERO]);
        // p h, which stays finite where p or pbar is no number that has a logarithm.
        let [mean, _] = match reverse {
            true => sums(row, slopes, |log, h| [-(log + h).exp::<FUSED>(), T::ZERO]),
            false => sums(row, slopes, |log, h| [log.exp::<FUSED>() * h, T::ZERO]),
        };
        let entropy = T::of(entropy);
        for ((z, &t), &h) in row.iter_mut().zip(t).zip(slopes) {
            let p = z.exp::<FUSED>();
            let term = if reverse { -(*z + h).exp::<FUSED>() } else { p * h };
            let plain = (p * mass - t) * share + (term - p * mean) * pull;
            *z = plain - spread * p * (*z + entropy);
        }
    }
}

compiled! {
    /// out = exp((z + rows_i) + columns_k), and adds its rows to `sums`, (k).
    pub(super) fn kernel(z: &[T], k: usize, rows: &[T], columns: &[T], out: &mut [T], sums: &mut [T]) = kernel_body
}

#[inline(always)]
fn kernel_body<T: Real, const FUSED: bool>(
    z: &[T],
    k: usize,
    rows: &[T],
    columns: &[T],
    out: &mut [T],
    sums: &mut [T],
) {
    for ((z, out), &u) in z.chunks_exact(k).zip(out.chunks_exact_mut(k)).zip(rows) {
        for (((out, &z), &v), sum) in out.iter_mut().zip(z).zip(columns).zip(&mut *sums) {
            *out = ((z + u) + v).exp::<FUSED>();
            *sum = *sum + *out;
        }
    }
}

compiled! {
    /// alpha_i = marginal_i / (E beta)_i, and adds alpha_i E_i to `next`, (k).
    pub(super) fn balance(e: &[T], k: usize, beta: &[T], marginal: &[T], alpha: &mut [T], next: &mut [T]) = balance_body
}

#[inline(always)]
fn balance_body<T: Real, const FUSED: bool>(
    e: &[T],
    k: usize,
    beta: &[T],
    marginal: &[T],
    alpha: &mut [T],
    next: &mut [T],
) {
    for ((row, &a), alpha) in e.chunks_exact(k).zip(marginal).zip(alpha) {
        let [total, _] = sums(row, beta, |e, b| [e * b, T::ZERO]);
        *alpha = a / total;
        let alpha = *alpha;
        next.iter_mut().zip(row).for_each(|(s, &e)| *s = e.fused::<FUSED>(alpha, *s));
    }
}

compiled! {
    /// E_ik = alpha_i E_ik beta_k, and the sums of its rows.
    pub(super) fn scale(e: &mut [T], k: usize, alpha: &[T], beta: &[T], out: &mut [f64]) = scale_body
}

#[inline(always)]
fn scale_body<T: Real, const FUSED: bool>(e: &mut [T], k: usize, alpha: &[T], beta: &[T], out: &mut [f64]) {
    for ((row, &alpha), out) in e.chunks_exact_mut(k).zip(alpha).zip(out) {
        row.iter_mut().zip(beta).for_each(|(e, &beta)| *e = (*e * beta) * alpha);
        let (chunks, rest) = row.as_chunks::<LANES>();
        let mut lanes = [0.0; LANES];
        for chunk in chunks {
            lanes.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x.wide());
        }
        *out = lanes.iter().sum::<f64>() + rest.iter().map(|x| x.wide()).sum::<f64>();
    }
}

compiled! {
    /// Raises `most`, (k), to the rows; `open`, one for each row, becomes the largest of z + shut, NaN or infinite if a score is no
    /// number below infinity.
    pub(super) fn survey(z: &[T], k: usize, shut: &[T], most: &mut [T], open: &mut [T]) = survey_body
}

#[inline(always)]
fn survey_body<T: Real, const FUSED: bool>(z: &[T], k: usize, shut: &[T], most: &mut [T], open: &mut [T]) {
    for (row, open) in z.chunks_exact(k).zip(open) {
        let ((chunks, rest), (shuts, rest_shut)) = (row.as_chunks::<LANES>(), shut.as_chunks::<LANES>());
        let (mut lanes, mut bad) = ([T::LOWEST; LANES], [T::ZERO; LANES]);
        // 0 for a number and for -inf, otherwise NaN.
        let fault = |z: T| if z < -T::LOWEST { T::ZERO } else { z * T::ZERO };
        for (chunk, shut) in chunks.iter().zip(shuts) {
            for i in 0..LANES {
                let z = chunk[i] + shut[i];
                lanes[i] = if z > lanes[i] { z } else { lanes[i] };
                bad[i] = bad[i] + fault(chunk[i]);
            }
        }
        let mut largest = lanes.into_iter().fold(T::LOWEST, |m, z| if z > m { z } else { m });
        let mut faults = bad.into_iter().fold(T::ZERO, |s, x| s + x);
        for (&z, &shut) in rest.iter().zip(rest_shut) {
            largest = if z + shut > largest { z + shut } else { largest };
            faults = faults + fault(z);
        }
        *open = largest + faults;
        most.iter_mut().zip(row).for_each(|(m, &x)| *m = if x > *m { x } else { *m });
    }
}

compiled! {
    /// ln sum_k exp(z_ik + columns_k) of each row.
    pub(super) fn log_sums(z: &[T], k: usize, columns: &[T], out: &mut [f64]) = log_sums_body
}

#[inline(always)]
fn log_sums_body<T: Real, const FUSED: bool>(z: &[T], k: usize, columns: &[T], out: &mut [f64]) {
    for (row, out) in z.chunks_exact(k).zip(out) {
        let most =
            row.iter().zip(columns).map(|(&z, &v)| z + v).fold(T::LOWEST, |m, x| if x > m { x } else { m });
        let [sum, _] = sums(row, columns, |z, v| [((z + v) - most).exp::<FUSED>(), T::ZERO]);
        *out = if most == T::LOWEST { f64::NEG_INFINITY } else { most.wide() + sum.wide().ln() };
    }
}
