//! Domains in space: a box, a convex polyhedron given by its vertices or by half-spaces, or a 3-D slice of the input.

use std::collections::{BTreeSet, HashMap};

use super::exact::{independent, meet};
use super::polyhedron::{Cell, Cut, Facet, Stack, Vertex};
use crate::error::{Result, bail};
use crate::regions::chart::Chart;
use crate::regions::dyadic::{Dyadic, Functional, sign_at};
use crate::regions::frame::Frame;
use crate::regions::key::Key;

/// Coordinates of a domain are at most this large, so that volumes are finite.
const LARGEST: f64 = 1e90;
/// Half-spaces cut the domain out of a box of this half width.
const START: f64 = 1e100;
/// Most points whose hull is taken: the search looks at triples.
const MOST_POINTS: usize = 512;

/// A full-dimensional convex polyhedron in coordinates (u, v, w), and, for a slice, where it lies in the input space:
/// x = origin + u axis_0 + v axis_1 + w axis_2.
#[derive(Clone, Debug)]
pub struct Domain3 {
    /// Bounding planes, positive inside; some may not touch the domain.
    sides: Vec<Functional>,
    /// Vertices, rounded, and three sides that meet in each.
    vertices: Vec<[f64; 3]>,
    corners: Vec<[u32; 3]>,
    /// The side of each facet and its vertices, counter-clockwise as seen from outside.
    facets: Vec<(u32, Vec<u16>)>,
    slice: Option<Slice>,
}

#[derive(Clone, Debug)]
struct Slice {
    origin: Vec<f64>,
    axes: [Vec<f64>; 3],
}

impl Domain3 {
    /// The box from `lo` to `hi`. Its sides are u = lo, u = hi, v = lo, ... ZERO_AREA unless lo < hi on every axis.
    pub fn cuboid(lo: [f64; 3], hi: [f64; 3]) -> Result<Domain3> {
        finite("lo", &lo)?;
        finite("hi", &hi)?;
        for i in 0..3 {
            if lo[i] >= hi[i] {
                bail!(ZeroArea, "box: lo[{i}] = {} and hi[{i}] = {}; expected lo < hi", lo[i], hi[i])
            }
        }
        Domain3::of(box_sides(lo, hi), 6)
    }

    /// The points x with a x <= b: row i of `a` and `b[i]` are side i. ZERO_AREA if they have no interior; ARGUMENT if
    /// they are not bounded. All tests are exact.
    pub fn half_spaces(a: &[[f64; 3]], b: &[f64]) -> Result<Domain3> {
        if a.len() != b.len() {
            bail!(Shape, "half-spaces: A has {} rows; b has {} elements", a.len(), b.len())
        }
        for (i, a) in a.iter().enumerate() {
            finite(&format!("A[{i}]"), a)?;
        }
        finite("b", b)?;
        let mut sides: Vec<Functional> = a
            .iter()
            .zip(b)
            .map(|(a, &b)| a.iter().map(|x| Dyadic::from(-x)).chain([Dyadic::from(b)]).collect())
            .collect();
        let n = sides.len();
        sides.extend(box_sides([-START; 3], [START; 3]));
        Domain3::of(sides, n)
    }

    /// The convex hull of `points`. ZERO_AREA if they lie in a plane. All tests are exact.
    pub fn hull(points: &[[f64; 3]]) -> Result<Domain3> {
        for (i, p) in points.iter().enumerate() {
            finite(&format!("vertices[{i}]"), p)?;
        }
        if points.len() > MOST_POINTS {
            bail!(
                Argument,
                "polyhedron: {} vertices; at most {MOST_POINTS} (give larger ones by half-spaces)",
                points.len()
            )
        }
        let mut sides = hull_sides(points);
        if sides.is_empty() {
            bail!(ZeroArea, "polyhedron: its {} vertices lie in a plane; expected a solid", points.len())
        }
        let n = sides.len();
        sides.extend(box_sides([-START; 3], [START; 3]));
        Domain3::of(sides, n)
    }

