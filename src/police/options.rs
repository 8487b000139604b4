//! How a network is to be kept affine.

use crate::error::{Result, bail};
use crate::network::Network;

/// Which piece a unit is kept on.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Rule {
    /// The one that needs the smallest shift; a tie goes to the left piece. With several regions each keeps a piece of its
    /// own wherever the threshold fits into a gap between their ranges.
    #[default]
    MinShift,
    /// As `MinShift`, with one piece for all regions: the network is affine on the hull of their union.
    Joint,
    /// The piece of most vertices, as in the paper; a tie goes to the left. One region of vertices only, one knot at 0.
    Majority,
    /// These pieces, at the positions of [`crate::network::Network::unit_layers`], for all regions.
    Given(Vec<i32>),
}

/// Arithmetic of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Double, whatever the precision of the weights.
    #[default]
    Double,
    /// Products of many rows with weights of single precision in single precision: twice as fast, but shifts carry its
    /// rounding, and the result need not pass a certificate.
    Single,
}

/// How a network is to be kept affine; the default is the smallest shift, with a margin for rounding only.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Which piece a unit is kept on.
    pub rule: Rule,
    /// Distance from the knots that every unit keeps, in units of its input; >= 0.
    pub margin: f64,
    /// Margin for the rounding of an evaluation, added to `margin`: kappa u (|w| . max |z| + |b|), with u = 2^-24 for a
    /// single-precision network and 2^-53 otherwise, and max |z| over the region; >= 0. With 0 the shift is the smallest in
    /// exact arithmetic, and rounding may put a deciding point on the other side.
    pub kappa: f64,
    /// Whether a convolution keeps one bias per channel (an ordinary convolution). Otherwise a shift per channel and
    /// position is added behind it.
    pub tied: bool,
    /// Layers of units, by their index in `unit_layers`, that are left as they are.
    pub free: Vec<usize>,
    /// Also keep the outputs on one side of 0, as the published code does.
    pub output: bool,
    /// Keep what [`super::Plan::pull_back`] needs.
    pub gradient: bool,
    /// With `gradient`: no gradients with respect to the regions are needed. Hulls of many points may then be carried by fewer
    /// rows, as they are without gradients.
    pub fixed_regions: bool,
    /// Arithmetic.
    pub precision: Precision,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            rule: Rule::MinShift,
            margin: 0.0,
            kappa: 16.0,
            tied: true,
            free: Vec::new(),
            output: false,
            gradient: false,
            fixed_regions: false,
            precision: Precision::Double,
        }
    }
}

impl Options {
    /// ARGUMENT at what no network could be made affine with.
    pub(super) fn check(&self, net: &Network) -> Result<()> {
        for (name, value) in [("margin", self.margin), ("kappa", self.kappa)] {
            if !(value >= 0.0 && value.is_finite()) {
                bail!(Argument, "{name} is {value}; expected a finite number >= 0")
            }
        }
        if let Rule::Given(codes) = &self.rule
            && codes.len() != net.n_units()
        {
            bail!(Argument, "codes has {} elements; the network has {} units", codes.len(), net.n_units())
        }
        let layers = net.unit_layers().len();
        match self.free.iter().find(|&&layer| layer >= layers) {
            Some(layer) => {
                bail!(Argument, "free has layer {layer}; the network has {layers} layers of units, from 0")
            }
            None => Ok(()),
        }
    }
}
