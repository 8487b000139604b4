use super::*;
use crate::context::ContextOptions;
use crate::error::Condition;
use crate::simd::Isa;
use crate::view::{Dtype, RawTensor, TensorRef};
use half::{bf16, f16};
use proptest::prelude::*;

fn context(isa: Isa, threads: usize) -> Context {
    Context::new(ContextOptions { isa: Some(isa), threads, ..Default::default() }).unwrap()
}

fn isas() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.available())
}

/// Reproducible numbers in [-1, 1) with few bits, so that they are exact in every dtype.
fn value(i: usize) -> f64 {
    f64::from((i as u32).wrapping_mul(2_654_435_761) >> 25) / 64.0 - 1.0
}

/// A host's matrix.
struct Host {
    bytes: Vec<u8>,
    dtype: Dtype,
    shape: [i64; 2],
    strides: [i64; 2],
    origin: i64,
}

impl Host {
    fn new(dtype: Dtype, shape: [usize; 2], strides: [i64; 2]) -> Host {
        let shape = shape.map(|n| n as i64);
        let ends = [0, 1].map(|a| (shape[a] - 1).max(0) * strides[a]);
        let low = ends[0].min(0) + ends[1].min(0);
        let len = (ends[0].max(0) + ends[1].max(0) - low + 1) as usize;
        let bytes = (0..len).flat_map(|i| match dtype {
            Dtype::F64 => value(i).to_le_bytes().to_vec(),
            Dtype::F16 => f16::from_f64(value(i)).to_le_bytes().to_vec(),
            Dtype::Bf16 => bf16::from_f64(value(i)).to_le_bytes().to_vec(),
            _ => (value(i) as f32).to_le_bytes().to_vec(),
        });
        // Bytes of a Vec<u8> need not be aligned; room to move them to where they are.
        let mut all = vec![0; 8];
        all.extend(bytes);
        Host { bytes: all, dtype, shape, strides, origin: -low }
    }

    fn with<R>(&mut self, f: impl FnOnce(crate::view::Matrix) -> R) -> R {
        let size = self.dtype.size();
        let start = self.bytes.as_ptr().align_offset(8);
        self.bytes.copy_within(8.., start);
        let raw = RawTensor {
            data: self.bytes.as_mut_ptr(),
            byte_offset: start as i64 + self.origin * size as i64,
            dtype: self.dtype,
            shape: &self.shape,
            strides: Some(&self.strides),
        };
        // SAFETY: `new` made room for every element.
        let tensor = unsafe { TensorRef::from_raw("x", &raw) }.unwrap();
        let out = f(tensor.matrix("(rows, columns)").unwrap());
        let end = self.bytes.len();
        self.bytes.copy_within(start..end - 8 + start, 8);
        out
    }

    /// The element as `value` says.
    fn at(&self, i: usize, j: usize) -> f64 {
        value((self.origin + i as i64 * self.strides[0] + j as i64 * self.strides[1]) as usize)
    }
}

fn run(ctx: &Context, rows: &Rows, sign: f64) -> (Vec<f64>, Vec<f64>) {
    let mut gram = Gram::zeros(&ctx.meter(), rows.z.columns()).unwrap();
    gram.map(|i, j, _| (i * 31 + j) as f64);
    let sums = syrk(ctx, &ctx.meter(), rows, sign, &mut gram).unwrap();
    ((0..gram.order()).flat_map(|i| gram.row(i).to_vec()).collect(), sums)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_instruction_set_computes_the_sums_of_products(
        (n, k) in prop_oneof![(0usize..30, 1usize..70), (380usize..400, 1usize..20), (1usize..4, 60usize..140)],
        dtype in prop::sample::select(vec![Dtype::F32, Dtype::F64, Dtype::F16, Dtype::Bf16]),
        layout in 0..5,
        shifted in 0..3,
        exponent in prop::sample::select(vec![0, 1, -3]),
        sign in prop::sample::select(vec![1.0, -1.0]),
    ) {
        let (wide, tall) = (k as i64, n as i64);
        let strides = match layout {
            0 => [wide, 1],
            1 => [wide + 3, 1],
            2 => [1, tall.max(1)],
            3 => [-2 * wide, 2],
            _ => [0, -1],
        };
        let mut host = Host::new(dtype, [n, k], strides);
        let shift: Vec<f64> = (0..n.max(k)).map(|i| value(i + 1000)).collect();
        let (factor, at) = (f64::powi(2.0, -exponent), |h: &Host, i, j| h.at(i, j));
        let x: Vec<Vec<f64>> = (0..n).map(|i| (0..k).map(|j| {
            factor * at(&host, i, j) - match shifted { 0 => 0.0, 1 => shift[j], _ => shift[i] }
        }).collect()).collect();
        // All numbers have few bits: the sums are exact in any order.
        let gram: Vec<f64> = (0..k).flat_map(|i| (i..k).map(move |j| (i, j))).map(|(i, j)| {
            (i * 31 + j) as f64 + sign * x.iter().map(|r| r[i] * r[j]).sum::<f64>()
        }).collect();
        let sums: Vec<f64> = (0..k).map(|j| x.iter().map(|r| r[j]).sum()).collect();
        host.with(|z| {
            let shift = match shifted { 0 => Shift::None, 1 => Shift::Columns(&shift[..k]), _ => Shift::Rows(&shift[..n]) };
            let rows = Rows { z, exponent, shift };
            let plain = Context::new(ContextOptions { reference: true, ..Default::default() }).unwrap();
            prop_assert!(run(&plain, &rows, sign) == (gram.clone(), sums.clone()), "reference");
            for isa in isas() {
                for threads in [1, 3] {
                    let got = run(&context(isa, threads), &rows, sign);
                    prop_assert!(got == (gram.clone(), sums.clone()), "{} with {threads} threads", isa.name());
                }
            }
            Ok(())
        })?;
    }
}