    /// The slice `x = origin + u axes[0] + v axes[1] + w axes[2]` of the input space, (u, v, w) in `self`. The axes need not
    /// be orthogonal or of unit length; DEPENDENT_AXES if they do not span a space.
    pub fn slice(mut self, origin: &[f64], axes: [&[f64]; 3]) -> Result<Domain3> {
        finite("origin", origin)?;
        for (i, axis) in axes.iter().enumerate() {
            finite(&format!("axes[{i}]"), axis)?;
            if axis.len() != origin.len() {
                bail!(Shape, "slice: axes[{i}] has {} elements; origin has {}", axis.len(), origin.len())
            }
        }
        if !span_space(axes) {
            bail!(DependentAxes, "slice: the three axes are linearly dependent; expected three that span a space")
        }
        self.slice = Some(Slice { origin: origin.to_vec(), axes: axes.map(<[f64]>::to_vec) });
        Ok(self)
    }

    /// Vertices in (u, v, w), rounded to f64.
    pub fn vertices(&self) -> &[[f64; 3]] {
        &self.vertices
    }

    /// The side of each facet and its vertices, counter-clockwise as seen from outside.
    pub fn facets(&self) -> impl Iterator<Item = (usize, &[u16])> {
        self.facets.iter().map(|(side, around)| (*side as usize, &around[..]))
    }

    /// Dimension of the input space of a slice; `None` where (u, v, w) is the input.
    pub fn ambient_dim(&self) -> Option<usize> {
        self.slice.as_ref().map(|s| s.origin.len())
    }

    /// The input that belongs to (u, v, w), rounded to f64.
    pub fn embed(&self, at: [f64; 3]) -> Vec<f64> {
        match &self.slice {
            None => at.to_vec(),
            Some(s) => (0..s.origin.len())
                .map(|i| s.origin[i] + (0..3).map(|k| at[k] * s.axes[k][i]).sum::<f64>())
                .collect(),
        }
    }

    /// Volume in units of (u, v, w).
    pub fn volume(&self) -> f64 {
        let o = self.vertices[0];
        let fan = |around: &[u16]| -> f64 {
            let at = |i: usize| std::array::from_fn::<f64, 3, _>(|k| self.vertices[around[i] as usize][k] - o[k]);
            (2..around.len()).map(|i| super::measure::triple(at(0), at(i - 1), at(i))).sum()
        };
        self.facets.iter().map(|(_, around)| fan(around)).sum::<f64>() / 6.0
    }

    /// The domain in local coordinates, and the input of a network of `n_in` elements on it.
    pub(crate) fn chart(&self, n_in: usize) -> Result<Chart> {
        match self.ambient_dim() {
            Some(dim) if dim != n_in => {
                bail!(Shape, "slice: origin has {dim} elements; the network takes {n_in}")
            }
            None if n_in != 3 => bail!(
                Shape,
                "the network takes {n_in} inputs; a domain in space needs 3 (use a Slice of the input space)"
            ),
            _ => {}
        }
        let bound = |pick: fn(f64, f64) -> f64| {
            self.vertices[1..].iter().fold(self.vertices[0], |m, v| [0, 1, 2].map(|i| pick(m[i], v[i])))
        };
        let frame = Frame::around(&bound(f64::min), &bound(f64::max));
        let local = |f: &Functional| {
            let mut constant = f[3].clone();
            for i in 0..3 {
                constant.add_assign(&f[i].mul(&Dyadic::from(frame.center[i])));
            }
            (0..3).map(|i| f[i].shifted(frame.log2[i])).chain([constant]).collect()
        };
        let sides = self.sides.iter().map(local).collect();
        let unit = |k: usize| std::array::from_fn::<f64, 3, _>(|i| f64::from(u8::from(i == k)));
        let input = match &self.slice {
            None => (0..3).map(|k| Chart::functional(&frame, &unit(k), 0.0)).collect(),
            Some(s) => (0..s.origin.len())
                .map(|i| Chart::functional(&frame, &[s.axes[0][i], s.axes[1][i], s.axes[2][i]], s.origin[i]))
                .collect(),
        };
        Ok(Chart { frame, sides, input })
    }

