//! Partitions and surfaces in space, on one thread: milliseconds, and cells per second as throughput.
//!
//! `3-16x3-1` is a random network with about as many vertices in [-1/2, 1/2]^3 as the one on which edge subdivision (the
//! peer, on a CPU) takes 0.46 s for the partition and 0.42 s for the surface.

use std::path::Path;
use std::sync::Arc;

use cpwl::network::{Array, Builder, Network, Pwl};
use cpwl::regions::solid::{SurfaceOptions, partition3, surface};
use cpwl::regions::{Body, PartitionOptions, Want};
use cpwl::{Context, ContextOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// Dense layers with uniform weights of the size that keeps signals alive, ReLU between them.
fn random_net(widths: &[usize]) -> Arc<Network> {
    let mut state = 12345u64;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let relu = Pwl::leaky_relu(0.0).expect("ReLU");
    let mut b = Builder::new(&[widths[0]]).expect("an input");
    for (i, w) in widths.windows(2).enumerate() {
        let gain = (6.0 / w[0] as f64).sqrt();
        let weight = (0..w[0] * w[1]).map(|_| gain * next()).collect();
        // Kinks spread over the domain, where signals are about 1/4.
        let bias = (0..w[1]).map(|_| 0.4 * next()).collect();
        b.dense(b.last(), Array::f64(weight), [w[1], w[0]], Some(Array::f64(bias))).expect("a layer");
        if i + 2 < widths.len() {
            b.pointwise(b.last(), vec![relu.clone()]).expect("units");
        }
    }
    Arc::new(b.finish(b.last()).expect("a network"))
}

fn trained(name: &str) -> Arc<Network> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/nets/{name}.onnx"));
    Arc::new(Network::from_onnx(&std::fs::read(path).expect("a network")).expect("a network"))
}

fn solids(c: &mut Criterion) {
    let ctx = Context::new(ContextOptions { threads: 1, ..Default::default() }).expect("a context");
    let cube = Body::boxed(&[-0.5; 3], &[0.5; 3]).expect("a box");
    let nets = [
        ("3-16x3-1", random_net(&[3, 16, 16, 16, 1])),
        ("sphere", trained("sphere")),
        ("torus", trained("torus")),
    ];
    for (name, net) in &nets {
        let p = partition3(&ctx, net, &cube, &PartitionOptions::default()).expect("a partition");
        let s = surface(&ctx, net, &cube, &SurfaceOptions::default()).expect("a surface");
        println!(
            "{name}: V {} E {} F {} C {}; surface V {} E {} F {}, {} cells looked at",
            p.vertices().len(),
            p.edges().len(),
            p.facet_areas().len(),
            p.n_regions(),
            s.vertices().len(),
            s.edges().len(),
            s.gradients().len(),
            s.n_cells(),
        );
    }
    for (what, want) in [("count", Want::COUNT), ("everything", Want::ALL)] {
        let mut group = c.benchmark_group(format!("solid/{what}"));
        group.sample_size(10);
        for (name, net) in &nets {
            let options = PartitionOptions { want, max_regions: 0 };
            let run = || partition3(&ctx, net, &cube, &options).expect("a partition");
            group.throughput(Throughput::Elements(run().n_regions() as u64));
            group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(run));
        }
        group.finish();
    }
    let mut group = c.benchmark_group("solid/surface");
    group.sample_size(10);
    for (name, net) in &nets {
        let run = || surface(&ctx, net, &cube, &SurfaceOptions::default()).expect("a surface");
        group.throughput(Throughput::Elements(run().n_cells()));
        group.bench_function(BenchmarkId::from_parameter(name), |b| b.iter(run));
    }
    group.finish();
}

criterion_group!(benches, solids);
criterion_main!(benches);
