//! Eigenvalues and eigenvectors of a symmetric tridiagonal matrix: implicit QL (Dubrulle, Martin & Wilkinson 1968).
//!
//! The rotations are collected over many sweeps and then applied to strips of 32 rows of the vectors, which stay in the
//! second-level cache; each strip is on its own, so that threads do not change the result. About 5 K^3 operations.

use super::leaf::{EDGE, Leaf, Tile};
use super::tridiagonal::{ITERATIONS, LEAST, ULP};
use crate::context::Context;
use crate::error::{Result, bail};

/// Rotations that wait at most, as a multiple of the number of rows.
const WAITING: usize = 64;

/// Rotations of neighbours `first` + len - 1, .., `first`.
struct Sweep {
    first: usize,
    rotations: std::ops::Range<usize>,
}

/// Rotations that have not met the vectors yet.
struct Waiting<'a> {
    sweeps: Vec<Sweep>,
    rotations: Vec<[f64; 2]>,
    /// Tiles of the vectors, row by row, `edge` in each.
    vectors: &'a mut [Tile],
    edge: usize,
}

impl Waiting<'_> {
    /// Applies them all.
    fn apply(&mut self, ctx: &Context, leaf: &Leaf) -> Result<()> {
        ctx.poll()?;
        let mut strips: Vec<&mut [Tile]> = self.vectors.chunks_mut(self.edge).collect();
        ctx.pool().for_each(&mut strips, |_, strip| {
            let columns = strip.as_flattened_mut().as_chunks_mut::<EDGE>().0;
            for Sweep { first, rotations } in &self.sweeps {
                let columns = &mut columns[*first..=first + rotations.len()];
                (leaf.rotate)(columns, &self.rotations[rotations.clone()]);
            }
            Ok(())
        })?;
        self.sweeps.clear();
        self.rotations.clear();
        Ok(())
    }
}

/// Replaces `d` by the eigenvalues, in any order, of the matrix with diagonal `d` and subdiagonal `e` and with entries about
/// 1, and the identity in `vectors` (tiles row by row) by the eigenvectors, one a column.
pub(super) fn decompose(
    ctx: &Context,
    d: &mut [f64],
    e: &mut [f64],
    vectors: &mut [Tile],
    edge: usize,
) -> Result<()> {
    let n = d.len();
    let leaf = Leaf::of(ctx.isa());
    let mut waiting = Waiting { sweeps: Vec::new(), rotations: Vec::new(), vectors, edge };
    let mut left = ITERATIONS * n;
    for l in 0..n {
        loop {
            let small =
                |i: &usize| e[*i].abs() <= (d[*i].abs().sqrt() * d[*i + 1].abs().sqrt() * ULP).max(LEAST);
            let m = (l..n - 1).find(small).unwrap_or(n - 1);
            if m == l {
                break;
            }
            if left == 0 {
                bail!(Numeric, "eigenvectors: {ITERATIONS} iterations for each did not suffice")
            }
            left -= 1;
            let start = waiting.rotations.len();
            let first = sweep(d, e, l, m, &mut waiting.rotations);
            waiting.sweeps.push(Sweep { first, rotations: start..waiting.rotations.len() });
            if waiting.rotations.len() >= WAITING * n {
                waiting.apply(ctx, leaf)?;
                ctx.progress(l as f64 / n as f64, "eigenvectors of the tridiagonal form");
            }
        }
    }
    waiting.apply(ctx, leaf)
}

/// One step of implicit QL on rows l..=m; returns the first column of the last rotation.
fn sweep(d: &mut [f64], e: &mut [f64], l: usize, m: usize, rotations: &mut Vec<[f64; 2]>) -> usize {
    let slope = (d[l + 1] - d[l]) / (2.0 * e[l]);
    let mut g = d[m] - d[l] + e[l] / (slope + length(slope, 1.0).copysign(slope));
    let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
    for i in (l..m).rev() {
        let (f, b) = (s * e[i], c * e[i]);
        let r = length(f, g);
        if i + 1 < m {
            e[i + 1] = r;
        }
        if r == 0.0 {
            // The matrix splits here.
            d[i + 1] -= p;
            return i + 1;
        }
        (s, c) = (f / r, g / r);
        g = d[i + 1] - p;
        let t = (d[i] - g) * s + 2.0 * c * b;
        p = s * t;
        d[i + 1] = g + p;
        g = c * t - b;
        rotations.push([c, s]);
    }
    d[l] -= p;
    e[l] = g;
    l
}

/// The length of (x, y), without underflow; numbers are far from overflow.
fn length(x: f64, y: f64) -> f64 {
    let squares = x * x + y * y;
    if squares > LEAST && squares < 1.0 / LEAST { squares.sqrt() } else { x.hypot(y) }
}
