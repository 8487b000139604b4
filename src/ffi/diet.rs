//! The datum-index loss.

use super::fence::{fence, fence_value};
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{constants, context, cpwl_context, cpwl_status, pointer};
use crate::diet::{self, Gradients, Loss, Norm, Options, Problem, Reduction, Targets};
use crate::error::{Result, bail};
use crate::view::{TensorMut, TensorRef};

/// Flag of `cpwl_diet_options`: `smoothing` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_DIET_SMOOTHING: u32 = 1;
/// Flag of `cpwl_diet_options`: `scale` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_DIET_SCALE: u32 = 2;
/// Flag of `cpwl_diet_options`: `ignore_index` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_DIET_IGNORE: u32 = 4;
/// Flag of `cpwl_diet_options`: compute in f64 whatever the inputs are; otherwise only if one of them is. Since 0.1.
pub const CPWL_DIET_DOUBLE: u32 = 8;
/// Flag of `cpwl_diet_options`: also the entropy of every row's probabilities. Since 0.1.
pub const CPWL_DIET_ENTROPY: u32 = 16;

/// The data of a datum-index loss. Features, head and bias are f32, f64, f16 or bf16. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_diet_problem {
    /// `sizeof(cpwl_diet_problem)`.
    pub struct_size: usize,
    /// F: (b, k). May hold NaN, which stays in its row.
    pub features: *const cpwl_tensor,
    /// W: (n, k). Read where it is if it is contiguous and of the precision of the call, otherwise converted bit by bit.
    pub head: *const cpwl_tensor,
    /// Added to the scores: (n), -inf for a class that is masked. NULL = none.
    pub bias: *const cpwl_tensor,
    /// i32 or i64: (b), the class of each row; or (b, m) with `shares`, where -1 is no class.
    pub labels: *const cpwl_tensor,
    /// (b, m), f32 or f64, 0 or more, adding up to 1 in each row: what each class of a row counts for (MixUp, CutMix). NULL for
    /// labels (b).
    pub shares: *const cpwl_tensor,
    /// (b), f32 or f64: a weight for each row, 0 or more for a mean, any finite number for a sum, whose gradient is then that of
    /// upstream gradients of the rows. NULL = 1.
    pub weights: *const cpwl_tensor,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_diet_problem {
    const NAME: &'static str = "cpwl_diet_problem";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Options of the datum-index loss. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_diet_options {
    /// `sizeof(cpwl_diet_options)`.
    pub struct_size: usize,
    /// eps in [0, 1]. 0 = 0.8, or no smoothing with the flag CPWL_DIET_SMOOTHING.
    pub smoothing: f64,
    /// What products are multiplied by. 0 = 1, or 0 with the flag CPWL_DIET_SCALE.
    pub scale: f64,
    /// Rows with this label count for nothing. 0 = -100, or 0 with the flag CPWL_DIET_IGNORE.
    pub ignore_index: i64,
    /// Bytes that the call may use to keep the b n scores from the first pass to the second, which saves a quarter of the work.
    pub workspace: usize,
    /// Classes that are worked on at a time; 0 = so many that they stay in cache. Changes results by rounding alone.
    pub strip: i64,
    /// A `cpwl_diet_norm`; 0 = CPWL_DIET_PLAIN.
    pub norm: i32,
    /// A `cpwl_diet_reduction`; 0 = CPWL_DIET_MEAN.
    pub reduction: i32,
    /// CPWL_DIET_* flags.
    pub flags: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_diet_options {
    const NAME: &'static str = "cpwl_diet_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

pub(super) fn read_options(o: &cpwl_diet_options) -> Result<Options> {
    let known =
        CPWL_DIET_SMOOTHING | CPWL_DIET_SCALE | CPWL_DIET_IGNORE | CPWL_DIET_DOUBLE | CPWL_DIET_ENTROPY;
    if o.flags & !known != 0 || o.reserved != 0 {
        bail!(UnknownOption, "cpwl_diet_options: flags are {:#x}; this version knows {known:#x}", o.flags)
    }
    let has = |flag: u32| o.flags & flag != 0;
    let norm = match o.norm {
        0 | 1 => Norm::None,
        2 => Norm::Features,
        3 => Norm::Cosine,
        x => bail!(UnknownEnum, "norm is {x}; expected 1 (CPWL_DIET_PLAIN) to 3 (CPWL_DIET_COSINE)"),
    };
    let reduction = match o.reduction {
        0 | 1 => Reduction::Mean,
        2 => Reduction::Sum,
        x => bail!(UnknownEnum, "reduction is {x}; expected 1 (CPWL_DIET_MEAN) or 2 (CPWL_DIET_SUM)"),
    };
    let Ok(strip) = usize::try_from(o.strip) else {
        bail!(Argument, "strip is {}; expected 0 or more", o.strip)
    };
    let default = Options::default();
    let or = |given: f64, flag: u32, default: f64| if given == 0.0 && !has(flag) { default } else { given };
    Ok(Options {
        smoothing: or(o.smoothing, CPWL_DIET_SMOOTHING, default.smoothing),
        scale: or(o.scale, CPWL_DIET_SCALE, default.scale),
        ignore_index: match o.ignore_index {
            0 if !has(CPWL_DIET_IGNORE) => default.ignore_index,
            index => index,
        },
        norm,
        reduction,
        double: has(CPWL_DIET_DOUBLE),
        entropy: has(CPWL_DIET_ENTROPY),
        strip,
        workspace: o.workspace,
    })
}

/// What a problem points to.
pub(super) struct Given<'a> {
    features: TensorRef<'a>,
    head: Option<TensorRef<'a>>,
    bias: Option<TensorRef<'a>>,
    labels: Vec<i64>,
    shares: Option<Vec<f64>>,
    per_row: usize,
    weights: Option<Vec<f64>>,
}

impl<'a> Given<'a> {
    /// With a batch of no rows, labels are not looked at.
    ///
    /// # Safety
    /// The words of the header to the caller.
    pub(super) unsafe fn read(ptr: *const cpwl_diet_problem, with_head: bool) -> Result<Self> {
        // SAFETY: the caller's promise.
        let (features, head, bias, labels, shares, weights) = unsafe {
            let p = options::required(ptr)?;
            (
                tensor::input("features", p.features)?,
                if with_head { Some(tensor::input("head", p.head)?) } else { None },
                tensor::optional("bias", p.bias)?,
                tensor::input("labels", p.labels)?,
                tensor::optional("shares", p.shares)?,
                tensor::optional("weights", p.weights)?,
            )
        };
        features.expect_rank(2, "(b, k)")?;
        let rows = features.shape()[0];
        let per_row = match &shares {
            None => {
                labels.expect_shape(&[rows], "(b)")?;
                1
            }
            Some(shares) => {
                labels.expect_rank(2, "(b, m)")?;
                let per_row = labels.shape()[1];
                labels.expect_shape(&[rows, per_row], "(b, m)")?;
                shares.expect_shape(&[rows, per_row], "(b, m)")?;
                per_row
            }
        };
        if let Some(weights) = &weights {
            weights.expect_shape(&[rows], "(b)")?;
        }
        Ok(Given {
            labels: labels.integers()?,
            shares: shares.as_ref().map(TensorRef::floats).transpose()?,
            weights: weights.as_ref().map(TensorRef::floats).transpose()?,
            features,
            head,
            bias,
            per_row,
        })
    }

    pub(super) fn problem(&self) -> Problem<'_> {
        let targets = match &self.shares {
            None => Targets::Labels(&self.labels),
            Some(weights) => Targets::Mixed { classes: &self.labels, weights, per_row: self.per_row },
        };
        Problem {
            features: &self.features,
            // A step brings its own.
            head: self.head.as_ref().unwrap_or(&self.features),
            bias: self.bias.as_ref(),
            targets,
            weights: self.weights.as_deref(),
        }
    }
}

