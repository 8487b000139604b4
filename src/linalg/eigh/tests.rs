//! Known spectra, laws, and what does not change the result.

use super::*;
use crate::context::ContextOptions;
use crate::error::Condition;
use crate::random::uniform_pair;
use crate::simd::Isa;

/// Unit roundoff.
const U: f64 = f64::EPSILON / 2.0;

fn context(threads: usize, isa: Isa) -> Context {
    Context::new(ContextOptions { threads, isa: Some(isa), ..Default::default() }).unwrap()
}

fn isas() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.available())
}

fn lower(a: &[f64], n: usize) -> Symmetric<'_> {
    Symmetric::new(a, n, n, Triangle::Lower).unwrap()
}

fn values_with(ctx: &Context, a: &[f64], n: usize) -> Vec<f64> {
    values(ctx, &ctx.meter(), &lower(a, n)).unwrap().to_vec()
}

fn values_of(a: &[f64], n: usize) -> Vec<f64> {
    values_with(&Context::default(), a, n)
}

/// Numbers in [-1, 1).
fn random(seed: u64, n: usize) -> Vec<f64> {
    (0..n as u64).map(|i| 2.0 * uniform_pair(seed, i)[0] - 1.0).collect()
}

/// Q diag(spectrum) Q', Q a product of four random reflections.
fn with_spectrum(spectrum: &[f64]) -> Vec<f64> {
    let n = spectrum.len();
    let mut a = vec![0.0; n * n];
    for (i, &x) in spectrum.iter().enumerate() {
        a[i * n + i] = x;
    }
    for seed in 0..4 {
        let v = random(seed, n);
        let scale = 2.0 / v.iter().map(|x| x * x).sum::<f64>();
        // H A, then its transpose: (H (H A)')' = H A H.
        for _ in 0..2 {
            for row in a.chunks_mut(n) {
                let f = scale * row.iter().zip(&v).map(|(x, v)| x * v).sum::<f64>();
                row.iter_mut().zip(&v).for_each(|(x, v)| *x -= f * v);
            }
            for i in 0..n {
                for j in 0..i {
                    a.swap(i * n + j, j * n + i);
                }
            }
        }
    }
    a
}

/// A random symmetric matrix.
fn symmetric(seed: u64, n: usize) -> Vec<f64> {
    let mut a = random(seed, n * n);
    for i in 0..n {
        for j in 0..i {
            a[j * n + i] = a[i * n + j];
        }
    }
    a
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |m: f64, x| m.max(x.abs()))
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    x.iter().zip(y).fold(0.0, |m: f64, (x, y)| m.max((x - y).abs()))
}

/// Spectra of every kind, ascending.
fn spectra(n: usize) -> Vec<(&'static str, Vec<f64>)> {
    let make = |f: &dyn Fn(usize) -> f64| {
        let mut x: Vec<f64> = (0..n).map(f).collect();
        x.sort_by(f64::total_cmp);
        x
    };
    vec![
        ("even", make(&|i| i as f64 - 0.5 * n as f64)),
        ("power law", make(&|i| ((i + 1) as f64).powi(-2))),
        ("graded", make(&|i| 0.5f64.powi(i as i32))),
        ("clusters", make(&|i| (i % 3) as f64)),
        ("equal", make(&|_| -2.5)),
        ("rank 5", make(&|i| if i < 5 { (i + 1) as f64 } else { 0.0 })),
        ("floor", make(&|i| if i < 2 { 1.0 } else { 1e-8 })),
        ("one negative", make(&|i| if i == 0 { -7.0 } else { 1.0 })),
    ]
}

/// Around the edges of tiles, blocks and bundles.
const SIZES: [usize; 13] = [1, 2, 3, 5, 31, 32, 33, 34, 64, 65, 97, 130, 289];

#[test]
fn known_spectra_are_found() {
    for n in SIZES {
        for (name, want) in spectra(n) {
            let a = with_spectrum(&want);
            let bound = 8.0 * (n as f64).max(8.0) * U * largest(&want);
            for isa in isas() {
                let got = values_with(&context(2, isa), &a, n);
                let error = distance(&got, &want);
                assert!(error <= bound, "{name}, K = {n}, {}: {error:e} > {bound:e}", isa.name());
                assert!(got.is_sorted());
            }
        }
    }
}

