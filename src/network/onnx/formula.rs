//! Activation functions that a file spells out: GELU as x / 2 (1 + erf(x / sqrt(2))), SiLU as x sigmoid(x), ...
//!
//! A value that no layer computes yet is a [`Formula`]: p(y) + q(y) a(y) with small polynomials p and q in the elements
//! y of a layer and one more function a of them. The arithmetic of the file is done on these. Where another operator
//! needs the value, [`Importer::layer`] looks which smooth activation the formula is and adds that.

use super::call::{Call, Computed, Value};
use super::import::Importer;
use crate::error::{Result, bail};
use crate::network::array::Array;
use crate::network::graph::{NodeId, Op};
use crate::network::smooth::Smooth;

/// Relative rounding of the constants in a file of single precision, and of what is computed from a few.
const NEAR: f64 = 1.0 / (1u64 << 20) as f64;

/// Coefficients of 1, y, y^2, y^3.
type Polynomial = [f64; 4];
const ZERO: Polynomial = [0.0; 4];
const ONE: Polynomial = [1.0, 0.0, 0.0, 0.0];

/// The function a of a formula.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Atom {
    /// There is none.
    None,
    Sigmoid,
    Tanh,
    Erf,
    /// y beyond the threshold.
    Softplus {
        threshold: f64,
    },
    /// tanh of softplus.
    TanhSoftplus,
    /// tanh(c1 y + c3 y^3).
    TanhCubic([f64; 2]),
    /// min(max(y, 0), high).
    Clip {
        high: f64,
    },
    /// Whether y is greater than a number.
    Greater(f64),
}

/// p(y) + q(y) a(y), element by element.
#[derive(Clone, Debug)]
pub(super) struct Formula {
    y: Computed,
    p: Polynomial,
    q: Polynomial,
    atom: Atom,
    /// The node of the file that it is the output of.
    name: String,
    op: String,
}

/// The output of a node as a formula, if its inputs allow that: none of them may need a layer of its own.
pub(super) fn read(im: &Importer, call: &Call) -> Result<Option<Value>> {
    let two = || -> Result<Option<(Formula, Formula)>> { Ok(common(im, call.input(0)?, call.input(1)?)) };
    let formula = match call.op() {
        "Sigmoid" => applied(call.input(0)?, Atom::Sigmoid),
        "Erf" => applied(call.input(0)?, Atom::Erf),
        "Softplus" => applied(call.input(0)?, Atom::Softplus { threshold: f64::INFINITY }),
        "Tanh" => match call.input(0)? {
            Value::Formula(f) => f.tanh(),
            value => applied(value, Atom::Tanh),
        },
        "Greater" => match (call.input(0)?, call.input(1)?) {
            (value, Value::Constant(t)) if t.len() == 1 => applied(value, Atom::Greater(t.scalar()?)),
            _ => None,
        },
        "Where" => chosen(im, call)?,
        "Neg" => match call.input(0)? {
            Value::Formula(f) => Some(f.scaled(-1.0)),
            _ => None,
        },
        // Sums and multiples of layers are layers.
        "Add" | "Sub" | "Mul" | "Div" if call.inputs.len() != 2 || !promising(call) => None,
        "Add" => two()?.and_then(|(a, b)| a.plus(&b)),
        "Sub" => two()?.and_then(|(a, b)| a.plus(&b.scaled(-1.0))),
        "Mul" => two()?.and_then(|(a, b)| a.times(&b)),
        "Div" => two()?.and_then(|(a, b)| Some(a.scaled(1.0 / b.constant().filter(|&c| c != 0.0)?))),
        "Pow" => match (call.input(0)?, call.input(1)?) {
            (Value::Computed(y), Value::Constant(n)) if n.len() == 1 => power(y, n.scalar()?),
            _ => None,
        },
        _ => None,
    };
    let (name, op) = (call.label().to_owned(), call.op().to_owned());
    Ok(formula.map(|f| Value::Formula(Formula { name, op, ..f }.into())))
}

