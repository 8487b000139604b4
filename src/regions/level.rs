//! One layer of units, prepared: knots and pieces or candidates, line numbers, error bounds, and where its codes stand in a
//! pattern.

use super::bounds::U;
use super::maximum::{FLOOR, Max};
use crate::error::{Result, bail};
use crate::network::{Network, NodeId, Op, Pwl};
use crate::simd::aligned::{Aligned, padded};

/// One layer of units.
pub(crate) struct Level {
    pub(crate) number: usize,
    pub(crate) node: NodeId,
    /// The node whose value the units look at.
    pub(crate) source: NodeId,
    /// Number of units.
    pub(crate) n: usize,
    /// Number of elements of the source, padded to whole cache lines; for scalar units that is `n`, padded.
    pub(crate) np: usize,
    /// What the units compare, if they are max units; what follows about knots and pieces is empty then.
    pub(crate) max: Option<Max>,
    /// Number of the first line of the level, and how many it has.
    pub(crate) first_line: u32,
    pub(crate) n_lines: usize,
    /// Knots of unit k are `knots[start[k] .. start[k + 1]]`.
    pub(crate) start: Vec<u32>,
    pub(crate) knots: Vec<f64>,
    /// Piece i of unit k has index `start[k] + k + i`.
    pub(crate) slopes: Vec<f64>,
    pub(crate) offsets: Vec<f64>,
    /// Every unit has exactly one knot, at 0, and no offset: ReLU, leaky ReLU, abs.
    pub(crate) relu_like: bool,
    /// `relu_like`, and zero below the knot: ReLU.
    pub(crate) off_is_zero: bool,
    /// Errors of the pre-activations, |error of a| + |error of b| + |error of c|, are at most these times a factor that
    /// belongs to the cell (`bounds`).
    pub(crate) error: Aligned,
    /// Largest factor between the 2-norms of the values before and behind; size of the offset of each piece (indexed as `slopes`); relative rounding error of
    /// slope * z + offset.
    pub(crate) steepest: f64,
    pub(crate) reach: Vec<f64>,
    pub(crate) rounding: f64,
    /// A dense layer or a convolution that is the only reader of these units: computed by folds while the cell is being split.
    pub(crate) fold: Option<NodeId>,
    /// Bits per unit in a pattern (1, 2, 4 or 8) and the words of this level.
    pub(crate) bits: u32,
    pub(crate) word: usize,
    pub(crate) words: usize,
}

impl Level {
    /// The units of node `id`; `error` as in [`Level::error`].
    pub(crate) fn new(
        net: &Network,
        id: NodeId,
        number: usize,
        first_line: u32,
        word: usize,
        error: &[f64],
    ) -> Result<Level> {
        let node = &net.nodes()[id];
        let n = node.len();
        let max = match node.op {
            Op::Pointwise(_) => None,
            _ => Some(Max::new(net, id)?),
        };
        let scalars = if max.is_some() { 0 } else { n };
        let functions: Vec<&Pwl> = (0..scalars).map(|k| net.activation(id, k)).collect();
        let mut start = vec![0u32];
        let (mut knots, mut slopes, mut offsets) = (Vec::new(), Vec::new(), Vec::new());
        for f in &functions {
            if f.knots().len() > 255 {
                bail!(
                    Unsupported,
                    "layer {}: an activation has {} knots; at most 255",
                    node.name,
                    f.knots().len()
                )
            }
            knots.extend_from_slice(f.knots());
            slopes.extend_from_slice(f.slopes());
            offsets.extend_from_slice(f.offsets());
            start.push(knots.len() as u32);
        }
        let pieces = match &max {
            Some(max) => max.group,
            None => functions.iter().map(|f| f.slopes().len()).max().unwrap_or(1),
        };
        let bits = (usize::BITS - (pieces - 1).leading_zeros()).max(1).next_power_of_two();
        let steepest = slopes.iter().fold(0.0f64, |m, s| m.max(s.abs()));
        // Offset of each piece, with what was added up on the way to it.
        let reach = functions
            .iter()
            .flat_map(|f| {
                (0..f.slopes().len()).map(|i| {
                    let passed: f64 = f.knots()[..i].iter().map(|t| t.abs()).sum();
                    let first = f.knots().first().map_or(0.0, |t| t.abs());
                    f.offsets()[i].abs() + f.value().abs() + 2.0 * steepest * (passed + first)
                })
            })
            .collect();
        let relu_like = max.is_none()
            && functions.iter().all(|f| f.knots() == [0.0])
            && offsets.iter().all(|&o| o == 0.0);
        let most_knots = functions.iter().map(|f| f.knots().len()).max().unwrap_or(0);
        let max_spread = max.as_ref().map(|m| m.spread);
        let np = padded(error.len());
        let mut padded_error = Aligned::zeros(np);
        padded_error[..error.len()].copy_from_slice(error);
        Ok(Level {
            number,
            node: id,
            source: node.inputs[0],
            n,
            np,
            n_lines: max.as_ref().map_or(knots.len(), |m| m.ties.len()),
            max,
            first_line,
            relu_like,
            off_is_zero: relu_like && slopes.iter().step_by(2).all(|&s| s == 0.0),
            steepest: max_spread.unwrap_or(steepest),
            reach,
            rounding: (8 + 4 * most_knots) as f64 * U,
            start,
            knots,
            slopes,
            offsets,
            error: padded_error,
            fold: only_reader(net, id),
            bits,
            word,
            // Whole words for whole cache lines of units, so that masks of the classify kernel can be copied.
            words: (padded(n) * bits as usize).div_ceil(64),
        })
    }

