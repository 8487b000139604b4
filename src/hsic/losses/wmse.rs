//! W-MSE: whitened views (Cholesky), rows normalised, mean squared distance.
//!
//! ```text
//! S = (1 - eps) Zc'Zc / (n - 1) + eps I = L L',   V = Zc L^-T,   loss = mean_i |v1_i / |v1_i| - v2_i / |v2_i||^2
//! ```
//!
//! Each view is whitened by itself. With d of the order of a hundred and n a few times that; f64.

use ndarray::{Array2, ArrayView2, Axis};

use super::{Batch, Loss, expect_alike, expect_number};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::linalg::triangle::cholesky;
use crate::view::TensorRef;

/// Conventions of W-MSE.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WmseOptions {
    /// Part of the identity in the covariance, in [0, 1).
    pub eps: f64,
}

/// One view on its way.
struct White {
    /// Centred rows.
    z: Array2<f64>,
    /// Lower triangle; above it 0.
    l: Array2<f64>,
    /// Whitened rows.
    v: Array2<f64>,
    norms: Vec<f64>,
}

/// X of X L' = B for every row: forward substitution.
fn solve_rows(l: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let mut x = b.clone();
    for mut row in x.rows_mut() {
        for k in 0..l.nrows() {
            let dot: f64 = (0..k).map(|t| l[[k, t]] * row[t]).sum();
            row[k] = (row[k] - dot) / l[[k, k]];
        }
    }
    x
}

/// X of X L = B for every row: backward substitution.
fn solve_rows_back(l: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let d = l.nrows();
    let mut x = b.clone();
    for mut row in x.rows_mut() {
        for k in (0..d).rev() {
            let dot: f64 = (k + 1..d).map(|t| l[[t, k]] * row[t]).sum();
            row[k] = (row[k] - dot) / l[[k, k]];
        }
    }
    x
}

impl White {
    fn new(ctx: &Context, name: &str, batch: &Batch<f64>, eps: f64) -> Result<Self> {
        let (n, d) = (batch.n, batch.d);
        let z = batch.view().to_owned();
        let mut s = z.t().dot(&z);
        s *= (1.0 - eps) / (n as f64 - 1.0);
        s.diag_mut().mapv_inplace(|v| v + eps);
        let mut l = s.as_standard_layout().into_owned();
        if !cholesky(ctx, l.as_slice_mut().expect("row-major"), d, 1e-13)? {
            bail!(
                Numeric,
                "{name}: its covariance is singular ({n} rows of {d}); more rows, or eps > 0, would help"
            )
        }
        for i in 0..d {
            l.row_mut(i).iter_mut().skip(i + 1).for_each(|v| *v = 0.0);
        }
        let v = solve_rows(&l, &z);
        let norms: Vec<f64> = v.rows().into_iter().map(|r| r.dot(&r).sqrt()).collect();
        if let Some(i) = norms.iter().position(|r| *r <= 0.0) {
            bail!(Undefined, "{name}: row {i} is the mean; it has no direction")
        }
        Ok(White { z, l, v, norms })
    }

    fn direction(&self) -> Array2<f64> {
        let norms = ArrayView2::from_shape((self.norms.len(), 1), &self.norms).expect("a column");
        &self.v / &norms
    }

    /// The gradient in the rows from that in the directions.
    fn backward(&self, dv: Array2<f64>, eps: f64) -> Array2<f64> {
        let n = self.z.nrows() as f64;
        // Through the whitening: V L' = Z.
        let g = solve_rows_back(&self.l, &dv);
        let mut dl = g.t().dot(&self.v);
        dl.mapv_inplace(|v| -v);
        // Through the Cholesky factor: L^-T tril(L' dL), half of its diagonal, L^-1; then its symmetric part.
        let mut phi = self.l.t().dot(&lower(&dl));
        for i in 0..phi.nrows() {
            phi[[i, i]] *= 0.5;
            phi.row_mut(i).iter_mut().skip(i + 1).for_each(|v| *v = 0.0);
        }
        // L^-T phi L^-1 by rows of phi L^-1, then of its transpose.
        let right = solve_rows_back(&self.l, &phi);
        let both = solve_rows_back(&self.l, &right.t().to_owned());
        let ds = (&both + &both.t()) * 0.5;
        let mut dz = g + self.z.dot(&ds) * (2.0 * (1.0 - eps) / (n - 1.0));
        let means = dz.sum_axis(Axis(0)) / n;
        dz.rows_mut().into_iter().for_each(|mut r| r -= &means);
        dz
    }
}

fn lower(a: &Array2<f64>) -> Array2<f64> {
    let mut out = a.clone();
    for i in 0..a.nrows() {
        out.row_mut(i).iter_mut().skip(i + 1).for_each(|v| *v = 0.0);
    }
    out
}

/// The loss of two views (n, d), n > d; `terms` are the mean squared distance, 0, 0. n d^2 operations, one thread.
/// Conditions as for [`super::vcreg()`]; NUMERIC (a singular covariance), UNDEFINED (a row equal to the mean).
pub fn wmse(
    ctx: &Context,
    z1: &TensorRef,
    z2: &TensorRef,
    options: &WmseOptions,
    gradient: bool,
) -> Result<Loss<f64>> {
    expect_number("eps", options.eps, 0.0)?;
    if options.eps >= 1.0 {
        bail!(Argument, "eps is {}; expected less than 1", options.eps)
    }
    let meter = ctx.meter();
    let batches = [Batch::<f64>::new(&meter, z1)?, Batch::<f64>::new(&meter, z2)?];
    expect_alike([z1.name(), z2.name()], &batches[0], &batches[1])?;
    let (n, d) = (batches[0].n, batches[0].d);
    meter.charge(8 * (8 * n * d + 6 * d * d), "whitened views")?;
    let names = [z1.name(), z2.name()];
    let whites = [0, 1].map(|v| White::new(ctx, names[v], &batches[v], options.eps));
    let [a, b] = whites;
    let (a, b) = (a?, b?);
    let (u, w) = (a.direction(), b.direction());
    let gap = &u - &w;
    let value = gap.iter().map(|g| g * g).sum::<f64>() / n as f64;
    let mut gradients = Vec::new();
    if gradient {
        for (white, own, sign) in [(&a, &u, 1.0), (&b, &w, -1.0)] {
            ctx.poll()?;
            let mut dv = &gap * (2.0 * sign / n as f64);
            for ((mut g, u), norm) in dv.rows_mut().into_iter().zip(own.rows()).zip(&white.norms) {
                let along = g.dot(&u);
                g.zip_mut_with(&u, |g, u| *g = (*g - along * u) / norm);
            }
            let found = white.backward(dv, options.eps);
            let mut out = meter.buffer::<f64>(n * d, "gradient")?;
            out.iter_mut().zip(&found).for_each(|(o, g)| *o = *g);
            gradients.push(out);
        }
    }
    Ok(Loss { value, terms: [value, 0.0, 0.0], gradients })
}
