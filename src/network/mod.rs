//! Networks of affine layers and continuous piecewise-linear (CPWL) units.
//!
//! A [`Network`] is an immutable graph of [`Node`]s in topological order, made with a [`Builder`] or read from an
//! ONNX file. All shapes are per sample (no batch axis); a tensor of shape (C, H, W) is stored row-major.

pub mod array;
pub mod build;
pub mod graph;
pub mod pwl;
mod row;
pub mod window;

pub use array::Array;
pub use build::Builder;
pub use graph::{Network, Node, NodeId, Op, UnitLayer};
pub use pwl::Pwl;
pub use window::Window;
