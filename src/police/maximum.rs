//! One layer of maxima: the candidate that wins everywhere, and the bias that makes it win.

use super::home::Home;
use super::units::Decider;
use super::walk::{Value, Walk};
use crate::convex::Side;
use crate::error::{Result, bail};
use crate::network::{Candidate, NodeId, Op};

/// The best winner of some maxima that share biases.
struct Winner {
    /// Number of the candidate.
    code: usize,
    /// By how much it has to be raised; 0 or more.
    raise: f64,
    /// What it has to be raised above: unit, rival candidate, region.
    over: Option<(usize, usize, usize)>,
    margin: f64,
}

impl Walk<'_> {
    /// Polices the maxima of `node`, the `layer`-th layer of units.
    ///
    /// Of each maximum one candidate wins on all regions: the one that has to be raised least, the first among equals. With
    /// tied biases all maxima of a channel have the same one.
    pub fn maximum(&mut self, layer: usize, node: NodeId, home: Home) -> Result<()> {
        let (net, source) = (self.net, self.net.nodes()[node].inputs[0]);
        let (n_in, n_out) = (net.nodes()[source].len(), net.nodes()[node].len());
        let pool = matches!(net.nodes()[node].op, Op::MaxPool { .. });
        self.ranges(source, n_in)?;
        // Windows are looked at one by one: what they share forbids a shift.
        let width = if pool { 1 } else { home.width() };
        let groups = n_in / home.width();
        let mut made = self.layer(Some(layer), home, groups, vec![0.0; groups]);
        made.codes.fill(-1);
        let (mut moved, mut deciders) = (vec![0.0; groups], Vec::new());
        let mut wins = vec![0usize; n_out];
        let owners = pool.then(|| self.owners(node, n_in));
        for first in (0..n_out).step_by(width) {
            self.ctx.poll()?;
            let units = first..first + width;
            let winner = self.winner(node, units.clone());
            wins[units.clone()].fill(winner.code);
            let Some((unit, rival, region)) = winner.over else { continue };
            let Candidate::Element(element) = net.candidate(node, unit, winner.code) else { continue };
            let name = &net.nodes()[node].name;
            if let Some(owners) = &owners {
                let alone = |k| match net.candidate(node, unit, k) {
                    Candidate::Element(j) => owners[j] <= 1,
                    _ => true,
                };
                if home.width() > 1
                    || matches!(home, Home::Bias { .. })
                    || !(0..net.candidates(node)).all(alone)
                {
                    bail!(
                        ActNotCpwl,
                        "'{name}' (node {node}), unit {unit}: no element of its window is the largest on a whole region, and its \
                         elements share biases with others or windows overlap; let every position have a shift of its own \
                         (tied = false) with windows that do not overlap, or use a mean or a strided convolution instead"
                    )
                }
            }
            if let Home::Missing { node } = home {
                bail!(
                    NoBias,
                    "'{}' has no bias; a layer in front of maxima needs one",
                    net.nodes()[node].name
                )
            }
            let g = element / home.width();
            let b = made.bias[g];
            let folded = super::fold::outward(b, -winner.raise, true, net.is_f32());
            if !folded.is_finite() {
                bail!(Nonfinite, "'{name}' (node {node}), unit {unit}: a bias would have to be {folded}")
            }
            (made.shift[g], made.bias[g], moved[g]) = (-winner.raise, folded, b - folded);
            (made.region[g], made.margin[g]) = (region as i32, winner.margin);
            let rival = match net.candidate(node, unit, rival) {
                Candidate::Element(j) => Some(j),
                _ => None,
            };
            deciders.push(Decider { group: g, region, element, side: Side::Low, rival });
        }
        self.corners_of_differences(source, &deciders, &mut made.corner);
        self.pass(layer, node, &wins, &moved, &mut made)?;
        self.report.shifted.push(made.shift.iter().filter(|&&e| e != 0.0).count());
        let constant = |(i, &k): (usize, &usize)| matches!(net.candidate(node, i, k), Candidate::Constant(_));
        self.report.dead.push(wins.iter().enumerate().filter(|&(i, k)| constant((i, k))).count());
        let largest = made.shift.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
        self.report.largest_shift = self.report.largest_shift.max(largest);
        self.deciders.push(deciders);
        self.homes.push((home, node));
        self.layers.push(made);
        Ok(())
    }

    /// How many windows read each element.
    fn owners(&self, node: NodeId, n: usize) -> Vec<usize> {
        let mut owners = vec![0; n];
        for i in 0..self.net.nodes()[node].len() {
            for k in 0..self.net.candidates(node) {
                if let Candidate::Element(j) = self.net.candidate(node, i, k) {
                    owners[j] += 1;
                }
            }
        }
        owners
    }

    /// The candidate that wins the maxima `units` on all regions with the smallest raise.
    fn winner(&self, node: NodeId, units: std::ops::Range<usize>) -> Winner {
        let (net, source) = (self.net, self.net.nodes()[node].inputs[0]);
        let n = net.nodes()[source].len();
        let rows = self.rows(source);
        let size = &self.value(source).size;
        let unit_roundoff = self.unit_roundoff();
        let mut best: Option<Winner> = None;
        for code in 0..net.candidates(node) {
            let mut winner = Winner { code, raise: 0.0, over: None, margin: self.options.margin };
            let mut possible = true;
            for i in units.clone() {
                let own = net.candidate(node, i, code);
                possible &= own != Candidate::Padding;
                for k in (0..net.candidates(node)).filter(|&k| k != code && possible) {
                    let rival = net.candidate(node, i, k);
                    if rival == Candidate::Padding || rival == own {
                        continue;
                    }
                    let bound = |c: Candidate| match c {
                        Candidate::Element(j) => size.get(j).copied().unwrap_or(0.0),
                        Candidate::Constant(c) => c.abs(),
                        Candidate::Padding => 0.0,
                    };
                    let mu = self.options.margin
                        + self.options.kappa * unit_roundoff * (bound(own) + bound(rival));
                    for (r, block) in self.stack.blocks.iter().enumerate() {
                        // Of the rows the values of the rival less those of the candidate.
                        let values: Vec<f64> = block
                            .rows
                            .clone()
                            .map(|q| {
                                let of = |c: Candidate| match c {
                                    Candidate::Element(j) => rows[q * n + j],
                                    Candidate::Constant(c) if self.stack.is_point[q] => c,
                                    _ => 0.0,
                                };
                                of(rival) - of(own)
                            })
                            .collect();
                        let (mut lo, mut hi) = ([0.0], [0.0]);
                        block.shape.range_with(&mut self.scratch.borrow_mut(), &values, 1, &mut lo, &mut hi);
                        if hi[0] > -mu && (winner.raise < hi[0] + mu || winner.over.is_none()) {
                            (winner.raise, winner.over, winner.margin) = (hi[0] + mu, Some((i, k, r)), mu);
                        }
                    }
                }
                // A constant cannot be raised.
                possible &= winner.over.is_none() || matches!(own, Candidate::Element(_));
            }
            if winner.raise <= 0.0 {
                winner.over = None;
            }
            possible &= winner.raise.is_finite();
            if possible && best.as_ref().is_none_or(|best| winner.raise < best.raise) {
                best = Some(winner);
            }
        }
        best.unwrap_or(Winner { code: 0, raise: f64::INFINITY, over: Some((units.start, 0, 0)), margin: 0.0 })
    }

    /// The vertices that decided about differences.
    fn corners_of_differences(&self, source: NodeId, deciders: &[Decider], corner: &mut [i32]) {
        let (rows, n) = (self.rows(source), self.net.nodes()[source].len());
        for d in deciders {
            let block = &self.stack.blocks[d.region];
            let value = |j: usize| {
                let row = &rows[(block.rows.start + j) * n..][..n];
                row[d.element] - d.rival.map_or(0.0, |rival| row[rival])
            };
            corner[d.group] = block.shape.extreme(d.side, &value).corner.map_or(-1, |c| c as i32);
        }
    }

    /// Passes on the rows of the winners, after the biases have moved by `moved`.
    fn pass(
        &mut self,
        layer: usize,
        node: NodeId,
        wins: &[usize],
        moved: &[f64],
        made: &mut super::plan::Layer,
    ) -> Result<()> {
        let (net, source) = (self.net, self.net.nodes()[node].inputs[0]);
        let (n_in, n) = (net.nodes()[source].len(), wins.len());
        let width = made.width;
        let mut out = self.buffer(self.stack.len() * n)?;
        let won: Vec<Candidate> = wins.iter().enumerate().map(|(i, &k)| net.candidate(node, i, k)).collect();
        let rows = self.rows(source);
        for (q, (row, out)) in rows.chunks_exact(n_in).zip(out.chunks_exact_mut(n)).enumerate() {
            let point = self.stack.is_point[q];
            for (out, &won) in out.iter_mut().zip(&won) {
                *out = match won {
                    Candidate::Element(j) if point => row[j] - moved[j / width],
                    Candidate::Element(j) => row[j],
                    Candidate::Constant(c) if point => c,
                    _ => 0.0,
                };
            }
        }
        let (n_units, first) = (net.n_units(), net.unit_layers()[layer].first);
        let groups = made.shift.len();
        for r in 0..self.stack.blocks.len() {
            for (i, &k) in wins.iter().enumerate() {
                self.codes[r * n_units + first + i] = k as i32;
                for c in 0..net.candidates(node) {
                    if let Candidate::Element(j) = net.candidate(node, i, c) {
                        made.codes[r * groups + j / width] = k as i32;
                    }
                }
            }
        }
        let mut size = Vec::new();
        if self.options.kappa > 0.0 {
            let all = self.measure(&out, n);
            let ranges = self.bounded(&out, n, &all);
            size = (0..n).map(|i| ranges.magnitude(i)).collect();
        }
        self.values[node] = Some(Value { rows: out, size });
        Ok(())
    }
}
