//! The numbers of a network, and the same graph with other numbers.

use std::ffi::{CString, c_char};

use super::fence::fence;
use super::lent::{Lent, lend};
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_network, cpwl_status, layers, pointer};
use crate::error::{Result, bail};
use crate::network::{Array, Network, Parameter};
use crate::view::Tensor;

/// What `cpwl_network_parameter` tells; the pointers are lent and valid until the network is freed. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_parameter_info {
    /// `sizeof(cpwl_parameter_info)`, set by the caller.
    pub struct_size: usize,
    /// Node that it belongs to, see `cpwl_network_node`.
    pub node: i32,
    /// 0 = weight or scale, 1 = bias or shift.
    pub which: i32,
    /// "weight", "bias", "scale" or "shift".
    pub name: *const c_char,
    /// The numbers, f32 or f64 as they are kept: (out, in) or (O, C / groups, kh, kw) of a weight, (n) of the others.
    pub values: cpwl_tensor,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_parameter_info {
    const NAME: &'static str = "cpwl_parameter_info";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// What a network lends of one parameter.
pub(super) struct LentParameter {
    info: Parameter,
    name: CString,
    values: Lent,
}

impl LentParameter {
    /// All parameters of a network, whose arrays stay where they are.
    pub(super) fn all(net: &Network) -> Vec<LentParameter> {
        let lent = |info: Parameter| {
            let inner = &info.shape[1..];
            let values = match net.parameter(&info) {
                Array::F32(v) => Lent::new::<f32>("parameters", true, v, inner),
                Array::F64(v) => Lent::new::<f64>("parameters", true, v, inner),
            };
            let name = CString::new(net.parameter_name(&info)).unwrap_or_default();
            LentParameter { info, name, values }
        };
        net.parameters().into_iter().map(lent).collect()
    }
}

/// SHAPE unless `t` has the shape of the parameter, or is flat.
pub(super) fn expect_parameter(t: &Tensor, of: &Parameter) -> Result<()> {
    if t.shape() != of.shape && t.shape() != [of.len()] {
        bail!(Shape, "{} has shape {:?}; expected {:?}", t.name(), t.shape(), of.shape)
    }
    Ok(())
}

/// Names of the entries of an array of tensors.
pub(super) fn names(what: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{what}[{i}]")).collect()
}

/// Fills `out`, whose `struct_size` the caller has set, with what array `index` (0 to n_arrays - 1 of
/// `cpwl_network_summary`) of constants is: in the order of the nodes, weight before bias, scale before shift.
/// Errors: CPWL_ARGUMENT (no such array). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_parameter(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    index: i32,
    out: *mut cpwl_parameter_info,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net) = unsafe { (context::get(ctx)?, pointer::required("net", net)?) };
        let Some(lent) = usize::try_from(index).ok().and_then(|i| net.parameters.get(i)) else {
            bail!(Argument, "array {index} does not exist; the network has {}", net.parameters.len())
        };
        let int = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        // SAFETY: all zeros is a value of every field.
        let mut info: cpwl_parameter_info = unsafe { std::mem::zeroed() };
        info.node = int(lent.info.node);
        info.which = int(lent.info.which);
        info.name = lent.name.as_ptr();
        // SAFETY: our own struct.
        unsafe {
            lend(std::slice::from_ref(&lent.values), 1, &mut info.values)?;
            options::write("out", out, &info)
        }
    })
}

/// The same graph with other numbers: `arrays` has `n` tensors, one for each array of constants in the order of
/// `cpwl_network_parameter`, of its shape or flat; f64 is kept as f64, f32, f16 and bf16 as f32. An entry whose `dtype`
/// is 0 keeps what `net` has, without a copy. Free the network with `cpwl_network_free`; it does not need `net`.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE (with node, name and index), CPWL_MEMORY. O(numbers). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_with_parameters(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    arrays: *const cpwl_tensor,
    n: i32,
    out: *mut *mut cpwl_network,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, arrays, out) = unsafe {
            (
                context::get(ctx)?,
                pointer::required("net", net)?,
                pointer::slice("arrays", arrays, n)?,
                pointer::out("out", out)?,
            )
        };
        let (old, meter, names) = (&net.parameters, ctx.meter(), names("arrays", arrays.len()));
        if arrays.len() != old.len() {
            bail!(Shape, "n is {n}; the network has {} arrays", old.len())
        }
        let new = arrays.iter().zip(old).zip(&names).map(|((t, old), name)| {
            if t.dtype == 0 {
                return Ok(net.inner.parameter(&old.info).clone());
            }
            // SAFETY: the words of the header to the caller.
            let t = unsafe { tensor::input(name, t)? };
            expect_parameter(&t, &old.info)?;
            layers::array(&meter, &t)
        });
        let new = new.collect::<Result<Vec<_>>>()?;
        out.put(cpwl_network::new(net.inner.with_parameters(new)?));
        Ok(())
    })
}
