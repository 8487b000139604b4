//! Products of a few rows with a matrix and with its transpose: the matrix is read once, as it lies in memory.
//!
//! Written once as plain loops over blocks of [`LANES`] columns; each instruction set compiles them for itself.

use super::Isa;

/// At most so many rows count as few: beyond, packing the matrix for a blocked product pays.
pub(crate) const MOST: usize = 16;
/// Columns that are multiplied at a time.
const LANES: usize = 8;
/// Rows that share one reading of a row of the matrix.
const ROWS: usize = 4;

/// y = x W' for x (rows, m) and W (n, m), all row-major.
pub(crate) struct Skinny<'a> {
    pub rows: usize,
    pub m: usize,
    pub n: usize,
    pub x: &'a [f64],
    /// (m) numbers for the absolute values of W; may be empty.
    pub of: &'a [f64],
    /// (rows, n).
    pub out: &'a mut [f64],
}

/// x += g W for g (rows, n) and W (n, m), all row-major.
pub(crate) struct Back<'a> {
    pub rows: usize,
    pub m: usize,
    pub n: usize,
    pub g: &'a [f64],
    /// (rows, m).
    pub x: &'a mut [f64],
}

/// The kernels of one instruction set: for matrices in single and in double precision. `size`, (n) or empty, becomes
/// abs(W) of.
pub(crate) struct Kernels {
    pub(crate) f32: fn(w: &[f32], job: Skinny, size: &mut [f64]),
    pub(crate) f64: fn(w: &[f64], job: Skinny, size: &mut [f64]),
    pub(crate) back_f32: fn(w: &[f32], job: Back),
    pub(crate) back_f64: fn(w: &[f64], job: Back),
}

/// The kernels of `isa`, which this CPU must have.
pub(crate) fn kernels(isa: Isa) -> &'static Kernels {
    &isa.kernels().skinny
}

#[inline(always)]
pub(super) fn run<W: Copy + Into<f64>, const FUSED: bool>(w: &[W], job: Skinny, size: &mut [f64]) {
    let Skinny { rows, m, n, x, of, out } = job;
    for first in (0..rows).step_by(ROWS) {
        let block = |r: usize| &x[(first + r).min(rows - 1) * m..][..m];
        let x: [&[f64]; ROWS] = std::array::from_fn(block);
        for (k, w) in w.chunks_exact(m).enumerate() {
            let sums = products::<W, FUSED>(w, x);
            for (r, sum) in sums.iter().enumerate().take(rows - first) {
                out[(first + r) * n + k] = *sum;
            }
        }
    }
    for (size, w) in size.iter_mut().zip(w.chunks_exact(m)) {
        *size = absolute::<W, FUSED>(w, of);
    }
}

#[inline(always)]
pub(super) fn back<W: Copy + Into<f64>, const FUSED: bool>(w: &[W], job: Back) {
    let Back { rows, m, n, g, x } = job;
    for (k, w) in w.chunks_exact(m).enumerate() {
        for (r, x) in x.chunks_exact_mut(m).enumerate().take(rows) {
            let g = g[r * n + k];
            x.iter_mut().zip(w).for_each(|(x, &w)| *x = fused::<FUSED>(g, w.into(), *x));
        }
    }
}

#[inline(always)]
fn fused<const FUSED: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// Inner products of `w` with each of `x`.
#[inline(always)]
fn products<W: Copy + Into<f64>, const FUSED: bool>(w: &[W], x: [&[f64]; ROWS]) -> [f64; ROWS] {
    let (blocks, rest) = w.as_chunks::<LANES>();
    let xs = x.map(|x| x[..w.len()].as_chunks::<LANES>());
    let mut sums = [[0.0; LANES]; ROWS];
    for (i, w) in blocks.iter().enumerate() {
        let w: [f64; LANES] = w.map(Into::into);
        for r in 0..ROWS {
            let x = &xs[r].0[i];
            for l in 0..LANES {
                sums[r][l] = fused::<FUSED>(w[l], x[l], sums[r][l]);
            }
        }
    }
    let mut out = [0.0; ROWS];
    for r in 0..ROWS {
        out[r] = total(&sums[r]);
        for (&w, &x) in rest.iter().zip(xs[r].1) {
            out[r] = fused::<FUSED>(w.into(), x, out[r]);
        }
    }
    out
}

/// Inner product of the absolute values of `w` with `x`.
#[inline(always)]
fn absolute<W: Copy + Into<f64>, const FUSED: bool>(w: &[W], x: &[f64]) -> f64 {
    let (blocks, rest) = w.as_chunks::<LANES>();
    let (xs, tail) = x.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (w, x) in blocks.iter().zip(xs) {
        for l in 0..LANES {
            let w: f64 = w[l].into();
            sums[l] = fused::<FUSED>(w.abs(), x[l], sums[l]);
        }
    }
    let mut sum = total(&sums);
    for (&w, &x) in rest.iter().zip(tail) {
        let w: f64 = w.into();
        sum = fused::<FUSED>(w.abs(), x, sum);
    }
    sum
}

/// In pairs, as vectors are added up.
#[inline(always)]
fn total(s: &[f64; LANES]) -> f64 {
    ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

/// The kernels compiled for the given target features (none: for any CPU), which the CPU must have where the table is used.
macro_rules! compiled_skinny {
    ($fused:literal $(, $features:literal)?) => {{
        use $crate::simd::skinny::{self, Back, Skinny};
        compiled_leaf!(single(w: &[f32], job: Skinny, size: &mut [f64]) = skinny::run::<f32, $fused> $(, $features)?);
        compiled_leaf!(double(w: &[f64], job: Skinny, size: &mut [f64]) = skinny::run::<f64, $fused> $(, $features)?);
        compiled_leaf!(back_single(w: &[f32], job: Back) = skinny::back::<f32, $fused> $(, $features)?);
        compiled_leaf!(back_double(w: &[f64], job: Back) = skinny::back::<f64, $fused> $(, $features)?);
        skinny::Kernels { f32: single, f64: double, back_f32: back_single, back_f64: back_double }
    }};
}
pub(crate) use compiled_skinny;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_multiplies() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            for (rows, m, n) in [(1, 1, 1), (4, 8, 3), (5, 19, 4), (16, 33, 2), (0, 9, 5)] {
                let number = |i: usize| ((i * 37 + 11) % 23) as f64 - 11.0;
                let x: Vec<f64> = (0..rows * m).map(number).collect();
                let w: Vec<f64> = (0..n * m).map(|i| number(i + 5)).collect();
                let single: Vec<f32> = w.iter().map(|&w| w as f32).collect();
                let of: Vec<f64> = (0..m).map(|i| i as f64).collect();
                for narrow in [false, true] {
                    let (mut out, mut size) = (vec![0.0; rows * n], vec![0.0; n]);
                    let job = Skinny { rows, m, n, x: &x, of: &of, out: &mut out };
                    match narrow {
                        true => (kernels(isa).f32)(&single, job, &mut size),
                        false => (kernels(isa).f64)(&w, job, &mut size),
                    }
                    // Sums of small integers are exact.
                    for k in 0..n {
                        let w = &w[k * m..][..m];
                        for r in 0..rows {
                            let dot: f64 = w.iter().zip(&x[r * m..]).map(|(w, x)| w * x).sum();
                            assert_eq!(out[r * n + k], dot, "{isa:?} {rows} x {m} x {n}");
                        }
                        assert_eq!(size[k], w.iter().zip(&of).map(|(w, x)| w.abs() * x).sum::<f64>());
                    }
                }
            }
        }
    }
}
