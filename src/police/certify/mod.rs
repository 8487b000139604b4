//! A certificate that trusts nobody: whether a network, made by whomever, is affine on a convex region.
//!
//! **Theorem used.** If over the region every unit stays on one affine piece of its function (a bend at an end of its range
//! does no harm), the network is affine there: the input of a layer is affine in x, so is that of every unit, so is its
//! output. The condition is sufficient, not necessary: the bend of one unit may be undone by others. So a network is
//! *certified*, *not certified*, or *violated*: shown not to be affine, by three points of the region.
//!
//! **Rigour.** Layer by layer the images of the region's rows are carried along with bounds of their errors; from those
//! follows the range of every unit, with a bound of its error. Numbers of the network and of the region count as they are
//! stored. A unit that f64 cannot decide is looked at in double-double, then in exact arithmetic if that is not too much
//! work. "Certified" is never said where exact arithmetic would say otherwise; the reverse may happen, and is reported as
//! margin below radius. Exact arithmetic decides everything, touching included, but for ranges over polytopes that are
//! kept as half-spaces: those are known to the precision of multipliers of a linear program.
//!
//! **Assumes** the floating-point environment of the language: rounding to nearest, no flushing of subnormal numbers.
//!
//! Cost, in multiply-adds of a forward pass of as many samples as the region has rows: 2 in f64; in double-double about 10,
//! where it is needed; in exact arithmetic about 1000, where it is needed.

mod approx;
mod carry;
mod decide;
mod enclosure;
mod exact;
mod piece;
mod range;
mod run;
#[cfg(test)]
mod tests;
mod verdict;
mod witness;

pub use verdict::{Certificate, CertifyOptions, LayerVerdict, Reason, Stage, Verdict, Witness};

use crate::context::Context;
use crate::convex::ConvexSet;
use crate::error::Result;
use crate::network::Network;

/// Whether `net` is affine on `region`.
///
/// Conditions: DIM_MISMATCH, SHAPE and ARGUMENT for codes that do not fit the network, MEMORY_LIMIT, MEMORY, CANCELLED.
pub fn certify(
    ctx: &Context,
    net: &Network,
    region: &ConvexSet,
    options: &CertifyOptions,
) -> Result<Certificate> {
    let certificates = run::certify(ctx, net, std::slice::from_ref(region), options)?;
    Ok(certificates.into_iter().next().expect("one for each region"))
}

/// The same for several regions, one after the other, and the pairs of certified regions whose units are on the same pieces
/// throughout: on the hull of both the network is the same affine map.
///
/// Conditions: EMPTY_REGION without a region, and those of [`certify`].
pub fn certify_all(
    ctx: &Context,
    net: &Network,
    regions: &[ConvexSet],
    options: &CertifyOptions,
) -> Result<(Vec<Certificate>, Vec<[usize; 2]>)> {
    let certificates = run::certify(ctx, net, regions, options)?;
    let mut shared = Vec::new();
    for (j, b) in certificates.iter().enumerate() {
        for (i, a) in certificates[..j].iter().enumerate() {
            if a.is_certified() && b.is_certified() && a.codes == b.codes {
                shared.push([i, j]);
            }
        }
    }
    shared.sort_unstable();
    Ok((certificates, shared))
}
