//! `cpwl_network_builder`: the graph itself. The layers are in `layers.rs`.

use std::ffi::c_char;

use super::fence::fence;
use super::{context, cpwl_context, cpwl_network, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::network::{Builder, NodeId};

/// A network under construction: a list of nodes, each reading earlier ones. Node 0 is the input. Not for two threads
/// at once. A failed call leaves it as it was. Since 0.1.
pub struct cpwl_network_builder {
    inner: Builder,
}

impl cpwl_network_builder {
    /// The builder and the node that `input` means: -1 is the node added last.
    pub(super) fn at(&mut self, input: i32) -> Result<(&mut Builder, NodeId)> {
        let node = node_id(&self.inner, input)?;
        Ok((&mut self.inner, node))
    }
}

fn node_id(builder: &Builder, node: i32) -> Result<NodeId> {
    match (node, usize::try_from(node)) {
        (-1, _) => Ok(builder.last()),
        (_, Ok(node)) => Ok(node),
        _ => bail!(Graph, "node {node} does not exist; expected 0 to {}, or -1 for the last", builder.last()),
    }
}

/// Tells the caller the id of a new node. A node id above 2^31 - 1 cannot be: each takes more than a byte.
pub(super) fn tell(node: Option<&mut i32>, id: NodeId) {
    if let Some(node) = node {
        *node = i32::try_from(id).unwrap_or(-1);
    }
}

/// Lengths of axes as sizes.
pub(super) fn sizes(name: &str, values: &[i64]) -> Result<Vec<usize>> {
    let mut sizes = Vec::with_capacity(values.len());
    for (i, &value) in values.iter().enumerate() {
        match usize::try_from(value) {
            Ok(size) => sizes.push(size),
            Err(_) => bail!(Argument, "{name}[{i}] is {value}; expected 0 or more"),
        }
    }
    Ok(sizes)
}

/// Starts a network whose input has the shape `input_shape` (`ndim` lengths, per sample: no batch axis), such as (2)
/// or (1, 28, 28). Free it with `cpwl_network_builder_free`.
///
/// Errors: CPWL_SHAPE (no axis, an axis of length 0 or less). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_new(
    ctx: *const cpwl_context,
    input_shape: *const i64,
    ndim: i32,
    out: *mut *mut cpwl_network_builder,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, shape, out) = unsafe {
            (context::get(ctx)?, pointer::slice("input_shape", input_shape, ndim)?, pointer::out("out", out)?)
        };
        out.put(cpwl_network_builder { inner: Builder::new(&sizes("input_shape", shape)?)? });
        Ok(())
    })
}

/// Frees a builder. NULL is fine. Networks made with it stay valid. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_free(builder: *mut cpwl_network_builder) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(builder) }
}

/// Gives node `node` (-1 = the node added last) a name for messages, UTF-8. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_name(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    node: i32,
    name: *const c_char,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, b, name) = unsafe {
            (context::get(ctx)?, pointer::required_mut("builder", builder)?, pointer::text("name", name)?)
        };
        let Ok(name) = name.to_str() else { bail!(Argument, "name is {name:?}; expected UTF-8") };
        let (b, node) = b.at(node)?;
        b.name(node, name)
    })
}

/// Makes the network whose output is the value of node `output` (-1 = the node added last). Nodes that it does not
/// need are left out, so ids may change: see `cpwl_network_node`. Copies the weights; the builder stays usable and
/// must still be freed. Free the network with `cpwl_network_free`.
///
/// Errors: CPWL_ARGUMENT (no such node, or the input itself). O(weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_finish(
    ctx: *const cpwl_context,
    builder: *const cpwl_network_builder,
    output: i32,
    out: *mut *mut cpwl_network,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, b, out) = unsafe {
            (context::get(ctx)?, pointer::required("builder", builder)?, pointer::out("out", out)?)
        };
        out.put(cpwl_network::new(b.inner.finish(node_id(&b.inner, output)?)?));
        Ok(())
    })
}
