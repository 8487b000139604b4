//! `cpwl_spectrum`: singular values of rows, and the measures that are read from them.

use super::fence::fence;
use super::lent::{Lent, lend};
use super::network::count;
use super::options::{self, Growable};
use super::tensor::{self, cpwl_tensor};
use super::{context, cpwl_context, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::rank::{self, EntropyScale, Precision, Spectrum, SpectrumOptions};

/// The singular values of an N x K matrix, rows being samples: min(N, K) of them, descending, not all zero. Immutable; may be
/// shared between threads. Since 0.1.
pub struct cpwl_spectrum {
    pub(super) inner: Spectrum,
    /// What is lent.
    _arrays: [Vec<f64>; 2],
    lent: Vec<Lent>,
}

// SAFETY: the lent arrays point into `arrays`, which do not change.
unsafe impl Send for cpwl_spectrum {}
// SAFETY: as above.
unsafe impl Sync for cpwl_spectrum {}

impl cpwl_spectrum {
    pub(super) fn new(inner: Spectrum) -> Self {
        let arrays = [inner.singular_values(), inner.variance_ratios()];
        let lent = arrays.iter().map(|a| Lent::new::<f64>("values", true, a, &[])).collect();
        cpwl_spectrum { inner, _arrays: arrays, lent }
    }
}

/// Flag of `cpwl_spectrum_options`: subtract the mean of the rows. Since 0.1.
pub const CPWL_SPECTRUM_CENTER: u32 = 1;
/// Flag of `cpwl_spectrum_options`: divide each row by its length first, as matrix entropies of token representations want it.
/// Takes N K doubles. Since 0.1.
pub const CPWL_SPECTRUM_UNIT_ROWS: u32 = 2;
/// Flag of `cpwl_spectrum_options`: small singular values to full accuracy, for f64 data; see `cpwl_spectrum_new`. Since 0.1.
pub const CPWL_SPECTRUM_EXACT: u32 = 4;

/// Options of `cpwl_spectrum_new`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_spectrum_options {
    /// `sizeof(cpwl_spectrum_options)`.
    pub struct_size: usize,
    /// CPWL_SPECTRUM_* flags.
    pub flags: u32,
    /// Zero.
    pub reserved: i32,
}

/// What `cpwl_spectrum_info` tells: every measure of a spectrum that has no options. lambda stands for sigma^2. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_spectrum_summary {
    /// `sizeof(cpwl_spectrum_summary)`, set by the caller.
    pub struct_size: usize,
    /// Number of rows, N.
    pub n_rows: i64,
    /// Number of columns, K.
    pub n_columns: i64,
    /// Number of values, min(N, K).
    pub n_values: i64,
    /// How many sigma exceed sigma_1 max(N, K) 2^-23, which is what f32 data resolve.
    pub numerical_rank_f32: i64,
    /// The same with 2^-52, for f64 data and CPWL_SPECTRUM_EXACT.
    pub numerical_rank_f64: i64,
    /// 1 if the mean of the rows was subtracted.
    pub centered: i32,
    /// Zero.
    pub reserved: i32,
    /// Effective rank of Roy and Vetterli: exp of the entropy of sigma / sum sigma.
    pub effective_rank: f64,
    /// von Neumann (matrix) entropy: that of lambda / sum lambda, in nats.
    pub von_neumann: f64,
    /// (sum lambda)^2 / sum lambda^2.
    pub participation_ratio: f64,
    /// sum lambda / lambda_1; of centred rows also known as NESum.
    pub stable_rank: f64,
    /// sum sigma / sigma_1.
    pub nuclear_over_operator: f64,
    /// sum sigma; infinite if no double holds it.
    pub nuclear_norm: f64,
    /// sum lambda; infinite or 0 if no double holds it.
    pub frobenius_sq: f64,
    /// sigma_r / sigma_1, the inverse of the condition number.
    pub inverse_condition: f64,
    /// sigma_1 / sigma_r, or 0 if sigma_r is 0.
    pub pseudo_condition: f64,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_spectrum_options {
    const NAME: &'static str = "cpwl_spectrum_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_spectrum_summary {
    const NAME: &'static str = "cpwl_spectrum_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// `n`, counted in 64 bits.
pub(super) fn long(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// The singular values of `z`, (N, K): f32, f64, f16 or bf16, of any strides. `opts` may be NULL. Free it with
/// `cpwl_spectrum_free`.
///
/// From the second moments of the rows (or of the columns, for N < K), products, sums and eigenvalues in double precision:
/// sigma / sigma_1 above 1.5e-8 sqrt(K) is resolved, all that f32 data hold. With CPWL_SPECTRUM_EXACT every sigma is right to a
/// few 2^-53 sigma_1, by a QR decomposition and rotations of its triangle: seconds for 500 columns, a minute or two for 2000.
///
/// Errors: CPWL_SHAPE (not a matrix, no rows or no columns), CPWL_DTYPE, CPWL_NONFINITE (NaN or infinity anywhere), CPWL_NUMERIC
/// (a zero spectrum: all elements 0, or all rows equal and centred; a row of zeros with CPWL_SPECTRUM_UNIT_ROWS),
/// CPWL_UNSUPPORTED (flags), CPWL_LIMIT, CPWL_MEMORY, CPWL_CANCELLED. With m = min(N, K): N K m flops and 4/3 m^3 for the
/// eigenvalues, 2 m^2 doubles. Bit-identical for any number of threads. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_new(
    ctx: *const cpwl_context,
    z: *const cpwl_tensor,
    opts: *const cpwl_spectrum_options,
    out: *mut *mut cpwl_spectrum,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, z, o, out) = unsafe {
            (context::get(ctx)?, tensor::input("z", z)?, options::read(opts)?, pointer::out("out", out)?)
        };
        let known = CPWL_SPECTRUM_CENTER | CPWL_SPECTRUM_UNIT_ROWS | CPWL_SPECTRUM_EXACT;
        if o.flags & !known != 0 {
            bail!(UnknownOption, "flags is {:#x}; this version knows {known:#x}", o.flags)
        }
        let options = SpectrumOptions {
            center: o.flags & CPWL_SPECTRUM_CENTER != 0,
            unit_rows: o.flags & CPWL_SPECTRUM_UNIT_ROWS != 0,
            exact: o.flags & CPWL_SPECTRUM_EXACT != 0,
        };
        out.put(cpwl_spectrum::new(rank::spectrum(ctx, &z, &options)?));
        Ok(())
    })
}

