//! The way back through a plan: from gradients of the folded biases to those of weights, biases and regions.
//!
//! A shift is the value of one element at one point of one region, its *decider*, less a constant; the point is a combination
//! of rows. So the gradient of the shift goes to that element on these rows, and from there back through the layers below, on
//! the pieces of the codes. Choices, deciding points and margins count as constant. Verified against central differences.

use super::fold;
use super::home::Home;
use super::plan::Plan;
use super::rows::{Block, Stack};
use super::units::Decider;
use super::walk::{Outcome, Value};
use crate::context::{Context, Meter};
use crate::convex::ConvexSet;
use crate::error::{Result, bail};
use crate::network::{Network, NodeId, Op, Product};

/// What the way back needs to know.
#[derive(Debug)]
pub(super) struct Record {
    /// The network before folding.
    net: Network,
    /// Of each region: its rows in the stack, and how many it came with.
    blocks: Vec<(Block, usize)>,
    dim: usize,
    /// Whether gradients with respect to the rows of regions are wanted.
    of_regions: bool,
    is_point: Vec<bool>,
    roots: Vec<NodeId>,
    /// Home and unit node of each layer, and what decided its shifts.
    layers: Vec<(Home, NodeId, Vec<Decider>)>,
    values: Vec<Option<Value>>,
}

/// Gradients through the folding of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// With respect to each of the parameters of the network before folding, in their order.
    pub parameters: Vec<Vec<f64>>,
    /// With respect to the rows of each region, (rows, dim); empty with `Options::fixed_regions`.
    pub rows: Vec<Vec<f64>>,
}

impl Record {
    pub fn new(
        net: &Network,
        regions: &[&ConvexSet],
        of_regions: bool,
        stack: &Stack,
        found: &Outcome,
    ) -> Record {
        let blocks = stack.blocks.iter().zip(regions).map(|(block, region)| (block.clone(), region.n_rows()));
        let layers = found.homes.iter().zip(&found.deciders);
        Record {
            net: net.clone(),
            blocks: blocks.collect(),
            dim: stack.dim,
            of_regions,
            is_point: stack.is_point.clone(),
            roots: found.roots.clone(),
            layers: layers.map(|(&(home, node), deciders)| (home, node, deciders.clone())).collect(),
            values: Vec::new(),
        }
    }

    /// With the values of the nodes on the rows.
    pub fn with(self, values: Vec<Option<Value>>) -> Record {
        Record { values, ..self }
    }
}

impl Plan {
    /// The parameter of the folded network that holds the folded biases of policed layer `layer`, as an index into its
    /// parameters; `None` if no number was shifted by a node of its own, which then was not added.
    pub fn bias_parameter(&self, layer: usize) -> Option<usize> {
        let node = self.bias_node(layer)?;
        self.network().parameters().iter().position(|p| p.node == node && p.which == 1)
    }

    /// Turns `folded`, gradients with respect to the parameters of the folded network in their order, into gradients with
    /// respect to the parameters of the network before folding and to the rows of the regions.
    ///
    /// Conditions: NOT_STORED without `Options::gradient`, SHAPE, MEMORY_LIMIT, MEMORY, CANCELLED. Cost: about two more
    /// passes of the rows.
    pub fn pull_back(&self, ctx: &Context, folded: Vec<Vec<f64>>) -> Result<Pulled> {
        let Some(record) = &self.record else {
            bail!(NotStored, "gradients were not asked for when the network was policed (gradient)")
        };
        let parameters = self.network().parameters();
        if folded.len() != parameters.len() {
            bail!(Shape, "folded has {} arrays; the folded network has {}", folded.len(), parameters.len())
        }
        if let Some(i) = (0..folded.len()).find(|&i| folded[i].len() != parameters[i].len()) {
            bail!(Shape, "folded[{i}] has {} elements; expected {}", folded[i].len(), parameters[i].len())
        }
        let mut back = Back::new(ctx, self, record, folded);
        back.run()?;
        Ok(back.finish())
    }
}

/// One way back.
struct Back<'a> {
    ctx: &'a Context,
    meter: Meter,
    record: &'a Record,
    plan: &'a Plan,
    /// Gradients of the folded biases, of the groups of each layer.
    beta: Vec<Vec<f64>>,
    /// Gradients of the original parameters, and of each node where its own begin.
    parameters: Vec<Vec<f64>>,
    first: Vec<usize>,
    /// Gradients of the rows at each root: (rows, elements).
    gradients: Vec<Option<Vec<f64>>>,
}