/// Where gradients go.
pub(super) struct Outputs<'a> {
    pub(super) features: Option<TensorMut<'a>>,
    pub(super) head: Option<TensorMut<'a>>,
    pub(super) bias: Option<TensorMut<'a>>,
}

impl<'a> Outputs<'a> {
    /// # Safety
    /// The words of the header to the caller.
    pub(super) unsafe fn new(
        features: *mut cpwl_tensor,
        head: *mut cpwl_tensor,
        bias: *mut cpwl_tensor,
    ) -> Result<Self> {
        let output = |name: &'a str, ptr: *mut cpwl_tensor| match ptr.is_null() {
            true => Ok(None),
            // SAFETY: the caller's promise.
            false => unsafe { tensor::output(name, ptr) }.map(Some),
        };
        Ok(Outputs {
            features: output("d_features", features)?,
            head: output("d_head", head)?,
            bias: output("d_bias", bias)?,
        })
    }

    pub(super) fn gradients(&mut self) -> Gradients<'_, 'a> {
        Gradients { features: self.features.as_mut(), head: self.head.as_mut(), bias: self.bias.as_mut() }
    }
}

/// What a batch costs, row by row: immutable. Since 0.1.
pub struct cpwl_diet_result {
    inner: Loss,
    arrays: Vec<Lent>,
}

// SAFETY: an owned result whose lent arrays point into its own memory, which nobody writes.
unsafe impl Send for cpwl_diet_result {}
// SAFETY: as above.
unsafe impl Sync for cpwl_diet_result {}

impl cpwl_diet_result {
    pub(super) fn new(inner: Loss) -> Self {
        let arrays = vec![
            Lent::new::<f64>("row losses", true, &inner.row_loss, &[]),
            Lent::new::<f64>("lse", true, &inner.lse, &[]),
            Lent::new::<f64>("confidences", true, &inner.confidence, &[]),
            Lent::new::<i64>("best classes", true, &inner.best, &[]),
            Lent::new::<f64>("entropies", !inner.entropy.is_empty(), &inner.entropy, &[]),
        ];
        cpwl_diet_result { inner, arrays }
    }
}

