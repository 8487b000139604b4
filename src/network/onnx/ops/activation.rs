//! Activation functions.

use super::arithmetic::fit;
use crate::error::{Result, bail};
use crate::network::onnx::call::{Call, Computed, Value};
use crate::network::onnx::import::Importer;
use crate::network::pwl::Pwl;

/// z if z > 0, else slope * z.
pub(super) fn leaky(im: &mut Importer, call: &Call, slope: f64) -> Result<Value> {
    apply(im, call.computed(0)?, vec![Pwl::leaky_relu(slope)?])
}

/// As [`leaky`], with slopes that broadcast to the input.
pub(super) fn prelu(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let slopes = fit(im, call.constant(1)?, x)?.to_f64();
    apply(im, x, slopes.into_iter().map(Pwl::leaky_relu).collect::<Result<_>>()?)
}

/// min(max(z, low), high); the bounds are attributes (operator set 6) or inputs (11), each may be left out.
pub(super) fn clip(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let bound = |name: &str, i: usize, none: f64| -> Result<f64> {
        match (call.float(name)?, call.optional_constant(i)?) {
            // The largest number is the default of the attribute and means "no bound".
            (Some(v), _) if v.abs() == f32::MAX => Ok(none),
            (Some(v), _) => Ok(f64::from(v)),
            (None, Some(t)) => t.scalar(),
            (None, None) => Ok(none),
        }
    };
    let (low, high) = (bound("min", 1, f64::NEG_INFINITY)?, bound("max", 2, f64::INFINITY)?);
    apply(im, x, vec![Pwl::clip(low, high)?])
}

/// max(0, min(1, alpha z + beta)).
pub(super) fn hard_sigmoid(im: &mut Importer, call: &Call) -> Result<Value> {
    let x = call.computed(0)?;
    let (alpha, beta) = (call.float("alpha")?.unwrap_or(0.2), call.float("beta")?.unwrap_or(0.5));
    let input = im.shaped(x)?;
    let id = im.builder.hard_sigmoid(input, alpha.into(), beta.into())?;
    Ok(x.then(id, x.shape.clone()))
}

/// A pointwise layer with one function, one per channel, or one per element.
pub(super) fn apply(im: &mut Importer, x: &Computed, functions: Vec<Pwl>) -> Result<Value> {
    let input = if functions.len() == 1 || x.shape.first() == Some(&functions.len()) {
        im.shaped(x)?
    } else if functions.len() == x.len() {
        im.reshaped(x, &[x.len()])?
    } else {
        bail!(Shape, "{} functions for a value of shape {:?}", functions.len(), x.shape)
    };
    let id = im.builder.pointwise(input, functions)?;
    Ok(x.then(id, x.shape.clone()))
}
