//! Laws of counts and statistics, and figures that scipy 1.15 computed.

use proptest::prelude::*;

use super::*;
use crate::context::{Context, ContextOptions};
use crate::error::Condition;
use crate::network::testing::{Rng, threads};
use crate::view::TensorRef;

fn close(got: f64, want: f64, rtol: f64) -> bool {
    got == want || (got - want).abs() <= rtol * want.abs()
}

fn bits(rng: &mut Rng, n: usize, f: usize) -> Vec<u8> {
    (0..n * f).map(|i| u8::from(rng.int(0, 1 + 2 * (i % f)) == 0)).collect()
}

fn tensor<'a, T: crate::view::Element>(name: &'a str, values: &'a [T], shape: &[usize]) -> TensorRef<'a> {
    TensorRef::from_slice(name, values, shape).unwrap()
}

/// What the definitions say, image by image.
fn by_hand(bits: &[u8], f: usize, groups: &[i64], rows: &[i64], right: &[bool]) -> [Vec<u64>; 3] {
    let g = groups.iter().max().map_or(0, |&g| (g + 1) as usize);
    let [mut of, mut of_group, mut of_both] = [vec![0; f], vec![0; g], vec![0; g * f]];
    for (&row, _) in rows.iter().zip(right).filter(|(row, right)| **row >= 0 && **right) {
        let (row, group) = (row as usize, groups[row as usize]);
        if group >= 0 {
            of_group[group as usize] += 1;
        }
        for k in (0..f).filter(|k| bits[row * f + k] == 1) {
            of[k] += 1;
            if group >= 0 {
                of_both[group as usize * f + k] += 1;
            }
        }
    }
    [of, of_group, of_both]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn counts_are_what_the_definitions_say(seed in any::<u64>(), n in 1usize..300, f in 0usize..20, kind in 0..3) {
        let mut rng = Rng(seed);
        let bits = bits(&mut rng, n, f);
        let groups: Vec<i64> = (0..n).map(|_| rng.int(0, 5) as i64 - 1).collect();
        let mut rows: Vec<i64> = (0..n as i64).map(|i| if rng.int(0, 9) == 0 { -1 } else { i }).collect();
        rows[0] = 0;
        for i in (1..n).rev() {
            rows.swap(i, rng.int(0, i));
        }
        let labels: Vec<i64> = (0..n).map(|_| [0, 1, 2, 70_000][rng.int(0, 3)]).collect();
        let mut offsets = vec![0];
        let mut classes = Vec::new();
        for _ in 0..n {
            (0..rng.int(0, 3)).for_each(|_| classes.push(rng.int(0, 4) as i64));
            offsets.push(classes.len() as i64);
        }
        let map: Vec<i64> = (0..=70_000).map(|c| if c == 4 { -1 } else { c % 2 }).collect();
        let truth = match kind {
            0 => Truth::Label(&labels),
            1 => Truth::AnyOf { offsets: &offsets, classes: &classes },
            _ => Truth::Mapped { labels: &labels, groups: &map },
        };
        let models = 5;
        let wide: Vec<i64> =
            (0..models * n).map(|_| [0, 1, 2, 3, 4, 70_000, -1, 1 << 40, i64::MIN][rng.int(0, 8)]).collect();
        let right = |row: i64, p: i64| row >= 0 && match kind {
            0 => p == labels[row as usize],
            1 => classes[offsets[row as usize] as usize..offsets[row as usize + 1] as usize].contains(&p),
            _ => usize::try_from(p).ok().and_then(|p| map.get(p)) == Some(&map[labels[row as usize] as usize]),
        };
        let options = AnnotationsOptions { groups: Some(&groups), n_groups: 6, rows: Some(&rows) };
        let narrow: Vec<u16> = wide.iter().map(|&p| p.clamp(0, 70_000 - 65_536) as u16).collect();
        for ctx in [threads(1), threads(3)] {
            let factors = tensor("factors", &bits, &[n, f]);
            let a = Annotations::new(&ctx, &factors, &truth, &options).unwrap();
            for form in [Form::Planes, Form::Cells] {
                let options = CountOptions { form, ..Default::default() };
                let found = a.count(&ctx, &tensor("p", &wide, &[models, n]), &options).unwrap();
                let short = a.count(&ctx, &tensor("p", &narrow, &[models, n]), &options).unwrap();
                for m in 0..models {
                    let of_row = |p: &dyn Fn(usize) -> i64| -> Vec<bool> {
                        (0..n).map(|j| right(rows[j], p(j))).collect()
                    };
                    for (counts, right) in [
                        (&found, of_row(&|j| wide[m * n + j])),
                        (&short, of_row(&|j| i64::from(narrow[m * n + j]))),
                    ] {
                        let [mut of, mut of_group, mut of_both] = by_hand(&bits, f, &groups, &rows, &right);
                        of_group.resize(6, 0);
                        of_both.resize(6 * f, 0);
                        of.resize(f, 0);
                        prop_assert_eq!(&counts.correct[m * f..(m + 1) * f], &of[..]);
                        prop_assert_eq!(&counts.group_n_correct[m * 6..(m + 1) * 6], &of_group[..]);
                        prop_assert_eq!(&counts.group_correct[m * 6 * f..(m + 1) * 6 * f], &of_both[..]);
                        let all = right.iter().filter(|&&r| r).count() as u64;
                        prop_assert_eq!(counts.n_correct[m], all);
                    }
                }
                let joined = vec![true; n];
                let [total, ..] = by_hand(&bits, f, &groups, &rows, &joined);
                prop_assert_eq!(&found.total, &total);
                prop_assert_eq!(found.n, rows.iter().filter(|&&r| r >= 0).count() as u64);
            }
        }
    }

    /// shift + 1 = e_f / (sum tot e_f / sum tot); with one factor an image, the error ratio itself.
    #[test]
    fn the_identity_of_prevalence_shifts(seed in any::<u64>(), f in 1usize..12) {
        let mut rng = Rng(seed);
        let total: Vec<u64> = (0..f).map(|_| rng.int(1, 500) as u64).collect();
        let correct: Vec<u64> = total.iter().map(|&t| rng.int(0, t as usize - 1) as u64).collect();
        let (n, right) = (total.iter().sum::<u64>(), correct.iter().sum::<u64>());
        let t = Table::new(&[n], &[right], &total, &correct, 0.95).unwrap();
        for k in 0..f {
            prop_assert!((t.shift[k] + 1.0 - t.error_ratio[k]).abs() <= 1e-12 * t.error_ratio[k].max(1.0));
        }
    }
}

