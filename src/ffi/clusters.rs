//! Laws over clusters: families, fits, diagnosis.

use super::fence::fence;
use super::options::{self, Growable};
use super::prior::required_numbers;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::prior::{self, DiagnosisOptions, Family, Interval};

/// A law over clusters. Fields that the family does not have are ignored; all numbers are meant as they are. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_prior_family {
    /// `sizeof(cpwl_prior_family)`.
    pub struct_size: usize,
    /// Of CPWL_PRIOR_POWER_LAW and CPWL_PRIOR_ZIPF.
    pub exponent: f64,
    /// Of CPWL_PRIOR_ZIPF; above -1.
    pub shift: f64,
    /// Of CPWL_PRIOR_EXPONENTIAL (of the first cluster to the last) and CPWL_PRIOR_STEP (of the head to the rest).
    pub ratio: f64,
    /// Added to counts, or the parameter of CPWL_PRIOR_DIRICHLET.
    pub alpha: f64,
    /// Of CPWL_PRIOR_COUNTS: (k).
    pub counts: *const cpwl_tensor,
    /// Of CPWL_PRIOR_DIRICHLET.
    pub seed: u64,
    /// Clusters of the head of CPWL_PRIOR_STEP.
    pub head: i64,
    /// A `cpwl_prior_kind`.
    pub kind: i32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_prior_family {
    const NAME: &'static str = "cpwl_prior_family";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// # Safety
/// The words of the header to the caller.
unsafe fn read(f: &cpwl_prior_family) -> Result<Family> {
    Ok(match f.kind {
        1 => Family::Uniform,
        2 => Family::PowerLaw { exponent: f.exponent },
        3 => Family::ZipfMandelbrot { shift: f.shift, exponent: f.exponent },
        4 => Family::Exponential { ratio: f.ratio },
        5 => match usize::try_from(f.head) {
            Ok(head) => Family::Step { head, ratio: f.ratio },
            Err(_) => bail!(Argument, "head is {}; expected 0 or more", f.head),
        },
        6 => {
            // SAFETY: the caller's promise.
            let counts = unsafe { required_numbers("counts", f.counts) }?;
            Family::Counts { counts, alpha: f.alpha }
        }
        7 => Family::Dirichlet { alpha: f.alpha, seed: f.seed },
        x => bail!(UnknownEnum, "kind is {x}; expected 1 (CPWL_PRIOR_UNIFORM) to 7 (CPWL_PRIOR_DIRICHLET)"),
    })
}

/// A law over k clusters: `prior`, (k), f32 or f64, adds up to 1. Which cluster gets which probability carries no meaning.
///
/// Errors: CPWL_ARGUMENT (parameters), CPWL_SHAPE, CPWL_DTYPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_make(
    ctx: *const cpwl_context,
    family: *const cpwl_prior_family,
    prior: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, family, mut prior) = unsafe {
            (context::get(ctx)?, read(&options::required(family)?)?, tensor::output("prior", prior)?)
        };
        prior.expect_rank(1, "(k)")?;
        let law = family.prior(prior.shape()[0])?;
        prior.write(&law)
    })
}

/// The exponent of the power law of maximum likelihood for `counts`, (k), counts or probabilities in any order: 0 for a uniform law,
/// infinite if one cluster has everything. Sorting alone makes it positive; `cpwl_prior_diagnose` says by how much.
///
/// Errors: CPWL_ARGUMENT (a negative count, or nothing but 0), CPWL_DTYPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_fit(
    ctx: *const cpwl_context,
    counts: *const cpwl_tensor,
    exponent: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, counts, out) = unsafe {
            (
                context::get(ctx)?,
                required_numbers("counts", counts)?,
                pointer::required_mut("exponent", exponent)?,
            )
        };
        *out = prior::fit_exponent(ctx, &counts)?;
        Ok(())
    })
}

