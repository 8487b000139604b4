//! What follows from counts: tables, bootstraps, spill-over.

use super::constants::cpwl_factor_array_id::*;
use super::factors::whole;
use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_factor_result, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::factors::{self, Bootstrap, BootstrapOptions, SpilloverOptions, Table};

/// Flag of CPWL_FACTOR_FLAGS: fewer than 30 images, intervals are rough. Since 0.1.
pub const CPWL_FACTOR_FEW: u32 = 1;
/// Flag of CPWL_FACTOR_FLAGS: no image of this factor, its figures are NaN. Since 0.1.
pub const CPWL_FACTOR_ABSENT: u32 = 2;
/// Flag of CPWL_FACTOR_FLAGS: the model makes no error at all, error ratios are NaN. Since 0.1.
pub const CPWL_FACTOR_NO_ERROR: u32 = 4;
/// Flag of CPWL_FACTOR_FLAGS: no error on this factor, the interval of the error ratio is one-sided. Since 0.1.
pub const CPWL_FACTOR_NO_ERROR_HERE: u32 = 8;

/// Options of bootstraps over images. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_bootstrap_options {
    /// `sizeof(cpwl_bootstrap_options)`.
    pub struct_size: usize,
    /// Number of replicates, R; 0 = 10,000.
    pub replicates: i64,
    /// Replicate r draws from a stream of its own that the seed decides.
    pub seed: u64,
    /// Confidence of the percentile intervals; 0 = 0.95.
    pub level: f64,
}

/// Options of `cpwl_spillover`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_spillover_options {
    /// `sizeof(cpwl_spillover_options)`.
    pub struct_size: usize,
    /// Strengths with no more models than this are left out; 0 = 4, negative = none is.
    pub more_than: i64,
    /// Permutations of the strengths over the models; 0 = 999, negative = none.
    pub permutations: i64,
    /// Seed of the permutations.
    pub seed: u64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_bootstrap_options {
    const NAME: &'static str = "cpwl_bootstrap_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_spillover_options {
    const NAME: &'static str = "cpwl_spillover_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn level(level: f64) -> f64 {
    if level == 0.0 { 0.95 } else { level }
}

pub(super) fn bootstrap_options(o: &cpwl_bootstrap_options) -> Result<BootstrapOptions> {
    let replicates = match usize::try_from(o.replicates) {
        Ok(0) => BootstrapOptions::default().replicates,
        Ok(replicates) => replicates,
        Err(_) => bail!(Argument, "replicates is {}; expected 0 (10,000) or more", o.replicates),
    };
    Ok(BootstrapOptions { replicates, seed: o.seed, level: level(o.level) })
}

pub(super) fn resampled(b: Bootstrap) -> cpwl_factor_result {
    cpwl_factor_result::new()
        .real(CPWL_FACTOR_LOW, b.low, &[])
        .real(CPWL_FACTOR_HIGH, b.high, &[])
        .real(CPWL_FACTOR_MEAN, b.mean, &[])
        .real(CPWL_FACTOR_STANDARD_ERROR, b.deviation, &[])
        .whole(CPWL_FACTOR_LEFT_OUT, &b.left_out, &[])
        .large(CPWL_FACTOR_REPLICATES, b.ratios, &[b.replicates])
}

/// Counts of some tensor of whole numbers, in row-major order.
///
/// # Safety
/// As [`tensor::input`].
unsafe fn counts(name: &str, ptr: *const cpwl_tensor) -> Result<Vec<u64>> {
    // SAFETY: the caller's promise.
    let values = unsafe { tensor::input(name, ptr) }?.whole_numbers()?;
    match values.iter().find(|v| **v < 0) {
        Some(v) => bail!(Argument, "{name} holds {v}; expected counts"),
        None => Ok(values.iter().map(|v| v.unsigned_abs()).collect()),
    }
}

