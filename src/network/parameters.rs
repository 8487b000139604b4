//! The numbers of a network as a list, and the same graph with other numbers.

use super::array::Array;
use super::build::check::{finite, show};
use super::graph::{Network, Node, NodeId, Op};
use crate::error::{Result, bail};

/// One array of constants of a network. The list of all, [`Network::parameters`], is in the order of the nodes, weight
/// (or scale) before bias (or shift).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The node that it belongs to.
    pub node: NodeId,
    /// 0 = weight or scale, 1 = bias or shift.
    pub which: usize,
    /// (out, in) or (O, C / groups, kh, kw) of a weight, (out) or (O) of a bias, (n) of a scale or a shift.
    pub shape: Vec<usize>,
}

impl Parameter {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Network {
    /// All arrays of constants: in the order of the nodes, weight before bias, scale before shift. A layer without a
    /// bias has no entry for it; a scale/shift layer always has both.
    pub fn parameters(&self) -> Vec<Parameter> {
        let arrays = |(node, n): (NodeId, &Node)| {
            let arrays = n.op.arrays().into_iter().enumerate();
            let given = arrays.filter_map(|(which, a)| Some((which, a?)));
            given.map(|(which, a)| Parameter { node, which, shape: self.shape_of(node, which, a) }).collect()
        };
        self.nodes.iter().enumerate().flat_map::<Vec<_>, _>(arrays).collect()
    }

    /// The numbers of a parameter of this network.
    pub fn parameter(&self, parameter: &Parameter) -> &Array {
        self.nodes[parameter.node].op.arrays()[parameter.which].expect("a parameter of this network")
    }

    /// What a parameter is called in its layer: weight, bias, scale or shift.
    pub fn parameter_name(&self, parameter: &Parameter) -> &'static str {
        name(&self.nodes[parameter.node].op, parameter.which)
    }

    /// The same graph with other numbers: one array for each of [`Network::parameters`], in that order, of the same
    /// length. Costs one pass over the numbers that are new (they must be finite); arrays that are copies of those of
    /// this network are shared, with everything that was made of them.
    ///
    /// An array may come in another precision than the one it replaces. The result counts as single precision
    /// ([`Network::is_f32`]) if all of its arrays are, but for those that this network, counting as single, keeps in
    /// double too (a folded batch-norm).
    ///
    /// Conditions: SHAPE (number of arrays, length of an array), NONFINITE.
    pub fn with_parameters(&self, arrays: Vec<Array>) -> Result<Network> {
        let expected = self.nodes.iter().flat_map(|n| n.op.arrays()).flatten().count();
        if arrays.len() != expected {
            bail!(Shape, "parameters has {} arrays; the network has {expected}", arrays.len())
        }
        let mut net = self.clone();
        net.single = true;
        let mut arrays = arrays.into_iter();
        for (id, (node, old)) in net.nodes.iter_mut().zip(&self.nodes).enumerate() {
            let old = old.op.arrays();
            for (which, (slot, old)) in node.op.arrays_mut().into_iter().zip(old).enumerate() {
                let (Some(slot), Some(old)) = (slot, old) else { continue };
                let new = arrays.next().expect("counted above");
                self.check_parameter(id, which, old, &new)?;
                net.single &= new.is_f32() || (self.single && !old.is_f32());
                *slot = new;
            }
        }
        Ok(net)
    }

    /// SHAPE or NONFINITE unless `new` can take the place of `old`.
    fn check_parameter(&self, node: NodeId, which: usize, old: &Array, new: &Array) -> Result<()> {
        let who = || format!("'{}' (node {node})", self.nodes[node].name);
        if new.len() != old.len() {
            let (name, shape) = (name(&self.nodes[node].op, which), self.shape_of(node, which, old));
            let (n, len) = (new.len(), old.len());
            bail!(Shape, "{}: {name} has {n} elements; shape {} has {len}", who(), show(&shape))
        }
        if new.is(old) {
            return Ok(());
        }
        match new.first_non_finite() {
            None => Ok(()),
            Some(_) => finite(new, &self.shape_of(node, which, old), name(&self.nodes[node].op, which), who),
        }
    }

    fn shape_of(&self, node: NodeId, which: usize, array: &Array) -> Vec<usize> {
        let n = &self.nodes[node];
        match (&n.op, which) {
            (Op::Dense { .. }, 0) => vec![n.len(), self.nodes[n.inputs[0]].len()],
            (Op::Conv2d { window, groups, .. }, 0) => {
                let channels = self.nodes[n.inputs[0]].shape[0] / groups;
                vec![n.shape[0], channels, window.kernel[0], window.kernel[1]]
            }
            _ => vec![array.len()],
        }
    }
}

