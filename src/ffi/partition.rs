//! `cpwl_partition`: the linear regions of a network on a domain.

use std::ffi::c_char;

use super::cells;
use super::domain::{plane, points};
use super::fence::fence;
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{
    CPWL_WANT_COUNT_ONLY, CPWL_WANT_MAPS, CPWL_WANT_MESH, CPWL_WANT_PATTERNS, CPWL_WANT_POLYGONS, context,
    cpwl_boundary, cpwl_context, cpwl_domain, cpwl_network, cpwl_status, network::count, pointer,
};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::regions::{Color, Partition, PartitionOptions, SvgOptions, Want, partition};
use crate::view::Dtype;

/// The exact partition of a domain into the cells on which a network is affine (arXiv 2302.12828). Immutable; may be
/// shared between threads. Since 0.1.
///
/// F cells (activation cells: full-dimensional maximal sets of constant activation pattern), V vertices, E edges, C
/// polygon vertices in all. The order of everything, and every byte, is the same for any number of threads.
pub struct cpwl_partition {
    pub(super) inner: Partition,
    arrays: Vec<Lent>,
}

// SAFETY: `arrays` points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_partition {}
// SAFETY: as above.
unsafe impl Sync for cpwl_partition {}

impl cpwl_partition {
    fn new(p: Partition) -> Self {
        let (want, n_out) = (p.want(), p.network().output_len());
        let (polygons, mesh, maps) = (want.polygons, want.mesh, want.maps);
        // In the order of cpwl_partition_array_id.
        let arrays = vec![
            Lent::new::<f64>("vertices", mesh, p.vertices(), &[2]),
            Lent::new::<i64>("polygons", polygons, p.cell_offsets(), &[]),
            Lent::new::<i64>("cells of the mesh", mesh, p.cell_vertices(), &[]),
            Lent::new::<i64>("edges", mesh, p.edges(), &[2]),
            Lent::new::<i64>("edges", mesh, p.edge_cells(), &[2]),
            Lent::new::<i32>("edges", mesh, p.edge_layers(), &[]),
            Lent::new::<i64>("edges", mesh, p.edge_units(), &[]),
            Lent::new::<i32>("edges", mesh, p.edge_knots(), &[]),
            Lent::new::<f64>("polygons", polygons, p.areas(), &[]),
            Lent::new::<f64>("polygons", polygons, p.centroids(), &[2]),
            Lent::new::<f64>("affine maps", maps, p.map_a(), &[n_out, 2]),
            Lent::new::<f64>("affine maps", maps, p.map_b(), &[n_out]),
            Lent::new::<i64>("cells of the mesh", mesh, p.cell_edges(), &[]),
            Lent::new::<f64>("polygons", polygons, p.points(), &[2]),
            Lent::new::<i64>("counts", true, p.layer_cells(), &[]),
        ];
        cpwl_partition { inner: p, arrays }
    }
}

/// Options of `cpwl_partition_new`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_partition_options {
    /// `sizeof(cpwl_partition_options)`.
    pub struct_size: usize,
    /// `CPWL_WANT_*` bits: what to keep; 0 = everything.
    pub want: u32,
    /// Zero.
    pub flags: u32,
    /// More cells than this are CPWL_LIMIT; 0 = no limit.
    pub max_regions: u64,
}

/// What `cpwl_partition_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_partition_summary {
    /// `sizeof(cpwl_partition_summary)`, set by the caller.
    pub struct_size: usize,
    /// F, the number of cells.
    pub n_regions: i64,
    /// V; 0 unless the mesh was kept. V - E + F = 1.
    pub n_vertices: i64,
    /// E; 0 unless the mesh was kept.
    pub n_edges: i64,
    /// C, polygon vertices in all; 0 unless polygons were kept.
    pub n_cell_vertices: i64,
    /// Number of elements of the output of the network.
    pub n_outputs: i64,
    /// Number of units: the length of an activation pattern.
    pub n_units: i64,
    /// Number of layers of units.
    pub n_unit_layers: i64,
    /// Sum of the areas of the cells, in units of (u, v).
    pub area: f64,
    /// Area of the domain; differs from `area` by rounding only.
    pub domain_area: f64,
    /// Bound of the error of the coordinates of every vertex, in units of (u, v).
    pub vertex_error: f64,
    /// Number of signs that floating point could not settle and exact arithmetic did.
    pub exact_signs: u64,
    /// Number of signs that a bound of the error settled in f64, and those that needed double-double.
    pub filter_signs: u64,
    /// See `filter_signs`.
    pub double_signs: u64,
    /// Of `exact_signs` those that were zero: lines through vertices, lines that coincide.
    pub zero_signs: u64,
    /// Vertices that were computed exactly and rounded.
    pub exact_vertices: u64,
    /// Smallest |a u + b v + c| / (|a| + |b| + |c|) of a nonzero sign, in coordinates in which the domain is about
    /// [-1, 1]^2: how near the partition is to a degenerate one. At most 2^-33; what is larger is not measured.
    pub sign_margin: f64,
}

