//! Losses on embeddings: `cpwl_vcreg`, `cpwl_vicreg`, `cpwl_barlow`, `cpwl_wmse`; and `cpwl_ica`.

use super::fence::fence;
use super::hsic::expect_like;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_status, cpwl_tensor, tensor};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::hsic::{
    self, BarlowOptions, IcaOptions, Loss, Number, VcregOptions, VicregOptions, VicregVariant, WmseOptions,
};
use crate::view::{Dtype, TensorMut, TensorRef};

/// Field `set` of the option structs of losses: the weights and conventions are those in the struct, zeros too. Without it a
/// zero is the default. Since 0.1.
pub const CPWL_LOSS_AS_GIVEN: i32 = 1;

/// A loss and its terms before they are weighted. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_loss_summary {
    /// `sizeof(cpwl_loss_summary)`, set by the caller.
    pub struct_size: usize,
    /// The loss.
    pub value: f64,
    /// vcreg: variance, covariance. vicreg: invariance, variance, covariance. barlow: diagonal, others. wmse: the distance.
    pub terms: [f64; 3],
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_loss_summary {
    const NAME: &'static str = "cpwl_loss_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Options of `cpwl_vcreg`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_vcreg_options {
    /// `sizeof(cpwl_vcreg_options)`.
    pub struct_size: usize,
    /// Weight of the variance term; 0 = 1.
    pub alpha: f64,
    /// Weight of the covariance term; 0 = 1.
    pub beta: f64,
    /// Standard deviation that is asked for; 0 = 1.
    pub gamma: f64,
    /// Added to variances before the root.
    pub eps: f64,
    /// 1 = covariances over n instead of n - 1.
    pub over_n: i32,
    /// 1 = both terms over d instead of plain sums.
    pub per_feature: i32,
    /// 0 or CPWL_LOSS_AS_GIVEN.
    pub set: i32,
    /// 0.
    pub reserved: i32,
}

/// Options of `cpwl_vicreg`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_vicreg_options {
    /// `sizeof(cpwl_vicreg_options)`.
    pub struct_size: usize,
    /// Weight of the invariance term; 0 = 25.
    pub invariance: f64,
    /// Weight of the variance term; 0 = 25.
    pub variance: f64,
    /// Weight of the covariance term; 0 = 1.
    pub covariance: f64,
    /// Standard deviation that is asked for; 0 = 1.
    pub gamma: f64,
    /// Added to variances before the root; 0 = 1e-4.
    pub eps: f64,
    /// 0 = the factors of facebookresearch/vicreg, 1 = those of the paper.
    pub paper: i32,
    /// 0 or CPWL_LOSS_AS_GIVEN.
    pub set: i32,
}

/// Options of `cpwl_barlow`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_barlow_options {
    /// `sizeof(cpwl_barlow_options)`.
    pub struct_size: usize,
    /// Weight of the redundancy term; 0 = 0.005.
    pub lambda: f64,
    /// Added to variances (over n) before the root.
    pub eps: f64,
    /// 0 or CPWL_LOSS_AS_GIVEN.
    pub set: i32,
    /// 0.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_vcreg_options {
    const NAME: &'static str = "cpwl_vcreg_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_vicreg_options {
    const NAME: &'static str = "cpwl_vicreg_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_barlow_options {
    const NAME: &'static str = "cpwl_barlow_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The number, or its default where it is 0 and zeros are not meant.
fn or(set: i32, v: f64, default: f64) -> f64 {
    if v == 0.0 && set & CPWL_LOSS_AS_GIVEN == 0 { default } else { v }
}

/// A place for a gradient; NULL = none.
///
/// # Safety
/// As [`tensor::output`].
unsafe fn wanted<'a>(
    name: &'a str,
    ptr: *mut cpwl_tensor,
    like: &TensorRef,
) -> Result<Option<TensorMut<'a>>> {
    if ptr.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let out = unsafe { tensor::output(name, ptr)? };
    expect_like(&out, like)?;
    Ok(Some(out))
}

