//! `cpwl_set`: convex sets of any dimension, on which networks are made affine. What is made of other sets is in
//! `set_combine.rs`.

use super::fence::fence;
use super::lent::{Lent, lend};
use super::network::count;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::context::Meter;
use crate::convex::{ConvexSet, Norm, Side};
use crate::error::{Result, bail};
use crate::view::{Dtype, TensorRef};

/// A non-empty closed convex set in a space of some dimension D. Immutable; may be shared between threads. Since 0.1.
pub struct cpwl_set {
    pub(super) inner: ConvexSet,
    rows: Vec<Lent>,
}

// SAFETY: the lent array points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_set {}
// SAFETY: as above.
unsafe impl Sync for cpwl_set {}

impl cpwl_set {
    pub(super) fn new(inner: ConvexSet) -> Self {
        let rows = vec![Lent::new::<f64>("rows", true, inner.rows(), &[inner.dim()])];
        cpwl_set { inner, rows }
    }
}

/// What `cpwl_set_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_set_summary {
    /// `sizeof(cpwl_set_summary)`, set by the caller.
    pub struct_size: usize,
    /// Dimension D of the space.
    pub dim: i64,
    /// Dimension of the set itself, from 0 for a point to D.
    pub affine_rank: i64,
    /// Number of rows that the set is kept as: what it costs to carry it through a network.
    pub n_rows: i64,
    /// 1 if the set is bounded.
    pub bounded: i32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_set_summary {
    const NAME: &'static str = "cpwl_set_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// SHAPE unless `t` is a matrix with `width` columns. Without any rows its shape does not matter.
pub(super) fn matrix(t: &TensorRef, width: Option<usize>, meaning: &str) -> Result<()> {
    if t.is_empty() && t.shape().first() == Some(&0) {
        return Ok(());
    }
    t.expect_rank(2, meaning)?;
    match width {
        Some(width) if t.shape()[1] != width => {
            bail!(Shape, "{} has shape {:?}; expected {meaning} with {width} columns", t.name(), t.shape())
        }
        _ => Ok(()),
    }
}

/// Charges the rows of a set that has a direction along every axis: dim rows and one.
fn along_axes(meter: &Meter, dim: usize) -> Result<()> {
    meter.charge((dim + 1).saturating_mul(dim).saturating_mul(size_of::<f64>()), "a matrix of rows")
}

/// The box of all x with |x_i - center_i| <= radius_i; both are (D). A radius may be 0. Free it with `cpwl_set_free`.
///
/// In this and the other functions that make sets, tensors are f32, f64, f16 or bf16 and are taken exactly. Rows
/// (`cpwl_set_rows`): the centre, then radius_i times unit vector i for each axis. Errors: CPWL_ARGUMENT (BAD_REGION: a
/// negative radius), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_box(
    ctx: *const cpwl_context,
    center: *const cpwl_tensor,
    radius: *const cpwl_tensor,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, center, radius, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("center", center)?,
                tensor::input("radius", radius)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        center.expect_rank(1, "(D)")?;
        radius.expect_rank(1, "(D)")?;
        along_axes(&meter, center.len())?;
        out.put(cpwl_set::new(ConvexSet::boxed(&center.read::<f64>(&meter)?, &radius.read::<f64>(&meter)?)?));
        Ok(())
    })
}

/// The zonotope of all center + G t with |t_j| <= 1; `center` is (D), `generators` is G, (D, p). Free it with
/// `cpwl_set_free`.
///
/// Rows: the centre, then the columns of G. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_zonotope(
    ctx: *const cpwl_context,
    center: *const cpwl_tensor,
    generators: *const cpwl_tensor,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { columns(ctx, center, "generators", generators, ConvexSet::zonotope, out) }
}

/// The ellipsoid of all center + P t with |t|_2 <= 1; `center` is (D), `shape` is P, (D, p), of any rank. Free it with
/// `cpwl_set_free`.
///
/// Rows: the centre, then the columns of P. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_ellipsoid(
    ctx: *const cpwl_context,
    center: *const cpwl_tensor,
    shape: *const cpwl_tensor,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { columns(ctx, center, "shape", shape, ConvexSet::ellipsoid, out) }
}

