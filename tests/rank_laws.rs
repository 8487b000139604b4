//! Laws that effective ranks obey whatever the data, and what random matrices are known to do.

use cpwl::rank::{Moments, Options, Preset, Queue, Spectrum, SpectrumOptions, expected_rank, spectrum};
use cpwl::view::{Dtype, RawTensor, TensorRef};
use cpwl::{Context, ContextOptions, Isa};
use proptest::prelude::*;

fn context(isa: Option<Isa>, threads: usize) -> Context {
    Context::new(ContextOptions { isa, threads, ..Default::default() }).unwrap()
}

fn of(ctx: &Context, data: &[f64], shape: [usize; 2], center: bool) -> Spectrum {
    let z = TensorRef::from_slice("z", data, &shape).unwrap();
    spectrum(ctx, &z, &SpectrumOptions { center, ..Default::default() }).unwrap()
}

fn rank(s: &Spectrum) -> f64 {
    s.effective_rank(&Options { center: s.centred(), ..Options::default() }).unwrap()
}

/// A well-conditioned matrix: numbers in [-1, 1] and a diagonal.
fn matrix() -> impl Strategy<Value = (Vec<f64>, usize, usize)> {
    (1usize..40, 1usize..40).prop_flat_map(|(n, k)| {
        prop::collection::vec(-1.0..1.0f64, n * k).prop_map(move |mut data| {
            (0..n.min(k)).for_each(|i| data[i * k + i] += 4.0);
            (data, n, k)
        })
    })
}

