//! The acceptance cases of the room `prior`, through every instruction set, with 1 and 2 threads.

#[path = "support/arrays.rs"]
mod support;

use cpwl::prior::{
    ClusterMean, Diagnosis, DiagnosisOptions, Direction, Family, PriorGradients, PriorLoss, PriorOptions,
    SinkhornOptions, Views, cluster_mean, diagnose, entropy, fit_exponent, prior_loss, sinkhorn,
};
use cpwl::view::{Element, TensorMut, TensorRef};
use cpwl::{Condition, Context};
use support::{Case, apart, cases, contexts, off};

/// Loss, gradient by anchors and by prototypes.
type Found = (PriorLoss, Vec<f64>, Vec<f64>);

/// A case in some precision.
struct Data<T> {
    shape: [usize; 4],
    anchors: Vec<T>,
    targets: Vec<T>,
    protos: Vec<T>,
    prior: Vec<f64>,
    sink_prior: Vec<f64>,
    options: PriorOptions,
}

impl<T: Element> Data<T> {
    fn new(case: &Case, narrow: impl Fn(f64) -> T + Copy) -> Self {
        let size = |key: &str| case.param(key).expect(key) as usize;
        let param = |key: &str| case.param(key).expect(key);
        let floats = |key: &str| case.floats(key).expect(key).into_iter().map(narrow).collect();
        Data {
            shape: ["B", "V", "d", "K"].map(size),
            anchors: floats("anchors"),
            targets: floats("targets_in"),
            protos: floats("protos"),
            prior: case.floats("prior").unwrap(),
            sink_prior: case.floats("sink_prior").unwrap(),
            options: PriorOptions {
                temperature: param("tau"),
                sharpening: param("T"),
                sinkhorn: size("sink_iters"),
                weight: param("lam"),
                entropy_weight: param("ent_weight"),
                direction: match case.word("kl_dir") {
                    "prior_to_mean" => Direction::PriorToMean,
                    _ => Direction::MeanToPrior,
                },
                ..PriorOptions::default()
            },
        }
    }

    fn run(&self, ctx: &Context) -> cpwl::Result<Found> {
        self.run_with(ctx, &self.anchors, None)
    }

    /// With other anchors, and the mean of more than these.
    fn run_with(&self, ctx: &Context, anchors: &[T], log_mean: Option<&[f64]>) -> cpwl::Result<Found> {
        let [b, _, d, k] = self.shape;
        let m = anchors.len() / d;
        let (mut da, mut dc) = (vec![0.0; m * d], vec![0.0; k * d]);
        let anchors = TensorRef::from_slice("anchors", anchors, &[m, d])?;
        let targets = TensorRef::from_slice("targets", &self.targets, &[b, d])?;
        let prototypes = TensorRef::from_slice("prototypes", &self.protos, &[k, d])?;
        let views = Views {
            anchors: &anchors,
            targets: &targets,
            prototypes: &prototypes,
            prior: Some(&self.prior),
            sinkhorn_prior: Some(&self.sink_prior),
            log_mean,
        };
        let mut a = TensorMut::from_slice("d_anchors", &mut da, &[m, d])?;
        let mut c = TensorMut::from_slice("d_prototypes", &mut dc, &[k, d])?;
        let gradients = PriorGradients { anchors: Some(&mut a), prototypes: Some(&mut c) };
        let loss = prior_loss(ctx, &views, &self.options, gradients)?;
        Ok((loss, da, dc))
    }
}

#[test]
fn losses_and_gradients() {
    for case in cases("prior", "loss") {
        let data = Data::new(&case, |x| x);
        let [_, _, d, _] = data.shape;
        for (who, ctx) in contexts() {
            let (loss, da, dc) = data.run(&ctx).unwrap();
            let who = format!("{} by {who}", case.name());
            for (key, got) in [
                ("loss", loss.loss),
                ("ce", loss.cross_entropy),
                ("reg", loss.divergence),
                ("ent", loss.entropy),
            ] {
                let far = off(got, case.expected(key).unwrap());
                assert!(far <= 1e-12, "{who}: {key} is {far:e} off");
            }
            let gate = if case.name().starts_with("collapse") { 1e-9 } else { 1e-11 };
            let check = |key: &str, got: &[f64], want: &[f64]| {
                let far = apart(got, want);
                assert!(far <= gate, "{who}: {key} is {far:e} off");
            };
            check("log_pbar", &loss.log_mean, &case.want("log_pbar").unwrap());
            check("targets", &loss.targets, &case.want("targets").unwrap());
            check("d_protos", &dc, &case.want("d_protos").unwrap());
            let want = case.want("d_anchors").unwrap();
            if case.name() == "zero_anchor" {
                let rest = |x: &[f64]| [&x[..4 * d], &x[5 * d..]].concat();
                check("row 4", &da[4 * d..5 * d], &want[4 * d..5 * d]);
                check("other rows", &rest(&da), &rest(&want));
            } else {
                check("d_anchors", &da, &want);
            }
        }
    }
}

