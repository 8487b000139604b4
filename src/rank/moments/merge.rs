//! Two states into one, and one out of another.

use super::update::REACH;
use super::{Anchor, Moments};
use crate::error::{Result, bail};
use crate::rank::scale::ldexp;

impl Moments {
    /// Adds the rows that `other` has seen, whatever its shift and scale. Any order and grouping of merges gives the state of
    /// all rows, up to the rounding of the sums. K^2 flops. Condition: SHAPE; ARGUMENT if they do not fit a scale that the
    /// caller fixed.
    pub fn merge(&mut self, other: &Moments) -> Result<()> {
        self.combine(other, 1.0)
    }

    /// Takes the rows that `other` has seen out. Conditions: as for [`Moments::merge`]; ARGUMENT if it has seen more rows. Rows
    /// that are not there leave a state that is none, which its spectrum says (NUMERIC).
    pub fn subtract(&mut self, other: &Moments) -> Result<()> {
        if other.rows > self.rows {
            bail!(Argument, "other has {} rows; only {} are there to take out", other.rows, self.rows)
        }
        self.combine(other, -1.0)
    }

    fn combine(&mut self, other: &Moments, sign: f64) -> Result<()> {
        if other.columns() != self.columns() {
            bail!(Shape, "other has {} columns; expected {}", other.columns(), self.columns())
        }
        if other.rows == 0 {
            return Ok(());
        }
        let rows = if sign > 0.0 { self.rows + other.rows } else { self.rows - other.rows };
        if rows == 0 {
            self.clear();
            return Ok(());
        }
        self.fit(other)?;
        match self.anchor {
            Anchor::First => self.chan(other, sign, rows as f64),
            _ => self.sum(other, sign),
        }
        self.rows = rows;
        Ok(())
    }

    /// Makes sure that the numbers of `other` fit the scale of this state.
    fn fit(&mut self, other: &Moments) -> Result<()> {
        let by = other.exponent - self.exponent;
        if self.anchor == Anchor::Given {
            let largest =
                (0..self.columns()).map(|i| other.shift[i].abs().max(other.gram.diagonal(i).sqrt()));
            if ldexp(largest.fold(0.0, f64::max), by) > REACH {
                bail!(
                    Argument,
                    "other holds numbers of the size of 2^{}, too large for the scale 2^{} that this state was given",
                    other.exponent,
                    self.exponent
                )
            }
        } else if self.is_blank() {
            self.exponent = other.exponent;
        } else if by > 0 && !other.is_blank() {
            self.rescale(other.exponent);
        }
        Ok(())
    }

    /// n = nA + s nB, mu = muA + s d nB / n, C = CA + s (CB + d d' nA nB / n), where d = muB - muA and s is the sign: Chan,
    /// Golub and LeVeque. The new mean is the new shift.
    fn chan(&mut self, other: &Moments, sign: f64, n: f64) {
        let by = other.exponent - self.exponent;
        let (na, nb) = (self.rows as f64, other.rows as f64);
        // Without rows of its own, a state has G = 0, S = 0, and any mean.
        let per_row = if self.rows == 0 { 0.0 } else { 1.0 / na };
        let mean: Vec<f64> = self.shift.iter().zip(&self.sums).map(|(a, s)| a + s * per_row).collect();
        let d: Vec<f64> = other.scaled_mean().zip(&mean).map(|(b, a)| ldexp(b, by) - a).collect();
        let weight = na * nb / n;
        for i in 0..self.columns() {
            for (k, (g, &o)) in self.gram.row_mut(i).iter_mut().zip(other.gram.row(i)).enumerate() {
                let j = i + k;
                let ours = *g - self.sums[i] * self.sums[j] * per_row;
                let theirs = ldexp(o - other.sums[i] * other.sums[j] / nb, 2 * by);
                *g = ours + sign * (theirs + weight * d[i] * d[j]);
            }
        }
        for ((a, mean), d) in self.shift.iter_mut().zip(mean).zip(d) {
            *a = mean + sign * d * nb / n;
        }
        self.sums.fill(0.0);
    }

    /// The same about a shift that stays: G = GA + s (CB + nB d d'), S = SA + s nB d, where d = muB - a; or the sums of both if
    /// they share the shift.
    fn sum(&mut self, other: &Moments, sign: f64) {
        let by = other.exponent - self.exponent;
        let nb = other.rows as f64;
        let same = self.shift.iter().zip(&other.shift).all(|(a, &b)| *a == ldexp(b, by));
        let d: Vec<f64> = other.scaled_mean().zip(&self.shift).map(|(b, a)| ldexp(b, by) - a).collect();
        for i in 0..self.columns() {
            for (k, (g, &o)) in self.gram.row_mut(i).iter_mut().zip(other.gram.row(i)).enumerate() {
                let j = i + k;
                let moved = |o: f64| ldexp(o - other.sums[i] * other.sums[j] / nb, 2 * by) + nb * d[i] * d[j];
                *g += sign * if same { ldexp(o, 2 * by) } else { moved(o) };
            }
            self.sums[i] += sign * if same { ldexp(other.sums[i], by) } else { nb * d[i] };
        }
    }
}
