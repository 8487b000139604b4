//! Random points of a set.

use super::basis::length;
use super::{ConvexSet, HalfSpaces, Shape};
use crate::random::uniform_pair;

/// Numbers of the stream that one sample may use.
const PER_SAMPLE: u64 = 1 << 32;
/// Steps of a random walk in a polytope, for each of its dimensions and these more.
const STEPS: usize = 16;

/// The random numbers of one sample.
struct Stream {
    seed: u64,
    next: u64,
    spare: Option<f64>,
}

impl Stream {
    /// In [0, 1).
    fn uniform(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        let [a, b] = uniform_pair(self.seed, self.next);
        self.next += 1;
        self.spare = Some(b);
        a
    }

    /// Of mean 1.
    fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Normal, of mean 0 and variance 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let (r, angle) = ((2.0 * self.exponential()).sqrt(), std::f64::consts::TAU * self.uniform());
        r * angle.cos()
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

impl ConvexSet {
    /// `n` points of the set, (n, dim) row-major, spread over all of it, not uniformly: every part draws the factors of its
    /// rows by itself. Rays are followed for a finite length, of the size of the set. The same seed gives the same points,
    /// and point i does not depend on n.
    pub fn sample(&self, n: usize, seed: u64) -> Vec<f64> {
        let dim = self.dim;
        let mut points = Vec::with_capacity(n * dim);
        // What rays are measured with: the extent of the set in directions, or of its points.
        let point = |p: &[f64]| length(&p.iter().zip(&self.center).map(|(x, c)| x - c).collect::<Vec<_>>());
        let sizes = self.rows.chunks_exact(dim).zip(self.is_point());
        let extent =
            sizes.map(|(x, is_point)| if is_point { point(x) } else { length(x) }).fold(0.0, f64::max);
        for i in 0..n as u64 {
            let mut stream = Stream { seed, next: i * PER_SAMPLE, spare: None };
            let start = points.len();
            points.resize(start + dim, 0.0);
            let x = &mut points[start..];
            self.draw(&self.shape, extent, &mut stream, &mut |j, t| {
                x.iter_mut().zip(&self.rows[j * dim..][..dim]).for_each(|(x, d)| *x += t * d);
            });
        }
        points
    }

