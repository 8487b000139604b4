//! `cpwl_lidar`: the rank of what tells samples apart.

use super::fence::fence;
use super::moments::columns;
use super::network::count;
use super::options::{self, Growable};
use super::spectrum::long;
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::rank::{Denominators, Lidar, LidarOptions};
use crate::view::Dtype;

/// Groups of views, of which LiDAR is taken: streams and merges. Memory: 2 K^2 doubles for K columns, and a few hundred rows. It
/// changes, also when it is measured: one thread at a time may use it. A call that fails leaves it as it was. Since 0.1.
pub struct cpwl_lidar {
    inner: Lidar,
}

/// Flag of `cpwl_lidar_options`: `delta` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_LIDAR_DELTA: u32 = 1;
/// Flag of `cpwl_lidar_options`: `eps` is meant as it is, even if it is 0. Since 0.1.
pub const CPWL_LIDAR_EPS: u32 = 2;

/// Options of `cpwl_lidar_measure`. Zero is the default of every field. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_lidar_options {
    /// `sizeof(cpwl_lidar_options)`.
    pub struct_size: usize,
    /// Added to the diagonal of the scatter within groups, in units of the data squared; at least 0. 0 = 1e-4, or none with
    /// CPWL_LIDAR_DELTA.
    pub delta: f64,
    /// Added to the probabilities; at least 0. 0 = 1e-8, or none with CPWL_LIDAR_EPS.
    pub eps: f64,
    /// A `cpwl_lidar_denominators`; 0 = CPWL_LIDAR_BIASED.
    pub denominators: i32,
    /// CPWL_LIDAR_* flags.
    pub flags: u32,
}

/// What LiDAR says of groups. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_lidar_summary {
    /// `sizeof(cpwl_lidar_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of groups, n.
    pub n_groups: i64,
    /// Number of views in all groups.
    pub n_views: i64,
    /// Number of columns, K.
    pub n_columns: i64,
    /// LiDAR, with eps; 0 from `cpwl_lidar_info`.
    pub lidar: f64,
    /// The entropy with eps = 0, in nats: its exponential is LiDAR without eps; 0 from `cpwl_lidar_info`.
    pub entropy: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_lidar_options {
    const NAME: &'static str = "cpwl_lidar_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_lidar_summary {
    const NAME: &'static str = "cpwl_lidar_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

fn read(o: &cpwl_lidar_options) -> Result<LidarOptions> {
    let known = CPWL_LIDAR_DELTA | CPWL_LIDAR_EPS;
    if o.flags & !known != 0 {
        bail!(UnknownOption, "flags is {:#x}; this version knows {known:#x}", o.flags)
    }
    let default = LidarOptions::default();
    let given = |value: f64, flag: u32, zero: f64| {
        if value != 0.0 || o.flags & flag != 0 { value } else { zero }
    };
    Ok(LidarOptions {
        delta: given(o.delta, CPWL_LIDAR_DELTA, default.delta),
        eps: given(o.eps, CPWL_LIDAR_EPS, default.eps),
        denominators: match o.denominators {
            0 | 1 => Denominators::Biased,
            2 => Denominators::Unbiased,
            other => bail!(UnknownEnum, "denominators is {other}; expected 0 to 2 (CPWL_LIDAR_UNBIASED)"),
        },
    })
}

fn summary(l: &Lidar) -> cpwl_lidar_summary {
    cpwl_lidar_summary {
        struct_size: 0,
        n_groups: long(l.groups()),
        n_views: long(l.views()),
        n_columns: count(l.columns()),
        lidar: 0.0,
        entropy: 0.0,
    }
}

/// No groups yet, of rows of `n_columns` columns. Free it with `cpwl_lidar_free`. Errors: CPWL_SHAPE (no columns), CPWL_LIMIT,
/// CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_lidar_new(
    ctx: *const cpwl_context,
    n_columns: i64,
    out: *mut *mut cpwl_lidar,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, out) = unsafe { (context::get(ctx)?, pointer::out("out", out)?) };
        out.put(cpwl_lidar { inner: Lidar::new(ctx, columns("n_columns", n_columns)?)? });
        Ok(())
    })
}

