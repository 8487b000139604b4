//! Layers of max units (maxout, max-pool), prepared: what each candidate reads, and the lines on which two of them tie.
//!
//! Lines are numbered by the pair of elements that tie, not by the unit: windows that overlap share them.

use std::collections::HashMap;

use crate::error::{Result, bail};
use crate::network::{Candidate, Network, NodeId};

/// In place of an element: a candidate in the padding, which never wins.
const PADDING: u32 = u32::MAX;
/// In place of an element: the constant floor of the layer.
pub(crate) const FLOOR: u32 = u32::MAX - 1;

/// The candidates of a layer of max units.
pub(crate) struct Max {
    /// Candidates of a unit, with those in the padding.
    pub(crate) group: usize,
    /// Element of the source that candidate c of unit k reads: `source[k * group + c]`.
    source: Vec<u32>,
    /// Lines of the pairs of candidates of unit k, relative to the first of the level: `lines[k * pairs + pair(a, b)]`.
    lines: Vec<u32>,
    /// By line: the elements i < j that tie on it, and the first unit and pair of candidates to which it belongs.
    pub(crate) ties: Vec<Tie>,
    /// The constant candidate of every unit, if the layer has one.
    pub(crate) floor: f64,
    /// Square root of how many units may pick the same element.
    pub(crate) spread: f64,
}

/// A line on which two elements tie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tie {
    pub(crate) elements: [u32; 2],
    pub(crate) unit: u32,
    pub(crate) candidates: [u16; 2],
}

impl Max {
    pub(crate) fn new(net: &Network, id: NodeId) -> Result<Max> {
        let node = &net.nodes()[id];
        let group = net.candidates(id);
        let mut floor = 0.0;
        if group > 256 {
            bail!(Unsupported, "layer {}: a maximum of {group} candidates; at most 256", node.name)
        }
        let mut source = Vec::with_capacity(node.len() * group);
        let mut readers = vec![0u32; net.nodes()[node.inputs[0]].len()];
        let mut lines = Vec::with_capacity(node.len() * pairs(group));
        let (mut ties, mut numbers) = (Vec::new(), HashMap::new());
        for k in 0..node.len() {
            let first = source.len();
            for c in 0..group {
                source.push(match net.candidate(id, k, c) {
                    Candidate::Element(j) => {
                        readers[j] += 1;
                        j as u32
                    }
                    Candidate::Padding => PADDING,
                    Candidate::Constant(value) => {
                        floor = value;
                        FLOOR
                    }
                });
            }
            for b in 1..group {
                for a in 0..b {
                    let (i, j) = (source[first + a], source[first + b]);
                    if i == PADDING || j == PADDING {
                        lines.push(PADDING);
                        continue;
                    }
                    let elements = [i.min(j), i.max(j)];
                    let number = *numbers.entry(elements).or_insert_with(|| {
                        ties.push(Tie { elements, unit: k as u32, candidates: [a as u16, b as u16] });
                        ties.len() as u32 - 1
                    });
                    lines.push(number);
                }
            }
        }
        let most = readers.into_iter().max().unwrap_or(1);
        Ok(Max { group, source, lines, ties, floor, spread: f64::from(most).sqrt() })
    }

    /// The candidates of unit `k` that read something: (code, element).
    pub(crate) fn candidates(&self, k: usize) -> impl Iterator<Item = (u16, u32)> {
        let all = self.source[k * self.group..][..self.group].iter();
        all.enumerate().filter(|&(_, &j)| j != PADDING).map(|(c, &j)| (c as u16, j))
    }

    /// Element that candidate `c` of unit `k` reads.
    #[inline]
    pub(crate) fn element(&self, k: usize, c: usize) -> u32 {
        self.source[k * self.group + c]
    }

    /// Line on which candidates `a` and `b` of unit `k` tie, relative to the first line of the level.
    #[inline]
    pub(crate) fn line(&self, k: usize, a: u16, b: u16) -> u32 {
        let (a, b) = (usize::from(a.min(b)), usize::from(a.max(b)));
        self.lines[k * pairs(self.group) + pairs(b) + a]
    }
}

/// Number of pairs of `n` things.
fn pairs(n: usize) -> usize {
    n * n.saturating_sub(1) / 2
}
