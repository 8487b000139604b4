//! The bootstrap over images, drawn from counts.
//!
//! What a factor's error ratio depends on is four cells (has the factor, is wrong), so a sample of n images is one draw of a
//! multinomial: the exact law of the image bootstrap, at a cost that does not depend on n. All factors jointly: one multinomial
//! over the distinct combinations of factors.

use super::annotations::Annotations;
use super::binomial::Stream;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::view::TensorRef;

/// Replicates of a task.
const CHUNK: usize = 256;

/// How to resample.
#[derive(Clone, Copy, Debug)]
pub struct BootstrapOptions {
    /// Number of replicates.
    pub replicates: usize,
    /// Replicate r draws from a stream that the seed and r decide.
    pub seed: u64,
    /// Confidence level of the percentile intervals.
    pub level: f64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        BootstrapOptions { replicates: 10_000, seed: 0, level: 0.95 }
    }
}

/// Resampled error ratios of one model.
pub struct Bootstrap {
    /// Number of replicates, R.
    pub replicates: usize,
    /// (F) ends of the percentile intervals.
    pub low: Vec<f64>,
    /// See `low`.
    pub high: Vec<f64>,
    /// (F) mean.
    pub mean: Vec<f64>,
    /// (F) standard deviation.
    pub deviation: Vec<f64>,
    /// (F) replicates without an error or an image of the factor, which are left out.
    pub left_out: Vec<u64>,
    /// (F, R) the error ratios; NaN where left out.
    pub ratios: Buffer<f64>,
}

/// Resamples every factor by itself, from images `n`, right answers `n_correct`, images `total` and right answers `correct` of each
/// factor. Conditions: SHAPE, ARGUMENT, MEMORY, CANCELLED. About 0.2 us a replicate and factor.
pub fn bootstrap(
    ctx: &Context,
    n: u64,
    n_correct: u64,
    total: &[u64],
    correct: &[u64],
    options: &BootstrapOptions,
) -> Result<Bootstrap> {
    if total.len() != correct.len() {
        bail!(Shape, "total has {} factors, correct {}; expected the same", total.len(), correct.len())
    }
    let impossible =
        |(&t, &c): (&u64, &u64)| c > t || t > n || t - c > n.saturating_sub(n_correct) || c > n_correct;
    if n == 0 || n_correct > n || total.iter().zip(correct).any(impossible) {
        bail!(Argument, "the counts are not those of some of {n} images, of which {n_correct} are right")
    }
    let of = |f: usize, replicate: usize| {
        let mut stream = Stream::new(options.seed, f, replicate);
        let (t, wrong) = (total[f], n - n_correct);
        let here = stream.binomial(n, t as f64 / n as f64);
        let own = total[f] - correct[f];
        let wrong_here = stream.binomial(here, own as f64 / (t.max(1)) as f64);
        let rest = stream.binomial(n - here, (wrong - own) as f64 / (n - t).max(1) as f64);
        ratio(n, here, wrong_here, wrong_here + rest)
    };
    let (count, meter) = (check(options)?, ctx.meter());
    let mut ratios = meter.buffer::<f64>(count.saturating_mul(total.len()), "replicates")?;
    let chunks = count.div_ceil(CHUNK);
    let mut parts: Vec<&mut [f64]> = ratios.chunks_mut(count).flat_map(|f| f.chunks_mut(CHUNK)).collect();
    ctx.pool().for_each(&mut parts, |i, part| {
        ctx.poll()?;
        let (f, first) = (i / chunks, i % chunks * CHUNK);
        part.iter_mut().enumerate().for_each(|(k, out)| *out = of(f, first + k));
        Ok(())
    })?;
    summarise(ctx, ratios, count, options.level)
}

fn check(options: &BootstrapOptions) -> Result<usize> {
    super::table::reach(options.level)?;
    if options.replicates == 0 || options.replicates > u32::MAX as usize {
        bail!(Argument, "replicates is {}; expected 1 to {}", options.replicates, u32::MAX)
    }
    Ok(options.replicates)
}

fn ratio(n: u64, here: u64, wrong_here: u64, wrong: u64) -> f64 {
    match here == 0 || wrong == 0 {
        true => f64::NAN,
        false => (wrong_here as f64 / here as f64) / (wrong as f64 / n as f64),
    }
}