/// Whether arithmetic on the two inputs may be more than a layer does.
fn promising(call: &Call) -> bool {
    let is = |i: usize, f: fn(&Value) -> bool| call.optional(i).is_some_and(f);
    let formula = |v: &Value| matches!(v, Value::Formula(_));
    let computed = |v: &Value| matches!(v, Value::Computed(_));
    is(0, formula) || is(1, formula) || (call.op() == "Mul" && is(0, computed) && is(1, computed))
}

/// An atom of a layer.
fn applied(value: &Value, atom: Atom) -> Option<Formula> {
    let Value::Computed(y) = value else { return None };
    Some(Formula { y: y.clone(), p: ZERO, q: ONE, atom, name: String::new(), op: String::new() })
}

/// A polynomial of a layer.
fn polynomial(y: &Computed, p: Polynomial) -> Formula {
    Formula { y: y.clone(), p, q: ZERO, atom: Atom::None, name: String::new(), op: String::new() }
}

fn power(y: &Computed, n: f64) -> Option<Formula> {
    let n = [2.0, 3.0].iter().position(|&m| m == n)? + 2;
    let mut p = ZERO;
    p[n] = 1.0;
    Some(polynomial(y, p))
}

/// Two values as formulas in the same variable.
fn common(im: &Importer, a: &Value, b: &Value) -> Option<(Formula, Formula)> {
    match (a, b) {
        (Value::Formula(f), Value::Formula(g)) => {
            (f.y.id == g.y.id && f.y.shape == g.y.shape).then(|| (Formula::clone(f), Formula::clone(g)))
        }
        (Value::Formula(f), other) => Some((Formula::clone(f), im.in_terms_of(&f.y, other)?)),
        (other, Value::Formula(f)) => Some((im.in_terms_of(&f.y, other)?, Formula::clone(f))),
        (Value::Computed(x), Value::Computed(z)) => {
            // A clip may be the one of a spelt-out hard-swish.
            let swish = |clip: &Computed, other| {
                im.clipped(clip).and_then(|f| Some((im.in_terms_of(&f.y, other)?, f)))
            };
            let square = || Some((polynomial(x, [0.0, 1.0, 0.0, 0.0]), im.in_terms_of(x, b)?));
            swish(z, a).or_else(|| swish(x, b)).or_else(square)
        }
        _ => None,
    }
}

/// Where(y > threshold, y, softplus(y)), times a number.
fn chosen(im: &Importer, call: &Call) -> Result<Option<Formula>> {
    let (Value::Formula(condition), other, Value::Formula(f)) =
        (call.input(0)?, call.input(1)?, call.input(2)?)
    else {
        return Ok(None);
    };
    let (Atom::Greater(threshold), Atom::Softplus { .. }) = (condition.atom, f.atom) else { return Ok(None) };
    let same = condition.y.id == f.y.id && f.p == ZERO;
    let multiple = |line: Formula| match (line.p, f.q) {
        ([0.0, a, 0.0, 0.0], [b, 0.0, 0.0, 0.0]) => near(a, b),
        _ => false,
    };
    let known = same && im.in_terms_of(&f.y, other).is_some_and(multiple);
    Ok(known.then(|| Formula { atom: Atom::Softplus { threshold }, ..Formula::clone(f) }))
}

fn product(a: &Polynomial, b: &Polynomial) -> Option<Polynomial> {
    let mut product = [0.0; 7];
    for (i, a) in a.iter().enumerate() {
        b.iter().enumerate().for_each(|(j, b)| product[i + j] += a * b);
    }
    product[4..].iter().all(|&c| c == 0.0).then(|| [0, 1, 2, 3].map(|i| product[i]))
}

/// Whether two numbers are the same but for the rounding of a file.
fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= NEAR * a.abs().max(b.abs())
}

impl Formula {
    fn scaled(&self, by: f64) -> Formula {
        let [p, q] = [self.p, self.q].map(|p| p.map(|c| c * by));
        Formula { p, q, ..self.clone() }
    }

    /// The number that it is, if it is one.
    fn constant(&self) -> Option<f64> {
        (self.q == ZERO && self.p[1..] == ZERO[1..]).then_some(self.p[0])
    }

