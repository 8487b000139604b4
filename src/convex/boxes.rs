//! Boxes and balls: a centre and a radius along every axis.

use super::{ConvexSet, Shape, check};
use crate::error::{Result, bail};

/// Which of the lp norms measures a ball.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Sum of absolute values.
    One,
    /// Euclidean.
    Two,
    /// Largest absolute value: the ball is a cube.
    Inf,
}

impl Norm {
    /// The norm with p = 1, 2 or infinity; UNSUPPORTED otherwise.
    pub fn of(p: f64) -> Result<Norm> {
        match p {
            1.0 => Ok(Norm::One),
            2.0 => Ok(Norm::Two),
            f64::INFINITY => Ok(Norm::Inf),
            _ => bail!(Unsupported, "p is {p}; expected 1, 2 or infinity"),
        }
    }
}

impl ConvexSet {
    /// The box of all x with |x_i - center_i| <= radius_i; a radius may be zero. Rows: the centre, then radius_i e_i for
    /// each axis i.
    ///
    /// Conditions: SHAPE, NONFINITE, BAD_REGION at a negative radius, MEMORY.
    pub fn boxed(center: &[f64], radius: &[f64]) -> Result<ConvexSet> {
        check::finite(center, "center")?;
        check::radii(center.len(), radius)?;
        along_axes(center, |i| radius[i], Shape::Cube)
    }

    /// The ball of all x with |x - center|_p <= radius, which may be zero. Rows: the centre, then radius e_i for each
    /// axis i.
    ///
    /// Conditions: SHAPE, NONFINITE, BAD_REGION at a negative radius, MEMORY.
    pub fn ball(center: &[f64], radius: f64, norm: Norm) -> Result<ConvexSet> {
        check::finite(center, "center")?;
        check::size(radius, "radius")?;
        let kind = match norm {
            Norm::One => Shape::Cross,
            Norm::Two => Shape::Ball,
            Norm::Inf => Shape::Cube,
        };
        along_axes(center, |_| radius, kind)
    }
}

/// A centre and a direction of length `radius(i)` along each axis i.
fn along_axes(
    center: &[f64],
    radius: impl Fn(usize) -> f64,
    kind: fn(std::ops::Range<usize>) -> Shape,
) -> Result<ConvexSet> {
    let dim = center.len();
    check::dimension(dim)?;
    let mut rows = check::zeros(dim + 1, dim)?;
    rows[..dim].copy_from_slice(center);
    (0..dim).for_each(|i| rows[(i + 1) * dim + i] = radius(i));
    ConvexSet::about(center, rows, kind(1..dim + 1))
}
