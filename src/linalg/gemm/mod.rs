//! Products of matrices: C = A B or C + A B, of any shape and with any strides, with what is done to every element on its
//! way out.
//!
//! | file | holds |
//! |---|---|
//! | `tile` | what a micro-kernel is given: a block of C that fits the registers |
//! | `avx512`, `avx2`, `neon`, `portable` | the micro-kernels, one file an instruction set, f32 and f64 |
//! | `blocks` | the loops around them |
//! | `packed` | B in panels of one cache line, for what is not row by row in memory |
//! | `thin` | products with very few columns: dot products |
//!
//! A micro-kernel holds a tile of C in registers, 12 rows of 2 cache lines with AVX-512, and walks down k: it loads a row
//! of B and broadcasts a column of A. So A may have any strides, and B is read where it lies if its rows are contiguous;
//! only other matrices are packed. K is cut into blocks of at most [`BLOCK`], N so that a block of B stays in the
//! second-level cache. Floor: 2 M N K operations at two fused multiply-adds a cycle.
//!
//! Every element of C is a sum over k in increasing order, block by block, but for dot products. With K <= [`BLOCK`] what is
//! added to C is added in one step.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod blocks;
#[cfg(target_arch = "aarch64")]
mod neon;
mod packed;
mod portable;
#[cfg(test)]
mod tests;
mod thin;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::ops::{Add, Mul};

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::simd::Isa;
pub use packed::Packed;
pub use tile::Kernel;

/// Up to so many columns, or rows of a factor that would have to be packed, a product is one of dot products.
pub(crate) const FEW: usize = 3;
/// Most terms of a block of the sum over k.
pub(crate) const BLOCK: usize = 256;

/// f32 or f64.
pub trait Scalar:
    Copy + Default + PartialOrd + Add<Output = Self> + Mul<Output = Self> + Send + Sync + 'static
{
    /// Numbers in a cache line: the columns of a panel.
    const PANEL: usize;

    /// The micro-kernel of an instruction set, which must be available.
    #[doc(hidden)]
    fn kernel(isa: Isa) -> &'static Kernel<Self>;
}

macro_rules! scalar {
    ($t:ty, $panel:literal, $name:ident) => {
        impl Scalar for $t {
            const PANEL: usize = $panel;

            fn kernel(isa: Isa) -> &'static Kernel<$t> {
                assert!(isa.available(), "kernels of {} on a CPU without it", isa.name());
                match isa {
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx512 => &avx512::$name,
                    #[cfg(target_arch = "x86_64")]
                    Isa::Avx2 => &avx2::$name,
                    #[cfg(target_arch = "aarch64")]
                    Isa::Neon => &neon::$name,
                    _ => &portable::$name,
                }
            }
        }
    };
}
scalar!(f32, 16, F32);
scalar!(f64, 8, F64);

/// The right factor.
#[derive(Clone, Copy)]
pub(crate) enum Right<'a, T: Scalar> {
    /// A matrix (K, N).
    View(ArrayView2<'a, T>),
    /// A matrix that was packed before.
    Packed(&'a Packed<T>),
}

/// What is done to the elements of C, in this order.
#[derive(Clone, Copy)]
pub(crate) struct Epilogue<'a, T: Scalar> {
    /// Add the product to what is there.
    pub accumulate: bool,
    /// Add `bias[j]` to column j.
    pub bias: Option<&'a [T]>,
    /// Multiply with the first number, or with the second where `gate` (without one: the element itself) is > 0.
    pub slopes: Option<[T; 2]>,
    /// Of the shape of C, its rows contiguous.
    pub gate: Option<ArrayView2<'a, T>>,
}

impl<T: Scalar> Epilogue<'_, T> {
    /// Nothing but the product, or its sum with what is there.
    pub fn plain(accumulate: bool) -> Self {
        Epilogue { accumulate, bias: None, slopes: None, gate: None }
    }

    fn is_plain(&self) -> bool {
        self.bias.is_none() && self.slopes.is_none()
    }
}

/// c = a b, or c = c + a b with `accumulate`.
pub(crate) fn gemm<T: Scalar>(
    isa: Isa,
    a: ArrayView2<T>,
    b: ArrayView2<T>,
    accumulate: bool,
    c: ArrayViewMut2<T>,
) {
    gemm_with(isa, a, Right::View(b), Epilogue::plain(accumulate), c);
}

/// c = a b and the epilogue.
pub(crate) fn gemm_with<T: Scalar>(
    isa: Isa,
    a: ArrayView2<T>,
    b: Right<T>,
    epilogue: Epilogue<T>,
    mut c: ArrayViewMut2<T>,
) {
    let (m, k, n) = (a.nrows(), a.ncols(), c.ncols());
    let inner = match b {
        Right::View(b) => b.dim(),
        Right::Packed(p) => (p.rows(), p.columns()),
    };
    assert!(inner == (k, n) && c.nrows() == m, "({m}, {k}) times {inner:?} is not {:?}", c.dim());
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == n), "a bias for each column");
    assert!(epilogue.gate.is_none_or(|gate| gate.dim() == c.dim()), "a gate for each element");
    if m == 0 || n == 0 {
        return;
    }
    let kernel = T::kernel(isa);
    if let Right::View(b) = b
        && epilogue.is_plain()
        && (c.strides()[1] != 1 && c.strides()[0] == 1 || thin::better_turned(a, n))
    {
        return blocks::turned(kernel, a, b, epilogue.accumulate, c);
    }
    if let Right::View(b) = b
        && thin::fits(a, b)
    {
        return thin::product(kernel, a, b, &epilogue, c);
    }
    if c.strides()[1] != 1 && n > 1 || epilogue.gate.is_some_and(|g| g.strides()[1] != 1 && n > 1) {
        // Rows that are not contiguous: through a copy.
        let mut copy = c.as_standard_layout().into_owned();
        let gate = epilogue.gate.map(|g| g.as_standard_layout().into_owned());
        let epilogue = Epilogue { gate: gate.as_ref().map(|g| g.view()), ..epilogue };
        blocks::product(kernel, a, b, &epilogue, copy.view_mut());
        return c.assign(&copy);
    }
    blocks::product(kernel, a, b, &epilogue, c);
}
