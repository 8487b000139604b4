//! Which piece a unit is on over a convex set.

use super::enclosure::Enclosure;
use super::piece::Curve;
use super::range::{End, Infinite, range};
use super::verdict::Stage;
use crate::convex::{Shape, Side};
use crate::network::Candidate;

/// What is known of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum State {
    /// It is on this piece over the whole set.
    On(i32),
    /// It is on no single piece.
    Crosses,
    /// It is on a single piece, but not on the one that was asked for.
    Elsewhere,
    /// Neither is certain.
    Open,
}

/// What was found out about a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decision {
    pub state: State,
    /// Distance that it keeps from the ends of its piece, of the best piece if it crosses: negative by how far it is beyond.
    pub margin: f64,
    /// How far the margin may be from the truth, but for its rounding to f64.
    pub radius: f64,
    /// The end of its range that the margin belongs to.
    pub side: Side,
    pub stage: Stage,
}

/// The signed distance of a range from a knot that is to be on its `side`.
fn distance<E: Enclosure>([lo, hi]: &[End<E>; 2], side: Side, knot: f64) -> End<E> {
    let knot = E::exact(knot);
    match side {
        Side::Low => lo.map(|x| x.sub(&knot)),
        Side::High => hi.map(|x| knot.sub(x)),
    }
}

impl<E: Enclosure> End<E> {
    /// Whether this distance, minus infinity where the end is infinite, is certainly >= 0.
    fn holds(&self) -> bool {
        self.infinite == Infinite::No && self.value.is_at_least_zero()
    }

    /// Whether it is certainly < 0.
    fn fails(&self) -> bool {
        self.infinite == Infinite::Yes || self.reached().neg().is_above_zero()
    }

    fn size(&self) -> (f64, f64) {
        match self.infinite {
            Infinite::No => (self.value.approximate(), self.value.radius()),
            _ => (f64::NEG_INFINITY, 0.0),
        }
    }
}

/// The smallest of some distances as (margin, radius, side).
fn smallest<E: Enclosure>(distances: &[(Side, End<E>)]) -> (f64, f64, Side) {
    let sizes = distances.iter().map(|(side, d)| (d.size().0, d.size().1, *side));
    sizes.reduce(|m, d| if d.0 < m.0 { d } else { m }).unwrap_or((f64::INFINITY, 0.0, Side::Low))
}

/// A scalar unit whose input has this range; `wanted` is the piece that it is to be on, if there is a choice that was made.
pub(super) fn scalar<E: Enclosure>(
    curve: &Curve,
    ends: &[End<E>; 2],
    wanted: Option<i32>,
    stage: Stage,
) -> Decision {
    // Pieces that can hold the range, and their neighbours for rounding.
    let below = |x: f64| curve.bends.partition_point(|&i| curve.knots[i] < x);
    let bound =
        |end: &End<E>, far: f64| if end.infinite == Infinite::No { end.value.approximate() } else { far };
    let first = below(bound(&ends[0], f64::NEG_INFINITY)).saturating_sub(1);
    let last = (below(bound(&ends[1], f64::INFINITY)) + 1).min(curve.bends.len());
    let distances = |code: usize| {
        let [left, right] = curve.around(code);
        let sides = [(Side::Low, left), (Side::High, right)];
        let bounded = sides.into_iter().filter_map(|(side, knot)| Some((side, distance(ends, side, knot?))));
        bounded.collect::<Vec<_>>()
    };
    // Run r of equal slopes ends at bend r.
    let run = |r: usize| if r == 0 { 0 } else { curve.bends[r - 1] + 1 };
    let mut best: Option<(f64, f64, Side)> = None;
    let mut state = State::Open;
    let codes: Vec<usize> = match wanted {
        Some(code) => vec![code as usize],
        None => (first..=last).map(run).filter(|&code| curve.curved != Some(code)).collect(),
    };
    for code in codes {
        let distances = distances(code);
        if distances.iter().all(|(_, d)| d.holds()) && !matches!(state, State::On(_)) {
            state = State::On(code as i32);
            best = Some(smallest(&distances));
        } else if state == State::Open {
            let margin = smallest(&distances);
            best = Some(best.filter(|b| b.0 >= margin.0).unwrap_or(margin));
        }
    }
    let crosses = |&i: &usize| {
        let knot = curve.knots[i];
        distance(ends, Side::Low, knot).fails() && distance(ends, Side::High, knot).fails()
    };
    // On a curved piece it is enough to be on no other.
    let off = |code: usize| distances(code).iter().any(|(_, d)| d.fails());
    let curved =
        || curve.curved.is_some() && (0..curve.pieces.len()).all(|c| curve.curved == Some(c) || off(c));
    if state == State::Open {
        if curve.bends[first..last].iter().any(crosses) || curved() {
            state = State::Crosses;
        } else if wanted.is_some_and(|code| off(code as usize)) {
            state = State::Elsewhere;
        }
    }
    let (margin, radius, side) = best.unwrap_or((f64::INFINITY, 0.0, Side::Low));
    Decision { state, margin, radius, side, stage }
}

/// A maximum over `candidates` (those that are no padding, with their codes), whose elements have the values
/// `value(element, row)`.
pub(super) fn maximum<E: Enclosure>(
    shape: &Shape,
    is_point: &[bool],
    interior: &[f64],
    candidates: &[(i32, Candidate)],
    value: &impl Fn(usize, usize) -> E,
    wanted: Option<i32>,
    stage: Stage,
) -> Decision {
    let at = |candidate: &Candidate, row: usize| match *candidate {
        Candidate::Element(j) => value(j, row),
        Candidate::Constant(c) if is_point[row] => E::exact(c),
        _ => E::zero(),
    };
    let lead = |i: usize, j: usize| {
        let [lo, _] = range(shape, &|row| at(&candidates[i].1, row).sub(&at(&candidates[j].1, row)));
        (Side::Low, lo)
    };
    let leads = |i: usize| (0..candidates.len()).filter(|&j| j != i).map(|j| lead(i, j)).collect::<Vec<_>>();
    // Where the set is thick the winner is the largest; only a tie needs a second try.
    let typical = |c: &Candidate| {
        let terms = interior.iter().enumerate().filter(|(_, f)| **f != 0.0);
        terms.map(|(row, f)| f * at(c, row).approximate()).sum::<f64>()
    };
    let mut order: Vec<(f64, usize)> =
        candidates.iter().enumerate().map(|(i, (_, c))| (typical(c), i)).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    if let Some(code) = wanted {
        order.retain(|&(_, i)| candidates[i].0 == code);
    }
    let mut best: Option<(f64, f64, Side)> = None;
    let mut beaten = 0;
    for &(_, i) in &order {
        let leads = leads(i);
        let margin = smallest(&leads);
        if leads.iter().all(|(_, d)| d.holds()) {
            let (margin, radius, side) = margin;
            return Decision { state: State::On(candidates[i].0), margin, radius, side, stage };
        }
        beaten += usize::from(leads.iter().any(|(_, d)| d.fails()));
        best = Some(best.filter(|b| b.0 >= margin.0).unwrap_or(margin));
    }
    let state = match (beaten == order.len(), wanted) {
        (true, None) => State::Crosses,
        (true, Some(_)) => match maximum(shape, is_point, interior, candidates, value, None, stage).state {
            State::On(_) => State::Elsewhere,
            other => other,
        },
        (false, _) => State::Open,
    };
    let (margin, radius, side) = best.unwrap_or((f64::INFINITY, 0.0, Side::Low));
    Decision { state, margin, radius, side, stage }
}
