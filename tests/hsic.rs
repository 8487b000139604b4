//! The acceptance cases of the room `hsic`, by the tolerances of their README.

#[path = "support/hsic.rs"]
mod support;

use cpwl::hsic::{
    Bandwidth, BarlowOptions, Estimator, FeatureKernel, GammaTest, IcaOptions, Kernel, Objective,
    Permutations, Stream, Variable, VcregOptions, VicregOptions, VicregVariant, bandwidth, barlow, dhsic,
    dhsic_gradient, dhsic_test, gradient, hsic, hsic_1d, hsic_blocks, hsic_gamma_test, hsic_nystrom,
    hsic_permutation_test, hsic_random_features, ica, pairwise_cka, pairwise_hsic, pairwise_mean,
    pairwise_mean_gradient, vcreg, vicreg,
};
use cpwl::view::TensorRef;
use cpwl::{Condition, Context, ContextOptions, Isa};
use support::{Array, Case, cases, kernel};

const NAMES: [&str; 5] = ["linear", "rbf", "laplace_l1", "exp_l2", "poly"];

/// Every instruction set of this CPU, and the plain reference.
fn contexts() -> Vec<Context> {
    let isas = Isa::ALL.into_iter().filter(|isa| isa.available());
    let mut all: Vec<Context> = isas
        .map(|isa| Context::new(ContextOptions { isa: Some(isa), threads: 2, ..Default::default() }).unwrap())
        .collect();
    all.push(Context::new(ContextOptions { reference: true, ..Default::default() }).unwrap());
    all
}

fn rbf(gamma: f64) -> Kernel {
    Kernel::Rbf { gamma }
}

fn check_gamma(case: &Case, what: &str, got: &GammaTest) {
    for (key, value) in [
        ("stat", got.statistic),
        ("mean", got.mean),
        ("var", got.variance),
        ("shape", got.shape),
        ("scale", got.scale),
        ("p", got.p),
    ] {
        case.close(&format!("{what} {key}"), value, case.number(&[what, key]), 1e-8, 0.0);
    }
    assert!((got.log_p - got.p.ln()).abs() <= 1e-12 * got.log_p.abs());
}

