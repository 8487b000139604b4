//! What the units of a layer compute on each of their pieces, exactly.

use super::enclosure::Enclosure;
use crate::network::{Candidate, Network, NodeId, Op, Pwl};
use crate::numeric::double::Dd;
use crate::numeric::dyadic::Dyadic;
use crate::numeric::number::{Near, Number};

/// 1/6 less its f64, which is less than that by a third of a unit in the last place (1/6 = 0.0010101.. in binary).
const SIXTH: f64 = f64::EPSILON / 24.0;
/// The error of `SIXTH`: two roundings, and some.
const SIXTH_ERROR: f64 = SIXTH * f64::EPSILON;
/// Covers the rounding of the bounds themselves.
const SLACK: f64 = 1.0 + 1e-12;

/// z -> slope z + offset; the slope is a number of the network, the offset follows from continuity.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub slope: f64,
    pub offset: Dyadic,
    /// The offset in double-double: without error where it fits.
    pub near: Near,
}

impl Piece {
    fn new(slope: f64, offset: &Dyadic) -> Piece {
        let value = Dd::from(offset);
        let [high, low] = value.parts();
        let mut rest = offset.clone();
        [high, low].iter().filter(|x| x.is_finite()).for_each(|&x| rest = rest.sub(&Dyadic::from(x)));
        // Twice what is left: the conversion to f64 rounds.
        let error = if rest.is_zero() { 0.0 } else { 2.0 * rest.to_f64().abs() + f64::MIN_POSITIVE };
        Piece { slope, offset: offset.clone(), near: Near::new(value, error) }
    }
}

/// A scalar function, piece by piece.
#[derive(Clone, Debug)]
pub(super) struct Curve {
    pub pieces: Vec<Piece>,
    pub knots: Vec<f64>,
    /// Knots where the slope changes, by their index.
    pub bends: Vec<usize>,
    /// The piece that is not affine, if there is one: its slope and offset mean nothing.
    pub curved: Option<usize>,
    /// Largest |slope|.
    pub steepest: f64,
}

impl Curve {
    fn new(f: &Pwl) -> Curve {
        let product = |s: f64, t: f64| Dyadic::from(s).mul(&Dyadic::from(t));
        let (knots, slopes) = (f.knots(), f.slopes());
        let mut offset = Dyadic::from(f.value());
        if let Some(&t) = knots.first() {
            offset = offset.sub(&product(slopes[0], t));
        }
        let mut pieces = vec![Piece::new(slopes[0], &offset)];
        for (i, &t) in knots.iter().enumerate() {
            offset.add_assign(&product(slopes[i], t));
            offset = offset.sub(&product(slopes[i + 1], t));
            pieces.push(Piece::new(slopes[i + 1], &offset));
        }
        let bends = (0..knots.len()).filter(|&i| slopes[i] != slopes[i + 1]).collect();
        let steepest = slopes.iter().fold(0.0, |m: f64, s| m.max(s.abs()));
        Curve { pieces, knots: knots.to_vec(), bends, curved: None, steepest }
    }

    /// z (z + 3) / 6 between 0 below -3 and z above 3.
    fn hard_swish() -> Curve {
        let pieces = [0.0, f64::NAN, 1.0].map(|slope| Piece::new(slope, &Dyadic::zero())).into();
        Curve { pieces, knots: vec![-3.0, 3.0], bends: vec![0, 1], curved: Some(1), steepest: 1.5 }
    }

    /// The function at `z`.
    pub fn at(&self, z: &Near) -> Near {
        // At the middle of z, without doubt about the piece; elsewhere in z it differs by the steepest slope at most.
        let middle = Near::new(z.value(), 0.0);
        let code = self.knots.partition_point(|&t| z.value().to_f64() > t);
        let mut y;
        if self.curved == Some(code) {
            let mut above = middle;
            above.add(&Enclosure::exact(3.0));
            y = Number::mul(&middle, &above);
            y = Number::mul(&y, &Near::new(Dd::from_parts(1.0 / 6.0, SIXTH), SIXTH_ERROR));
        } else {
            y = middle.scaled(self.pieces[code].slope);
            y.add(&self.pieces[code].near);
        }
        if z.error() == 0.0 {
            y
        } else {
            Near::new(y.value(), (y.error() + self.steepest * z.error()) * SLACK)
        }
    }

    /// The bends on both sides of piece `code`: none on a side without.
    pub fn around(&self, code: usize) -> [Option<f64>; 2] {
        let above = self.bends.partition_point(|&i| i < code);
        let knot = |k: usize| self.bends.get(k).map(|&i| self.knots[i]);
        [above.checked_sub(1).and_then(knot), knot(above)]
    }
}

/// The units of one layer.
pub(super) enum Units {
    /// One function for all elements, or one for each channel of `plane` elements.
    Scalar { curves: Vec<Curve>, plane: usize },
    /// Maxima.
    Max { node: NodeId },
}

/// Where a unit takes its value from on a piece.
pub(super) enum Source<'a> {
    /// A piece of a function of this element.
    Piece(usize, &'a Piece),
    /// This element, as it is.
    Element(usize),
    /// A constant.
    Constant(f64),
}

impl Units {
    pub fn new(net: &Network, node: NodeId) -> Units {
        match &net.nodes()[node].op {
            Op::Pointwise(f) => {
                Units::Scalar { curves: f.iter().map(Curve::new).collect(), plane: net.nodes()[node].plane() }
            }
            Op::HardSwish => Units::Scalar { curves: vec![Curve::hard_swish()], plane: 1 },
            _ => Units::Max { node },
        }
    }

    /// The function of unit `i` of a scalar layer.
    pub fn curve(&self, i: usize) -> Option<&Curve> {
        match self {
            Units::Scalar { curves, plane } => Some(&curves[if curves.len() == 1 { 0 } else { i / plane }]),
            Units::Max { .. } => None,
        }
    }

    /// What unit `i` computes on the piece `code`.
    pub fn source(&self, net: &Network, i: usize, code: i32) -> Source<'_> {
        match self {
            Units::Scalar { curves, plane } => {
                let curve = &curves[if curves.len() == 1 { 0 } else { i / plane }];
                Source::Piece(i, &curve.pieces[code as usize])
            }
            Units::Max { node } => match net.candidate(*node, i, code as usize) {
                Candidate::Element(j) => Source::Element(j),
                Candidate::Constant(c) => Source::Constant(c),
                Candidate::Padding => unreachable!("padding never wins"),
            },
        }
    }
}