/// A centre and the columns of a matrix.
///
/// # Safety
/// As the callers'.
unsafe fn columns(
    ctx: *const cpwl_context,
    center: *const cpwl_tensor,
    name: &str,
    matrix: *const cpwl_tensor,
    make: fn(&[f64], &[f64]) -> Result<ConvexSet>,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the caller's promise.
        let (ctx, center, matrix, out) = unsafe {
            (
                context::get(ctx)?,
                tensor::input("center", center)?,
                tensor::input(name, matrix)?,
                pointer::out("out", out)?,
            )
        };
        let meter = ctx.meter();
        center.expect_rank(1, "(D)")?;
        matrix.expect_rank(2, "(D, p)")?;
        if matrix.shape()[0] != center.len() {
            bail!(Shape, "{name} has shape {:?}; center has {} elements", matrix.shape(), center.len())
        }
        out.put(cpwl_set::new(make(&center.read::<f64>(&meter)?, &matrix.read::<f64>(&meter)?)?));
        Ok(())
    })
}

/// The ball of all x with |x - center|_p <= radius for p = 1, 2 or INFINITY; `center` is (D), `radius` may be 0. Free it
/// with `cpwl_set_free`.
///
/// Rows: the centre, then radius times unit vector i for each axis. Errors: CPWL_ARGUMENT (BAD_REGION: a negative radius),
/// CPWL_UNSUPPORTED (another p), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_ball(
    ctx: *const cpwl_context,
    center: *const cpwl_tensor,
    radius: f64,
    p: f64,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, center, out) =
            unsafe { (context::get(ctx)?, tensor::input("center", center)?, pointer::out("out", out)?) };
        center.expect_rank(1, "(D)")?;
        let meter = ctx.meter();
        along_axes(&meter, center.len())?;
        let center = center.read::<f64>(&meter)?;
        out.put(cpwl_set::new(ConvexSet::ball(&center, radius, Norm::of(p)?)?));
        Ok(())
    })
}

/// The hull of `points`, (n, D), and of everything in the directions `rays`, (m, D), from it; `rays` may be NULL. Free it
/// with `cpwl_set_free`.
///
/// Rows: the points, then the rays. Repeated points and flat hulls are fine. Errors: CPWL_ARGUMENT (EMPTY_REGION: no
/// points), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_vertices(
    ctx: *const cpwl_context,
    points: *const cpwl_tensor,
    rays: *const cpwl_tensor,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, points, out) =
            unsafe { (context::get(ctx)?, tensor::input("points", points)?, pointer::out("out", out)?) };
        let meter = ctx.meter();
        matrix(&points, None, "(n, D)")?;
        let dim = points.shape().get(1).copied().unwrap_or(1);
        let mut set = ConvexSet::points(dim, &points.read::<f64>(&meter)?)?;
        if !rays.is_null() {
            // SAFETY: as above.
            let rays = unsafe { tensor::input("rays", rays)? };
            matrix(&rays, Some(dim), "(m, D)")?;
            set = set.with_rays(&rays.read::<f64>(&meter)?)?;
        }
        out.put(cpwl_set::new(set));
        Ok(())
    })
}

/// The simplex of all origin + x with x >= 0 that add up to `size` at most; `origin` is (D), `size` may be 0. Free it with
/// `cpwl_set_free`.
///
/// Rows: the origin, then size times unit vector i for each axis. Errors: CPWL_ARGUMENT (BAD_REGION: a negative size),
/// CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_simplex(
    ctx: *const cpwl_context,
    origin: *const cpwl_tensor,
    size: f64,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, origin, out) =
            unsafe { (context::get(ctx)?, tensor::input("origin", origin)?, pointer::out("out", out)?) };
        origin.expect_rank(1, "(D)")?;
        let meter = ctx.meter();
        along_axes(&meter, origin.len())?;
        out.put(cpwl_set::new(ConvexSet::corner_simplex(&origin.read::<f64>(&meter)?, size)?));
        Ok(())
    })
}

/// The simplex of all x >= 0 of `dim` numbers that add up to `size`. Free it with `cpwl_set_free`.
///
/// Rows: its corners, size times unit vector i. Errors: CPWL_ARGUMENT (BAD_REGION: a negative size), CPWL_SHAPE (no
/// dimension), CPWL_NONFINITE, CPWL_LIMIT, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_probability_simplex(
    ctx: *const cpwl_context,
    dim: i64,
    size: f64,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, out) = unsafe { (context::get(ctx)?, pointer::out("out", out)?) };
        let Ok(dim) = usize::try_from(dim) else { bail!(Shape, "dim is {dim}; expected 1 or more") };
        along_axes(&ctx.meter(), dim)?;
        out.put(cpwl_set::new(ConvexSet::probability_simplex(dim, size)?));
        Ok(())
    })
}