/// Numbers with all their bits: orders of summation differ between instruction sets, never between threads.
#[test]
fn threads_do_not_change_a_bit() {
    let (n, k) = (2 * DEPTH + 71, 203);
    let data: Vec<f32> = (0..n * k).map(|i| ((i as f32 * 0.618).sin() * 1.7).exp()).collect();
    let z = TensorRef::from_slice("z", &data, &[n, k]).unwrap().matrix("(rows, columns)").unwrap();
    let a: Vec<f64> = (0..k).map(|j| 1.0 + 0.01 * j as f64).collect();
    let rows = Rows { z, exponent: 0, shift: Shift::Columns(&a) };
    let plain = Context::new(ContextOptions { reference: true, ..Default::default() }).unwrap();
    let want = run(&plain, &rows, 1.0);
    let largest = want.0.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for isa in isas() {
        let one = run(&context(isa, 1), &rows, 1.0);
        for threads in [2, 5] {
            assert!(one == run(&context(isa, threads), &rows, 1.0), "{}", isa.name());
        }
        for (g, w) in one.0.iter().chain(&one.1).zip(want.0.iter().chain(&want.1)) {
            assert!((g - w).abs() <= 1e-14 * largest, "{}: {g} for {w}", isa.name());
        }
    }
}

#[test]
fn a_matrix_that_is_not_finite_is_refused_before_anything_is_added() {
    let mut data = vec![1.0f32; 50 * 70];
    data[40 * 70 + 66] = f32::INFINITY;
    let z = TensorRef::from_slice("z", &data, &[50, 70]).unwrap().matrix("(rows, columns)").unwrap();
    let plain = Context::new(ContextOptions { reference: true, ..Default::default() }).unwrap();
    for ctx in isas().map(|isa| context(isa, 2)).chain([plain]) {
        let mut gram = Gram::zeros(&ctx.meter(), 70).unwrap();
        let e = syrk(&ctx, &ctx.meter(), &Rows { z, exponent: 0, shift: Shift::None }, 1.0, &mut gram)
            .unwrap_err();
        assert_eq!(e.condition(), Condition::Nonfinite);
        assert_eq!(e.message(), "z[40, 66] is inf; expected a finite number");
        assert!((0..70).all(|i| gram.row(i).iter().all(|&x| x == 0.0)));
    }
}

#[test]
fn the_triangle_and_the_whole() {
    let ctx = Context::default();
    let mut gram = Gram::zeros(&ctx.meter(), 45).unwrap();
    gram.map(|i, j, _| (i * 100 + j) as f64);
    let full = gram.to_full(&ctx.meter(), |_, _, g| g).unwrap();
    for i in 0..45 {
        for j in 0..45 {
            assert_eq!(full[i * 45 + j], (i.min(j) * 100 + i.max(j)) as f64);
        }
    }
    assert_eq!(gram.trace(), (0..45).map(|i| 101.0 * i as f64).sum());
    assert_eq!(gram.frobenius_sq(), full.iter().map(|x| x * x).sum());
}
