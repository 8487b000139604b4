//! The datum-index cross-entropy of DIET (Ibrahim et al., arXiv 2302.10260): every training image is a class of its own.
//!
//! F is B x K, the features of a batch; W is N x K, the head, a row for every image of the training set; the target of row i
//! is its own index, smoothed by eps. N is the size of a data set, so the B x N scores are the memory that this room does
//! without.
//!
//! ```text
//! z_ij = s f_i . w_j + b_j          f, w over their lengths where asked
//! q_ij = (1 - eps) t_ij + eps / N   t_i: a class, or up to a few with weights (MixUp, CutMix)
//! loss_i = lse_i - (1 - eps) sum_c t_ic z_ic - (eps / N) sum_j z_ij
//! G = g (softmax(z) - q),  dF = s G w,  dW = s G' f
//! ```
//!
//! Two passes over strips of classes. The first keeps four numbers a row (largest score, sum of exponentials, scores of the
//! targets, sum of scores); the second computes the scores again and hands every strip of dW out as soon as it is known, to
//! memory or to an optimiser that updates the rows in place. 8 B N K flops; 6 B N K where the scores may be kept. A strip is
//! held classes by rows, so that everything but the three products runs along contiguous rows of the batch.
//!
//! Sums over classes are in f64 from one strip to the next, and G is formed in the precision of the scores before anything
//! is rounded. Results do not depend on the number of threads.
//!
//! | file | what |
//! |---|---|
//! | `options` | [`Options`], [`Problem`]: what is computed |
//! | `targets` | which classes a row belongs to |
//! | `batch`, `head` | both factors, as the products want them |
//! | `leaf` | the loops over a strip |
//! | `partials` | [`Partials`]: what a shard of the classes knows about a row, and how shards are merged |
//! | `forward`, `backward` | the two passes |
//! | `loss` | [`loss()`], [`Loss`]: both passes over a whole head |
//! | `update` | [`step()`]: both passes, the second of which updates the head |
//! | `shard` | [`shard_forward`], [`shard_backward`]: a head whose classes are spread over processes |
//! | `sampled` | [`sampled_loss`]: the labels of the batch and some other classes; approximate |
//! | `reference` | the definition, row by row in f64 |

mod backward;
mod batch;
mod forward;
mod head;
mod leaf;
mod loss;
mod options;
mod partials;
mod reference;
mod sampled;
mod shard;
mod targets;
#[cfg(test)]
mod tests;
mod update;

pub use loss::{Gradients, Loss, floor_entropy, loss};
pub use options::{Norm, Options, Problem, Reduction, Targets};
pub use partials::{PARTIALS, Partials};
pub use sampled::sampled_loss;
pub use shard::{Shard, shard_backward, shard_forward};
pub use update::{Optimizer, State, Update, step};
