//! Convex hulls of points in space: the planes of their facets, exactly.

use std::collections::BTreeSet;

use super::exact::{independent, meet};
use crate::error::{Result, bail};
use crate::numeric::dyadic::{Dyadic, Functional, sign_at};

/// Most points whose hull is taken: the search looks at triples.
const MOST: usize = 512;

/// The planes of the facets of the hull of `points`, positive inside, in the order of their first three points. ZERO_AREA if
/// the points lie in a plane.
pub(crate) fn sides(points: &[[f64; 3]]) -> Result<Vec<Functional>> {
    if points.len() > MOST {
        let n = points.len();
        bail!(Argument, "polyhedron: {n} vertices; at most {MOST} (give larger ones by half-spaces)")
    }
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
                    let sign =
                        orientation([points[i], points[j], points[k], points[l]]).unwrap_or_else(|| {
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
    if sides.is_empty() {
        bail!(ZeroArea, "polyhedron: its {} vertices lie in a plane; expected a solid", points.len())
    }
    Ok(sides)
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
