//! The walk over Gram matrices: tiles of several variables at once, blocks of rows on threads, results in order.

use std::ops::Range;

use ndarray::{ArrayView2, ArrayViewMut2, s};

use super::kernel::Base;
use super::leaf::{Leaf, Number};
use super::side::{Side, kernel_row};
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::linalg::gemm::gemm;

/// Rows and columns of a tile: with its bases and one panel of data it stays in a second-level cache.
pub(super) const TILE: usize = 128;
/// Columns of the data that are multiplied at a time.
pub(super) const DEPTH: usize = 512;

/// What one factor needs for a block of rows.
struct Slot<T> {
    rows: Vec<T>,
    panel: Vec<T>,
    base: Vec<T>,
    /// A row of kernel values of a second factor.
    row: Vec<T>,
}

/// Tiles of a block of rows, of all variables.
pub(super) struct Work<'w, 'a, T: Number> {
    ctx: &'w Context,
    pub leaf: &'static Leaf<T>,
    sides: &'w [&'w Side<'a, T>],
    slots: Vec<Vec<Slot<T>>>,
    pub rows: Range<usize>,
    pub columns: Range<usize>,
    loaded: bool,
}

/// Bytes that [`Work`] takes for these sides.
fn bytes<T: Number>(sides: &[&Side<T>]) -> usize {
    let slot = |d: usize| 2 * TILE * d.min(DEPTH) + TILE * TILE + TILE;
    sides.iter().flat_map(|s| &s.factors).map(|f| slot(f.d) * size_of::<T>()).sum()
}

impl<'w, 'a, T: Number> Work<'w, 'a, T> {
    fn new(ctx: &'w Context, sides: &'w [&'w Side<'a, T>], rows: Range<usize>) -> Self {
        let slot = |d: usize| {
            let depth = d.min(DEPTH);
            Slot {
                rows: vec![T::zero(); TILE * depth],
                panel: vec![T::zero(); TILE * depth],
                base: vec![T::zero(); TILE * TILE],
                row: vec![T::zero(); TILE],
            }
        };
        let slots = sides.iter().map(|s| s.factors.iter().map(|f| slot(f.d)).collect()).collect();
        Work { ctx, leaf: T::leaf(ctx.isa()), sides, slots, rows, columns: 0..0, loaded: false }
    }

    /// The blocks of columns of these rows: from the diagonal on, or all.
    pub fn blocks(&self, upper: bool) -> impl Iterator<Item = Range<usize>> + use<T> {
        let n = self.sides[0].n;
        let first = if upper { self.rows.start } else { 0 };
        (first..n).step_by(TILE).map(move |j| j..n.min(j + TILE))
    }

    /// Computes the bases of all variables for a block of columns. Condition: CANCELLED.
    pub fn load(&mut self, columns: Range<usize>) -> Result<()> {
        self.ctx.poll()?;
        let (rows, leaf) = (self.rows.clone(), self.leaf);
        for (side, slots) in self.sides.iter().zip(&mut self.slots) {
            for (f, slot) in side.factors.iter().zip(slots) {
                if f.kernel.base() == Base::Given {
                    f.given(rows.clone(), columns.clone(), TILE, &mut slot.base);
                    continue;
                }
                if !f.products() {
                    slot.base.fill(T::zero());
                }
                for first in (0..f.d).step_by(DEPTH) {
                    let part = first..f.d.min(first + DEPTH);
                    let depth = part.len();
                    if !self.loaded || f.d > DEPTH {
                        f.rows(rows.clone(), part.clone(), &mut slot.rows[..rows.len() * depth]);
                    }
                    f.panel(columns.clone(), part, TILE, &mut slot.panel[..TILE * depth]);
                    if f.products() {
                        let left = view(&slot.rows, rows.len(), depth, depth);
                        let right = view(&slot.panel, depth, columns.len(), TILE);
                        let out = view_mut(&mut slot.base, rows.len(), columns.len(), TILE);
                        gemm(self.ctx.isa(), left, right, first > 0, out);
                        continue;
                    }
                    let add = match f.kernel.base() {
                        Base::Absolute => leaf.absolute,
                        Base::Differing => leaf.differing,
                        _ => leaf.direct,
                    };
                    for (x, out) in
                        slot.rows.chunks_exact(depth).zip(slot.base.chunks_exact_mut(TILE)).take(rows.len())
                    {
                        add(&mut out[..columns.len()], x, &slot.panel, TILE);
                    }
                }
            }
        }
        self.loaded = true;
        self.columns = columns;
        Ok(())
    }

