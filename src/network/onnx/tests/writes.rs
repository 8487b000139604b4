//! Files that are written. Their numbers are checked against onnxruntime in tests/python/test_onnx.py, those of the files of
//! torch, written again, in tests/network.rs.

use ndarray::{ArrayView2, array};
use proptest::prelude::*;

use super::*;
use crate::network::testing::{Rng, reference, threads};
use crate::network::{Array, Builder, OnnxPrecision, OnnxWriteOptions, Op, Pwl, Smooth, Window};

fn written(net: &Network, precision: Option<OnnxPrecision>) -> Model {
    Model::decode(&net.to_onnx(&OnnxWriteOptions { precision }).unwrap()[..]).unwrap()
}

/// The network, written and read again.
fn again(net: &Network) -> Network {
    Network::from_onnx(&net.to_onnx(&OnnxWriteOptions::default()).unwrap()).unwrap()
}

fn forward(net: &Network, ctx: &Context, x: ArrayView2<f64>) -> Array2<f64> {
    let mut y = Array2::zeros((x.nrows(), net.output_len()));
    net.forward(ctx, x, y.view_mut()).unwrap();
    y
}

/// A network of one layer that `add` puts behind an input of shape (2, 1, 3).
fn one(add: impl Fn(&mut Builder) -> crate::Result<usize>) -> Network {
    let mut b = Builder::new(&[2, 1, 3]).unwrap();
    let out = add(&mut b).unwrap();
    b.finish(out).unwrap()
}

fn pwl(knots: &[f64], slopes: &[f64], value: f64) -> Pwl {
    Pwl::new(knots.to_vec(), slopes.to_vec(), value).unwrap()
}

/// The operators of a file.
fn ops(net: &Network) -> Vec<String> {
    written(net, None).graph.unwrap().node.into_iter().map(|n| n.op_type).collect()
}

#[test]
fn a_dense_layer_and_a_relu_byte_by_byte() {
    let mut b = Builder::new(&[2]).unwrap();
    let weight = Array::f32(vec![1., 2., 3., 4., 5., 0.1]);
    let h = b.dense(0, weight, [3, 2], Some(Array::f32(vec![0.5, 0., -0.5]))).unwrap();
    let y = b.pointwise(h, vec![Pwl::leaky_relu(0.0).unwrap()]).unwrap();
    b.name(y, "y").unwrap();
    let net = b.finish(y).unwrap();
    let file = written(&net, None);
    assert_eq!((file.ir_version, file.producer_name.as_str()), (7, "cpwl"));
    assert_eq!((file.opset_import[0].domain.as_str(), file.opset_import[0].version), ("", 13));
    let graph = file.graph.unwrap();
    let info = |v: &messages::ValueInfo| {
        let tensor = v.ty.clone().unwrap().tensor.unwrap();
        let dims = tensor.shape.unwrap().dim.into_iter().map(|d| d.value.ok_or(d.name));
        (v.name.clone(), tensor.elem_type, dims.collect::<Vec<_>>())
    };
    let batch = || Err("N".to_owned());
    assert_eq!(info(&graph.input[0]), ("input".into(), dtype::FLOAT, vec![batch(), Ok(2)]));
    assert_eq!(info(&graph.output[0]), ("y".into(), dtype::FLOAT, vec![batch(), Ok(3)]));
    let nodes: Vec<_> =
        graph.node.iter().map(|n| (n.op_type.as_str(), n.name.as_str(), &n.input[..])).collect();
    let gemm = ["input", "dense_1/weight", "dense_1/bias"].map(String::from);
    assert_eq!(nodes, [("Gemm", "dense_1", &gemm[..]), ("Relu", "y", &["dense_1".to_owned()][..])]);
    let weight = &graph.initializer[0];
    assert_eq!((weight.name.as_str(), &weight.dims[..]), ("dense_1/weight", &[3, 2][..]));
    assert_eq!(weight.raw_data.len(), 24);
    assert_eq!(weight.raw_data[20..], [0xCD, 0xCC, 0xCC, 0x3D], "0.1f32, little-endian");

    let double = written(&net, Some(OnnxPrecision::Double)).graph.unwrap();
    assert_eq!(double.initializer[0].data_type, dtype::DOUBLE);
    assert_eq!(double.initializer[0].raw_data[40..], f64::from(0.1f32).to_le_bytes());
}

#[test]
fn rounding_to_single_precision_is_asked_for_and_checked() {
    let net = |w: f64| {
        let mut b = Builder::new(&[1]).unwrap();
        let out = b.dense(0, Array::f64(vec![w]), [1, 1], None).unwrap();
        b.finish(out).unwrap()
    };
    let one = net(0.1);
    assert_eq!(written(&one, None).graph.unwrap().initializer[0].data_type, dtype::DOUBLE);
    let single = OnnxWriteOptions { precision: Some(OnnxPrecision::Single) };
    let file = Network::from_onnx(&one.to_onnx(&single).unwrap()).unwrap();
    let Op::Dense { weight, .. } = &file.nodes()[1].op else { panic!() };
    assert_eq!((weight, file.is_f32()), (&Array::f32(vec![0.1]), true));
    let e = net(1e39).to_onnx(&single).unwrap_err();
    assert_eq!(
        e.to_string(),
        "[NONFINITE] 'dense_1': element 0 of weight is 1e39, beyond the range of single precision; write the file in double"
    );
}

