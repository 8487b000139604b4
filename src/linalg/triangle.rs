//! Cholesky factors and triangular systems, blocked so that the work is in matrix products. One thread.

use ndarray::{ArrayViewMut2, Axis, s};

use crate::context::Context;
use crate::error::Result;
use crate::linalg::gemm::gemm;

/// Columns that are factored, or rows that are solved, without a matrix product.
const BLOCK: usize = 48;

/// Overwrites the lower triangle of the row-major symmetric `a` of order `n` with its factor L, a = L L'. What is above the
/// diagonal is left as it is. n^3 / 3 flops. Gives `false`, and a half-done factor, if a pivot is not above `tolerance` times
/// its diagonal entry: the matrix is not positive definite, to that accuracy.
pub(crate) fn cholesky(ctx: &Context, a: &mut [f64], n: usize, tolerance: f64) -> Result<bool> {
    let diagonal: Vec<f64> = a.iter().step_by(n + 1).copied().collect();
    let mut a = view(a, n, n);
    for j in (0..n).step_by(BLOCK) {
        ctx.poll()?;
        let width = BLOCK.min(n - j);
        let (done, mut rest) = a.view_mut().split_at(Axis(1), j);
        let mut panel = rest.slice_mut(s![j.., ..width]);
        let done = done.slice(s![j.., ..]);
        let minus = done.slice(s![..width, ..]).mapv(|x| -x);
        gemm(ctx.isa(), done, minus.t(), true, panel.view_mut());
        let (mut top, mut below) = panel.split_at(Axis(0), width);
        for k in 0..width {
            for i in k..width {
                let dot: f64 = (0..k).map(|t| top[[i, t]] * top[[k, t]]).sum();
                top[[i, k]] -= dot;
            }
            let square = top[[k, k]];
            if square.is_nan() || square <= tolerance * diagonal[j + k] {
                return Ok(false);
            }
            let pivot = square.sqrt();
            (k..width).for_each(|i| top[[i, k]] /= pivot);
        }
        for mut row in below.rows_mut() {
            for k in 0..width {
                let dot: f64 = (0..k).map(|t| row[t] * top[[k, t]]).sum();
                row[k] = (row[k] - dot) / top[[k, k]];
            }
        }
    }
    Ok(true)
}

/// Overwrites `b` (n x m, row-major) with the solution X of L X = B, L the lower triangle of the row-major `l`. n^2 m flops.
pub(crate) fn solve_lower(ctx: &Context, l: &[f64], n: usize, b: &mut [f64], m: usize) -> Result<()> {
    let l = ndarray::ArrayView2::from_shape((n, n), l).expect("n x n values");
    let mut b = view(b, n, m);
    for j in (0..n).step_by(BLOCK) {
        ctx.poll()?;
        let height = BLOCK.min(n - j);
        let (done, mut rest) = b.view_mut().split_at(Axis(0), j);
        let mut rows = rest.slice_mut(s![..height, ..]);
        let minus = l.slice(s![j..j + height, ..j]).mapv(|x| -x);
        gemm(ctx.isa(), minus.view(), done.view(), true, rows.view_mut());
        for k in 0..height {
            let (solved, mut rest) = rows.view_mut().split_at(Axis(0), k);
            let mut row = rest.row_mut(0);
            for (t, x) in solved.rows().into_iter().enumerate() {
                row.scaled_add(-l[[j + k, j + t]], &x);
            }
            row /= l[[j + k, j + k]];
        }
    }
    Ok(())
}

fn view(values: &mut [f64], rows: usize, columns: usize) -> ArrayViewMut2<'_, f64> {
    ArrayViewMut2::from_shape((rows, columns), values).expect("rows x columns values")
}

/// A row-major matrix of order `n` in place of its transpose.
pub(crate) fn transpose(a: &mut [f64], n: usize) {
    const TILE: usize = 32;
    for top in (0..n).step_by(TILE) {
        for left in (top..n).step_by(TILE) {
            for i in top..n.min(top + TILE) {
                for j in left.max(i + 1)..n.min(left + TILE) {
                    a.swap(i * n + j, j * n + i);
                }
            }
        }
    }
}

