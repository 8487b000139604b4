//! `cpwl_hsic_test`: tests of independence of two variables or more.

use super::fence::fence;
use super::options::{self, Growable};
use super::variable::{self, cpwl_variable};
use super::{context, cpwl_context, cpwl_status, cpwl_tensor, tensor};
use crate::error::{Result, bail};
use crate::hsic::{self, GammaTest, PermutationTest, Permutations, Variable};
use crate::view::{Dtype, TensorRef};

/// `cpwl_hsic_test_options.method`: random (or given) permutations, the default. Since 0.1.
pub const CPWL_TEST_PERMUTATION: i32 = 1;
/// `cpwl_hsic_test_options.method`: a gamma approximation of the null distribution: Gretton et al. 2007 for two variables,
/// Pfister et al. 2018 for more. Kernels with k(x, x) = 1. Since 0.1.
pub const CPWL_TEST_GAMMA: i32 = 2;
/// `cpwl_hsic_test_options.method`: that of Pfister et al. for two variables as well. Since 0.1.
pub const CPWL_TEST_GAMMA_DHSIC: i32 = 3;

/// Options of `cpwl_hsic_test`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_hsic_test_options {
    /// `sizeof(cpwl_hsic_test_options)`.
    pub struct_size: usize,
    /// A CPWL_TEST_* constant.
    pub method: i32,
    /// 1 = the unbiased statistic; permutations of two variables.
    pub unbiased: i32,
    /// How many random permutations; 0 = 999.
    pub permutations: i64,
    /// Seed of them.
    pub seed: u64,
    /// NULL, or given permutations of the rows of y, (B, n), i64 or i32; two variables.
    pub given: *const cpwl_tensor,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_hsic_test_options {
    const NAME: &'static str = "cpwl_hsic_test_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// A test of independence. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_hsic_test_summary {
    /// `sizeof(cpwl_hsic_test_summary)`, set by the caller.
    pub struct_size: usize,
    /// HSIC or dHSIC for permutations, n times it for the gamma approximation.
    pub statistic: f64,
    /// Probability of a statistic as large under independence: (1 + permutations that reach it) / (1 + B), or the tail of
    /// the gamma distribution.
    pub p: f64,
    /// Its natural logarithm, finite where p underflows.
    pub log_p: f64,
    /// Mean of the null distribution as its authors state it, n times less than that of the statistic; 0 for permutations.
    pub mean: f64,
    /// Its variance, n^2 times less; 0 for permutations.
    pub variance: f64,
    /// Shape of the gamma distribution; 0 for permutations.
    pub shape: f64,
    /// Its scale; 0 for permutations.
    pub scale: f64,
    /// B; 0 for the gamma approximation.
    pub permutations: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_hsic_test_summary {
    const NAME: &'static str = "cpwl_hsic_test_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn of_gamma(t: &GammaTest) -> cpwl_hsic_test_summary {
    cpwl_hsic_test_summary {
        struct_size: 0,
        statistic: t.statistic,
        p: t.p,
        log_p: t.log_p,
        mean: t.mean,
        variance: t.variance,
        shape: t.shape,
        scale: t.scale,
        permutations: 0,
    }
}

fn of_permutations(t: &PermutationTest) -> cpwl_hsic_test_summary {
    cpwl_hsic_test_summary {
        struct_size: 0,
        statistic: t.statistic,
        p: t.p,
        log_p: t.p.ln(),
        mean: 0.0,
        variance: 0.0,
        shape: 0.0,
        scale: 0.0,
        permutations: i64::try_from(t.permuted.len()).unwrap_or(i64::MAX),
    }
}

fn rows_of(given: &TensorRef) -> Result<Vec<usize>> {
    given.expect_rank(2, "(permutations, n)")?;
    given.expect_dtype(&[Dtype::I64, Dtype::I32])?;
    Ok(given.integers()?.into_iter().map(|v| usize::try_from(v).unwrap_or(usize::MAX)).collect())
}

/// Tests whether `d` >= 2 variables are independent. `opts` may be NULL. `permuted` NULL, or (B) numbers, f32 or f64: the
/// statistic of each permutation.
///
/// Permutations are a function of seed and index: the answer does not depend on the threads. Two variables of up to 2048 rows keep
/// both Gram matrices (16 n^2 bytes) and take n^2 / 2 operations a permutation; more rows take O(n) memory and evaluate y
/// anew for each permutation. More variables keep their Gram matrices, and up to 2048 rows.
///
/// Errors: as `cpwl_hsic`; CPWL_SHAPE (TOO_FEW: n < 6 for Gretton's gamma, n < 2 d for dHSIC), CPWL_UNSUPPORTED (kernels with
/// k(x, x) != 1 for the gamma approximation), CPWL_NUMERIC (UNDEFINED: a constant variable). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic_test(
    ctx: *const cpwl_context,
    variables: *const cpwl_variable,
    d: i32,
    opts: *const cpwl_hsic_test_options,
    out: *mut cpwl_hsic_test_summary,
    permuted: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, read, o, given, mut permuted) = unsafe {
            options::check("out", out)?;
            let ctx = context::get(ctx)?;
            let o = options::read(opts)?;
            (
                ctx,
                variable::read_all(ctx, "variables", variables, d)?,
                o,
                tensor::optional("given", o.given)?,
                if permuted.is_null() { None } else { Some(tensor::output("permuted", permuted)?) },
            )
        };
        let all: Vec<Variable> = read.iter().map(|r| r.variable()).collect();
        if all.len() < 2 {
            bail!(Argument, "there are {} variables; expected at least 2", all.len())
        }
        let count = usize::try_from(if o.permutations == 0 { 999 } else { o.permutations }).unwrap_or(0);
        let summary = match o.method {
            0 | CPWL_TEST_PERMUTATION => {
                let given = given.map(|g| rows_of(&g)).transpose()?;
                let permutations = match &given {
                    Some(given) => Permutations::Given(given),
                    None => Permutations::Random { count, seed: o.seed },
                };
                let found = match (&all[..], &given) {
                    ([x, y], _) => hsic::hsic_permutation_test(ctx, x, y, o.unbiased != 0, permutations)?,
                    (_, None) if o.unbiased == 0 => hsic::dhsic_permutation_test(ctx, &all, count, o.seed)?,
                    _ => bail!(
                        Unsupported,
                        "given permutations and the unbiased statistic are for two variables"
                    ),
                };
                if let Some(permuted) = &mut permuted {
                    permuted.expect_shape(&[found.permuted.len()], "(B)")?;
                    permuted.write(&found.permuted)?;
                }
                of_permutations(&found)
            }
            CPWL_TEST_GAMMA if all.len() == 2 => of_gamma(&hsic::hsic_gamma_test(ctx, &all[0], &all[1])?),
            CPWL_TEST_GAMMA | CPWL_TEST_GAMMA_DHSIC => of_gamma(&hsic::dhsic_test(ctx, &all)?),
            other => bail!(UnknownEnum, "method is {other}; expected 0 to 3 (CPWL_TEST_GAMMA_DHSIC)"),
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}