fn name(op: &Op, which: usize) -> &'static str {
    match (op, which) {
        (Op::ScaleShift { .. }, 0) => "scale",
        (Op::ScaleShift { .. }, _) => "shift",
        (_, 0) => "weight",
        _ => "bias",
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Rng, threads};
    use super::super::{Builder, Pwl, Window};
    use super::*;
    use crate::error::Condition;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn values(net: &Network) -> Vec<Array> {
        net.parameters().iter().map(|p| net.parameter(p).clone()).collect()
    }

    fn forward(net: &Network, x: &Array2<f64>) -> Array2<f64> {
        let mut y = Array2::zeros((x.nrows(), net.output_len()));
        net.forward(&threads(1), x.view(), y.view_mut()).unwrap();
        y
    }

    fn small() -> Network {
        let mut b = Builder::new(&[2, 3, 3]).unwrap();
        let ones = |n| Array::f32(vec![1.0; n]);
        b.conv2d(0, ones(16), [4, 1, 2, 2], None, Window::new([2, 2]), 2).unwrap();
        b.batch_norm(1, None, None, ones(4), ones(4), 1e-5).unwrap();
        b.pointwise(2, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
        b.flatten(3).unwrap();
        b.dense(4, ones(32), [2, 16], Some(ones(2))).unwrap();
        b.finish(5).unwrap()
    }

    #[test]
    fn the_order_is_that_of_the_nodes() {
        let net = small();
        let all: Vec<_> =
            net.parameters().iter().map(|p| (p.node, net.parameter_name(p), p.shape.clone())).collect();
        let expected = [
            (1, "weight", vec![4, 1, 2, 2]),
            (2, "scale", vec![4]),
            (2, "shift", vec![4]),
            (5, "weight", vec![2, 16]),
            (5, "bias", vec![2]),
        ];
        assert_eq!(all, expected);
        assert_eq!(net.parameters().iter().map(Parameter::len).sum::<usize>(), net.n_parameters());
    }

    #[test]
    fn other_biases_share_the_weights() {
        let net = small();
        let mut arrays = values(&net);
        arrays[4] = Array::f32(vec![3.0, 4.0]);
        let other = net.with_parameters(arrays).unwrap();
        assert!(values(&net)[..4].iter().zip(&values(&other)).all(|(a, b)| a.is(b)));
        let y = forward(&other, &Array2::zeros((1, 18))) - forward(&net, &Array2::zeros((1, 18)));
        assert_eq!(y, ndarray::array![[2.0, 3.0]]);
        assert!(net.is_f32() && other.is_f32(), "a folded batch-norm of single-precision numbers");
        let mut arrays = values(&net);
        arrays[4] = Array::f64(vec![3.0, 4.0]);
        assert!(!net.with_parameters(arrays).unwrap().is_f32());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let net = small();
        let refused = |change: &dyn Fn(&mut Vec<Array>)| {
            let mut arrays = values(&net);
            change(&mut arrays);
            net.with_parameters(arrays).unwrap_err()
        };
        let e = refused(&|a| _ = a.pop());
        assert_eq!(e.to_string(), "[SHAPE] parameters has 4 arrays; the network has 5");
        let e = refused(&|a| a[3] = Array::f32(vec![0.0; 31]));
        assert_eq!(e.to_string(), "[SHAPE] 'dense_5' (node 5): weight has 31 elements; shape (2, 16) has 32");
        let mut bad = vec![0.0f32; 32];
        bad[17] = f32::NAN;
        let e = refused(&|a| a[3] = Array::f32(bad.clone()));
        assert_eq!(e.condition(), Condition::Nonfinite);
        assert_eq!(e.message(), "'dense_5' (node 5): weight[1, 1] is NaN; expected a finite number");
    }

    proptest! {
        #[test]
        fn a_network_with_the_numbers_of_another_computes_like_it(seed: u64) {
            // Two networks of one seed whose numbers differ by a factor: values of the second put into the first.
            let net = Rng(seed).network();
            let scaled = |a: &Array| Array::f64((0..a.len()).map(|i| 1.5 * a.get(i) + 0.25).collect());
            let arrays: Vec<Array> = values(&net).iter().map(scaled).collect();
            let other = net.with_parameters(arrays.clone()).unwrap();
            prop_assert_eq!(values(&other), arrays);
            let back = other.with_parameters(values(&net)).unwrap();
            let x = Rng(seed).batch(3, net.input_len());
            // A change of the order of operations would show: the same graph, so the same bits.
            prop_assert_eq!(forward(&back, &x), forward(&net, &x));
            // Every output of the plain definition.
            let plain = |net: &Network| {
                let mut y = Array2::zeros((3, net.output_len()));
                net.forward(&super::super::testing::reference(), x.view(), y.view_mut()).unwrap();
                y
            };
            let (fast, plain) = (forward(&other, &x), plain(&other));
            let scale = plain.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            prop_assert!(fast.iter().zip(&plain).all(|(a, b)| (a - b).abs() <= 1e-12 * scale));
        }
    }
}
