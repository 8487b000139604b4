//! Which prior counts follow, and how sure that is.

use super::binomial::{Stream, multinomial};
use super::family::{check_counts, entropy};
use super::fit::{Ranks, STEEPEST, sorted};
use super::gamma::chi_square_tail;
use super::options::checked;
use crate::context::Context;
use crate::error::{Result, bail};

/// Replicates in a job.
const BATCH: usize = 50;
/// Stream numbers of the bootstrap begin here.
const BOOTSTRAP: u64 = 1 << 23;

/// A diagnosis in every detail.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosisOptions {
    /// Replicates of the law that the counts are compared with; 0 = no simulation.
    pub null: usize,
    /// That law, over as many clusters; empty = uniform.
    pub null_prior: Vec<f64>,
    /// Bootstrap replicates of the counts; 0 = no intervals.
    pub bootstrap: usize,
    /// Coverage of the intervals, in (0, 1).
    pub coverage: f64,
    /// The same seed gives the same numbers, for any number of threads.
    pub seed: u64,
}

impl Default for DiagnosisOptions {
    /// 2000 replicates of the uniform law, no bootstrap, intervals of 95%.
    fn default() -> Self {
        DiagnosisOptions { null: 2000, null_prior: Vec::new(), bootstrap: 0, coverage: 0.95, seed: 0 }
    }
}

/// What sorted counts of the stated law look like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Null {
    /// Mean of the exponents, which sorting alone makes positive.
    pub mean: f64,
    /// Their standard deviation.
    pub sd: f64,
    /// Their 95% point.
    pub q95: f64,
    /// (1 + replicates with an exponent at least as large) / (replicates + 1).
    pub p: f64,
}

/// A percentile interval of the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Counts in figures.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Sum of the counts.
    pub n: f64,
    /// Clusters.
    pub k: usize,
    /// Clusters that have any.
    pub used: usize,
    /// Entropy of the shares.
    pub entropy: f64,
    /// exp of the entropy: effective number of clusters.
    pub effective: f64,
    /// ln K - entropy.
    pub kl_uniform: f64,
    /// The same less its bias under the uniform law, (K - 1) / 2n.
    pub kl_uniform_debiased: f64,
    /// From the fitted power law.
    pub kl_power_law: f64,
    /// Exponent of the power law of maximum likelihood: 0 for a uniform law, infinite if one cluster has everything.
    pub exponent: f64,
    /// Its standard error if the ranks had been known beforehand; NaN where the exponent is 0 or infinite.
    pub exponent_se: f64,
    /// Gini coefficient of the shares.
    pub gini: f64,
    /// Largest share.
    pub head: f64,
    /// Smallest share.
    pub tail: f64,
    /// G statistic against the uniform law; chi-square with K - 1 degrees, poor where n / K < 5.
    pub g: f64,
    /// K - 1.
    pub g_degrees: f64,
    /// P of a G as large.
    pub g_p: f64,
    /// Of the exponents of simulated counts.
    pub null: Option<Null>,
    /// Of the exponent.
    pub exponent_interval: Option<Interval>,
    /// Of the entropy.
    pub entropy_interval: Option<Interval>,
    /// Of the effective number.
    pub effective_interval: Option<Interval>,
}

