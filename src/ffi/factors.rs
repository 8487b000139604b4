//! `cpwl_factors`: images with their factors, and what models get right on them.

use super::constants::cpwl_factor_array_id::*;
use super::factor_statistics::{self, cpwl_bootstrap_options};
use super::fence::fence;
use super::network::count;
use super::options::{self, Growable};
use super::spectrum::long;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_factor_result, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::factors::{Annotations, AnnotationsOptions, CountOptions, Form, Truth};

/// Images, the factors that are active on them, and what is a right answer. Immutable. Since 0.1.
pub struct cpwl_factors {
    inner: Annotations,
}

/// Options of `cpwl_factors_new`. Zero (NULL) is the default of every field. Tensors are of whole numbers (CPWL_U8, CPWL_U16, CPWL_I32 or
/// CPWL_I64) and used during the call only. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_factors_options {
    /// `sizeof(cpwl_factors_options)`.
    pub struct_size: usize,
    /// (n) the group of each image from 0 on, -1 = of none; NULL = no groups.
    pub groups: *const cpwl_tensor,
    /// Number of groups; 0 = as many as occur.
    pub n_groups: i64,
    /// (p) the image that each prediction of a model belongs to, -1 = to none: it is left out of numerators and averages. No image may
    /// occur twice. NULL = prediction i belongs to image i, p = n.
    pub rows: *const cpwl_tensor,
    /// (C) the group of each class, negative = none: a prediction is right if its group is that of the label. NULL = right if equal.
    pub class_groups: *const cpwl_tensor,
    /// (n + 1) instead of labels: image i accepts `accepted[offsets[i] .. offsets[i + 1]]`; none: always wrong.
    pub accepted_offsets: *const cpwl_tensor,
    /// See `accepted_offsets`.
    pub accepted: *const cpwl_tensor,
}

/// What `cpwl_factors_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_factors_summary {
    /// `sizeof(cpwl_factors_summary)`, set by the caller.
    pub struct_size: usize,
    /// Predictions that belong to an image: n of every average.
    pub n_images: i64,
    /// Predictions that a model has, p.
    pub n_predictions: i64,
    /// Number of factors, F.
    pub n_factors: i64,
    /// Number of groups, G.
    pub n_groups: i64,
    /// Distinct combinations of factors and group that occur.
    pub n_patterns: i64,
}

/// Options of `cpwl_factors_count`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_factor_count_options {
    /// `sizeof(cpwl_factor_count_options)`.
    pub struct_size: usize,
    /// Classes of the lowest accuracy to pool for CPWL_FACTOR_WORST_CLASSES; 0 = none.
    pub worst_classes: i64,
    /// 0 = whichever is faster, 1 = by planes of bits, 2 = by distinct combinations of factors. All give the same.
    pub form: i32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_factors_options {
    const NAME: &'static str = "cpwl_factors_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_factors_summary {
    const NAME: &'static str = "cpwl_factors_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_factor_count_options {
    const NAME: &'static str = "cpwl_factor_count_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// A vector of whole numbers; `None` for NULL.
///
/// # Safety
/// As [`tensor::input`].
pub(super) unsafe fn whole(name: &str, ptr: *const cpwl_tensor) -> Result<Option<Vec<i64>>> {
    // SAFETY: the caller's promise.
    let Some(t) = (unsafe { tensor::optional(name, ptr) })? else { return Ok(None) };
    t.expect_rank(1, "a vector")?;
    t.whole_numbers().map(Some)
}

/// Images of an analysis: `factors`, (n, F) of 0 and 1 in any data type, F at most 64, and `labels`, (n) classes from 0 on (NULL if
/// `accepted` is given instead). Free it with `cpwl_factors_free`. `opts` may be NULL.
///
/// Errors: CPWL_SHAPE (no images, lengths that differ, more than 64 factors), CPWL_DTYPE, CPWL_ARGUMENT (a factor that is neither 0 nor
/// 1, a negative label, a row that does not exist or occurs twice, labels and accepted labels at once), CPWL_LIMIT, CPWL_MEMORY.
/// O(n F + n log n); F + G + 2 bits and 10 bytes an image. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_new(
    ctx: *const cpwl_context,
    factors: *const cpwl_tensor,
    labels: *const cpwl_tensor,
    opts: *const cpwl_factors_options,
    out: *mut *mut cpwl_factors,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, factors, o, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("factors", factors)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        // SAFETY: as above.
        let [labels, groups, rows, map, offsets, accepted] = unsafe {
            [
                whole("labels", labels)?,
                whole("groups", o.groups)?,
                whole("rows", o.rows)?,
                whole("class_groups", o.class_groups)?,
                whole("accepted_offsets", o.accepted_offsets)?,
                whole("accepted", o.accepted)?,
            ]
        };
        let truth = match (&labels, &map, &offsets, &accepted) {
            (Some(labels), None, None, None) => Truth::Label(labels),
            (Some(labels), Some(groups), None, None) => Truth::Mapped { labels, groups },
            (None, None, Some(offsets), Some(classes)) => Truth::AnyOf { offsets, classes },
            _ => bail!(
                Argument,
                "expected labels, or labels and class_groups, or accepted_offsets and accepted; \
                 got another choice of them"
            ),
        };
        let Ok(n_groups) = usize::try_from(o.n_groups) else {
            bail!(Argument, "n_groups is {}; expected 0 or more", o.n_groups)
        };
        let options = AnnotationsOptions { groups: groups.as_deref(), n_groups, rows: rows.as_deref() };
        out.put(cpwl_factors { inner: Annotations::new(ctx, &factors, &truth, &options)? });
        Ok(())
    })
}

