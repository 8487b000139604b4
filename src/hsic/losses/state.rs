//! VCReg of a batch that is spread over steps or machines: from second moments that merge.

use super::{VcregOptions, hinge};
use crate::buffer::Buffer;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::rank::Moments;
use crate::view::TensorRef;

/// Loss and terms (variance, covariance) of all rows that `moments` has seen. d^2 operations. Conditions: TOO_FEW (fewer
/// than 2 rows), ARGUMENT, MEMORY_LIMIT, MEMORY.
pub fn vcreg_of_moments(ctx: &Context, moments: &Moments, options: &VcregOptions) -> Result<[f64; 3]> {
    let (c, hinges, _) = terms(ctx, moments, options)?;
    let (d, scale) = (moments.columns(), options.scale(moments.columns()));
    let variance = hinges.iter().map(|h| h[0]).sum::<f64>() * scale;
    let off = |(e, c): (usize, &f64)| if e.is_multiple_of(d + 1) { 0.0 } else { c * c };
    let covariance = c.iter().enumerate().map(off).sum::<f64>() * scale;
    Ok([options.alpha * variance + options.beta * covariance, variance, covariance])
}

/// C, the hinges, and the divisor.
fn terms(
    ctx: &Context,
    moments: &Moments,
    options: &VcregOptions,
) -> Result<(Buffer<f64>, Vec<[f64; 2]>, f64)> {
    options.check()?;
    if moments.rows() < 2 {
        bail!(TooFew, "a variance needs at least 2 rows; the state has {}", moments.rows())
    }
    let divisor = moments.rows() as f64 - f64::from(options.ddof);
    let mut c = moments.second_moments(ctx, true)?;
    c.iter_mut().for_each(|c| *c /= divisor);
    let hinges = (0..moments.columns())
        .map(|k| hinge(c[k * (moments.columns() + 1)].max(0.0), options.gamma, options.eps, divisor))
        .collect();
    Ok((c, hinges, divisor))
}

/// The gradient of the loss of all rows of `moments` in some of them: `z` (m, d), each of which the state has seen. Gives
/// (m, d), row-major. m d^2 multiplications. Conditions: as for [`vcreg_of_moments`]; SHAPE, NONFINITE.
pub fn vcreg_rows(
    ctx: &Context,
    moments: &Moments,
    z: &TensorRef,
    options: &VcregOptions,
) -> Result<Buffer<f64>> {
    let d = moments.columns();
    z.expect_rank(2, "(m, d)")?;
    if z.shape()[1] != d {
        bail!(Shape, "{} has {} columns; the state has {d}", z.name(), z.shape()[1])
    }
    let (mut c, hinges, divisor) = terms(ctx, moments, options)?;
    let meter = ctx.meter();
    let values = z.read::<f64>(&meter)?;
    let mean = moments.mean()?;
    let scale = options.scale(d);
    for (e, c) in c.iter_mut().enumerate() {
        let (k, l) = (e / d, e % d);
        *c = scale * if k == l { options.alpha * hinges[k][1] } else { 4.0 * options.beta * *c / divisor };
    }
    let rows = z.shape()[0];
    let mut centred = meter.buffer::<f64>(rows * d, "centred rows")?;
    for (to, row) in centred.chunks_exact_mut(d).zip(values.chunks_exact(d)) {
        to.iter_mut().zip(row).zip(&mean).for_each(|((to, x), m)| *to = x - m);
    }
    let mut out = meter.buffer::<f64>(rows * d, "gradient")?;
    let view = |v, n| ndarray::ArrayView2::from_shape((n, d), v).expect("n x d");
    let target = ndarray::ArrayViewMut2::from_shape((rows, d), &mut out[..]).expect("rows x d");
    crate::hsic::product::product(ctx, view(&centred[..], rows), view(&c[..], d), false, target)?;
    Ok(out)
}
