//! `cpwl_statistics`: what the cells of a partition look like.

use super::fence::fence;
use super::lent::{Lent, lend};
use super::network::count;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_partition, cpwl_status, cpwl_tensor, pointer};
use crate::error::{Result, bail};
use crate::regions::{Metric, Quantity, Statistics};

/// Statistics of a partition, cell by cell and in total. Immutable; may be shared between threads. Since 0.1.
pub struct cpwl_statistics {
    inner: Statistics,
    arrays: Vec<Lent>,
}

// SAFETY: `arrays` points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_statistics {}
// SAFETY: as above.
unsafe impl Sync for cpwl_statistics {}

impl cpwl_statistics {
    fn new(s: Statistics) -> Self {
        let [spectral, frobenius] = s.slopes().unwrap_or_default();
        let maps = s.slopes().is_some();
        // In the order of cpwl_statistics_array_id.
        let arrays = vec![
            Lent::new::<f64>("areas", true, s.areas(), &[]),
            Lent::new::<f64>("perimeters", true, s.perimeters(), &[]),
            Lent::new::<i64>("vertex counts", true, s.vertex_counts(), &[]),
            Lent::new::<f64>("eccentricities", true, s.eccentricities(), &[]),
            Lent::new::<f64>("eccentricities", true, s.moment_eccentricities(), &[]),
            Lent::new::<f64>("inradii", true, s.inradii(), &[]),
            Lent::new::<f64>("incentres", true, s.incentres(), &[2]),
            Lent::new::<f64>("affine maps", maps, spectral, &[]),
            Lent::new::<f64>("affine maps", maps, frobenius, &[]),
            Lent::new::<i64>("neighbours", true, s.neighbour_offsets(), &[]),
            Lent::new::<i64>("neighbours", true, s.neighbours(), &[]),
            Lent::new::<i32>("lines", true, s.line_layers(), &[]),
            Lent::new::<i64>("lines", true, s.line_units(), &[]),
            Lent::new::<f64>("lines", true, s.line_lengths(), &[]),
            Lent::new::<i64>("lines", true, s.line_offsets(), &[]),
            Lent::new::<i64>("lines", true, s.line_edges(), &[]),
            Lent::new::<i64>("layers", true, s.layer_cells_added(), &[]),
            Lent::new::<f64>("layers", true, s.layer_lengths(), &[]),
        ];
        cpwl_statistics { inner: s, arrays }
    }
}

/// Options of `cpwl_statistics_new`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_statistics_options {
    /// `sizeof(cpwl_statistics_options)`.
    pub struct_size: usize,
    /// A `cpwl_metric`; 0 = CPWL_METRIC_DOMAIN.
    pub metric: i32,
    /// Zero.
    pub flags: u32,
}

/// What `cpwl_statistics_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_statistics_summary {
    /// `sizeof(cpwl_statistics_summary)`, set by the caller.
    pub struct_size: usize,
    /// F, the number of cells.
    pub n_regions: i64,
    /// L, the number of lines: of units that made an edge, and of sides of the domain.
    pub n_lines: i64,
    /// Total length of all edges, each counted once.
    pub edge_length: f64,
    /// Mean distance of the vertices from their mean (SplineCam's centrality).
    pub centrality: f64,
}

/// What `cpwl_statistics_spread` tells of a quantity. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_spread {
    /// `sizeof(cpwl_spread)`, set by the caller.
    pub struct_size: usize,
    /// Sum over all cells.
    pub total: f64,
    /// `total` over the number of cells.
    pub mean: f64,
    /// Standard deviation, divided by the number of cells.
    pub std: f64,
    /// The least.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_statistics_options {
    const NAME: &'static str = "cpwl_statistics_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_statistics_summary {
    const NAME: &'static str = "cpwl_statistics_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_spread {
    const NAME: &'static str = "cpwl_spread";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The metric that a `cpwl_metric` means.
pub(super) fn metric(value: i32) -> Result<Metric> {
    match value {
        0 | 1 => Ok(Metric::Domain),
        2 => Ok(Metric::Ambient),
        other => bail!(UnknownEnum, "metric is {other}; expected 0 to 2 (CPWL_METRIC_AMBIENT)"),
    }
}

/// Computes the statistics of a partition that kept the mesh; norms of slopes are there if it kept the maps too. `opts`
/// may be NULL. Free them with `cpwl_statistics_free`; the partition may be freed before.
///
/// Errors: CPWL_ARGUMENT (the mesh was not kept, a slice whose areas f64 cannot hold), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. The same bytes for any number of threads. O(E log E). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_statistics_new(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    opts: *const cpwl_statistics_options,
    out: *mut *mut cpwl_statistics,
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
        if o.flags != 0 {
            bail!(UnknownOption, "flags is {:#x}; expected 0", o.flags)
        }
        out.put(cpwl_statistics::new(p.statistics(ctx, metric(o.metric)?)?));
        Ok(())
    })
}

/// Frees statistics, and with them everything that they lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_statistics_free(statistics: *mut cpwl_statistics) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(statistics) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(L). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_statistics_info(
    ctx: *const cpwl_context,
    statistics: *const cpwl_statistics,
    out: *mut cpwl_statistics_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s) = unsafe { (context::get(ctx)?, &pointer::required("statistics", statistics)?.inner) };
        let summary = cpwl_statistics_summary {
            struct_size: 0,
            n_regions: count(s.areas().len()),
            n_lines: count(s.line_lengths().len()),
            edge_length: s.line_lengths().iter().sum(),
            centrality: s.centrality(),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_statistics_array_id`): fills `out` with a view of it that is valid until the statistics
/// are freed, and is not to be written to. Errors: CPWL_ARGUMENT (slopes without maps, an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_statistics_array(
    ctx: *const cpwl_context,
    statistics: *const cpwl_statistics,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("statistics", statistics)?.arrays, which, out)
        }
    })
}

/// Fills `out`, whose `struct_size` the caller has set, with the total, mean, standard deviation, least and largest of
/// `quantity` (a `cpwl_quantity`) over the cells. Errors: CPWL_ARGUMENT (slopes without maps, an unknown quantity).
/// O(F). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_statistics_spread(
    ctx: *const cpwl_context,
    statistics: *const cpwl_statistics,
    quantity: i32,
    out: *mut cpwl_spread,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s) = unsafe { (context::get(ctx)?, &pointer::required("statistics", statistics)?.inner) };
        let quantity = match quantity {
            1 => Quantity::Area,
            2 => Quantity::Perimeter,
            3 => Quantity::Vertices,
            4 => Quantity::Neighbours,
            5 => Quantity::Eccentricity,
            6 => Quantity::MomentEccentricity,
            7 => Quantity::Inradius,
            8 => Quantity::SlopeSpectral,
            9 => Quantity::SlopeFrobenius,
            other => {
                bail!(UnknownEnum, "quantity is {other}; expected 1 to 9 (CPWL_QUANTITY_SLOPE_FROBENIUS)")
            }
        };
        let spread = s.spread(quantity)?;
        let out_spread = cpwl_spread {
            struct_size: 0,
            total: spread.total,
            mean: spread.mean,
            std: spread.std,
            min: spread.min,
            max: spread.max,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &out_spread) }
    })
}
