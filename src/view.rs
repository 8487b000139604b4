//! Strided borrowed tensors.
