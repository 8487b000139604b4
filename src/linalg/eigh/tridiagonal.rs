//! Eigenvalues of a symmetric tridiagonal matrix: root-free QL (Pal, Walker & Kahan; Parlett 1980, section 8.15; LAPACK's
//! `sterf`), with Wilkinson's shift. Works on the squares of the subdiagonal, so that a step has two divisions and no root.

use super::tiles::{floor_log2, power_of_two};
use crate::error::{Result, bail};

/// Iterations for each eigenvalue, on average, before giving up. About 1.7 are needed.
pub(super) const ITERATIONS: usize = 30;
/// Unit in the last place of 1.
pub(super) const ULP: f64 = f64::EPSILON / 2.0;
/// What is zero beside entries of about 1, 2^-400; its square is still far from underflow.
pub(super) const LEAST: f64 = f64::from_bits((1023 - 400) << 52);

/// Replaces `d` by the eigenvalues of the matrix with diagonal `d` and subdiagonal `e`, ascending; spoils `e`, which holds at
/// least `d.len() - 1` numbers. About 30 K^2 operations on one thread; backward error of a few u times the norm.
///
/// Conditions: NONFINITE, NUMERIC (no convergence, or an eigenvalue beyond the largest f64), SHAPE.
pub fn tridiagonal_values(d: &mut [f64], e: &mut [f64]) -> Result<()> {
    let n = d.len();
    if e.len() + 1 < n {
        bail!(Shape, "e has {} elements; expected at least {} for a diagonal of {n}", e.len(), n - 1)
    }
    let e = &mut e[..n.saturating_sub(1)];
    let mut largest = 0.0f64;
    for (name, x) in d.iter().map(|x| ("d", x)).chain(e.iter().map(|x| ("e", x))) {
        if !x.is_finite() {
            bail!(Nonfinite, "{name} holds {x}; expected finite numbers")
        }
        largest = largest.max(x.abs());
    }
    if largest == 0.0 {
        return Ok(());
    }
    let exponent = floor_log2(largest);
    for x in d.iter_mut().chain(e.iter_mut()) {
        *x = scaled(*x, -exponent);
    }
    iterate(d, e)?;
    d.sort_unstable_by(f64::total_cmp);
    restore(d, exponent)
}

/// x 2^e in two steps, as 2^e itself may be out of range.
fn scaled(x: f64, e: i32) -> f64 {
    x * power_of_two(e / 2) * power_of_two(e - e / 2)
}

/// Multiplies eigenvalues by 2^exponent.
pub(super) fn restore(values: &mut [f64], exponent: i32) -> Result<()> {
    for x in values {
        *x = scaled(*x, exponent);
        if x.is_infinite() {
            bail!(Numeric, "an eigenvalue is larger than the largest f64; scale the matrix down")
        }
    }
    Ok(())
}

/// The eigenvalues of a matrix whose entries are about 1, in any order.
pub(super) fn iterate(d: &mut [f64], e: &mut [f64]) -> Result<()> {
    let mut left = ITERATIONS * d.len();
    let mut start = 0;
    while start < d.len() {
        // A block ends where the subdiagonal is negligible.
        let small = |i: &usize| e[*i].abs() <= (d[*i].abs().sqrt() * d[*i + 1].abs().sqrt() * ULP).max(LEAST);
        let end = (start..e.len()).find(small).unwrap_or(d.len() - 1);
        let (d, e) = (&mut d[start..=end], &mut e[start..end]);
        for e in e.iter_mut() {
            *e *= *e;
        }
        // Small values first: those of a graded matrix keep their digits.
        if d[d.len() - 1].abs() < d[0].abs() {
            d.reverse();
            e.reverse();
        }
        block(d, e, &mut left)?;
        start = end + 1;
    }
    Ok(())
}

/// The eigenvalues of a block; `e` holds the squares of its subdiagonal.
fn block(d: &mut [f64], e: &mut [f64], left: &mut usize) -> Result<()> {
    let n = d.len();
    let mut l = 0;
    while l < n {
        let small = |i: &usize| e[*i] <= (ULP * ULP * (d[*i] * d[*i + 1]).abs()).max(LEAST * LEAST);
        let m = (l..n - 1).find(small).unwrap_or(n - 1);
        match m - l {
            0 => l += 1,
            1 => {
                [d[l], d[l + 1]] = pair(d[l], e[l].sqrt(), d[l + 1]);
                l += 2;
            }
            _ if *left == 0 => {
                bail!(Numeric, "eigenvalues: {ITERATIONS} iterations for each did not suffice")
            }
            _ => {
                *left -= 1;
                let root = e[l].sqrt();
                let slope = (d[l + 1] - d[l]) / (2.0 * root);
                let shift = d[l] - root / (slope + (slope * slope + 1.0).sqrt().copysign(slope));
                sweep(&mut d[l..=m], &mut e[l..m], shift);
            }
        }
    }
    Ok(())
}

/// Eigenvalues of [[a, b], [b, c]], the larger in size first (LAPACK's `lae2`).
fn pair(a: f64, b: f64, c: f64) -> [f64; 2] {
    let (sum, difference) = (a + c, a - c);
    let root = (difference * difference + 4.0 * b * b).sqrt();
    let (large, small) = if a.abs() > c.abs() { (a, c) } else { (c, a) };
    if sum == 0.0 {
        return [0.5 * root, -0.5 * root];
    }
    let first = 0.5 * (sum + root.copysign(sum));
    // In this order, as large * small may have lost digits.
    [first, (large / first) * small - (b / first) * b]
}

/// One step of root-free QL, from the end to the start, in Reinsch's form (Algorithm 464): `g` are the pivots of T - shift
/// taken from the end, `h` the sines of the rotations times them. Compared with the form of `sterf` the division for the
/// next pivot does not wait for that of the rotation, which makes a step half as long.
fn sweep(d: &mut [f64], e: &mut [f64], shift: f64) {
    let last = e.len();
    let mut s = 0.0;
    let mut g = pivot(d[last] - shift);
    let mut h = g;
    for i in (0..last).rev() {
        let b = e[i];
        let p = g * h;
        let r = p + b;
        if i + 1 < last {
            e[i + 1] = s * r;
        }
        s = b / r;
        g = pivot((d[i] - shift) - b / g);
        let new = g * p / r;
        d[i + 1] = h + (d[i] - new);
        h = new;
    }
    e[0] = s * (g * h);
    d[0] = h + shift;
}

/// A pivot, kept away from zero.
#[inline(always)]
fn pivot(g: f64) -> f64 {
    if g.abs() < LEAST { LEAST.copysign(g) } else { g }
}
