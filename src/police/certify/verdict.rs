//! What a certificate says.

/// Arithmetic that decided something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// f64 with error bounds.
    #[default]
    Double,
    /// Double-double with error bounds.
    DoubleDouble,
    /// Exact.
    Exact,
}

/// How the network is to be certified.
#[derive(Clone, Debug, PartialEq)]
pub struct CertifyOptions {
    /// Pieces that the units are to be on, at the positions of [`crate::network::Network::unit_layers`]; `None` = any.
    pub codes: Option<Vec<i32>>,
    /// Most multiplications of 512-bit numbers in exact arithmetic, about a microsecond each, for one region; 0 = no exact
    /// stage.
    pub exact_work: u64,
    /// Whether to look for three points that show that the network is not affine.
    pub witness: bool,
}

impl Default for CertifyOptions {
    fn default() -> Self {
        CertifyOptions { codes: None, exact_work: 1 << 22, witness: true }
    }
}

/// The verdict on one region.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Every unit stays on one affine piece: the network is affine on the region.
    Certified,
    /// It could not be shown that the network is affine; it may be all the same, if the bend of one unit is undone by others.
    NotCertified(Reason),
    /// The network is not affine on the region.
    Violated(Witness),
}

/// Why a layer was not certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A unit takes inputs strictly on both sides of a bend.
    Crosses,
    /// A unit is on one piece, but not on the one in [`CertifyOptions::codes`].
    Elsewhere,
    /// The distance of a unit from a bend is below the error radius of the last stage that was run.
    Radius,
}

/// Three points of the region on a line, at which no affine function agrees with the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The ends of a segment, rounded to f64.
    pub ends: [Vec<f64>; 2],
    /// Position of the third point: `ends[0]` + `at` (`ends[1]` - `ends[0]`).
    pub at: f64,
    /// The third point, rounded to f64.
    pub point: Vec<f64>,
    /// The output that deviates most.
    pub output: usize,
    /// f(point) minus the affine function through the values at the ends.
    pub deviation: f64,
    /// How far `deviation` may be from the truth; less than its absolute value.
    pub radius: f64,
}

/// What was found in one layer of units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerVerdict {
    /// Index in [`crate::network::Network::unit_layers`].
    pub layer: usize,
    /// Units that are certainly on no single piece.
    pub crossing: usize,
    /// Units that are certainly on one piece, but not on the one that was asked for.
    pub elsewhere: usize,
    /// Units of which neither is certain.
    pub open: usize,
    /// Smallest signed distance of a unit from the ends of its piece: negative by how far a crossing unit is beyond;
    /// infinite without bends. For a maximum the distance between the largest candidate and the others.
    pub margin: f64,
    /// How far `margin` may be from the truth, but for its rounding to f64.
    pub radius: f64,
    /// The unit with that margin, within the layer.
    pub unit: usize,
    /// Vertex of the region at which it is taken, as in [`crate::convex::Extreme::corner`].
    pub corner: Option<usize>,
    /// Units by the arithmetic that had the last word on them.
    pub stages: [usize; 3],
}

/// A certificate of one region.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The verdict.
    pub verdict: Verdict,
    /// Layers of units, up to the first that was not certified.
    pub layers: Vec<LayerVerdict>,
    /// Piece of every unit over the region, as in [`crate::network::Network::pattern`] (the lowest of pieces with the same
    /// slope); -1 where it is not known.
    pub codes: Vec<i32>,
    /// Whether the exact stage was asked for and would have taken more work than it was allowed.
    pub exact_skipped: bool,
}

impl Certificate {
    /// Whether the network was shown to be affine on the region.
    pub fn is_certified(&self) -> bool {
        self.verdict == Verdict::Certified
    }

    /// The layer with the smallest margin, for a certified network the one that decides how safe it is; `None` without
    /// units.
    pub fn tightest(&self) -> Option<&LayerVerdict> {
        self.layers.iter().reduce(|m, l| if l.margin < m.margin { l } else { m })
    }

    /// The layer that was not certified.
    pub fn bad_layer(&self) -> Option<&LayerVerdict> {
        self.layers.last().filter(|_| !self.is_certified())
    }
}
