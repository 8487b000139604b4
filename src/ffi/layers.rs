//! The layers of `cpwl_network_builder`, one function each.
//!
//! All have one shape: `(ctx, builder, input, what the layer needs.., node)`, where `input` is a node id or -1 for the
//! node added last, and `node` (may be NULL) receives the id of the new node.

use super::builder::{sizes, tell};
use super::context::{self, cpwl_context};
use super::cpwl_network_builder;
use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{cpwl_status, pointer};
use crate::context::Meter;
use crate::error::{Result, bail};
use crate::network::{Array, Builder, NodeId, Pwl, Window};
use crate::view::{Dtype, Float, TensorRef};

/// Geometry of `cpwl_network_builder_conv2d`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_conv2d_options {
    /// `sizeof(cpwl_conv2d_options)`.
    pub struct_size: usize,
    /// Step down and to the right; 0 = 1.
    pub stride: [i64; 2],
    /// Zeros around the image: top, left, bottom, right.
    pub padding: [i64; 4],
    /// Distance between the taps of the kernel, down and to the right; 0 = 1.
    pub dilation: [i64; 2],
    /// Number of groups; 0 = 1.
    pub groups: i64,
}

/// Parameters of `cpwl_network_builder_activation`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_activation_options {
    /// `sizeof(cpwl_activation_options)`.
    pub struct_size: usize,
    /// Slope for negative values (CPWL_LEAKY_RELU), or slope (CPWL_HARD_SIGMOID).
    pub alpha: f64,
    /// Value at 0 (CPWL_HARD_SIGMOID).
    pub beta: f64,
    /// Lower bound (CPWL_HARD_TANH, CPWL_CLIP).
    pub lo: f64,
    /// Upper bound (CPWL_HARD_TANH, CPWL_CLIP).
    pub hi: f64,
    /// Bits 0 to 3 for alpha, beta, lo, hi: the field is meant even if it is zero. A field that is not zero is always
    /// meant.
    pub given: u32,
    /// Zero.
    pub reserved: i32,
}

/// Geometry of the pooling layers. Zero is the default of every field but `kernel`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_pool2d_options {
    /// `sizeof(cpwl_pool2d_options)`.
    pub struct_size: usize,
    /// Height and width of the window.
    pub kernel: [i64; 2],
    /// Step down and to the right; 0 = that of the kernel.
    pub stride: [i64; 2],
    /// Padding: top, left, bottom, right. It never is the maximum, and counts as zeros in a mean.
    pub padding: [i64; 4],
    /// Distance between the elements of the window, down and to the right; 0 = 1.
    pub dilation: [i64; 2],
    /// Not 0: round the number of windows up instead of down.
    pub ceil_mode: i32,
    /// Not 0: a mean divides by the number of elements that are not padding.
    pub exclude_padding: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_conv2d_options {
    const NAME: &'static str = "cpwl_conv2d_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_activation_options {
    const NAME: &'static str = "cpwl_activation_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_pool2d_options {
    const NAME: &'static str = "cpwl_pool2d_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// The numbers of a tensor as the network keeps them: f64 for f64, otherwise f32, always exactly.
pub(super) fn array(meter: &Meter, t: &TensorRef) -> Result<Array> {
    fn own<T: Float>(meter: &Meter, t: &TensorRef) -> Result<Vec<T>> {
        let values = t.read::<T>(meter)?;
        let mut own = Vec::new();
        if own.try_reserve_exact(values.len()).is_err() {
            bail!(Memory, "{}: no memory for {} numbers", t.name(), values.len())
        }
        own.extend_from_slice(&values);
        Ok(own)
    }
    match t.dtype() {
        Dtype::F64 => own(meter, t).map(Array::f64),
        _ => own(meter, t).map(Array::f32),
    }
}

/// A vector of weights.
fn vector(meter: &Meter, t: &TensorRef) -> Result<Array> {
    t.expect_rank(1, "(n)")?;
    array(meter, t)
}

fn optional_vector(meter: &Meter, t: Option<TensorRef>) -> Result<Option<Array>> {
    t.map(|t| vector(meter, &t)).transpose()
}

fn pair(name: &str, values: [i64; 2], default: [usize; 2]) -> Result<[usize; 2]> {
    let sizes = sizes(name, &values)?;
    Ok([0, 1].map(|i| if sizes[i] == 0 { default[i] } else { sizes[i] }))
}

fn padding(values: [i64; 4]) -> Result<[usize; 4]> {
    let sizes = sizes("padding", &values)?;
    Ok([0, 1, 2, 3].map(|i| sizes[i]))
}

/// What every layer function is given, as safe values.
pub(super) struct Call<'a> {
    meter: Meter,
    builder: &'a mut cpwl_network_builder,
    node: Option<&'a mut i32>,
}