#[test]
fn in_single_precision() {
    for case in cases("prior", "loss") {
        let data = Data::new(&case, |x| x as f32);
        for (who, ctx) in contexts() {
            let (loss, da, dc) = data.run(&ctx).unwrap();
            let who = format!("{} by {who}", case.name());
            assert!(da.iter().chain(&dc).all(|g| g.is_finite()) && loss.loss.is_finite(), "{who}");
            for row in loss.targets.chunks(data.shape[3]) {
                assert!((row.iter().sum::<f64>() - 1.0).abs() <= 1e-5, "{who}: targets");
            }
            if case.name().starts_with("collapse") || case.name() == "zero_anchor" {
                continue;
            }
            let low = data.options.temperature < 0.05 || data.options.sharpening < 0.1;
            let [gate, of_gradients] = if low { [1e-3, 1e-2] } else { [1e-5, 1e-4] };
            let far = off(loss.loss, case.expected("loss").unwrap());
            assert!(far <= gate, "{who}: the loss is {far:e} off");
            for (key, got) in [("d_anchors", &da), ("d_protos", &dc)] {
                let far = apart(got, &case.want(key).unwrap());
                assert!(far <= of_gradients, "{who}: {key} is {far:e} off");
            }
        }
    }
}

#[test]
fn anchors_of_several_processes() {
    let ctx = Context::default();
    for case in cases("prior", "loss").into_iter().filter(|c| c.param("V") == Some(3.0)) {
        let data = Data::new(&case, |x: f64| x);
        let [b, v, d, k] = data.shape;
        let (whole, da, _) = data.run(&ctx).unwrap();
        // A process a view: each sees all images.
        let view = |i: usize| &data.anchors[i * b * d..(i + 1) * b * d];
        let mut pooled: Option<ClusterMean> = None;
        for i in 0..v {
            let anchors = TensorRef::from_slice("anchors", view(i), &[b, d]).unwrap();
            let prototypes = TensorRef::from_slice("prototypes", &data.protos, &[k, d]).unwrap();
            let mean = cluster_mean(&ctx, &anchors, &prototypes, data.options.temperature, false).unwrap();
            let mean = ClusterMean::from_flat(&mean.to_flat()).unwrap();
            match &mut pooled {
                None => pooled = Some(mean),
                Some(p) => p.merge(&mean).unwrap(),
            }
        }
        let log_mean = pooled.unwrap().log_mean();
        assert!(apart(&log_mean, &whole.log_mean) <= 1e-13);
        let mut total = 0.0;
        for i in 0..v {
            let (loss, mut own, _) = data.run_with(&ctx, view(i), Some(&log_mean)).unwrap();
            total += loss.loss / v as f64;
            // As data-parallel training averages them.
            own.iter_mut().for_each(|g| *g /= v as f64);
            let want = &da[i * b * d..(i + 1) * b * d];
            if case.name() != "zero_anchor" {
                assert!(apart(&own, want) <= 1e-11, "{}: process {i}", case.name());
            }
        }
        assert!(off(total, whole.loss) <= 1e-12, "{}", case.name());
    }
}

fn plan_of<T: Element>(
    ctx: &Context,
    scores: &[T],
    case: &Case,
    targets: bool,
    plan: &mut TensorMut,
) -> cpwl::prior::Balanced {
    let size = |key: &str| case.param(key).unwrap() as usize;
    let scores = TensorRef::from_slice("scores", scores, &[size("B"), size("K")]).unwrap();
    let options = SinkhornOptions {
        iterations: size("iters"),
        reg: case.param("reg").unwrap(),
        targets,
        ..Default::default()
    };
    let (a, b) = (case.floats("a").unwrap(), case.floats("b").unwrap());
    sinkhorn(ctx, &scores, Some(&a), Some(&b), &options, plan).unwrap()
}

