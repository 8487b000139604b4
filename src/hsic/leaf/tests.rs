//! Every instruction set against plain f64 arithmetic.

use super::*;
use crate::network::testing::Rng;
use crate::simd::Isa;

fn sets() -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().filter(|isa| isa.available())
}

/// Units in the last place of `want` between the two.
fn ulps(got: f64, want: f64) -> f64 {
    let ulp = f64::from_bits(want.to_bits() + 1) - want;
    (got - want).abs() / ulp
}

#[test]
fn exponentials_to_two_units_and_to_1e_7() {
    // The library's exp of f64 is itself within one unit; an interval of every size, and the ends of the range.
    let mut rng = Rng(1);
    let mut x: Vec<f64> = (0..20_000).map(|i| -rng.real().abs() * [1.0, 0.35, 40.0, 708.0][i % 4]).collect();
    x.extend([0.0, -f64::MIN_POSITIVE, -1e-17, -0.346, -0.347, -707.9]);
    for isa in sets() {
        let mut out = vec![0.0; x.len()];
        let base: Vec<f64> = x.iter().map(|x| -x).collect();
        (f64::leaf(isa).map)(&Op::Exp(1.0), &base, 0.0, &mut out);
        for (&x, &got) in x.iter().zip(&out) {
            assert!(ulps(got, x.exp()) <= 2.0, "{}: exp({x}) is {got}", isa.name());
        }
        let tiny = [709.5, 730.0, 744.0, 745.2, 746.0, 1e9, f64::INFINITY];
        let mut out = [f64::NAN; 7];
        (f64::leaf(isa).map)(&Op::Exp(1.0), &tiny, 0.0, &mut out);
        for (x, got) in tiny.iter().zip(out) {
            // A subnormal number may be off by one unit of the smallest.
            assert!((got - (-x).exp()).abs() <= 5e-324, "{}: exp(-{x}) is {got:e}", isa.name());
        }
        let base: Vec<f32> = x.iter().map(|&x| (-x).min(87.0) as f32).collect();
        let mut out = vec![0.0f32; x.len()];
        (f32::leaf(isa).map)(&Op::Exp(1.0), &base, 0.0, &mut out);
        for (&x, &got) in base.iter().zip(&out) {
            let want = (-f64::from(x)).exp();
            assert!((f64::from(got) - want).abs() <= 1e-7 * want, "{}: exp(-{x}) is {got}", isa.name());
        }
        let mut out = [f32::NAN; 3];
        (f32::leaf(isa).map)(&Op::Exp(1.0), &[103.0, 104.5, f32::INFINITY], 0.0, &mut out);
        assert!(out[0] <= 2e-45 && out[1..] == [0.0, 0.0], "{out:?}");
    }
}

#[test]
fn kernels_and_slopes_are_their_formulas() {
    let all = [
        Kernel::Linear,
        Kernel::Rbf { gamma: 0.7 },
        Kernel::LaplaceL1 { gamma: 0.3 },
        Kernel::ExpL2 { gamma: 1.1 },
        Kernel::RationalQuadratic { gamma: 0.5, alpha: 1.7 },
        Kernel::InverseMultiquadric { gamma: 0.4 },
        Kernel::Poly { gamma: 0.5, coef0: 1.0, degree: 3 },
        Kernel::Discrete,
        Kernel::Distance,
    ];
    let base: Vec<f64> = (0..37).map(|i| f64::from(i) * 0.21).collect();
    for isa in sets() {
        let leaf = f64::leaf(isa);
        for kernel in all {
            let op = Op::new(&kernel);
            let (mut k, mut d) = (vec![0.0; base.len()], vec![2.0; base.len()]);
            (leaf.map)(&op, &base, 0.25, &mut k);
            k.iter().zip(&base).for_each(|(&k, &u)| {
                let want = kernel.of(u) - 0.25;
                assert!((k - want).abs() <= 4e-15 * want.abs().max(1.0), "{kernel:?} at {u}: {k} for {want}")
            });
            (leaf.map)(&op, &base, 0.0, &mut k);
            (leaf.slope)(&op, &base, &k, &mut d);
            for (&d, &u) in d.iter().zip(&base) {
                let want = 2.0 * kernel.slope(u);
                assert!((d - want).abs() <= 1e-14 * want.abs().max(1.0), "{kernel:?} at {u}: {d} for {want}");
                if u > 0.0 && kernel != Kernel::Discrete {
                    let h = 1e-6;
                    let central = (kernel.of(u + h) - kernel.of(u - h)) / (2.0 * h);
                    assert!(
                        (kernel.slope(u) - central).abs() <= 1e-7 * central.abs().max(1.0),
                        "{kernel:?} at {u}"
                    );
                }
            }
        }
    }
}

