//! `cpwl_network`: reading it from ONNX, and asking what it is.

use std::ffi::{CString, c_char, c_void};
use std::path::PathBuf;
use std::sync::Arc;

use super::fence::fence;
use super::options::{self, Growable};
use super::parameters::LentParameter;
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::network::{Network, NodeId};

/// A network: immutable, may be shared between threads and used by several calls at once. Since 0.1.
pub struct cpwl_network {
    pub(super) inner: Arc<Network>,
    nodes: Vec<Lent>,
    /// The smooth functions that the network approximates.
    pub(super) functions: Vec<CString>,
    /// The arrays of constants.
    pub(super) parameters: Vec<LentParameter>,
}

/// What `cpwl_network_node` lends of a node.
struct Lent {
    name: CString,
    op: CString,
    shape: Vec<i64>,
}

impl cpwl_network {
    pub(super) fn new(inner: Network) -> Self {
        let text = |s: &str| CString::new(s.replace('\0', "\u{FFFD}")).unwrap_or_default();
        let nodes = inner.nodes().iter().map(|n| Lent {
            name: text(&n.name),
            op: text(n.op.name()),
            shape: n.shape.iter().map(|&len| count(len)).collect(),
        });
        let nodes = nodes.collect();
        let functions = inner.approximations().map(|(_, a)| text(&a.function.to_string())).collect();
        let parameters = LentParameter::all(&inner);
        cpwl_network { inner: Arc::new(inner), nodes, functions, parameters }
    }

    /// The name of a node, lent.
    pub(super) fn name(&self, node: NodeId) -> *const c_char {
        self.nodes[node].name.as_ptr()
    }
}

/// A number of things in memory, which an `int64_t` always holds.
pub(super) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Options of `cpwl_network_from_onnx`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_onnx_options {
    /// `sizeof(cpwl_onnx_options)`.
    pub struct_size: usize,
    /// Smooth activations (see `cpwl_smooth`) become piecewise-linear functions with at most so many knots, 2 to 1024;
    /// 0 = they are refused. See `cpwl_network_builder_smooth` and `cpwl_network_approximation`. They are recognised as
    /// operators and as the arithmetic that exporters write for them; constants in that are taken to be those of the
    /// function if they are so to single precision.
    pub smooth_knots: i64,
}

/// What `cpwl_network_info` tells. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_network_summary {
    /// `sizeof(cpwl_network_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of nodes, the input included.
    pub n_nodes: i64,
    /// Number of units: the length of an activation pattern.
    pub n_units: i64,
    /// Number of nodes that are layers of units.
    pub n_unit_layers: i64,
    /// Number of elements of the input.
    pub n_inputs: i64,
    /// Number of elements of the output.
    pub n_outputs: i64,
    /// Number of constants of all layers, as folded.
    pub n_parameters: i64,
    /// Number of nodes that stand for smooth activation functions, which the network only approximates.
    pub n_approximations: i64,
    /// Number of arrays of constants, see `cpwl_network_parameter`.
    pub n_arrays: i64,
}

/// What `cpwl_network_node` tells; the pointers are lent and valid until the network is freed. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_node_info {
    /// `sizeof(cpwl_node_info)`, set by the caller.
    pub struct_size: usize,
    /// Name, UTF-8.
    pub name: *const c_char,
    /// Operator: "input", "dense", "conv2d", "scale_shift", "pointwise", "hard_swish", "maxout", "max_pool2d",
    /// "avg_pool2d", "add", "concat" or "reshape".
    pub op: *const c_char,
    /// Shape of its value, per sample.
    pub shape: *const i64,
    /// Number of axes.
    pub ndim: i32,
    /// Position of its first unit in an activation pattern; -1 if it has none.
    pub first_unit: i32,
    /// Number of its units.
    pub n_units: i32,
    /// Zero.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_onnx_options {
    const NAME: &'static str = "cpwl_onnx_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_network_summary {
    const NAME: &'static str = "cpwl_network_summary";
    const FIRST_SIZE: usize = std::mem::offset_of!(Self, n_approximations);
}
// SAFETY: as above.
unsafe impl Growable for cpwl_node_info {
    const NAME: &'static str = "cpwl_node_info";
    const FIRST_SIZE: usize = size_of::<Self>();
}

#[cfg(feature = "onnx")]
fn parse(bytes: &[u8], o: &cpwl_onnx_options) -> Result<Network> {
    let smooth_knots = super::smooth::knots("smooth_knots", o.smooth_knots)?;
    Network::from_onnx_with(bytes, &crate::network::OnnxOptions { smooth_knots })
}

#[cfg(not(feature = "onnx"))]
fn parse(_: &[u8], _: &cpwl_onnx_options) -> Result<Network> {
    bail!(Unsupported, "this build of cpwl has no ONNX reader (feature `onnx`)")
}

