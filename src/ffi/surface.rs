//! `cpwl_surface`: where an output has a given value in space, as a mesh.

use super::fence::fence;
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::tensor::cpwl_tensor;
use super::{context, cpwl_context, cpwl_domain, cpwl_network, cpwl_status, network::count, pointer};
use crate::error::bail;
use crate::regions::solid::{Surface, SurfaceOptions, surface};

/// The surface on which an output of a network passes through a level, inside a domain in space: the border of the solid
/// {output < level}, as a mesh of V vertices, E edges and F plane convex polygons. Immutable; may be shared between
/// threads. Since 0.1.
///
/// Vertices are named by what makes them, never by coordinates: away from the sides of the domain every edge has exactly
/// two polygons, which pass it in opposite directions (where the solid touches itself an even number). Parts of the level
/// set that do not separate lower from higher values do not belong to it.
pub struct cpwl_surface {
    inner: Surface,
    arrays: Vec<Lent>,
}

// SAFETY: `arrays` points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_surface {}
// SAFETY: as above.
unsafe impl Sync for cpwl_surface {}

impl cpwl_surface {
    fn new(s: Surface) -> Self {
        // In the order of cpwl_surface_array_id.
        let arrays = vec![
            Lent::new::<f64>("vertices", true, s.vertices(), &[3]),
            Lent::new::<i64>("polygons", true, s.polygon_offsets(), &[]),
            Lent::new::<i64>("polygons", true, s.polygon_vertices(), &[]),
            Lent::new::<f64>("gradients", true, s.gradients(), &[3]),
            Lent::new::<i64>("edges", true, s.edges(), &[2]),
            Lent::new::<i32>("edges", true, s.edge_polygons(), &[]),
        ];
        cpwl_surface { inner: s, arrays }
    }
}

/// Options of `cpwl_surface_new`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_surface_options {
    /// `sizeof(cpwl_surface_options)`.
    pub struct_size: usize,
    /// The output, counted from 0.
    pub output: i64,
    /// The level.
    pub level: f64,
    /// More cells than this are CPWL_LIMIT; 0 = no limit.
    pub max_cells: u64,
}

/// What `cpwl_surface_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_surface_summary {
    /// `sizeof(cpwl_surface_summary)`, set by the caller.
    pub struct_size: usize,
    /// V.
    pub n_vertices: i64,
    /// E.
    pub n_edges: i64,
    /// F, the number of polygons.
    pub n_polygons: i64,
    /// V - E + F.
    pub euler: i64,
    /// Area in units of (u, v, w).
    pub area: f64,
    /// Volume of the part of the domain where the output is below the level; that inside, if the surface is closed and
    /// its inside the lower one.
    pub volume_below: f64,
    /// Volume of all cells that were looked at: that of the domain, up to rounding.
    pub volume: f64,
    /// Bound of the error of the coordinates of every vertex, in units of (u, v, w).
    pub vertex_error: f64,
    /// Cells at which the search ended: the cells of the partition without those that were let go early.
    pub n_cells: i64,
    /// Cells on which the output has the level everywhere.
    pub flat_cells: i64,
    /// Number of signs that floating point could not settle and exact arithmetic did.
    pub exact_signs: u64,
    /// 1 if every edge has one polygon or two that pass it in opposite directions.
    pub is_manifold: i32,
    /// 1 if no edge has an odd number of polygons: the surface does not reach the sides of the domain.
    pub is_closed: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_surface_options {
    const NAME: &'static str = "cpwl_surface_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_surface_summary {
    const NAME: &'static str = "cpwl_surface_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Computes the surface of an output of `net` in a domain in space. Cells that cannot hold any of it, by a bound of what
/// the layers ahead can make of them, are let go early. `opts` may be NULL: output 0, level 0. Free it with
/// `cpwl_surface_free`; `net` and `domain` may be freed before.
///
/// Errors: CPWL_ARGUMENT (no such output), CPWL_NONFINITE, and those of `cpwl_partition3d_new`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_surface_new(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    domain: *const cpwl_domain,
    opts: *const cpwl_surface_options,
    out: *mut *mut cpwl_surface,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, domain, opts, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                &pointer::required("domain", domain)?.inner,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        let Ok(output) = usize::try_from(opts.output) else {
            bail!(Argument, "output is {}; expected 0 or more", opts.output)
        };
        let options = SurfaceOptions { output, level: opts.level, max_cells: opts.max_cells };
        out.put(cpwl_surface::new(surface(ctx, net, domain, &options)?));
        Ok(())
    })
}

/// Frees a surface, and with it everything that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_surface_free(surface: *mut cpwl_surface) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(surface) }
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_surface_info(
    ctx: *const cpwl_context,
    surface: *const cpwl_surface,
    out: *mut cpwl_surface_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s) = unsafe { (context::get(ctx)?, &pointer::required("surface", surface)?.inner) };
        let summary = cpwl_surface_summary {
            struct_size: 0,
            n_vertices: count(s.vertices().len()),
            n_edges: count(s.edges().len()),
            n_polygons: count(s.gradients().len()),
            euler: s.euler_characteristic(),
            area: s.area(),
            volume_below: s.volume_below(),
            volume: s.volume(),
            vertex_error: s.vertex_error(),
            n_cells: s.n_cells() as i64,
            flat_cells: s.flat_cells() as i64,
            exact_signs: s.signs().exact,
            is_manifold: i32::from(s.is_manifold()),
            is_closed: i32::from(s.is_closed()),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_surface_array_id`): fills `out` with a view of it that is valid until the surface is freed,
/// and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_surface_array(
    ctx: *const cpwl_context,
    surface: *const cpwl_surface,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("surface", surface)?.arrays, which, out)
        }
    })
}
