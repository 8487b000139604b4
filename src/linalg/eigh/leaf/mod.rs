//! Leaf kernels of the symmetric eigensolver, written once over eight lanes and built for each instruction set.

mod chase;
mod product;
mod reflect;
mod rows;

pub(super) use chase::Reflector;

use crate::simd::lanes;
use crate::simd::{Isa, LANES};

/// Rows and columns of a tile, and width of the band of the two-stage reduction. 32 keeps the chasing of bulges
/// (whose cost grows with it) in registers and half a tile row in the first-level cache.
pub(super) const EDGE: usize = 32;

/// Vectors in a column of a tile.
const BLOCKS: usize = EDGE / LANES;

/// A square block, column by column.
pub(super) type Tile = [f64; EDGE * EDGE];

/// Asks the memory for a tile that will be needed after the next few products.
pub(super) fn prefetch(tile: &Tile) {
    #[cfg(target_arch = "x86_64")]
    for line in tile.as_chunks::<LANES>().0 {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: the line is there, and a hint changes nothing anyway.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = tile;
}

/// Sums of squares up to this are taken for zero: below it squares lose their precision, and a reflection that is not
/// quite one would spoil numbers of any size. The matrix is scaled to about 1, so that nothing is lost.
pub(super) const TINY: f64 = f64::from_bits((1023 - 900) << 52);

/// The kernels of one instruction set.
pub(super) struct Leaf {
    /// c += a b
    pub(super) add: fn(c: &mut Tile, a: &Tile, b: &Tile),
    /// c += a b'
    pub(super) add_transposed: fn(c: &mut Tile, a: &Tile, b: &Tile),
    /// c -= sum of a b' over the tiles of both
    pub(super) subtract_transposed: fn(c: &mut Tile, a: &[Tile], b: &[Tile]),
    /// See [`reflect::subtract`].
    pub(super) subtract_column:
        fn(panel: &mut [Tile], x: usize, vectors: &[Tile], y: usize, factor: f64) -> f64,
    /// See [`reflect::scale`].
    pub(super) scale_column: fn(panel: &[Tile], column: usize, factor: f64, vectors: &mut [Tile]),
    /// See [`reflect::reflect`].
    pub(super) reflect:
        fn(panel: &mut [Tile], first: usize, vectors: &[Tile], pair: [usize; 2], factors: &mut [f64]),
    /// See [`chase::begin`].
    pub(super) begin: unsafe fn(column: *mut f64, reflector: &mut Reflector),
    /// See [`chase::below`].
    pub(super) below: unsafe fn(block: *mut f64, stride: usize, reflector: &mut Reflector),
    /// See [`chase::both`].
    pub(super) both: unsafe fn(block: *mut f64, stride: usize, reflector: &Reflector),
    /// See [`rows::reflect`].
    pub(super) reflect_rows: fn(vectors: &mut [f64], height: usize, row: usize, reflector: &[f64; EDGE]),
    /// See [`rows::rotate`].
    pub(super) rotate: fn(columns: &mut [[f64; EDGE]], rotations: &[[f64; 2]]),
}

impl Leaf {
    /// The kernels of an instruction set, which must be available.
    pub(super) fn of(isa: Isa) -> &'static Leaf {
        assert!(isa.available(), "kernels of {} on a CPU without it", isa.name());
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => &AVX2,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => &AVX512,
            _ => &PORTABLE,
        }
    }
}

