//! `cpwl_enumeration`: the linear regions of a network on a domain of any dimension.

use super::cells;
use super::fence::fence;
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{
    CPWL_WANT_CENTERS, CPWL_WANT_COUNT_ONLY, CPWL_WANT_FACETS, CPWL_WANT_MAPS, CPWL_WANT_PATTERNS,
    CPWL_WANT_VOLUMES, context, cpwl_context, cpwl_domain, cpwl_network, cpwl_status, network::count,
    pointer,
};
use crate::error::{Result, bail};
use crate::regions::{Enumeration, EnumerationOptions, EnumerationWant, enumerate};

/// The linear regions of a network on a domain of dimension d, each given by half-spaces. Immutable; may be shared between
/// threads. Since 0.1.
///
/// F regions (full-dimensional maximal sets of constant activation pattern), H facets in all. Linear programs in floating
/// point decide, with a tolerance: `cpwl_enumeration_info` says how close the decisions were. The order of everything, and
/// every byte, is the same for any number of threads.
pub struct cpwl_enumeration {
    inner: Enumeration,
    arrays: Vec<Lent>,
}

// SAFETY: `arrays` points into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_enumeration {}
// SAFETY: as above.
unsafe impl Sync for cpwl_enumeration {}

impl cpwl_enumeration {
    fn new(e: Enumeration) -> Self {
        let (want, n_out, d) = (e.want(), e.network().output_len(), e.body().dim());
        let facets = want.facets;
        // In the order of cpwl_enumeration_array_id.
        let arrays = vec![
            Lent::new::<f64>("affine maps", want.maps, e.map_a(), &[n_out, d]),
            Lent::new::<f64>("affine maps", want.maps, e.map_b(), &[n_out]),
            Lent::new::<i64>("facets", facets, e.facet_offsets(), &[]),
            Lent::new::<f64>("facets", facets, e.facet_normals(), &[d]),
            Lent::new::<f64>("facets", facets, e.facet_levels(), &[]),
            Lent::new::<i32>("facets", facets, e.facet_layers(), &[]),
            Lent::new::<i64>("facets", facets, e.facet_units(), &[]),
            Lent::new::<i32>("facets", facets, e.facet_knots(), &[]),
            Lent::new::<i64>("neighbours", facets && want.patterns, e.neighbours(), &[]),
            Lent::new::<f64>("interior points", want.centers, e.centers(), &[d]),
            Lent::new::<f64>("interior points", want.centers, e.radii(), &[]),
            Lent::new::<f64>("volumes", want.volumes, e.volumes(), &[]),
            Lent::new::<i64>("counts", true, e.layer_cells(), &[]),
        ];
        cpwl_enumeration { inner: e, arrays }
    }
}

/// Options of `cpwl_enumeration_new`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_enumeration_options {
    /// `sizeof(cpwl_enumeration_options)`.
    pub struct_size: usize,
    /// CPWL_WANT_PATTERNS, _MAPS, _FACETS, _CENTERS, _VOLUMES or CPWL_WANT_COUNT_ONLY: what to keep; 0 = all but volumes.
    pub want: u32,
    /// 0, or CPWL_ENUMERATION_KEEP_PARTIAL.
    pub flags: u32,
    /// More regions than this are CPWL_LIMIT, or end the enumeration if partial results are kept; 0 = no limit.
    pub max_regions: u64,
    /// A unit splits a region if the region reaches farther than this on both of its sides, in coordinates in which the
    /// domain fills [-1, 1]^d, homogeneous ones if it is unbounded. 0 = 1e-10.
    pub tolerance: f64,
}

/// What `cpwl_enumeration_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_enumeration_summary {
    /// `sizeof(cpwl_enumeration_summary)`, set by the caller.
    pub struct_size: usize,
    /// F, the number of regions.
    pub n_regions: i64,
    /// H, facets in all; 0 unless they were kept.
    pub n_facets: i64,
    /// Dimension d.
    pub dim: i64,
    /// Number of elements of the output of the network.
    pub n_outputs: i64,
    /// Number of units: the length of an activation pattern.
    pub n_units: i64,
    /// Number of layers of units.
    pub n_unit_layers: i64,
    /// 1 if these are all regions of the domain; 0 if the limit came first and partial results were asked for.
    pub complete: i64,
    /// The tolerance that was used.
    pub tolerance: f64,
    /// The smallest depth, on the shallower side, of a crossing that was accepted; infinite if there was none.
    pub smallest_crossing: f64,
    /// The largest depth to which a unit reached across without being taken for a crossing.
    pub largest_touch: f64,
    /// The smallest inscribed radius of a region, in the coordinates of the domain; infinite unless interior points were kept.
    pub smallest_radius: f64,
    /// Linear programs solved.
    pub n_programs: u64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_enumeration_options {
    const NAME: &'static str = "cpwl_enumeration_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_enumeration_summary {
    const NAME: &'static str = "cpwl_enumeration_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn want(bits: u32) -> Result<EnumerationWant> {
    let known =
        CPWL_WANT_PATTERNS | CPWL_WANT_MAPS | CPWL_WANT_FACETS | CPWL_WANT_CENTERS | CPWL_WANT_VOLUMES;
    match bits {
        0 => Ok(EnumerationWant::DEFAULT),
        CPWL_WANT_COUNT_ONLY => Ok(EnumerationWant::COUNT),
        _ if bits & CPWL_WANT_COUNT_ONLY != 0 => {
            bail!(Argument, "want is {bits:#x}; CPWL_WANT_COUNT_ONLY stands alone")
        }
        _ if bits & !known != 0 => bail!(
            UnknownOption,
            "want is {bits:#x}; an enumeration knows {:#x} in this version",
            known | CPWL_WANT_COUNT_ONLY
        ),
        _ => Ok(EnumerationWant {
            patterns: bits & CPWL_WANT_PATTERNS != 0,
            maps: bits & CPWL_WANT_MAPS != 0,
            facets: bits & CPWL_WANT_FACETS != 0,
            centers: bits & CPWL_WANT_CENTERS != 0,
            volumes: bits & CPWL_WANT_VOLUMES != 0,
        }),
    }
}

