//! Whether a choice in training spills over: error ratios of many models along a strength, or between populations.

use super::adjust::benjamini_hochberg;
use super::binomial::Stream;
use super::tails;
use crate::context::Context;
use crate::error::{Result, bail};

/// How to look for spill-over along an axis.
#[derive(Clone, Copy, Debug)]
pub struct SpilloverOptions {
    /// Strengths with no more models than this are left out.
    pub more_than: usize,
    /// Permutations of strengths over models, for a p-value that knows of the choice of strengths; 0 = none.
    pub permutations: usize,
    /// Seed of the permutations.
    pub seed: u64,
}

impl Default for SpilloverOptions {
    fn default() -> Self {
        SpilloverOptions { more_than: 4, permutations: 999, seed: 0 }
    }
}

/// Error ratios at the two strengths where a cubic fit is lowest and highest, factor by factor. NaN where the fit is flat or a
/// population has fewer than two models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spillover {
    /// Strength of the lowest fitted error ratio.
    pub at_lowest: Vec<f64>,
    /// Strength of the highest.
    pub at_highest: Vec<f64>,
    /// Mean error ratio at the weakest strength of all.
    pub weakest: Vec<f64>,
    /// Mean error ratio at the strongest.
    pub strongest: Vec<f64>,
    /// Welch's t of the weaker of the two strengths against the stronger: negative if the error ratio rises with strength.
    pub t: Vec<f64>,
    /// Standard error of their difference of means.
    pub standard_error: Vec<f64>,
    /// Welch's degrees of freedom.
    pub dof: Vec<f64>,
    /// Two-sided p-value; optimistic, because the strengths were picked by looking.
    pub p: Vec<f64>,
    /// The same, by Benjamini and Hochberg over all factors.
    pub q: Vec<f64>,
    /// Slope of a straight line.
    pub slope: Vec<f64>,
    /// Its standard error.
    pub slope_error: Vec<f64>,
    /// Share of permutations with as large a |t| between any two strengths: honest about the choice. NaN without permutations.
    pub permutation_p: Vec<f64>,
}

/// How error ratios differ between populations of models, factor by factor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Populations {
    /// (P, F) mean error ratio of each population.
    pub mean: Vec<f64>,
    /// Of the first minus the second; NaN for more than two.
    pub delta: Vec<f64>,
    /// Its standard error; NaN for more than two.
    pub standard_error: Vec<f64>,
    /// Welch's t for two populations, Alexander and Govern's A for more.
    pub statistic: Vec<f64>,
    /// Degrees of freedom.
    pub dof: Vec<f64>,
    /// p-value, two-sided.
    pub p: Vec<f64>,
    /// The same, by Benjamini and Hochberg over all factors.
    pub q: Vec<f64>,
}

/// Mean and variance (n - 1 in the denominator) of the numbers among some.
#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    n: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let values = values.filter(|v| !v.is_nan());
        let (n, sum) = values.clone().fold((0.0, 0.0), |(n, s), v| (n + 1.0, s + v));
        let mean = sum / n;
        let squares: f64 = values.map(|v| (v - mean) * (v - mean)).sum();
        Sample { n, mean, variance: squares / (n - 1.0) }
    }
}

/// Welch's t, its standard error and degrees of freedom; NaN with fewer than two values on a side.
fn welch(a: Sample, b: Sample) -> [f64; 3] {
    if a.n < 2.0 || b.n < 2.0 {
        return [f64::NAN; 3];
    }
    let [u, v] = [a, b].map(|s| s.variance / s.n);
    let se = (u + v).sqrt();
    [(a.mean - b.mean) / se, se, (u + v) * (u + v) / (u * u / (a.n - 1.0) + v * v / (b.n - 1.0))]
}

fn check(ratios: &[f64], models: usize, factors: usize) -> Result<()> {
    if models == 0 || ratios.len() != models.saturating_mul(factors) {
        bail!(Shape, "there are {} error ratios; expected {models} models by {factors} factors", ratios.len())
    }
    match ratios.iter().position(|r| r.is_infinite()) {
        Some(k) => bail!(Nonfinite, "ratios[{}, {}] is infinite", k / factors, k % factors),
        None => Ok(()),
    }
}

