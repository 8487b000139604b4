//! The datum-index loss: "Gelem/s" reads GFLOP/s, 2 B N K of the loss, 8 B N K with gradients. Batch 256, features 512.

use cpwl::diet::{Gradients, Optimizer, Options, Problem, State, Targets, Update, loss, step};
use cpwl::view::{TensorMut, TensorRef};
use cpwl::{Context, ContextOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const B: usize = 256;
const K: usize = 512;

/// Reproducible numbers in [-0.1, 0.1).
fn numbers(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / (1 << 24) as f32 - 0.5) * 0.2
    };
    (0..n).map(|_| next()).collect()
}

fn losses(c: &mut Criterion) {
    let mut group = c.benchmark_group("diet");
    group.sample_size(10);
    for n in [5_000, 50_000] {
        let (f, mut w) = (numbers(B * K), numbers(n * K));
        let labels: Vec<i64> = (0..B).map(|i| (i * 131 % n) as i64).collect();
        let features = TensorRef::from_slice("features", &f, &[B, K]).expect("features");
        for threads in [1, 2] {
            let ctx = Context::new(ContextOptions { threads, ..Default::default() }).expect("a context");
            let id = |what: &str| BenchmarkId::new(what, format!("{n} x {threads}"));
            {
                let head = TensorRef::from_slice("head", &w, &[n, K]).expect("a head");
                let targets = Targets::Labels(&labels);
                let problem =
                    Problem { features: &features, head: &head, bias: None, targets, weights: None };
                group.throughput(Throughput::Elements((2 * B * n * K) as u64));
                let options = Options::default();
                group.bench_function(id("loss"), |b| {
                    b.iter(|| loss(&ctx, &problem, &options, Gradients::default()).expect("a loss"));
                });
                group.throughput(Throughput::Elements((8 * B * n * K) as u64));
                let (mut df, mut dw) = (vec![0.0f32; B * K], vec![0.0f32; n * K]);
                for (name, workspace) in [("gradients", 0), ("gradients, scores kept", usize::MAX)] {
                    let options = Options { workspace, ..options };
                    group.bench_function(id(name), |b| {
                        b.iter(|| {
                            let mut df = TensorMut::from_slice("dF", &mut df, &[B, K]).expect("dF");
                            let mut dw = TensorMut::from_slice("dW", &mut dw, &[n, K]).expect("dW");
                            let gradients =
                                Gradients { features: Some(&mut df), head: Some(&mut dw), bias: None };
                            loss(&ctx, &problem, &options, gradients).expect("a loss")
                        });
                    });
                }
            }
            let (mut m, mut v) = (vec![0.0f32; n * K], vec![0.0f32; n * K]);
            let optimizer = Optimizer::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8, step: 1 };
            let update = Update { optimizer, rate: 1e-6, weight_decay: 0.05, clip: 0.0 };
            group.bench_function(id("step of AdamW"), |b| {
                b.iter(|| {
                    let targets = Targets::Labels(&labels);
                    let problem =
                        Problem { features: &features, head: &features, bias: None, targets, weights: None };
                    let mut head = TensorMut::from_slice("head", &mut w, &[n, K]).expect("a head");
                    let mut first = TensorMut::from_slice("m", &mut m, &[n, K]).expect("m");
                    let mut second = TensorMut::from_slice("v", &mut v, &[n, K]).expect("v");
                    let state = State { first: &mut first, second: Some(&mut second) };
                    let none = Gradients::default();
                    step(&ctx, &problem, &Options::default(), &update, &mut head, state, none)
                        .expect("a step")
                });
            });
        }
    }
}

criterion_group!(benches, losses);
criterion_main!(benches);