impl<'a> Back<'a> {
    fn new(ctx: &'a Context, plan: &'a Plan, record: &'a Record, mut folded: Vec<Vec<f64>>) -> Self {
        let net = &record.net;
        let of = plan.network().parameters();
        let find = |node: NodeId, which: usize| of.iter().position(|p| p.node == node && p.which == which);
        let beta = plan.layers().iter().enumerate().map(|(l, layer)| {
            let groups = layer.shift.len();
            let Some(i) = plan.bias_parameter(l) else { return vec![0.0; groups] };
            let node = &plan.network().nodes()[of[i].node];
            (0..groups).map(|g| folded[i][fold::entry(node, folded[i].len(), g * layer.width)]).collect()
        });
        let beta = beta.collect();
        let mut first = Vec::with_capacity(net.nodes().len());
        let mut parameters: Vec<Vec<f64>> = Vec::new();
        for (id, node) in net.nodes().iter().enumerate() {
            first.push(parameters.len());
            for (which, array) in node.op.arrays().into_iter().enumerate() {
                let (Some(array), Some(i)) = (array, find(plan.folded(id), which)) else { continue };
                if folded[i].len() == array.len() {
                    parameters.push(std::mem::take(&mut folded[i]));
                    continue;
                }
                // One shift for many has become one for each channel or element.
                let mut own = vec![0.0; array.len()];
                let entry = |j: usize| fold::entry(node, array.len(), j * (node.len() / folded[i].len()));
                folded[i].iter().enumerate().for_each(|(j, g)| own[entry(j)] += g);
                parameters.push(own);
            }
        }
        Back {
            ctx,
            meter: ctx.meter(),
            record,
            plan,
            beta,
            parameters,
            first,
            gradients: net.nodes().iter().map(|_| None).collect(),
        }
    }

    fn rows(&self) -> usize {
        self.record.is_point.len()
    }

    /// The gradient of a node, to be added to.
    fn gradient(&mut self, id: NodeId) -> &mut Vec<f64> {
        let len = self.rows() * self.record.net.nodes()[id].len();
        self.gradients[self.record.roots[id]].get_or_insert_with(|| vec![0.0; len])
    }

