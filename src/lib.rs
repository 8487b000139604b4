//! **cpwl**: geometry and statistics of deep networks.
//!
//! A network made of affine layers and continuous piecewise-linear (CPWL) units is affine on each cell of a
//! polyhedral partition of its input space. This library computes that partition exactly, and is meant to be
//! embedded: Rust inside, a stable C ABI outside (`include/cpwl.h`), no run-time dependency beyond libc.
//!
//! Rooms, from the spine outwards:
//!
//! | room | what it holds |
//! |---|---|
//! | [`error`] | one error type: condition, status, sentence |
//! | [`context`] | threads, instruction set, limits and callbacks of a call |
//! | [`buffer`] | large arrays, from the host's allocator if it brought one |
//! | [`view`] | strided borrowed tensors of any supported dtype |
//! | [`linalg`] | dense linear algebra |
//! | [`network`] | graph of layers, forward pass, activation pattern, affine map, ONNX |
//! | `numeric` | exact and double-double numbers |
//! | `lp` | linear programs in few dimensions |
//! | [`convex`] | convex sets in a form that passes through affine maps |
//! | [`police`] | networks that are provably affine on given regions, and certificates that they are |
//! | [`regions`] | exact partition of a 2-D domain into linear regions, decision boundaries, statistics |
//! | [`hsic`] | independence: HSIC, CKA, dHSIC, tests, VCReg and its kin with gradients |
//! | [`rank`] | effective rank of representations, spectra, streaming second moments |
//! | [`diet`] | cross-entropy over the index of the datum, for heads as long as the data set |
//! | [`prior`] | prototype losses with a chosen cluster prior, Sinkhorn, which prior data follow |
//! | [`factors`] | which factors of variation a model fails on, and how sure that is |
//! | `ffi` | the C ABI: checks, views, options; no maths |
#![warn(missing_docs)]

pub mod buffer;
pub mod context;
pub mod convex;
pub mod diet;
pub mod error;
pub mod factors;
pub mod ffi;
mod file;
mod fork;
pub mod hsic;
pub mod linalg;
mod lp;
pub mod network;
mod numeric;
pub mod police;
mod pool;
pub mod prior;
mod random;
pub mod rank;
pub mod regions;
mod simd;
pub mod view;

pub use context::{Context, ContextOptions};
pub use error::{Condition, Error, Result, Status};
pub use simd::Isa;
