//! The point of a polytope nearest to the origin: the dual active-set method of Goldfarb and Idnani (1983), for a distance.
//!
//! It starts at the origin and takes in one violated half-space after the other; the distance only grows, so that the walk
//! ends as soon as the polytope is known to be too far away. Cost: a few times d + q steps of O(d m + d q^2), q <= d.

use crate::lp::Rows;

/// A half-space is violated beyond this.
const VIOLATED: f64 = 1e-13;
/// What is left of a unit normal behind the active ones, when it depends on them.
const DEPENDENT: f64 = 1e-12;

#[derive(Clone, Debug, Default)]
pub(crate) struct Projection {
    pub(crate) x: Vec<f64>,
    active: Vec<usize>,
    multipliers: Vec<f64>,
    values: Vec<f64>,
}

impl Projection {
    /// The point of the polytope nearest to the origin, in `x`, and its distance; `None` if that is `radius` or more, or
    /// if the polytope is empty.
    pub(crate) fn distance(&mut self, rows: &Rows, radius: f64) -> Option<f64> {
        let d = rows.dim();
        self.x.clear();
        self.x.resize(d, 0.0);
        self.active.clear();
        self.multipliers.clear();
        for _ in 0..50 * (d + rows.len()) {
            let length = self.x.iter().map(|x| x * x).sum::<f64>().sqrt();
            if length >= radius {
                return None;
            }
            rows.slacks(&self.x, &mut self.values);
            let worst = (0..rows.len()).fold(0, |w, i| if self.values[i] < self.values[w] { i } else { w });
            if rows.len() == 0 || self.values[worst] >= -VIOLATED {
                return Some(length);
            }
            self.take_in(rows, worst)?;
        }
        None
    }

    /// Moves x to the nearest point with half-space `p` tight too; half-spaces that hold it back are let go.
    fn take_in(&mut self, rows: &Rows, p: usize) -> Option<()> {
        let normal: Vec<f64> = rows.normals.row(p).collect();
        let mut multiplier = 0.0;
        loop {
            let (rest, weights) = self.split(rows, &normal);
            let square: f64 = rest.iter().map(|z| z * z).sum();
            let gap = dot(&normal, &self.x) - rows.offsets[p];
            let full = if square > DEPENDENT * DEPENDENT { gap / square } else { f64::INFINITY };
            let held = (0..self.active.len())
                .filter(|&j| weights[j] > 0.0)
                .map(|j| (self.multipliers[j] / weights[j], j))
                .min_by(|a, b| a.0.total_cmp(&b.0));
            let t = held.map_or(full, |h| h.0.min(full));
            if t.is_infinite() {
                return None;
            }
            if full.is_finite() {
                self.x.iter_mut().zip(&rest).for_each(|(x, z)| *x -= t * z);
            }
            self.multipliers.iter_mut().zip(&weights).for_each(|(u, w)| *u -= t * w);
            multiplier += t;
            match held {
                Some((s, j)) if s < full => {
                    self.active.remove(j);
                    self.multipliers.remove(j);
                }
                _ => {
                    self.active.push(p);
                    self.multipliers.push(multiplier);
                    return Some(());
                }
            }
        }
    }

    /// The normal as a combination of the active ones, and what is left: by Gram and Schmidt.
    fn split(&self, rows: &Rows, normal: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let q = self.active.len();
        let mut span: Vec<Vec<f64>> = Vec::with_capacity(q);
        let mut triangle = vec![0.0; q * q];
        let mut rest = normal.to_vec();
        let mut along = vec![0.0; q];
        for (j, &a) in self.active.iter().enumerate() {
            let mut n: Vec<f64> = rows.normals.row(a).collect();
            for _ in 0..2 {
                for (i, s) in span.iter().enumerate() {
                    let f = dot(s, &n);
                    triangle[i * q + j] += f;
                    n.iter_mut().zip(s).for_each(|(n, s)| *n -= f * s);
                }
            }
            let length = dot(&n, &n).sqrt().max(f64::MIN_POSITIVE);
            triangle[j * q + j] = length;
            n.iter_mut().for_each(|n| *n /= length);
            span.push(n);
        }
        for _ in 0..2 {
            for (j, s) in span.iter().enumerate() {
                let f = dot(s, &rest);
                along[j] += f;
                rest.iter_mut().zip(s).for_each(|(r, s)| *r -= f * s);
            }
        }
        for j in (0..q).rev() {
            let known: f64 = (j + 1..q).map(|i| triangle[j * q + i] * along[i]).sum();
            along[j] = (along[j] - known) / triangle[j * q + j];
        }
        (rest, along)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lp::NO_LABEL;
    use proptest::prelude::*;

    proptest! {
        /// The nearest point is feasible, and a combination of the normals of tight half-spaces with weights <= 0; where
        /// there is none, weights >= 0 with which the half-spaces contradict each other (Farkas) exist, so that no sample
        /// is inside.
        #[test]
        fn nearest_points_are_optimal(
            d in 1usize..6,
            cuts in prop::collection::vec((prop::collection::vec(-1.0..1.0f64, 5), -0.5..1.0f64), 0..12),
            samples in prop::collection::vec(prop::collection::vec(-3.0..3.0f64, 5), 200),
        ) {
            let mut rows = Rows::new(d);
            for (normal, offset) in &cuts {
                let length = dot(&normal[..d], &normal[..d]).sqrt();
                if length > 0.1 {
                    rows.push(normal[..d].iter().map(|x| x / length), *offset, NO_LABEL);
                }
            }
            let mut slack = Vec::new();
            let mut nearest = Projection::default();
            match nearest.distance(&rows, 10.0) {
                Some(distance) => {
                    rows.slacks(&nearest.x, &mut slack);
                    prop_assert!(slack.iter().all(|&s| s > -1e-12));
                    prop_assert!((dot(&nearest.x, &nearest.x).sqrt() - distance).abs() < 1e-12);
                    let mut rest = nearest.x.clone();
                    for (&a, &u) in nearest.active.iter().zip(&nearest.multipliers) {
                        prop_assert!(u >= -1e-12 && slack[a] < 1e-9);
                        rest.iter_mut().zip(rows.normals.row(a)).for_each(|(r, n)| *r += u * n);
                    }
                    prop_assert!(rest.iter().all(|r| r.abs() < 1e-9 * (1.0 + distance)), "{rest:?}");
                    prop_assert!(nearest.distance(&rows, distance * 0.999).is_none());
                }
                None => for x in &samples {
                    rows.slacks(&x[..d], &mut slack);
                    prop_assert!(slack.iter().any(|&s| s < 0.0));
                },
            }
        }
    }
}
