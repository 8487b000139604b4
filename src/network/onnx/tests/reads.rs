//! What the operators mean.

use ndarray::array;

use super::*;
use crate::error::Condition::*;
use crate::network::{Array, Op, Window};

#[test]
fn a_dense_layer_in_every_form() {
    assert_eq!(mlp().run(&[1., -1.]), [0., 0., 0.]);
    assert_eq!(mlp().run(&[1., 1.]), [5.5, 7., 8.5]);
    let weight = |f: &File| match &f.read().unwrap().nodes()[1].op {
        Op::Dense { weight, bias } => (weight.clone(), bias.clone()),
        op => panic!("{}", op.name()),
    };
    // Transposed, so that (out, in) is stored as it is; kept in single precision.
    let turned = File::new(&[0, 2]).constant(floats("w", &[1, 2], &[0.1, 0.2]));
    let plain = turned.clone().node("Gemm", &["x", "w"], "y", vec![int("transB", 1)]);
    assert_eq!(weight(&plain), (Array::f32(vec![0.1, 0.2]), None));
    assert!(plain.read().unwrap().is_f32());
    // alpha times weight is exact in f64.
    let scaled = turned.clone().constant(floats("c", &[1, 1], &[3.])).node(
        "Gemm",
        &["x", "w", "c"],
        "y",
        vec![int("transB", 1), float("alpha", 0.1), float("beta", 0.5)],
    );
    let exact = |w: f32| f64::from(w) * f64::from(0.1f32);
    assert_eq!(weight(&scaled), (Array::f64(vec![exact(0.1), exact(0.2)]), Some(Array::f64(vec![1.5]))));
    assert!(scaled.read().unwrap().is_f32(), "the file works in single precision");
    let product =
        turned.clone().constant(floats("v", &[2, 1], &[1., 2.])).node("MatMul", &["x", "v"], "y", vec![]);
    assert_eq!(product.run(&[3., 4.]), [11.]);
    // A computed C is added.
    let residual = turned.node("Gemm", &["x", "w"], "h", vec![int("transB", 1)]).node(
        "Gemm",
        &["x", "w", "h"],
        "y",
        vec![int("transB", 1), float("beta", -1.0)],
    );
    assert_eq!(residual.run(&[3., 4.]), [0.]);
}

#[test]
fn constants_of_every_type_are_exact() {
    let number = |t: Tensor| {
        let file = File::new(&[0, 1]).constant(Tensor { name: "c".into(), dims: vec![1, 1], ..t });
        match &file.node("MatMul", &["x", "c"], "y", vec![]).read().unwrap().nodes()[1].op {
            Op::Dense { weight, .. } => weight.clone(),
            op => panic!("{}", op.name()),
        }
    };
    let raw = |data_type, bytes: &[u8]| Tensor { data_type, raw_data: bytes.to_vec(), ..Default::default() };
    assert_eq!(number(raw(dtype::FLOAT, &0.1f32.to_le_bytes())), Array::f32(vec![0.1]));
    assert_eq!(number(raw(dtype::DOUBLE, &0.1f64.to_le_bytes())), Array::f64(vec![0.1]));
    let double = Tensor { data_type: dtype::DOUBLE, double_data: vec![0.1], ..Default::default() };
    assert_eq!(number(double), Array::f64(vec![0.1]));
    // 1.5 and the smallest subnormal of float16; -2 in bfloat16.
    assert_eq!(number(raw(dtype::FLOAT16, &[0x00, 0x3E])), Array::f32(vec![1.5]));
    let half = Tensor { data_type: dtype::FLOAT16, int32_data: vec![1], ..Default::default() };
    assert_eq!(number(half), Array::f32(vec![2f32.powi(-24)]));
    assert_eq!(number(raw(dtype::BFLOAT16, &[0x00, 0xC0])), Array::f32(vec![-2.0]));
}

#[test]
fn windows_of_a_convolution() {
    let conv = |attributes: Vec<Attribute>| {
        let file = File::new(&[0, 1, 5, 6]).constant(floats("w", &[1, 1, 2, 3], &[1.; 6]));
        match file.node("Conv", &["x", "w"], "y", attributes).read().unwrap().nodes()[1].op {
            Op::Conv2d { window, .. } => window,
            ref op => panic!("{}", op.name()),
        }
    };
    let base = Window::new([2, 3]);
    assert_eq!(conv(vec![]), base);
    assert_eq!(conv(vec![ints("pads", &[1, 2, 3, 4])]), Window { padding: [1, 2, 3, 4], ..base });
    assert_eq!(conv(vec![word("auto_pad", "VALID"), ints("pads", &[1; 4])]), base);
    let upper = conv(vec![word("auto_pad", "SAME_UPPER"), ints("strides", &[2, 1])]);
    // Rows: 3 windows of 2 in steps of 2 need 6 of 5; columns: 6 windows of 3 need 8 of 6.
    assert_eq!(upper, Window { stride: [2, 1], padding: [0, 1, 1, 1], ..base });
    let lower = conv(vec![word("auto_pad", "SAME_LOWER"), ints("dilations", &[2, 2])]);
    assert_eq!(lower, Window { dilation: [2, 2], padding: [1, 2, 1, 2], ..base });
}

