//! Linear programs in few dimensions: half-spaces ([`Rows`]), a first point and vertex ([`start`]), the [`Simplex`] method.

mod rows;
mod simplex;
pub(crate) mod start;
mod table;

pub(crate) use rows::{NO_LABEL, Rows};
pub(crate) use simplex::{End, Simplex};
pub(crate) use table::Table;
