//! Recorded forward passes and their way back.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::evaluate::{expect_samples, rows, samples};
use super::fence::fence;
use super::parameters::{expect_parameter, names};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_network, cpwl_status, pointer};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::network::{Network, Parameter, Real, Tape, Wanted};
use crate::view::{Dtype, Float, TensorMut, TensorRef};

/// What a recorded forward pass left behind: immutable, may be shared between threads. It does not need its network.
/// Since 0.1.
pub struct cpwl_tape {
    inner: Recorded,
}

/// In the precision of the pass.
enum Recorded {
    F32(Tape<f32>),
    F64(Tape<f64>),
}

/// Writes numbers, in place where they can lie as they are computed.
fn record<T: Float + Real>(net: &Network, ctx: &Context, x: &TensorRef, mut y: TensorMut) -> Result<Tape<T>> {
    let (batch, meter, out) = (samples(x, net.input_shape())?, ctx.meter(), net.output_len());
    let values = x.read::<T>(&meter)?;
    let x = rows(&values, batch, net.input_len())?;
    let mut buffer = meter.buffer::<T>(batch * out, "y")?;
    let Ok(view) = ArrayViewMut2::from_shape((batch, out), &mut buffer) else {
        bail!(Shape, "y does not hold {batch} rows of {out}")
    };
    let tape = net.record(ctx, x, view)?;
    y.write(&buffer)?;
    Ok(tape)
}

/// Where gradients go.
struct Targets<'a> {
    x: Option<TensorMut<'a>>,
    /// `None` for an array that is not asked for; empty if none is.
    parameters: Vec<Option<TensorMut<'a>>>,
}

fn backward<T: Float + Real>(tape: &Tape<T>, ctx: &Context, dy: &TensorRef, mut to: Targets) -> Result<()> {
    let net = tape.network();
    let values = dy.read::<T>(&ctx.meter())?;
    let dy = rows(&values, tape.batch(), net.output_len())?;
    let wanted = Wanted { x: to.x.is_some(), parameters: to.parameters.iter().any(Option::is_some) };
    let gradients = tape.pull_back(ctx, ArrayView2::from(dy), wanted)?;
    if let (Some(to), Some(x)) = (&mut to.x, &gradients.x) {
        to.write(x.as_slice().unwrap_or_default())?;
    }
    for (to, values) in to.parameters.iter_mut().zip(&gradients.parameters) {
        if let Some(to) = to {
            to.write(values)?;
        }
    }
    Ok(())
}

/// Runs the network on a batch like `cpwl_network_forward`, and records what the way back reads; `x` is not needed
/// afterwards. `y` is f32 or f64, which is also the precision of the way back. Free the tape with `cpwl_tape_free`.
///
/// Errors: as `cpwl_network_forward`. Memory: the values of the layers for the whole batch. O(B weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_record(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    x: *const cpwl_tensor,
    y: *mut cpwl_tensor,
    out: *mut *mut cpwl_tape,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, x, y, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                tensor::input("x", x)?,
                tensor::output("y", y)?,
                pointer::out("out", out)?,
            )
        };
        expect_samples(&y, net.output_shape(), samples(&x, net.input_shape())?)?;
        y.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        y.expect_apart(&x)?;
        let inner = match y.dtype() {
            Dtype::F32 => Recorded::F32(record(net, ctx, &x, y)?),
            _ => Recorded::F64(record(net, ctx, &x, y)?),
        };
        out.put(cpwl_tape { inner });
        Ok(())
    })
}

/// Gradients of L, given `dy` = dL/dy for the outputs y of the recorded pass: (B, output shape) or (B, n_outputs).
///
/// `dx` is (B, input shape) or (B, n_inputs); NULL = not wanted. `parameters` has `n` tensors, one for each array of
/// constants in the order of `cpwl_network_parameter`, of its shape or flat; an entry whose `dtype` is 0 is not wanted,
/// nor are all if `parameters` is NULL and `n` 0. All are f32 or f64 and are overwritten. At a kink the slope is that of
/// the piece that `cpwl_network_pattern` reports (ReLU: 0 at 0); a maximum passes its gradient to the lowest of equals.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (outputs that overlap), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Bit-identical for any number of threads. O(B weights), twice the forward pass. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_tape_backward(
    ctx: *const cpwl_context,
    tape: *const cpwl_tape,
    dy: *const cpwl_tensor,
    dx: *mut cpwl_tensor,
    parameters: *mut cpwl_tensor,
    n: i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, tape, dy, entries) = unsafe {
            (
                context::get(ctx)?,
                pointer::required("tape", tape)?,
                tensor::input("dy", dy)?,
                pointer::slice("parameters", parameters.cast_const(), n)?,
            )
        };
        let (net, batch) = match &tape.inner {
            Recorded::F32(t) => (t.network(), t.batch()),
            Recorded::F64(t) => (t.network(), t.batch()),
        };
        expect_samples(&dy, net.output_shape(), batch)?;
        let names = names("parameters", entries.len());
        // SAFETY: the words of the header to the caller.
        let to = unsafe { targets(net, batch, dx, entries, &names)? };
        let all: Vec<&TensorMut> = to.x.iter().chain(to.parameters.iter().flatten()).collect();
        for (i, t) in all.iter().enumerate() {
            t.expect_dtype(&[Dtype::F32, Dtype::F64])?;
            t.expect_apart(&dy)?;
            all[..i].iter().try_for_each(|other| t.expect_apart(other))?;
        }
        match &tape.inner {
            Recorded::F32(tape) => backward(tape, ctx, &dy, to),
            Recorded::F64(tape) => backward(tape, ctx, &dy, to),
        }
    })
}

/// The tensors that gradients go to.
///
/// # Safety
/// As for [`tensor::output`], for `dx` and each of `entries`.
unsafe fn targets<'a>(
    net: &Network,
    batch: usize,
    dx: *mut cpwl_tensor,
    entries: &'a [cpwl_tensor],
    names: &'a [String],
) -> Result<Targets<'a>> {
    let infos: Vec<Parameter> = net.parameters();
    if !entries.is_empty() && entries.len() != infos.len() {
        bail!(Shape, "n is {}; the network has {} arrays", entries.len(), infos.len())
    }
    let x = match dx.is_null() {
        true => None,
        false => {
            // SAFETY: the caller's promise.
            let dx = unsafe { tensor::output("dx", dx)? };
            expect_samples(&dx, net.input_shape(), batch)?;
            Some(dx)
        }
    };
    let target = |((t, info), name): ((&cpwl_tensor, &Parameter), &'a String)| {
        if t.dtype == 0 {
            return Ok(None);
        }
        // SAFETY: the caller's promise; the struct itself is only read.
        let t = unsafe { tensor::output(name, std::ptr::from_ref(t).cast_mut())? };
        expect_parameter(&t, info)?;
        Ok(Some(t))
    };
    let parameters = entries.iter().zip(&infos).zip(names).map(target).collect::<Result<_>>()?;
    Ok(Targets { x, parameters })
}

/// Ends a tape; NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_tape_free(tape: *mut cpwl_tape) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(tape) }
}
