//! The constants of a network in the precision of the arithmetic: converted once per network, not per call.

use std::sync::{Arc, OnceLock};

use super::array::Array;
use super::graph::{Network, NodeId, Op};
use super::layers::pointwise::Curve;
use super::real::Real;
use crate::error::{Result, bail};
use crate::fork;

/// Constants in single and double precision, made when first asked for.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    pub(super) f32: OnceLock<Result<Arc<Constants<f32>>>>,
    pub(super) f64: OnceLock<Result<Arc<Constants<f64>>>>,
}

/// What the layers of one network compute with, node by node.
#[derive(Debug)]
pub struct Constants<T> {
    /// Conversions of `Op::arrays` that are kept in the other precision.
    converted: Vec<[Option<Vec<T>>; 2]>,
    curves: Vec<Vec<Curve<T>>>,
}

impl<T: Real> Constants<T> {
    /// The numbers of `array`, which is entry `which` of `Op::arrays` of `node`.
    pub(super) fn array<'a>(&'a self, node: NodeId, which: usize, array: &'a Array) -> &'a [T] {
        let converted = || self.converted[node][which].as_deref();
        T::of_array(array).or_else(converted).unwrap_or_default()
    }

    /// The functions of a pointwise node.
    pub(super) fn curves(&self, node: NodeId) -> &[Curve<T>] {
        &self.curves[node]
    }
}

impl Network {
    /// The constants in precision `T`; NONFINITE if a double is too large for single precision.
    pub(super) fn constants<T: Real>(&self) -> Result<Arc<Constants<T>>> {
        fork::get_or_init(T::slot(&self.cache), || self.convert().map(Arc::new)).clone()
    }

    fn convert<T: Real>(&self) -> Result<Constants<T>> {
        let convert = |id: NodeId, array: &Array| -> Result<Option<Vec<T>>> {
            if T::of_array(array).is_some() {
                return Ok(None);
            }
            let number = |i: usize| {
                let v = array.get(i);
                let name = &self.nodes[id].name;
                match T::of(v) {
                    t if t.wide().is_finite() => Ok(t),
                    _ => {
                        bail!(
                            Nonfinite,
                            "'{name}': the constant {v:e} overflows single precision; use double"
                        )
                    }
                }
            };
            (0..array.len()).map(number).collect::<Result<_>>().map(Some)
        };
        let mut constants = Constants { converted: Vec::new(), curves: Vec::new() };
        for (id, node) in self.nodes.iter().enumerate() {
            let mut converted = [None, None];
            for (to, array) in converted.iter_mut().zip(node.op.arrays()) {
                *to = array.map(|a| convert(id, a)).transpose()?.flatten();
            }
            constants.converted.push(converted);
            constants.curves.push(match &node.op {
                Op::Pointwise(f) => f.iter().map(Curve::new).collect(),
                _ => Vec::new(),
            });
        }
        Ok(constants)
    }
}
