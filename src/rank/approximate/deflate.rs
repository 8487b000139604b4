//! The largest eigenvalues of a matrix and their vectors: block Lanczos, every vector orthogonal to all before it.

use super::{Operator, dot, normalise, orthogonalise};
use crate::error::Result;
use crate::linalg::eigh::{self, Decomposition, Symmetric, Triangle};
use crate::random::uniform_pair;

/// Vectors of a block.
const BLOCK: usize = 16;

/// Residual of a pair that counts as converged, relative to its value: the value is then off by the square of it.
const CONVERGED: f64 = 1e-4;

/// Length of a new vector, relative to the trace, below which the space is exhausted.
const EXHAUSTED: f64 = 1e-13;

/// Converged eigenvalues, and orthonormal vectors of them.
pub(super) struct Found {
    pub(super) values: Vec<f64>,
    pub(super) vectors: Vec<Vec<f64>>,
}

/// Searches the space of about `size` products with a matrix of trace 1.
pub(super) fn deflate(operator: &Operator, size: usize, seed: u64) -> Result<Found> {
    let k = operator.k;
    let mut basis: Vec<Vec<f64>> = Vec::new();
    // Column j of the projected matrix, entries 0..=j.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let start = |i: usize| {
        let pairs = (0..k.div_ceil(2)).map(|c| uniform_pair(seed ^ 0x5DEF_1A7E, (i * k + c) as u64));
        pairs.flatten().take(k).map(|u| u - 0.5).collect::<Vec<f64>>()
    };
    let mut block: Vec<Vec<f64>> = (0..BLOCK.min(size)).map(start).collect();
    let mut outside: Vec<Vec<f64>> = Vec::new();
    let mut last = 0;
    while basis.len() < size && !block.is_empty() {
        // An orthonormal block; vectors that are nothing new are dropped.
        let first = basis.len();
        for mut v in block {
            orthogonalise(&mut v, &basis);
            if basis.len() < size && normalise(&mut v) > EXHAUSTED {
                // What is left of a short vector is orthogonal only once more.
                orthogonalise(&mut v, &basis);
                normalise(&mut v);
                basis.push(v);
            }
        }
        last = basis.len() - first;
        outside = operator.apply(&basis[first..])?;
        for (j, w) in outside.iter_mut().enumerate() {
            columns.push(basis[..=first + j].iter().map(|q| dot(q, w)).collect());
            orthogonalise(w, &basis);
        }
        block = outside.clone();
    }
    let n = basis.len();
    let mut projected = vec![0.0; n * n];
    for (j, column) in columns.iter().enumerate() {
        for (i, &h) in column.iter().enumerate() {
            projected[i * n + j] = h;
            projected[j * n + i] = h;
        }
    }
    let mut found = Found { values: Vec::new(), vectors: Vec::new() };
    if n == 0 {
        return Ok(found);
    }
    let (ctx, matrix) = (operator.ctx, Symmetric::new(&projected, n, n, Triangle::Upper)?);
    let Decomposition { values, vectors } = eigh::decompose(ctx, &ctx.meter(), &matrix)?;
    // G y - theta y is what the last block left outside the space, combined as y combines that block.
    let residual = |c: usize| {
        let mut r = vec![0.0; k];
        for (j, w) in outside.iter().enumerate() {
            let h = vectors[c * n + n - last + j];
            r.iter_mut().zip(w).for_each(|(r, w)| *r += h * w);
        }
        dot(&r, &r).sqrt()
    };
    for c in 0..n {
        if values[c] > 0.0 && residual(c) <= CONVERGED * values[c] {
            let mut y = vec![0.0; k];
            for (j, q) in basis.iter().enumerate() {
                let h = vectors[c * n + j];
                y.iter_mut().zip(q).for_each(|(y, q)| *y += h * q);
            }
            found.values.push(values[c]);
            found.vectors.push(y);
        }
    }
    Ok(found)
}
