//! The result: regions in depth-first order, and what was asked to be kept of each.

use std::sync::{Arc, OnceLock};

use super::cell::Cell;
use super::neighbours::{Index, neighbours};
use super::shared::Shared;
use super::side::{Effort, Space};
use super::sink::{EnumerationWant, Sink, Widths};
use super::task::Task;
use super::volume::LARGEST_VOLUME_DIM;
use crate::buffer::{Buffer, Plain};
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::lp::{NO_LABEL, start};
use crate::network::Network;
use crate::regions::body::Body;
use crate::regions::packed::Packed;
use crate::regions::plan::Plan;
use crate::regions::values::Values;

/// The depth on both sides that makes a hyperplane cross a region, unless asked otherwise: about a million roundings, and
/// far below what generic networks come to.
const TOLERANCE: f64 = 1e-10;
/// A domain shallower than this, in local coordinates, has no interior.
pub(crate) const FLAT: f64 = 1e-9;

/// What to compute and when to give up.
#[derive(Clone, Copy, Debug)]
pub struct EnumerationOptions {
    /// What to keep of each region.
    pub want: EnumerationWant,
    /// MAX_REGIONS beyond this many regions; 0 = no limit.
    pub max_regions: u64,
    /// At `max_regions` stop with the first of them instead of failing: [`Enumeration::complete`] is false then.
    pub keep_partial: bool,
    /// A unit splits a region if the region reaches farther than this on both of its sides, in coordinates in which the
    /// domain fills [-1, 1]^d. 0 = 1e-10. Of an unbounded domain: in homogeneous coordinates.
    pub tolerance: f64,
}

impl Default for EnumerationOptions {
    fn default() -> Self {
        EnumerationOptions {
            want: EnumerationWant::DEFAULT,
            max_regions: 0,
            keep_partial: false,
            tolerance: 0.0,
        }
    }
}

/// The linear regions of a network on a domain of dimension d. Immutable; shareable between threads.
///
/// F regions, H facets in all (sum over regions).
pub struct Enumeration {
    pub(super) net: Arc<Network>,
    pub(super) body: Body,
    want: EnumerationWant,
    pub(super) tolerance: f64,
    n_regions: usize,
    complete: bool,
    layer_cells: Vec<u64>,
    effort: Effort,
    pub(super) packed: Packed,
    patterns: Buffer<u64>,
    map_a: Buffer<f64>,
    map_b: Buffer<f64>,
    facet_offsets: Buffer<i64>,
    facet_normals: Buffer<f64>,
    facet_levels: Buffer<f64>,
    facet_layers: Buffer<i32>,
    facet_units: Buffer<i64>,
    facet_knots: Buffer<i32>,
    neighbours: Buffer<i64>,
    centers: Buffer<f64>,
    radii: Buffer<f64>,
    volumes: Buffer<f64>,
    index: OnceLock<Index>,
}

/// Enumerates the regions of `net` on `body`. Errors: SHAPE if the domain does not fit the network, UNSUPPORTED for layers
/// that cannot be cut and for volumes that are infinite, of a ball, or in too many dimensions; ZERO_AREA for a domain
/// without interior; MAX_REGIONS, MEMORY_LIMIT, CANCELLED, NUMERIC.
pub fn enumerate(
    ctx: &Context,
    net: &Arc<Network>,
    body: &Body,
    options: &EnumerationOptions,
) -> Result<Enumeration> {
    let want = options.want;
    let tolerance = match options.tolerance {
        0.0 => TOLERANCE,
        t if (1e-14..=1e-2).contains(&t) => t,
        t => bail!(Argument, "tolerance is {t}; expected 0 (1e-10) or 1e-14 to 1e-2"),
    };
    check_volumes(want, body)?;
    ctx.poll()?;
    let chart = body.chart(net.input_len())?;
    let plan = Plan::new(net, chart, want.maps)?;
    let (space, cell) = domain_cell(body, &plan, tolerance)?;
    let max_regions = if options.max_regions == 0 { u64::MAX } else { options.max_regions };
    let shared = Shared::new(ctx, space, want, max_regions, options.keep_partial);
    let (mut sinks, stopped) = ctx.pool().install(|| {
        let mut task = Task::new(Values::new(&plan, ctx.isa().kernels()), &shared);
        let done = task.run_domain(cell);
        done.map(|()| (task.out, task.stopped)).map_err(|e| shared.first_error().unwrap_or(e))
    })?;
    let widths = Widths { dim: body.dim(), outputs: net.output_len(), words: plan.pattern_words };
    let mut left = usize::try_from(max_regions).unwrap_or(usize::MAX);
    let mut complete = !stopped;
    for sink in &mut sinks {
        complete &= sink.len() <= left;
        sink.truncate(left, widths);
        left -= sink.len();
    }
    if !complete && !options.keep_partial {
        bail!(MaxRegions, "enumeration: more than max_regions = {max_regions} regions")
    }
    let result =
        Enumeration::assemble(ctx, net, body, &plan, want, tolerance, complete, sinks, &shared.meter)?;
    ctx.progress(1.0, "regions");
    Ok(result)
}

