//! Forward passes on one thread. Throughput is in floating-point operations (a product and a sum are two), so that
//! "Gelem/s" reads GFLOP/s; the floor is the peak of the core in that precision.

use cpwl::network::{Array, Builder, Network, NodeId, Pwl, Real, Window};
use cpwl::{Context, ContextOptions, Result};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ndarray::Array2;

/// Reproducible numbers in [-0.5, 0.5).
fn numbers(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

fn relu(b: &mut Builder, x: NodeId) -> Result<NodeId> {
    b.pointwise(x, vec![Pwl::leaky_relu(0.0)?])
}

/// A dense ReLU network with these widths.
fn mlp(widths: &[usize]) -> Result<Network> {
    let mut b = Builder::new(&widths[..1])?;
    for w in widths.windows(2) {
        let (weight, bias) = (numbers(w[0] * w[1]), numbers(w[1]));
        let z = b.dense(b.last(), Array::f32(weight), [w[1], w[0]], Some(Array::f32(bias)))?;
        relu(&mut b, z)?;
    }
    b.finish(b.last())
}

/// 3x32x32: two blocks of two 3x3 convolutions and a max-pool, then the mean of the image and a dense layer.
fn conv_net() -> Result<Network> {
    let mut b = Builder::new(&[3, 32, 32])?;
    let mut channels = 3;
    for out in [32, 64] {
        for _ in 0..2 {
            let (weight, bias) = (Array::f32(numbers(out * channels * 9)), Some(Array::f32(numbers(out))));
            let window = Window { padding: [1; 4], ..Window::new([3, 3]) };
            let z = b.conv2d(b.last(), weight, [out, channels, 3, 3], bias, window, 1)?;
            relu(&mut b, z)?;
            channels = out;
        }
        b.max_pool2d(b.last(), Window::pool([2, 2]), false)?;
    }
    b.global_avg_pool(b.last())?;
    b.flatten(b.last())?;
    b.dense(b.last(), Array::f32(numbers(640)), [10, 64], None)?;
    b.finish(b.last())
}

/// Floating-point operations of the dense and convolutional layers for one sample.
fn flops(net: &Network) -> u64 {
    let terms = |id: NodeId, node: &cpwl::network::Node| match node.op.name() {
        "dense" | "conv2d" => (0..node.len())
            .map(|i| {
                let mut terms = 0;
                net.row(id, i, |_, _, _| terms += 1);
                terms
            })
            .sum(),
        _ => 0u64,
    };
    2 * net.nodes().iter().enumerate().map(|(id, node)| terms(id, node)).sum::<u64>()
}

fn forward<T: Real>(c: &mut Criterion, name: &str, net: &Network, batch: usize) {
    let ctx = Context::new(ContextOptions { threads: 1, ..Default::default() }).unwrap();
    let x = numbers(batch * net.input_len()).into_iter().map(|v| T::of(v.into())).collect();
    let x = Array2::from_shape_vec((batch, net.input_len()), x).unwrap();
    let mut y = Array2::zeros((batch, net.output_len()));
    let mut group = c.benchmark_group("forward");
    group.throughput(Throughput::Elements(flops(net) * batch as u64));
    let precision = std::any::type_name::<T>();
    group.bench_function(format!("{name}/{precision}/batch {batch}"), |b| {
        b.iter(|| net.forward(&ctx, x.view(), y.view_mut()).unwrap())
    });
}

fn affine_map(c: &mut Criterion, name: &str, net: &Network) {
    let ctx = Context::new(ContextOptions { threads: 1, ..Default::default() }).unwrap();
    let x = numbers(net.input_len()).into_iter().map(f64::from).collect::<ndarray::Array1<_>>();
    let mut group = c.benchmark_group("affine map");
    group.throughput(Throughput::Elements(flops(net) * net.input_len() as u64));
    group.bench_function(name, |b| b.iter(|| net.affine_at(&ctx, x.view()).unwrap()));
}

fn benches(c: &mut Criterion) {
    let (wide, narrow, conv) =
        (mlp(&[784, 512, 512, 10]).unwrap(), mlp(&[2, 16, 16, 1]).unwrap(), conv_net().unwrap());
    for batch in [1, 1024] {
        forward::<f32>(c, "784-512-512-10", &wide, batch);
        forward::<f64>(c, "784-512-512-10", &wide, batch);
        forward::<f64>(c, "2-16-16-1", &narrow, batch);
    }
    for batch in [1, 16] {
        forward::<f32>(c, "conv 3x32x32", &conv, batch);
        forward::<f64>(c, "conv 3x32x32", &conv, batch);
    }
    affine_map(c, "784-512-512-10", &wide);
}

criterion_group! {
    name = network;
    config = Criterion::default().sample_size(20);
    targets = benches
}
criterion_main!(network);
