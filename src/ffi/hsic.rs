//! `cpwl_hsic` and its kin.

use super::fence::fence;
use super::options::{self, Growable};
use super::variable::{self, cpwl_variable};
use super::{context, cpwl_context, cpwl_status, cpwl_tensor, pointer, tensor};
use crate::error::{Result, bail};
use crate::hsic::{self, Approximation, Estimates, Estimator, Objective, Variable};
use crate::view::{Dtype, TensorMut};

/// Estimator or objective: Tr(K H L H) / n^2, the default. Since 0.1.
pub const CPWL_HSIC_BIASED_N2: i32 = 1;
/// Estimator or objective: Tr(K H L H) / (n - 1)^2. Since 0.1.
pub const CPWL_HSIC_BIASED_NM1: i32 = 2;
/// Estimator or objective: unbiased (Song et al. 2012), n >= 4; negative values are right. Since 0.1.
pub const CPWL_HSIC_UNBIASED: i32 = 3;
/// Objective: CKA of the biased estimators. Since 0.1.
pub const CPWL_CKA_BIASED: i32 = 4;
/// Objective: CKA of the unbiased estimators, n >= 4. Since 0.1.
pub const CPWL_CKA_DEBIASED: i32 = 5;

/// HSIC and CKA of two variables. What has no value is NaN. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_hsic_summary {
    /// `sizeof(cpwl_hsic_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of rows.
    pub n: i64,
    /// Tr(K H L H) / n^2 of x and y, of x and x, of y and y.
    pub biased: [f64; 3],
    /// Unbiased HSIC, in the same order; NaN for n < 4.
    pub unbiased: [f64; 3],
    /// CKA; NaN for a constant variable.
    pub cka: f64,
    /// Debiased CKA; NaN for n < 4, and where an unbiased self term is not positive.
    pub cka_debiased: f64,
    /// gamma of the first kernel of x and of y, as given or found; 0 if it has none.
    pub gamma: [f64; 2],
    /// How far an approximation may be off: `cpwl_hsic_random_features`, `cpwl_hsic_nystrom`; else 0.
    pub error: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_hsic_summary {
    const NAME: &'static str = "cpwl_hsic_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn summary(e: &Estimates, gamma: [f64; 2], error: f64) -> cpwl_hsic_summary {
    cpwl_hsic_summary {
        struct_size: 0,
        n: i64::try_from(e.n).unwrap_or(i64::MAX),
        biased: e.biased,
        unbiased: e.unbiased,
        cka: e.cka(false).unwrap_or(f64::NAN),
        cka_debiased: e.cka(true).unwrap_or(f64::NAN),
        gamma,
        error,
    }
}

/// Code 0 is the first.
pub(super) fn estimator(code: i32) -> Result<Estimator> {
    Ok(match code {
        0 | CPWL_HSIC_BIASED_N2 => Estimator::BiasedN2,
        CPWL_HSIC_BIASED_NM1 => Estimator::BiasedNm1,
        CPWL_HSIC_UNBIASED => Estimator::Unbiased,
        other => bail!(UnknownEnum, "estimator is {other}; expected 0 to 3 (CPWL_HSIC_UNBIASED)"),
    })
}

fn objective(code: i32) -> Result<Objective> {
    Ok(match code {
        CPWL_CKA_BIASED => Objective::Cka(false),
        CPWL_CKA_DEBIASED => Objective::Cka(true),
        _ if (0..=3).contains(&code) => Objective::Hsic(estimator(code)?),
        other => bail!(UnknownEnum, "objective is {other}; expected 0 to 5 (CPWL_CKA_DEBIASED)"),
    })
}

/// SHAPE or DTYPE unless `out` can take the gradient of `data`, whose shape it must have.
pub(super) fn expect_like(out: &TensorMut, data: &crate::view::TensorRef) -> Result<()> {
    out.expect_dtype(&[Dtype::F32, Dtype::F64])?;
    out.expect_shape(data.shape(), &format!("the shape of {}", data.name()))?;
    out.expect_apart(data)
}