/// Runs a loss in the precision of its data, and hands out what it finds.
///
/// # Safety
/// `out` as the header says.
unsafe fn run(
    double: bool,
    gradients: &mut [Option<TensorMut>],
    out: *mut cpwl_loss_summary,
    of_f32: impl FnOnce(bool) -> Result<Loss<f32>>,
    of_f64: impl FnOnce(bool) -> Result<Loss<f64>>,
) -> Result<()> {
    fn give<T: Number>(loss: &Loss<T>, gradients: &mut [Option<TensorMut>]) -> Result<(f64, [f64; 3])> {
        for (to, g) in gradients.iter_mut().zip(&loss.gradients) {
            if let Some(to) = to {
                to.write(g)?;
            }
        }
        Ok((loss.value, loss.terms))
    }
    let any = gradients.iter().any(Option::is_some);
    let (value, terms) =
        if double { give(&of_f64(any)?, gradients)? } else { give(&of_f32(any)?, gradients)? };
    // SAFETY: the caller's promise.
    unsafe { options::write("out", out, &cpwl_loss_summary { struct_size: 0, value, terms }) }
}

/// VCReg of `z` (n, d): alpha sum_k max(0, gamma - sqrt(C_kk + eps)) + beta sum_{k != l} C_kl^2, C the covariance.
///
/// `gradient` NULL, or (n, d), f32 or f64. In f64 for f64 data, else in f32 with sums in f64. n d min(n, d) multiplications, as many
/// again for the gradient. A column of variance 0 with eps = 0 has the whole hinge and no gradient. `opts` may be NULL.
///
/// Errors: CPWL_ARGUMENT, CPWL_SHAPE (also TOO_FEW: n < 2), CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Mialon et al., arXiv 2209.14905. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_vcreg(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    opts: *const cpwl_vcreg_options,
    out: *mut cpwl_loss_summary,
    gradient: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z, o, gradient) = unsafe {
            options::check("out", out)?;
            let z = tensor::input("z", z)?;
            let gradient = wanted("gradient", gradient, &z)?;
            (context::get(ctx)?, z, options::read(opts)?, gradient)
        };
        let options = VcregOptions {
            alpha: or(o.set, o.alpha, 1.0),
            beta: or(o.set, o.beta, 1.0),
            gamma: or(o.set, o.gamma, 1.0),
            eps: o.eps,
            ddof: u32::from(o.over_n == 0),
            per_feature: o.per_feature != 0,
        };
        // SAFETY: as above.
        unsafe {
            run(
                z.dtype() == Dtype::F64,
                &mut [gradient],
                out,
                |g| hsic::vcreg(ctx, &z, &options, g),
                |g| hsic::vcreg(ctx, &z, &options, g),
            )
        }
    })
}

/// VICReg of two views (n, d), n the whole batch. `g1`, `g2` NULL, or (n, d), f32 or f64. `opts` may be NULL. The two sets of factors
/// in use differ by 2 in the variance term and by d in the invariance term: `cpwl_vicreg_options.paper`. Precision, cost and
/// errors as for `cpwl_vcreg`. Bardes et al., arXiv 2105.04906. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_vicreg(
    ctx: *const cpwl_context,
    z1: *const cpwl_tensor,
    z2: *const cpwl_tensor,
    opts: *const cpwl_vicreg_options,
    out: *mut cpwl_loss_summary,
    g1: *mut cpwl_tensor,
    g2: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z1, z2, o, g1, g2) = unsafe {
            options::check("out", out)?;
            let (z1, z2) = (tensor::input("z1", z1)?, tensor::input("z2", z2)?);
            let (g1, g2) = (wanted("g1", g1, &z1)?, wanted("g2", g2, &z2)?);
            (context::get(ctx)?, z1, z2, options::read(opts)?, g1, g2)
        };
        let options = VicregOptions {
            variant: if o.paper != 0 { VicregVariant::Paper } else { VicregVariant::Fair },
            invariance: or(o.set, o.invariance, 25.0),
            variance: or(o.set, o.variance, 25.0),
            covariance: or(o.set, o.covariance, 1.0),
            gamma: or(o.set, o.gamma, 1.0),
            eps: or(o.set, o.eps, 1e-4),
        };
        // SAFETY: as above.
        unsafe {
            run(
                double(&z1, &z2),
                &mut [g1, g2],
                out,
                |g| hsic::vicreg(ctx, &z1, &z2, &options, g),
                |g| hsic::vicreg(ctx, &z1, &z2, &options, g),
            )
        }
    })
}

