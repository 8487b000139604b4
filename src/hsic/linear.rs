//! HSIC of two linear kernels through the products of features.
//!
//! ```text
//! <K, L> = |X'Y|^2,   K 1 = X (X'1),   <K~, L~> = <K, L> - sum_i |x_i|^2 |y_i|^2
//! ```
//!
//! X and Y less their means, in f64: the value does not change, the digits are kept.

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::Kernel;
use super::estimate::Estimates;
use super::product::{gram_of_columns, product};
use super::side::{Factor, Side, Variable, dimensions};
use super::sums::Sums;
use crate::context::Context;
use crate::error::Result;
use crate::view::TensorRef;

/// Whether products of features cost less than those of rows.
pub(super) fn pays(x: &TensorRef, y: &TensorRef) -> Result<bool> {
    let ((n, p), (_, q)) = (dimensions(x)?, dimensions(y)?);
    // Three products of features against half a Gram matrix of each.
    Ok(p * q + p * p + q * q < n * (p + q) / 2)
}

/// All estimators for the linear kernel.
pub(super) fn estimates(ctx: &Context, x: &TensorRef, y: &TensorRef) -> Result<Estimates> {
    let meter = ctx.meter();
    let linear = |data| Side::<f64>::new(&meter, &Variable::new(data, Kernel::Linear), true);
    let (x, y) = (linear(x)?, linear(y)?);
    y.expect_rows(x.name, x.n)?;
    let (x, y) = (&x.factors[0], &y.factors[0]);
    meter.charge(8 * (x.d * y.d + x.d * x.d + y.d * y.d + ROWS * (x.d + y.d)), "products of features")?;
    let (mut kl, mut kk, mut ll) =
        (Array2::zeros((x.d, y.d)), Array2::zeros((x.d, x.d)), Array2::zeros((y.d, y.d)));
    let totals = [x, y].map(|f| {
        let (mut sum, mut row) = (Array1::<f64>::zeros(f.d), vec![0.0; f.d]);
        for i in 0..f.n {
            f.rows(i..i + 1, 0..f.d, &mut row);
            sum.iter_mut().zip(&row).for_each(|(s, v)| *s += v);
        }
        sum
    });
    let mut sums = Sums::default();
    for first in (0..x.n).step_by(ROWS) {
        let rows = first..x.n.min(first + ROWS);
        let block = |f: &Factor<f64>| {
            let mut block = Array2::<f64>::zeros((rows.len(), f.d));
            f.rows(rows.clone(), 0..f.d, block.as_slice_mut().expect("row-major"));
            block
        };
        let (a, b) = (block(x), block(y));
        for (part, sums, diagonal, total) in [
            (&a, &mut sums.r, &mut sums.k_diagonal, &totals[0]),
            (&b, &mut sums.s, &mut sums.l_diagonal, &totals[1]),
        ] {
            for row in part.rows() {
                let own = row.dot(&row);
                diagonal.push(own);
                sums.push(row.dot(total) - own);
            }
        }
        product(ctx, a.t(), b.view(), true, kl.view_mut())?;
        product(ctx, a.t(), a.view(), true, kk.view_mut())?;
        product(ctx, b.t(), b.view(), true, ll.view_mut())?;
    }
    let square = |a: &Array2<f64>| a.iter().map(|v| v * v).sum::<f64>();
    let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    sums.kl = square(&kl) - less(&sums.k_diagonal, &sums.l_diagonal);
    sums.kk = square(&kk) - less(&sums.k_diagonal, &sums.k_diagonal);
    sums.ll = square(&ll) - less(&sums.l_diagonal, &sums.l_diagonal);
    Ok(sums.estimates())
}

/// Rows that are multiplied at a time.
const ROWS: usize = 512;

/// The sums of two Gram matrices given by features: K = X X', L = Y Y'.
pub(super) fn of_features(ctx: &Context, x: ArrayView2<f64>, y: ArrayView2<f64>) -> Result<Sums> {
    let norms = |x: &ArrayView2<f64>| x.rows().into_iter().map(|r| r.dot(&r)).collect::<Vec<f64>>();
    let (k_diagonal, l_diagonal) = (norms(&x), norms(&y));
    let row_sums = |x: &ArrayView2<f64>, diagonal: &[f64]| {
        let all = x.dot(&x.sum_axis(Axis(0)));
        all.iter().zip(diagonal).map(|(a, d)| a - d).collect::<Vec<f64>>()
    };
    let (r, s) = (row_sums(&x, &k_diagonal), row_sums(&y, &l_diagonal));
    let square = |a: &Array2<f64>| a.iter().map(|v| v * v).sum::<f64>();
    let less = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Ok(Sums {
        kl: square(&gram_of_columns(ctx, x, y)?) - less(&k_diagonal, &l_diagonal),
        kk: square(&gram_of_columns(ctx, x, x)?) - less(&k_diagonal, &k_diagonal),
        ll: square(&gram_of_columns(ctx, y, y)?) - less(&l_diagonal, &l_diagonal),
        r,
        s,
        k_diagonal,
        l_diagonal,
    })
}
