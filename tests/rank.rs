//! The acceptance cases of the room `rank`: exact spectra in 90 digits, through every instruction set.

#[path = "support/rank.rs"]
mod support;

use cpwl::rank::{
    AlphaOptions, ApproximateOptions, Denominators, EntropyScale, EpsMode, GradientOptions, Lidar,
    LidarOptions, Moments, Options, Power, Precision, Prefer, Preset, Queue, Spectrum, SpectrumOptions,
    Target, Turn, Weighting, alpha_req, alpha_robust, coherence, curvature, expected_rank, gradient,
    sample_size_law, select, self_cluster, spectrum, two_nn,
};
use cpwl::view::TensorRef;
use cpwl::{Condition, Context};
use serde_json::Value;
use support::{Case, cases, contexts, number};

/// |got - want| <= rtol max(1, |want|), or relative to |want| alone.
fn close(got: f64, want: f64, rtol: f64, relative: bool) -> bool {
    let size = if relative { want.abs() } else { want.abs().max(1.0) };
    got == want || (got - want).abs() <= rtol * size
}

fn centred(center: bool) -> SpectrumOptions {
    SpectrumOptions { center, ..Default::default() }
}

/// Every measure of a spectrum that the case knows.
fn check_measures(who: &str, s: &Spectrum, expected: &Value, rtol: f64, rtol_inv_cond: Option<f64>) {
    let at = |preset: Preset| Options { center: s.centred(), ..preset.options() };
    let rank = |o: Options| s.effective_rank(&o).unwrap();
    let roy = at(Preset::RoyVetterli);
    let reptrix = at(Preset::Reptrix);
    let smooth = [
        ("erank", rank(roy)),
        ("rankme_eps_1e-7", rank(at(Preset::Paper))),
        ("rankme_eps_1e-5", rank(at(Preset::StablePretraining))),
        ("erank_eig", rank(Options { eps: 0.0, ..reptrix })),
        ("reptrix_eps_1e-7", rank(reptrix)),
        ("entropy_over_lnk", rank(Options { normalize: true, ..roy })),
        ("von_neumann", s.von_neumann()),
        ("renyi_0.5", s.renyi(0.5).unwrap()),
        ("renyi_2", s.renyi(2.0).unwrap()),
        ("renyi_3", s.renyi(3.0).unwrap()),
        ("participation_ratio", s.participation_ratio()),
        ("stable_rank", s.stable_rank()),
        ("nuclear_over_operator", s.nuclear_over_operator()),
    ];
    for (name, got) in smooth {
        let want = number(&expected[name]).unwrap_or_else(|| panic!("{who}: no {name}"));
        assert!(close(got, want, rtol, false), "{who}: {name} {got} for {want}, rtol {rtol}");
    }
    for (name, got) in [("nuclear_norm", s.nuclear_norm()), ("frobenius_sq", s.frobenius_sq())] {
        let want = number(&expected[name]).unwrap();
        assert!(close(got, want, rtol, true), "{who}: {name} {got} for {want}, rtol {rtol}");
    }
    if let Some(rtol) = rtol_inv_cond {
        let want = number(&expected["inv_cond"]).unwrap();
        assert!(
            close(s.inverse_condition(), want, rtol, true),
            "{who}: inv_cond {} for {want}",
            s.inverse_condition()
        );
    }
    if let Some(want) = expected["num_rank_f32"].as_u64() {
        assert_eq!(s.numerical_rank(Precision::Single) as u64, want, "{who}: num_rank_f32");
    }
}

/// The uncentred and the centred spectrum of a case, by a function that computes either.
fn check_case(who: &str, case: &Case, of: impl Fn(bool) -> cpwl::Result<Spectrum>) {
    check_spectrum(who, case, "expected", of(false));
    check_spectrum(&format!("{who} centred"), case, "expected_centred", of(true));
}