fn double(z1: &TensorRef, z2: &TensorRef) -> bool {
    z1.dtype() == Dtype::F64 || z2.dtype() == Dtype::F64
}

/// Barlow Twins of two views (n, d): sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, C the cross-correlation with variances over n.
/// `g1`, `g2` NULL, or (n, d); `correlation` NULL, or (d, d); f32 or f64. Precision and errors as for `cpwl_vcreg`; CPWL_NUMERIC
/// (UNDEFINED: a constant column with eps = 0). n d^2 multiplications, twice more for gradients. Zbontar et al., arXiv
/// 2103.03230. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_barlow(
    ctx: *const cpwl_context,
    z1: *const cpwl_tensor,
    z2: *const cpwl_tensor,
    opts: *const cpwl_barlow_options,
    out: *mut cpwl_loss_summary,
    g1: *mut cpwl_tensor,
    g2: *mut cpwl_tensor,
    correlation: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z1, z2, o, g1, g2, correlation) = unsafe {
            options::check("out", out)?;
            let (z1, z2) = (tensor::input("z1", z1)?, tensor::input("z2", z2)?);
            let (g1, g2) = (wanted("g1", g1, &z1)?, wanted("g2", g2, &z2)?);
            let c =
                if correlation.is_null() { None } else { Some(tensor::output("correlation", correlation)?) };
            (context::get(ctx)?, z1, z2, options::read(opts)?, g1, g2, c)
        };
        let options = BarlowOptions { lambda: or(o.set, o.lambda, 5e-3), eps: o.eps };
        let d = z1.shape().get(1).copied().unwrap_or(0);
        let mut c = Vec::new();
        if let Some(out) = &correlation {
            out.expect_shape(&[d, d], "(d, d)")?;
            c.resize(d * d, 0.0);
        }
        let c_out = correlation.is_some();
        let (mut single, mut wide) = (c.clone(), c);
        let both = double(&z1, &z2);
        // SAFETY: as above.
        unsafe {
            run(
                both,
                &mut [g1, g2],
                out,
                |g| hsic::barlow(ctx, &z1, &z2, &options, g, c_out.then_some(&mut single[..])),
                |g| hsic::barlow(ctx, &z1, &z2, &options, g, c_out.then_some(&mut wide[..])),
            )?;
        }
        match correlation {
            Some(mut out) => out.write(if both { &wide } else { &single }),
            None => Ok(()),
        }
    })
}

/// W-MSE of two views (n, d), n > d: mean squared distance of their whitened (Cholesky), normalised rows, each view by itself;
/// `eps` in [0, 1) of the identity is mixed into its covariance. `g1`, `g2` NULL, or (n, d). In f64. Errors as for
/// `cpwl_vcreg`; CPWL_NUMERIC (a singular covariance). Ermolov et al., arXiv 2007.06346. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_wmse(
    ctx: *const cpwl_context,
    z1: *const cpwl_tensor,
    z2: *const cpwl_tensor,
    eps: f64,
    out: *mut cpwl_loss_summary,
    g1: *mut cpwl_tensor,
    g2: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z1, z2, g1, g2) = unsafe {
            options::check("out", out)?;
            let (z1, z2) = (tensor::input("z1", z1)?, tensor::input("z2", z2)?);
            let (g1, g2) = (wanted("g1", g1, &z1)?, wanted("g2", g2, &z2)?);
            (context::get(ctx)?, z1, z2, g1, g2)
        };
        let of = |g| hsic::wmse(ctx, &z1, &z2, &WmseOptions { eps }, g);
        // SAFETY: as above.
        unsafe { run(true, &mut [g1, g2], out, |_| bail!(Unsupported, "in f64 only"), of) }
    })
}

