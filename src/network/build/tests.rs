use super::*;
use crate::error::Condition::{self, *};
use crate::network::{Array, Pwl, Window};

fn ones(n: usize) -> Array {
    Array::f32(vec![1.0; n])
}

fn relu() -> Vec<Pwl> {
    vec![Pwl::leaky_relu(0.0).unwrap()]
}

/// The builder refuses, says why with these words, and stays as it was.
#[track_caller]
fn refuses(
    b: &mut Builder,
    layer: impl FnOnce(&mut Builder) -> Result<NodeId>,
    condition: Condition,
    words: &[&str],
) {
    let before = b.last();
    let e = layer(b).unwrap_err();
    assert_eq!(e.condition(), condition, "{e}");
    for word in words {
        assert!(e.message().contains(word), "{word:?} is not in: {e}");
    }
    assert_eq!(b.last(), before);
}

#[test]
fn shapes_chain_through_a_conv_net() {
    let mut b = Builder::new(&[2, 9, 7]).unwrap();
    let w = Window { stride: [2, 1], padding: [1, 0, 2, 1], dilation: [1, 2], ..Window::new([0, 0]) };
    let conv = b.conv2d(0, ones(4 * 3 * 2), [4, 1, 3, 2], Some(ones(4)), w, 2).unwrap();
    assert_eq!(b.shape(conv).unwrap(), [4, 5, 6]);
    let bn = b.batch_norm(conv, None, None, ones(4), ones(4), 0.0).unwrap();
    let act = b.pointwise(bn, relu()).unwrap();
    let pool = b.max_pool2d(act, Window::pool([2, 2]), true).unwrap();
    assert_eq!(b.shape(pool).unwrap(), [4, 3, 3]);
    let avg = b.avg_pool2d(pool, Window { padding: [1; 4], ..Window::pool([2, 2]) }, false, true).unwrap();
    assert_eq!(b.shape(avg).unwrap(), [4, 2, 2]);
    let cat = b.concat(&[avg, avg], 0).unwrap();
    let sum = b.add(&[cat, cat]).unwrap();
    let max = b.maxout(sum, 4).unwrap();
    assert_eq!(b.shape(max).unwrap(), [2, 2, 2]);
    let mean = b.global_avg_pool(max).unwrap();
    assert_eq!(b.shape(mean).unwrap(), [2, 1, 1]);
    let flat = b.flatten(mean).unwrap();
    let out = b.dense(flat, ones(6), [3, 2], None).unwrap();
    let net = b.finish(out).unwrap();
    assert_eq!((net.input_shape(), net.output_shape()), (&[2usize, 9, 7][..], &[3usize][..]));
    let units: Vec<_> = net.unit_layers().iter().map(|u| (u.node, u.first, u.len)).collect();
    assert_eq!(units, [(act, 0, 120), (pool, 120, 36), (max, 156, 8)]);
    assert_eq!(net.n_units(), 164);
    assert_eq!(net.n_parameters(), 24 + 4 + 8 + 6);
    assert!(net.is_f32());
}

#[test]
fn finish_drops_what_the_output_does_not_need() {
    let mut b = Builder::new(&[3]).unwrap();
    let unused = b.dense(0, Array::f64(vec![0.5; 3]), [1, 3], None).unwrap();
    b.pointwise(unused, relu()).unwrap();
    let used = b.dense(0, ones(6), [2, 3], None).unwrap();
    b.name(used, "fc").unwrap();
    let out = b.pointwise(used, relu()).unwrap();
    let net = b.finish(out).unwrap();
    assert_eq!(
        net.nodes().iter().map(|n| n.name.as_str()).collect::<Vec<_>>(),
        ["input", "fc", "pointwise_4"]
    );
    assert_eq!((net.nodes()[2].inputs[0], net.output(), net.n_units()), (1, 2, 2));
    assert!(net.is_f32(), "the f64 layer was dropped");
    assert!(!b.finish(unused).unwrap().is_f32());
    assert_eq!(b.finish(0).unwrap_err().condition(), Graph);
    assert_eq!(b.finish(99).unwrap_err().to_string(), "[GRAPH] node 99 does not exist; nodes 0 to 4 do");
}

#[test]
fn hard_sigmoid_is_a_scale_and_a_clip() {
    let mut b = Builder::new(&[1]).unwrap();
    let out = b.hard_sigmoid(0, 0.25, 0.5).unwrap();
    let net = b.finish(out).unwrap();
    assert_eq!(net.row(1, 0, |slot, j, w| assert_eq!((slot, j, w), (0, 0, 0.25))), 0.5);
    assert_eq!(net.activation(2, 0), &Pwl::clip(0.0, 1.0).unwrap());
}

#[test]
fn inputs_without_elements_or_with_too_many_are_refused() {
    for shape in [&[][..], &[0], &[3, 0, 2], &[1 << 20, 1 << 20], &[usize::MAX, 2]] {
        assert_eq!(Builder::new(shape).unwrap_err().condition(), Shape, "{shape:?}");
    }
}