fn check_spectrum(who: &str, case: &Case, key: &str, got: cpwl::Result<Spectrum>) {
    let who = format!("{} by {who}", case.name());
    let condition = match case.json["status"].as_str() {
        Some("nonfinite") => Some(Condition::Nonfinite),
        Some("zero") => Some(Condition::Numeric),
        Some("empty") => Some(Condition::Shape),
        _ if case.json[key].is_null() => Some(Condition::Numeric),
        _ => None,
    };
    match (condition, got) {
        (Some(condition), got) => assert_eq!(got.unwrap_err().condition(), condition, "{who}"),
        (None, Err(e)) => panic!("{who}: {e}"),
        (None, Ok(s)) => {
            let rtol = case.number(if key == "expected" { "rtol" } else { "rtol_centred" });
            check_measures(&who, &s, &case.json[key], rtol, number(&case.json["rtol_inv_cond"]));
            if key == "expected" {
                let want = case.json["singular_values"].as_array().unwrap();
                assert_eq!(s.len(), want.len(), "{who}");
            }
        }
    }
}

#[test]
fn spectra_of_matrices() {
    for case in cases("spectrum") {
        let z = case.matrix();
        for (who, ctx) in contexts() {
            check_case(&who, &case, |center| z.whole(|z| spectrum(&ctx, z, &centred(center))));
        }
    }
}

/// To the tolerance of an accurate decomposition, small values too.
#[test]
fn exact_spectra_of_matrices() {
    for mut case in cases("spectrum") {
        let z = case.matrix();
        case.json["rtol"] = case.json["rtol_exact"].clone();
        if case.json["rtol_centred"].is_number() {
            case.json["rtol_centred"] = case.json["rtol_exact"].clone();
        }
        case.json["rtol_inv_cond"] = Value::Null;
        for (who, ctx) in contexts() {
            let options = |center| SpectrumOptions { center, exact: true, ..Default::default() };
            check_case(&format!("{who}, exact"), &case, |center| {
                let s = z.whole(|z| spectrum(&ctx, z, &options(center)))?;
                if !center {
                    let want = case.json["singular_values"].as_array().unwrap();
                    for (got, want) in s.singular_values().iter().zip(want) {
                        let (want, largest) = (number(want).unwrap(), s.singular_values()[0]);
                        assert!((got - want).abs() <= 1e-14 * largest, "{}: {got} for {want}", case.name());
                    }
                }
                Ok(s)
            });
        }
    }
}

#[test]
fn spectra_of_states() {
    for case in cases("spectrum") {
        let z = case.matrix();
        if case.json["status"] != "ok" {
            continue;
        }
        let ctx = Context::default();
        let mut state = Moments::new(&ctx, z.shape[1] as usize).unwrap();
        // Rows in chunks of uneven length, one of them empty.
        let cuts = [0, 1, 1, (z.shape[0] / 3).max(1), z.shape[0]];
        for c in cuts.windows(2) {
            z.rows(c[0]..c[1], |z| state.update(&ctx, z)).unwrap();
        }
        assert_eq!(state.rows(), z.shape[0] as u64);
        check_case("a state", &case, |center| state.spectrum(&ctx, center));
        let bytes = state.to_bytes().unwrap();
        let read = Moments::from_bytes(&ctx, &bytes).unwrap();
        check_case("bytes", &case, |center| read.spectrum(&ctx, center));
    }
}

/// The largest difference over the largest entry.
fn apart(got: &[f64], want: &[f64]) -> f64 {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0.0f64, |m, w| m.max(w.abs()));
    got.iter().zip(want).fold(0.0f64, |m, (g, w)| m.max((g - w).abs())) / largest
}

