//! Convex domains of any dimension: a box, a simplex, an H-polytope, a ball, the whole space, or a plane domain; each of
//! them the input space itself or a slice of a larger one.

use super::chart::Chart;
use super::domain::Domain;
use super::frame::Frame;
use super::polytope::bounds;
use super::solid::hull;
use crate::context::Context;
use crate::convex::{ConvexSet, Norm};
use crate::error::{Result, bail};
use crate::lp::{NO_LABEL, Rows, Simplex};
use crate::numeric::dyadic::{Dyadic, Functional};

/// Dimensions beyond this one are refused: what is computed with them grows without bounds that anyone could wait for.
const LARGEST_DIM: usize = 64;
/// Coordinates of a domain are at most this large, so that volumes in few dimensions are finite.
const LARGEST: f64 = 1e150;
/// Axes of a slice are dependent if what is left of one behind the others is this small a part of it.
const DEPENDENT: f64 = 1e-13;

/// A half-space `normal . x <= offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfSpace {
    /// Not zero.
    pub normal: Vec<f64>,
    /// In units of `normal . x`.
    pub offset: f64,
}

/// A full-dimensional convex domain of dimension d in coordinates t, and where it lies in the input space: x = t, or for
/// a slice x = origin + sum over j of `t[j] axes[j]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    dim: usize,
    shape: Shape,
    slice: Option<Slice>,
}

#[derive(Clone, Debug, PartialEq)]
enum Shape {
    Plane(Domain),
    Box {
        lo: Vec<f64>,
        hi: Vec<f64>,
    },
    /// The intersection of half-spaces, with its bounding box if it is bounded, and the vertices that it was made of.
    Polytope {
        sides: Vec<HalfSpace>,
        bounds: Option<[Vec<f64>; 2]>,
        vertices: Option<Vec<f64>>,
    },
    /// The hull of points in space: its sides, exactly, its bounding box, and the points.
    Hull {
        sides: Vec<Functional>,
        bounds: [Vec<f64>; 2],
        points: Vec<f64>,
    },
    Ball {
        center: Vec<f64>,
        radius: f64,
    },
    Space,
}

#[derive(Clone, Debug, PartialEq)]
struct Slice {
    origin: Vec<f64>,
    axes: Vec<Vec<f64>>,
}

impl Body {
    /// The box of all t with `lo[i] <= t[i] <= hi[i]`. ZERO_AREA unless lo < hi on every axis.
    pub fn boxed(lo: &[f64], hi: &[f64]) -> Result<Body> {
        dimension("box", lo.len())?;
        if lo.len() != hi.len() {
            bail!(Shape, "box: lo has {} elements and hi has {}", lo.len(), hi.len())
        }
        usable("lo", lo)?;
        usable("hi", hi)?;
        if let Some(i) = (0..lo.len()).find(|&i| lo[i] >= hi[i]) {
            bail!(ZeroArea, "box: lo[{i}] = {} and hi[{i}] = {}; expected lo < hi", lo[i], hi[i])
        }
        if let (&[u0, v0], &[u1, v1]) = (lo, hi) {
            return Ok(Domain::rect([u0, v0], [u1, v1])?.into());
        }
        Ok(Body { dim: lo.len(), shape: Shape::Box { lo: lo.to_vec(), hi: hi.to_vec() }, slice: None })
    }