#[test]
fn threads_and_registers_do_not_change_the_result() {
    for n in [5, 100, 300, 1100] {
        let a = symmetric(7, n);
        for isa in isas() {
            let want = values_with(&context(1, isa), &a, n);
            for threads in [2, 3, 8] {
                assert_eq!(values_with(&context(threads, isa), &a, n), want, "{threads} threads");
            }
        }
        // The same operations in the same order.
        if Isa::Avx2.available() && Isa::Avx512.available() {
            let [a, b] = [Isa::Avx2, Isa::Avx512].map(|isa| values_with(&context(2, isa), &a, n));
            assert_eq!(a, b);
        }
    }
}

#[test]
fn trace_and_norm_are_kept() {
    for n in [33, 200, 450] {
        let a = symmetric(3, n);
        let got = values_of(&a, n);
        let trace: f64 = (0..n).map(|i| a[i * n + i]).sum();
        let squares: f64 = a.iter().map(|x| x * x).sum();
        let bound = 8.0 * n as f64 * U;
        assert!((got.iter().sum::<f64>() - trace).abs() <= bound * squares.sqrt());
        assert!((got.iter().map(|x| x * x).sum::<f64>() - squares).abs() <= 2.0 * bound * squares);
    }
}

/// Second differences: 2 - 2 cos(pi k / (K + 1)), as a dense matrix and as a tridiagonal one.
#[test]
fn toeplitz_has_a_closed_form() {
    for n in [2usize, 33, 100, 257] {
        let want: Vec<f64> = (1..=n)
            .map(|k| 4.0 * (std::f64::consts::PI * k as f64 / (2 * n + 2) as f64).sin().powi(2))
            .collect();
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            a[i * n + i] = 2.0;
            if i > 0 {
                a[i * n + i - 1] = -1.0;
            }
        }
        assert!(distance(&values_of(&a, n), &want) <= 8.0 * (n as f64) * U);
        let (mut d, mut e) = (vec![2.0; n], vec![-1.0; n - 1]);
        tridiagonal_values(&mut d, &mut e).unwrap();
        assert!(distance(&d, &want) <= 32.0 * U);
    }
}

/// Wilkinson's W21+, whose largest values agree to 13 digits; values computed with 60 digits (mpmath).
#[test]
fn wilkinson_pairs_are_told_apart() {
    let want = [
        -1.1254415221199843,
        0.25380581709667815,
        0.9475343675292933,
        1.7893213526950813,
        2.130209219362506,
        2.961058884185727,
        3.0430992925788236,
        3.996048201383625,
        4.004354023440857,
        4.999782477742902,
        5.000244425001913,
        6.000217522257098,
        6.000234031584167,
        7.003951798616375,
        7.003952209528676,
        8.038941115814273,
        8.038941122829023,
        9.210678647304919,
        9.210678647361332,
        10.746194182903322,
        10.746194182903393,
    ];
    let mut d: Vec<f64> = (-10..=10).map(|i: i32| i.abs() as f64).collect();
    let mut e = vec![1.0; 20];
    let mut a = vec![0.0; 21 * 21];
    for i in 0..21 {
        a[i * 22] = d[i];
        if i > 0 {
            a[i * 22 - 1] = 1.0;
        }
    }
    tridiagonal_values(&mut d, &mut e).unwrap();
    assert!(distance(&d, &want) <= 4.0 * U * 10.75, "{:e}", distance(&d, &want));
    assert!(distance(&values_of(&a, 21), &want) <= 16.0 * U * 10.75);
}

/// Hilbert's matrix of 6 rows; values computed with 60 digits (mpmath).
#[test]
fn hilbert_is_as_good_as_its_entries() {
    let want = [
        1.0827994845655498e-7,
        1.2570757122625194e-5,
        0.0006157483541826576,
        0.016321521319875822,
        0.24236087057520955,
        1.618899858924339,
    ];
    let a: Vec<f64> = (0..36).map(|i| 1.0 / (i / 6 + i % 6 + 1) as f64).collect();
    assert!(distance(&values_of(&a, 6), &want) <= 8.0 * U);
}