#[test]
fn shape_errors_name_the_layer_and_both_shapes() {
    let mut b = Builder::new(&[2, 4, 4]).unwrap();
    b.name(0, "image").unwrap();
    let (w1, w3) = (Window::new([1, 1]), Window::new([3, 3]));
    refuses(
        &mut b,
        |b| b.dense(0, ones(12), [3, 4], None),
        Shape,
        &["dense (node 1)", "(3, 4)", "'image'", "(2, 4, 4)"],
    );
    refuses(&mut b, |b| b.dense(7, ones(12), [3, 4], None), Graph, &["node 7"]);
    refuses(
        &mut b,
        |b| b.conv2d(0, ones(9), [1, 1, 3, 3], None, w1, 1),
        Shape,
        &["(1, 1, 3, 3)", "(2, 4, 4)"],
    );
    refuses(&mut b, |b| b.conv2d(0, ones(9), [1, 1, 3, 3], None, w1, 2), Shape, &["groups is 2"]);
    refuses(&mut b, |b| b.conv2d(0, ones(9), [2, 1, 3, 3], None, w1, 0), Shape, &["groups is 0"]);
    refuses(
        &mut b,
        |b| b.conv2d(0, ones(50), [1, 2, 5, 5], None, w1, 1),
        Shape,
        &["kernel (5, 5)", "(2, 4, 4)"],
    );
    refuses(&mut b, |b| b.conv2d(0, ones(1), [0, 2, 1, 1], None, w1, 1), Shape, &["weight", "(0, 2, 1, 1)"]);
    refuses(&mut b, |b| b.conv2d(0, ones(5), [1, 2, 1, 1], None, w1, 1), Shape, &["5 elements"]);
    refuses(&mut b, |b| b.conv2d(0, ones(2), [1, 2, 1, 1], Some(ones(2)), w1, 1), Shape, &["bias"]);
    refuses(&mut b, |b| b.max_pool2d(0, Window::pool([5, 1]), false), Shape, &["kernel (5, 1)"]);
    refuses(
        &mut b,
        |b| b.max_pool2d(0, Window { padding: [3, 0, 0, 0], ..w3 }, false),
        Shape,
        &["only padding"],
    );
    refuses(&mut b, |b| b.batch_norm(0, None, None, ones(3), ones(2), 0.0), Shape, &["mean", "expected 2"]);
    refuses(&mut b, |b| b.scale_shift(0, Some(ones(4)), None), Shape, &["scale", "expected 1, 2 or 32"]);
    refuses(&mut b, |b| b.pointwise(0, vec![]), Shape, &["0 functions"]);
    refuses(&mut b, |b| b.prelu(0, ones(3)), Shape, &["3 functions", "expected 1 or 2"]);
    refuses(&mut b, |b| b.maxout(0, 3), Shape, &["group is 3", "divisor of 2"]);
    refuses(&mut b, |b| b.reshape(0, &[-1, 5]), Shape, &["[-1, 5]", "(2, 4, 4)"]);
    refuses(&mut b, |b| b.reshape(0, &[-1, -1]), Shape, &["at most one -1"]);
    refuses(&mut b, |b| b.reshape(0, &[i64::MAX, i64::MAX]), Shape, &["number of elements"]);
    let flat = b.flatten(0).unwrap();
    refuses(&mut b, |b| b.add(&[0, flat]), Shape, &["(2, 4, 4)", "(32)"]);
    refuses(&mut b, |b| b.concat(&[0, flat], 0), Shape, &["(2, 4, 4)", "(32)"]);
    refuses(&mut b, |b| b.concat(&[flat], 1), Argument, &["axis is 1"]);
    refuses(&mut b, |b| b.add(&[]), Argument, &["no inputs"]);
    refuses(&mut b, |b| b.conv2d(flat, ones(1), [1; 4], None, w1, 1), Shape, &["expected (C, H, W)"]);
}

#[test]
fn numbers_that_are_not_finite_are_named() {
    let mut b = Builder::new(&[2]).unwrap();
    let bad = Array::f32(vec![1.0, 2.0, f32::NAN, 4.0]);
    refuses(&mut b, |b| b.dense(0, bad, [2, 2], None), Nonfinite, &["dense (node 1)", "weight[1, 0] is NaN"]);
    let inf = Some(Array::f64(vec![0.0, f64::INFINITY]));
    refuses(&mut b, |b| b.dense(0, ones(4), [2, 2], inf.clone()), Nonfinite, &["bias[1] is inf"]);
    refuses(&mut b, |b| b.scale_shift(0, None, inf.clone()), Nonfinite, &["shift[1]"]);
    refuses(&mut b, |b| b.batch_norm(0, inf.clone(), None, ones(2), ones(2), 0.0), Nonfinite, &["gamma[1]"]);
    refuses(&mut b, |b| b.prelu(0, inf.clone().unwrap()), Nonfinite, &["slopes[1]"]);
    refuses(&mut b, |b| b.hard_sigmoid(0, f64::NAN, 0.0), Nonfinite, &["NaN"]);
}

#[test]
fn windows_and_variances_must_make_sense() {
    let mut b = Builder::new(&[1, 4, 4]).unwrap();
    let w = Window::new([2, 2]);
    refuses(
        &mut b,
        |b| b.max_pool2d(0, Window { stride: [0, 1], ..w }, false),
        Argument,
        &["stride is (0, 1)"],
    );
    refuses(&mut b, |b| b.max_pool2d(0, Window { dilation: [1, 0], ..w }, false), Argument, &["dilation"]);
    refuses(&mut b, |b| b.max_pool2d(0, Window { kernel: [0, 2], ..w }, false), Argument, &["kernel"]);
    let huge = Window { padding: [usize::MAX; 4], ..w };
    refuses(&mut b, |b| b.avg_pool2d(0, huge, false, true), Argument, &["padding"]);
    let wide = Window { padding: [1 << 20; 4], ..w };
    refuses(&mut b, |b| b.conv2d(0, ones(4), [1, 1, 2, 2], None, wide, 1), Shape, &["elements"]);
    let var = Array::f64(vec![-1.0]);
    refuses(&mut b, |b| b.batch_norm(0, None, None, ones(1), var, 1e-5), Argument, &["var[0] + eps"]);
}