fn check_volumes(want: EnumerationWant, body: &Body) -> Result<()> {
    if !want.volumes {
        return Ok(());
    }
    if body.sphere().is_some() {
        bail!(Unsupported, "volumes in a ball are not in this version; enumerate a box or a polytope")
    }
    if body.bounds().is_none() {
        bail!(Unsupported, "the domain is unbounded, and volumes are infinite; enumerate without volumes")
    }
    if body.dim() > LARGEST_VOLUME_DIM {
        let d = body.dim();
        bail!(Unsupported, "volumes in {d} dimensions; expected at most {LARGEST_VOLUME_DIM}")
    }
    Ok(())
}

/// The domain as the first cell.
fn domain_cell(body: &Body, plan: &Plan, tolerance: f64) -> Result<(Space, Cell)> {
    let d = body.dim();
    let cones = body.bounds().is_none();
    let ball = body.sphere().map(|(_, r)| r / plan.frame.scale[0]);
    let dim = d + usize::from(cones);
    let mut cell = Cell::new(dim);
    for (i, side) in plan.sides.iter().enumerate() {
        let mut normal: Vec<f64> = side[..d].iter().map(|a| -a.to_f64()).collect();
        let mut offset = side[d].to_f64();
        if cones {
            normal.push(-offset);
            offset = 0.0;
        }
        let largest = normal.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        let length = largest * normal.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt();
        cell.rows.push(normal.iter().map(|x| x / length), offset / length, i as u32);
    }
    let unit = |j: usize, s: f64| (0..dim).map(move |c| if c == j { s } else { 0.0 });
    if cones {
        for j in 0..dim {
            cell.rows.push(unit(j, -1.0), f64::from(u8::from(j < d)), NO_LABEL);
            cell.rows.push(unit(j, 1.0), 1.0, NO_LABEL);
        }
    }
    cell.fresh = cell.rows.len();
    if ball.is_some() {
        cell.pool.push(&vec![0.0; d], &[], 0.0);
    } else {
        let inside = start::interior(&cell.rows, 2.0, FLAT);
        let Some(basis) = inside.and_then(|(x, _)| start::vertex(&cell.rows, &x)) else {
            bail!(ZeroArea, "the domain has no interior: it is flat or too thin")
        };
        let mut simplex = crate::lp::Simplex::default();
        if !simplex.stand(&cell.rows, &basis) {
            bail!(Numeric, "the sides of the domain are too close to parallel to find a vertex")
        }
        let x = simplex.x.clone();
        cell.pool.push(&x, &basis, simplex.error());
    }
    Ok((Space { dim, cones, ball, tolerance }, cell))
}

/// Joins one field of all sinks into a buffer and frees it there.
fn join<T: Plain>(
    sinks: &mut [Sink],
    meter: &Meter,
    what: &str,
    field: impl Fn(&mut Sink) -> &mut Vec<T>,
) -> Result<Buffer<T>> {
    let len = sinks.iter_mut().map(|s| field(s).len()).sum();
    let mut all = meter.buffer(len, what)?;
    let mut at = 0;
    for sink in sinks {
        let part = std::mem::take(field(sink));
        all[at..at + part.len()].copy_from_slice(&part);
        at += part.len();
    }
    Ok(all)
}

impl Enumeration {
    #[allow(clippy::too_many_arguments)]
    fn assemble(
        ctx: &Context,
        net: &Arc<Network>,
        body: &Body,
        plan: &Plan,
        want: EnumerationWant,
        tolerance: f64,
        complete: bool,
        mut sinks: Vec<Sink>,
        meter: &Meter,
    ) -> Result<Enumeration> {
        let n_regions = sinks.iter().map(Sink::len).sum();
        let mut effort = Effort::default();
        let mut layer_cells = vec![0; plan.levels.len()];
        for sink in &sinks {
            sink.efforts.iter().for_each(|e| effort.merge(e));
            for &opened in &sink.opened {
                layer_cells.iter_mut().skip(opened as usize).for_each(|n| *n += 1);
            }
        }
        let mut facet_offsets = meter.buffer(if want.facets { n_regions + 1 } else { 0 }, "facets")?;
        for (i, &n) in sinks.iter().flat_map(|s| &s.facet_counts).enumerate() {
            facet_offsets[i + 1] = facet_offsets[i] + i64::from(n);
        }
        let lines: Buffer<u32> = join(&mut sinks, meter, "facets", |s| &mut s.facet_lines)?;
        let mut facet_layers = meter.buffer(lines.len(), "facets")?;
        let mut facet_units = meter.buffer(lines.len(), "facets")?;
        let mut facet_knots = meter.buffer(lines.len(), "facets")?;
        for (i, &line) in lines.iter().enumerate() {
            (facet_layers[i], facet_units[i], facet_knots[i]) = plan.maker(line);
        }
        let mut result = Enumeration {
            net: net.clone(),
            body: body.clone(),
            want,
            tolerance,
            n_regions,
            complete,
            layer_cells,
            effort,
            packed: Packed::new(plan),
            patterns: join(&mut sinks, meter, "patterns", |s| &mut s.patterns)?,
            map_a: join(&mut sinks, meter, "affine maps", |s| &mut s.map_a)?,
            map_b: join(&mut sinks, meter, "affine maps", |s| &mut s.map_b)?,
            facet_offsets,
            facet_normals: join(&mut sinks, meter, "facets", |s| &mut s.facet_normals)?,
            facet_levels: join(&mut sinks, meter, "facets", |s| &mut s.facet_offsets)?,
            facet_layers,
            facet_units,
            facet_knots,
            neighbours: meter.buffer(0, "neighbours")?,
            centers: join(&mut sinks, meter, "interior points", |s| &mut s.centers)?,
            radii: join(&mut sinks, meter, "radii", |s| &mut s.radii)?,
            volumes: join(&mut sinks, meter, "volumes", |s| &mut s.volumes)?,
            index: OnceLock::new(),
        };
        meter.release(sinks.iter().map(|s| s.charged).sum());
        if want.facets && want.patterns {
            result.neighbours = neighbours(&result, ctx, meter)?;
        }
        Ok(result)
    }

