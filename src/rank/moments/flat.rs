//! The state as a buffer of doubles that processes may sum entry by entry (an all-reduce), given that all of them use the
//! same shift and scale.

use super::{Anchor, Moments};
use crate::context::Context;
use crate::error::{Result, bail};

impl Moments {
    /// Length of the flat buffer for `columns` features: 1 + K + K (K + 1) / 2.
    pub fn flat_len(columns: usize) -> usize {
        columns.saturating_add(1).saturating_mul(columns) / 2 + columns + 1
    }

    /// Writes n, S (K) and G (K (K + 1) / 2, upper triangle, row after row), all about the shift and in units of the scale
    /// that [`Moments::with_shift`] was given. The sum of such buffers is the buffer of all rows. Conditions: ARGUMENT (a
    /// state whose shift was not given), SHAPE (not [`Moments::flat_len`]).
    pub fn write_flat(&self, out: &mut [f64]) -> Result<()> {
        if self.anchor != Anchor::Given {
            bail!(
                Argument,
                "this state chose its own shift, which others do not share; make it with a given one"
            )
        }
        self.expect_flat(out)?;
        let (head, mut rest) = out.split_at_mut(1 + self.columns());
        head[0] = self.rows as f64;
        head[1..].copy_from_slice(&self.sums);
        for i in 0..self.columns() {
            let (row, more) = rest.split_at_mut(self.columns() - i);
            row.copy_from_slice(self.gram.row(i));
            rest = more;
        }
        Ok(())
    }

    /// The state of a flat buffer, or of the sum of several, that was written for this shift and exponent. Conditions: those
    /// of [`Moments::with_shift`]; SHAPE, NONFINITE, ARGUMENT (the number of rows is none).
    pub fn from_flat(ctx: &Context, shift: &[f64], exponent: i32, flat: &[f64]) -> Result<Self> {
        let mut moments = Moments::with_shift(ctx, shift, exponent)?;
        moments.expect_flat(flat)?;
        if let Some(i) = flat.iter().position(|x| !x.is_finite()) {
            bail!(Nonfinite, "flat[{i}] is {}; expected a finite number", flat[i])
        }
        if !(flat[0] >= 0.0 && flat[0] <= 2f64.powi(53) && flat[0].trunc() == flat[0]) {
            bail!(Argument, "flat[0] is {}; expected a number of rows", flat[0])
        }
        moments.rows = flat[0] as u64;
        let (head, mut rest) = flat.split_at(1 + shift.len());
        moments.sums.copy_from_slice(&head[1..]);
        for i in 0..shift.len() {
            let (row, more) = rest.split_at(shift.len() - i);
            moments.gram.row_mut(i).copy_from_slice(row);
            rest = more;
        }
        if moments.rows == 0 {
            moments.clear();
        }
        Ok(moments)
    }

    fn expect_flat(&self, flat: &[f64]) -> Result<()> {
        let (columns, want) = (self.columns(), Moments::flat_len(self.columns()));
        if flat.len() != want {
            bail!(Shape, "flat has {} values; expected {want} for {columns} columns", flat.len())
        }
        Ok(())
    }
}
