//! Networks of affine layers and continuous piecewise-linear (CPWL) units.
//!
//! A [`Network`] is an immutable graph of [`Node`]s in topological order, made with a [`Builder`] or read from an
//! ONNX file. All shapes are per sample (no batch axis); a tensor of shape (C, H, W) is stored row-major.
//!
//! On the set of inputs with one activation pattern (every unit on the same piece of its function) a network is
//! affine, f(x) = A x + b. [`Network::forward`] runs a batch, [`Network::pattern`] says which piece each unit is on,
//! [`Network::affine_at`] returns (A, b) at an input.

mod adjoint;
mod affine;
pub mod array;
pub mod build;
mod chunk;
mod constants;
mod forward;
mod fuse;
pub mod graph;
mod layers;
#[cfg(feature = "onnx")]
mod onnx;
mod parameters;
mod pattern;
pub mod pwl;
mod real;
mod reference;
mod row;
mod rows;
mod run;
mod smooth;
mod sweep;
mod tape;
mod units;
pub mod window;

pub use array::Array;
pub use build::Builder;
pub use graph::{Network, Node, NodeId, Op, UnitLayer};
#[cfg(feature = "onnx")]
pub use onnx::{OnnxOptions, OnnxPrecision, OnnxWriteOptions};
pub use parameters::Parameter;
pub use pwl::Pwl;
pub use real::Real;
pub use smooth::{Approximation, Smooth};
pub use tape::{Gradients, Tape, Wanted};
pub use units::Candidate;
pub use window::Window;

pub(crate) use layers::conv::Conv;
pub(crate) use rows::Product;

#[cfg(test)]
pub(crate) mod testing;
