//! Effective rank of representations, and what is read beside it.
//!
//! Z is N x K: rows are samples, columns are features; sigma_1 >= .. >= sigma_r >= 0 with r = min(N, K) are its singular
//! values, or those of Z minus its column means. RankMe (Garrido et al., arXiv 2210.02885) is the exponential of the
//! entropy of sigma / sum sigma: Roy and Vetterli's effective rank (2007) with eps = 1e-7 added to every probability.
//!
//! ```text
//! p = sigma / sum sigma,   q = p + eps,   RankMe = exp(-sum q ln q)
//! ```
//!
//! Everything comes from K x K second moments in f64 ([`Moments`]: streaming, mergeable, exact to the rounding of f32
//! data), whose eigenvalues are the squares of the singular values; N < K takes the N x N Gram matrix of the rows.
//! N K^2 flops and one pass over Z, then 4/3 K^3 for the eigenvalues. A [`Spectrum`] holds the values and gives the
//! measures, all of which are free.
//!
//! | file | what |
//! |---|---|
//! | `batch` | [`spectrum()`] of a matrix, in one call |
//! | `moments/` | [`Moments`]: update, merge, subtract, bytes, flat buffer for an all-reduce |
//! | `spectrum`, `entropy` | [`Spectrum`] and its measures |
//! | `options` | conventions by name: [`Options`], [`Preset`] |
//! | `approximate/` | [`Moments::approximate_rank`]: an estimate with an error bar, for K of many thousands |
//! | `queue` | [`Queue`]: the last Q rows of a stream |
//! | `alpha` | [`alpha_req`]: decay of the eigenvalues as a power law |
//! | `gradient` | [`gradient()`] of an effective rank or its entropy with respect to Z |
//! | `lidar` | [`Lidar`]: rank of what tells samples apart |
//! | `selfcluster`, `coherence`, `twonn`, `tokens` | measures of the rows themselves, or of pairs of them |
//! | `law`, `select` | what to expect of a sample size; which run to take |

mod alpha;
mod approximate;
mod batch;
mod coherence;
mod entropy;
mod gradient;
mod law;
mod lidar;
mod moments;
mod options;
mod queue;
mod scale;
mod select;
mod selfcluster;
mod spectrum;
mod tokens;
mod twonn;
mod unit;

pub use alpha::{AlphaFit, AlphaOptions, Weighting, alpha_req, alpha_robust};
pub use approximate::{Approximate, ApproximateOptions};
pub use batch::{SpectrumOptions, spectrum};
pub use coherence::coherence;
pub use entropy::EntropyScale;
pub use gradient::{Gradient, GradientOptions, Target, gradient};
pub use law::{expected_rank, sample_size_law};
pub use lidar::{Denominators, Lidar, LidarOptions, LidarValue};
pub use moments::Moments;
pub use options::{EpsMode, Options, Power, Preset};
pub use queue::Queue;
pub use select::{Prefer, select};
pub use selfcluster::self_cluster;
pub use spectrum::{Precision, Spectrum};
pub use tokens::{Turn, curvature};
pub use twonn::{TwoNn, two_nn};
pub use unit::unit_rows;