    /// The cell with which a recursion begins; `sides` are those of the [`Chart`].
    pub(super) fn cell(&self, sides: &[Functional]) -> (Stack, Cell) {
        let mut stack = Stack::default();
        for (i, &planes) in self.corners.iter().enumerate() {
            stack.vertices.push(Vertex {
                name: Key::seed(1, i as u64),
                named: true,
                ..Vertex::exact(&meet(planes.map(|side| &sides[side as usize][..])), planes)
            });
        }
        for (side, around) in &self.facets {
            let normal = super::exact::direction(&sides[*side as usize][..3]);
            let facet = Facet::new(*side, normal, f64::EPSILON);
            stack.push_facet(facet, around.iter().map(|&v| u32::from(v)));
        }
        let cell = stack.whole();
        (stack, cell)
    }

    /// Cuts a domain out of the box that the last six of `sides` bound; only the first `n` may be left in the end.
    fn of(mut sides: Vec<Functional>, n: usize) -> Result<Domain3> {
        let (mut stack, mut cell) = start_box(sides.len() as u32 - 6);
        let mut cut = Cut::default();
        for i in 0..n {
            stack.signs.resize(stack.vertices.len(), 0);
            let (mut inside, mut outside) = (false, false);
            for k in cell.members.clone() {
                let v = stack.members[k] as usize;
                let at = meet(stack.vertices[v].planes.map(|side| &sides[side as usize][..]));
                let sign = sign_at(&sides[i], &at);
                stack.signs[v] = sign as i8;
                (inside, outside) = (inside | (sign > 0), outside | (sign < 0));
            }
            if !inside {
                bail!(ZeroArea, "polyhedron: no point is strictly inside of all its {n} sides")
            }
            if outside {
                [_, cell] = stack.divide(&cell, &mut cut, Facet::new(i as u32, [0.0; 3], 0.0));
                for e in &cut.edges {
                    let [f, g] = e.facets.map(|facet| stack.facets[facet as usize].plane);
                    stack.vertices.push(Vertex { planes: [f, g, i as u32], ..Vertex::new() });
                }
            }
        }
        let members = stack.members(&cell).to_vec();
        if members.len() > usize::from(u16::MAX) {
            bail!(Argument, "polyhedron: {} vertices; at most {}", members.len(), u16::MAX)
        }
        let places: HashMap<u32, u16> = members.iter().zip(0..).map(|(&v, place)| (v, place)).collect();
        let around = |f: &Facet| stack.around(f).iter().map(|v| places[v]).collect();
        let facets: Vec<(u32, Vec<u16>)> = stack.sides(&cell).map(|f| (f.plane, around(f))).collect();
        if facets.iter().any(|(side, _)| *side as usize >= n) {
            bail!(Argument, "polyhedron: its {n} half-spaces do not bound it; expected a bounded domain")
        }
        let place = |v: &Vertex| {
            let at = meet(v.planes.map(|side| &sides[side as usize][..]));
            Vertex::exact(&at, v.planes).p
        };
        let vertices: Vec<[f64; 3]> = stack.corners(&cell).map(place).collect();
        if let Some(v) = vertices.iter().find(|v| v.iter().any(|x| x.abs() > LARGEST)) {
            bail!(Argument, "vertex {v:?} of the domain: coordinates beyond {LARGEST:e} overflow volumes")
        }
        let corners = stack.corners(&cell).map(|v| v.planes).collect();
        sides.truncate(n);
        Ok(Domain3 { sides, vertices, corners, facets, slice: None })
    }
}

/// The sides of a box, positive inside.
fn box_sides(lo: [f64; 3], hi: [f64; 3]) -> Vec<Functional> {
    let side = |i: usize, sign: f64, at: f64| {
        let mut f = [0.0, 0.0, 0.0, -sign * at];
        f[i] = sign;
        f.map(Dyadic::from).to_vec()
    };
    (0..3).flat_map(|i| [side(i, 1.0, lo[i]), side(i, -1.0, hi[i])]).collect()
}