/// A table of kernels over `$lanes`; `$rows` x 8 rows and `$columns` columns of a product fill the registers.
macro_rules! table {
    ($name:ident, $lanes:ty, $rows:literal, $columns:literal $(, #[$features:meta])?) => {
        // `Leaf::of` hands this table out only on CPUs that have the features.
        static $name: Leaf = {
            type L = $lanes;

            $(#[$features])?
            unsafe fn add(c: &mut Tile, a: &Tile, b: &Tile) {
                // SAFETY: whole tiles.
                unsafe {
                    product::product::<L, $rows, $columns, 1, EDGE, false>(EDGE, a.as_ptr(), b.as_ptr(), c)
                }
            }

            $(#[$features])?
            unsafe fn add_transposed(c: &mut Tile, a: &Tile, b: &Tile) {
                // SAFETY: whole tiles.
                unsafe {
                    product::product::<L, $rows, $columns, EDGE, 1, false>(EDGE, a.as_ptr(), b.as_ptr(), c)
                }
            }

            $(#[$features])?
            unsafe fn subtract_transposed(c: &mut Tile, a: &[Tile], b: &[Tile]) {
                assert!(a.len() == b.len());
                let (a, b) = (a.as_flattened(), b.as_flattened());
                // SAFETY: whole tiles, one after the other.
                unsafe {
                    let k = a.len() / EDGE;
                    product::product::<L, $rows, $columns, EDGE, 1, true>(k, a.as_ptr(), b.as_ptr(), c)
                }
            }

            $(#[$features])?
            unsafe fn subtract_column(
                panel: &mut [Tile],
                x: usize,
                vectors: &[Tile],
                y: usize,
                factor: f64,
            ) -> f64 {
                // SAFETY: the caller's CPU.
                unsafe { reflect::subtract::<L>(panel, x, vectors, y, factor) }
            }

            $(#[$features])?
            unsafe fn scale_column(panel: &[Tile], column: usize, factor: f64, vectors: &mut [Tile]) {
                // SAFETY: the caller's CPU.
                unsafe { reflect::scale::<L>(panel, column, factor, vectors) }
            }

            $(#[$features])?
            unsafe fn reflect(
                panel: &mut [Tile],
                first: usize,
                vectors: &[Tile],
                pair: [usize; 2],
                factors: &mut [f64],
            ) {
                // SAFETY: the caller's CPU.
                unsafe { reflect::reflect::<L>(panel, first, vectors, pair, factors) }
            }

            $(#[$features])?
            unsafe fn begin(column: *mut f64, reflector: &mut Reflector) {
                // SAFETY: the caller's CPU and column.
                unsafe { chase::begin::<L>(column, reflector) }
            }

            $(#[$features])?
            unsafe fn below(block: *mut f64, stride: usize, reflector: &mut Reflector) {
                // SAFETY: the caller's CPU and block.
                unsafe { chase::below::<L>(block, stride, reflector) }
            }

            $(#[$features])?
            unsafe fn both(block: *mut f64, stride: usize, reflector: &Reflector) {
                // SAFETY: the caller's CPU and block.
                unsafe { chase::both::<L>(block, stride, reflector) }
            }

            $(#[$features])?
            unsafe fn reflect_rows(x: &mut [f64], height: usize, row: usize, reflector: &[f64; EDGE]) {
                // SAFETY: the caller's CPU.
                unsafe { rows::reflect::<L>(x, height, row, reflector) }
            }

            $(#[$features])?
            unsafe fn rotate(columns: &mut [[f64; EDGE]], rotations: &[[f64; 2]]) {
                // SAFETY: the caller's CPU.
                unsafe { rows::rotate::<L>(columns, rotations) }
            }

            Leaf {
                // SAFETY: here and below: the CPU has what the kernel needs, see above.
                add: |c, a, b| unsafe { add(c, a, b) },
                // SAFETY: see above.
                add_transposed: |c, a, b| unsafe { add_transposed(c, a, b) },
                // SAFETY: see above.
                subtract_transposed: |c, a, b| unsafe { subtract_transposed(c, a, b) },
                // SAFETY: see above.
                subtract_column: |p, x, v, y, f| unsafe { subtract_column(p, x, v, y, f) },
                // SAFETY: see above.
                scale_column: |p, c, f, v| unsafe { scale_column(p, c, f, v) },
                // SAFETY: see above.
                reflect: |p, first, v, pair, f| unsafe { reflect(p, first, v, pair, f) },
                begin,
                below,
                both,
                // SAFETY: see above.
                reflect_rows: |x, height, row, r| unsafe { reflect_rows(x, height, row, r) },
                // SAFETY: see above.
                rotate: |columns, rotations| unsafe { rotate(columns, rotations) },
            }
        };
    };
}

table!(PORTABLE, lanes::Portable, 1, 2);
#[cfg(target_arch = "x86_64")]
table!(AVX2, lanes::Avx2, 1, 4, #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
table!(AVX512, lanes::Avx512, 4, 4, #[target_feature(enable = "avx512f,avx512dq,avx512vl")]);
