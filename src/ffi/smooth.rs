//! Smooth activations: the layer that approximates one, and what a network says of its approximations.

use std::ffi::c_char;

use super::fence::fence;
use super::layers::Call;
use super::network::count;
use super::options::{self, Growable};
use super::{context, cpwl_context, cpwl_network, cpwl_network_builder, cpwl_status, pointer};
use crate::error::{Result, bail};
use crate::network::Smooth;

/// Parameters of `cpwl_network_builder_smooth`. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_smooth_options {
    /// `sizeof(cpwl_smooth_options)`.
    pub struct_size: usize,
    /// Minus the limit at minus infinity (CPWL_ELU, CPWL_CELU); 1 unless given.
    pub alpha: f64,
    /// Steepness (CPWL_SILU, CPWL_SOFTPLUS); 1 unless given.
    pub beta: f64,
    /// Where beta x is greater, CPWL_SOFTPLUS is x itself; 20 unless given.
    pub threshold: f64,
    /// Bits 0 to 2 for alpha, beta, threshold: the field is meant even if it is zero. A field that is not zero is always
    /// meant.
    pub given: u32,
    /// Zero.
    pub reserved: i32,
}

/// What `cpwl_network_approximation` tells; the pointers are lent and valid until the network is freed. Since 0.1.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cpwl_approximation_summary {
    /// `sizeof(cpwl_approximation_summary)`, set by the caller.
    pub struct_size: usize,
    /// Name of the node, UTF-8.
    pub name: *const c_char,
    /// The smooth function with the parameters that are not the defaults, such as "gelu" or "elu(alpha=0.5)".
    pub function: *const c_char,
    /// For no real number do the values of the smooth function and of the one in its place differ by more.
    pub bound: f64,
    /// Number of knots of the function in its place.
    pub knots: i64,
    /// The node.
    pub node: i32,
    /// A `cpwl_smooth`.
    pub kind: i32,
}

// SAFETY: repr(C), struct_size first, zero is a value of every field, ends without padding.
unsafe impl Growable for cpwl_smooth_options {
    const NAME: &'static str = "cpwl_smooth_options";
    const FIRST_SIZE: usize = size_of::<Self>();
}
// SAFETY: as above.
unsafe impl Growable for cpwl_approximation_summary {
    const NAME: &'static str = "cpwl_approximation_summary";
    const FIRST_SIZE: usize = size_of::<Self>();
}

/// How many knots are asked for; 0 asks for none.
pub(super) fn knots(name: &str, knots: i64) -> Result<Option<usize>> {
    match usize::try_from(knots) {
        Ok(0) => Ok(None),
        Ok(knots) => Ok(Some(knots)),
        Err(_) => bail!(Argument, "{name} is {knots}; expected 0 or more"),
    }
}

/// The function of a `cpwl_smooth`.
fn function(kind: i32, o: &cpwl_smooth_options) -> Result<Smooth> {
    if o.given & !0b111 != 0 || o.reserved != 0 {
        bail!(UnknownOption, "given is {:#x}, reserved is {}; expected 3 bits and 0", o.given, o.reserved)
    }
    let or =
        |bit: u32, value: f64, default| if value != 0.0 || o.given >> bit & 1 != 0 { value } else { default };
    let (alpha, beta, threshold) = (or(0, o.alpha, 1.0), or(1, o.beta, 1.0), or(2, o.threshold, 20.0));
    Ok(match kind {
        1 => Smooth::Gelu,
        2 => Smooth::GeluTanh,
        3 => Smooth::Silu { beta },
        4 => Smooth::Tanh,
        5 => Smooth::Sigmoid,
        6 => Smooth::Softplus { beta, threshold },
        7 => Smooth::Elu { alpha },
        8 => Smooth::Selu,
        9 => Smooth::Celu { alpha },
        10 => Smooth::Mish,
        11 => Smooth::HardSwish,
        _ => bail!(UnknownEnum, "kind is {kind}; expected 1 (CPWL_GELU) to 11 (CPWL_HARD_SWISH)"),
    })
}

fn kind(function: Smooth) -> i32 {
    match function {
        Smooth::Gelu => 1,
        Smooth::GeluTanh => 2,
        Smooth::Silu { .. } => 3,
        Smooth::Tanh => 4,
        Smooth::Sigmoid => 5,
        Smooth::Softplus { .. } => 6,
        Smooth::Elu { .. } => 7,
        Smooth::Selu => 8,
        Smooth::Celu { .. } => 9,
        Smooth::Mish => 10,
        Smooth::HardSwish => 11,
    }
}

/// Adds, for every element, a continuous piecewise-linear function in place of a smooth one: `kind` is a `cpwl_smooth`,
/// `opts` NULL for its defaults. The function has at most `knots` knots (2 to 1024), near the best for so many, and
/// the asymptotes of the smooth one as tails. `cpwl_network_approximation` tells a proven bound on the difference over
/// all real numbers; it falls as 1 / knots^2.
///
/// A network with such a layer is not the smooth one, and all that is exact is so for the network as it is. Hence the
/// layer has to be asked for: with `knots` 0 it is refused.
///
/// Errors: CPWL_UNSUPPORTED (`knots` is 0), CPWL_ARGUMENT. Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_builder_smooth(
    ctx: *const cpwl_context,
    builder: *mut cpwl_network_builder,
    input: i32,
    kind: i32,
    knots: i64,
    opts: *const cpwl_smooth_options,
    node: *mut i32,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (call, opts) = unsafe { (Call::new(ctx, builder, node)?, options::read(opts)?) };
        let (function, knots) = (function(kind, &opts)?, self::knots("knots", knots)?);
        call.add(input, |b, input| b.smooth(input, function, knots))
    })
}

/// Fills `out`, whose `struct_size` the caller has set, with what approximation `index` (0 to n_approximations - 1 of
/// `cpwl_network_summary`) is: a node of the network that stands for a smooth activation function.
///
/// Errors: CPWL_ARGUMENT (no such approximation). Since 0.1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cpwl_network_approximation(
    ctx: *const cpwl_context,
    net: *const cpwl_network,
    index: i32,
    out: *mut cpwl_approximation_summary,
) -> cpwl_status {
    fence(|| {
        // SAFETY: the words of the header to the caller.
        let (_, net) = unsafe { (context::get(ctx)?, pointer::required("net", net)?) };
        let place = usize::try_from(index).ok();
        let found = place.and_then(|place| net.inner.approximations().nth(place));
        let (Some((node, approximation)), Some(place)) = (found, place) else {
            let n = net.inner.approximations().count();
            bail!(Argument, "index is {index}; the network has {n} approximations, counted from 0")
        };
        let info = cpwl_approximation_summary {
            struct_size: 0,
            name: net.name(node),
            function: net.functions[place].as_ptr(),
            bound: approximation.bound,
            knots: count(approximation.knots),
            node: i32::try_from(node).unwrap_or(i32::MAX),
            kind: self::kind(approximation.function),
        };
        // SAFETY: the words of the header to the caller.
        unsafe { options::write("out", out, &info) }
    })
}