#[test]
fn edges_of_tables() {
    let of = |n, right, total, correct| Table::new(&[n], &[right], &[total], &[correct], 0.95).unwrap();
    let everywhere = of(40, 30, 40, 30);
    assert_eq!((everywhere.error_ratio[0], everywhere.standard_error[0]), (1.0, 0.0));
    assert_eq!((everywhere.ratio_low[0], everywhere.ratio_high[0]), (1.0, 1.0));
    let never = of(40, 0, 10, 0);
    assert_eq!((never.accuracy[0], never.error_ratio[0], never.flags[0]), (0.0, 1.0, flag::FEW));
    let always = of(40, 40, 10, 10);
    assert!(always.error_ratio[0].is_nan() && always.standard_error[0].is_nan());
    assert_eq!(always.flags[0], flag::FEW | flag::NO_ERROR);
    let absent = of(40, 30, 0, 0);
    assert!(
        [absent.accuracy[0], absent.error_ratio[0], absent.standard_error[0], absent.worst[0]]
            .iter()
            .all(|x| x.is_nan())
    );
    assert!(absent.prevalence[0].is_nan() && absent.shift[0] == 0.0);
    let spotless = of(400, 300, 100, 100);
    assert_eq!((spotless.ratio_low[0], spotless.flags[0]), (0.0, flag::NO_ERROR_HERE));
    // Wilson's upper bound for 0 of 100 is z^2 / (100 + z^2), over e = 1/4.
    let z2 = 1.959963984540054f64.powi(2);
    assert!(close(spotless.ratio_high[0], 4.0 * z2 / (100.0 + z2), 1e-13));
    let bad = |n, right, total, correct| Table::new(&[n], &[right], &[total], &[correct], 0.95).unwrap_err();
    for e in [bad(4, 5, 1, 1), bad(4, 2, 1, 2), bad(4, 2, 5, 1), bad(4, 3, 3, 0)] {
        assert_eq!(e.condition(), Condition::Argument);
    }
    assert_eq!(Table::new(&[4], &[2], &[1], &[1], 1.0).unwrap_err().condition(), Condition::Argument);
}

