//! The acceptance cases of the room `factors`, through every instruction set and both forms of counting.

#[path = "support/factors.rs"]
mod support;

use cpwl::factors::{
    Annotations, AnnotationsOptions, CountOptions, Counts, Form, SpilloverOptions, Table, Truth, spillover,
};
use cpwl::view::TensorRef;
use cpwl::{Context, ContextOptions, Isa};
use support::{Case, cases};

/// Every way to run: threads, instruction sets, the reference.
fn contexts() -> Vec<(String, Context)> {
    let make = |options| Context::new(options).unwrap();
    let mut all = vec![
        ("3 threads".to_owned(), make(ContextOptions { threads: 3, ..Default::default() })),
        ("the reference".to_owned(), make(ContextOptions { reference: true, ..Default::default() })),
    ];
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        let options = ContextOptions { threads: 1, isa: Some(isa), ..Default::default() };
        all.push((isa.name().to_owned(), make(options)));
    }
    all
}

/// What a case says of its images.
struct Images {
    bits: Vec<u8>,
    labels: Vec<i64>,
    groups: Option<Vec<i64>>,
    rows: Option<Vec<i64>>,
    predictions: Vec<i32>,
}

impl Images {
    fn of(case: &Case) -> Self {
        let given = |key: &str| (!case.json["inputs"][key].is_null()).then(|| case.whole("inputs", key));
        let masks = case.whole("inputs", "mask16");
        Images {
            bits: masks.iter().flat_map(|m| (0..16).map(move |f| (m >> f & 1) as u8)).collect(),
            labels: case.whole("inputs", "label"),
            groups: given("group"),
            rows: given("pred_row"),
            predictions: case.whole("inputs", "pred").into_iter().map(|p| p as i32).collect(),
        }
    }

    fn annotations(&self, ctx: &Context) -> Annotations {
        let factors = TensorRef::from_slice("factors", &self.bits, &[self.labels.len(), 16]).unwrap();
        let options =
            AnnotationsOptions { groups: self.groups.as_deref(), n_groups: 0, rows: self.rows.as_deref() };
        Annotations::new(ctx, &factors, &Truth::Label(&self.labels), &options).unwrap()
    }

    fn predictions(&self, columns: usize) -> TensorRef<'_> {
        let shape = [self.predictions.len() / columns, columns];
        TensorRef::from_slice("predictions", &self.predictions, &shape).unwrap()
    }
}

fn count(ctx: &Context, images: &Images, options: &CountOptions) -> Counts {
    let annotations = images.annotations(ctx);
    let counts = annotations.count(ctx, &images.predictions(annotations.columns()), options).unwrap();
    // In 16 bits as well, where the numbers fit.
    if let Ok(short) = images.predictions.iter().map(|&p| u16::try_from(p)).collect::<Result<Vec<_>, _>>() {
        let shape = [counts.models, annotations.columns()];
        let short = TensorRef::from_slice("predictions", &short, &shape).unwrap();
        assert_eq!(annotations.count(ctx, &short, options).unwrap(), counts);
    }
    counts
}

fn expect_whole(who: &str, case: &Case, figure: &str, got: &[u64]) {
    let want = case.whole("expect", figure);
    assert!(got.iter().map(|&g| g as i64).eq(want.iter().copied()), "{who}: {figure} {got:?} for {want:?}");
}

fn expect_real(who: &str, case: &Case, figure: &str, got: &[f64], rtol: f64) {
    if case.json["expect"][figure].is_null() {
        return;
    }
    let want = case.real("expect", figure);
    assert_eq!(got.len(), want.len(), "{who}: {figure}");
    for (got, want) in got.iter().zip(want) {
        let same = *got == want
            || (got.is_nan() && want.is_nan())
            || (got - want).abs() <= rtol * want.abs() + 1e-16;
        assert!(same, "{who}: {figure} {got} for {want}");
    }
}

fn check_table(who: &str, case: &Case, counts: &Counts) {
    expect_whole(who, case, "total", &counts.total);
    expect_whole(who, case, "correct", &counts.correct);
    expect_whole(who, case, "n_correct", &counts.n_correct);
    let t = Table::new(&[counts.n], &counts.n_correct, &counts.total, &counts.correct, 0.95).unwrap();
    for (figure, got) in [
        ("average", &t.average),
        ("acc", &t.accuracy),
        ("worst", &t.worst),
        ("error_ratio", &t.error_ratio),
        ("misclass_prevalence", &t.misclassified_prevalence),
        ("shift", &t.shift),
    ] {
        expect_real(who, case, figure, got, 1e-14);
    }
    expect_real(who, case, "prevalence", &t.prevalence[..t.factors], 1e-14);
    for (figure, got) in [
        ("er_se", &t.standard_error),
        ("er_lo", &t.ratio_low),
        ("er_hi", &t.ratio_high),
        ("acc_lo", &t.accuracy_low),
        ("acc_hi", &t.accuracy_high),
    ] {
        expect_real(who, case, figure, got, 1e-10);
    }
}