/// What `counts` of K clusters say about their law; whole numbers if anything is to be simulated. About ten sums of K exponentials for a
/// fit, one fit a replicate. Conditions: ARGUMENT, CANCELLED.
pub fn diagnose(ctx: &Context, counts: &[f64], options: &DiagnosisOptions) -> Result<Diagnosis> {
    let p = sorted(counts)?;
    let (k, n) = (p.len(), counts.iter().sum::<f64>());
    let simulates = options.null > 0 || options.bootstrap > 0;
    if simulates && (counts.iter().any(|c| c.fract() != 0.0) || n > 1e15) {
        bail!(Argument, "counts that are no whole numbers, or too many, cannot be simulated")
    }
    if options.null > 1 << 22 || options.bootstrap > 1 << 22 {
        bail!(Argument, "{} and {} replicates; expected at most 4194304", options.null, options.bootstrap)
    }
    if !(options.coverage > 0.0 && options.coverage < 1.0) {
        bail!(Argument, "coverage is {}; expected more than 0 and less than 1", options.coverage)
    }
    let ranks = Ranks::new(ctx.isa(), k);
    let exponent = ranks.exponent(&p);
    let [log_sum, _, variance] = ranks.law(exponent.min(STEEPEST));
    let h = entropy(&p);
    let kl_uniform = (k as f64).ln() - h;
    let ascending = p.iter().rev().enumerate();
    let gini = ascending.map(|(i, p)| (2.0 * (i + 1) as f64 - k as f64 - 1.0) * p).sum::<f64>() / k as f64;
    let g = 2.0 * n * kl_uniform;
    let degrees = (k - 1) as f64;
    let inside = exponent > 0.0 && exponent.is_finite();
    let mut found = Diagnosis {
        n,
        k,
        used: p.iter().filter(|p| **p > 0.0).count(),
        entropy: h,
        effective: h.exp(),
        kl_uniform,
        kl_uniform_debiased: kl_uniform - degrees / (2.0 * n),
        kl_power_law: exponent.min(STEEPEST) * ranks.mean_log(&p) + log_sum - h,
        exponent,
        exponent_se: if inside { 1.0 / (n * variance).sqrt() } else { f64::NAN },
        gini,
        head: p[0],
        tail: p[k - 1],
        g,
        g_degrees: degrees,
        g_p: chi_square_tail(g, degrees),
        null: None,
        exponent_interval: None,
        entropy_interval: None,
        effective_interval: None,
    };
    if options.null > 0 {
        let given = Some(&options.null_prior[..]).filter(|prior| !prior.is_empty());
        let law = checked("null_prior", given, k, 1e-6, false)?;
        let law: Vec<f64> = law.iter().map(|p| p / law.iter().sum::<f64>()).collect();
        let mut exponents = replicates(ctx, &ranks, &law, n, options.null, options.seed, 0)?;
        exponents.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
        let values: Vec<f64> = exponents.iter().map(|e| e[0]).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let spread = values.iter().map(|e| (e - mean) * (e - mean)).sum::<f64>();
        let above = values.iter().filter(|e| **e >= exponent).count() as f64;
        found.null = Some(Null {
            mean,
            sd: (spread / (count - 1.0).max(1.0)).sqrt(),
            q95: quantile(&values, 0.95),
            p: (1.0 + above) / (count + 1.0),
        });
    }
    if options.bootstrap > 0 {
        check_counts(counts)?;
        let law: Vec<f64> = counts.iter().map(|c| c / n).collect();
        let drawn = replicates(ctx, &ranks, &law, n, options.bootstrap, options.seed, BOOTSTRAP)?;
        let interval = |f: &dyn Fn(&[f64; 2]) -> f64| {
            let mut values: Vec<f64> = drawn.iter().map(f).collect();
            values.sort_unstable_by(f64::total_cmp);
            let side = 0.5 * (1.0 - options.coverage);
            Some(Interval { low: quantile(&values, side), high: quantile(&values, 1.0 - side) })
        };
        found.exponent_interval = interval(&|d| d[0]);
        found.entropy_interval = interval(&|d| d[1]);
        found.effective_interval = interval(&|d| d[1].exp());
    }
    Ok(found)
}

/// Exponent and entropy of sorted counts of `n` draws of a law.
fn replicates(
    ctx: &Context,
    ranks: &Ranks,
    law: &[f64],
    n: f64,
    count: usize,
    seed: u64,
    first: u64,
) -> Result<Vec<[f64; 2]>> {
    let parts = ctx.pool().map_chunks(count, BATCH, |numbers| {
        ctx.poll()?;
        let mut counts = vec![0.0; law.len()];
        let one = |number: usize| {
            multinomial(&mut Stream::new(seed, first + number as u64), n as u64, law, &mut counts);
            let p = sorted(&counts)?;
            Ok([ranks.exponent(&p), entropy(&p)])
        };
        numbers.map(one).collect::<Result<Vec<_>>>()
    })?;
    Ok(parts.concat())
}

/// Of sorted values, between neighbours in proportion.
fn quantile(values: &[f64], q: f64) -> f64 {
    let at = q * (values.len() - 1) as f64;
    let (low, part) = (at.floor() as usize, at.fract());
    let (a, b) = (values[low], values[(low + 1).min(values.len() - 1)]);
    // Also where both are infinite.
    if a == b { a } else { a + part * (b - a) }
}