/// Frees groups. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_lidar_free(lidar: *mut cpwl_lidar) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(lidar) }
}

/// Fills `out`, whose `struct_size` the caller has set, with how much there is. O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_lidar_info(
    ctx: *const cpwl_context,
    lidar: *const cpwl_lidar,
    out: *mut cpwl_lidar_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, l) = unsafe { (context::get(ctx)?, &pointer::required("lidar", lidar)?.inner) };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary(l)) }
    })
}

/// Adds a group: the views of one sample as rows, `z` (q, K) with q >= 1, f32, f64, f16 or bf16. Groups may differ in size. q K^2
/// flops.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (numbers beyond 1e120), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED.
/// Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_lidar_push(
    ctx: *const cpwl_context,
    lidar: *mut cpwl_lidar,
    z: *const cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, l, z) =
            unsafe { (context::get(ctx)?, pointer::required_mut("lidar", lidar)?, tensor::input("z", z)?) };
        l.inner.push_group(ctx, &z)
    })
}

/// Adds the groups of `other`. Errors: CPWL_SHAPE, CPWL_ARGUMENT (`other` is `lidar` itself), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_lidar_merge(
    ctx: *const cpwl_context,
    lidar: *mut cpwl_lidar,
    other: *const cpwl_lidar,
) -> cpwl_status {
    fence(|| {
        if lidar.cast_const() == other && !other.is_null() {
            bail!(Argument, "other is lidar itself; expected other groups")
        }
        // SAFETY: the words of the header to the caller; they are two.
        let (ctx, l, other) = unsafe {
            (context::get(ctx)?, pointer::required_mut("lidar", lidar)?, pointer::required("other", other)?)
        };
        l.inner.merge(ctx, &other.inner)
    })
}

/// LiDAR of the groups so far: exp of the entropy of the eigenvalues of Sw^-1/2 Sb Sw^-1/2, Sb being the scatter between the means
/// of the groups and Sw that within them plus delta I. Between 1 and min(K, n - 1). delta makes it depend on the scale of the
/// data. Fills `out`, whose `struct_size` the caller has set, and `eigenvalues`, (K), f32 or f64, descending (NULL: not wanted).
/// `opts` may be NULL.
///
/// Errors: CPWL_ARGUMENT (delta, eps; CPWL_LIDAR_UNBIASED without a group of two views), CPWL_NUMERIC (fewer than two groups,
/// groups of equal means, a singular Sw with delta = 0), CPWL_SHAPE, CPWL_DTYPE, CPWL_UNSUPPORTED (flags), CPWL_LIMIT, CPWL_MEMORY,
/// CPWL_CANCELLED. About 4 K^3 flops, 2 K^2 doubles. Thilak et al.: LiDAR, arXiv 2312.04000. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_lidar_measure(
    ctx: *const cpwl_context,
    lidar: *mut cpwl_lidar,
    opts: *const cpwl_lidar_options,
    eigenvalues: *mut cpwl_tensor,
    out: *mut cpwl_lidar_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, l, o) = unsafe {
            options::check("out", out)?;
            (context::get(ctx)?, &mut pointer::required_mut("lidar", lidar)?.inner, options::read(opts)?)
        };
        let place = match eigenvalues.is_null() {
            true => None,
            // SAFETY: as above.
            false => Some(unsafe { tensor::output("eigenvalues", eigenvalues)? }),
        };
        if let Some(place) = &place {
            place.expect_dtype(&[Dtype::F32, Dtype::F64])?;
            place.expect_shape(&[l.columns()], "(columns)")?;
        }
        let found = l.measure(ctx, &read(&o)?)?;
        if let Some(mut place) = place {
            place.write(&found.eigenvalues)?;
        }
        let summary = cpwl_lidar_summary { lidar: found.lidar, entropy: found.entropy, ..summary(l) };
        // SAFETY: as above.
        unsafe { options::write("out", out, &summary) }
    })
}
