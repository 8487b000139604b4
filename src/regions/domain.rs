//! Domains in the plane: a box, a convex polygon, or a 2-D slice of the input space.

use super::chart::Chart;
use super::frame::Frame;
use crate::error::{Result, bail};
use crate::numeric::dyadic::{Dyadic, Functional, ratio_to_f64, sign_at};
use crate::numeric::number::meet;

/// Coordinates of a domain are at most this large, so that areas are finite.
const LARGEST: f64 = 1e150;

/// A full-dimensional convex polygon in coordinates (u, v), and, for a slice, where it lies in the input space:
/// x = origin + u * axis_0 + v * axis_1.
#[derive(Clone, Debug, PartialEq)]
pub struct Domain {
    /// Counter-clockwise, without repeated or collinear vertices; rounded, if the domain is a tile of another one.
    polygon: Vec<[f64; 2]>,
    tile: Option<Tile>,
    slice: Option<Slice>,
}

/// Where a domain was cut out of another one.
#[derive(Clone, Debug, PartialEq)]
struct Tile {
    whole: Vec<[f64; 2]>,
    /// Half-planes a u + b v + c >= 0.
    cuts: Vec<[f64; 3]>,
}

/// A corner of a domain in local coordinates, homogeneous, and the side that leaves it.
pub(crate) struct Corner {
    pub(crate) at: Functional,
    side: Functional,
    /// Whether that side is the seam of a tile.
    seam: bool,
}

impl Corner {
    /// Local coordinates, rounded once.
    pub(crate) fn rounded(&self) -> [f64; 2] {
        [0, 1].map(|i| ratio_to_f64(&self.at[i], &self.at[2]))
    }
}

/// The part of a convex polygon where a line is not negative; nothing if that has no area.
fn clip(corners: Vec<Corner>, line: &Functional) -> Vec<Corner> {
    let signs: Vec<i32> = corners.iter().map(|c| sign_at(line, &c.at)).collect();
    if !signs.contains(&1) {
        return Vec::new();
    }
    let mut kept = Vec::with_capacity(corners.len() + 1);
    for (i, corner) in corners.into_iter().enumerate() {
        let next = signs[if i + 1 == signs.len() { 0 } else { i + 1 }];
        let crossing = signs[i] * next < 0;
        let cut = crossing.then(|| meet(&corner.side, line));
        match (signs[i], cut) {
            (1, None) => kept.push(corner),
            (1, Some(at)) => {
                kept.push(corner);
                kept.push(Corner { at, side: line.clone(), seam: true });
            }
            (0, _) if next > 0 => kept.push(corner),
            (0, _) => kept.push(Corner { side: line.clone(), seam: true, ..corner }),
            (_, Some(at)) => kept.push(Corner { at, ..corner }),
            _ => {}
        }
    }
    kept
}

#[derive(Clone, Debug, PartialEq)]
struct Slice {
    origin: Vec<f64>,
    axes: [Vec<f64>; 2],
}

impl Domain {
    /// The box [lo_0, hi_0] x [lo_1, hi_1]. ZERO_AREA unless lo < hi on both axes.
    pub fn rect(lo: [f64; 2], hi: [f64; 2]) -> Result<Domain> {
        finite("lo", &lo)?;
        finite("hi", &hi)?;
        for i in 0..2 {
            if lo[i] >= hi[i] {
                bail!(ZeroArea, "box: lo[{i}] = {} and hi[{i}] = {}; expected lo < hi", lo[i], hi[i])
            }
        }
        Domain::polygon_of(&[lo, [hi[0], lo[1]], hi, [lo[0], hi[1]]])
    }

    /// A convex polygon from its vertices in order. Clockwise input is reversed; repeated and exactly collinear
    /// vertices are dropped. All tests are exact.
    pub fn convex(vertices: &[[f64; 2]]) -> Result<Domain> {
        Domain::polygon_of(vertices)
    }

