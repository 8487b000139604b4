//! z' f(G) z by Gauss quadrature: Lanczos from z gives a tridiagonal matrix whose eigenvalues are the nodes, and the squares
//! of the first components of its eigenvectors the weights (Golub and Welsch 1969).

use super::{Operator, dot, normalise, orthogonalise};
use crate::error::{Result, bail};

/// Nodes and weights of one start vector; and those of three quarters of the steps.
pub(super) struct Probe {
    square: f64,
    full: Vec<[f64; 2]>,
    short: Vec<[f64; 2]>,
}

impl Probe {
    /// The estimate of tr f(G).
    pub(super) fn trace(&self, short: bool, f: impl Fn(f64) -> [f64; 2]) -> [f64; 2] {
        let rule = if short { &self.short } else { &self.full };
        rule.iter().fold([0.0; 2], |sum, &[node, weight]| {
            let y = f(node);
            [sum[0] + self.square * weight * y[0], sum[1] + self.square * weight * y[1]]
        })
    }
}

/// The tridiagonal matrix of a Krylov space, and the space itself.
struct Krylov {
    square: f64,
    basis: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    beside: Vec<f64>,
}

/// Lanczos from each of the vectors in `starts`, orthogonal to `deflated`, all together so that the matrix is read once a
/// step. Of a matrix of trace 1.
pub(super) fn probe(
    operator: &Operator,
    deflated: &[Vec<f64>],
    starts: Vec<Vec<f64>>,
    steps: usize,
) -> Result<Vec<Probe>> {
    let mut spaces: Vec<Krylov> = starts
        .into_iter()
        .map(|mut z| {
            orthogonalise(&mut z, deflated);
            let length = normalise(&mut z);
            Krylov { square: length * length, basis: vec![z], diagonal: Vec::new(), beside: Vec::new() }
        })
        .collect();
    for _ in 0..steps.min(operator.k) {
        // Spaces that are exhausted need no more; their rule is exact.
        let open: Vec<usize> =
            (0..spaces.len()).filter(|&i| spaces[i].basis.len() > spaces[i].diagonal.len()).collect();
        let last: Vec<Vec<f64>> =
            open.iter().map(|&i| spaces[i].basis[spaces[i].diagonal.len()].clone()).collect();
        if last.is_empty() {
            break;
        }
        let products = operator.apply(&last)?;
        for (&i, mut w) in open.iter().zip(products) {
            let space = &mut spaces[i];
            space.diagonal.push(dot(&w, &last[open.iter().position(|&o| o == i).unwrap_or(0)]));
            orthogonalise(&mut w, deflated);
            orthogonalise(&mut w, &space.basis);
            let length = normalise(&mut w);
            if length > f64::EPSILON {
                space.beside.push(length);
                space.basis.push(w);
            }
        }
    }
    let rules = spaces.iter().map(|s| {
        let m = s.diagonal.len();
        let short = if m < steps { m } else { 3 * m / 4 };
        let rule = |m: usize| gauss(&s.diagonal[..m], &s.beside[..m.saturating_sub(1)]);
        Ok(Probe { square: s.square, full: rule(m)?, short: rule(short)? })
    });
    rules.collect()
}

/// Nodes and weights of a symmetric tridiagonal matrix: implicit QL, carrying the first row of the eigenvectors along.
fn gauss(diagonal: &[f64], beside: &[f64]) -> Result<Vec<[f64; 2]>> {
    let n = diagonal.len();
    let (mut d, mut e) = (diagonal.to_vec(), beside.to_vec());
    e.resize(n, 0.0);
    let mut first = vec![0.0; n];
    if let Some(f) = first.first_mut() {
        *f = 1.0;
    }
    for l in 0..n {
        let mut rounds = 0;
        // Up to the first entry beside the diagonal that is nothing.
        while let m = (l..n - 1)
            .find(|&m| d[m].abs() + d[m + 1].abs() + e[m].abs() == d[m].abs() + d[m + 1].abs())
            .unwrap_or(n - 1)
            && m != l
        {
            rounds += 1;
            if rounds > 60 {
                bail!(Numeric, "the quadrature of a probe did not converge")
            }
            let g = (d[l + 1] - d[l]) / (2.0 * e[l]);
            let mut g = d[m] - d[l] + e[l] / (g + g.hypot(1.0).copysign(g));
            let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
            let mut split = false;
            for i in (l..m).rev() {
                let (f, b) = (s * e[i], c * e[i]);
                let r = f.hypot(g);
                e[i + 1] = r;
                if r == 0.0 {
                    d[i + 1] -= p;
                    e[m] = 0.0;
                    split = true;
                    break;
                }
                s = f / r;
                c = g / r;
                g = d[i + 1] - p;
                let r = (d[i] - g) * s + 2.0 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                let (x, y) = (first[i], first[i + 1]);
                first[i + 1] = s * x + c * y;
                first[i] = c * x - s * y;
            }
            if !split {
                d[l] -= p;
                e[l] = g;
                e[m] = 0.0;
            }
        }
    }
    Ok(d.into_iter().zip(first).map(|(node, f)| [node, f * f]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tridiagonal matrix of Legendre's polynomials: Gauss's rule on [-1, 1] for 5 nodes.
    #[test]
    fn the_rule_of_gauss_and_legendre() {
        let beside: Vec<f64> = (1..5).map(|k| f64::from(k) / f64::from(4 * k * k - 1).sqrt()).collect();
        let mut rule = gauss(&[0.0; 5], &beside).unwrap();
        rule.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let want = [
            [-0.906_179_845_938_664, 0.236_926_885_056_189_1 / 2.0],
            [-0.538_469_310_105_683_1, 0.478_628_670_499_366_5 / 2.0],
            [0.0, 0.568_888_888_888_888_9 / 2.0],
        ];
        for (got, want) in rule.iter().zip(&want) {
            assert!((got[0] - want[0]).abs() < 1e-15 && (got[1] - want[1]).abs() < 1e-15, "{got:?} {want:?}");
        }
    }
}
