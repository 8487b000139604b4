//! The plan: what is shifted, by how much, and what the network is on each region afterwards.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::sync::OnceLock;

use ndarray::{Array1, Array2};

use super::options::{Options, Rule};
use super::record::Record;
use super::rows::Stack;
use super::walk::{Outcome, Walk};
use crate::context::Context;
use crate::convex::ConvexSet;
use crate::error::{Result, bail};
use crate::fork;
use crate::network::{Network, NodeId};

/// One policed layer. A *group* is what shares a bias: a unit of a dense layer, a channel of a tied convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The layer of units, as an index into `Network::unit_layers`; `None` for the output.
    pub units: Option<usize>,
    /// The node of the *original* network that carries the bias, or `None` if the shift is added by a node of its own.
    pub bias_of: Option<NodeId>,
    /// Consecutive elements of the input of the units that a group is.
    pub width: usize,
    /// Shift of each group: subtracted from its bias.
    pub shift: Vec<f64>,
    /// Folded bias of each group: what the folded network has, after rounding to the precision of the network.
    pub bias: Vec<f64>,
    /// Distance that each group was to keep from the knots.
    pub margin: Vec<f64>,
    /// (regions, groups): piece that each group is on, as in `Network::pattern`: 0 = left of all knots. For a maximum, whose
    /// candidates are the groups: the number of the winner.
    pub codes: Vec<i32>,
    /// Region that decided the shift of each group; -1 where there is none.
    pub region: Vec<i32>,
    /// Vertex that decided it, as in `convex::Extreme::corner`; -1 where there is none.
    pub corner: Vec<i32>,
}

/// y = a x + c for all x of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct AffineMap {
    /// (outputs, inputs). Only its action along the region is determined where that is not full-dimensional.
    pub a: Array2<f64>,
    /// (outputs).
    pub c: Array1<f64>,
}

/// What a plan did to the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Groups with a shift, per layer.
    pub shifted: Vec<usize>,
    /// Groups that are constant on every region, per layer.
    pub dead: Vec<usize>,
    /// Largest |shift|.
    pub largest_shift: f64,
    /// Smallest distance of a unit from its knots over the regions; infinite without policed units.
    pub smallest_margin: f64,
    /// Pairs of regions with equal codes throughout: the network is affine on the hull of both.
    pub shared: Vec<[usize; 2]>,
    /// Number of different codes over all regions.
    pub distinct: usize,
    /// Whether the network is affine on every region: it may not be with layers that were left as they are.
    pub affine: bool,
}

impl Report {
    /// Finds regions with equal codes; `codes` is (regions, units).
    pub(super) fn compare(&mut self, codes: &[i32], regions: usize) {
        let n = codes.len() / regions;
        let of = |r: usize| &codes[r * n..][..n];
        let mut first: HashMap<&[i32], Vec<usize>> = HashMap::new();
        (0..regions).for_each(|r| first.entry(of(r)).or_default().push(r));
        self.distinct = first.len();
        if !self.affine {
            return;
        }
        for same in first.values() {
            for (i, &a) in same.iter().enumerate() {
                self.shared.extend(same[i + 1..].iter().map(|&b| [a, b]));
            }
        }
        self.shared.sort_unstable();
    }
}

/// A network that is affine on each of the regions. Immutable.
#[derive(Debug)]
pub struct Plan {
    net: Network,
    layers: Vec<Layer>,
    /// (regions, units).
    codes: Vec<i32>,
    report: Report,
    /// Nodes of the network before folding in front of which a node was inserted, and the layers that it shifts.
    inserted: Vec<(NodeId, usize)>,
    /// Made when first asked for.
    maps: Vec<OnceLock<AffineMap>>,
    pub(super) record: Option<Record>,
}

