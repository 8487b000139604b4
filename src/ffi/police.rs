//! `cpwl_police`: makes a network affine on convex regions.

use super::fence::fence;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_network, cpwl_policed, cpwl_set, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::police::{Options, Plan, Precision, Rule};

/// Flag of `cpwl_police_options`: shift each position of a convolution by itself. The folded network then adds a number
/// to every element behind the convolution; otherwise all positions of a channel share one shift, and it stays an
/// ordinary convolution. Since 0.1.
pub const CPWL_POLICE_UNTIED: u32 = 1;
/// Flag of `cpwl_police_options`: keep the outputs on one side of 0 as well, as the code published with the paper does.
/// Since 0.1.
pub const CPWL_POLICE_OUTPUT: u32 = 2;
/// Flag of `cpwl_police_options`: keep what `cpwl_policed_backward` needs. Since 0.1.
pub const CPWL_POLICE_GRADIENT: u32 = 4;
/// Flag of `cpwl_police_options`: `kappa` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_POLICE_KAPPA: u32 = 8;

/// Flag of `cpwl_police_options`, with CPWL_POLICE_GRADIENT: gradients with respect to the sets are not needed, so that hulls
/// of many points may be carried by fewer rows. Since 0.1.
pub const CPWL_POLICE_FIXED_SETS: u32 = 16;

/// Options of `cpwl_police`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_police_options {
    /// `sizeof(cpwl_police_options)`.
    pub struct_size: usize,
    /// A `cpwl_police_rule`; 0 = CPWL_POLICE_MIN_SHIFT.
    pub rule: i32,
    /// A `cpwl_police_precision`; 0 = CPWL_POLICE_DOUBLE.
    pub precision: i32,
    /// For CPWL_POLICE_GIVEN: the piece of every unit, as `cpwl_network_pattern` counts them. Otherwise NULL.
    pub codes: *const i32,
    /// Distance that every unit keeps from its knots, in units of its input; at least 0.
    pub margin: f64,
    /// Margin for rounding, on top of `margin`: kappa u (|w| . max |z| + |b|) for a unit with weights w and bias b, u
    /// being 2^-24 for a network of single precision and 2^-53 for others, and max |z| the largest inputs over the
    /// regions. 0 = 16, or none with the flag CPWL_POLICE_KAPPA.
    pub kappa: f64,
    /// Layers of units, counted from 0, that are left as they are: the network need not be affine then. May be NULL.
    pub free_layers: *const i32,
    /// Length of `codes`: the number of units.
    pub n_codes: i32,
    /// Length of `free_layers`.
    pub n_free_layers: i32,
    /// CPWL_POLICE_* flags.
    pub flags: u32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_police_options {
    const NAME: &'static str = "cpwl_police_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

const DEFAULT_KAPPA: f64 = 16.0;

/// # Safety
/// `o.codes` and `o.free_layers` as the header says.
unsafe fn read(o: &cpwl_police_options) -> Result<Options> {
    let known = CPWL_POLICE_UNTIED
        | CPWL_POLICE_OUTPUT
        | CPWL_POLICE_GRADIENT
        | CPWL_POLICE_KAPPA
        | CPWL_POLICE_FIXED_SETS;
    if o.flags & !known != 0 {
        bail!(UnknownOption, "flags is {:#x}; this version knows {known:#x}", o.flags)
    }
    // SAFETY: the caller's promise.
    let (codes, free) = unsafe {
        (
            pointer::slice("codes", o.codes, o.n_codes)?,
            pointer::slice("free_layers", o.free_layers, o.n_free_layers)?,
        )
    };
    let rule = match o.rule {
        0 | 1 => Rule::MinShift,
        2 => Rule::Joint,
        3 => Rule::Majority,
        4 => Rule::Given(codes.to_vec()),
        other => bail!(UnknownEnum, "rule is {other}; expected 0 to 4 (CPWL_POLICE_GIVEN)"),
    };
    if o.rule != 4 && !codes.is_empty() {
        bail!(Argument, "codes are given, but rule is {}; expected 4 (CPWL_POLICE_GIVEN)", o.rule)
    }
    let precision = match o.precision {
        0 | 1 => Precision::Double,
        2 => Precision::Single,
        other => bail!(UnknownEnum, "precision is {other}; expected 0 to 2 (CPWL_POLICE_SINGLE)"),
    };
    let layer = |&layer: &i32| match usize::try_from(layer) {
        Ok(layer) => Ok(layer),
        Err(_) => bail!(Argument, "free_layers has {layer}; expected layers of units, from 0"),
    };
    let given = o.kappa != 0.0 || o.flags & CPWL_POLICE_KAPPA != 0;
    Ok(Options {
        rule,
        margin: o.margin,
        kappa: if given { o.kappa } else { DEFAULT_KAPPA },
        tied: o.flags & CPWL_POLICE_UNTIED == 0,
        free: free.iter().map(layer).collect::<Result<_>>()?,
        output: o.flags & CPWL_POLICE_OUTPUT != 0,
        gradient: o.flags & CPWL_POLICE_GRADIENT != 0,
        fixed_regions: o.flags & CPWL_POLICE_FIXED_SETS != 0,
        precision,
    })
}

/// Makes `net` affine on each of the `n_sets` convex regions at `sets`, by moving biases: wherever a knot of a unit lies
/// strictly inside the range of its input over a region, its bias is moved until it does not. `out` becomes the result,
/// which holds the *folded* network (`cpwl_policed_network`): an ordinary network of the same layers, which costs nothing
/// more to run. Neither `net` nor the sets are needed afterwards. `opts` may be NULL. Free it with `cpwl_policed_free`.
///
/// The guarantee is on the real-number function with the stored weights. With the default `kappa` units are also found on
/// the same pieces when the network is evaluated in its own precision, and `cpwl_certify` can prove it. Depends on weights
/// and regions only: do it once after every change of the weights, and run batches through the folded network.
///
/// Errors: CPWL_ARGUMENT (EMPTY_REGION without sets; a negative margin), CPWL_SHAPE (DIM_MISMATCH: a set is not in the
/// input space; codes), CPWL_NONFINITE (numbers that overflow), CPWL_UNSUPPORTED (NO_BIAS: a layer that would have to be
/// shifted has none; ACT_NOT_CPWL: a unit that no bias can keep on one piece, such as a max-pool behind a convolution with
/// tied biases; UNBOUNDED_BOTH: a unit whose input is unbounded in both directions), CPWL_MEMORY, CPWL_CANCELLED. Cost: a
/// forward pass in double precision of as many samples as the sets have rows. Balestriero and LeCun: POLICE: Provably
/// Optimal Linear Constraint Enforcement for Deep Neural Networks, arXiv 2211.01340. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_police(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    sets: *const *const cpwl_set,
    n_sets: i32,
    opts: *const cpwl_police_options,
    out: *mut *mut cpwl_policed,
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
        let set = |&set| unsafe { pointer::required("a set", set) }.map(|set: &cpwl_set| &set.inner);
        let regions = sets.iter().map(set).collect::<Result<Vec<_>>>()?;
        // SAFETY: as above.
        let options = unsafe { read(&o)? };
        out.put(cpwl_policed::new(Plan::new(ctx, net, &regions, &options)?));
        Ok(())
    })
}