/// Options of `cpwl_partition_write_svg`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_svg_options {
    /// `sizeof(cpwl_svg_options)`.
    pub struct_size: usize,
    /// A `cpwl_color`; 0 = CPWL_COLOR_SLOPE.
    pub color: i32,
    /// Width in pixels; 0 = 800.
    pub width: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_partition_options {
    const NAME: &'static str = "cpwl_partition_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_partition_summary {
    const NAME: &'static str = "cpwl_partition_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_svg_options {
    const NAME: &'static str = "cpwl_svg_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

pub(super) fn want(bits: u32) -> Result<Want> {
    let known = CPWL_WANT_POLYGONS | CPWL_WANT_PATTERNS | CPWL_WANT_MAPS | CPWL_WANT_MESH;
    match bits {
        0 => Ok(Want::ALL),
        CPWL_WANT_COUNT_ONLY => Ok(Want::COUNT),
        _ if bits & CPWL_WANT_COUNT_ONLY != 0 => {
            bail!(Argument, "want is {bits:#x}; CPWL_WANT_COUNT_ONLY stands alone")
        }
        _ if bits & !known != 0 => {
            bail!(UnknownOption, "want is {bits:#x}; this version knows {:#x}", known | CPWL_WANT_COUNT_ONLY)
        }
        _ => Ok(Want {
            polygons: bits & CPWL_WANT_POLYGONS != 0,
            patterns: bits & CPWL_WANT_PATTERNS != 0,
            maps: bits & CPWL_WANT_MAPS != 0,
            mesh: bits & CPWL_WANT_MESH != 0,
        }),
    }
}

/// Computes the partition of `domain` by the units of `net`: exactly, every sign that decides topology is certified.
/// `opts` may be NULL. Free it with `cpwl_partition_free`; `net` and `domain` may be freed before.
///
/// Errors: CPWL_SHAPE (the domain does not fit the input), CPWL_UNSUPPORTED (a unit with more than 255 knots or 256
/// candidates, named), CPWL_LIMIT (max_regions, memory_limit), CPWL_MEMORY, CPWL_CANCELLED, CPWL_ARGUMENT. Nothing is kept of a partition
/// that fails. Cost: about one small matrix-vector product of the next layer per cell and layer. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_new(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    domain: *const cpwl_domain,
    opts: *const cpwl_partition_options,
    out: *mut *mut cpwl_partition,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, domain, opts, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                plane(pointer::required("domain", domain)?)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        if opts.flags != 0 {
            bail!(UnknownOption, "flags is {:#x}; expected 0", opts.flags)
        }
        let options = PartitionOptions { want: want(opts.want)?, max_regions: opts.max_regions };
        out.put(cpwl_partition::new(partition(ctx, net, domain, &options)?));
        Ok(())
    })
}