/// One state per chunk, with the shift that the case says.
fn chunk_states(ctx: &Context, case: &Case) -> Vec<Moments> {
    let z = case.matrix();
    let chunks: Vec<i64> =
        case.json["chunks"].as_array().unwrap().iter().map(|c| c.as_i64().unwrap()).collect();
    let shifts = case.json["shifts"].as_array().unwrap();
    let mut start = 0;
    let mut states = Vec::new();
    for (&n, shift) in chunks.iter().zip(shifts) {
        let first = |rows: i64| {
            let mut m = Moments::new(ctx, z.shape[1] as usize).unwrap();
            z.rows(start..start + rows, |z| m.update(ctx, z)).unwrap();
            m.mean().unwrap()
        };
        let shift = match shift.as_str() {
            Some("zero") => vec![0.0; z.shape[1] as usize],
            Some("first_row") => first(1),
            _ => first(n),
        };
        let mut state = Moments::with_shift(ctx, &shift, 0).unwrap();
        z.rows(start..start + n, |z| state.update(ctx, z)).unwrap();
        states.push(state);
        start += n;
    }
    states
}

fn check_state(who: &str, case: &Case, ctx: &Context, state: &Moments) {
    assert_eq!(state.rows() as i64, case.json["rows"].as_i64().unwrap(), "{who}");
    let arrays = [
        ("mean", state.mean().unwrap(), "rtol_state"),
        ("uncentred", state.second_moments(ctx, false).unwrap().to_vec(), "rtol_state"),
        ("comoment", state.second_moments(ctx, true).unwrap().to_vec(), "rtol_state_C"),
    ];
    for (name, got, rtol) in arrays {
        let off = apart(&got, &case.array(&case.json[name]));
        assert!(off <= case.number(rtol), "{} {who}: {name} is off by {off:e}", case.name());
    }
    check_case(who, case, |center| state.spectrum(ctx, center));
}

#[test]
fn merged_states() {
    for case in cases("merge") {
        for (who, ctx) in contexts() {
            let states = chunk_states(&ctx, &case);
            let n = states.len();
            let orders: Vec<Vec<usize>> =
                vec![(0..n).collect(), (0..n).rev().collect(), (0..n).map(|i| (i + 1) % n).collect()];
            let removed: Vec<usize> = case.json["remove"]
                .as_array()
                .map_or(Vec::new(), |r| r.iter().map(|i| i.as_u64().unwrap() as usize).collect());
            for order in orders {
                for empty in [true, false] {
                    let who = format!(
                        "{who}, order {order:?} into {}",
                        if empty { "an empty state" } else { "the first" }
                    );
                    let mut total = Moments::new(&ctx, states[0].columns()).unwrap();
                    let mut rest = &order[..];
                    if !empty {
                        total = Moments::from_bytes(&ctx, &states[order[0]].to_bytes().unwrap()).unwrap();
                        rest = &order[1..];
                    }
                    rest.iter().for_each(|&i| total.merge(&states[i]).unwrap());
                    removed.iter().for_each(|&i| total.subtract(&states[i]).unwrap());
                    check_state(&who, &case, &ctx, &total);
                }
            }
            // By groups: the last two first.
            if n > 2 {
                let mut tail = Moments::new(&ctx, states[0].columns()).unwrap();
                states[1..].iter().for_each(|s| tail.merge(s).unwrap());
                tail.merge(&states[0]).unwrap();
                removed.iter().for_each(|&i| tail.subtract(&states[i]).unwrap());
                check_state(&format!("{who}, grouped"), &case, &ctx, &tail);
            }
        }
    }
}

#[test]
fn a_queue_holds_the_last_rows() {
    let case = cases("merge").into_iter().find(|c| c.name() == "queue_70x8").expect("a case");
    let z = case.matrix();
    let ctx = Context::default();
    // Pieces of every length, asked in between or not: what counts are the last 50 rows.
    for step in [1, 7, 20, 64, 70] {
        for ask in [false, true] {
            for dtype in [cpwl::view::Dtype::F32, cpwl::view::Dtype::F64] {
                let mut queue = Queue::new(&ctx, 50, 8, dtype).unwrap();
                for start in (0..70).step_by(step) {
                    z.rows(start..(start + step as i64).min(70), |z| queue.push(&ctx, z)).unwrap();
                    if ask {
                        assert_eq!(queue.moments(&ctx).unwrap().rows() as usize, queue.rows());
                    }
                }
                assert_eq!(queue.rows(), 50);
                check_state(
                    &format!("a queue in steps of {step}"),
                    &case,
                    &ctx,
                    queue.moments(&ctx).unwrap(),
                );
            }
        }
    }
}

