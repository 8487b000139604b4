//! Laws of the loss and of plans: central differences, permutations, scales, logarithms as the yardstick.

use proptest::prelude::*;

use super::*;
use crate::context::{Context, ContextOptions};
use crate::simd::Isa;
use crate::view::{TensorMut, TensorRef};

#[derive(Clone, Debug)]
struct Case {
    /// Images, views, d, prototypes.
    shape: [usize; 4],
    anchors: Vec<f64>,
    targets: Vec<f64>,
    prototypes: Vec<f64>,
    prior: Vec<f64>,
    options: PriorOptions,
}

fn cases() -> impl Strategy<Value = Case> {
    let numbers = |len: usize| prop::collection::vec(-1.0..1.0f64, len);
    let options = (0.05..0.5f64, 0.05..1.0f64, 0usize..4, 0.0..3.0f64, -0.5..0.5f64, any::<bool>());
    ((1usize..6, 1usize..4, 2usize..6, 2usize..40), options).prop_flat_map(
        move |((b, v, d, k), (temperature, sharpening, sinkhorn, weight, entropy_weight, reverse))| {
            let data = (numbers(b * v * d), numbers(b * d), numbers(k * d));
            (data, prop::collection::vec(0.01..1.0f64, k)).prop_map(
                move |((anchors, targets, prototypes), prior)| {
                    let direction = if reverse { Direction::PriorToMean } else { Direction::MeanToPrior };
                    let options = PriorOptions {
                        temperature,
                        sharpening,
                        sinkhorn,
                        weight,
                        entropy_weight,
                        direction,
                        normalize: true,
                        double: true,
                    };
                    Case { shape: [b, v, d, k], anchors, targets, prototypes, prior, options }
                },
            )
        },
    )
}

impl Case {
    fn run(&self, ctx: &Context) -> (PriorLoss, Vec<f64>, Vec<f64>) {
        let [b, v, d, k] = self.shape;
        let (mut da, mut dc) = (vec![0.0; b * v * d], vec![0.0; k * d]);
        let anchors = TensorRef::from_slice("anchors", &self.anchors, &[b * v, d]).unwrap();
        let targets = TensorRef::from_slice("targets", &self.targets, &[b, d]).unwrap();
        let prototypes = TensorRef::from_slice("prototypes", &self.prototypes, &[k, d]).unwrap();
        let views = Views {
            anchors: &anchors,
            targets: &targets,
            prototypes: &prototypes,
            prior: Some(&self.prior),
            sinkhorn_prior: None,
            log_mean: None,
        };
        let mut a = TensorMut::from_slice("d_anchors", &mut da, &[b * v, d]).unwrap();
        let mut c = TensorMut::from_slice("d_prototypes", &mut dc, &[k, d]).unwrap();
        let gradients = PriorGradients { anchors: Some(&mut a), prototypes: Some(&mut c) };
        let loss = prior_loss(ctx, &views, &self.options, gradients).unwrap();
        (loss, da, dc)
    }
}

fn context(isa: Isa, threads: usize) -> Context {
    Context::new(ContextOptions { isa: Some(isa), threads, ..Default::default() }).unwrap()
}

fn near(got: &[f64], want: &[f64], gate: f64) -> bool {
    got.iter().zip(want).all(|(g, w)| (g - w).abs() <= gate * w.abs().max(1.0))
}

