//! The volume of a polytope: its vertices by double description, its size face by face.
//!
//! Half-spaces are taken in one after the other, starting from a large simplex: the vertices beyond one are dropped, and every
//! edge that it cuts gives a new vertex. Two vertices are the ends of an edge iff no third one has all the half-spaces that
//! are tight at both (Motzkin et al. 1953; Fukuda and Prodon 1996). The size of a face of dimension k is 1 / k times the sum,
//! over its faces of dimension k - 1 that do not hold its first vertex, of their size times their distance from that vertex
//! (pulling, as in Cohen and Hickey 1979); each face is worked out once. All terms are positive, nothing cancels: the
//! rounding is about 1e-15 times the ratio of the half-width of the domain to the depth of the polytope.

use crate::lp::Rows;
use std::collections::HashMap;

use crate::error::{Result, bail};

/// Volumes are computed up to this dimension.
pub(super) const LARGEST_VOLUME_DIM: usize = 8;
/// A vertex this close to a half-space is on it.
const ON: f64 = 1e-12;
/// More vertices than this are not a cell that anyone waits for.
const LARGEST: usize = 20_000;
/// Words of the set of half-spaces that are tight at a vertex.
const WORDS: usize = 4;

/// The half-spaces that are tight at a vertex.
type Tight = [u64; WORDS];

/// What two vertices have in common.
fn common(a: &Tight, b: &Tight) -> Tight {
    std::array::from_fn(|i| a[i] & b[i])
}

/// A set of vertices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Set(Vec<u64>);

impl Set {
    fn new(len: usize) -> Set {
        Set(vec![0; len.div_ceil(64).max(1)])
    }

    fn add(&mut self, i: usize) {
        self.0[i / 64] |= 1 << (i % 64);
    }

    fn has(&self, i: usize) -> bool {
        self.0[i / 64] >> (i % 64) & 1 == 1
    }

    fn and(&self, other: &Set) -> Set {
        Set(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    fn within(&self, other: &Set) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    fn count(&self) -> usize {
        self.0.iter().map(|w| w.count_ones() as usize).sum()
    }

    fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        (0..64 * self.0.len()).filter(|&i| self.has(i))
    }

    fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|&w| w != 0)?;
        Some(64 * word + self.0[word].trailing_zeros() as usize)
    }
}

struct Vertex {
    x: Vec<f64>,
    tight: Tight,
}

/// The volume of a bounded polytope inside the cube [-2, 2]^d.
pub(crate) fn volume(rows: &Rows, poll: impl Fn() -> Result<()>) -> Result<f64> {
    let d = rows.dim();
    let vertices = vertices(rows, &poll)?;
    let n = vertices.len();
    if n <= d {
        return Ok(0.0);
    }
    let mut facets: Vec<Set> = Vec::new();
    for i in 0..rows.len() + d + 1 {
        let mut on = Set::new(n);
        (0..n).filter(|&v| vertices[v].tight[i / 64] >> (i % 64) & 1 == 1).for_each(|v| on.add(v));
        if on.count() >= d {
            facets.push(on);
        }
    }
    let mut all = Set::new(n);
    (0..n).for_each(|v| all.add(v));
    let mut faces = Faces { vertices: &vertices, known: HashMap::new() };
    Ok(faces.size(&all, &maximal(facets), d))
}

/// The faces that are worked out.
struct Faces<'a> {
    vertices: &'a [Vertex],
    known: HashMap<Set, f64>,
}

impl Faces<'_> {
    /// k-dimensional size of a face, given its faces of dimension k - 1.
    fn size(&mut self, face: &Set, facets: &[Set], k: usize) -> f64 {
        let Some(apex) = face.first() else { return 0.0 };
        if k == 0 {
            return 1.0;
        }
        if let Some(&size) = self.known.get(face) {
            return size;
        }
        let mut total = 0.0;
        for f in facets.iter().filter(|f| !f.has(apex)) {
            // The facets of a facet: what it has in common with the others, where that is largest.
            let shared = facets.iter().filter(|g| *g != f).map(|g| f.and(g)).filter(|s| s.count() >= k - 1);
            let below = if k == 1 { Vec::new() } else { maximal(shared.collect()) };
            total += self.distance(apex, f, k - 1) * self.size(f, &below, k - 1);
        }
        let size = total / k as f64;
        self.known.insert(face.clone(), size);
        size
    }

    /// Distance of a vertex from the affine hull of a face of dimension `k`: what is left of it behind the k directions of
    /// the face that are farthest from each other, by Gram and Schmidt.
    fn distance(&self, apex: usize, face: &Set, k: usize) -> f64 {
        let Some(origin) = face.first() else { return 0.0 };
        let from = |v: usize| -> Vec<f64> {
            self.vertices[v].x.iter().zip(&self.vertices[origin].x).map(|(x, o)| x - o).collect()
        };
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut rest = from(apex);
        let mut others: Vec<Vec<f64>> = face.iter().filter(|&v| v != origin).map(from).collect();
        for _ in 0..k {
            let squares = others.iter().map(|v| dot(v, v)).enumerate();
            let Some((best, square)) = squares.max_by(|a, b| a.1.total_cmp(&b.1)) else { break };
            if square == 0.0 {
                break;
            }
            let direction: Vec<f64> = others.swap_remove(best).iter().map(|x| x / square.sqrt()).collect();
            for v in others.iter_mut().chain([&mut rest]) {
                for _ in 0..2 {
                    let along = dot(&direction, v);
                    v.iter_mut().zip(&direction).for_each(|(v, d)| *v -= along * d);
                }
            }
        }
        dot(&rest, &rest).sqrt()
    }
}

