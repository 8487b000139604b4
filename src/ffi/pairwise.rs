//! `cpwl_pairwise_hsic` and `cpwl_layer_cka`: many variables at once.

use super::fence::{fence, fence_value};
use super::hsic::{CPWL_CKA_BIASED, CPWL_CKA_DEBIASED, estimator, expect_like};
use super::variable::{self, CPWL_KERNEL_LAPLACE_L1, CPWL_KERNEL_LINEAR, CPWL_KERNEL_RBF, cpwl_variable};
use super::{context, cpwl_context, cpwl_status, cpwl_tensor, pointer, tensor};
use crate::error::{Result, bail};
use crate::fork::TryLock;
use crate::hsic::{self, FeatureKernel, LayerCka, Variable};
use crate::view::{Dtype, TensorMut, TensorRef};

fn kernel(kind: i32) -> Result<FeatureKernel> {
    Ok(match kind {
        0 | CPWL_KERNEL_RBF => FeatureKernel::Rbf,
        CPWL_KERNEL_LAPLACE_L1 => FeatureKernel::Laplace,
        CPWL_KERNEL_LINEAR => FeatureKernel::Linear,
        other => bail!(
            UnknownEnum,
            "kind is {other}; expected 0, 1 (CPWL_KERNEL_RBF), 2 or 3 (CPWL_KERNEL_LAPLACE_L1)"
        ),
    })
}

fn gammas(t: Option<TensorRef>, kind: FeatureKernel, ctx: &crate::Context) -> Result<Vec<f64>> {
    match t {
        Some(t) => {
            t.expect_rank(1, "(K) or (1)")?;
            Ok(t.read::<f64>(&ctx.meter())?.to_vec())
        }
        None if kind == FeatureKernel::Linear => Ok(vec![1.0]),
        None => bail!(Null, "gammas is NULL; only the linear kernel has none"),
    }
}

/// Checks the columns of `f` and the place for a number of each pair; the kernel and its gammas.
fn pairs(
    f: &TensorRef,
    out: &TensorMut,
    kind: i32,
    given: Option<TensorRef>,
    ctx: &crate::Context,
) -> Result<(FeatureKernel, Vec<f64>)> {
    f.expect_rank(2, "(n, K)")?;
    let k = f.shape()[1];
    out.expect_shape(&[k, k], "(K, K)")?;
    out.expect_dtype(&[Dtype::F32, Dtype::F64])?;
    out.expect_apart(f)?;
    let kind = kernel(kind)?;
    Ok((kind, gammas(given, kind, ctx)?))
}

/// HSIC of every pair of the K columns of `f` (n, K), each a variable of its own under CPWL_KERNEL_RBF (0),
/// CPWL_KERNEL_LAPLACE_L1 or CPWL_KERNEL_LINEAR.
///
/// `gammas` is (K) or (1); NULL for the linear kernel. `estimator` is CPWL_HSIC_* or CPWL_CKA_*; 0 = CPWL_HSIC_BIASED_N2. `out` is
/// (K, K), f32 or f64, symmetric; of CKA, rows and columns of constant features are NaN. K^2 n^2 / 2 multiplications, K n^2 / 2
/// kernel evaluations, memory O(K n + K^2) a thread. In f32 unless `f` is f64; sums in f64.
///
/// Errors: as `cpwl_hsic`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_pairwise_hsic(
    ctx: *const cpwl_context,
    f: *const cpwl_tensor,
    kind: i32,
    gammas: *const cpwl_tensor,
    estimator: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, f, given, mut out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("f", f)?,
                tensor::optional("gammas", gammas)?,
                tensor::output("out", out)?,
            )
        };
        let (kind, gammas) = pairs(&f, &out, kind, given, ctx)?;
        let found = match estimator {
            CPWL_CKA_BIASED => hsic::pairwise_cka(ctx, &f, kind, &gammas, false)?,
            CPWL_CKA_DEBIASED => hsic::pairwise_cka(ctx, &f, kind, &gammas, true)?,
            other => hsic::pairwise_hsic(ctx, &f, kind, &gammas, self::estimator(other)?)?,
        };
        out.write(&found)
    })
}

/// Mean HSIC over n^2 of all ordered pairs of different columns of `f`, or with `normalised` mean CKA, without the matrix: K n^2
/// operations. `gradient` NULL, or of the shape of `f`, f32 or f64. Kernels and `gammas` as in `cpwl_pairwise_hsic`, but for
/// the linear one (that is the covariance term of `cpwl_vcreg`).
///
/// Errors: as `cpwl_hsic`; CPWL_SHAPE (TOO_FEW: K < 2), CPWL_NUMERIC (UNDEFINED: a constant column, normalised). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_pairwise_mean(
    ctx: *const cpwl_context,
    f: *const cpwl_tensor,
    kind: i32,
    gammas: *const cpwl_tensor,
    normalised: i32,
    mean: *mut f64,
    gradient: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, f, given, mean, gradient) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("f", f)?,
                tensor::optional("gammas", gammas)?,
                pointer::required_mut("mean", mean)?,
                if gradient.is_null() { None } else { Some(tensor::output("gradient", gradient)?) },
            )
        };
        let kind = kernel(kind)?;
        let gammas = self::gammas(given, kind, ctx)?;
        let Some(mut gradient) = gradient else {
            *mean = hsic::pairwise_mean(ctx, &f, kind, &gammas, normalised != 0)?;
            return Ok(());
        };
        expect_like(&gradient, &f)?;
        let found = hsic::pairwise_mean_gradient(ctx, &f, kind, &gammas, normalised != 0)?;
        gradient.write(&found.gradient)?;
        *mean = found.mean;
        Ok(())
    })
}

