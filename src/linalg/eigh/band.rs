//! First stage: a dense matrix becomes a band of width 32 by orthogonal similarity, in matrix products
//! (Bischof, Lang & Sun 2000, successive band reduction).
//!
//! For each tile column: the part below the diagonal tile is factored, P = Q R with Q = I - V T V'; then
//!
//! ```text
//! X = A V;   S = T' (V' X) T / 2;   Y = X T - V S;   A <- Q' A Q = A - V Y' - Y V'
//! ```
//!
//! The update waits until the product of the next panel needs the tile, which the next panel itself can have first: so
//! one pass over the matrix a panel, 4/3 K^3 operations and 8/3 K^3 / 32 bytes in all.
//!
//! The matrix is cut into square blocks of tiles, by its size only. Every block sums its part of X, and parts are added
//! in one order, whoever computed them.

use super::leaf::{EDGE, Leaf, Tile, prefetch};
use super::panel::{self, Reflectors, transposed};
use super::tiles::{Tiles, column_start};
use super::work::Work;
use crate::context::{Context, Meter};
use crate::error::Result;

/// A block of tiles and its part of X.
struct Block<'a> {
    /// Place in the grid of blocks, row >= column.
    row: usize,
    column: usize,
    /// Tile columns of the block; those of a block on the diagonal start at the diagonal.
    tiles: Vec<&'a mut [Tile]>,
    /// Sums of A V for the tile rows of the block.
    down: &'a mut [Tile],
    /// Sums of V' A for the tile columns of the block: what the triangle that is not stored does.
    across: &'a mut [Tile],
}

/// A reflection of the whole matrix that is under way.
struct Panel<'m> {
    /// The panel, then R and nothing of use.
    panel: Work<'m, Tile>,
    v: Work<'m, Tile>,
    /// Tiles of `v` row by row.
    v_rows: Work<'m, Tile>,
    /// V, Y, V for each tile row: V beside Y and Y beside V are both had without a copy.
    vyv: Work<'m, Tile>,
    x: Work<'m, Tile>,
    t: Tile,
}

/// Tiles along an edge of a block: large enough that its sums are small beside it, small enough that there are blocks
/// for many threads and that the panels of a block stay in the second-level cache.
fn block_edge(edge: usize) -> usize {
    if edge <= 32 { 4 } else { 8 }
}

/// What is left of a matrix besides the tiles on the diagonal, which are those of the band.
pub(super) struct Band<'m> {
    /// The tiles of the band below those on the diagonal; upper triangular.
    pub(super) below: Work<'m, Tile>,
    /// T of each panel, if they are kept; the tiles below the diagonal then hold V.
    pub(super) t: Work<'m, Tile>,
}

/// Reduces the matrix to a band; keeps Q if `keep`.
pub(super) fn reduce<'m>(
    ctx: &Context,
    meter: &'m Meter,
    matrix: &mut Tiles,
    keep: bool,
) -> Result<Band<'m>> {
    let leaf = Leaf::of(ctx.isa());
    let edge = matrix.edge;
    let mut below = Work::zeros(meter, edge - 1)?;
    let mut t = Work::zeros(meter, if keep { edge - 1 } else { 0 })?;
    if edge < 2 {
        return Ok(Band { below, t });
    }
    let size = block_edge(edge);
    let across = edge.div_ceil(size);
    let mut sums = Work::<Tile>::zeros(meter, 2 * size * column_start(across, across))?;
    let mut blocks = cut(matrix, &mut sums, size);
    let tiles = |n: usize| Work::<Tile>::zeros(meter, n);
    let mut work = Panel {
        panel: tiles(edge)?,
        v: tiles(edge)?,
        v_rows: tiles(edge)?,
        vyv: tiles(3 * edge)?,
        x: tiles(edge)?,
        t: [0.0; EDGE * EDGE],
    };
    for j in 0..edge - 1 {
        ctx.poll()?;
        ctx.progress(1.0 - ((edge - j) as f64 / edge as f64).powi(3), "tridiagonal form");
        let first = j + 1;
        // Blocks of the columns before are done with.
        let done = column_start(across, first / size);
        if j > 0 {
            update_column(ctx, leaf, &mut blocks, size, j, &work.vyv)?;
        }
        factor(leaf, &mut blocks, size, j, &mut work);
        below[j] = work.panel[first];
        if keep {
            t[j] = work.t;
            put_vectors(&mut blocks, size, j, &work.v);
        }
        let (vyv, v_rows) = (&work.vyv, &work.v_rows);
        ctx.pool().for_each(&mut blocks[done..], |_, block| {
            pass(leaf, block, size, first, (j > 0).then_some(&**vyv), v_rows);
            Ok(())
        })?;
        finish(ctx, leaf, &blocks, size, first, &mut work)?;
    }
    update_column(ctx, leaf, &mut blocks, size, edge - 1, &work.vyv)?;
    Ok(Band { below, t })
}

