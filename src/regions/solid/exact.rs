//! Exact planes and points of space: where three planes meet, and whether they do so in one point.
//!
//! A plane is a functional (a, b, c, d) with value a x + b y + c z + d; the point in which three of them meet is the vector
//! of 3 x 3 minors of the three, and the sign of a fourth plane there is that of a 4 x 4 determinant.

use crate::numeric::dyadic::{Dyadic, Functional, ratio_to_f64};
use crate::numeric::number::Number;

/// Determinant of three columns of three functionals.
fn det<N: Number>([p, q, r]: [&[N]; 3], [i, j, k]: [usize; 3]) -> N {
    let minor = |i: usize, j: usize| q[i].mul(&r[j]).sub(&q[j].mul(&r[i]));
    let mut sum = p[i].mul(&minor(j, k));
    sum.add_assign(&p[j].mul(&minor(k, i)));
    sum.add_assign(&p[k].mul(&minor(i, j)));
    sum
}

/// The homogeneous point where three planes meet, or the plane through three homogeneous points.
pub(super) fn meet<N: Number>(planes: [&[N]; 3]) -> Vec<N> {
    [[1, 2, 3], [2, 0, 3], [0, 1, 3], [1, 0, 2]].map(|columns| det(planes, columns)).to_vec()
}

/// Whether the normals of at most three planes are linearly independent.
pub(super) fn independent(planes: &[Functional]) -> bool {
    match planes {
        [] => true,
        [p] => p[..3].iter().any(|x| !x.is_zero()),
        [p, q] => {
            [(0, 1), (1, 2), (2, 0)].iter().any(|&(i, j)| !p[i].mul(&q[j]).sub(&p[j].mul(&q[i])).is_zero())
        }
        [p, q, r] => !det([p, q, r], [0, 1, 2]).is_zero(),
        _ => false,
    }
}

/// The unit vector along a vector that is not zero.
pub(super) fn direction(n: &[Dyadic]) -> [f64; 3] {
    let larger = |i: usize, j: usize| if ratio(n, i, j).abs() > 1.0 { i } else { j };
    let start = (0..3).find(|&i| !n[i].is_zero()).unwrap_or(0);
    let largest = (0..3).fold(start, |m, i| larger(i, m));
    unit([0, 1, 2].map(|i| ratio(n, i, largest))).0
}

fn ratio(n: &[Dyadic], i: usize, j: usize) -> f64 {
    if n[j].is_zero() { 0.0 } else { ratio_to_f64(&n[i], &n[j]) }
}

/// A vector scaled to length 1, and its length.
#[inline]
pub(super) fn unit(n: [f64; 3]) -> ([f64; 3], f64) {
    let length = (n[0] * n[0] + n[1] * n[1] + n[2] * n[2]).sqrt();
    (n.map(|x| x / length), length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::dyadic::sign_at;

    fn plane(f: [f64; 4]) -> Functional {
        f.map(Dyadic::from).to_vec()
    }

    #[test]
    fn three_planes_meet_where_they_should() {
        // x = 1, y + z = 5, y - z = -1: the point (1, 2, 3).
        let (p, q, r) =
            (plane([2.0, 0.0, 0.0, -2.0]), plane([0.0, 1.0, 1.0, -5.0]), plane([0.0, 1.0, -1.0, 1.0]));
        let at = meet([&p, &q, &r]);
        let x = [0, 1, 2].map(|i| ratio_to_f64(&at[i], &at[3]));
        assert_eq!(x, [1.0, 2.0, 3.0]);
        for f in [&p, &q, &r] {
            assert_eq!(sign_at(f, &at), 0);
        }
        assert_eq!(sign_at(&plane([1.0, 1.0, 1.0, -7.0]), &at), -1);
        assert_eq!(sign_at(&plane([1.0, 1.0, 1.0, -5.0]), &at), 1);
        assert!(independent(&[p.clone(), q.clone(), r]));
        let sum: Functional = p.iter().zip(&q).map(|(a, b)| a.sub(&b.neg())).collect();
        assert!(independent(&[p.clone(), sum.clone()]));
        assert!(!independent(&[p.clone(), q, sum]));
        assert!(!independent(&[p, plane([4.0, 0.0, 0.0, 9.0])]));
    }
}
