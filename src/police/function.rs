//! The functions of units as a plan sees them: pieces, and what lies between them.

use crate::network::{Network, NodeId, Op};

/// What an input range must not overlap: a knot, or a stretch where the function is not affine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Band {
    pub low: f64,
    pub high: f64,
}

/// An affine piece of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// Its number in patterns.
    pub code: i32,
    pub slope: f64,
    pub offset: f64,
}

/// A function: pieces from left to right, with bands between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Function {
    pub bands: Vec<Band>,
    /// One more than bands.
    pub pieces: Vec<Piece>,
}

impl Function {
    /// z -> z, kept on one side of 0.
    pub fn sided_identity() -> Self {
        let piece = |code| Piece { code, slope: 1.0, offset: 0.0 };
        Function { bands: vec![Band { low: 0.0, high: 0.0 }], pieces: vec![piece(0), piece(1)] }
    }

    /// The hard swish: affine left of -3 and right of 3.
    fn hard_swish() -> Self {
        let piece = |code, slope| Piece { code, slope, offset: 0.0 };
        Function { bands: vec![Band { low: -3.0, high: 3.0 }], pieces: vec![piece(0, 0.0), piece(2, 1.0)] }
    }

    /// Index of the piece with the number `code`.
    pub fn piece(&self, code: i32) -> Option<usize> {
        self.pieces.iter().position(|p| p.code == code)
    }
}

/// The functions of the units of one layer: one for all, or one for every `plane` consecutive units.
#[derive(Clone, Debug)]
pub(super) struct Functions {
    all: Vec<Function>,
    plane: usize,
}

impl Functions {
    /// Those of a layer of scalar units.
    pub fn of(net: &Network, node: NodeId) -> Self {
        let n = &net.nodes()[node];
        let all = match &n.op {
            Op::Pointwise(all) => all,
            Op::HardSwish => return Functions::single(Function::hard_swish()),
            op => unreachable!("{} has no activation function", op.name()),
        };
        let all = all.iter().map(|f| {
            let bands = f.knots().iter().map(|&t| Band { low: t, high: t }).collect();
            let pieces = f.slopes().iter().zip(f.offsets()).enumerate();
            let pieces =
                pieces.map(|(i, (&slope, &offset))| Piece { code: i as i32, slope, offset }).collect();
            Function { bands, pieces }
        });
        Functions { all: all.collect(), plane: n.plane() }
    }

    /// One function for all units.
    pub fn single(f: Function) -> Self {
        Functions { all: vec![f], plane: 1 }
    }

    /// The function of unit `i`.
    pub fn get(&self, i: usize) -> &Function {
        match self.all.as_slice() {
            [one] => one,
            all => &all[i / self.plane],
        }
    }

    /// Whether units with one bias, `width` consecutive ones each, have their bands at the same places.
    pub fn agree(&self, n: usize, width: usize) -> bool {
        self.all.len() == 1
            || (0..n).step_by(width).all(|i| (i..i + width).all(|j| self.get(j).bands == self.get(i).bands))
    }
}