#[test]
fn activations_are_the_operators_of_that_name() {
    let of = |functions: Vec<Pwl>| ops(&one(|b| b.pointwise(0, functions.clone())));
    let leaky = |slope| Pwl::leaky_relu(slope).unwrap();
    assert_eq!(of(vec![leaky(0.0)]), ["Relu"]);
    assert_eq!(of(vec![leaky(0.0), leaky(0.0)]), ["Relu"]);
    assert_eq!(of(vec![leaky(-1.0)]), ["Abs"]);
    assert_eq!(of(vec![leaky(0.25)]), ["LeakyRelu"]);
    assert_eq!(of(vec![leaky(0.25), leaky(0.0)]), ["PRelu"]);
    let clip = |low, high| Pwl::clip(low, high).unwrap();
    assert_eq!(of(vec![clip(-1.0, 2.0)]), ["Clip"]);
    assert_eq!(of(vec![clip(-1.0, f64::INFINITY), clip(0.5, f64::INFINITY)]), ["Max"]);
    assert_eq!(of(vec![clip(-1.0, 2.0), clip(f64::NEG_INFINITY, 1.0)]), ["Max", "Min"]);
    assert_eq!(of(vec![pwl(&[1.0], &[-1.0, 3.0], 2.0)]), ["Sub", "Mul", "Relu", "Mul", "Sum"]);
    // 0.1 is no number of single precision, which attributes are: in double the slope is a constant.
    let tenth = one(|b| b.pointwise(0, vec![leaky(0.1)]));
    let op = |precision| written(&tenth, Some(precision)).graph.unwrap().node[0].op_type.clone();
    assert_eq!((op(OnnxPrecision::Single), op(OnnxPrecision::Double)), ("LeakyRelu".into(), "PRelu".into()));
}

#[test]
fn functions_of_every_kind_keep_their_values() {
    let x = array![[-2.0, -1.0, -0.5, 0.0, 0.25, 3.0], [1.0, 0.5, -3.0, 2.0, -0.75, 0.1]];
    for functions in [
        vec![pwl(&[], &[0.0], 0.75)],
        vec![pwl(&[], &[-2.0], 0.5)],
        vec![pwl(&[], &[1.0], 0.0), pwl(&[0.5], &[0.0, 0.0], 3.0)],
        vec![pwl(&[1.0], &[0.0, 3.0], 0.0)],
        vec![pwl(&[0.0], &[2.0, -3.0], 0.0)],
        vec![pwl(&[-1.0, 0.0, 2.0], &[1.0, -2.0, 0.5, 3.0], 4.0), pwl(&[], &[0.5], -1.0)],
        vec![Pwl::clip(-0.5, 0.5).unwrap(), pwl(&[-0.5, 0.5], &[1.0, 0.0, 1.0], -1.0)],
    ] {
        let net = one(|b| b.pointwise(0, functions.clone()));
        let y = forward(&again(&net), &Context::default(), x.view());
        for (i, (y, &z)) in y.iter().zip(&x).enumerate() {
            let f = &functions[if functions.len() == 1 { 0 } else { i / 3 % 2 }];
            assert!((y - f.eval(z)).abs() <= 1e-15 * (1.0 + y.abs()), "{f:?} at {z}: {y}");
        }
    }
}

#[test]
fn what_a_smooth_function_became_is_said() {
    let net = one(|b| b.smooth(0, Smooth::Gelu, Some(5)));
    let graph = written(&net, None).graph.unwrap();
    let doc = &graph.node.last().unwrap().doc_string;
    assert!(doc.starts_with("piecewise linear with 5 knots, within "), "{doc}");
    assert!(doc.ends_with(" of gelu"), "{doc}");
}

#[test]
fn names_are_kept_and_never_clash() {
    let mut b = Builder::new(&[2]).unwrap();
    let x = b.scale_shift(0, Some(Array::f32(vec![2.0])), Some(Array::f32(vec![1.0]))).unwrap();
    b.name(x, "same").unwrap();
    let y = b.scale_shift(x, Some(Array::f32(vec![3.0])), None).unwrap();
    b.name(y, "same").unwrap();
    let z = b.add(&[x, y]).unwrap();
    b.name(z, "same/scale").unwrap();
    let end = b.add(&[z]).unwrap();
    b.name(end, "").unwrap();
    let net = b.finish(end).unwrap();
    let graph = written(&net, None).graph.unwrap();
    let made: Vec<_> = graph.node.iter().map(|n| n.output[0].as_str()).collect();
    assert_eq!(made, ["same/scaled", "same", "same_2", "same/scale", "add_4"]);
    let constants: Vec<_> = graph.initializer.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(constants, ["same/scale_2", "same/shift", "same_2/scale"]);
    let x = array![[1.0, -2.0]];
    assert_eq!(forward(&again(&net), &Context::default(), x.view()), array![[12.0, -12.0]]);
}