#[test]
fn plans() {
    for case in cases("prior", "sinkhorn") {
        let scores = case.floats("logQ").unwrap();
        let narrow: Vec<f32> = scores.iter().map(|&x| x as f32).collect();
        let shape = ["B", "K"].map(|key| case.param(key).unwrap() as usize);
        for (who, ctx) in contexts() {
            for (targets, key) in [(false, "plan"), (true, "targets")] {
                let want = case.want(key).unwrap();
                let mut got = vec![7.0; want.len()];
                let mut plan = TensorMut::from_slice("plan", &mut got, &shape).unwrap();
                let found = plan_of(&ctx, &scores, &case, targets, &mut plan);
                let gate = if case.name() == "sink_extreme" { 1e-10 } else { 1e-12 };
                let most =
                    |got: &[f64]| got.iter().zip(&want).map(|(g, w)| (g - w).abs()).fold(0.0, f64::max);
                let scale = if targets { shape[0] as f64 } else { 1.0 };
                let far = most(&got) / scale;
                assert!(far <= gate, "{} by {who}: {key} is {far:e} off", case.name());
                assert!(found.row_error <= 1e-13, "{}: rows {:e}", case.name(), found.row_error);
                let want_error = case.expected("col_err").unwrap();
                assert!((found.column_error - want_error).abs() <= 1e-10, "{}", case.name());
                if case.name() == "sink_zero_prior" {
                    assert!(got.chunks(shape[1]).all(|row| row[5] == 0.0));
                }
                let mut got = vec![7.0f32; want.len()];
                let mut plan = TensorMut::from_slice("plan", &mut got, &shape).unwrap();
                plan_of(&ctx, &narrow, &case, targets, &mut plan);
                let got: Vec<f64> = got.into_iter().map(f64::from).collect();
                for row in got.chunks(shape[1]) {
                    let sum: f64 = row.iter().sum();
                    let want = if targets { 1.0 } else { 1.0 / shape[0] as f64 };
                    assert!((sum / want - 1.0).abs() <= 1e-5, "{}: a row of {sum}", case.name());
                }
                if case.name() != "sink_extreme" {
                    let far = most(&got) / scale;
                    assert!(far <= 1e-6, "{} by {who} in f32: {far:e} off", case.name());
                }
            }
        }
    }
}

#[test]
fn families() {
    for case in cases("prior", "family") {
        let param = |key: &str| case.param(key).expect(key);
        let family = match case.word("family") {
            "uniform" => Family::Uniform,
            "power_law" => Family::PowerLaw { exponent: param("tau") },
            "zipf_mandelbrot" => Family::ZipfMandelbrot { shift: param("q"), exponent: param("s") },
            "exponential" => Family::Exponential { ratio: param("ratio") },
            "step" => Family::Step { head: param("head") as usize, ratio: param("ratio") },
            "counts" => {
                let counts = case.integers("counts").unwrap().into_iter().map(|c| c as f64).collect();
                Family::Counts { counts, alpha: param("alpha") }
            }
            other => panic!("family {other}"),
        };
        let prior = family.prior(param("K") as usize).unwrap();
        for (got, want) in prior.iter().zip(case.want("prior").unwrap()) {
            assert!((got / want - 1.0).abs() <= 1e-14, "{}: {got} for {want}", case.name());
        }
        assert!(off(entropy(&prior), case.expected("entropy").unwrap()) <= 1e-14);
    }
}

#[test]
fn exponents() {
    let ctx = Context::default();
    for case in cases("prior", "fit") {
        let want = case.expected("tau_hat").unwrap();
        let mut p = case.floats("p").unwrap();
        for _ in 0..2 {
            let got = fit_exponent(&ctx, &p).unwrap();
            assert!(got == want || (got - want).abs() <= 1e-9, "{}: {got} for {want}", case.name());
            // In any order.
            p.reverse();
        }
    }
    assert_eq!(fit_exponent(&ctx, &[0.0, 3.0, 0.0]).unwrap(), f64::INFINITY);
    assert_eq!(fit_exponent(&ctx, &[2.0, 2.0]).unwrap(), 0.0);
    assert_eq!(fit_exponent(&ctx, &[5.0]).unwrap(), 0.0);
}