#[test]
fn lidar_of_groups() {
    for case in cases("lidar") {
        let z = case.matrix();
        let groups: Vec<i64> =
            case.json["groups"].as_array().unwrap().iter().map(|g| g.as_i64().unwrap()).collect();
        let (delta, eps) = (case.number("delta"), case.number("eps"));
        let rtol = case.number("rtol");
        let expected = &case.json["expected"];
        for (who, ctx) in contexts() {
            for parts in [1, 3] {
                // As one state, and as several that are merged.
                let mut states: Vec<Lidar> =
                    (0..parts).map(|_| Lidar::new(&ctx, z.shape[1] as usize).unwrap()).collect();
                let mut start = 0;
                for (i, &q) in groups.iter().enumerate() {
                    z.rows(start..start + q, |z| states[i % parts].push_group(&ctx, z)).unwrap();
                    start += q;
                }
                let mut total = states.remove(0);
                states.iter().for_each(|s| total.merge(&ctx, s).unwrap());
                assert_eq!((total.groups(), total.views()), (groups.len() as u64, start as u64));
                let options = LidarOptions { delta, eps, denominators: Denominators::Biased };
                let biased = total.measure(&ctx, &options).unwrap();
                let unbiased = LidarOptions { denominators: Denominators::Unbiased, ..options };
                let unbiased = total.measure(&ctx, &unbiased).unwrap();
                let eps0 = total.measure(&ctx, &LidarOptions { eps: 0.0, ..options }).unwrap();
                let measures = [
                    ("lidar", biased.lidar),
                    ("lidar_eps0", eps0.lidar),
                    ("entropy_eps0", biased.entropy),
                    ("lidar_unbiased", unbiased.lidar),
                ];
                for (name, got) in measures {
                    let want = number(&expected[name]).unwrap();
                    assert!(
                        close(got, want, rtol, false),
                        "{} by {who}: {name} {got} for {want}",
                        case.name()
                    );
                }
                let want = expected["eigenvalues"].as_array().unwrap();
                assert_eq!(biased.eigenvalues.len(), want.len());
                for (got, want) in biased.eigenvalues.iter().zip(want) {
                    let want = number(want).unwrap();
                    let size = biased.eigenvalues[0];
                    assert!(
                        (got - want).abs() <= rtol * size,
                        "{}: eigenvalue {got} for {want}",
                        case.name()
                    );
                }
            }
        }
    }
}

