//! Counts of cells that meet a disc.

use super::domain::points;
use super::fence::fence;
use super::options::{self, Growable};
use super::statistics::metric;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_domain, cpwl_network, cpwl_partition, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::regions::count_in_ball;
use crate::view::Dtype;

/// Options of `cpwl_partition_count_in_ball` and `cpwl_network_count_in_ball`. Zero is the default of every field.
/// Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_ball_options {
    /// `sizeof(cpwl_ball_options)`.
    pub struct_size: usize,
    /// For a network: more cells than this near the disc are CPWL_LIMIT; 0 = no limit.
    pub max_regions: u64,
    /// A `cpwl_metric`, of radii; 0 = CPWL_METRIC_DOMAIN.
    pub metric: i32,
    /// Zero.
    pub flags: u32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_ball_options {
    const NAME: &'static str = "cpwl_ball_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// # Safety
/// As `options::read`.
unsafe fn read(opts: *const cpwl_ball_options) -> Result<cpwl_ball_options> {
    // SAFETY: the caller's promise.
    let o = unsafe { options::read(opts)? };
    if o.flags != 0 {
        bail!(UnknownOption, "flags is {:#x}; expected 0", o.flags)
    }
    Ok(o)
}

/// Counts the cells that each of n open discs meets: those nearer to the centre than the radius. `centers` is (n, 2) in
/// (u, v) and `radii` is (n), f32, f64, f16 or bf16; `counts` is (n), i64 or i32. `opts` may be NULL; with the ambient
/// metric radii are those of balls in the input space about points of the slice. Exact.
///
/// Errors: CPWL_ARGUMENT (patterns or the mesh were not kept, a negative radius), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE,
/// CPWL_CANCELLED. Cost: the cells near each disc; the first call prepares a search grid, O(F). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_partition_count_in_ball(
    ctx: *const cpwl_context,
    partition: *const cpwl_partition,
    centers: *const cpwl_tensor,
    radii: *const cpwl_tensor,
    opts: *const cpwl_ball_options,
    counts: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, p, centers, radii, o, mut counts) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("partition", partition)?.inner,
                tensor::input("centers", centers)?,
                tensor::input("radii", radii)?,
                read(opts)?,
                tensor::output("counts", counts)?,
            )
        };
        points(&centers)?;
        let n = centers.shape()[0];
        radii.expect_shape(&[n], "(n)")?;
        counts.expect_shape(&[n], "(n)")?;
        counts.expect_dtype(&[Dtype::I64, Dtype::I32])?;
        counts.expect_apart(&centers)?;
        counts.expect_apart(&radii)?;
        let meter = ctx.meter();
        let (at, radii) = (centers.read::<f64>(&meter)?, radii.read::<f64>(&meter)?);
        let mut found = meter.buffer::<i64>(n, "counts")?;
        p.count_in_ball(ctx, metric(o.metric)?, at.as_chunks().0, &radii, &mut found)?;
        counts.write(&found)
    })
}

/// Counts the cells of `net` in `domain` that the open disc of radius `radius` about `center`, (2) in (u, v), meets, and
/// partitions no more than it must: the bounding box of the disc where that lies inside the domain, or the domain is a box
/// itself; otherwise the whole domain. `domain` NULL is the whole plane, for a network with two inputs. `opts` may be
/// NULL. `count` becomes what `cpwl_partition_count_in_ball` finds in the whole partition. Exact.
///
/// Errors: CPWL_ARGUMENT (a negative radius), and those of `cpwl_partition_new`. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_count_in_ball(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    domain: *const cpwl_domain,
    center: *const cpwl_tensor,
    radius: f64,
    opts: *const cpwl_ball_options,
    count: *mut i64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, domain, center, o, count) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                pointer::optional("domain", domain)?,
                tensor::input("center", center)?,
                read(opts)?,
                pointer::required_mut("count", count)?,
            )
        };
        center.expect_shape(&[2], "(u, v)")?;
        let center = center.read::<f64>(&ctx.meter())?;
        let domain = domain.map(|d| &d.inner);
        let at = [center[0], center[1]];
        *count = count_in_ball(ctx, net, domain, metric(o.metric)?, at, radius, o.max_regions)?;
        Ok(())
    })
}
