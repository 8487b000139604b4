//! The W x 3W update of a Gram matrix: one table of functions per instruction set.

use std::ops::Range;

use super::pack::{self, Packed, Rows};
use crate::simd::Isa;

/// Panels that one call of a kernel multiplies with one other.
pub(super) const GROUP: usize = 3;

/// C += sign A'B for `depth` packed rows: A of one panel (depth x W), B of `P` panels, `stride` values apart; C is W x PW,
/// its rows `ld` apart.
pub(super) type Tile =
    fn(depth: usize, a: &[f64], b: &[f64], stride: usize, c: &mut [f64], ld: usize, sign: f64);

/// Packs these columns of these rows, see [`pack::panels`].
pub(super) type Pack =
    fn(rows: &Rows, range: Range<usize>, first: usize, width: usize, out: &mut [f64]) -> Packed;

/// The kernels of one instruction set.
pub(super) struct Kernel {
    /// Columns of a panel: 4 or 8.
    pub(super) width: usize,
    /// The update with 1, 2 and 3 panels.
    pub(super) tiles: [Tile; GROUP],
    /// [`pack::panels`], compiled for the instruction set.
    pub(super) pack: Pack,
}

impl Kernel {
    /// The kernels of this instruction set, which must be available.
    pub(super) fn of(isa: Isa) -> &'static Kernel {
        assert!(isa.available(), "kernels of {} on a CPU without it", isa.name());
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => &super::avx2::KERNEL,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => &super::avx512::KERNEL,
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => &super::neon::KERNEL,
            _ => &super::portable::KERNEL,
        }
    }

    /// The update with `panels` panels; checks that the slices are long enough for the kernels to trust.
    #[allow(clippy::too_many_arguments)] // those of a matrix product
    pub(super) fn tile(
        &self,
        panels: usize,
        depth: usize,
        a: &[f64],
        b: &[f64],
        stride: usize,
        c: &mut [f64],
        ld: usize,
        sign: f64,
    ) {
        let w = self.width;
        assert!(a.len() >= depth * w && b.len() >= (panels - 1) * stride + depth * w);
        assert!(ld >= panels * w && c.len() >= (w - 1) * ld + panels * w);
        self.tiles[panels - 1](depth, a, b, stride, c, ld, sign);
    }
}

/// The plain [`pack::panels`].
pub(super) fn pack_portable(
    rows: &Rows,
    range: Range<usize>,
    first: usize,
    width: usize,
    out: &mut [f64],
) -> Packed {
    pack::panels(rows, range, first, width, out)
}
