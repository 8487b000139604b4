//! POLICE: networks that are provably affine on regions of their input space, at every step of training and at no cost at
//! inference (Balestriero and LeCun, arXiv 2211.01340).
//!
//! A network is affine on a convex region if every unit stays on one affine piece of its function there. Layer by layer,
//! the input of a layer is affine in x on the region, so the smallest and largest input of a unit over the region follow
//! from the images of the region's rows (see [`crate::convex`]); if a knot lies strictly between, the bias of the unit is
//! moved until it does not. What comes out is an ordinary network with other biases, the *folded* network.
//!
//! The shift of a unit depends on weights and regions only, never on a batch: [`Plan::new`] is run once after every change
//! of the weights, the batch runs through the folded network like through any other, and [`Plan::pull_back`] turns the
//! gradient with respect to the folded biases into gradients of weights, biases and regions.

pub mod certify;
mod choose;
mod contest;
mod fold;
mod free;
mod function;
mod gap;
mod home;
mod maximum;
mod options;
mod plan;
mod prescribe;
mod ranges;
mod record;
mod rows;
#[cfg(test)]
mod tests;
mod units;
mod walk;

pub use options::{Options, Precision, Rule};
pub use plan::{AffineMap, Layer, Plan, Report};
pub use prescribe::{Inequalities, Prescribed, PrescribedGradients, Target, prescribe};
pub use record::Pulled;