#[test]
fn sums_of_rows() {
    let mut rng = Rng(5);
    for isa in sets() {
        let leaf = f64::leaf(isa);
        for n in [0, 1, 15, 16, 17, 128] {
            let (k, l): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (rng.real(), rng.real())).unzip();
            let (mut a, mut b) = (vec![1.0; n], vec![2.0; n]);
            let t = (leaf.tally)(&k, &l, [&mut a, &mut b]);
            let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let ones = vec![1.0; n];
            let want = [dot(&k, &ones), dot(&l, &ones), dot(&k, &l), dot(&k, &k), dot(&l, &l)];
            for (got, want) in [t.k, t.l, t.kl, t.kk, t.ll].into_iter().zip(want) {
                assert!((got - want).abs() <= 1e-14 * n as f64, "{n}");
            }
            assert!((0..n).all(|i| a[i] == 1.0 + k[i] && b[i] == 2.0 + l[i]));
            let x = 0.1;
            let got = (leaf.signed)(&k, x, &l);
            let want: f64 =
                k.iter().zip(&l).map(|(w, &p)| if p == x { 0.0 } else { w * (x - p).signum() }).sum();
            assert!((got - want).abs() <= 1e-14 * n as f64);
            let mut out = vec![0.0; n];
            (leaf.combine)([2.0, -3.0], &k, &l, 0.5, &l, &mut out);
            assert!((0..n).all(|i| (out[i] - (2.0 * k[i] - 3.0 * l[i] + 0.5 + l[i])).abs() <= 1e-14));
        }
    }
}

#[test]
fn bases_of_pairs() {
    let (x, panel) = ([1.0, -2.0], [0.0, 1.0, 4.0, 9.0, -2.0, -2.0, 1.0, 9.0]);
    for isa in sets() {
        let leaf = f64::leaf(isa);
        for (f, want) in [
            (leaf.direct, [1.0, 0.0, 18.0]),
            (leaf.absolute, [1.0, 0.0, 6.0]),
            (leaf.differing, [1.0, 0.0, 2.0]),
        ] {
            let mut out = [0.0; 3];
            f(&mut out, &x, &panel, 4);
            assert_eq!(out, want);
        }
        let mut row = [1.0, 2.0, 13.0];
        (leaf.squares)(&mut row, 5.0, &[0.0, 1.0, 20.0]);
        assert_eq!(row, [3.0, 2.0, 0.0]);
        let mut out = [0.0; 2];
        (leaf.features)(false, &[1.0, 2.0], &[0.0, 4.0], &[1.0, 0.5], &[0.5, 0.0], &mut out);
        assert!((out[0] - ((-1f64).exp() - 0.5)).abs() <= 1e-15 && (out[1] - (-2f64).exp()).abs() <= 1e-15);
        (leaf.features)(true, &[1.0, 2.0], &[0.0, 4.0], &[1.0, 0.5], &[0.5, 0.0], &mut out);
        assert!((out[1] - (-1f64).exp()).abs() <= 1e-15);
    }
}
