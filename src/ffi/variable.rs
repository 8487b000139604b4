//! Variables of the room `hsic`: data with kernels.

use super::options::{self, Growable};
use super::{cpwl_tensor, pointer, tensor};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::hsic::{self, Bandwidth, Kernel, Variable};
use crate::view::TensorRef;

/// `cpwl_kernel.kind`: exp(-gamma |x - y|^2), the default. Since 0.1.
pub const CPWL_KERNEL_RBF: i32 = 1;
/// `cpwl_kernel.kind`: x . y. Since 0.1.
pub const CPWL_KERNEL_LINEAR: i32 = 2;
/// `cpwl_kernel.kind`: exp(-gamma |x - y|_1). Since 0.1.
pub const CPWL_KERNEL_LAPLACE_L1: i32 = 3;
/// `cpwl_kernel.kind`: exp(-gamma |x - y|), the Euclidean distance. Since 0.1.
pub const CPWL_KERNEL_EXP_L2: i32 = 4;
/// `cpwl_kernel.kind`: (gamma x . y + coef0)^degree. Since 0.1.
pub const CPWL_KERNEL_POLY: i32 = 5;
/// `cpwl_kernel.kind`: (1 + gamma |x - y|^2 / alpha)^-alpha. Since 0.1.
pub const CPWL_KERNEL_RATIONAL_QUADRATIC: i32 = 6;
/// `cpwl_kernel.kind`: (1 + gamma |x - y|^2)^-1/2. Since 0.1.
pub const CPWL_KERNEL_INVERSE_MULTIQUADRIC: i32 = 7;
/// `cpwl_kernel.kind`: 1 if the rows are equal, else 0. Since 0.1.
pub const CPWL_KERNEL_DISCRETE: i32 = 8;
/// `cpwl_kernel.kind`: -|x - y|; HSIC of it is the squared distance covariance. Since 0.1.
pub const CPWL_KERNEL_DISTANCE: i32 = 9;
/// `cpwl_kernel.kind`: the data are the symmetric (n, n) Gram matrix. Since 0.1.
pub const CPWL_KERNEL_PRECOMPUTED: i32 = 10;

/// `cpwl_kernel.bandwidth`: sigma = sqrt(m / 2), m the upper median of the squared distances of pairs (R package dHSIC);
/// the default. Since 0.1.
pub const CPWL_BANDWIDTH_HALF: i32 = 1;
/// `cpwl_kernel.bandwidth`: sigma is the median of the distances (hyppo). Since 0.1.
pub const CPWL_BANDWIDTH_DISTANCE: i32 = 2;
/// `cpwl_kernel.bandwidth`: sigma = sqrt(0.5 median of the squared distances that are not 0) (Gretton's test). Since 0.1.
pub const CPWL_BANDWIDTH_NONZERO: i32 = 3;

/// A kernel. Zero is the default of every field: a Gaussian with a median bandwidth. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_kernel {
    /// `sizeof(cpwl_kernel)`.
    pub struct_size: usize,
    /// A CPWL_KERNEL_* constant; 0 = CPWL_KERNEL_RBF.
    pub kind: i32,
    /// A CPWL_BANDWIDTH_* constant; 0 = CPWL_BANDWIDTH_HALF. Used where `gamma` is 0.
    pub bandwidth: i32,
    /// Positive; 0 = 1 / (2 sigma^2) by `bandwidth`, for the kernels of |x - y|^2 (RBF, rational quadratic, inverse
    /// multiquadric); others need a number.
    pub gamma: f64,
    /// Of CPWL_KERNEL_POLY, not negative.
    pub coef0: f64,
    /// Of CPWL_KERNEL_RATIONAL_QUADRATIC, positive; 0 = 1.
    pub alpha: f64,
    /// sigma where the median is 0; 0 = fail with ZERO_MEDIAN.
    pub fallback: f64,
    /// Seed of the sample of 4096 rows from which medians of more rows are had.
    pub seed: u64,
    /// 1 to 64, of CPWL_KERNEL_POLY; 0 = 3.
    pub degree: i32,
    /// 0.
    pub reserved: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_kernel {
    const NAME: &'static str = "cpwl_kernel";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// Columns of data under a kernel. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_factor {
    /// (n, d) or (n); f64, f32, f16 or bf16, all finite.
    pub data: *const cpwl_tensor,
    /// NULL = a Gaussian with a median bandwidth.
    pub kernel: *const cpwl_kernel,
}

/// A variable: n rows under the product of the kernels of its factors, usually one. Computed in f64 if any data of the
/// call are f64, else in f32 with sums in f64. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_variable {
    /// At least one; all of as many rows.
    pub factors: *const cpwl_factor,
    /// How many.
    pub n_factors: i32,
    /// 0.
    pub reserved: i32,
}

/// A variable that was read.
pub(super) struct Read<'a> {
    tensors: Vec<TensorRef<'a>>,
    kernels: Vec<Kernel>,
}