#[test]
fn lidar_refuses_what_it_cannot_tell() {
    let ctx = Context::default();
    let push = |lidar: &mut Lidar, values: &[f64]| {
        let z = TensorRef::from_slice("z", values, &[values.len() / 2, 2]).unwrap();
        lidar.push_group(&ctx, &z)
    };
    let mut lidar = Lidar::new(&ctx, 2).unwrap();
    let options = LidarOptions::default();
    let condition = |l: &mut Lidar, o: &LidarOptions| l.measure(&ctx, o).unwrap_err().condition();
    assert_eq!(condition(&mut lidar, &options), Condition::Numeric);
    push(&mut lidar, &[1.0, 2.0]).unwrap();
    assert_eq!(condition(&mut lidar, &options), Condition::Numeric, "one group");
    assert_eq!(push(&mut lidar, &[f64::NAN, 0.0]).unwrap_err().condition(), Condition::Nonfinite);
    assert_eq!(push(&mut lidar, &[1e200, 0.0]).unwrap_err().condition(), Condition::Argument);
    assert_eq!(push(&mut lidar, &[]).unwrap_err().condition(), Condition::Shape);
    assert_eq!(lidar.groups(), 1);
    push(&mut lidar, &[1.0, 2.0]).unwrap();
    assert_eq!(condition(&mut lidar, &options), Condition::Numeric, "equal means");
    push(&mut lidar, &[3.0, -1.0]).unwrap();
    // One view everywhere: Sw = delta I, and all the means lie on a line.
    let value = lidar.measure(&ctx, &LidarOptions { eps: 0.0, ..options }).unwrap();
    assert!((value.lidar - 1.0).abs() < 1e-12);
    // Between: means 1, 1, 3 and 2, 2, -1: lambda = trace(Sb) / delta.
    let want = (8.0 / 9.0 + 2.0) / 1e-4;
    assert!((value.eigenvalues[0] / want - 1.0).abs() < 1e-12);
    let unbiased = LidarOptions { denominators: Denominators::Unbiased, ..options };
    assert_eq!(condition(&mut lidar, &unbiased), Condition::Argument);
    assert_eq!(condition(&mut lidar, &LidarOptions { delta: 0.0, ..options }), Condition::Numeric);
    assert_eq!(condition(&mut lidar, &LidarOptions { delta: -1.0, ..options }), Condition::Argument);
}

#[test]
fn decay_of_eigenvalues() {
    for case in cases("alpha_req") {
        let rtol = case.number("rtol");
        let ctx = Context::default();
        let lambda = if case.json["input"] == "data" {
            let ratios =
                case.matrix().whole(|z| spectrum(&ctx, z, &centred(true))).unwrap().variance_ratios();
            let want = case.array(&case.json["explained_variance_ratio"]);
            assert!(apart(&ratios, &want) <= 1e-12);
            ratios
        } else {
            case.array(&case.json["eigenvalues"])
        };
        for fit in case.json["fits"].as_array().unwrap() {
            let weighting = if fit["weighting"] == "none" { Weighting::None } else { Weighting::InverseRank };
            let rank = |key: &str| fit[key].as_u64().unwrap() as usize;
            let options = AlphaOptions { start: rank("start"), end: rank("end"), weighting };
            let got = alpha_req(&lambda, &options).unwrap();
            let measures = [
                ("alpha", got.alpha),
                ("intercept", got.intercept),
                ("r2", got.r2),
                ("r2_tail", got.r2_tail),
            ];
            for (name, got) in measures {
                let want = number(&fit["expected"][name]).unwrap();
                assert!(close(got, want, rtol, false), "{}: {name} {got} for {want}", case.name());
            }
        }
        if !case.json["robust"].is_null() {
            let robust = &case.json["robust"];
            let rank = |key: &str| robust[key].as_u64().unwrap() as usize;
            let got = alpha_robust(&lambda, rank("start"), rank("end")).unwrap();
            let want = number(&robust["alpha"]).unwrap();
            assert!(close(got, want, rtol, false), "{}: robust {got} for {want}", case.name());
        }
    }
    let lambda = [4.0, 3.0, 2.0, 1.0, 0.0, 0.0, 0.0];
    let fit = |start, end| alpha_req(&lambda, &AlphaOptions { start, end, weighting: Weighting::None });
    assert!(fit(1, 7).is_ok());
    for (start, end) in [(0, 4), (3, 3), (1, 8), (3, 7), (usize::MAX, 1)] {
        assert_eq!(fit(start, end).unwrap_err().condition(), Condition::Argument, "{start} to {end}");
    }
    assert_eq!(alpha_robust(&lambda, 1, 7).unwrap_err().condition(), Condition::Argument);
}

