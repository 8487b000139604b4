//! Models made message by message. Files of torch are checked in `tests/network.rs`.

use ndarray::Array2;
use prost::Message;

use super::messages::{self, *};
use crate::error::Condition;
use crate::network::Network;
use crate::{Context, Error};

mod reads;
mod refuses;
mod smooth;
mod writes;

/// A model under construction: nodes from `x` to the output of the last one.
#[derive(Clone)]
struct File(Model);

/// An attribute with only its type and name.
fn attribute(name: &str, kind: i32) -> Attribute {
    Attribute { name: name.into(), kind, ..Default::default() }
}

fn int(name: &str, i: i64) -> Attribute {
    Attribute { i, ..attribute(name, kind::INT) }
}

fn float(name: &str, f: f32) -> Attribute {
    Attribute { f, ..attribute(name, kind::FLOAT) }
}

fn ints(name: &str, ints: &[i64]) -> Attribute {
    Attribute { ints: ints.to_vec(), ..attribute(name, kind::INTS) }
}

fn word(name: &str, s: &str) -> Attribute {
    Attribute { s: s.into(), ..attribute(name, kind::STRING) }
}

fn value_info(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfo {
    let dim = |&d: &i64| match d {
        0 => Dimension { value: None, name: "n".into() },
        d => Dimension { value: Some(d), name: String::new() },
    };
    let shape = Some(messages::Shape { dim: dims.iter().map(dim).collect() });
    ValueInfo { name: name.into(), ty: Some(Type { tensor: Some(TensorType { elem_type, shape }) }) }
}

fn floats(name: &str, dims: &[i64], v: &[f32]) -> Tensor {
    let (name, dims, float_data) = (name.into(), dims.to_vec(), v.to_vec());
    Tensor { name, dims, data_type: dtype::FLOAT, float_data, ..Default::default() }
}

fn integers(name: &str, v: &[i64]) -> Tensor {
    let (name, dims, int64_data) = (name.into(), vec![v.len() as i64], v.to_vec());
    Tensor { name, dims, data_type: dtype::INT64, int64_data, ..Default::default() }
}

impl File {
    /// Input `x` of these dimensions, 0 for a dynamic one.
    fn new(dims: &[i64]) -> Self {
        let graph =
            messages::Graph { input: vec![value_info("x", dtype::FLOAT, dims)], ..Default::default() };
        let opset_import = vec![OperatorSet { domain: String::new(), version: 20 }];
        File(Model { graph: Some(graph), opset_import, ..Default::default() })
    }

    fn graph(&mut self) -> &mut messages::Graph {
        self.0.graph.as_mut().unwrap()
    }

    fn constant(mut self, tensor: Tensor) -> Self {
        self.graph().initializer.push(tensor);
        self
    }

    /// Adds `output = op(inputs)`, named `the_op`, and makes it the output of the graph.
    fn node(mut self, op: &str, inputs: &[&str], output: &str, attribute: Vec<Attribute>) -> Self {
        let input = inputs.iter().map(|&i| i.into()).collect();
        let name = format!("the_{}", op.to_lowercase());
        let output = vec![output.to_owned()];
        self.graph().output = vec![value_info(&output[0], dtype::FLOAT, &[])];
        self.graph().node.push(Node {
            input,
            output,
            name,
            op_type: op.into(),
            attribute,
            ..Default::default()
        });
        self
    }

    fn read(&self) -> crate::Result<Network> {
        Network::from_onnx(&self.0.encode_to_vec())
    }

    /// f(x) for one sample.
    #[track_caller]
    fn run(&self, x: &[f64]) -> Vec<f64> {
        let net = self.read().unwrap();
        let x = Array2::from_shape_vec((1, x.len()), x.to_vec()).unwrap();
        let mut y = Array2::zeros((1, net.output_len()));
        net.forward(&Context::default(), x.view(), y.view_mut()).unwrap();
        y.into_raw_vec_and_offset().0
    }

    #[track_caller]
    fn refused(&self, condition: Condition, words: &[&str]) {
        refused(self.read(), condition, words)
    }
}

#[track_caller]
fn refused(read: crate::Result<Network>, condition: Condition, words: &[&str]) {
    let e: Error = read.unwrap_err();
    assert_eq!(e.condition(), condition, "{e}");
    for word in words {
        assert!(e.message().contains(word), "{word:?} is not in: {e}");
    }
}

/// A file that a dense layer and a ReLU make.
fn mlp() -> File {
    File::new(&[0, 2])
        .constant(floats("w", &[2, 3], &[1., 2., 3., 4., 5., 6.]))
        .constant(floats("b", &[3], &[0.5, 0., -0.5]))
        .node("Gemm", &["x", "w", "b"], "h", vec![])
        .node("Relu", &["h"], "y", vec![])
}