/// Flag of `cpwl_enumeration_options`: at `max_regions` keep the first of them, in the order that a complete result has,
/// instead of failing with CPWL_LIMIT; `complete` is 0 then. Since 0.1.
pub const CPWL_ENUMERATION_KEEP_PARTIAL: u32 = 1;

/// Enumerates the regions of `net` on `domain`, of any dimension, bounded or not. `opts` may be NULL. Free it with
/// `cpwl_enumeration_free`; `net` and `domain` may be freed before.
///
/// Errors: CPWL_SHAPE (the domain does not fit the input), CPWL_UNSUPPORTED (volumes of balls, of unbounded domains, in more
/// than 8 dimensions), CPWL_ARGUMENT (a domain too thin, a tolerance outside 1e-14 to 1e-2), CPWL_LIMIT (max_regions,
/// memory_limit), CPWL_NUMERIC, CPWL_MEMORY, CPWL_CANCELLED. Cost: some four to forty microseconds a region for d up to
/// 10. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_enumeration_new(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    domain: *const cpwl_domain,
    opts: *const cpwl_enumeration_options,
    out: *mut *mut cpwl_enumeration,
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
        if opts.flags & !CPWL_ENUMERATION_KEEP_PARTIAL != 0 {
            bail!(UnknownOption, "flags is {:#x}; expected 0 or CPWL_ENUMERATION_KEEP_PARTIAL", opts.flags)
        }
        let options = EnumerationOptions {
            want: want(opts.want)?,
            max_regions: opts.max_regions,
            keep_partial: opts.flags & CPWL_ENUMERATION_KEEP_PARTIAL != 0,
            tolerance: opts.tolerance,
        };
        out.put(cpwl_enumeration::new(enumerate(ctx, net, domain, &options)?));
        Ok(())
    })
}

/// Frees an enumeration, and with it everything that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_enumeration_free(enumeration: *mut cpwl_enumeration) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(enumeration) }
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_enumeration_info(
    ctx: *const cpwl_context,
    enumeration: *const cpwl_enumeration,
    out: *mut cpwl_enumeration_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, e) = unsafe { (context::get(ctx)?, &pointer::required("enumeration", enumeration)?.inner) };
        let net = e.network();
        let summary = cpwl_enumeration_summary {
            struct_size: 0,
            n_regions: count(e.n_regions()),
            n_facets: count(e.facet_layers().len()),
            dim: count(e.body().dim()),
            n_outputs: count(net.output_len()),
            n_units: count(net.n_units()),
            n_unit_layers: count(net.unit_layers().len()),
            complete: i64::from(e.complete()),
            tolerance: e.tolerance(),
            smallest_crossing: e.smallest_crossing(),
            largest_touch: e.largest_touch(),
            smallest_radius: e.radii().iter().fold(f64::INFINITY, |m, &r| m.min(r)),
            n_programs: e.programs(),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_enumeration_array_id`): fills `out` with a view of it that is valid until the enumeration is
/// freed, and is not to be written to.
///
/// Errors: CPWL_ARGUMENT (an array that was not kept, an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_enumeration_array(
    ctx: *const cpwl_context,
    enumeration: *const cpwl_enumeration,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            lend(&pointer::required("enumeration", enumeration)?.arrays, which, out)
        }
    })
}

/// Writes the activation patterns of regions first .. first + count - 1 to `codes`, which is (count, n_units), u8, i32 or
/// i64; the codes are those of `cpwl_network_pattern`.
///
/// Errors: CPWL_ARGUMENT (no such regions, patterns that were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_MEMORY,
/// CPWL_LIMIT. O(count n_units). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_enumeration_patterns(
    ctx: *const cpwl_context,
    enumeration: *const cpwl_enumeration,
    first: i64,
    count: i64,
    codes: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            let ctx = context::get(ctx)?;
            let e = &pointer::required("enumeration", enumeration)?.inner;
            let whole = ("enumeration", "regions", e.n_regions());
            cells::patterns(ctx, whole, e.network(), (first, count), codes, |i, put| e.pattern(i, put))
        }
    })
}

/// Finds the region of each point by its activation pattern: `points` is (n, d) in the coordinates of the domain, f32, f64,
/// f16 or bf16; `regions` is (n), i64 or i32, and becomes the index of the region. A point on the border of regions whose
/// pattern belongs to none gets the first region that holds it. -1 is outside the domain, or not among the regions of a
/// partial result.
///
/// Errors: CPWL_ARGUMENT (patterns or facets were not kept), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_CANCELLED. The
/// first call prepares an index, O(F). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_enumeration_locate(
    ctx: *const cpwl_context,
    enumeration: *const cpwl_enumeration,
    points: *const cpwl_tensor,
    regions: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, e, at) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("enumeration", enumeration)?.inner,
                tensor::input("points", points)?,
            )
        };
        at.expect_rank(2, "(n, d)")?;
        at.expect_shape(&[at.shape()[0], e.body().dim()], "(n, d)")?;
        let find = |values: &[f64], found: &mut [i64]| e.locate(ctx, values, found);
        // SAFETY: the words of the header to the caller.
        unsafe { cells::locate(ctx, &at, ("regions", regions), find) }
    })
}