    /// The slice `x = origin + u axes[0] + v axes[1]` of the input space, (u, v) in a convex polygon. The axes need
    /// not be orthogonal or of unit length; DEPENDENT_AXES if they do not span a plane.
    pub fn slice(origin: &[f64], axes: [&[f64]; 2], polygon: &[[f64; 2]]) -> Result<Domain> {
        finite("origin", origin)?;
        for (i, axis) in axes.iter().enumerate() {
            finite(if i == 0 { "axes[0]" } else { "axes[1]" }, axis)?;
            if axis.len() != origin.len() {
                bail!(Shape, "slice: axes[{i}] has {} elements; origin has {}", axis.len(), origin.len())
            }
        }
        if dependent(axes[0], axes[1]) {
            bail!(
                DependentAxes,
                "slice: axes[0] and axes[1] are linearly dependent; expected two that span a plane"
            )
        }
        let mut domain = Domain::polygon_of(polygon)?;
        domain.slice = Some(Slice { origin: origin.to_vec(), axes: axes.map(<[f64]>::to_vec) });
        Ok(domain)
    }

    /// The slice through three points a, b, c of the input space: origin a, axes b - a and c - a, so that they stand
    /// at (u, v) = (0, 0), (1, 0) and (0, 1); the polygon is the square [-margin, 1 + margin]^2.
    pub fn slice_through(anchors: [&[f64]; 3], margin: f64) -> Result<Domain> {
        if !margin.is_finite() || margin < 0.0 {
            bail!(Argument, "margin is {margin}; expected a finite number >= 0")
        }
        for (i, a) in anchors.iter().enumerate() {
            finite("anchors", a)?;
            if a.len() != anchors[0].len() {
                bail!(Shape, "slice: anchor {i} has {} elements; anchor 0 has {}", a.len(), anchors[0].len())
            }
        }
        let difference = |b: &[f64]| b.iter().zip(anchors[0]).map(|(b, a)| b - a).collect::<Vec<f64>>();
        let (e, f) = (difference(anchors[1]), difference(anchors[2]));
        let (lo, hi) = (-margin, 1.0 + margin);
        Domain::slice(anchors[0], [&e, &f], &[[lo, lo], [hi, lo], [hi, hi], [lo, hi]])
    }

    /// Vertices in (u, v), counter-clockwise.
    pub fn polygon(&self) -> &[[f64; 2]] {
        &self.polygon
    }

    /// Lower and upper corner of the polygon, if it is a rectangle along the axes.
    pub(crate) fn rectangle(&self) -> Option<[[f64; 2]; 2]> {
        let polygon = self.polygon();
        let bound = |pick: fn(f64, f64) -> f64| {
            [0, 1].map(|k| polygon.iter().map(|p| p[k]).fold(polygon[0][k], pick))
        };
        let (lo, hi) = (bound(f64::min), bound(f64::max));
        let corners = [lo, [hi[0], lo[1]], hi, [lo[0], hi[1]]];
        (polygon.len() == 4 && corners.iter().all(|c| polygon.contains(c))).then_some([lo, hi])
    }

    /// Area in units of (u, v).
    pub fn area(&self) -> f64 {
        let o = self.polygon[0];
        let turn = |w: &[[f64; 2]]| (w[0][0] - o[0]) * (w[1][1] - o[1]) - (w[1][0] - o[0]) * (w[0][1] - o[1]);
        self.polygon[1..].windows(2).map(turn).sum::<f64>() / 2.0
    }

    /// Dimension of the input space of a slice; `None` where (u, v) is the input.
    pub fn ambient_dim(&self) -> Option<usize> {
        self.slice.as_ref().map(|s| s.origin.len())
    }

    /// The axes of a slice; `None` where (u, v) is the input.
    pub fn axes(&self) -> Option<[&[f64]; 2]> {
        self.slice.as_ref().map(|s| [&s.axes[0][..], &s.axes[1][..]])
    }

    /// The same plane with another polygon.
    pub(crate) fn with_polygon(&self, polygon: &[[f64; 2]]) -> Result<Domain> {
        let mut domain = Domain::polygon_of(polygon)?;
        domain.slice.clone_from(&self.slice);
        Ok(domain)
    }

    /// Whether (u, v) is in the closed polygon; exact.
    pub(crate) fn contains(&self, point: [f64; 2]) -> bool {
        let n = self.polygon.len();
        point.iter().all(|x| x.is_finite())
            && (0..n).all(|i| orientation(self.polygon[i], self.polygon[(i + 1) % n], point) >= 0)
    }

