//! What the constructors demand of their arguments.

use crate::error::{Condition, Error, Result, bail};

/// EMPTY_REGION, SHAPE or NONFINITE unless `points` holds whole points of `dim` finite numbers, at least one.
pub(super) fn points(dim: usize, points: &[f64], name: &str) -> Result<()> {
    if points.is_empty() {
        bail!(EmptyRegion, "{name} is empty; expected at least one point")
    }
    whole(dim, points, name)
}

/// SHAPE or NONFINITE unless `vectors` holds whole vectors of `dim` finite numbers.
pub(super) fn whole(dim: usize, vectors: &[f64], name: &str) -> Result<()> {
    dimension(dim)?;
    if !vectors.len().is_multiple_of(dim) {
        bail!(Shape, "{name} has {} numbers; expected a multiple of the dimension {dim}", vectors.len())
    }
    finite(vectors, name)
}

/// SHAPE for a space without dimensions.
pub(super) fn dimension(dim: usize) -> Result<()> {
    if dim == 0 {
        bail!(Shape, "the dimension is 0; expected 1 or more")
    }
    Ok(())
}

/// NONFINITE at a NaN or infinity.
pub(super) fn finite(values: &[f64], name: &str) -> Result<()> {
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => bail!(Nonfinite, "{name}: element {i} is {}; expected finite numbers", values[i]),
        None => Ok(()),
    }
}

/// SHAPE, NONFINITE or BAD_REGION unless `radius` holds `dim` numbers >= 0.
pub(super) fn radii(dim: usize, radius: &[f64]) -> Result<()> {
    if radius.len() != dim {
        bail!(Shape, "radius has {} elements; center has {dim}", radius.len())
    }
    finite(radius, "radius")?;
    match radius.iter().position(|&r| r < 0.0) {
        Some(i) => bail!(BadRegion, "radius[{i}] is {}; expected 0 or more", radius[i]),
        None => Ok(()),
    }
}

/// NONFINITE or BAD_REGION unless `size` is a number >= 0.
pub(super) fn size(size: f64, name: &str) -> Result<()> {
    finite(&[size], name)?;
    if size < 0.0 {
        bail!(BadRegion, "{name} is {size}; expected 0 or more")
    }
    Ok(())
}

/// DIM_MISMATCH unless two sets are in the same space.
pub(super) fn same_space(a: usize, b: usize, what: &str) -> Result<()> {
    if a != b {
        bail!(DimMismatch, "{what}: the sets have dimensions {a} and {b}; expected the same")
    }
    Ok(())
}

/// Zeros for `rows` rows. Condition: MEMORY.
pub(super) fn zeros(rows: usize, dim: usize) -> Result<Vec<f64>> {
    let mut all = Vec::new();
    let none = || Error::new(Condition::Memory, format!("no memory for {rows} rows of {dim} numbers"));
    let len = rows.checked_mul(dim).ok_or_else(none)?;
    all.try_reserve_exact(len).map_err(|_| none())?;
    all.resize(len, 0.0);
    Ok(all)
}
