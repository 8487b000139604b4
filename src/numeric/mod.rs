//! Numbers beyond f64, for signs that must be right: exact dyadic numbers, double-double numbers, and double-double numbers
//! that know how far they may be from the truth.

pub(crate) mod double;
pub(crate) mod dyadic;
pub(crate) mod number;
