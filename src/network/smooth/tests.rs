use super::*;
use crate::error::Condition;
use crate::network::testing::Rng;

/// Points, and the values of the functions there (mpmath, 40 digits).
const POINTS: [f64; 9] = [-25.0, -5.5, -2.0, -0.625, -0.015625, 0.3125, 1.5, 4.0, 21.0];

#[rustfmt::skip]
const VALUES: [(Smooth, [f64; 9]); 15] = [
    (Smooth::Gelu, [0.0, -1.0444259356238245e-07, -0.04550026389635842, -0.16624095565543784, -0.0077151059453142235, 0.1945842870219241, 1.399789198096713, 3.9998733150326675, 21.0]),
    (Smooth::GeluTanh, [0.0, -5.9276402638802624e-09, -0.04540230591222498, -0.16627885004239948, -0.007715105964926623, 0.19458135580589261, 1.3995715769802328, 3.9999297540518075, 21.0]),
    (Smooth::Silu { beta: 1.0 }, [-3.4719859661927863e-10, -0.0223857574374287, -0.23840584404423512, -0.2179032095837161, -0.007751466085483117, 0.18046730162056618, 1.2263617142904655, 3.928055160151634, 20.999999984076624]),
    (Smooth::Silu { beta: 1.702 }, [-8.292964450406398e-18, -0.00047303654130853036, -0.06434137685579186, -0.1603709232924034, -0.007708624285970808, 0.19685009989863134, 1.3916621984470765, 3.995585275860419, 20.999999999999993]),
    (Smooth::Tanh, [-1.0, -0.9999665971563038, -0.9640275800758169, -0.5545997223493823, -0.015623728558408866, 0.3027097293321085, 0.9051482536448664, 0.999329299739067, 1.0]),
    (Smooth::Sigmoid, [1.3887943864771146e-11, 0.004070137715896128, 0.11920292202211756, 0.34864513533394575, 0.4960938294709195, 0.5774953651858118, 0.8175744761936437, 0.9820137900379085, 0.999999999241744]),
    (Smooth::Softplus { beta: 1.0, threshold: 20.0 }, [1.3887943864867583e-11, 0.0040784432705707205, 0.1269280110429725, 0.42870067827651864, 0.6853651978276345, 0.8615548622706682, 1.7014132779827524, 4.0181499279178094, 21.0]),
    (Smooth::Softplus { beta: 3.0, threshold: 1.0 }, [8.928789872693593e-34, 2.2752010477968576e-08, 0.0008252283792434832, 0.04755835253520051, 0.22332810454034788, 0.42265273586740687, 1.5, 4.0, 21.0]),
    (Smooth::Softplus { beta: 100.0, threshold: f64::INFINITY }, [0.0, 1.374152566130957e-241, 1.3838965267367375e-89, 7.187781739060989e-30, 0.001902991403795559, 0.3125000000000003, 1.5, 4.0, 21.0]),
    (Smooth::Elu { alpha: 1.0 }, [-0.9999999999861121, -0.995913228561536, -0.8646647167633873, -0.4647385714810098, -0.015503562994591593, 0.3125, 1.5, 4.0, 21.0]),
    (Smooth::Elu { alpha: 0.25 }, [-0.24999999999652803, -0.248978307140384, -0.21616617919084682, -0.11618464287025244, -0.0038758907486478983, 0.3125, 1.5, 4.0, 21.0]),
    (Smooth::Selu, [-1.7580993408229604, -1.7509143906752194, -1.520166468595695, -0.8170565761871148, -0.027256803881577266, 0.32834405854858767, 1.5760514810332207, 4.202803949421922, 22.06472073446509]),
    (Smooth::Celu { alpha: 2.0 }, [-1.999992546693656, -1.8721442775865849, -1.2642411176571153, -0.5367687421067164, -0.015564123479512975, 0.3125, 1.5, 4.0, 21.0]),
    (Smooth::Mish, [-3.4719859662168955e-10, -0.02243131361636677, -0.2525014826957089, -0.25264679684765073, -0.009296816698248852, 0.21783059688255188, 1.4033782663958025, 3.9974128069762385, 21.0]),
    (Smooth::HardSwish, [0.0, 0.0, -0.3333333333333333, -0.24739583333333334, -0.007771809895833333, 0.17252604166666666, 1.125, 4.0, 21.0]),
];