    /// The simplex of d + 1 vertices, d numbers each. ZERO_AREA if they lie in a hyperplane.
    pub fn simplex(vertices: &[&[f64]]) -> Result<Body> {
        let d = vertices.len().saturating_sub(1);
        dimension("simplex", d)?;
        for (i, v) in vertices.iter().enumerate() {
            usable("vertices", v)?;
            if v.len() != d {
                bail!(Shape, "simplex: vertex {i} has {} elements; {} vertices need {d}", v.len(), d + 1)
            }
        }
        if let &[a, b, c] = vertices {
            return Ok(Domain::convex(&[[a[0], a[1]], [b[0], b[1]], [c[0], c[1]]])?.into());
        }
        // The rows of the inverse of the matrix of edges are the gradients of the barycentric coordinates.
        let mut edges = Rows::new(d);
        let mut lengths = Vec::with_capacity(d);
        for v in &vertices[1..] {
            let edge: Vec<f64> = v.iter().zip(vertices[0]).map(|(a, b)| a - b).collect();
            let length = norm(&edge);
            edges.push(edge.iter().map(|x| x / length), 0.0, NO_LABEL);
            lengths.push(length);
        }
        let all: Vec<u32> = (0..d as u32).collect();
        let mut matrix = Simplex::default();
        if lengths.contains(&0.0) || !matrix.stand(&edges, &all) {
            bail!(ZeroArea, "simplex: the vertices lie in a hyperplane")
        }
        let mut sum = vec![0.0; d];
        let mut sides: Vec<HalfSpace> = Vec::with_capacity(d + 1);
        for (j, length) in lengths.iter().enumerate() {
            let normal: Vec<f64> = matrix.direction(j).iter().map(|e| -e / length).collect();
            sum.iter_mut().zip(&normal).for_each(|(s, n)| *s -= n);
            let offset = normal.iter().zip(vertices[0]).map(|(n, v)| n * v).sum();
            sides.push(HalfSpace { normal, offset });
        }
        let offset = sum.iter().zip(vertices[1]).map(|(n, v)| n * v).sum();
        sides.push(HalfSpace { normal: sum, offset });
        let along = |f: fn(f64, f64) -> f64| -> Vec<f64> {
            (0..d).map(|c| vertices.iter().map(|v| v[c]).fold(vertices[0][c], f)).collect()
        };
        let bounds = Some([along(f64::min), along(f64::max)]);
        let vertices = Some(vertices.concat());
        Ok(Body { dim: d, shape: Shape::Polytope { sides, bounds, vertices }, slice: None })
    }

    /// The intersection of half-spaces, bounded or not. ZERO_AREA if it has no interior.
    pub fn polytope(dim: usize, sides: Vec<HalfSpace>) -> Result<Body> {
        dimension("polytope", dim)?;
        for (i, side) in sides.iter().enumerate() {
            usable("normals", &side.normal)?;
            usable("offsets", &[side.offset])?;
            if side.normal.len() != dim {
                bail!(Shape, "polytope: normal {i} has {} elements; expected {dim}", side.normal.len())
            }
            if side.normal.iter().all(|&x| x == 0.0) {
                bail!(Argument, "polytope: normal {i} is zero")
            }
        }
        let bounds = bounds::of(dim, &sides)?;
        Ok(Body { dim, shape: Shape::Polytope { sides, bounds, vertices: None }, slice: None })
    }

    /// The convex hull of points in space. ZERO_AREA if they lie in a plane. Exact.
    pub fn hull(points: &[[f64; 3]]) -> Result<Body> {
        for p in points {
            usable("vertices", p)?;
        }
        let along = |f: fn(f64, f64) -> f64| -> Vec<f64> {
            (0..3).map(|c| points.iter().map(|p| p[c]).reduce(f).unwrap_or(0.0)).collect()
        };
        let (sides, bounds) = (hull::sides(points)?, [along(f64::min), along(f64::max)]);
        let points = points.concat();
        Ok(Body { dim: 3, shape: Shape::Hull { sides, bounds, points }, slice: None })
    }

    /// The whole space of `dim` coordinates.
    pub fn space(dim: usize) -> Result<Body> {
        dimension("space", dim)?;
        Ok(Body { dim, shape: Shape::Space, slice: None })
    }