    fn value(&self, id: NodeId) -> &'a [f64] {
        &self.record.values[self.record.roots[id]].as_ref().expect("kept for the way back").rows
    }

    fn run(&mut self) -> Result<()> {
        let net = &self.record.net;
        let output = net.nodes().len();
        let layer_at = |id: NodeId| self.record.layers.iter().position(|(_, node, _)| *node == id);
        if let Some(l) = layer_at(output) {
            let n = net.output_len();
            let mut g = vec![0.0; self.rows() * n];
            self.decide(l, net.output(), &mut g);
            *self.gradient(net.output()) = g;
        }
        for id in (1..self.record.values.len()).rev() {
            self.ctx.poll()?;
            let node = &net.nodes()[id];
            if node.op.is_unit() {
                self.units(id, layer_at(id))?;
            } else if !matches!(node.op, Op::Reshape) {
                self.affine(id)?;
            }
        }
        Ok(())
    }

    /// Adds to the gradient `g` of the input of layer `l`, whose node is `source`, what comes through its shifts.
    fn decide(&self, l: usize, source: NodeId, g: &mut [f64]) {
        let (_, _, deciders) = &self.record.layers[l];
        let n = self.record.net.nodes()[source].len();
        let (layer, values) = (&self.plan.layers()[l], self.value(source));
        let shifts: Vec<f64> = deciders
            .iter()
            .map(|d| {
                let of_group = |row: &[f64]| row[d.group * layer.width..][..layer.width].iter().sum::<f64>();
                let points = g.chunks_exact(n).zip(&self.record.is_point).filter(|(_, point)| **point);
                -self.beta[l][d.group] - points.map(|(row, _)| of_group(row)).sum::<f64>()
            })
            .collect();
        for (d, shift) in deciders.iter().zip(shifts) {
            let (block, _) = &self.record.blocks[d.region];
            let value = |j: usize| {
                let row = &values[(block.rows.start + j) * n..][..n];
                row[d.element] - d.rival.map_or(0.0, |rival| row[rival])
            };
            let known = usize::try_from(layer.corner[d.group]).ok().filter(|_| d.rival.is_none());
            let known = known.and_then(|corner| block.shape.at_corner(corner));
            for (j, t) in known.unwrap_or_else(|| block.shape.extreme(d.side, &value)).terms {
                let row = &mut g[(block.rows.start + j) * n..][..n];
                row[d.element] += shift * t;
                if let Some(rival) = d.rival {
                    row[rival] -= shift * t;
                }
            }
        }
    }

    /// A layer of units, policed or not.
    fn units(&mut self, id: NodeId, l: Option<usize>) -> Result<()> {
        let net = &self.record.net;
        let (source, n) = (net.nodes()[id].inputs[0], net.nodes()[id].len());
        let n_in = net.nodes()[source].len();
        let above = self.gradients[id].take();
        if above.is_none() && l.is_none_or(|l| self.record.layers[l].2.is_empty()) {
            return Ok(());
        }
        let mut g = vec![0.0; self.rows() * n_in];
        if let Some(above) = above {
            let at = net.unit_layers().iter().find(|layer| layer.node == id).expect("a layer of units");
            for (r, (block, _)) in self.record.blocks.iter().enumerate() {
                let codes = &self.plan.codes(r)?[at.first..][..n];
                for q in block.rows.clone() {
                    let z = &self.value(source)[q * n_in..][..n_in];
                    for (i, &above) in above[q * n..][..n].iter().enumerate().filter(|(_, g)| **g != 0.0) {
                        // A layer that was left as it is: by the value.
                        let code = if codes[i] < 0 { net.code(id, i, |j| z[j]) } else { codes[i] };
                        let (j, slope, _) = net.piece(id, i, code);
                        g[q * n_in + j] += slope * above;
                    }
                }
            }
        }
        if let Some(l) = l {
            self.decide(l, source, &mut g);
        }
        self.gradient(source).iter_mut().zip(g).for_each(|(to, g)| *to += g);
        Ok(())
    }

    fn affine(&mut self, id: NodeId) -> Result<()> {
        let Some(g) = self.gradients[id].take() else { return Ok(()) };
        let (net, rows) = (&self.record.net, self.rows());
        let node = &net.nodes()[id];
        let product = Product { ctx: self.ctx, meter: &self.meter, net, id, rows, single: false };
        let [weight, constant] = node.op.arrays();
        if weight.is_some() {
            let x = self.value(node.inputs[0]);
            let at = self.first[id];
            product.weight_gradient(&g, x, &mut self.parameters[at])?;
            if let Some(constant) = constant {
                let total = &mut self.parameters[at + 1];
                let points =
                    g.chunks_exact(node.len()).zip(&self.record.is_point).filter(|(_, point)| **point);
                for (row, _) in points {
                    row.iter()
                        .enumerate()
                        .for_each(|(i, g)| total[fold::entry(node, constant.len(), i)] += g);
                }
            }
        }
        // An input may be read twice.
        let mut parts: Vec<Vec<f64>> =
            node.inputs.iter().map(|&i| vec![0.0; rows * net.nodes()[i].len()]).collect();
        let mut to: Vec<&mut [f64]> = parts.iter_mut().map(|part| &mut part[..]).collect();
        if node.inputs == [0] && !self.record.of_regions {
            return Ok(());
        }
        product.pull_back(&g, &mut to)?;
        for (&i, part) in node.inputs.iter().zip(&parts) {
            self.gradient(i).iter_mut().zip(part).for_each(|(to, g)| *to += g);
        }
        Ok(())
    }

    fn finish(mut self) -> Pulled {
        // The bias of a shifted group has no effect; what is left of its gradient is rounding.
        for (l, (home, _, deciders)) in self.record.layers.iter().enumerate() {
            if let Home::Bias { node, .. } = *home {
                let n = &self.record.net.nodes()[node];
                let bias = &mut self.parameters[self.first[node] + 1];
                if bias.len() == self.beta[l].len() {
                    let width = self.plan.layers()[l].width;
                    let len = bias.len();
                    deciders.iter().for_each(|d| bias[fold::entry(n, len, d.group * width)] = 0.0);
                }
            }
        }
        let dim = self.record.dim;
        if !self.record.of_regions {
            return Pulled { rows: Vec::new(), parameters: self.parameters };
        }
        let input = self.gradients[0].take().unwrap_or_else(|| vec![0.0; self.rows() * dim]);
        let rows = self.record.blocks.iter().map(|(block, n_rows)| {
            let mut rows = vec![0.0; n_rows * dim];
            for (q, &j) in block.rows.clone().zip(&block.origin) {
                rows[j * dim..][..dim].copy_from_slice(&input[q * dim..][..dim]);
            }
            rows
        });
        Pulled { rows: rows.collect(), parameters: self.parameters }
    }
}