    /// The input that belongs to (u, v), rounded to f64.
    pub fn embed(&self, [u, v]: [f64; 2]) -> Vec<f64> {
        match &self.slice {
            None => vec![u, v],
            Some(s) => {
                (0..s.origin.len()).map(|i| s.origin[i] + u * s.axes[0][i] + v * s.axes[1][i]).collect()
            }
        }
    }

    /// The domain in local coordinates, and the input of a network of `n_in` elements on it.
    pub(crate) fn chart(&self, n_in: usize) -> Result<Chart> {
        match self.ambient_dim() {
            Some(dim) if dim != n_in => {
                bail!(Shape, "slice: origin has {dim} elements; the network takes {n_in}")
            }
            None if n_in != 2 => bail!(
                Shape,
                "the network takes {n_in} inputs; a Box or Polygon domain needs 2 (use a Slice of the input space)"
            ),
            _ => {}
        }
        let frame = self.frame();
        let sides = self.corners(&frame).into_iter().map(|c| c.side).collect();
        let input = match &self.slice {
            None => [[1.0, 0.0], [0.0, 1.0]].map(|t| Chart::functional(&frame, &t, 0.0)).to_vec(),
            Some(s) => (0..s.origin.len())
                .map(|i| Chart::functional(&frame, &[s.axes[0][i], s.axes[1][i]], s.origin[i]))
                .collect(),
        };
        Ok(Chart { frame, sides, input })
    }

    /// The corners of the domain, counter-clockwise, exactly.
    pub(crate) fn corners(&self, frame: &Frame) -> Vec<Corner> {
        let homogeneous = |p: &[f64; 2]| {
            let mut corner = frame.to_local_exact(p);
            corner.push(Dyadic::from(1.0));
            corner
        };
        let points: Vec<Functional> = self.whole().iter().map(homogeneous).collect();
        let side = |i: usize| meet(&points[i], &points[(i + 1) % points.len()]);
        let mut corners: Vec<Corner> =
            (0..points.len()).map(|i| Corner { at: points[i].clone(), side: side(i), seam: false }).collect();
        for [a, b, c] in self.tile.iter().flat_map(|t| &t.cuts) {
            corners = clip(corners, &Chart::functional(frame, &[*a, *b], *c));
        }
        corners
    }

    /// Tile (`i`, `j`) of a grid of `grid[0]` x `grid[1]` tiles over the bounding box of the domain, exactly: tiles that
    /// meet share their seam. `None` if that tile has no area in common with the domain.
    ///
    /// Errors: ARGUMENT for a grid without tiles, an index beyond it, and tiles of tiles.
    pub fn tile(&self, grid: [usize; 2], at: [usize; 2]) -> Result<Option<Domain>> {
        if self.is_tile() {
            bail!(Argument, "tile: the domain is a tile already; take a finer grid of the whole")
        }
        for axis in 0..2 {
            if at[axis] >= grid[axis] {
                bail!(Argument, "tile: index {} on axis {axis} of a grid of {}", at[axis], grid[axis])
            }
        }
        let mut cuts = Vec::new();
        for axis in 0..2 {
            let (lo, hi) = self.range(axis);
            let seam = |k: usize| lo + (hi - lo) * (k as f64 / grid[axis] as f64);
            let mut cut = |sign: f64, k: usize| {
                if k > 0 && k < grid[axis] {
                    let mut line = [0.0, 0.0, -sign * seam(k)];
                    line[axis] = sign;
                    cuts.push(line);
                }
            };
            cut(1.0, at[axis]);
            cut(-1.0, at[axis] + 1);
        }
        let mut tile = Domain { tile: Some(Tile { whole: self.polygon.clone(), cuts }), ..self.clone() };
        let frame = self.frame();
        let corners = tile.corners(&frame);
        tile.polygon = corners.iter().map(|c| frame.to_domain(c.rounded())).collect();
        Ok((corners.len() >= 3).then_some(tile))
    }

    /// Which sides are seams of a tile, numbered as in [`super::Partition::edge_units`]; empty if the domain is no tile.
    pub fn seams(&self) -> Vec<bool> {
        let frame = self.frame();
        self.tile.iter().flat_map(|_| self.corners(&frame)).map(|c| c.seam).collect()
    }

