//! Linear regions in n dimensions: milliseconds, and regions per second as throughput, on one thread.
//!
//! Per network: counting only, and what an enumeration keeps by default (patterns, affine maps, facets, neighbours, interior
//! points). 8-32-32-1 has far more regions than anyone waits for: the first 20,000.

use std::sync::Arc;

use cpwl::network::{Array, Builder, Network, Pwl};
use cpwl::regions::{Body, EnumerationOptions, EnumerationWant, enumerate};
use cpwl::{Context, ContextOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const NETWORKS: [&[usize]; 4] = [&[3, 16, 16, 16, 1], &[5, 16, 16, 1], &[8, 32, 32, 1], &[10, 32, 32, 1]];
const MOST: u64 = 20_000;

/// A ReLU network with pseudo-random weights of the usual size: sums of twelve uniform numbers (splitmix64).
fn mlp(widths: &[usize]) -> Arc<Network> {
    let mut state = 1u64;
    let mut normal = move || {
        let mut uniform = || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        (0..12).map(|_| uniform()).sum::<f64>() / 2.0
    };
    let mut b = Builder::new(&[widths[0]]).expect("a builder");
    let mut x = 0;
    for (i, w) in widths.windows(2).enumerate() {
        if i > 0 {
            x = b.pointwise(x, vec![Pwl::leaky_relu(0.0).expect("a ReLU")]).expect("units");
        }
        let scale = (2.0 / w[0] as f64).sqrt();
        let weight = Array::f64((0..w[0] * w[1]).map(|_| scale * normal()).collect());
        let bias = Array::f64((0..w[1]).map(|_| 0.3 * normal()).collect());
        x = b.dense(x, weight, [w[1], w[0]], Some(bias)).expect("a layer");
    }
    Arc::new(b.finish(x).expect("a network"))
}

fn enumeration(c: &mut Criterion) {
    let ctx = Context::new(ContextOptions { threads: 1, ..Default::default() }).expect("a context");
    for (what, want) in [("count", EnumerationWant::COUNT), ("default", EnumerationWant::DEFAULT)] {
        let mut group = c.benchmark_group(format!("enumeration/{what}"));
        group.sample_size(10);
        for widths in NETWORKS {
            let (net, d) = (mlp(widths), widths[0]);
            let body = Body::boxed(&vec![-1.0; d], &vec![1.0; d]).expect("a box");
            let options =
                EnumerationOptions { want, max_regions: MOST, keep_partial: true, ..Default::default() };
            let run = || enumerate(&ctx, &net, &body, &options).expect("an enumeration");
            group.throughput(Throughput::Elements(run().n_regions() as u64));
            let name = widths.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
            group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(run));
        }
        group.finish();
    }
}

criterion_group!(benches, enumeration);
criterion_main!(benches);