#[test]
fn clips_of_old_and_new_operator_sets() {
    let x = [-3., 0.5, 8.];
    let clip = |f: File, inputs: &[&str], a| f.node("Clip", inputs, "y", a).run(&x);
    let file = File::new(&[0, 3]).constant(floats("low", &[], &[-1.])).constant(floats("high", &[1], &[6.]));
    assert_eq!(clip(file.clone(), &["x", "low", "high"], vec![]), [-1., 0.5, 6.]);
    assert_eq!(clip(file.clone(), &["x", "", "high"], vec![]), [-3., 0.5, 6.]);
    assert_eq!(clip(file.clone(), &["x"], vec![]), x);
    assert_eq!(clip(file.clone(), &["x"], vec![float("min", 0.), float("max", f32::MAX)]), [0., 0.5, 8.]);
    let file = file.constant(floats("per", &[1, 3], &[0., 1., 2.]));
    assert_eq!(file.clone().node("Max", &["x", "per"], "y", vec![]).run(&x), [0., 1., 8.]);
    assert_eq!(file.node("Min", &["per", "x", "low"], "y", vec![]).run(&x), [-3., -1., -1.]);
}

#[test]
fn constants_broadcast_to_channels_and_elements() {
    let file = File::new(&[0, 2, 1, 2])
        .constant(floats("channel", &[2, 1, 1], &[10., 20.]))
        .constant(floats("column", &[2], &[1., 2.]))
        .constant(floats("row", &[1, 2, 1, 1], &[0.5, 0.25]))
        .constant(floats("four", &[4, 1, 1, 1], &[1.; 4]));
    let x = [1., 2., 3., 4.];
    let run = |op: &str, inputs: &[&str]| file.clone().node(op, inputs, "y", vec![]).run(&x);
    assert_eq!(run("Add", &["x", "channel"]), [11., 12., 23., 24.]);
    assert_eq!(run("Add", &["column", "x"]), [2., 4., 4., 6.]);
    assert_eq!(run("Sub", &["column", "x"]), [0., 0., -2., -2.]);
    assert_eq!(run("Sub", &["x", "column"]), [0., 0., 2., 2.]);
    assert_eq!(run("Mul", &["x", "row"]), [0.5, 1., 0.75, 1.]);
    assert_eq!(run("Div", &["x", "row"]), [2., 4., 12., 16.]);
    assert_eq!(run("PRelu", &["x", "column"]), x);
    assert_eq!(run("Neg", &["x"]), [-1., -2., -3., -4.]);
    assert_eq!(run("Sum", &["x", "x", "column"]), [3., 6., 7., 10.]);
    let slopes = file.clone().node("Neg", &["x"], "n", vec![]).node("PRelu", &["n", "column"], "y", vec![]);
    assert_eq!(slopes.run(&x), [-1., -4., -3., -8.]);
    file.node("Add", &["x", "four"], "y", vec![]).refused(Shape, &["the_add", "[4, 1, 1, 1]", "[2, 1, 2]"]);
}

#[test]
fn shapes_are_followed_without_moving_elements() {
    let x: Vec<f64> = (1..=6).map(f64::from).collect();
    let file = |v: &[i64]| File::new(&[0, 2, 1, 3]).constant(integers("s", v));
    let shape = |f: File| {
        assert_eq!(f.run(&x), x);
        f.read().unwrap().output_shape().to_vec()
    };
    assert_eq!(shape(file(&[0, -1]).node("Reshape", &["x", "s"], "y", vec![])), [6]);
    assert_eq!(shape(file(&[-1, 3, 2]).node("Reshape", &["x", "s"], "y", vec![])), [3, 2]);
    assert_eq!(shape(file(&[1, 3, -1]).node("Reshape", &["x", "s"], "y", vec![])), [3, 2]);
    let squeezed = file(&[2]).node("Squeeze", &["x", "s"], "q", vec![]);
    assert_eq!(
        shape(squeezed.clone().node("Neg", &["q"], "n", vec![]).node("Neg", &["n"], "y", vec![])),
        [2, 3]
    );
    assert_eq!(
        shape(file(&[1, -1]).node("Unsqueeze", &["x", "s"], "u", vec![]).node("Abs", &["u"], "y", vec![])),
        [1, 2, 1, 3, 1]
    );
    let turned = file(&[]).node("Transpose", &["x"], "t", vec![ints("perm", &[0, 2, 1, 3])]);
    assert_eq!(shape(turned.node("Relu", &["t"], "y", vec![])), [1, 2, 3]);
    // The size of the batch may be passed along, as torch does.
    let dynamic = file(&[0])
        .node("Shape", &["x"], "shape", vec![])
        .node("Gather", &["shape", "s"], "batch", vec![])
        .constant(integers("rest", &[-1]))
        .node("Concat", &["batch", "rest"], "target", vec![int("axis", 0)])
        .node("Reshape", &["x", "target"], "y", vec![]);
    assert_eq!(shape(dynamic), [6]);
}