/// A tridiagonal matrix that is graded over 80 decades keeps the scale of its small values: the lower right corner is
/// alone with them up to a relative 1e-2.
#[test]
fn graded_tridiagonal_matrices_converge() {
    for up in [false, true] {
        let n = 400;
        let mut d: Vec<f64> = (0..n).map(|i| 10f64.powf(-0.2 * i as f64)).collect();
        let mut e: Vec<f64> = (1..n).map(|i| 0.01 * 10f64.powf(-0.2 * i as f64)).collect();
        let mut want = d.clone();
        want.reverse();
        if up {
            d.reverse();
            e.reverse();
        }
        tridiagonal_values(&mut d, &mut e).unwrap();
        for (got, want) in d.iter().zip(&want) {
            assert!((got - want).abs() <= 0.01 * want, "{got:e} for {want:e}");
        }
    }
}

#[test]
fn scale_is_an_exponent() {
    let n = 70;
    let a = symmetric(11, n);
    let want = values_of(&a, n);
    for exponent in [-900, -500, 500, 900] {
        let scale = 2f64.powi(exponent);
        let scaled: Vec<f64> = a.iter().map(|x| x * scale).collect();
        let got = values_of(&scaled, n);
        assert!(got.iter().zip(&want).all(|(g, w)| *g == w * scale), "2^{exponent}");
    }
    for scale in [1e-150, 1e150] {
        let scaled: Vec<f64> = a.iter().map(|x| x * scale).collect();
        let got: Vec<f64> = values_of(&scaled, n).iter().map(|x| x / scale).collect();
        assert!(distance(&got, &want) <= 8.0 * n as f64 * U * largest(&want));
    }
    // Subnormal numbers have fewer digits, but no fewer than their rounding takes.
    let tiny: Vec<f64> = a.iter().map(|x| x * 1e-310).collect();
    let got: Vec<f64> = values_of(&tiny, n).iter().map(|x| x * 1e155 * 1e155).collect();
    assert!(distance(&got, &want) <= 1e-10);
}

#[test]
fn the_smallest_matrices() {
    assert_eq!(values_of(&[-3.5], 1), [-3.5]);
    assert_eq!(values_of(&[0.0; 49], 7), [0.0; 7]);
    let [low, high] = values_of(&[2.0, f64::NAN, 1.0, 2.0], 2).try_into().unwrap();
    assert!((low - 1.0).abs() <= 4.0 * U && (high - 3.0).abs() <= 8.0 * U);
    tridiagonal_values(&mut [], &mut []).unwrap();
    let mut d = [4.0];
    tridiagonal_values(&mut d, &mut []).unwrap();
    assert_eq!(d, [4.0]);
}

#[test]
fn one_triangle_is_read_and_strides_are_followed() {
    let (n, stride) = (45, 50);
    let full = symmetric(5, n);
    let want = values_of(&full, n);
    let ctx = Context::default();
    for triangle in [Triangle::Lower, Triangle::Upper] {
        let mut a = vec![f64::NAN; n * stride];
        for i in 0..n {
            for j in 0..n {
                if i == j || (j < i) == (triangle == Triangle::Lower) {
                    a[i * stride + j] = full[i * n + j];
                }
            }
        }
        let matrix = Symmetric::new(&a[..(n - 1) * stride + n], n, stride, triangle).unwrap();
        assert_eq!(&*values(&ctx, &ctx.meter(), &matrix).unwrap(), &want);
    }
}

#[test]
fn bad_input_is_refused() {
    let ctx = Context::default();
    for bad in [f64::NAN, f64::INFINITY] {
        let mut a = symmetric(1, 40);
        a[35 * 40 + 20] = bad;
        let e = values(&ctx, &ctx.meter(), &lower(&a, 40)).unwrap_err();
        assert_eq!(
            e.to_string(),
            format!("[NONFINITE] matrix: entry (35, 20) is {bad}; expected finite numbers")
        );
        assert_eq!(tridiagonal_values(&mut [bad], &mut []).unwrap_err().condition(), Condition::Nonfinite);
    }
    assert_eq!(Symmetric::new(&[], 0, 0, Triangle::Lower).unwrap_err().condition(), Condition::Shape);
    assert_eq!(Symmetric::new(&[0.0; 8], 3, 3, Triangle::Lower).unwrap_err().condition(), Condition::Shape);
    assert_eq!(Symmetric::new(&[0.0; 8], 3, 2, Triangle::Lower).unwrap_err().condition(), Condition::Shape);
    assert_eq!(tridiagonal_values(&mut [1.0; 3], &mut [1.0]).unwrap_err().condition(), Condition::Shape);
    let huge = [1e308; 16];
    let e = values(&ctx, &ctx.meter(), &lower(&huge, 4)).unwrap_err();
    assert_eq!(e.condition(), Condition::Numeric);
}