    /// Row `i` of the tile of variable `s`, kernel values less `shift`. Once per row and tile.
    pub fn kernel(&mut self, s: usize, i: usize, shift: T, out: &mut [T]) {
        let (side, columns, own) = (self.sides[s], self.columns.clone(), self.rows.start + i);
        let (first, rest) = self.slots[s].split_at_mut(1);
        let base = &mut first[0].base[i * TILE..][..columns.len()];
        if rest.is_empty() {
            return kernel_row(self.leaf, &side.factors[0], base, own, columns, shift, out);
        }
        kernel_row(self.leaf, &side.factors[0], base, own, columns.clone(), T::zero(), out);
        for (f, slot) in side.factors[1..].iter().zip(rest) {
            let base = &mut slot.base[i * TILE..][..columns.len()];
            let row = &mut slot.row[..columns.len()];
            kernel_row(self.leaf, f, base, own, columns.clone(), T::zero(), row);
            out.iter_mut().zip(row).for_each(|(o, &mut k)| *o = *o * k);
        }
        out.iter_mut().for_each(|o| *o = *o - shift);
    }

    /// Row `i` of the bases of variable `s`, after [`Work::kernel`].
    pub fn base(&self, s: usize, i: usize) -> &[T] {
        &self.slots[s][0].base[i * TILE..][..self.columns.len()]
    }

    /// Whether row `i` of the block meets the diagonal in this tile, and where.
    pub fn diagonal(&self, i: usize) -> Option<usize> {
        let own = self.rows.start + i;
        self.columns.contains(&own).then(|| own - self.columns.start)
    }
}

pub(super) fn view<T>(values: &[T], rows: usize, columns: usize, stride: usize) -> ArrayView2<'_, T> {
    let all =
        ArrayView2::from_shape((values.len() / stride, stride), &values[..values.len() / stride * stride]);
    all.expect("whole rows").slice_move(s![..rows, ..columns])
}

pub(super) fn view_mut<T>(
    values: &mut [T],
    rows: usize,
    columns: usize,
    stride: usize,
) -> ArrayViewMut2<'_, T> {
    let len = values.len() / stride * stride;
    let all = ArrayViewMut2::from_shape((len / stride, stride), &mut values[..len]);
    all.expect("whole rows").slice_move(s![..rows, ..columns])
}

/// Runs `task` on every block of rows and hands the results to `fold` in the order of the blocks, whoever computed them.
/// Charges the working memory of the threads to `meter`.
pub(super) fn sweep<'a, T: Number, A: Send>(
    ctx: &Context,
    meter: &Meter,
    sides: &[&Side<'a, T>],
    stage: &str,
    task: impl Fn(&mut Work<'_, 'a, T>) -> Result<A> + Send + Sync,
    mut fold: impl FnMut(A),
) -> Result<()> {
    let n = sides[0].n;
    let charged = ctx.threads().min(n.div_ceil(TILE)) * bytes(sides);
    meter.charge(charged, "tiles of Gram matrices")?;
    // A few blocks for each thread at a time: their results wait for each other.
    let wave = TILE * 4 * ctx.threads();
    for first in (0..n).step_by(wave) {
        let last = n.min(first + wave);
        let results = ctx.pool().map_chunks(last - first, TILE, |rows| {
            task(&mut Work::new(ctx, sides, first + rows.start..first + rows.end))
        })?;
        results.into_iter().for_each(&mut fold);
        ctx.progress(last as f64 / n as f64, stage);
    }
    meter.release(charged);
    Ok(())
}