    /// The atom of a sum or product.
    fn atom_with(&self, other: &Formula) -> Option<Atom> {
        match (self.atom, other.atom) {
            (atom, Atom::None) | (Atom::None, atom) => Some(atom),
            (a, b) => (a == b).then_some(a),
        }
    }

    fn plus(&self, other: &Formula) -> Option<Formula> {
        let sum = |a: &Polynomial, b: &Polynomial| [0, 1, 2, 3].map(|i| a[i] + b[i]);
        let atom = self.atom_with(other)?;
        Some(Formula { p: sum(&self.p, &other.p), q: sum(&self.q, &other.q), atom, ..self.clone() })
    }

    fn times(&self, other: &Formula) -> Option<Formula> {
        let atom = self.atom_with(other)?;
        if self.q != ZERO && other.q != ZERO {
            return None;
        }
        let [a, b] = [product(&self.p, &other.q)?, product(&self.q, &other.p)?];
        let q = [0, 1, 2, 3].map(|i| a[i] + b[i]);
        Some(Formula { p: product(&self.p, &other.p)?, q, atom, ..self.clone() })
    }

    fn tanh(&self) -> Option<Formula> {
        let atom = match (self.atom, self.p, self.q) {
            (Atom::Softplus { threshold }, ZERO, ONE) if threshold >= 20.0 => Atom::TanhSoftplus,
            (Atom::None, [0.0, c1, 0.0, c3], _) => Atom::TanhCubic([c1, c3]),
            _ => return None,
        };
        Some(Formula { p: ZERO, q: ONE, atom, ..self.clone() })
    }

    /// `factor * function(slope * y + offset) + shift`, as (function, [slope, offset], [factor, shift]).
    fn activation(&self) -> Option<(Smooth, [f64; 2], [f64; 2])> {
        let same = [1.0, 0.0];
        let alone = match self.atom {
            Atom::Sigmoid => Some(Smooth::Sigmoid),
            Atom::Tanh => Some(Smooth::Tanh),
            Atom::Softplus { threshold } => Some(Smooth::Softplus { beta: 1.0, threshold }),
            _ => None,
        };
        match (self.atom, self.p, self.q) {
            (_, [shift, 0.0, 0.0, 0.0], [factor, 0.0, 0.0, 0.0]) => Some((alone?, same, [factor, shift])),
            (Atom::Sigmoid, ZERO, [0.0, c, 0.0, 0.0]) => Some((Smooth::Silu { beta: 1.0 }, same, [c, 0.0])),
            (Atom::TanhSoftplus, ZERO, [0.0, c, 0.0, 0.0]) => Some((Smooth::Mish, same, [c, 0.0])),
            // c y (1 + erf(y)) with y = x / sqrt(2)
            (Atom::Erf, [0.0, c, 0.0, 0.0], [0.0, d, 0.0, 0.0]) if near(c, d) => {
                let root = std::f64::consts::SQRT_2;
                Some((Smooth::Gelu, [root, 0.0], [c * root, 0.0]))
            }
            // c y (1 + tanh(k (x + 0.044715 x^3))) with x = c1 y / k
            (Atom::TanhCubic([c1, c3]), [0.0, c, 0.0, 0.0], [0.0, d, 0.0, 0.0]) if near(c, d) => {
                let k = (2.0 / std::f64::consts::PI).sqrt();
                let slope = c1 / k;
                let known = near(c3, k * 0.044715 * slope * slope * slope);
                known.then_some((Smooth::GeluTanh, [slope, 0.0], [2.0 * c / slope, 0.0]))
            }
            // (c y + d) clip(y, 0, h) with y = h (x + 3) / 6
            (Atom::Clip { high }, ZERO, [d, c, 0.0, 0.0]) if near(d, -0.5 * c * high) => {
                Some((Smooth::HardSwish, [6.0 / high, -3.0], [c * high * high / 6.0, 0.0]))
            }
            _ => None,
        }
    }
}