#[test]
fn what_cannot_be_is_refused() {
    let ctx = Context::default();
    let condition = |bits: &[u8], shape: [usize; 2], labels: &[i64], options: AnnotationsOptions| {
        let factors = tensor("factors", bits, &shape);
        let made = Annotations::new(&ctx, &factors, &Truth::Label(labels), &options);
        made.err().map(|e| e.condition())
    };
    let plain = AnnotationsOptions::default();
    assert_eq!(condition(&[0, 1], [2, 1], &[0, 1], plain), None);
    assert_eq!(condition(&[], [0, 1], &[], plain), Some(Condition::Shape));
    assert_eq!(condition(&[0, 2], [2, 1], &[0, 1], plain), Some(Condition::Argument));
    assert_eq!(condition(&[0, 1], [2, 1], &[0], plain), Some(Condition::Shape));
    assert_eq!(condition(&[0, 1], [2, 1], &[0, -1], plain), Some(Condition::Argument));
    assert_eq!(condition(&[0; 130], [2, 65], &[0, 1], plain), Some(Condition::Shape));
    let rows = |rows| AnnotationsOptions { rows: Some(rows), ..plain };
    for bad in [&[0, 0][..], &[2], &[-2]] {
        assert_eq!(condition(&[0, 1], [2, 1], &[0, 1], rows(bad)), Some(Condition::Argument), "{bad:?}");
    }
    assert_eq!(condition(&[0, 1], [2, 1], &[0, 1], rows(&[-1])), Some(Condition::Shape));
    let groups = |groups| AnnotationsOptions { groups: Some(groups), n_groups: 2, ..plain };
    assert_eq!(condition(&[0, 1], [2, 1], &[0, 1], groups(&[0, 2])), Some(Condition::Argument));
    assert_eq!(condition(&[0, 1], [2, 1], &[0, 1], groups(&[0])), Some(Condition::Shape));
    let a = Annotations::new(&ctx, &tensor("factors", &[0u8, 1], &[2, 1]), &Truth::Label(&[0, 1]), &plain)
        .unwrap();
    let wrong = a.count(&ctx, &tensor("p", &[0i32; 3], &[3]), &CountOptions::default()).unwrap_err();
    assert_eq!(wrong.to_string(), "[SHAPE] p has 3 predictions a model; expected 2");
    let half = a.count(&ctx, &tensor("p", &[0f32; 2], &[2]), &CountOptions::default()).unwrap_err();
    assert_eq!(half.condition(), Condition::Dtype);
    let cancelled =
        Context::new(ContextOptions { cancel: Some(Box::new(|| true)), ..Default::default() }).unwrap();
    let e = a.count(&cancelled, &tensor("p", &[0i32; 2], &[2]), &CountOptions::default()).unwrap_err();
    assert_eq!(e.condition(), Condition::Cancelled);
}

/// scipy.stats: 2 t.sf, chi2.sf, binomtest, norm.ppf.
#[test]
fn tails_are_those_of_scipy() {
    for (t, dof, want) in STUDENT {
        assert!(close(tails::student(t, dof), want, 1e-12), "t {t}, dof {dof}: {}", tails::student(t, dof));
    }
    for (x, dof, want) in CHI {
        assert!(close(tails::chi_squared(x, dof), want, 1e-12), "{x}, {dof}: {}", tails::chi_squared(x, dof));
    }
    for (b, c, want) in COIN {
        assert!(close(tails::mcnemar(b, c), want, 1e-11), "{b}, {c}: {}", tails::mcnemar(b, c));
    }
    assert_eq!(tails::mcnemar(0, 0), 1.0);
    for (p, want) in NORMAL {
        assert!(close(tails::normal_quantile(p), want, 1e-14), "{p}: {}", tails::normal_quantile(p));
    }
}

