//! Sets made of other sets, and of domains.

use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_domain, cpwl_set, cpwl_status, pointer, set};
use crate::convex::ConvexSet;
use crate::error::Result;

/// A domain as a convex set of the input space. Free it with `cpwl_set_free`; the domain may be freed before.
///
/// A box becomes a box that contains it, with its radius rounded up where centre and radius are not exact; a polygon, a
/// simplex and a polyhedron the hull of their vertices; half-spaces what `cpwl_set_polytope` makes of them; a slice the
/// image of such a set, rounded. Errors: CPWL_NONFINITE, CPWL_NUMERIC, CPWL_CANCELLED, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_from_domain(
    ctx: *const cpwl_context,
    domain: *const cpwl_domain,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, domain, out) = unsafe {
            (context::get(ctx)?, &pointer::required("domain", domain)?.inner, pointer::out("out", out)?)
        };
        out.put(cpwl_set::new(domain.to_set(ctx)?));
        Ok(())
    })
}

/// The image of a set under x -> matrix x + shift; `matrix` is (E, D), `shift` is (E) or NULL. Free it with `cpwl_set_free`.
///
/// Rows: the images of the rows. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_image(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    matrix: *const cpwl_tensor,
    shift: *const cpwl_tensor,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, set, matrix, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("set", set)?.inner,
                tensor::input("matrix", matrix)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        set::matrix(&matrix, Some(set.dim()), "(E, D)")?;
        let matrix = matrix.read::<f64>(&meter)?;
        let image = if shift.is_null() {
            set.image(&matrix, None)?
        } else {
            // SAFETY: as above.
            let shift = unsafe { tensor::input("shift", shift)? };
            shift.expect_rank(1, "(E)")?;
            set.image(&matrix, Some(&shift.read::<f64>(&meter)?))?
        };
        out.put(cpwl_set::new(image));
        Ok(())
    })
}

/// The Minkowski sum of two sets: all sums of a point of one and a point of the other. Free it with `cpwl_set_free`.
///
/// Rows: those of `a`, then those of `b`. Errors: CPWL_SHAPE (DIM_MISMATCH), CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_sum(
    ctx: *const cpwl_context,
    a: *const cpwl_set,
    b: *const cpwl_set,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, a, b, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("a", a)?.inner,
                &pointer::required("b", b)?.inner,
                pointer::out("out", out)?,
            )
        };
        out.put(cpwl_set::new(a.sum(b)?));
        Ok(())
    })
}

/// The product of `n` sets, in the space of all their coordinates one after the other. Free it with `cpwl_set_free`.
///
/// Rows: those of the sets in their order, with zeros for the coordinates of the others. Errors: CPWL_ARGUMENT
/// (EMPTY_REGION: no sets), CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_product(
    ctx: *const cpwl_context,
    sets: *const *const cpwl_set,
    n: i32,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { of_several(ctx, sets, n, ConvexSet::product, out) }
}

/// The convex hull of the union of `n` sets of one space. Free it with `cpwl_set_free`.
///
/// Rows: those of the sets in their order. Errors: CPWL_ARGUMENT (EMPTY_REGION: no sets), CPWL_SHAPE (DIM_MISMATCH),
/// CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_hull(
    ctx: *const cpwl_context,
    sets: *const *const cpwl_set,
    n: i32,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { of_several(ctx, sets, n, ConvexSet::hull, out) }
}

/// # Safety
/// As the callers'.
unsafe fn of_several(
    ctx: *const cpwl_context,
    sets: *const *const cpwl_set,
    n: i32,
    make: fn(&[&ConvexSet]) -> Result<ConvexSet>,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the caller's promise.
        let (_, sets, out) =
            unsafe { (context::get(ctx)?, pointer::slice("sets", sets, n)?, pointer::out("out", out)?) };
        // SAFETY: as above.
        let one = |&set: &*const cpwl_set| unsafe { Ok(&pointer::required("sets", set)?.inner) };
        let sets = sets.iter().map(one).collect::<Result<Vec<_>>>()?;
        out.put(cpwl_set::new(make(&sets)?));
        Ok(())
    })
}

/// The set scaled by `t`, 0 <= t <= 1, about its centre (the mean of its points where it has no centre): rays stay what
/// they are. Free it with `cpwl_set_free`.
///
/// Errors: CPWL_ARGUMENT (BAD_REGION: another t), CPWL_NONFINITE, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_scaled(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    t: f64,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, set, out) =
            unsafe { (context::get(ctx)?, &pointer::required("set", set)?.inner, pointer::out("out", out)?) };
        out.put(cpwl_set::new(set.scaled(t)?));
        Ok(())
    })
}
