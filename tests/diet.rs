//! The acceptance cases of the room `diet`, through every instruction set, with 1 and 2 threads and by the reference.

#[path = "support/arrays.rs"]
mod support;

use cpwl::diet::{
    Gradients, Loss, Norm, Optimizer, Options, Partials, Problem, Reduction, Shard, State, Targets, Update,
    floor_entropy, loss, sampled_loss, shard_backward, shard_forward, step,
};
use cpwl::view::{Dtype, RawTensor, TensorMut, TensorRef};
use cpwl::{Condition, Context, ContextOptions};
use support::{Case, apart, cases, contexts, off};

/// The data of a case.
struct Data {
    shape: [usize; 3],
    features: Vec<f64>,
    head: Vec<f64>,
    bias: Option<Vec<f64>>,
    labels: Option<Vec<i64>>,
    mixed: Option<(Vec<i64>, Vec<f64>)>,
    weights: Option<Vec<f64>>,
    options: Options,
}

/// What came out.
struct Got {
    loss: Loss,
    features: Vec<f64>,
    head: Vec<f64>,
    bias: Vec<f64>,
}

impl Data {
    fn new(case: &Case) -> Self {
        let size = |key: &str| case.param(key).expect(key) as usize;
        let norm = match case.word("norm") {
            "features" => Norm::Features,
            "cosine" => Norm::Cosine,
            _ => Norm::None,
        };
        Data {
            shape: ["B", "N", "K"].map(size),
            features: case.floats("F").expect("F"),
            head: case.floats("W").expect("W"),
            bias: case.floats("bias"),
            labels: case.integers("y"),
            mixed: case.integers("t_idx").map(|c| (c, case.floats("t_w").expect("t_w"))),
            weights: case.floats("g"),
            options: Options {
                smoothing: case.param("eps").expect("eps"),
                reduction: if case.word("reduction") == "mean" { Reduction::Mean } else { Reduction::Sum },
                ignore_index: case.param("ignore_index").map_or(-100, |i| i as i64),
                norm,
                scale: case.param("sigma").unwrap_or(1.0),
                ..Options::default()
            },
        }
    }