    /// Whether the domain is a tile of a larger one.
    pub fn is_tile(&self) -> bool {
        self.tile.is_some()
    }

    /// The polygon before it was cut.
    fn whole(&self) -> &[[f64; 2]] {
        self.tile.as_ref().map_or(&self.polygon, |t| &t.whole)
    }

    fn range(&self, axis: usize) -> (f64, f64) {
        let along = self.whole().iter().map(|p| p[axis]);
        along.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)))
    }

    /// The frame of the polygon before it was cut: all tiles have the same.
    fn frame(&self) -> Frame {
        let ((u0, u1), (v0, v1)) = (self.range(0), self.range(1));
        Frame::around(&[u0, v0], &[u1, v1])
    }

    fn polygon_of(vertices: &[[f64; 2]]) -> Result<Domain> {
        for (i, p) in vertices.iter().enumerate() {
            if !(p[0].is_finite() && p[1].is_finite()) {
                bail!(Nonfinite, "polygon: vertex {i} is ({}, {}); expected finite numbers", p[0], p[1])
            }
        }
        if let Some(i) = vertices.iter().position(|p| p[0].abs().max(p[1].abs()) > LARGEST) {
            let [u, v] = vertices[i];
            bail!(
                Argument,
                "polygon: vertex {i} is ({u}, {v}); coordinates beyond {LARGEST:e} overflow areas"
            )
        }
        let mut polygon = vertices.to_vec();
        polygon.dedup();
        while polygon.len() > 1 && polygon.first() == polygon.last() {
            polygon.pop();
        }
        if polygon.len() < 3 {
            bail!(ZeroArea, "polygon has {} different vertices; expected at least 3", polygon.len())
        }
        drop_collinear(&mut polygon);
        if polygon.len() < 3 {
            bail!(ZeroArea, "polygon has zero area: its vertices lie on one line")
        }
        let turns: Vec<i32> = (0..polygon.len())
            .map(|i| {
                let at = |k: usize| polygon[(i + k) % polygon.len()];
                orientation(at(0), at(1), at(2))
            })
            .collect();
        let left = turns.iter().filter(|&&t| t > 0).count();
        let convex_turns = left == 0 || left == turns.len();
        if !convex_turns || winding(&polygon) != 1 {
            if crosses_itself(&polygon) {
                bail!(
                    SelfIntersecting,
                    "polygon: sides cross or touch each other; expected a simple convex polygon"
                )
            }
            bail!(
                NonConvex,
                "polygon is not convex; split it into convex parts and take one partition of each"
            )
        }
        if left == 0 {
            polygon.reverse();
        }
        Ok(Domain { polygon, tile: None, slice: None })
    }
}

fn finite(name: &str, x: &[f64]) -> Result<()> {
    match x.iter().position(|v| !v.is_finite()) {
        Some(i) => bail!(Nonfinite, "{name}[{i}] is {}; expected a finite number", x[i]),
        None => Ok(()),
    }
}

fn cross(a: [&Dyadic; 2], b: [&Dyadic; 2]) -> Dyadic {
    a[0].mul(b[1]).sub(&a[1].mul(b[0]))
}

