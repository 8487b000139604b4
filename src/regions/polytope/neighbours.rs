//! Regions across facets, and the region of a point.
//!
//! Across a facet that unit k made the pattern is the same but for unit k: that is looked up. Where several units share a
//! hyperplane it is another one, and a point just across the middle of the facet tells which. Where a unit is 0 on the whole
//! region and not beyond the facet, several regions may be across: then it is one of them.

use std::ops::Range;

use ndarray::{ArrayView2, Axis};

use super::enumeration::Enumeration;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::error::{Result, bail};
use crate::lp::{NO_LABEL, Rows, start};
use crate::network::Op;

/// Points that are located at a time.
const CHUNK: usize = 1024;

/// Points across a facet that are tried: the middle of one may lie on the border of regions beyond it.
const ATTEMPTS: usize = 4;

/// Regions that one job of the pool looks at.
const JOB: usize = 2048;

/// A table of regions by pattern, at most half full: a place follows from the hash, and those taken are passed over.
pub(super) struct Index(Vec<usize>);

const FREE: usize = usize::MAX;

impl Index {
    pub(super) fn new(e: &Enumeration) -> Index {
        let mut places = vec![FREE; (2 * e.n_regions() + 1).next_power_of_two()];
        for i in 0..e.n_regions() {
            let mut at = Index::hash(e.packed_pattern(i));
            while places[at & (places.len() - 1)] != FREE {
                at = at.wrapping_add(1);
            }
            let mask = places.len() - 1;
            places[at & mask] = i;
        }
        Index(places)
    }