    pub(crate) fn knots_of(&self, k: usize) -> &[f64] {
        &self.knots[self.start[k] as usize..self.start[k + 1] as usize]
    }

    /// What unit `k` computes on piece `piece`: slope times an element of the source, plus an offset.
    #[inline]
    pub(crate) fn piece(&self, k: usize, piece: usize) -> (usize, f64, f64) {
        match &self.max {
            None => {
                let i = self.start[k] as usize + k + piece;
                (k, self.slopes[i], self.offsets[i])
            }
            Some(max) => match max.element(k, piece) {
                FLOOR => (0, 0.0, max.floor),
                j => (j as usize, 1.0, 0.0),
            },
        }
    }

    /// 2-norm of the offsets of the pieces in a pattern.
    pub(crate) fn offsets_of(&self, pattern: &[u64]) -> f64 {
        if self.relu_like {
            return 0.0;
        }
        if let Some(max) = &self.max {
            return max.floor.abs() * (self.n as f64).sqrt();
        }
        let reach = |k: usize| self.reach[self.start[k] as usize + k + self.code(pattern, k)];
        (0..self.n).map(|k| reach(k) * reach(k)).sum::<f64>().sqrt()
    }

    /// Number of the line on which unit `k` has its knot `j`.
    #[inline]
    pub(crate) fn line(&self, k: usize, j: usize) -> u32 {
        self.first_line + self.start[k] + j as u32
    }

    #[inline]
    pub(crate) fn code(&self, pattern: &[u64], k: usize) -> usize {
        let bit = k * self.bits as usize;
        let mask = (1u64 << self.bits) - 1;
        (pattern[self.word + bit / 64] >> (bit % 64) & mask) as usize
    }

    #[inline]
    pub(crate) fn set_code(&self, pattern: &mut [u64], k: usize, code: usize) {
        let bit = k * self.bits as usize;
        let mask = (1u64 << self.bits) - 1;
        let word = &mut pattern[self.word + bit / 64];
        *word = *word & !(mask << (bit % 64)) | (code as u64) << (bit % 64);
    }
}

/// The dense node or convolution that alone reads the units of `id`, if there is one (through reshapes).
fn only_reader(net: &Network, mut id: NodeId) -> Option<NodeId> {
    loop {
        if id == net.output() {
            return None;
        }
        let mut readers =
            net.nodes().iter().enumerate().filter(|(_, n)| n.inputs.contains(&id)).map(|(reader, _)| reader);
        let reader = readers.next()?;
        if readers.next().is_some() {
            return None;
        }
        match net.nodes()[reader].op {
            Op::Dense { .. } | Op::Conv2d { .. } => return Some(reader),
            Op::Reshape => id = reader,
            _ => return None,
        }
    }
}
