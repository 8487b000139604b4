//! Fast paths against the plain implementation, laws, gradients against central differences.

use super::*;
use crate::context::Context;
use crate::network::testing::{Rng, reference, threads};
use crate::view::TensorRef;

pub(super) fn data(seed: u64, n: usize, d: usize) -> Vec<f64> {
    let mut rng = Rng(seed);
    (0..n * d).map(|_| rng.real() + rng.real()).collect()
}

/// y that depends on x.
fn mixed(x: &[f64], d: usize, seed: u64) -> Vec<f64> {
    let mut rng = Rng(seed);
    x.chunks_exact(d).flat_map(|r| [r[0] * r[0] + 0.3 * rng.real(), r[d - 1] + 0.5 * rng.real()]).collect()
}

const KERNELS: [Kernel; 9] = [
    Kernel::Linear,
    Kernel::Rbf { gamma: 0.3 },
    Kernel::LaplaceL1 { gamma: 0.2 },
    Kernel::ExpL2 { gamma: 0.4 },
    Kernel::RationalQuadratic { gamma: 0.4, alpha: 1.5 },
    Kernel::InverseMultiquadric { gamma: 0.6 },
    Kernel::Poly { gamma: 0.5, coef0: 1.0, degree: 3 },
    Kernel::Discrete,
    Kernel::Distance,
];

fn estimates(ctx: &Context, x: &[f64], dx: usize, kx: Kernel, y: &[f64], dy: usize, ky: Kernel) -> Estimates {
    let a = TensorRef::from_slice("x", x, &[x.len() / dx, dx]).unwrap();
    let b = TensorRef::from_slice("y", y, &[y.len() / dy, dy]).unwrap();
    hsic(ctx, &Variable::new(&a, kx), &Variable::new(&b, ky)).unwrap()
}

