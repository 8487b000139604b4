//! Smooth activation functions that are an operator of their own.

use crate::error::{Result, bail};
use crate::network::onnx::call::{Call, Value};
use crate::network::onnx::import::Importer;
use crate::network::smooth::Smooth;

/// The smooth activation of a node, if it is one.
fn function(call: &Call) -> Result<Option<Smooth>> {
    let number =
        |name: &str, default: f64| -> Result<f64> { Ok(call.float(name)?.map_or(default, f64::from)) };
    Ok(Some(match call.op() {
        "Gelu" => match call.string("approximate")?.as_deref() {
            None | Some("none") => Smooth::Gelu,
            Some("tanh") => Smooth::GeluTanh,
            Some(other) => bail!(Malformed, "approximate is '{other}'; expected 'none' or 'tanh'"),
        },
        "Swish" => Smooth::Silu { beta: number("alpha", 1.0)? },
        "Elu" => Smooth::Elu { alpha: number("alpha", 1.0)? },
        "Celu" => Smooth::Celu { alpha: number("alpha", 1.0)? },
        "Selu" => {
            // The defaults, in the single precision of attributes.
            let (alpha, gamma) = (call.float("alpha")?, call.float("gamma")?);
            if alpha.is_some_and(|a| a != 1.673_263_2) || gamma.is_some_and(|g| g != 1.050_701) {
                bail!(
                    UnsupportedOperator,
                    "alpha is {alpha:?} and gamma {gamma:?}; only those of SELU are known"
                )
            }
            Smooth::Selu
        }
        "Mish" => Smooth::Mish,
        "HardSwish" => Smooth::HardSwish,
        _ => return Ok(None),
    }))
}

/// Adds the smooth activation of a node, if it is one, or refuses it.
pub(super) fn smooth(im: &mut Importer, call: &Call) -> Result<Option<Value>> {
    let spelt_out = matches!(call.op(), "Sigmoid" | "Tanh" | "Softplus" | "Erf");
    let function = function(call)?;
    if im.smooth_knots.is_none() && (spelt_out || function.is_some()) {
        bail!(
            UnsupportedOperator,
            "the operator is not continuous piecewise linear; set smooth_knots to have it approximated, or, if it is the \
             last one, export the model without it (the logits)"
        )
    }
    let Some(function) = function else { return Ok(None) };
    let x = call.computed(0)?;
    let input = im.shaped(x)?;
    let id = im.builder.smooth(input, function, im.smooth_knots)?;
    Ok(Some(x.then(id, x.shape.clone())))
}
