//! Local complexity of a network at inputs.

use ndarray::ArrayView2;

use super::evaluate::samples;
use super::fence::fence;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_network, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::regions::local_complexity;
use crate::view::Dtype;

/// Options of `cpwl_network_local_complexity`, which has no default radius. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_complexity_options {
    /// `sizeof(cpwl_complexity_options)`.
    pub struct_size: usize,
    /// Distance of the corners from the input; > 0.
    pub radius: f64,
    /// Number of random directions, at most the number of inputs of the network; 0 = 25 or that.
    pub n_dirs: i64,
    /// Seed of the directions.
    pub seed: u64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_complexity_options {
    const NAME: &'static str = "cpwl_complexity_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Directions unless asked otherwise.
const DIRECTIONS: usize = 25;

fn n_dirs(asked: i64, n_in: usize) -> Result<usize> {
    match usize::try_from(asked) {
        Ok(0) => Ok(DIRECTIONS.min(n_in)),
        Ok(n) => Ok(n),
        Err(_) => bail!(Argument, "n_dirs is {asked}; expected 0 to {n_in}, the number of inputs"),
    }
}

/// Local complexity, approximate: how many units of each layer change their piece among the points x +- radius q_i, with
/// random orthonormal directions q_i that are the same for all inputs (arXiv 2402.15555). A unit that cuts the hull of these
/// points without parting them is missed.
///
/// `x` is as for `cpwl_network_forward`; `counts` is (B, n_unit_layers), i64 or i32. Independent of the number of threads.
///
/// Errors: CPWL_ARGUMENT (radius, n_dirs), CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_LIMIT, CPWL_CANCELLED. Cost: 2
/// n_dirs forward passes an input. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_local_complexity(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    x: *const cpwl_tensor,
    opts: *const cpwl_complexity_options,
    counts: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, net, x, opts, mut counts) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("net", net)?.inner,
                tensor::input("x", x)?,
                options::required(opts)?,
                tensor::output("counts", counts)?,
            )
        };
        let batch = samples(&x, net.input_shape())?;
        counts.expect_shape(&[batch, net.unit_layers().len()], "(B, n_unit_layers)")?;
        counts.expect_dtype(&[Dtype::I64, Dtype::I32])?;
        counts.expect_apart(&x)?;
        let values = x.read::<f64>(&ctx.meter())?;
        let Ok(view) = ArrayView2::from_shape((batch, net.input_len()), &values[..]) else {
            bail!(Shape, "x does not hold {batch} rows of {}", net.input_len())
        };
        let directions = n_dirs(opts.n_dirs, net.input_len())?;
        let found = local_complexity(ctx, net, view, opts.radius, directions, opts.seed)?;
        counts.write(found.as_standard_layout().as_slice().unwrap_or_default())
    })
}