/// The grid of blocks, column by column, each with its sums.
fn cut<'a>(matrix: &'a mut Tiles, sums: &'a mut [Tile], size: usize) -> Vec<Block<'a>> {
    let edge = matrix.edge;
    let across = edge.div_ceil(size);
    let mut sums = sums.chunks_mut(size);
    let mut blocks = Vec::with_capacity(column_start(across, across));
    for column in 0..across {
        for row in column..across {
            let mut sum = || sums.next().expect("two for each block");
            let (down, across) = (sum(), sum());
            blocks.push(Block { row, column, tiles: Vec::with_capacity(size), down, across });
        }
    }
    let mut rest = &mut matrix.tiles[..];
    for j in 0..edge {
        let (mut tiles, after) = rest.split_at_mut(edge - j);
        rest = after;
        for row in j / size..across {
            let len = edge.min((row + 1) * size) - j.max(row * size);
            let (part, below) = tiles.split_at_mut(len);
            blocks[column_start(across, j / size) + row - j / size].tiles.push(part);
            tiles = below;
        }
    }
    blocks
}

/// Blocks that hold tile column `j`.
fn holders<'a, 'b>(blocks: &'b mut [Block<'a>], size: usize, j: usize) -> &'b mut [Block<'a>] {
    let across = blocks.last().map_or(0, |b| b.row + 1);
    &mut blocks[column_start(across, j / size)..column_start(across, j / size + 1)]
}

impl Block<'_> {
    /// Tile column `j` of the matrix, and the tile row that it starts with.
    fn column_mut(&mut self, size: usize, j: usize) -> (usize, &mut [Tile]) {
        (j.max(self.row * size), &mut *self.tiles[j - self.column * size])
    }
}

/// The pending reflection of tile column `j`.
fn update_column(
    ctx: &Context,
    leaf: &Leaf,
    blocks: &mut [Block],
    size: usize,
    j: usize,
    vyv: &[Tile],
) -> Result<()> {
    ctx.pool().for_each(holders(blocks, size, j), |_, block| {
        let (start, tiles) = block.column_mut(size, j);
        for (i, tile) in (start..).zip(tiles) {
            (leaf.subtract_transposed)(tile, &vyv[3 * i..3 * i + 2], &vyv[3 * j + 1..3 * j + 3]);
        }
        Ok(())
    })
}

/// Factors tile column `j` below its diagonal tile; leaves R, V and T in `work`.
fn factor(leaf: &Leaf, blocks: &mut [Block], size: usize, j: usize, work: &mut Panel) {
    let first = j + 1;
    for block in holders(blocks, size, j) {
        let (start, tiles) = block.column_mut(size, j);
        for (i, tile) in (start..).zip(tiles) {
            work.panel[i] = *tile;
        }
    }
    let out = Reflectors { v: &mut work.v[first..], t: &mut work.t };
    panel::factor(leaf, &mut work.panel[first..], out);
    for (rows, v) in work.v_rows[first..].iter_mut().zip(&work.v[first..]) {
        *rows = transposed(v);
    }
}

/// Stores V where the panel was.
fn put_vectors(blocks: &mut [Block], size: usize, j: usize, v: &[Tile]) {
    for block in holders(blocks, size, j) {
        let (start, tiles) = block.column_mut(size, j);
        for (i, tile) in (start..).zip(tiles).filter(|(i, _)| *i > j) {
            *tile = v[i];
        }
    }
}

