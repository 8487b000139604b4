//! Networks as files for other engines.

use std::ffi::c_char;

use super::fence::fence;
use super::options::{self, Growable};
use super::{context, cpwl_bytes, cpwl_context, cpwl_network, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::network::Network;

/// Options of `cpwl_network_to_onnx`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_onnx_write_options {
    /// `sizeof(cpwl_onnx_write_options)`.
    pub struct_size: usize,
    /// Precision of input, output and weights: `CPWL_F32`, `CPWL_F64`, or 0 = that of the network (single if all its
    /// weights were given so).
    ///
    /// In single precision every number is rounded to the nearest one: double-precision weights, and in any network what
    /// was computed in double precision (a folded batch normalisation, knots and slopes of activations). Double loses
    /// nothing, but few engines have all operators in double precision: onnxruntime on CPUs lacks convolutions, average
    /// pools and leaky ReLUs.
    pub dtype: i32,
    /// Zero.
    pub flags: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_onnx_write_options {
    const NAME: &'static str = "cpwl_onnx_write_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

#[cfg(feature = "onnx")]
fn write(net: &Network, o: &cpwl_onnx_write_options) -> Result<Vec<u8>> {
    use crate::network::{OnnxPrecision, OnnxWriteOptions};
    let precision = match o.dtype {
        0 => None,
        1 => Some(OnnxPrecision::Single),
        2 => Some(OnnxPrecision::Double),
        other => bail!(UnknownEnum, "dtype is {other}; expected 0, CPWL_F32 (1) or CPWL_F64 (2)"),
    };
    if o.flags != 0 {
        bail!(UnknownOption, "flags is {:#x}; expected 0", o.flags)
    }
    net.to_onnx(&OnnxWriteOptions { precision })
}

#[cfg(not(feature = "onnx"))]
fn write(_: &Network, _: &cpwl_onnx_write_options) -> Result<Vec<u8>> {
    bail!(Unsupported, "this build of cpwl has no ONNX writer (feature `onnx`)")
}

/// Writes a network as an ONNX file in memory, for any engine to run: one input and one output, named as the nodes are,
/// with a dynamic batch axis "N" in front; operator set 13. `opts` may be NULL. Free the bytes with `cpwl_bytes_free`.
///
/// Activations become the operator of that name where there is one (Relu, LeakyRelu, PRelu, Abs, Clip), else an exact sum
/// of ReLUs. A maximum with a constant candidate (see `cpwl_network_fuse_relu_max`) becomes the ReLU and the maximum that
/// it was made from. `cpwl_network_from_onnx` reads the file as a network with the same values up to rounding, and with
/// the same units but for those sums and for clips whose bounds differ from channel to channel.
///
/// Errors: CPWL_NONFINITE (a number beyond the range of single precision), CPWL_UNSUPPORTED (more than 2 GiB). O(weights),
/// which are copied twice. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_to_onnx(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    opts: *const cpwl_onnx_write_options,
    out: *mut *mut cpwl_bytes,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net, opts, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        out.put(cpwl_bytes { inner: write(net, &opts)? });
        Ok(())
    })
}

/// As `cpwl_network_to_onnx`, to the file at `path` (UTF-8, or the bytes of any path on POSIX systems). A file that is
/// there is replaced in one step: a reader finds the old one or the new one, and after an error the old one.
///
/// Errors: CPWL_IO besides. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_to_onnx_file(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    opts: *const cpwl_onnx_write_options,
    path: *const c_char,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net, opts, path) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                options::read(opts)?,
                pointer::path("path", path)?,
            )
        };
        match crate::file::replace(&path, &write(net, &opts)?) {
            Ok(()) => Ok(()),
            Err(e) => bail!(Io, "cannot write {}: {e}", path.display()),
        }
    })
}
