//! `cpwl_domain`: where to partition. Boxes of any dimension and plane domains; the others are in `body.rs`.

use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::regions::{Body, Domain};
use crate::view::TensorRef;

/// A convex domain of dimension d. Its coordinates are the input of the network or, for a slice, span a part of its input
/// space; in the plane they are called (u, v). Immutable; may be shared between threads. Since 0.1.
pub struct cpwl_domain {
    pub(super) inner: Body,
}

impl cpwl_domain {
    fn plane(domain: Domain) -> Self {
        cpwl_domain { inner: domain.into() }
    }
}

/// The domain as a polygon, for what works in the plane only.
pub(super) fn plane(domain: &cpwl_domain) -> Result<&Domain> {
    match domain.inner.plane() {
        Some(plane) => Ok(plane),
        None => bail!(Shape, "the domain has dimension {}; expected a plane domain", domain.inner.dim()),
    }
}

/// A tensor of points in the plane, (n, 2).
pub(super) fn points(t: &TensorRef) -> Result<()> {
    t.expect_rank(2, "(n, 2)")?;
    if t.shape()[1] != 2 {
        bail!(Shape, "{} has shape {:?}; expected (n, 2)", t.name(), t.shape())
    }
    Ok(())
}

/// The `n` vectors of a tensor of shape (n, D..), each flattened.
pub(super) fn vectors<'a>(
    t: &TensorRef,
    values: &'a [f64],
    n: usize,
    meaning: &str,
) -> Result<Vec<&'a [f64]>> {
    if t.shape().len() < 2 || t.shape()[0] != n || t.is_empty() {
        bail!(Shape, "{} has shape {:?}; expected {meaning}", t.name(), t.shape())
    }
    Ok(values.chunks_exact(t.len() / n).collect())
}

/// The box of all x with lo_i <= x_i <= hi_i; `lo` and `hi` are (d): d = 2 is a plane domain. Free it with
/// `cpwl_domain_free`.
///
/// In this and the other domain functions tensors are f32, f64, f16 or bf16, and are taken exactly. Errors:
/// CPWL_ARGUMENT (unless lo < hi), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_box(
    ctx: *const cpwl_context,
    lo: *const cpwl_tensor,
    hi: *const cpwl_tensor,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, lo, hi, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("lo", lo)?,
                tensor::input("hi", hi)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        lo.expect_rank(1, "(d)")?;
        hi.expect_rank(1, "(d)")?;
        out.put(cpwl_domain { inner: Body::boxed(&lo.read::<f64>(&meter)?, &hi.read::<f64>(&meter)?)? });
        Ok(())
    })
}

/// A convex polygon; `vertices` is (m, 2) in order. Clockwise ones are turned round, repeated and collinear ones are
/// dropped.
///
/// Errors: CPWL_ARGUMENT (fewer than three vertices, zero area, sides that cross), CPWL_UNSUPPORTED (not convex),
/// CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_polygon(
    ctx: *const cpwl_context,
    vertices: *const cpwl_tensor,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, vertices, out) =
            unsafe { (context::get(ctx)?, tensor::input("vertices", vertices)?, pointer::out("out", out)?) };
        points(&vertices)?;
        let values = vertices.read::<f64>(&ctx.meter())?;
        out.put(cpwl_domain::plane(Domain::convex(values.as_chunks().0)?));
        Ok(())
    })
}

/// The slice `x = origin + u axes[0] + v axes[1]` of the input space, with (u, v) in a convex polygon.
///
/// `origin` is (D) or of the shape of the input, `axes` is (2, D) or (2, input shape): linearly independent, not
/// necessarily orthogonal or of unit length. `polygon` is (m, 2), or NULL for [-1, 1] x [-1, 1].
///
/// Errors: CPWL_ARGUMENT (dependent axes), and those of `cpwl_domain_polygon`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_slice(
    ctx: *const cpwl_context,
    origin: *const cpwl_tensor,
    axes: *const cpwl_tensor,
    polygon: *const cpwl_tensor,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, origin, axes, polygon, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("origin", origin)?,
                tensor::input("axes", axes)?,
                tensor::optional("polygon", polygon)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        let (origin, directions) = (origin.read::<f64>(&meter)?, axes.read::<f64>(&meter)?);
        let directions = vectors(&axes, &directions, 2, "(2, D)")?;
        let square = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
        let inner = match polygon {
            None => Domain::slice(&origin, [directions[0], directions[1]], &square)?,
            Some(polygon) => {
                points(&polygon)?;
                let polygon = polygon.read::<f64>(&meter)?;
                Domain::slice(&origin, [directions[0], directions[1]], polygon.as_chunks().0)?
            }
        };
        out.put(cpwl_domain::plane(inner));
        Ok(())
    })
}

/// The slice through three points a, b, c of the input space: `anchors` is (3, D) or (3, input shape). The origin is a,
/// the axes are b - a and c - a (rounded to f64), so that a, b, c stand at (u, v) = (0, 0), (1, 0), (0, 1). The polygon
/// is the square from -margin to 1 + margin.
///
/// Errors: as `cpwl_domain_slice`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_slice_anchors(
    ctx: *const cpwl_context,
    anchors: *const cpwl_tensor,
    margin: f64,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, anchors, out) =
            unsafe { (context::get(ctx)?, tensor::input("anchors", anchors)?, pointer::out("out", out)?) };
        let values = anchors.read::<f64>(&ctx.meter())?;
        let points = vectors(&anchors, &values, 3, "(3, D)")?;
        out.put(cpwl_domain::plane(Domain::slice_through([points[0], points[1], points[2]], margin)?));
        Ok(())
    })
}

/// Frees a domain. NULL is fine. Partitions made with it stay valid. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_free(domain: *mut cpwl_domain) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(domain) }
}