/// Spill-over of `ratios`, (M, F), along `strength`, (M). A NaN among the ratios (a model without errors) is left out of its factor.
/// Conditions: SHAPE, NONFINITE, ARGUMENT (too many permutations), CANCELLED. O(M F permutations).
pub fn spillover(
    ctx: &Context,
    ratios: &[f64],
    strength: &[f64],
    factors: usize,
    options: &SpilloverOptions,
) -> Result<Spillover> {
    let models = strength.len();
    check(ratios, models, factors)?;
    if let Some(m) = strength.iter().position(|s| !s.is_finite()) {
        bail!(Nonfinite, "strength[{m}] is {}; expected a finite number", strength[m])
    }
    if options.permutations > u32::MAX as usize {
        bail!(Argument, "permutations is {}; expected at most {}", options.permutations, u32::MAX)
    }
    let mut levels = strength.to_vec();
    levels.sort_unstable_by(f64::total_cmp);
    levels.dedup();
    levels.retain(|&s| strength.iter().filter(|&&x| x == s).count() > options.more_than);
    // The models that stay, and the level of each.
    let level = |&m: &usize| levels.iter().position(|&s| s == strength[m]);
    let kept: Vec<usize> = (0..models).filter(|m| level(m).is_some()).collect();
    let of: Vec<usize> = kept.iter().filter_map(level).collect();
    let columns: Vec<Vec<f64>> =
        (0..factors).map(|f| kept.iter().map(|m| ratios[m * factors + f]).collect()).collect();
    let mut out = Spillover::default();
    let mut largest = Vec::new();
    for column in &columns {
        let samples = samples(column, &of, levels.len());
        let (lowest, highest) = extremes(&levels, &samples).unwrap_or((usize::MAX, usize::MAX));
        let at = |k: usize| levels.get(k).copied().unwrap_or(f64::NAN);
        let sample = |k: usize| samples.get(k).copied().unwrap_or_default();
        let (weak, strong) = (sample(lowest.min(highest)), sample(lowest.max(highest)));
        let [t, se, dof] = welch(weak, strong);
        out.at_lowest.push(at(lowest));
        out.at_highest.push(at(highest));
        out.weakest.push(samples.first().map_or(f64::NAN, |s| s.mean));
        out.strongest.push(samples.last().map_or(f64::NAN, |s| s.mean));
        out.t.push(t);
        out.standard_error.push(se);
        out.dof.push(dof);
        out.p.push(tails::student(t, dof));
        let [slope, error] = line(column, of.iter().map(|&k| levels[k]));
        out.slope.push(slope);
        out.slope_error.push(error);
        largest.push(largest_t(&samples));
    }
    out.q = benjamini_hochberg(&out.p);
    out.permutation_p = permutation(ctx, &columns, &of, levels.len(), &largest, options)?;
    Ok(out)
}

fn samples(column: &[f64], of: &[usize], levels: usize) -> Vec<Sample> {
    let values = |k: usize| column.iter().zip(of).filter(move |&(_, &l)| l == k).map(|(&v, _)| v);
    (0..levels).map(|k| Sample::of(values(k))).collect()
}

/// Where the least-squares cubic of the values on their level is lowest and highest; `None` if it is flat. Values of one level have
/// the same fit as their mean with their number as weight. Polynomials that are orthogonal on the levels: no condition number.
fn extremes(levels: &[f64], samples: &[Sample]) -> Option<(usize, usize)> {
    let used: Vec<usize> = (0..levels.len()).filter(|&k| samples[k].n > 0.0).collect();
    let spread = levels.last()? - levels[0];
    let dot = |a: &[f64], b: &[f64]| -> f64 {
        used.iter().zip(a).zip(b).map(|((&k, a), b)| samples[k].n * a * b).sum()
    };
    let x: Vec<f64> =
        used.iter().map(|&k| (levels[k] - levels[0]) / spread.max(f64::MIN_POSITIVE) - 0.5).collect();
    let y: Vec<f64> = used.iter().map(|&k| samples[k].mean).collect();
    let mut fitted = vec![0.0; used.len()];
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for degree in 0..used.len().min(4) {
        let mut p: Vec<f64> = x.iter().map(|x| x.powi(degree as i32)).collect();
        // Twice is enough.
        for _ in 0..2 {
            for b in &basis {
                let c = dot(&p, b);
                p.iter_mut().zip(b).for_each(|(p, b)| *p -= c * b);
            }
        }
        let length = dot(&p, &p).sqrt();
        p.iter_mut().for_each(|p| *p /= length);
        let c = dot(&y, &p);
        fitted.iter_mut().zip(&p).for_each(|(f, p)| *f += c * p);
        basis.push(p);
    }
    let mut best = (0, 0);
    for (i, f) in fitted.iter().enumerate() {
        best.0 = if *f < fitted[best.0] { i } else { best.0 };
        best.1 = if *f > fitted[best.1] { i } else { best.1 };
    }
    let (low, high) = (*fitted.get(best.0)?, *fitted.get(best.1)?);
    // Differences that are rounding alone are none.
    (high - low > 1e-13 * high.abs().max(low.abs())).then(|| (used[best.0], used[best.1]))
}

/// Slope and its standard error of the least-squares line; NaN for fewer than three values or one strength.
fn line(column: &[f64], strengths: impl Iterator<Item = f64>) -> [f64; 2] {
    let pairs: Vec<(f64, f64)> = strengths.zip(column.iter().copied()).filter(|p| !p.1.is_nan()).collect();
    let n = pairs.len() as f64;
    let (mx, my) = pairs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let (sxx, sxy) =
        pairs.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + (x - mx) * (x - mx), b + (x - mx) * (y - my)));
    let slope = sxy / sxx;
    let residual: f64 = pairs.iter().map(|(x, y)| (y - my - slope * (x - mx)).powi(2)).sum();
    if n < 3.0 || sxx == 0.0 { [f64::NAN; 2] } else { [slope, (residual / (n - 2.0) / sxx).sqrt()] }
}