/// The numbers of a `cpwl_diet_result`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_diet_summary {
    /// `sizeof(cpwl_diet_summary)`, set by the caller.
    pub struct_size: usize,
    /// The reduced loss.
    pub loss: f64,
    /// The least that it can be: the entropy of the targets, reduced in the same way.
    pub floor: f64,
    /// loss - floor, which is what training lowers; with smoothing the loss itself looks flat.
    pub excess: f64,
    /// Derivative of the reduced loss by the scale; NaN if no gradient was asked for.
    pub d_scale: f64,
    /// Rows that are not ignored.
    pub n_valid: i64,
    /// Of these, rows whose largest score is that of their (heaviest) class.
    pub n_correct: i64,
    /// Of these, rows whose loss is NaN or infinite.
    pub n_nonfinite: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_diet_summary {
    const NAME: &'static str = "cpwl_diet_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The loss of a batch in which every training image is a class of its own (DIET, arXiv 2302.10260): label-smoothed cross-entropy
/// over n classes, without ever holding the b x n scores.
///
/// z = scale F W' + bias, q = (1 - eps) target + eps / n, loss = ln sum exp z - sum q z. `d_features` (b, k), `d_head` (n, k) and
/// `d_bias` (n), f32 or f64, become the gradients of the reduced loss; NULL = not wanted. `d_head` is written bit by bit if it is
/// contiguous and of the precision of the call. NaN and infinite scores are no error: see `n_nonfinite`. Free `out` with
/// `cpwl_diet_result_free`.
///
/// Errors, before anything is written: CPWL_ARGUMENT (options; a label or share, whose row is named), CPWL_SHAPE, CPWL_DTYPE;
/// CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. Bit-identical for any number of threads. 2 b n k flops, 8 b n k with gradients;
/// memory: 3 b k numbers and a few strips of scores. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_loss(
    ctx: *const cpwl_context,
    problem: *const cpwl_diet_problem,
    opts: *const cpwl_diet_options,
    d_features: *mut cpwl_tensor,
    d_head: *mut cpwl_tensor,
    d_bias: *mut cpwl_tensor,
    out: *mut *mut cpwl_diet_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, given, options, mut outputs, out) = unsafe {
            (
                context::get(ctx)?,
                Given::read(problem, true)?,
                read_options(&options::read(opts)?)?,
                Outputs::new(d_features, d_head, d_bias)?,
                pointer::out("out", out)?,
            )
        };
        out.put(cpwl_diet_result::new(diet::loss(ctx, &given.problem(), &options, outputs.gradients())?));
        Ok(())
    })
}

/// The loss with some of the classes in place of all: approximate. The classes of the batch and `others`, (s) of i32 or i64, drawn
/// uniformly without replacement from the rest, stand for all; the smoothing term is exact. The sum of exponentials is
/// unbiased, its logarithm too small on average; with all other classes in `others` it is exact. `d_head` is dense.
///
/// Errors: as `cpwl_diet_loss`; CPWL_ARGUMENT (a class that is out of range, twice there or in the batch), CPWL_UNSUPPORTED
/// (CPWL_DIET_COSINE). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_sampled(
    ctx: *const cpwl_context,
    problem: *const cpwl_diet_problem,
    opts: *const cpwl_diet_options,
    others: *const cpwl_tensor,
    d_features: *mut cpwl_tensor,
    d_head: *mut cpwl_tensor,
    d_bias: *mut cpwl_tensor,
    out: *mut *mut cpwl_diet_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, given, options, others, mut outputs, out) = unsafe {
            (
                context::get(ctx)?,
                Given::read(problem, true)?,
                read_options(&options::read(opts)?)?,
                tensor::input("others", others)?,
                Outputs::new(d_features, d_head, d_bias)?,
                pointer::out("out", out)?,
            )
        };
        others.expect_rank(1, "(s)")?;
        let others = others.integers()?;
        let loss = diet::sampled_loss(ctx, &given.problem(), &options, &others, outputs.gradients())?;
        out.put(cpwl_diet_result::new(loss));
        Ok(())
    })
}

/// The numbers of a result. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_result_info(
    ctx: *const cpwl_context,
    result: *const cpwl_diet_result,
    out: *mut cpwl_diet_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, loss) = unsafe { (context::get(ctx)?, &pointer::required("result", result)?.inner) };
        let summary = cpwl_diet_summary {
            struct_size: 0,
            loss: loss.loss,
            floor: loss.floor,
            excess: loss.excess,
            d_scale: loss.scale_gradient,
            n_valid: loss.valid as i64,
            n_correct: loss.correct as i64,
            n_nonfinite: loss.nonfinite as i64,
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends an array of a result, a `cpwl_diet_array_id`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_diet_result_array(
    ctx: *const cpwl_context,
    result: *const cpwl_diet_result,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    const _: () = assert!(constants::cpwl_diet_array_id::CPWL_DIET_ENTROPIES as i32 == 5);
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
pub unsafe extern "C" fn cpwl_diet_result_free(result: *mut cpwl_diet_result) {
    // SAFETY: the words of the header to the caller.
    fence_value((), || unsafe { pointer::free(result) })
}
