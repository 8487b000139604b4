//! The same set by fewer rows, found once.

use std::sync::{Arc, OnceLock};

use super::{ConvexSet, Shape};
use crate::fork;

/// A set by fewer rows, when somebody has asked for it; copies share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Light(Arc<OnceLock<Option<ConvexSet>>>);

impl PartialEq for Light {
    /// It says nothing about the set that the rows do not.
    fn eq(&self, _: &Light) -> bool {
        true
    }
}

impl ConvexSet {
    /// The set itself or, for a hull of many points of low rank, the frame of [`ConvexSet::vertices`]: what is cheapest to
    /// carry. Its vertices have the same numbers, and its points differ by rounding. Found when first asked for.
    pub fn light(&self) -> &ConvexSet {
        let find = || match self.shape() {
            Shape::Points(rows) if rows.len() > 2 => {
                ConvexSet::vertices(self.dim, &self.rows).ok().filter(|set| set.n_rows() < self.n_rows())
            }
            _ => None,
        };
        fork::get_or_init(&self.light.0, find).as_ref().unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_of_points_takes_three_rows() {
        let points: Vec<f64> = (0..50).flat_map(|i| [f64::from(i).cos(), f64::from(i).sin()]).collect();
        let set = ConvexSet::points(2, &points).unwrap();
        assert_eq!((set.n_rows(), set.light().n_rows(), set.clone().light().n_rows()), (50, 3, 3));
        let square = ConvexSet::points(2, &[0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0]).unwrap();
        assert_eq!(square.light(), &square);
    }
}
