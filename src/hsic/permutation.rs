//! Permutation tests: the statistic of (x, permuted y) for random or given permutations.
//!
//! The centred K is had once; `T_pi = sum_ij Kc_ij L[pi_i, pi_j]` over the norm of the estimator. p = (1 + #{T_pi >= T}) / (1 + B),
//! which is exact for any B (Phipson and Smyth 2010). Number i of a permutation is a function of the seed and of its index, so
//! the answer does not depend on the threads.

use super::centre::Means;
use super::estimate::expect;
use super::reference;
use super::side::{Side, Variable};
use super::sums::sums;
use super::tiles::{TILE, sweep};
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::random::uniform_pair;

/// Where permutations come from.
#[derive(Clone, Copy, Debug)]
pub enum Permutations<'a> {
    /// So many random ones of this seed.
    Random {
        /// B >= 1
        count: usize,
        /// Seed of the stream.
        seed: u64,
    },
    /// Given ones, one after the other, n numbers each.
    Given(&'a [usize]),
}

/// A permutation test.
#[derive(Clone, Debug, PartialEq)]
pub struct PermutationTest {
    /// The statistic of the data.
    pub statistic: f64,
    /// That of each permutation.
    pub permuted: Vec<f64>,
    /// (1 + how many of them reach it) / (1 + B).
    pub p: f64,
}

/// Permutation `index` of 0 .. n of a seed (Fisher and Yates).
pub fn permutation(seed: u64, index: u64, n: usize) -> Vec<usize> {
    let mut p: Vec<usize> = (0..n).collect();
    // A stream of its own for each index: the counter is 64 bits, n far below 2^32.
    let stream = seed ^ index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for i in (1..n).rev() {
        let u = uniform_pair(stream, (index << 32) ^ i as u64)[0];
        p.swap(i, (u * (i + 1) as f64) as usize);
    }
    p
}

/// The permutations, checked.
fn all(permutations: Permutations, n: usize) -> Result<Vec<Vec<usize>>> {
    match permutations {
        Permutations::Random { count, seed } => {
            if count == 0 {
                bail!(Argument, "the number of permutations is 0; expected at least 1")
            }
            Ok((0..count as u64).map(|i| permutation(seed, i, n)).collect())
        }
        Permutations::Given(given) => {
            if given.is_empty() || !given.len().is_multiple_of(n) {
                bail!(Shape, "permutations: {} numbers; expected a positive multiple of n = {n}", given.len())
            }
            for (b, p) in given.chunks_exact(n).enumerate() {
                let mut seen = vec![false; n];
                for &i in p {
                    if i >= n || std::mem::replace(&mut seen[i], true) {
                        bail!(Argument, "permutations[{b}]: {i} is not below {n}, or is there twice")
                    }
                }
            }
            Ok(given.chunks_exact(n).map(<[usize]>::to_vec).collect())
        }
    }
}

/// p of a statistic among those of permutations; a difference of rounding counts as a tie.
pub(super) fn p_value(statistic: f64, permuted: &[f64]) -> f64 {
    let reached = permuted.iter().filter(|t| **t >= statistic - 1e-12 * statistic.abs()).count();
    (1 + reached) as f64 / (1 + permuted.len()) as f64
}

/// Rows up to which both Gram matrices are kept.
const KEPT: usize = 2048;

/// The permutation test of HSIC, biased over n^2 or unbiased. n^2 / 2 operations a permutation and 12 n^2 bytes for n <= 2048;
/// above, Gram matrices are computed anew for each 8 permutations, in O(n) memory. Conditions: as for [`super::hsic()`];
/// TOO_FEW (n < 2; unbiased n < 4).
pub fn hsic_permutation_test(
    ctx: &Context,
    x: &Variable,
    y: &Variable,
    unbiased: bool,
    permutations: Permutations,
) -> Result<PermutationTest> {
    let meter = ctx.meter();
    let (x, y) = (Side::<f64>::new(&meter, x, true)?, Side::<f64>::new(&meter, y, true)?);
    y.expect_rows(x.name, x.n)?;
    expect(x.n, if unbiased { 4 } else { 2 }, "a permutation test")?;
    let permutations = all(permutations, x.n)?;
    let permuted = if x.n <= KEPT {
        kept(ctx, &meter, &x, &y, unbiased, &permutations)?
    } else {
        anew(ctx, &meter, &x, &y, unbiased, &permutations)?
    };
    let (statistic, permuted) = permuted.split_first().expect("the identity comes first");
    Ok(PermutationTest {
        statistic: *statistic,
        permuted: permuted.to_vec(),
        p: p_value(*statistic, permuted),
    })
}