impl Annotations {
    /// As [`bootstrap()`] for one model's predictions, all factors in the same resampled images. Conditions: those of counts and of
    /// the bootstrap. About 50 ns a replicate and cell that occurs.
    pub fn joint_bootstrap(
        &self,
        ctx: &Context,
        predictions: &TensorRef,
        options: &BootstrapOptions,
    ) -> Result<Bootstrap> {
        let matrix = self.predictions(predictions)?;
        if matrix.rows() != 1 {
            bail!(Shape, "{} has {} models; expected 1", predictions.name(), matrix.rows())
        }
        let right = self.cells.histogram(&self.marked(ctx, &matrix, 0));
        // (mask, wrong, images) of each cell that occurs.
        let both = |(c, &right): (usize, &u64)| {
            [(self.cells.masks[c], false, right), (self.cells.masks[c], true, self.cells.n[c] - right)]
        };
        let cells: Vec<_> = right.iter().enumerate().flat_map(both).filter(|c| c.2 > 0).collect();
        let (count, f, meter) = (check(options)?, self.factors, ctx.meter());
        let draw = |replicate: usize| {
            let mut stream = Stream::new(options.seed, 1 << 10, replicate);
            let (mut images, mut left, mut wrong) = (self.n, self.n, 0);
            let mut own = vec![(0, 0); f];
            for &(mask, is_wrong, size) in &cells {
                let drawn = stream.binomial(images, size as f64 / left as f64);
                images -= drawn;
                left -= size;
                wrong += if is_wrong { drawn } else { 0 };
                let mut mask = mask;
                while mask != 0 {
                    let (here, wrong_here) = &mut own[mask.trailing_zeros() as usize];
                    *here += drawn;
                    *wrong_here += if is_wrong { drawn } else { 0 };
                    mask &= mask - 1;
                }
            }
            own.into_iter()
                .map(|(here, wrong_here)| ratio(self.n, here, wrong_here, wrong))
                .collect::<Vec<_>>()
        };
        let mut ratios = meter.buffer::<f64>(count.saturating_mul(f), "replicates")?;
        let rows = ctx.pool().map_chunks(count, 16, |replicates| {
            ctx.poll()?;
            Ok(replicates.map(draw).collect::<Vec<_>>())
        })?;
        for (r, row) in rows.into_iter().flatten().enumerate() {
            row.into_iter().enumerate().for_each(|(f, ratio)| ratios[f * count + r] = ratio);
        }
        summarise(ctx, ratios, count, options.level)
    }
}

/// Percentiles and moments of the replicates that are numbers, factor by factor.
fn summarise(ctx: &Context, ratios: Buffer<f64>, count: usize, level: f64) -> Result<Bootstrap> {
    let of = |replicates: &[f64]| {
        let mut kept: Vec<f64> = replicates.iter().copied().filter(|r| !r.is_nan()).collect();
        let mean = kept.iter().sum::<f64>() / kept.len() as f64;
        let squares: f64 = kept.iter().map(|r| (r - mean) * (r - mean)).sum();
        kept.sort_unstable_by(f64::total_cmp);
        let at = |p: f64| {
            let position = p * kept.len().saturating_sub(1) as f64;
            let below = position.floor() as usize;
            let above = (below + 1).min(kept.len().saturating_sub(1));
            let value = |i: usize| kept.get(i).copied().unwrap_or(f64::NAN);
            value(below) + (position - below as f64) * (value(above) - value(below))
        };
        let tail = 0.5 * (1.0 - level);
        let deviation = (squares / (kept.len() as f64 - 1.0)).sqrt();
        [at(tail), at(1.0 - tail), mean, deviation, (replicates.len() - kept.len()) as f64]
    };
    let factors = ratios.len() / count;
    let rows = ctx.pool().map_chunks(factors, 1, |f| Ok(of(&ratios[f.start * count..f.end * count])))?;
    let column = |k: usize| rows.iter().map(|row| row[k]).collect();
    Ok(Bootstrap {
        replicates: count,
        low: column(0),
        high: column(1),
        mean: column(2),
        deviation: column(3),
        left_out: rows.iter().map(|row| row[4] as u64).collect(),
        ratios,
    })
}
