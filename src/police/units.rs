//! One layer of scalar units: ranges, shifts, and what the units make of the rows.

use super::choose::{Chooser, Fail, Way};
use super::fold;
use super::function::Functions;
use super::home::Home;
use super::options::Rule;
use super::plan::Layer;
use super::ranges::Ranges;
use super::walk::{Value, Walk};
use crate::convex::Side;
use crate::error::{Result, bail};
use crate::network::NodeId;

/// What decided the shift of a group: the end of the range of one element over one region.
/// Of a maximum the difference to a rival counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Decider {
    pub group: usize,
    pub region: usize,
    pub element: usize,
    pub side: Side,
    /// What `element` has to beat by as much, for a maximum.
    pub rival: Option<usize>,
}

impl Walk<'_> {
    /// Polices the scalar units of `node`, the `layer`-th layer of units; without a layer the output `node` itself.
    pub fn scalar(
        &mut self,
        layer: Option<usize>,
        node: NodeId,
        home: Home,
        functions: &Functions,
    ) -> Result<()> {
        let source = if layer.is_some() { self.net.nodes()[node].inputs[0] } else { node };
        let n = self.net.nodes()[source].len();
        let home = match home {
            Home::Missing { node } => {
                let name = &self.net.nodes()[node].name;
                bail!(
                    NoBias,
                    "'{name}' has no bias; a layer in front of units that are kept on one side needs one"
                )
            }
            // Units of one channel with knots at different places cannot share a shift.
            home if !functions.agree(n, home.width()) => Home::Inserted { width: 1 },
            home => home,
        };
        let (width, groups, regions) = (home.width(), n / home.width(), self.stack.blocks.len());
        let ranges = self.ranges(source, n)?;
        let margin = self.margins(source, width, groups, functions);
        let mut made = self.layer(layer, home, groups, margin);
        let votes = self.votes(source, width, groups, functions)?;
        let mut chooser = Chooser::new();
        let (mut moved, mut deciders) = (vec![0.0; groups], Vec::new());
        let (mut over, mut pieces) = (vec![[0.0; 2]; regions], vec![0; regions]);
        let single = self.net.is_f32();
        for g in 0..groups {
            over.iter_mut().enumerate().for_each(|(r, range)| *range = ranges.group(r, g, width));
            let f = functions.get(g * width);
            let way = match (&self.options.rule, layer) {
                (Rule::MinShift, _) | (Rule::Given(_), None) => Way::Gap,
                (Rule::Joint, _) => Way::Joint,
                (Rule::Majority, _) => Way::Above(votes[g]),
                (Rule::Given(codes), Some(layer)) => {
                    let first = self.net.unit_layers()[layer].first + g * width;
                    Way::Given(self.given(node, f, &codes[first..first + width], first)?)
                }
            };
            let choice = match chooser.choose(way, &over, f, made.margin[g], &mut pieces) {
                Ok(choice) => choice,
                Err(Fail::Unbounded) => bail!(
                    UnboundedBoth,
                    "{}: the input takes values without bound on either side of a knot over the regions; no bias keeps it on one piece",
                    self.unit(node, g, width)
                ),
                Err(Fail::Narrow) => bail!(
                    Argument,
                    "codes: {} is to stay on a piece that is narrower than the range of its input",
                    self.unit(node, g, width)
                ),
            };
            pieces.iter().enumerate().for_each(|(r, &p)| made.codes[r * groups + g] = f.pieces[p].code);
            if let Some((region, side)) = choice.decider {
                let b = made.bias[g];
                let folded = fold::outward(b, choice.e, side == Side::Low, single);
                if !folded.is_finite() {
                    bail!(Nonfinite, "{}: its bias would have to be {folded}", self.unit(node, g, width))
                }
                made.shift[g] = choice.e;
                made.bias[g] = folded;
                moved[g] = b - folded;
                made.region[g] = region as i32;
                deciders.push(Decider {
                    group: g,
                    region,
                    element: ranges.decider(region, g, width, side),
                    side,
                    rival: None,
                });
            }
        }
        self.corners(source, &deciders, &ranges, &mut made.corner);
        self.apply(layer, node, functions, &made, &moved, &ranges)?;
        self.deciders.push(deciders);
        self.homes.push((home, if layer.is_some() { node } else { self.net.nodes().len() }));
        self.layers.push(made);
        Ok(())
    }

    /// Ranges of the value of a node; NONFINITE where it has overflowed.
    pub fn ranges(&self, source: NodeId, n: usize) -> Result<Ranges> {
        let values = self.rows(source);
        let ranges = self.measure(values, n);
        for (r, block) in self.stack.blocks.iter().enumerate().filter(|(r, _)| !ranges.are_finite(*r)) {
            let name = &self.net.nodes()[source].name;
            let of_block = &values[block.rows.start * n..block.rows.end * n];
            if let Some(i) = of_block.iter().position(|x| !x.is_finite()) {
                bail!(Nonfinite, "'{name}': element {} is NaN or infinite on a region", i % n)
            }
            let finite = |i: &usize| ranges.get(r, *i).iter().all(|x| x.is_finite());
            if let Some(i) = (0..n).find(|i| !finite(i)).filter(|_| !block.has_rays()) {
                bail!(
                    Nonfinite,
                    "'{name}': the range of element {i} over region {r}, {:?}, overflows",
                    block.rows
                )
            }
        }
        Ok(ranges)
    }

    /// Unit roundoff of an evaluation of the network.
    pub fn unit_roundoff(&self) -> f64 {
        if self.net.is_f32() { f64::from(f32::EPSILON) / 2.0 } else { f64::EPSILON / 2.0 }
    }

    /// Distance that each group is to keep from the knots.
    ///
    /// What is compared with a knot far from 0 is rounded to the precision of that knot.
    pub fn margins(&self, source: NodeId, width: usize, groups: usize, functions: &Functions) -> Vec<f64> {
        let size = &self.value(source).size;
        let unit = self.unit_roundoff();
        let largest = |g: usize| size[g * width..][..width].iter().copied().fold(0.0, f64::max);
        let farthest = |g: usize| {
            let bands = &functions.get(g * width).bands;
            bands.iter().fold(0.0f64, |m, band| m.max(band.low.abs()).max(band.high.abs()))
        };
        let rounding = |g: usize| match size.is_empty() {
            true => 0.0,
            false => self.options.kappa * unit * (largest(g) + farthest(g)),
        };
        (0..groups).map(|g| self.options.margin + rounding(g)).collect()
    }

    /// A layer without shifts.
    pub fn layer(&self, layer: Option<usize>, home: Home, groups: usize, margin: Vec<f64>) -> Layer {
        Layer {
            units: layer,
            bias_of: match home {
                Home::Bias { node, .. } => Some(node),
                _ => None,
            },
            width: home.width(),
            shift: vec![0.0; groups],
            bias: fold::biases(self.net, home, groups),
            margin,
            codes: vec![0; self.stack.blocks.len() * groups],
            region: vec![-1; groups],
            corner: vec![-1; groups],
        }
    }

    /// Whether most values of each group at the vertices are above 0; empty under other rules.
    fn votes(&self, source: NodeId, width: usize, groups: usize, functions: &Functions) -> Result<Vec<bool>> {
        if self.options.rule != Rule::Majority {
            return Ok(Vec::new());
        }
        let at_zero = |g: usize| matches!(functions.get(g * width).bands.as_slice(), [b] if b.low == 0.0 && b.high == 0.0);
        if let Some(g) = (0..groups).find(|&g| !at_zero(g)) {
            let unit = self.unit(source, g, width);
            bail!(
                Unsupported,
                "rule: a majority needs units with one knot, at 0; those behind {unit} have others"
            )
        }
        let mut count = vec![0usize; groups];
        for row in self.rows(source).chunks_exact(groups * width) {
            for (count, row) in count.iter_mut().zip(row.chunks_exact(width)) {
                *count += row.iter().filter(|&&h| h > 0.0).count();
            }
        }
        Ok(count.into_iter().map(|c| 2 * c > self.stack.len() * width).collect())
    }

    /// Index of the piece that the caller gave for the units of one group, which begin at position `first`.
    fn given(
        &self,
        node: NodeId,
        f: &super::function::Function,
        codes: &[i32],
        first: usize,
    ) -> Result<usize> {
        let name = &self.net.nodes()[node].name;
        if let Some(i) = codes.iter().position(|c| *c != codes[0]) {
            let (a, b) = (codes[0], codes[i]);
            bail!(
                Argument,
                "codes[{first}] is {a} and codes[{}] is {b}; the units of '{name}' there share a bias and need one code",
                first + i
            )
        }
        match f.piece(codes[0]) {
            Some(piece) => Ok(piece),
            None => {
                bail!(Argument, "codes[{first}] is {}; '{name}' has no affine piece of that number", codes[0])
            }
        }
    }

    /// A group, for messages.
    pub fn unit(&self, node: NodeId, g: usize, width: usize) -> String {
        let what = if width == 1 { "unit" } else { "channel" };
        format!("'{}' (node {node}), {what} {g}", self.net.nodes()[node].name)
    }

    /// The vertices that decided.
    pub fn corners(&self, source: NodeId, deciders: &[Decider], ranges: &Ranges, corner: &mut [i32]) {
        let (rows, n) = (self.rows(source), self.net.nodes()[source].len());
        for (r, block) in self.stack.blocks.iter().enumerate() {
            let mut open: Vec<&Decider> = deciders.iter().filter(|d| d.region == r).collect();
            let rows = &rows[block.rows.start * n..block.rows.end * n];
            match block.shape.n_corners() {
                0 => {}
                1 => open.iter().for_each(|d| corner[d.group] = 0),
                _ if block.is_vertices() => {
                    // Row by row, as they lie in memory: the first that is as low or high as it gets.
                    for (v, row) in rows.chunks_exact(n).enumerate() {
                        open.retain(|d| {
                            let end = ranges.get(r, d.element)[usize::from(d.side == Side::High)];
                            let found = row[d.element] == end;
                            if found {
                                corner[d.group] = v as i32;
                            }
                            !found
                        });
                    }
                }
                _ => open.iter().for_each(|d| {
                    if let Some(found) = ranges.corner(r, d.element, d.side) {
                        corner[d.group] = found as i32;
                        return;
                    }
                    let value = |j: usize| rows[j * n + d.element];
                    let extreme = block.shape.extreme(d.side, &value);
                    corner[d.group] = extreme.corner.map_or(-1, |c| c as i32);
                }),
            }
        }
    }

    /// What the units make of the rows on the pieces of `made`, after the biases have moved by `moved`.
    fn apply(
        &mut self,
        layer: Option<usize>,
        node: NodeId,
        functions: &Functions,
        made: &Layer,
        moved: &[f64],
        ranges: &Ranges,
    ) -> Result<()> {
        let source = if layer.is_some() { self.net.nodes()[node].inputs[0] } else { node };
        let (width, groups) = (made.width, moved.len());
        let n = groups * width;
        let (regions, n_units) = (self.stack.blocks.len(), self.net.n_units());
        let rays = self.stack.blocks.iter().any(|block| block.has_rays());
        let bounded = rays.then(|| self.bounded(self.rows(source), n, ranges));
        let sized = bounded.as_ref().unwrap_or(ranges);
        let keep_size = self.options.kappa > 0.0 && layer.is_some();
        let mut size = vec![0.0f64; if keep_size { n } else { 0 }];
        let mut out = if layer.is_some() { self.taken(source)? } else { self.buffer(0)? };
        // Of each element: the piece that it is on, and how far its bias moves.
        let (mut slope, mut offset) = (vec![0.0; n], vec![0.0; n]);
        let by: Vec<f64> = (0..n).map(|i| moved[i / width]).collect();
        let mut alive = vec![false; groups];
        for r in 0..regions {
            for i in 0..n {
                let (g, f) = (i / width, functions.get(i));
                let code = made.codes[r * groups + g];
                let p = f.piece(code).expect("a code of this function");
                let piece = f.pieces[p];
                (slope[i], offset[i]) = (piece.slope, piece.offset);
                alive[g] |= piece.slope != 0.0;
                let [lo, hi] = ranges.get(r, i).map(|x| x - moved[g]);
                let below = p.checked_sub(1).map_or(f64::INFINITY, |k| lo - f.bands[k].high);
                let above = f.bands.get(p).map_or(f64::INFINITY, |band| band.low - hi);
                self.report.smallest_margin = self.report.smallest_margin.min(below).min(above);
                if let Some(size) = size.get_mut(i) {
                    let value = |x: f64| (piece.slope * (x - moved[g]) + piece.offset).abs();
                    let [lo, hi] = sized.get(r, i);
                    *size = size.max(value(lo)).max(value(hi));
                }
                if let Some(layer) = layer {
                    self.codes[r * n_units + self.net.unit_layers()[layer].first + i] = code;
                }
            }
            if layer.is_none() {
                continue;
            }
            for q in self.stack.blocks[r].rows.clone() {
                let z = &mut out[q * n..][..n];
                let pieces = slope.iter().zip(&offset).zip(&by);
                match self.stack.is_point[q] {
                    true => z.iter_mut().zip(pieces).for_each(|(z, ((a, c), by))| *z = c + a * (*z - by)),
                    false => z.iter_mut().zip(&slope).for_each(|(z, a)| *z *= a),
                }
            }
        }
        self.report.shifted.push(made.shift.iter().filter(|&&e| e != 0.0).count());
        self.report.dead.push(alive.iter().filter(|&&alive| !alive).count());
        let largest = made.shift.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
        self.report.largest_shift = self.report.largest_shift.max(largest);
        if layer.is_some() {
            self.values[node] = Some(Value { rows: out, size });
        }
        Ok(())
    }
}
