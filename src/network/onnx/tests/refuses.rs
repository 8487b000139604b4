//! What is refused, and with which words.

use proptest::prelude::*;

use super::*;
use crate::ContextOptions;
use crate::error::Condition::*;
use crate::network::OnnxOptions;

#[test]
fn operators_that_do_not_belong_here_are_named() {
    mlp()
        .node("Softmax", &["y"], "p", vec![])
        .refused(UnsupportedOperator, &["'the_softmax' (Softmax)", "logits"]);
    mlp().node("Gelu", &["y"], "p", vec![]).refused(UnsupportedOperator, &["'the_gelu' (Gelu)"]);
    mlp().node("Mul", &["y", "y"], "p", vec![]).refused(UnsupportedOperator, &["the_mul", "product"]);
    mlp().node("Div", &["b", "y"], "p", vec![]).refused(UnsupportedOperator, &["the_div", "divided"]);
    mlp().node("RandomNormal", &[], "p", vec![]).refused(UnsupportedOperator, &["RandomNormal"]);
    mlp().node("Gemm", &["y", "y"], "p", vec![]).refused(UnsupportedOperator, &["input 1 is not a constant"]);
    mlp().node("Gemm", &["w", "w"], "p", vec![]).refused(UnsupportedOperator, &["constants only"]);
    mlp().node("Gemm", &["x", "w"], "p", vec![int("transA", 1)]).refused(UnsupportedOperator, &["transA"]);
    let mut custom = mlp();
    custom.graph().node[1].domain = "com.acme".into();
    custom.refused(UnsupportedOperator, &["'the_relu' (Relu)", "com.acme"]);
    let training = vec![int("training_mode", 1)];
    mlp()
        .node("BatchNormalization", &["y", "b", "b", "b", "b"], "p", training)
        .refused(UnsupportedOperator, &["training_mode"]);
}

#[test]
fn the_batch_axis_stays_in_front() {
    let file = |v: &[i64]| File::new(&[0, 2, 2]).constant(integers("s", v));
    let reshaped = |v: &[i64]| file(v).node("Reshape", &["x", "s"], "y", vec![]);
    reshaped(&[-1, 2]).refused(UnsupportedOperator, &["the_reshape", "(-1, 2)", "[2, 2]"]);
    reshaped(&[-1]).refused(UnsupportedOperator, &["(-1)"]);
    reshaped(&[]).refused(UnsupportedOperator, &["empty"]);
    reshaped(&[0, -1, -1]).refused(UnsupportedOperator, &["(0, -1, -1)"]);
    reshaped(&[0, 3]).refused(Shape, &["[2, 2]", "[3]"]);
    reshaped(&[3, 4])
        .node("Reshape", &["y", "t"], "z", vec![])
        .constant(integers("t", &[2, 4]))
        .refused(UnsupportedOperator, &["(2, 4)"]);
    file(&[]).node("Transpose", &["x"], "y", vec![]).refused(UnsupportedOperator, &["[2, 1, 0]"]);
    file(&[])
        .node("Transpose", &["x"], "y", vec![ints("perm", &[0, 2, 1])])
        .refused(UnsupportedOperator, &["moves"]);
    file(&[]).node("Squeeze", &["x"], "y", vec![]).refused(UnsupportedOperator, &["axes"]);
    file(&[0]).node("Unsqueeze", &["x", "s"], "y", vec![]).refused(Unsupported, &["batch axis"]);
    file(&[]).node("Flatten", &["x"], "y", vec![int("axis", 0)]).refused(Unsupported, &["batch axis"]);
    file(&[]).node("Concat", &["x", "x"], "y", vec![int("axis", 0)]).refused(Unsupported, &["batch axis"]);
    file(&[]).node("Concat", &["x", "x"], "y", vec![int("axis", 9)]).refused(Malformed, &["axis is 9"]);
}