    fn targets(&self) -> Targets<'_> {
        match (&self.labels, &self.mixed) {
            (Some(labels), _) => Targets::Labels(labels),
            (None, Some((classes, weights))) => {
                Targets::Mixed { classes, weights, per_row: classes.len() / self.shape[0] }
            }
            _ => panic!("no targets"),
        }
    }

    /// Calls `f` with the data in f64.
    fn with<R>(&self, f: impl FnOnce(&Problem) -> R) -> R {
        let [b, n, k] = self.shape;
        let features = TensorRef::from_slice("features", &self.features, &[b, k]).unwrap();
        let head = TensorRef::from_slice("head", &self.head, &[n, k]).unwrap();
        let bias = self.bias.as_ref().map(|bias| TensorRef::from_slice("bias", bias, &[n]).unwrap());
        f(&Problem {
            features: &features,
            head: &head,
            bias: bias.as_ref(),
            targets: self.targets(),
            weights: self.weights.as_deref(),
        })
    }

    /// Calls `f` with room for gradients.
    fn collect(&self, f: impl FnOnce(Gradients) -> cpwl::Result<Loss>) -> cpwl::Result<Got> {
        let [b, n, k] = self.shape;
        let (mut df, mut dw, mut db) = (vec![7.0; b * k], vec![7.0; n * k], vec![7.0; n]);
        let loss = {
            let mut features = TensorMut::from_slice("dF", &mut df, &[b, k])?;
            let mut head = TensorMut::from_slice("dW", &mut dw, &[n, k])?;
            let mut bias = TensorMut::from_slice("db", &mut db, &[n])?;
            f(Gradients {
                features: Some(&mut features),
                head: Some(&mut head),
                bias: self.bias.is_some().then_some(&mut bias),
            })
        };
        match loss {
            Ok(loss) => Ok(Got { loss, features: df, head: dw, bias: db }),
            Err(e) => {
                assert!(df.iter().chain(&dw).all(|&x| x == 7.0), "written before an error");
                Err(e)
            }
        }
    }

    fn run(&self, ctx: &Context, options: &Options) -> cpwl::Result<Got> {
        self.with(|problem| self.collect(|gradients| loss(ctx, problem, options, gradients)))
    }

    /// As over `shards` processes.
    fn sharded(&self, ctx: &Context, shards: usize) -> Got {
        let [b, n, k] = self.shape;
        let shards = shards.min(n);
        let range = |s: usize| n * s / shards..n * (s + 1) / shards;
        let each = |s: usize, f: &mut dyn FnMut(&Problem, Shard)| {
            let classes = range(s);
            self.with(|whole| {
                let rows = &self.head[classes.start * k..classes.end * k];
                let head = TensorRef::from_slice("head", rows, &[classes.len(), k]).unwrap();
                let bias = self.bias.as_ref().map(|bias| {
                    TensorRef::from_slice("bias", &bias[classes.clone()], &[classes.len()]).unwrap()
                });
                let problem = Problem { head: &head, bias: bias.as_ref(), ..*whole };
                f(&problem, Shard { first: classes.start, of: n });
            });
        };
        let mut merged: Option<Partials> = None;
        for s in 0..shards {
            each(s, &mut |problem, shard| {
                let flat = shard_forward(ctx, problem, &self.options, shard).unwrap().to_flat();
                let partials = Partials::from_flat(&flat).unwrap();
                match &mut merged {
                    None => merged = Some(partials),
                    Some(m) => m.merge(&partials).unwrap(),
                }
            });
        }
        let merged = merged.unwrap();
        let (mut df, mut dw, mut db, mut ds) = (vec![0.0; b * k], Vec::new(), Vec::new(), 0.0);
        let mut found = None;
        for s in 0..shards {
            each(s, &mut |problem, shard| {
                let part = Data { shape: [b, range(s).len(), k], ..self.empty() };
                let part = part.collect(|g| shard_backward(ctx, problem, &self.options, shard, &merged, g));
                let part = part.unwrap();
                df.iter_mut().zip(&part.features).for_each(|(d, p)| *d += p);
                dw.extend(part.head);
                db.extend(part.bias);
                ds += part.loss.scale_gradient;
                found = Some(part.loss);
            });
        }
        let loss = Loss { scale_gradient: ds, ..found.unwrap() };
        Got { loss, features: df, head: dw, bias: db }
    }

    /// Of these options, with a bias if there is one, and no data.
    fn empty(&self) -> Data {
        Data {
            features: Vec::new(),
            head: Vec::new(),
            bias: self.bias.as_ref().map(|_| Vec::new()),
            labels: None,
            mixed: None,
            weights: None,
            ..*self
        }
    }
}

fn check(who: &str, case: &Case, got: &Got, loss_gate: f64, gate: f64) {
    let who = format!("{} by {who}", case.name());
    let close = |what: &str, got: f64, gate: f64| assert!(got <= gate, "{who}: {what} is {got:e} off");
    let want = |key: &str| case.want(key).unwrap_or_else(|| panic!("{who}: no {key}"));
    if case.name() == "nan_row" {
        let nan = |row: usize, x: &[f64]| x.iter().all(|x| x.is_nan() == (row == 1));
        assert!(got.loss.loss.is_nan() && got.head.iter().all(|x| x.is_nan()), "{who}");
        assert!(got.features.chunks(case.param("K").unwrap() as usize).enumerate().all(|(i, x)| nan(i, x)));
        assert!(got.loss.row_loss.iter().enumerate().all(|(i, &x)| nan(i, &[x])), "{who}");
        assert_eq!(got.loss.nonfinite, 1);
    } else if case.word("reduction") != "none" {
        close("loss", off(got.loss.loss, case.expected("loss").unwrap()), loss_gate);
        if let Some(floor) = case.param("floor_entropy") {
            let n = case.param("N").unwrap() as usize;
            close("floor", off(floor_entropy(case.param("eps").unwrap(), n), floor), 1e-12);
        }
    }
    for (row, want) in want("row_loss").iter().enumerate() {
        close(&format!("loss of row {row}"), off(got.loss.row_loss[row], *want), loss_gate);
    }
    for (row, want) in want("lse").iter().enumerate() {
        close(&format!("lse of row {row}"), off(got.loss.lse[row], *want), loss_gate);
    }
    if case.name() == "at_optimum" {
        let most = got.features.iter().chain(&got.head).fold(0.0, |m: f64, x| m.max(x.abs()));
        return close("the largest gradient", most, gate);
    }
    if case.name() != "nan_row" {
        close("dF", apart(&got.features, &want("dF")), gate);
        close("dW", apart(&got.head, &want("dW")), gate);
    }
    if let Some(db) = case.want("db") {
        close("db", apart(&got.bias, &db), gate);
    }
    if let Some(ds) = case.expected("dsigma") {
        close("dsigma", (got.loss.scale_gradient / ds - 1.0).abs(), gate);
    }
}

