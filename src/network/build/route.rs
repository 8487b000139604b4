//! Layers that put values together or give them another shape.

use super::check::elements;
use super::{Builder, NodeId, Op};
use crate::error::{Result, bail};

impl Builder {
    /// The input as one axis.
    pub fn flatten(&mut self, input: NodeId) -> Result<NodeId> {
        let len = self.shape(input)?.iter().product();
        Ok(self.push(Op::Reshape, &[input], vec![len]))
    }

    /// Same elements in another shape; one entry may be -1, for whatever is left.
    pub fn reshape(&mut self, input: NodeId, shape: &[i64]) -> Result<NodeId> {
        let who = || self.next("reshape");
        let len: usize = self.shape(input)?.iter().product();
        let wrong = |why: &str| -> Result<NodeId> {
            let x = self.describe(input);
            bail!(Shape, "{}: shape is {shape:?}: {why}; it reads {x}", who())
        };
        let free = shape.iter().filter(|&&d| d == -1).count();
        if shape.is_empty() || free > 1 || shape.iter().any(|&d| d == 0 || d < -1) {
            return wrong("expected positive numbers and at most one -1");
        }
        let known = shape
            .iter()
            .filter(|&&d| d > 0)
            .try_fold(1usize, |n, &d| n.checked_mul(usize::try_from(d).ok()?));
        let rest = match known {
            Some(known) if free == 1 && len.is_multiple_of(known) => len / known,
            Some(known) if free == 0 && len == known => 1,
            _ => return wrong("expected the number of elements of the input"),
        };
        let shape = shape.iter().map(|&d| if d == -1 { rest } else { d as usize }).collect();
        Ok(self.push(Op::Reshape, &[input], shape))
    }

    /// Elementwise sum of one or more nodes of one shape (a node may occur more than once).
    pub fn add(&mut self, inputs: &[NodeId]) -> Result<NodeId> {
        let shape = self.first_of(inputs, "add")?;
        for &i in inputs {
            if self.shape(i)? != shape {
                let (a, b) = (self.describe(inputs[0]), self.describe(i));
                bail!(Shape, "{}: reads {a} and {b}; expected equal shapes", self.next("add"))
            }
        }
        Ok(self.push(Op::Add, inputs, shape))
    }

    /// One or more nodes one behind the other along `axis` of the per-sample shape; other axes must be equal.
    pub fn concat(&mut self, inputs: &[NodeId], axis: usize) -> Result<NodeId> {
        let who = || self.next("concat");
        let mut shape = self.first_of(inputs, "concat")?;
        if axis >= shape.len() {
            let x = self.describe(inputs[0]);
            bail!(Argument, "{}: axis is {axis}; it reads {x}: expected 0 to {}", who(), shape.len() - 1)
        }
        let mut total = 0usize;
        for &i in inputs {
            let other = self.shape(i)?;
            let same =
                other.len() == shape.len() && (0..shape.len()).all(|a| a == axis || other[a] == shape[a]);
            if !same {
                let (a, b) = (self.describe(inputs[0]), self.describe(i));
                bail!(Shape, "{}: reads {a} and {b}; expected equal shapes but for axis {axis}", who())
            }
            total = total.saturating_add(other[axis]);
        }
        shape[axis] = total;
        elements(&shape, who)?;
        Ok(self.push(Op::Concat { axis }, inputs, shape))
    }

    /// Shape of the first of at least one known inputs.
    fn first_of(&self, inputs: &[NodeId], op: &str) -> Result<Vec<usize>> {
        match inputs.first() {
            Some(&first) => Ok(self.shape(first)?.to_vec()),
            None => bail!(Argument, "{}: has no inputs; expected at least one", self.next(op)),
        }
    }
}
