//! Prototype losses with a chosen cluster prior, Sinkhorn, and which prior data follow.
//!
//! Joint-embedding methods favour clusters of equal size; PMSN (Assran et al., arXiv 2210.07277) replaces the uniform law that MSN
//! (arXiv 2204.07141) draws the mean assignment to by another, a power law by default.
//!
//! ```text
//! s_ik = u_i . c_k / tau,  p_i = softmax(s_i),  pbar = mean_i p_i      rows and prototypes over their lengths
//! t_i  = sharpened, then balanced assignments of the target views      no gradient
//! loss = mean_i -sum_k t_ik ln p_ik + lam KL + w mean_i H(p_i)         KL(pbar || pi) or KL(pi || pbar)
//! ```
//!
//! Every logarithm of a probability is taken before the exponential, so that no temperature makes a NaN.
//!
//! | file | what |
//! |---|---|
//! | `options` | [`PriorOptions`], [`Views`]: what is computed |
//! | `loss` | [`prior_loss`] and its gradients |
//! | `scores` | assignments of rows to prototypes |
//! | `mean` | [`ClusterMean`]: mean assignments that processes can add up |
//! | `sinkhorn` | [`sinkhorn()`]: plans with given marginals |
//! | `leaf` | the loops over rows |
//! | `family` | [`Family`]: uniform, power law, Zipf-Mandelbrot, exponential, step, counts, Dirichlet |
//! | `fit` | [`fit_exponent`]: the power law that counts follow |
//! | `diagnose` | [`diagnose()`]: entropy, effective clusters, tests against the uniform law |
//! | `binomial`, `gamma` | random multinomial counts; the chi-square tail |

mod binomial;
mod diagnose;
mod family;
mod fit;
mod gamma;
mod leaf;
mod loss;
mod mean;
mod options;
mod scores;
mod sinkhorn;
#[cfg(test)]
mod tests;

pub use diagnose::{Diagnosis, DiagnosisOptions, Interval, Null, diagnose};
pub use family::{Family, entropy};
pub use fit::{STEEPEST, fit_exponent};
pub use loss::{PriorGradients, PriorLoss, prior_loss};
pub use mean::{ClusterMean, cluster_mean};
pub use options::{Direction, PriorOptions, Views};
pub use sinkhorn::{Balanced, SinkhornOptions, sinkhorn};