/// HSIC of x and y in one pass: biased, unbiased, self terms and CKA together, in `out`.
///
/// `require` is 0, or the estimator or objective (CPWL_HSIC_*, CPWL_CKA_*) that must have a value: the call fails where it has none
/// (TOO_FEW rows; UNDEFINED, for CKA of a constant variable). Gram matrices are never formed: memory is O(n) and some tiles a
/// thread. n^2 (d_x + d_y) / 2 multiplications and n^2 kernel evaluations; two linear kernels cost n d_x d_y if that is
/// less; one column each with Laplace (or distance) kernels n log n.
///
/// Errors: CPWL_ARGUMENT (kernel parameters; a given Gram matrix that is not symmetric), CPWL_SHAPE (also TOO_FEW),
/// CPWL_DTYPE, CPWL_NONFINITE (with the index), CPWL_NUMERIC (UNDEFINED, ZERO_MEDIAN), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Bit-identical for any number of threads. Gretton et al. 2005; Song et al. 2012; Kornblith et al., arXiv
/// 1905.00414. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic(
    ctx: *const cpwl_context,
    x: *const cpwl_variable,
    y: *const cpwl_variable,
    require: i32,
    out: *mut cpwl_hsic_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, y) = unsafe {
            let ctx = context::get(ctx)?;
            options::check("out", out)?;
            (ctx, variable::read(ctx, "x", x)?, variable::read(ctx, "y", y)?)
        };
        let wanted = objective(require)?;
        let found = hsic::hsic(ctx, &x.variable(), &y.variable())?;
        if require != 0 {
            match wanted {
                Objective::Hsic(e) => found.hsic(e)?,
                Objective::Cka(debiased) => found.cka(debiased)?,
            };
        }
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary(&found, [x.gamma(), y.gamma()], 0.0)) }
    })
}

/// The value of an objective (CPWL_HSIC_*, CPWL_CKA_*; 0 = CPWL_HSIC_BIASED_N2) and its gradients.
///
/// `dx` and `dy` have the shapes of x and y, f32 or f64; `dy` may be NULL. `dgamma` NULL, or two numbers: derivatives in the
/// gamma of x and, with `dy`, of y, NaN where the kernel has none. `out` NULL, or all estimators. Kernels of one factor, not given
/// Gram matrices. Where rows coincide, the kinks of CPWL_KERNEL_EXP_L2, CPWL_KERNEL_LAPLACE_L1 and CPWL_KERNEL_DISTANCE
/// count as 0. Two passes, O(n) memory beside the gradients.
///
/// Errors: as `cpwl_hsic`; CPWL_UNSUPPORTED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic_gradient(
    ctx: *const cpwl_context,
    x: *const cpwl_variable,
    y: *const cpwl_variable,
    objective: i32,
    value: *mut f64,
    dx: *mut cpwl_tensor,
    dy: *mut cpwl_tensor,
    dgamma: *mut f64,
    out: *mut cpwl_hsic_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, y, value, mut dx, mut dy, dgamma) = unsafe {
            let ctx = context::get(ctx)?;
            if !out.is_null() {
                options::check("out", out)?;
            }
            (
                ctx,
                variable::read(ctx, "x", x)?,
                variable::read(ctx, "y", y)?,
                pointer::required_mut("value", value)?,
                tensor::output("dx", dx)?,
                if dy.is_null() { None } else { Some(tensor::output("dy", dy)?) },
                pointer::slice_mut("dgamma", dgamma, if dgamma.is_null() { 0 } else { 2 })?,
            )
        };
        expect_like(&dx, x.single()?.0)?;
        if let Some(dy) = &dy {
            expect_like(dy, y.single()?.0)?;
        }
        let found =
            hsic::gradient(ctx, &x.variable(), &y.variable(), self::objective(objective)?, dy.is_some())?;
        dx.write(&found.x)?;
        if let Some(dy) = &mut dy {
            dy.write(&found.y)?;
        }
        *value = found.value;
        dgamma.iter_mut().zip(found.gamma).for_each(|(d, g)| *d = g);
        if out.is_null() {
            return Ok(());
        }
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary(&found.estimates, [x.gamma(), y.gamma()], 0.0)) }
    })
}

/// The bandwidth of `x`, (n, d) or (n), by a rule (CPWL_BANDWIDTH_*; 0 = CPWL_BANDWIDTH_HALF): `sigma`, with gamma = 1 / (2
/// sigma^2). `fallback` > 0 is taken where the median is 0. `rows` NULL, or how many rows were used: all up to 4096, then a
/// sample of so many by `seed`. Exact by selection, without storing distances.
///
/// Errors: CPWL_SHAPE (TOO_FEW: n < 2), CPWL_NUMERIC (ZERO_MEDIAN), and those of `cpwl_hsic`. n^2 d operations a few times.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic_bandwidth(
    ctx: *const cpwl_context,
    x: *const cpwl_tensor,
    rule: i32,
    fallback: f64,
    seed: u64,
    sigma: *mut f64,
    rows: *mut i64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, sigma, rows) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("x", x)?,
                pointer::required_mut("sigma", sigma)?,
                pointer::optional_mut("rows", rows)?,
            )
        };
        let found = hsic::bandwidth(ctx, &x, variable::rule(rule)?, fallback, seed)?;
        *sigma = found.sigma;
        if let Some(rows) = rows {
            *rows = i64::try_from(found.rows).unwrap_or(i64::MAX);
        }
        Ok(())
    })
}

