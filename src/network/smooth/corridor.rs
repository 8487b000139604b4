//! The piecewise-linear function with a given number of knots that is nearest to a smooth one.
//!
//! For a given error the functions between f - error and f + error are a corridor. A path of as few straight pieces as
//! possible through it is found piece by piece: each begins on the one before it and reaches as far as it can (a
//! minimum-link path: Imai and Iri 1986; Suri 1986). The first piece is the asymptote at minus infinity, the last the
//! one at infinity. The least error for which the pieces suffice is found by bisection. The function is sampled, finely
//! for the number of knots; what the result is worth is for [`super::bound`] to say.

use super::Smooth;

/// Samples for each knot.
const SAMPLES: usize = 64;
/// Points of a piece at which the next may begin.
const STARTS: usize = 64;
/// How near the error is to the least one for the samples.
const NEAR: f64 = 1.001;

/// A point of the plane.
pub(super) type Point = [f64; 2];

/// Samples of the function, and its asymptotes as (slope, offset).
struct Corridor {
    /// (x, lower limit, upper limit)
    samples: Vec<[f64; 3]>,
    left: [f64; 2],
    right: [f64; 2],
    /// The first sample at which a path may go over to the right asymptote.
    corner: usize,
    /// Bends are at least this far apart.
    gap: f64,
}

/// A straight piece: from where, with which slope, and how far it stays in the corridor: to sample `last`, and to `end`
/// between that and the next.
#[derive(Clone, Copy)]
struct Piece {
    from: Point,
    slope: f64,
    last: usize,
    end: f64,
}

impl Piece {
    fn at(&self, x: f64) -> f64 {
        self.from[1] + self.slope * (x - self.from[0])
    }
}

/// The points at which the best path with at most `knots` bends, and its error on the samples.
pub(super) fn best(f: &Smooth, knots: usize) -> (Vec<Point>, f64) {
    let corridor = Corridor::new(f, knots);
    let mut error = f.bend();
    let mut path = loop {
        match corridor.path(error, knots) {
            Some(path) => break path,
            None => error *= 2.0,
        }
    };
    let mut low = 0.0;
    while low * NEAR < error {
        let middle = if low == 0.0 { error / 2.0 } else { 0.5 * (low + error) };
        match corridor.path(middle, knots) {
            Some(better) => (path, error) = (better, middle),
            None => low = middle,
        }
    }
    (path, error)
}

impl Corridor {
    fn new(f: &Smooth, knots: usize) -> Self {
        // The errors of the best paths are around a tenth of the bend over the square of the knots.
        let small = 1e-3 * f.bend() / (knots * knots) as f64;
        let (left, right) = (f.left(), f.right());
        let edge = |side: f64, [slope, offset]: [f64; 2]| {
            let far = |x: f64| (f.value(x) - slope * x - offset).abs() > small;
            let steps = (8..).map(|k| side * f.settled() * f64::from(k) / 8.0);
            steps.into_iter().find(|&x| !far(x)).unwrap_or_default()
        };
        let (from, to) = (edge(-1.0, left), f.corner().unwrap_or_else(|| edge(1.0, right)));
        let n = SAMPLES * knots;
        let mut xs: Vec<f64> = (0..=n).map(|i| from + (to - from) * (i as f64 / n as f64)).collect();
        xs.extend(f.breaks().into_iter().filter(|&b| from < b && b < to));
        xs.sort_by(f64::total_cmp);
        let sample = |x: f64| {
            let [a, b] = f.limits(x);
            [x, a.min(b), a.max(b)]
        };
        let samples: Vec<_> = xs.into_iter().map(sample).collect();
        let corner = f.corner().map_or(0, |_| samples.len() - 1);
        Corridor { samples, left, right, corner, gap: 0.5 * (to - from) / n as f64 }
    }