    /// The ball of all t with |t - center| <= radius.
    pub fn ball(center: &[f64], radius: f64) -> Result<Body> {
        dimension("ball", center.len())?;
        usable("center", center)?;
        if !radius.is_finite() || radius > LARGEST {
            bail!(Nonfinite, "ball: radius is {radius}; expected a number up to {LARGEST:e}")
        }
        if radius <= 0.0 {
            bail!(ZeroArea, "ball: radius is {radius}; expected a number > 0")
        }
        Ok(Body { dim: center.len(), shape: Shape::Ball { center: center.to_vec(), radius }, slice: None })
    }

    /// This domain as a slice of a larger input space: coordinates t stand for the input origin + sum of `t[j] axes[j]`.
    /// The axes need not be orthogonal or of unit length. DEPENDENT_AXES unless they are independent.
    pub fn embedded(self, origin: &[f64], axes: &[&[f64]]) -> Result<Body> {
        if axes.len() != self.dim {
            bail!(Shape, "slice: {} axes for a domain of dimension {}", axes.len(), self.dim)
        }
        if self.slice.is_some() {
            bail!(Argument, "slice: the domain is a slice already")
        }
        finite("origin", origin)?;
        for (i, axis) in axes.iter().enumerate() {
            finite("axes", axis)?;
            if axis.len() != origin.len() {
                bail!(Shape, "slice: axis {i} has {} elements; origin has {}", axis.len(), origin.len())
            }
        }
        if let Shape::Plane(domain) = &self.shape {
            return Ok(Domain::slice(origin, [axes[0], axes[1]], domain.polygon())?.into());
        }
        if let Some(i) = first_dependent(axes) {
            bail!(
                DependentAxes,
                "slice: axis {i} is a combination of those before it; expected independent axes"
            )
        }
        let axes = axes.iter().map(|a| a.to_vec()).collect();
        Ok(Body { slice: Some(Slice { origin: origin.to_vec(), axes }), ..self })
    }

    /// Dimension d.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The domain as a polygon, if that is what it is.
    pub fn plane(&self) -> Option<&Domain> {
        match &self.shape {
            Shape::Plane(domain) => Some(domain),
            _ => None,
        }
    }

    /// Centre and radius, if the domain is a ball.
    pub fn sphere(&self) -> Option<(&[f64], f64)> {
        match &self.shape {
            Shape::Ball { center, radius } => Some((center, *radius)),
            _ => None,
        }
    }

    /// The smallest box around the domain, as (lo, hi); `None` if it is unbounded.
    pub fn bounds(&self) -> Option<[Vec<f64>; 2]> {
        match &self.shape {
            Shape::Plane(domain) => {
                let along = |f: fn(f64, f64) -> f64, start: f64| {
                    (0..2).map(|i| domain.polygon().iter().fold(start, |m, p| f(m, p[i]))).collect()
                };
                Some([along(f64::min, f64::INFINITY), along(f64::max, f64::NEG_INFINITY)])
            }
            Shape::Box { lo, hi } => Some([lo.clone(), hi.clone()]),
            Shape::Polytope { bounds, .. } => bounds.clone(),
            Shape::Hull { bounds, .. } => Some(bounds.clone()),
            Shape::Ball { center, radius } => {
                Some([-1.0, 1.0].map(|s| center.iter().map(|c| c + s * radius).collect()))
            }
            Shape::Space => None,
        }
    }