/// dHSIC of `d` variables: joint independence (Pfister et al. 2018); for two it is HSIC over n^2. `gradients` NULL, or `d`
/// tensors of the shapes of the variables, f32 or f64. Computed in f64; d n^2 / 2 kernel evaluations, O(d n) memory.
///
/// Errors: as `cpwl_hsic_gradient`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_dhsic(
    ctx: *const cpwl_context,
    variables: *const cpwl_variable,
    d: i32,
    value: *mut f64,
    gradients: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, read, value) = unsafe {
            let ctx = context::get(ctx)?;
            let read = variable::read_all(ctx, "variables", variables, d)?;
            (ctx, read, pointer::required_mut("value", value)?)
        };
        let all: Vec<Variable> = read.iter().map(|r| r.variable()).collect();
        if gradients.is_null() {
            *value = hsic::dhsic(ctx, &all)?;
            return Ok(());
        }
        let mut outs = Vec::new();
        for (k, r) in read.iter().enumerate() {
            // SAFETY: the words of the header to the caller: as many tensors as variables.
            let out = unsafe { tensor::output("gradients", gradients.add(k))? };
            expect_like(&out, r.single()?.0)?;
            outs.push(out);
        }
        let (found, of) = hsic::dhsic_gradient(ctx, &all)?;
        for (out, g) in outs.iter_mut().zip(&of) {
            out.write(g)?;
        }
        *value = found;
        Ok(())
    })
}

/// Features cos(x w + b) sqrt(2 / m) whose products are the kernel on average (Rahimi and Recht 2007): fills `w` (d, m) and `b`
/// (m), f32 or f64, for CPWL_KERNEL_RBF, CPWL_KERNEL_LAPLACE_L1 or CPWL_KERNEL_EXP_L2 with this `gamma`. The same for the
/// same seed. Errors: CPWL_ARGUMENT, CPWL_SHAPE, CPWL_DTYPE, CPWL_UNSUPPORTED (other kernels). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_random_features(
    ctx: *const cpwl_context,
    kind: i32,
    gamma: f64,
    seed: u64,
    w: *mut cpwl_tensor,
    b: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, mut w, mut b) =
            unsafe { (context::get(ctx)?, tensor::output("w", w)?, tensor::output("b", b)?) };
        let kernel = match kind {
            variable::CPWL_KERNEL_RBF => hsic::Kernel::Rbf { gamma },
            variable::CPWL_KERNEL_LAPLACE_L1 => hsic::Kernel::LaplaceL1 { gamma },
            variable::CPWL_KERNEL_EXP_L2 => hsic::Kernel::ExpL2 { gamma },
            other => bail!(
                Unsupported,
                "kind is {other}; expected 1 (CPWL_KERNEL_RBF), 3 or 4 (CPWL_KERNEL_EXP_L2)"
            ),
        };
        w.expect_rank(2, "(d, m)")?;
        b.expect_shape(&w.shape()[1..], "(m)")?;
        let (weights, phases) = hsic::random_features(kernel, w.shape()[0], w.shape()[1], seed)?;
        w.write(&weights)?;
        b.write(&phases)
    })
}

fn approximation(found: &Approximation) -> cpwl_hsic_summary {
    summary(&found.estimates, [0.0; 2], found.error)
}

/// HSIC of the features cos(x w + b) sqrt(2 / m) of x (n, d_x) and of y: all estimators, and in `error` a standard error of
/// the biased HSIC over groups of features (NaN for m < 8). n m_x m_y multiplications. Errors: as `cpwl_hsic`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic_random_features(
    ctx: *const cpwl_context,
    x: *const cpwl_tensor,
    wx: *const cpwl_tensor,
    bx: *const cpwl_tensor,
    y: *const cpwl_tensor,
    wy: *const cpwl_tensor,
    by: *const cpwl_tensor,
    out: *mut cpwl_hsic_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, wx, bx, y, wy, by) = unsafe {
            options::check("out", out)?;
            (
                context::get(ctx)?,
                tensor::input("x", x)?,
                tensor::input("wx", wx)?,
                tensor::input("bx", bx)?,
                tensor::input("y", y)?,
                tensor::input("wy", wy)?,
                tensor::input("by", by)?,
            )
        };
        let meter = ctx.meter();
        let (wx, bx, wy, by) = (
            wx.read::<f64>(&meter)?,
            bx.read::<f64>(&meter)?,
            wy.read::<f64>(&meter)?,
            by.read::<f64>(&meter)?,
        );
        let found = hsic::hsic_random_features(ctx, (&x, &wx, &bx), (&y, &wy, &by))?;
        // SAFETY: as above.
        unsafe { options::write("out", out, &approximation(&found)) }
    })
}

