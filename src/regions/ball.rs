//! How many cells meet a disc: a measure of how busy a network is around a point.
//!
//! Counted are the cells that the open disc meets: dist(centre, cell) < radius. Distances are taken in f64 with a bound of
//! their error, and exactly where that leaves a doubt, so that counts are exact also for discs that touch vertices and
//! edges.

use std::sync::Arc;

use super::disc::{Disc, Gram};
use super::domain::Domain;
use super::exact::{Exact, LazyPlan};
use super::locate::Grid;
use super::metric::{Metric, Ruler};
use super::partition::{Partition, PartitionOptions, partition};
use super::sink::Want;
use crate::context::Context;
use crate::error::{Result, bail};
use crate::fork;
use crate::network::Network;

const CHUNK: usize = 64;
/// Buckets between two polls.
const POLL: usize = 1024;

impl Partition {
    /// Writes to `counts[i]` the number of cells that the open disc of radius `radii[i]` about `centers[i]` = (u, v)
    /// meets, in the metric. Needs patterns and mesh (NOT_STORED otherwise). Cost: the cells near each disc; the first
    /// call prepares a search grid.
    pub fn count_in_ball(
        &self,
        ctx: &Context,
        metric: Metric,
        centers: &[[f64; 2]],
        radii: &[f64],
        counts: &mut [i64],
    ) -> Result<()> {
        let want = self.want();
        if !(want.mesh && want.patterns) {
            bail!(NotStored, "counts in a ball need polygons, patterns and mesh; ask for them in `want`")
        }
        if centers.len() != radii.len() || centers.len() != counts.len() {
            let (c, r, n) = (centers.len(), radii.len(), counts.len());
            bail!(Shape, "there are {c} centers, {r} radii and {n} counts; expected as many of each")
        }
        for (i, (&center, &radius)) in centers.iter().zip(radii).enumerate() {
            check(&format!("centers[{i}]"), center, &format!("radii[{i}]"), radius)?;
        }
        let ruler = Ruler::new(self.domain(), metric)?;
        let grid = fork::get_or_init(&self.grid, || Grid::new(self));
        let lazy = LazyPlan::new(self);
        ctx.meter().charge(ctx.threads() * self.n_regions() * size_of::<u32>(), "counts in a ball")?;
        let found = ctx.pool().map_chunks(centers.len(), CHUNK, |range| {
            ctx.poll()?;
            let (exact, seen) = (Exact::new(&lazy), vec![0; self.n_regions()]);
            let mut counter = Counter { partition: self, ruler, metric, gram: None, exact, seen, discs: 0 };
            range
                .map(|i| counter.count(ctx, grid, &Disc { center: centers[i], radius: radii[i] }))
                .collect::<Result<Vec<i64>>>()
        })?;
        for (count, found) in counts.iter_mut().zip(found.into_iter().flatten()) {
            *count = found;
        }
        Ok(())
    }
}

fn check(center_name: &str, center: [f64; 2], radius_name: &str, radius: f64) -> Result<()> {
    if !(center[0].is_finite() && center[1].is_finite()) {
        bail!(Nonfinite, "{center_name} is ({}, {}); expected finite numbers", center[0], center[1])
    }
    if !radius.is_finite() {
        bail!(Nonfinite, "{radius_name} is {radius}; expected a finite number")
    }
    if radius < 0.0 {
        bail!(Argument, "{radius_name} is {radius}; expected 0 or more")
    }
    Ok(())
}

/// Counts the cells of one disc after the other.
struct Counter<'a> {
    partition: &'a Partition,
    ruler: Ruler,
    metric: Metric,
    /// Made for the first disc in doubt.
    gram: Option<Gram>,
    exact: Exact<'a>,
    /// For each cell the last disc that came by, from 1: cells are in many buckets.
    seen: Vec<u32>,
    discs: u32,
}

