//! `cpwl_partition_stream`: regions handed out in chunks, none of them kept.

use std::ffi::c_void;

use super::fence::fence;
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::partition::want;
use super::tensor::cpwl_tensor;
use super::{context, cpwl_context, cpwl_domain, cpwl_network, cpwl_status, network::count, pointer};
use crate::error::{Result, bail};
use crate::regions::{Chunk, StreamOptions, stream};

/// Consecutive cells of a partition, while a callback looks at them. Since 0.1.
pub struct cpwl_chunk {
    arrays: Vec<Lent>,
}

/// Takes a chunk of `n_cells` cells, the first of which has index `first` in the whole partition. The chunk and what it lends
/// are gone when the callback returns. Anything but 0 ends the stream with CPWL_CANCELLED. Since 0.1.
pub type cpwl_chunk_fn = Option<
    unsafe extern "C" fn(chunk: *const cpwl_chunk, first: i64, n_cells: i64, userdata: *mut c_void) -> i32,
>;

/// Options of `cpwl_partition_stream`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_stream_options {
    /// `sizeof(cpwl_stream_options)`.
    pub struct_size: usize,
    /// `CPWL_WANT_*` bits: what the chunks hold; 0 = everything.
    pub want: u32,
    /// Zero.
    pub flags: u32,
    /// More cells than this are CPWL_LIMIT; 0 = no limit.
    pub max_regions: u64,
    /// Cells of a chunk, more or less; 0 = 4096.
    pub chunk_regions: u64,
}

/// What `cpwl_partition_stream` tells of the whole. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_stream_summary {
    /// `sizeof(cpwl_stream_summary)`, set by the caller.
    pub struct_size: usize,
    /// F, the number of cells.
    pub n_regions: i64,
    /// Number of layers of units.
    pub n_unit_layers: i64,
    /// Sum of the areas of the cells, in units of (u, v).
    pub area: f64,
    /// Area of the domain; differs from `area` by rounding only.
    pub domain_area: f64,
    /// Signs settled in f64, in double-double and exactly, and how many of the last were zero.
    pub filter_signs: u64,
    /// See `filter_signs`.
    pub double_signs: u64,
    /// See `filter_signs`.
    pub exact_signs: u64,
    /// See `filter_signs`.
    pub zero_signs: u64,
    /// As in `cpwl_partition_summary`.
    pub sign_margin: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_stream_options {
    const NAME: &'static str = "cpwl_stream_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_stream_summary {
    const NAME: &'static str = "cpwl_stream_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn arrays(chunk: &Chunk, options: &StreamOptions, n_out: usize, n_units: usize) -> Vec<Lent> {
    let want = options.want;
    let (polygons, maps) = (want.polygons || want.mesh, want.maps);
    // In the order of cpwl_chunk_array_id.
    vec![
        Lent::new::<i64>("polygons", polygons, &chunk.offsets, &[]),
        Lent::new::<f64>("polygons", polygons, chunk.points, &[2]),
        Lent::new::<f64>("polygons", polygons, chunk.areas, &[]),
        Lent::new::<u8>("patterns", want.patterns, &chunk.patterns, &[n_units]),
        Lent::new::<f64>("affine maps", maps, chunk.map_a, &[n_out, 2]),
        Lent::new::<f64>("affine maps", maps, chunk.map_b, &[n_out]),
        Lent::new::<i64>("names of vertices", want.mesh, &chunk.vertex_keys, &[2]),
        Lent::new::<i32>("edges", want.mesh, &chunk.edge_layers, &[]),
        Lent::new::<i64>("edges", want.mesh, &chunk.edge_units, &[]),
        Lent::new::<i32>("edges", want.mesh, &chunk.edge_knots, &[]),
    ]
}

/// Computes the partition of `domain` by the units of `net` and hands its cells to `take`, chunk by chunk, on the calling
/// thread, in the order that they have in a `cpwl_partition`. None is kept: memory is bounded by a few chunks a thread,
/// whatever the number of cells. `opts` may be NULL; `out` is NULL or has its `struct_size` set; `layer_cells` is NULL or
/// has room for the number of cells after each layer of units.
///
/// Errors: as `cpwl_partition_new`; CPWL_CANCELLED also if `take` says so. What `take` has seen by then is right. Cost: as
/// `cpwl_partition_new`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_stream(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    domain: *const cpwl_domain,
    opts: *const cpwl_stream_options,
    take: cpwl_chunk_fn,
    userdata: *mut c_void,
    layer_cells: *mut i64,
    out: *mut cpwl_stream_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, domain, opts) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                &pointer::required("domain", domain)?.inner,
                options::read(opts)?,
            )
        };
        if !out.is_null() {
            // SAFETY: the words of the header to the caller.
            unsafe { options::check("out", out)? };
        }
        if opts.flags != 0 {
            bail!(UnknownOption, "flags is {:#x}; expected 0", opts.flags)
        }
        let Some(take) = take else { bail!(Null, "take is NULL") };
        let options = StreamOptions {
            want: want(opts.want)?,
            max_regions: opts.max_regions,
            chunk: opts.chunk_regions,
        };
        let (n_out, n_units) = (net.output_len(), net.n_units());
        let done = stream(ctx, net, domain, &options, |chunk| {
            let lent = cpwl_chunk { arrays: arrays(chunk, &options, n_out, n_units) };
            let first = i64::try_from(chunk.first).unwrap_or(i64::MAX);
            // SAFETY: a function of the host, called as the header says.
            if unsafe { take(&lent, first, count(chunk.len()), userdata) } != 0 {
                bail!(Cancelled, "the callback of the stream asked to stop")
            }
            Ok(())
        })?;
        if !layer_cells.is_null() {
            for (i, &cells) in done.layer_cells.iter().enumerate() {
                // SAFETY: the words of the header to the caller: room for every layer.
                unsafe { layer_cells.add(i).write_unaligned(cells as i64) };
            }
        }
        if out.is_null() {
            return Ok(());
        }
        let summary = cpwl_stream_summary {
            struct_size: 0,
            n_regions: i64::try_from(done.n_regions).unwrap_or(i64::MAX),
            n_unit_layers: count(done.layer_cells.len()),
            area: done.area,
            domain_area: done.domain_area,
            filter_signs: done.signs.filter,
            double_signs: done.signs.double,
            exact_signs: done.signs.exact,
            zero_signs: done.signs.zero,
            sign_margin: done.signs.margin,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_chunk_array_id`) of a chunk, inside the callback that it was given to.
///
/// Errors: CPWL_ARGUMENT (an array that was not wanted, an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_chunk_array(
    ctx: *const cpwl_context,
    chunk: *const cpwl_chunk,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| -> Result<()> {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("chunk", chunk)?.arrays, which, out)
        }
    })
}
