//! Gradients against central differences, and laws; the numbers of other programs are in tests/hsic.rs.

use super::*;
use crate::network::testing::{Rng, threads};

fn batch(seed: u64, n: usize, d: usize) -> Vec<f64> {
    let mut rng = Rng(seed);
    let mut z: Vec<f64> = (0..n * d).map(|_| rng.real()).collect();
    // Some correlation between neighbours.
    for e in 0..n * d {
        if e % d > 0 {
            z[e] += 0.4 * z[e - 1];
        }
    }
    z
}

/// A loss of two views of shape [n, d].
type Of<'a> = &'a dyn Fn(&TensorRef, &TensorRef, bool) -> Loss<f64>;

fn check(name: &str, n: usize, d: usize, loss: Of) {
    let views = [batch(1, n, d), batch(2, n, d)];
    let run = |views: &[Vec<f64>; 2], gradient: bool| {
        let t = |v| TensorRef::from_slice("z", v, &[n, d]).unwrap();
        loss(&t(&views[0]), &t(&views[1]), gradient)
    };
    let found = run(&views, true);
    let largest = found.gradients.iter().flat_map(|g| g.iter()).fold(0.0f64, |m, g| m.max(g.abs()));
    let h = 1e-6;
    for (v, gradient) in found.gradients.iter().enumerate() {
        for e in (0..n * d).step_by(3) {
            let at = |step: f64| {
                let mut moved = views.clone();
                moved[v][e] += step;
                run(&moved, false).value
            };
            let central = (at(h) - at(-h)) / (2.0 * h);
            assert!((gradient[e] - central).abs() <= 1e-7 * largest, "{name}: {} for {central}", gradient[e]);
        }
    }
}

#[test]
fn gradients_are_central_differences() {
    let ctx = threads(2);
    for (n, d) in [(12, 5), (6, 11)] {
        for options in [
            VcregOptions::default(),
            VcregOptions { alpha: 0.7, beta: 0.3, gamma: 0.9, eps: 1e-3, ddof: 0, per_feature: true },
        ] {
            check("vcreg", n, d, &|a, _, g| vcreg(&ctx, a, &options, g).unwrap());
        }
        for variant in [VicregVariant::Fair, VicregVariant::Paper] {
            let options = VicregOptions { variant, ..Default::default() };
            check("vicreg", n, d, &|a, b, g| vicreg(&ctx, a, b, &options, g).unwrap());
        }
        check("barlow", n, d, &|a, b, g| barlow(&ctx, a, b, &BarlowOptions::default(), g, None).unwrap());
    }
    check("wmse", 15, 4, &|a, b, g| wmse(&ctx, a, b, &WmseOptions::default(), g).unwrap());
    check("wmse", 9, 6, &|a, b, g| wmse(&ctx, a, b, &WmseOptions { eps: 0.1 }, g).unwrap());
}

#[test]
fn a_batch_in_parts_is_the_batch() {
    use crate::rank::Moments;
    let ctx = threads(1);
    let (n, d) = (20, 6);
    let z = batch(4, n, d);
    let whole = TensorRef::from_slice("z", &z, &[n, d]).unwrap();
    let want = vcreg::<f64>(&ctx, &whole, &VcregOptions::default(), true).unwrap();
    let mut states: Vec<Moments> = (0..2).map(|_| Moments::new(&ctx, d).unwrap()).collect();
    let part =
        |p: usize| TensorRef::from_slice("z", &z[p * n / 2 * d..(p + 1) * n / 2 * d], &[n / 2, d]).unwrap();
    for (p, state) in states.iter_mut().enumerate() {
        state.update(&ctx, &part(p)).unwrap();
    }
    let second = states.pop().unwrap();
    let mut state = states.pop().unwrap();
    state.merge(&second).unwrap();
    let options = VcregOptions::default();
    let got = vcreg_of_moments(&ctx, &state, &options).unwrap();
    for (g, w) in got.iter().zip([want.value, want.terms[0], want.terms[1]]) {
        assert!((g - w).abs() <= 1e-12 * w.abs().max(1.0));
    }
    for p in 0..2 {
        let rows = vcreg_rows(&ctx, &state, &part(p), &options).unwrap();
        for (g, w) in rows.iter().zip(&want.gradients[0][p * n / 2 * d..]) {
            assert!((g - w).abs() <= 1e-12, "{g} for {w}");
        }
    }
}

#[test]
fn constant_columns_and_too_few_rows() {
    let ctx = threads(1);
    let z = [1.0, 2.0, 1.0, 5.0, 1.0, 3.0];
    let z = TensorRef::from_slice("z", &z, &[3, 2]).unwrap();
    let found = vcreg::<f64>(&ctx, &z, &VcregOptions::default(), true).unwrap();
    assert_eq!((found.terms[0], found.gradients[0][0]), (1.0, 0.0), "the whole hinge, and no gradient");
    let one = TensorRef::from_slice("z", &[1.0, 2.0], &[1, 2]).unwrap();
    let e = vicreg::<f64>(&ctx, &one, &one, &VicregOptions::default(), true).unwrap_err();
    assert_eq!(e.to_string(), "[TOO_FEW] z: a variance needs at least 2 rows; there are 1");
    let e = barlow::<f64>(&ctx, &z, &z, &BarlowOptions::default(), false, None).unwrap_err();
    assert_eq!(e.to_string(), "[UNDEFINED] z: column 0 is constant and eps is 0: it has no correlation");
}