/// The sets that are not inside another one, each once.
fn maximal(mut sets: Vec<Set>) -> Vec<Set> {
    sets.sort_unstable_by_key(|s| std::cmp::Reverse(s.count()));
    let mut kept: Vec<Set> = Vec::with_capacity(sets.len());
    for s in sets {
        if s.first().is_some() && !kept.iter().any(|k| s.within(k)) {
            kept.push(s);
        }
    }
    kept
}

/// The vertices; half-spaces `rows.len() ..` of their tight sets are the sides of a simplex around the cube [-2, 2]^d.
fn vertices(rows: &Rows, poll: &impl Fn() -> Result<()>) -> Result<Vec<Vertex>> {
    let (d, m) = (rows.dim(), rows.len());
    if m + d + 1 > 64 * WORDS {
        bail!(Numeric, "volume: a region with {m} facets; enumerate without volumes")
    }
    let mut all: Vec<Vertex> = (0..=d)
        .map(|corner| {
            let mut tight = [0; WORDS];
            (m..=m + d).filter(|&i| i != m + corner).for_each(|i| tight[i / 64] |= 1 << (i % 64));
            let x = (0..d).map(|c| if c == corner { 4.0 * d as f64 - 2.0 } else { -2.0 }).collect();
            Vertex { x, tight }
        })
        .collect();
    for i in 0..m {
        poll()?;
        let normal: Vec<f64> = rows.normals.row(i).collect();
        let value = |v: &Vertex| {
            let slack = rows.offsets[i] - v.x.iter().zip(&normal).map(|(x, n)| x * n).sum::<f64>();
            if slack.abs() <= ON { 0.0 } else { slack }
        };
        let values: Vec<f64> = all.iter().map(value).collect();
        let mut fresh = edges_cut(&all, &values, d);
        fresh.iter_mut().for_each(|v| v.tight[i / 64] |= 1 << (i % 64));
        let mut kept = Vec::with_capacity(all.len() + fresh.len());
        for (mut vertex, value) in all.into_iter().zip(values) {
            if value == 0.0 {
                vertex.tight[i / 64] |= 1 << (i % 64);
            }
            if value >= 0.0 {
                kept.push(vertex);
            }
        }
        kept.append(&mut fresh);
        all = kept;
        if all.len() > LARGEST {
            bail!(Numeric, "volume: a region with more than {LARGEST} vertices; enumerate without volumes")
        }
    }
    Ok(all)
}

/// Where the edges between vertices of positive and of negative value are 0.
fn edges_cut(all: &[Vertex], values: &[f64], d: usize) -> Vec<Vertex> {
    let ends = |s: f64| (0..all.len()).filter(move |&v| values[v] * s > 0.0).collect::<Vec<_>>();
    let (inside, outside) = (ends(1.0), ends(-1.0));
    let mut fresh = Vec::new();
    for &p in &inside {
        for &q in &outside {
            let tight = common(&all[p].tight, &all[q].tight);
            if tight.iter().map(|w| w.count_ones() as usize).sum::<usize>() < d - 1 {
                continue;
            }
            let holds = |v: &Vertex| common(&v.tight, &tight) == tight;
            if all.iter().enumerate().any(|(v, w)| v != p && v != q && holds(w)) {
                continue;
            }
            let t = values[p] / (values[p] - values[q]);
            let x = all[p].x.iter().zip(&all[q].x).map(|(a, b)| a + t * (b - a)).collect();
            fresh.push(Vertex { x, tight });
        }
    }
    fresh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lp::NO_LABEL;

    fn cube(d: usize) -> Rows {
        let mut rows = Rows::new(d);
        for j in 0..d {
            for s in [-1.0, 1.0] {
                rows.push((0..d).map(|c| if c == j { s } else { 0.0 }), 1.0, NO_LABEL);
            }
        }
        rows
    }

    /// The unit simplex and the cross-polytope have volumes 1 / d! and 2^d / d!; the latter is degenerate for d > 2.
    #[test]
    fn simplices_cross_polytopes_and_cut_cubes() {
        let mut factorial = 1.0;
        for d in 1..=6usize {
            factorial *= d as f64;
            let length = (d as f64).sqrt();
            let mut simplex = Rows::new(d);
            for j in 0..d {
                simplex.push((0..d).map(|c| if c == j { -1.0 } else { 0.0 }), 0.0, NO_LABEL);
            }
            simplex.push((0..d).map(|_| 1.0 / length), 1.0 / length, NO_LABEL);
            let v = volume(&simplex, || Ok(())).unwrap();
            assert!((v * factorial - 1.0).abs() < 1e-12, "{d}: {v}");
            let mut cross = cube(d);
            for signs in 0..1 << d {
                let sign = |c: usize| if signs >> c & 1 == 1 { 1.0 } else { -1.0 };
                cross.push((0..d).map(|c| sign(c) / length), 1.0 / length, NO_LABEL);
            }
            let v = volume(&cross, || Ok(())).unwrap();
            assert!((v * factorial / 2f64.powi(d as i32) - 1.0).abs() < 1e-12, "{d}: {v}");
            // The two parts of a cube are the cube.
            let normal: Vec<f64> = (0..d).map(|c| 1.0 + c as f64).collect();
            let norm = normal.iter().map(|x| x * x).sum::<f64>().sqrt();
            let parts: f64 = [1.0, -1.0]
                .map(|s| {
                    let mut part = cube(d);
                    part.push(normal.iter().map(|x| s * x / norm), s * 0.3, NO_LABEL);
                    volume(&part, || Ok(())).unwrap()
                })
                .iter()
                .sum();
            assert!((parts - 2f64.powi(d as i32)).abs() < 1e-11, "{d}: {parts}");
        }
    }
}
