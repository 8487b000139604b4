//! Where a task writes its regions.

use super::side::Effort;

/// What to keep of each region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumerationWant {
    /// Activation patterns.
    pub patterns: bool,
    /// Affine maps of the output.
    pub maps: bool,
    /// Irredundant half-spaces, and the regions across them (which needs patterns).
    pub facets: bool,
    /// Deep interior points and inscribed radii.
    pub centers: bool,
    /// Volumes, in at most 8 dimensions.
    pub volumes: bool,
}

impl EnumerationWant {
    /// Everything but volumes.
    pub const DEFAULT: EnumerationWant =
        EnumerationWant { patterns: true, maps: true, facets: true, centers: true, volumes: false };
    /// Nothing but counts.
    pub const COUNT: EnumerationWant =
        EnumerationWant { patterns: false, maps: false, facets: false, centers: false, volumes: false };
}

/// Numbers that each region has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Widths {
    pub(crate) dim: usize,
    pub(crate) outputs: usize,
    pub(crate) words: usize,
}

/// Regions in depth-first order.
#[derive(Default)]
pub(crate) struct Sink {
    /// The first level of units of which each region opens a new cell.
    pub(crate) opened: Vec<u32>,
    /// What was done since the region before.
    pub(crate) efforts: Vec<Effort>,
    pub(crate) patterns: Vec<u64>,
    pub(crate) map_a: Vec<f64>,
    pub(crate) map_b: Vec<f64>,
    pub(crate) facet_counts: Vec<u32>,
    pub(crate) facet_lines: Vec<u32>,
    pub(crate) facet_normals: Vec<f64>,
    pub(crate) facet_offsets: Vec<f64>,
    pub(crate) centers: Vec<f64>,
    pub(crate) radii: Vec<f64>,
    pub(crate) volumes: Vec<f64>,
    /// Bytes that the meter knows of.
    pub(crate) charged: usize,
}

impl Sink {
    pub(crate) fn len(&self) -> usize {
        self.opened.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        let floats = [
            &self.map_a,
            &self.map_b,
            &self.facet_normals,
            &self.facet_offsets,
            &self.centers,
            &self.radii,
            &self.volumes,
        ];
        floats.iter().map(|v| v.capacity() * 8).sum::<usize>()
            + self.patterns.capacity() * 8
            + self.efforts.capacity() * size_of::<Effort>()
            + (self.opened.capacity() + self.facet_counts.capacity() + self.facet_lines.capacity()) * 4
    }

    /// Keeps the first `len` regions.
    pub(crate) fn truncate(&mut self, len: usize, widths: Widths) {
        if len >= self.len() {
            return;
        }
        let Widths { dim, outputs, words } = widths;
        let facets = self.facet_counts.iter().take(len).map(|&n| n as usize).sum::<usize>();
        self.opened.truncate(len);
        self.efforts.truncate(len);
        self.patterns.truncate(len * words);
        self.map_a.truncate(len * outputs * dim);
        self.map_b.truncate(len * outputs);
        self.facet_counts.truncate(len);
        self.facet_lines.truncate(facets);
        self.facet_normals.truncate(facets * dim);
        self.facet_offsets.truncate(facets);
        self.centers.truncate(len * dim);
        self.radii.truncate(len);
        self.volumes.truncate(len);
    }
}
