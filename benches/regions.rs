//! Partitions of the acceptance cases: milliseconds, and regions per second as throughput.
//!
//! Per case: counting only, with polygons and patterns, and with everything (affine maps and mesh too), on one thread.

#[path = "../tests/support/mod.rs"]
mod support;

use cpwl::regions::{PartitionOptions, Want, partition};
use cpwl::{Context, ContextOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const CASES: [&str; 4] =
    ["c01_relu_2-16-16-1", "c02_relu_2-64-64-64-1", "c12_wide_relu_2-256-256-1", "c11_big_relu_2-128x4-10"];

fn regions(c: &mut Criterion) {
    let ctx = Context::new(ContextOptions { threads: 1, ..Default::default() }).expect("a context");
    let kept = Want { polygons: true, patterns: true, ..Want::COUNT };
    for (what, want) in [("count", Want::COUNT), ("polygons+patterns", kept), ("everything", Want::ALL)] {
        let mut group = c.benchmark_group(format!("regions/{what}"));
        group.sample_size(10);
        for name in CASES {
            let case = support::load(name).expect("a case in scope");
            let options = PartitionOptions { want, max_regions: 0 };
            let run = || partition(&ctx, &case.net, &case.domain, &options).expect("a partition");
            group.throughput(Throughput::Elements(run().n_regions() as u64));
            group.bench_function(BenchmarkId::from_parameter(&case.name), |b| b.iter(run));
        }
        group.finish();
    }
}

criterion_group!(benches, regions);
criterion_main!(benches);
