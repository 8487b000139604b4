use super::*;
use crate::context::ContextOptions;
use crate::error::Condition;
use crate::view::TensorRef;

fn tensor<'a>(values: &'a [f64], columns: usize) -> TensorRef<'a> {
    TensorRef::from_slice("z", values, &[values.len() / columns, columns]).unwrap()
}

/// Reproducible numbers in [-1, 1).
fn numbers(n: usize) -> Vec<f64> {
    (0..n as u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761)) / 2f64.powi(31) - 1.0).collect()
}

fn state(ctx: &Context, values: &[f64], columns: usize) -> Moments {
    let mut m = Moments::new(ctx, columns).unwrap();
    m.update(ctx, &tensor(values, columns)).unwrap();
    m
}

fn same(a: &Moments, b: &Moments) -> bool {
    a.rows == b.rows
        && a.exponent == b.exponent
        && a.shift == b.shift
        && a.sums == b.sums
        && (0..a.columns()).all(|i| a.gram.row(i) == b.gram.row(i))
}

#[test]
fn a_failed_update_changes_nothing() {
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = stop.clone();
    let cancel = move || asked.load(std::sync::atomic::Ordering::SeqCst);
    let ctx = Context::new(ContextOptions { cancel: Some(Box::new(cancel)), ..Default::default() }).unwrap();
    let columns = 600; // several batches in what follows
    let values = numbers(2000 * columns);
    let floats: Vec<f32> = values.iter().map(|&x| x as f32).collect();
    let mut bad = floats.clone();
    bad[1990 * columns + 7] = f32::NAN;
    let shape = [2000, columns];
    let (good, bad) = [&floats, &bad].map(|v| TensorRef::from_slice("z", v, &shape).unwrap()).into();
    for first in [0, 20] {
        let before = state(&ctx, &values[..first * columns], columns);
        let mut m = state(&ctx, &values[..first * columns], columns);
        let e = m.update(&ctx, &bad).unwrap_err();
        assert_eq!(e.to_string(), "[NONFINITE] z[1990, 7] is NaN; expected a finite number");
        assert!(same(&m, &before), "{first} rows, NaN");
        stop.store(true, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(m.update(&ctx, &good).unwrap_err().condition(), Condition::Cancelled);
        stop.store(false, std::sync::atomic::Ordering::SeqCst);
        assert!(same(&m, &before), "{first} rows, cancelled");
        m.update(&ctx, &good).unwrap();
        assert_eq!(m.rows(), 2000 + first as u64);
    }
}

#[test]
fn wrong_shapes_and_counts_are_errors() {
    let ctx = Context::default();
    assert_eq!(Moments::new(&ctx, 0).err().unwrap().condition(), Condition::Shape);
    let mut m = Moments::new(&ctx, 3).unwrap();
    assert_eq!(m.mean().unwrap_err().condition(), Condition::Shape);
    assert_eq!(m.spectrum(&ctx, false).unwrap_err().condition(), Condition::Shape);
    let z = [1.0, 2.0, 3.0, 4.0];
    assert_eq!(m.update(&ctx, &tensor(&z, 2)).unwrap_err().condition(), Condition::Shape);
    assert_eq!(m.downdate(&ctx, &tensor(&z[..3], 3)).unwrap_err().condition(), Condition::Argument);
    m.update(&ctx, &tensor(&z[..0], 3)).unwrap();
    assert_eq!(m.rows(), 0);
    let other = state(&ctx, &z[..3], 3);
    assert_eq!(m.subtract(&other).unwrap_err().condition(), Condition::Argument);
    assert_eq!(m.merge(&state(&ctx, &z, 2)).unwrap_err().condition(), Condition::Shape);
    // Rows that were never there: no sum of squares any more.
    let mut m = state(&ctx, &numbers(12), 3);
    m.subtract(&state(&ctx, &[9.0, -8.0, 7.0, 1.0, 2.0, 3.0], 3)).unwrap();
    let e = m.spectrum(&ctx, true).unwrap_err();
    assert_eq!(e.condition(), Condition::Numeric);
    assert!(e.message().contains("rebuild"), "{e}");
}

/// What comes in and goes out leaves the state of what stays.
#[test]
fn rows_come_and_go() {
    let ctx = Context::default();
    let values = numbers(40 * 7).iter().map(|x| x + 3.0).collect::<Vec<_>>();
    let mut m = state(&ctx, &values, 7);
    m.downdate(&ctx, &tensor(&values[..15 * 7], 7)).unwrap();
    let want = state(&ctx, &values[15 * 7..], 7);
    for center in [false, true] {
        let (got, want) =
            (m.second_moments(&ctx, center).unwrap(), want.second_moments(&ctx, center).unwrap());
        let largest = want.iter().fold(0.0f64, |a, x| a.max(x.abs()));
        assert!(got.iter().zip(&*want).all(|(g, w)| (g - w).abs() <= 1e-13 * largest));
    }
    m.downdate(&ctx, &tensor(&values[15 * 7..], 7)).unwrap();
    assert!(same(&m, &Moments::new(&ctx, 7).unwrap()));
}

/// Scales of any size in any order: the spectrum is that of the largest, whatever came first.
#[test]
fn extreme_sizes() {
    let ctx = Context::default();
    let base = numbers(30 * 4);
    let plain = state(&ctx, &base, 4).spectrum(&ctx, false).unwrap();
    for e in [-1060, -700, 0, 600, 1020] {
        let scaled: Vec<f64> = base.iter().map(|&x| ldexp(x, e)).collect();
        let mut m = Moments::new(&ctx, 4).unwrap();
        m.update(&ctx, &tensor(&[0.0; 8], 4)).unwrap();
        m.update(&ctx, &tensor(&scaled[..40], 4)).unwrap();
        let mut n = state(&ctx, &scaled[40..], 4);
        n.merge(&m).unwrap();
        // Subnormal data have lost digits themselves.
        let tolerance = if e == -1060 { 1e-3 } else { 1e-13 };
        for s in [
            n.spectrum(&ctx, false).unwrap(),
            Moments::from_bytes(&ctx, &n.to_bytes().unwrap()).unwrap().spectrum(&ctx, false).unwrap(),
        ] {
            for (got, want) in s.singular_values().iter().zip(plain.singular_values()) {
                assert!((got / ldexp(want, e) - 1.0).abs() <= tolerance, "2^{e}: {got} for {want}");
            }
        }
        // Tiny rows first, then rows of ordinary size: the tiny ones are nothing beside them.
        m.update(&ctx, &tensor(&base, 4)).unwrap();
        let s = m.spectrum(&ctx, false).unwrap();
        if e < -100 {
            for (got, want) in s.singular_values().iter().zip(plain.singular_values()) {
                assert!((got / want - 1.0).abs() <= 1e-13);
            }
        }
    }
    // Small in f64 after large, f32 after tiny f64.
    let tiny: Vec<f64> = base.iter().map(|&x| ldexp(x, -800)).collect();
    let mut m = state(&ctx, &tiny, 4);
    let single: Vec<f32> = base.iter().map(|&x| x as f32 * 1e30).collect();
    m.update(&ctx, &TensorRef::from_slice("z", &single, &[30, 4]).unwrap()).unwrap();
    assert!(m.spectrum(&ctx, false).unwrap().nuclear_norm() > 1e30);
}

#[test]
fn buffers_of_processes_are_summed() {
    let ctx = Context::default();
    let values = numbers(50 * 5);
    let shift = [0.1, -0.2, 0.3, 0.0, 5.0];
    let len = Moments::flat_len(5);
    assert_eq!(len, 21);
    let mut total = vec![0.0; len];
    for part in [&values[..35], &values[35..150], &values[150..]] {
        let mut m = Moments::with_shift(&ctx, &shift, 0).unwrap();
        m.update(&ctx, &tensor(part, 5)).unwrap();
        let mut flat = vec![f64::NAN; len];
        m.write_flat(&mut flat).unwrap();
        total.iter_mut().zip(flat).for_each(|(t, x)| *t += x);
    }
    let m = Moments::from_flat(&ctx, &shift, 0, &total).unwrap();
    let whole = state(&ctx, &values, 5);
    assert_eq!(m.rows(), 50);
    for center in [false, true] {
        let pair = [m.spectrum(&ctx, center).unwrap(), whole.spectrum(&ctx, center).unwrap()];
        for (g, w) in pair[0].singular_values().iter().zip(pair[1].singular_values()) {
            assert!((g - w).abs() <= 1e-12 * w);
        }
    }
    assert_eq!(whole.write_flat(&mut total).unwrap_err().condition(), Condition::Argument);
    let bad = |flat: &[f64]| Moments::from_flat(&ctx, &shift, 0, flat).err().unwrap().condition();
    assert_eq!(bad(&total[1..]), Condition::Shape);
    total[0] = 1.5;
    assert_eq!(bad(&total), Condition::Argument);
    total[3] = f64::INFINITY;
    assert_eq!(bad(&total), Condition::Nonfinite);
    let e = Moments::with_shift(&ctx, &shift, -1000).err().unwrap();
    assert_eq!(e.condition(), Condition::Argument);
    let mut small = Moments::with_shift(&ctx, &[0.0; 5], -1000).unwrap();
    assert_eq!(small.update(&ctx, &tensor(&values, 5)).unwrap_err().condition(), Condition::Argument);
    assert_eq!(small.merge(&whole).unwrap_err().condition(), Condition::Argument);
}

#[test]
fn bytes_that_are_not_a_state_are_malformed() {
    let ctx = Context::default();
    let m = state(&ctx, &numbers(20), 4);
    let bytes = m.to_bytes().unwrap();
    assert_eq!(bytes.len(), m.bytes_len());
    let read = Moments::from_bytes(&ctx, &bytes).unwrap();
    assert_eq!(read.to_bytes().unwrap(), bytes, "what was read writes the same");
    let empty = Moments::new(&ctx, 4).unwrap().to_bytes().unwrap();
    assert!(same(&Moments::from_bytes(&ctx, &empty).unwrap(), &Moments::new(&ctx, 4).unwrap()));
    let refused = |bytes: &[u8]| match Moments::from_bytes(&ctx, bytes) {
        Ok(_) => panic!("was read"),
        Err(e) => assert_eq!(e.condition(), Condition::Malformed, "{e}"),
    };
    (0..bytes.len()).for_each(|n| refused(&bytes[..n]));
    for i in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[i] ^= 0x40;
        refused(&changed);
    }
    refused(&[bytes.clone(), vec![0; 8]].concat());
}

/// Values by hand: rows (1, 0), (0, 1), (1, 1).
#[test]
fn by_hand() {
    let ctx = Context::default();
    let m = state(&ctx, &[1.0, 0.0, 0.0, 1.0, 1.0, 1.0], 2);
    let near = |got: &[f64], want: &[f64]| got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-15);
    assert!(near(&m.mean().unwrap(), &[2.0 / 3.0; 2]));
    assert!(near(&m.second_moments(&ctx, false).unwrap(), &[2.0, 1.0, 1.0, 2.0]));
    assert!(near(&m.second_moments(&ctx, true).unwrap(), &[2.0 / 3.0, -1.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0]));
    // Eigenvalues 3 and 1.
    assert!(near(&m.spectrum(&ctx, false).unwrap().singular_values(), &[3f64.sqrt(), 1.0]));
    assert!(near(&[m.participation_ratio(false).unwrap()], &[1.6]));
    assert!(near(&[m.participation_ratio(true).unwrap()], &[1.6]));
}
