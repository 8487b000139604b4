//! Random points on a boundary, uniform by length.

use super::super::metric::{Metric, Ruler};
use super::Boundary;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::random::uniform_pair;

const CHUNK: usize = 4096;

impl Boundary {
    /// Writes random points to `points`, in (u, v), uniform by length in the metric, and the segment of each to
    /// `segments`. Point i depends on the seed and on i, and on nothing else. ARGUMENT if the boundary has no length.
    /// O(n + points log n) for n segments.
    pub fn sample(
        &self,
        ctx: &Context,
        metric: Metric,
        seed: u64,
        points: &mut [[f64; 2]],
        segments: &mut [i64],
    ) -> Result<()> {
        if points.len() != segments.len() {
            bail!(Shape, "segments has {} entries; points has {}", segments.len(), points.len())
        }
        let ruler = Ruler::new(&self.domain, metric)?;
        let mut upto = ctx.meter().buffer::<f64>(self.segments.len(), "sampling")?;
        let mut total = 0.0;
        for (upto, &[p, q]) in upto.iter_mut().zip(self.segments.iter()) {
            total += ruler.distance(p, q);
            *upto = total;
        }
        if total == 0.0 {
            bail!(Argument, "there is no boundary to sample from: it has {} segments of length 0", upto.len())
        }
        let found = ctx.pool().map_chunks(points.len(), CHUNK, |range| {
            ctx.poll()?;
            let draw = |i: usize| {
                let [place, along] = uniform_pair(seed, i as u64);
                // Rounding may go beyond the end; a segment of length 0 is never chosen before it.
                let k = upto.partition_point(|&x| x <= place * total).min(upto.len() - 1);
                let [p, q] = self.segments[k];
                ([0, 1].map(|c| p[c] + along * (q[c] - p[c])), k as i64)
            };
            Ok(range.map(draw).collect::<Vec<([f64; 2], i64)>>())
        })?;
        let out = points.iter_mut().zip(segments);
        for ((point, segment), (p, k)) in out.zip(found.into_iter().flatten()) {
            (*point, *segment) = (p, k);
        }
        Ok(())
    }
}