#[test]
fn limits_and_cancellation_are_heeded() {
    let n = 600;
    let a = symmetric(2, n);
    let ctx = Context::new(ContextOptions { memory_limit: n * n * 4, ..Default::default() }).unwrap();
    let meter = ctx.meter();
    assert_eq!(values(&ctx, &meter, &lower(&a, n)).unwrap_err().condition(), Condition::MemoryLimit);
    assert_eq!(meter.used(), 0, "workspace is off the account");
    let ctx = Context::default();
    let meter = ctx.meter();
    drop(values(&ctx, &meter, &lower(&a, n)).unwrap());
    assert_eq!(meter.used(), 8 * n, "only the values are left on the account");
    // Whichever poll says stop: an error, and no thread that waits for another.
    for polls in [0, 1, 10, 19, 25, 60] {
        let left = std::sync::atomic::AtomicI32::new(polls);
        let cancel = move || left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) <= 0;
        let options = ContextOptions { threads: 3, cancel: Some(Box::new(cancel)), ..Default::default() };
        let ctx = Context::new(options).unwrap();
        let e = values(&ctx, &ctx.meter(), &lower(&a, n)).unwrap_err();
        assert_eq!(e.condition(), Condition::Cancelled, "{polls} polls");
    }
}

/// Workspace of the values: 0.65 K^2 numbers and some for each column.
#[test]
fn workspace_is_below_the_matrix() {
    let n = 1024;
    let limit = 8 * (n * n * 2 / 3 + 400 * n);
    let ctx = Context::new(ContextOptions { memory_limit: limit, ..Default::default() }).unwrap();
    values(&ctx, &ctx.meter(), &lower(&symmetric(4, n), n)).unwrap();
}

#[test]
fn vectors_are_orthogonal_and_satisfy_the_equation() {
    for n in [1, 2, 3, 33, 64, 130, 200] {
        for (name, want) in spectra(n) {
            let a = with_spectrum(&want);
            let bound = 8.0 * (n as f64).max(8.0) * U;
            for isa in isas() {
                let ctx = context(2, isa);
                let got = decompose(&ctx, &ctx.meter(), &lower(&a, n)).unwrap();
                let scale = largest(&want);
                assert!(distance(&got.values, &want) <= bound * scale, "{name}, K = {n}");
                let rows: Vec<&[f64]> = got.vectors.chunks(n).collect();
                let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
                for (i, x) in rows.iter().enumerate() {
                    let residual = (0..n).map(|r| dot(&a[r * n..][..n], x) - got.values[i] * x[r]);
                    let residual = residual.map(|x| x * x).sum::<f64>().sqrt();
                    assert!(residual <= bound * scale, "{name}, K = {n}: residual {residual:e}");
                    for (j, y) in rows[..=i].iter().enumerate() {
                        let error = (dot(x, y) - f64::from(u8::from(i == j))).abs();
                        assert!(error <= bound, "{name}, K = {n}: {i} and {j} {error:e}");
                    }
                }
            }
        }
    }
}

#[test]
fn vectors_do_not_depend_on_threads() {
    let n = 300;
    let a = symmetric(9, n);
    let run = |threads| {
        let ctx = Context::new(ContextOptions { threads, ..Default::default() }).unwrap();
        decompose(&ctx, &ctx.meter(), &lower(&a, n)).unwrap()
    };
    let want = run(1);
    for threads in [2, 5] {
        let got = run(threads);
        assert_eq!((&*got.values, &*got.vectors), (&*want.values, &*want.vectors), "{threads} threads");
    }
    assert!(distance(&want.values, &values_of(&a, n)) <= 8.0 * n as f64 * U * largest(&want.values));
}
