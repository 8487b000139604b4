//! Prototype losses with a cluster prior, and Sinkhorn.

use super::fence::{fence, fence_value};
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::prior::{
    self, ClusterMean, Direction, PriorGradients, PriorLoss, PriorOptions, SinkhornOptions, Views,
};
use crate::view::{Dtype, TensorRef};

/// Flag of `cpwl_prior_options`: `weight` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_PRIOR_WEIGHT: u32 = 1;
/// Flag of `cpwl_prior_options`: targets are not balanced. Since 0.1.
pub const CPWL_PRIOR_NO_SINKHORN: u32 = 2;
/// Flag of `cpwl_prior_options` and of `cpwl_sinkhorn_options`: divide priors or marginals by their sums; otherwise those that do
/// not add up to 1 are refused. Since 0.1.
pub const CPWL_PRIOR_NORMALIZE: u32 = 4;
/// Flag of `cpwl_prior_options`: compute in f64 whatever the inputs are; otherwise only if one of them is. Since 0.1.
pub const CPWL_PRIOR_DOUBLE: u32 = 8;
/// Flag of `cpwl_sinkhorn_options`: rows of the plan over their marginals, so that they add up to 1. Since 0.1.
pub const CPWL_SINKHORN_TARGETS: u32 = 16;

/// The data of a prototype loss: anchors, targets and prototypes are f32, f64, f16 or bf16, the others f32 or f64. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_prior_views {
    /// `sizeof(cpwl_prior_views)`.
    pub struct_size: usize,
    /// (v b, d): row i b + j is view i of image j.
    pub anchors: *const cpwl_tensor,
    /// (b, d): the views that targets are made of.
    pub targets: *const cpwl_tensor,
    /// (k, d).
    pub prototypes: *const cpwl_tensor,
    /// (k), adding up to 1; NULL = uniform.
    pub prior: *const cpwl_tensor,
    /// What the targets are balanced to, (k); NULL = uniform.
    pub sinkhorn_prior: *const cpwl_tensor,
    /// Logarithm of the mean assignment of the anchors of all processes, (k), see `cpwl_cluster_log_mean`; NULL = of these anchors.
    pub log_mean: *const cpwl_tensor,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_prior_views {
    const NAME: &'static str = "cpwl_prior_views";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Options of `cpwl_prior_loss`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_prior_options {
    /// `sizeof(cpwl_prior_options)`.
    pub struct_size: usize,
    /// What cosines are divided by; 0 = 0.1.
    pub temperature: f64,
    /// What the scores of the targets are divided by besides; 0 = 0.25.
    pub sharpening: f64,
    /// Of the divergence. 0 = 1, or 0 with the flag CPWL_PRIOR_WEIGHT.
    pub weight: f64,
    /// Of the mean entropy of the assignments.
    pub entropy_weight: f64,
    /// Sinkhorn iterations on the targets; 0 = 3, or none with the flag CPWL_PRIOR_NO_SINKHORN.
    pub sinkhorn: i32,
    /// A `cpwl_prior_direction`; 0 = CPWL_PRIOR_MEAN_TO_PRIOR.
    pub direction: i32,
    /// CPWL_PRIOR_* flags.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_prior_options {
    const NAME: &'static str = "cpwl_prior_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn read_options(o: &cpwl_prior_options) -> Result<PriorOptions> {
    let known = CPWL_PRIOR_WEIGHT | CPWL_PRIOR_NO_SINKHORN | CPWL_PRIOR_NORMALIZE | CPWL_PRIOR_DOUBLE;
    if o.flags & !known != 0 || o.reserved != 0 {
        bail!(UnknownOption, "cpwl_prior_options: flags are {:#x}; this version knows {known:#x}", o.flags)
    }
    let has = |flag: u32| o.flags & flag != 0;
    let default = PriorOptions::default();
    let or = |given: f64, default: f64| if given == 0.0 { default } else { given };
    let Ok(sinkhorn) = usize::try_from(o.sinkhorn) else {
        bail!(Argument, "sinkhorn is {}; expected 0 or more iterations", o.sinkhorn)
    };
    Ok(PriorOptions {
        temperature: or(o.temperature, default.temperature),
        sharpening: or(o.sharpening, default.sharpening),
        sinkhorn: match sinkhorn {
            _ if has(CPWL_PRIOR_NO_SINKHORN) => 0,
            0 => default.sinkhorn,
            n => n,
        },
        weight: if has(CPWL_PRIOR_WEIGHT) { o.weight } else { or(o.weight, default.weight) },
        entropy_weight: o.entropy_weight,
        direction: match o.direction {
            0 | 1 => Direction::MeanToPrior,
            2 => Direction::PriorToMean,
            x => bail!(UnknownEnum, "direction is {x}; expected 1 (CPWL_PRIOR_MEAN_TO_PRIOR) or 2"),
        },
        normalize: has(CPWL_PRIOR_NORMALIZE),
        double: has(CPWL_PRIOR_DOUBLE),
    })
}