/// The tiles of a block from tile row and column `first` on: the pending reflection, then their part of X.
fn pass(
    leaf: &Leaf,
    block: &mut Block,
    size: usize,
    first: usize,
    pending: Option<&[Tile]>,
    v_rows: &[Tile],
) {
    let (top, left) = (block.row * size, block.column * size);
    block.down.as_flattened_mut().fill(0.0);
    block.across.as_flattened_mut().fill(0.0);
    for (j, tiles) in (left..).zip(&mut block.tiles) {
        if j < first {
            continue;
        }
        let start = j.max(top);
        for k in 0..tiles.len() {
            let i = start + k;
            // In time: the products of a tile take longer than its way from memory.
            if let Some(next) = tiles.get(k + 1) {
                prefetch(next);
            }
            let tile = &mut tiles[k];
            // The column of the panel itself went ahead.
            if let Some(vyv) = pending {
                (leaf.subtract_transposed)(tile, &vyv[3 * i..3 * i + 2], &vyv[3 * j + 1..3 * j + 3]);
            }
            (leaf.add_transposed)(&mut block.down[i - top], tile, &v_rows[j]);
            if i > j {
                (leaf.add)(&mut block.across[j - left], &v_rows[i], tile);
            }
        }
    }
}

/// A strip of tile rows of X, and its part of V' X.
struct Strip<'a> {
    x: &'a mut [Tile],
    vyv: &'a mut [Tile],
    m: Tile,
}

/// Adds the parts of X; then Y, and with it all that is pending.
fn finish(
    ctx: &Context,
    leaf: &Leaf,
    blocks: &[Block],
    size: usize,
    first: usize,
    work: &mut Panel,
) -> Result<()> {
    let across = blocks.last().map_or(0, |b| b.row + 1);
    let (v, v_rows, t) = (&work.v, &work.v_rows, &work.t);
    let strips = work.x.chunks_mut(size).zip(work.vyv.chunks_mut(3 * size));
    let mut strips: Vec<Strip> =
        strips.map(|(x, vyv)| Strip { x, vyv, m: [0.0; EDGE * EDGE] }).skip(first / size).collect();
    let start = first / size;
    ctx.pool().for_each(&mut strips, |s, strip| {
        let s = start + s;
        for i in first.max(s * size)..s * size + strip.x.len() {
            let k = i - s * size;
            let mut x = [0.0; EDGE * EDGE];
            for row in s..across {
                accumulate(&mut x, &blocks[column_start(across, s) + row - s].across[k]);
            }
            let mut x = transposed(&x);
            for column in start..s + 1 {
                accumulate(&mut x, &blocks[column_start(across, column) + s - column].down[k]);
            }
            (leaf.add)(&mut strip.m, &v_rows[i], &x);
            strip.x[k] = x;
        }
        Ok(())
    })?;
    let mut m = [0.0; EDGE * EDGE];
    for strip in &strips {
        accumulate(&mut m, &strip.m);
    }
    let s = correction(leaf, t, &m);
    ctx.pool().for_each(&mut strips, |strip_number, strip| {
        let top = (start + strip_number) * size;
        for i in first.max(top)..top + strip.x.len() {
            let k = i - top;
            let [before, y, after] = &mut strip.vyv.as_chunks_mut::<3>().0[k];
            (*before, *after) = (v[i], v[i]);
            y.fill(0.0);
            (leaf.add)(y, &strip.x[k], t);
            (leaf.add)(y, &v[i], &s);
        }
        Ok(())
    })
}

fn accumulate(sum: &mut Tile, part: &Tile) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

/// - T' M T / 2
fn correction(leaf: &Leaf, t: &Tile, m: &Tile) -> Tile {
    let (mut mt, mut s) = ([0.0; EDGE * EDGE], [0.0; EDGE * EDGE]);
    (leaf.add)(&mut mt, m, t);
    (leaf.add)(&mut s, &transposed(t), &mt);
    s.map(|x| -0.5 * x)
}