#[test]
fn elementary_functions_agree_with_mpmath() {
    let exps = [
        (-1e-9, 0.999999999),
        (-0.1, 0.9048374180359595),
        (-0.3465, 0.7071588192872713),
        (-0.34658, 0.7071022488445762),
        (-2.5, 0.0820849986238988),
        (-10.3, 3.363309518571897e-05),
        (-37.0, 8.533047625744066e-17),
        (-300.7, 2.556520571425501e-131),
        (-690.0, 2.171738281389827e-300),
    ];
    let logs = [
        (0.0, 0.0),
        (1e-12, 9.999999999995e-13),
        (0.001, 0.0009995003330835331),
        (0.25, 0.22314355131420976),
        (0.9, 0.6418538861723948),
        (1.0, std::f64::consts::LN_2),
    ];
    let erfs = [
        (1e-08, 1.1283791670955126e-08),
        (0.1, 0.1124629160182849),
        (0.5, 0.5204998778130465),
        (-1.7, -0.9837904585907745),
        (2.5, 0.999593047982555),
        (3.9, 0.9999999652077514),
        (-5.0, -0.9999999999984626),
        (5.9, 0.9999999999999999),
    ];
    let relative = |f: fn(f64) -> f64, table: &[(f64, f64)], bound: f64| {
        table.iter().for_each(|&(x, y)| assert!((f(x) - y).abs() <= bound * y.abs(), "{x}: {} {y}", f(x)));
    };
    relative(exp, &exps, 2f64.powi(-49));
    relative(ln_1p, &logs, 2f64.powi(-48));
    relative(erf, &erfs, 2f64.powi(-44));
    assert_eq!((exp(-701.0), erf(7.0)), (0.0, 1.0));
}

#[test]
fn values_agree_with_mpmath() {
    for (f, values) in VALUES {
        for (x, y) in POINTS.into_iter().zip(values) {
            assert!((f.value(x) - y).abs() <= 2f64.powi(-44) * (1.0 + x.abs()), "{f} at {x}: {}", f.value(x));
        }
    }
}

/// A second difference of the function.
fn bending(f: &Smooth, x: f64, h: f64) -> f64 {
    (f.value(x + h) - 2.0 * f.value(x) + f.value(x - h)) / (h * h)
}

/// Points around the bend of a function, apart from its breaks.
fn around(f: &Smooth, n: usize) -> impl Iterator<Item = f64> {
    let (f, width) = (*f, 40.0 / f.scale());
    let points = (0..n).map(move |i| width * ((i as f64 + 0.5) / n as f64 - 0.5));
    points.filter(move |x| f.breaks().iter().all(|b| (b - x).abs() > 2e-3 / f.scale()))
}

#[test]
fn second_derivatives_are_bounded() {
    for (f, _) in VALUES {
        let most = around(&f, 20_000).map(|x| bending(&f, x, 1e-3 / f.scale()).abs()).fold(0.0, f64::max);
        assert!(most <= f.curvature() * (1.0 + 1e-6), "{f}: {most}");
        assert!(most >= 0.3 * f.curvature(), "{f}: {most}");
    }
}

#[test]
fn the_bound_holds_and_is_sharp() {
    for (f, _) in VALUES {
        for knots in [2, 3, 4, 5, 6, 7, 11, 16, 33, 100] {
            let (p, bound) = Pwl::approximate(f, knots).unwrap();
            let far = [-1e6, -1e3, -100.0, 100.0, 1e3, 1e6].map(|x| x / f.scale());
            let points = around(&f, 200_001).chain(far).chain(p.knots().iter().copied());
            let most = points.map(|x| (f.value(x) - p.eval(x)).abs()).fold(0.0, f64::max);
            assert!(p.knots().len() <= knots);
            assert!(most <= bound, "{f} with {knots} knots: {most} > {bound}");
            assert!(most >= bound / 1.02, "{f} with {knots} knots: {most} << {bound}");
        }
    }
}

#[test]
fn pieces_meet_exactly_and_end_on_the_asymptotes() {
    for (f, _) in VALUES {
        for knots in [2, 3, 6, 40, 500] {
            let (p, _) = Pwl::approximate(f, knots).unwrap();
            // A fused multiply-add rounds once: the products are exact if it and the product agree.
            let at = |i: usize, t: f64| {
                let (s, o) = (p.slopes()[i], p.offsets()[i]);
                assert_eq!(s.mul_add(t, o), s * t + o);
                s * t + o
            };
            for (i, &t) in p.knots().iter().enumerate() {
                assert_eq!(at(i, t), at(i + 1, t), "{f} with {knots} knots, at {t}");
            }
            let last = p.knots().len();
            let ends = [p.slopes()[0], p.offsets()[0], p.slopes()[last], p.offsets()[last]];
            let [left, right] = [f.left(), f.right()];
            assert_eq!([ends[0], ends[2]], [left[0], right[0]]);
            // With one piece between the tails, dividing the rise leaves a rest.
            let rounding = if last > 2 { 1e-13 } else { 1e-9 };
            assert!(
                (ends[1] - left[1]).abs() <= rounding && (ends[3] - right[1]).abs() <= rounding,
                "{f} {knots}: {ends:?}"
            );
        }
    }
}

