//! The C ABI: `include/cpwl.h` is generated from this room. Checks, views, options; no maths.
//!
//! Every function first turns its pointers into safe values, in one `unsafe` block that relies on the header's words
//! to the caller, and then works on those. The fence (`fence.rs`) stops panics and keeps the text of the last
//! error. Doc comments here are written for the C reader, because cbindgen copies them into the header.
#![allow(non_camel_case_types)] // The names are those of the header.
#![allow(clippy::missing_safety_doc)] // What a caller owes is said once, at the top of the header.

// In the order of the header; the blank lines keep rustfmt from sorting them.

mod constants;

mod version;

mod fence;

mod context;

mod tensor;

mod builder;

mod layers;

mod smooth;

mod network;

mod rewrite;

mod bytes;

mod export;

mod evaluate;

mod parameters;

mod tape;

mod domain;

mod body;

mod partition;

mod stream;

mod tile;

mod boundary;

mod statistics;

mod boundary_points;

mod polyhedron;

mod partition3d;

mod surface;

mod ball;

mod enumeration;

mod complexity;

mod set;

mod set_combine;

mod police;

mod policed;

mod policed_backward;

mod prescribe;

mod certify;

mod spectrum;

mod effective_rank;

mod rank_gradient;

mod moments;

mod moments_bytes;

mod queue;

mod alpha;

mod lidar;

mod rank_rows;

mod rank_law;

mod variable;

mod hsic;

mod hsic_test;

mod pairwise;

mod embedding;

mod diet;

mod diet_step;

mod prior;

mod clusters;

mod factor_result;

mod factors;

mod factor_statistics;

// How pointers and structs of the host are read, and arrays lent to it.
mod cells;
mod lent;
mod options;
mod pointer;

pub use alpha::*;
pub use ball::*;
pub use body::*;
pub use boundary::*;
pub use boundary_points::*;
pub use builder::*;
pub use bytes::*;
pub use certify::*;
pub use clusters::*;
pub use complexity::*;
pub use constants::*;
pub use context::*;
pub use diet::*;
pub use diet_step::*;
pub use domain::*;
pub use effective_rank::*;
pub use embedding::*;
pub use enumeration::*;
pub use evaluate::*;
pub use export::*;
pub use factor_result::*;
pub use factor_statistics::*;
pub use factors::*;
pub use fence::{cpwl_last_error, cpwl_test_panic};
pub use hsic::*;
pub use hsic_test::*;
pub use layers::*;
pub use lidar::*;
pub use moments::*;
pub use moments_bytes::*;
pub use network::*;
pub use pairwise::*;
pub use parameters::*;
pub use partition::*;
pub use partition3d::*;
pub use police::*;
pub use policed::*;
pub use policed_backward::*;
pub use polyhedron::*;
pub use prescribe::*;
pub use prior::*;
pub use queue::*;
pub use rank_gradient::*;
pub use rank_law::*;
pub use rank_rows::*;
pub use rewrite::*;
pub use set::*;
pub use set_combine::*;
pub use smooth::*;
pub use spectrum::*;
pub use statistics::*;
pub use stream::*;
pub use surface::*;
pub use tape::*;
pub use tensor::cpwl_tensor;
pub use tile::*;
pub use variable::*;
pub use version::*;

/// What every function that can fail returns: `CPWL_OK` (0) or the `CPWL_*` code of what went wrong.
/// The text is in `cpwl_last_error()`. Codes are never reused. Since 0.1.
pub type cpwl_status = i32;
