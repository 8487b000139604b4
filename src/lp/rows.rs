//! Half-spaces of a polytope.

use super::Table;

/// Label of a half-space that is no side of the domain and belongs to no unit: it is there to bound a cone.
pub(crate) const NO_LABEL: u32 = u32::MAX;

/// Half-spaces `normal . x <= offset` with normals of length 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    pub(crate) normals: Table,
    pub(crate) offsets: Vec<f64>,
    /// What each belongs to: for cells of a partition the line number.
    pub(crate) labels: Vec<u32>,
}

impl Rows {
    pub(crate) fn new(dim: usize) -> Rows {
        Rows { normals: Table::new(dim), offsets: Vec::new(), labels: Vec::new() }
    }

    pub(crate) fn dim(&self) -> usize {
        self.normals.width()
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.normals.bytes() + 8 * self.offsets.capacity() + 4 * self.labels.capacity()
    }

    pub(crate) fn clear(&mut self) {
        self.normals.clear();
        self.offsets.clear();
        self.labels.clear();
    }

    pub(crate) fn push(&mut self, normal: impl Iterator<Item = f64>, offset: f64, label: u32) {
        self.normals.push(normal);
        self.offsets.push(offset);
        self.labels.push(label);
    }

    pub(crate) fn copy_from(&mut self, other: &Rows) {
        self.normals.copy_from(&other.normals);
        self.offsets.clone_from(&other.offsets);
        self.labels.clone_from(&other.labels);
    }

    /// `out[i] = offset i - normal i . x`: how far x is inside.
    pub(crate) fn slacks(&self, x: &[f64], out: &mut Vec<f64>) {
        self.normals.dot(x, 0.0, out);
        for (s, o) in out.iter_mut().zip(&self.offsets) {
            *s = o - *s;
        }
    }

    pub(crate) fn retain(&mut self, keep: &[bool]) {
        self.normals.retain(keep);
        let mut kept = keep.iter();
        self.offsets.retain(|_| *kept.next().unwrap_or(&false));
        let mut kept = keep.iter();
        self.labels.retain(|_| *kept.next().unwrap_or(&false));
    }
}
