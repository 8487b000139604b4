//! The rows of the regions on their way through the graph.

use std::cell::RefCell;

use super::fold::{self, Edit};
use super::function::{Function, Functions};
use super::home::{self, Home};
use super::options::{Options, Precision};
use super::plan::{Layer, Report};
use super::rows::Stack;
use super::units::Decider;
use crate::buffer::Buffer;
use crate::context::{Context, Meter};
use crate::convex::Scratch;
use crate::error::{Result, bail};
use crate::network::{Network, NodeId, Op, Product};

/// The value of a node on the rows.
#[derive(Debug)]
pub(super) struct Value {
    /// (rows, elements).
    pub rows: Buffer<f64>,
    /// Largest magnitude of each element over the regions, up to rounding and through affine nodes an upper bound of it;
    /// empty without a margin for rounding.
    pub size: Vec<f64>,
}

/// One walk through the graph.
pub(super) struct Walk<'a> {
    pub ctx: &'a Context,
    pub meter: Meter,
    pub net: &'a Network,
    pub options: &'a Options,
    pub stack: &'a Stack<'a>,
    /// Where the elements of each node come from: the node itself, or what a reshape reads.
    pub roots: Vec<NodeId>,
    /// How often each node is read.
    pub readers: Vec<usize>,
    /// Values that a later node needs, at the roots.
    pub values: Vec<Option<Value>>,
    /// How many nodes have yet to read each value.
    uses: Vec<usize>,
    pub layers: Vec<Layer>,
    /// Home and unit node of each layer.
    pub homes: Vec<(Home, NodeId)>,
    /// What decided the shifts of each layer.
    pub deciders: Vec<Vec<Decider>>,
    /// (regions, units): pieces of all units; -1 where they are not known.
    pub codes: Vec<i32>,
    pub report: Report,
    /// Memory of ranges.
    pub scratch: RefCell<Scratch>,
    /// The rows, if they do not lie one behind the other as they are.
    gathered: Buffer<f64>,
}

/// What a walk found out.
pub(super) struct Outcome {
    pub net: Network,
    pub layers: Vec<Layer>,
    pub codes: Vec<i32>,
    pub report: Report,
    pub homes: Vec<(Home, NodeId)>,
    pub deciders: Vec<Vec<Decider>>,
    pub values: Vec<Option<Value>>,
    pub roots: Vec<NodeId>,
}

impl<'a> Walk<'a> {
    /// Runs the rows of `stack` through `net`.
    pub fn run(
        ctx: &'a Context,
        net: &'a Network,
        options: &'a Options,
        stack: &'a Stack<'a>,
    ) -> Result<Outcome> {
        let mut roots: Vec<NodeId> = (0..net.nodes().len()).collect();
        for (id, node) in net.nodes().iter().enumerate() {
            if let Op::Reshape = node.op {
                roots[id] = roots[node.inputs[0]];
            }
        }
        let mut walk = Walk {
            ctx,
            meter: ctx.meter(),
            net,
            options,
            stack,
            roots,
            readers: home::readers(net),
            values: Vec::new(),
            uses: Vec::new(),
            layers: Vec::new(),
            homes: Vec::new(),
            deciders: Vec::new(),
            codes: vec![-1; stack.blocks.len() * net.n_units()],
            report: Report { smallest_margin: f64::INFINITY, affine: true, ..Report::default() },
            scratch: RefCell::new(Scratch::new(ctx.isa())),
            gathered: ctx.meter().buffer(0, "police")?,
        };
        walk.nodes()?;
        Ok(walk.finish())
    }

    /// The layer of units that ends the walk comes last; nothing behind it matters.
    fn last(&self) -> NodeId {
        match self.polices_output() {
            true => self.net.output(),
            false => self.net.unit_layers().last().map_or(0, |layer| layer.node),
        }
    }

    /// Whether the output is to be kept on one side although no unit follows it.
    fn polices_output(&self) -> bool {
        self.options.output && !self.net.nodes()[self.net.output()].op.is_unit()
    }

    fn nodes(&mut self) -> Result<()> {
        let (net, last) = (self.net, self.last());
        self.values = (0..=last).map(|_| None).collect();
        self.uses = vec![0; last + 1];
        let read = net.nodes()[1..=last].iter().filter(|n| !matches!(n.op, Op::Reshape));
        read.flat_map(|n| &n.inputs).for_each(|&i| self.uses[self.roots[i]] += 1);
        self.uses[self.roots[last]] += 1;
        self.values[0] = Some(self.input()?);
        let mut layer = 0;
        for (id, node) in net.nodes().iter().enumerate().take(last + 1).skip(1) {
            self.ctx.poll()?;
            match &node.op {
                Op::Reshape => continue,
                op if op.is_unit() => {
                    self.units(layer, id)?;
                    layer += 1;
                }
                _ => self.affine(id)?,
            }
            for &i in &node.inputs {
                self.release(self.roots[i]);
            }
        }
        if self.polices_output() {
            let home = home::of(net, self.options, &self.readers, net.output());
            self.scalar(None, net.output(), home, &Functions::single(Function::sided_identity()))?;
        }
        Ok(())
    }