#[test]
fn graphs_that_are_none_are_refused() {
    let out_of_order = File::new(&[0, 2]).node("Relu", &["b"], "a", vec![]).node("Relu", &["a"], "b", vec![]);
    out_of_order.refused(Graph, &["'the_relu' (Relu)", "'b'", "cycle"]);
    mlp().node("Relu", &["nowhere"], "z", vec![]).refused(Graph, &["'nowhere'"]);
    mlp().node("Relu", &["x"], "h", vec![]).refused(Graph, &["'h' is defined twice"]);
    mlp().constant(floats("w", &[1], &[1.])).refused(Graph, &["'w' is defined twice"]);
    mlp()
        .constant(floats("x2", &[1], &[1.]))
        .node("Relu", &[""], "z", vec![])
        .refused(UnsupportedOperator, &["Relu"]);
    let mut f = mlp();
    f.graph().input.push(value_info("x2", dtype::FLOAT, &[1, 2]));
    f.refused(Unsupported, &["2 inputs", "x2"]);
    f.graph().input.clear();
    f.refused(Unsupported, &["0 inputs"]);
    let mut f = mlp();
    f.graph().output.push(value_info("h", dtype::FLOAT, &[]));
    f.refused(Unsupported, &["2 outputs"]);
    f.graph().output = vec![value_info("w", dtype::FLOAT, &[])];
    f.refused(Graph, &["'w' does not depend on the input"]);
    f.graph().output = vec![value_info("nothing", dtype::FLOAT, &[])];
    f.refused(Graph, &["'nothing'"]);
    f.graph().output = vec![value_info("x", dtype::FLOAT, &[])];
    f.refused(Graph, &["empty"]);
    let mut f = mlp();
    f.graph().node[1].output.push("mask".into());
    f.node("Relu", &["mask"], "z", vec![]).refused(Unsupported, &["'mask'"]);
    let mut f = mlp();
    f.graph().node[1].output.clear();
    f.refused(Malformed, &["no output"]);
}

#[test]
fn inputs_must_have_a_fixed_shape() {
    let of = |dims: &[i64]| File::new(dims).node("Relu", &["x"], "y", vec![]);
    assert_eq!(of(&[7, 3]).read().unwrap().input_shape(), [3]);
    of(&[3, 0]).refused(Shape, &["dimension 1 of input 'x' is dynamic ('n')"]);
    of(&[3]).refused(Shape, &["1 dimensions"]);
    of(&[]).refused(Shape, &["0 dimensions"]);
    of(&[1, -4]).refused(Malformed, &["dimension 1 of input 'x' is -4"]);
    of(&[1, i64::MAX]).refused(Shape, &["elements"]);
    of(&[1, 1 << 20, 1 << 20]).refused(Shape, &["elements"]);
    let mut f = mlp();
    f.graph().input = vec![value_info("x", dtype::INT64, &[0, 2])];
    f.refused(Dtype, &["int64"]);
    f.graph().input[0].ty = None;
    f.refused(Shape, &["no shape"]);
}

#[test]
fn tensors_that_lie_about_themselves_are_refused() {
    let with = |t: Tensor| {
        let mut f = mlp();
        f.graph().initializer[0] = Tensor { name: "w".into(), ..t };
        f
    };
    let float = |dims: &[i64], n: usize| floats("w", dims, &vec![1.; n]);
    with(float(&[2, 3], 5)).refused(Malformed, &["'w' has 5 numbers", "[2, 3]", "6"]);
    with(float(&[-2, -3], 6)).refused(Malformed, &["'w' has dimensions [-2, -3]"]);
    with(float(&[i64::MAX, i64::MAX], 6)).refused(Malformed, &["'w' has dimensions"]);
    with(float(&[1 << 40], 6)).refused(Malformed, &["'w' has dimensions"]);
    with(float(&[6], 6)).refused(Rank, &["the_gemm", "[6]"]);
    with(float(&[3, 3], 9)).refused(Shape, &["the_gemm", "(3, 3)", "'x'", "(2)"]);
    with(float(&[3, 2], 6)).refused(Shape, &["the_gemm", "[3]", "[2]"]);
    with(float(&[2, 0], 0)).refused(Shape, &["the_gemm"]);
    with(Tensor { raw_data: vec![0; 7], ..float(&[2, 3], 0) })
        .refused(Malformed, &["7 bytes", "multiple of 4"]);
    with(Tensor { data_type: 8, ..float(&[2, 3], 6) }).refused(Dtype, &["'w' has elements of type 8"]);
    with(Tensor { data_location: 1, ..float(&[2, 3], 0) })
        .refused(ExternalData, &["'w'", "external_data=False"]);
    with(Tensor { external_data: vec![Skipped {}], ..float(&[2, 3], 0) }).refused(ExternalData, &["'w'"]);
    with(Tensor { segment: Some(Skipped {}), ..float(&[2, 3], 6) }).refused(Unsupported, &["segments"]);
    with(floats("w", &[2, 3], &[1., f32::NAN, 1., 1., 1., 1.]))
        .refused(Nonfinite, &["the_gemm", "weight[1, 0] is NaN"]);
    with(integers("w", &[1; 6])).refused(Rank, &["the_gemm"]);
}

