//! One layer of maxima: the candidate that wins, and the bias that makes it win.

use std::ops::Range;

use super::contest::{Contest, Lead, Rivals};
use super::fold;
use super::home::Home;
use super::options::Rule;
use super::units::Decider;
use super::walk::{Value, Walk};
use crate::convex::Side;
use crate::error::{Result, bail};
use crate::network::{Candidate, NodeId, Op};

/// Who has to be raised, and what for.
struct Raise {
    /// Number of the candidate.
    code: usize,
    /// Where it lacks most: region, unit.
    region: usize,
    unit: usize,
    lead: Lead,
}

impl Walk<'_> {
    /// Polices the maxima of `node`, the `layer`-th layer of units.
    ///
    /// Where some candidate wins on each region as it is, nothing is shifted. Otherwise one wins on all regions: the one
    /// that has to be raised least, the first among equals. Maxima whose candidates have biases in common share a winner.
    pub fn maximum(&mut self, layer: usize, node: NodeId, home: Home) -> Result<()> {
        let (net, source) = (self.net, self.net.nodes()[node].inputs[0]);
        let (n_in, n_out) = (net.nodes()[source].len(), net.nodes()[node].len());
        self.ranges(source, n_in)?;
        let contest = Contest::new(self, node)?;
        let (width, groups, regions) = (home.width(), n_in / home.width(), self.stack.blocks.len());
        let mut made = self.layer(Some(layer), home, groups, vec![0.0; groups]);
        made.codes.fill(-1);
        let (mut moved, mut deciders) = (vec![0.0; groups], Vec::new());
        // (regions, maxima).
        let mut wins = vec![0; regions * n_out];
        let class = self.class(node, home);
        for first in (0..n_out).step_by(class.unwrap_or(1)) {
            self.ctx.poll()?;
            let units = first..first + class.unwrap_or(1);
            let winners: Option<Vec<usize>> =
                (0..regions).map(|r| contest.winner(r, units.clone())).collect();
            // One for all regions, if there are not to be several maps.
            let one = |winners: &Vec<usize>| winners.iter().all(|k| *k == winners[0]);
            if let Some(winners) = winners.filter(|w| self.options.rule != Rule::Joint || one(w)) {
                for (r, k) in winners.into_iter().enumerate() {
                    wins[r * n_out..][units.clone()].fill(k);
                }
                continue;
            }
            if class.is_none() {
                return Err(self.stuck(node, first));
            }
            if let Home::Missing { node } = home {
                bail!(
                    NoBias,
                    "'{}' has no bias; a layer in front of maxima needs one",
                    net.nodes()[node].name
                )
            }
            let raise = self.raise(layer, node, &contest, units.clone())?;
            (0..regions).for_each(|r| wins[r * n_out..][units.clone()].fill(raise.code));
            let Candidate::Element(element) = net.candidate(node, raise.unit, raise.code) else {
                unreachable!("only elements are raised")
            };
            let (g, need) = (element / width, raise.lead.need);
            let b = made.bias[g];
            let folded = fold::outward(b, -need, true, net.is_f32());
            if !folded.is_finite() {
                let name = &net.nodes()[node].name;
                bail!(Nonfinite, "'{name}' (node {node}), unit {first}: a bias would have to be {folded}")
            }
            (made.shift[g], made.bias[g], moved[g]) = (-need, folded, b - folded);
            (made.region[g], made.margin[g]) = (raise.region as i32, raise.lead.margin);
            let rival = match net.candidate(node, raise.unit, raise.lead.rival) {
                Candidate::Element(j) => Some(j),
                _ => None,
            };
            deciders.push(Decider { group: g, region: raise.region, element, side: Side::Low, rival });
        }
        self.corners_of_differences(source, &deciders, &mut made.corner);
        for r in 0..regions {
            for (i, &k) in wins[r * n_out..][..n_out].iter().enumerate() {
                let raised = match net.candidate(node, i, k) {
                    Candidate::Element(j) => -moved[j / width],
                    _ => 0.0,
                };
                let rivals = if raised == 0.0 { Rivals::Different } else { Rivals::All };
                let ahead = raised - contest.get(rivals, r, i, k).map_or(f64::NEG_INFINITY, |lead| lead.lead);
                self.report.smallest_margin = self.report.smallest_margin.min(ahead);
                for c in 0..net.candidates(node) {
                    if let Candidate::Element(j) = net.candidate(node, i, c) {
                        made.codes[r * groups + j / width] = k as i32;
                    }
                }
            }
        }
        self.follow(layer, node, &wins, Some((&moved, width)))?;
        let constant = |i: usize| {
            let all = (0..regions).map(|r| net.candidate(node, i, wins[r * n_out + i]));
            all.into_iter().all(|c| matches!(c, Candidate::Constant(_)))
        };
        self.report.shifted.push(deciders.len());
        self.report.dead.push((0..n_out).filter(|&i| constant(i)).count());
        let largest = made.shift.iter().fold(0.0, |m: f64, e| m.max(e.abs()));
        self.report.largest_shift = self.report.largest_shift.max(largest);
        self.deciders.push(deciders);
        self.homes.push((home, node));
        self.layers.push(made);
        Ok(())
    }

    /// How many consecutive maxima share a winner so that each of their candidates can be raised alone; `None` where
    /// candidates of one maximum share a bias, or maxima an element.
    fn class(&self, node: NodeId, home: Home) -> Option<usize> {
        let (net, n) = (self.net, &self.net.nodes()[node]);
        let channels = net.nodes()[n.inputs[0]].plane() == home.width();
        match &n.op {
            _ if home.width() == 1 => {
                let mut taken = vec![false; net.nodes()[n.inputs[0]].len()];
                let mut candidates =
                    (0..n.len()).flat_map(|i| (0..net.candidates(node)).map(move |k| (i, k)));
                let alone = candidates.all(|(i, k)| match net.candidate(node, i, k) {
                    Candidate::Element(j) => !std::mem::replace(&mut taken[j], true),
                    _ => true,
                });
                alone.then_some(1)
            }
            // The candidates of a maxout of images are channels.
            Op::Maxout { .. } if channels => Some(home.width()),
            _ => None,
        }
    }

    /// The candidate that wins the maxima `units` on all regions with the smallest raise.
    fn raise(&self, layer: usize, node: NodeId, contest: &Contest, units: Range<usize>) -> Result<Raise> {
        let net = self.net;
        let name = &net.nodes()[node].name;
        let given = match &self.options.rule {
            Rule::Given(codes) => {
                let first = net.unit_layers()[layer].first;
                let codes = &codes[first..][units.clone()];
                let known = |c: i32| usize::try_from(c).is_ok_and(|c| c < net.candidates(node));
                if codes.iter().any(|&c| c != codes[0] || !known(c)) {
                    bail!(
                        Argument,
                        "codes: units {units:?} of '{name}' have {codes:?}; expected one number of a candidate, 0 to {}",
                        net.candidates(node) - 1
                    )
                }
                Some(codes[0] as usize)
            }
            _ => None,
        };
        let mut best: Option<Raise> = None;
        for code in (0..net.candidates(node)).filter(|k| given.is_none_or(|given| given == *k)) {
            if !matches!(net.candidate(node, units.start, code), Candidate::Element(_)) {
                continue;
            }
            let mut most: Option<Raise> = None;
            for region in 0..self.stack.blocks.len() {
                let Some((unit, lead)) = contest.worst(Rivals::All, region, units.clone(), code) else {
                    continue;
                };
                if most.as_ref().is_none_or(|most| lead.need > most.lead.need) {
                    most = Some(Raise { code, region, unit, lead });
                }
            }
            if let Some(raise) = most
                && raise.lead.need.is_finite()
                && best.as_ref().is_none_or(|best| raise.lead.need < best.lead.need)
            {
                best = Some(raise);
            }
        }
        match best {
            Some(raise) => Ok(raise),
            None => bail!(
                UnboundedBoth,
                "'{name}' (node {node}), unit {}: no candidate can be raised above all others over the regions",
                units.start
            ),
        }
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

    /// Passes on the rows of the winners, (regions, maxima), after the biases have moved by so much for each group of so
    /// many elements.
    pub fn follow(
        &mut self,
        layer: usize,
        node: NodeId,
        wins: &[usize],
        moved: Option<(&[f64], usize)>,
    ) -> Result<()> {
        let (net, source) = (self.net, self.net.nodes()[node].inputs[0]);
        let (n_in, n) = (net.nodes()[source].len(), net.nodes()[node].len());
        let mut out = self.buffer(self.stack.len() * n)?;
        let rows = self.rows(source);
        let moved = |j: usize| moved.map_or(0.0, |(moved, width)| moved[j / width]);
        let (n_units, first) = (net.n_units(), net.unit_layers()[layer].first);
        for (r, block) in self.stack.blocks.iter().enumerate() {
            let wins = &wins[r * n..][..n];
            let won: Vec<Candidate> =
                wins.iter().enumerate().map(|(i, &k)| net.candidate(node, i, k)).collect();
            for q in block.rows.clone() {
                let (row, point) = (&rows[q * n_in..][..n_in], self.stack.is_point[q]);
                for (out, &won) in out[q * n..][..n].iter_mut().zip(&won) {
                    *out = match won {
                        Candidate::Element(j) if point => row[j] - moved(j),
                        Candidate::Element(j) => row[j],
                        Candidate::Constant(c) if point => c,
                        _ => 0.0,
                    };
                }
            }
        }
        for r in 0..self.stack.blocks.len() {
            let codes = self.codes[r * n_units + first..][..n].iter_mut();
            codes.zip(&wins[r * n..]).for_each(|(code, &k)| *code = k as i32);
        }
        let size = self.sizes(&out, n);
        self.values[node] = Some(Value { rows: out, size });
        Ok(())
    }

    /// Why the maxima of a layer cannot be policed, and what can be done.
    fn stuck(&self, node: NodeId, unit: usize) -> crate::Error {
        let name = &self.net.nodes()[node].name;
        let why = match self.options.tied {
            true => "its elements share a bias with each other (one for each channel) or with other windows",
            false => "its window overlaps others, so that raising an element of one changes the next",
        };
        crate::Error::new(
            crate::Condition::ActNotCpwl,
            format!(
                "'{name}' (node {node}), unit {unit}: none of its elements is the largest on a whole region, and {why}; let every \
                 position have a shift of its own (tied = false) with windows that do not overlap, use a mean or a convolution \
                 with strides instead, or leave the layer free"
            ),
        )
    }
}