/// The off-diagonal entries of the centred (or U-centred) matrix sum against those of the other; the diagonal apart.
fn kept(
    ctx: &Context,
    meter: &Meter,
    x: &Side<f64>,
    y: &Side<f64>,
    unbiased: bool,
    permutations: &[Vec<usize>],
) -> Result<Vec<f64>> {
    let n = x.n;
    let mut k = meter.buffer::<f64>(n * n, "centred Gram matrix")?;
    let mut l = meter.buffer::<f64>(n * n, "Gram matrix")?;
    fill(ctx, meter, x, &mut k)?;
    fill(ctx, meter, y, &mut l)?;
    let size = n as f64;
    centre(&mut k, n, unbiased);
    let norm = if unbiased { 1.0 / (size * (size - 3.0)) } else { 1.0 / (size * size) };
    let identity: Vec<usize> = (0..n).collect();
    let results = ctx.pool().map_chunks(permutations.len() + 1, 4, |range| {
        ctx.poll()?;
        Ok(range
            .map(|b| {
                let p = if b == 0 { &identity } else { &permutations[b - 1] };
                let mut sum = 0.0;
                for i in 0..n {
                    let (k, l) = (&k[i * n..][..i], &l[p[i] * n..][..n]);
                    let mut row = [0.0; 4];
                    for (k, q) in k.chunks(4).zip(p[..i].chunks(4)) {
                        row.iter_mut().zip(k.iter().zip(q)).for_each(|(r, (k, &q))| *r += k * l[q]);
                    }
                    sum += 2.0 * ((row[0] + row[2]) + (row[1] + row[3]));
                }
                let diagonal: f64 =
                    if unbiased { 0.0 } else { (0..n).map(|i| k[i * n + i] * l[p[i] * (n + 1)]).sum() };
                (sum + diagonal) * norm
            })
            .collect::<Vec<f64>>())
    })?;
    Ok(results.concat())
}

/// The Gram matrix less the shift.
pub(super) fn fill(ctx: &Context, meter: &Meter, side: &Side<f64>, out: &mut [f64]) -> Result<()> {
    let n = side.n;
    let shift = side.shift;
    if ctx.reference() {
        out.iter_mut().zip(reference::gram(side)).for_each(|(o, k)| *o = k - shift);
        return Ok(());
    }
    let mut start = 0;
    let fold = |rows: Vec<f64>| {
        out[start..start + rows.len()].copy_from_slice(&rows);
        start += rows.len();
    };
    sweep(
        ctx,
        meter,
        &[side],
        "gram",
        |work| {
            let mut rows = vec![0.0; work.rows.len() * n];
            for columns in work.blocks(false) {
                work.load(columns.clone())?;
                for (i, row) in rows.chunks_exact_mut(n).enumerate() {
                    work.kernel(0, i, shift, &mut row[columns.clone()]);
                }
            }
            Ok(rows)
        },
        fold,
    )?;
    if side.factors[0].norms.is_empty() {
        return Ok(());
    }
    // Distances by products are symmetric to rounding only.
    for i in 0..n {
        for j in 0..i {
            out[i * n + j] = out[j * n + i];
        }
    }
    Ok(())
}

/// H K H, or the U-centred matrix.
pub(super) fn centre(k: &mut [f64], n: usize, unbiased: bool) {
    let size = n as f64;
    let sums: Vec<f64> = k.chunks_exact(n).enumerate().map(|(i, r)| r.iter().sum::<f64>() - r[i]).collect();
    if unbiased {
        let all = sums.iter().sum::<f64>() / ((size - 1.0) * (size - 2.0));
        for (i, row) in k.chunks_exact_mut(n).enumerate() {
            for (j, k) in row.iter_mut().enumerate() {
                *k = if i == j { 0.0 } else { *k - (sums[i] + sums[j]) / (size - 2.0) + all };
            }
        }
        return;
    }
    let diagonal: Vec<f64> = k.iter().step_by(n + 1).copied().collect();
    let means = Means::new(&sums, &diagonal);
    for (i, row) in k.chunks_exact_mut(n).enumerate() {
        row.iter_mut().enumerate().for_each(|(j, k)| *k = means.centred(i, j, *k));
    }
}

/// Permutations that share one walk over the tiles of K.
const TOGETHER: usize = 8;