/// Rows (or columns, by the strides) turned by the reflection that `v` stands for.
fn reflect(data: &mut [f64], count: usize, len: usize, strides: [usize; 2], v: &[f64]) {
    let square: f64 = v[..len].iter().map(|x| x * x).sum();
    for i in 0..count {
        let at = |j: usize| i * strides[0] + j * strides[1];
        let c = 2.0 * (0..len).map(|j| data[at(j)] * v[j]).sum::<f64>() / square;
        (0..len).for_each(|j| data[at(j)] -= c * v[j]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn what_does_not_change_the_rank((data, n, k) in matrix(), v in prop::collection::vec(0.1..1.0f64, 40), c in -300i32..300, seed in 0usize..1000) {
        let ctx = context(None, 2);
        let s = of(&ctx, &data, [n, k], false);
        let want = rank(&s);
        let near = |got: f64, what: &str| {
            prop_assert!((got / want - 1.0).abs() <= 1e-12, "{}: {} for {}", what, got, want);
            Ok(())
        };
        prop_assert!(want >= 1.0 - 1e-12 && want <= n.min(k) as f64 + 1e-9);
        let strides = [1, k as i64];
        let raw = RawTensor {
            data: data.as_ptr().cast_mut().cast(), byte_offset: 0, dtype: Dtype::F64,
            shape: &[k as i64, n as i64], strides: Some(&strides),
        };
        // SAFETY: the elements of `data`, in another order.
        let transposed = unsafe { TensorRef::from_raw("z", &raw) }.unwrap();
        near(rank(&spectrum(&ctx, &transposed, &SpectrumOptions::default()).unwrap()), "transposed")?;
        let mut turned = data.clone();
        reflect(&mut turned, n, k, [k, 1], &v);
        reflect(&mut turned, k, n, [1, k], &v);
        near(rank(&of(&ctx, &turned, [n, k], false)), "turned on both sides")?;
        let scaled: Vec<f64> = data.iter().map(|x| x * 1.7 * 2f64.powi(c)).collect();
        near(rank(&of(&ctx, &scaled, [n, k], false)), "scaled")?;
        let permuted: Vec<f64> = (0..n).flat_map(|i| {
            let row = (i + seed) % n;
            data[row * k..(row + 1) * k].to_vec()
        }).collect();
        near(rank(&of(&ctx, &permuted, [n, k], false)), "rows in another order")?;
        // The participation ratio is the exponential of the entropy of order 2, with eigenvalues or without.
        let ratio = s.participation_ratio();
        prop_assert!((s.renyi(2.0).unwrap().exp() / ratio - 1.0).abs() <= 1e-12);
        let mut state = Moments::new(&ctx, k).unwrap();
        state.update(&ctx, &TensorRef::from_slice("z", &data, &[n, k]).unwrap()).unwrap();
        prop_assert!((state.participation_ratio(false).unwrap() / ratio - 1.0).abs() <= 1e-12);
        // Entropies fall with their order, and eps adds what the paper says it adds to the sum.
        let orders = [0.0, 0.3, 1.0, 2.0, 5.0, f64::INFINITY].map(|a| s.renyi(a).unwrap());
        prop_assert!(orders.windows(2).all(|w| w[0] >= w[1] - 1e-12), "{:?}", orders);
        prop_assert!((orders[5] - s.stable_rank().ln()).abs() <= 1e-12);
        prop_assert!((s.renyi(1.0 + 1e-7).unwrap() - s.von_neumann()).abs() <= 1e-6);
        prop_assert!(s.effective_rank(&Preset::Paper.options()).unwrap() >= want * (1.0 - 1e-5));
    }

    #[test]
    fn merged_is_batch((data, n, k) in matrix(), mean in -1e4..1e4f64, cuts in prop::collection::vec(0.0..1.0f64, 0..5), rotate in 0usize..6) {
        let ctx = context(None, 1);
        let data: Vec<f64> = data.iter().map(|x| x + mean).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|c| (c * n as f64) as usize).chain([0, n]).collect();
        cuts.sort_unstable();
        let part = |a: usize, b: usize| {
            let mut m = Moments::new(&ctx, k).unwrap();
            m.update(&ctx, &TensorRef::from_slice("z", &data[a * k..b * k], &[b - a, k]).unwrap()).unwrap();
            m
        };
        let mut parts: Vec<Moments> = cuts.windows(2).map(|w| part(w[0], w[1])).collect();
        let len = parts.len();
        parts.rotate_left(rotate % len);
        let mut total = Moments::new(&ctx, k).unwrap();
        parts.iter().for_each(|p| total.merge(p).unwrap());
        let whole = part(0, n);
        for center in [false, true] {
            let (got, want) = (total.second_moments(&ctx, center).unwrap(), whole.second_moments(&ctx, center).unwrap());
            let largest = want.iter().fold(0.0f64, |m, x| m.max(x.abs()));
            // Differences carry the rounding of the data's mean.
            let allowed = 1e-12 * largest + if center { 1e-15 * n as f64 * mean.abs() } else { 0.0 };
            prop_assert!(got.iter().zip(&*want).all(|(g, w)| (g - w).abs() <= allowed), "center {}", center);
        }
    }

    #[test]
    fn threads_and_instruction_sets((data, n, k) in matrix()) {
        // One row has no centred spectrum.
        let center = n > 1;
        let want = of(&context(Some(Isa::Portable), 1), &data, [n, k], center);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
            let one = of(&context(Some(isa), 1), &data, [n, k], center);
            for threads in [2, 3] {
                prop_assert!(one == of(&context(Some(isa), threads), &data, [n, k], center), "{}", isa.name());
            }
            let largest = want.singular_values()[0];
            for (g, w) in one.singular_values().iter().zip(want.singular_values()) {
                // Of squares, as the Gram matrix has them.
                prop_assert!((g * g - w * w).abs() <= 1e-13 * largest * largest, "{}: {} for {}", isa.name(), g, w);
            }
        }
    }

    /// However rows came in, the queue holds the moments of the last.
    #[test]
    fn queues(capacity in 1usize..12, pushes in prop::collection::vec((0usize..9, any::<bool>()), 1..12)) {
        let ctx = context(None, 1);
        let mut queue = Queue::new(&ctx, capacity, 2, Dtype::F64).unwrap();
        let mut all: Vec<f64> = Vec::new();
        for (n, ask) in pushes {
            let rows: Vec<f64> = (0..2 * n).map(|i| f64::from(((all.len() + i) * 37 % 101) as u32) - 50.0).collect();
            queue.push(&ctx, &TensorRef::from_slice("z", &rows, &[n, 2]).unwrap()).unwrap();
            all.extend(rows);
            let kept = &all[(all.len() / 2).saturating_sub(capacity) * 2..];
            prop_assert_eq!(queue.rows(), kept.len() / 2);
            if ask && !kept.is_empty() {
                let got = queue.moments(&ctx).unwrap();
                prop_assert_eq!(got.rows() as usize, kept.len() / 2);
                let got = got.second_moments(&ctx, false).unwrap();
                for e in 0..4 {
                    let want: f64 = kept.chunks(2).map(|r| r[e / 2] * r[e % 2]).sum();
                    prop_assert!((got[e] - want).abs() <= 1e-9, "{} for {}", got[e], want);
                }
            }
        }
    }
}

/// Numbers of the normal distribution, by the sum of twelve uniform ones.
fn gaussian(len: usize) -> Vec<f32> {
    let mut state = 1u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 24) as f32
    };
    (0..len).map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0).collect()
}

/// Marchenko and Pastur: 4096 samples show 98.4 % of 512 dimensions.
#[test]
fn random_rows_have_the_rank_that_the_law_expects() {
    let data = gaussian(4096 * 512);
    let z = TensorRef::from_slice("z", &data, &[4096, 512]).unwrap();
    let got = rank(&spectrum(&Context::default(), &z, &SpectrumOptions::default()).unwrap());
    let want = expected_rank(4096, 512).unwrap();
    assert!((want - 503.69).abs() < 0.01, "{want}");
    assert!((got / want - 1.0).abs() < 1e-3, "{got} for {want}");
}
