//! How far each candidate of each maximum is from winning it on each region.

use std::ops::Range;

use super::walk::Walk;
use crate::error::Result;
use crate::network::{Candidate, NodeId};

/// The strongest rival of a candidate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    /// What the candidate has to be raised by to keep its distance from every rival; at most 0 for a winner.
    pub need: f64,
    /// Number of the rival that asks for most.
    pub rival: usize,
    /// The distance to be kept from it.
    pub margin: f64,
    /// Largest lead of a rival that is not equal to the candidate all over the region.
    pub lead: f64,
}

/// All maxima of one layer.
#[derive(Debug)]
pub(super) struct Contest {
    maxima: usize,
    candidates: usize,
    /// (regions, maxima, candidates); `None` for padding.
    leads: Vec<Option<Lead>>,
}

impl Contest {
    /// Compares all pairs of candidates over the regions.
    pub fn new(walk: &Walk, node: NodeId) -> Result<Contest> {
        let (net, stack, source) = (walk.net, walk.stack, walk.net.nodes()[node].inputs[0]);
        let (n, maxima, candidates) =
            (net.nodes()[source].len(), net.nodes()[node].len(), net.candidates(node));
        let size = &walk.value(source).size;
        let scale = walk.options.kappa * walk.unit_roundoff();
        let rounding = |c: Candidate| match c {
            Candidate::Element(j) => size.get(j).map_or(0.0, |size| scale * size),
            _ => 0.0,
        };
        let alone = Lead { need: f64::NEG_INFINITY, rival: 0, margin: 0.0, lead: f64::NEG_INFINITY };
        let all = (0..maxima).flat_map(|i| (0..candidates).map(move |k| net.candidate(node, i, k)));
        let all = all.map(|c| (c != Candidate::Padding).then_some(alone)).collect::<Vec<_>>();
        let mut contest = Contest { maxima, candidates, leads: all.repeat(stack.blocks.len()) };
        let mut lead = walk.buffer(stack.len() * maxima)?;
        let rows = walk.rows(source);
        for a in 0..candidates {
            for b in a + 1..candidates {
                walk.ctx.poll()?;
                let pairs: Vec<[Candidate; 2]> =
                    (0..maxima).map(|i| [a, b].map(|k| net.candidate(node, i, k))).collect();
                for (q, lead) in lead.chunks_exact_mut(maxima).enumerate() {
                    let value = |c: Candidate| match c {
                        Candidate::Element(j) => rows[q * n + j],
                        Candidate::Constant(c) if stack.is_point[q] => c,
                        _ => 0.0,
                    };
                    lead.iter_mut().zip(&pairs).for_each(|(lead, &[a, b])| *lead = value(a) - value(b));
                }
                let ranges = walk.measure(&lead, maxima);
                for r in 0..stack.blocks.len() {
                    for (i, &[x, y]) in pairs.iter().enumerate() {
                        if x == Candidate::Padding || y == Candidate::Padding {
                            continue;
                        }
                        let [lo, hi] = ranges.get(r, i);
                        // Two that are the same all over the region may both win.
                        let same = lo == 0.0 && hi == 0.0;
                        let margin = if same { 0.0 } else { walk.options.margin + rounding(x) + rounding(y) };
                        contest.compare(r, i, [b, a], hi, margin, same);
                        contest.compare(r, i, [a, b], -lo, margin, same);
                    }
                }
            }
        }
        walk.meter.release(size_of_val(&*lead));
        Ok(contest)
    }

    /// Notes that `rival` is ahead of candidate `k` by `lead` somewhere on the region.
    fn compare(
        &mut self,
        region: usize,
        i: usize,
        [k, rival]: [usize; 2],
        lead: f64,
        margin: f64,
        same: bool,
    ) {
        let Some(own) = &mut self.leads[(region * self.maxima + i) * self.candidates + k] else { return };
        if lead + margin > own.need {
            (own.need, own.rival, own.margin) = (lead + margin, rival, margin);
        }
        if !same {
            own.lead = own.lead.max(lead);
        }
    }

    /// The strongest rival of candidate `k` of maximum `i` on a region; `None` for padding.
    pub fn get(&self, region: usize, i: usize, k: usize) -> Option<&Lead> {
        self.leads[(region * self.maxima + i) * self.candidates + k].as_ref()
    }

    /// Which of the maxima `units` candidate `k` is farthest from winning on a region; `None` for padding.
    pub fn worst(&self, region: usize, units: Range<usize>, k: usize) -> Option<(usize, Lead)> {
        let mut worst: Option<(usize, Lead)> = None;
        for i in units {
            let lead = *self.get(region, i, k)?;
            if worst.is_none_or(|(_, worst)| lead.need > worst.need) {
                worst = Some((i, lead));
            }
        }
        worst
    }

    /// The first candidate that wins all maxima `units` on a region as it is.
    pub fn winner(&self, region: usize, units: Range<usize>) -> Option<usize> {
        let wins =
            |k: &usize| self.worst(region, units.clone(), *k).is_some_and(|(_, lead)| lead.need <= 0.0);
        (0..self.candidates).find(wins)
    }
}