#[test]
fn measures_of_rows() {
    for (who, ctx) in contexts() {
        for case in cases("selfcluster") {
            let got = case.matrix().whole(|z| self_cluster(&ctx, z)).unwrap();
            let want = number(&case.json["expected"]["selfcluster"]).unwrap();
            assert!(
                close(got, want, case.number("rtol"), false),
                "{} by {who}: {got} for {want}",
                case.name()
            );
        }
        for case in cases("coherence") {
            let got = case.matrix().whole(|z| coherence(&ctx, z)).unwrap();
            let want = number(&case.json["expected"]["coherence"]).unwrap();
            assert!(
                close(got, want, case.number("rtol"), false),
                "{} by {who}: {got} for {want}",
                case.name()
            );
        }
        for case in cases("twonn") {
            let got = case.matrix().whole(|z| two_nn(&ctx, z)).unwrap();
            let expected = &case.json["expected"];
            let counts = (expected["used"].as_u64().unwrap(), expected["dropped"].as_u64().unwrap());
            assert_eq!((got.used as u64, got.dropped as u64), counts);
            for (name, got) in [("fit_base1", got.fit), ("fit_base0", got.fit_base0), ("mle", got.likelihood)]
            {
                let want = number(&expected[name]).unwrap();
                assert!(
                    close(got, want, case.number("rtol"), false),
                    "{} by {who}: {name} {got} for {want}",
                    case.name()
                );
            }
        }
        for case in cases("tokens") {
            let unit = SpectrumOptions { unit_rows: true, ..Default::default() };
            let s = case.matrix().whole(|z| spectrum(&ctx, z, &unit)).unwrap();
            let entropy = |scale| s.matrix_entropy(1.0, scale).unwrap();
            let curvature = |turn| case.matrix().whole(|z| curvature(&ctx, z, turn, false)).unwrap();
            let measures = [
                ("entropy_raw", entropy(EntropyScale::Raw)),
                ("entropy_ln_n", entropy(EntropyScale::LnRows)),
                ("entropy_ln_d", entropy(EntropyScale::LnColumns)),
                ("entropy_min", entropy(EntropyScale::LnMin)),
                ("entropy_product", entropy(EntropyScale::LnProduct)),
                ("curvature_abs", curvature(Turn::Absolute)),
                ("curvature_signed", curvature(Turn::Signed)),
            ];
            for (name, got) in measures {
                let want = number(&case.json["expected"][name]).unwrap();
                assert!(
                    close(got, want, case.number("rtol"), false),
                    "{} by {who}: {name} {got} for {want}",
                    case.name()
                );
            }
        }
    }
}

#[test]
fn what_to_expect_and_what_to_take() {
    for case in cases("law") {
        for pair in case.json["expected"].as_array().unwrap() {
            let (g, want) = (number(&pair["g"]).unwrap(), number(&pair["f"]).unwrap());
            let got = sample_size_law(g).unwrap();
            assert!(close(got, want, case.number("rtol"), false), "f({g}) is {got}, not {want}");
        }
    }
    assert!((sample_size_law(0.0).unwrap() - 1.0).abs() <= 1e-13);
    assert_eq!(expected_rank(512, 4096).unwrap(), 512.0 * sample_size_law(0.125).unwrap());
    assert_eq!(sample_size_law(1.5).unwrap_err().condition(), Condition::Argument);
    assert_eq!(sample_size_law(f64::NAN).unwrap_err().condition(), Condition::Argument);
    for case in cases("select") {
        for run in case.json["expected"].as_array().unwrap() {
            let numbers = |key: &str| -> Vec<f64> {
                run[key].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
            };
            let prefer = if run["prefer"] == "max" { Prefer::Max } else { Prefer::Min };
            let got = select(&numbers("values"), &numbers("rankme"), run["tol"].as_f64().unwrap(), prefer);
            assert_eq!(got.unwrap() as u64, run["index"].as_u64().unwrap());
        }
    }
    assert_eq!(select(&[], &[], 0.0, Prefer::Min).unwrap_err().condition(), Condition::Shape);
    assert_eq!(select(&[1.0], &[f64::NAN], 0.0, Prefer::Min).unwrap_err().condition(), Condition::Nonfinite);
    assert_eq!(select(&[1.0], &[2.0], 1.0, Prefer::Min).unwrap_err().condition(), Condition::Argument);
}

