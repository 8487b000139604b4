//! Dense linear algebra on strided views.

pub(crate) mod gemm;
pub(crate) mod svd;