    /// Whether t belongs to the domain, up to rounding.
    pub fn holds(&self, t: &[f64]) -> bool {
        let size = t.iter().fold(1.0f64, |m, x| m.max(x.abs()));
        let slack = 1e-12 * size;
        match &self.shape {
            Shape::Plane(domain) => {
                let p = domain.polygon();
                (0..p.len()).all(|i| {
                    let (a, b) = (p[i], p[(i + 1) % p.len()]);
                    let (u, v) = (b[0] - a[0], b[1] - a[1]);
                    u * (t[1] - a[1]) - v * (t[0] - a[0]) >= -slack * u.hypot(v)
                })
            }
            Shape::Box { lo, hi } => {
                t.iter().zip(lo.iter().zip(hi)).all(|(t, (lo, hi))| (lo - slack..=hi + slack).contains(t))
            }
            Shape::Polytope { sides, .. } => sides.iter().all(|h| {
                let value: f64 = h.normal.iter().zip(t).map(|(n, t)| n * t).sum();
                value <= h.offset + slack * norm(&h.normal)
            }),
            Shape::Hull { sides, .. } => sides.iter().all(|f| {
                let f: Vec<f64> = f.iter().map(Dyadic::to_f64).collect();
                f[0] * t[0] + f[1] * t[1] + f[2] * t[2] + f[3] >= -slack * norm(&f[..3])
            }),
            Shape::Ball { center, radius } => {
                let away: Vec<f64> = t.iter().zip(center).map(|(t, c)| t - c).collect();
                norm(&away) <= radius + slack
            }
            Shape::Space => true,
        }
    }

    /// Volume where it is known in closed form: of a box or a polygon.
    pub fn volume(&self) -> Option<f64> {
        match &self.shape {
            Shape::Plane(domain) => {
                let [o, rest @ ..] = domain.polygon() else { return None };
                let cross = |w: &[[f64; 2]]| {
                    (w[0][0] - o[0]) * (w[1][1] - o[1]) - (w[1][0] - o[0]) * (w[0][1] - o[1])
                };
                Some(rest.windows(2).map(cross).sum::<f64>() / 2.0)
            }
            Shape::Box { lo, hi } => Some(lo.iter().zip(hi).map(|(lo, hi)| hi - lo).product()),
            _ => None,
        }
    }

    /// Number of elements of the input space of a slice; `None` where t is the input.
    pub fn ambient_dim(&self) -> Option<usize> {
        match &self.shape {
            Shape::Plane(domain) => domain.ambient_dim(),
            _ => self.slice.as_ref().map(|s| s.origin.len()),
        }
    }

    /// The input that belongs to t, rounded to f64.
    pub fn embed(&self, t: &[f64]) -> Vec<f64> {
        match (&self.shape, &self.slice) {
            (Shape::Plane(domain), _) => domain.embed([t[0], t[1]]),
            (_, None) => t.to_vec(),
            (_, Some(s)) => {
                let element =
                    |i: usize| s.axes.iter().zip(t).fold(s.origin[i], |x, (axis, t)| x + t * axis[i]);
                (0..s.origin.len()).map(element).collect()
            }
        }
    }

    /// The domain as a convex set of the input space: a box that contains it, with its radius rounded up where it has to be;
    /// exactly the ball, the polygon, the simplex or the hull that it is; of half-spaces what [`ConvexSet::polytope`] makes
    /// of them. A slice is the image of such a set, rounded.
    ///
    /// Conditions: NONFINITE where a slice overflows, NUMERIC, CANCELLED.
    pub fn to_set(&self, ctx: &Context) -> Result<ConvexSet> {
        let of_box = |lo: &[f64], hi: &[f64]| {
            let center: Vec<f64> = lo.iter().zip(hi).map(|(lo, hi)| lo / 2.0 + hi / 2.0).collect();
            let reach = |i: usize| difference_up(hi[i], center[i]).max(difference_up(center[i], lo[i]));
            ConvexSet::boxed(&center, &(0..lo.len()).map(reach).collect::<Vec<_>>())
        };
        let set = match &self.shape {
            Shape::Plane(domain) => match domain.rectangle() {
                Some([lo, hi]) => of_box(&lo, &hi)?,
                None => ConvexSet::points(2, domain.polygon().as_flattened())?,
            },
            Shape::Box { lo, hi } => of_box(lo, hi)?,
            Shape::Polytope { vertices: Some(points), .. } | Shape::Hull { points, .. } => {
                ConvexSet::points(self.dim, points)?
            }
            Shape::Polytope { sides, .. } => {
                let normals: Vec<f64> = sides.iter().flat_map(|h| h.normal.iter().copied()).collect();
                let offsets: Vec<f64> = sides.iter().map(|h| h.offset).collect();
                ConvexSet::polytope(ctx, self.dim, &normals, &offsets)?
            }
            Shape::Ball { center, radius } => ConvexSet::ball(center, *radius, Norm::Two)?,
            Shape::Space => ConvexSet::polytope(ctx, self.dim, &[], &[])?,
        };
        let image = |origin: &[f64], axes: &[&[f64]]| {
            let matrix: Vec<f64> = (0..origin.len()).flat_map(|i| axes.iter().map(move |a| a[i])).collect();
            set.image(&matrix, Some(origin))
        };
        match (&self.shape, &self.slice) {
            (Shape::Plane(domain), _) => match domain.axes() {
                Some(axes) => image(&domain.embed([0.0; 2]), &axes),
                None => Ok(set),
            },
            (_, Some(s)) => image(&s.origin, &s.axes.iter().map(Vec::as_slice).collect::<Vec<_>>()),
            (_, None) => Ok(set),
        }
    }

