//! Effective rank: Gram matrices against the multiply-add peak of a core and against matrixmultiply, updates of a state,
//! whole spectra. "Gelem/s" reads GFLOP/s: n k^2 of a Gram matrix (products and sums of a triangle).

use cpwl::rank::{Moments, SpectrumOptions, spectrum};
use cpwl::view::TensorRef;
use cpwl::{Context, ContextOptions, Isa};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};

/// Reproducible numbers in [-0.5, 0.5).
fn numbers(n: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..n).map(|_| next()).collect()
}

fn context(isa: Option<Isa>, threads: usize) -> Context {
    Context::new(ContextOptions { isa, threads, ..Default::default() }).expect("a context")
}

const SHAPES: [(usize, usize); 4] = [(4096, 256), (8192, 512), (512, 2048), (25600, 2048)];

/// What a core can do: multiply-adds on registers, 12 of them in flight.
#[cfg(target_arch = "x86_64")]
mod peak {
    use std::arch::x86_64::*;

    pub const STEPS: u64 = 100_000;

    #[target_feature(enable = "avx512f")]
    pub fn avx512(x: f64) -> f64 {
        let mut sums: [_; 12] = std::array::from_fn(|i| _mm512_set1_pd(x + i as f64));
        let (a, b) = (_mm512_set1_pd(1.0 - x), _mm512_set1_pd(x));
        for _ in 0..STEPS {
            for s in &mut sums {
                *s = _mm512_fmadd_pd(*s, a, b);
            }
        }
        sums.iter().map(|&s| _mm512_reduce_add_pd(s)).sum()
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn avx2(x: f64) -> f64 {
        let mut sums: [_; 12] = std::array::from_fn(|i| _mm256_set1_pd(x + i as f64));
        let (a, b) = (_mm256_set1_pd(1.0 - x), _mm256_set1_pd(x));
        for _ in 0..STEPS {
            for s in &mut sums {
                *s = _mm256_fmadd_pd(*s, a, b);
            }
        }
        sums.iter().map(|&s| _mm256_cvtsd_f64(s)).sum()
    }
}

#[cfg(target_arch = "x86_64")]
fn peak(c: &mut Criterion) {
    let mut group = c.benchmark_group("peak");
    if Isa::Avx512.available() {
        group.throughput(Throughput::Elements(peak::STEPS * 12 * 16));
        // SAFETY: the CPU has AVX-512.
        group.bench_function("avx512", |b| b.iter(|| unsafe { peak::avx512(std::hint::black_box(1e-9)) }));
    }
    if Isa::Avx2.available() {
        group.throughput(Throughput::Elements(peak::STEPS * 12 * 8));
        // SAFETY: the CPU has AVX2 and FMA.
        group.bench_function("avx2", |b| b.iter(|| unsafe { peak::avx2(std::hint::black_box(1e-9)) }));
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn peak(_: &mut Criterion) {}

/// The upper triangle of x'x in block rows, after a copy in f64.
fn matrixmultiply_gram(x: &[f32], [n, k]: [usize; 2], gram: &mut Array2<f64>) {
    const BLOCK: usize = 256;
    let copy: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
    let x = ArrayView2::from_shape((n, k), &copy).expect("n x k values");
    for i in (0..k).step_by(BLOCK) {
        let end = k.min(i + BLOCK);
        let mut rows = gram.slice_mut(s![i..end, i..]);
        general_mat_mul(1.0, &x.slice(s![.., i..end]).t(), &x.slice(s![.., i..]), 1.0, &mut rows);
    }
}

fn gram(c: &mut Criterion) {
    let mut group = c.benchmark_group("gram");
    for (n, k) in SHAPES {
        let data = numbers(n * k);
        let z = TensorRef::from_slice("z", &data, &[n, k]).expect("a tensor");
        let name = format!("{n}x{k}");
        group.throughput(Throughput::Elements((n * k * k) as u64)).sample_size(if n > 10_000 {
            10
        } else {
            40
        });
        for isa in [Isa::Avx512, Isa::Avx2, Isa::Neon].into_iter().filter(|isa| isa.available()) {
            for threads in [1, 2] {
                let ctx = context(Some(isa), threads);
                let mut state = Moments::with_shift(&ctx, &vec![0.0; k], 0).expect("a state");
                let id = BenchmarkId::new(format!("{}-{threads}", isa.name()), &name);
                group.bench_function(id, |b| {
                    b.iter(|| {
                        state.clear();
                        state.update(&ctx, &z).expect("an update");
                    })
                });
            }
        }
        let mut sums = Array2::zeros((k, k));
        let id = BenchmarkId::new("matrixmultiply-1", &name);
        group.bench_function(id, |b| b.iter(|| matrixmultiply_gram(&data, [n, k], &mut sums)));
    }
}

/// What a training step pays: 512 rows into a state that is there.
fn update(c: &mut Criterion) {
    let (n, k) = (512, 2048);
    let data = numbers(n * k);
    let z = TensorRef::from_slice("z", &data, &[n, k]).expect("a tensor");
    let mut group = c.benchmark_group("update");
    group.throughput(Throughput::Elements((n * k * k) as u64));
    for threads in [1, 2] {
        let ctx = context(None, threads);
        let mut state = Moments::new(&ctx, k).expect("a state");
        state.update(&ctx, &z).expect("an update");
        let id = BenchmarkId::new(format!("{threads}"), "512x2048");
        group.bench_function(id, |b| b.iter(|| state.update(&ctx, &z).expect("an update")));
    }
}

fn spectra(c: &mut Criterion) {
    let mut group = c.benchmark_group("spectrum");
    for (n, k) in [(4096, 256), (8192, 512), (25600, 2048)] {
        let data = numbers(n * k);
        let z = TensorRef::from_slice("z", &data, &[n, k]).expect("a tensor");
        group.sample_size(if n > 10_000 { 10 } else { 30 });
        for threads in [1, 2] {
            let ctx = context(None, threads);
            let id = BenchmarkId::new(format!("{threads}"), format!("{n}x{k}"));
            let options = SpectrumOptions::default();
            group.bench_function(id, |b| b.iter(|| spectrum(&ctx, &z, &options).expect("a spectrum")));
        }
    }
}

criterion_group!(benches, peak, gram, update, spectra);
criterion_main!(benches);