#[test]
fn gradients() {
    for case in cases("gradient") {
        let want = case.array(&case.json["gradient"]);
        let value = case.number("value");
        let target = if case.json["of"] == "entropy" { Target::Entropy } else { Target::Rank };
        let rank = Options { eps: case.number("eps"), ..Default::default() };
        let options = GradientOptions { rank, target, ..Default::default() };
        for (who, ctx) in contexts() {
            let (got, values) = case.matrix().whole(|z| {
                let g = gradient(&ctx, z, &options).unwrap();
                (g.value(), g.values(&ctx, z).unwrap())
            });
            assert!(close(got, value, 1e-12, false), "{} by {who}: {got} for {value}", case.name());
            let largest = want.iter().fold(0.0f64, |m, w| m.max(w.abs()));
            let allowed = case.number("rtol") * largest + 1e-12 * value.abs();
            for (got, want) in values.iter().zip(&want) {
                assert!((got - want).abs() <= allowed, "{} by {who}: {got} for {want}", case.name());
            }
        }
    }
}

/// Every convention against central differences, tall, wide, centred, and of extreme scale.
#[test]
fn gradients_are_what_differences_say() {
    let ctx = Context::default();
    let numbers = |n: usize| -> Vec<f64> {
        (0..n as u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761)) / 2f64.powi(31) - 0.8).collect()
    };
    let regular = |n: usize, k: usize| -> Vec<f64> {
        numbers(n * k).iter().enumerate().map(|(e, x)| if e / k == e % k { x + 2.0 } else { *x }).collect()
    };
    for (n, k) in [(9, 4), (4, 7), (5, 5)] {
        for (power, eps, eps_mode) in [
            (Power::Singular, 0.0, EpsMode::AfterDivision),
            (Power::Singular, 0.1, EpsMode::AfterDivision),
            (Power::Singular, 0.1, EpsMode::BeforeDivision),
            (Power::Eigen, 0.0, EpsMode::AfterDivision),
            (Power::Eigen, 0.2, EpsMode::BeforeDivision),
        ] {
            for (center, normalize, target, scale) in [
                (false, false, Target::Rank, 1.0),
                (true, false, Target::Rank, 1.0),
                (true, true, Target::Rank, 1.0),
                (false, false, Target::Entropy, 1.0),
                (false, false, Target::Rank, 2f64.powi(-600)),
            ] {
                // An eps in the units of the data has no meaning on another scale.
                if scale != 1.0 && eps_mode == EpsMode::BeforeDivision {
                    continue;
                }
                let rank = Options { power, eps, eps_mode, center, normalize, base: 2.0 };
                let options = GradientOptions { rank, target, tolerance: 1e-7 };
                let of = |data: &[f64]| {
                    let scaled: Vec<f64> = data.iter().map(|x| x * scale).collect();
                    let z = TensorRef::from_slice("z", &scaled, &[n, k]).unwrap();
                    let g = gradient(&ctx, &z, &options).unwrap();
                    let values = g.values(&ctx, &z).unwrap();
                    (g.value(), values.iter().map(|x| x * scale).collect::<Vec<f64>>())
                };
                let data = regular(n, k);
                let (_, got) = of(&data);
                let largest = got.iter().fold(0.0f64, |m, g| m.max(g.abs()));
                for e in 0..n * k {
                    let h = 1e-5;
                    let moved = |by: f64| {
                        let mut moved = data.clone();
                        moved[e] += by;
                        of(&moved).0
                    };
                    let want = (moved(h) - moved(-h)) / (2.0 * h);
                    assert!(
                        (got[e] - want).abs() <= 1e-7 * largest.max(1e-3),
                        "{n}x{k} {options:?}: {} for {want}",
                        got[e]
                    );
                }
            }
        }
    }
}