#[test]
fn tiles_are_the_definition() {
    for (n, d) in [(1, 1), (5, 2), (130, 3), (261, 20), (140, 600)] {
        let x = data(n as u64, n, d);
        let y = mixed(&x, d, 7);
        for kernel in KERNELS {
            let want = estimates(&reference(), &x, d, kernel, &y, 2, kernel);
            for count in [1, 3] {
                let got = estimates(&threads(count), &x, d, kernel, &y, 2, kernel);
                for (g, w) in got.biased.iter().zip(want.biased).chain(got.unbiased.iter().zip(want.unbiased))
                {
                    let size = got.biased[1].abs().max(got.biased[2].abs());
                    assert!(
                        (g - w).abs() <= 1e-12 * w.abs() + 1e-13 * size || g.is_nan() && w.is_nan(),
                        "{kernel:?} {n} x {d}: {g:e} for {w:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() {
    let (n, d) = (700, 12);
    let x = data(3, n, d);
    let y = mixed(&x, d, 4);
    let run = |count| {
        estimates(&threads(count), &x, d, Kernel::Rbf { gamma: 0.1 }, &y, 2, Kernel::Rbf { gamma: 0.5 })
    };
    let one = run(1);
    assert!([2, 3, 5].into_iter().all(|count| run(count) == one));
}

#[test]
fn single_precision_keeps_six_digits() {
    for (n, d) in [(1500, 1), (900, 64)] {
        let x: Vec<f32> = data(5, n, d).iter().map(|v| *v as f32).collect();
        let wide: Vec<f64> = x.iter().map(|v| f64::from(*v)).collect();
        let y: Vec<f32> = mixed(&wide, d, 6).iter().map(|v| *v as f32).collect();
        let wide_y: Vec<f64> = y.iter().map(|v| f64::from(*v)).collect();
        let (kx, ky) = (Kernel::Rbf { gamma: 0.5 / d as f64 }, Kernel::Rbf { gamma: 0.5 });
        let want = estimates(&threads(1), &wide, d, kx, &wide_y, 2, ky);
        let a = TensorRef::from_slice("x", &x, &[n, d]).unwrap();
        let b = TensorRef::from_slice("y", &y, &[n, 2]).unwrap();
        let got = hsic(&threads(2), &Variable::new(&a, kx), &Variable::new(&b, ky)).unwrap();
        for (g, w) in got.biased.iter().zip(want.biased) {
            assert!((g - w).abs() <= 5e-6 * w, "{n} x {d}: {g} for {w}");
        }
    }
}

#[test]
fn symmetric_and_blind_to_order_and_to_shifts() {
    let ctx = threads(1);
    let (n, d) = (150, 3);
    let x = data(8, n, d);
    let y = mixed(&x, d, 9);
    let k = Kernel::Rbf { gamma: 0.4 };
    let there = estimates(&ctx, &x, d, k, &y, 2, k);
    let back = estimates(&ctx, &y, 2, k, &x, d, k);
    assert!((there.biased[0] - back.biased[0]).abs() <= 1e-12 * there.biased[0]);
    let order = permutation(1, 0, n);
    let pick =
        |v: &[f64], d: usize| order.iter().flat_map(|i| v[i * d..(i + 1) * d].to_vec()).collect::<Vec<f64>>();
    let turned = estimates(&ctx, &pick(&x, d), d, k, &pick(&y, 2), 2, k);
    assert!((there.biased[0] - turned.biased[0]).abs() <= 1e-12 * there.biased[0]);
    let far: Vec<f64> = x.iter().map(|v| v + 1e6).collect();
    let moved = estimates(&ctx, &far, d, k, &y, 2, k);
    assert!((there.biased[0] - moved.biased[0]).abs() <= 1e-7 * there.biased[0]);
}

#[test]
fn products_of_kernels() {
    let ctx = threads(1);
    let (n, d) = (140, 4);
    let x = data(11, n, d);
    let y = mixed(&x, d, 12);
    // A Gaussian of all columns is the product of Gaussians of its parts.
    let part = |columns: std::ops::Range<usize>| -> Vec<f64> {
        x.chunks_exact(d).flat_map(|r| r[columns.clone()].to_vec()).collect()
    };
    let (left, right) = (part(0..1), part(1..4));
    let (k, l) = (Kernel::Rbf { gamma: 0.3 }, Kernel::LaplaceL1 { gamma: 0.5 });
    let a = TensorRef::from_slice("x", &left, &[n, 1]).unwrap();
    let b = TensorRef::from_slice("x", &right, &[n, 3]).unwrap();
    let c = TensorRef::from_slice("y", &y, &[n, 2]).unwrap();
    let got = hsic(&ctx, &Variable::new(&a, k).times(&b, k), &Variable::new(&c, l)).unwrap();
    let want = estimates(&ctx, &x, d, k, &y, 2, l);
    assert!((got.biased[0] - want.biased[0]).abs() <= 1e-13);
}

#[test]
fn a_given_gram_matrix() {
    let ctx = threads(1);
    let n = 140;
    let x = data(13, n, 2);
    let y = mixed(&x, 2, 14);
    let k = Kernel::Rbf { gamma: 0.7 };
    let square = |i: usize, j: usize| (0..2).map(|c| (x[2 * i + c] - x[2 * j + c]).powi(2)).sum::<f64>();
    let mut gram: Vec<f64> = (0..n * n).map(|e| (-0.7 * square(e / n, e % n)).exp()).collect();
    let got = estimates(&ctx, &gram, n, Kernel::Precomputed, &y, 2, k);
    let want = estimates(&ctx, &x, 2, k, &y, 2, k);
    assert!((got.unbiased[0] - want.unbiased[0]).abs() <= 1e-14);
    gram[1] += 0.1;
    let a = TensorRef::from_slice("x", &gram, &[n, n]).unwrap();
    let b = TensorRef::from_slice("y", &y, &[n, 2]).unwrap();
    let e = hsic(&ctx, &Variable::new(&a, Kernel::Precomputed), &Variable::new(&b, k)).unwrap_err();
    assert!(e.to_string().starts_with("[ARGUMENT] x[1, 0] is"), "{e}");
}

/// Gradients against central differences of the value.
#[test]
fn gradients_are_central_differences() {
    let ctx = threads(2);
    let (n, d) = (9, 2);
    let x = data(21, n, d);
    let y = mixed(&x, d, 22);
    let objectives = [
        Objective::Hsic(Estimator::BiasedN2),
        Objective::Hsic(Estimator::BiasedNm1),
        Objective::Hsic(Estimator::Unbiased),
        Objective::Cka(false),
        Objective::Cka(true),
    ];
    let run = |x: &[f64], y: &[f64], kernel: Kernel, objective| {
        let a = TensorRef::from_slice("x", x, &[n, d]).unwrap();
        let b = TensorRef::from_slice("y", y, &[n, 2]).unwrap();
        let other = Kernel::Rbf { gamma: 0.5 };
        gradient(&ctx, &Variable::new(&a, kernel), &Variable::new(&b, other), objective, true).unwrap()
    };
    for kernel in KERNELS.into_iter().filter(|k| *k != Kernel::Discrete) {
        for objective in objectives {
            let found = run(&x, &y, kernel, objective);
            let h = 1e-6;
            for (side, gradient) in [&found.x, &found.y].into_iter().enumerate() {
                let largest = gradient.iter().fold(0.0f64, |m, g| m.max(g.abs()));
                for e in 0..gradient.len() {
                    let at = |step: f64| {
                        let (mut x, mut y) = (x.clone(), y.clone());
                        if side == 0 {
                            x[e] += step
                        } else {
                            y[e] += step
                        }
                        run(&x, &y, kernel, objective).value
                    };
                    let central = (at(h) - at(-h)) / (2.0 * h);
                    let tolerance = 1e-6 * largest.max(1e-3 * found.value.abs());
                    assert!(
                        (gradient[e] - central).abs() <= tolerance,
                        "{kernel:?} {objective:?} {side}: {} for {central}",
                        gradient[e]
                    );
                }
            }
        }
    }
}

#[test]
fn a_gradient_of_many_rows_and_columns_and_in_gamma() {
    let ctx = threads(2);
    let (n, d) = (300, 530);
    let x = data(31, n, d);
    let y = mixed(&x, d, 32);
    let b = TensorRef::from_slice("y", &y, &[n, 2]).unwrap();
    for single in [false, true] {
        let narrow: Vec<f32> = x.iter().map(|v| *v as f32).collect();
        let narrow_y: Vec<f32> = y.iter().map(|v| *v as f32).collect();
        let run = |gamma: f64, x: &[f64]| {
            let k = Kernel::Rbf { gamma };
            let a = TensorRef::from_slice("x", x, &[n, d]).unwrap();
            gradient(
                &ctx,
                &Variable::new(&a, k),
                &Variable::new(&b, Kernel::LaplaceL1 { gamma: 0.5 }),
                Objective::Cka(true),
                true,
            )
            .unwrap()
        };
        let gamma = 0.5 / d as f64;
        let found = if single {
            let a = TensorRef::from_slice("x", &narrow, &[n, d]).unwrap();
            let b = TensorRef::from_slice("y", &narrow_y, &[n, 2]).unwrap();
            let (k, l) = (Kernel::Rbf { gamma }, Kernel::LaplaceL1 { gamma: 0.5 });
            gradient(&ctx, &Variable::new(&a, k), &Variable::new(&b, l), Objective::Cka(true), true).unwrap()
        } else {
            run(gamma, &x)
        };
        let tolerance = if single { 1e-4 } else { 1e-5 };
        let h = 1e-6 * gamma;
        let central = (run(gamma + h, &x).value - run(gamma - h, &x).value) / (2.0 * h);
        assert!(
            (found.gamma[0] - central).abs() <= 10.0 * tolerance * central.abs(),
            "{} for {central}",
            found.gamma[0]
        );
        // Along a direction, so that one difference checks all entries.
        let mut rng = Rng(33);
        let along: Vec<f64> = (0..n * d).map(|_| rng.real()).collect();
        let dot: f64 = along.iter().zip(&found.x[..]).map(|(a, g)| a * g).sum();
        let moved =
            |h: f64| run(gamma, &x.iter().zip(&along).map(|(x, a)| x + h * a).collect::<Vec<f64>>()).value;
        let central = (moved(1e-5) - moved(-1e-5)) / 2e-5;
        assert!((dot - central).abs() <= 10.0 * tolerance * central.abs(), "{dot} for {central}");
    }
}

#[test]
fn joint_independence_of_two_is_hsic_and_its_gradient() {
    let ctx = threads(2);
    let n = 160;
    let x = data(41, n, 2);
    let y = mixed(&x, 2, 42);
    let a = TensorRef::from_slice("x", &x, &[n, 2]).unwrap();
    let b = TensorRef::from_slice("y", &y, &[n, 2]).unwrap();
    for kernel in KERNELS {
        let two = [Variable::new(&a, kernel), Variable::new(&b, kernel)];
        let (got, want) = (dhsic(&ctx, &two).unwrap(), hsic(&ctx, &two[0], &two[1]).unwrap().biased[0]);
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{kernel:?}: {got} for {want}");
        if kernel == Kernel::Discrete {
            continue;
        }
        let (value, gradients) = dhsic_gradient(&ctx, &two).unwrap();
        let one = gradient(&ctx, &two[0], &two[1], Objective::Hsic(Estimator::BiasedN2), true).unwrap();
        assert_eq!(value, got);
        for (g, w) in gradients.iter().zip([&one.x, &one.y]) {
            let largest = w.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            assert!(g.iter().zip(&w[..]).all(|(g, w)| (g - w).abs() <= 1e-10 * largest), "{kernel:?}");
        }
    }
    assert!(dhsic(&ctx, &[Variable::new(&a, KERNELS[1])]).unwrap().abs() <= 1e-15);
}

#[test]
fn pairs_of_features_are_pairs_of_variables() {
    let (n, k) = (70, 9);
    let f = data(51, n, k);
    let gammas: Vec<f64> = (0..k).map(|a| 0.3 + 0.1 * a as f64).collect();
    let column = |a: usize| -> Vec<f64> { f.iter().skip(a).step_by(k).copied().collect() };
    let view = TensorRef::from_slice("f", &f, &[n, k]).unwrap();
    for (features, kernel) in [
        (FeatureKernel::Rbf, (|g| Kernel::Rbf { gamma: g }) as fn(f64) -> Kernel),
        (FeatureKernel::Laplace, |g| Kernel::LaplaceL1 { gamma: g }),
        (FeatureKernel::Linear, |_| Kernel::Linear),
    ] {
        for estimator in [Estimator::BiasedN2, Estimator::BiasedNm1, Estimator::Unbiased] {
            let got =
                [1, 3].map(|t| pairwise_hsic(&threads(t), &view, features, &gammas, estimator).unwrap());
            assert_eq!(got[0][..], got[1][..], "the same bits for any number of threads");
            let mut sum = 0.0;
            for a in 0..k {
                for b in 0..k {
                    let e = estimates(
                        &reference(),
                        &column(a),
                        1,
                        kernel(gammas[a]),
                        &column(b),
                        1,
                        kernel(gammas[b]),
                    );
                    let (g, w) = (got[0][a * k + b], e.hsic(estimator).unwrap());
                    assert!((g - w).abs() <= 1e-14, "{features:?} {estimator:?}: {g} for {w}");
                    sum += if a == b { 0.0 } else { g };
                }
            }
            if estimator == Estimator::BiasedN2 && features != FeatureKernel::Linear {
                let mean = pairwise_mean(&threads(2), &view, features, &gammas, false).unwrap();
                assert!((mean - sum / (k * (k - 1)) as f64).abs() <= 1e-15);
            }
        }
    }
    let cka = pairwise_cka(&threads(1), &view, FeatureKernel::Rbf, &gammas, false).unwrap();
    let want = (cka.iter().sum::<f64>() - k as f64) / (k * (k - 1)) as f64;
    let got = pairwise_mean(&threads(2), &view, FeatureKernel::Rbf, &gammas, true).unwrap();
    assert!((got - want).abs() <= 1e-14, "{got} for {want}");
}

#[test]
fn tests_of_pairs_are_tests_of_each() {
    let (n, k, count, seed) = (30, 4, 49, 5);
    let mut f = data(55, n, k);
    f.chunks_exact_mut(k).for_each(|r| r[2] = r[0] * r[0] + 0.1 * r[2]);
    let view = TensorRef::from_slice("f", &f, &[n, k]).unwrap();
    let got =
        [1, 2].map(|t| pairwise_test(&threads(t), &view, FeatureKernel::Rbf, &[0.8], count, seed).unwrap());
    assert_eq!(got[0][..], got[1][..]);
    let ctx = threads(1);
    for a in 0..k {
        for b in a + 1..k {
            let column = |c: usize| -> Vec<f64> { f.iter().skip(c).step_by(k).copied().collect() };
            let (x, y) = (column(a), column(b));
            let (x, y) = (
                TensorRef::from_slice("x", &x, &[n]).unwrap(),
                TensorRef::from_slice("y", &y, &[n]).unwrap(),
            );
            let kernel = Kernel::Rbf { gamma: 0.8 };
            let (x, y) = (Variable::new(&x, kernel), Variable::new(&y, kernel));
            let want =
                hsic_permutation_test(&ctx, &x, &y, false, Permutations::Random { count, seed }).unwrap();
            assert_eq!(got[0][a * k + b], want.p, "{a} {b}");
        }
    }
}

#[test]
fn gradients_of_means_over_pairs() {
    let ctx = threads(2);
    let (n, k) = (11, 4);
    let f = data(61, n, k);
    for features in [FeatureKernel::Rbf, FeatureKernel::Laplace] {
        for normalised in [false, true] {
            let run = |f: &[f64]| {
                let view = TensorRef::from_slice("f", f, &[n, k]).unwrap();
                pairwise_mean_gradient(&ctx, &view, features, &[0.6, 0.7, 0.8, 0.9], normalised).unwrap()
            };
            let found = run(&f);
            let largest = found.gradient.iter().fold(0.0f64, |m, v| m.max(v.abs()));
            for e in 0..n * k {
                let at = |h: f64| {
                    let mut moved = f.clone();
                    moved[e] += h;
                    run(&moved).mean
                };
                let central = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!(
                    (found.gradient[e] - central).abs() <= 1e-7 * largest,
                    "{features:?}: {} for {central}",
                    found.gradient[e]
                );
            }
        }
    }
}

#[test]
fn medians_by_sorting() {
    let ctx = threads(2);
    for n in [2, 3, 4, 75, 400] {
        let mut x = data(71, n, 2);
        x.chunks_exact_mut(2).take(n / 3).for_each(|r| r.fill(0.25));
        let view = TensorRef::from_slice("x", &x, &[n, 2]).unwrap();
        let mut d2: Vec<f64> = Vec::new();
        for i in 0..n {
            for j in 0..i {
                d2.push((x[2 * i] - x[2 * j]).powi(2) + (x[2 * i + 1] - x[2 * j + 1]).powi(2));
            }
        }
        d2.sort_by(f64::total_cmp);
        let middle = |v: &[f64]| {
            if v.len() % 2 == 1 { v[v.len() / 2] } else { 0.5 * (v[v.len() / 2 - 1] + v[v.len() / 2]) }
        };
        let nonzero: Vec<f64> = d2.iter().copied().filter(|d| *d > 0.0).collect();
        let roots: Vec<f64> = d2.iter().map(|d| d.sqrt()).collect();
        let wants = [
            (Bandwidth::Half, (d2[d2.len() / 2] / 2.0).sqrt()),
            (Bandwidth::Distance, middle(&roots)),
            (Bandwidth::Nonzero, (0.5 * middle(&nonzero)).sqrt()),
        ];
        for (rule, want) in wants {
            let got = bandwidth(&ctx, &view, rule, 0.0, 0).unwrap();
            assert!(
                (got.sigma - want).abs() <= 1e-15 * want && got.rows == n,
                "{rule:?} {n}: {} for {want}",
                got.sigma
            );
        }
    }
    let same = [1.0; 6];
    let view = TensorRef::from_slice("x", &same, &[6, 1]).unwrap();
    for rule in [Bandwidth::Half, Bandwidth::Distance, Bandwidth::Nonzero] {
        let e = bandwidth(&ctx, &view, rule, 0.0, 0).unwrap_err();
        assert_eq!(
            e.to_string(),
            "[ZERO_MEDIAN] x: the median distance of its rows is 0, and there is no fallback"
        );
        assert_eq!(bandwidth(&ctx, &view, rule, 0.001, 0).unwrap().sigma, 0.001);
    }
}

#[test]
fn permutations_kept_and_anew_agree_and_tests_are_calibrated() {
    let ctx = threads(2);
    let n = 2100;
    let x = data(81, n, 1);
    let y = data(82, n, 1);
    let a = TensorRef::from_slice("x", &x, &[n, 1]).unwrap();
    let b = TensorRef::from_slice("y", &y, &[n, 1]).unwrap();
    let k = Kernel::Rbf { gamma: 1.0 };
    let order = permutation(9, 3, n);
    let found = hsic_permutation_test(
        &ctx,
        &Variable::new(&a, k),
        &Variable::new(&b, k),
        false,
        Permutations::Given(&order),
    )
    .unwrap();
    let turned: Vec<f64> = order.iter().map(|&i| y[i]).collect();
    let want = estimates(&ctx, &x, 1, k, &turned, 1, k).biased[0];
    assert!((found.permuted[0] - want).abs() <= 1e-12 * want);
    // Under independence p is at most 0.05 in one case of twenty; 99 % of 300 trials lie in 6 .. 26.
    let (mut by_gamma, mut by_permutation) = (0, 0);
    for trial in 0..300 {
        let (x, y) = (data(1000 + trial, 40, 1), data(5000 + trial, 40, 1));
        let a = TensorRef::from_slice("x", &x, &[40, 1]).unwrap();
        let b = TensorRef::from_slice("y", &y, &[40, 1]).unwrap();
        let (a, b) = (Variable::new(&a, k), Variable::new(&b, k));
        by_gamma += i32::from(hsic_gamma_test(&ctx, &a, &b).unwrap().p <= 0.05);
        let random = Permutations::Random { count: 99, seed: trial };
        by_permutation += i32::from(hsic_permutation_test(&ctx, &a, &b, true, random).unwrap().p <= 0.05);
    }
    assert!(
        (6..=26).contains(&by_gamma) && (6..=26).contains(&by_permutation),
        "{by_gamma} {by_permutation}"
    );
}

#[test]
fn layers_over_batches() {
    let ctx = threads(2);
    let (n, d) = (40, 3);
    let x = data(91, n, d);
    let y = mixed(&x, d, 92);
    let mut cka = LayerCka::new(2, 1).unwrap();
    let mut stream = Stream::new();
    let (k, l) = (Kernel::Linear, Kernel::Rbf { gamma: 0.5 });
    for part in 0..2 {
        let rows = part * n / 2..(part + 1) * n / 2;
        let a = TensorRef::from_slice("x", &x[rows.start * d..rows.end * d], &[n / 2, d]).unwrap();
        let b = TensorRef::from_slice("y", &y[rows.start * 2..rows.end * 2], &[n / 2, 2]).unwrap();
        let layers = [Variable::new(&b, l), Variable::new(&a, k)];
        cka.push(&ctx, &layers, &[Variable::new(&b, l)]).unwrap();
        stream.push(&ctx, &layers[1], &layers[0]).unwrap();
    }
    let got = cka.cka().unwrap();
    assert!((got[0] - 1.0).abs() <= 1e-13);
    let want = stream.finish().unwrap().cka.unwrap();
    assert!((got[1] - want).abs() <= 1e-12, "{} for {want}", got[1]);
}

#[test]
fn what_has_no_value_says_so() {
    let ctx = threads(1);
    let k = Kernel::Rbf { gamma: 0.5 };
    let few = estimates(&ctx, &[1.0, 2.0, 4.0], 1, k, &[1.0, 0.0, 3.0], 1, k);
    let e = few.hsic(Estimator::Unbiased).unwrap_err();
    assert_eq!(e.to_string(), "[TOO_FEW] unbiased HSIC needs at least 4 rows; there are 3");
    assert!(few.unbiased[0].is_nan() && few.cka(true).is_err());
    for kernel in KERNELS {
        let x = data(1, 20, 1);
        let same = [0.1; 20];
        let e = estimates(&ctx, &x, 1, kernel, &same, 1, kernel);
        assert!(e.biased[0].abs() <= 1e-15 && e.unbiased[0].abs() <= 1e-15, "{kernel:?} {e:?}");
        assert!(e.cka(false).unwrap_err().to_string().starts_with("[UNDEFINED] CKA: HSIC of "), "{kernel:?}");
    }
    let x = TensorRef::from_slice("x", &[1.0, 2.0], &[2, 1]).unwrap();
    let bad = Variable::new(&x, Kernel::Rbf { gamma: 0.0 });
    let e = hsic(&ctx, &bad, &Variable::new(&x, k)).unwrap_err();
    assert_eq!(e.to_string(), "[ARGUMENT] x: gamma of the kernel is 0; expected a finite number > 0");
    let far = TensorRef::from_slice("x", &[1e200, -1e200], &[2, 1]).unwrap();
    assert!(
        hsic(&ctx, &Variable::new(&far, k), &Variable::new(&x, k))
            .unwrap_err()
            .to_string()
            .starts_with("[NONFINITE]")
    );
}