#[test]
fn estimators_gradients_medians_and_gamma_tests() {
    for ctx in contexts() {
        for case in cases("hsic") {
            let (x, y) = (case.array("X"), case.array("Y"));
            let (tx, ty) = (x.tensor(), y.tensor());
            for name in NAMES {
                let k = kernel(&case.json["expect"][name]["kernel"]);
                let (a, b) = (Variable::new(&tx, k), Variable::new(&ty, k));
                let e = hsic(&ctx, &a, &b).unwrap();
                let want = |key: &str| case.number(&[name, key]);
                let scale = want("hsic_b_xx").max(want("hsic_b_yy"));
                let both =
                    |key: &str, got: f64| case.close(&format!("{name} {key}"), got, want(key), 1e-10, scale);
                both("hsic_b_n2", e.hsic(Estimator::BiasedN2).unwrap());
                both("hsic_b_nm1", e.hsic(Estimator::BiasedNm1).unwrap());
                both("hsic_u", e.hsic(Estimator::Unbiased).unwrap());
                for (i, key) in ["xx", "yy"].into_iter().enumerate() {
                    both(&format!("hsic_b_{key}"), e.biased[i + 1]);
                    both(&format!("hsic_u_{key}"), e.unbiased[i + 1]);
                }
                // A ratio of numbers near 0 keeps fewer digits.
                for (key, debiased) in [("cka_b", false), ("cka_u", true)] {
                    case.close(&format!("{name} {key}"), e.cka(debiased).unwrap(), want(key), 1e-10, 1.0);
                }
                for (key, estimator) in [("b", Estimator::BiasedN2), ("u", Estimator::Unbiased)] {
                    let got = gradient(&ctx, &a, &b, Objective::Hsic(estimator), false).unwrap();
                    let want = case.array(&format!("gradX_{key}_{name}"));
                    case.all_close(&format!("gradX_{key}_{name}"), &got.x, &want.values, 1e-10);
                }
            }
            for (key, rule) in
                [("dist", Bandwidth::Distance), ("half", Bandwidth::Half), ("nonzero", Bandwidth::Nonzero)]
            {
                for (i, t) in [&tx, &ty].into_iter().enumerate() {
                    let want = case.json["expect"]["median"][key][i].as_f64().unwrap();
                    case.close(key, bandwidth(&ctx, t, rule, 0.0, 0).unwrap().sigma, want, 1e-12, 0.0);
                }
            }
            if case.json["expect"]["gamma_test_gretton"].is_null() {
                continue;
            }
            let z = case.array("Zindep");
            let tz = z.tensor();
            let of = |t, what: &str, key: &str| Variable::new(t, rbf(case.number(&[what, key])));
            for (what, other, key) in
                [("gamma_test_gretton", &ty, "gamma_y"), ("gamma_test_null", &tz, "gamma_z")]
            {
                let got = hsic_gamma_test(&ctx, &of(&tx, what, "gamma_x"), &of(other, what, key)).unwrap();
                check_gamma(&case, what, &got);
            }
            let what = "gamma_test_dhsic";
            let got = dhsic_test(&ctx, &[of(&tx, what, "gamma_x"), of(&ty, what, "gamma_y")]).unwrap();
            check_gamma(&case, what, &got);
            let what = "shared_gamma_debiased_cka";
            let got =
                hsic(&ctx, &of(&tx, what, "gamma"), &of(&ty, what, "gamma")).unwrap().cka(true).unwrap();
            case.close(what, got, case.number(&[what, "value"]), 1e-10, 1.0);
            let shared = bandwidth(&ctx, &tx, Bandwidth::Distance, 0.0, 0).unwrap().gamma;
            case.close("gamma", shared, case.number(&[what, "gamma"]), 1e-12, 0.0);
        }
    }
}

