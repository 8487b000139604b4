//! Micro-kernels in plain Rust: any CPU, and the yardstick for the other files of this folder.

use super::Scalar;
use super::tile::{Kernel, Tile};

pub(super) static F32: Kernel<f32> = Kernel { rows: 4, panels: 1, run: run::<f32, 16>, dot };
pub(super) static F64: Kernel<f64> = Kernel { rows: 4, panels: 1, run: run::<f64, 8>, dot };

/// See `Kernel::run`; `P` is the width of a panel.
///
/// # Safety
/// As there.
unsafe fn run<T: Scalar, const P: usize>(t: &Tile<T>) {
    // SAFETY: the caller's promise, for every panel of the tile.
    unsafe {
        for (panel, j) in (0..t.columns).step_by(P).enumerate() {
            let past = |p: *const T, n: usize| if p.is_null() { p } else { p.add(n) };
            let part = Tile {
                columns: P.min(t.columns - j),
                b: t.b.offset(panel as isize * t.b_panel),
                c: t.c.add(j),
                bias: past(t.bias, j),
                gate: past(t.gate, j),
                ..*t
            };
            match t.rows {
                1 => tile::<T, 1, P>(&part),
                2 => tile::<T, 2, P>(&part),
                3 => tile::<T, 3, P>(&part),
                _ => tile::<T, 4, P>(&part),
            }
        }
    }
}

/// A tile of `M` rows and one panel.
///
/// # Safety
/// As for `Kernel::run`.
unsafe fn tile<T: Scalar, const M: usize, const P: usize>(t: &Tile<T>) {
    let mut sums = [[T::default(); P]; M];
    for k in 0..t.k as isize {
        // SAFETY: whole panels of B, and the elements of A that the tile needs.
        let b = unsafe { &*t.b.offset(k * t.b_row).cast::<[T; P]>() };
        for (i, sums) in sums.iter_mut().enumerate() {
            // SAFETY: as above.
            let x = unsafe { *t.a.offset(i as isize * t.a_row + k * t.a_column) };
            sums.iter_mut().zip(b).for_each(|(sum, &b)| *sum = *sum + x * b);
        }
    }
    // SAFETY: the caller's promise.
    unsafe { t.finish(sums.as_flattened(), P) }
}

/// See `Kernel::dot`.
fn dot<T: Scalar>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::default(); 16];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<16>(), b.as_chunks::<16>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..16 {
            sums[i] = sums[i] + a[i] * b[i];
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(&a, &b)| a * b);
    sums.into_iter().chain(rest).fold(T::default(), |sum, v| sum + v)
}
