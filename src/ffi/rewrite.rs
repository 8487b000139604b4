//! Networks made from networks.

use super::fence::fence;
use super::{context, cpwl_context, cpwl_network, cpwl_status, pointer};

/// The same function with every ReLU that only a maximum (max-pool, maxout) reads, directly or through changes of
/// shape, put into that maximum: max(relu(z_1), ..., relu(z_k)) = max(z_1, ..., z_k, 0). The maximum gets a constant
/// candidate behind its elements; a clamp from below, max(z, c), is put there as c.
///
/// Affine maps, and the connected affine pieces and distinct affine maps of a partition, stay what they are. Activation
/// cells are others, usually fewer: in the unfused network a ReLU cuts cells even where the maximum hides it. In a
/// pattern a fused ReLU has no code; that of a fused maximum is the index of its largest candidate, the lowest among
/// equals, and the size of the group (the number of taps of the window) where the constant is larger than all.
///
/// Copies the weights; free both networks with `cpwl_network_free`. O(weights). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_fuse_relu_max(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    out: *mut *mut cpwl_network,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net, out) =
            unsafe { (context::get(ctx)?, pointer::required("net", net)?, pointer::out("out", out)?) };
        out.put(cpwl_network::new(net.inner.fuse_relu_max()));
        Ok(())
    })
}