/// Moments with these singular values: a diagonal turned by reflections.
fn with_spectrum(ctx: &Context, sigma: &[f64]) -> Moments {
    let k = sigma.len();
    let mut z = vec![0.0; k * k];
    let reflector = |seed: usize| -> Vec<f64> {
        let v: Vec<f64> =
            (0..k).map(|i| (((i * 7919 + seed * 104_729) % 1009) as f64 / 504.5 - 1.0) + 0.01).collect();
        let length = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.iter().map(|x| x / length).collect()
    };
    for (i, s) in sigma.iter().enumerate() {
        z[i * k + i] = *s;
    }
    // Z = D (I - 2 v v') for several v: rows of an orthogonal matrix, scaled.
    for seed in 1..4 {
        let v = reflector(seed);
        for row in z.chunks_exact_mut(k) {
            let c = 2.0 * row.iter().zip(&v).map(|(x, v)| x * v).sum::<f64>();
            row.iter_mut().zip(&v).for_each(|(x, v)| *x -= c * v);
        }
    }
    let mut m = Moments::with_shift(ctx, &vec![0.0; k], 0).unwrap();
    m.update(ctx, &TensorRef::from_slice("z", &z, &[k, k]).unwrap()).unwrap();
    m
}

/// The interval covers the truth as often as it says, for spectra of every steepness.
#[test]
fn the_error_bar_of_an_estimate_covers() {
    let ctx = Context::default();
    let k = 160;
    let spectra: [(&str, fn(f64) -> f64); 6] = [
        ("i^-.5", |i| i.powf(-0.5)),
        ("i^-1", |i| 1.0 / i),
        ("i^-2", |i| i.powf(-2.0)),
        ("exp(-i/20)", |i| (-i / 20.0).exp()),
        ("10 and a floor", |i| if i <= 10.0 { 1.0 } else { 1e-4 }),
        ("flat", |_| 1.0),
    ];
    let (mut inside, mut trials) = (0, 0);
    for (name, f) in spectra {
        let sigma: Vec<f64> = (1..=k).map(|i| f(i as f64)).collect();
        let truth = Spectrum::from_singular_values(&sigma, k as u64, k, false).unwrap();
        let truth = truth.effective_rank(&Options::default()).unwrap();
        let moments = with_spectrum(&ctx, &sigma);
        let mut worst = 0.0f64;
        for seed in 0..25 {
            // Little deflation, so that chance has its say.
            let options = ApproximateOptions { deflation: 32, seed, ..Default::default() };
            let got = moments.approximate_rank(&ctx, &options).unwrap();
            let off = (got.rank - truth).abs();
            worst = worst.max(off / truth);
            trials += 1;
            inside += u32::from(off <= got.error + 1e-9 * truth);
            assert!(
                off <= 4.0 * got.error + 1e-9 * truth,
                "{name}: {} +- {} for {truth}",
                got.rank,
                got.error
            );
        }
        assert!(worst <= 0.12, "{name}: off by {worst}");
    }
    assert!(f64::from(inside) >= 0.92 * f64::from(trials), "{inside} of {trials} intervals cover");
    let m = with_spectrum(&ctx, &[1.0, 0.5]);
    let bad = |o: ApproximateOptions| m.approximate_rank(&ctx, &o).unwrap_err().condition();
    assert_eq!(bad(ApproximateOptions { probes: 1, ..Default::default() }), Condition::Argument);
    assert_eq!(bad(ApproximateOptions { steps: 3, ..Default::default() }), Condition::Argument);
    let empty = Moments::new(&ctx, 3).unwrap();
    let e = empty.approximate_rank(&ctx, &ApproximateOptions::default()).unwrap_err();
    assert_eq!(e.condition(), Condition::Shape);
}
