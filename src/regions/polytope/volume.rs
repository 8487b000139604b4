//! The volume of a polytope: its vertices by double description, its pieces by pulling.
//!
//! Half-spaces are taken in one after the other: the vertices beyond one are dropped, and every edge that it cuts gives a new
//! vertex. Two vertices are the ends of an edge iff no third one has all the half-spaces that are tight at both (Motzkin et
//! al. 1953; Fukuda and Prodon 1996). The volume is the sum over the simplices that one vertex of each face forms with the
//! faces of that face that do not hold it (Cohen and Hickey 1979): all terms are positive, nothing cancels. Rounding: about
//! 1e-12 of the volume of the box that holds the polytope, and relative to the volume itself about 1e-15 times the ratio of
//! its width to its smallest depth.

use super::rows::Rows;
use crate::error::{Result, bail};

/// Volumes are computed up to this dimension.
pub const LARGEST_VOLUME_DIM: usize = 8;
/// A vertex this close to a half-space is on it.
const ON: f64 = 1e-12;
/// More vertices than this are not a cell that anyone waits for.
const LARGEST: usize = 20_000;

/// A set of half-spaces or of vertices.
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

    fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|&w| w != 0)?;
        Some(64 * word + self.0[word].trailing_zeros() as usize)
    }
}

struct Vertex {
    x: Vec<f64>,
    tight: Set,
}

/// The volume of a bounded polytope inside the cube [-2, 2]^d.
pub(crate) fn volume(rows: &Rows, poll: impl Fn() -> Result<()>) -> Result<f64> {
    let d = rows.dim();
    let vertices = vertices(rows, &poll)?;
    if vertices.len() <= d {
        return Ok(0.0);
    }
    let n = vertices.len();
    let mut facets: Vec<Set> = Vec::new();
    for i in 0..rows.len() + 2 * d {
        let mut on = Set::new(n);
        (0..n).filter(|&v| vertices[v].tight.has(i)).for_each(|v| on.add(v));
        if on.count() >= d {
            facets.push(on);
        }
    }
    let mut all = Set::new(n);
    (0..n).for_each(|v| all.add(v));
    let mut chain = Vec::with_capacity(d + 1);
    let total = pull(&vertices, &all, &maximal(facets), d, &mut chain);
    Ok(total / (1..=d).map(|i| i as f64).product::<f64>())
}

/// d! times the volume of the simplices of the face `face` of dimension `k`, joined with the vertices in `chain`.
fn pull(vertices: &[Vertex], face: &Set, facets: &[Set], k: usize, chain: &mut Vec<usize>) -> f64 {
    let Some(apex) = face.first() else { return 0.0 };
    chain.push(apex);
    let total = if k == 0 {
        determinant(vertices, chain)
    } else {
        let opposite = facets.iter().filter(|f| !f.has(apex));
        opposite
            .map(|f| {
                // The facets of a facet: what it has in common with the others, where that is largest.
                let common =
                    facets.iter().filter(|g| *g != f).map(|g| f.and(g)).filter(|s| s.count() >= k - 1);
                let below = if k == 1 { Vec::new() } else { maximal(common.collect()) };
                pull(vertices, f, &below, k - 1, chain)
            })
            .sum()
    };
    chain.pop();
    total
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

/// |det| of the edges from the first vertex of `chain` to the others.
fn determinant(vertices: &[Vertex], chain: &[usize]) -> f64 {
    let d = chain.len() - 1;
    let origin = &vertices[chain[0]].x;
    let mut m: Vec<f64> =
        chain[1..].iter().flat_map(|&v| vertices[v].x.iter().zip(origin).map(|(x, o)| x - o)).collect();
    let mut det = 1.0;
    for p in 0..d {
        let best = (p..d).fold(p, |a, b| if m[b * d + p].abs() > m[a * d + p].abs() { b } else { a });
        if m[best * d + p] == 0.0 {
            return 0.0;
        }
        if best != p {
            (0..d).for_each(|c| m.swap(best * d + c, p * d + c));
        }
        det *= m[p * d + p].abs();
        for r in p + 1..d {
            let f = m[r * d + p] / m[p * d + p];
            for c in p..d {
                m[r * d + c] -= f * m[p * d + c];
            }
        }
    }
    det
}

/// The vertices; half-spaces `rows.len() ..` of their tight sets are the sides of the cube [-2, 2]^d.
fn vertices(rows: &Rows, poll: &impl Fn() -> Result<()>) -> Result<Vec<Vertex>> {
    let (d, m) = (rows.dim(), rows.len());
    let sides = m + 2 * d;
    let mut all: Vec<Vertex> = (0..1usize << d)
        .map(|corner| {
            let mut tight = Set::new(sides);
            let x = (0..d)
                .map(|c| {
                    let up = corner >> c & 1;
                    tight.add(m + 2 * c + up);
                    4.0 * up as f64 - 2.0
                })
                .collect();
            Vertex { x, tight }
        })
        .collect();
    let mut values = Vec::new();
    for i in 0..m {
        poll()?;
        let normal: Vec<f64> = rows.normals.row(i).collect();
        values.clear();
        values.extend(all.iter().map(|v| {
            let slack = rows.offsets[i] - v.x.iter().zip(&normal).map(|(x, n)| x * n).sum::<f64>();
            if slack.abs() <= ON { 0.0 } else { slack }
        }));
        let values = &values;
        let mut fresh: Vec<Vertex> = Vec::new();
        let ends = |s: f64| (0..all.len()).filter(move |&v| values[v] * s > 0.0).collect::<Vec<_>>();
        let (inside, outside) = (ends(1.0), ends(-1.0));
        for &p in &inside {
            for &q in &outside {
                let common = all[p].tight.and(&all[q].tight);
                let edge = common.count() >= d - 1
                    && !all.iter().enumerate().any(|(v, w)| v != p && v != q && common.within(&w.tight));
                if edge {
                    let t = values[p] / (values[p] - values[q]);
                    let x = all[p].x.iter().zip(&all[q].x).map(|(a, b)| a + t * (b - a)).collect();
                    let mut tight = common;
                    tight.add(i);
                    fresh.push(Vertex { x, tight });
                }
            }
        }
        let mut kept = Vec::with_capacity(all.len() + fresh.len());
        for (v, mut vertex) in all.into_iter().enumerate() {
            if values[v] == 0.0 {
                vertex.tight.add(i);
            }
            if values[v] >= 0.0 {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regions::polytope::rows::NO_LABEL;

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