#[test]
fn attributes_that_make_no_sense_are_refused() {
    let conv = |a| {
        File::new(&[0, 1, 4, 4]).constant(floats("w", &[1, 1, 2, 2], &[1.; 4])).node(
            "Conv",
            &["x", "w"],
            "y",
            vec![a],
        )
    };
    conv(ints("strides", &[0, 1])).refused(Argument, &["the_conv", "stride"]);
    conv(ints("strides", &[1])).refused(Malformed, &["strides is [1]", "2 numbers"]);
    conv(ints("pads", &[-1, 0, 0, 0])).refused(Malformed, &["pads"]);
    conv(ints("pads", &[i64::MAX; 4])).refused(Argument, &["padding"]);
    conv(ints("dilations", &[i64::MAX; 2])).refused(Argument, &["dilation"]);
    conv(ints("kernel_shape", &[3, 3])).refused(Malformed, &["kernel_shape"]);
    conv(int("group", -1)).refused(Shape, &["groups is 0"]);
    conv(int("group", 2)).refused(Shape, &["groups is 2"]);
    conv(int("strides", 1)).refused(Malformed, &["'strides' is of type 2"]);
    conv(word("auto_pad", "MAYBE")).refused(Malformed, &["MAYBE"]);
    conv(Attribute { s: vec![0xFF, 0xFE], ..attribute("auto_pad", kind::STRING) })
        .refused(Malformed, &["auto_pad"]);
    let pool = |a| File::new(&[0, 1, 4, 4]).node("MaxPool", &["x"], "y", vec![a]);
    pool(ints("kernel_shape", &[i64::MAX; 2])).refused(Argument, &["kernel"]);
    pool(ints("kernel_shape", &[5, 5])).refused(Shape, &["kernel (5, 5)"]);
    pool(int("ceil_mode", 0)).refused(Argument, &["kernel is (0, 0)"]);
}

#[test]
fn padding_that_is_no_frame_of_zeros_is_refused() {
    let pad = |pads: &[i64], value: f32| {
        let file =
            File::new(&[0, 1, 4, 4]).constant(integers("p", pads)).constant(floats("v", &[], &[value]));
        file.node("Pad", &["x", "p", "v"], "y", vec![])
    };
    pad(&[0, 0, 1, 0, 0, 0, 0, 0], 0.5).refused(UnsupportedOperator, &["the_pad", "0.5"]);
    pad(&[0, 1, 1, 0, 0, 0, 0, 0], 0.).refused(UnsupportedOperator, &["spatial axes"]);
    pad(&[0, 0, -1, 0, 0, 0, 0, 0], 0.).refused(UnsupportedOperator, &["not negative"]);
    pad(&[1, 0, 0, 0, 0, 0, 0, 0], 0.).refused(Unsupported, &["batch axis"]);
    pad(&[0, 0, 1, 0], 0.).refused(Malformed, &["4 axes"]);
    pad(&[0, 0, i64::MAX, 0, 0, 0, 0, 0], 0.).refused(Argument, &["padding"]);
}

