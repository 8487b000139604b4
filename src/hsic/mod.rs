//! Independence: HSIC and what is made of it, tests, and losses that ask for it.
//!
//! n rows; K, L the Gram matrices of two variables; H = I - 11'/n.
//!
//! ```text
//! HSIC = Tr(K H L H) / n^2        (Gretton et al. 2005), over (n - 1)^2, or unbiased (Song et al. 2012)
//! CKA  = HSIC(x, y) / sqrt(HSIC(x, x) HSIC(y, y))      (Kornblith et al., arXiv 1905.00414)
//! ```
//!
//! Gram matrices exist a tile at a time: memory is O(n), whatever is computed. Unbiased HSIC may be negative: for independent
//! variables its mean is 0. What has no value (CKA of a constant) is a status, never a number.
//!
//! | file | what |
//! |---|---|
//! | `kernel` | [`Kernel`]: names, parameters, plain formulas |
//! | `side`, `tiles`, `leaf/` | data as the tiles of a Gram matrix, the walk over them, work on a row of a tile |
//! | `sums`, `estimate`, `linear` | [`hsic()`]: all estimators in one pass; the linear kernel by features |
//! | `gradient` | [`gradient()`] of HSIC and CKA |
//! | `dhsic` | [`dhsic()`] of several variables, its gradient and test |
//! | `pairwise` | [`pairwise_hsic()`] of all features, [`pairwise_mean()`] without the matrix, gradient; [`pairwise_test()`] |
//! | `layers` | [`LayerCka`]: all layers of two networks over minibatches |
//! | `blocks` | [`Stream`], [`hsic_blocks()`]: linear time |
//! | `features` | random Fourier features, Nystrom |
//! | `oned` | [`hsic_1d()`]: n log n for two columns |
//! | `bandwidth` | [`bandwidth()`]: medians by name |
//! | `gamma`, `permutation` | tests of independence |
//! | `losses/` | [`vcreg()`], [`vicreg()`], [`barlow()`], [`wmse()`] |
//! | `ica` | [`ica()`]: sources of a linear mixture |

mod bandwidth;
mod blocks;
mod centre;
mod dhsic;
mod estimate;
mod features;
mod gamma;
mod gradient;
mod ica;
mod kernel;
mod layers;
mod leaf;
mod linear;
mod losses;
mod oned;
mod pairwise;
mod permutation;
mod product;
mod reference;
mod side;
mod sums;
#[cfg(test)]
mod tests;
mod tiles;

pub use bandwidth::{Bandwidth, Sigma, bandwidth};
pub use blocks::{Stream, Streamed, hsic_blocks};
pub use dhsic::{dhsic, dhsic_gradient, dhsic_test};
pub use estimate::{Estimates, Estimator, hsic};
pub use features::{Approximation, hsic_nystrom, hsic_random_features, random_features};
pub use gamma::{GammaTest, hsic_gamma_test};
pub use gradient::{Gradient, Objective, gradient};
pub use ica::{Ica, IcaOptions, ica};
pub use kernel::Kernel;
pub use layers::LayerCka;
pub use leaf::Number;
pub use losses::{
    BarlowOptions, Loss, VcregOptions, VicregOptions, VicregVariant, WmseOptions, barlow, vcreg,
    vcreg_of_moments, vcreg_rows, vicreg, wmse,
};
pub use oned::hsic_1d;
pub use pairwise::{
    FeatureKernel, MeanGradient, pairwise_cka, pairwise_hsic, pairwise_mean, pairwise_mean_gradient,
    pairwise_test,
};
pub use permutation::{
    PermutationTest, Permutations, dhsic_permutation_test, hsic_permutation_test, permutation,
};
pub use side::Variable;