/// Numbers of rows, checked by the room.
fn indices(name: &str, t: &crate::view::TensorRef) -> Result<Vec<usize>> {
    t.expect_rank(1, "(m)")?;
    t.expect_dtype(&[Dtype::I64, Dtype::I32])?;
    let all = t.integers()?;
    let index = |v: i64| match usize::try_from(v) {
        Ok(v) => Ok(v),
        Err(_) => bail!(Argument, "{name} has {v}; expected indices from 0"),
    };
    all.into_iter().map(index).collect()
}

/// HSIC with Nystrom features from rows `landmarks_x` of x and `landmarks_y` of y (i64 or i32): all estimators, and in
/// `error` a bound on the biased HSIC that is missing, for kernels with k(x, x) <= 1. Eigenvalues up to `rcond` times the
/// largest are dropped; 0 = 1e-10. n m^2 operations. Errors: as `cpwl_hsic`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic_nystrom(
    ctx: *const cpwl_context,
    x: *const cpwl_variable,
    landmarks_x: *const cpwl_tensor,
    y: *const cpwl_variable,
    landmarks_y: *const cpwl_tensor,
    rcond: f64,
    out: *mut cpwl_hsic_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, y, a, b) = unsafe {
            options::check("out", out)?;
            let ctx = context::get(ctx)?;
            (
                ctx,
                variable::read(ctx, "x", x)?,
                variable::read(ctx, "y", y)?,
                tensor::input("landmarks_x", landmarks_x)?,
                tensor::input("landmarks_y", landmarks_y)?,
            )
        };
        let ((tx, kx), (ty, ky)) = (x.single()?, y.single()?);
        let (a, b) = (indices("landmarks_x", &a)?, indices("landmarks_y", &b)?);
        let found = hsic::hsic_nystrom(ctx, (tx, kx, &a), (ty, ky, &b), rcond)?;
        // SAFETY: as above.
        unsafe { options::write("out", out, &approximation(&found)) }
    })
}

/// What `cpwl_hsic_blocks` finds. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_hsic_blocks_summary {
    /// `sizeof(cpwl_hsic_blocks_summary)`, set by the caller.
    pub struct_size: usize,
    /// Blocks.
    pub blocks: i64,
    /// Rows behind the last block, which are left out.
    pub dropped: i64,
    /// Mean unbiased HSIC over the blocks.
    pub hsic: f64,
    /// Its standard error; NaN for one block.
    pub error: f64,
    /// Mean over standard error: normal under independence, for many blocks.
    pub z: f64,
    /// One-sided probability of a z as large.
    pub p: f64,
    /// Ratio of mean HSIC, never the mean of ratios; NaN where a mean self term is not positive.
    pub cka: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_hsic_blocks_summary {
    const NAME: &'static str = "cpwl_hsic_blocks_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// HSIC and CKA from blocks of `size` >= 4 rows of x and y (Zaremba et al. 2013; Nguyen et al. 2021): time and memory linear in
/// n. `batches` NULL, or (n / size) numbers, f32 or f64: HSIC of each block. Errors: as `cpwl_hsic`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_hsic_blocks(
    ctx: *const cpwl_context,
    x: *const cpwl_variable,
    y: *const cpwl_variable,
    size: i64,
    out: *mut cpwl_hsic_blocks_summary,
    batches: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, y, mut batches) = unsafe {
            options::check("out", out)?;
            let ctx = context::get(ctx)?;
            (
                ctx,
                variable::read(ctx, "x", x)?,
                variable::read(ctx, "y", y)?,
                if batches.is_null() { None } else { Some(tensor::output("batches", batches)?) },
            )
        };
        let found = hsic::hsic_blocks(ctx, x.single()?, y.single()?, usize::try_from(size).unwrap_or(0))?;
        if let Some(batches) = &mut batches {
            batches.expect_shape(&[found.batches.len()], "(n / size)")?;
            batches.write(&found.batches)?;
        }
        let rows = i64::try_from(x.single()?.0.shape()[0]).unwrap_or(i64::MAX);
        let summary = cpwl_hsic_blocks_summary {
            struct_size: 0,
            blocks: rows / size,
            dropped: rows % size,
            hsic: found.hsic,
            error: found.error,
            z: found.z,
            p: found.p,
            cka: found.cka.unwrap_or(f64::NAN),
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}