    /// Patterns come from no adversary who could gain by slowing a look-up.
    fn hash(pattern: &[u64]) -> usize {
        let mix = |h: u64, &word: &u64| {
            let x = (h.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            x ^ (x >> 32)
        };
        pattern.iter().fold(0, mix) as usize
    }

    fn get(&self, e: &Enumeration, pattern: &[u64]) -> Option<usize> {
        let mask = self.0.len() - 1;
        let mut at = Index::hash(pattern);
        loop {
            match self.0[at & mask] {
                FREE => return None,
                i if e.packed_pattern(i) == pattern => return Some(i),
                _ => at = at.wrapping_add(1),
            }
        }
    }
}

/// The region across every facet; -1 where there is none.
pub(super) fn neighbours(e: &Enumeration, ctx: &Context, meter: &Meter) -> Result<Buffer<i64>> {
    let mut across = meter.buffer(e.facet_layers().len(), "neighbours")?;
    let parts = ctx.pool().map_chunks(e.n_regions(), JOB, |regions| {
        ctx.poll()?;
        Ok(by_flip(e, regions))
    })?;
    let mut open = Vec::new();
    let mut at = 0;
    for (found, left) in parts {
        across[at..at + found.len()].copy_from_slice(&found);
        at += found.len();
        open.extend(left);
    }
    for attempt in 0..ATTEMPTS {
        for chunk in open.chunks(CHUNK) {
            ctx.poll()?;
            let found: Vec<(usize, Vec<f64>)> =
                chunk.iter().filter_map(|&(i, f)| Some((f, beyond(e, i, f, attempt)?))).collect();
            let points: Vec<f64> = found.iter().flat_map(|(_, x)| x.iter().copied()).collect();
            let mut regions = vec![-1; found.len()];
            e.by_pattern(ctx, &points, &mut regions)?;
            if attempt + 1 == ATTEMPTS {
                // A unit that is 0 on a whole region is on or off by rounding: look for the place then.
                e.by_place(ctx, &points, &mut regions)?;
            }
            for ((f, _), region) in found.iter().zip(regions) {
                across[*f] = region;
            }
        }
        open.retain(|&(_, f)| across[f] < 0);
    }
    Ok(across)
}

/// The regions across the facets of some regions, found by changing one unit; and the facets, with their regions, that have
/// none of these.
fn by_flip(e: &Enumeration, regions: Range<usize>) -> (Vec<i64>, Vec<(usize, usize)>) {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    let mut pattern = vec![0; e.packed.words];
    for i in regions {
        for f in e.facet_offsets()[i] as usize..e.facet_offsets()[i + 1] as usize {
            found.push(-1);
            let Ok(layer) = usize::try_from(e.facet_layers()[f]) else { continue };
            pattern.copy_from_slice(e.packed_pattern(i));
            let unit = e.facet_units()[f] as usize;
            let (knot, code) = (e.facet_knots()[f] as u64, e.packed.code(&pattern, layer, unit));
            let other = match e.group(layer) {
                None if code <= knot => code + 1,
                None => code.saturating_sub(1),
                // The two candidates that tie.
                Some(g) if code == knot / g => knot % g,
                Some(g) => knot / g,
            };
            e.packed.set_code(&mut pattern, layer, unit, other);
            match e.index().get(e, &pattern) {
                Some(j) if e.faces(j, f) => *found.last_mut().expect("just pushed") = j as i64,
                // A partial result does not have them all; to look for those in vain would take its time.
                None if !e.complete() => {}
                _ => open.push((i, f)),
            }
        }
    }
    (found, open)
}

/// A point a little beyond facet `f` of region `i`: its middle at the first attempt, beside it at the next ones.
fn beyond(e: &Enumeration, i: usize, f: usize, attempt: usize) -> Option<Vec<f64>> {
    let d = e.body.dim();
    let (first, last) = (e.facet_offsets()[i] as usize, e.facet_offsets()[i + 1] as usize);
    let normal = |g: usize| &e.facet_normals()[g * d..][..d];
    if e.centers().is_empty() {
        return None;
    }
    let center = &e.centers()[i * d..][..d];
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    // In units of the largest distance of a facet from the centre; the facet itself as two half-spaces nearly back to back
    // would be flat, so that its middle is looked for on the hyperplane: coordinates behind the largest of its normal.
    let unit = (first..last).map(|g| e.facet_levels()[g] - dot(normal(g), center)).fold(0.0f64, f64::max);
    let pivot = (0..d).fold(0, |p, c| if normal(f)[c].abs() > normal(f)[p].abs() { c } else { p });
    let gap = (e.facet_levels()[f] - dot(normal(f), center)) / unit;
    let foot: Vec<f64> = normal(f).iter().map(|n| n * gap).collect();
    let along = |n: &[f64]| -> Vec<f64> {
        let ratio = n[pivot] / normal(f)[pivot];
        (0..d).filter(|&c| c != pivot).map(|c| n[c] - ratio * normal(f)[c]).collect()
    };
    let middle = if d == 1 {
        foot
    } else {
        let mut rows = Rows::new(d - 1);
        for g in (first..last).filter(|&g| g != f) {
            let a = along(normal(g));
            let length = dot(&a, &a).sqrt();
            let offset = (e.facet_levels()[g] - dot(normal(g), center)) / unit - dot(normal(g), &foot);
            if length > 1e-9 {
                rows.push(a.iter().map(|x| x / length), offset / length, NO_LABEL);
            }
        }
        let (mut x, depth) = start::interior(&rows, 16.0, 0.0)?;
        if attempt > 0 {
            // Multiples of the golden ratio: no direction of a lattice.
            let away = |k: usize| (k as f64 * 0.618_033_988_749_895).fract() - 0.5;
            let reach = depth / (d as f64).sqrt();
            x.iter_mut().enumerate().for_each(|(c, x)| *x += reach * away(attempt * d + c));
        }
        let mut rest = x.iter();
        let mut step: Vec<f64> =
            (0..d).map(|c| if c == pivot { 0.0 } else { *rest.next().unwrap_or(&0.0) }).collect();
        step[pivot] = -dot(&step, normal(f)) / normal(f)[pivot];
        step.iter().zip(&foot).map(|(s, f)| s + f).collect()
    };
    let out = 1e-6;
    Some((0..d).map(|c| center[c] + unit * (middle[c] + out * normal(f)[c])).collect())
}

impl Enumeration {
    /// Candidates of the max units of a layer.
    fn group(&self, layer: usize) -> Option<u64> {
        let node = self.net.unit_layers()[layer].node;
        match self.net.nodes()[node].op {
            Op::Pointwise(_) => None,
            _ => Some(self.net.candidates(node) as u64),
        }
    }

