//! The linear regions of a CPWL network on a domain of any dimension, each given by half-spaces.
//!
//! The recursion of the plane (Humayun et al., SplineCam, arXiv 2302.12828, made exact in `regions`) with cells that are
//! H-polytopes {t : A t <= b} in d dimensions. Region: a full-dimensional maximal set of constant activation pattern w; on it
//! f(t) = A_w t + b_w. For n hyperplanes in general position there are sum over i <= d of C(n, i) (Zaslavsky 1975).
//!
//! **Does unit k cross the cell P?** Vertices of P that are known come first: strict signs at two of them say yes. For a
//! side that none shows a linear program (min of +-z_k over P) starts at the lowest known vertex; what it finds joins the
//! known ones, and a cell's part takes over the vertices that are in it. So most answers cost a small matrix product, and a
//! program a handful of pivots of O(d m) for m half-spaces. Half-spaces that have become redundant are dropped as cells pass
//! from layer to layer; 2 d facets a region are the mean in general position.
//!
//! **Guarantee.** "LP tolerance", not exact: a unit splits a region iff the region reaches farther than the tolerance (1e-10
//! of the half-width of the domain) on both of its sides. The result says how close it came: the smallest depth of a
//! crossing that was accepted, and the largest of a touch that was not. Far apart, they leave no doubt about the count.
//!
//! **Domains** ([`Body`](crate::regions::Body)): boxes, simplices, H-polytopes; balls, where P reaches into the ball iff the
//! point of P nearest to the centre does (a least-squares program instead of a linear one), and sides on the sphere are no
//! facets; unbounded polytopes and the whole space, as cones {(x, s)} over the points x / s, which makes them bounded again.
//!
//! Entry points: [`enumerate`], [`Enumeration`]. Cost: about 4 to 40 microseconds a region for d <= 10 and some tens of units
//! a layer, most of it for facets and interior points. Memory: the output.

pub(crate) mod bounds;
mod cell;
mod center;
mod emit;
mod enumeration;
mod facets;
mod maximum;
mod neighbours;
mod qp;
mod shared;
mod sheet;
mod side;
mod sink;
mod task;
mod tidy;
mod volume;

pub use enumeration::{Enumeration, EnumerationOptions, enumerate};
pub use sink::EnumerationWant;