impl Read<'_> {
    pub fn variable(&self) -> Variable<'_> {
        let first = Variable::new(&self.tensors[0], self.kernels[0]);
        let rest = self.tensors.iter().zip(&self.kernels).skip(1);
        rest.fold(first, |v, (data, kernel)| v.times(data, *kernel))
    }

    /// Data and kernel of a variable that must have but one factor.
    pub fn single(&self) -> Result<(&TensorRef<'_>, Kernel)> {
        if self.tensors.len() != 1 {
            bail!(
                Unsupported,
                "{} has {} factors; expected one here",
                self.tensors[0].name(),
                self.tensors.len()
            )
        }
        Ok((&self.tensors[0], self.kernels[0]))
    }

    /// gamma of the first factor; 0 if its kernel has none.
    pub fn gamma(&self) -> f64 {
        match self.kernels[0] {
            Kernel::Rbf { gamma }
            | Kernel::LaplaceL1 { gamma }
            | Kernel::ExpL2 { gamma }
            | Kernel::RationalQuadratic { gamma, .. }
            | Kernel::InverseMultiquadric { gamma }
            | Kernel::Poly { gamma, .. } => gamma,
            _ => 0.0,
        }
    }
}

pub(super) fn rule(code: i32) -> Result<Bandwidth> {
    Ok(match code {
        0 | CPWL_BANDWIDTH_HALF => Bandwidth::Half,
        CPWL_BANDWIDTH_DISTANCE => Bandwidth::Distance,
        CPWL_BANDWIDTH_NONZERO => Bandwidth::Nonzero,
        other => bail!(UnknownEnum, "bandwidth is {other}; expected 0 to 3 (CPWL_BANDWIDTH_NONZERO)"),
    })
}

/// The kernel of `data`, with its bandwidth found if it was not given.
fn kernel(ctx: &Context, data: &TensorRef, k: &cpwl_kernel) -> Result<Kernel> {
    let found = || {
        if k.gamma != 0.0 {
            return Ok(k.gamma);
        }
        Ok(hsic::bandwidth(ctx, data, rule(k.bandwidth)?, k.fallback, k.seed)?.gamma)
    };
    let alpha = if k.alpha == 0.0 { 1.0 } else { k.alpha };
    let gamma = k.gamma;
    Ok(match k.kind {
        0 | CPWL_KERNEL_RBF => Kernel::Rbf { gamma: found()? },
        CPWL_KERNEL_LINEAR => Kernel::Linear,
        CPWL_KERNEL_LAPLACE_L1 => Kernel::LaplaceL1 { gamma },
        CPWL_KERNEL_EXP_L2 => Kernel::ExpL2 { gamma },
        CPWL_KERNEL_POLY => {
            let degree = u32::try_from(if k.degree == 0 { 3 } else { k.degree }).unwrap_or(0);
            Kernel::Poly { gamma, coef0: k.coef0, degree }
        }
        CPWL_KERNEL_RATIONAL_QUADRATIC => Kernel::RationalQuadratic { gamma: found()?, alpha },
        CPWL_KERNEL_INVERSE_MULTIQUADRIC => Kernel::InverseMultiquadric { gamma: found()? },
        CPWL_KERNEL_DISCRETE => Kernel::Discrete,
        CPWL_KERNEL_DISTANCE => Kernel::Distance,
        CPWL_KERNEL_PRECOMPUTED => Kernel::Precomputed,
        other => bail!(UnknownEnum, "kernel: kind is {other}; expected 0 to 10 (CPWL_KERNEL_PRECOMPUTED)"),
    })
}

/// # Safety
/// `ptr` is NULL or a variable as the header says, during `'a`.
pub(super) unsafe fn read<'a>(ctx: &Context, name: &'a str, ptr: *const cpwl_variable) -> Result<Read<'a>> {
    // SAFETY: the caller's promise.
    let factors = unsafe {
        let v = pointer::required(name, ptr)?;
        pointer::slice(name, v.factors, v.n_factors)?
    };
    if factors.is_empty() {
        bail!(Argument, "{name} has no factors; expected at least one")
    }
    let mut read = Read { tensors: Vec::new(), kernels: Vec::new() };
    for factor in factors {
        // SAFETY: the caller's promise.
        let (data, k) = unsafe { (tensor::input(name, factor.data)?, options::read(factor.kernel)?) };
        if data.shape().is_empty() || data.shape().len() > 2 {
            bail!(Rank, "{name} has {} axes; expected 1 or 2: (n) or (n, columns)", data.shape().len())
        }
        read.kernels.push(kernel(ctx, &data, &k)?);
        read.tensors.push(data);
    }
    Ok(read)
}

/// # Safety
/// `ptr` points to `len` variables as the header says, during `'a`.
pub(super) unsafe fn read_all<'a>(
    ctx: &Context,
    name: &'a str,
    ptr: *const cpwl_variable,
    len: i32,
) -> Result<Vec<Read<'a>>> {
    // SAFETY: the caller's promise.
    let all = unsafe { pointer::slice(name, ptr, len)? };
    // SAFETY: as above.
    all.iter().map(|v| unsafe { read(ctx, name, v) }).collect()
}
