//! Fast kernels of the layers, on plain slices. [`super::Network::row`] says what the affine ones compute.

pub(super) mod conv;
pub(super) mod dense;
pub(super) mod pointwise;
pub(super) mod pool;
pub(super) mod route;
