//! Laws of the loss: central differences, threads, precisions, the definition.

use proptest::prelude::*;

use super::*;
use crate::context::{Context, ContextOptions};
use crate::simd::Isa;
use crate::view::{TensorMut, TensorRef};

/// A small problem of any kind.
#[derive(Clone, Debug)]
struct Case {
    shape: [usize; 3],
    features: Vec<f64>,
    head: Vec<f64>,
    bias: Option<Vec<f64>>,
    classes: Vec<i64>,
    shares: Vec<f64>,
    weights: Vec<f64>,
    options: Options,
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = (1usize..20, 1usize..50, 1usize..9);
    let numbers = |len: usize| prop::collection::vec(-2.0..2.0f64, len);
    let norms = prop_oneof![Just(Norm::None), Just(Norm::Features), Just(Norm::Cosine)];
    let eps = prop_oneof![Just(0.0), Just(1.0), 0.0..1.0f64];
    (sizes, norms, eps, any::<bool>(), -3.0..5.0f64, any::<bool>()).prop_flat_map(
        move |((b, n, k), norm, smoothing, bias, scale, mean)| {
            let classes = prop::collection::vec(0..n as i64, 2 * b);
            let shares = prop::collection::vec(0.0..1.0f64, b);
            let data = (numbers(b * k), numbers(n * k), numbers(n), classes, shares);
            (data, prop::collection::vec(0.0..2.0f64, b), prop::collection::vec(0..5u8, b)).prop_map(
                move |((features, head, b_values, mut classes, share), weights, ignored)| {
                    // About a fifth of the rows, but not the first.
                    (1..b).filter(|&i| ignored[i] == 0).for_each(|i| classes[2 * i] = -100);
                    let reduction = if mean { Reduction::Mean } else { Reduction::Sum };
                    let scale = if norm == Norm::None { 1.0 } else { scale };
                    Case {
                        shape: [b, n, k],
                        features,
                        head,
                        bias: bias.then_some(b_values),
                        classes,
                        shares: share.iter().flat_map(|s| [*s, 1.0 - s]).collect(),
                        weights,
                        options: Options { smoothing, norm, scale, reduction, ..Options::default() },
                    }
                },
            )
        },
    )
}

/// Value, dF, dW, db, dscale.
type Found = (Loss, Vec<f64>, Vec<f64>, Vec<f64>);

impl Case {
    fn run(&self, ctx: &Context) -> Found {
        let [b, n, k] = self.shape;
        let (mut df, mut dw, mut db) = (vec![0.0; b * k], vec![0.0; n * k], vec![0.0; n]);
        let features = TensorRef::from_slice("features", &self.features, &[b, k]).unwrap();
        let head = TensorRef::from_slice("head", &self.head, &[n, k]).unwrap();
        let bias = self.bias.as_ref().map(|bias| TensorRef::from_slice("bias", bias, &[n]).unwrap());
        let targets = Targets::Mixed { classes: &self.classes, weights: &self.shares, per_row: 2 };
        let weights = Some(&self.weights[..]);
        let problem = Problem { features: &features, head: &head, bias: bias.as_ref(), targets, weights };
        let mut out = [
            TensorMut::from_slice("dF", &mut df, &[b, k]).unwrap(),
            TensorMut::from_slice("dW", &mut dw, &[n, k]).unwrap(),
            TensorMut::from_slice("db", &mut db, &[n]).unwrap(),
        ];
        let [f, w, b] = &mut out;
        let gradients =
            Gradients { features: Some(f), head: Some(w), bias: self.bias.is_some().then_some(b) };
        let found = loss(ctx, &problem, &self.options, gradients).unwrap();
        (found, df, dw, db)
    }
}

