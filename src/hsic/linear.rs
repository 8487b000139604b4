//! HSIC of two linear kernels through the products of features.
//!
//! ```text
//! <K, L> = |X'Y|^2,   K 1 = X (X'1),   <K~, L~> = <K, L> - sum_i |x_i|^2 |y_i|^2
//! ```
//!
//! X and Y less their means, in f64: the value does not change, the digits are kept.

use ndarray::{Array2, ArrayView2, Axis};

use super::estimate::Estimates;
use super::side::{Side, Variable, dimensions};
use super::sums::Sums;
use super::{Kernel, product::gram_of_columns};
use crate::context::Context;
use crate::error::Result;
use crate::view::TensorRef;

/// Whether products of features cost less than those of rows.
pub(super) fn pays(x: &TensorRef, y: &TensorRef) -> Result<bool> {
    let ((n, p), (_, q)) = (dimensions(x)?, dimensions(y)?);
    // Three products of features against half a Gram matrix of each; and room for them.
    Ok(p * q + p * p + q * q < n * (p + q) / 2 && n * (p + q) < 1 << 24)
}

/// All estimators for the linear kernel.
pub(super) fn estimates(ctx: &Context, x: &TensorRef, y: &TensorRef) -> Result<Estimates> {
    let meter = ctx.meter();
    let linear = |data| Side::<f64>::new(&meter, &Variable::new(data, Kernel::Linear), true);
    let (x, y) = (linear(x)?, linear(y)?);
    y.expect_rows(x.name, x.n)?;
    let centred = |side: &Side<f64>| {
        let f = &side.factors[0];
        let mut all = Array2::zeros((side.n, f.d));
        f.rows(0..side.n, 0..f.d, all.as_slice_mut().expect("row-major"));
        all
    };
    let (x, y) = (centred(&x), centred(&y));
    meter.charge(8 * (x.len() + y.len()), "centred data")?;
    Ok(of_features(ctx, x.view(), y.view())?.estimates())
}

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