/// Whether the turn a, b, c is to the left (1), to the right (-1) or straight (0); exact.
fn orientation(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> i32 {
    let exact = |p: [f64; 2]| [Dyadic::from(p[0]), Dyadic::from(p[1])];
    let (a, b, c) = (exact(a), exact(b), exact(c));
    let (e, f) = ([b[0].sub(&a[0]), b[1].sub(&a[1])], [c[0].sub(&a[0]), c[1].sub(&a[1])]);
    cross([&e[0], &e[1]], [&f[0], &f[1]]).signum()
}

/// Whether two vectors are exactly parallel (or one is zero).
fn dependent(a: &[f64], b: &[f64]) -> bool {
    let Some(k) = a.iter().position(|&x| x != 0.0) else { return true };
    let (ak, bk) = (Dyadic::from(a[k]), Dyadic::from(b[k]));
    a.iter().zip(b).all(|(&x, &y)| cross([&ak, &bk], [&Dyadic::from(x), &Dyadic::from(y)]).is_zero())
}

fn drop_collinear(polygon: &mut Vec<[f64; 2]>) {
    let mut i = 0;
    let mut kept_in_a_row = 0;
    while polygon.len() >= 3 && kept_in_a_row < polygon.len() {
        let n = polygon.len();
        i %= n;
        if orientation(polygon[(i + n - 1) % n], polygon[i], polygon[(i + 1) % n]) == 0 {
            polygon.remove(i);
            kept_in_a_row = 0;
        } else {
            i += 1;
            kept_in_a_row += 1;
        }
    }
}

/// How often the direction of the sides goes round: 1 for a simple convex polygon, 2 for a pentagram.
fn winding(polygon: &[[f64; 2]]) -> usize {
    let n = polygon.len();
    let upward = |i: usize| {
        let (a, b) = (polygon[i % n], polygon[(i + 1) % n]);
        b[1] > a[1] || (b[1] == a[1] && b[0] > a[0])
    };
    (0..n).filter(|&i| upward(i) && !upward(i + 1)).count()
}

fn crosses_itself(polygon: &[[f64; 2]]) -> bool {
    let n = polygon.len();
    (0..n).any(|i| {
        (i + 2..n).filter(|&j| (j + 1) % n != i).any(|j| {
            let (a, b, c, d) = (polygon[i], polygon[i + 1], polygon[j], polygon[(j + 1) % n]);
            orientation(a, b, c) * orientation(a, b, d) <= 0
                && orientation(c, d, a) * orientation(c, d, b) <= 0
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;

    fn condition(vertices: &[[f64; 2]]) -> Condition {
        Domain::convex(vertices).unwrap_err().condition()
    }

    #[test]
    fn polygons_are_cleaned_or_refused() {
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        let clockwise: Vec<_> = square.iter().rev().copied().collect();
        let tidy = Domain::convex(&clockwise).unwrap();
        assert_eq!(tidy.polygon().len(), 4);
        assert_eq!(orientation(tidy.polygon()[0], tidy.polygon()[1], tidy.polygon()[2]), 1);
        let extra =
            [[0.0, 0.0], [0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.5], [0.0, 0.0]];
        assert_eq!(Domain::convex(&extra).unwrap().polygon().len(), 4);
        assert_eq!(condition(&square[..2]), Condition::ZeroArea);
        assert_eq!(condition(&[[0.0, 0.0], [1.0, 1.0], [3.0, 3.0]]), Condition::ZeroArea);
        assert_eq!(condition(&[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]), Condition::SelfIntersecting);
        assert_eq!(condition(&[[0.0, 0.0], [2.0, 0.0], [0.5, 0.5], [0.0, 2.0]]), Condition::NonConvex);
        let star = [0, 2, 4, 1, 3].map(|k| {
            let t = f64::from(k) * std::f64::consts::TAU / 5.0;
            [t.cos(), t.sin()]
        });
        assert_eq!(condition(&star), Condition::SelfIntersecting);
        assert_eq!(condition(&[[0.0, 0.0], [1.0, f64::NAN], [1.0, 1.0]]), Condition::Nonfinite);
        assert_eq!(condition(&[[0.0, 0.0], [1e200, 0.0], [1.0, 1.0]]), Condition::Argument);
        assert_eq!(Domain::rect([0.0, 0.0], [1.0, 0.0]).unwrap_err().condition(), Condition::ZeroArea);
    }

    #[test]
    fn dependence_is_exact() {
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
        let e = [1.0, 1e-300, 0.0];
        let f = [2.0, 2e-300, 0.0];
        let g = [2.0, 2.0000001e-300, 0.0];
        let make = |a: &[f64], b: &[f64]| Domain::slice(&[0.0; 3], [a, b], &square);
        assert_eq!(make(&e, &f).unwrap_err().condition(), Condition::DependentAxes);
        assert!(make(&e, &g).is_ok());
        assert_eq!(make(&[0.0; 3], &g).unwrap_err().condition(), Condition::DependentAxes);
        assert_eq!(make(&e, &g[..2]).unwrap_err().condition(), Condition::Shape);
    }
}