fn figures(d: &Diagnosis) -> [(&'static str, f64); 17] {
    [
        ("n", d.n),
        ("K", d.k as f64),
        ("H", d.entropy),
        ("kl_uniform", d.kl_uniform),
        ("kl_power_law", d.kl_power_law),
        ("tau_hat", d.exponent),
        ("tau_se", d.exponent_se),
        ("effective", d.effective),
        ("gini", d.gini),
        ("g_stat", d.g),
        ("g_dof", d.g_degrees),
        ("g_p", d.g_p),
        ("kl_uniform_debiased", d.kl_uniform_debiased),
        ("used", d.used as f64),
        ("head", d.head),
        ("tail", d.tail),
        ("H", d.effective.ln()),
    ]
}

#[test]
fn diagnoses() {
    for case in cases("prior", "diagnose") {
        let counts: Vec<f64> = case.integers("counts").unwrap().into_iter().map(|c| c as f64).collect();
        let null = case.param("null_replicates").unwrap() as usize;
        let options = DiagnosisOptions { null, seed: 3, ..Default::default() };
        let mut first = None;
        for (who, ctx) in contexts() {
            let got = diagnose(&ctx, &counts, &options).unwrap();
            for (key, got) in figures(&got) {
                let far = off(got, case.expected(key).unwrap());
                assert!(far <= 1e-10, "{} by {who}: {key} is {got}, {far:e} off", case.name());
            }
            if let Some(simulated) = got.null {
                let [mean, sd] = ["mean", "sd"].map(|k| case.expected(&format!("null_tau_{k}")).unwrap());
                let r = (null as f64).sqrt();
                assert!((simulated.mean - mean).abs() <= 4.0 * sd * (2.0f64).sqrt() / r);
                assert!((simulated.sd - sd).abs() <= 4.0 * sd / r);
                let q95 = case.expected("null_tau_q95").unwrap();
                assert!((simulated.q95 - q95).abs() <= 4.0 * 2.1 * sd * (2.0f64).sqrt() / r);
                assert!((0.05..0.3).contains(&simulated.p), "{simulated:?}");
                let same = *first.get_or_insert(simulated);
                assert!((same.mean - simulated.mean).abs() <= 1e-12);
            }
        }
    }
}

#[test]
fn what_is_refused() {
    let case = cases("prior", "loss").into_iter().find(|c| c.name() == "pmsn_pl0.25").unwrap();
    let ctx = Context::default();
    let data = || Data::new(&case, |x: f64| x);
    let refused = |data: Data<f64>, words: &str| {
        let e = data.run(&ctx).unwrap_err();
        assert!(e.condition() == Condition::Argument && e.message().contains(words), "{e}");
    };
    let with = |f: &dyn Fn(&mut Data<f64>)| {
        let mut data = data();
        f(&mut data);
        data
    };
    refused(with(&|d| d.prior[3] += 1e-5), "adds up to");
    refused(with(&|d| d.prior = vec![0.5; 3]), "expected 24");
    refused(with(&|d| d.prior[2] = -0.1), "prior[2]");
    refused(with(&|d| d.prior[2] = f64::NAN), "prior[2]");
    let zero = |d: &mut Data<f64>| {
        d.prior[0] += d.prior[5];
        d.prior[5] = 0.0;
    };
    refused(with(&zero), "prior[5] is 0");
    let allowed = with(&|d| {
        zero(d);
        d.options.direction = Direction::PriorToMean;
    });
    let (loss, da, dc) = allowed.run(&ctx).unwrap();
    assert!(loss.loss.is_finite() && da.iter().chain(&dc).all(|g| g.is_finite()));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(with(&|d| d.options.temperature = bad), "temperature");
        refused(with(&|d| d.options.sharpening = bad), "sharpening");
    }
    refused(with(&|d| d.options.weight = -0.5), "weight");
    let normalised = with(&|d| {
        d.prior.iter_mut().for_each(|p| *p *= 3.0);
        d.options.normalize = true;
    });
    assert!(off(normalised.run(&ctx).unwrap().0.loss, case.expected("loss").unwrap()) <= 1e-12);
    let e = data().run_with(&ctx, &data().anchors[..10 * 17], None).unwrap_err();
    assert_eq!(e.condition(), Condition::Argument);

    let plan = |scores: [f64; 4], a: [f64; 2], b: [f64; 2]| {
        let scores = TensorRef::from_slice("scores", &scores, &[2, 2]).unwrap();
        let mut out = [0.0; 4];
        let mut plan = TensorMut::from_slice("plan", &mut out, &[2, 2]).unwrap();
        let options = SinkhornOptions { iterations: 50, ..Default::default() };
        let found = sinkhorn(&ctx, &scores, Some(&a), Some(&b), &options, &mut plan);
        found.map(|_| out).map_err(|e| e.message().to_owned())
    };
    let (half, none) = ([0.5, 0.5], f64::NEG_INFINITY);
    assert!(plan([0.0; 4], [0.0, 1.0], half).unwrap_err().contains("rows[0]"));
    assert!(plan([0.0, 0.0, none, none], half, half).unwrap_err().contains("row 1"));
    assert!(plan([0.0, f64::NAN, 0.0, 0.0], half, half).unwrap_err().contains("row 0"));
    assert!(plan([0.0, none, 0.0, none], half, half).unwrap_err().contains("column 1"));
    let got = plan([0.0, none, 0.0, none], half, [1.0, 0.0]).unwrap();
    assert_eq!(got, [0.5, 0.0, 0.5, 0.0]);
    // Only the diagonal is open.
    assert_eq!(plan([3.0, none, none, -700.0], half, half).unwrap(), [0.5, 0.0, 0.0, 0.5]);
    assert!(diagnose(&ctx, &[0.0, 0.0], &DiagnosisOptions::default()).is_err());
    assert!(diagnose(&ctx, &[1.0, -1.0], &DiagnosisOptions::default()).is_err());
}