/// Of the loss and of gradients, in f64.
fn gates(case: &Case) -> [f64; 2] {
    match case.name() {
        "huge_logits" => [1e-10, 1e-10],
        "at_optimum" => [1e-12, 1e-14],
        _ => [1e-12, 1e-12],
    }
}

#[test]
fn losses_and_gradients() {
    for case in cases("diet", "loss") {
        let data = Data::new(&case);
        for (who, ctx) in contexts() {
            let got = data.run(&ctx, &data.options).unwrap();
            let [loss, gate] = gates(&case);
            check(&who, &case, &got, loss, gate);
        }
    }
}

#[test]
fn any_strip_any_shards_and_kept_scores_give_the_same() {
    let ctx = Context::default();
    for case in cases("diet", "loss") {
        let data = Data::new(&case);
        let [loss, gate] = gates(&case);
        for strip in [1, 5, 64, 129] {
            if strip == 1 && data.shape[1] > 1000 {
                continue;
            }
            let got = data.run(&ctx, &Options { strip, ..data.options }).unwrap();
            check(&format!("strips of {strip}"), &case, &got, loss, gate);
        }
        let got = data.run(&ctx, &Options { workspace: usize::MAX, ..data.options }).unwrap();
        check("kept scores", &case, &got, loss, gate);
        for shards in [1, 2, 3, 7] {
            check(&format!("{shards} shards"), &case, &data.sharded(&ctx, shards), loss, gate);
        }
    }
}

/// The same data in another dtype, which holds them.
fn narrow(values: &[f64], dtype: Dtype) -> Vec<u8> {
    let bits = |x: f64| (x as f32).to_bits();
    match dtype {
        Dtype::F32 => values.iter().flat_map(|&x| bits(x).to_ne_bytes()).collect(),
        _ => values.iter().flat_map(|&x| ((bits(x) >> 16) as u16).to_ne_bytes()).collect(),
    }
}

#[test]
fn narrow_inputs() {
    for (name, dtype, loss_gate, gate) in [
        ("mid_f32exact", Dtype::F32, 2e-6, 1e-5),
        ("mid_bf16exact", Dtype::Bf16, 1e-5, 5e-3),
        ("at_optimum", Dtype::F32, 2e-6, 5e-6),
        ("at_optimum", Dtype::Bf16, 1e-2, f64::INFINITY),
    ] {
        for case in cases("diet", "loss").into_iter().filter(|c| c.name() == name) {
            let data = Data::new(&case);
            let [b, n, k] = data.shape;
            let bytes = [&data.features, &data.head].map(|v| narrow(v, dtype));
            for (who, ctx) in contexts() {
                let shapes = [[b as i64, k as i64], [n as i64, k as i64]];
                let tensor = |i: usize| {
                    let data = bytes[i].as_ptr().cast_mut();
                    let raw = RawTensor { data, byte_offset: 0, dtype, shape: &shapes[i], strides: None };
                    // SAFETY: `narrow` made all of its elements.
                    unsafe { TensorRef::from_raw("input", &raw) }.unwrap()
                };
                let (features, head) = (tensor(0), tensor(1));
                let got = data.with(|problem| {
                    let problem = Problem { features: &features, head: &head, ..*problem };
                    data.collect(|g| loss(&ctx, &problem, &data.options, g))
                });
                check(&format!("{who}, {}", dtype.name()), &case, &got.unwrap(), loss_gate, gate);
            }
        }
    }
}