/// Options of `cpwl_ica`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_ica_options {
    /// `sizeof(cpwl_ica_options)`.
    pub struct_size: usize,
    /// Starts; 0 = 8.
    pub restarts: i32,
    /// Steps; 0 = 600.
    pub steps: i32,
    /// Rows of a step; 0 = 512.
    pub batch: i32,
    /// Random cosines of each coordinate; 0 = 16.
    pub cosines: i32,
    /// Step size; 0 = 0.02.
    pub rate: f64,
    /// Seed.
    pub seed: u64,
}

/// What `cpwl_ica` says of its answer. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_ica_summary {
    /// `sizeof(cpwl_ica_summary)`, set by the caller.
    pub struct_size: usize,
    /// The start that was taken: that with the smallest mean pairwise HSIC.
    pub best: i32,
    /// 1 if the two best starts found the same sources but for order and sign. If 0, try more starts.
    pub agree: i32,
    /// Mean pairwise HSIC of the sources.
    pub objective: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_ica_options {
    const NAME: &'static str = "cpwl_ica_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_ica_summary {
    const NAME: &'static str = "cpwl_ica_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Sources of a linear mixture `x` (n, p) of p >= 2 independent variables, at most one of them Gaussian: VCReg on random
/// features of the whitened data, restarted.
///
/// `sources` is (n, p), of mean 0 and variance 1, in no order and of no sign; `unmixing` NULL, or (p, p), with sources = (x -
/// mean) unmixing; `objectives` NULL, or (restarts): mean pairwise HSIC of the sources of each start. f32 or f64. `opts` may be NULL.
/// Mixtures that are not linear are not solved this way.
///
/// Errors: as `cpwl_vcreg`; CPWL_NUMERIC (dependent columns). 4 batch (p cosines)^2 operations a step and start. Mialon et al.,
/// arXiv 2209.14905. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_ica(
    ctx: *const cpwl_context,
    x: *const cpwl_tensor,
    opts: *const cpwl_ica_options,
    out: *mut cpwl_ica_summary,
    sources: *mut cpwl_tensor,
    unmixing: *mut cpwl_tensor,
    objectives: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, x, o, mut sources, mut others) = unsafe {
            options::check("out", out)?;
            let ctx: &Context = context::get(ctx)?;
            let mut others = Vec::new();
            for (name, ptr) in [("unmixing", unmixing), ("objectives", objectives)] {
                others.push(if ptr.is_null() { None } else { Some(tensor::output(name, ptr)?) });
            }
            (ctx, tensor::input("x", x)?, options::read(opts)?, tensor::output("sources", sources)?, others)
        };
        expect_like(&sources, &x)?;
        let default = IcaOptions::default();
        let or = |v: i32, default: usize| if v == 0 { default } else { usize::try_from(v).unwrap_or(0) };
        let options = IcaOptions {
            restarts: or(o.restarts, default.restarts),
            steps: or(o.steps, default.steps),
            batch: or(o.batch, default.batch),
            cosines: or(o.cosines, default.cosines),
            rate: if o.rate == 0.0 { default.rate } else { o.rate },
            seed: o.seed,
        };
        let p = x.shape().get(1).copied().unwrap_or(0);
        for (out, shape) in others.iter().zip([&[p, p][..], &[options.restarts]]) {
            if let Some(out) = out {
                out.expect_shape(shape, "(p, p), (restarts)")?;
            }
        }
        let found = hsic::ica(ctx, &x, &options)?;
        sources.write(&found.sources)?;
        for (out, values) in others.iter_mut().zip([&found.unmixing, &found.objectives]) {
            if let Some(out) = out {
                out.write(values)?;
            }
        }
        let summary = cpwl_ica_summary {
            struct_size: 0,
            best: i32::try_from(found.best).unwrap_or(i32::MAX),
            agree: i32::from(found.agree),
            objective: found.objectives[found.best],
        };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}