#[test]
fn reductions() {
    let x: Vec<f64> = [3., 1., 2., -1., -5., -2.].to_vec();
    let file = File::new(&[0, 2, 1, 3]).constant(integers("last", &[-1])).constant(integers("two", &[2, 3]));
    let run = |op: &str, axes: &str| {
        let f = file.clone().node(op, &["x", axes], "y", vec![int("keepdims", 0)]);
        (f.read().unwrap().output_shape().to_vec(), f.run(&x))
    };
    assert_eq!(run("ReduceMax", "last"), (vec![2, 1], vec![3., -1.]));
    assert_eq!(run("ReduceMax", "two"), (vec![2], vec![3., -1.]));
    assert_eq!(run("ReduceMean", "two"), (vec![2], vec![2., -8. / 3.]));
    let channels = file.clone().node("ReduceMax", &["x"], "y", vec![ints("axes", &[1])]);
    assert_eq!(channels.read().unwrap().output_shape(), [1, 1, 3]);
    assert_eq!(channels.run(&x), [3., 1., 2.]);
    assert_eq!(file.clone().node("GlobalMaxPool", &["x"], "y", vec![]).run(&x), [3., -1.]);
    file.clone().node("ReduceMax", &["x"], "y", vec![]).refused(UnsupportedOperator, &["batch"]);
    file.node("ReduceMean", &["x"], "y", vec![ints("axes", &[1])])
        .refused(UnsupportedOperator, &["the_reducemean"]);
}

#[test]
fn padding_and_the_double_of_a_value() {
    let file = File::new(&[0, 1, 1, 2]).constant(integers("pads", &[0, 0, 0, 1, 0, 0, 1, 0]));
    let pad = file.clone().node("Pad", &["x", "pads"], "y", vec![word("mode", "constant")]);
    assert_eq!(pad.read().unwrap().output_shape(), [1, 2, 3]);
    assert_eq!(pad.run(&[3., 4.]), [0., 3., 4., 0., 0., 0.]);
    file.clone()
        .node("Pad", &["x", "pads"], "y", vec![word("mode", "reflect")])
        .refused(UnsupportedOperator, &["reflect"]);
    let wide = file.clone().node("Cast", &["x"], "d", vec![int("to", dtype::DOUBLE.into())]);
    assert_eq!(wide.clone().node("Relu", &["d"], "y", vec![]).run(&[3., -4.]), [3., 0.]);
    wide.node("Cast", &["d"], "y", vec![int("to", dtype::FLOAT.into())])
        .refused(UnsupportedOperator, &["from double to float"]);
}

#[test]
fn minus_infinity_around_a_max_pool() {
    let file = File::new(&[0, 1, 1, 3])
        .constant(integers("pads", &[0, 0, 0, 1, 0, 0, 0, 2]))
        .constant(floats("lowest", &[], &[f32::NEG_INFINITY]))
        .node("Pad", &["x", "pads", "lowest"], "wide", vec![]);
    let pool = file.clone().node("MaxPool", &["wide"], "y", vec![ints("kernel_shape", &[1, 3])]);
    assert_eq!(pool.run(&[-3., -1., -2.]), [-1., -1., -1., -2.]);
    // SAME_LOWER is about the padded image: 6 columns, 2 windows of 3 columns 4 apart, one column more in front.
    let same = vec![ints("kernel_shape", &[1, 3]), ints("strides", &[1, 4]), word("auto_pad", "SAME_LOWER")];
    assert_eq!(file.clone().node("MaxPool", &["wide"], "y", same).run(&[-3., -1., -2.]), [-3., -2.]);
    file.clone().refused(UnsupportedOperator, &["output 'wide' is padded with minus infinity"]);
    file.node("Relu", &["wide"], "y", vec![]).refused(UnsupportedOperator, &["the_relu", "only a MaxPool"]);
}

#[test]
fn attributes_are_single_precision_numbers() {
    let net = File::new(&[0, 1]).node("LeakyRelu", &["x"], "y", vec![float("alpha", 0.01)]).read().unwrap();
    assert_eq!(net.activation(1, 0).slopes(), [f64::from(0.01f32), 1.0]);
}

#[test]
fn nodes_keep_their_names() {
    let net = mlp().read().unwrap();
    let names: Vec<_> = net.nodes().iter().map(|n| n.name.as_str()).collect();
    assert_eq!(names, ["x", "the_gemm", "the_relu"]);
    let x = array![[1., -1.]];
    assert_eq!(net.pattern(&Context::default(), x.view()).unwrap(), array![[0, 0, 0]]);
}