    /// Whether region `j` has a facet on the hyperplane of facet `f`, from the other side.
    fn faces(&self, j: usize, f: usize) -> bool {
        let d = self.body.dim();
        let normal = |g: usize| &self.facet_normals()[g * d..][..d];
        let levels = self.facet_levels();
        (self.facet_offsets()[j] as usize..self.facet_offsets()[j + 1] as usize).any(|g| {
            let along: f64 = normal(g).iter().zip(normal(f)).map(|(a, b)| a * b).sum();
            along < -1.0 + 1e-9 && (levels[f] + levels[g]).abs() <= 1e-6 * (1.0 + levels[f].abs())
        })
    }

    /// The region of each point t (d numbers each) by its activation pattern; -1 where no region has it.
    fn by_pattern(&self, ctx: &Context, points: &[f64], regions: &mut [i64]) -> Result<()> {
        let d = self.body.dim();
        let n_in = self.net.input_len();
        let mut words = vec![0; self.packed.words];
        for (points, regions) in points.chunks(CHUNK * d).zip(regions.chunks_mut(CHUNK)) {
            let inputs: Vec<f64> = points.chunks_exact(d).flat_map(|t| self.body.embed(t)).collect();
            let Ok(view) = ArrayView2::from_shape((regions.len(), n_in), &inputs) else {
                bail!(Shape, "{} points of {d} numbers", regions.len())
            };
            let codes = self.net.pattern(ctx, view)?;
            for (codes, region) in codes.axis_iter(Axis(0)).zip(regions) {
                self.packed.pack(&codes.to_vec(), &mut words);
                *region = self.index().get(self, &words).map_or(-1, |i| i as i64);
            }
        }
        Ok(())
    }

    /// Finds the region of each point t, d numbers each: -1 outside the domain, or if there is none with its activation
    /// pattern, which happens on the border of regions: then the first region that holds it, up to the tolerance.
    /// NOT_STORED unless patterns and facets were kept.
    pub fn locate(&self, ctx: &Context, points: &[f64], regions: &mut [i64]) -> Result<()> {
        if !self.want().patterns || !self.want().facets {
            bail!(NotStored, "patterns and facets were not kept; ask for them in `want`")
        }
        let d = self.body.dim();
        self.by_pattern(ctx, points, regions)?;
        self.by_place(ctx, points, regions)?;
        for (t, region) in points.chunks_exact(d).zip(regions) {
            if !self.body.holds(t) {
                *region = -1;
            }
        }
        Ok(())
    }

    /// Replaces -1 by the first region that holds the point. O(F) for each.
    fn by_place(&self, ctx: &Context, points: &[f64], regions: &mut [i64]) -> Result<()> {
        for (t, region) in points.chunks_exact(self.body.dim()).zip(regions) {
            if *region < 0 {
                ctx.poll()?;
                *region = (0..self.n_regions()).find(|&i| self.holds(i, t)).map_or(-1, |i| i as i64);
            }
        }
        Ok(())
    }

    /// Whether region `i` holds t, up to rounding.
    fn holds(&self, i: usize, t: &[f64]) -> bool {
        let d = t.len();
        let size = t.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        (self.facet_offsets()[i] as usize..self.facet_offsets()[i + 1] as usize).all(|f| {
            let normal = &self.facet_normals()[f * d..][..d];
            normal.iter().zip(t).map(|(n, t)| n * t).sum::<f64>()
                <= self.facet_levels()[f] + self.tolerance * size
        })
    }
}
