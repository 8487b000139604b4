//! A network and a domain, prepared for the recursion: levels of units, what is evaluated when a cell enters a level,
//! weights in the layout of the fold kernel, line numbers, and where each unit's bits stand in a pattern.

use super::bounds::{Norms, U};
use super::chart::Chart;
use super::convolve::Kernel;
use super::frame::Frame;
use super::level::Level;
use super::maximum::Tie;
use crate::error::{Result, bail};
use crate::network::{Network, NodeId, Op};
use crate::numeric::double::Dd;
use crate::numeric::dyadic::Functional;
use crate::numeric::number::DD;
use crate::simd::aligned::{Aligned, padded};

/// A dense layer column by column, padded, as the fold kernel wants it.
pub(crate) struct Columns {
    pub(crate) rows: usize,
    /// Column j is `weight[j * rows .. (j + 1) * rows]`.
    pub(crate) weight: Aligned,
    /// The functional (0, ..., 0, bias) of every row.
    pub(crate) bias: Aligned,
}

/// What a line number means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum LineOf {
    /// A side of the domain.
    Side(usize),
    /// Knot `knot` of unit `unit` of level `level`.
    Knot { level: usize, unit: usize, knot: usize },
    /// Where elements i < j before level `level` tie, `j` being `FLOOR` for the constant `floor`: `candidates` of unit
    /// `unit`, the first that has both.
    Tie { level: usize, elements: [u32; 2], floor: f64, unit: usize, candidates: [u16; 2] },
}

/// A network and a domain, prepared.
pub(crate) struct Plan<'a> {
    pub(crate) net: &'a Network,
    /// Numbers of a functional: d + 1.
    pub(crate) coords: usize,
    /// Rows of a block of functionals: the coefficients, the constant, and zeros up to a multiple of three, because the
    /// kernels take three rows at a time.
    pub(crate) rows: usize,
    pub(crate) frame: Frame,
    /// Bounding hyperplanes of the domain; exact, positive inside.
    pub(crate) sides: Vec<Functional>,
    /// The input of the network as functionals of the local coordinates, exactly.
    pub(crate) input: Vec<Functional>,
    pub(crate) levels: Vec<Level>,
    /// Affine nodes to evaluate when a cell enters stage s (stage 0 is evaluated once, by `first`).
    pub(crate) eval: Vec<Vec<NodeId>>,
    /// Multiply-adds of a cell that enters each stage, and numbers that it writes.
    pub(crate) work: Vec<u64>,
    /// Stage at which the value of each node is settled: the number of levels it depends on.
    pub(crate) stage: Vec<usize>,
    /// Values of the nodes of stage 0: functionals over the whole domain.
    pub(crate) first: Vec<First>,
    pub(crate) columns: Vec<Option<Columns>>,
    pub(crate) convolutions: Vec<Option<Kernel>>,
    /// Whether the output of a unit node must be written out (some reader is not its fold).
    pub(crate) written: Vec<bool>,
    pub(crate) pattern_words: usize,
    /// Of the affine nodes behind the first level.
    pub(crate) norms: Vec<Option<Norms>>,
}

impl<'a> Plan<'a> {
    /// Prepares `net` on a domain; `maps` tells whether the affine maps of the outputs are wanted.
    pub(crate) fn new(net: &'a Network, chart: Chart, maps: bool) -> Result<Self> {
        net.expect_cpwl()?;
        let Chart { frame, sides, input } = chart;
        let coords = frame.dim() + 1;
        let rows = coords.next_multiple_of(3);
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

        let columns: Vec<Option<Columns>> = (0..nodes.len())
            .map(|id| (stage[id] > 0).then(|| columns(net, id, coords, rows)).flatten())
            .collect();
        let convolutions: Vec<Option<Kernel>> =
            (0..nodes.len()).map(|id| (stage[id] > 0).then(|| Kernel::new(net, id)).flatten()).collect();
        let first = first_values(net, &input, &stage, rows);
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
                None => match first.iter().find(|f| f.id == source) {
                    Some(f) => f.errors.clone(),
                    None => vec![1.0; nodes[source].len()],
                },
            };
            let level = Level::new(net, unit.node, levels.len(), first_line, word, &error)?;
            written[unit.node] = level.fold.is_none();
            let lines = u32::try_from(level.n_lines).ok().and_then(|n| first_line.checked_add(n));
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
        let mut work = vec![0u64; levels.len() + 1];
        for (id, norms) in norms.iter().enumerate() {
            if let Some(norms) = norms {
                work[stage[id]] += (coords * nodes[id].len() * norms.terms) as u64;
            }
        }
        if let Some(last) = work.last_mut() {
            *last += 16 * net.output_len() as u64;
        }
        if !maps {
            skip_outputs(&mut levels, &mut eval);
        }
        Ok(Plan {
            net,
            coords,
            rows,
            frame,
            sides,
            input,
            levels,
            eval,
            work,
            stage,
            first,
            columns,
            convolutions,
            written,
            pattern_words: word,
            norms,
        })
    }

    /// The layer of units, the unit and the knot that made a line, as results tell them: layer -1 and the number of the side
    /// for the bounds of the domain; of a max unit of g candidates the two that tie, a < b, as knot a g + b.
    pub(crate) fn maker(&self, line: u32) -> (i32, i64, i32) {
        match self.line_of(line) {
            LineOf::Side(side) => (-1, side as i64, 0),
            LineOf::Knot { level, unit, knot } => (level as i32, unit as i64, knot as i32),
            LineOf::Tie { level, unit, candidates: [a, b], .. } => {
                let group = self.levels[level].max.as_ref().map_or(0, |m| m.group);
                (level as i32, unit as i64, (usize::from(a) * group + usize::from(b)) as i32)
            }
        }
    }

    /// What line number `line` means.
    pub(crate) fn line_of(&self, line: u32) -> LineOf {
        if (line as usize) < self.sides.len() {
            return LineOf::Side(line as usize);
        }
        let level = self.levels.partition_point(|l| l.first_line <= line) - 1;
        let l = &self.levels[level];
        let i = line - l.first_line;
        if let Some(max) = &l.max {
            let Tie { elements, unit, candidates } = max.ties[i as usize];
            return LineOf::Tie { level, elements, floor: max.floor, unit: unit as usize, candidates };
        }
        // The last unit that starts at or before i; units without knots start where the next one does.
        let unit = l.start.partition_point(|&s| s <= i) - 1;
        LineOf::Knot { level, unit, knot: (i - l.start[unit]) as usize }
    }
}