#[test]
fn corrections_for_many_tests() {
    let p = [0.01, 0.04, f64::NAN, 0.03, 0.005];
    let same = |got: Vec<f64>, want: [f64; 5]| {
        got.iter().zip(want).all(|(g, w)| (g.is_nan() && w.is_nan()) || close(*g, w, 1e-15))
    };
    assert!(same(holm(&p), [0.03, 0.06, f64::NAN, 0.06, 0.02]));
    assert!(same(benjamini_hochberg(&p), [0.02, 0.04, f64::NAN, 0.04, 0.02]));
    assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
}

/// Counts of a common factor: both bootstraps give the standard error of the formula, and each other's.
#[test]
fn bootstraps_agree_with_the_formula_and_each_other() {
    let (n, f) = (3000, 3);
    let mut rng = Rng(7);
    let bits = bits(&mut rng, n, f);
    let labels: Vec<i64> = (0..n).map(|_| rng.int(0, 9) as i64).collect();
    let predictions: Vec<i32> = (0..n)
        .map(|i| {
            let hard = bits[i * f] + bits[i * f + 1];
            if rng.int(0, 9) < 2 + 2 * hard as usize { 99 } else { labels[i] as i32 }
        })
        .collect();
    let options = BootstrapOptions { replicates: 20_000, seed: 3, level: 0.95 };
    let run = |ctx: &Context| {
        let a = Annotations::new(
            ctx,
            &tensor("factors", &bits, &[n, f]),
            &Truth::Label(&labels),
            &AnnotationsOptions::default(),
        )
        .unwrap();
        let p = tensor("p", &predictions, &[n]);
        let c = a.count(ctx, &p, &CountOptions::default()).unwrap();
        let table = Table::new(&[c.n], &c.n_correct, &c.total, &c.correct, 0.95).unwrap();
        let single = bootstrap(ctx, c.n, c.n_correct[0], &c.total, &c.correct, &options).unwrap();
        (table, single, a.joint_bootstrap(ctx, &p, &options).unwrap())
    };
    let (table, single, joint) = run(&threads(1));
    let (_, other, also) = run(&threads(3));
    assert!(single.ratios[..] == other.ratios[..] && joint.ratios[..] == also.ratios[..]);
    for k in 0..f {
        for b in [&single, &joint] {
            assert!((b.deviation[k] / table.standard_error[k] - 1.0).abs() <= 0.03, "factor {k}");
            assert!((b.mean[k] / table.error_ratio[k] - 1.0).abs() <= 0.01, "factor {k}");
            assert!((b.low[k] / table.ratio_low[k] - 1.0).abs() <= 0.02, "factor {k}");
            assert!((b.high[k] / table.ratio_high[k] - 1.0).abs() <= 0.02, "factor {k}");
            assert_eq!(b.left_out[k], 0);
        }
    }
}

/// Mean and variance over many draws, for both ways of drawing.
#[test]
fn binomial_numbers() {
    for (n, p) in [(1u64, 0.3), (20, 0.1), (50, 0.97), (100, 0.5), (5000, 0.01), (50_000, 0.3), (40, 0.75)] {
        let draws = 40_000;
        let mut stream = binomial::Stream::new(5, 1, n as usize);
        let drawn: Vec<f64> = (0..draws).map(|_| stream.binomial(n, p) as f64).collect();
        let mean = drawn.iter().sum::<f64>() / f64::from(draws);
        let variance = drawn.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(draws);
        let (m, v) = (n as f64 * p, n as f64 * p * (1.0 - p));
        assert!(drawn.iter().all(|&x| x <= n as f64));
        assert!((mean - m).abs() <= 4.0 * (v / f64::from(draws)).sqrt(), "{n}, {p}: mean {mean}");
        assert!((variance / v - 1.0).abs() <= 0.06, "{n}, {p}: variance {variance} for {v}");
        // The whole distribution: the share at or below the mean, against the sum of its probabilities.
        let (mut term, mut below) = ((n as f64 * (-p).ln_1p()).exp(), 0.0);
        if term > 0.0 {
            for k in 0..=(m as u64) {
                below += term;
                term *= p / (1.0 - p) * (n - k) as f64 / (k + 1) as f64;
            }
            let share = drawn.iter().filter(|&&x| x <= m.floor()).count() as f64 / f64::from(draws);
            assert!(
                (share - below).abs() <= 4.5 * (0.25 / f64::from(draws)).sqrt(),
                "{n}, {p}: {share} for {below}"
            );
        }
    }
}

