//! The triangular factor of a tall matrix, a block of rows at a time: R of [R; next rows], until all are in (Demmel, Grigori,
//! Hoemmen and Langou 2012).
//!
//! The reflection of column j has a 1 in row j of R, a vector w over the rows of the block, and nothing else: what is 0 in R
//! stays so. Panels of reflections are applied to the columns behind them as products, I - V T V'. 2 N K^2 flops.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};

use super::gemm::gemm;
use super::syrk::{Rows, Shift, scales};
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::Result;
use crate::simd::Isa;

/// Rows of a block, columns of a panel, columns that a thread takes at a time. All part of the order of operations.
const ROWS: usize = 1024;
const PANEL: usize = 32;
const COLUMNS: usize = 64;

/// The upper triangular R with R'R = X'X for the rows X of `rows`: column after column, each of as many values as columns.
/// As accurate as Householder's QR: singular values are those of X within a few u of the largest. Conditions: NONFINITE,
/// MEMORY, MEMORY_LIMIT, CANCELLED.
pub(crate) fn triangular_factor(ctx: &Context, meter: &Meter, rows: &Rows) -> Result<Buffer<f64>> {
    let (n, k) = (rows.z.rows(), rows.z.columns());
    let mut r = meter.buffer::<f64>(k.saturating_mul(k), "triangular factor")?;
    let height = ROWS.min(n);
    let mut x = meter.buffer::<f64>(k.saturating_mul(height), "rows for the triangular factor")?;
    for start in (0..n).step_by(ROWS) {
        let height = ROWS.min(n - start);
        let x = &mut x[..k * height];
        load(ctx, rows, start, height, x)?;
        for first in (0..k).step_by(PANEL) {
            ctx.poll()?;
            let width = PANEL.min(k - first);
            let (panel, behind) = x[first * height..].split_at_mut(width * height);
            let (r_panel, r_behind) = r[first * k..].split_at_mut(width * k);
            let t = factor(panel, r_panel, height, k, first);
            let w = ArrayView2::from_shape((width, height), &*panel).expect("columns of the panel");
            let mut work: Vec<_> =
                behind.chunks_mut(COLUMNS * height).zip(r_behind.chunks_mut(COLUMNS * k)).collect();
            ctx.pool().for_each(&mut work, |_, (x, r)| {
                apply(ctx.isa(), &w, &t, x, r, k, first);
                Ok(())
            })?;
        }
        ctx.progress((start + height) as f64 / n as f64, "qr");
    }
    Ok(r)
}

/// Rows of a block, scaled and shifted, as columns one after the other. Condition: NONFINITE.
fn load(ctx: &Context, rows: &Rows, start: usize, height: usize, x: &mut [f64]) -> Result<()> {
    let [s, t] = scales(rows.exponent);
    let mut columns: Vec<&mut [f64]> = x.chunks_mut(COLUMNS * height).collect();
    ctx.pool().for_each(&mut columns, |i, x| {
        let (from, count) = (i * COLUMNS, x.len() / height);
        let view = rows.z.transpose();
        view.load(from..from + count, start..start + height, x);
        for (j, column) in (from..).zip(x.chunks_exact_mut(height)) {
            if !column.iter().all(|x| x.is_finite()) {
                return Err(rows.z.nonfinite(start..start + height));
            }
            for (x, i) in column.iter_mut().zip(start..) {
                let shift = match rows.shift {
                    Shift::None => 0.0,
                    Shift::Columns(a) => a[j],
                    Shift::Rows(a) => a[i],
                };
                *x = *x * s * t - shift;
            }
        }
        Ok(())
    })
}