impl<'a> Call<'a> {
    /// # Safety
    /// The words of the header to the caller.
    pub(super) unsafe fn new(
        ctx: *const cpwl_context,
        builder: *mut cpwl_network_builder,
        node: *mut i32,
    ) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe {
            Ok(Call {
                meter: context::get(ctx)?.meter(),
                builder: pointer::required_mut("builder", builder)?,
                node: pointer::optional_mut("node", node)?,
            })
        }
    }

    /// Adds one layer that reads `input`.
    pub(super) fn add(
        self,
        input: i32,
        layer: impl FnOnce(&mut Builder, NodeId) -> Result<NodeId>,
    ) -> Result<()> {
        let (builder, input) = self.builder.at(input)?;
        tell(self.node, layer(builder, input)?);
        Ok(())
    }

    /// Adds one layer that reads several nodes.
    fn join(
        self,
        inputs: &[i32],
        layer: impl FnOnce(&mut Builder, &[NodeId]) -> Result<NodeId>,
    ) -> Result<()> {
        let ids = inputs.iter().map(|&i| Ok(self.builder.at(i)?.1)).collect::<Result<Vec<_>>>()?;
        tell(self.node, layer(self.builder.at(-1)?.0, &ids)?);
        Ok(())
    }
}

/// Adds y = W x + b for an input of shape (n): `weight` is (out, n), `bias` (out) or NULL for none.
///
/// In this and all layer functions: `input` is the id of the node to read (-1 = the node added last), `node` receives
/// the id of the new node (may be NULL). Weights are f32, f64, f16 or bf16 and are kept exactly. Errors: CPWL_SHAPE
/// (shapes that do not fit, with both in the message), CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (no such node, a
/// value out of range). O(weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_dense(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    weight: *const cpwl_tensor,
    bias: *const cpwl_tensor,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, w, bias) = unsafe {
            (
                Call::new(ctx, builder, node)?,
                tensor::input("weight", weight)?,
                tensor::optional("bias", bias)?,
            )
        };
        w.expect_rank(2, "(out, in)")?;
        let shape = [w.shape()[0], w.shape()[1]];
        let (weight, bias) = (array(&call.meter, &w)?, optional_vector(&call.meter, bias)?);
        call.add(input, |b, input| b.dense(input, weight, shape, bias))
    })
}

/// Adds a 2-D convolution (cross-correlation, as in every framework) of an input of shape (C, H, W): `weight` is
/// (O, C / groups, kh, kw), `bias` (O) or NULL for none, `opts` NULL for stride 1, no padding, dilation 1, one group.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_conv2d(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    weight: *const cpwl_tensor,
    bias: *const cpwl_tensor,
    opts: *const cpwl_conv2d_options,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, w, bias, opts) = unsafe {
            (
                Call::new(ctx, builder, node)?,
                tensor::input("weight", weight)?,
                tensor::optional("bias", bias)?,
                options::read(opts)?,
            )
        };
        w.expect_rank(4, "(out, in / groups, height, width)")?;
        let shape = [0, 1, 2, 3].map(|i| w.shape()[i]);
        let window = Window {
            kernel: [shape[2], shape[3]],
            stride: pair("stride", opts.stride, [1, 1])?,
            padding: padding(opts.padding)?,
            dilation: pair("dilation", opts.dilation, [1, 1])?,
        };
        let groups = sizes("groups", &[opts.groups])?[0].max(1);
        let (weight, bias) = (array(&call.meter, &w)?, optional_vector(&call.meter, bias)?);
        call.add(input, |b, input| b.conv2d(input, weight, shape, bias, window, groups))
    })
}