/// Permutation tests of every pair of columns of `f` at once: `out`, (K, K), f32 or f64, becomes (1 + permutations whose HSIC over
/// n^2 reaches that of the data) / (1 + `permutations`), 1 on the diagonal. One permutation serves all pairs, as a product of
/// matrices. `permutations` 0 = 999. Kernels CPWL_KERNEL_RBF and CPWL_KERNEL_LAPLACE_L1; `gammas` as in `cpwl_pairwise_hsic`.
/// The same answer for any number of threads. Correct for the number of pairs yourself.
///
/// Errors: as `cpwl_hsic`; CPWL_UNSUPPORTED. K^2 n^2 multiplications a permutation. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_pairwise_test(
    ctx: *const cpwl_context,
    f: *const cpwl_tensor,
    kind: i32,
    gammas: *const cpwl_tensor,
    permutations: i64,
    seed: u64,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, f, given, mut out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("f", f)?,
                tensor::optional("gammas", gammas)?,
                tensor::output("out", out)?,
            )
        };
        let (kind, gammas) = pairs(&f, &out, kind, given, ctx)?;
        let count = usize::try_from(if permutations == 0 { 999 } else { permutations }).unwrap_or(0);
        out.write(&hsic::pairwise_test(ctx, &f, kind, &gammas, count, seed)?)
    })
}

/// Sums for CKA between all layers of two networks over minibatches. Changed by `cpwl_layer_cka_push`; calls at the same time
/// from two threads fail with CPWL_ARGUMENT. Since 0.1.
pub struct cpwl_layer_cka {
    inner: std::cell::UnsafeCell<LayerCka>,
    busy: TryLock,
}

// SAFETY: the cell is only entered under `busy`.
unsafe impl Sync for cpwl_layer_cka {}

impl cpwl_layer_cka {
    /// ARGUMENT if another thread is inside.
    fn enter<R>(&self, f: impl FnOnce(&mut LayerCka) -> Result<R>) -> Result<R> {
        let mut result = None;
        // SAFETY: nobody else is inside while `run` runs.
        self.busy.run(|| result = Some(f(unsafe { &mut *self.inner.get() })));
        match result {
            Some(result) => result,
            None => bail!(Argument, "the state is in use by another thread"),
        }
    }
}

/// A state without batches for `rows` layers of one network and `columns` of the other. Free it with `cpwl_layer_cka_free`. Errors:
/// CPWL_SHAPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_layer_cka_new(
    ctx: *const cpwl_context,
    rows: i64,
    columns: i64,
    out: *mut *mut cpwl_layer_cka,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, out) = unsafe { (context::get(ctx)?, pointer::out("out", out)?) };
        let size = |n: i64| usize::try_from(n).unwrap_or(0);
        let inner = LayerCka::new(size(rows), size(columns))?;
        out.put(cpwl_layer_cka { inner: inner.into(), busy: TryLock::default() });
        Ok(())
    })
}

/// Adds a batch of n >= 4 samples: `x` has the outputs of every layer of the first network, (n, width) each, and `y` those of the
/// second. n^2 (sum of widths) / 2 multiplications, n^2 rows columns more; 8 n^2 bytes a layer. The state is as it was
/// after an error. Errors: as `cpwl_hsic`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_layer_cka_push(
    ctx: *const cpwl_context,
    state: *mut cpwl_layer_cka,
    x: *const cpwl_variable,
    n_x: i32,
    y: *const cpwl_variable,
    n_y: i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, state, x, y) = unsafe {
            let ctx = context::get(ctx)?;
            (
                ctx,
                pointer::required("state", state.cast_const())?,
                variable::read_all(ctx, "x", x, n_x)?,
                variable::read_all(ctx, "y", y, n_y)?,
            )
        };
        let (x, y): (Vec<Variable>, Vec<Variable>) =
            (x.iter().map(|r| r.variable()).collect(), y.iter().map(|r| r.variable()).collect());
        state.enter(|inner| inner.push(ctx, &x, &y))
    })
}

/// Debiased CKA of every pair of layers, ratios of sums over the batches: `out` is (rows, columns), f32 or f64; NaN where a self
/// term is not positive. Errors: CPWL_SHAPE (TOO_FEW: no batch), CPWL_DTYPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_layer_cka_get(
    ctx: *const cpwl_context,
    state: *const cpwl_layer_cka,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, state, mut out) =
            unsafe { (context::get(ctx)?, pointer::required("state", state)?, tensor::output("out", out)?) };
        state.enter(|inner| {
            out.expect_shape(&inner.shape(), "(rows, columns)")?;
            out.write(&inner.cka()?)
        })
    })
}

/// Batches so far; 0 for NULL. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_layer_cka_batches(state: *const cpwl_layer_cka) -> i64 {
    // SAFETY: the words of the header to the caller.
    let batches = || unsafe { pointer::required("state", state) }?.enter(|inner| Ok(inner.batches()));
    fence_value(0, || batches().map_or(0, |b| i64::try_from(b).unwrap_or(i64::MAX)))
}

/// Frees a state. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_layer_cka_free(state: *mut cpwl_layer_cka) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(state) }
}