/// The iterations as they are written, in logarithms.
fn by_definition(scores: &[f64], a: &[f64], b: &[f64], iterations: usize) -> Vec<f64> {
    let k = b.len();
    let lse = |terms: &dyn Fn(usize) -> f64, n: usize| {
        let most = (0..n).map(terms).fold(f64::NEG_INFINITY, f64::max);
        if most == f64::NEG_INFINITY {
            return most;
        }
        most + (0..n).map(|i| (terms(i) - most).exp()).sum::<f64>().ln()
    };
    let (mut u, mut v) = (vec![0.0; a.len()], vec![0.0; k]);
    for _ in 0..iterations {
        for j in 0..k {
            let sum = lse(&|i| scores[i * k + j] + u[i], a.len());
            v[j] = if b[j] > 0.0 { b[j].ln() - sum } else { f64::NEG_INFINITY };
        }
        for i in 0..a.len() {
            u[i] = a[i].ln() - lse(&|j| scores[i * k + j] + v[j], k);
        }
    }
    (0..scores.len()).map(|at| (scores[at] + u[at / k] + v[at % k]).exp()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gradients_are_those_of_central_differences(
        mut case in cases(), pick in any::<prop::sample::Index>(),
    ) {
        // Balanced targets do not depend on anchors, but on prototypes, from which they take no gradient.
        let ctx = context(Isa::detect(), 1);
        let (_, da, _) = case.run(&ctx);
        let [b, v, d, _] = case.shape;
        let i = pick.index(b * v * d);
        let row = &case.anchors[i / d * d..][..d];
        prop_assume!(row.iter().map(|x| x * x).sum::<f64>() > 0.05);
        let h = 1e-6;
        let mut at = |by: f64| {
            case.anchors[i] += by;
            let loss = case.run(&ctx).0.loss;
            case.anchors[i] -= by;
            loss
        };
        let want = (at(h) - at(-h)) / (2.0 * h);
        prop_assert!((da[i] - want).abs() <= 1e-6 * want.abs().max(10.0), "{} for {want}", da[i]);
    }

    #[test]
    fn instruction_sets_and_threads_agree(case in cases()) {
        let want = case.run(&context(Isa::Portable, 1));
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let (got, again) = (case.run(&context(isa, 1)), case.run(&context(isa, 3)));
            prop_assert!(near(&[got.0.loss], &[want.0.loss], 1e-12));
            prop_assert!(near(&got.1, &want.1, 1e-10) && near(&got.2, &want.2, 1e-10));
            prop_assert_eq!(got.0.loss.to_bits(), again.0.loss.to_bits());
            prop_assert_eq!((&got.1, &got.2), (&again.1, &again.2));
        }
    }

    #[test]
    fn names_of_prototypes_and_lengths_do_not_matter(case in cases(), turn in 1usize..40, by in 0.01..50.0f64) {
        let ctx = context(Isa::detect(), 1);
        let want = case.run(&ctx);
        let [_, _, d, k] = case.shape;
        let turn = turn % k;
        let mut other = case.clone();
        other.prototypes.rotate_left(turn * d);
        other.prior.rotate_left(turn);
        other.anchors.iter_mut().for_each(|x| *x *= by);
        other.targets.iter_mut().for_each(|x| *x /= by);
        let (loss, da, mut dc) = other.run(&ctx);
        dc.rotate_right(turn * d);
        prop_assert!(near(&[loss.loss], &[want.0.loss], 1e-11));
        prop_assert!(near(&dc, &want.2, 1e-9));
        let scaled: Vec<f64> = da.iter().map(|g| g * by).collect();
        prop_assert!(near(&scaled, &want.1, 1e-9));
    }

    #[test]
    fn gradients_of_prototypes_are_at_right_angles_to_them(case in cases()) {
        let (_, _, dc) = case.run(&context(Isa::detect(), 1));
        let d = case.shape[2];
        for (c, g) in case.prototypes.chunks(d).zip(dc.chunks(d)) {
            let along: f64 = c.iter().zip(g).map(|(c, g)| c * g).sum();
            let size = g.iter().map(|g| g * g).sum::<f64>().sqrt();
            prop_assert!(along.abs() <= 1e-11 * size.max(1.0));
        }
    }

    #[test]
    fn plans_are_those_of_the_iterations_in_logarithms(
        (b, k) in (1usize..12, 1usize..40), spread in prop_oneof![Just(1.0), Just(30.0), Just(3000.0)],
        seed in any::<u64>(), iterations in 1usize..12, holes in any::<bool>(),
    ) {
        let unit = |i: usize| crate::random::uniform_pair(seed, i as u64);
        let mut scores: Vec<f64> = (0..b * k).map(|i| spread * (unit(i)[0] - 0.5)).collect();
        if holes && b > 1 && k > 1 {
            (0..b * k).filter(|i| i % k != i / k % k && unit(*i)[1] < 0.3).for_each(|i| scores[i] = f64::NEG_INFINITY);
        }
        let law = |n: usize, from: usize| {
            let w: Vec<f64> = (0..n).map(|i| 0.05 + unit(from + i)[1]).collect();
            let sum: f64 = w.iter().sum();
            w.iter().map(|w| w / sum).collect::<Vec<f64>>()
        };
        let (a, columns) = (law(b, 10_000), law(k, 20_000));
        for (isa, threads) in Isa::ALL.into_iter().filter(|i| i.available()).flat_map(|i| [(i, 1), (i, 3)]) {
            let mut out = vec![0.0; b * k];
            let z = TensorRef::from_slice("scores", &scores, &[b, k]).unwrap();
            let mut plan = TensorMut::from_slice("plan", &mut out, &[b, k]).unwrap();
            let options = SinkhornOptions { iterations, ..Default::default() };
            let found = sinkhorn(&context(isa, threads), &z, Some(&a), Some(&columns), &options, &mut plan);
            // A column that random holes closed has nowhere to come from.
            let Ok(found) = found else {
                prop_assert!(holes);
                continue;
            };
            let want = by_definition(&scores, &a, &columns, iterations);
            for (g, w) in out.iter().zip(&want) {
                prop_assert!((g - w).abs() <= 1e-11, "{g} for {w}");
            }
            prop_assert!(found.row_error <= 1e-13);
        }
    }
}

