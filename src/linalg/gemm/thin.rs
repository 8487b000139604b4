//! Products with so few columns that whole panels would be a waste, or so few rows that packing would be.

use ndarray::{ArrayView2, ArrayViewMut2};

use super::tile::{Kernel, Tile};
use super::{Epilogue, FEW, Scalar};

/// Whether the product is best computed by dot products: few columns or rows, and both factors contiguous along k.
pub(super) fn fits<T>(a: ArrayView2<T>, b: ArrayView2<T>) -> bool {
    (b.ncols() <= FEW || a.nrows() <= FEW && b.strides()[1] != 1)
        && along(a.strides()[1], a.ncols())
        && along(b.strides()[0], b.nrows())
}

/// Whether the product of `n` columns is best computed as that of the transposes: few columns, and `a` contiguous down its
/// columns.
pub(super) fn better_turned<T>(a: ArrayView2<T>, n: usize) -> bool {
    n <= FEW && a.strides()[0] == 1 && a.nrows() > FEW && a.ncols() > 1
}

fn along(stride: isize, len: usize) -> bool {
    stride == 1 || len <= 1
}

/// c = a b and the epilogue, by dot products.
pub(super) fn product<T: Scalar>(
    kernel: &Kernel<T>,
    a: ArrayView2<T>,
    b: ArrayView2<T>,
    epilogue: &Epilogue<T>,
    mut c: ArrayViewMut2<T>,
) {
    for (j, b) in b.columns().into_iter().enumerate() {
        let b = b.to_slice().expect("contiguous along k");
        for (i, a) in a.rows().into_iter().enumerate() {
            let sum = (kernel.dot)(a.to_slice().expect("contiguous along k"), b);
            let null = std::ptr::null();
            let tile = Tile {
                rows: 1,
                columns: 1,
                k: 0,
                a: null,
                a_row: 0,
                a_column: 0,
                b: null,
                b_row: 0,
                b_panel: 0,
                c: &mut c[[i, j]],
                c_row: 0,
                accumulate: epilogue.accumulate,
                bias: epilogue.bias.map_or(null, |bias| &bias[j]),
                slopes: epilogue.slopes,
                gate: epilogue.gate.as_ref().map_or(null, |gate| &gate[[i, j]]),
                gate_row: 0,
            };
            // SAFETY: a tile of this one element.
            unsafe { tile.put(0, 0, sum) };
        }
    }
}
