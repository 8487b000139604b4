//! Running a network: forward pass, activation pattern, affine map.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2};

use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_network, cpwl_status, pointer};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::network::{Network, Real};
use crate::view::{Dtype, Float, Tensor, TensorMut, TensorRef};

/// Options of `cpwl_network_forward`; there are none yet. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_forward_options {
    /// `sizeof(cpwl_forward_options)`.
    pub struct_size: usize,
    /// Zero.
    pub reserved: i64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_forward_options {
    const NAME: &'static str = "cpwl_forward_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The number of samples in `x`, if its shape is `sample` with or without a batch axis before it, where the axes of a
/// sample may be flattened into one.
pub(super) fn samples(x: &Tensor, sample: &[usize]) -> Result<usize> {
    let (shape, flat) = (x.shape(), [sample.iter().product()]);
    for sample in [sample, &flat] {
        match shape.strip_suffix(sample) {
            Some([]) => return Ok(1),
            Some([batch]) => return Ok(*batch),
            _ => (),
        }
    }
    let name = x.name();
    bail!(
        Shape,
        "{name} has shape {shape:?}; expected (B, ..) or one sample, a sample being {sample:?} or {flat:?}"
    )
}

/// SHAPE unless `y` has room for `batch` samples, in any of the shapes of [`samples`].
pub(super) fn expect_samples(y: &Tensor, sample: &[usize], batch: usize) -> Result<()> {
    if samples(y, sample)? != batch {
        bail!(Shape, "{} has shape {:?}; x has {batch} samples", y.name(), y.shape())
    }
    Ok(())
}

pub(super) fn rows<'a, T>(values: &'a [T], n: usize, len: usize) -> Result<ArrayView2<'a, T>> {
    match ArrayView2::from_shape((n, len), values) {
        Ok(view) => Ok(view),
        Err(e) => bail!(Shape, "{n} rows of {len}: {e}"),
    }
}

fn run<T: Float + Real>(net: &Network, ctx: &Context, x: &TensorRef, mut y: TensorMut) -> Result<()> {
    let (batch, meter, out) = (samples(x, net.input_shape())?, ctx.meter(), net.output_len());
    let values = x.read::<T>(&meter)?;
    let x = rows(&values, batch, net.input_len())?;
    let direct = y.contiguous::<T>();
    let through = direct.is_none();
    let mut buffer = meter.buffer::<T>(if through { batch * out } else { 0 }, "y")?;
    let Ok(view) = ArrayViewMut2::from_shape((batch, out), direct.unwrap_or(&mut buffer)) else {
        bail!(Shape, "y does not hold {batch} rows of {out}")
    };
    net.forward(ctx, x, view)?;
    if through { y.write(&buffer) } else { Ok(()) }
}

/// Runs the network on a batch: y = f(x).
///
/// `x` is (B, input shape) or (B, n_inputs), f32, f64, f16 or bf16, all finite. `y` is (B, output shape) or
/// (B, n_outputs), f32 or f64, which is also the precision of the arithmetic; it must not lie in the memory of `x`.
/// A single sample may come without the batch axis. `opts` may be NULL.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE (with the index), CPWL_ARGUMENT, CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. `y` is untouched on error. Bit-identical for any number of threads. O(B weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_forward(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    x: *const cpwl_tensor,
    opts: *const cpwl_forward_options,
    y: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, x, opts, y) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                tensor::input("x", x)?,
                options::read(opts)?,
                tensor::output("y", y)?,
            )
        };
        if opts.reserved != 0 {
            bail!(UnknownOption, "cpwl_forward_options: reserved is {}; expected 0", opts.reserved)
        }
        expect_samples(&y, net.output_shape(), samples(&x, net.input_shape())?)?;
        y.expect_dtype(&[Dtype::F32, Dtype::F64])?;
        y.expect_apart(&x)?;
        match y.dtype() {
            Dtype::F32 => run::<f32>(net, ctx, &x, y),
            _ => run::<f64>(net, ctx, &x, y),
        }
    })
}

/// The activation pattern of each sample of a batch: which piece every unit is on.
///
/// `x` is as for `cpwl_network_forward`; `codes` is (B, n_units), u8, i32 or i64. The code of a pointwise unit is the
/// number of its knots below its input (ReLU: 1 iff > 0), that of a maximum the index of the largest candidate, the
/// lowest among equals. Computed in f64.
///
/// Errors: as `cpwl_network_forward`; CPWL_DTYPE if a code does not fit. O(B weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_pattern(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    x: *const cpwl_tensor,
    codes: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, x, mut codes) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                tensor::input("x", x)?,
                tensor::output("codes", codes)?,
            )
        };
        let batch = samples(&x, net.input_shape())?;
        expect_samples(&codes, &[net.n_units()], batch)?;
        codes.expect_dtype(&[Dtype::U8, Dtype::I32, Dtype::I64])?;
        codes.expect_apart(&x)?;
        let values = x.read::<f64>(&ctx.meter())?;
        let pattern = net.pattern(ctx, rows(&values, batch, net.input_len())?)?;
        codes.write(pattern.as_standard_layout().as_slice().unwrap_or_default())
    })
}

/// The affine maps of a batch: A and b with f(x') = A x' + b for all x' of the activation pattern of x.
///
/// `x` is as for `cpwl_network_forward`; `a` is (B, n_outputs, n_inputs), `b` is (B, n_outputs), both f32 or f64; for
/// a single sample they may come without the batch axis. A is the Jacobian wherever that exists. Computed in f64.
///
/// Errors: as `cpwl_network_forward`. O(B n_inputs weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_affine_at(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    x: *const cpwl_tensor,
    a: *mut cpwl_tensor,
    b: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, x, mut a, mut b) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                tensor::input("x", x)?,
                tensor::output("a", a)?,
                tensor::output("b", b)?,
            )
        };
        let (batch, n_in, n_out) = (samples(&x, net.input_shape())?, net.input_len(), net.output_len());
        expect_samples(&a, &[n_out, n_in], batch)?;
        expect_samples(&b, &[n_out], batch)?;
        for y in [&a, &b] {
            y.expect_dtype(&[Dtype::F32, Dtype::F64])?;
            y.expect_apart(&x)?;
        }
        a.expect_apart(&b)?;
        let meter = ctx.meter();
        let values = x.read::<f64>(&meter)?;
        let mut slopes = meter.buffer::<f64>(batch * n_out * n_in, "a")?;
        let mut offsets = meter.buffer::<f64>(batch * n_out, "b")?;
        for (i, x) in rows(&values, batch, n_in)?.outer_iter().enumerate() {
            let (a, b) = net.affine_at(ctx, ArrayView1::from(x))?;
            slopes[i * n_out * n_in..][..n_out * n_in].iter_mut().zip(&a).for_each(|(to, &v)| *to = v);
            offsets[i * n_out..][..n_out].iter_mut().zip(&b).for_each(|(to, &v)| *to = v);
        }
        a.write(&slopes)?;
        b.write(&offsets)
    })
}