/// What a prototype loss found: immutable. Since 0.1.
pub struct cpwl_prior_result {
    inner: PriorLoss,
    arrays: Vec<Lent>,
}

// SAFETY: an owned result whose lent arrays point into its own memory, which nobody writes.
unsafe impl Send for cpwl_prior_result {}
// SAFETY: as above.
unsafe impl Sync for cpwl_prior_result {}

/// The numbers of a `cpwl_prior_result`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_prior_summary {
    /// `sizeof(cpwl_prior_summary)`, set by the caller.
    pub struct_size: usize,
    /// cross_entropy + weight divergence + entropy_weight entropy.
    pub loss: f64,
    /// Of targets and assignments, averaged over anchors.
    pub cross_entropy: f64,
    /// Between mean assignment and prior.
    pub divergence: f64,
    /// Mean entropy of the assignments.
    pub entropy: f64,
    /// Largest difference between what columns of the targets have and should have, of 1; NaN without Sinkhorn.
    pub column_error: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_prior_summary {
    const NAME: &'static str = "cpwl_prior_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// # Safety
/// The words of the header to the caller.
unsafe fn numbers(name: &str, ptr: *const cpwl_tensor) -> Result<Option<Vec<f64>>> {
    // SAFETY: the caller's promise.
    let tensor = unsafe { tensor::optional(name, ptr) }?;
    let Some(tensor) = tensor else { return Ok(None) };
    tensor.expect_rank(1, "(k)")?;
    tensor.floats().map(Some)
}

/// The loss of MSN (arXiv 2204.07141) with a chosen cluster prior (PMSN, arXiv 2210.07277): cross-entropy between sharpened, balanced
/// assignments of one view and the assignments of others to k prototypes, and the divergence between their mean and the prior.
///
/// Rows and prototypes are divided by their lengths. Assignments are softmax(cosine / temperature); targets carry no gradient.
/// `d_anchors` (v b, d) and `d_prototypes` (k, d), f32 or f64, become the gradients of the loss; NULL = not wanted. Free `out` with
/// `cpwl_prior_result_free`.
///
/// Errors: CPWL_ARGUMENT (options; a prior that is no law, or has a 0 where the divergence would be infinite), CPWL_SHAPE,
/// CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. Bit-identical for any number of threads. 6 v b k d flops with
/// gradients. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_loss(
    ctx: *const cpwl_context,
    views: *const cpwl_prior_views,
    opts: *const cpwl_prior_options,
    d_anchors: *mut cpwl_tensor,
    d_prototypes: *mut cpwl_tensor,
    out: *mut *mut cpwl_prior_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, options, anchors, targets, prototypes, prior, balanced, log_mean, out) = unsafe {
            let v = options::required(views)?;
            (
                context::get(ctx)?,
                read_options(&options::read(opts)?)?,
                tensor::input("anchors", v.anchors)?,
                tensor::input("targets", v.targets)?,
                tensor::input("prototypes", v.prototypes)?,
                numbers("prior", v.prior)?,
                numbers("sinkhorn_prior", v.sinkhorn_prior)?,
                numbers("log_mean", v.log_mean)?,
                pointer::out("out", out)?,
            )
        };
        // SAFETY: as above.
        let (mut da, mut dc) = unsafe {
            (
                if d_anchors.is_null() { None } else { Some(tensor::output("d_anchors", d_anchors)?) },
                if d_prototypes.is_null() {
                    None
                } else {
                    Some(tensor::output("d_prototypes", d_prototypes)?)
                },
            )
        };
        let given = Views {
            anchors: &anchors,
            targets: &targets,
            prototypes: &prototypes,
            prior: prior.as_deref(),
            sinkhorn_prior: balanced.as_deref(),
            log_mean: log_mean.as_deref(),
        };
        let gradients = PriorGradients { anchors: da.as_mut(), prototypes: dc.as_mut() };
        let inner = prior::prior_loss(ctx, &given, &options, gradients)?;
        let k = prototypes.shape()[0];
        let arrays = vec![
            Lent::new::<f64>("log means", true, &inner.log_mean, &[]),
            Lent::new::<f64>("targets", true, &inner.targets, &[k]),
        ];
        out.put(cpwl_prior_result { inner, arrays });
        Ok(())
    })
}