/// The largest |t| between two levels; NaN if there are none to compare.
fn largest_t(samples: &[Sample]) -> f64 {
    let mut largest = f64::NAN;
    for (i, a) in samples.iter().enumerate() {
        for b in &samples[..i] {
            largest = largest.max(welch(*a, *b)[0].abs());
        }
    }
    largest
}

fn permutation(
    ctx: &Context,
    columns: &[Vec<f64>],
    of: &[usize],
    levels: usize,
    largest: &[f64],
    options: &SpilloverOptions,
) -> Result<Vec<f64>> {
    let chunks = ctx.pool().map_chunks(options.permutations, 32, |replicates| {
        let mut beaten = vec![0u64; columns.len()];
        for replicate in replicates {
            ctx.poll()?;
            let (mut stream, mut order) = (Stream::new(options.seed, 0, replicate), of.to_vec());
            for i in (1..order.len()).rev() {
                order.swap(i, stream.below(i + 1));
            }
            for ((beaten, column), &t) in beaten.iter_mut().zip(columns).zip(largest) {
                // As large, but for the rounding of sums in another order.
                *beaten += u64::from(largest_t(&samples(column, &order, levels)) >= t * (1.0 - 1e-12));
            }
        }
        Ok(beaten)
    })?;
    let share = |f: usize| {
        let beaten: u64 = chunks.iter().map(|chunk| chunk[f]).sum();
        (beaten + 1) as f64 / (options.permutations + 1) as f64
    };
    let defined = |f: usize| options.permutations > 0 && !largest[f].is_nan();
    Ok((0..columns.len()).map(|f| if defined(f) { share(f) } else { f64::NAN }).collect())
}

/// Compares populations of models: `ratios` (M, F), `population` (M) from 0 on, -1 = of none. Two: Welch's test. More: that of
/// Alexander and Govern (1994), which allows unequal variances. NaN with fewer than two models in a population. Conditions:
/// SHAPE, NONFINITE, ARGUMENT (fewer than two populations, or numbers beyond the models).
pub fn populations(ratios: &[f64], population: &[i64], factors: usize) -> Result<Populations> {
    check(ratios, population.len(), factors)?;
    let count = population.iter().max().map_or(0, |&p| usize::try_from(p + 1).unwrap_or(0));
    if count < 2 || count > population.len() || population.iter().any(|&p| p < -1) {
        bail!(Argument, "there are populations up to number {}; expected 0, 1, ..", count as i64 - 1)
    }
    let mut out = Populations { mean: vec![f64::NAN; count * factors], ..Default::default() };
    for f in 0..factors {
        let values = |p: usize| {
            let of = population.iter().enumerate().filter(move |&(_, &q)| q == p as i64);
            of.map(move |(m, _)| ratios[m * factors + f])
        };
        let samples: Vec<Sample> = (0..count).map(|p| Sample::of(values(p))).collect();
        samples.iter().enumerate().for_each(|(p, s)| out.mean[p * factors + f] = s.mean);
        if count == 2 {
            let [t, se, dof] = welch(samples[0], samples[1]);
            out.delta.push(samples[0].mean - samples[1].mean);
            out.standard_error.push(se);
            out.statistic.push(t);
            out.dof.push(dof);
            out.p.push(tails::student(t, dof));
        } else {
            let (a, dof) = (alexander_govern(&samples), count as f64 - 1.0);
            out.delta.push(f64::NAN);
            out.standard_error.push(f64::NAN);
            out.statistic.push(a);
            out.dof.push(dof);
            out.p.push(tails::chi_squared(a, dof));
        }
    }
    out.q = benjamini_hochberg(&out.p);
    Ok(out)
}

/// The statistic of Alexander and Govern: squares of normalised t, chi-squared with one degree fewer than samples.
fn alexander_govern(samples: &[Sample]) -> f64 {
    if samples.iter().any(|s| s.n < 2.0) {
        return f64::NAN;
    }
    let weight = |s: &Sample| s.n / s.variance;
    let all: f64 = samples.iter().map(weight).sum();
    let mean = samples.iter().map(|s| weight(s) * s.mean).sum::<f64>() / all;
    let square = |s: &Sample| {
        let v = s.n - 1.0;
        let (t, a) = ((s.mean - mean) / (s.variance / s.n).sqrt(), v - 0.5);
        let (b, c) = (48.0 * a * a, (a * (t * t / v).ln_1p()).sqrt());
        let (c3, c5, c7) = (c.powi(3), c.powi(5), c.powi(7));
        let z = c + (c3 + 3.0 * c) / b
            - (4.0 * c7 + 33.0 * c5 + 240.0 * c3 + 855.0 * c)
                / (10.0 * b * b + 8.0 * b * c.powi(4) + 1000.0 * b);
        z * z
    };
    samples.iter().map(square).sum()
}