    /// Number of regions F: full-dimensional sets of constant activation pattern.
    pub fn n_regions(&self) -> usize {
        self.n_regions
    }

    /// Whether these are all regions of the domain: false if `max_regions` was reached and partial results were asked for.
    pub fn complete(&self) -> bool {
        self.complete
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.net
    }

    /// The domain.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// What was kept.
    pub fn want(&self) -> EnumerationWant {
        self.want
    }

    /// The depth on both sides that made a unit split a region; see [`EnumerationOptions::tolerance`].
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// The smallest depth of a crossing that was accepted, in the units of the tolerance: infinite if there was none.
    pub fn smallest_crossing(&self) -> f64 {
        self.effort.accepted
    }

    /// The largest depth at which a unit reached across without being taken for a crossing.
    pub fn largest_touch(&self) -> f64 {
        self.effort.rejected
    }

    /// Linear programs solved.
    pub fn programs(&self) -> u64 {
        self.effort.programs
    }

    /// Number of cells after each layer of units; of a partial result, those that hold its regions.
    pub fn layer_cells(&self) -> &[u64] {
        &self.layer_cells
    }

    /// (F, outputs, d): on region i output k is `a[i, k] . t + b[i, k]`.
    pub fn map_a(&self) -> &[f64] {
        &self.map_a
    }

    /// (F, outputs): see [`Enumeration::map_a`].
    pub fn map_b(&self) -> &[f64] {
        &self.map_b
    }

    /// (F + 1): facets of region i are `offsets[i] .. offsets[i + 1]`.
    pub fn facet_offsets(&self) -> &[i64] {
        &self.facet_offsets
    }

    /// (H, d): outward normals, of length 1.
    pub fn facet_normals(&self) -> &[f64] {
        &self.facet_normals
    }

    /// (H): inside the region `normal . t <= level`.
    pub fn facet_levels(&self) -> &[f64] {
        &self.facet_levels
    }

    /// (H): the layer of units (0, 1, ...) that made each facet; -1 for the sides of the domain.
    pub fn facet_layers(&self) -> &[i32] {
        &self.facet_layers
    }

    /// (H): the unit within that layer, or the side of the domain.
    pub fn facet_units(&self) -> &[i64] {
        &self.facet_units
    }

    /// (H): which knot of that unit.
    pub fn facet_knots(&self) -> &[i32] {
        &self.facet_knots
    }

    /// (H): the region across each facet; -1 outside the domain, or if a partial result does not have it.
    pub fn neighbours(&self) -> &[i64] {
        &self.neighbours
    }

    /// (F, d): an interior point of each region, as deep as possible; deep, if the domain is unbounded.
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// (F): how deep that point is: the inscribed radius.
    pub fn radii(&self) -> &[f64] {
        &self.radii
    }

    /// (F): volumes, in units of t.
    pub fn volumes(&self) -> &[f64] {
        &self.volumes
    }

    /// Writes the activation pattern of region `i`: for each unit the index of its piece (ReLU: 0 off, 1 on).
    pub fn pattern(&self, i: usize, code: impl FnMut(usize, u8)) -> Result<()> {
        if !self.want.patterns {
            bail!(NotStored, "patterns were not kept; ask for them in `want`")
        }
        self.packed.unpack(self.packed_pattern(i), code);
        Ok(())
    }

    pub(super) fn packed_pattern(&self, i: usize) -> &[u64] {
        &self.patterns[i * self.packed.words..][..self.packed.words]
    }

    /// Regions by pattern.
    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self))
    }
}