/// Options of `cpwl_prior_diagnose`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_diagnosis_options {
    /// `sizeof(cpwl_diagnosis_options)`.
    pub struct_size: usize,
    /// The law that counts are compared with, (k); NULL = uniform.
    pub null_prior: *const cpwl_tensor,
    /// Coverage of the intervals; 0 = 0.95.
    pub coverage: f64,
    /// The same seed gives the same numbers, for any number of threads.
    pub seed: u64,
    /// Replicates of that law; 0 = none.
    pub null: i32,
    /// Bootstrap replicates of the counts; 0 = no intervals.
    pub bootstrap: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_diagnosis_options {
    const NAME: &'static str = "cpwl_diagnosis_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Counts in figures. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_diagnosis {
    /// `sizeof(cpwl_diagnosis)`, set by the caller.
    pub struct_size: usize,
    /// Sum of the counts.
    pub n: f64,
    /// Clusters.
    pub k: i64,
    /// Clusters that have any.
    pub used: i64,
    /// Entropy of the shares.
    pub entropy: f64,
    /// exp of it: effective number of clusters.
    pub effective: f64,
    /// ln k - entropy.
    pub kl_uniform: f64,
    /// The same less its bias under the uniform law, (k - 1) / 2n.
    pub kl_uniform_debiased: f64,
    /// From the fitted power law.
    pub kl_power_law: f64,
    /// As `cpwl_prior_fit`.
    pub exponent: f64,
    /// Standard error of the exponent if the ranks had been known beforehand; NaN where it is 0 or infinite.
    pub exponent_se: f64,
    /// Gini coefficient of the shares.
    pub gini: f64,
    /// Largest share.
    pub head: f64,
    /// Smallest share.
    pub tail: f64,
    /// G statistic against the uniform law.
    pub g: f64,
    /// Its degrees of freedom, k - 1.
    pub g_degrees: f64,
    /// P of a G as large by the chi-square law; poor where n / k < 5.
    pub g_p: f64,
    /// Mean of the exponents of simulated counts; NaN without.
    pub null_mean: f64,
    /// Their standard deviation; NaN without.
    pub null_sd: f64,
    /// Their 95% point; NaN without.
    pub null_q95: f64,
    /// (1 + replicates with an exponent at least as large) / (replicates + 1); NaN without.
    pub null_p: f64,
    /// Lower end of the bootstrap's percentile interval of the exponent; NaN without.
    pub exponent_low: f64,
    /// Upper end.
    pub exponent_high: f64,
    /// Of the entropy; NaN without.
    pub entropy_low: f64,
    /// Upper end.
    pub entropy_high: f64,
    /// Of the effective number; NaN without.
    pub effective_low: f64,
    /// Upper end.
    pub effective_high: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_diagnosis {
    const NAME: &'static str = "cpwl_diagnosis";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// What `counts`, (k), say about the law that they follow: entropy, effective number of clusters, the fitted power law, and tests
/// against the uniform law or another. Simulation takes whole numbers.
///
/// Errors: CPWL_ARGUMENT, CPWL_DTYPE, CPWL_CANCELLED. One fit, of about ten sums of k exponentials, a replicate. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_diagnose(
    ctx: *const cpwl_context,
    counts: *const cpwl_tensor,
    opts: *const cpwl_diagnosis_options,
    out: *mut cpwl_diagnosis,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, counts, o, null_prior) = unsafe {
            let o = options::read(opts)?;
            options::check("out", out)?;
            let null_prior = match o.null_prior.is_null() {
                true => Vec::new(),
                false => required_numbers("null_prior", o.null_prior)?,
            };
            (context::get(ctx)?, required_numbers("counts", counts)?, o, null_prior)
        };
        let (Ok(null), Ok(bootstrap)) = (usize::try_from(o.null), usize::try_from(o.bootstrap)) else {
            bail!(Argument, "{} and {} replicates; expected 0 or more", o.null, o.bootstrap)
        };
        let coverage = if o.coverage == 0.0 { DiagnosisOptions::default().coverage } else { o.coverage };
        let options = DiagnosisOptions { null, null_prior, bootstrap, coverage, seed: o.seed };
        let d = prior::diagnose(ctx, &counts, &options)?;
        let [mean, sd, q95, p] = d.null.map_or([f64::NAN; 4], |n| [n.mean, n.sd, n.q95, n.p]);
        let ends = |i: Option<Interval>| i.map_or([f64::NAN; 2], |i| [i.low, i.high]);
        let [exponent_low, exponent_high] = ends(d.exponent_interval);
        let [entropy_low, entropy_high] = ends(d.entropy_interval);
        let [effective_low, effective_high] = ends(d.effective_interval);
        let value = cpwl_diagnosis {
            struct_size: 0,
            n: d.n,
            k: d.k as i64,
            used: d.used as i64,
            entropy: d.entropy,
            effective: d.effective,
            kl_uniform: d.kl_uniform,
            kl_uniform_debiased: d.kl_uniform_debiased,
            kl_power_law: d.kl_power_law,
            exponent: d.exponent,
            exponent_se: d.exponent_se,
            gini: d.gini,
            head: d.head,
            tail: d.tail,
            g: d.g,
            g_degrees: d.g_degrees,
            g_p: d.g_p,
            null_mean: mean,
            null_sd: sd,
            null_q95: q95,
            null_p: p,
            exponent_low,
            exponent_high,
            entropy_low,
            entropy_high,
            effective_low,
            effective_high,
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &value) }
    })
}
