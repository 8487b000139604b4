//! Networks of affine layers and continuous piecewise-linear (CPWL) units.
//!
//! A [`Network`] is an immutable graph of [`Node`]s in topological order, made with a [`Builder`] or read from an
//! ONNX file. All shapes are per sample (no batch axis); a tensor of shape (C, H, W) is stored row-major.

pub mod build;
pub mod graph;
pub mod pwl;

pub use build::Builder;
pub use graph::{Array, Network, Node, NodeId, Op, UnitLayer};
pub use pwl::Pwl;
