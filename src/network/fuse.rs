//! A ReLU and the maximum behind it as one unit: max(relu(z_1), ..., relu(z_k)) = max(z_1, ..., z_k, 0).

use super::build::assemble;
use super::graph::{Network, Node, NodeId, Op};

impl Network {
    /// The same function with every ReLU that only a max layer reads (directly or through changes of shape) put into
    /// that layer, as a constant candidate 0 behind its elements: its *floor*. A clamp from below, max(z, c), is put
    /// there as c.
    ///
    /// The affine maps are those of the unfused network, and so are the connected affine pieces and the distinct
    /// affine maps of a partition. The *activation cells* are others, usually fewer: the unfused network has a cell
    /// boundary wherever a ReLU changes its sign, even where its value loses the maximum. The pattern has no entry for
    /// a fused ReLU. The code of a fused maximum is the index of its largest candidate, the lowest among equals, and
    /// the number of its elements (for a window: of its taps) where the floor is larger than all of them.
    ///
    /// Copies the weights. A network without such a ReLU comes back as it is.
    pub fn fuse_relu_max(&self) -> Network {
        let (mut nodes, readers) = (self.nodes.clone(), self.readers());
        for id in 1..nodes.len() {
            let Some(low) = clamp(&nodes[id]) else { continue };
            let Some(max) = self.max_behind(id, &readers) else { continue };
            if let Op::Maxout { floor, .. } | Op::MaxPool { floor, .. } = &mut nodes[max].op {
                *floor = Some(floor.map_or(low, |floor| floor.max(low)));
            }
            let (reader, source) = (readers[id][0], nodes[id].inputs[0]);
            nodes[reader].inputs[0] = source;
        }
        assemble(nodes, self.output, self.single)
    }

    /// The nodes that read each node, once for each time that they do.
    fn readers(&self) -> Vec<Vec<NodeId>> {
        let mut readers = vec![Vec::new(); self.nodes.len()];
        for (id, node) in self.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|&i| readers[i].push(id));
        }
        readers
    }

    /// The max layer that alone, through changes of shape, reads the value of `id`.
    fn max_behind(&self, mut id: NodeId, readers: &[Vec<NodeId>]) -> Option<NodeId> {
        loop {
            let &[reader] = readers[id].as_slice() else { return None };
            match self.nodes[reader].op {
                _ if id == self.output => return None,
                Op::Maxout { .. } | Op::MaxPool { .. } => return Some(reader),
                Op::Reshape => id = reader,
                _ => return None,
            }
        }
    }
}