/// As [`kept`], with entries of L computed where they are needed.
fn anew(
    ctx: &Context,
    meter: &Meter,
    x: &Side<f64>,
    y: &Side<f64>,
    unbiased: bool,
    permutations: &[Vec<usize>],
) -> Result<Vec<f64>> {
    let first = sums(ctx, meter, x, y)?;
    let estimates = first.estimates();
    let mut out = vec![if unbiased { estimates.unbiased[0] } else { estimates.biased[0] }];
    for group in permutations.chunks(TOGETHER) {
        let mut joint = vec![0.0; group.len()];
        sweep(
            ctx,
            meter,
            &[x],
            "permutations",
            |work| {
                let mut sums = vec![0.0; group.len()];
                let mut row = vec![0.0; TILE];
                for columns in work.blocks(true) {
                    work.load(columns.clone())?;
                    let weight = if columns.start == work.rows.start { 1.0 } else { 2.0 };
                    for i in 0..work.rows.len() {
                        let own = work.rows.start + i;
                        let row = &mut row[..columns.len()];
                        work.kernel(0, i, x.shift, row);
                        for (sum, p) in sums.iter_mut().zip(group) {
                            let entry = |(j, k): (usize, &f64)| {
                                if j == own { 0.0 } else { k * (y.entry(p[own], p[j]) - y.shift) }
                            };
                            *sum += weight * columns.clone().zip(&*row).map(entry).sum::<f64>();
                        }
                    }
                }
                Ok(sums)
            },
            |part| joint.iter_mut().zip(part).for_each(|(j, p)| *j += p),
        )?;
        for (kl, p) in joint.into_iter().zip(group) {
            let of = |v: &[f64]| p.iter().map(|&i| v[i]).collect::<Vec<f64>>();
            let permuted =
                super::sums::Sums { kl, s: of(&first.s), l_diagonal: of(&first.l_diagonal), ..first.clone() };
            let e = permuted.estimates();
            out.push(if unbiased { e.unbiased[0] } else { e.biased[0] });
        }
    }
    Ok(out)
}

/// The permutation test of dHSIC: all variables but the first are permuted, each by itself. B d n^2 operations, 8 d n^2 bytes.
/// Conditions: as for [`super::dhsic()`]; TOO_FEW (n < 2 d), UNSUPPORTED (n > 2048).
pub fn dhsic_permutation_test(
    ctx: &Context,
    variables: &[Variable],
    count: usize,
    seed: u64,
) -> Result<PermutationTest> {
    let d = variables.len();
    if d < 2 || count == 0 {
        bail!(Argument, "{d} variables, {count} permutations; expected at least 2 and at least 1")
    }
    let meter = ctx.meter();
    let sides: Vec<Side<f64>> =
        variables.iter().map(|v| Side::new(&meter, v, false)).collect::<Result<_>>()?;
    let n = sides[0].n;
    for side in &sides[1..] {
        side.expect_rows(sides[0].name, n)?;
    }
    expect(n, 2 * d, &format!("a test of {d} variables"))?;
    if n > KEPT {
        bail!(
            Unsupported,
            "the permutation test of dHSIC keeps its Gram matrices: n is {n}; expected at most {KEPT}"
        )
    }
    let mut grams = Vec::new();
    for side in &sides {
        let mut gram = meter.buffer::<f64>(n * n, "Gram matrix")?;
        fill(ctx, &meter, side, &mut gram)?;
        grams.push(gram);
    }
    let size = n as f64;
    let rows: Vec<Vec<f64>> =
        grams.iter().map(|g| g.chunks_exact(n).map(|r| r.iter().sum::<f64>() / size).collect()).collect();
    let means: f64 = rows.iter().map(|r| r.iter().sum::<f64>() / size).product();
    let identity: Vec<usize> = (0..n).collect();
    let values = ctx.pool().map_chunks(count + 1, 1, |b| {
        ctx.poll()?;
        let orders: Vec<Vec<usize>> = (0..d)
            .map(|k| {
                if b.start == 0 || k == 0 {
                    identity.clone()
                } else {
                    permutation(seed, ((b.start - 1) * (d - 1) + k - 1) as u64, n)
                }
            })
            .collect();
        let (mut joint, mut cross) = (0.0, 0.0);
        let mut row = vec![0.0; n];
        for i in 0..n {
            row.copy_from_slice(&grams[0][i * n..][..n]);
            for (g, p) in grams.iter().zip(&orders).skip(1) {
                let g = &g[p[i] * n..][..n];
                row.iter_mut().zip(p).for_each(|(r, &j)| *r *= g[j]);
            }
            joint += row.iter().sum::<f64>();
            cross += rows.iter().zip(&orders).map(|(r, p)| r[p[i]]).product::<f64>();
        }
        Ok(joint / (size * size) + means - 2.0 / size * cross)
    })?;
    let (&statistic, permuted) = values.split_first().expect("the identity comes first");
    Ok(PermutationTest { statistic, permuted: permuted.to_vec(), p: p_value(statistic, permuted) })
}
