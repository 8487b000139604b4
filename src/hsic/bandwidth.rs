//! Bandwidths by the conventions of the known packages: a median of pairwise distances, exact by selection.

use super::side::dimensions;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::random::uniform_pair;
use crate::view::TensorRef;

/// Which median; d2 are the squared Euclidean distances of pairs of different rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bandwidth {
    /// sqrt(m / 2), m element M / 2 of the M sorted d2: R package dHSIC (which takes 1000 rows at random and 0.001 for 0).
    #[default]
    Half,
    /// The midpoint median of the distances: hyppo (which takes that of x for y as well, and 1 for 0).
    Distance,
    /// sqrt(0.5 median of the d2 that are not 0): Gretton's test, causal-learn.
    Nonzero,
}

/// A bandwidth, and how it was had.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sigma {
    /// > 0
    pub sigma: f64,
    /// 1 / (2 sigma^2)
    pub gamma: f64,
    /// Rows that were used: all of them up to 4096, then a sample.
    pub rows: usize,
}

/// Rows up to which the median is that of all pairs.
pub const MOST: usize = 4096;

/// Bins of a pass of the selection.
const BITS: u32 = 16;
/// Candidates that are sorted rather than counted once more.
const FEW: usize = 1 << 16;

/// sigma of `x` (n, d) by a rule. `fallback` is taken where the median is 0, if it is > 0. A sample of 4096 rows by `seed`
/// where there are more. About 1.5 n^2 d operations for n <= 4096; memory 1 MiB. Conditions: as for [`super::hsic()`];
/// TOO_FEW (n < 2), ZERO_MEDIAN.
pub fn bandwidth(ctx: &Context, x: &TensorRef, rule: Bandwidth, fallback: f64, seed: u64) -> Result<Sigma> {
    let (n, d) = dimensions(x)?;
    if n < 2 {
        bail!(TooFew, "{}: a median of distances needs at least 2 rows; there are {n}", x.name())
    }
    let values = x.read::<f64>(&ctx.meter())?;
    let rows = n.min(MOST);
    let pick = |i: usize| sample(seed, n, i);
    let picked: Vec<f64> = if n <= MOST {
        Vec::new()
    } else {
        (0..rows).flat_map(|i| &values[pick(i) * d..][..d]).copied().collect()
    };
    let pairs = Pairs { data: if n <= MOST { &values } else { &picked }, n: rows, d };
    let zeros = pairs.at_most_zero(ctx)?;
    let all = rows * (rows - 1) / 2;
    let midpoint = |first: usize, count: usize, root: bool| -> Result<f64> {
        let part = |k: usize| pairs.select(ctx, first + k).map(|d2| if root { d2.sqrt() } else { d2 });
        if count == 0 {
            return Ok(0.0);
        }
        let high = part(count / 2)?;
        Ok(if count.is_multiple_of(2) { 0.5 * (part(count / 2 - 1)? + high) } else { high })
    };
    let mut sigma = match rule {
        Bandwidth::Half => (pairs.select(ctx, all / 2)? / 2.0).sqrt(),
        Bandwidth::Distance => midpoint(0, all, true)?,
        Bandwidth::Nonzero => (0.5 * midpoint(zeros, all - zeros, false)?).sqrt(),
    };
    if sigma == 0.0 {
        if !(fallback > 0.0 && fallback.is_finite()) {
            bail!(ZeroMedian, "{}: the median distance of its rows is 0, and there is no fallback", x.name())
        }
        sigma = fallback;
    }
    Ok(Sigma { sigma, gamma: 0.5 / (sigma * sigma), rows })
}

/// Row `i` of a sample of [`MOST`] of `n`: one from each of as many strata.
fn sample(seed: u64, n: usize, i: usize) -> usize {
    let (low, high) = (i * n / MOST, (i + 1) * n / MOST);
    low + ((high - low) as f64 * uniform_pair(seed, i as u64)[0]) as usize
}

struct Pairs<'a> {
    data: &'a [f64],
    n: usize,
    d: usize,
}

impl Pairs<'_> {
    /// Calls `f` with the squared distances of row i to all rows before it, for the rows of a block.
    fn each(&self, rows: std::ops::Range<usize>, mut f: impl FnMut(&[f64])) {
        let mut out = vec![0.0; self.n];
        for i in rows {
            let x = &self.data[i * self.d..][..self.d];
            for (out, y) in out.iter_mut().zip(self.data.chunks_exact(self.d)).take(i) {
                *out = x.iter().zip(y).map(|(a, b)| (a - b) * (a - b)).sum();
            }
            f(&out[..i]);
        }
    }

    fn at_most_zero(&self, ctx: &Context) -> Result<usize> {
        let counts = ctx.pool().map_chunks(self.n, 64, |rows| {
            ctx.poll()?;
            let mut count = 0;
            self.each(rows, |d2| count += d2.iter().filter(|d| **d == 0.0).count());
            Ok(count)
        })?;
        Ok(counts.iter().sum())
    }

    /// The k-th smallest squared distance, from 0. Numbers that are not negative are ordered like their bits, so each pass
    /// counts by the next [`BITS`] of those that share the bits before, until few are left.
    fn select(&self, ctx: &Context, mut k: usize) -> Result<f64> {
        let (mut prefix, mut known) = (0u64, 0);
        loop {
            let inside = |bits: u64| known == 0 || bits >> (64 - known) == prefix;
            let counts = ctx.pool().map_chunks(self.n, self.n.div_ceil(8).max(64), |rows| {
                ctx.poll()?;
                let mut counts = vec![0u32; 1 << BITS];
                self.each(rows, |d2| {
                    for bits in d2.iter().map(|d| d.to_bits()).filter(|&b| inside(b)) {
                        counts[(bits >> (64 - known - BITS)) as usize & ((1 << BITS) - 1)] += 1;
                    }
                });
                Ok(counts)
            })?;
            let count = |bin: usize| counts.iter().map(|c| c[bin] as usize).sum::<usize>();
            let mut bin = 0;
            let mut here = count(0);
            while k >= here {
                k -= here;
                bin += 1;
                here = count(bin);
            }
            prefix = prefix << BITS | bin as u64;
            known += BITS;
            if known == 64 {
                return Ok(f64::from_bits(prefix));
            }
            if here <= FEW {
                let few = ctx.pool().map_chunks(self.n, 64, |rows| {
                    let mut found = Vec::new();
                    self.each(rows, |d2| {
                        found.extend(d2.iter().filter(|d| d.to_bits() >> (64 - known) == prefix));
                    });
                    Ok(found)
                })?;
                let mut few: Vec<f64> = few.concat();
                let (_, &mut value, _) = few.select_nth_unstable_by(k, f64::total_cmp);
                return Ok(value);
            }
        }
    }
}
