//! `cpwl_policed`: what policing made of a network, and gradients through it.

use std::sync::OnceLock;

use super::fence::fence;
use super::lent::{Lent, lend};
use super::network::count;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_network, cpwl_status, cpwl_tensor, pointer};
use crate::error::{Result, bail};
use crate::fork;
use crate::police::{Layer, Plan};

/// A network that is affine on regions, and how it became so. Immutable; may be shared between threads. Since 0.1.
pub struct cpwl_policed {
    pub(super) inner: Plan,
    /// Per layer, in the order of `cpwl_policed_array_id`.
    layers: Vec<Vec<Lent>>,
    /// Per region, made when first asked for: matrix and constant.
    maps: Vec<OnceLock<Vec<Lent>>>,
    shared: Vec<Lent>,
}

// SAFETY: the lent arrays point into `inner`, which is shareable and does not change.
unsafe impl Send for cpwl_policed {}
// SAFETY: as above.
unsafe impl Sync for cpwl_policed {}

impl cpwl_policed {
    pub(super) fn new(plan: Plan) -> Self {
        let layer = |l: &Layer| {
            vec![
                Lent::new::<f64>("shifts", true, &l.shift, &[]),
                Lent::new::<f64>("biases", true, &l.bias, &[]),
                Lent::new::<f64>("margins", true, &l.margin, &[]),
                Lent::new::<i32>("codes", true, &l.codes, &[l.shift.len()]),
                Lent::new::<i32>("regions", true, &l.region, &[]),
                Lent::new::<i32>("corners", true, &l.corner, &[]),
            ]
        };
        let layers = plan.layers().iter().map(layer).collect();
        let shared = vec![Lent::new::<i64>("pairs", true, &plan.report().shared, &[2])];
        let maps = (0..plan.n_regions()).map(|_| OnceLock::new()).collect();
        cpwl_policed { inner: plan, layers, maps, shared }
    }
}

/// What `cpwl_policed_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_policed_summary {
    /// `sizeof(cpwl_policed_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of policed layers.
    pub n_layers: i64,
    /// Number of regions.
    pub n_regions: i64,
    /// Groups (units, or channels of tied convolutions) with a shift.
    pub n_shifted: i64,
    /// Groups that are constant on every region, such as ReLUs that are off.
    pub n_dead: i64,
    /// Pairs of regions with the same pieces throughout, see CPWL_POLICED_SHARED.
    pub n_shared: i64,
    /// The largest shift, without its sign.
    pub largest_shift: f64,
    /// The smallest distance of a unit from its knots over the regions; infinite without policed units.
    pub smallest_margin: f64,
}

/// What `cpwl_policed_layer` tells of a policed layer. A group is what shares a bias: a unit, or a channel of a
/// convolution with tied biases. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_policed_layer_summary {
    /// `sizeof(cpwl_policed_layer_summary)`, set by the caller.
    pub struct_size: usize,
    /// The layer of units, counted from 0; -1 for the outputs.
    pub unit_layer: i64,
    /// The node of the original network whose bias was shifted; -1 if a node was added for the shift.
    pub node: i64,
    /// Where the folded network has the biases: an index for `cpwl_network_parameter`; -1 if a node would have been added
    /// for the shift, and the shift is 0.
    pub parameter: i64,
    /// Number of groups.
    pub n_groups: i64,
    /// Groups with a shift.
    pub n_shifted: i64,
    /// Groups that are constant on every region.
    pub n_dead: i64,
    /// The largest shift, without its sign.
    pub largest_shift: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_policed_summary {
    const NAME: &'static str = "cpwl_policed_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_policed_layer_summary {
    const NAME: &'static str = "cpwl_policed_layer_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Frees a policed network, and with it everything that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_free(policed: *mut cpwl_policed) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(policed) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(pairs of regions). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_info(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    out: *mut cpwl_policed_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, plan) = unsafe { (context::get(ctx)?, &pointer::required("policed", policed)?.inner) };
        let report = plan.report();
        let summary = cpwl_policed_summary {
            struct_size: 0,
            n_layers: count(plan.layers().len()),
            n_regions: count(plan.n_regions()),
            n_shifted: count(report.shifted.iter().sum()),
            n_dead: count(report.dead.iter().sum()),
            n_shared: count(report.shared.len()),
            largest_shift: report.largest_shift,
            smallest_margin: report.smallest_margin,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Fills `out`, whose `struct_size` the caller has set, with what happened to policed layer `layer`, from 0 in the order
/// of computation. Errors: CPWL_ARGUMENT (no such layer). O(groups). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_layer(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    layer: i32,
    out: *mut cpwl_policed_layer_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, plan) = unsafe { (context::get(ctx)?, &pointer::required("policed", policed)?.inner) };
        let i = place("layer", layer, plan.layers().len())?;
        let (l, report) = (&plan.layers()[i], plan.report());
        let summary = cpwl_policed_layer_summary {
            struct_size: 0,
            unit_layer: l.units.map_or(-1, count),
            node: l.bias_of.map_or(-1, count),
            parameter: plan.bias_parameter(i).map_or(-1, count),
            n_groups: count(l.shift.len()),
            n_shifted: count(report.shifted[i]),
            n_dead: count(report.dead[i]),
            largest_shift: l.shift.iter().fold(0.0, |m, e| e.abs().max(m)),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_policed_array_id`) of policed layer or region `index`: fills `out` with a view of it that
/// is valid until `policed` is freed, and is not to be written to. Maps are computed when first asked for, at the cost of
/// `cpwl_network_affine_at`; everything else is O(1). Errors: CPWL_ARGUMENT (an unknown id, no such layer or region),
/// CPWL_UNSUPPORTED (a map, where layers were left as they are and the network need not be affine), CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_array(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    which: i32,
    index: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, p) = unsafe { (context::get(ctx)?, pointer::required("policed", policed)?) };
        let (arrays, which) = match which {
            1..=6 => (&p.layers[place("index", index, p.layers.len())?], which),
            7 | 8 => {
                let i = place("index", index, p.maps.len())?;
                let map = p.inner.map(ctx, i)?;
                let (a, c) = (map.a.as_slice().unwrap_or_default(), map.c.as_slice().unwrap_or_default());
                let lent = || {
                    let inner = [map.a.ncols()];
                    vec![Lent::new::<f64>("maps", true, a, &inner), Lent::new::<f64>("maps", true, c, &[])]
                };
                (fork::get_or_init(&p.maps[i], lent), which - 6)
            }
            9 => {
                place("index", index, 1)?;
                (&p.shared, 1)
            }
            _ => bail!(UnknownEnum, "which is {which}; expected 1 to 9 (CPWL_POLICED_SHARED)"),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { lend(arrays, which, out) }
    })
}

/// An index below `n`.
fn place(name: &str, index: i32, n: usize) -> Result<usize> {
    match usize::try_from(index) {
        Ok(i) if i < n => Ok(i),
        _ => bail!(Argument, "{name} is {index}; expected 0 to {}", count(n) - 1),
    }
}

/// The folded network: affine on every region, otherwise an ordinary network. A handle of its own, which shares the
/// weights; free it with `cpwl_network_free`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_policed_network(
    ctx: *const cpwl_context,
    policed: *const cpwl_policed,
    out: *mut *mut cpwl_network,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, plan, out) = unsafe {
            (context::get(ctx)?, &pointer::required("policed", policed)?.inner, pointer::out("out", out)?)
        };
        out.put(cpwl_network::new(plan.network().clone()));
        Ok(())
    })
}
