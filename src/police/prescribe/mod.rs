//! Which affine map a network is on a region, prescribed: through the last layer, or by adding the difference everywhere.
//!
//! On a region the last hidden vector is z = M x + m, and the outputs are W z + b. To make E f(x) = F x + g there:
//!
//!   W' = W + E⁺ (F - E W M) M⁺,   b' = b + E⁺ (g - E (W' m + b)),
//!
//! the change of smallest Frobenius norm. It needs as many independent hidden units as the region has dimensions; adding
//! (A* - A) x + (c* - c) is always possible, but changes the network everywhere. Karg and Lucia (arXiv 2004.00521) prescribe
//! the affine piece around an equilibrium in this way.
//!
//! | file | holds |
//! |---|---|
//! | `solve` | the change of the last layer, on plain matrices, and its gradient |
//! | `affine` | maps of a plan: through the last layer, by a second path |
//! | `bounds` | inequalities E f(x) <= g: checked exactly, enforced by the bias |
//! | `layer` | the last layer of a network: found, read, replaced |

mod affine;
mod bounds;
mod layer;
mod solve;

pub use bounds::Inequalities;
pub use solve::{Prescribed, PrescribedGradients, Target, prescribe};
