//! CKA between every layer of one network and every layer of another, over minibatches.
//!
//! Unbiased HSIC of each pair is summed over the batches, and CKA is the ratio of the sums (Nguyen et al. 2021): debiased, and
//! the same for any order of the batches. A batch costs n^2 (sum of widths) / 2 + n^2 L M multiplications and 8 n^2 (L + M)
//! bytes.

use ndarray::{Array2, ArrayView2};

use super::estimate::expect;
use super::permutation::{centre, fill};
use super::product::product;
use super::side::{Side, Variable};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};

/// Sums over the batches so far.
#[derive(Clone, Debug)]
pub struct LayerCka {
    rows: usize,
    columns: usize,
    batches: u64,
    xy: Vec<f64>,
    xx: Vec<f64>,
    yy: Vec<f64>,
}

/// U-centred Gram matrices, one a row.
fn centred(ctx: &Context, meter: &Meter, layers: &[Variable], n: usize) -> Result<Buffer<f64>> {
    let mut all = meter.buffer::<f64>(layers.len() * n * n, "Gram matrices of layers")?;
    for (layer, out) in layers.iter().zip(all.chunks_exact_mut(n * n)) {
        let side = Side::<f64>::new(meter, layer, true)?;
        if side.n != n {
            bail!(Shape, "{} has {} rows; the first layer has {n}", side.name, side.n)
        }
        fill(ctx, meter, &side, out)?;
        centre(out, n, true);
    }
    Ok(all)
}

impl LayerCka {
    /// No batches yet; `rows` layers of one network, `columns` of the other. Condition: SHAPE.
    pub fn new(rows: usize, columns: usize) -> Result<Self> {
        if rows == 0 || columns == 0 {
            bail!(Shape, "{rows} by {columns} layers; expected at least one of each")
        }
        Ok(LayerCka {
            rows,
            columns,
            batches: 0,
            xy: vec![0.0; rows * columns],
            xx: vec![0.0; rows],
            yy: vec![0.0; columns],
        })
    }

    /// Layers of the two networks.
    pub fn shape(&self) -> [usize; 2] {
        [self.rows, self.columns]
    }

    /// Batches so far.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// Adds a batch of at least 4 samples: the outputs of every layer of both networks. An error leaves the state as it was.
    /// Conditions: as for [`super::hsic()`]; TOO_FEW.
    pub fn push(&mut self, ctx: &Context, x: &[Variable], y: &[Variable]) -> Result<()> {
        if (x.len(), y.len()) != (self.rows, self.columns) {
            bail!(Shape, "{} and {} layers; expected {} and {}", x.len(), y.len(), self.rows, self.columns)
        }
        let n = x[0].rows();
        expect(n, 4, "a batch of debiased CKA")?;
        let meter = ctx.meter();
        let (a, b) = (centred(ctx, &meter, x, n)?, centred(ctx, &meter, y, n)?);
        let norm = 1.0 / (n as f64 * (n as f64 - 3.0));
        let view = |v, rows| ArrayView2::from_shape((rows, n * n), v).expect("a matrix a row");
        let mut xy = Array2::zeros((self.rows, self.columns));
        product(
            ctx,
            view(&a[..], self.rows),
            view(&b[..], self.columns).reversed_axes(),
            false,
            xy.view_mut(),
        )?;
        self.xy.iter_mut().zip(&xy).for_each(|(s, v)| *s += v * norm);
        for (sums, grams) in [(&mut self.xx, &a), (&mut self.yy, &b)] {
            let own = grams.chunks_exact(n * n).map(|g| g.iter().map(|v| v * v).sum::<f64>());
            sums.iter_mut().zip(own).for_each(|(s, v)| *s += v * norm);
        }
        self.batches += 1;
        Ok(())
    }

    /// CKA of every pair, (L, M) row-major; NaN where a self term is not positive. Condition: TOO_FEW (no batch).
    pub fn cka(&self) -> Result<Vec<f64>> {
        if self.batches == 0 {
            bail!(TooFew, "there are no batches yet")
        }
        let root = |v: f64| if v > 0.0 { v.sqrt() } else { f64::NAN };
        let pairs = self.xy.iter().enumerate();
        Ok(pairs
            .map(|(e, v)| v / root(self.xx[e / self.columns]) / root(self.yy[e % self.columns]))
            .collect())
    }
}