/// With many knots the least error is that of pieces of length h with h^2 |f''| / 16 equal on all of them.
#[test]
fn many_knots_are_as_good_as_theory_has_it() {
    for f in continuous() {
        let n = 40_000;
        let width = 40.0 / f.scale() / n as f64;
        let root: f64 = around(&f, n).map(|x| bending(&f, x, 1e-3 / f.scale()).abs().sqrt() * width).sum();
        let knots = 128;
        let theory = root * root / (16 * knots * knots) as f64;
        let (_, bound) = Pwl::approximate(f, knots).unwrap();
        assert!((0.97..1.1).contains(&(bound / theory)), "{f}: {bound:e}, in theory {theory:e}");
    }
}

/// The functions that do not jump.
fn continuous() -> impl Iterator<Item = Smooth> {
    VALUES.into_iter().map(|(f, _)| f).filter(|f| !matches!(f, Smooth::Softplus { threshold: 1.0, .. }))
}

/// No other function near by, with the same asymptotes and as many knots, is nearer.
#[test]
fn few_knots_cannot_be_moved_to_advantage() {
    let mut rng = Rng(7);
    for f in continuous() {
        let (p, bound) = Pwl::approximate(f, 5).unwrap();
        let m = p.knots().len();
        let points: Vec<[f64; 2]> = around(&f, 1500).map(|x| [x, f.value(x)]).collect();
        for _ in 0..400 {
            let size = 10f64.powf(2.0 * rng.real() - 2.0) / f.scale();
            let mut knots: Vec<[f64; 2]> = p.knots().iter().map(|&t| [t, p.eval(t)]).collect();
            for (i, k) in knots.iter_mut().enumerate() {
                k[0] += size * rng.real();
                k[1] = match i {
                    0 => f.left()[0] * k[0] + f.left()[1],
                    i if i == m - 1 => f.right()[0] * k[0] + f.right()[1],
                    _ => k[1] + size * rng.real(),
                };
            }
            if knots.windows(2).any(|k| k[1][0] <= k[0][0]) {
                continue;
            }
            let rise = |k: &[[f64; 2]]| (k[1][1] - k[0][1]) / (k[1][0] - k[0][0]);
            let slopes =
                [vec![f.left()[0]], knots.windows(2).map(rise).collect(), vec![f.right()[0]]].concat();
            let other = Pwl::new(knots.iter().map(|k| k[0]).collect(), slopes, knots[0][1]).unwrap();
            let most = points.iter().map(|&[x, y]| (y - other.eval(x)).abs()).fold(0.0, f64::max);
            assert!(most >= 0.97 * bound, "{f}: {other:?} is nearer than {p:?}: {most} {bound}");
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |f, knots, words: &str| {
        let e = Pwl::approximate(f, knots).unwrap_err();
        assert_eq!((e.condition(), e.message()), (Condition::Argument, words));
    };
    refused(Smooth::Gelu, 1, "knots is 1; expected 2 to 1024");
    refused(Smooth::Gelu, 1025, "knots is 1025; expected 2 to 1024");
    refused(Smooth::Elu { alpha: -1.0 }, 8, "elu: alpha is -1; expected 1/1024 to 1024");
    refused(Smooth::Celu { alpha: f64::NAN }, 8, "celu: alpha is NaN; expected 1/1024 to 1024");
    refused(Smooth::Silu { beta: f64::INFINITY }, 8, "silu: beta is inf; expected 1/1024 to 1024");
    let jump = Smooth::Softplus { beta: 1.0, threshold: -1.0 };
    refused(jump, 8, "softplus: threshold is -1; expected 0 or more");
}

#[test]
fn extreme_parameters() {
    for value in PARAMETER {
        for f in [
            Smooth::Silu { beta: value },
            Smooth::Softplus { beta: value, threshold: 0.0 },
            Smooth::Softplus { beta: value, threshold: 1e300 },
            Smooth::Elu { alpha: value },
            Smooth::Celu { alpha: value },
        ] {
            for knots in KNOTS {
                let (p, bound) = Pwl::approximate(f, knots).unwrap();
                assert!(p.knots().len() <= knots && bound > 0.0 && bound <= f.bend(), "{f} {knots}: {bound}");
            }
        }
    }
}