#[test]
fn tables_and_joins() {
    for (who, ctx) in contexts() {
        for case in cases("table").iter().chain(&cases("join")) {
            for form in [Form::Auto, Form::Planes, Form::Cells] {
                let counts = count(&ctx, &Images::of(case), &CountOptions { form, ..Default::default() });
                check_table(&format!("{} by {who}, {form:?}", case.name()), case, &counts);
            }
        }
        for case in cases("join") {
            let joined = case.json["params"]["joined"].as_u64().unwrap();
            assert_eq!(Images::of(&case).annotations(&ctx).images(), joined);
        }
    }
}

#[test]
fn groups_and_worst_classes() {
    for (who, ctx) in contexts() {
        for case in cases("grouped") {
            let worst_classes = case.json["params"]["worst_k"].as_u64().unwrap() as usize;
            for form in [Form::Planes, Form::Cells] {
                let who = format!("{} by {who}, {form:?}", case.name());
                let counts = count(&ctx, &Images::of(&case), &CountOptions { form, worst_classes });
                expect_whole(&who, &case, "total", &counts.group_total);
                expect_whole(&who, &case, "correct", &counts.group_correct);
                expect_whole(&who, &case, "group_n", &counts.group_n);
                expect_whole(&who, &case, "group_correct", &counts.group_n_correct);
                expect_real(&who, &case, "worst_k_acc", &counts.worst_classes, 1e-14);
            }
        }
    }
}

#[test]
fn two_models_on_the_same_images() {
    for (who, ctx) in contexts() {
        for case in cases("paired") {
            let images = Images::of(&case);
            let (a, b) = images.predictions.split_at(images.labels.len());
            let of = |p| TensorRef::from_slice("predictions", p, &[images.labels.len()]).unwrap();
            let paired = images.annotations(&ctx).compare(&ctx, &of(a), &of(b)).unwrap();
            expect_whole(&who, &case, "a_wrong_b_right", &paired.only_a_wrong);
            expect_whole(&who, &case, "a_right_b_wrong", &paired.only_b_wrong);
            for (figure, got) in [
                ("delta_er", &paired.delta),
                ("delta_se", &paired.standard_error),
                ("mcnemar_p", &paired.p),
                ("holm", &paired.holm),
                ("bh", &paired.benjamini_hochberg),
            ] {
                expect_real(&who, &case, figure, got, 1e-10);
            }
        }
    }
}

#[test]
fn spill_over_along_a_strength() {
    for (who, ctx) in contexts() {
        for case in cases("spillover") {
            let more_than = case.json["params"]["more_than"].as_u64().unwrap() as usize;
            let options = SpilloverOptions { more_than, ..Default::default() };
            let (er, strength) = (case.real("inputs", "er"), case.real("inputs", "strength"));
            let s = spillover(&ctx, &er, &strength, 16, &options).unwrap();
            for (figure, got) in [
                ("at_min", &s.at_lowest),
                ("at_max", &s.at_highest),
                ("er_weakest", &s.weakest),
                ("er_strongest", &s.strongest),
                ("t", &s.t),
                ("se", &s.standard_error),
                ("dof", &s.dof),
                ("p", &s.p),
                ("bh", &s.q),
                ("slope", &s.slope),
                ("slope_se", &s.slope_error),
            ] {
                expect_real(&who, &case, figure, got, 1e-8);
            }
            assert!(
                s.permutation_p
                    .iter()
                    .zip(&s.p)
                    .all(|(honest, p)| *honest >= 0.001 && (*honest > 0.01 || *p < 0.01))
            );
        }
    }
}

#[test]
fn calibration_by_factor() {
    for (who, ctx) in contexts() {
        for case in cases("calibration") {
            let (images, confidence) = (Images::of(&case), case.real("inputs", "prob"));
            let n = images.labels.len();
            let confidence = TensorRef::from_slice("confidence", &confidence, &[n]).unwrap();
            let bins = case.json["params"]["bins"].as_u64().unwrap() as usize;
            let annotations = images.annotations(&ctx);
            let found = annotations.calibration(&ctx, &images.predictions(n), &confidence, bins).unwrap();
            expect_real(&who, &case, "ece", &[found.all], 1e-10);
            expect_real(&who, &case, "ece_factor", &found.factors, 1e-10);
        }
    }
}
