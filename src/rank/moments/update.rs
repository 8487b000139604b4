//! Rows come, and rows go.

use super::{Anchor, Moments};
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::linalg::syrk::{Rows, Shift, column_means, syrk, syrk_or_nothing};
use crate::rank::scale::{SAFE, exponent, ldexp};
use crate::view::{Dtype, Matrix, TensorRef};

/// Scaled rows and shifts stay below this, so that no sum of squares overflows.
pub(super) const REACH: f64 = (1u128 << 120) as f64 * (1u128 << 120) as f64 * (1u128 << 120) as f64;

/// Rows whose mean becomes the shift.
const FIRST: usize = 256;

/// Exponent of the scale for data whose largest size is `largest`: 0 for all but extreme data.
fn scale_for(largest: f64) -> i32 {
    match exponent(largest) {
        e if largest == 0.0 || e.abs() <= SAFE => 0,
        e => e,
    }
}

/// The same for a matrix; only f64 has room for extreme data. Condition: NONFINITE, for f64.
pub(in crate::rank) fn scale_of(ctx: &Context, z: Matrix) -> Result<i32> {
    Ok(if z.dtype() == Dtype::F64 { scale_for(z.largest(ctx)?) } else { 0 })
}

impl Moments {
    /// Adds the rows of `z` (n x K; f32, f64, f16 or bf16, any strides). n K^2 flops. An empty `z` changes nothing.
    ///
    /// More than K / 2 rows, or 32 MiB of doubles, need K^2 doubles besides, unless they are the first. Conditions:
    /// RANK, SHAPE, DTYPE, NONFINITE, ARGUMENT (too large for the scale that the caller fixed), MEMORY, MEMORY_LIMIT, CANCELLED.
    pub fn update(&mut self, ctx: &Context, z: &TensorRef) -> Result<()> {
        self.absorb(ctx, &ctx.meter(), z.matrix("(rows, columns)")?, 1.0)
    }

    /// Takes the rows of `z` out, which came in before in any order; as exact as putting them in, but every such pair leaves
    /// its rounding behind: rebuild the state when as many rows have left as are in it. Conditions as for
    /// [`Moments::update`]; ARGUMENT if `z` has more rows than there are.
    pub fn downdate(&mut self, ctx: &Context, z: &TensorRef) -> Result<()> {
        let z = z.matrix("(rows, columns)")?;
        if z.rows() as u64 > self.rows {
            bail!(Argument, "{} has {} rows; only {} are there to take out", z.name(), z.rows(), self.rows)
        }
        self.absorb(ctx, &ctx.meter(), z, -1.0)
    }

    /// Adds `sign` times the rows.
    pub(in crate::rank) fn absorb(
        &mut self,
        ctx: &Context,
        meter: &Meter,
        z: Matrix,
        sign: f64,
    ) -> Result<()> {
        let n = z.rows() as u64;
        if z.columns() != self.columns() {
            bail!(Shape, "{} has {} columns; expected {}", z.name(), z.columns(), self.columns())
        }
        if n == 0 {
            return Ok(());
        }
        let fresh = self.rows == 0;
        let result = self.prepare(ctx, z).and_then(|()| self.add(ctx, meter, z, sign, fresh));
        if result.is_err() && fresh {
            self.clear();
        }
        let sums = result?;
        for (total, s) in self.sums.iter_mut().zip(sums) {
            *total += sign * s;
        }
        self.rows = if sign > 0.0 { self.rows + n } else { self.rows - n };
        if self.rows == 0 {
            self.clear();
        }
        Ok(())
    }

    /// Scale and shift before rows of `z` are added.
    fn prepare(&mut self, ctx: &Context, z: Matrix) -> Result<()> {
        // f32 and shorter numbers fit any scale but those of very small f64.
        if z.dtype() == Dtype::F64 || self.exponent < -SAFE / 2 {
            self.fit_scale(z.largest(ctx)?, z.name())?;
        }
        if self.rows == 0 && self.anchor == Anchor::First {
            self.shift = column_means(ctx, z.row_range(0..z.rows().min(FIRST)), self.exponent)?;
        }
        Ok(())
    }

    /// Makes sure that rows of this size can be squared.
    fn fit_scale(&mut self, largest: f64, name: &str) -> Result<()> {
        if self.anchor == Anchor::Given {
            if ldexp(largest, -self.exponent) > REACH {
                let e = self.exponent;
                bail!(
                    Argument,
                    "{name} holds {largest:e}, too large for the scale 2^{e} that this state was given"
                )
            }
        } else if self.is_blank() {
            self.exponent = scale_for(largest);
        } else if largest != 0.0 && exponent(largest) > self.exponent + SAFE {
            self.rescale(exponent(largest));
        }
        Ok(())
    }

    /// Nothing but zeros so far, which are the same on any scale.
    pub(super) fn is_blank(&self) -> bool {
        self.gram.trace() == 0.0 && self.shift.iter().chain(&self.sums).all(|&x| x == 0.0)
    }

    /// The same state on another scale.
    pub(super) fn rescale(&mut self, exponent: i32) {
        let by = self.exponent - exponent;
        self.shift.iter_mut().chain(&mut self.sums).for_each(|x| *x = ldexp(*x, by));
        self.gram.map(|_, _, g| ldexp(g, 2 * by));
        self.exponent = exponent;
    }

    /// G += sign X'X, all of it or nothing (the first rows of all may stop half-way: the caller then clears). Returns the sums
    /// of the columns.
    fn add(&mut self, ctx: &Context, meter: &Meter, z: Matrix, sign: f64, fresh: bool) -> Result<Vec<f64>> {
        let rows = Rows { z, exponent: self.exponent, shift: Shift::Columns(&self.shift) };
        let add = if fresh { syrk } else { syrk_or_nothing };
        add(ctx, meter, &rows, sign, &mut self.gram)
    }
}