#[test]
fn windows_are_the_same_without_ceil_mode() {
    // Four columns, three of padding behind: with ceil mode the last of three windows hangs over.
    let image = |ceil, window: Window, count: Option<bool>| {
        one(|b| {
            let x = b.reshape(0, &[1, 1, 6])?;
            match count {
                None => b.max_pool2d(x, window, ceil),
                Some(count) => b.avg_pool2d(x, window, ceil, count),
            }
        })
    };
    let window = Window { stride: [1, 3], padding: [0, 1, 0, 0], ..Window::pool([1, 3]) };
    for (ceil, count, expected) in [
        (true, None, &["Reshape", "MaxPool"][..]),
        (true, Some(false), &["Reshape", "AveragePool"]),
        (false, Some(true), &["Reshape", "AveragePool"]),
        (true, Some(true), &["Reshape", "Conv", "Mul"]),
    ] {
        let net = image(ceil, window, count);
        assert_eq!(ops(&net), expected);
        let graph = written(&net, None).graph.unwrap();
        let pads = graph.node[1].attribute.iter().find(|a| a.name == "pads").unwrap();
        assert_eq!(pads.ints, [0, 1, 0, if ceil { 2 } else { 0 }]);
    }
    // More padding than the kernel has taps.
    let wide = Window { dilation: [1, 3], padding: [0, 2, 0, 0], ..Window::new([1, 2]) };
    assert_eq!(ops(&image(false, wide, None)), ["Reshape", "Pad", "MaxPool"]);
    assert_eq!(ops(&image(false, wide, Some(false))), ["Reshape", "Conv", "Mul"]);
}

#[test]
fn a_floor_is_the_relu_that_it_was() {
    for floor in [0.0, -0.25] {
        let mut b = Builder::new(&[2, 2, 4]).unwrap();
        let clamp = vec![Pwl::clip(floor, f64::INFINITY).unwrap()];
        let x = b.pointwise(0, clamp.clone()).unwrap();
        let x = b.max_pool2d(x, Window::pool([1, 2]), false).unwrap();
        let x = b.scale_shift(x, Some(Array::f64(vec![-1.0])), None).unwrap();
        let x = b.pointwise(x, clamp).unwrap();
        let x = b.maxout(x, 2).unwrap();
        let fused = b.finish(x).unwrap().fuse_relu_max();
        assert_eq!(fused.nodes().iter().filter(|n| n.op.floor() == Some(floor)).count(), 2);
        let read = again(&fused).fuse_relu_max();
        let x = Rng(7).batch(50, 16);
        let patterns = |net: &Network| net.pattern(&Context::default(), x.view()).unwrap();
        assert_eq!(patterns(&read), patterns(&fused));
        let values = |net: &Network| forward(net, &reference(), x.view());
        assert_eq!(values(&read), values(&fused));
    }
}

/// Whether every layer of units is read as the layer that it was written from.
fn keeps_units(net: &Network) -> bool {
    let kept = |op: &Op| match op {
        Op::Pointwise(f) if f.iter().all(|g| *g == f[0]) => {
            f[0].knots().len() < 2 || Pwl::clip(-0.75, 0.5).unwrap() == f[0]
        }
        Op::Pointwise(f) => f.iter().all(|f| f.knots() == [0.0]),
        _ => true,
    };
    net.nodes().iter().all(|n| kept(&n.op))
}

proptest! {
    #[test]
    fn written_and_read_is_the_same_network(seed: u64) {
        let mut rng = Rng(seed);
        let net = rng.network();
        let x = rng.batch(5, net.input_len());
        let file = net.to_onnx(&OnnxWriteOptions::default()).unwrap();
        let read = match Network::from_onnx(&file) {
            Ok(read) => read,
            Err(e) => {
                // A network that does nothing is a file without operators, which is refused.
                prop_assert!(e.message().contains("the network is empty"), "{}", e);
                prop_assert_eq!(forward(&net, &reference(), x.view()), x);
                return Ok(());
            }
        };
        prop_assert_eq!(read.is_f32(), net.is_f32());
        let (y, z) = (forward(&net, &reference(), x.view()), forward(&read, &reference(), x.view()));
        // Knots and weights of a network in single precision may be rounded.
        let rounding = if net.is_f32() { 1e-5 } else { 1e-12 };
        let scale = y.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        for (y, z) in y.iter().zip(&z) {
            prop_assert!((y - z).abs() <= rounding * scale, "{y} {z}");
        }
        if keeps_units(&net) {
            let patterns = |net: &Network| net.pattern(&threads(1), x.view()).unwrap();
            prop_assert_eq!(patterns(&read), patterns(&net));
        }
    }
}

#[test]
fn random_networks_keep_their_units_often() {
    let kept = (0..100).filter(|&seed| keeps_units(&Rng(seed).network())).count();
    assert!(kept > 30, "{kept}");
}
