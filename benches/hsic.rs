//! HSIC and its kin. Floors: n^2 (d_x + d_y) multiplications and n^2 exponentials for one pair of variables; K^2 n^2 / 2 and
//! K n^2 / 2 for all pairs of features.

use cpwl::hsic::{
    Estimator, FeatureKernel, Kernel, Objective, Variable, VicregOptions, gradient, hsic, hsic_1d,
    pairwise_hsic, pairwise_mean, vicreg,
};
use cpwl::view::TensorRef;
use cpwl::{Context, ContextOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Reproducible numbers in [-1, 1).
fn numbers(len: usize, mut state: u64) -> Vec<f64> {
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

fn threads(threads: usize) -> Context {
    Context::new(ContextOptions { threads, ..Default::default() }).unwrap()
}

fn pairs_of_variables(c: &mut Criterion) {
    let mut group = c.benchmark_group("hsic");
    group.sample_size(10);
    for (n, d) in [(2000, 10), (2000, 128), (2000, 512), (8000, 10)] {
        let (x, y) = (numbers(n * d, 1), numbers(n * d, 2));
        let single: [Vec<f32>; 2] = [&x, &y].map(|v| v.iter().map(|v| *v as f32).collect());
        let kernel = Kernel::Rbf { gamma: 0.5 / d as f64 };
        group.throughput(Throughput::Elements((n * n) as u64));
        for count in [1, 2] {
            let ctx = threads(count);
            group.bench_function(
                BenchmarkId::new(format!("f64, {count} threads"), format!("{n} x {d}")),
                |b| {
                    let tensors = [&x, &y].map(|v| TensorRef::from_slice("x", v, &[n, d]).unwrap());
                    b.iter(|| {
                        hsic(&ctx, &Variable::new(&tensors[0], kernel), &Variable::new(&tensors[1], kernel))
                            .unwrap()
                    })
                },
            );
            group.bench_function(
                BenchmarkId::new(format!("f32, {count} threads"), format!("{n} x {d}")),
                |b| {
                    let tensors = single.each_ref().map(|v| TensorRef::from_slice("x", v, &[n, d]).unwrap());
                    b.iter(|| {
                        hsic(&ctx, &Variable::new(&tensors[0], kernel), &Variable::new(&tensors[1], kernel))
                            .unwrap()
                    })
                },
            );
        }
        let ctx = threads(2);
        group.bench_function(BenchmarkId::new("gradient, f32, 2 threads", format!("{n} x {d}")), |b| {
            let tensors = single.each_ref().map(|v| TensorRef::from_slice("x", v, &[n, d]).unwrap());
            let [a, b_] = tensors.each_ref().map(|t| Variable::new(t, kernel));
            b.iter(|| gradient(&ctx, &a, &b_, Objective::Hsic(Estimator::BiasedN2), true).unwrap())
        });
    }
    group.finish();
}

fn pairs_of_features(c: &mut Criterion) {
    let mut group = c.benchmark_group("pairwise");
    group.sample_size(10);
    let (n, ctx) = (512, threads(2));
    for k in [64, 256] {
        let f: Vec<f32> = numbers(n * k, 3).iter().map(|v| *v as f32).collect();
        let f = TensorRef::from_slice("f", &f, &[n, k]).unwrap();
        group.bench_function(BenchmarkId::new("matrix", k), |b| {
            b.iter(|| pairwise_hsic(&ctx, &f, FeatureKernel::Rbf, &[0.5], Estimator::BiasedN2).unwrap())
        });
        group.bench_function(BenchmarkId::new("mean", k), |b| {
            b.iter(|| pairwise_mean(&ctx, &f, FeatureKernel::Rbf, &[0.5], false).unwrap())
        });
    }
    group.finish();
}

fn one_dimension(c: &mut Criterion) {
    let mut group = c.benchmark_group("one dimension");
    group.sample_size(10);
    for n in [1000, 100_000] {
        let (x, y) = (numbers(n, 4), numbers(n, 5));
        let tensors = [&x, &y].map(|v| TensorRef::from_slice("x", v, &[n]).unwrap());
        for kernel in [Kernel::LaplaceL1 { gamma: 1.0 }, Kernel::Distance] {
            group.bench_function(BenchmarkId::new(format!("{kernel:?}"), n), |b| {
                let ctx = threads(1);
                let [x, y] = tensors.each_ref().map(|t| Variable::new(t, kernel));
                b.iter(|| hsic_1d(&ctx, &x, &y).unwrap())
            });
        }
    }
    group.finish();
}

fn losses(c: &mut Criterion) {
    let mut group = c.benchmark_group("vicreg");
    group.sample_size(10);
    let ctx = threads(2);
    for (n, d) in [(256, 2048), (1024, 1024)] {
        let views = [6, 7].map(|seed| numbers(n * d, seed).iter().map(|v| *v as f32).collect::<Vec<f32>>());
        let [a, b_] = views.each_ref().map(|v| TensorRef::from_slice("z", v, &[n, d]).unwrap());
        group.bench_function(BenchmarkId::new("forward and backward, f32", format!("{n} x {d}")), |b| {
            b.iter(|| vicreg::<f32>(&ctx, &a, &b_, &VicregOptions::default(), true).unwrap())
        });
    }
    group.finish();
}

criterion_group!(benches, pairs_of_variables, pairs_of_features, one_dimension, losses);
criterion_main!(benches);
