//! A network and a domain, prepared for the recursion: levels of units, what is evaluated when a cell enters a level,
//! weights in the layout of the fold kernel, line numbers, and where each unit's bits stand in a pattern.

use super::bounds::{Norms, U};
use super::domain::Domain;
use super::double::Dd;
use super::dyadic::{Dyadic, Functional, meet};
use super::frame::Frame;
use crate::error::{Result, bail};
use crate::network::{Network, NodeId, Op, Pwl};
use crate::simd::aligned::{Aligned, padded};

/// A dense layer column by column, padded, as the fold kernel wants it.
pub(crate) struct Columns {
    pub(crate) rows: usize,
    /// Column j is `weight[j * rows .. (j + 1) * rows]`.
    pub(crate) weight: Aligned,
    /// The functional (0, 0, bias) of every row.
    pub(crate) bias: Aligned,
}

/// One layer of units.
pub(crate) struct Level {
    pub(crate) number: usize,
    pub(crate) node: NodeId,
    /// The node whose value the units look at.
    pub(crate) source: NodeId,
    pub(crate) n: usize,
    /// `n` padded to whole cache lines.
    pub(crate) np: usize,
    /// Number of the line of the first knot of the first unit.
    pub(crate) first_line: u32,
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
    /// Largest slope, 2-norm of the largest offsets, and relative rounding error of slope * z + offset.
    pub(crate) steepest: f64,
    pub(crate) offset: f64,
    pub(crate) rounding: f64,
    /// A dense layer that is the only reader of these units: computed by folds while the cell is being split.
    pub(crate) fold: Option<NodeId>,
    /// Bits per unit in a pattern (1, 2, 4 or 8) and the words of this level.
    pub(crate) bits: u32,
    pub(crate) word: usize,
    pub(crate) words: usize,
}

impl Level {
    pub(crate) fn knots_of(&self, k: usize) -> &[f64] {
        &self.knots[self.start[k] as usize..self.start[k + 1] as usize]
    }