/// Frees images. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_free(factors: *mut cpwl_factors) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(factors) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_info(
    ctx: *const cpwl_context,
    factors: *const cpwl_factors,
    out: *mut cpwl_factors_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, a) = unsafe { (context::get(ctx)?, &pointer::required("factors", factors)?.inner) };
        let summary = cpwl_factors_summary {
            struct_size: 0,
            n_images: long(a.images()),
            n_predictions: count(a.columns()),
            n_factors: count(a.factors()),
            n_groups: count(a.groups()),
            n_patterns: count(a.patterns()),
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}

/// How factors are spread over images. Gives TOTAL (F), ACTIVE (F + 1: images with 0, 1, .. F active factors), BOTH (F, F: images
/// that have both), CORRELATION (F, F: Spearman's, which is phi here; NaN for a factor on no image or on all) and P (F, F: two-sided,
/// by Student's t). O(F^2 n / 64). Errors: CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_describe(
    ctx: *const cpwl_context,
    factors: *const cpwl_factors,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, a, out) = unsafe {
            (context::get(ctx)?, &pointer::required("factors", factors)?.inner, pointer::out("out", out)?)
        };
        let (found, f) = (a.association(ctx), a.factors());
        let result = cpwl_factor_result::new()
            .whole(CPWL_FACTOR_TOTAL, a.totals(), &[])
            .whole(CPWL_FACTOR_ACTIVE, &a.active(), &[])
            .whole(CPWL_FACTOR_BOTH, &found.both, &[f])
            .real(CPWL_FACTOR_CORRELATION, found.correlation, &[f])
            .real(CPWL_FACTOR_P, found.p, &[f]);
        out.put(result);
        Ok(())
    })
}

/// Counts right answers of M models: `predictions`, (M, p) or (p), CPWL_U8, CPWL_U16, CPWL_I32 or CPWL_I64; U16 and I32 rows are read
/// in place. A prediction that is no class is wrong. `opts` may be NULL. Gives TOTAL (F), N_CORRECT (M), CORRECT (M, F), and of G
/// groups GROUP_N (G), GROUP_TOTAL (G, F), GROUP_N_CORRECT (M, G), GROUP_CORRECT (M, G, F); WORST_CLASSES (M) if asked for.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT (the form; worst classes of images with several labels), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. One pass over the predictions, little more than the time to read them; a few bits an image for each thread.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_count(
    ctx: *const cpwl_context,
    factors: *const cpwl_factors,
    predictions: *const cpwl_tensor,
    opts: *const cpwl_factor_count_options,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, a, predictions, o, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("factors", factors)?.inner,
                tensor::input("predictions", predictions)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        let form = match o.form {
            0 => Form::Auto,
            1 => Form::Planes,
            2 => Form::Cells,
            other => bail!(UnknownEnum, "form is {other}; expected 0 to 2"),
        };
        let Ok(worst_classes) = usize::try_from(o.worst_classes) else {
            bail!(Argument, "worst_classes is {}; expected 0 or more", o.worst_classes)
        };
        let c = a.count(ctx, &predictions, &CountOptions { form, worst_classes })?;
        let (f, g) = (c.factors, c.groups);
        let mut result = cpwl_factor_result::new()
            .whole(CPWL_FACTOR_TOTAL, &c.total, &[])
            .whole(CPWL_FACTOR_N_CORRECT, &c.n_correct, &[])
            .whole(CPWL_FACTOR_CORRECT, &c.correct, &[f])
            .whole(CPWL_FACTOR_GROUP_N, &c.group_n, &[])
            .whole(CPWL_FACTOR_GROUP_TOTAL, &c.group_total, &[f])
            .whole(CPWL_FACTOR_GROUP_N_CORRECT, &c.group_n_correct, &[g])
            .whole(CPWL_FACTOR_GROUP_CORRECT, &c.group_correct, &[g, f]);
        if worst_classes > 0 {
            result = result.real(CPWL_FACTOR_WORST_CLASSES, c.worst_classes, &[]);
        }
        out.put(result);
        Ok(())
    })
}

