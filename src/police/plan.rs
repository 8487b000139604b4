//! The plan: what is shifted, by how much, and what the network is on each region afterwards.

use ndarray::{Array1, Array2};

use crate::network::{Network, NodeId};

/// One policed layer. A *group* is what shares a bias: a unit of a dense layer, a channel of a tied convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The layer of units, as an index into `Network::unit_layers`; `None` for the output.
    pub units: Option<usize>,
    /// The node of the *original* network that carries the bias, or `None` if the shift is added by a node of its own.
    pub bias_of: Option<NodeId>,
    /// Shift of each group: subtracted from its bias.
    pub shift: Vec<f64>,
    /// Folded bias of each group: what the folded network has, after rounding to the precision of the network.
    pub bias: Vec<f64>,
    /// Distance that each group was to keep from the knots.
    pub margin: Vec<f64>,
    /// (regions, groups): piece that each group is on, as in `Network::pattern`: 0 = left of all knots.
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
}

/// A network that is affine on each of the regions. Immutable.
#[derive(Debug)]
pub struct Plan {
    /// The folded network.
    pub(crate) net: Network,
    pub(crate) layers: Vec<Layer>,
    pub(crate) maps: Vec<AffineMap>,
    pub(crate) report: Report,
}

impl Plan {
    /// The folded network: affine on every region, otherwise an ordinary network of the same shape.
    pub fn network(&self) -> &Network {
        &self.net
    }

    /// Policed layers in topological order.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The affine map on each region.
    pub fn maps(&self) -> &[AffineMap] {
        &self.maps
    }

    /// What was done to the network.
    pub fn report(&self) -> &Report {
        &self.report
    }
}