/// The cell of a box whose sides have the numbers `first ..`; vertices without coordinates.
fn start_box(first: u32) -> (Stack, Cell) {
    let mut stack = Stack::default();
    for i in 0..8 {
        let planes = [0, 1, 2].map(|k| first + 2 * k + (i >> k & 1));
        stack.vertices.push(Vertex { planes, ..Vertex::new() });
    }
    let loops = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];
    for (i, around) in loops.iter().enumerate() {
        stack.push_facet(Facet::new(first + i as u32, [0.0; 3], 0.0), *around);
    }
    let cell = stack.whole();
    (stack, cell)
}

fn finite(name: &str, x: &[f64]) -> Result<()> {
    match x.iter().position(|v| !v.is_finite()) {
        Some(i) => bail!(Nonfinite, "{name}[{i}] is {}; expected a finite number", x[i]),
        None => Ok(()),
    }
}

/// The planes of the facets of the hull of `points`, positive inside, in the order of their first three points.
fn hull_sides(points: &[[f64; 3]]) -> Vec<Functional> {
    let exact: Vec<Functional> =
        points.iter().map(|p| p.iter().chain(&[1.0]).map(|&x| Dyadic::from(x)).collect()).collect();
    let mut known: Vec<BTreeSet<usize>> = Vec::new();
    let mut sides = Vec::new();
    for i in 0..points.len() {
        for j in i + 1..points.len() {
            'triple: for k in j + 1..points.len() {
                if known.iter().any(|f| f.contains(&i) && f.contains(&j) && f.contains(&k)) {
                    continue;
                }
                let (mut plane, mut sense) = (None, 0);
                let mut flat = BTreeSet::from([i, j, k]);
                for l in (0..points.len()).filter(|l| ![i, j, k].contains(l)) {
                    let sign = orientation([points[i], points[j], points[k], points[l]]).unwrap_or_else(|| {
                        let f = plane.get_or_insert_with(|| meet([&exact[i], &exact[j], &exact[k]]));
                        sign_at(f, &exact[l])
                    });
                    match sign {
                        0 => _ = flat.insert(l),
                        s if s == -sense => continue 'triple,
                        s => sense = s,
                    }
                }
                let f = plane.unwrap_or_else(|| meet([&exact[i], &exact[j], &exact[k]]));
                if sense != 0 && independent(std::slice::from_ref(&f)) {
                    sides.push(if sense < 0 { f.iter().map(Dyadic::neg).collect() } else { f });
                    known.push(flat);
                }
            }
        }
    }
    sides
}

/// The sign of the plane `meet(a, b, c)` at d, if f64 can tell.
fn orientation([a, b, c, d]: [[f64; 3]; 4]) -> Option<i32> {
    let from = |p: [f64; 3]| [0, 1, 2].map(|i| p[i] - d[i]);
    let (a, b, c) = (from(a), from(b), from(c));
    let term = |i: usize, j: usize, k: usize| a[i] * (b[j] * c[k]);
    let even = [term(0, 1, 2), term(1, 2, 0), term(2, 0, 1)];
    let odd = [term(0, 2, 1), term(1, 0, 2), term(2, 1, 0)];
    let det = even.iter().sum::<f64>() - odd.iter().sum::<f64>();
    let size: f64 = even.iter().chain(&odd).map(|x| x.abs()).sum();
    // The bound of Shewchuk's orient3d is 7.8e-16; underflow needs no thought beyond this size.
    let sure = det.abs() > 1e-14 * size && size > 1e-200 && size < 1e300;
    // d homogeneous with weight 1: the determinant of the four rows is -det.
    sure.then_some(if det > 0.0 { -1 } else { 1 })
}

/// Whether three vectors are linearly independent, exactly.
fn span_space(axes: [&[f64]; 3]) -> bool {
    let at = |i: usize| axes.map(|a| Dyadic::from(a[i])).to_vec();
    let rows: Vec<Functional> = (0..axes[0].len()).map(at).collect();
    let Some(first) = rows.iter().position(|r| independent(std::slice::from_ref(r))) else { return false };
    let pair = |r: &&Functional| independent(&[rows[first].clone(), (*r).clone()]);
    let Some(second) = rows.iter().find(pair) else { return false };
    rows.iter().any(|r| independent(&[rows[first].clone(), second.clone(), r.clone()]))
}