/// The numbers of a result. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_result_info(
    ctx: *const cpwl_context,
    result: *const cpwl_prior_result,
    out: *mut cpwl_prior_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, loss) = unsafe { (context::get(ctx)?, &pointer::required("result", result)?.inner) };
        let summary = cpwl_prior_summary {
            struct_size: 0,
            loss: loss.loss,
            cross_entropy: loss.cross_entropy,
            divergence: loss.divergence,
            entropy: loss.entropy,
            column_error: loss.column_error,
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends an array of a result, a `cpwl_prior_array_id`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_result_array(
    ctx: *const cpwl_context,
    result: *const cpwl_prior_result,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("result", result)?.arrays, which, out)
        }
    })
}

/// Frees a result; NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_prior_result_free(result: *mut cpwl_prior_result) {
    // SAFETY: the words of the header to the caller.
    fence_value((), || unsafe { pointer::free(result) })
}

/// The mean assignment of `anchors`, (m, d), to `prototypes`, (k, d), as a state that processes can exchange: `state`, (2 k + 1) of
/// f64, becomes k largest logarithms, k sums over them, and m. `temperature` > 0; `flags` is 0 or CPWL_PRIOR_DOUBLE.
///
/// Errors: as `cpwl_prior_loss`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_cluster_mean(
    ctx: *const cpwl_context,
    anchors: *const cpwl_tensor,
    prototypes: *const cpwl_tensor,
    temperature: f64,
    flags: u32,
    state: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, anchors, prototypes, mut state) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("anchors", anchors)?,
                tensor::input("prototypes", prototypes)?,
                tensor::output("state", state)?,
            )
        };
        if flags & !CPWL_PRIOR_DOUBLE != 0 {
            bail!(UnknownOption, "flags are {flags:#x}; this version knows CPWL_PRIOR_DOUBLE")
        }
        prototypes.expect_rank(2, "(k, d)")?;
        state.expect_dtype(&[Dtype::F64])?;
        state.expect_shape(&[2 * prototypes.shape()[0] + 1], "(2 k + 1)")?;
        let double = flags & CPWL_PRIOR_DOUBLE != 0;
        let mean = prior::cluster_mean(ctx, &anchors, &prototypes, temperature, double)?;
        state.write(&mean.to_flat())
    })
}

/// The logarithm of the mean assignment of all processes: `states` is (processes, 2 k + 1) of f64, `log_mean` becomes (k), f32 or f64.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_cluster_log_mean(
    ctx: *const cpwl_context,
    states: *const cpwl_tensor,
    log_mean: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, states, mut log_mean) = unsafe {
            (context::get(ctx)?, tensor::input("states", states)?, tensor::output("log_mean", log_mean)?)
        };
        states.expect_rank(2, "(processes, 2 k + 1)")?;
        if states.shape()[0] == 0 {
            bail!(Shape, "states are those of no process; expected one at least")
        }
        let flat = states.floats()?;
        let mut all = flat.chunks(states.shape()[1].max(1)).map(ClusterMean::from_flat);
        let Some(first) = all.next() else { bail!(Shape, "states have no columns; expected 2 k + 1") };
        let mut total = first?;
        for next in all {
            total.merge(&next?)?;
        }
        log_mean.write(&total.log_mean())
    })
}

