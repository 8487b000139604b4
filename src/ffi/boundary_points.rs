//! Points on and off a boundary: random samples, and the nearest points to given ones.

use super::domain::points;
use super::fence::fence;
use super::options::{self, Growable};
use super::statistics::metric;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_boundary, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::regions::Nearest;
use crate::view::{Dtype, TensorMut};

/// Options of `cpwl_boundary_sample` and `cpwl_boundary_nearest`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_boundary_points_options {
    /// `sizeof(cpwl_boundary_points_options)`.
    pub struct_size: usize,
    /// Which random points; the same seed gives the same ones on every machine.
    pub seed: u64,
    /// A `cpwl_metric`, of lengths and distances; 0 = CPWL_METRIC_DOMAIN.
    pub metric: i32,
    /// Zero.
    pub flags: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_boundary_points_options {
    const NAME: &'static str = "cpwl_boundary_points_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// # Safety
/// As `options::read`.
unsafe fn read(opts: *const cpwl_boundary_points_options) -> Result<cpwl_boundary_points_options> {
    // SAFETY: the caller's promise.
    let o = unsafe { options::read(opts)? };
    if o.flags != 0 {
        bail!(UnknownOption, "flags is {:#x}; expected 0", o.flags)
    }
    Ok(o)
}

/// An output that the caller may not want, for one number a point.
///
/// # Safety
/// As `tensor::output`.
unsafe fn column<'a>(
    name: &'a str,
    out: *mut cpwl_tensor,
    n: usize,
    dtypes: &[Dtype],
) -> Result<Option<TensorMut<'a>>> {
    if out.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    let out = unsafe { tensor::output(name, out)? };
    out.expect_shape(&[n], "(n)")?;
    out.expect_dtype(dtypes)?;
    Ok(Some(out))
}

fn expect_points(out: &TensorMut, n: usize) -> Result<()> {
    out.expect_shape(&[n, 2], "(n, 2)")?;
    out.expect_dtype(&[Dtype::F64, Dtype::F32])
}

const INTEGERS: [Dtype; 2] = [Dtype::I64, Dtype::I32];

/// Fills `points`, (n, 2), f64 or f32, with random points of the boundary in (u, v), uniform by length. `segments` and
/// `cells` are NULL or (n), i64 or i32, and become the segment and the cell on which each point lies. `opts` may be NULL.
/// Point i depends on the seed and on i alone (Philox 4x32-10), not on n or on the number of threads.
///
/// Errors: CPWL_ARGUMENT (the boundary has no length), CPWL_SHAPE, CPWL_DTYPE, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED.
/// O(segments + n log segments). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_sample(
    ctx: *const cpwl_context,
    boundary: *const cpwl_boundary,
    opts: *const cpwl_boundary_points_options,
    points: *mut cpwl_tensor,
    segments: *mut cpwl_tensor,
    cells: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, b, o, mut points) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("boundary", boundary)?.inner,
                read(opts)?,
                tensor::output("points", points)?,
            )
        };
        let n = points.shape().first().copied().unwrap_or(0);
        expect_points(&points, n)?;
        // SAFETY: the words of the header to the caller.
        let (segments, cells) =
            unsafe { (column("segments", segments, n, &INTEGERS)?, column("cells", cells, n, &INTEGERS)?) };
        let meter = ctx.meter();
        let (mut at, mut on) = (meter.buffer::<f64>(2 * n, "points")?, meter.buffer::<i64>(n, "segments")?);
        b.sample(ctx, metric(o.metric)?, o.seed, at.as_chunks_mut().0, &mut on)?;
        points.write(&at)?;
        if let Some(mut segments) = segments {
            segments.write(&on)?;
        }
        if let Some(mut cells) = cells {
            on.iter_mut().for_each(|k| *k = b.cells()[*k as usize]);
            cells.write(&on)?;
        }
        Ok(())
    })
}

/// Finds the nearest point of the boundary to each of `points`, (n, 2) in (u, v), f32, f64, f16 or bf16, which should lie
/// in the domain. `opts` may be NULL; its metric is that of the distances. Each of the outputs may be NULL: `distances`,
/// (n), f64 or f32, become the signed distances, positive on the side of the first label or of higher values (see
/// CPWL_BOUNDARY_SIDES); `nearest`, (n, 2), f64 or f32, the nearest points in (u, v); `segments`, (n), i64 or i32, the
/// segments on which those lie. For an empty boundary distances are infinite and segments -1.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. The first
/// call in each metric builds a search tree, O(segments log segments); then O(log segments) a point. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_nearest(
    ctx: *const cpwl_context,
    boundary: *const cpwl_boundary,
    points: *const cpwl_tensor,
    opts: *const cpwl_boundary_points_options,
    distances: *mut cpwl_tensor,
    nearest: *mut cpwl_tensor,
    segments: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, b, at, o) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("boundary", boundary)?.inner,
                tensor::input("points", points)?,
                read(opts)?,
            )
        };
        self::points(&at)?;
        let n = at.shape()[0];
        // SAFETY: the words of the header to the caller.
        let (distances, nearest, segments) = unsafe {
            let nearest = if nearest.is_null() { None } else { Some(tensor::output("nearest", nearest)?) };
            (
                column("distances", distances, n, &[Dtype::F64, Dtype::F32])?,
                nearest,
                column("segments", segments, n, &INTEGERS)?,
            )
        };
        if let Some(nearest) = &nearest {
            expect_points(nearest, n)?;
        }
        for out in [&distances, &nearest, &segments].into_iter().flatten() {
            out.expect_apart(&at)?;
        }
        let meter = ctx.meter();
        let values = at.read::<f64>(&meter)?;
        meter.charge(n * size_of::<Nearest>(), "nearest points")?;
        let mut found = vec![Nearest::default(); n];
        b.nearest(ctx, metric(o.metric)?, values.as_chunks().0, &mut found)?;
        if let Some(mut distances) = distances {
            distances.write(&found.iter().map(|f| f.distance).collect::<Vec<f64>>())?;
        }
        if let Some(mut nearest) = nearest {
            nearest.write(&found.iter().flat_map(|f| f.point).collect::<Vec<f64>>())?;
        }
        if let Some(mut segments) = segments {
            segments.write(&found.iter().map(|f| f.segment).collect::<Vec<i64>>())?;
        }
        Ok(())
    })
}

/// Writes the lengths of the boundary, inside cells and on cell edges (each counted once), in units of `metric` (a
/// `cpwl_metric`; 0 = CPWL_METRIC_DOMAIN) to `interior` and `on_edge`, either of which may be NULL.
///
/// Errors: CPWL_ARGUMENT (an unknown metric, a slice that f64 cannot measure in it). O(segments). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_length(
    ctx: *const cpwl_context,
    boundary: *const cpwl_boundary,
    metric: i32,
    interior: *mut f64,
    on_edge: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (b, interior, on_edge) = unsafe {
            context::get(ctx)?;
            (
                &pointer::required("boundary", boundary)?.inner,
                pointer::optional_mut("interior", interior)?,
                pointer::optional_mut("on_edge", on_edge)?,
            )
        };
        let lengths = b.lengths(self::metric(metric)?)?;
        for (out, length) in [interior, on_edge].into_iter().zip(lengths) {
            if let Some(out) = out {
                *out = length;
            }
        }
        Ok(())
    })
}
