//! `cpwl_certify`: whether a network is affine on convex regions, with proof.

use super::fence::fence;
use super::lent::{Lent, lend};
use super::network::count;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_network, cpwl_set, cpwl_status, cpwl_tensor, pointer};
use crate::error::{Result, bail};
use crate::police::certify::{Certificate, CertifyOptions, Reason, Stage, Verdict, certify_all};

/// Certificates of a network on some regions. Immutable; may be shared between threads. Since 0.1.
pub struct cpwl_certificates {
    inner: Vec<Certificate>,
    /// Per region, in the order of `cpwl_certificate_array_id`.
    arrays: Vec<Vec<Lent>>,
    /// The three points of a witness, kept for `arrays`.
    _points: Vec<Vec<f64>>,
    shared: Vec<Lent>,
    _pairs: Vec<[usize; 2]>,
}

// SAFETY: the lent arrays point into the other fields, which are shareable and do not change.
unsafe impl Send for cpwl_certificates {}
// SAFETY: as above.
unsafe impl Sync for cpwl_certificates {}

/// Flag of `cpwl_certify_options`: do not look for points that show that a network is not affine. Since 0.1.
pub const CPWL_CERTIFY_NO_WITNESS: u32 = 1;

/// Options of `cpwl_certify`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_certify_options {
    /// `sizeof(cpwl_certify_options)`.
    pub struct_size: usize,
    /// Pieces that the units are to be on over every region, as `cpwl_network_pattern` counts them; NULL = any.
    pub codes: *const i32,
    /// Most multiplications of large numbers in exact arithmetic for one region, about a microsecond each; 0 = 2^22,
    /// negative = no exact arithmetic.
    pub exact_work: i64,
    /// Length of `codes`: the number of units, or 0.
    pub n_codes: i32,
    /// CPWL_CERTIFY_* flags.
    pub flags: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_certify_options {
    const NAME: &'static str = "cpwl_certify_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// What `cpwl_certificates_get` tells of one region. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_certificate_summary {
    /// `sizeof(cpwl_certificate_summary)`, set by the caller.
    pub struct_size: usize,
    /// A `cpwl_verdict`.
    pub verdict: i32,
    /// A `cpwl_reason` where the verdict is CPWL_NOT_CERTIFIED, else 0.
    pub reason: i32,
    /// Layers of units that were looked at: all, or up to the first that was not certified.
    pub n_layers: i64,
    /// The layer with the smallest margin, counted from 0; -1 without units.
    pub layer: i64,
    /// Its unit with that margin.
    pub unit: i64,
    /// Smallest distance of a unit from the ends of its piece; negative by how far a crossing unit is beyond; infinite
    /// without units.
    pub margin: f64,
    /// How far `margin` may be from the truth.
    pub radius: f64,
    /// 1 if exact arithmetic would have taken more work than it was allowed.
    pub exact_skipped: i32,
    /// Output that deviates at the witness; -1 unless the verdict is CPWL_VIOLATED.
    pub output: i32,
    /// f at the third point of the witness, less the affine function through the values at the other two.
    pub deviation: f64,
    /// How far `deviation` may be from the truth: less than its size.
    pub deviation_radius: f64,
}

/// What `cpwl_certificates_layer` tells of one layer of units. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_certificate_layer_summary {
    /// `sizeof(cpwl_certificate_layer_summary)`, set by the caller.
    pub struct_size: usize,
    /// Units that are certainly on no single piece.
    pub crossing: i64,
    /// Units that are certainly on one piece, but not on the one in `codes`.
    pub elsewhere: i64,
    /// Units of which neither is certain.
    pub open: i64,
    /// Units that f64, double-double and exact arithmetic had the last word on.
    pub stages: [i64; 3],
    /// Smallest distance of a unit from the ends of its piece, as in `cpwl_certificate_summary`.
    pub margin: f64,
    /// How far `margin` may be from the truth.
    pub radius: f64,
    /// The unit with that margin, within the layer.
    pub unit: i64,
    /// Vertex of the region at which it is taken; -1 if it is none.
    pub corner: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_certificate_summary {
    const NAME: &'static str = "cpwl_certificate_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_certificate_layer_summary {
    const NAME: &'static str = "cpwl_certificate_layer_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// # Safety
/// `o.codes` as the header says.
unsafe fn read(o: &cpwl_certify_options) -> Result<CertifyOptions> {
    if o.flags & !CPWL_CERTIFY_NO_WITNESS != 0 {
        bail!(UnknownOption, "flags is {:#x}; this version knows {CPWL_CERTIFY_NO_WITNESS:#x}", o.flags)
    }
    // SAFETY: the caller's promise.
    let codes = unsafe { pointer::slice("codes", o.codes, o.n_codes)? };
    let default = CertifyOptions::default();
    Ok(CertifyOptions {
        codes: (!o.codes.is_null()).then(|| codes.to_vec()),
        exact_work: match o.exact_work {
            0 => default.exact_work,
            work => u64::try_from(work).unwrap_or(0),
        },
        witness: o.flags & CPWL_CERTIFY_NO_WITNESS == 0,
    })
}

/// Whether `net`, made by whomever, is affine on each of the `n_sets` convex regions at `sets`. `out` becomes one
/// certificate for each region; the call succeeds whatever they say. `opts` may be NULL. Free it with
/// `cpwl_certificates_free`.
///
/// Over a certified region every unit stays on one affine piece of its function, shown in f64 with bounds of all errors,
/// what that cannot decide in double-double, what is left in exact arithmetic. Numbers count as they are stored. "Certified"
/// is never said where exact arithmetic would say otherwise. A network that is not certified may be affine all the same, if
/// the bend of one unit is undone by others; one that is *violated* is not, as three points of the region show.
///
/// Errors: CPWL_ARGUMENT (EMPTY_REGION, codes), CPWL_SHAPE (DIM_MISMATCH), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. Cost: two
/// forward passes of as many samples as a region has rows, in f64; about 10 in double-double and 1000 in exact arithmetic
/// where these are needed. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_certify(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    sets: *const *const cpwl_set,
    n_sets: i32,
    opts: *const cpwl_certify_options,
    out: *mut *mut cpwl_certificates,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, sets, o, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                pointer::slice("sets", sets, n_sets)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        // SAFETY: as above.
        let options = unsafe { read(&o)? };
        // SAFETY: as above.
        let one = |&set: &*const cpwl_set| unsafe { Ok(pointer::required("sets", set)?.inner.clone()) };
        let sets = sets.iter().map(one).collect::<Result<Vec<_>>>()?;
        let (inner, pairs) = certify_all(ctx, net, &sets, &options)?;
        let points: Vec<Vec<f64>> = inner
            .iter()
            .map(|c| match &c.verdict {
                Verdict::Violated(w) => [&w.ends[0][..], &w.ends[1], &w.point].concat(),
                _ => Vec::new(),
            })
            .collect();
        let arrays = inner.iter().zip(&points).map(|(c, points)| {
            vec![
                Lent::new::<i32>("codes", true, &c.codes, &[]),
                Lent::new::<f64>("points", true, points, &[net.input_len()]),
            ]
        });
        let arrays = arrays.collect();
        let shared = vec![Lent::new::<i64>("pairs", true, &pairs, &[2])];
        out.put(cpwl_certificates { inner, arrays, _points: points, shared, _pairs: pairs });
        Ok(())
    })
}

