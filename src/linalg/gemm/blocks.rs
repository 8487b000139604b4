//! The loops around the micro-kernel.

use std::ops::Range;
use std::ptr::null;

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use super::packed::pack;
use super::tile::{Kernel, Tile};
use super::{BLOCK, Epilogue, Right, Scalar};

/// Bytes of a block of B: half of a second-level cache.
const RESIDENT: usize = 1 << 19;

/// c = a b, or c + a b, as the product of the transposes: for a `c` whose columns are contiguous, or that has few.
pub(super) fn turned<T: Scalar>(
    kernel: &Kernel<T>,
    a: ArrayView2<T>,
    b: ArrayView2<T>,
    accumulate: bool,
    c: ArrayViewMut2<T>,
) {
    let (left, right) = (b.reversed_axes(), Right::View(a.reversed_axes()));
    let mut c = c.reversed_axes();
    if c.strides()[1] == 1 {
        return product(kernel, left, right, &Epilogue::plain(accumulate), c);
    }
    let mut copy = Array2::from_elem(c.dim(), T::default());
    product(kernel, left, right, &Epilogue::plain(false), copy.view_mut());
    c.zip_mut_with(&copy, |c, &v| *c = if accumulate { *c + v } else { v });
}

/// Some columns of a block of B, as a micro-kernel reads them.
struct Segment<T> {
    columns: Range<usize>,
    b: *const T,
    row: isize,
    panel: isize,
}

/// c = a b and the epilogue; the rows of `c` and of a gate are contiguous.
pub(super) fn product<T: Scalar>(
    kernel: &Kernel<T>,
    a: ArrayView2<T>,
    b: Right<T>,
    epilogue: &Epilogue<T>,
    mut c: ArrayViewMut2<T>,
) {
    let (k, n) = (a.ncols(), c.ncols());
    let mut scratch = Vec::new();
    let width = RESIDENT / size_of::<T>() / BLOCK;
    for first in (0..n).step_by(width) {
        let columns = first..n.min(first + width);
        let blocks = k.div_ceil(BLOCK).max(1);
        for block in 0..blocks {
            // Of equal length but for a term.
            let terms = k * block / blocks..k * (block + 1) / blocks;
            let mut now = Epilogue { accumulate: epilogue.accumulate || block > 0, ..*epilogue };
            if block + 1 < blocks {
                now = Epilogue::plain(now.accumulate);
            }
            let a = a.slice(s![.., terms.clone()]);
            for segment in segments(b, terms, columns.clone(), &mut scratch).into_iter().flatten() {
                tiles(kernel, a, &segment, &now, &mut c);
            }
        }
    }
}

/// Where rows `terms` and columns `columns` of B are read: in place, or packed into `scratch`.
fn segments<T: Scalar>(
    b: Right<T>,
    terms: Range<usize>,
    columns: Range<usize>,
    scratch: &mut Vec<T>,
) -> [Option<Segment<T>>; 2] {
    let panel = T::PANEL as isize;
    let mut packed = |b: ArrayView2<T>, columns: Range<usize>| {
        let b = b.slice(s![terms.clone(), columns.clone()]);
        scratch.clear();
        scratch.resize(b.nrows() * b.ncols().next_multiple_of(T::PANEL), T::default());
        pack(b, scratch);
        let next = b.nrows() as isize * panel;
        Some(Segment { columns, b: scratch.as_ptr(), row: panel, panel: next })
    };
    match b {
        Right::Packed(p) => {
            let (at, next) = (p.at(terms.start, columns.start), p.rows() as isize * panel);
            [Some(Segment { columns, b: at.as_ptr(), row: panel, panel: next }), None]
        }
        Right::View(b) if b.strides()[1] == 1 && !terms.is_empty() => {
            // Whole panels are read where they lie, the rest is filled up.
            let whole = columns.start..columns.end - columns.len() % T::PANEL;
            let rest = whole.end..columns.end;
            let in_place = (!whole.is_empty()).then(|| Segment {
                columns: whole.clone(),
                b: b.slice(s![terms.start.., whole.start..]).as_ptr(),
                row: b.strides()[0],
                panel,
            });
            [in_place, if rest.is_empty() { None } else { packed(b, rest) }]
        }
        Right::View(b) => [packed(b, columns), None],
    }
}

/// All tiles of a block.
fn tiles<T: Scalar>(
    kernel: &Kernel<T>,
    a: ArrayView2<T>,
    b: &Segment<T>,
    epilogue: &Epilogue<T>,
    c: &mut ArrayViewMut2<T>,
) {
    let m = a.nrows();
    let flat = m <= kernel.rows / 2;
    let (rows, panels) =
        if flat { (kernel.rows / 2, 2 * kernel.panels) } else { (kernel.rows, kernel.panels) };
    let (count, width) = (m.div_ceil(rows), panels * T::PANEL);
    let (a_row, c_row) = (a.strides()[0], c.strides()[0]);
    let (left, out) = (a.as_ptr(), c.as_mut_ptr());
    let (gate, gate_row) = match &epilogue.gate {
        Some(gate) => (gate.as_ptr(), gate.strides()[0]),
        None => (null(), 0),
    };
    for part in 0..count {
        // As equal as they can be: a last tile of one row would not keep the units busy.
        let rows = m * part / count..m * (part + 1) / count;
        let row = rows.start as isize;
        for j in b.columns.clone().step_by(width) {
            let tile = Tile {
                rows: rows.len(),
                columns: width.min(b.columns.end - j),
                k: a.ncols(),
                a: left.wrapping_offset(row * a_row),
                a_row,
                a_column: a.strides()[1],
                b: b.b.wrapping_offset(((j - b.columns.start) / T::PANEL) as isize * b.panel),
                b_row: b.row,
                b_panel: b.panel,
                c: out.wrapping_offset(row * c_row).wrapping_add(j),
                c_row,
                accumulate: epilogue.accumulate,
                bias: epilogue.bias.map_or(null(), |bias| bias[j..].as_ptr()),
                slopes: epilogue.slopes,
                gate: if gate.is_null() {
                    gate
                } else {
                    gate.wrapping_offset(row * gate_row).wrapping_add(j)
                },
                gate_row,
            };
            // SAFETY: rows and columns lie inside a, b and c, whose row strides these are; a segment has whole panels; c
            // is borrowed mutably.
            unsafe { (kernel.run)(&tile) };
        }
    }
}