    /// Calls `add(row, factor)` for the terms of a random point.
    fn draw(&self, shape: &Shape, extent: f64, stream: &mut Stream, add: &mut dyn FnMut(usize, f64)) {
        match shape {
            Shape::Points(rows) | Shape::Steps(rows) => {
                mixture(rows.len(), self.dim + 1, stream, |i, t| add(rows.start + i, t));
            }
            Shape::Simplex(rows) => mixture(rows.len() + 1, self.dim + 1, stream, |i, t| {
                if i > 0 {
                    add(rows.start + i - 1, t);
                }
            }),
            Shape::Cube(rows) => rows.clone().for_each(|j| add(j, 2.0 * stream.uniform() - 1.0)),
            Shape::Ball(rows) => {
                let t: Vec<f64> = rows.clone().map(|_| stream.normal()).collect();
                let r =
                    stream.uniform().powf(1.0 / t.len().max(1) as f64) / length(&t).max(f64::MIN_POSITIVE);
                // Short of the sphere by more than rounding.
                rows.clone().zip(t).for_each(|(j, t)| add(j, t * r * (1.0 - 1e-15)));
            }
            Shape::Cross(rows) => {
                let size = stream.uniform().powf(1.0 / rows.len().max(1) as f64);
                let mut t = vec![0.0; rows.len()];
                mixture(rows.len(), rows.len(), stream, |i, w| t[i] += w);
                for (j, t) in rows.clone().zip(t) {
                    add(j, if stream.uniform() < 0.5 { -size * t } else { size * t });
                }
            }
            Shape::Cone(rows) => {
                for j in rows.clone() {
                    let size = length(&self.rows[j * self.dim..][..self.dim]);
                    let reach = if extent > 0.0 { extent } else { 1.0 };
                    let t = if size > 0.0 { stream.uniform() * reach / size } else { 0.0 };
                    add(j, t);
                }
            }
            Shape::Corners(rows, factors) => {
                let k = rows.len();
                let mut t = vec![0.0; k];
                mixture(factors.len() / k, k + 1, stream, |i, w| {
                    t.iter_mut().zip(&factors[i * k..][..k]).for_each(|(t, f)| *t += w * f);
                });
                rows.clone().zip(t).for_each(|(j, t)| add(j, t));
            }
            Shape::Polytope(rows, sides) => {
                rows.clone().zip(walk(sides, stream)).for_each(|(j, t)| add(j, t));
            }
            Shape::Sum(parts) => parts.iter().for_each(|part| self.draw(part, extent, stream, add)),
            Shape::Hull(parts) => {
                let mut weights = vec![0.0; parts.len()];
                mixture(parts.len(), self.dim + 1, stream, |i, w| weights[i] += w);
                for (part, w) in parts.iter().zip(weights).filter(|(_, w)| *w > 0.0) {
                    self.draw(part, extent, stream, &mut |j, t| add(j, w * t));
                }
            }
        }
    }
}

/// Calls `f(i, weight)` for up to `most` of `n` corners, with weights >= 0 that add up to 1: as many corners as a point
/// needs, or fewer, so that all of a hull is reached and its faces too.
fn mixture(n: usize, most: usize, stream: &mut Stream, mut f: impl FnMut(usize, f64)) {
    if n == 0 {
        return;
    }
    let picks = 1 + stream.below(n.min(most));
    let picked: Vec<(usize, f64)> = (0..picks).map(|_| (stream.below(n), stream.exponential())).collect();
    let sum: f64 = picked.iter().map(|(_, w)| w).sum();
    for (i, w) in picked {
        f(i, if sum > 0.0 { w / sum } else { 1.0 / picks as f64 });
    }
}

/// Hit and run: from the origin in a random direction to a random point of the chord, and again.
fn walk(sides: &HalfSpaces, stream: &mut Stream) -> Vec<f64> {
    let d = sides.dim();
    let mut t = vec![0.0; d];
    for _ in 0..d + STEPS {
        let way: Vec<f64> = (0..d).map(|_| stream.normal()).collect();
        // An end that nothing bounds is cut at the width of the set.
        let (mut back, mut ahead) = (-1.0f64, 1.0f64);
        let (mut open_back, mut open_ahead) = (true, true);
        for (normal, offset) in sides.sides() {
            let along = |x: &[f64]| normal.iter().zip(x).map(|(n, x)| n * x).sum::<f64>();
            let (rate, slack) = (along(&way), (offset - along(&t)).max(0.0));
            if rate > 0.0 {
                ahead = if open_ahead { slack / rate } else { ahead.min(slack / rate) };
                open_ahead = false;
            } else if rate < 0.0 {
                back = if open_back { slack / rate } else { back.max(slack / rate) };
                open_back = false;
            }
        }
        let step = back + (ahead - back) * stream.uniform();
        t.iter_mut().zip(&way).for_each(|(t, w)| *t += step * w);
    }
    t
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convex::Norm;

    #[test]
    fn the_same_seed_gives_the_same_points_and_means_are_right() {
        let set = ConvexSet::boxed(&[1.0, -2.0], &[0.5, 3.0]).unwrap();
        let (few, many) = (set.sample(10, 7), set.sample(20_000, 7));
        assert_eq!(few, many[..20]);
        assert_ne!(few, set.sample(10, 8));
        let mean = |c: usize| many.iter().skip(c).step_by(2).sum::<f64>() / 20_000.0;
        // Of 20,000 uniform numbers the mean is off by 1/245 of the radius, root mean square.
        assert!((mean(0) - 1.0).abs() < 0.5 / 40.0 && (mean(1) + 2.0).abs() < 3.0 / 40.0);
    }

    #[test]
    fn balls_are_filled() {
        for norm in [Norm::One, Norm::Two, Norm::Inf] {
            let set = ConvexSet::ball(&[0.0; 3], 2.0, norm).unwrap();
            let sizes = set
                .sample(2000, 1)
                .chunks_exact(3)
                .map(|x| match norm {
                    Norm::One => x.iter().map(|x| x.abs()).sum(),
                    Norm::Two => length(x),
                    Norm::Inf => x.iter().fold(0.0f64, |m, x| m.max(x.abs())),
                })
                .collect::<Vec<f64>>();
            assert!(sizes.iter().all(|&r| r <= 2.0 * (1.0 + 1e-14)));
            // Half of the volume is beyond 0.79 of the radius.
            let far = sizes.iter().filter(|&&r| r > 1.58).count();
            assert!((800..1300).contains(&far), "{norm:?}: {far}");
        }
    }
}
