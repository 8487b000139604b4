//! `cpwl_domain_polyhedron`: a domain in space by its vertices.

use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_domain, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::regions::Body;
use crate::view::TensorRef;

/// A tensor of points in space, (n, 3).
pub(super) fn points(t: &TensorRef) -> Result<()> {
    t.expect_rank(2, "(n, 3)")?;
    if t.shape()[1] != 3 {
        bail!(Shape, "{} has shape {:?}; expected (n, 3)", t.name(), t.shape())
    }
    Ok(())
}

/// The convex hull of points in space: `vertices` is (n, 3), n from 4 to 512, in any order; points inside are fine. Exact.
/// Free it with `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (the points lie in a plane, too many of them), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE.
/// Cost: O(n^3). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_polyhedron(
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
        out.put(cpwl_domain { inner: Body::hull(values.as_chunks().0)? });
        Ok(())
    })
}