    /// Where a path through the corridor of so large an error bends; `None` if it would bend more than `knots` times.
    fn path(&self, error: f64, knots: usize) -> Option<Vec<Point>> {
        let inside = |x: &[f64; 3], y: f64| y >= x[2] - error && y <= x[1] + error;
        let right = |x: f64| self.right[0] * x + self.right[1];
        // The asymptotes are in the corridor up to sample `last`, and from sample `first` on.
        let first = self.samples.iter().rposition(|x| !inside(x, right(x[0]))).map_or(0, |i| i + 1);
        let first = first.max(self.corner);
        let before = self.samples[0][0] - self.gap;
        let origin = [before, self.left[0] * before + self.left[1]];
        let mut piece = self.follow(origin, 0, self.left[0], error)?;
        let mut path = Vec::new();
        while path.len() + 2 <= knots {
            let mut reach: Option<Piece> = None;
            for (start, next) in self.starts(&piece) {
                match self.extend(start, next, first, error) {
                    Ok(goal) => {
                        path.extend([start, goal]);
                        return Some(path);
                    }
                    Err(Some(p)) if reach.is_none_or(|best| p.end > best.end) => reach = Some(p),
                    Err(_) => {}
                }
            }
            // A function that jumps by more than the corridor is wide stops all pieces.
            piece = reach.filter(|p| p.end > piece.end)?;
            path.push(piece.from);
        }
        None
    }

    /// Points of a piece, each with the first sample that a piece from there looks at.
    fn starts(&self, piece: &Piece) -> impl Iterator<Item = (Point, usize)> {
        let xs = &self.samples;
        let first = xs.partition_point(|x| x[0] < piece.from[0] + self.gap);
        let step = (piece.last.saturating_sub(first) / STARTS).max(1);
        let middle = (first..=piece.last).step_by(step).map(|i| (xs[i][0], i + 1));
        let piece = *piece;
        let end = (piece.end, xs.partition_point(|x| x[0] <= piece.end));
        let apart = piece.end >= piece.from[0] + self.gap;
        middle.chain(apart.then_some(end)).map(move |(x, next)| ([x, piece.at(x)], next))
    }

    /// The piece from `from` that gets farthest; or the point at which one meets the right asymptote, if there is one
    /// at a sample from `first` on.
    fn extend(&self, from: Point, next: usize, first: usize, error: f64) -> Result<Point, Option<Piece>> {
        let [mut low, mut high] = [f64::NEG_INFINITY, f64::INFINITY];
        let mut slope = None;
        for (i, &[x, bottom, top]) in self.samples.iter().enumerate().skip(next) {
            let run = x - from[0];
            let rise = |y: f64| (y - from[1]) / run;
            let goal = self.right[0] * x + self.right[1];
            if i >= first && run >= self.gap && (low..=high).contains(&rise(goal)) {
                return Ok([x, goal]);
            }
            let (l, h) = (low.max(rise(top - error)), high.min(rise(bottom + error)));
            if l > h {
                // What would have to be higher or lower leaves the corridor here.
                slope = Some(if rise(top - error) > high { high } else { low });
                break;
            }
            (low, high) = (l, h);
        }
        // A piece that nothing stops may as well be level with the asymptote.
        let slope = slope.unwrap_or(self.right[0].clamp(low, high));
        Err(if slope.is_finite() { self.follow(from, next, slope, error) } else { None })
    }

    /// How far a piece from `from` stays in the corridor, looking at samples from `next` on.
    fn follow(&self, from: Point, next: usize, slope: f64, error: f64) -> Option<Piece> {
        // The slope comes from a quotient; it may miss the sample that defines it by a rounding.
        let wide = error * (1.0 + 1e-9);
        let mut piece = Piece { from, slope, last: next, end: from[0] };
        let outside = |&[x, bottom, top]: &[f64; 3]| {
            let y = piece.at(x);
            [(top - wide) - y, y - (bottom + wide)]
        };
        let stop = self.samples[next..].iter().position(|x| outside(x).iter().any(|&o| o > 0.0));
        let stop = next + stop.unwrap_or(self.samples.len() - next);
        let before = stop.checked_sub(1)?;
        let [x, ..] = self.samples[before];
        let end = match self.samples.get(stop) {
            None => x,
            Some(after) => {
                let over = outside(after);
                let side = usize::from(over[1] > over[0]);
                let room = -outside(&self.samples[before])[side];
                x + (after[0] - x) * (room / (room + over[side])).clamp(0.0, 1.0)
            }
        };
        (piece.last, piece.end) = (before, end.max(from[0]));
        Some(piece)
    }
}