#[test]
fn laws_add_up_and_samples_repeat() {
    for (family, k) in [
        (Family::Dirichlet { alpha: 0.3, seed: 1 }, 50),
        (Family::Dirichlet { alpha: 1e-4, seed: 1 }, 50),
        (Family::Dirichlet { alpha: 40.0, seed: 1 }, 7),
        (Family::Exponential { ratio: 10.0 }, 1),
        (Family::PowerLaw { exponent: -2.0 }, 9),
    ] {
        let prior = family.prior(k).unwrap();
        assert!((prior.iter().sum::<f64>() - 1.0).abs() < 1e-14 && prior.iter().all(|p| *p >= 0.0));
        assert_eq!(prior, family.prior(k).unwrap());
    }
    // Mean 1 / k and variance (k - 1) / (k^2 (k alpha + 1)) of a Dirichlet variate.
    let (k, alpha) = (4, 0.5);
    let draws: Vec<f64> =
        (0..4000).map(|seed| Family::Dirichlet { alpha, seed }.prior(k).unwrap()[2]).collect();
    let mean = draws.iter().sum::<f64>() / 4000.0;
    let variance = draws.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / 4000.0;
    assert!((mean - 0.25).abs() < 0.016, "{mean}");
    assert!((variance / (3.0 / (16.0 * 3.0)) - 1.0).abs() < 0.1, "{variance}");
    for bad in [
        Family::PowerLaw { exponent: f64::NAN },
        Family::ZipfMandelbrot { shift: -1.0, exponent: 1.0 },
        Family::Exponential { ratio: 0.0 },
        Family::Step { head: 4, ratio: 2.0 },
        Family::Counts { counts: vec![0.0; 3], alpha: 0.0 },
        Family::Dirichlet { alpha: 0.0, seed: 0 },
    ] {
        assert!(bad.prior(3).is_err(), "{bad:?}");
    }
}

#[test]
fn intervals_cover_and_repeat_for_any_number_of_threads() {
    let counts: Vec<f64> = (1..=30).map(|k| (3000.0 / f64::from(k).powf(0.8)).round()).collect();
    let options = DiagnosisOptions { null: 200, bootstrap: 300, ..Default::default() };
    let run = |threads| diagnose(&context(Isa::detect(), threads), &counts, &options).unwrap();
    let (one, three) = (run(1), run(3));
    assert_eq!(one, three);
    let inside = |i: Option<Interval>, x: f64| i.is_some_and(|i| i.low < x && x < i.high);
    assert!(inside(one.exponent_interval, 0.8) && inside(one.effective_interval, one.effective));
    assert_eq!(one.null.unwrap().p, 1.0 / 201.0);
    // Of the law that they come from, they are nothing out of the ordinary.
    let null_prior = Family::PowerLaw { exponent: 0.8 }.prior(30).unwrap();
    let own = DiagnosisOptions { null_prior, bootstrap: 0, ..options };
    let p = diagnose(&context(Isa::detect(), 1), &counts, &own).unwrap().null.unwrap().p;
    assert!((0.05..0.95).contains(&p), "{p}");
}
