//! `cpwl_boundary`: where outputs tie.

use super::fence::fence;
use super::lent::{Lent, lend};
use super::network::count;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_partition, cpwl_status, cpwl_tensor, pointer};
use crate::error::bail;
use crate::regions::{Boundary, BoundaryMode};

/// Line segments of a decision boundary or level set. Immutable; may be shared between threads. Since 0.1.
pub struct cpwl_boundary {
    pub(super) inner: Boundary,
    arrays: Vec<Lent>,
}

// SAFETY: `arrays` points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_boundary {}
// SAFETY: as above.
unsafe impl Sync for cpwl_boundary {}

impl cpwl_boundary {
    fn new(b: Boundary) -> Self {
        // In the order of cpwl_boundary_array_id.
        let arrays = vec![
            Lent::new::<f64>("segments", true, b.segments(), &[2, 2]),
            Lent::new::<i64>("cells", true, b.cells(), &[]),
            Lent::new::<i32>("labels", true, b.labels(), &[2]),
            Lent::new::<u8>("flags", true, b.on_edge(), &[]),
            Lent::new::<i64>("flat cells", true, b.flat_cells(), &[]),
            Lent::new::<i32>("sides", true, b.sides(), &[2]),
            Lent::new::<i64>("polylines", true, b.polyline_offsets(), &[]),
            Lent::new::<f64>("polylines", true, b.polyline_points(), &[2]),
            Lent::new::<i64>("polylines", true, b.polyline_segments(), &[]),
            Lent::new::<i32>("polylines", true, b.polyline_labels(), &[2]),
            Lent::new::<u8>("polylines", true, b.polyline_closed(), &[]),
            Lent::new::<i64>("polylines", true, b.polyline_ends(), &[2]),
            Lent::new::<f64>("junctions", true, b.junctions(), &[2]),
        ];
        cpwl_boundary { inner: b, arrays }
    }
}

/// Options of `cpwl_boundary_new`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_boundary_options {
    /// `sizeof(cpwl_boundary_options)`.
    pub struct_size: usize,
    /// A `cpwl_boundary_mode`; 0 = CPWL_BOUNDARY_MODE_ARGMAX.
    pub mode: i32,
    /// The output of a level set.
    pub output: i32,
    /// The level of a level set.
    pub level: f64,
}

/// What `cpwl_boundary_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_boundary_summary {
    /// `sizeof(cpwl_boundary_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of segments.
    pub n_segments: i64,
    /// Number of cells on which the output of a level set equals the level everywhere.
    pub n_flat_cells: i64,
    /// Length of the segments inside cells, in units of (u, v).
    pub interior_length: f64,
    /// Length of the segments on cell edges, each counted once, in units of (u, v).
    pub on_edge_length: f64,
    /// P, the number of polylines that the segments form.
    pub n_polylines: i64,
    /// J, the number of points at which three segments or more meet.
    pub n_junctions: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_boundary_options {
    const NAME: &'static str = "cpwl_boundary_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_boundary_summary {
    const NAME: &'static str = "cpwl_boundary_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Computes the boundary of a partition that kept polygons, patterns, maps and mesh. `opts` may be NULL (the arg-max
/// boundary). Free it with `cpwl_boundary_free`; the partition may be freed before.
///
/// Errors: CPWL_ARGUMENT (something was not kept, no such output, a single output and not a level set), CPWL_NONFINITE
/// (level), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. O(F n_outputs^2) at most. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_new(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    opts: *const cpwl_boundary_options,
    out: *mut *mut cpwl_boundary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, p, o, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("partition", partition)?.inner,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        let mode = match o.mode {
            0 | 1 => BoundaryMode::Argmax,
            2 => BoundaryMode::Pairwise,
            3 => match usize::try_from(o.output) {
                Ok(output) => BoundaryMode::LevelSet { output, level: o.level },
                Err(_) => bail!(Argument, "output is {}; expected 0 or more", o.output),
            },
            other => bail!(UnknownEnum, "mode is {other}; expected 0 to 3 (CPWL_BOUNDARY_MODE_LEVEL_SET)"),
        };
        out.put(cpwl_boundary::new(p.boundary(ctx, mode)?));
        Ok(())
    })
}

/// Frees a boundary, and with it everything that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_free(boundary: *mut cpwl_boundary) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(boundary) }
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_info(
    ctx: *const cpwl_context,
    boundary: *const cpwl_boundary,
    out: *mut cpwl_boundary_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, b) = unsafe { (context::get(ctx)?, &pointer::required("boundary", boundary)?.inner) };
        let summary = cpwl_boundary_summary {
            struct_size: 0,
            n_segments: count(b.segments().len()),
            n_flat_cells: count(b.flat_cells().len()),
            interior_length: b.interior_length(),
            on_edge_length: b.on_edge_length(),
            n_polylines: count(b.polyline_closed().len()),
            n_junctions: count(b.junctions().len()),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_boundary_array_id`): fills `out` with a view of it that is valid until the boundary is
/// freed, and is not to be written to. Errors: CPWL_ARGUMENT (an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_boundary_array(
    ctx: *const cpwl_context,
    boundary: *const cpwl_boundary,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("boundary", boundary)?.arrays, which, out)
        }
    })
}
