//! Eigenvectors: those of the tridiagonal matrix, taken back through both reductions.
//!
//! Strips of vectors are independent of each other; 4 K^3 operations, half of them matrix products.

use super::band::Band;
use super::chase::{Reflectors, Tridiagonal, tridiagonal};
use super::leaf::{EDGE, Leaf, Tile};
use super::panel::transposed;
use super::tiles::{Tiles, column_start};
use super::work::Work;
use super::{Symmetric, band, ql, tridiagonal as values};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::Result;

/// Tiles of vectors that go back together: what is set up for a tile of V is worth it.
const STRIP: usize = 4;

/// A = sum of `values[i]` x x', x = row i of `vectors`.
#[derive(Debug)]
pub struct Decomposition {
    /// K eigenvalues, ascending.
    pub values: Buffer<f64>,
    /// (K, K): row i is the eigenvector of value i, of length 1. Its sign means nothing.
    pub vectors: Buffer<f64>,
}

/// Eigenvalues and eigenvectors. The matrix is left as it is: 2 K^2 numbers of workspace besides the result, about
/// 11 K^3 operations.
///
/// Vectors are orthogonal to about K u, also those of equal values. The values agree with [`super::values`] within the error
/// of both. Conditions as there.
pub fn decompose(ctx: &Context, meter: &Meter, matrix: &Symmetric) -> Result<Decomposition> {
    ctx.pool().install(|| {
        let n = matrix.n;
        let mut tiles = Tiles::new(ctx, meter, matrix)?;
        let band = band::reduce(ctx, meter, &mut tiles, true)?;
        let Tridiagonal { mut d, mut e, reflectors } = tridiagonal(ctx, meter, &tiles, &band, n, true)?;
        let edge = tiles.edge;
        let mut inner = Work::<Tile>::zeros(meter, edge * edge)?;
        for i in 0..edge {
            (0..EDGE).for_each(|r| inner[i * (edge + 1)][r * (EDGE + 1)] = 1.0);
        }
        ql::decompose(ctx, &mut d, &mut e, &mut inner, edge)?;
        let mut order: Vec<usize> = (0..n).collect();
        // Stable: equal values keep their order.
        order.sort_by(|&i, &j| d[i].total_cmp(&d[j]));
        let mut sorted = meter.buffer(n, "eigenvalues")?;
        for (value, &i) in sorted.iter_mut().zip(&order) {
            *value = d[i];
        }
        values::restore(&mut sorted, tiles.exponent)?;
        let mut vectors = meter.buffer(n * n, "eigenvectors")?;
        let back = Back { leaf: Leaf::of(ctx.isa()), n, tiles: &tiles, band: &band, reflectors: &reflectors };
        let mut strips: Vec<&mut [f64]> = vectors.chunks_mut(STRIP * EDGE * n).collect();
        ctx.pool().for_each(&mut strips, |i, strip| {
            let order = &order[i * STRIP * EDGE..][..strip.len() / n];
            back.strip(ctx, meter, &inner, order, strip)
        })?;
        Ok(Decomposition { values: sorted, vectors })
    })
}

/// The way back.
struct Back<'a> {
    leaf: &'a Leaf,
    n: usize,
    tiles: &'a Tiles<'a>,
    band: &'a Band<'a>,
    reflectors: &'a Reflectors<'a>,
}

impl Back<'_> {
    /// Vectors `order` of the tridiagonal matrix (columns of `inner`, tiles row by row) become rows of `out`.
    fn strip(
        &self,
        ctx: &Context,
        meter: &Meter,
        inner: &[Tile],
        order: &[usize],
        out: &mut [f64],
    ) -> Result<()> {
        let edge = self.tiles.edge;
        let mut tiles = Work::<Tile>::zeros(meter, STRIP * edge)?;
        // Zeros after each vector, for the reflectors that reach beyond the end.
        let height = (edge + 1) * EDGE;
        let mut columns = Work::zeros(meter, EDGE * height)?;
        for (order, tiles) in order.chunks(EDGE).zip(tiles.chunks_mut(edge)) {
            ctx.poll()?;
            for (&from, column) in order.iter().zip(columns.chunks_mut(height)) {
                for (i, to) in column.as_chunks_mut::<EDGE>().0[..edge].iter_mut().enumerate() {
                    to.copy_from_slice(&inner[i * edge + from / EDGE][from % EDGE * EDGE..][..EDGE]);
                }
            }
            for (row, reflector) in self.reflectors.backwards() {
                (self.leaf.reflect_rows)(&mut columns[..order.len() * height], height, row, reflector);
            }
            for (c, column) in columns.chunks(height).take(order.len()).enumerate() {
                for (tile, from) in tiles.iter_mut().zip(column.as_chunks::<EDGE>().0) {
                    tile[c * EDGE..][..EDGE].copy_from_slice(from);
                }
            }
        }
        ctx.poll()?;
        self.panels(&mut tiles);
        for (c, out) in out.chunks_mut(self.n).enumerate() {
            for (tile, out) in tiles[c / EDGE * edge..].iter().zip(out.chunks_mut(EDGE)) {
                out.copy_from_slice(&tile[c % EDGE * EDGE..][..out.len()]);
            }
        }
        Ok(())
    }

    /// x <- Q x for the vectors in `strips`, columns of 32 tile columns each: x - V T V' x, panel by panel from the last.
    fn panels(&self, strips: &mut [Tile]) {
        let edge = self.tiles.edge;
        for (j, t) in self.band.t.iter().enumerate().rev() {
            let v = &self.tiles.tiles[column_start(edge, j)..][1..edge - j];
            let mut products = [[0.0; EDGE * EDGE]; STRIP];
            for (i, v) in (j + 1..).zip(v) {
                let rows = transposed(v);
                for (product, strip) in products.iter_mut().zip(strips.chunks(edge)) {
                    (self.leaf.add)(product, &rows, &strip[i]);
                }
            }
            let factors = products.map(|product| {
                let mut factor = [0.0; EDGE * EDGE];
                (self.leaf.add)(&mut factor, t, &product);
                factor.map(|x| -x)
            });
            for (i, v) in (j + 1..).zip(v) {
                for (factor, strip) in factors.iter().zip(strips.chunks_mut(edge)) {
                    (self.leaf.add)(&mut strip[i], v, factor);
                }
            }
        }
    }
}