/// Reads a network from the `size` bytes of an ONNX file at `bytes`, which are not needed afterwards. `opts` may be
/// NULL. Free the network with `cpwl_network_free`.
///
/// Errors: CPWL_ARGUMENT (truncated or malformed bytes, a cycle), CPWL_UNSUPPORTED (an operator that is not piecewise
/// linear or not known, named with its node; weights in another file), CPWL_SHAPE, CPWL_NONFINITE. O(size). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_from_onnx(
    ctx: *const cpwl_context,
    bytes: *const c_void,
    size: usize,
    opts: *const cpwl_onnx_options,
    out: *mut *mut cpwl_network,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, bytes, opts, out) = unsafe {
            (
                context::get(ctx)?,
                pointer::bytes("bytes", bytes, size)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        out.put(cpwl_network::new(parse(bytes, &opts)?));
        Ok(())
    })
}

/// As `cpwl_network_from_onnx`, from the file at `path` (UTF-8, or the bytes of any path on POSIX systems).
///
/// Errors: CPWL_IO besides. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_from_onnx_file(
    ctx: *const cpwl_context,
    path: *const c_char,
    opts: *const cpwl_onnx_options,
    out: *mut *mut cpwl_network,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, path, opts, out) = unsafe {
            (
                context::get(ctx)?,
                pointer::path("path", path)?,
                options::read(opts)?,
                pointer::out("out", out)?,
            )
        };
        out.put(cpwl_network::new(parse(&read_file(path)?, &opts)?));
        Ok(())
    })
}

fn read_file(path: PathBuf) -> Result<Vec<u8>> {
    // Only regular files: a device or a pipe may have no end.
    let read = || match std::fs::metadata(&path)?.is_file() {
        true => std::fs::read(&path),
        false => Err(std::io::Error::other("not a regular file")),
    };
    match read() {
        Ok(bytes) => Ok(bytes),
        Err(e) => bail!(Io, "cannot read {}: {e}", path.display()),
    }
}

/// Frees a network. NULL is fine. No call may be using it. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_free(net: *mut cpwl_network) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(net) }
}

/// Fills `out`, whose `struct_size` the caller has set. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_info(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    out: *mut cpwl_network_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net) = unsafe { (context::get(ctx)?, &pointer::required("net", net)?.inner) };
        let info = cpwl_network_summary {
            struct_size: 0,
            n_nodes: count(net.nodes().len()),
            n_units: count(net.n_units()),
            n_unit_layers: count(net.unit_layers().len()),
            n_inputs: count(net.input_len()),
            n_outputs: count(net.output_len()),
            n_parameters: count(net.n_parameters()),
            n_approximations: count(net.approximations().count()),
            n_arrays: count(net.parameters().len()),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &info) }
    })
}

/// # Safety
/// `ndim` is NULL or a number that nobody else uses; `shape` is NULL or has `*ndim` places.
unsafe fn fill_shape(from: &[usize], shape: *mut i64, ndim: *mut i32) -> Result<()> {
    // SAFETY: the caller's promise.
    let ndim = unsafe { pointer::required_mut("ndim", ndim) }?;
    let rank = i32::try_from(from.len()).unwrap_or(i32::MAX);
    if !shape.is_null() {
        if *ndim < rank {
            bail!(Argument, "ndim is {}; expected room for {rank} lengths, or shape NULL to ask", *ndim)
        }
        for (i, &len) in from.iter().enumerate() {
            // SAFETY: below `*ndim`.
            unsafe { shape.add(i).write_unaligned(count(len)) };
        }
    }
    *ndim = rank;
    Ok(())
}

/// The shape of the input, per sample: `*ndim` is the room at `shape`, and becomes the number of axes. With `shape`
/// NULL only that is told. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_input_shape(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    shape: *mut i64,
    ndim: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            fill_shape(pointer::required("net", net)?.inner.input_shape(), shape, ndim)
        }
    })
}

/// The shape of the output, as `cpwl_network_input_shape`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_output_shape(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    shape: *mut i64,
    ndim: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        unsafe {
            context::get(ctx)?;
            fill_shape(pointer::required("net", net)?.inner.output_shape(), shape, ndim)
        }
    })
}

/// Fills `out`, whose `struct_size` the caller has set, with what node `node` (0 to n_nodes - 1, in an order in which
/// every node comes after those that it reads) is. Errors: CPWL_ARGUMENT (no such node). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_node(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    node: i32,
    out: *mut cpwl_node_info,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net) = unsafe { (context::get(ctx)?, pointer::required("net", net)?) };
        let index = usize::try_from(node).unwrap_or(usize::MAX);
        let Some(lent) = net.nodes.get(index) else {
            bail!(Graph, "node {node} does not exist; expected 0 to {}", net.nodes.len() - 1)
        };
        let int = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let units = net.inner.unit_layers().iter().find(|units| units.node == index);
        let info = cpwl_node_info {
            struct_size: 0,
            name: lent.name.as_ptr(),
            op: lent.op.as_ptr(),
            shape: lent.shape.as_ptr(),
            ndim: int(lent.shape.len()),
            first_unit: units.map_or(-1, |units| int(units.first)),
            n_units: units.map_or(0, |units| int(units.len)),
            reserved: 0,
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &info) }
    })
}