impl Importer {
    /// The layer that computes a formula, added now.
    pub fn layer(&mut self, formula: &Formula) -> Result<Computed> {
        let Some((function, [slope, offset], [factor, shift])) = formula.activation() else {
            let (name, op) = (&formula.name, &formula.op);
            bail!(
                UnsupportedOperator,
                "node '{name}' ({op}) is neither continuous piecewise linear nor a smooth activation that is known"
            )
        };
        let y = &formula.y;
        let shaped = self.shaped(y)?;
        let input = match self.find(y.id, slope, offset) {
            Some(id) => self.shaped(&Computed { id, ..y.clone() })?,
            None => self.builder.scale_shift(shaped, constant(slope, 1.0), constant(offset, 0.0))?,
        };
        let mut id = self.builder.smooth(input, function, self.smooth_knots)?;
        self.builder.name(id, &formula.name)?;
        if !near(factor, 1.0) || shift != 0.0 {
            id = self.builder.scale_shift(id, constant(factor, 1.0), constant(shift, 0.0))?;
        }
        Ok(Computed { id, ..y.clone() })
    }

    /// A constant, or a layer that is a scaled and shifted `y`, as a formula in `y`.
    fn in_terms_of(&self, y: &Computed, value: &Value) -> Option<Formula> {
        match value {
            Value::Constant(c) if c.len() == 1 => Some(polynomial(y, [c.scalar().ok()?, 0.0, 0.0, 0.0])),
            Value::Computed(v) if v.shape == y.shape => {
                let [slope, offset] = self.relation(v.id, y.id)?;
                Some(polynomial(y, [offset, slope, 0.0, 0.0]))
            }
            _ => None,
        }
    }

    /// The atom that a layer is, if it is min(max(y, 0), high).
    fn clipped(&self, c: &Computed) -> Option<Formula> {
        let node = self.builder.node(c.id);
        let Op::Pointwise(f) = &node.op else { return None };
        let ([f], &[0.0, high], [0.0, 1.0, 0.0]) = (&f[..], f[0].knots(), f[0].slopes()) else { return None };
        let y = Computed { id: node.inputs[0], ..c.clone() };
        applied(&Value::Computed(y), Atom::Clip { high }).filter(|_| f.value() == 0.0)
    }

    /// The layers that `id` is a scaled and shifted copy of, with scale and shift; itself first.
    fn chain(&self, mut id: NodeId) -> Vec<(NodeId, [f64; 2])> {
        let [mut slope, mut offset] = [1.0, 0.0];
        let mut chain = vec![(id, [slope, offset])];
        loop {
            let node = self.builder.node(id);
            match &node.op {
                Op::ScaleShift { scale, shift } if (scale.len(), shift.len()) == (1, 1) => {
                    (slope, offset) = (slope * scale.get(0), slope * shift.get(0) + offset);
                }
                Op::Reshape => {}
                _ => return chain,
            }
            id = node.inputs[0];
            chain.push((id, [slope, offset]));
        }
    }

    /// Slope and offset with which layer `v` depends on layer `y`, where both are copies of one.
    fn relation(&self, v: NodeId, y: NodeId) -> Option<[f64; 2]> {
        let of_y = self.chain(y);
        let shared =
            |&(id, line): &(NodeId, [f64; 2])| Some((line, of_y.iter().find(|other| other.0 == id)?.1));
        let ([a, b], [c, d]) = self.chain(v).iter().find_map(shared)?;
        (c != 0.0).then_some([a / c, b - a / c * d])
    }

    /// A layer that is slope * y + offset, among those that y is made from.
    fn find(&self, y: NodeId, slope: f64, offset: f64) -> Option<NodeId> {
        let same = |id: NodeId| {
            let [a, b] = self.relation(id, y)?;
            (near(a, slope) && (b - offset).abs() <= NEAR * (1.0 + offset.abs())).then_some(id)
        };
        self.chain(y).into_iter().find_map(|(id, _)| same(id))
    }
}

/// A constant of a scale and shift, left out where it does nothing.
fn constant(value: f64, nothing: f64) -> Option<Array> {
    (value != nothing).then(|| Array::f64(vec![value]))
}