/// Drops what only the affine maps of the outputs need.
fn skip_outputs(levels: &mut [Level], eval: &mut [Vec<NodeId>]) {
    if let (Some(last), Some(eval)) = (levels.last_mut(), eval.last_mut()) {
        last.fold = None;
        eval.clear();
    }
}

fn columns(net: &Network, id: NodeId, coords: usize, block_rows: usize) -> Option<Columns> {
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
    let mut b = Aligned::zeros(block_rows * rows);
    if let Some(bias) = bias {
        for i in 0..m {
            b[(coords - 1) * rows + i] = bias.get(i);
        }
    }
    Some(Columns { rows, weight: w, bias: b })
}

/// The value of a node of stage 0.
pub(crate) struct First {
    pub(crate) id: NodeId,
    pub(crate) block: Aligned,
    /// Bound of the sum of the errors of the numbers of each functional.
    pub(crate) errors: Vec<f64>,
}

/// An element of a node of stage 0 on its way: the functional, the size of what was added up to it, its error.
#[derive(Clone, Default)]
struct Sum {
    value: Vec<Dd>,
    size: f64,
    error: f64,
}

/// Evaluates the nodes of stage 0 in double-double: one rounding instead of a sum of them, which matters on domains
/// far from the origin, where the first layer cancels. What cancels in double-double too is told by the error bounds.
fn first_values(net: &Network, input: &[Functional], stage: &[usize], rows: usize) -> Vec<First> {
    let coords = input.first().map_or(1, Vec::len);
    let mut sums: Vec<Vec<Sum>> = vec![Vec::new(); net.nodes().len()];
    sums[0] = input
        .iter()
        .map(|f| {
            let value: Vec<Dd> = f.iter().map(Dd::from).collect();
            let size = value.iter().map(|x| x.to_f64().abs()).sum();
            Sum { value, size, error: DD * size }
        })
        .collect();
    for (id, node) in net.nodes().iter().enumerate().skip(1) {
        if stage[id] > 0 {
            continue;
        }
        sums[id] = (0..node.len())
            .map(|i| {
                let mut sum = Sum { value: vec![Dd::default(); coords], ..Sum::default() };
                let mut terms = 4.0;
                let bias = net.row(id, i, |slot, j, w| {
                    let x = &sums[node.inputs[slot]][j];
                    for (s, x) in sum.value.iter_mut().zip(&x.value) {
                        s.add_scaled(w, *x);
                    }
                    sum.size += w.abs() * x.size;
                    sum.error += w.abs() * x.error;
                    terms += 1.0;
                });
                sum.value[coords - 1].add_scaled(1.0, Dd::new(bias));
                sum.size += bias.abs();
                sum.error += terms * DD * sum.size;
                sum
            })
            .collect();
    }
    let first = |id: NodeId| {
        let np = padded(sums[id].len());
        let mut block = Aligned::zeros(rows * np);
        for (i, sum) in sums[id].iter().enumerate() {
            for (c, x) in sum.value.iter().enumerate() {
                block[c * np + i] = x.to_f64();
            }
        }
        let rounded = |x: f64| 2.0 * U * x.abs();
        let error =
            |s: &Sum| s.value.iter().map(|x| rounded(x.to_f64())).sum::<f64>() + s.error + f64::MIN_POSITIVE;
        First { id, block, errors: sums[id].iter().map(error).collect() }
    };
    (0..net.nodes().len()).filter(|&id| stage[id] == 0).map(first).collect()
}
