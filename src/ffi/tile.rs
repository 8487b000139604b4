//! Tiles of a domain, and what stitches their partitions together.

use std::ptr;

use super::fence::fence;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_domain, cpwl_partition, cpwl_status, network::count, pointer};
use crate::error::{Result, bail};
use crate::view::Dtype;

fn index(name: &str, value: i64) -> Result<usize> {
    match usize::try_from(value) {
        Ok(value) => Ok(value),
        Err(_) => bail!(Argument, "{name} is {value}; expected 0 or more"),
    }
}

/// Tile (`i`, `j`) of a grid of `nu` x `nv` tiles over the bounding box of a domain, so that parts of it can be partitioned
/// in different processes. Exact: tiles that meet share their seam, and their partitions add up to that of the whole (see
/// `cpwl_partition_seam_keys`). `*out` becomes NULL if that tile has no area in common with the domain. Free it with
/// `cpwl_domain_free`.
///
/// Errors: CPWL_ARGUMENT (no such tile, a tile of a tile). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_domain_tile(
    ctx: *const cpwl_context,
    domain: *const cpwl_domain,
    nu: i64,
    nv: i64,
    i: i64,
    j: i64,
    out: *mut *mut cpwl_domain,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (domain, slot) = unsafe {
            context::get(ctx)?;
            (&pointer::required("domain", domain)?.inner, pointer::required_mut("out", out)?)
        };
        let grid = [index("nu", nu)?, index("nv", nv)?];
        let tile = domain.tile(grid, [index("i", i)?, index("j", j)?])?;
        *slot = tile.map_or(ptr::null_mut(), |inner| Box::into_raw(Box::new(cpwl_domain { inner })));
        Ok(())
    })
}

/// The names (128-bit hashes of the pattern up to that layer) of the cells of a tile's partition that have an edge on a seam
/// after layer `layer` of units, sorted, each once. `keys` is NULL, or (n, 2) i64 where n is the number that `count`, which
/// may be NULL, tells.
///
/// The number of cells of the whole after that layer is the sum over all tiles of CPWL_PARTITION_LAYER_CELLS minus
/// `count`, plus the number of different names in all of them together. Areas, and lengths of boundaries inside cells,
/// add up.
///
/// Errors: CPWL_ARGUMENT (no such layer, patterns or the mesh were not kept), CPWL_SHAPE, CPWL_DTYPE. O(E + cells on
/// seams). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_seam_keys(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    layer: i64,
    keys: *mut cpwl_tensor,
    count: *mut i64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (p, told) = unsafe {
            context::get(ctx)?;
            (&pointer::required("partition", partition)?.inner, pointer::optional_mut("count", count)?)
        };
        let all = p.seam_keys()?;
        let Some(found) = usize::try_from(layer).ok().and_then(|layer| all.get(layer)) else {
            bail!(Argument, "layer is {layer}; the network has {} layers of units", all.len())
        };
        if !keys.is_null() {
            // SAFETY: the words of the header to the caller.
            let mut keys = unsafe { tensor::output("keys", keys)? };
            keys.expect_shape(&[found.len(), 2], "(n, 2)")?;
            keys.expect_dtype(&[Dtype::I64])?;
            let flat: Vec<i64> = found.iter().flatten().map(|&word| word.cast_signed()).collect();
            keys.write(&flat)?;
        }
        if let Some(told) = told {
            *told = self::count(found.len());
        }
        Ok(())
    })
}