impl Plan {
    /// Moves biases of `net` until it is affine on each of `regions`.
    ///
    /// Cost: a forward pass in f64 of as many samples as the regions have rows, and their ranges at every layer. The weights
    /// are shared with `net`.
    ///
    /// Conditions: EMPTY_REGION, DIM_MISMATCH, ARGUMENT (margin, kappa, codes, free layers), NO_BIAS, ACT_NOT_CPWL,
    /// UNBOUNDED_BOTH, NONFINITE, UNSUPPORTED (a majority without vertices; a layer left free on a region without vertices),
    /// MEMORY_LIMIT, MEMORY, CANCELLED.
    pub fn new<R: Borrow<ConvexSet>>(
        ctx: &Context,
        net: &Network,
        regions: &[R],
        options: &Options,
    ) -> Result<Plan> {
        options.check(net)?;
        // A majority counts vertices; gradients with respect to vertices need them as they are.
        let light = options.rule != Rule::Majority && (!options.gradient || options.fixed_regions);
        let given = regions.iter().map(Borrow::<ConvexSet>::borrow);
        let carried: Vec<&ConvexSet> = given.map(|r| if light { r.slim() } else { r }).collect();
        let stack = Stack::new(net.input_len(), &carried)?;
        if options.rule == Rule::Majority && (regions.len() > 1 || !stack.blocks[0].is_vertices()) {
            bail!(Unsupported, "rule: a majority of vertices needs one region that is given by its vertices")
        }
        let found = Walk::run(ctx, net, options, &stack)?;
        let record =
            options.gradient.then(|| Record::new(net, &carried, !options.fixed_regions, &stack, &found));
        let inserted = found.homes.iter().zip(&found.deciders).enumerate();
        let inserted = inserted.filter(|(_, (home, deciders))| home.0.is_inserted() && !deciders.is_empty());
        let inserted = inserted.map(|(l, (home, _))| (home.1, l)).collect();
        let Outcome { net, layers, codes, report, values, .. } = found;
        let record = record.map(|record| record.with(values));
        let maps = regions.iter().map(|_| OnceLock::new()).collect();
        Ok(Plan { net, layers, codes, report, inserted, maps, record })
    }

    /// The same pieces on the same regions, of a network that differs behind the last units.
    pub(super) fn with_network(&self, net: Network) -> Plan {
        Plan {
            net,
            layers: self.layers.clone(),
            codes: self.codes.clone(),
            report: self.report.clone(),
            inserted: self.inserted.clone(),
            maps: self.maps.iter().map(|_| OnceLock::new()).collect(),
            record: None,
        }
    }

    /// The folded network: affine on every region, otherwise an ordinary network of the same shape.
    pub fn network(&self) -> &Network {
        &self.net
    }

    /// Policed layers in topological order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The number that a node of the network before folding has in the folded network.
    pub(super) fn folded(&self, node: NodeId) -> NodeId {
        node + self.inserted.iter().filter(|(before, _)| *before <= node).count()
    }

    /// The node of the folded network that carries the biases of a policed layer; `None` if it would have been inserted, and
    /// nothing is shifted.
    pub(super) fn bias_node(&self, layer: usize) -> Option<NodeId> {
        match self.layers[layer].bias_of {
            Some(node) => Some(self.folded(node)),
            None => {
                self.inserted.iter().find(|(_, l)| *l == layer).map(|(before, _)| self.folded(*before) - 1)
            }
        }
    }

    /// Number of regions.
    pub fn n_regions(&self) -> usize {
        self.maps.len()
    }

    /// The piece of every unit on a region, as in `Network::pattern`; -1 where it is not on one piece. ARGUMENT if there is no
    /// such region.
    pub fn codes(&self, region: usize) -> Result<&[i32]> {
        let n = self.net.n_units();
        match self.maps.get(region) {
            Some(_) => Ok(&self.codes[region * n..][..n]),
            None => bail!(Argument, "region is {region}; expected 0 to {}", self.maps.len() - 1),
        }
    }

    /// The affine map on a region, in f64. Computed when first asked for, at the cost of `Network::affine_at`.
    ///
    /// Conditions: ARGUMENT (no such region), UNSUPPORTED (layers were left as they are, and the network is not affine there),
    /// MEMORY_LIMIT, MEMORY, CANCELLED.
    pub fn map(&self, ctx: &Context, region: usize) -> Result<&AffineMap> {
        let codes = self.codes(region)?;
        if codes.contains(&-1) {
            bail!(
                Unsupported,
                "the network need not be affine on region {region}: layers were left as they are"
            )
        }
        if let Some(map) = self.maps[region].get() {
            return Ok(map);
        }
        let (a, c) = self.net.affine_of(ctx, codes)?;
        Ok(fork::get_or_init(&self.maps[region], || AffineMap { a, c }))
    }

    /// What was done to the network.
    pub fn report(&self) -> &Report {
        &self.report
    }
}
