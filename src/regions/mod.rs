//! The linear regions of a CPWL network: exactly in the plane (here) and in space ([`solid`]), by linear programs in any
//! dimension ([`polytope`]).
//!
//! A network of affine layers and CPWL units is affine on each cell of a polygonal partition of the plane (or of a 2-D
//! slice of its input space): f(x) = A_w x + b_w on the cell with activation pattern w. [`partition()`] computes all cells,
//! their polygons, patterns and affine maps, and the mesh they form (SplineCam, arXiv 2302.12828, made exact).
//!
//! **What is counted.** An activation cell is a full-dimensional maximal set of constant pattern; a unit is on iff its
//! pre-activation is > 0, and it splits a cell only if it takes both strict signs there.
//!
//! A max unit is on the piece of its largest candidate, the lowest among equals. Cells are merged to connected linear pieces
//! and to distinct affine maps in `pieces`.
//!
//! **Exactness.** Every sign that decides topology is certified: by an f64 filter with a proven error bound, else in
//! double-double with one, else in exact integer arithmetic on the weights as they are. No tolerance is involved, so
//! quantised and degenerate networks (lines through vertices, coinciding lines) come out right, and cells of area 1e-18 are
//! not lost. [`Signs`] counts the signs by stage.
//!
//! The reference path (`ContextOptions::reference`) sends every sign and every vertex through the exact stage; it is what
//! the filter is tested against.
//!
//! **Method.** Depth-first, layer-recursive convex splitting with conflict lists: `task` (the recursion), `filter`, `knots` and
//! `cut` (signs and cuts of scalar units), `envelope`, `maximum` and `ties` (max units), `values`, `folds` and `convolve`
//! (functionals of the layers, whatever the dimension), `chart`, `plan` and `level` (what is prepared), `oracle` (later
//! stages of the predicates, in the numbers of `numeric`), `bounds` (error bounds), `cell` and `key` (names of vertices),
//! `mesh` (assembly). Cost: about one small matrix-vector product of the next layer per cell and layer. Memory: the output; or a
//! few chunks with `stream`. Parts of a domain add up to the whole: `seams`.
//!
//! **On the finished partition.** `exact` (the exact stage on its cells), `locate` (point location), `boundary` (decision
//! boundaries and level sets), `statistics` (size and shape of the cells, lines, neighbours), `ball` and `disc` (cells that
//! meet a disc), `metric` (units of lengths), `pieces` (cells with the same map).

mod ball;
mod body;
mod boundary;
mod bounds;
mod cell;
mod certificate;
mod chart;
mod complexity;
mod convolve;
mod cut;
mod disc;
mod domain;
mod envelope;
mod exact;
mod filter;
mod folds;
mod frame;
mod join;
mod key;
mod knots;
mod level;
mod locate;
mod maximum;
mod mesh;
mod metric;
mod oracle;
mod packed;
mod partition;
mod pieces;
mod plan;
pub mod polytope;
mod seams;
mod shared;
mod sink;
pub mod solid;
mod statistics;
mod stream;
mod svg;
mod task;
mod ties;
mod values;

pub use ball::count_in_ball;
pub use body::{Body, HalfSpace};
pub use boundary::{Boundary, BoundaryMode, Nearest};
pub use certificate::Signs;
pub use complexity::local_complexity;
pub use domain::Domain;
pub use metric::Metric;
pub use partition::{Partition, PartitionOptions, partition};
pub use polytope::{Enumeration, EnumerationOptions, EnumerationWant, enumerate};
pub use sink::Want;
pub use statistics::{Quantity, Spread, Statistics};
pub use stream::{Chunk, StreamOptions, Streamed, stream};
pub use svg::{Color, SvgOptions};