/// Adds the same activation for every element; `kind` is a `cpwl_activation`, `opts` NULL for its defaults. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_activation(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    kind: i32,
    opts: *const cpwl_activation_options,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, o) = unsafe { (Call::new(ctx, builder, node)?, options::read(opts)?) };
        if o.given & !0b1111 != 0 || o.reserved != 0 {
            bail!(UnknownOption, "given is {:#x}, reserved is {}; expected 4 bits and 0", o.given, o.reserved)
        }
        let meant = |bit: u32, value: f64| (value != 0.0 || o.given >> bit & 1 != 0).then_some(value);
        let (alpha, beta, lo, hi) = (meant(0, o.alpha), meant(1, o.beta), meant(2, o.lo), meant(3, o.hi));
        let function = match kind {
            1 => Pwl::leaky_relu(0.0)?,
            2 => Pwl::leaky_relu(alpha.unwrap_or(0.01))?,
            3 => Pwl::leaky_relu(-1.0)?,
            4 => Pwl::clip(0.0, 6.0)?,
            5 => Pwl::clip(lo.unwrap_or(-1.0), hi.unwrap_or(1.0))?,
            6 => Pwl::clip(lo.unwrap_or(f64::NEG_INFINITY), hi.unwrap_or(f64::INFINITY))?,
            7 => {
                let (alpha, beta) = (alpha.unwrap_or(1.0 / 6.0), beta.unwrap_or(0.5));
                return call.add(input, |b, input| b.hard_sigmoid(input, alpha, beta));
            }
            8 => return call.add(input, |b, input| b.hard_swish(input)),
            _ => bail!(UnknownEnum, "kind is {kind}; expected 1 (CPWL_RELU) to 8 (CPWL_EXACT_HARD_SWISH)"),
        };
        call.add(input, |b, input| b.pointwise(input, vec![function]))
    })
}

/// Adds a leaky ReLU with given slopes for negative values: `slopes` has one entry, or one per channel (the first
/// axis of the input). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_prelu(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    slopes: *const cpwl_tensor,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, slopes) = unsafe { (Call::new(ctx, builder, node)?, tensor::input("slopes", slopes)?) };
        let slopes = vector(&call.meter, &slopes)?;
        call.add(input, |b, input| b.prelu(input, slopes))
    })
}

/// Adds the same continuous piecewise-linear function for every element: `knots` (m), strictly increasing; `slopes`
/// (m + 1), from the leftmost piece to the rightmost; and the value at the first knot (at 0 if m = 0). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_pwl(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    knots: *const cpwl_tensor,
    slopes: *const cpwl_tensor,
    value_at_first_knot: f64,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, knots, slopes) = unsafe {
            (Call::new(ctx, builder, node)?, tensor::input("knots", knots)?, tensor::input("slopes", slopes)?)
        };
        let knots = vector(&call.meter, &knots)?.to_f64();
        let slopes = vector(&call.meter, &slopes)?.to_f64();
        let function = Pwl::new(knots, slopes, value_at_first_knot)?;
        call.add(input, |b, input| b.pointwise(input, vec![function]))
    })
}

/// Adds the maximum over groups of `group` consecutive channels (the first axis), which `group` must divide. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_maxout(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    group: i64,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let call = unsafe { Call::new(ctx, builder, node) }?;
        let group = sizes("group", &[group])?[0];
        call.add(input, |b, input| b.maxout(input, group))
    })
}

fn pool_window(o: &cpwl_pool2d_options) -> Result<Window> {
    let kernel = pair("kernel", o.kernel, [0, 0])?;
    Ok(Window {
        kernel,
        stride: pair("stride", o.stride, kernel)?,
        padding: padding(o.padding)?,
        dilation: pair("dilation", o.dilation, [1, 1])?,
    })
}

/// Adds the maximum over windows of each channel of an input of shape (C, H, W). `opts` gives the kernel and must not
/// be NULL; `exclude_padding` has no meaning here. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_max_pool2d(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    opts: *const cpwl_pool2d_options,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, o) = unsafe { (Call::new(ctx, builder, node)?, options::required(opts)?) };
        let window = pool_window(&o)?;
        call.add(input, |b, input| b.max_pool2d(input, window, o.ceil_mode != 0))
    })
}

