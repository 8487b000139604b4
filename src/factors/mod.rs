//! Errors by factor of variation, in the manner of ImageNet-X (Idrissi et al., arXiv 2211.01866).
//!
//! n images carry F binary factors x_if (pose, background, ...); model m is right or wrong on each (w = 1: wrong).
//!
//! ```text
//! tot_f = sum_i x_if,  cor_fm = sum_i x_if (1 - w_im),  acc_f = cor_f / tot_f,  e_f = 1 - acc_f,  e = mean_i w_i
//! error ratio  ER_f = e_f / e              (1: the factor makes no difference)
//! ```
//!
//! Whether thousands of models are right is one bit an image each; factors are bit planes as well, so that every count is
//! the number of bits that two planes share, exact, and the time goes into reading the predictions once. All else (ratios,
//! standard errors, intervals, tests, resampling) follows from the counts at a cost that does not depend on n.
//!
//! | file | what |
//! |---|---|
//! | `annotations`, `truth` | [`Annotations`]: factors, groups and accepted labels of the images |
//! | `plane/` | bit planes: one set of kernels per instruction set |
//! | `count`, `cells` | [`Annotations::count`]: models x factors x groups, by planes or by distinct cells |
//! | `table` | [`Table`]: accuracies, error ratios with intervals, prevalence shifts from counts |
//! | `paired` | [`Annotations::compare`]: two models on the same images |
//! | `bootstrap`, `binomial` | resampling of counts: [`bootstrap()`] and [`Annotations::joint_bootstrap`] |
//! | `spillover` | [`spillover()`] along a strength axis, [`populations()`] between groups of models |
//! | `calibration`, `association` | calibration error per factor; factors against each other |
//! | `adjust`, `tails` | corrections for many tests; tail probabilities |

mod adjust;
mod annotations;
mod association;
mod binomial;
mod bootstrap;
mod calibration;
mod cells;
mod count;
mod paired;
mod plane;
mod spillover;
mod table;
mod tails;
#[cfg(test)]
mod tests;
mod truth;

pub use adjust::{benjamini_hochberg, holm};
pub use annotations::{Annotations, AnnotationsOptions};
pub use association::Association;
pub use bootstrap::{Bootstrap, BootstrapOptions, bootstrap};
pub use calibration::Calibration;
pub use count::{CountOptions, Counts, Form};
pub use paired::Paired;
pub use spillover::{Populations, Spillover, SpilloverOptions, populations, spillover};
pub use table::{Table, flag};
pub use truth::Truth;

/// Most factors that there may be: one bit each.
pub const MAX_FACTORS: usize = 64;