/// Frees a partition, and with it everything that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_free(partition: *mut cpwl_partition) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(partition) }
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_info(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    out: *mut cpwl_partition_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, p) = unsafe { (context::get(ctx)?, &pointer::required("partition", partition)?.inner) };
        let net = p.network();
        let summary = cpwl_partition_summary {
            struct_size: 0,
            n_regions: count(p.n_regions()),
            n_vertices: count(p.vertices().len()),
            n_edges: count(p.edges().len()),
            n_cell_vertices: count(p.points().len()),
            n_outputs: count(net.output_len()),
            n_units: count(net.n_units()),
            n_unit_layers: count(net.unit_layers().len()),
            area: p.area(),
            domain_area: p.domain_area(),
            vertex_error: p.vertex_error(),
            exact_signs: p.signs().exact,
            filter_signs: p.signs().filter,
            double_signs: p.signs().double,
            zero_signs: p.signs().zero,
            exact_vertices: p.exact_vertices(),
            sign_margin: p.signs().margin,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_partition_array_id`): fills `out` with a view of it that is valid until the partition
/// is freed, and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an array that was not kept, an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_array(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("partition", partition)?.arrays, which, out)
        }
    })
}

/// Writes the activation patterns of cells first .. first + count - 1 to `codes`, which is (count, n_units), u8, i32 or
/// i64; the codes are those of `cpwl_network_pattern`.
///
/// Errors: CPWL_ARGUMENT (no such cells, patterns that were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY,
/// CPWL_LIMIT. O(count n_units). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_patterns(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    first: i64,
    count: i64,
    codes: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            let ctx = context::get(ctx)?;
            let p = &pointer::required("partition", partition)?.inner;
            let whole = ("partition", "cells", p.n_regions());
            cells::patterns(ctx, whole, p.network(), (first, count), codes, |i, put| p.pattern(i, put))
        }
    })
}

/// Counts the connected linear pieces: cells merged across shared edges where the affine map of the outputs is exactly
/// the same on both sides. `labels` is NULL or (F), i64 or i32, and becomes the piece of each cell, numbered in the order
/// of their first cells; `count` is NULL or becomes the number of pieces. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns, maps or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_CANCELLED. Cost: O(E),
/// and exact arithmetic for each edge whose two maps are too close to tell apart. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_linear_pieces(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    labels: *mut cpwl_tensor,
    count: *mut i64,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { merged(ctx, partition, labels, count, Partition::linear_pieces) }
}

/// Counts the distinct affine maps: cells on which the outputs are exactly the same function of (u, v) count once, wherever
/// they lie. `labels` and `count` as in `cpwl_partition_linear_pieces`; activation cells >= connected linear pieces >=
/// distinct maps. Exact.
///
/// Errors: as `cpwl_partition_linear_pieces`. Cost: O(F log F) beyond it, and exact arithmetic for each two maps that are
/// too close to tell apart. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_distinct_maps(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    labels: *mut cpwl_tensor,
    count: *mut i64,
) -> cpwl_status {
    // SAFETY: the words of the header to the caller.
    unsafe { merged(ctx, partition, labels, count, Partition::distinct_maps) }
}

/// Runs one of the ways to merge cells.
///
/// # Safety
/// As the two functions that call it.
unsafe fn merged(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    labels: *mut cpwl_tensor,
    count: *mut i64,
    merge: fn(&Partition, &Context, &mut [i64]) -> Result<usize>,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, p) = unsafe { (context::get(ctx)?, &pointer::required("partition", partition)?.inner) };
        let mut labels = match labels.is_null() {
            true => None,
            // SAFETY: the words of the header to the caller.
            false => Some(unsafe { tensor::output("labels", labels)? }),
        };
        if let Some(labels) = &labels {
            labels.expect_shape(&[p.n_regions()], "(F)")?;
            labels.expect_dtype(&[Dtype::I64, Dtype::I32])?;
        }
        let mut found = ctx.meter().buffer::<i64>(p.n_regions(), "labels")?;
        let n = merge(p, ctx, &mut found)?;
        if let Some(labels) = &mut labels {
            labels.write(&found)?;
        }
        if !count.is_null() {
            // SAFETY: the words of the header to the caller.
            unsafe { count.write(n as i64) };
        }
        Ok(())
    })
}

/// Finds the cell of each point: `points` is (n, 2) in (u, v), f32, f64, f16 or bf16; `cells` is (n), i64 or i32, and
/// becomes the index of the cell or -1 outside the domain. A point on edges belongs to the cell on which the units that
/// made them are off, as they are at the point (on iff > 0), else to the first cell that touches it. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_CANCELLED. The first call prepares a search grid, O(F). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_locate(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    points: *const cpwl_tensor,
    cells: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, p, at) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("partition", partition)?.inner,
                tensor::input("points", points)?,
            )
        };
        self::points(&at)?;
        let find = |values: &[f64], found: &mut [i64]| p.locate(ctx, values.as_chunks().0, found);
        // SAFETY: the words of the header to the caller.
        unsafe { cells::locate(ctx, &at, ("cells", cells), find) }
    })
}

/// Writes the partition to an SVG file at `path`: a polygon per cell, and `boundary` (may be NULL) over it. `opts` may
/// be NULL.
///
/// Errors: CPWL_ARGUMENT (what the picture needs was not kept, an unknown colour), CPWL_IO. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_write_svg(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    boundary: *const cpwl_boundary,
    opts: *const cpwl_svg_options,
    path: *const c_char,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, p, boundary, o, path) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("partition", partition)?.inner,
                pointer::optional("boundary", boundary)?,
                options::read(opts)?,
                pointer::path("path", path)?,
            )
        };
        let color = match o.color {
            0 | 1 => Color::Slope,
            2 => Color::Area,
            3 => Color::Class,
            4 => Color::Pattern,
            other => bail!(UnknownEnum, "color is {other}; expected 0 to 4 (CPWL_COLOR_PATTERN)"),
        };
        let width = match u32::try_from(o.width) {
            Ok(0) => SvgOptions::default().width,
            Ok(width) => width,
            Err(_) => bail!(Argument, "width is {}; expected 0 (800) or more pixels", o.width),
        };
        p.write_svg(boundary.map(|b| &b.inner), &SvgOptions { color, width }, &path)
    })
}
