//! Support functions.

use super::{ConvexSet, Scratch, check};
use crate::error::{Result, bail};

impl ConvexSet {
    /// The largest value of a . x over the set, and infinity where there is none, for each of `directions` a, (n, dim)
    /// row-major. The smallest value is minus that of -a.
    ///
    /// Conditions: SHAPE, NONFINITE, also where a value overflows.
    pub fn support(&self, directions: &[f64]) -> Result<Vec<f64>> {
        check::whole(self.dim, directions, "direction")?;
        let n = directions.len() / self.dim;
        // (rows, n)
        let mut values = Vec::with_capacity(self.n_rows() * n);
        for row in self.rows.chunks_exact(self.dim) {
            values.extend(directions.chunks_exact(self.dim).map(|a| super::basis::dot(row, a)));
        }
        let (mut lo, mut hi) = (vec![0.0; n], vec![0.0; n]);
        self.shape.range_with(&mut Scratch::default(), &values, n, &mut lo, &mut hi);
        if let Some(i) = hi.iter().position(|x| x.is_nan()) {
            bail!(Nonfinite, "the value of direction {i} overflows on the set")
        }
        Ok(hi)
    }
}
