//! The mean assignment of many rows, of several processes if need be.

use super::leaf;
use super::scores::{Assigned, BLOCK, Units, assign};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::gemm::Packed;
use crate::simd::real::Real;
use crate::view::{Dtype, TensorRef};

/// Sums of assignments as largest logarithm and sum over it, for each of K clusters: merging the states of all processes gives the
/// mean of all rows, as an all-reduce of maxima and then of sums would.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterMean {
    most: Vec<f64>,
    sum: Vec<f64>,
    rows: u64,
}

impl ClusterMean {
    pub(super) fn of<T: Real>(ctx: &Context, assigned: &Assigned<T>, k: usize) -> Result<Self> {
        let blocks = assigned.logs.len().div_ceil(BLOCK * k);
        let parts = ctx.pool().map_chunks(blocks, 1, |block| {
            let rows = &assigned.logs[block.start * BLOCK * k..];
            let rows = &rows[..rows.len().min(BLOCK * k)];
            let (mut most, mut sum) = (vec![T::LOWEST; k], vec![T::ZERO; k]);
            leaf::raise(ctx.isa(), rows, k, &mut most);
            leaf::add_exponentials(ctx.isa(), rows, k, &most, &mut sum);
            let wide = |x: Vec<T>| x.into_iter().map(|x| x.wide()).collect();
            Ok(ClusterMean { most: wide(most), sum: wide(sum), rows: (rows.len() / k) as u64 })
        })?;
        let nothing = ClusterMean { most: vec![f64::NEG_INFINITY; k], sum: vec![0.0; k], rows: 0 };
        parts.into_iter().try_fold(nothing, |mut all, part| all.merge(&part).map(|()| all))
    }

    /// Adds the rows of another state. Condition: SHAPE.
    pub fn merge(&mut self, other: &ClusterMean) -> Result<()> {
        if self.sum.len() != other.sum.len() {
            bail!(Shape, "means of {} and of {} clusters; expected as many", self.sum.len(), other.sum.len())
        }
        let theirs = other.most.iter().zip(&other.sum);
        for ((most, sum), (&their_most, &their_sum)) in self.most.iter_mut().zip(&mut self.sum).zip(theirs) {
            let more = most.max(their_most);
            if more > f64::NEG_INFINITY {
                *sum = *sum * (*most - more).exp() + their_sum * (their_most - more).exp();
                *most = more;
            }
        }
        self.rows += other.rows;
        Ok(())
    }

    /// ln pbar: (K).
    pub fn log_mean(&self) -> Vec<f64> {
        let rows = (self.rows as f64).ln();
        self.most.iter().zip(&self.sum).map(|(m, s)| m + s.ln() - rows).collect()
    }

    /// As numbers to send: K largest logarithms, K sums, the number of rows.
    pub fn to_flat(&self) -> Vec<f64> {
        [&self.most[..], &self.sum, &[self.rows as f64]].concat()
    }

    /// From what [`ClusterMean::to_flat`] gave. Condition: SHAPE.
    pub fn from_flat(flat: &[f64]) -> Result<Self> {
        let k = flat.len() / 2;
        if flat.len() != 2 * k + 1 || k == 0 {
            bail!(Shape, "a mean of {} numbers; expected 2 K + 1", flat.len())
        }
        let (most, rest) = flat.split_at(k);
        Ok(ClusterMean { most: most.to_vec(), sum: rest[..k].to_vec(), rows: rest[k] as u64 })
    }
}

/// The mean assignment of `anchors`, (M, d), to `prototypes`, (K, d), at a temperature. Conditions: those of
/// [`super::prior_loss`].
pub fn cluster_mean(
    ctx: &Context,
    anchors: &TensorRef,
    prototypes: &TensorRef,
    temperature: f64,
    double: bool,
) -> Result<ClusterMean> {
    prototypes.expect_rank(2, "(k, d)")?;
    anchors.expect_rank(2, "(m, d)")?;
    let (m, [k, d]) = (anchors.shape()[0], [prototypes.shape()[0], prototypes.shape()[1]]);
    anchors.expect_shape(&[m, d], "(m, d) for prototypes (k, d)")?;
    if m == 0 || k == 0 || d == 0 {
        bail!(Shape, "{m} anchors and {k} prototypes of {d} numbers; expected one at least")
    }
    if !(temperature > 0.0 && temperature.is_finite()) {
        bail!(Argument, "temperature is {temperature}; expected a number above 0")
    }
    if double || [anchors, prototypes].iter().any(|t| t.dtype() == Dtype::F64) {
        run::<f64>(ctx, anchors, prototypes, temperature)
    } else {
        run::<f32>(ctx, anchors, prototypes, temperature)
    }
}

fn run<T: Real>(
    ctx: &Context,
    anchors: &TensorRef,
    prototypes: &TensorRef,
    temperature: f64,
) -> Result<ClusterMean> {
    let meter = ctx.meter();
    let c = Units::<T>::new(&meter, prototypes)?;
    let packed = Packed::new(c.view().reversed_axes());
    let u = Units::<T>::new(&meter, anchors)?;
    ClusterMean::of(ctx, &assign(ctx, &meter, &u, &packed, temperature)?, c.count)
}
