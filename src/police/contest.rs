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
    /// The largest lead of a rival.
    pub lead: f64,
}

impl Lead {
    const NONE: Lead = Lead { need: f64::NEG_INFINITY, rival: 0, margin: 0.0, lead: f64::NEG_INFINITY };

    /// Counts a rival that is ahead by `lead` somewhere on the region.
    fn count(&mut self, rival: usize, lead: f64, margin: f64) {
        if lead + margin > self.need {
            (self.need, self.rival, self.margin) = (lead + margin, rival, margin);
        }
        self.lead = self.lead.max(lead);
    }
}

/// Which rivals count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rivals {
    /// Those that are not equal to the candidate all over the region: with them it may share the maximum.
    Different,
    /// All: once a candidate is raised, it leaves its equals behind.
    All,
}

/// All maxima of one layer.
#[derive(Debug)]
pub(super) struct Contest {
    maxima: usize,
    candidates: usize,
    /// (regions, maxima, candidates), with the different rivals and with all of them; `None` for padding.
    leads: Vec<Option<[Lead; 2]>>,
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
        let all = (0..maxima).flat_map(|i| (0..candidates).map(move |k| net.candidate(node, i, k)));
        let all = all.map(|c| (c != Candidate::Padding).then_some([Lead::NONE; 2])).collect::<Vec<_>>();
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
                        let margin = walk.options.margin + rounding(x) + rounding(y);
                        let same = lo == 0.0 && hi == 0.0;
                        for (k, rival, ahead) in [(b, a, hi), (a, b, -lo)] {
                            let own = &mut contest.leads[(r * maxima + i) * candidates + k];
                            let [different, all] = own.as_mut().expect("no padding");
                            all.count(rival, ahead, margin);
                            if !same {
                                different.count(rival, ahead, margin);
                            }
                        }
                    }
                }
            }
        }
        walk.meter.release(size_of_val(&*lead));
        Ok(contest)
    }

    /// The strongest rival of candidate `k` of maximum `i` on a region; `None` for padding.
    pub fn get(&self, rivals: Rivals, region: usize, i: usize, k: usize) -> Option<&Lead> {
        let [different, all] = self.leads[(region * self.maxima + i) * self.candidates + k].as_ref()?;
        Some(if rivals == Rivals::All { all } else { different })
    }

    /// Which of the maxima `units` candidate `k` is farthest from winning on a region; `None` for padding.
    pub fn worst(
        &self,
        rivals: Rivals,
        region: usize,
        units: Range<usize>,
        k: usize,
    ) -> Option<(usize, Lead)> {
        let mut worst: Option<(usize, Lead)> = None;
        for i in units {
            let lead = *self.get(rivals, region, i, k)?;
            if worst.is_none_or(|(_, worst)| lead.need > worst.need) {
                worst = Some((i, lead));
            }
        }
        worst
    }

    /// The first candidate that wins all maxima `units` on a region as it is.
    pub fn winner(&self, region: usize, units: Range<usize>) -> Option<usize> {
        let worst = |k: usize| self.worst(Rivals::Different, region, units.clone(), k);
        (0..self.candidates).find(|&k| worst(k).is_some_and(|(_, lead)| lead.need <= 0.0))
    }
}