/// Intervals of a confidence of 95% hold the true ratio about 95 times in 100.
#[test]
fn intervals_have_their_coverage() {
    let (n, t, e_in, e_out) = (5000u64, 0.03, 0.4, 0.2);
    let truth = e_in / (t * e_in + (1.0 - t) * e_out);
    let (mut inside, trials) = (0, 2000);
    for trial in 0..trials {
        let mut stream = binomial::Stream::new(11, 2, trial);
        let total = stream.binomial(n, t);
        let (wrong_in, wrong_out) = (stream.binomial(total, e_in), stream.binomial(n - total, e_out));
        let table =
            Table::new(&[n], &[n - wrong_in - wrong_out], &[total], &[total - wrong_in], 0.95).unwrap();
        inside += u32::from(table.ratio_low[0] <= truth && truth <= table.ratio_high[0]);
    }
    let share = f64::from(inside) / trials as f64;
    assert!((share - 0.95).abs() <= 0.015, "{share} of the intervals");
}

#[test]
fn spill_over_at_its_edges() {
    let ctx = Context::default();
    let options = SpilloverOptions { more_than: 1, permutations: 99, seed: 1 };
    let strength = [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0];
    let flat = spillover(&ctx, &[1.0; 7], &strength, 1, &options).unwrap();
    assert!(flat.t[0].is_nan() && flat.p[0].is_nan() && flat.q[0].is_nan() && flat.at_lowest[0].is_nan());
    // A model without errors has no ratio; the strength of one model is left out.
    let ratios = [1.0, 1.2, f64::NAN, 2.0, 2.2, 2.1, 9.0];
    let s = spillover(&ctx, &ratios, &strength, 1, &options).unwrap();
    assert_eq!((s.at_lowest[0], s.at_highest[0], s.weakest[0]), (0.0, 1.0, 1.1));
    assert!(close(s.strongest[0], 2.1, 1e-15) && s.t[0] < 0.0 && s.permutation_p[0] <= 0.2);
    let none =
        spillover(&ctx, &ratios, &strength, 1, &SpilloverOptions { more_than: 10, ..options }).unwrap();
    assert!(none.t[0].is_nan() && none.slope[0].is_nan());
    let e = spillover(&ctx, &ratios, &[f64::NAN; 7], 1, &options).unwrap_err();
    assert_eq!(e.condition(), Condition::Nonfinite);
    assert_eq!(spillover(&ctx, &ratios, &strength, 2, &options).unwrap_err().condition(), Condition::Shape);
    assert_eq!(populations(&[1.0], &[0], 1).unwrap_err().condition(), Condition::Argument);
}

const STUDENT: [(f64, f64, f64); 8] = [
    (0.1, 3.0, 0.9266523488008059),
    (1.0, 1.0, 0.5000000000000001),
    (2.5, 9.99652446, 0.03145432830643057),
    (-17.3, 9.7, 1.2963520310501794e-08),
    (31.6, 12.5, 2.648300576673747e-13),
    (0.5, 1000.3, 0.6171850478478685),
    (4.0, 48866.0, 6.343564874319305e-05),
    (1e-08, 5.0, 0.9999999924078662),
];
const CHI: [(f64, f64, f64); 5] = [
    (0.5, 1.0, 0.47950012218695337),
    (3.0, 2.0, 0.22313016014842982),
    (20.0, 3.0, 0.00016974243555282632),
    (100.0, 4.0, 9.836624224615988e-21),
    (7.0, 16.0, 0.9732610779086803),
];
const COIN: [(u64, u64, f64); 7] = [
    (3, 9, 0.14599609375),
    (0, 1, 1.0),
    (0, 20, 1.9073486328125e-06),
    (120, 150, 0.07738939898021849),
    (1000, 1200, 2.1817026407914194e-05),
    (20000, 20311, 0.12258501296006102),
    (7, 7, 1.0),
];
const NORMAL: [(f64, f64); 7] = [
    (0.975, 1.959963984540054),
    (0.995, 2.5758293035489004),
    (0.5, 0.0),
    (0.6, 0.2533471031357997),
    (1e-10, -6.361340902404056),
    (1e-15, -7.941345326170998),
    (0.001, -3.090232306167813),
];
