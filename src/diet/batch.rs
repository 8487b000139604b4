//! The features of a batch, as the products want them.

use ndarray::ArrayView2;

use super::options::Norm;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::linalg::gemm::Packed;
use crate::linalg::length::{SHORTEST, length};
use crate::simd::real::Real;
use crate::view::Matrix;

/// B rows of length K, divided by their lengths where asked, and filled up with zeros to whole cache lines of rows.
pub(super) struct Batch<'a, T: Real> {
    features: Matrix<'a>,
    /// B.
    pub rows: usize,
    /// B, rounded up.
    pub lanes: usize,
    /// K.
    pub k: usize,
    /// (lanes, K).
    pub units: Buffer<T>,
    /// The transpose of `units`.
    pub packed: Packed<T>,
    /// What the rows were divided by; empty if by nothing.
    lengths: Vec<f64>,
}

impl<'a, T: Real> Batch<'a, T> {
    pub fn new(ctx: &Context, meter: &Meter, features: Matrix<'a>, norm: Norm) -> Result<Self> {
        let (rows, k) = (features.rows(), features.columns());
        let lanes = rows.next_multiple_of(T::PANEL);
        let mut units = meter.buffer::<T>(lanes.saturating_mul(k), "features")?;
        let mut lengths = Vec::new();
        let mut row = vec![0.0; k];
        for (i, out) in units.chunks_exact_mut(k.max(1)).take(rows).enumerate() {
            ctx.poll()?;
            features.load(i..i + 1, 0..k, &mut row);
            if norm != Norm::None {
                lengths.push(length(&row));
                row.iter_mut().for_each(|x| *x /= lengths[i]);
            }
            out.iter_mut().zip(&row).for_each(|(o, &x)| *o = T::of(x));
        }
        meter.charge(units.len() * size_of::<T>(), "packed features")?;
        let view = ArrayView2::from_shape((lanes, k), &units[..]).expect("rows of units");
        let packed = Packed::new(view.reversed_axes());
        Ok(Batch { features, rows, lanes, k, units, packed, lengths })
    }

    /// Multiplies the rows by `scale`, and those whose losses count for nothing by 0, whatever they hold.
    pub fn prepare_gradients(&mut self, slopes: &[f64], scale: f64) {
        for (row, &slope) in self.units.chunks_exact_mut(self.k.max(1)).zip(slopes) {
            if slope == 0.0 {
                row.fill(T::ZERO);
            } else if scale != 1.0 {
                row.iter_mut().for_each(|x| *x = T::of(scale * x.wide()));
            }
        }
    }

    /// Turns `gradient`, that of row `i` with respect to the row over its length, into that with respect to the row; returns
    /// the inner product of the gradient with the former.
    pub fn through_length(&self, i: usize, gradient: &mut [f64]) -> f64 {
        let mut row = vec![0.0; self.k];
        self.features.load(i..i + 1, 0..self.k, &mut row);
        let length = self.lengths.get(i).copied();
        row.iter_mut().for_each(|x| *x /= length.unwrap_or(1.0));
        let along: f64 = row.iter().zip(&*gradient).map(|(u, g)| u * g).sum();
        if let Some(length) = length {
            // A row that is divided by a constant has no part that its length takes away.
            let part = if length > SHORTEST { along } else { 0.0 };
            gradient.iter_mut().zip(&row).for_each(|(g, u)| *g = (*g - u * part) / length);
        }
        along
    }
}