#[test]
fn a_step_is_the_loss_and_then_the_optimiser() {
    for case in cases("diet", "adamw") {
        let data =
            Data { options: Options { ignore_index: -100, ..Data::new(&case).options }, ..Data::new(&case) };
        let param = |key: &str| case.param(key).unwrap();
        let update = Update {
            optimizer: Optimizer::AdamW {
                beta1: param("beta1"),
                beta2: param("beta2"),
                eps: param("adam_eps"),
                step: param("step") as u64,
            },
            rate: param("lr"),
            weight_decay: param("weight_decay"),
            clip: 0.0,
        };
        let [b, n, k] = data.shape;
        for (who, ctx) in contexts() {
            let (mut w, mut m, mut v) =
                (data.head.clone(), case.floats("m").unwrap(), case.floats("v").unwrap());
            let mut df = vec![0.0; b * k];
            let found = data.with(|problem| {
                let mut first = TensorMut::from_slice("m", &mut m, &[n, k]).unwrap();
                let mut second = TensorMut::from_slice("v", &mut v, &[n, k]).unwrap();
                let state = State { first: &mut first, second: Some(&mut second) };
                let mut head = TensorMut::from_slice("head", &mut w, &[n, k]).unwrap();
                let mut features = TensorMut::from_slice("dF", &mut df, &[b, k]).unwrap();
                let gradients = Gradients { features: Some(&mut features), ..Default::default() };
                step(&ctx, problem, &data.options, &update, &mut head, state, gradients).unwrap()
            });
            assert!(off(found.loss, case.expected("loss").unwrap()) <= 1e-12, "{who}");
            for (key, got) in [("dF", &df), ("W", &w), ("m", &m), ("v", &v)] {
                let apart = apart(got, &case.want(key).unwrap());
                assert!(apart <= 1e-12, "{} by {who}: {key} is {apart:e} off", case.name());
            }
        }
    }
}

#[test]
fn sampled_classes() {
    for case in cases("diet", "sampled") {
        let data = Data::new(&case);
        let others = case.integers("S").unwrap();
        for (who, ctx) in contexts() {
            let got =
                data.with(|problem| data.collect(|g| sampled_loss(&ctx, problem, &data.options, &others, g)));
            check(&who, &case, &got.unwrap(), 1e-12, 1e-12);
        }
    }
}

/// SplitMix64: numbers in [low, high), or below n.
fn generated(seed: u64, len: usize) -> impl Iterator<Item = u64> {
    let mut state = seed;
    (0..len).map(move |_| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    })
}