/// Compares two models on the same images, `a` and `b`, (p) predictions each. Gives, all (F): DELTA (error ratio of a minus that of
/// b), STANDARD_ERROR of it, ONLY_A_WRONG and ONLY_B_WRONG (images that one alone gets wrong), P (McNemar's exact two-sided test
/// within the factor), HOLM and Q (the same corrected for F tests, by Holm and by Benjamini and Hochberg).
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_compare(
    ctx: *const cpwl_context,
    factors: *const cpwl_factors,
    a: *const cpwl_tensor,
    b: *const cpwl_tensor,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, annotations, a, b, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("factors", factors)?.inner,
                tensor::input("a", a)?,
                tensor::input("b", b)?,
                pointer::out("out", out)?,
            )
        };
        let found = annotations.compare(ctx, &a, &b)?;
        let result = cpwl_factor_result::new()
            .real(CPWL_FACTOR_DELTA, found.delta, &[])
            .real(CPWL_FACTOR_STANDARD_ERROR, found.standard_error, &[])
            .whole(CPWL_FACTOR_ONLY_A_WRONG, &found.only_a_wrong, &[])
            .whole(CPWL_FACTOR_ONLY_B_WRONG, &found.only_b_wrong, &[])
            .real(CPWL_FACTOR_P, found.p, &[])
            .real(CPWL_FACTOR_HOLM, found.holm, &[])
            .real(CPWL_FACTOR_Q, found.benjamini_hochberg, &[]);
        out.put(result);
        Ok(())
    })
}

/// As `cpwl_factor_bootstrap` for the predictions of one model, (p), all factors in the same resampled images. About 50 ns a replicate
/// and combination of factors that occurs. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_joint_bootstrap(
    ctx: *const cpwl_context,
    factors: *const cpwl_factors,
    predictions: *const cpwl_tensor,
    opts: *const cpwl_bootstrap_options,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, a, predictions, o, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("factors", factors)?.inner,
                tensor::input("predictions", predictions)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        let options = factor_statistics::bootstrap_options(&o)?;
        out.put(factor_statistics::resampled(a.joint_bootstrap(ctx, &predictions, &options)?));
        Ok(())
    })
}

/// Expected calibration errors of one model: `predictions`, (p), and `confidence`, (p) f32 or f64 from 0 to 1. Bin b of `bins` (0 = 15)
/// holds (b / bins, (b + 1) / bins], the first one 0 too. Gives CALIBRATION (F) and CALIBRATION_ALL (1).
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (no probability; the bins), CPWL_MEMORY. O(n F). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_factors_calibration(
    ctx: *const cpwl_context,
    factors: *const cpwl_factors,
    predictions: *const cpwl_tensor,
    confidence: *const cpwl_tensor,
    bins: i64,
    out: *mut *mut cpwl_factor_result,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, a, predictions, confidence, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("factors", factors)?.inner,
                tensor::input("predictions", predictions)?,
                tensor::input("confidence", confidence)?,
                pointer::out("out", out)?,
            )
        };
        let bins = match usize::try_from(bins) {
            Ok(0) => 15,
            Ok(bins) => bins,
            Err(_) => bail!(Argument, "bins is {bins}; expected 0 (15 bins) or more"),
        };
        let found = a.calibration(ctx, &predictions, &confidence, bins)?;
        let result = cpwl_factor_result::new().real(CPWL_FACTOR_CALIBRATION, found.factors, &[]).real(
            CPWL_FACTOR_CALIBRATION_ALL,
            vec![found.all],
            &[],
        );
        out.put(result);
        Ok(())
    })
}