    /// The domain in local coordinates, and the input of a network of `n_in` elements on it. A ball has no sides; its
    /// local coordinates have one scale. Unbounded domains keep the scale of their coordinates.
    pub(crate) fn chart(&self, n_in: usize) -> Result<Chart> {
        if let Shape::Plane(domain) = &self.shape {
            return domain.chart(n_in);
        }
        match self.ambient_dim() {
            Some(dim) if dim != n_in => {
                bail!(Shape, "slice: origin has {dim} elements; the network takes {n_in}")
            }
            None if n_in != self.dim => bail!(
                Shape,
                "the network takes {n_in} inputs; the domain has {} (use a Slice of the input space)",
                self.dim
            ),
            _ => {}
        }
        let frame = self.frame();
        let axis = |i: usize| (0..self.dim).map(|j| f64::from(u8::from(i == j))).collect::<Vec<f64>>();
        let inside = |h: &HalfSpace| {
            let negated: Vec<f64> = h.normal.iter().map(|x| -x).collect();
            Chart::functional(&frame, &negated, h.offset)
        };
        let sides: Vec<Functional> = match &self.shape {
            Shape::Box { lo, hi } => (0..self.dim)
                .flat_map(|i| {
                    let above = Chart::functional(&frame, &axis(i), -lo[i]);
                    let below = Chart::functional(&frame, &axis(i), -hi[i]);
                    [above, below.iter().map(Dyadic::neg).collect()]
                })
                .collect(),
            Shape::Polytope { sides, .. } => sides.iter().map(inside).collect(),
            Shape::Hull { sides, .. } => sides.iter().map(|f| frame.to_local_functional(f)).collect(),
            _ => Vec::new(),
        };
        let input = match &self.slice {
            None => (0..self.dim).map(|i| Chart::functional(&frame, &axis(i), 0.0)).collect(),
            Some(s) => (0..s.origin.len())
                .map(|i| {
                    let row: Vec<f64> = s.axes.iter().map(|a| a[i]).collect();
                    Chart::functional(&frame, &row, s.origin[i])
                })
                .collect(),
        };
        Ok(Chart { frame, sides, input })
    }

    fn frame(&self) -> Frame {
        match (&self.shape, self.bounds()) {
            (Shape::Ball { center, radius }, _) => {
                let one = Frame::around(&[-radius], &[*radius]);
                let (log2, scale) = (vec![one.log2[0]; self.dim], vec![one.scale[0]; self.dim]);
                Frame { center: center.clone(), log2, scale }
            }
            (_, Some([lo, hi])) => Frame::around(&lo, &hi),
            (_, None) => Frame::around(&vec![-1.0; self.dim], &vec![1.0; self.dim]),
        }
    }
}

impl From<Domain> for Body {
    fn from(domain: Domain) -> Body {
        Body { dim: 2, shape: Shape::Plane(domain), slice: None }
    }
}