/// Cholesky with diagonal pivoting of a positive semidefinite matrix: which rows and columns are independent of the others
/// (an entry counts while its rest is above `tolerance` times its diagonal), largest rest first, and the row-major lower
/// factor of the matrix of those. n r^2 flops, n r doubles, r the rank that is found.
pub(crate) fn independent(
    ctx: &Context,
    a: &[f64],
    n: usize,
    tolerance: f64,
) -> Result<(Vec<usize>, Vec<f64>)> {
    let diagonal: Vec<f64> = a.iter().step_by(n + 1).copied().collect();
    let mut rest = diagonal.clone();
    let mut factor: Vec<Vec<f64>> = vec![Vec::new(); n];
    let mut chosen = Vec::new();
    loop {
        ctx.poll()?;
        let left = (0..n).filter(|i| rest[*i] > tolerance * diagonal[*i]);
        let Some(p) = left.max_by(|&i, &j| rest[i].total_cmp(&rest[j])) else { break };
        let pivot = rest[p].sqrt();
        let row = factor[p].clone();
        for i in 0..n {
            let dot: f64 = factor[i].iter().zip(&row).map(|(x, y)| x * y).sum();
            let x = (a[i * n + p] - dot) / pivot;
            factor[i].push(x);
            rest[i] -= x * x;
        }
        // Done with; what rounding left of it does not count.
        rest[p] = 0.0;
        factor[p][chosen.len()] = pivot;
        chosen.push(p);
    }
    let r = chosen.len();
    let mut lower = vec![0.0; r * r];
    for (k, &p) in chosen.iter().enumerate() {
        lower[k * r..=k * r + k].copy_from_slice(&factor[p][..=k]);
    }
    Ok((chosen, lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(n: usize) -> Vec<f64> {
        (0..n as u64).map(|i| 2.0 * crate::random::uniform_pair(1, i)[0] - 1.0).collect()
    }

    /// X X' of an n x m matrix X.
    fn gram(x: &[f64], n: usize, m: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| (0..m).map(|t| x[i * m + t] * x[j * m + t]).sum();
        (0..n * n).map(|e| entry(e / n, e % n)).collect()
    }

    #[test]
    fn factors_multiply_to_the_matrix_and_solutions_solve() {
        let ctx = Context::default();
        for n in [1, 5, 48, 49, 130] {
            let a = gram(&numbers(n * (n + 3)), n, n + 3);
            let mut l = a.clone();
            assert!(cholesky(&ctx, &mut l, n, 0.0).unwrap());
            let lower: Vec<f64> = (0..n * n).map(|e| if e / n >= e % n { l[e] } else { 0.0 }).collect();
            let largest = a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            for (g, w) in gram(&lower, n, n).iter().zip(&a) {
                assert!((g - w).abs() <= 1e-13 * largest, "{n}: {g} for {w}");
            }
            let m = 7;
            let b = numbers(n * m);
            let mut x = b.clone();
            solve_lower(&ctx, &l, n, &mut x, m).unwrap();
            for i in 0..n {
                for c in 0..m {
                    let got: f64 = (0..=i).map(|t| l[i * n + t] * x[t * m + c]).sum();
                    let size: f64 = (0..=i).map(|t| (l[i * n + t] * x[t * m + c]).abs()).sum();
                    assert!((got - b[i * m + c]).abs() <= 1e-14 * size.max(1.0), "{n}");
                }
            }
            let mut t = lower.clone();
            transpose(&mut t, n);
            assert!((0..n * n).all(|e| t[e] == lower[e % n * n + e / n]));
        }
    }

    #[test]
    fn dependent_rows_are_found() {
        let ctx = Context::default();
        let (n, r) = (60, 13);
        let a = gram(&numbers(n * r), n, r);
        assert!(!cholesky(&ctx, &mut a.clone(), n, 1e-12).unwrap());
        assert!(!cholesky(&ctx, &mut [f64::NAN], 1, 0.0).unwrap());
        let (chosen, lower) = independent(&ctx, &a, n, 1e-12).unwrap();
        assert_eq!(chosen.len(), r);
        let product = gram(&lower, r, r);
        for i in 0..r {
            for j in 0..r {
                let want = a[chosen[i] * n + chosen[j]];
                assert!((product[i * r + j] - want).abs() <= 1e-12 * a[chosen[0] * n + chosen[0]]);
            }
        }
    }
}
