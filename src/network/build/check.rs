//! The checks that layers share.

use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::window::Window;

/// Most elements that one value or array may have: sizes and their products by a few bytes never overflow.
pub(crate) const MAX_ELEMENTS: usize = i32::MAX as usize;

/// Most padding on one side. [`super::Builder::max_pool2d`] looks at every window that begins in it.
const MAX_PADDING: usize = 1 << 20;

/// `(3, 8, 8)`, as in messages.
pub(crate) fn show(shape: &[usize]) -> String {
    format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
}

/// Number of elements of a shape; SHAPE if it has no dimension, a dimension of zero, or too many elements.
pub(crate) fn elements(shape: &[usize], who: impl Fn() -> String) -> Result<usize> {
    if shape.is_empty() || shape.contains(&0) {
        bail!(Shape, "{}: the shape is {}; expected at least one dimension, none zero", who(), show(shape))
    }
    match shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d)).filter(|&n| n <= MAX_ELEMENTS) {
        Some(n) => Ok(n),
        None => bail!(Shape, "{}: shape {} has more than {MAX_ELEMENTS} elements", who(), show(shape)),
    }
}

/// NONFINITE at the first NaN or infinity of an array of shape `shape`.
pub(crate) fn finite(array: &Array, shape: &[usize], what: &str, who: impl Fn() -> String) -> Result<()> {
    let Some(flat) = array.first_non_finite() else { return Ok(()) };
    let (mut rest, mut index) = (flat, vec![0; shape.len()]);
    for (i, &d) in index.iter_mut().zip(shape).rev() {
        (*i, rest) = (rest % d, rest / d);
    }
    let index = index.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    bail!(Nonfinite, "{}: {what}[{index}] is {}; expected a finite number", who(), array.get(flat))
}

/// An array of exactly this shape with finite elements only.
pub(super) fn array(array: &Array, shape: &[usize], what: &str, who: impl Fn() -> String) -> Result<()> {
    let n = elements(shape, || format!("{}: {what}", who()))?;
    if array.len() != n {
        bail!(Shape, "{}: {what} has {} elements; shape {} has {n}", who(), array.len(), show(shape))
    }
    finite(array, shape, what, who)
}

/// A window whose kernel, stride and dilation are at least 1 and whose numbers are small enough to compute with.
pub(super) fn window(w: &Window, who: impl Fn() -> String) -> Result<()> {
    for (what, v) in [("kernel", w.kernel), ("stride", w.stride), ("dilation", w.dilation)] {
        if v.iter().any(|&v| v == 0 || v > MAX_ELEMENTS) {
            bail!(Argument, "{}: {what} is {}; expected 1 to {MAX_ELEMENTS}", who(), show(&v))
        }
    }
    if w.padding.iter().any(|&v| v > MAX_PADDING) {
        bail!(Argument, "{}: padding is {}; expected at most {MAX_PADDING}", who(), show(&w.padding))
    }
    Ok(())
}
