//! Which edges each unit made, and how long they are together.

use super::super::metric::Ruler;
use super::super::partition::Partition;
use crate::buffer::Buffer;
use crate::context::Meter;
use crate::error::Result;

/// The edges by the unit that made them: first the sides of the domain (layer -1), then units by layer and number. Units
/// that made no edge are left out.
pub(super) struct Lines {
    pub(super) layers: Buffer<i32>,
    pub(super) units: Buffer<i64>,
    /// Total length of the edges of each.
    pub(super) lengths: Buffer<f64>,
    /// The edges of line i are `edges[offsets[i] .. offsets[i + 1]]`.
    pub(super) offsets: Buffer<i64>,
    pub(super) edges: Buffer<i64>,
    /// Total length of the edges that each layer of units made.
    pub(super) layer_lengths: Buffer<f64>,
}

impl Lines {
    pub(super) fn new(p: &Partition, ruler: &Ruler, meter: &Meter) -> Result<Lines> {
        let (layers, units) = (p.edge_layers(), p.edge_units());
        let name = |e: i64| (layers[e as usize], units[e as usize]);
        let bytes = layers.len() * size_of::<(i32, i64, i64)>();
        meter.charge(bytes, "lines")?;
        let mut sorted: Vec<(i32, i64, i64)> =
            (0..).zip(layers.iter().zip(units)).map(|(e, (&layer, &unit))| (layer, unit, e)).collect();
        sorted.sort_unstable();
        let mut edges = meter.buffer::<i64>(layers.len(), "lines")?;
        edges.iter_mut().zip(&sorted).for_each(|(e, s)| *e = s.2);
        drop(sorted);
        meter.release(bytes);
        let starts = || (0..edges.len()).filter(|&i| i == 0 || name(edges[i - 1]) != name(edges[i]));
        let n = starts().count();
        let mut lines = Lines {
            layers: meter.buffer(n, "lines")?,
            units: meter.buffer(n, "lines")?,
            lengths: meter.buffer(n, "lines")?,
            offsets: meter.buffer(n + 1, "lines")?,
            layer_lengths: meter.buffer(p.layer_cells().len(), "lines")?,
            edges: meter.buffer(0, "lines")?,
        };
        for (i, start) in starts().enumerate() {
            (lines.layers[i], lines.units[i]) = name(edges[start]);
            lines.offsets[i] = start as i64;
        }
        lines.offsets[n] = edges.len() as i64;
        lines.edges = edges;
        let length = |e: i64| {
            let [a, b] = p.edges()[e as usize].map(|v| p.vertices()[v as usize]);
            ruler.distance(a, b)
        };
        for i in 0..n {
            let range = lines.offsets[i] as usize..lines.offsets[i + 1] as usize;
            lines.lengths[i] = lines.edges[range].iter().map(|&e| length(e)).sum();
            if let Ok(layer) = usize::try_from(lines.layers[i]) {
                lines.layer_lengths[layer] += lines.lengths[i];
            }
        }
        Ok(lines)
    }
}