impl Counter<'_> {
    fn count(&mut self, ctx: &Context, grid: &Grid, disc: &Disc) -> Result<i64> {
        if disc.radius == 0.0 {
            return Ok(0);
        }
        self.discs += 1;
        let errors = self.partition.vertex_errors();
        let reach = self.ruler.disc();
        let corner = |s: f64| [0, 1].map(|k| disc.center[k] + s * (disc.radius * reach[k] + errors[k]));
        let mut count = 0;
        for (i, bucket) in grid.buckets_in(corner(-1.0), corner(1.0)).enumerate() {
            if i % POLL == POLL - 1 {
                ctx.poll()?;
            }
            for &cell in bucket {
                let cell = cell as usize;
                if self.seen[cell] != self.discs {
                    self.seen[cell] = self.discs;
                    count += i64::from(self.meets(cell, disc, errors));
                }
            }
        }
        Ok(count)
    }

    fn meets(&mut self, cell: usize, disc: &Disc, errors: [f64; 2]) -> bool {
        let polygon = self.partition.polygon(cell);
        disc.meets(polygon, &self.ruler, errors).unwrap_or_else(|| {
            self.exact.enter(cell);
            let gram = self.gram.get_or_insert_with(|| Gram::new(self.partition, self.metric));
            gram.meets(disc, self.partition, &mut self.exact, polygon.len())
        })
    }
}

/// The number of cells of `net` that the open disc of radius `radius` about `center` = (u, v) meets within `domain`, or
/// in the whole plane for a network with two inputs if there is none. As [`Partition::count_in_ball`], but only what is
/// near the disc is partitioned: its bounding box, where that is inside the domain or the domain is a box itself, and
/// otherwise the whole domain. Errors: those of [`partition`].
pub fn count_in_ball(
    ctx: &Context,
    net: &Arc<Network>,
    domain: Option<&Domain>,
    metric: Metric,
    center: [f64; 2],
    radius: f64,
    max_regions: u64,
) -> Result<i64> {
    check("center", center, "radius", radius)?;
    let around = |ruler: Ruler| {
        let reach = ruler.disc().map(|x| x * radius);
        let lo = [0, 1].map(|k| (center[k] - reach[k]).next_down());
        [lo, [0, 1].map(|k| (center[k] + reach[k]).next_up())]
    };
    if radius == 0.0 {
        return Ok(0);
    }
    let near = match domain {
        None => {
            let [lo, hi] = around(Ruler::PLAIN);
            Domain::rect(lo, hi)?
        }
        Some(domain) => match cut(domain, around(Ruler::new(domain, metric)?)) {
            Cut::Nothing => return Ok(0),
            Cut::Box(corners) => domain.with_polygon(&corners)?,
            Cut::All => domain.clone(),
        },
    };
    let want = Want { polygons: true, patterns: true, maps: false, mesh: true };
    let cells = partition(ctx, net, &near, &PartitionOptions { want, max_regions })?;
    let mut counts = [0];
    cells.count_in_ball(ctx, metric, &[center], &[radius], &mut counts)?;
    Ok(counts[0])
}

/// The part of a domain in which to look.
enum Cut {
    Nothing,
    Box([[f64; 2]; 4]),
    All,
}

/// The part of `domain` in a box, where its corners are exact.
fn cut(domain: &Domain, [lo, hi]: [[f64; 2]; 2]) -> Cut {
    let polygon = domain.polygon();
    let corners = |lo: [f64; 2], hi: [f64; 2]| [lo, [hi[0], lo[1]], hi, [lo[0], hi[1]]];
    let bound =
        |pick: fn(f64, f64) -> f64| [0, 1].map(|k| polygon.iter().map(|p| p[k]).fold(polygon[0][k], pick));
    let (least, most) = (bound(f64::min), bound(f64::max));
    let rectangle = domain.rectangle().is_some();
    let (low, high) = ([0, 1].map(|k| lo[k].max(least[k])), [0, 1].map(|k| hi[k].min(most[k])));
    if low[0] >= high[0] || low[1] >= high[1] {
        Cut::Nothing
    } else if rectangle {
        Cut::Box(corners(low, high))
    } else if corners(lo, hi).iter().all(|&c| domain.contains(c)) {
        Cut::Box(corners(lo, hi))
    } else {
        Cut::All
    }
}