    /// The value of the input: its rows are [`Walk::input_rows`], unless they are to be kept.
    fn input(&mut self) -> Result<Value> {
        let dim = self.stack.dim;
        if self.stack.whole.is_none() {
            let mut rows = self.buffer(self.stack.len() * dim)?;
            rows.chunks_exact_mut(dim).zip(&self.stack.rows).for_each(|(to, row)| to.copy_from_slice(row));
            self.gathered = rows;
        }
        let size = self.sizes(self.input_rows(), dim);
        let mut rows = self.buffer(if self.options.gradient { self.stack.len() * dim } else { 0 })?;
        if self.options.gradient {
            rows.copy_from_slice(self.input_rows());
        }
        Ok(Value { rows, size })
    }

    fn input_rows(&self) -> &[f64] {
        self.stack.whole.unwrap_or(&self.gathered)
    }

    /// Zeros.
    pub fn buffer(&self, len: usize) -> Result<Buffer<f64>> {
        self.meter.buffer(len, "police")
    }

    /// The value of a node: (rows, elements).
    pub fn rows(&self, id: NodeId) -> &[f64] {
        if self.roots[id] == 0 { self.input_rows() } else { &self.value(id).rows }
    }

    /// The value of a node that has been computed and is still needed.
    pub fn value(&self, id: NodeId) -> &Value {
        self.values[self.roots[id]].as_ref().expect("a node is read before its last use")
    }

    /// The rows of a node to be changed: themselves if nobody else needs them, otherwise a copy.
    pub fn taken(&mut self, id: NodeId) -> Result<Buffer<f64>> {
        let root = self.roots[id];
        if root != 0
            && self.uses[root] == 1
            && !self.options.gradient
            && let Some(Value { rows, .. }) = self.values[root].take()
        {
            return Ok(rows);
        }
        let rows = self.rows(id);
        let mut copy = self.buffer(rows.len())?;
        copy.copy_from_slice(rows);
        Ok(copy)
    }

    fn release(&mut self, root: NodeId) {
        self.uses[root] -= 1;
        if self.uses[root] == 0
            && !self.options.gradient
            && let Some(Value { rows, .. }) = self.values[root].take()
        {
            self.meter.release(size_of_val(&*rows));
        }
    }

    /// An affine node: points are mapped with its constants, directions without.
    fn affine(&mut self, id: NodeId) -> Result<()> {
        let (net, node) = (self.net, &self.net.nodes()[id]);
        let n = node.len();
        let mut out = self.buffer(self.stack.len() * n)?;
        let mut size = vec![0.0; if self.options.kappa > 0.0 { n } else { 0 }];
        let product = Product {
            ctx: self.ctx,
            meter: &self.meter,
            net,
            id,
            rows: self.stack.len(),
            single: self.options.precision == Precision::Single,
        };
        let inputs: Vec<&[f64]> = node.inputs.iter().map(|&i| self.rows(i)).collect();
        let sizes: Vec<&[f64]> = node.inputs.iter().map(|&i| &self.value(i).size[..]).collect();
        product.run(&inputs, &sizes, &mut out, &mut size)?;
        if let [_, Some(constant)] = node.op.arrays() {
            let constant: Vec<f64> =
                (0..n).map(|i| constant.get(fold::entry(node, constant.len(), i))).collect();
            for (row, _) in out.chunks_exact_mut(n).zip(&self.stack.is_point).filter(|(_, point)| **point) {
                row.iter_mut().zip(&constant).for_each(|(x, &b)| *x += b);
            }
            size.iter_mut().zip(&constant).for_each(|(size, b)| *size += b.abs());
        }
        self.values[id] = Some(Value { rows: out, size });
        Ok(())
    }

    /// A layer of units, the `layer`-th of the network.
    fn units(&mut self, layer: usize, id: NodeId) -> Result<()> {
        let node = &self.net.nodes()[id];
        if let Some(approximation) = &node.approximation {
            bail!(
                ActNotCpwl,
                "'{}' stands for {}, which is not piecewise linear: the guarantee would hold for its approximation only",
                node.name,
                approximation.function
            )
        }
        let source = node.inputs[0];
        if self.options.free.contains(&layer) {
            return self.free(layer, id);
        }
        let home = home::of(self.net, self.options, &self.readers, source);
        match &node.op {
            Op::Maxout { .. } | Op::MaxPool { .. } => self.maximum(layer, id, home),
            _ => self.scalar(Some(layer), id, home, &Functions::of(self.net, id)),
        }
    }

    fn finish(self) -> Outcome {
        let edits = self.layers.iter().zip(&self.homes);
        let edits: Vec<Edit> = edits
            .map(|(layer, &(home, before))| Edit { home, before, shift: &layer.shift, bias: &layer.bias })
            .collect();
        let net = fold::fold(self.net, &edits);
        let mut report = self.report;
        report.compare(&self.codes, self.stack.blocks.len());
        let (layers, codes, homes, deciders) = (self.layers, self.codes, self.homes, self.deciders);
        Outcome { net, layers, codes, report, homes, deciders, values: self.values, roots: self.roots }
    }
}
