//! Dense linear algebra on strided views: products of matrices, and small decompositions in f64.

pub(crate) mod gemm;
mod inverse;
mod qr;
pub(crate) mod svd;
mod vectors;