/// A spectrum of singular values that the caller has, `values` (min(n_rows, n_columns)), in any order; of a matrix of that
/// many rows and columns, `centered` if its mean was subtracted. Free it with `cpwl_spectrum_free`.
///
/// Errors: CPWL_SHAPE, CPWL_DTYPE, CPWL_NONFINITE, CPWL_ARGUMENT (a negative value), CPWL_NUMERIC (all 0), CPWL_MEMORY. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_from_values(
    ctx: *const cpwl_context,
    values: *const cpwl_tensor,
    n_rows: i64,
    n_columns: i64,
    centered: i32,
    out: *mut *mut cpwl_spectrum,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (ctx, values, out) =
            unsafe { (context::get(ctx)?, tensor::input("values", values)?, pointer::out("out", out)?) };
        values.expect_rank(1, "(singular values)")?;
        let (Ok(rows), Ok(columns)) = (u64::try_from(n_rows), usize::try_from(n_columns)) else {
            bail!(Shape, "n_rows is {n_rows} and n_columns is {n_columns}; expected 1 or more of both")
        };
        let values = values.read::<f64>(&ctx.meter())?;
        out.put(cpwl_spectrum::new(Spectrum::from_singular_values(&values, rows, columns, centered != 0)?));
        Ok(())
    })
}

/// Frees a spectrum, and with it the arrays that it lent. NULL is fine. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_free(spectrum: *mut cpwl_spectrum) {
    // SAFETY: the words of the header to the caller.
    unsafe { pointer::free(spectrum) }
}

/// Fills `out`, whose `struct_size` the caller has set. O(values). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_info(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    out: *mut cpwl_spectrum_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s) = unsafe { (context::get(ctx)?, &pointer::required("spectrum", spectrum)?.inner) };
        let roy_vetterli = rank::Options { center: s.centred(), ..rank::Options::default() };
        let summary = cpwl_spectrum_summary {
            struct_size: 0,
            n_rows: long(s.rows()),
            n_columns: count(s.columns()),
            n_values: count(s.len()),
            numerical_rank_f32: count(s.numerical_rank(Precision::Single)),
            numerical_rank_f64: count(s.numerical_rank(Precision::Double)),
            centered: i32::from(s.centred()),
            reserved: 0,
            effective_rank: s.effective_rank(&roy_vetterli)?,
            von_neumann: s.von_neumann(),
            participation_ratio: s.participation_ratio(),
            stable_rank: s.stable_rank(),
            nuclear_over_operator: s.nuclear_over_operator(),
            nuclear_norm: s.nuclear_norm(),
            frobenius_sq: s.frobenius_sq(),
            inverse_condition: s.inverse_condition(),
            pseudo_condition: s.pseudo_condition(),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &summary) }
    })
}

/// Lends array `which` (a `cpwl_spectrum_array_id`): fills `out` with a view of it that is valid until `spectrum` is freed, and
/// is not to be written to. Errors: CPWL_ARGUMENT (an unknown id). O(1). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_array(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    which: i32,
    out: *mut cpwl_tensor,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s) = unsafe { (context::get(ctx)?, pointer::required("spectrum", spectrum)?) };
        // SAFETY: as above.
        unsafe { lend(&s.lent, which, out) }
    })
}

/// Matrix Renyi entropy of order a >= 0 of P = lambda / sum lambda, S_a = ln(sum P^a) / (1 - a) in nats, divided as `scale` (a
/// `cpwl_entropy_scale`, 0 = CPWL_ENTROPY_RAW) says; 0 if the divisor is 0. Order 1 is the von Neumann entropy, INFINITY -ln of
/// the largest P, 0 ln of the number of positive values. O(values).
///
/// Errors: CPWL_ARGUMENT (order, scale). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_spectrum_renyi(
    ctx: *const cpwl_context,
    spectrum: *const cpwl_spectrum,
    order: f64,
    scale: i32,
    out: *mut f64,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, s, out) = unsafe {
            (
                context::get(ctx)?,
                &pointer::required("spectrum", spectrum)?.inner,
                pointer::required_mut("out", out)?,
            )
        };
        *out = s.matrix_entropy(order, entropy_scale(scale)?)?;
        Ok(())
    })
}

fn entropy_scale(scale: i32) -> Result<EntropyScale> {
    Ok(match scale {
        0 | 1 => EntropyScale::Raw,
        2 => EntropyScale::LnRows,
        3 => EntropyScale::LnColumns,
        4 => EntropyScale::LnMin,
        5 => EntropyScale::LnProduct,
        other => bail!(UnknownEnum, "scale is {other}; expected 0 to 5 (CPWL_ENTROPY_LN_PRODUCT)"),
    })
}
