//! Certificates against the acceptance cases of tests/data/police, whose truth was computed in exact rational arithmetic, and
//! in situations made to be misjudged.

use std::fs;
use std::path::Path;

use cpwl::convex::{ConvexSet, Norm};
use cpwl::network::{Array, Builder, Network, Pwl, Window};
use cpwl::police::certify::{Certificate, CertifyOptions, Reason, Stage, Verdict, certify, certify_all};
use cpwl::{Condition, Context, ContextOptions};
use serde_json::Value;

fn judge(net: &Network, set: &ConvexSet) -> Certificate {
    certify(&Context::default(), net, set, &CertifyOptions::default()).unwrap()
}

/// A case: its description, and its arrays by name.
struct Case {
    about: Value,
    bytes: Vec<u8>,
}

impl Case {
    fn read(name: &str) -> Case {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/police");
        let about = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let bytes = fs::read(folder.join(format!("{name}.bin"))).unwrap();
        Case { about: serde_json::from_str(&about).unwrap(), bytes }
    }

    fn array(&self, name: &str) -> (Vec<usize>, Vec<f64>) {
        let a = &self.about["arrays"][name];
        let shape: Vec<usize> =
            a["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let first = a["offset"].as_u64().unwrap() as usize;
        assert_eq!(a["dtype"], "f64");
        let numbers = self.bytes[first..].chunks_exact(8).take(shape.iter().product());
        (shape, numbers.map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect())
    }

    /// The network with the biases `bias`0, `bias`1, ..
    fn network(&self, bias: &str) -> Network {
        let act = match self.about["act"].as_str().unwrap() {
            "relu" => Pwl::leaky_relu(0.0),
            "leaky_relu" => Pwl::leaky_relu(0.01),
            "abs" => Pwl::leaky_relu(-1.0),
            act => panic!("{act}"),
        };
        let layers = self.about["layers"].as_u64().unwrap();
        let mut b = Builder::new(&[self.array("W0").0[1]]).unwrap();
        let mut x = 0;
        for l in 0..layers {
            let ((shape, weight), (_, bias)) =
                (self.array(&format!("W{l}")), self.array(&format!("{bias}{l}")));
            x = b.dense(x, weight.into(), [shape[0], shape[1]], Some(bias.into())).unwrap();
            if l + 1 < layers {
                x = b.pointwise(x, vec![act.clone().unwrap()]).unwrap();
            }
        }
        b.finish(x).unwrap()
    }
}

#[test]
fn cases_are_judged_as_exact_arithmetic_judges_them() {
    for (kind, act) in ["raw", "margin", "partial", "zero_margin"]
        .into_iter()
        .flat_map(|kind| ["relu", "leaky_relu"].map(|act| (kind, act)))
    {
        let name = format!("certify_{kind}_{act}_p");
        let case = Case::read(&name);
        let (net, (shape, v)) = (case.network("fb"), case.array("V"));
        let found = judge(&net, &ConvexSet::points(shape[1], &v).unwrap());
        assert_eq!(found.is_certified(), case.about["truth"] == "certified", "{name}: {found:?}");
        // Every one of these networks that is not certified is not affine.
        assert!(found.is_certified() || matches!(found.verdict, Verdict::Violated(_)), "{name}");
        let reports = case.about["layers_report"].as_array().unwrap();
        assert_eq!(found.layers.len(), reports.len(), "{name}");
        for (l, want) in found.layers.iter().zip(reports) {
            assert_eq!(l.crossing as u64, want["crossing_units"].as_u64().unwrap(), "{name}: {l:?}");
            assert_eq!(l.open, 0);
            let margin = want["min_margin"].as_f64().unwrap();
            assert!((l.margin - margin).abs() <= 1e-12 * margin.abs(), "{name}: {l:?}, {margin:e}");
            assert_eq!(l.unit as u64, want["worst_unit"].as_u64().unwrap(), "{name}: {l:?}");
        }
    }
}

#[test]
fn folded_networks_of_the_cases_are_not_taken_on_trust() {
    // Folded with margin 1e-3: certified. Folded without a margin: rounding decides, and the truth is at the vertices.
    for name in ["square_minshift_margin_abs_p", "basic_tri_abs", "square_ties_relu", "deep_d5_leaky_relu"] {
        let case = Case::read(name);
        let (net, (shape, v)) = (case.network("fb"), case.array("V"));
        let found = judge(&net, &ConvexSet::points(shape[1], &v).unwrap());
        if case.about["margin"].as_f64().unwrap() > 0.0 {
            assert!(found.is_certified(), "{name}: {found:?}");
        } else {
            // Beyond a bend by no more than rounding.
            assert!(found.tightest().unwrap().margin.abs() < 1e-14, "{name}: {found:?}");
        }
        let raw = judge(&case.network("b"), &ConvexSet::points(shape[1], &v).unwrap());
        assert!(matches!(raw.verdict, Verdict::Violated(_)), "{name}: {raw:?}");
    }
}

/// Dense layers (weight, bias) with `act` between.
fn mlp(layers: &[(&[f64], &[f64])], act: Pwl) -> Network {
    let inputs = layers[0].0.len() / layers[0].1.len();
    let mut b = Builder::new(&[inputs]).unwrap();
    let mut x = 0;
    for (l, (weight, bias)) in layers.iter().enumerate() {
        let shape = [bias.len(), weight.len() / bias.len()];
        x = b.dense(x, weight.to_vec().into(), shape, Some(bias.to_vec().into())).unwrap();
        if l + 1 < layers.len() {
            x = b.pointwise(x, vec![act.clone()]).unwrap();
        }
    }
    b.finish(x).unwrap()
}

fn relu() -> Pwl {
    Pwl::leaky_relu(0.0).unwrap()
}

/// One unit w . x + b, and its value as the output.
fn unit(w: &[f64], b: f64) -> Network {
    mlp(&[(w, &[b]), (&[1.0], &[0.0])], relu())
}

#[test]
fn a_bend_that_is_undone_is_no_violation() {
    // relu(x) - relu(-x) = x, exactly; and with a third unit that is not undone.
    let undone = mlp(&[(&[1.0, -1.0], &[0.0, 0.0]), (&[1.0, -1.0], &[0.0])], relu());
    let set = ConvexSet::points(1, &[-1.0, 0.7]).unwrap();
    let found = judge(&undone, &set);
    assert_eq!(found.verdict, Verdict::NotCertified(Reason::Crosses));
    assert_eq!(found.layers[0].crossing, 2);
    let bent = mlp(&[(&[1.0, -1.0, 1.0], &[0.0, 0.0, 0.25]), (&[1.0, -1.0, 1e-12], &[0.0])], relu());
    let Verdict::Violated(witness) = judge(&bent, &set).verdict else { panic!() };
    // 1e-12 relu(x + 0.25) on [-1, 0.7] is farthest from its chord at the bend: 1e-12 * 0.75 * 0.95 / 1.7.
    assert!((witness.deviation + 1e-12 * 0.75 * 0.95 / 1.7).abs() < 1e-16, "{witness:?}");
    assert_eq!(witness.ends, [vec![-1.0], vec![0.7]]);
    assert!((witness.point[0] + 0.25).abs() < 1e-15, "{witness:?}");
}

#[test]
fn touching_is_not_crossing() {
    // x + y over the triangle (1, -1), (2, -1), (1, 0): 0 at a vertex.
    let triangle = ConvexSet::points(2, &[1.0, -1.0, 2.0, -1.0, 1.0, 0.0]).unwrap();
    let found = judge(&unit(&[1.0, 1.0], 0.0), &triangle);
    assert!(found.is_certified() && found.layers[0].margin == 0.0 && found.codes == [1], "{found:?}");
    assert_eq!(found.layers[0].stages, [0, 0, 1], "no error bound can tell");
    assert_eq!(found.layers[0].corner, Some(0));
    let found = judge(&unit(&[1.0, 1.0], -1.0), &triangle);
    assert!(found.is_certified() && found.codes == [0], "{found:?}");
    // Constant on the bend: both pieces will do.
    let segment = ConvexSet::points(2, &[0.0, 1.0, 1.0, 0.0]).unwrap();
    let net = unit(&[1.0, 1.0], -1.0);
    assert!(judge(&net, &segment).is_certified());
    for code in [0, 1] {
        let options = CertifyOptions { codes: Some(vec![code]), ..Default::default() };
        assert!(certify(&Context::default(), &net, &segment, &options).unwrap().is_certified());
    }
    // Without the exact stage nothing is certain, and nothing is claimed.
    let options = CertifyOptions { exact_work: 0, ..Default::default() };
    let found = certify(&Context::default(), &unit(&[1.0, 1.0], 0.0), &triangle, &options).unwrap();
    assert_eq!(found.verdict, Verdict::NotCertified(Reason::Radius));
    assert_eq!((found.layers[0].open, found.codes), (1, vec![-1]));
}

#[test]
fn one_unit_in_the_last_place_decides() {
    // 0.1 x + 0.2 y - 0.3 at (1, 1) is 0.1 + 0.2 - 0.3 in stored numbers: 2^-54 - 2^-56 or so above 0, exactly
    // (0.1 = 3602879701896397 / 2^55, 0.2 = 3602879701896397 / 2^54, 0.3 = 5404319552844595 / 2^54).
    let exact = (3_602_879_701_896_397i64 * 3 - 5_404_319_552_844_595 * 2) as f64 / 2f64.powi(55);
    let net = |b: f64| unit(&[0.1, 0.2], b);
    let set = ConvexSet::points(2, &[1.0, 1.0, 2.0, 1.0]).unwrap();
    let found = judge(&net(-0.3), &set);
    assert!(found.is_certified() && found.layers[0].margin == exact, "{found:?}");
    assert!(exact > 0.0 && found.layers[0].stages[0] == 0);
    let found = judge(&net(-0.3f64.next_up()), &set);
    assert!(found.layers[0].margin == exact - 2f64.powi(-54), "{found:?}");
    assert!(matches!(found.verdict, Verdict::Violated(_)));
    // The same in single precision, whose products are exact in f64: f64 decides.
    let mut b = Builder::new(&[1]).unwrap();
    let third = 1.0f32 / 3.0;
    let x =
        b.dense(0, Array::from(vec![third]), [1, 1], Some(Array::from(vec![-third.next_down()]))).unwrap();
    let x = b.pointwise(x, vec![relu()]).unwrap();
    let found = judge(&b.finish(x).unwrap(), &ConvexSet::points(1, &[1.0, 2.0]).unwrap());
    assert!(found.is_certified() && found.layers[0].stages == [1, 0, 0], "{found:?}");
    assert_eq!(found.layers[0].margin, f64::from(third) - f64::from(third.next_down()));
}

#[test]
fn a_ball_may_touch_a_bend() {
    // 3 x + 4 y over a disc of radius r: from -5 r to 5 r.
    for (radius, bias, certified) in [
        (1.0, 5.0, true),
        (1.0, 5f64.next_down(), false),
        (1.0, 5f64.next_up(), true),
        (0.5f64.powi(60), 5.0 * 0.5f64.powi(60), true),
        (0.5f64.powi(60), (5.0 * 0.5f64.powi(60)).next_down(), false),
        (3.0, -15.0, true),
        (3.0, -14.999999999999998, false),
    ] {
        let set = ConvexSet::ball(&[0.0, 0.0], radius, Norm::Two).unwrap();
        let found = judge(&unit(&[3.0, 4.0], bias), &set);
        assert_eq!(found.is_certified(), certified, "{radius} {bias}: {found:?}");
        assert_eq!(found.layers[0].open, 0);
    }
    // sqrt(2) is not a number of the machine: both neighbours are told apart from it.
    let set = ConvexSet::ball(&[0.0, 0.0], 1.0, Norm::Two).unwrap();
    for bias in [2f64.sqrt(), 2f64.sqrt().next_down(), 2f64.sqrt().next_up()] {
        // b is at least sqrt(2) where b^2 >= 2: sqrt(2) in f64 is 1.4142135623730951.., above the root.
        let certified = bias >= 2f64.sqrt();
        assert_eq!(judge(&unit(&[1.0, 1.0], bias), &set).is_certified(), certified, "{bias:e}");
    }
}

#[test]
fn rays_must_lead_away_from_bends() {
    let set = ConvexSet::points(2, &[1.0, 1.0]).unwrap().with_rays(&[1.0, 0.0, 0.0, 1.0]).unwrap();
    assert!(judge(&unit(&[1.0, 1.0], 0.0), &set).is_certified());
    let found = judge(&unit(&[1.0, 0.0], -1.0), &set);
    assert!(found.is_certified(), "along the bend: {found:?}");
    let found = judge(&unit(&[1.0, -1e-90], 0.0), &set);
    assert_eq!(found.layers[0].margin, f64::NEG_INFINITY);
    assert!(matches!(found.verdict, Verdict::Violated(_)), "{found:?}");
    // 0.1 + 0.2 - 0.3 along the ray (1, 1, 1) is above 0 by less than rounding.
    let set = ConvexSet::points(3, &[1.0, 1.0, 1.0]).unwrap().with_rays(&[1.0, 1.0, 1.0]).unwrap();
    assert!(judge(&unit(&[0.1, 0.2, -0.3], 1.0), &set).is_certified());
    assert!(!judge(&unit(&[-0.1, -0.2, 0.3], 1.0), &set).is_certified());
}

#[test]
fn a_small_set_far_away_keeps_its_digits() {
    // x - y - 0.5 over a box of radius 2^-60 around (2^40 + 0.5, 2^40): touches 0 only if the box has no width.
    let center = [2f64.powi(40) + 0.5, 2f64.powi(40)];
    let narrow = ConvexSet::boxed(&center, &[0.0, 0.0]).unwrap();
    assert!(judge(&unit(&[1.0, -1.0], -0.5), &narrow).is_certified());
    for radius in [2f64.powi(-50), 2f64.powi(-200)] {
        let wide = ConvexSet::boxed(&center, &[radius, 0.0]).unwrap();
        let found = judge(&unit(&[1.0, -1.0], -0.5), &wide);
        assert_eq!((found.layers[0].crossing, found.layers[0].margin), (1, -radius));
        // A witness needs the value of the network at three points to this precision, which double-double does not have.
        assert_eq!(matches!(found.verdict, Verdict::Violated(_)), radius > 1e-20, "{found:?}");
    }
}

#[test]
fn polytopes_are_proven_by_multipliers() {
    // |x_i| <= 1 in 12 dimensions, as half-spaces; the sum is within [-12, 12].
    let n = 12;
    let mut a = vec![0.0; 2 * n * n];
    (0..n).for_each(|i| {
        a[i * n + i] = 1.0;
        a[(n + i) * n + i] = -1.0;
    });
    let set = ConvexSet::polytope(&Context::default(), n, &a, &vec![1.0; 2 * n]).unwrap();
    assert!(set.n_rows() == n + 1, "not enumerated");
    for (bias, certified) in [(12.0 + 1e-12, true), (12.0 - 1e-12, false), (-12.0 - 1e-12, true)] {
        let found = judge(&unit(&vec![1.0; n], bias), &set);
        assert_eq!(found.is_certified(), certified, "{bias}: {found:?}");
        assert!((found.layers[0].margin - (bias.abs() - 12.0)).abs() < 1e-14, "{found:?}");
    }
}

#[test]
fn every_kind_of_unit_has_its_ends() {
    let set = ConvexSet::points(2, &[0.0, 0.0, 2.0, 0.0, 0.0, 2.0]).unwrap();
    // relu6 of 3 x + b: [b, b + 6].
    let relu6 = |b: f64| mlp(&[(&[3.0, 0.0], &[b]), (&[1.0], &[0.0])], Pwl::clip(0.0, 6.0).unwrap());
    for (b, code, margin) in
        [(0.0, Some(1), 0.0), (-6.0, Some(0), 0.0), (7.0, Some(2), 1.0), (0.5, None, -0.5)]
    {
        let found = judge(&relu6(b), &set);
        assert_eq!(found.is_certified(), code.is_some(), "{b}: {found:?}");
        assert_eq!((found.codes[0], found.layers[0].margin), (code.unwrap_or(-1), margin), "{b}");
    }
    // max(x, y + c) over the triangle: y + c wins from c = 2 on.
    let maxout = |c: f64| {
        let mut b = Builder::new(&[2]).unwrap();
        let x = b.dense(0, Array::from(vec![1.0, 0.0, 0.0, 1.0]), [2, 2], Some(vec![0.0, c].into())).unwrap();
        let x = b.maxout(x, 2).unwrap();
        b.finish(x).unwrap()
    };
    for (c, code) in [(2.0, Some(1)), (-2.0, Some(0)), (1.5, None)] {
        let found = judge(&maxout(c), &set);
        assert_eq!(found.codes[0], code.unwrap_or(-1), "{c}: {found:?}");
        assert_eq!(found.layers[0].margin, c.abs() - 2.0);
        assert_eq!(matches!(found.verdict, Verdict::Violated(_)), code.is_none());
    }
    // Hard swish is affine outside of (-3, 3) only.
    let swish = |b: f64| {
        let mut n = Builder::new(&[2]).unwrap();
        let x = n.dense(0, Array::from(vec![1.0, 0.0]), [1, 2], Some(vec![b].into())).unwrap();
        let x = n.hard_swish(x).unwrap();
        n.finish(x).unwrap()
    };
    for (b, code) in [(3.0, Some(2)), (-5.0, Some(0)), (0.0, None), (2.0, None)] {
        let found = judge(&swish(b), &set);
        assert_eq!(found.codes[0], code.unwrap_or(-1), "{b}: {found:?}");
        assert_eq!(matches!(found.verdict, Verdict::Violated(_)), code.is_none(), "{b}: {found:?}");
    }
    // Max-pooling of an image that grows along its rows.
    let mut n = Builder::new(&[1, 2, 2]).unwrap();
    let x = n.max_pool2d(0, Window::pool([2, 2]), false).unwrap();
    let net = n.finish(x).unwrap();
    let image = ConvexSet::boxed(&[0.0, 2.0, 2.0, 4.0], &[1.0; 4]).unwrap();
    let found = judge(&net, &image);
    assert!(found.is_certified() && found.codes == [3] && found.layers[0].margin == 0.0, "{found:?}");
}

#[test]
fn codes_that_are_asked_for_are_kept_or_refused() {
    let net = unit(&[1.0], 0.0);
    let set = ConvexSet::points(1, &[1.0, 2.0]).unwrap();
    let with = |codes: Vec<i32>| {
        let options = CertifyOptions { codes: Some(codes), ..Default::default() };
        certify(&Context::default(), &net, &set, &options)
    };
    assert!(with(vec![1]).unwrap().is_certified());
    let found = with(vec![0]).unwrap();
    assert_eq!(found.verdict, Verdict::NotCertified(Reason::Elsewhere));
    assert_eq!((found.layers[0].elsewhere, found.layers[0].margin), (1, -2.0));
    assert_eq!(with(vec![2]).unwrap_err().condition(), Condition::Argument);
    assert_eq!(with(vec![-1]).unwrap_err().condition(), Condition::Argument);
    assert_eq!(with(vec![]).unwrap_err().condition(), Condition::Shape);
}

#[test]
fn several_regions_are_told_apart() {
    let net = mlp(&[(&[1.0, 1.0], &[0.0, -10.0]), (&[1.0, 1.0], &[0.0])], relu());
    let at = |x: f64| ConvexSet::points(1, &[x, x + 1.0]).unwrap();
    let (found, shared) =
        certify_all(&Context::default(), &net, &[at(1.0), at(20.0), at(3.0), at(-0.5)], &Default::default())
            .unwrap();
    let certified: Vec<bool> = found.iter().map(Certificate::is_certified).collect();
    assert_eq!(certified, [true, true, true, false]);
    assert_eq!(shared, [[0, 2]]);
    let none = certify_all(&Context::default(), &net, &[], &Default::default()).unwrap_err();
    assert_eq!(none.condition(), Condition::EmptyRegion);
    let plane = ConvexSet::points(2, &[0.0, 0.0]).unwrap();
    let wrong = certify(&Context::default(), &net, &plane, &Default::default()).unwrap_err();
    assert_eq!(wrong.condition(), Condition::DimMismatch);
}

#[test]
fn overflow_is_no_verdict_and_no_panic() {
    // 1e200 * 1e200 overflows f64 and double-double; exact arithmetic knows better.
    let net = mlp(&[(&[1e200], &[0.0]), (&[1e200], &[-1.0]), (&[1e-300], &[0.0])], relu());
    let set = ConvexSet::points(1, &[1.0, 2.0]).unwrap();
    let found = judge(&net, &set);
    assert!(found.is_certified() && found.layers[1].stages == [0, 0, 1], "{found:?}");
    let options = CertifyOptions { exact_work: 0, ..Default::default() };
    let found = certify(&Context::default(), &net, &set, &options).unwrap();
    assert_eq!(found.verdict, Verdict::NotCertified(Reason::Radius));
    // Too much for the exact stage: said, not done.
    let options = CertifyOptions { exact_work: 1, ..Default::default() };
    assert!(certify(&Context::default(), &net, &set, &options).unwrap().exact_skipped);
    // Subnormal numbers, whose products vanish.
    let tiny = mlp(&[(&[5e-324], &[0.0]), (&[1e-300], &[5e-324]), (&[1.0], &[0.0])], relu());
    assert!(judge(&tiny, &set).is_certified());
    let tiny = mlp(&[(&[5e-324], &[0.0]), (&[-1e-300], &[0.0]), (&[1.0], &[0.0])], relu());
    assert_eq!(judge(&tiny, &set).codes, [1, 0]);
}

#[test]
fn large_regions_of_images_take_rows_and_no_vertices() {
    // A single-precision network on a box in 784 dimensions, with the biases moved out of the way of its range by 1e-3.
    let (d, n) = (784, 64);
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u32 << 23) as f32 - 1.0
    };
    let center: Vec<f64> = (0..d).map(|_| f64::from(random())).collect();
    let weight: Vec<f32> = (0..n * d).map(|_| random() / 28.0).collect();
    let radius = 0.01;
    // Lowest value of each unit over the box.
    let bias: Vec<f32> = weight
        .chunks(d)
        .map(|w| {
            let at: f64 = w.iter().zip(&center).map(|(w, c)| f64::from(*w) * c).sum();
            let reach: f64 = w.iter().map(|w| f64::from(w.abs()) * radius).sum();
            (1e-3 - at + reach) as f32
        })
        .collect();
    let mut b = Builder::new(&[d]).unwrap();
    let x = b.dense(0, Array::from(weight), [n, d], Some(Array::from(bias))).unwrap();
    let x = b.pointwise(x, vec![relu()]).unwrap();
    let out = b.dense(x, Array::from((0..n).map(|_| random()).collect::<Vec<f32>>()), [1, n], None).unwrap();
    let net = b.finish(out).unwrap();
    let found = judge(&net, &ConvexSet::boxed(&center, &vec![radius; d]).unwrap());
    assert!(found.is_certified(), "{found:?}");
    assert!((found.layers[0].margin - 1e-3).abs() < 1e-5);
    assert_eq!(found.codes, vec![1; n]);
    let wider = judge(&net, &ConvexSet::boxed(&center, &vec![radius * 1.01; d]).unwrap());
    assert!(matches!(wider.verdict, Verdict::Violated(_)), "{:?}", wider.verdict);
}

#[test]
fn cancelling_stops_and_memory_is_counted() {
    let net = unit(&[1.0, 1.0], 0.0);
    let set = ConvexSet::boxed(&[0.0, 0.0], &[1.0, 1.0]).unwrap();
    let with = |options: ContextOptions| {
        let ctx = Context::new(options).unwrap();
        certify(&ctx, &net, &set, &CertifyOptions::default()).unwrap_err().condition()
    };
    let cancel = ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() };
    assert_eq!(with(cancel), Condition::Cancelled);
    assert_eq!(with(ContextOptions { memory_limit: 16, ..Default::default() }), Condition::MemoryLimit);
}

#[test]
fn stages_are_ordered() {
    assert!(Stage::Double < Stage::DoubleDouble && Stage::DoubleDouble < Stage::Exact);
}
