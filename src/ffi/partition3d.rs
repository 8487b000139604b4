//! `cpwl_partition3d`: the linear regions of a network on a domain in space.

use super::cells;
use super::fence::fence;
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::partition::want;
use super::polyhedron::points;
use super::tensor::{self, cpwl_tensor};
use super::{
    context, cpwl_context, cpwl_domain, cpwl_network, cpwl_partition_options, cpwl_status, network::count,
    pointer,
};
use crate::error::bail;
use crate::regions::PartitionOptions;
use crate::regions::solid::{Partition3, partition3};

/// The exact partition of a domain in space into the polyhedra on which a network is affine. Immutable; may be shared
/// between threads. Since 0.1.
///
/// C cells (activation cells: full-dimensional maximal sets of constant activation pattern), V vertices, E edges, F facets;
/// V - E + F - C = 1. The order of everything, and every byte, is the same for any number of threads.
pub struct cpwl_partition3d {
    inner: Partition3,
    arrays: Vec<Lent>,
}

// SAFETY: `arrays` points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_partition3d {}
// SAFETY: as above.
unsafe impl Sync for cpwl_partition3d {}

impl cpwl_partition3d {
    fn new(p: Partition3) -> Self {
        let (want, n_out) = (p.want(), p.network().output_len());
        let (sizes, mesh, maps) = (want.polygons, want.mesh, want.maps);
        // In the order of cpwl_partition3d_array_id.
        let arrays = vec![
            Lent::new::<f64>("vertices", mesh, p.vertices(), &[3]),
            Lent::new::<i64>("edges", mesh, p.edges(), &[2]),
            Lent::new::<i64>("facets", mesh, p.facet_offsets(), &[]),
            Lent::new::<i64>("facets", mesh, p.facet_vertices(), &[]),
            Lent::new::<i64>("facets", mesh, p.facet_cells(), &[2]),
            Lent::new::<i32>("facets", mesh, p.facet_layers(), &[]),
            Lent::new::<i64>("facets", mesh, p.facet_units(), &[]),
            Lent::new::<i32>("facets", mesh, p.facet_knots(), &[]),
            Lent::new::<f64>("facets", mesh, p.facet_areas(), &[]),
            Lent::new::<i64>("cells of the mesh", mesh, p.cell_offsets(), &[]),
            Lent::new::<i64>("cells of the mesh", mesh, p.cell_vertices(), &[]),
            Lent::new::<i64>("cells of the mesh", mesh, p.cell_facet_offsets(), &[]),
            Lent::new::<i64>("cells of the mesh", mesh, p.cell_facets(), &[]),
            Lent::new::<f64>("volumes", sizes, p.volumes(), &[]),
            Lent::new::<f64>("centroids", sizes, p.centroids(), &[3]),
            Lent::new::<f64>("surface areas", mesh, p.areas(), &[]),
            Lent::new::<f64>("affine maps", maps, p.map_a(), &[n_out, 3]),
            Lent::new::<f64>("affine maps", maps, p.map_b(), &[n_out]),
            Lent::new::<i64>("counts", true, p.layer_cells(), &[]),
        ];
        cpwl_partition3d { inner: p, arrays }
    }
}

