//! Eigenvalues of symmetric matrices, on one thread and on all. Throughput is in the 4/3 K^3 operations of the reduction
//! to tridiagonal form, so that "Gelem/s" reads GFLOP/s; the floor is the f64 peak of the cores.
//!
//! With `CPWL_MATRICES=<folder>` the matrices are also written there (`eigh_K.bin`, K x K, little-endian f64), so that others
//! can be timed on the same ones.

use cpwl::linalg::eigh::{Symmetric, Triangle, decompose, tridiagonal_values, values};
use cpwl::{Context, ContextOptions};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

/// The Gram matrix of `2 n` rows of `n` reproducible numbers in [-0.5, 0.5), over n.
fn gram(n: usize) -> Vec<f64> {
    let mut state = 1u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
    };
    let rows = 2 * n;
    let x = Array2::from_shape_simple_fn((rows, n), next);
    let a: Vec<f64> = x.t().dot(&x).iter().map(|p| p / n as f64).collect();
    if let Ok(folder) = std::env::var("CPWL_MATRICES") {
        let bytes: Vec<u8> = a.iter().flat_map(|x| x.to_le_bytes()).collect();
        std::fs::write(format!("{folder}/eigh_{n}.bin"), bytes).expect("the folder can be written");
    }
    a
}

fn eigh(c: &mut Criterion) {
    let mut group = c.benchmark_group("eigh");
    group.sample_size(10);
    for n in [128usize, 512, 1024, 2048, 4096] {
        let a = gram(n);
        let matrix = Symmetric::new(&a, n, n, Triangle::Lower).expect("n x n");
        group.throughput(Throughput::Elements((n as u64).pow(3) * 4 / 3));
        for threads in [1, 0] {
            let ctx = Context::new(ContextOptions { threads, ..Default::default() }).expect("plain");
            let name = if threads == 1 { "1 thread" } else { "all threads" };
            group.bench_function(BenchmarkId::new(format!("values, {name}"), n), |b| {
                b.iter(|| values(&ctx, &ctx.meter(), &matrix).expect("finite"))
            });
            if n <= 1024 {
                group.bench_function(BenchmarkId::new(format!("vectors, {name}"), n), |b| {
                    b.iter(|| decompose(&ctx, &ctx.meter(), &matrix).expect("finite"))
                });
            }
        }
        group.bench_function(BenchmarkId::new("tridiagonal", n), |b| {
            let make = || (a[..n].to_vec(), a[n..2 * n].to_vec());
            b.iter_batched(
                make,
                |(mut d, mut e)| tridiagonal_values(&mut d, &mut e).expect("finite"),
                BatchSize::LargeInput,
            )
        });
    }
    group.finish();
}

criterion_group!(benches, eigh);
criterion_main!(benches);
