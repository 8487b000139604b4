//! Dense linear algebra.
//!
//! | module | what it does |
//! |---|---|
//! | `gemm` | products of matrices |
//! | `syrk` | Gram matrices of rows of any float type |
//! | [`eigh`] | eigenvalues and eigenvectors of symmetric matrices |
//! | `qr`, `svd`, `inverse` | small decompositions to the accuracy of each column |
//! | `tsqr` | triangular factor of a tall matrix by blocks of rows |
//! | `length` | lengths of rows, never 0 |
//! | `triangle` | Cholesky factors, triangular systems |

pub mod eigh;
pub(crate) mod gemm;
mod inverse;
pub(crate) mod length;
mod qr;
pub(crate) mod svd;
pub(crate) mod syrk;
pub(crate) mod triangle;
pub(crate) mod tsqr;
mod vectors;
