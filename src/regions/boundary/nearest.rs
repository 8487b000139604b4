//! Distance of points to a boundary: the adversarial margin in the plane of the domain.

use super::super::metric::{Metric, Ruler};
use super::Boundary;
use super::tree::{Hit, Tree};
use crate::context::Context;
use crate::error::{Result, bail};
use crate::fork;

/// The nearest point of a boundary.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Nearest {
    /// Its distance in the metric, signed: positive on the side of the first label or of higher values, 0 on the set.
    pub distance: f64,
    /// In (u, v).
    pub point: [f64; 2],
    /// The segment on which it lies, or -1.
    pub segment: i64,
}

/// What an empty boundary answers.
const NOWHERE: Nearest = Nearest { distance: f64::INFINITY, point: [f64::INFINITY; 2], segment: -1 };

const CHUNK: usize = 1024;

impl Boundary {
    /// Writes to `nearest[i]` the nearest point of the boundary to `points[i]` = (u, v), which should lie in the domain.
    ///
    /// The sign is that of the side of the segment: +1 where the first label wins or the level set is exceeded, -1 on the
    /// other side, 0 (and so distance 0) in cells on which a level set holds everywhere. An empty boundary is at distance
    /// infinity, segment -1. The first call of each metric builds a search tree, O(n log n); a point costs O(log n).
    pub fn nearest(
        &self,
        ctx: &Context,
        metric: Metric,
        points: &[[f64; 2]],
        nearest: &mut [Nearest],
    ) -> Result<()> {
        if points.len() != nearest.len() {
            bail!(Shape, "nearest has {} entries; points has {}", nearest.len(), points.len())
        }
        if let Some(i) = points.iter().position(|p| !(p[0].is_finite() && p[1].is_finite())) {
            bail!(Nonfinite, "points[{i}] is ({}, {}); expected finite numbers", points[i][0], points[i][1])
        }
        let ruler = Ruler::new(&self.domain, metric)?;
        ctx.meter().charge(Tree::bytes(self.segments.len()), "boundary: the search tree")?;
        let tree = fork::get_or_init(&self.trees[metric as usize], || {
            Tree::new(self.segments.iter().map(|s| s.map(|p| ruler.place(p))))
        });
        let found = ctx.pool().map_chunks(points.len(), CHUNK, |range| {
            ctx.poll()?;
            let of = |i: usize| {
                let q = ruler.place(points[i]);
                tree.nearest(q).map_or(NOWHERE, |hit| self.answer(&ruler, hit, q))
            };
            Ok(range.map(of).collect::<Vec<Nearest>>())
        })?;
        for (out, found) in nearest.iter_mut().zip(found.into_iter().flatten()) {
            *out = found;
        }
        Ok(())
    }

    fn answer(&self, ruler: &Ruler, hit: Hit, q: [f64; 2]) -> Nearest {
        let segment = match hit.along {
            0.0 => self.facing(ruler, 2 * hit.segment, q),
            1.0 => self.facing(ruler, 2 * hit.segment + 1, q),
            _ => hit.segment as usize,
        };
        let [a, b] = self.segments[segment].map(|p| ruler.place(p));
        let (d, e) = ([b[0] - a[0], b[1] - a[1]], [q[0] - a[0], q[1] - a[1]]);
        let cross = d[0] * e[1] - d[1] * e[0];
        let [left, right] = self.sides[segment];
        let side = if cross > 0.0 { left } else { right };
        let [a, b] = self.segments[hit.segment as usize];
        let point = if hit.along == 1.0 { b } else { [0, 1].map(|k| a[k] + hit.along * (b[k] - a[k])) };
        let distance =
            if cross == 0.0 && hit.square == 0.0 { 0.0 } else { f64::from(side) * hit.square.sqrt() };
        Nearest { distance, point, segment: segment as i64 }
    }

    /// Of the segments that end where `slot` does, the one that turns towards `q` the most: the sector in which `q` lies
    /// is next to it, and on the side on which `q` is.
    fn facing(&self, ruler: &Ruler, slot: u32, q: [f64; 2]) -> usize {
        let cosine = |slot: u32| {
            let ends = self.segments[slot as usize / 2];
            let (node, other) = (ends[slot as usize % 2], ends[1 - slot as usize % 2]);
            let d = ruler.place([other[0] - node[0], other[1] - node[1]]);
            let at = ruler.place(node);
            let e = [q[0] - at[0], q[1] - at[1]];
            (d[0] * e[0] + d[1] * e[1]) / d[0].hypot(d[1])
        };
        let slots = self.stitched.slots_at(self.stitched.nodes[slot as usize]);
        let mut best = (slot, cosine(slot));
        for &other in slots.iter().filter(|&&s| s != slot) {
            let c = cosine(other);
            if c > best.1 {
                best = (other, c);
            }
        }
        best.0 as usize / 2
    }
}
