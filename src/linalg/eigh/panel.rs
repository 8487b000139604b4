//! QR factorisation of a panel of 32 columns in the compact WY form: Q = I - V T V' (Schreiber & Van Loan 1989).

use super::leaf::{EDGE, Leaf, TINY, Tile};

/// Householder vectors of a panel. `v` has the tiles of the panel, zeros above the diagonal and ones on it.
pub(super) struct Reflectors<'a> {
    pub(super) v: &'a mut [Tile],
    /// Upper triangular.
    pub(super) t: &'a mut Tile,
}

/// Factors `panel` in place: its first tile becomes R, the others mean nothing any more. 2 m 32^2 operations for m rows,
/// in one pass over memory a column: each pass subtracts the last reflection and takes the products for the next.
pub(super) fn factor(leaf: &Leaf, panel: &mut [Tile], out: Reflectors) {
    let Reflectors { v, t } = out;
    let mut taus = [0.0; EDGE];
    let mut factors = [0.0; EDGE];
    let mut squares = below(panel, 0);
    for c in 0..EDGE {
        taus[c] = reflector(leaf, panel, v, c, squares);
        let rest = &mut factors[c + 1..];
        if rest.is_empty() {
            break;
        }
        // The products of this reflector with the columns that it has yet to meet, which the last one leaves here.
        let last = c.saturating_sub(1);
        if c == 0 {
            rest.fill(0.0);
        }
        (leaf.reflect)(panel, c + 1, v, [last, c], rest);
        for factor in rest.iter_mut() {
            *factor *= taus[c];
        }
        // The next column first and alone: its reflector takes part in the next pass.
        squares = (leaf.subtract_column)(panel, c + 1, v, c, factors[c + 1]);
        factors[c + 1] = 0.0;
    }
    triangle(leaf, v, &taus, t);
}

/// Sum of squares of a column below the first tile.
fn below(panel: &[Tile], column: usize) -> f64 {
    panel[1..].iter().flat_map(|t| &t[column * EDGE..][..EDGE]).map(|x| x * x).sum()
}

/// Makes the reflector that clears column `c` below the diagonal, given the sum of squares below the first tile.
fn reflector(leaf: &Leaf, panel: &mut [Tile], v: &mut [Tile], c: usize, squares: f64) -> f64 {
    let first: &mut [f64] = &mut panel[0][c * EDGE..][..EDGE];
    let squares = first[c + 1..].iter().fold(squares, |sum, x| sum + x * x);
    let alpha = first[c];
    let (tau, scale) = if squares <= TINY {
        (0.0, 0.0)
    } else {
        let beta = -alpha.signum() * (alpha * alpha + squares).sqrt();
        first[c] = beta;
        ((beta - alpha) / beta, 1.0 / (alpha - beta))
    };
    let to = &mut v[0][c * EDGE..][..EDGE];
    to[..c].fill(0.0);
    to[c] = 1.0;
    for (to, x) in to[c + 1..].iter_mut().zip(&mut first[c + 1..]) {
        *to = *x * scale;
        *x = 0.0;
    }
    (leaf.scale_column)(panel, c, scale, v);
    tau
}

/// T of the product of the reflectors, column by column.
fn triangle(leaf: &Leaf, v: &[Tile], taus: &[f64; EDGE], t: &mut Tile) {
    let mut gram = [0.0; EDGE * EDGE];
    for v in v {
        (leaf.add)(&mut gram, &transposed(v), v);
    }
    t.fill(0.0);
    for (c, &tau) in taus.iter().enumerate() {
        for r in 0..c {
            let sum: f64 = (r..c).map(|k| t[k * EDGE + r] * gram[c * EDGE + k]).sum();
            t[c * EDGE + r] = -tau * sum;
        }
        t[c * EDGE + c] = tau;
    }
}

/// The tile, row by row.
pub(super) fn transposed(tile: &Tile) -> Tile {
    let mut out = [0.0; EDGE * EDGE];
    for (c, column) in tile.as_chunks::<EDGE>().0.iter().enumerate() {
        for (r, x) in column.iter().enumerate() {
            out[r * EDGE + c] = *x;
        }
    }
    out
}