/// Annihilates the columns of a panel with the rows of R that belong to them; leaves the vectors w in their place and returns
/// T.
fn factor(panel: &mut [f64], r: &mut [f64], height: usize, k: usize, first: usize) -> Array2<f64> {
    let width = panel.len() / height;
    let mut t = Array2::zeros((width, width));
    for i in 0..width {
        let (done, rest) = panel.split_at_mut(i * height);
        let (w, rest) = rest.split_at_mut(height);
        let at = i * k + first + i;
        let (alpha, square) = (r[at], dot(w, w));
        if square == 0.0 {
            // Nothing below: no reflection.
            w.fill(0.0);
            continue;
        }
        let beta = -alpha.hypot(square.sqrt()).copysign(alpha);
        let tau = (beta - alpha) / beta;
        w.iter_mut().for_each(|x| *x /= alpha - beta);
        r[at] = beta;
        for (j, column) in (i + 1..).zip(rest.chunks_exact_mut(height)) {
            let entry = &mut r[j * k + first + i];
            let c = tau * (*entry + dot(w, column));
            *entry -= c;
            column.iter_mut().zip(&*w).for_each(|(x, w)| *x -= c * w);
        }
        // The new column of T: -tau T (V' v), then tau.
        let inner: Vec<f64> = done.chunks_exact(height).map(|v| dot(v, w)).collect();
        for row in 0..i {
            t[[row, i]] = -tau * (row..i).map(|c| t[[row, c]] * inner[c]).sum::<f64>();
        }
        t[[i, i]] = tau;
    }
    t
}

/// Applies a panel of reflections to some of the columns behind it.
fn apply(
    isa: Isa,
    w: &ArrayView2<f64>,
    t: &Array2<f64>,
    x: &mut [f64],
    r: &mut [f64],
    k: usize,
    first: usize,
) {
    let (width, height) = w.dim();
    let count = r.len() / k;
    let mut x = ArrayViewMut2::from_shape((count, height), x).expect("columns of the block");
    let mut r = ArrayViewMut2::from_shape((count, k), r).expect("columns of R");
    let mut r = r.slice_mut(s![.., first..first + width]);
    // Transposed throughout: (V'A)' = A'V, times T, times V'.
    let mut p = r.to_owned();
    gemm(isa, x.view(), w.t(), true, p.view_mut());
    let minus = -p.dot(t);
    r += &minus;
    gemm(isa, minus.view(), *w, true, x.view_mut());
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    // Eight sums, for the compiler to keep in vectors.
    let mut sums = [0.0; 8];
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.0.iter().zip(b.0) {
        for ((s, a), b) in sums.iter_mut().zip(a).zip(b) {
            *s += a * b;
        }
    }
    sums.iter().sum::<f64>() + a.1.iter().zip(b.1).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::ContextOptions;
    use crate::view::TensorRef;

    /// R'R is X'X to the rounding of R, R is triangular, and threads change no bit.
    #[test]
    fn the_factor_has_the_products_of_the_matrix() {
        for (n, k) in [(1, 1), (3, 7), (70, 70), (2100, 40), (1500, 101)] {
            let uniform = |i: usize| crate::random::uniform_pair(7, i as u64)[0] - 0.5;
            // Columns of very different lengths.
            let data: Vec<f64> =
                (0..n * k).map(|e| uniform(e) * 10f64.powi(-(e as i32 % k as i32 % 9))).collect();
            let z = TensorRef::from_slice("z", &data, &[n, k]).unwrap().matrix("(n, k)").unwrap();
            let rows = Rows { z, exponent: 1, shift: Shift::None };
            let of = |threads| {
                let ctx = Context::new(ContextOptions { threads, ..Default::default() }).unwrap();
                triangular_factor(&ctx, &ctx.meter(), &rows).unwrap().to_vec()
            };
            let r = of(1);
            assert!(r == of(3), "{n}x{k}");
            for i in 0..k {
                assert!(r[i * k + i + 1..(i + 1) * k].iter().all(|&x| x == 0.0), "{n}x{k}: column {i}");
                for j in 0..=i {
                    let product = |a: &dyn Fn(usize, usize) -> f64, len: usize| {
                        (0..len).map(|t| a(t, i) * a(t, j)).sum::<f64>()
                    };
                    let got = product(&|t, c| r[c * k + t], k);
                    let want = product(&|t, c| data[t * k + c] / 2.0, n);
                    let length = |c: usize| (0..n).map(|t| data[t * k + c].powi(2) / 4.0).sum::<f64>().sqrt();
                    assert!(
                        (got - want).abs() <= 1e-14 * length(i) * length(j) * k as f64,
                        "{n}x{k}: {got} for {want}"
                    );
                }
            }
        }
    }
}
