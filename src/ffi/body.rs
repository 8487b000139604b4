//! Domains of any dimension: simplices, polytopes, balls, the whole space, and slices of a larger input space.

use super::domain::vectors;
use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_domain, cpwl_status, network::count, pointer};
use crate::error::{Result, bail};
use crate::regions::{Body, HalfSpace};
use crate::view::TensorRef;

/// What `cpwl_domain_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_domain_summary {
    /// `sizeof(cpwl_domain_summary)`, set by the caller.
    pub struct_size: usize,
    /// Dimension d.
    pub dim: i64,
    /// Elements of the input space of a slice; d where the coordinates are the input.
    pub n_inputs: i64,
    /// 1 if the domain is bounded.
    pub bounded: i32,
    /// 1 if the domain is a polygon in the plane, which is what `cpwl_partition_new` takes.
    pub plane: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_domain_summary {
    const NAME: &'static str = "cpwl_domain_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The rows of a matrix.
fn rows<'a>(t: &TensorRef, values: &'a [f64], meaning: &str) -> Result<Vec<&'a [f64]>> {
    t.expect_rank(2, meaning)?;
    let width = t.shape()[1].max(1);
    Ok(values.chunks_exact(width).collect())
}

/// The simplex of d + 1 vertices; `vertices` is (d + 1, d). Free it with `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (vertices in a hyperplane), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_simplex(
    ctx: *const cpwl_context,
    vertices: *const cpwl_tensor,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, vertices, out) =
            unsafe { (context::get(ctx)?, tensor::input("vertices", vertices)?, pointer::out("out", out)?) };
        let values = vertices.read::<f64>(&ctx.meter())?;
        out.put(cpwl_domain { inner: Body::simplex(&rows(&vertices, &values, "(d + 1, d)")?)? });
        Ok(())
    })
}

/// The polytope of all x with a x <= b, bounded or not; `a` is (m, d), `b` is (m). Redundant rows do no harm. Free it with
/// `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (no interior, a row of zeros), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_polytope(
    ctx: *const cpwl_context,
    a: *const cpwl_tensor,
    b: *const cpwl_tensor,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, a, b, out) = unsafe {
            (context::get(ctx)?, tensor::input("a", a)?, tensor::input("b", b)?, pointer::out("out", out)?)
        };
        let meter = ctx.meter();
        let (normals, offsets) = (a.read::<f64>(&meter)?, b.read::<f64>(&meter)?);
        let normals = rows(&a, &normals, "(m, d)")?;
        b.expect_shape(&[a.shape()[0]], "(m)")?;
        let side = |(normal, offset): (&&[f64], &f64)| HalfSpace { normal: normal.to_vec(), offset: *offset };
        let sides = normals.iter().zip(offsets.iter()).map(side).collect();
        out.put(cpwl_domain { inner: Body::polytope(a.shape()[1], sides)? });
        Ok(())
    })
}

/// The ball of all x with |x - center| <= radius; `center` is (d). Free it with `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (unless radius > 0), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_ball(
    ctx: *const cpwl_context,
    center: *const cpwl_tensor,
    radius: f64,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, center, out) =
            unsafe { (context::get(ctx)?, tensor::input("center", center)?, pointer::out("out", out)?) };
        center.expect_rank(1, "(d)")?;
        out.put(cpwl_domain { inner: Body::ball(&center.read::<f64>(&ctx.meter())?, radius)? });
        Ok(())
    })
}

/// The whole space of `dim` coordinates. Free it with `cpwl_domain_free`. Errors: CPWL_SHAPE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_space(
    ctx: *const cpwl_context,
    dim: i64,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, out) = unsafe { (context::get(ctx)?, pointer::out("out", out)?) };
        let Ok(dim) = usize::try_from(dim) else { bail!(Shape, "dim is {dim}; expected 1 or more") };
        out.put(cpwl_domain { inner: Body::space(dim)? });
        Ok(())
    })
}

/// `domain` as a slice of a larger input space: its coordinates t stand for the input origin + sum over j of `t[j] axes[j]`.
/// `origin` is (D) or of the shape of the input, `axes` is (d, D) or (d, input shape): linearly independent, not
/// necessarily orthogonal or of unit length. Free it with `cpwl_domain_free`; `domain` may be freed before.
///
/// Errors: CPWL_ARGUMENT (dependent axes, a domain that is a slice already), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_embed(
    ctx: *const cpwl_context,
    domain: *const cpwl_domain,
    origin: *const cpwl_tensor,
    axes: *const cpwl_tensor,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, domain, origin, axes, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("domain", domain)?.inner,
                tensor::input("origin", origin)?,
                tensor::input("axes", axes)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        let (origin, directions) = (origin.read::<f64>(&meter)?, axes.read::<f64>(&meter)?);
        let meaning = format!("({}, D), an axis for each coordinate of the domain", domain.dim());
        let directions = vectors(&axes, &directions, domain.dim(), &meaning)?;
        out.put(cpwl_domain { inner: domain.clone().embedded(&origin, &directions)? });
        Ok(())
    })
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_info(
    ctx: *const cpwl_context,
    domain: *const cpwl_domain,
    out: *mut cpwl_domain_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, domain) = unsafe { (context::get(ctx)?, &pointer::required("domain", domain)?.inner) };
        let summary = cpwl_domain_summary {
            struct_size: 0,
            dim: count(domain.dim()),
            n_inputs: count(domain.ambient_dim().unwrap_or(domain.dim())),
            bounded: i32::from(domain.bounds().is_some()),
            plane: i32::from(domain.plane().is_some()),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}