/// Adds the mean over windows of each channel of an input of shape (C, H, W). `opts` gives the kernel and must not be
/// NULL. Weights that are not powers of two are rounded to f64, and so define the network. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_avg_pool2d(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    opts: *const cpwl_pool2d_options,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, o) = unsafe { (Call::new(ctx, builder, node)?, options::required(opts)?) };
        let window = pool_window(&o)?;
        call.add(input, |b, input| b.avg_pool2d(input, window, o.ceil_mode != 0, o.exclude_padding == 0))
    })
}

/// Adds the mean of each channel of an input of shape (C, H, W), with shape (C, 1, 1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_global_avg_pool(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe { Call::new(ctx, builder, node) }?.add(input, |b, input| b.global_avg_pool(input))
    })
}

/// Adds a batch normalisation in evaluation form, per channel (the first axis):
/// gamma (x - mean) / sqrt(var + eps) + beta, with `mean` and `var` (C), `gamma` and `beta` (C) or NULL for 1 and 0.
/// Folded in f64 to scale and shift, which define the network. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_batch_norm(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    gamma: *const cpwl_tensor,
    beta: *const cpwl_tensor,
    mean: *const cpwl_tensor,
    var: *const cpwl_tensor,
    eps: f64,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, gamma, beta, mean, var) = unsafe {
            (
                Call::new(ctx, builder, node)?,
                tensor::optional("gamma", gamma)?,
                tensor::optional("beta", beta)?,
                tensor::input("mean", mean)?,
                tensor::input("var", var)?,
            )
        };
        let meter = &call.meter;
        let (gamma, beta) = (optional_vector(meter, gamma)?, optional_vector(meter, beta)?);
        let (mean, var) = (vector(meter, &mean)?, vector(meter, &var)?);
        call.add(input, |b, input| b.batch_norm(input, gamma, beta, mean, var, eps))
    })
}

/// Adds scale x + shift: `scale` and `shift` have one entry, one per channel (the first axis) or one per element
/// (any shape); NULL for 1 and 0. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_scale_shift(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    scale: *const cpwl_tensor,
    shift: *const cpwl_tensor,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, scale, shift) = unsafe {
            (
                Call::new(ctx, builder, node)?,
                tensor::optional("scale", scale)?,
                tensor::optional("shift", shift)?,
            )
        };
        let scale = scale.map(|t| array(&call.meter, &t)).transpose()?;
        let shift = shift.map(|t| array(&call.meter, &t)).transpose()?;
        call.add(input, |b, input| b.scale_shift(input, scale, shift))
    })
}

/// Adds a change of shape to one axis. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_flatten(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe { Call::new(ctx, builder, node) }?.add(input, |b, input| b.flatten(input))
    })
}

/// Adds a change of shape to `shape` (`ndim` lengths, per sample), of which one may be -1: what is left. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_reshape(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    shape: *const i64,
    ndim: i32,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, shape) =
            unsafe { (Call::new(ctx, builder, node)?, pointer::slice("shape", shape, ndim)?) };
        call.add(input, |b, input| b.reshape(input, shape))
    })
}

/// Adds the sum of `n_inputs` nodes of one shape (a residual connection). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_add(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    inputs: *const i32,
    n_inputs: i32,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, inputs) =
            unsafe { (Call::new(ctx, builder, node)?, pointer::slice("inputs", inputs, n_inputs)?) };
        call.join(inputs, |b, inputs| b.add(inputs))
    })
}

/// Adds the concatenation of `n_inputs` nodes along `axis` of the per-sample shape. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_concat(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    inputs: *const i32,
    n_inputs: i32,
    axis: i32,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, inputs) =
            unsafe { (Call::new(ctx, builder, node)?, pointer::slice("inputs", inputs, n_inputs)?) };
        let axis = sizes("axis", &[axis.into()])?[0];
        call.join(inputs, |b, inputs| b.concat(inputs, axis))
    })
}