fn dimension(what: &str, dim: usize) -> Result<()> {
    if !(1..=LARGEST_DIM).contains(&dim) {
        bail!(Shape, "{what}: dimension {dim}; expected 1 to {LARGEST_DIM}")
    }
    Ok(())
}

fn finite(name: &str, x: &[f64]) -> Result<()> {
    match x.iter().position(|v| !v.is_finite()) {
        Some(i) => bail!(Nonfinite, "{name}[{i}] is {}; expected a finite number", x[i]),
        None => Ok(()),
    }
}

fn usable(name: &str, x: &[f64]) -> Result<()> {
    finite(name, x)?;
    if let Some(i) = x.iter().position(|v| v.abs() > LARGEST) {
        bail!(Argument, "{name}[{i}] is {}; numbers beyond {LARGEST:e} overflow", x[i])
    }
    Ok(())
}

/// a - b, rounded up: twice the sum of Knuth says whether rounding went down.
fn difference_up(a: f64, b: f64) -> f64 {
    let rounded = a - b;
    let taken = rounded - a;
    let lost = (a - (rounded - taken)) - (b + taken);
    if lost > 0.0 { rounded.next_up() } else { rounded }
}

/// The first axis that the ones before it span, by Gram and Schmidt.
fn first_dependent(axes: &[&[f64]]) -> Option<usize> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for (i, axis) in axes.iter().enumerate() {
        let largest = axis.iter().fold(0.0f64, |m, x| m.max(x.abs()));
        if largest == 0.0 {
            return Some(i);
        }
        let mut rest: Vec<f64> = axis.iter().map(|x| x / largest).collect();
        let length = norm(&rest);
        for _ in 0..2 {
            for b in &basis {
                let along: f64 = b.iter().zip(&rest).map(|(b, x)| b * x).sum();
                rest.iter_mut().zip(b).for_each(|(x, b)| *x -= along * b);
            }
        }
        let left = norm(&rest);
        if left <= DEPENDENT * length {
            return Some(i);
        }
        basis.push(rest.into_iter().map(|x| x / left).collect());
    }
    None
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Condition;

    #[test]
    fn boxes_of_any_dimension() {
        let cube = Body::boxed(&[-1.0, 0.0, 2.0], &[1.0, 1.0, 5.0]).unwrap();
        assert_eq!((cube.dim(), cube.volume()), (3, Some(6.0)));
        let chart = cube.chart(3).unwrap();
        assert_eq!(chart.sides.len(), 6);
        // Local coordinates of the centre are 0: the sides are 1, 0.5 of 2^-1 .. away, and positive inside.
        assert!(chart.sides.iter().all(|s| s[3].signum() > 0));
        assert_eq!(cube.chart(4).unwrap_err().condition(), Condition::Shape);
        assert!(Body::boxed(&[0.0, 0.0], &[1.0, 2.0]).unwrap().plane().is_some());
        let bad = |lo: &[f64], hi: &[f64]| Body::boxed(lo, hi).unwrap_err().condition();
        assert_eq!(bad(&[0.0; 3], &[1.0, 0.0, 1.0]), Condition::ZeroArea);
        assert_eq!(bad(&[0.0; 3], &[1.0; 2]), Condition::Shape);
        assert_eq!(bad(&[], &[]), Condition::Shape);
        assert_eq!(bad(&[0.0], &[f64::INFINITY]), Condition::Nonfinite);
        assert_eq!(bad(&[0.0], &[1e200]), Condition::Argument);
        assert_eq!(Body::ball(&[0.0; 4], 0.0).unwrap_err().condition(), Condition::ZeroArea);
        assert_eq!(Body::space(100).unwrap_err().condition(), Condition::Shape);
    }

    #[test]
    fn sets_contain_their_domains() {
        let support =
            |body: &Body, a: &[f64]| body.to_set(&Context::default()).unwrap().support(a).unwrap()[0];
        // 0.1 and 0.7 have no common centre in binary; 2^60 + 2^8 is far from round.
        for (lo, hi) in [(0.1, 0.7), (-0.3, 0.1), (1.0, 1.0 + f64::EPSILON), (-1e-30, 1e30), (0.1, 1e150)] {
            for dim in [2, 3] {
                let set =
                    Body::boxed(&vec![lo; dim], &vec![hi; dim]).unwrap().to_set(&Context::default()).unwrap();
                let (c, r) = (set.rows()[0], set.rows()[dim]);
                let exact = |x: f64| Dyadic::from(x);
                let above = exact(c).sub(&exact(r).neg()).sub(&exact(hi));
                let below = exact(lo).sub(&exact(c).sub(&exact(r)));
                assert!(above.signum() >= 0 && below.signum() >= 0, "{lo} {hi}");
                assert!(
                    r <= (hi / 2.0 - lo / 2.0) * (1.0 + 4.0 * f64::EPSILON)
                        + (hi.abs() + lo.abs()) * f64::EPSILON
                );
                assert_eq!(set.n_rows(), dim + 1);
            }
        }
        let triangle = Body::simplex(&[&[0.0, 0.0], &[1.0, 0.0], &[0.0, 2.0]]).unwrap();
        assert_eq!(support(&triangle, &[1.0, 1.0]), 2.0);
        let (o, e1, e2, e3) = ([0.1; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 7.0]);
        let simplex = Body::simplex(&[&o, &e1, &e2, &e3]).unwrap();
        assert_eq!(simplex.to_set(&Context::default()).unwrap().rows(), [&o[..], &e1, &e2, &e3].concat());
        assert_eq!(support(&Body::hull(&[o, e1, e2, e3]).unwrap(), &[0.0, 0.0, 1.0]), 7.0);
        assert_eq!(support(&Body::ball(&[1.0; 4], 2.0).unwrap(), &[0.0, 1.0, 0.0, 0.0]), 3.0);
        assert_eq!(support(&Body::space(3).unwrap(), &[0.0, 0.0, 1.0]), f64::INFINITY);
        let below = |normal: [f64; 3], offset| HalfSpace { normal: normal.to_vec(), offset };
        let corner =
            Body::polytope(3, vec![below([1.0, 1.0, 1.0], 3.0), below([-1.0, 0.0, 0.0], 0.0)]).unwrap();
        assert!((support(&corner, &[2.0, 2.0, 2.0]) - 6.0).abs() < 1e-13);
        // Slices: of a polygon, of a ball.
        let diamond =
            Domain::slice(&[1.0; 3], [&e1, &e3], &[[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]);
        assert_eq!(support(&diamond.unwrap().into(), &[1.0, 5.0, 1.0]), 14.0);
        let ball = Body::ball(&[0.0, 1.0], 2.0).unwrap().embedded(&[1.0; 3], &[&e1, &e3]).unwrap();
        assert_eq!(support(&ball, &[0.0, 1.0, 1.0]), 1.0 + 1.0 + 7.0 + 14.0);
    }

    #[test]
    fn slices_embed_and_refuse_dependent_axes() {
        let cube = || Body::boxed(&[-1.0; 3], &[1.0; 3]).unwrap();
        let (e, f, g) = ([1.0, 0.0, 1.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0]);
        let slice = cube().embedded(&[5.0; 4], &[&e, &f, &g]).unwrap();
        assert_eq!(slice.embed(&[1.0, 1.0, -1.0]), [6.0, 7.0, 6.0, 2.0]);
        assert_eq!(slice.chart(4).unwrap().input.len(), 4);
        let sum = [1.0, 2.0, 1.0, 0.0];
        let bad = cube().embedded(&[5.0; 4], &[&e, &f, &sum]).unwrap_err();
        assert_eq!(bad.condition(), Condition::DependentAxes);
        let bad = cube().embedded(&[5.0; 4], &[&e, &f]).unwrap_err();
        assert_eq!(bad.condition(), Condition::Shape);
    }
}