/// Figures from counts, of R models (or models in groups) and F factors: `n` (1 or R) images, `n_correct` (R) right answers, `total`
/// (F or R x F) images of each factor and `correct` (R, F) right answers among them, all of whole numbers; `level` is the confidence
/// of intervals, 0 = 0.95. Gives AVERAGE and WORST (R), and, all (R, F): ACCURACY with Wilson's interval ACCURACY_LOW to
/// ACCURACY_HIGH; ERROR_RATIO (1 - accuracy) / (1 - average) with its STANDARD_ERROR and an interval LOW to HIGH on the scale of
/// logarithms; PREVALENCE, MISCLASSIFIED_PREVALENCE and their relative difference SHIFT; FLAGS of CPWL_FACTOR_FEW and so on.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT (counts that cannot be, the level). O(R F). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factor_table(
    ctx: *const cpwl_context,
    n: *const cpwl_tensor,
    n_correct: *const cpwl_tensor,
    total: *const cpwl_tensor,
    correct: *const cpwl_tensor,
    confidence: f64,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, n, n_correct, total, correct, out) = unsafe {
            (
                context::get(ctx)?,
                counts("n", n)?,
                counts("n_correct", n_correct)?,
                counts("total", total)?,
                counts("correct", correct)?,
                pointer::out("out", out)?,
            )
        };
        let t = Table::new(&n, &n_correct, &total, &correct, level(confidence))?;
        let inner = [t.factors];
        let flags: Vec<u64> = t.flags.iter().map(|&f| u64::from(f)).collect();
        let mut result = cpwl_factor_result::new()
            .real(CPWL_FACTOR_AVERAGE, t.average, &[])
            .real(CPWL_FACTOR_WORST, t.worst, &[])
            .whole(CPWL_FACTOR_FLAGS, &flags, &inner);
        for (which, values) in [
            (CPWL_FACTOR_ACCURACY, t.accuracy),
            (CPWL_FACTOR_ACCURACY_LOW, t.accuracy_low),
            (CPWL_FACTOR_ACCURACY_HIGH, t.accuracy_high),
            (CPWL_FACTOR_ERROR_RATIO, t.error_ratio),
            (CPWL_FACTOR_STANDARD_ERROR, t.standard_error),
            (CPWL_FACTOR_LOW, t.ratio_low),
            (CPWL_FACTOR_HIGH, t.ratio_high),
            (CPWL_FACTOR_PREVALENCE, t.prevalence),
            (CPWL_FACTOR_MISCLASSIFIED_PREVALENCE, t.misclassified_prevalence),
            (CPWL_FACTOR_SHIFT, t.shift),
        ] {
            result = result.real(which, values, &inner);
        }
        out.put(result);
        Ok(())
    })
}

/// The bootstrap over images of one model's error ratios, every factor by itself, from counts: `n` images, `n_correct` right answers,
/// `total` (F) and `correct` (F). A replicate draws the four cells (has the factor, is wrong) of a factor: the law of resampling
/// images, at a cost that does not depend on n. `opts` may be NULL. Gives, all (F): LOW and HIGH (percentiles), MEAN, STANDARD_ERROR
/// (deviation of the replicates), LEFT_OUT (replicates without an error or without the factor); and REPLICATES (F, R), NaN where left
/// out.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. About 0.2 us a replicate and factor; the
/// same for any number of threads. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factor_bootstrap(
    ctx: *const cpwl_context,
    n: i64,
    n_correct: i64,
    total: *const cpwl_tensor,
    correct: *const cpwl_tensor,
    opts: *const cpwl_bootstrap_options,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, total, correct, o, out) = unsafe {
            (
                context::get(ctx)?,
                counts("total", total)?,
                counts("correct", correct)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        let (Ok(n), Ok(n_correct)) = (u64::try_from(n), u64::try_from(n_correct)) else {
            bail!(Argument, "n is {n} and n_correct is {n_correct}; expected counts")
        };
        let found = factors::bootstrap(ctx, n, n_correct, &total, &correct, &bootstrap_options(&o)?)?;
        out.put(resampled(found));
        Ok(())
    })
}

/// A matrix of error ratios that may hold NaN, in row-major order, and its columns.
///
/// # Safety
/// As [`tensor::input`].
unsafe fn ratios(ptr: *const cpwl_tensor) -> Result<(Vec<f64>, usize)> {
    // SAFETY: the caller's promise.
    let matrix = unsafe { tensor::input("ratios", ptr) }?.matrix("(models, factors)")?;
    let (rows, columns) = (matrix.rows(), matrix.columns());
    let mut values = vec![0.0; rows * columns];
    matrix.load(0..rows, 0..columns, &mut values);
    Ok((values, columns))
}

