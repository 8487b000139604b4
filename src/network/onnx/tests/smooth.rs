//! Smooth activations. Files of torch are checked in `tests/network.rs`.

use super::*;
use crate::error::Condition::*;
use crate::network::{OnnxOptions, Op, Smooth};

impl File {
    fn read_smooth(&self, knots: usize) -> crate::Result<Network> {
        Network::from_onnx_with(&self.0.encode_to_vec(), &OnnxOptions { smooth_knots: Some(knots) })
    }

    /// The operators of the network, and its approximations by the names of their nodes.
    fn smooth(&self, knots: usize) -> (Vec<&'static str>, Vec<(String, Smooth)>) {
        let net = self.read_smooth(knots).unwrap();
        let found = net.approximations().map(|(id, a)| (net.nodes()[id].name.clone(), a.function));
        (net.nodes().iter().skip(1).map(|n| n.op.name()).collect(), found.collect())
    }
}

fn vector() -> File {
    File::new(&[0, 2])
}

const SILU: Smooth = Smooth::Silu { beta: 1.0 };

#[test]
fn refused_unless_asked_for() {
    for op in
        ["Gelu", "Sigmoid", "Tanh", "Softplus", "Erf", "Elu", "Selu", "Celu", "Mish", "HardSwish", "Swish"]
    {
        let file = mlp().node(op, &["y"], "p", vec![]);
        let name = format!("'the_{}' ({op})", op.to_lowercase());
        file.refused(UnsupportedOperator, &[&name, "smooth_knots", "logits"]);
    }
    let file = mlp().node("Gelu", &["y"], "p", vec![]);
    refused(file.read_smooth(1), Argument, &["'the_gelu' (Gelu)", "knots is 1; expected 2 to 1024"]);
    refused(file.read_smooth(0), Argument, &["knots is 0"]);
}

#[test]
fn nodes_have_the_name_of_the_last_operator_of_a_function() {
    let silu = vector().node("Sigmoid", &["x"], "s", vec![]).node("Mul", &["s", "x"], "y", vec![]);
    assert_eq!(silu.smooth(5), (vec!["pointwise"], vec![("the_mul".into(), SILU)]));
    // Whoever reads it, and however often: one layer. The sigmoid has another reader, for which it is a layer of its own.
    let more = silu
        .node("Relu", &["y"], "r", vec![])
        .node("Relu", &["y"], "q", vec![])
        .node("Add", &["r", "q"], "z", vec![])
        .node("Add", &["z", "s"], "w", vec![]);
    let (ops, found) = more.smooth(5);
    assert_eq!(ops, ["pointwise", "pointwise", "pointwise", "add", "pointwise", "add"]);
    assert_eq!(found, [("the_mul".into(), SILU), ("the_sigmoid".into(), Smooth::Sigmoid)]);
}

#[test]
fn per_channel_factors_stay_layers() {
    let file = vector()
        .constant(floats("c", &[2], &[1., 2.]))
        .node("Mul", &["x", "c"], "z", vec![])
        .node("Sigmoid", &["z"], "s", vec![])
        .node("Mul", &["z", "s"], "y", vec![]);
    assert_eq!(file.smooth(5).0, ["scale_shift", "pointwise"]);
    // A product with something else than the argument is none.
    let file = file.node("Mul", &["x", "s"], "w", vec![]);
    refused(file.read_smooth(5), UnsupportedOperator, &["the_mul", "product"]);
}

#[test]
fn the_softplus_of_torch_has_a_threshold() {
    let file = |op: &str, value: &str| {
        vector()
            .constant(floats("t", &[], &[12.]))
            .node("Softplus", &["x"], "s", vec![])
            .node("Greater", &["x", "t"], "g", vec![])
            .node("Where", &["g", value, "s"], "y", vec![])
            .node(op, &["y"], "z", vec![])
    };
    let function = Smooth::Softplus { beta: 1.0, threshold: 12.0 };
    assert_eq!(file("Identity", "x").smooth(4).1, [("the_where".into(), function)]);
    refused(file("Identity", "s").read_smooth(4), UnsupportedOperator, &["the_where"]);
    // Below 20 the threshold is seen in Mish.
    refused(file("Tanh", "x").read_smooth(4), UnsupportedOperator, &["the_tanh"]);
}

#[test]
fn what_is_no_activation_is_named() {
    let erf = vector().node("Erf", &["x"], "e", vec![]);
    refused(erf.read_smooth(5), UnsupportedOperator, &["node 'the_erf' (Erf) is neither"]);
    let half = erf.clone().node("Mul", &["x", "e"], "y", vec![]).node("Relu", &["y"], "z", vec![]);
    refused(
        half.read_smooth(5),
        UnsupportedOperator,
        &["'the_relu' (Relu): node 'the_mul' (Mul) is neither"],
    );
    let square = vector().node("Mul", &["x", "x"], "y", vec![]).node("Relu", &["y"], "z", vec![]);
    refused(square.read_smooth(5), UnsupportedOperator, &["node 'the_mul' (Mul) is neither"]);
    square.refused(UnsupportedOperator, &["the_mul", "product of two computed values"]);
    // GELU with another root than that of two.
    let gelu = |root: f32, one: f32| {
        vector()
            .constant(floats("r", &[], &[root]))
            .constant(floats("1", &[], &[one]))
            .node("Div", &["x", "r"], "d", vec![])
            .node("Erf", &["d"], "e", vec![])
            .node("Add", &["e", "1"], "a", vec![])
            .node("Mul", &["x", "a"], "y", vec![])
    };
    assert_eq!(gelu(std::f32::consts::SQRT_2, 1.0).smooth(4).0, ["pointwise", "scale_shift"]);
    refused(gelu(1.5, 0.9).read_smooth(4), UnsupportedOperator, &["the_mul"]);
    let (ops, found) = gelu(1.5, 1.0).smooth(4);
    assert_eq!((ops.len(), found), (4, vec![("the_mul".into(), Smooth::Gelu)]), "GELU of a scaled input");
    let attributes = vector().node("Selu", &["x"], "y", vec![float("gamma", 2.0)]);
    refused(attributes.read_smooth(4), UnsupportedOperator, &["gamma Some(2.0)"]);
    let word = vector().node("Gelu", &["x"], "y", vec![word("approximate", "fast")]);
    refused(word.read_smooth(4), Malformed, &["'fast'"]);
}

#[test]
fn piecewise_linear_files_are_read_as_ever() {
    let file = mlp().constant(floats("2", &[], &[2.])).node("Mul", &["y", "2"], "z", vec![]);
    let (plain, smooth) = (file.read().unwrap(), file.read_smooth(4).unwrap());
    assert_eq!(plain.nodes(), smooth.nodes());
    assert_eq!(smooth.approximations().count(), 0);
    assert!(matches!(plain.nodes()[3].op, Op::ScaleShift { .. }));
}