/// The set of all x with a x <= b; `a` is (m, D), `b` is (m). It may be unbounded or flat; redundant rows do no harm. Free
/// it with `cpwl_set_free`.
///
/// In few dimensions all vertices are enumerated, otherwise ranges take linear programs; accurate to rounding times the
/// condition of the sides that meet at a vertex. Errors: CPWL_ARGUMENT (EMPTY_REGION: no x satisfies it), CPWL_UNSUPPORTED
/// (more than 64 dimensions), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_NUMERIC, CPWL_CANCELLED, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_polytope(
    ctx: *const cpwl_context,
    a: *const cpwl_tensor,
    b: *const cpwl_tensor,
    out: *mut *mut cpwl_set,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, a, b, out) = unsafe {
            (context::get(ctx)?, tensor::input("a", a)?, tensor::input("b", b)?, pointer::out("out", out)?)
        };
        let meter = ctx.meter();
        a.expect_rank(2, "(m, D)")?;
        b.expect_rank(1, "(m)")?;
        let set = ConvexSet::polytope(ctx, a.shape()[1], &a.read::<f64>(&meter)?, &b.read::<f64>(&meter)?)?;
        out.put(cpwl_set::new(set));
        Ok(())
    })
}

/// Frees a set, and with it the array that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_free(set: *mut cpwl_set) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(set) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(rows D^2) for the rank. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_info(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    out: *mut cpwl_set_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, set) = unsafe { (context::get(ctx)?, &pointer::required("set", set)?.inner) };
        let summary = cpwl_set_summary {
            struct_size: 0,
            dim: count(set.dim()),
            affine_rank: count(set.affine_rank()),
            n_rows: count(set.n_rows()),
            bounded: i32::from(set.is_bounded()),
            reserved: 0,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends the rows that the set is kept as, (n_rows, D) f64: points and directions of the space, in the order that the
/// function that made the set documents. Gradients with respect to a set come back in this form. Valid until the set is
/// freed, and not to be written to. O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_rows(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("set", set)?.rows, 1, out)
        }
    })
}

/// The support function: the largest value of a . x over the set for each row a of `directions`, (n, D), into `values`,
/// (n), f32 or f64; infinite where there is none. The smallest value is minus that of -a.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE (also where a value overflows), CPWL_MEMORY; `values` is untouched on
/// error. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_support(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    directions: *const cpwl_tensor,
    values: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, set, directions, mut values) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("set", set)?.inner,
                tensor::input("directions", directions)?,
                tensor::output("values", values)?,
            )
        };
        matrix(&directions, Some(set.dim()), "(n, D)")?;
        values.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        values.expect_apart(&directions)?;
        let found = set.support(&directions.read::<f64>(&ctx.meter())?)?;
        values.expect_shape(&[found.len()], "(n)")?;
        values.write(&found)
    })
}

/// Where the support function is taken: a point of the set for each row a of `directions`, (n, D), at which a . x is largest,
/// into `points`, (n, D), f32 or f64. Rays do not take part: in a direction without a largest value it is a point of the
/// rest. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_MEMORY; `points` is untouched on error. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_extreme(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    directions: *const cpwl_tensor,
    points: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, set, directions, mut points) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("set", set)?.inner,
                tensor::input("directions", directions)?,
                tensor::output("points", points)?,
            )
        };
        let dim = set.dim();
        matrix(&directions, Some(dim), "(n, D)")?;
        points.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        points.expect_apart(&directions)?;
        points.expect_shape(directions.shape(), "(n, D)")?;
        let values = directions.read::<f64>(&ctx.meter())?;
        if let Some(i) = values.iter().position(|x| !x.is_finite()) {
            bail!(Nonfinite, "directions[{}, {}] is {}; expected finite numbers", i / dim, i % dim, values[i])
        }
        let found = values.chunks_exact(dim).flat_map(|a| {
            let value = |j: usize| set.rows()[j * dim..][..dim].iter().zip(a).map(|(x, a)| x * a).sum();
            set.shape().extreme(Side::High, &value).point(set.rows(), dim)
        });
        points.write(&found.collect::<Vec<f64>>())
    })
}

/// Fills `points`, (n, D), f32 or f64, with points of the set, drawn with `seed`: the same for the same seed everywhere, and
/// the first n of more points. They reach all of the set, its boundary too, not uniformly; rays up to about the size of the
/// rest. Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_set_sample(
    ctx: *const cpwl_context,
    set: *const cpwl_set,
    seed: u64,
    points: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, set, mut points) = unsafe {
            (context::get(ctx)?, &pointer::required("set", set)?.inner, tensor::output("points", points)?)
        };
        points.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        points.expect_rank(2, "(n, D)")?;
        if points.shape()[1] != set.dim() {
            bail!(Shape, "points has shape {:?}; expected (n, {})", points.shape(), set.dim())
        }
        points.write(&set.sample(points.shape()[0], seed))
    })
}