    /// Slope and offset of piece `piece` of unit `k`.
    #[inline]
    pub(crate) fn piece(&self, k: usize, piece: usize) -> (f64, f64) {
        let i = self.start[k] as usize + k + piece;
        (self.slopes[i], self.offsets[i])
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

/// What a line number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineOf {
    /// A side of the domain.
    Side(usize),
    /// Knot `knot` of unit `unit` of level `level`.
    Unit { level: usize, unit: usize, knot: usize },
}

/// A network and a domain, prepared.
pub(crate) struct Plan<'a> {
    pub(crate) net: &'a Network,
    pub(crate) frame: Frame,
    /// Corners of the domain in local coordinates, rounded, counter-clockwise.
    pub(crate) corners: Vec<[f64; 2]>,
    /// Side i runs from corner i to corner i + 1; exact, positive inside.
    pub(crate) sides: Vec<Functional>,
    /// The input of the network as functionals of the local coordinates, exactly.
    pub(crate) input: Vec<Functional>,
    pub(crate) levels: Vec<Level>,
    /// Affine nodes to evaluate when a cell enters stage s (stage 0 is evaluated once, by `first`).
    pub(crate) eval: Vec<Vec<NodeId>>,
    /// Stage at which the value of each node is settled: the number of levels it depends on.
    pub(crate) stage: Vec<usize>,
    /// Values of the nodes of stage 0: functionals over the whole domain, correctly rounded but for ~2^-100.
    pub(crate) first: Vec<(NodeId, Aligned)>,
    pub(crate) columns: Vec<Option<Columns>>,
    /// Whether the output of a unit node must be written out (some reader is not its fold).
    pub(crate) written: Vec<bool>,
    pub(crate) pattern_words: usize,
    /// Of the affine nodes behind the first level.
    pub(crate) norms: Vec<Option<Norms>>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(net: &'a Network, domain: &Domain, maps: bool) -> Result<Self> {
        if let Some(dim) = domain.ambient_dim() {
            if dim != net.input_len() {
                bail!(Shape, "slice: origin has {dim} elements; the network takes {}", net.input_len())
            }
        } else if net.input_len() != 2 {
            bail!(
                Shape,
                "the network takes {} inputs; a Box or Polygon domain needs 2 (use a Slice of the input space)",
                net.input_len()
            )
        }
        refuse_max_units(net)?;
        let frame = Frame::around(domain.polygon());
        let exact: Vec<[Dyadic; 2]> = domain.polygon().iter().map(|&p| frame.to_local_exact(p)).collect();
        let corners = exact.iter().map(|p| [p[0].to_f64(), p[1].to_f64()]).collect();
        let homogeneous: Vec<Functional> =
            exact.into_iter().map(|[p, q]| [p, q, Dyadic::from(1.0)]).collect();
        let sides: Vec<Functional> = (0..homogeneous.len())
            .map(|i| meet(&homogeneous[i], &homogeneous[(i + 1) % homogeneous.len()]))
            .collect();

        let nodes = net.nodes();
        let mut stage = vec![0; nodes.len()];
        let mut eval = vec![Vec::new(); net.unit_layers().len() + 1];
        for (id, node) in nodes.iter().enumerate().skip(1) {
            stage[id] = node.inputs.iter().map(|&i| stage[i]).max().unwrap_or(0);
            match net.unit_layers().iter().position(|u| u.node == id) {
                // Units of one level never feed each other, so levels follow the topological order of the file;
                // a unit layer whose inputs settle early is still cut in its turn.
                Some(level) => stage[id] = level + 1,
                None => eval[stage[id]].push(id),
            }
        }

        let input = domain.input_functionals(&frame);
        let columns: Vec<Option<Columns>> =
            (0..nodes.len()).map(|id| (stage[id] > 0).then(|| columns(net, id)).flatten()).collect();
        let first = first_values(net, &input, &stage);
        let norms: Vec<Option<Norms>> = (0..nodes.len())
            .map(|id| (stage[id] > 0 && !nodes[id].op.is_unit()).then(|| Norms::new(net, id)))
            .collect();

        let mut first_line = sides.len() as u32;
        let mut word = 0;
        let mut written = vec![false; nodes.len()];
        let mut levels = Vec::with_capacity(net.unit_layers().len());
        for unit in net.unit_layers() {
            let source = nodes[unit.node].inputs[0];
            let error = match &norms[source] {
                Some(norms) => norms.rows.clone(),
                // Settled once for the whole domain: one rounding of a value known to ~2^-100.
                None => first
                    .iter()
                    .find(|(id, _)| *id == source)
                    .map_or_else(|| vec![1.0; unit.len], |(_, block)| rounding(block, unit.len)),
            };
            let level = level(net, unit.node, levels.len(), first_line, word, &error)?;
            written[unit.node] = level.fold.is_none();
            let lines = u32::try_from(level.knots.len()).ok().and_then(|n| first_line.checked_add(n));
            let Some(next) = lines.filter(|&n| n < u32::MAX - 2) else {
                bail!(Unsupported, "the network has more than 2^32 - 4 breakpoints")
            };
            first_line = next;
            word += level.words;
            if let Some(dense) = level.fold {
                let s = stage[dense];
                eval[s].retain(|&id| id != dense);
            }
            levels.push(level);
        }
        if !maps {
            skip_outputs(&mut levels, &mut eval);
        }
        Ok(Plan {
            net,
            frame,
            corners,
            sides,
            input,
            levels,
            eval,
            stage,
            first,
            columns,
            written,
            pattern_words: word,
            norms,
        })
    }

    /// What line number `line` means.
    pub(crate) fn line_of(&self, line: u32) -> LineOf {
        if (line as usize) < self.sides.len() {
            return LineOf::Side(line as usize);
        }
        let level = self.levels.partition_point(|l| l.first_line <= line) - 1;
        let l = &self.levels[level];
        let i = line - l.first_line;
        // The last unit that starts at or before i; units without knots start where the next one does.
        let unit = l.start.partition_point(|&s| s <= i) - 1;
        LineOf::Unit { level, unit, knot: (i - l.start[unit]) as usize }
    }
}

/// Max-pool and maxout cut the plane by upper envelopes, which this version does not do.
fn refuse_max_units(net: &Network) -> Result<()> {
    for unit in net.unit_layers() {
        let node = &net.nodes()[unit.node];
        if !matches!(node.op, Op::Pointwise(_)) {
            bail!(
                Unsupported,
                "layer {} ({}): regions of max units are not in this version; forward, pattern and affine_at are",
                node.name,
                node.op.name()
            )
        }
    }
    Ok(())
}

/// Drops what only the affine maps of the outputs need.
fn skip_outputs(levels: &mut [Level], eval: &mut [Vec<NodeId>]) {
    if let (Some(last), Some(eval)) = (levels.last_mut(), eval.last_mut()) {
        last.fold = None;
        eval.clear();
    }
}

