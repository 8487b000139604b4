//! Bounds of the rounding errors of the functionals on a cell, for the f64 filter of the predicates.
//!
//! A node with n elements holds n functionals (a, b, c). Let N be the sum over the three columns of their 2-norms, and E
//! the same for their errors. For Z = W Y + bias, each row summed in any order in t terms, u = 2^-53, g = (t + 8) u:
//!
//!   E(Z) <= |W| E(Y) + g (‖abs W‖ N(Y) + ‖bias‖)            (spectral norms, bounded from above)
//!   error of element k <= ‖row k‖ (E(Y) + g N(Y)) + g |bias k|   (Cauchy-Schwarz)
//!
//! N is taken from the values themselves on every cell, so the bounds follow what the network does there; products of
//! worst-case norms over all patterns would grow by an order of magnitude a layer.

use ndarray::{Array2, ArrayView2};

use crate::linalg::gemm::gemm;
use crate::network::{Network, NodeId, Op};
use crate::simd::{Isa, Kernels};

pub(crate) const U: f64 = f64::EPSILON / 2.0;
/// Covers the rounding of the bounds themselves.
const SLACK: f64 = 1.0 + 1e-6;
/// Added to norms, so that squares which underflow never make an error bound of 0: networks with weights that small are
/// left to the exact stage.
pub(crate) const TINY: f64 = 1e-150;
/// Dense layers up to this size get a sharp bound of their spectral norm.
const SHARP: usize = 1024;

/// What the error bound of an affine node needs to know of it.
pub(crate) struct Norms {
    /// Per input: bounds of the spectral norm of W and of abs W.
    slots: Vec<[f64; 2]>,
    bias: f64,
    gamma: f64,
    /// Most terms in a row.
    pub(crate) terms: usize,
    /// Per element: 2-norm of its row with its bias.
    pub(crate) rows: Vec<f64>,
}

impl Norms {
    pub(crate) fn new(net: &Network, id: NodeId) -> Norms {
        let node = &net.nodes()[id];
        let inputs = node.inputs.iter().map(|&i| net.nodes()[i].len());
        let mut columns: Vec<Vec<f64>> = inputs.map(|n| vec![0.0; n]).collect();
        let mut widest = vec![0.0f64; node.inputs.len()];
        let mut square = vec![0.0f64; node.inputs.len()];
        let mut rows = Vec::with_capacity(node.len());
        let (mut bias, mut terms) = (0.0, 0usize);
        let mut sums = vec![0.0; node.inputs.len()];
        for i in 0..node.len() {
            let (mut row, mut count) = (0.0, 0);
            sums.fill(0.0);
            let b = net.row(id, i, |slot, j, w| {
                columns[slot][j] += w.abs();
                sums[slot] += w.abs();
                square[slot] += w * w;
                row += w * w;
                count += 1;
            });
            rows.push((row + b * b).sqrt() * SLACK + TINY);
            bias += b * b;
            terms = terms.max(count);
            for (w, s) in widest.iter_mut().zip(&sums) {
                *w = w.max(*s);
            }
        }
        let slots = (0..node.inputs.len())
            .map(|slot| {
                let tallest = columns[slot].iter().fold(0.0f64, |m, &c| m.max(c));
                // ‖W‖ <= sqrt(‖W‖_1 ‖W‖_inf) and <= ‖W‖_F, for abs W as well.
                let abs = (widest[slot] * tallest).sqrt().min(square[slot].sqrt()) * SLACK + TINY;
                [spectral(net, id).map_or(abs, |s| s.min(abs)), abs]
            })
            .collect();
        Norms { slots, bias: bias.sqrt() * SLACK + TINY, gamma: (terms + 8) as f64 * U, terms, rows }
    }

    /// E of the node from (N, E) of its inputs.
    pub(crate) fn error(&self, inputs: impl Iterator<Item = (f64, f64)>) -> f64 {
        let mut error = self.gamma * self.bias;
        for ([norm, abs], (n, e)) in self.slots.iter().zip(inputs) {
            error += norm * e + self.gamma * abs * n;
        }
        error * SLACK
    }

    /// The factor by which `rows` become the errors of the elements, from (N, E) of the inputs.
    pub(crate) fn factor(&self, inputs: impl Iterator<Item = (f64, f64)>) -> f64 {
        // Row and bias are one vector, the inputs and 1 the other.
        let (n, e) = inputs.fold((1.0, 0.0), |(n, e), (m, f)| (n + m, e + f));
        (e + self.gamma * n) * SLACK
    }
}

/// A sharp upper bound of the spectral norm of a dense layer: ‖(W'W)^2‖_F^(1/4), at most n^(1/8) too large.
fn spectral(net: &Network, id: NodeId) -> Option<f64> {
    let Op::Dense { weight, .. } = &net.nodes()[id].op else { return None };
    let (m, n) = (net.nodes()[id].len(), net.nodes()[net.nodes()[id].inputs[0]].len());
    if m > SHARP || n > SHARP {
        return None;
    }
    let w = weight.to_f64();
    let w = ArrayView2::from_shape((m, n), &w).expect("(out, in)");
    // The smaller of W W' and W' W.
    let (left, right) = if n <= m { (w.reversed_axes(), w) } else { (w, w.reversed_axes()) };
    let square = |a: ArrayView2<f64>, b: ArrayView2<f64>| {
        let mut c = Array2::zeros((m.min(n), m.min(n)));
        gemm(Isa::detect(), a, b, false, c.view_mut());
        c
    };
    let g = square(left, right);
    let gg = square(g.view(), g.view());
    let f: f64 = gg.iter().map(|x| x * x).sum();
    let bound = f.sqrt().sqrt().sqrt() * SLACK;
    // Eighth powers: outside this range they may have over- or underflowed.
    (1e-30..1e30).contains(&bound).then_some(bound)
}

/// N of a block of `rows` rows. Its thirds hold several columns each: g of them add up to at most sqrt(g) times the norm
/// of all.
pub(crate) fn size(kernels: &Kernels, block: &[f64], rows: usize) -> f64 {
    (kernels.norms)(block).iter().sum::<f64>() * (rows as f64 / 3.0).sqrt() * SLACK + TINY
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Array, Builder};

    #[test]
    fn spectral_norm_is_bounded_from_above_and_sharply() {
        // 2 x 3 with singular values 5 and 3: [[2, 2, 1 .. scaled]] built from an SVD by hand.
        // W = [[3, 2, 2], [2, 3, -2]] has W W' = [[17, 8], [8, 17]] and singular values 5 and 3.
        let mut b = Builder::new(&[3]).unwrap();
        let w = Array::f64(vec![3.0, 2.0, 2.0, 2.0, 3.0, -2.0]);
        b.dense(0, w, [2, 3], Some(Array::f64(vec![0.0, 1.0]))).unwrap();
        let net = b.finish(1).unwrap();
        let s = spectral(&net, 1).unwrap();
        assert!((5.0..5.0 * 2f64.powf(0.125) * 1.001).contains(&s), "{s}");
        let norms = Norms::new(&net, 1);
        assert_eq!(norms.slots[0][0], s.min(norms.slots[0][1]));
        assert!((norms.rows[1] - 18f64.sqrt()).abs() < 1e-4);
    }
}
