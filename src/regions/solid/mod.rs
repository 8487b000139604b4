//! The exact partition of a domain in space, and level sets in it as watertight meshes.
//!
//! The regions of a CPWL network in a box, a convex polyhedron or a 3-D slice of its input space are convex polyhedra, on
//! each of which f(x) = A_w x + b_w. [`partition3()`] computes all of them with their patterns, affine maps and the mesh they
//! form: V vertices, E edges, F facets, C cells, V - E + F - C = 1. [`surface()`] computes the set where one output has a
//! given value (the zero set of a signed distance function, say) as a mesh of polygons, and looks only at the cells that
//! can hold a part of it.
//!
//! **Exactness.** As in the plane: a vertex is the point where three planes meet, the sign of a fourth plane there is that of
//! a 4 x 4 determinant of functionals, and every such sign is certified by an f64 filter with an error bound or computed in
//! exact dyadic arithmetic. Signs have three values, and a cell is split only by a unit that takes both strict signs on it.
//! Vertices are named by what makes them; meshes are put together by names, never by distances, so they are face-to-face and
//! surfaces are watertight, also where planes pass through vertices and edges of others or coincide.
//!
//! **Method.** The depth-first recursion of the plane (SplineCam, arXiv 2302.12828) over polyhedra that are cut by walking
//! the loops of their facets: `task` (the recursion), `sign`, `filter` and `polyhedron` (signs and cuts), `name` (names),
//! `exact` and `hull` (planes and points), `domain` (where it begins), `emit`, `mesh` and `partition` (cells), `prune`, `trace` and `surface` (surfaces),
//! `measure` (volumes and areas). Cost: about one small matrix-vector product of the next layer per cell and level and half
//! a microsecond per cut. Memory: the output.

mod domain;
mod emit;
mod exact;
mod filter;
pub(crate) mod hull;
mod locate;
mod measure;
mod mesh;
mod name;
mod partition;
mod polyhedron;
mod prune;
mod sign;
mod sink;
mod surface;
mod task;
mod trace;

pub use partition::{Partition3, partition3};
pub use surface::{Surface, SurfaceOptions, surface};