fn columns(net: &Network, id: NodeId) -> Option<Columns> {
    let node = &net.nodes()[id];
    let Op::Dense { weight, bias } = &node.op else { return None };
    let (m, n) = (node.len(), net.nodes()[node.inputs[0]].len());
    let rows = padded(m);
    let mut w = Aligned::zeros(rows * n);
    for i in 0..m {
        for j in 0..n {
            w[j * rows + i] = weight.get(i * n + j);
        }
    }
    let mut b = Aligned::zeros(3 * rows);
    if let Some(bias) = bias {
        for i in 0..m {
            b[2 * rows + i] = bias.get(i);
        }
    }
    Some(Columns { rows, weight: w, bias: b })
}

/// The dense node that alone reads the units of `id`, if there is one (through reshapes).
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
            Op::Dense { .. } => return Some(reader),
            Op::Reshape => id = reader,
            _ => return None,
        }
    }
}

fn level(
    net: &Network,
    id: NodeId,
    number: usize,
    first_line: u32,
    word: usize,
    error: &[f64],
) -> Result<Level> {
    let node = &net.nodes()[id];
    let n = node.len();
    let functions: Vec<&Pwl> = (0..n).map(|k| net.activation(id, k)).collect();
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
    let pieces = functions.iter().map(|f| f.slopes().len()).max().unwrap_or(1);
    let bits = (usize::BITS - (pieces - 1).leading_zeros()).max(1).next_power_of_two();
    let steepest = slopes.iter().fold(0.0f64, |m, s| m.max(s.abs()));
    // Largest offset, with what was added up on the way to it.
    let largest = |k: usize| {
        let f = functions[k];
        let offset = f.offsets().iter().fold(0.0f64, |m, o| m.max(o.abs()));
        offset + 2.0 * steepest * f.knots().iter().map(|t| t.abs()).sum::<f64>()
    };
    let offset = (0..n).map(|k| largest(k) * largest(k)).sum::<f64>().sqrt();
    let most_knots = functions.iter().map(|f| f.knots().len()).max().unwrap_or(0);
    let np = padded(n);
    let mut padded_error = Aligned::zeros(np);
    padded_error[..n].copy_from_slice(error);
    Ok(Level {
        number,
        node: id,
        source: node.inputs[0],
        n,
        np,
        first_line,
        relu_like: functions.iter().all(|f| f.knots() == [0.0]) && offsets.iter().all(|&o| o == 0.0),
        off_is_zero: slopes.iter().step_by(2).all(|&s| s == 0.0),
        steepest,
        offset,
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
        words: (np * bits as usize).div_ceil(64),
    })
}

/// Evaluates the nodes of stage 0 in double-double: one rounding instead of a sum of them, which matters on domains
/// far from the origin, where the first layer cancels.
fn first_values(net: &Network, input: &[Functional], stage: &[usize]) -> Vec<(NodeId, Aligned)> {
    let mut values: Vec<Vec<[Dd; 3]>> = vec![Vec::new(); net.nodes().len()];
    values[0] = input.iter().map(|f| [0, 1, 2].map(|i| Dd::from(&f[i]))).collect();
    for (id, node) in net.nodes().iter().enumerate().skip(1) {
        if stage[id] > 0 {
            continue;
        }
        values[id] = (0..node.len())
            .map(|i| {
                let mut sum = [Dd::default(); 3];
                let bias = net.row(id, i, |slot, j, w| {
                    let x = &values[node.inputs[slot]][j];
                    for (s, x) in sum.iter_mut().zip(x) {
                        s.add_scaled(w, *x);
                    }
                });
                sum[2].add_scaled(1.0, Dd::new(bias));
                sum
            })
            .collect();
    }
    let rounded = |v: &[[Dd; 3]]| {
        let np = padded(v.len());
        let mut block = Aligned::zeros(3 * np);
        for (i, f) in v.iter().enumerate() {
            for (c, x) in f.iter().enumerate() {
                block[c * np + i] = x.to_f64();
            }
        }
        block
    };
    (0..net.nodes().len()).filter(|&id| stage[id] == 0).map(|id| (id, rounded(&values[id]))).collect()
}

/// Error bounds of the values of a node of stage 0.
fn rounding(block: &[f64], n: usize) -> Vec<f64> {
    let np = block.len() / 3;
    let size = |i: usize| block[i].abs() + block[np + i].abs() + block[2 * np + i].abs();
    (0..n).map(|i| 2.0 * U * size(i) + f64::MIN_POSITIVE).collect()
}
