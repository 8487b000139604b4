//! Assignments of rows to prototypes, in logarithms.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::leaf;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::linalg::gemm::{Epilogue, Packed, Right, gemm_with};
use crate::linalg::length::{SHORTEST, length};
use crate::simd::real::Real;
use crate::view::TensorRef;

/// Rows in a job.
pub(super) const BLOCK: usize = 64;

/// Rows over their lengths.
pub(super) struct Units<T: Real> {
    /// (rows, d).
    pub rows: Buffer<T>,
    pub count: usize,
    pub d: usize,
    lengths: Vec<f64>,
}

impl<T: Real> Units<T> {
    /// Conditions: DTYPE, NONFINITE, MEMORY, MEMORY_LIMIT.
    pub fn new(meter: &Meter, tensor: &TensorRef) -> Result<Self> {
        let matrix = tensor.matrix("(rows, d)")?;
        let (count, d) = (matrix.rows(), matrix.columns());
        let mut rows = meter.buffer::<T>(count.saturating_mul(d), tensor.name())?;
        let mut lengths = Vec::with_capacity(count);
        let mut row = vec![0.0; d];
        for (i, out) in rows.chunks_exact_mut(d).enumerate() {
            matrix.load(i..i + 1, 0..d, &mut row);
            if !row.iter().all(|x| x.is_finite()) {
                return Err(matrix.nonfinite(i..i + 1));
            }
            let length = length(&row);
            out.iter_mut().zip(&row).for_each(|(o, x)| *o = T::of(x / length));
            lengths.push(length);
        }
        Ok(Units { rows, count, d, lengths })
    }

    pub fn view(&self) -> ArrayView2<'_, T> {
        ArrayView2::from_shape((self.count, self.d), &self.rows[..]).expect("rows of length d")
    }

    /// Turns gradients by the rows over their lengths, from row `first` on, into those by the rows.
    pub fn through_lengths(&self, first: usize, gradients: &mut [T]) {
        let rows = self.rows.chunks_exact(self.d).zip(&self.lengths).skip(first);
        for (g, (u, &length)) in gradients.chunks_exact_mut(self.d).zip(rows) {
            let along: f64 = u.iter().zip(&*g).map(|(u, g)| u.wide() * g.wide()).sum();
            // A row that is divided by a constant has no part that its length takes away.
            let part = if length > SHORTEST { along } else { 0.0 };
            g.iter_mut().zip(u).for_each(|(g, u)| *g = T::of((g.wide() - u.wide() * part) / length));
        }
    }
}

/// ln p of rows.
pub(super) struct Assigned<T: Real> {
    /// (rows, K).
    pub logs: Buffer<T>,
    /// Entropy of each row.
    pub entropy: Vec<f64>,
}

/// ln softmax(u . c / temperature) of all rows. 2 rows K d flops.
pub(super) fn assign<T: Real>(
    ctx: &Context,
    meter: &Meter,
    rows: &Units<T>,
    prototypes: &Packed<T>,
    temperature: f64,
) -> Result<Assigned<T>> {
    let (k, d) = (prototypes.columns(), rows.d);
    let mut logs = meter.buffer::<T>(rows.count.saturating_mul(k), "assignments")?;
    let mut entropy = vec![0.0; rows.count];
    let units = rows.rows.chunks(BLOCK * d);
    let out = logs.chunks_mut(BLOCK * k).zip(entropy.chunks_mut(BLOCK));
    let mut blocks: Vec<_> = units.zip(out).collect();
    ctx.pool().for_each(&mut blocks, |_, (units, (logs, entropy))| {
        ctx.poll()?;
        let count = entropy.len();
        let a = ArrayView2::from_shape((count, d), units).expect("a block of rows");
        let c = ArrayViewMut2::from_shape((count, k), logs).expect("a block of scores");
        gemm_with(ctx.isa(), a, Right::Packed(prototypes), Epilogue::plain(false), c);
        leaf::log_softmax(ctx.isa(), logs, k, T::of(1.0 / temperature), entropy);
        Ok(())
    })?;
    if entropy.iter().any(|e| !e.is_finite()) {
        bail!(Argument, "temperature is {temperature:e}: scores over it are not finite")
    }
    Ok(Assigned { logs, entropy })
}
