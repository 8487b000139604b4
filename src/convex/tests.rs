//! Closed forms and laws of support functions, errors, and samples.

use super::*;
use crate::context::Context;
use crate::error::Condition;
use crate::random::uniform_pair;
use crate::simd::Isa;

/// Numbers in [-1, 1).
fn numbers(n: usize, seed: u64) -> Vec<f64> {
    (0..n as u64).map(|i| 2.0 * uniform_pair(seed, i)[0] - 1.0).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn close(got: f64, expected: f64) {
    assert!((got - expected).abs() <= 1e-13 * (1.0 + expected.abs()), "{got} for {expected}");
}

/// The support function of `set` is `expected`, in random directions; an end is taken where `extreme` says.
fn supports(set: &ConvexSet, expected: impl Fn(&[f64]) -> f64) {
    let dim = set.dim();
    for (i, a) in numbers(7 * dim, 99).chunks_exact(dim).enumerate() {
        let got = set.support(a).unwrap()[0];
        close(got, expected(a));
        let value = |j: usize| dot(&set.rows()[j * dim..][..dim], a);
        let at = set.shape().extreme(Side::High, &value).point(set.rows(), dim);
        if got.is_finite() {
            close(dot(&at, a), got);
        }
        for x in set.sample(20, i as u64).chunks_exact(dim) {
            assert!(dot(x, a) <= got + 1e-13 * (1.0 + got.abs()), "{x:?} is outside");
        }
    }
}

fn largest(points: &[f64], a: &[f64]) -> f64 {
    points.chunks_exact(a.len()).map(|p| dot(p, a)).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn closed_forms() {
    let (d, c) = (5, numbers(5, 1));
    let r: Vec<f64> = numbers(5, 2).iter().map(|x| x.abs()).collect();
    let g = numbers(15, 3);
    let images =
        |a: &[f64]| (0..3).map(|j| (0..5).map(|i| a[i] * g[i * 3 + j]).sum::<f64>()).collect::<Vec<_>>();
    let size = |a: &[f64]| a.iter().map(|x| x * x).sum::<f64>().sqrt();
    let sum = |a: &[f64]| a.iter().map(|x| x.abs()).sum::<f64>();
    let max = |a: &[f64]| a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    supports(&ConvexSet::boxed(&c, &r).unwrap(), |a| {
        dot(a, &c) + a.iter().zip(&r).map(|(a, r)| a.abs() * r).sum::<f64>()
    });
    supports(&ConvexSet::zonotope(&c, &g).unwrap(), |a| dot(a, &c) + sum(&images(a)));
    supports(&ConvexSet::ellipsoid(&c, &g).unwrap(), |a| dot(a, &c) + size(&images(a)));
    supports(&ConvexSet::ball(&c, 0.7, Norm::One).unwrap(), |a| dot(a, &c) + 0.7 * max(a));
    supports(&ConvexSet::ball(&c, 0.7, Norm::Two).unwrap(), |a| dot(a, &c) + 0.7 * size(a));
    supports(&ConvexSet::ball(&c, 0.7, Norm::Inf).unwrap(), |a| dot(a, &c) + 0.7 * sum(a));
    let first = |a: &[f64]| a.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    supports(&ConvexSet::corner_simplex(&c, 1.5).unwrap(), |a| dot(a, &c) + 1.5 * first(a).max(0.0));
    supports(&ConvexSet::probability_simplex(d, 2.0).unwrap(), |a| 2.0 * first(a));
    let points = numbers(60, 4);
    supports(&ConvexSet::points(d, &points).unwrap(), |a| largest(&points, a));
    supports(&ConvexSet::vertices(d, &points).unwrap(), |a| largest(&points, a));
}

#[test]
fn combinations() {
    let (c, points) = (numbers(3, 5), numbers(30, 6));
    let cube = ConvexSet::boxed(&c, &[0.5, 0.0, 2.0]).unwrap();
    let hull = ConvexSet::vertices(3, &points).unwrap();
    let simplex = ConvexSet::corner_simplex(&c, 1.0).unwrap();
    let of = |set: &ConvexSet, a: &[f64]| set.support(a).unwrap()[0];
    for (a, b) in [(&cube, &hull), (&hull, &cube), (&hull, &hull), (&simplex, &hull), (&cube, &simplex)] {
        let sum = a.sum(b).unwrap();
        supports(&sum, |x| of(a, x) + of(b, x));
        let union = ConvexSet::hull(&[a, b]).unwrap();
        supports(&union, |x| of(a, x).max(of(b, x)));
        supports(&union.sum(&sum).unwrap(), |x| of(&union, x) + of(&sum, x));
        let product = ConvexSet::product(&[a, &union, b]).unwrap();
        supports(&product, |x| of(a, &x[..3]) + of(&union, &x[3..6]) + of(b, &x[6..]));
        let (matrix, shift) = (numbers(12, 7), numbers(4, 8));
        supports(&sum.image(&matrix, Some(&shift)).unwrap(), |x| {
            let back: Vec<f64> = (0..3).map(|i| (0..4).map(|k| matrix[k * 3 + i] * x[k]).sum()).collect();
            of(&sum, &back) + dot(x, &shift)
        });
        for set in [&sum, &union] {
            supports(&set.scaled(0.25).unwrap(), |x| 0.25 * of(set, x) + 0.75 * dot(set.center(), x));
            supports(&set.scaled(0.0).unwrap(), |x| dot(set.center(), x));
            assert_eq!(set.scaled(1.0).unwrap(), *set);
        }
    }
}

#[test]
fn rays_are_followed_for_ever() {
    let set = ConvexSet::points(2, &[0.0, 0.0, 1.0, 0.0]).unwrap().with_rays(&[0.0, 2.0]).unwrap();
    assert!(!set.is_bounded());
    assert_eq!(set.support(&[1.0, 0.0, 1.0, -1.0, 0.0, 1.0]).unwrap(), [1.0, 1.0, f64::INFINITY]);
    let half = set.scaled(0.5).unwrap();
    assert_eq!(half.support(&[1.0, 0.0, 0.0, 1.0]).unwrap(), [0.75, f64::INFINITY]);
    assert!(set.sample(100, 3).chunks_exact(2).all(|x| (0.0..=1.0).contains(&x[0]) && x[1] >= 0.0));
    // Both sides of a functional.
    let (mut lo, mut hi) = ([0.0; 2], [0.0; 2]);
    let line = set.with_rays(&[0.0, -1.0]).unwrap();
    line.shape().range(&[0.0, 0.0, 0.0, 1.0, 2.0, 0.0, -1.0, 0.0], 2, &mut lo, &mut hi);
    assert_eq!((lo, hi), ([f64::NEG_INFINITY, 0.0], [f64::INFINITY, 1.0]));
}

#[test]
fn frames_have_few_rows_and_the_same_points() {
    // Points on a circle that is tilted in 7 dimensions, far from the origin.
    let (a, b) = (numbers(7, 20), numbers(7, 21));
    let circle: Vec<f64> = (0..50)
        .flat_map(|i| {
            let (s, c) = (f64::from(i) * std::f64::consts::TAU / 50.0).sin_cos();
            a.iter().zip(&b).map(move |(a, b)| 30.0 + s * a + c * b).collect::<Vec<_>>()
        })
        .collect();
    let set = ConvexSet::vertices(7, &circle).unwrap();
    assert_eq!((set.n_rows(), set.affine_rank()), (3, 2));
    for a in numbers(70, 22).chunks_exact(7) {
        assert!((set.support(a).unwrap()[0] - largest(&circle, a)).abs() <= 4e-15 * 90.0);
        let value = |j: usize| dot(&set.rows()[j * 7..][..7], a);
        let best = (0..50).fold(0, |m, i| {
            if dot(&circle[i * 7..][..7], a) > dot(&circle[m * 7..][..7], a) { i } else { m }
        });
        assert_eq!(set.shape().extreme(Side::High, &value).corner, Some(best));
    }
    // Repeated points, segments, too many dimensions.
    let rank = |dim: usize, points: &[f64]| {
        let set = ConvexSet::frame(dim, points).unwrap();
        (set.n_rows(), set.affine_rank())
    };
    assert_eq!(rank(2, &[1.0, 2.0, 1.0, 2.0, 1.0, 2.0]), (1, 0));
    assert_eq!(rank(2, &[1.0, 2.0, 2.0, 4.0, 0.0, 0.0]), (2, 1));
    assert_eq!(rank(2, &[1.0, 2.0, 2.0, 4.0]), (2, 1));
    assert_eq!(rank(2, &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]), (3, 2));
    assert_eq!(rank(30, &numbers(300, 23)), (10, 9));
    assert_eq!(ConvexSet::vertices(30, &numbers(300, 23)).unwrap().n_rows(), 10);
    assert_eq!(ConvexSet::vertices(2, &numbers(8, 23)).unwrap().shape(), &Shape::Points(0..4));
}

#[test]
fn ranks() {
    let rank = |set: Result<ConvexSet>| set.unwrap().affine_rank();
    assert_eq!(rank(ConvexSet::boxed(&[1e6; 4], &[1.0, 0.0, 1e-30, 2.0])), 3);
    assert_eq!(rank(ConvexSet::ball(&[1.0; 3], 0.0, Norm::Two)), 0);
    // The third column is the sum of the others.
    let p = [1.0, 2.0, 3.0, 0.1, 0.2, 0.3, -4.0, 1.0, -3.0];
    assert_eq!(rank(ConvexSet::ellipsoid(&[0.0; 3], &p)), 2);
    assert_eq!(rank(ConvexSet::corner_simplex(&[0.0; 5], 1.0)), 5);
    assert_eq!(rank(ConvexSet::probability_simplex(5, 1.0)), 4);
    let (point, segment) =
        (ConvexSet::points(2, &[3.0, 4.0]).unwrap(), ConvexSet::points(2, &[0.0, 0.0, 1.0, 1.0]));
    let segment = segment.unwrap();
    assert_eq!(rank(ConvexSet::hull(&[&point, &segment])), 2);
    assert_eq!(rank(point.sum(&segment)), 1);
    assert_eq!(rank(segment.sum(&segment)), 1);
    assert_eq!(rank(ConvexSet::product(&[&segment, &point])), 1);
    assert_eq!(rank(point.with_rays(&[1.0, 0.0])), 1);
    assert_eq!(rank(segment.image(&[1.0, -1.0], None)), 0);
}

/// Half-spaces of a cube that is turned and moved away.
fn turned_cube(dim: usize, far: f64) -> (Vec<f64>, Vec<f64>, ConvexSet) {
    let mut basis = basis::Basis::new(dim);
    assert!(basis.extend(&numbers(dim * dim, 30), 1e-6, dim) && basis.len() == dim);
    let center: Vec<f64> = numbers(dim, 31).iter().map(|x| far * x).collect();
    let (mut a, mut b, mut generators) = (Vec::new(), Vec::new(), vec![0.0; dim * dim]);
    for (j, axis) in basis.vectors().enumerate() {
        for sign in [1.0, -1.0] {
            a.extend(axis.iter().map(|x| 3.0 * sign * x));
            b.push(3.0 * (sign * dot(axis, &center) + (j + 1) as f64));
        }
        (0..dim).for_each(|i| generators[i * dim + j] = axis[i] * (j + 1) as f64);
    }
    (a, b, ConvexSet::zonotope(&center, &generators).unwrap())
}

#[test]
fn half_spaces_of_cubes() {
    // Few dimensions: vertices; many: linear programs.
    for (dim, far, tolerance) in
        [(2, 1.0, 1e-13), (3, 1e5, 1e-10), (5, 1.0, 1e-12), (9, 1.0, 1e-12), (9, 1e6, 1e-9), (20, 1.0, 1e-11)]
    {
        let (a, b, cube) = turned_cube(dim, far);
        let set = ConvexSet::polytope(&Context::default(), dim, &a, &b).unwrap();
        assert!(set.is_bounded());
        assert_eq!(set.affine_rank(), dim);
        for a in numbers(6 * dim, 32).chunks_exact(dim) {
            let (got, expected) = (set.support(a).unwrap()[0], cube.support(a).unwrap()[0]);
            assert!((got - expected).abs() <= tolerance * (1.0 + far), "{dim}: {got} for {expected}");
        }
        for x in set.sample(30, 1).chunks_exact(dim) {
            assert!(a.chunks_exact(dim).zip(&b).all(|(n, o)| dot(n, x) <= o + tolerance * (1.0 + far)));
        }
    }
}

#[test]
fn half_spaces_that_are_flat_unbounded_or_empty() {
    let support = |dim, a: &[f64], b: &[f64], at: &[f64]| {
        ConvexSet::polytope(&Context::default(), dim, a, b).unwrap().support(at).unwrap()
    };
    let rank = |dim, a: &[f64], b: &[f64]| {
        ConvexSet::polytope(&Context::default(), dim, a, b).unwrap().affine_rank()
    };
    let inf = f64::INFINITY;
    // x + y = 1 in the first quadrant: a segment.
    let (a, b) = ([1.0, 1.0, -1.0, -1.0, -1.0, 0.0, 0.0, -1.0], [1.0, -1.0, 0.0, 0.0]);
    assert_eq!(rank(2, &a, &b), 1);
    for (got, expected) in support(2, &a, &b, &[1.0, 0.0, 0.0, 3.0, -1.0, -1.0]).iter().zip([1.0, 3.0, -1.0])
    {
        close(*got, expected);
    }
    // One point: x <= 2, x >= 2, y <= x, y >= 2.
    let (a, b) = ([1.0, 0.0, -1.0, 0.0, -1.0, 1.0, 0.0, -1.0], [2.0, -2.0, 0.0, -2.0]);
    assert_eq!(rank(2, &a, &b), 0);
    close(support(2, &a, &b, &[1.0, 10.0])[0], 22.0);
    // A quadrant, and a strip that holds lines.
    let quadrant = support(2, &[-1.0, 0.0, 0.0, -1.0], &[-1.0, 1.0], &[1.0, 0.0, -1.0, -1.0, 0.0, -2.0]);
    assert_eq!(quadrant[0], inf);
    close(quadrant[1], 0.0);
    close(quadrant[2], 2.0);
    let strip = support(
        3,
        &[1.0, 0.0, 0.0, -1.0, 0.0, 0.0],
        &[2.0, 1.0],
        &[1.0, 0.0, 0.0, -3.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    );
    assert_eq!(strip[2], inf);
    close(strip[0], 2.0);
    close(strip[1], 3.0);
    assert_eq!(support(2, &[0.0, 0.0], &[1.0], &[1.0, 0.0]), [inf]);
    let bad =
        |a: &[f64], b: &[f64]| ConvexSet::polytope(&Context::default(), 2, a, b).unwrap_err().condition();
    assert_eq!(bad(&[1.0, 0.0, -1.0, 0.0], &[0.0, -1.0]), Condition::EmptyRegion);
    assert_eq!(bad(&[1.0, 0.0, -1.0, 0.0], &[0.0, -1e-9]), Condition::EmptyRegion);
    assert_eq!(bad(&[0.0, 0.0], &[-1.0]), Condition::EmptyRegion);
    assert_eq!(bad(&[1.0, 1.0, -1.0, 0.0, 0.0, -1.0], &[-1e3, 0.0, 0.0]), Condition::EmptyRegion);
    let wide = ConvexSet::polytope(&Context::default(), 65, &[1.0; 65], &[1.0]).unwrap_err();
    assert_eq!(wide.condition(), Condition::Unsupported);
    // A cone that is flat, without an offset to measure by: the ray x = y >= 0.
    let (a, b) = ([1.0, -1.0, -1.0, 1.0, -1.0, 0.0], [0.0; 3]);
    assert_eq!(rank(2, &a, &b), 1);
    assert_eq!(support(2, &a, &b, &[1.0, 1.0, -1.0, -1.0])[0], inf);
    close(support(2, &a, &b, &[-1.0, -1.0])[0], 0.0);
    assert_eq!(bad(&[1.0, 0.0], &[0.0, 1.0]), Condition::Shape);
    assert_eq!(bad(&[1.0, f64::NAN], &[0.0]), Condition::Nonfinite);
}

#[test]
fn bad_sets() {
    let condition = |set: Result<ConvexSet>| set.unwrap_err().condition();
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    assert_eq!(condition(ConvexSet::points(2, &[])), Condition::EmptyRegion);
    assert_eq!(condition(ConvexSet::vertices(2, &[1.0])), Condition::Shape);
    assert_eq!(condition(ConvexSet::vertices(0, &[1.0])), Condition::Shape);
    assert_eq!(condition(ConvexSet::frame(1, &[inf])), Condition::Nonfinite);
    assert_eq!(condition(ConvexSet::boxed(&[nan], &[1.0])), Condition::Nonfinite);
    assert_eq!(condition(ConvexSet::boxed(&[0.0], &[-1e-300])), Condition::BadRegion);
    assert_eq!(condition(ConvexSet::boxed(&[0.0], &[1.0, 1.0])), Condition::Shape);
    assert_eq!(condition(ConvexSet::boxed(&[], &[])), Condition::Shape);
    assert_eq!(condition(ConvexSet::ball(&[0.0], -1.0, Norm::One)), Condition::BadRegion);
    assert_eq!(condition(ConvexSet::ball(&[0.0], nan, Norm::One)), Condition::Nonfinite);
    assert_eq!(Norm::of(3.0).unwrap_err().condition(), Condition::Unsupported);
    assert_eq!(condition(ConvexSet::corner_simplex(&[0.0], -1.0)), Condition::BadRegion);
    assert_eq!(condition(ConvexSet::probability_simplex(0, 1.0)), Condition::Shape);
    assert_eq!(condition(ConvexSet::zonotope(&[0.0; 2], &[1.0; 3])), Condition::Shape);
    assert_eq!(condition(ConvexSet::ellipsoid(&[0.0; 2], &[inf; 2])), Condition::Nonfinite);
    let one = ConvexSet::points(1, &[2.0]).unwrap();
    let two = ConvexSet::points(2, &[1e200, 1.0]).unwrap();
    assert_eq!(condition(one.sum(&two)), Condition::DimMismatch);
    assert_eq!(condition(ConvexSet::hull(&[&one, &two])), Condition::DimMismatch);
    assert_eq!(condition(ConvexSet::hull(&[])), Condition::EmptyRegion);
    assert_eq!(condition(ConvexSet::product(&[])), Condition::EmptyRegion);
    assert_eq!(condition(one.scaled(-0.1)), Condition::BadRegion);
    assert_eq!(condition(one.scaled(1.5)), Condition::BadRegion);
    assert_eq!(condition(one.scaled(nan)), Condition::Nonfinite);
    assert_eq!(condition(two.image(&[1e200, 0.0], None)), Condition::Nonfinite);
    assert_eq!(condition(two.image(&[1.0], None)), Condition::Shape);
    assert_eq!(condition(two.image(&[1.0, 1.0], Some(&[1.0, 2.0]))), Condition::Shape);
    assert_eq!(condition(one.with_rays(&[nan])), Condition::Nonfinite);
    assert_eq!(two.support(&[1e200, 0.0]).unwrap_err().condition(), Condition::Nonfinite);
    assert_eq!(two.support(&[1.0]).unwrap_err().condition(), Condition::Shape);
}

#[test]
fn values_that_are_not_finite_have_no_range() {
    let points = ConvexSet::points(1, &[0.0, 1.0, 2.0]).unwrap();
    let cube = ConvexSet::boxed(&[0.0; 2], &[1.0; 2]).unwrap();
    let ray = ConvexSet::points(1, &[0.0, 1.0]).unwrap().with_rays(&[1.0]).unwrap();
    for set in [&points, &cube, &ConvexSet::hull(&[&points, &ray]).unwrap()] {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for row in 0..set.n_rows() {
                let mut values = vec![1.0; 2 * set.n_rows()];
                values[2 * row] = bad;
                let (mut lo, mut hi) = ([0.0; 2], [0.0; 2]);
                set.shape().range(&values, 2, &mut lo, &mut hi);
                assert!(lo[0].is_nan() && hi[0].is_nan() && lo[1].is_finite(), "{bad} in row {row}");
            }
        }
    }
    let (mut lo, mut hi) = ([0.0f64], [0.0f64]);
    cube.shape().range(&[0.0, 1e308, 1e308], 1, &mut lo, &mut hi);
    assert!(lo[0].is_nan() && hi[0].is_nan());
    let ball = ConvexSet::ball(&[0.0; 2], 1.0, Norm::Two).unwrap();
    for size in [1e-200, 1.0, 1e200] {
        ball.shape().range(&[0.0, 3.0 * size, 4.0 * size], 1, &mut lo, &mut hi);
        assert!((hi[0] - 5.0 * size).abs() <= 1e-15 * hi[0] && lo[0] == -hi[0]);
    }
}

/// Every instruction set, any number of columns: against the ends that `extreme` finds one by one.
#[test]
fn ranges_of_many_columns() {
    let points = numbers(3 * 37, 40);
    let hull = ConvexSet::frame(3, &points).unwrap();
    assert!(matches!(hull.shape(), Shape::Sum(_)));
    let sets = [
        ConvexSet::points(3, &points).unwrap(),
        ConvexSet::corner_simplex(&[0.1, 0.2, 0.3], 1.0).unwrap(),
        ConvexSet::ball(&[0.1, 0.2, 0.3], 1.0, Norm::One).unwrap(),
        ConvexSet::ball(&[0.1, 0.2, 0.3], 1.0, Norm::Two).unwrap(),
        ConvexSet::zonotope(&[0.1, 0.2, 0.3], &points).unwrap().sum(&hull).unwrap(),
        hull,
    ];
    for set in &sets {
        for n in [1, 15, 16, 17, 130, 300] {
            let directions = numbers(3 * n, 41);
            let values: Vec<f64> = set
                .rows()
                .chunks_exact(3)
                .flat_map(|row| directions.chunks_exact(3).map(move |a| dot(row, a)))
                .collect();
            for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
                let (mut lo, mut hi) = (vec![0.0; n], vec![0.0; n]);
                set.shape().range_with(&mut Scratch::new(isa), &values, n, &mut lo, &mut hi);
                for i in 0..n {
                    let value = |j: usize| values[j * n + i];
                    for (side, end) in [(Side::Low, lo[i]), (Side::High, hi[i])] {
                        let at: f64 =
                            set.shape().extreme(side, &value).terms.iter().map(|&(j, t)| t * value(j)).sum();
                        assert!(
                            (end - at).abs() <= 1e-13 * (1.0 + at.abs()),
                            "{isa:?} {n} {i}: {end} for {at}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_first_of_equal_corners_decides() {
    let set = ConvexSet::points(1, &[1.0, -1.0, -1.0, 1.0]).unwrap();
    let corner = |set: &ConvexSet, side| set.shape().extreme(side, &|j| set.rows()[j]).corner;
    assert_eq!((corner(&set, Side::Low), corner(&set, Side::High)), (Some(1), Some(0)));
    let set = ConvexSet::frame(1, &[1.0, -1.0, -1.0, 1.0]).unwrap();
    assert_eq!((corner(&set, Side::Low), corner(&set, Side::High)), (Some(1), Some(0)));
    let set = ConvexSet::corner_simplex(&[5.0], 1.0).unwrap();
    assert_eq!((corner(&set, Side::Low), corner(&set, Side::High)), (Some(0), Some(1)));
}

#[test]
fn a_box_by_hand() {
    let set = ConvexSet::boxed(&[1.0, 2.0], &[0.5, 0.0]).unwrap();
    // 3 x - 4 y: value on the rows (1, 2), (0.5, 0), (0, 0).
    let values = [-5.0, 1.5, 0.0];
    let (mut lo, mut hi) = ([0.0], [0.0]);
    set.shape().range(&values, 1, &mut lo, &mut hi);
    assert_eq!((lo, hi), ([-6.5], [-3.5]));
    assert_eq!(set.shape().extreme(Side::Low, &|j| values[j]).terms, [(0, 1.0), (1, -1.0)]);
    let moved = set.shape().shifted(3);
    let mut is_point = [false; 6];
    moved.mark_points(&mut is_point);
    assert_eq!(is_point, [false, false, false, true, false, false]);
}
