//! The piece and the shift of one group of units that share a bias.

use super::function::{Band, Function};
use super::gap::{self, Forbidden};
use crate::convex::Side;

/// How the piece of one group is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// By the gap rule, each region for itself.
    Gap,
    /// By the gap rule, with one range for all regions.
    Joint,
    /// Above the only knot if so, below it otherwise.
    Above(bool),
    /// This piece of the function, by index.
    Given(usize),
}

/// A chosen shift, and the end of the range that decided it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    /// Subtracted from the input of the units.
    pub e: f64,
    /// Region and end of its range; `None` without a shift.
    pub decider: Option<(usize, Side)>,
}

/// Why there is no shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fail {
    /// The input is unbounded to both sides.
    Unbounded,
    /// The range is wider than the given piece.
    Narrow,
}

/// Working memory of [`Chooser::choose`].
#[derive(Debug)]
pub(super) struct Chooser {
    forbidden: Vec<Forbidden>,
    order: Vec<usize>,
}

impl Chooser {
    pub fn new() -> Self {
        Chooser { forbidden: Vec::new(), order: Vec::new() }
    }

    /// Chooses for inputs that take the values `ranges[r]` = [lo, hi] on region r and must keep the distance `mu` from
    /// the bands of `f`; `pieces[r]` becomes the index of the piece on region r. A group that keeps its distance without
    /// a shift is left alone, whatever the way.
    pub fn choose(
        &mut self,
        way: Way,
        ranges: &[[f64; 2]],
        f: &Function,
        mu: f64,
        pieces: &mut [usize],
    ) -> Result<Choice, Fail> {
        if let Way::Gap = way {
            let choice = self.gap(ranges, &f.bands, mu)?;
            pieces.iter_mut().zip(ranges).for_each(|(p, range)| *p = piece(*range, f, mu, choice.e));
            return Ok(choice);
        }
        // One range for all regions; the first with the extreme end decides.
        let end = |i: usize, better: &dyn Fn(f64, f64) -> bool| {
            (1..ranges.len()).fold(0, |m, r| if better(ranges[r][i], ranges[m][i]) { r } else { m })
        };
        let at = [end(0, &|a, b| a < b), end(1, &|a, b| a > b)];
        let [lo, hi] = [ranges[at[0]][0], ranges[at[1]][1]];
        let mut choice = self.gap(&[[lo, hi]], &f.bands, mu);
        if let Ok(Choice { decider: Some(_), .. }) | Err(_) = choice {
            choice = match way {
                Way::Gap | Way::Joint => choice,
                Way::Above(above) => inside(lo, hi, f, usize::from(above), mu),
                Way::Given(piece) => inside(lo, hi, f, piece, mu),
            };
        }
        let Choice { e, decider } = choice?;
        pieces.fill(piece([lo, hi], f, mu, e));
        Ok(Choice { e, decider: decider.map(|(_, side)| (at[usize::from(side == Side::High)], side)) })
    }

    fn gap(&mut self, ranges: &[[f64; 2]], bands: &[Band], mu: f64) -> Result<Choice, Fail> {
        self.forbidden.clear();
        let each = ranges.iter().flat_map(|range| bands.iter().map(move |band| forbidden(*range, *band, mu)));
        self.forbidden.extend(each);
        let Some(shift) = gap::smallest(&self.forbidden, &mut self.order) else {
            return Err(Fail::Unbounded);
        };
        let side = |low| if low { Side::Low } else { Side::High };
        let decider = shift.touches.map(|(i, low)| (i / bands.len(), side(low)));
        Ok(Choice { e: shift.e, decider })
    }
}

/// The shifts that bring the range [lo, hi] closer than `mu` to a band.
fn forbidden([lo, hi]: [f64; 2], band: Band, mu: f64) -> Forbidden {
    let (low, high, mu) = (band.low, band.high, mu);
    Forbidden { left: lo - high - mu, right: hi - low + mu }
}

/// The smallest shift into one piece.
fn inside(lo: f64, hi: f64, f: &Function, piece: usize, mu: f64) -> Result<Choice, Fail> {
    let below = piece.checked_sub(1).map(|i| lo - f.bands[i].high - mu);
    let above = f.bands.get(piece).map(|band| hi - band.low + mu);
    let unbounded = |end: Option<f64>| end.is_some_and(|e| !e.is_finite());
    if unbounded(below) || unbounded(above) {
        return Err(Fail::Unbounded);
    }
    // The shift is at most `below` and at least `above`.
    match (below, above) {
        (Some(most), Some(least)) if least > most => Err(Fail::Narrow),
        (Some(most), _) if most < 0.0 => Ok(Choice { e: most, decider: Some((0, Side::Low)) }),
        (_, Some(least)) if least > 0.0 => Ok(Choice { e: least, decider: Some((0, Side::High)) }),
        _ => Ok(Choice { e: 0.0, decider: None }),
    }
}