/// Options of `cpwl_sinkhorn`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_sinkhorn_options {
    /// `sizeof(cpwl_sinkhorn_options)`.
    pub struct_size: usize,
    /// What the scores are divided by; 0 = 1.
    pub reg: f64,
    /// Stop when every column sum is within this of its marginal; 0 = do all iterations.
    pub tolerance: f64,
    /// Most iterations; 0 = 3.
    pub iterations: i32,
    /// CPWL_PRIOR_NORMALIZE, CPWL_SINKHORN_TARGETS.
    pub flags: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_sinkhorn_options {
    const NAME: &'static str = "cpwl_sinkhorn_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// How far a plan, or the worst of several, came. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_sinkhorn_summary {
    /// `sizeof(cpwl_sinkhorn_summary)`, set by the caller.
    pub struct_size: usize,
    /// Largest difference between a column sum and its marginal.
    pub column_error: f64,
    /// Largest difference between a row sum and its marginal, or 1 with CPWL_SINKHORN_TARGETS.
    pub row_error: f64,
    /// Iterations done.
    pub iterations: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_sinkhorn_summary {
    const NAME: &'static str = "cpwl_sinkhorn_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Plans with given marginals by Sinkhorn's iterations, columns before rows: plan = exp(scores / reg + u + v).
///
/// `scores` is (b, k), or (p, b, k) for p problems, -inf allowed; `rows`, (b), above 0, NULL = 1 / b; `columns`, (k), 0 or more (the
/// column is then exactly 0), NULL = 1 / k. `plan` has the shape of the scores and is f32 or f64; computed in f64 if either is.
/// Neither overflows nor underflows, whatever the scores are. `summary` may be NULL.
///
/// Errors, before anything is written: CPWL_ARGUMENT (marginals; NaN; a row or column that has mass and no finite score),
/// CPWL_SHAPE, CPWL_DTYPE; CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. One exponential and one product an iteration for each number.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_sinkhorn(
    ctx: *const cpwl_context,
    scores: *const cpwl_tensor,
    rows: *const cpwl_tensor,
    columns: *const cpwl_tensor,
    opts: *const cpwl_sinkhorn_options,
    plan: *mut cpwl_tensor,
    summary: *mut cpwl_sinkhorn_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, scores, rows, columns, o, mut plan) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("scores", scores)?,
                numbers("rows", rows)?,
                numbers("columns", columns)?,
                options::read(opts)?,
                tensor::output("plan", plan)?,
            )
        };
        let known = CPWL_PRIOR_NORMALIZE | CPWL_SINKHORN_TARGETS;
        if o.flags & !known != 0 {
            bail!(UnknownOption, "cpwl_sinkhorn_options: flags are {:#x}; known are {known:#x}", o.flags)
        }
        let default = SinkhornOptions::default();
        let iterations = match usize::try_from(o.iterations) {
            Ok(0) => default.iterations,
            Ok(n) => n,
            Err(_) => bail!(Argument, "iterations is {}; expected 0 or more", o.iterations),
        };
        let options = SinkhornOptions {
            iterations,
            reg: if o.reg == 0.0 { default.reg } else { o.reg },
            tolerance: o.tolerance,
            targets: o.flags & CPWL_SINKHORN_TARGETS != 0,
            normalize: o.flags & CPWL_PRIOR_NORMALIZE != 0,
        };
        if !summary.is_null() {
            // SAFETY: as above.
            unsafe { options::check("summary", summary) }?;
        }
        let found = prior::sinkhorn(ctx, &scores, rows.as_deref(), columns.as_deref(), &options, &mut plan)?;
        if summary.is_null() {
            return Ok(());
        }
        let value = cpwl_sinkhorn_summary {
            struct_size: 0,
            column_error: found.column_error,
            row_error: found.row_error,
            iterations: found.iterations as i64,
        };
        // SAFETY: as above.
        unsafe { options::write("summary", summary, &value) }
    })
}

/// Numbers of a tensor of one axis, which must be there.
///
/// # Safety
/// The words of the header to the caller.
pub(super) unsafe fn required_numbers(name: &str, ptr: *const cpwl_tensor) -> Result<Vec<f64>> {
    // SAFETY: the caller's promise.
    let tensor: TensorRef = unsafe { tensor::input(name, ptr) }?;
    tensor.expect_rank(1, "(k)")?;
    match tensor.dtype() {
        Dtype::I32 | Dtype::I64 | Dtype::U8 => Ok(tensor.integers()?.into_iter().map(|x| x as f64).collect()),
        _ => tensor.floats(),
    }
}
