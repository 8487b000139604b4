//! Barlow Twins: sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, C the cross-correlation of two views.

use ndarray::{Array2, ArrayView2};

use super::{Batch, Loss, expect_alike, expect_number};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::hsic::leaf::Number;
use crate::hsic::product::product;
use crate::view::TensorRef;

/// Weights and conventions of Barlow Twins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarlowOptions {
    /// Weight of the redundancy term.
    pub lambda: f64,
    /// Added to variances (over n) before the root.
    pub eps: f64,
}

impl Default for BarlowOptions {
    fn default() -> Self {
        BarlowOptions { lambda: 5e-3, eps: 0.0 }
    }
}

/// Divides by the standard deviation over n; what it was divided by.
fn standardise<T: Number>(name: &str, z: &mut Batch<T>, eps: f64) -> Result<Vec<f64>> {
    let n = z.n as f64;
    let deviations: Vec<f64> = z.squares().iter().map(|s| (s / n + eps).sqrt()).collect();
    if let Some(k) = deviations.iter().position(|s| *s <= 0.0) {
        bail!(Undefined, "{name}: column {k} is constant and eps is 0: it has no correlation")
    }
    for row in z.rows.chunks_exact_mut(deviations.len()) {
        row.iter_mut().zip(&deviations).for_each(|(x, s)| *x = T::of(x.wide() / s));
    }
    Ok(deviations)
}

/// The loss of two views (n, d); `terms` are the diagonal, the others before lambda, 0. `correlation`, if given, becomes C.
/// Conditions as for [`super::vcreg()`]; UNDEFINED (a constant column with eps = 0).
pub fn barlow<T: Number>(
    ctx: &Context,
    z1: &TensorRef,
    z2: &TensorRef,
    options: &BarlowOptions,
    gradient: bool,
    correlation: Option<&mut [f64]>,
) -> Result<Loss<T>> {
    expect_number("lambda", options.lambda, 0.0)?;
    expect_number("eps", options.eps, 0.0)?;
    let meter = ctx.meter();
    let (mut a, mut b) = (Batch::<T>::new(&meter, z1)?, Batch::<T>::new(&meter, z2)?);
    expect_alike([z1.name(), z2.name()], &a, &b)?;
    let deviations =
        [standardise(z1.name(), &mut a, options.eps)?, standardise(z2.name(), &mut b, options.eps)?];
    let (n, d) = (a.n, a.d);
    meter.charge(size_of::<T>() * (d * d + 2 * n * d), "cross-correlation")?;
    let mut c = Array2::from_elem((d, d), T::zero());
    product(ctx, a.view().t(), b.view(), false, c.view_mut())?;
    let inverse = T::of(1.0 / n as f64);
    c.mapv_inplace(|c| c * inverse);
    if let Some(out) = correlation {
        if out.len() != d * d {
            bail!(Shape, "correlation has {} numbers; expected {d} x {d}", out.len())
        }
        out.iter_mut().zip(&c).for_each(|(o, c)| *o = c.wide());
    }
    let mut terms = [0.0; 3];
    for ((i, j), c) in c.indexed_iter() {
        let c = c.wide();
        if i == j { terms[0] += (1.0 - c) * (1.0 - c) } else { terms[1] += c * c }
    }
    let value = terms[0] + options.lambda * terms[1];
    let mut gradients = Vec::new();
    if gradient {
        for ((i, j), c) in c.indexed_iter_mut() {
            let v = c.wide();
            *c = T::of(if i == j { 2.0 * (v - 1.0) } else { 2.0 * options.lambda * v });
        }
        let sides: [(&Batch<T>, ArrayView2<T>, ArrayView2<T>); 2] =
            [(&a, b.view(), c.t()), (&b, a.view(), c.view())];
        for ((own, other, g), deviations) in sides.into_iter().zip(&deviations) {
            let mut pulled = Array2::from_elem((n, d), T::zero());
            product(ctx, other, g, false, pulled.view_mut())?;
            let mut out = meter.buffer::<T>(n * d, "gradient")?;
            let (mut means, mut along) = (vec![0.0; d], vec![0.0; d]);
            for (row, own) in pulled.rows().into_iter().zip(own.rows.chunks_exact(d)) {
                for (((p, x), m), l) in row.iter().zip(own).zip(&mut means).zip(&mut along) {
                    *m += p.wide();
                    *l += p.wide() * x.wide();
                }
            }
            let n = n as f64;
            for ((out, row), own) in out.chunks_exact_mut(d).zip(pulled.rows()).zip(own.rows.chunks_exact(d))
            {
                for (k, o) in out.iter_mut().enumerate() {
                    let straight = row[k].wide() - means[k] / n - own[k].wide() * along[k] / n;
                    *o = T::of(straight / (n * deviations[k]));
                }
            }
            gradients.push(out);
        }
    }
    Ok(Loss { value, terms, gradients })
}
