//! The gap rule: the smallest shift that keeps every range off every band.
//!
//! A unit whose input takes the values [lo, hi] on a region keeps a distance mu from the band [p, q] after the shift e
//! unless e lies in the open interval (lo - q - mu, hi - p + mu). All regions and bands together forbid a union of open
//! intervals; e is 0 or an end of the connected part of it around 0.

use std::cmp::Ordering;

/// What one region and one band forbid: the open interval (left, right).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Forbidden {
    pub left: f64,
    pub right: f64,
}

/// The smallest shift outside all of `forbidden`, and which of them it touches; a tie goes to the right, which leaves the
/// unit on the left piece. `None` where every shift is forbidden.
///
/// Intervals that only touch stay apart: the shift may pass between them.
pub(super) fn smallest(forbidden: &[Forbidden], order: &mut Vec<usize>) -> Option<Shift> {
    let zero = 0.0;
    // If 0 is inside a connected part, it is inside one of its intervals.
    if !forbidden.iter().any(|f| f.left < zero && f.right > zero) {
        return Some(Shift { e: zero, touches: None });
    }
    order.clear();
    order.extend(0..forbidden.len());
    order.sort_by(|&i, &j| forbidden[i].left.partial_cmp(&forbidden[j].left).unwrap_or(Ordering::Equal));
    let (mut left, mut right) = (0.0, 0.0);
    for (k, &i) in order.iter().enumerate() {
        let f = forbidden[i];
        if k > 0 && f.left < right {
            right = right.max(f.right);
        } else if k > 0 && left < zero && right > zero {
            break;
        } else {
            (left, right) = (f.left, f.right);
        }
    }
    let e = if -left < right { left } else { right };
    if !e.is_finite() {
        return None;
    }
    let low = -left < right;
    let touches = forbidden.iter().position(|f| if low { f.left == e } else { f.right == e });
    touches.map(|i| Shift { e, touches: Some((i, low)) })
}

/// A shift and why it is not smaller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shift {
    pub e: f64,
    /// The first interval that has this end, and whether it is the left one.
    pub touches: Option<(usize, bool)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(intervals: &[(f64, f64)]) -> Option<(f64, Option<(usize, bool)>)> {
        let forbidden: Vec<_> = intervals.iter().map(|&(left, right)| Forbidden { left, right }).collect();
        smallest(&forbidden, &mut Vec::new()).map(|s| (s.e, s.touches))
    }

    #[test]
    fn the_nearer_end_and_ties() {
        assert_eq!(rule(&[(-1.0, 2.0)]), Some((-1.0, Some((0, true)))));
        assert_eq!(rule(&[(-2.0, 1.0)]), Some((1.0, Some((0, false)))));
        assert_eq!(rule(&[(-1.0, 1.0)]), Some((1.0, Some((0, false)))));
        assert_eq!(rule(&[(0.0, 1.0)]), Some((0.0, None)));
        assert_eq!(rule(&[(-1.0, 0.0)]), Some((0.0, None)));
        assert_eq!(rule(&[(0.0, 0.0)]), Some((0.0, None)));
        assert_eq!(rule(&[]), Some((0.0, None)));
    }

    #[test]
    fn overlapping_intervals_merge_and_touching_ones_do_not() {
        assert_eq!(rule(&[(0.5, 3.0), (-4.0, -2.0), (-3.0, 1.0)]), Some((3.0, Some((0, false)))));
        assert_eq!(rule(&[(-1.0, 0.5), (0.5, 9.0)]), Some((0.5, Some((0, false)))));
        assert_eq!(rule(&[(-1.0, 0.0), (0.0, 9.0)]), Some((0.0, None)));
        // The first of equal ends.
        assert_eq!(rule(&[(-1.0, 2.0), (-2.0, 2.0), (-2.0, 1.0)]), Some((2.0, Some((0, false)))));
    }

    #[test]
    fn unbounded_ends_force_the_side() {
        let inf = f64::INFINITY;
        assert_eq!(rule(&[(-inf, 7.0), (-1.0, 2.0)]), Some((7.0, Some((0, false)))));
        assert_eq!(rule(&[(-7.0, inf)]), Some((-7.0, Some((0, true)))));
        assert_eq!(rule(&[(-inf, -1.0), (1.0, inf)]), Some((0.0, None)));
        assert_eq!(rule(&[(-inf, 1.0), (-1.0, inf)]), None);
        assert_eq!(rule(&[(-inf, inf)]), None);
    }
}