/// What `cpwl_partition3d_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_partition3d_summary {
    /// `sizeof(cpwl_partition3d_summary)`, set by the caller.
    pub struct_size: usize,
    /// C, the number of cells.
    pub n_regions: i64,
    /// V; 0 unless the mesh was kept. V - E + F - C = 1.
    pub n_vertices: i64,
    /// E; 0 unless the mesh was kept.
    pub n_edges: i64,
    /// F; 0 unless the mesh was kept.
    pub n_facets: i64,
    /// Number of elements of the output of the network.
    pub n_outputs: i64,
    /// Number of units: the length of an activation pattern.
    pub n_units: i64,
    /// Number of layers of units.
    pub n_unit_layers: i64,
    /// Sum of the volumes of the cells, in units of (u, v, w).
    pub volume: f64,
    /// Volume of the domain; differs from `volume` by rounding only.
    pub domain_volume: f64,
    /// Bound of the error of the coordinates of every vertex, in units of (u, v, w).
    pub vertex_error: f64,
    /// As in `cpwl_partition_summary`: signs by the stage that settled them.
    pub exact_signs: u64,
    /// See `exact_signs`.
    pub filter_signs: u64,
    /// See `exact_signs`.
    pub double_signs: u64,
    /// Of `exact_signs` those that were zero: planes through vertices, planes that coincide.
    pub zero_signs: u64,
    /// Vertices that were computed exactly and rounded.
    pub exact_vertices: u64,
    /// Smallest |a u + b v + c w + d| / (|a| + |b| + |c| + |d|) of a nonzero sign, in coordinates in which the domain is
    /// about [-1, 1]^3. At most 2^-33; what is larger is not measured.
    pub sign_margin: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_partition3d_summary {
    const NAME: &'static str = "cpwl_partition3d_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Computes the partition of a domain in space (of dimension 3: a box, a polyhedron, a slice of a larger input space) by
/// the units of `net`: exactly, every sign that decides topology is certified. `opts` may be NULL; of its `want`,
/// CPWL_WANT_POLYGONS stands for volumes and centroids. Free it with `cpwl_partition3d_free`; `net` and `domain` may be
/// freed before.
///
/// Errors: CPWL_SHAPE (the domain is not one in space, or does not fit the input), CPWL_UNSUPPORTED (max-pool and maxout,
/// named; a ball), CPWL_LIMIT (max_regions, memory_limit), CPWL_MEMORY, CPWL_CANCELLED, CPWL_ARGUMENT (an unbounded
/// domain). Nothing is kept of a partition that fails. Cost: about a microsecond a cell. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition3d_new(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    domain: *const cpwl_domain,
    opts: *const cpwl_partition_options,
    out: *mut *mut cpwl_partition3d,
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
        if opts.flags != 0 {
            bail!(UnknownOption, "flags is {:#x}; expected 0", opts.flags)
        }
        let options = PartitionOptions { want: want(opts.want)?, max_regions: opts.max_regions };
        out.put(cpwl_partition3d::new(partition3(ctx, net, domain, &options)?));
        Ok(())
    })
}

/// Frees a partition, and with it everything that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition3d_free(partition: *mut cpwl_partition3d) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(partition) }
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition3d_info(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition3d,
    out: *mut cpwl_partition3d_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, p) = unsafe { (context::get(ctx)?, &pointer::required("partition", partition)?.inner) };
        let (net, signs) = (p.network(), p.signs());
        let summary = cpwl_partition3d_summary {
            struct_size: 0,
            n_regions: count(p.n_regions()),
            n_vertices: count(p.vertices().len()),
            n_edges: count(p.edges().len()),
            n_facets: count(p.facet_areas().len()),
            n_outputs: count(net.output_len()),
            n_units: count(net.n_units()),
            n_unit_layers: count(net.unit_layers().len()),
            volume: p.volume(),
            domain_volume: p.domain_volume(),
            vertex_error: p.vertex_error(),
            exact_signs: signs.exact,
            filter_signs: signs.filter,
            double_signs: signs.double,
            zero_signs: signs.zero,
            exact_vertices: p.exact_vertices(),
            sign_margin: signs.margin,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_partition3d_array_id`): fills `out` with a view of it that is valid until the partition
/// is freed, and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an array that was not kept, an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition3d_array(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition3d,
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

/// Writes the activation patterns of cells first .. first + count - 1 to `codes`, as `cpwl_partition_patterns` does.
///
/// Errors: CPWL_ARGUMENT (no such cells, patterns that were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY,
/// CPWL_LIMIT. O(count n_units). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition3d_patterns(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition3d,
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

/// Finds the cell of each point: `points` is (n, 3) in (u, v, w), f32, f64, f16 or bf16; `cells` is (n), i64 or i32, and
/// becomes the index of the cell or -1 outside the domain. A point on facets belongs to the cell on which the units that
/// made them are off, as they are at the point (on iff > 0), else to the first cell that touches it. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_CANCELLED. The first call prepares a search grid, O(C). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition3d_locate(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition3d,
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