fn context(isa: Isa, threads: usize) -> Context {
    Context::new(ContextOptions { isa: Some(isa), threads, ..Default::default() }).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn gradients_are_those_of_central_differences(case in cases(), pick in any::<prop::sample::Index>()) {
        let ctx = context(Isa::detect(), 1);
        let (_, df, dw, db) = case.run(&ctx);
        let scale_gradient = case.run(&ctx).0.scale_gradient;
        let h = 1e-5;
        let slope = |f: &dyn Fn(&mut Case) -> &mut f64| {
            let at = |by: f64| {
                let mut moved = case.clone();
                *f(&mut moved) += by;
                moved.run(&ctx).0.loss
            };
            (at(h) - at(-h)) / (2.0 * h)
        };
        let check = |what: &str, got: f64, want: f64| {
            prop_assert!((got - want).abs() <= 2e-7 * want.abs().max(10.0), "{what}: {got} for {want}");
            Ok(())
        };
        let [b, n, k] = case.shape;
        let short = |rows: &[f64], i: usize| rows[i / k * k..][..k].iter().map(|x| x * x).sum::<f64>() < 0.1;
        let i = pick.index(b * k);
        if !(case.options.norm != Norm::None && short(&case.features, i)) {
            check("dF", df[i], slope(&|c| &mut c.features[i]))?;
        }
        let j = pick.index(n * k);
        if !(case.options.norm == Norm::Cosine && short(&case.head, j)) {
            check("dW", dw[j], slope(&|c| &mut c.head[j]))?;
        }
        if case.bias.is_some() {
            let j = pick.index(n);
            check("db", db[j], slope(&|c| &mut c.bias.as_mut().unwrap()[j]))?;
        }
        check("dscale", scale_gradient, slope(&|c| &mut c.options.scale))?;
    }

    #[test]
    fn any_way_to_compute_it_agrees_with_the_definition(mut case in cases(), strip in 1usize..60) {
        case.options.entropy = true;
        let reference = Context::new(ContextOptions { reference: true, ..Default::default() }).unwrap();
        let want = case.run(&reference);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            case.options.strip = strip;
            let got = case.run(&context(isa, 1));
            let again = case.run(&context(isa, 3));
            let near = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-11 * b.abs().max(1.0));
            for (g, w) in [(&got.1, &want.1), (&got.2, &want.2), (&got.3, &want.3)] {
                prop_assert!(near(g, w), "{}", isa.name());
            }
            let (g, w) = (&got.0, &want.0);
            prop_assert!(near(&g.row_loss, &w.row_loss) && near(&g.entropy, &w.entropy));
            prop_assert!(near(&g.confidence, &w.confidence));
            prop_assert!(near(&[g.loss, g.scale_gradient], &[w.loss, w.scale_gradient]));
            prop_assert_eq!(g.valid, w.valid);
            prop_assert!(g.excess >= -1e-12 && g.floor == w.floor);
            // To the bit.
            prop_assert_eq!((&got.1, &got.2, &got.3), (&again.1, &again.2, &again.3));
            prop_assert_eq!(g.loss.to_bits(), again.0.loss.to_bits());
        }
    }

    #[test]
    fn a_step_is_the_loss_and_then_the_optimiser(case in cases(), decay in 0.0..0.5f64, clip in any::<bool>()) {
        let case = Case { bias: None, ..case };
        let ctx = context(Isa::detect(), 2);
        let (_, df, dw, _) = case.run(&ctx);
        let norm = dw.iter().map(|d| d * d).sum::<f64>().sqrt();
        let clip = if clip { norm / 3.0 } else { 0.0 };
        let factor = if clip > 0.0 && norm > 0.0 { 1.0 / 3.0 } else { 1.0 };
        let length = case.head.iter().map(|w| w * w).sum::<f64>().sqrt();
        let (rate, momentum, trust) = (0.1, 0.9, 0.01);
        let local = trust * length / (factor * norm + decay * length);
        let [b, n, k] = case.shape;
        for (optimizer, factor, decay_now) in [
            (Optimizer::Sgd { momentum }, factor, decay),
            (Optimizer::Lars { momentum, trust }, factor * local, decay * local),
        ] {
            if !factor.is_finite() || !decay_now.is_finite() {
                continue;
            }
            let (mut w, mut buffer) = (case.head.clone(), vec![0.5; n * k]);
            let mut df_step = vec![0.0; b * k];
            {
                let features = TensorRef::from_slice("features", &case.features, &[b, k]).unwrap();
                let targets = Targets::Mixed { classes: &case.classes, weights: &case.shares, per_row: 2 };
                let unused = TensorRef::from_slice::<f64>("head", &[], &[0, k]).unwrap();
                let weights = Some(&case.weights[..]);
                let problem = Problem { features: &features, head: &unused, bias: None, targets, weights };
                let update = Update { optimizer, rate, weight_decay: decay, clip };
                let mut first = TensorMut::from_slice("buffer", &mut buffer, &[n, k]).unwrap();
                let mut head = TensorMut::from_slice("head", &mut w, &[n, k]).unwrap();
                let mut out = TensorMut::from_slice("dF", &mut df_step, &[b, k]).unwrap();
                let state = State { first: &mut first, second: None };
                let gradients = Gradients { features: Some(&mut out), ..Default::default() };
                step(&ctx, &problem, &case.options, &update, &mut head, state, gradients).unwrap();
            }
            prop_assert_eq!(&df_step, &df);
            for i in 0..n * k {
                let d = factor * dw[i] + decay_now * case.head[i];
                let want = momentum * 0.5 + d;
                prop_assert!((buffer[i] - want).abs() <= 1e-12 * want.abs().max(1.0));
                let want = case.head[i] - rate * want;
                prop_assert!((w[i] - want).abs() <= 1e-12 * want.abs().max(1.0));
            }
        }
    }
}

#[test]
fn a_cancelled_call_and_a_memory_limit_are_errors() {
    let x = vec![1.0f32; 64];
    let features = TensorRef::from_slice("features", &x, &[8, 8]).unwrap();
    let problem = Problem {
        features: &features,
        head: &features,
        bias: None,
        targets: Targets::Labels(&[0; 8]),
        weights: None,
    };
    for (options, word) in [
        (ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() }, "CANCELLED"),
        (ContextOptions { memory_limit: 100, ..Default::default() }, "MEMORY_LIMIT"),
    ] {
        let ctx = Context::new(options).unwrap();
        let e = loss(&ctx, &problem, &Options::default(), Gradients::default()).unwrap_err();
        assert_eq!(e.condition().word(), word);
    }
}