#[test]
fn many_classes_in_little_memory() {
    for case in cases("diet", "generated") {
        let size = |key: &str| case.param(key).unwrap() as usize;
        let [b, n, k] = ["B", "N", "K"].map(size);
        let unit = |x: u64| (x >> 11) as f64 / (1u64 << 53) as f64;
        let between = |seed: &str, len, low: f64, high: f64| -> Vec<f64> {
            generated(size(seed) as u64, len).map(|x| low + (high - low) * unit(x)).collect()
        };
        let data = Data {
            shape: [b, n, k],
            features: between("seed_F", b * k, -1.0, 1.0),
            head: between("seed_W", n * k, -0.5, 0.5),
            bias: None,
            labels: Some(generated(size("seed_y") as u64, b).map(|x| (x % n as u64) as i64).collect()),
            mixed: None,
            weights: None,
            options: Options::default(),
        };
        // Room for a sixteenth of the scores.
        let options = ContextOptions { memory_limit: b * n * 8 / 16, ..Default::default() };
        let got = data.run(&Context::new(options).unwrap(), &data.options).unwrap();
        assert!(off(got.loss.loss, case.expected("loss").unwrap()) <= 1e-12);
        assert!(apart(&got.features, &case.want("dF").unwrap()) <= 1e-12);
        assert!(apart(&got.loss.lse, &case.want("lse").unwrap()) <= 1e-12);
        let rows = case.want_integers("probe_rows").unwrap();
        let probe: Vec<f64> = rows.iter().flat_map(|&r| got.head[r as usize * k..][..k].to_vec()).collect();
        assert!(apart(&probe, &case.want("dW_probe").unwrap()) <= 1e-12);
        let mut sums = vec![0.0; k];
        got.head.chunks(k).for_each(|row| sums.iter_mut().zip(row).for_each(|(s, x)| *s += x));
        // Which are 0 but for rounding.
        let far =
            sums.iter().zip(case.want("dW_colsum").unwrap()).fold(0.0, |m: f64, (s, w)| m.max((s - w).abs()));
        assert!(far <= 1e-15, "column sums are {far:e} off");
        let norm = got.head.iter().map(|x| x * x).sum::<f64>().sqrt();
        assert!((norm / case.expected("dW_fro").unwrap() - 1.0).abs() <= 1e-12);
    }
}

#[test]
fn what_is_refused_is_refused_before_anything_is_written() {
    let case = cases("diet", "loss").into_iter().find(|c| c.name() == "small_eps0.8").unwrap();
    let data = Data::new(&case);
    let n = data.shape[1] as i64;
    let labels = |labels: [i64; 5]| Data { labels: Some(labels.to_vec()), ..Data::new(&case) };
    for (_, ctx) in contexts() {
        let refused = |data: &Data, options: &Options, words: &str| {
            let e = data.run(&ctx, options).err().expect("refused");
            assert_eq!(e.condition(), Condition::Argument);
            assert!(e.message().contains(words), "{e}");
        };
        refused(&labels([0, 1, n, 3, 4]), &data.options, "row 2");
        refused(&labels([0, 1, 2, 3, -1]), &data.options, "row 4");
        for smoothing in [-1e-9, 1.000_000_1, f64::NAN] {
            refused(&data, &Options { smoothing, ..data.options }, "smoothing");
        }
        refused(&data, &Options { scale: f64::NAN, ..data.options }, "scale");
        for bad in [[0.5, 0.499], [1.5, -0.5], [f64::NAN, 1.0], [f64::INFINITY, 0.0]] {
            let mut weights = vec![0.5; 10];
            weights[6..8].copy_from_slice(&bad);
            let data = Data { labels: None, mixed: Some((vec![1; 10], weights)), ..Data::new(&case) };
            refused(&data, &data.options, "row 3");
        }
        let data = Data { weights: Some(vec![1.0, 1.0, -1.0, 1.0, 1.0]), ..Data::new(&case) };
        refused(&data, &data.options, "row 2");
    }
}

#[test]
fn infinite_scores() {
    let case = cases("diet", "loss").into_iter().find(|c| c.name() == "small_masked_class").unwrap();
    for (who, ctx) in contexts() {
        let mut data = Data::new(&case);
        data.options.smoothing = 0.8;
        let got = data.run(&ctx, &data.options).unwrap();
        assert!(got.loss.row_loss.iter().all(|&l| l == f64::INFINITY), "{who}");
        assert!(got.features.iter().chain(&got.head).chain(&got.bias).all(|g| g.is_finite()), "{who}");
        assert_eq!(got.loss.nonfinite, 5);
        data.bias.as_mut().unwrap()[9] = f64::INFINITY;
        data.options.smoothing = 0.0;
        let got = data.run(&ctx, &data.options).unwrap();
        assert!(got.loss.row_loss.iter().all(|l| l.is_nan()), "{who}");
    }
}
