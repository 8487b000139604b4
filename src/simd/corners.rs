//! Products of many corners with functionals: in single precision block by block, to see where the ends of ranges may be, and
//! in double precision for the few blocks where they are.

/// Corners in a block.
pub(crate) const BLOCK: usize = 8;
/// Functionals that are screened together.
pub(crate) const PANEL: usize = 32;

/// Smallest and largest products of a block of corners with a panel of functionals.
pub(crate) type Ends = [[f32; PANEL]; 2];

/// The kernels of one instruction set.
pub(crate) struct Corners {
    /// The ends of every block, and of `all` of them: `factors` are blocks of k times [`BLOCK`] numbers, `panel` k rows of
    /// [`PANEL`].
    pub screen: fn(factors: &[f32], panel: &[f32], blocks: &mut [Ends], all: &mut Ends),
    /// Which functionals of each block are not surely beyond both limits: low above the first and high below the second.
    /// NaN is never beyond.
    pub within: fn(blocks: &[Ends], limits: &Ends, hits: &mut [u32]),
    /// Products of the corners of a block, k times [`BLOCK`] factors, with one functional of k numbers.
    pub block: fn(factors: &[f64], functional: &[f64], out: &mut [f64; BLOCK]),
}

/// `FUSED`: whether the instruction set multiplies and adds in one.
#[inline(always)]
pub(super) fn screen<const FUSED: bool>(factors: &[f32], panel: &[f32], blocks: &mut [Ends], all: &mut Ends) {
    let panel = panel.as_chunks::<PANEL>().0;
    *all = [[f32::INFINITY; PANEL], [f32::NEG_INFINITY; PANEL]];
    for (block, ends) in factors.as_chunks::<BLOCK>().0.chunks_exact(panel.len()).zip(blocks) {
        let mut sums = [[0.0f32; PANEL]; BLOCK];
        for (t, v) in block.iter().zip(panel) {
            for q in 0..BLOCK {
                for c in 0..PANEL {
                    sums[q][c] =
                        if FUSED { t[q].mul_add(v[c], sums[q][c]) } else { t[q] * v[c] + sums[q][c] };
                }
            }
        }
        *ends = [sums[0], sums[0]];
        for sum in &sums[1..] {
            widen(ends, &[*sum, *sum]);
        }
        widen(all, ends);
    }
}

#[inline(always)]
fn widen([low, high]: &mut Ends, by: &Ends) {
    for c in 0..PANEL {
        low[c] = if by[0][c] < low[c] { by[0][c] } else { low[c] };
        high[c] = if by[1][c] > high[c] { by[1][c] } else { high[c] };
    }
}

#[inline(always)]
pub(super) fn within(blocks: &[Ends], limits: &Ends, hits: &mut [u32]) {
    for ([low, high], hits) in blocks.iter().zip(hits) {
        *hits = 0;
        for c in 0..PANEL {
            let beyond = low[c] > limits[0][c] && high[c] < limits[1][c];
            *hits |= u32::from(!beyond) << c;
        }
    }
}

#[inline(always)]
pub(super) fn block<const FUSED: bool>(factors: &[f64], functional: &[f64], out: &mut [f64; BLOCK]) {
    let mut sums = [0.0; BLOCK];
    for (t, &v) in factors.as_chunks::<BLOCK>().0.iter().zip(functional) {
        for q in 0..BLOCK {
            sums[q] = if FUSED { t[q].mul_add(v, sums[q]) } else { t[q] * v + sums[q] };
        }
    }
    *out = sums;
}

/// The kernels, compiled for the given target features (none: for any CPU), which the CPU must have where the table is used.
macro_rules! compiled_corners {
    ($fused:literal $(, $features:literal)?) => {{
        use $crate::simd::corners::{self, BLOCK, Corners, Ends};
        compiled_leaf!(screen(factors: &[f32], panel: &[f32], blocks: &mut [Ends], all: &mut Ends)
            = corners::screen::<$fused> $(, $features)?);
        compiled_leaf!(within(blocks: &[Ends], limits: &Ends, hits: &mut [u32]) = corners::within $(, $features)?);
        compiled_leaf!(block(factors: &[f64], functional: &[f64], out: &mut [f64; BLOCK]) = corners::block::<$fused> $(, $features)?);
        Corners { screen, within, block }
    }};
}
pub(crate) use compiled_corners;