#[test]
fn blocks_and_minibatches() {
    let ctx = Context::default();
    for case in cases("block") {
        let (x, y) = (case.array("X"), case.array("Y"));
        for name in ["linear", "rbf"] {
            let k = kernel(&case.json["kernels"][name]);
            let size = case.number(&[name, "B"]) as usize;
            let got = hsic_blocks(&ctx, (&x.tensor(), k), (&y.tensor(), k), size).unwrap();
            case.close("mean", got.hsic, case.number(&[name, "mean"]), 1e-10, 1.0);
            case.close("cka", got.cka.unwrap(), case.number(&[name, "minibatch_cka"]), 1e-10, 1.0);
            let want: Vec<f64> = case.json["expect"][name]["blocks"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
                .collect();
            case.all_close("blocks", &got.batches, &want, 1e-10);
            let mut stream = Stream::new();
            for b in 0..want.len() {
                let (x, y) = (x.rows(b * size..(b + 1) * size), y.rows(b * size..(b + 1) * size));
                stream.push(&ctx, &Variable::new(&x.tensor(), k), &Variable::new(&y.tensor(), k)).unwrap();
            }
            assert_eq!(stream.finish().unwrap(), got);
            assert!(got.p > 0.0 && got.p < 0.5 && got.z > 0.0);
        }
    }
}

#[test]
fn joint_independence() {
    for ctx in contexts() {
        for case in cases("dhsic") {
            let arrays = ["A", "B", "C", "D"].map(|n| case.array(n));
            let tensors = arrays.each_ref().map(|a| a.tensor());
            let kernels: Vec<Kernel> = case.json["kernels"].as_array().unwrap().iter().map(kernel).collect();
            let all: Vec<Variable> =
                tensors.iter().zip(&kernels).map(|(t, k)| Variable::new(t, *k)).collect();
            for (key, d) in [("d2_AB", 2), ("d2_equals_biased_hsic", 2), ("d3_ABC", 3), ("d4", 4)] {
                case.close(key, dhsic(&ctx, &all[..d]).unwrap(), case.number(&[key]), 1e-10, 1.0);
            }
            for (key, d) in [("gamma_d3", 3), ("gamma_d4", 4)] {
                check_gamma(&case, key, &dhsic_test(&ctx, &all[..d]).unwrap());
            }
            let (value, gradients) = dhsic_gradient(&ctx, &all[..3]).unwrap();
            case.close("d3", value, case.number(&["d3_ABC"]), 1e-10, 1.0);
            for (name, got) in ["A", "B", "C"].into_iter().zip(&gradients) {
                case.all_close(name, got, &case.array(&format!("d3_grad{name}")).values, 1e-10);
            }
        }
    }
}

#[test]
fn pairs_of_features() {
    for ctx in contexts() {
        for case in cases("pairwise") {
            let f = case.array("F");
            let t = f.tensor();
            let gammas = case.array("gammas").values;
            let laplace = [case.number(&["laplace_gamma"])];
            let get = |kernel, gammas: &[f64], e| pairwise_hsic(&ctx, &t, kernel, gammas, e).unwrap();
            let (b, u) = (Estimator::BiasedN2, Estimator::Unbiased);
            let matrix = |name: &str, got: &[f64]| case.all_close(name, got, &case.array(name).values, 1e-10);
            matrix("rbf_b", &get(FeatureKernel::Rbf, &gammas, b));
            matrix("rbf_u", &get(FeatureKernel::Rbf, &gammas, u));
            matrix("rbf_cka", &pairwise_cka(&ctx, &t, FeatureKernel::Rbf, &gammas, false).unwrap());
            matrix("laplace_b", &get(FeatureKernel::Laplace, &laplace, b));
            matrix("linear_b", &get(FeatureKernel::Linear, &laplace, b));
            for (normalised, mean, name) in [
                (false, "rbf_offdiag_mean", "grad_mean_raw"),
                (true, "rbf_offdiag_mean_cka", "grad_mean_cka"),
            ] {
                let got = pairwise_mean_gradient(&ctx, &t, FeatureKernel::Rbf, &gammas, normalised).unwrap();
                case.close(mean, got.mean, case.number(&[mean]), 1e-10, 1.0);
                matrix(name, &got.gradient);
            }
            let k = f.shape[1] as f64;
            let mean = pairwise_mean(&ctx, &t, FeatureKernel::Rbf, &gammas, false).unwrap();
            case.close("sum", mean * k * (k - 1.0), case.number(&["rbf_offdiag_sum"]), 1e-10, 1.0);
        }
    }
}

#[test]
fn losses_of_embeddings() {
    let ctx = Context::default();
    for case in cases("vicreg") {
        let (z1, z2) = (case.array("Z1"), case.array("Z2"));
        let (a, b) = (z1.tensor(), z2.tensor());
        for (key, variant) in [("fair", VicregVariant::Fair), ("paper", VicregVariant::Paper)] {
            let options = VicregOptions { variant, ..Default::default() };
            let got = vicreg::<f64>(&ctx, &a, &b, &options, true).unwrap();
            case.close(key, got.value, case.number(&[key, "loss"]), 1e-10, 1.0);
            for (name, term) in ["inv", "std", "cov"].into_iter().zip(got.terms) {
                case.close(name, term, case.number(&[key, name]), 1e-10, 1.0);
            }
            for (v, g) in got.gradients.iter().enumerate() {
                let name = format!("{key}_g{}", v + 1);
                case.all_close(&name, g, &case.array(&name).values, 1e-10);
            }
            let single = vicreg::<f32>(&ctx, &a, &b, &options, true).unwrap();
            case.close(key, single.value, got.value, 1e-5, 0.0);
            let wide: Vec<f64> = single.gradients[0].iter().map(|g| f64::from(*g)).collect();
            case.all_close(key, &wide, &got.gradients[0], 1e-4);
        }
        let got = vcreg::<f64>(&ctx, &a, &VcregOptions::default(), true).unwrap();
        for (name, value) in [("loss", got.value), ("var", got.terms[0]), ("cov", got.terms[1])] {
            case.close(name, value, case.number(&["vcreg", name]), 1e-10, 1.0);
        }
        case.all_close("vcreg_grad", &got.gradients[0], &case.array("vcreg_grad").values, 1e-10);
        let options =
            BarlowOptions { lambda: case.number(&["barlow", "lam"]), eps: case.number(&["barlow", "eps"]) };
        let mut c = vec![0.0; z1.shape[1] * z1.shape[1]];
        let got = barlow::<f64>(&ctx, &a, &b, &options, true, Some(&mut c)).unwrap();
        case.close("barlow", got.value, case.number(&["barlow", "loss"]), 1e-10, 1.0);
        case.all_close("barlow_C", &c, &case.array("barlow_C").values, 1e-10);
        for (v, g) in got.gradients.iter().enumerate() {
            let name = format!("barlow_g{}", v + 1);
            case.all_close(&name, g, &case.array(&name).values, 1e-10);
        }
    }
}

#[test]
fn gradients_of_cka() {
    for ctx in contexts() {
        for case in cases("ckagrad") {
            let (x, y) = (case.array("X"), case.array("Y"));
            let (tx, ty) = (x.tensor(), y.tensor());
            let gammas = [case.number(&["gamma_x"]), case.number(&["gamma_y"])];
            for (name, [k, l]) in [("rbf", gammas.map(rbf)), ("linear", [Kernel::Linear; 2])] {
                let (a, b) = (Variable::new(&tx, k), Variable::new(&ty, l));
                for (key, debiased) in [("b", false), ("u", true)] {
                    let got = gradient(&ctx, &a, &b, Objective::Cka(debiased), false).unwrap();
                    let what = format!("cka_{name}_{key}");
                    case.close(&what, got.value, case.number(&[&what]), 1e-10, 1.0);
                    case.all_close(&what, &got.x, &case.array(&format!("gradX_{what}")).values, 1e-10);
                }
            }
            let (a, b) = (Variable::new(&tx, rbf(gammas[0])), Variable::new(&ty, rbf(gammas[1])));
            for (key, e) in
                [("dhsic_b_dgamma_x", Estimator::BiasedN2), ("dhsic_u_dgamma_x", Estimator::Unbiased)]
            {
                let got = gradient(&ctx, &a, &b, Objective::Hsic(e), false).unwrap();
                case.close(key, got.gamma[0], case.number(&[key]), 1e-10, 1.0);
            }
        }
    }
}

#[test]
fn one_dimension_in_n_log_n() {
    let ctx = Context::default();
    for case in cases("oned") {
        let (x, y) = (case.array("x"), case.array("y"));
        let (tx, ty) = (x.tensor(), y.tensor());
        let laplace = |key| Kernel::LaplaceL1 { gamma: case.number(&[key]) };
        for (prefix, k, l) in
            [("", laplace("a"), laplace("b")), ("dist_", Kernel::Distance, Kernel::Distance)]
        {
            let (a, b) = (Variable::new(&tx, k), Variable::new(&ty, l));
            for got in [hsic_1d(&ctx, &a, &b).unwrap(), hsic(&ctx, &a, &b).unwrap()] {
                for (key, e) in [("hsic_b_n2", Estimator::BiasedN2), ("hsic_u", Estimator::Unbiased)] {
                    let key = format!("{prefix}{key}");
                    case.close(&key, got.hsic(e).unwrap(), case.number(&[&key]), 1e-10, 1.0);
                }
            }
        }
    }
}

#[test]
fn explicit_features() {
    let ctx = Context::default();
    for case in cases("features") {
        let (x, y) = (case.array("X"), case.array("Y"));
        let (tx, ty) = (x.tensor(), y.tensor());
        let get = |name: &str| case.array(name).values;
        let got =
            hsic_random_features(&ctx, (&tx, &get("Wx"), &get("bx")), (&ty, &get("Wy"), &get("by"))).unwrap();
        case.close("rff_hsic_b", got.estimates.biased[0], case.number(&["rff_hsic_b"]), 1e-10, 1.0);
        case.close("rff_hsic_u", got.estimates.unbiased[0], case.number(&["rff_hsic_u"]), 1e-10, 1.0);
        let (k, l) = (rbf(case.number(&["gamma_x"])), rbf(case.number(&["gamma_y"])));
        let exact = hsic(&ctx, &Variable::new(&tx, k), &Variable::new(&ty, l)).unwrap();
        case.close("exact_hsic_b", exact.biased[0], case.number(&["exact_hsic_b"]), 1e-10, 1.0);
        let off = (got.estimates.biased[0] - exact.biased[0]).abs();
        assert!(got.error > 0.0 && off <= 4.0 * got.error, "{off} with a standard error of {}", got.error);
        let rows = case.array("landmarks").indices();
        let got = hsic_nystrom(&ctx, (&tx, k, &rows), (&ty, l, &rows), 0.0).unwrap();
        case.close("nystrom_hsic_b", got.estimates.biased[0], case.number(&["nystrom_hsic_b"]), 1e-10, 1.0);
        case.close("nystrom_hsic_u", got.estimates.unbiased[0], case.number(&["nystrom_hsic_u"]), 1e-10, 1.0);
        assert!((exact.biased[0] - got.estimates.biased[0]).abs() <= got.error);
        let all: Vec<usize> = (0..x.shape[0]).collect();
        let got = hsic_nystrom(&ctx, (&tx, k, &all), (&ty, l, &all), 1e-14).unwrap();
        assert!((exact.biased[0] - got.estimates.biased[0]).abs() <= 1e-9);
    }
}

#[test]
fn permutations() {
    let ctx = Context::default();
    for case in cases("perm") {
        let arrays = ["X", "Y", "Z"].map(|n| case.array(n));
        let tensors = arrays.each_ref().map(|a| a.tensor());
        let gammas = ["gamma_x", "gamma_y", "gamma_z"].map(|g| case.number(&[g]));
        let given = case.array("perms").indices();
        for (other, name) in [(1, "xy"), (2, "xz")] {
            for (key, unbiased) in [("b", false), ("u", true)] {
                let (a, b) = (
                    Variable::new(&tensors[0], rbf(gammas[0])),
                    Variable::new(&tensors[other], rbf(gammas[other])),
                );
                let got = hsic_permutation_test(&ctx, &a, &b, unbiased, Permutations::Given(&given)).unwrap();
                let what = format!("{name}_{key}");
                case.close(&what, got.statistic, case.number(&[&what, "stat"]), 1e-10, 1.0);
                case.close(&what, got.p, case.number(&[&what, "p"]), 1e-8, 0.0);
                case.all_close(&what, &got.permuted, &case.array(&format!("stats_{what}")).values, 1e-10);
            }
        }
    }
}

/// Covariances of random features are HSIC of the kernels that they make: `Precomputed`, and block by block.
#[test]
fn covariances_of_features_are_hsic() {
    let ctx = Context::default();
    for case in cases("vc_hsic") {
        let (f, w, b) = (case.array("F"), case.array("w"), case.array("b"));
        let (n, p, m) = (f.shape[0], w.shape[0], w.shape[1]);
        let ratio = (n as f64 / (n as f64 - 1.0)).powi(2);
        case.close("ratio", ratio, case.number(&["ratio"]), 1e-12, 0.0);
        let got = vcreg::<f64>(&ctx, &f.tensor(), &VcregOptions::default(), false).unwrap();
        case.close("vcreg", got.terms[1], case.number(&["vcreg_cov_term_of_F"]), 1e-10, 1.0);
        let linear =
            pairwise_hsic(&ctx, &f.tensor(), FeatureKernel::Linear, &[1.0], Estimator::BiasedN2).unwrap();
        let off = |v: &[f64], k: usize| (0..k * k).filter(|e| e % (k + 1) > 0).map(|e| v[e]).sum::<f64>();
        case.close("linear", off(&linear, p), case.number(&["sum_linear_hsic_offdiag"]), 1e-10, 1.0);
        let wave = |i: usize, a: usize, k: usize| {
            (w.values[a * m + k] * f.values[i * p + a] + b.values[a * m + k]).cos()
        };
        let blocks: Vec<Array> = (0..p)
            .map(|a| Array { values: (0..n * m).map(|e| wave(e / m, a, e % m)).collect(), shape: vec![n, m] })
            .collect();
        let tensors: Vec<TensorRef> = blocks.iter().map(|b| b.tensor()).collect();
        let want = case.array("hsic_blocks").values;
        let mut sum = 0.0;
        for a in 0..p {
            for c in 0..p {
                let pair = [a, c].map(|i| Variable::new(&tensors[i], Kernel::Linear));
                let got = hsic(&ctx, &pair[0], &pair[1]).unwrap().biased[0];
                case.close("block", got, want[a * p + c], 1e-10, 1.0);
                sum += if a == c { 0.0 } else { got };
            }
        }
        case.close("offblock", sum * ratio, case.number(&["offblock_cov_ddof1"]), 1e-10, 1.0);
    }
}

#[test]
fn sources_are_found() {
    let ctx = Context::default();
    for case in cases("ica") {
        let (x, s) = (case.array("X"), case.array("S"));
        let got = ica(&ctx, &x.tensor(), &IcaOptions::default()).unwrap();
        let (n, p) = (s.shape[0], s.shape[1]);
        let column = |v: &[f64], j: usize| {
            let c: Vec<f64> = v.iter().skip(j).step_by(p).copied().collect();
            let mean = c.iter().sum::<f64>() / n as f64;
            let size = c.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>().sqrt();
            c.iter().map(|v| (v - mean) / size).collect::<Vec<f64>>()
        };
        let mut found = 0.0;
        for j in 0..p {
            let want = column(&s.values, j);
            let best = (0..p).map(|i| {
                let c = column(&got.sources, i);
                want.iter().zip(&c).map(|(a, b)| a * b).sum::<f64>().abs()
            });
            found += best.fold(0.0, f64::max) / p as f64;
        }
        assert!(found >= case.number(&["min_mean_abs_corr"]), "{found}");
        // Sources are the rows less the mean, unmixed.
        let first: f64 = (0..p).map(|k| (x.values[k] - got.mean[k]) * got.unmixing[k * p]).sum();
        assert!((first - got.sources[0]).abs() <= 1e-10);
    }
}

#[test]
fn single_precision() {
    for ctx in contexts() {
        for case in cases("f32") {
            let arrays = ["X", "Xoff", "Y"].map(|n| case.array(n));
            let singles = arrays.each_ref().map(|a| a.values.iter().map(|v| *v as f32).collect::<Vec<f32>>());
            let wide = arrays.each_ref().map(|a| a.tensor());
            let narrow =
                [0, 1, 2].map(|i| TensorRef::from_slice("x", &singles[i], &arrays[i].shape).unwrap());
            for (tensors, tolerance) in [(&wide, 1e-10), (&narrow, 1e-5)] {
                for (i, off) in [(0, ""), (1, "_off")] {
                    for (prefix, k, l) in [
                        ("hsic", rbf(case.number(&["gamma_x"])), rbf(case.number(&["gamma_y"]))),
                        ("linear", Kernel::Linear, Kernel::Linear),
                    ] {
                        let got = hsic(&ctx, &Variable::new(&tensors[i], k), &Variable::new(&tensors[2], l))
                            .unwrap();
                        let key = format!("{prefix}_b{off}");
                        case.close(&key, got.biased[0], case.number(&[&key]), tolerance, 0.0);
                        if prefix == "hsic" {
                            let key = format!("hsic_u{off}");
                            case.close(&key, got.unbiased[0], case.number(&[&key]), tolerance, 0.0);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn edges() {
    for ctx in contexts() {
        for case in cases("edge") {
            let (x, dup) = (case.array("X"), case.array("Dup"));
            let k = kernel(&case.json["kernel"]);
            let of = |x: &Array, y: &Array, k: Kernel| {
                hsic(&ctx, &Variable::new(&x.tensor(), k), &Variable::new(&y.tensor(), k)).unwrap()
            };
            assert_eq!(of(&x.rows(0..1), &dup.rows(0..1), k).biased[0], case.number(&["biased_n1"]));
            for n in 1..4 {
                let e = of(&x.rows(0..n), &dup.rows(0..n).map(|v| 2.0 * v), k);
                assert_eq!(e.hsic(Estimator::Unbiased).unwrap_err().condition(), Condition::TooFew);
                if n > 1 {
                    let key = format!("biased_n{n}");
                    case.close(&key, e.biased[0], case.number(&[&key]), 1e-10, 1.0);
                }
            }
            let constant = of(&x, &case.array("Yconst"), k);
            assert!(constant.biased[0].abs() <= case.number(&["const", "hsic_b_abs_max"]));
            assert!(constant.unbiased[0].abs() <= case.number(&["const", "hsic_u_abs_max"]));
            assert_eq!(constant.cka(false).unwrap_err().condition(), Condition::Undefined);
            assert_eq!(constant.cka(true).unwrap_err().condition(), Condition::Undefined);
            let e = bandwidth(&ctx, &case.array("Yconst").tensor(), Bandwidth::Half, 0.0, 0).unwrap_err();
            assert_eq!(e.condition(), Condition::ZeroMedian);
            let e = of(&x, &dup, k);
            case.close("hsic_b", e.biased[0], case.number(&["duplicates", "hsic_b"]), 1e-10, 1.0);
            case.close("hsic_u", e.unbiased[0], case.number(&["duplicates", "hsic_u"]), 1e-10, 1.0);
            case.close("hsic_b_self", e.biased[2], case.number(&["duplicates", "hsic_b_self"]), 1e-10, 1.0);
            case.close("hsic_u_self", e.unbiased[2], case.number(&["duplicates", "hsic_u_self"]), 1e-10, 1.0);
            for (gamma, want) in case.json["expect"]["bandwidth_b_u"].as_object().unwrap() {
                let e = of(&x, &dup, rbf(gamma.parse().unwrap()));
                for (got, i) in [(e.biased[0], 0), (e.unbiased[0], 1)] {
                    assert!((got - want[i].as_f64().unwrap()).abs() <= 1e-12, "gamma {gamma}: {got:e}");
                }
            }
            for (key, linear) in [("offset_invariance_rbf", false), ("cka_b_linear_offset", true)] {
                for (offset, want) in case.json["expect"][key].as_object().unwrap() {
                    let o: f64 = offset.parse().unwrap();
                    let want = want.as_f64().unwrap();
                    let tolerance = if o == 0.0 {
                        1e-10
                    } else if linear {
                        1e-9
                    } else {
                        1e-7
                    };
                    let got = if linear {
                        of(&x.map(|v| v + o), &dup.map(|v| v - o), Kernel::Linear).cka(false).unwrap()
                    } else {
                        of(&x.map(|v| v + o), &dup.map(|v| v + o), k).biased[0]
                    };
                    case.close(key, got, want, tolerance, 1.0);
                }
            }
            // Of exp_l2 (gamma 0.4) on Dup against rbf (gamma 0.5) on X: no gradient between equal rows.
            let (a, b) = (dup.tensor(), x.tensor());
            let (a, b) = (Variable::new(&a, Kernel::ExpL2 { gamma: 0.4 }), Variable::new(&b, rbf(0.5)));
            let got = gradient(&ctx, &a, &b, Objective::Hsic(Estimator::BiasedN2), false).unwrap();
            case.all_close("exp_l2_grad_dup", &got.x, &case.array("exp_l2_grad_dup").values, 1e-10);
            for (name, text) in [("Xnan", "NaN"), ("Xinf", "inf")] {
                let bad = case.array(name);
                let t = bad.tensor();
                let e = hsic(&ctx, &Variable::new(&t, k), &Variable::new(&t, k)).unwrap_err();
                assert_eq!(e.condition(), Condition::Nonfinite);
                assert!(e.message().contains(text), "{e}");
            }
        }
    }
}
