//! Sinkhorn (elements: numbers of the plan times readings of it) and the prototype loss at the sizes of MSN.

use cpwl::prior::{PriorGradients, PriorOptions, SinkhornOptions, Views, prior_loss, sinkhorn};
use cpwl::view::{TensorMut, TensorRef};
use cpwl::{Context, ContextOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Reproducible numbers in [-scale / 2, scale / 2).
fn numbers(n: usize, scale: f32) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 / (1 << 24) as f32 - 0.5) * scale
    };
    (0..n).map(|_| next()).collect()
}

fn context(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).expect("a context")
}

fn plans(c: &mut Criterion) {
    let mut group = c.benchmark_group("sinkhorn, 3 iterations");
    for (b, k) in [(64, 1024), (1024, 1024)] {
        let (narrow, mut plan) = (numbers(b * k, 8.0), vec![0.0f32; b * k]);
        let wide: Vec<f64> = narrow.iter().map(|&x| f64::from(x)).collect();
        let mut wide_plan = vec![0.0f64; b * k];
        group.throughput(Throughput::Elements((6 * b * k) as u64));
        let options = SinkhornOptions::default();
        for threads in [1, 2] {
            let ctx = context(threads);
            group.bench_function(BenchmarkId::new("f32", format!("{b} x {k}, {threads}")), |bench| {
                let z = TensorRef::from_slice("scores", &narrow, &[b, k]).expect("scores");
                bench.iter(|| {
                    let mut plan = TensorMut::from_slice("plan", &mut plan, &[b, k]).expect("a plan");
                    sinkhorn(&ctx, &z, None, None, &options, &mut plan).expect("a plan")
                });
            });
            group.bench_function(BenchmarkId::new("f64", format!("{b} x {k}, {threads}")), |bench| {
                let z = TensorRef::from_slice("scores", &wide, &[b, k]).expect("scores");
                bench.iter(|| {
                    let mut plan = TensorMut::from_slice("plan", &mut wide_plan, &[b, k]).expect("a plan");
                    sinkhorn(&ctx, &z, None, None, &options, &mut plan).expect("a plan")
                });
            });
        }
    }
}

fn losses(c: &mut Criterion) {
    let (b, v, k, d) = (64, 11, 1024, 256);
    let (x, t, p) = (numbers(b * v * d, 1.0), numbers(b * d, 1.0), numbers(k * d, 1.0));
    let mut group = c.benchmark_group("prior");
    group.throughput(Throughput::Elements((2 * (3 * v + 1) * b * k * d) as u64));
    for threads in [1, 2] {
        let ctx = context(threads);
        let (mut da, mut dc) = (vec![0.0f32; b * v * d], vec![0.0f32; k * d]);
        group.bench_function(BenchmarkId::new("loss and gradients", threads), |bench| {
            bench.iter(|| {
                let views = Views {
                    anchors: &TensorRef::from_slice("anchors", &x, &[b * v, d]).expect("anchors"),
                    targets: &TensorRef::from_slice("targets", &t, &[b, d]).expect("targets"),
                    prototypes: &TensorRef::from_slice("prototypes", &p, &[k, d]).expect("prototypes"),
                    prior: None,
                    sinkhorn_prior: None,
                    log_mean: None,
                };
                let mut a = TensorMut::from_slice("d_anchors", &mut da, &[b * v, d]).expect("d_anchors");
                let mut c = TensorMut::from_slice("d_prototypes", &mut dc, &[k, d]).expect("d_prototypes");
                let gradients = PriorGradients { anchors: Some(&mut a), prototypes: Some(&mut c) };
                prior_loss(&ctx, &views, &PriorOptions::default(), gradients).expect("a loss")
            });
        });
    }
}

criterion_group!(benches, plans, losses);
criterion_main!(benches);