/// `c` if the node computes max(z, c) of all elements.
fn clamp(node: &Node) -> Option<f64> {
    let Op::Pointwise(functions) = &node.op else { return None };
    let (first, others) = functions.split_first()?;
    match (first.knots(), first.slopes()) {
        (&[low], &[0.0, 1.0]) if first.value() == low && others.iter().all(|f| f == first) => Some(low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Rng, reference, threads};
    use super::super::{Array, Builder, Pwl, Window};
    use super::*;
    use crate::context::Context;
    use ndarray::{Array2, ArrayView2, Axis, array};
    use proptest::prelude::*;

    fn relu() -> Vec<Pwl> {
        vec![Pwl::leaky_relu(0.0).unwrap()]
    }

    fn forward(net: &Network, ctx: &Context, x: ArrayView2<f64>) -> Array2<f64> {
        let mut y = Array2::zeros((x.nrows(), net.output_len()));
        net.forward(ctx, x, y.view_mut()).unwrap();
        y
    }

    #[test]
    fn a_maxout_by_hand() {
        let mut b = Builder::new(&[4]).unwrap();
        let on = b.pointwise(0, relu()).unwrap();
        let out = b.maxout(on, 2).unwrap();
        let net = b.finish(out).unwrap().fuse_relu_max();
        let ops: Vec<_> = net.nodes().iter().map(|n| n.op.clone()).collect();
        assert_eq!(ops, [Op::Input, Op::Maxout { group: 2, floor: Some(0.0) }]);
        let x = array![[1., 2., -1., -2.], [0., -1., -1., 0.], [-1., 3., 3., 3.]];
        for ctx in [reference(), Context::default()] {
            assert_eq!(forward(&net, &ctx, x.view()), array![[2., 0.], [0., 0.], [3., 3.]]);
            // A real candidate wins a tie with the floor, the lowest one a tie with others.
            assert_eq!(net.pattern(&ctx, x.view()).unwrap(), array![[1, 2], [0, 1], [1, 0]]);
            let (a, b) = net.affine_at(&ctx, x.row(0)).unwrap();
            assert_eq!((a, b), (array![[0., 1., 0., 0.], [0., 0., 0., 0.]], array![0., 0.]));
        }
    }

    #[test]
    fn a_padded_window_by_hand() {
        let mut b = Builder::new(&[1, 1, 3]).unwrap();
        let low = b.pointwise(0, vec![Pwl::clip(-0.5, f64::INFINITY).unwrap()]).unwrap();
        let window = Window { padding: [0, 1, 0, 0], ..Window::pool([1, 2]) };
        let out = b.max_pool2d(low, window, false).unwrap();
        let net = b.finish(out).unwrap();
        let fused = net.fuse_relu_max();
        assert_eq!((net.n_units(), fused.n_units()), (5, 2));
        // Windows (pad, a) and (b, c).
        let x = array![[-1., -2., -0.25], [3., -2., -1.], [-0.5, -0.5, -0.5]];
        for ctx in [reference(), Context::default()] {
            let y = array![[-0.5, -0.25], [3., -0.5], [-0.5, -0.5]];
            assert_eq!(forward(&fused, &ctx, x.view()), y);
            assert_eq!(fused.pattern(&ctx, x.view()).unwrap(), array![[2, 1], [1, 2], [1, 0]]);
            let (a, b) = fused.affine_at(&ctx, x.row(0)).unwrap();
            assert_eq!((a, b), (array![[0., 0., 0.], [0., 0., 1.]], array![-0.5, 0.]));
        }
        assert_eq!(fused.candidates(1), 3);
    }

    #[test]
    fn what_somebody_else_reads_stays() {
        let fused = |layers: &dyn Fn(&mut Builder, NodeId) -> NodeId| {
            let mut b = Builder::new(&[4]).unwrap();
            let out = layers(&mut b, 0);
            let net = b.finish(out).unwrap();
            net.n_units() - net.fuse_relu_max().n_units()
        };
        let max = |b: &mut Builder, x| b.maxout(x, 4).unwrap();
        let on = |b: &mut Builder, x| b.pointwise(x, relu()).unwrap();
        assert_eq!(fused(&|b, x| on(b, x)), 0, "the output");
        assert_eq!(fused(&|b, x| max(b, x)), 0, "no ReLU");
        let leaky = |b: &mut Builder, x| b.pointwise(x, vec![Pwl::leaky_relu(0.1).unwrap()]).unwrap();
        assert_eq!(fused(&|b, x| (leaky(b, x), max(b, 1)).1), 0, "a leaky one");
        let clamp = |low: f64| Pwl::clip(low, f64::INFINITY).unwrap();
        let mixed = vec![clamp(0.), clamp(0.), clamp(1.), clamp(0.)];
        assert_eq!(fused(&|b, x| (b.pointwise(x, mixed.clone()).unwrap(), max(b, 1)).1), 0, "several clamps");
        assert_eq!(fused(&|b, x| (on(b, x), max(b, 1)).1), 4);
        let shared = |b: &mut Builder, x| {
            let (x, y) = (on(b, x), max(b, 1));
            b.concat(&[x, y], 0).unwrap()
        };
        assert_eq!(fused(&shared), 0, "a second reader");
        let shaped = |b: &mut Builder, x| {
            let x = on(b, x);
            let image = b.reshape(x, &[1, 2, 2]).unwrap();
            b.max_pool2d(image, Window::pool([2, 2]), false).unwrap()
        };
        assert_eq!(fused(&shaped), 4, "through a change of shape");
    }

    /// The largest candidate of each unit of a max layer whose input is `z`, from the definition in
    /// [`Network::fuse_relu_max`].
    fn winners(net: &Network, id: NodeId, z: &[f64]) -> Vec<i32> {
        let (node, x) = (&net.nodes[id], &net.nodes[net.nodes[id].inputs[0]].shape);
        let plane = node.plane();
        let candidates = |i: usize| -> Vec<f64> {
            match &node.op {
                Op::Maxout { group, .. } => {
                    (0..*group).map(|k| z[(i / plane * group + k) * plane + i % plane]).collect()
                }
                Op::MaxPool { window, .. } => {
                    let at = (i % plane / node.shape[2], i % node.shape[2]);
                    let taps = (0..window.kernel[0]).flat_map(|r| (0..window.kernel[1]).map(move |c| (r, c)));
                    let read = |tap| match window.source((x[1], x[2]), at, tap) {
                        Some(j) => z[i / plane * x[1] * x[2] + j],
                        None => f64::NEG_INFINITY,
                    };
                    taps.map(read).collect()
                }
                op => unreachable!("{op:?}"),
            }
        };
        let best = |i| {
            let all: Vec<f64> = candidates(i).into_iter().chain(node.op.floor()).collect();
            let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            all.iter().position(|&v| v == most).unwrap() as i32
        };
        (0..node.len()).map(best).collect()
    }

    proptest! {
        #[test]
        fn fused_is_unfused(seed: u64) {
            let mut rng = Rng(seed);
            let net = rng.network();
            let fused = net.fuse_relu_max();
            let x = rng.batch(5, net.input_len());
            for ctx in [reference(), threads(2)] {
                prop_assert_eq!(forward(&fused, &ctx, x.view()), forward(&net, &ctx, x.view()));
            }
            for x in x.axis_iter(Axis(0)) {
                let maps = |net: &Network| net.affine_at(&threads(1), x).unwrap();
                let ((a, b), (c, d)) = (maps(&net), maps(&fused));
                let scale = a.iter().chain(&b).fold(1.0, |m: f64, v| m.max(v.abs()));
                for (u, v) in a.iter().zip(&c).chain(b.iter().zip(&d)) {
                    prop_assert!((u - v).abs() <= 1e-12 * scale, "{u} {v}");
                }
            }
            let codes = fused.pattern(&threads(1), x.view()).unwrap();
            for layer in fused.unit_layers().iter().filter(|layer| fused.nodes[layer.node].op.floor().is_some()) {
                let read = fused.nodes[layer.node].inputs[0];
                let z = match read {
                    0 => x.clone(),
                    _ => forward(&assemble(fused.nodes.clone(), read, false), &threads(1), x.view()),
                };
                for (z, codes) in z.axis_iter(Axis(0)).zip(codes.axis_iter(Axis(0))) {
                    let codes = &codes.as_slice().unwrap()[layer.first..][..layer.len];
                    prop_assert_eq!(codes, winners(&fused, layer.node, z.as_slice().unwrap()));
                }
            }
        }
    }

    #[test]
    fn random_networks_have_something_to_fuse() {
        let fused = |seed| {
            let net = Rng(seed).network();
            net.fuse_relu_max().n_units() < net.n_units()
        };
        assert!((0..100).filter(|&seed| fused(seed)).count() > 10);
    }

    #[test]
    fn weights_keep_their_precision() {
        let mut b = Builder::new(&[2]).unwrap();
        let x = b.dense(0, Array::f32(vec![1.0; 4]), [2, 2], None).unwrap();
        let x = b.pointwise(x, relu()).unwrap();
        let out = b.maxout(x, 2).unwrap();
        assert!(b.finish(out).unwrap().fuse_relu_max().is_f32());
    }
}