/// Index of the piece that a range is on after the shift `e`, which keeps it off the bands. A range that is nothing but
/// the knot is on the right piece.
fn piece(range: [f64; 2], f: &Function, mu: f64, e: f64) -> usize {
    let above = |band: &&Band| {
        let Forbidden { left, right } = forbidden(range, **band, mu);
        left >= e || (right > e && left - e >= e - right)
    };
    f.bands.iter().take_while(above).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::police::function::Piece;

    fn function(knots: &[f64]) -> Function {
        let bands = knots.iter().map(|&t| Band { low: t, high: t }).collect();
        let pieces = (0..=knots.len()).map(|i| Piece { code: i as i32, slope: 1.0, offset: 0.0 }).collect();
        Function { bands, pieces }
    }

    /// The pseudo-code of the specification (3.1) for one knot at 0: shift and piece.
    fn min_shift(lo: f64, hi: f64, mu: f64) -> (f64, usize) {
        if lo >= mu {
            (0.0, 1)
        } else if hi <= -mu {
            (0.0, 0)
        } else if mu - lo < hi + mu {
            (0.0f64.min(lo - mu), 1)
        } else {
            (0.0f64.max(hi + mu), 0)
        }
    }

    /// The rule for several knots (3.7), piece by piece; `None` where no piece is wide enough, which cannot be.
    fn pieces(lo: f64, hi: f64, mu: f64, knots: &[f64]) -> (f64, usize) {
        let inf = f64::INFINITY;
        let mut best: Option<(f64, usize)> = None;
        for i in 0..=knots.len() {
            let p = if i == 0 { -inf } else { knots[i - 1] + mu };
            let q = if i == knots.len() { inf } else { knots[i] - mu };
            if hi - lo > q - p {
                continue;
            }
            let e = if lo < p {
                lo - p
            } else if hi > q {
                hi - q
            } else {
                0.0
            };
            let better = best.is_none_or(|(b, _)| e.abs() < b.abs() || (e == 0.0 && b == 0.0));
            if better {
                best = Some((e, i));
            }
        }
        best.unwrap()
    }

    fn choose(way: Way, ranges: &[[f64; 2]], f: &Function, mu: f64) -> Result<(Choice, Vec<usize>), Fail> {
        let mut pieces = vec![9; ranges.len()];
        let choice = Chooser::new().choose(way, ranges, f, mu, &mut pieces)?;
        Ok((choice, pieces))
    }

    #[test]
    fn one_region_and_one_knot_is_the_rule_of_the_paper() {
        let values = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0];
        let f = function(&[0.0]);
        for mu in [0.0, 0.25, 1.0] {
            for lo in values {
                for hi in values.into_iter().filter(|hi| *hi >= lo) {
                    for way in [Way::Gap, Way::Joint] {
                        let (c, pieces) = choose(way, &[[lo, hi]], &f, mu).unwrap();
                        assert_eq!((c.e, pieces[0]), min_shift(lo, hi, mu), "[{lo}, {hi}] margin {mu}");
                        assert_eq!(c.decider.map(|d| d.1 == Side::High), (c.e != 0.0).then_some(c.e > 0.0));
                    }
                }
            }
        }
    }

    #[test]
    fn one_region_and_several_knots_is_the_rule_of_pieces() {
        let knots = [-1.0, 0.5, 2.0];
        let f = function(&knots);
        for mu in [0.0, 0.25, 1.0] {
            for lo in (-12..12).map(|i| f64::from(i) * 0.25) {
                for width in (0..12).map(|i| f64::from(i) * 0.25) {
                    let hi = lo + width;
                    let (c, piece) = choose(Way::Gap, &[[lo, hi]], &f, mu).unwrap();
                    assert_eq!((c.e, piece[0]), pieces(lo, hi, mu, &knots), "[{lo}, {hi}] margin {mu}");
                }
            }
        }
    }

    #[test]
    fn given_and_majority_pieces() {
        let f = function(&[0.0, 1.0]);
        let given = |piece, lo, hi| {
            choose(Way::Given(piece), &[[lo, hi]], &f, 0.0).map(|(c, pieces)| (c.e, c.decider, pieces[0]))
        };
        let decided = |e, side, piece| Ok((e, Some((0, side)), piece));
        assert_eq!(given(2, -0.5, 0.25), decided(-1.5, Side::Low, 2));
        assert_eq!(given(1, -0.5, 0.25), decided(-0.5, Side::Low, 1));
        assert_eq!(given(0, -0.5, 0.25), decided(0.25, Side::High, 0));
        assert_eq!(given(0, 0.25, 0.5), Ok((0.0, None, 1)), "on one piece already");
        assert_eq!(given(1, -0.5, 0.75), Err(Fail::Narrow));
        assert_eq!(given(0, -0.5, f64::INFINITY), Err(Fail::Unbounded));
        assert_eq!(given(2, -0.5, f64::INFINITY), decided(-1.5, Side::Low, 2));
        let relu = function(&[0.0]);
        let vote = |above| choose(Way::Above(above), &[[-1.0, 2.0]], &relu, 0.5).unwrap().0;
        assert_eq!(vote(true), Choice { e: -1.5, decider: Some((0, Side::Low)) });
        assert_eq!(vote(false), Choice { e: 2.5, decider: Some((0, Side::High)) });
    }

    #[test]
    fn regions_share_a_shift_and_keep_their_own_pieces() {
        let f = function(&[0.0]);
        let ranges = [[-3.0, -1.0], [-0.5, 0.25], [0.5, 4.0]];
        let (c, pieces) = choose(Way::Gap, &ranges, &f, 0.0).unwrap();
        assert_eq!(c, Choice { e: 0.25, decider: Some((1, Side::High)) });
        assert_eq!(pieces, [0, 0, 1]);
        let (c, pieces) = choose(Way::Joint, &ranges, &f, 0.0).unwrap();
        assert_eq!(c, Choice { e: -3.0, decider: Some((0, Side::Low)) });
        assert_eq!(pieces, [1, 1, 1]);
        // A region that is one point on the knot goes with the others.
        assert_eq!(choose(Way::Joint, &[[-1.0, 0.5], [0.5, 0.5]], &f, 0.0).unwrap().1, [0, 0]);
    }
}