#[test]
fn small_files_do_not_get_much_memory() {
    let huge = File::new(&[0, 1 << 15, 1 << 15])
        .constant(floats("row", &[1 << 15], &vec![1.; 1 << 15]))
        .node("Add", &["x", "row"], "y", vec![]);
    huge.refused(MemoryLimit, &["the_add", "elements"]);
    let filled = File::new(&[0, 1]).constant(integers("s", &[1 << 15, 1 << 15]));
    filled.node("ConstantOfShape", &["s"], "y", vec![]).refused(MemoryLimit, &["the_constantofshape"]);
    let mut doubling = File::new(&[0, 1]).constant(integers("c0", &[1; 64]));
    for i in 0..40 {
        let (from, to) = (format!("c{i}"), format!("c{}", i + 1));
        doubling = doubling.node("Concat", &[&from, &from], &to, vec![int("axis", 0)]);
    }
    doubling.refused(MemoryLimit, &["the_concat"]);
}

#[test]
fn bytes_that_are_no_model_are_refused() {
    refused(Network::from_onnx(b""), Malformed, &["no graph"]);
    refused(Network::from_onnx(b"PK\x03\x04 this is a zip file"), Malformed, &["not a valid ONNX file"]);
    refused(Network::from_onnx(&[0xFF; 100]), Malformed, &["not a valid ONNX file of 100 bytes"]);
    // Groups (an old wire type) may nest; field 1 as a group that never ends.
    refused(Network::from_onnx(&[0x0B; 100_000]), Malformed, &["not a valid ONNX file"]);
    let bytes = mlp().0.encode_to_vec();
    for n in 1..bytes.len() {
        // A cut inside the graph; one behind it loses the operator set only.
        if Model::decode(&bytes[..n]).is_err() {
            refused(Network::from_onnx(&bytes[..n]), Malformed, &["not a valid ONNX file"]);
        }
    }
    let mut old = mlp();
    old.0.opset_import[0].version = 6;
    old.refused(Unsupported, &["operator set 6"]);
    let mut sparse = mlp();
    sparse.graph().sparse_initializer.push(Skipped {});
    sparse.refused(Unsupported, &["sparse"]);
}

fn plain(reference: bool) -> ContextOptions {
    ContextOptions { reference, threads: 1, ..Default::default() }
}

proptest! {
    /// Whatever the bytes are, the reader returns, and so do the networks that it made.
    #[test]
    fn damaged_files_do_not_panic(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let conv = File::new(&[0, 1, 4, 4])
            .constant(floats("w", &[1, 1, 2, 2], &[1.; 4]))
            .constant(integers("s", &[0, -1]))
            .node("Conv", &["x", "w"], "c", vec![ints("strides", &[1, 1]), ints("pads", &[0, 1, 0, 1])])
            .node("MaxPool", &["c"], "p", vec![ints("kernel_shape", &[2, 2]), int("ceil_mode", 1)])
            .node("Reshape", &["p", "s"], "y", vec![]);
        let gelu = File::new(&[0, 3])
            .constant(floats("r", &[], &[std::f32::consts::SQRT_2]))
            .constant(floats("1", &[], &[1.]))
            .node("Div", &["x", "r"], "d", vec![])
            .node("Erf", &["d"], "e", vec![])
            .node("Add", &["e", "1"], "a", vec![])
            .node("Mul", &["x", "a"], "y", vec![])
            .node("Elu", &["y"], "z", vec![float("alpha", 0.5)]);
        for file in [mlp(), conv, gelu] {
            let mut bytes = file.0.encode_to_vec();
            for (at, value) in &edits {
                let at = at.index(bytes.len());
                bytes[at] = *value;
            }
            if let Ok(net) = Network::from_onnx_with(&bytes, &OnnxOptions { smooth_knots: Some(3) }) {
                let x = Array2::from_elem((1, net.input_len()), 0.5);
                let small = net.nodes().iter().map(|n| n.len()).sum::<usize>() < 10_000;
                for ctx in [Context::new(plain(false)).unwrap(), Context::new(plain(true)).unwrap()].iter().filter(|_| small) {
                    prop_assert_eq!(net.pattern(ctx, x.view()).unwrap().ncols(), net.n_units());
                    prop_assert_eq!(net.affine_at(ctx, x.row(0)).unwrap().0.dim(), (net.output_len(), x.ncols()));
                }
            }
        }
    }
}
