//! The lower triangle of a symmetric matrix in tiles of 32 x 32.

use super::leaf::{EDGE, Tile};
use super::work::Work;
use super::{Symmetric, Triangle};
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::simd::LANES;

/// Tile columns one after the other, each from the diagonal down; zeros beyond the matrix. Tiles on the diagonal are
/// full. 4 K^2 bytes.
pub(super) struct Tiles<'m> {
    pub(super) tiles: Work<'m, Tile>,
    /// Tiles along an edge.
    pub(super) edge: usize,
    /// The matrix is 2^exponent times what is stored, whose largest entry is in [1, 2).
    pub(super) exponent: i32,
}

/// Rows that are looked through at once.
const ROWS: usize = 64;

/// Where tile column `j` of a triangle of `edge` tiles starts.
pub(super) fn column_start(edge: usize, j: usize) -> usize {
    j * (2 * edge + 1 - j) / 2
}

impl<'m> Tiles<'m> {
    /// A scaled copy. Conditions: NONFINITE, MEMORY, MEMORY_LIMIT.
    pub(super) fn new(ctx: &Context, meter: &'m Meter, a: &Symmetric) -> Result<Self> {
        let edge = a.n.div_ceil(EDGE);
        let mut tiles = Work::zeros(meter, column_start(edge, edge))?;
        let exponent = exponent(ctx, a)?;
        let scale = [exponent / 2, exponent - exponent / 2].map(|e| power_of_two(-e));
        let mut rest = &mut tiles[..];
        let mut columns = Vec::with_capacity(edge);
        for j in 0..edge {
            let (column, after) = rest.split_at_mut(edge - j);
            columns.push(column);
            rest = after;
        }
        ctx.pool().for_each(&mut columns, |j, column| {
            for (i, tile) in (j..).zip(column.iter_mut()) {
                fill(tile, a, i, j, scale);
            }
            Ok(())
        })?;
        Ok(Tiles { tiles, edge, exponent })
    }
}

/// Copies tile (i, j), i >= j, along the rows of the matrix.
fn fill(tile: &mut Tile, a: &Symmetric, i: usize, j: usize, [s, t]: [f64; 2]) {
    let (low, high) = (i * EDGE..a.n.min((i + 1) * EDGE), j * EDGE..a.n.min((j + 1) * EDGE));
    // Element (r, c) of the tile is element (r, c) of the lower triangle or (c, r) of the upper one.
    let (rows, columns, down, right) = match a.triangle {
        Triangle::Lower => (low, high, 1, EDGE),
        Triangle::Upper => (high, low, EDGE, 1),
    };
    for (r, row) in rows.enumerate() {
        let stored = a.stored(row);
        let part = columns.start.max(stored.start)..columns.end.min(stored.end);
        for (c, x) in (part.start - columns.start..).zip(&a.data[row * a.stride..][part]) {
            tile[r * down + c * right] = x * s * t;
            if i == j {
                tile[c * down + r * right] = x * s * t;
            }
        }
    }
}

/// The exponent of the largest entry of the triangle; 0 for a zero matrix.
fn exponent(ctx: &Context, a: &Symmetric) -> Result<i32> {
    let largest = ctx.pool().map_chunks(a.n, ROWS, |rows| {
        let mut largest = 0.0;
        for row in rows {
            let stored = a.stored(row);
            let entries = &a.data[row * a.stride..][stored.clone()];
            let Some(extent) = extent(entries) else {
                let bad = stored.zip(entries).find(|(_, x)| !x.is_finite());
                let (column, x) = bad.expect("it is in this row");
                bail!(Nonfinite, "matrix: entry ({row}, {column}) is {x}; expected finite numbers")
            };
            largest = extent.max(largest);
        }
        Ok(largest)
    })?;
    let largest = largest.into_iter().fold(0.0, f64::max);
    Ok(if largest == 0.0 { 0 } else { floor_log2(largest) })
}

/// The largest size of a number, or `None` if one is not finite. Lane by lane, so that the compiler can use vectors.
fn extent(entries: &[f64]) -> Option<f64> {
    let (mut largest, mut probe) = ([0.0; LANES], [0.0; LANES]);
    let (chunks, rest) = entries.as_chunks::<LANES>();
    let mut last = [0.0; LANES];
    last[..rest.len()].copy_from_slice(rest);
    for chunk in chunks.iter().chain([&last]) {
        for ((largest, probe), x) in largest.iter_mut().zip(&mut probe).zip(chunk) {
            let size = x.abs();
            *largest = if size > *largest { size } else { *largest };
            // Zero times a number that is not finite is not a number.
            *probe += 0.0 * x;
        }
    }
    probe.iter().all(|x| !x.is_nan()).then(|| largest.into_iter().fold(0.0, f64::max))
}

/// floor(log2 x) of a positive number.
pub(super) fn floor_log2(x: f64) -> i32 {
    let biased = |x: f64| (x.to_bits() >> 52) as i32 - 1023;
    if x < f64::MIN_POSITIVE { biased(x * (1u64 << 60) as f64) - 60 } else { biased(x) }
}

/// 2^e for -1022 <= e <= 1023.
pub(super) fn power_of_two(e: i32) -> f64 {
    f64::from_bits(((e + 1023) as u64) << 52)
}