/// Whether a choice of training spills over to other factors: `ratios` (M, F) error ratios of M models trained with `strength` (M) of
/// something (f32 or f64 both; a NaN ratio is left out of its factor). For each factor a cubic is fitted to the ratios over strengths,
/// and the models at its lowest and at its highest strength are compared. `opts` may be NULL. Gives, all (F): AT_LOWEST and AT_HIGHEST
/// (those strengths), WEAKEST and STRONGEST (mean ratio at the weakest and the strongest of all), STATISTIC (Welch's t, weaker first: negative
/// if the ratio rises), STANDARD_ERROR, DOF, P (two-sided; optimistic, as the strengths were picked by looking), Q (by Benjamini and
/// Hochberg), SLOPE and SLOPE_ERROR of a line, PERMUTATION_P (of the largest |t| between any two strengths: honest). NaN where the fit
/// is flat or there are fewer than two models.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT, CPWL_CANCELLED. O(M F permutations). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spillover(
    ctx: *const cpwl_context,
    ratios: *const cpwl_tensor,
    strength: *const cpwl_tensor,
    opts: *const cpwl_spillover_options,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, (ratios, f), strength, o, out) = unsafe {
            (
                context::get(ctx)?,
                self::ratios(ratios)?,
                tensor::input("strength", strength)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        strength.expect_rank(1, "(models)")?;
        let strength = strength.read::<f64>(&ctx.meter())?;
        let given =
            |value: i64, zero: usize| if value == 0 { zero } else { usize::try_from(value).unwrap_or(0) };
        let default = SpilloverOptions::default();
        let options = SpilloverOptions {
            more_than: given(o.more_than, default.more_than),
            permutations: given(o.permutations, default.permutations),
            seed: o.seed,
        };
        let s = factors::spillover(ctx, &ratios, &strength, f, &options)?;
        let mut result = cpwl_factor_result::new();
        for (which, values) in [
            (CPWL_FACTOR_AT_LOWEST, s.at_lowest),
            (CPWL_FACTOR_AT_HIGHEST, s.at_highest),
            (CPWL_FACTOR_WEAKEST, s.weakest),
            (CPWL_FACTOR_STRONGEST, s.strongest),
            (CPWL_FACTOR_STATISTIC, s.t),
            (CPWL_FACTOR_STANDARD_ERROR, s.standard_error),
            (CPWL_FACTOR_DOF, s.dof),
            (CPWL_FACTOR_P, s.p),
            (CPWL_FACTOR_Q, s.q),
            (CPWL_FACTOR_SLOPE, s.slope),
            (CPWL_FACTOR_SLOPE_ERROR, s.slope_error),
            (CPWL_FACTOR_PERMUTATION_P, s.permutation_p),
        ] {
            result = result.real(which, values, &[]);
        }
        out.put(result);
        Ok(())
    })
}

/// Compares populations of models: `ratios` (M, F) as for `cpwl_spillover`, `population` (M) whole numbers from 0 on, -1 = of none. Two
/// populations: Welch's test; more: Alexander and Govern's, which allows unequal variances. Gives MEAN (P, F) and, all (F): DELTA (mean
/// of the first minus that of the second) and STANDARD_ERROR (both NaN for more than two), STATISTIC, DOF, P, Q.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (fewer than two populations). O(M F P). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spillover_populations(
    ctx: *const cpwl_context,
    ratios: *const cpwl_tensor,
    population: *const cpwl_tensor,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, (ratios, f), population, out) = unsafe {
            (
                context::get(ctx)?,
                self::ratios(ratios)?,
                whole("population", population)?,
                pointer::out("out", out)?,
            )
        };
        let Some(population) = population else { bail!(Null, "population is NULL") };
        let found = factors::populations(&ratios, &population, f)?;
        let mut result = cpwl_factor_result::new().real(CPWL_FACTOR_MEAN, found.mean, &[f]);
        for (which, values) in [
            (CPWL_FACTOR_DELTA, found.delta),
            (CPWL_FACTOR_STANDARD_ERROR, found.standard_error),
            (CPWL_FACTOR_STATISTIC, found.statistic),
            (CPWL_FACTOR_DOF, found.dof),
            (CPWL_FACTOR_P, found.p),
            (CPWL_FACTOR_Q, found.q),
        ] {
            result = result.real(which, values, &[]);
        }
        out.put(result);
        Ok(())
    })
}