/// Frees certificates, and with them everything that they lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_certificates_free(certificates: *mut cpwl_certificates) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(certificates) }
}

/// An index below `n`.
fn place(name: &str, index: i32, n: usize) -> Result<usize> {
    match usize::try_from(index) {
        Ok(i) if i < n => Ok(i),
        _ => bail!(Argument, "{name} is {index}; expected 0 to {}", count(n) - 1),
    }
}

/// Fills `out`, whose `struct_size` the caller has set, with the verdict on region `region`, from 0. Errors: CPWL_ARGUMENT
/// (no such region). O(layers). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_certificates_get(
    ctx: *const cpwl_context,
    certificates: *const cpwl_certificates,
    region: i32,
    out: *mut cpwl_certificate_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, all) =
            unsafe { (context::get(ctx)?, &pointer::required("certificates", certificates)?.inner) };
        let c = &all[place("region", region, all.len())?];
        let tightest = c.tightest();
        let (verdict, reason, witness) = match &c.verdict {
            Verdict::Certified => (1, 0, None),
            Verdict::NotCertified(Reason::Crosses) => (2, 1, None),
            Verdict::NotCertified(Reason::Elsewhere) => (2, 2, None),
            Verdict::NotCertified(Reason::Radius) => (2, 3, None),
            Verdict::Violated(witness) => (3, 0, Some(witness)),
        };
        let summary = cpwl_certificate_summary {
            struct_size: 0,
            verdict,
            reason,
            n_layers: count(c.layers.len()),
            layer: tightest.map_or(-1, |l| count(l.layer)),
            unit: tightest.map_or(-1, |l| count(l.unit)),
            margin: tightest.map_or(f64::INFINITY, |l| l.margin),
            radius: tightest.map_or(0.0, |l| l.radius),
            exact_skipped: i32::from(c.exact_skipped),
            output: witness.map_or(-1, |w| i32::try_from(w.output).unwrap_or(i32::MAX)),
            deviation: witness.map_or(0.0, |w| w.deviation),
            deviation_radius: witness.map_or(0.0, |w| w.radius),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Fills `out`, whose `struct_size` the caller has set, with what was found in layer of units `layer`, from 0, over region
/// `region`. Errors: CPWL_ARGUMENT (no such region; a layer that was not looked at). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_certificates_layer(
    ctx: *const cpwl_context,
    certificates: *const cpwl_certificates,
    region: i32,
    layer: i32,
    out: *mut cpwl_certificate_layer_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, all) =
            unsafe { (context::get(ctx)?, &pointer::required("certificates", certificates)?.inner) };
        let layers = &all[place("region", region, all.len())?].layers;
        let l = &layers[place("layer", layer, layers.len())?];
        let stage = |stage: Stage| count(l.stages[stage as usize]);
        let summary = cpwl_certificate_layer_summary {
            struct_size: 0,
            crossing: count(l.crossing),
            elsewhere: count(l.elsewhere),
            open: count(l.open),
            stages: [stage(Stage::Double), stage(Stage::DoubleDouble), stage(Stage::Exact)],
            margin: l.margin,
            radius: l.radius,
            unit: count(l.unit),
            corner: l.corner.map_or(-1, count),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_certificate_array_id`) of region `region`: fills `out` with a view of it that is valid until
/// the certificates are freed, and is not to be written to. Errors: CPWL_ARGUMENT (an unknown id, no such region). O(1).
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_certificates_array(
    ctx: *const cpwl_context,
    certificates: *const cpwl_certificates,
    which: i32,
    region: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, all) = unsafe { (context::get(ctx)?, pointer::required("certificates", certificates)?) };
        let (arrays, which) = match which {
            1 | 2 => (&all.arrays[place("region", region, all.arrays.len())?], which),
            3 => {
                place("region", region, 1)?;
                (&all.shared, 1)
            }
            _ => bail!(UnknownEnum, "which is {which}; expected 1 to 3 (CPWL_CERTIFICATE_SHARED)"),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { lend(arrays, which, out) }
    })
}
