//! The constants of a network in the precision of the arithmetic: converted once, not per call, and shared by copies
//! of the network that differ in some numbers.

use std::sync::{Arc, OnceLock};

use super::array::Array;
use super::graph::{Network, NodeId, Op};
use super::layers::dense::matrix;
use super::layers::pointwise::Curve;
use super::real::Real;
use crate::error::{Result, bail};
use crate::fork;
use crate::linalg::gemm::{FEW, Right};

/// What is made of the functions of a graph once; the arrays keep their own conversions.
#[derive(Clone, Debug, Default)]
pub struct Cache(Arc<Slots>);

#[derive(Debug, Default)]
pub struct Slots {
    pub(super) f32: OnceLock<Curves<f32>>,
    pub(super) f64: OnceLock<Curves<f64>>,
}

/// The functions of every node; none for what is no pointwise layer.
pub type Curves<T> = Vec<Vec<Curve<T>>>;

/// What the layers of one network compute with. Asking for anything is cheap.
#[derive(Debug)]
pub(super) struct Constants<'a, T> {
    curves: &'a Curves<T>,
}

impl<T: Real> Constants<'_, T> {
    /// The numbers of an array of the network.
    pub fn array<'a>(&self, array: &'a Array) -> &'a [T] {
        T::of_array(array).expect("converted when the constants were made")
    }

    /// The transpose of the (rows, columns) weights of a dense layer, as a product of `samples` rows wants it.
    pub fn right<'a>(&self, array: &'a Array, shape: [usize; 2], samples: usize) -> Right<'a, T> {
        let view = || Right::View(matrix(self.array(array), shape[0], shape[1]).reversed_axes());
        // Few samples or outputs: dot products of the weights as they are.
        if samples <= FEW || shape[0] <= FEW {
            view()
        } else {
            T::packed(array, shape).map_or_else(view, Right::Packed)
        }
    }

    /// The functions of a pointwise node.
    pub fn curves(&self, node: NodeId) -> &[Curve<T>] {
        &self.curves[node]
    }
}

impl Network {
    /// The constants in precision `T`; NONFINITE if a double is too large for single precision.
    pub(super) fn constants<T: Real>(&self) -> Result<Constants<'_, T>> {
        for node in &self.nodes {
            for array in node.op.arrays().into_iter().flatten() {
                if let Err(i) = T::of_array(array) {
                    let (name, v) = (&node.name, array.get(i));
                    bail!(Nonfinite, "'{name}': the constant {v:e} overflows single precision; use double")
                }
            }
        }
        let curves = |op: &Op| match op {
            Op::Pointwise(f) => f.iter().map(Curve::new).collect(),
            _ => Vec::new(),
        };
        let all = || self.nodes.iter().map(|node| curves(&node.op)).collect();
        Ok(Constants { curves: fork::get_or_init(T::slot(&self.cache.0), all) })
    }
}
