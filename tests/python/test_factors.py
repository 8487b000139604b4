"""Factor analysis against numpy and scipy, image by image, and laws of its statistics."""

import copy
import json

import matplotlib
import numpy as np
import pytest
from scipy import stats

import cpwl

matplotlib.use("Agg")


@pytest.fixture
def images():
    """1,500 images with 5 factors, the first of which is hard, and 4 models."""
    rng = np.random.default_rng(0)
    n = 1500
    factors = (rng.random((n, 5)) < [0.5, 0.3, 0.1, 0.02, 0.0]).astype(np.uint8)
    labels = rng.integers(0, 20, n)
    wrong = rng.random((4, n)) < 0.1 + 0.2 * factors[:, 0] + 0.05 * np.arange(4)[:, None]
    return factors, labels, np.where(wrong, 99, labels).astype(np.int32)


def by_hand(factors, right):
    total, correct = factors.sum(0, dtype=np.int64), (right.astype(np.int64) @ factors)
    with np.errstate(all="ignore"):
        accuracy = correct / total
        ratio = (1 - accuracy) / (1 - right.mean(1))[:, None]
    return total, correct, accuracy, ratio


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64, np.uint32, np.int8])
def test_tables_are_what_the_definitions_say(images, dtype):
    factors, labels, predictions = images
    report = cpwl.factor_report(predictions.astype(dtype), labels, factors)
    total, correct, accuracy, ratio = by_hand(factors, predictions == labels)
    assert (report.total == total).all()
    assert (report.correct == correct).all()
    np.testing.assert_array_equal(report.accuracy, accuracy)
    np.testing.assert_array_equal(report.error_ratio, ratio)
    np.testing.assert_array_equal(report.worst, np.nanmin(accuracy, 1))
    for form in ("planes", "patterns"):
        again = cpwl.Factors(factors, labels).report(predictions.astype(dtype), form=form, threads=3)
        assert (again.correct == correct).all()
    shuffled = np.random.default_rng(1).permutation(len(labels))
    again = cpwl.factor_report(predictions[:, shuffled].astype(dtype), labels[shuffled], factors[shuffled])
    np.testing.assert_array_equal(again.error_ratio, report.error_ratio)


def test_the_standard_error_is_that_of_the_influence_function(images):
    factors, labels, predictions = images
    report = cpwl.factor_report(predictions, labels, factors)
    x, w = factors[:, 0].astype(float), (predictions[0] != labels).astype(float)
    e_f, e, ratio = w[x == 1].mean(), w.mean(), report.error_ratio[0, 0]
    psi = (x * (w - e_f) / x.mean() - ratio * (w - e)) / e
    assert report.standard_error[0, 0] == pytest.approx(psi.std() / np.sqrt(len(w)), rel=1e-12)
    z = stats.norm.ppf(0.975) * report.standard_error[0, 0] / ratio
    assert report.low[0, 0] == pytest.approx(ratio * np.exp(-z), rel=1e-12)
    interval = stats.binomtest(int(report.correct[0, 0]), int(report.total[0])).proportion_ci(method="wilson")
    assert (report.accuracy_low[0, 0], report.accuracy_high[0, 0]) == pytest.approx(tuple(interval), rel=1e-12)


def test_correctness_by_groups_of_classes_and_by_sets(images):
    factors, labels, predictions = images
    groups = np.arange(100) % 7
    report = cpwl.factor_report(predictions, labels, factors, class_groups=groups)
    assert (report.correct == by_hand(factors, groups[predictions] == groups[labels])[1]).all()
    rng = np.random.default_rng(2)
    accepted = [rng.choice(30, rng.integers(0, 4), replace=False) for _ in labels]
    guesses = rng.integers(0, 30, predictions.shape)
    right = np.array([[g in a for g, a in zip(row, accepted, strict=True)] for row in guesses])
    report = cpwl.factor_report(guesses, None, factors, accepted=accepted)
    assert (report.correct == by_hand(factors, right)[1]).all()


def test_groups_of_images(images):
    factors, labels, predictions = images
    report = cpwl.factor_report(predictions, labels, factors, groups=labels % 3, worst_classes=5)
    figures = report.groups()
    for g in range(3):
        here = labels % 3 == g
        total, correct, _accuracy, ratio = by_hand(factors[here], (predictions == labels)[:, here])
        assert (report.group_total[g] == total).all()
        assert (report.group_correct[:, g] == correct).all()
        np.testing.assert_array_equal(figures["error_ratio"][:, g], ratio)
    shares = [[(p == labels)[labels == c].mean() for c in range(20)] for p in predictions]
    for m, share in enumerate(shares):
        pooled = np.isin(labels, np.argsort(share, kind="stable")[:5])
        assert report.worst_classes[m] == (predictions[m] == labels)[pooled].mean()


def test_two_models(images):
    factors, labels, predictions = images
    a, b = predictions[0], predictions[3]
    pairing = cpwl.Factors(factors, labels).compare(a, b)
    wa, wb = a != labels, b != labels
    for f in range(4):
        here = factors[:, f] == 1
        only_a, only_b = int((wa & ~wb & here).sum()), int((~wa & wb & here).sum())
        assert (pairing.only_a_wrong[f], pairing.only_b_wrong[f]) == (only_a, only_b)
        want = stats.binomtest(only_a, only_a + only_b).pvalue if only_a + only_b else 1
        assert pairing.p[f] == pytest.approx(want, rel=1e-10)
    np.testing.assert_allclose(pairing.q, stats.false_discovery_control(pairing.p), rtol=1e-12)
    assert np.isnan(pairing.delta[4])
    assert pairing.p[4] == 1


def test_bootstraps_agree_with_the_formula(images):
    factors, labels, predictions = images
    report = cpwl.factor_report(predictions, labels, factors)
    alone = report.bootstrap(0, replicates=20_000)
    joint = cpwl.Factors(factors, labels).bootstrap(predictions[0], replicates=20_000)
    for found in (alone, joint):
        np.testing.assert_allclose(found.standard_error[:2], report.standard_error[0, :2], rtol=0.03)
        assert found.left_out[4] == 20_000
        assert np.isnan(found.low[4])
    again = report.bootstrap(0, replicates=20_000)
    np.testing.assert_array_equal(alone.replicates, again.replicates)


def test_calibration_and_association(images):
    factors, labels, predictions = images
    confidence = np.random.default_rng(3).random(len(labels))
    found = cpwl.Factors(factors, labels).calibration(predictions[0], confidence, bins=10)
    bins = np.ceil(confidence * 10) - 1
    right = predictions[0] == labels
    for f, got in enumerate([found.all, *found.factors[:3]]):
        here = np.ones(len(labels), bool) if f == 0 else factors[:, f - 1] == 1
        parts = [np.abs((right * 1.0 - confidence)[here & (bins == b)].sum()) for b in range(10)]
        assert got == pytest.approx(sum(parts) / here.sum(), rel=1e-12)
    found = cpwl.Factors(factors, labels).describe()
    want = stats.spearmanr(factors[:, 0], factors[:, 1])
    assert found.correlation[0, 1] == pytest.approx(want.statistic, rel=1e-10)
    assert found.p[0, 1] == pytest.approx(want.pvalue, rel=1e-8)
    assert found.both[0, 1] == (factors[:, 0] & factors[:, 1]).sum()
    np.testing.assert_array_equal(found.active, np.bincount(factors.sum(1), minlength=6))
    assert np.isnan(found.correlation[4, 0])


def test_spill_over_is_that_of_scipy():
    rng = np.random.default_rng(4)
    strength = np.repeat([0.0, 10, 30, 50, 92], 7)
    ratios = 1 + np.array([0.004, 0, -0.002]) * strength[:, None] + 0.05 * rng.standard_normal((35, 3))
    found = cpwl.spillover(ratios, strength, permutations=199)
    levels = np.unique(strength)
    for f in range(3):
        fit = np.polyval(np.polyfit(strength / 100, ratios[:, f], 3), levels / 100)
        low, high = levels[fit.argmin()], levels[fit.argmax()]
        assert (found.at_lowest[f], found.at_highest[f]) == (low, high)
        weak, strong = (ratios[strength == s, f] for s in sorted([low, high]))
        want = stats.ttest_ind(weak, strong, equal_var=False)
        assert (found.t[f], found.p[f]) == pytest.approx((want.statistic, want.pvalue), rel=1e-9)
        line = stats.linregress(strength, ratios[:, f])
        assert (found.slope[f], found.slope_error[f]) == pytest.approx((line.slope, line.stderr), rel=1e-9)
    assert found.permutation_p[0] == 1 / 200
    assert found.permutation_p[1] > found.p[1]
    of = np.repeat([0, 1, 2, 3, 4], 7)
    many = cpwl.populations(ratios, of)
    want = stats.alexandergovern(*(ratios[of == k, 0] for k in range(5)))
    assert (many.statistic[0], many.p[0]) == pytest.approx((want.statistic, want.pvalue), rel=1e-9)
    two = cpwl.populations(ratios, np.where(of < 2, of, -1))
    want = stats.ttest_ind(ratios[of == 0, 0], ratios[of == 1, 0], equal_var=False)
    assert (two.statistic[0], two.p[0], two.dof[0]) == pytest.approx((want.statistic, want.pvalue, want.df), rel=1e-9)
    found.plot(names=["a", "b", "c"])


def write(path, records):
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def test_files_of_the_toolkit(tmp_path):
    rng = np.random.default_rng(5)
    names = [f"img_{i}.jpeg" for i in range(40)]
    bits = rng.integers(0, 2, (40, 16))
    backwards = list(enumerate(cpwl.FACTORS))[::-1]
    records = [
        {name: int(bits[i, f]) for f, name in backwards} | {"file_name": n, "class": i % 4, "one_word": "x"}
        for i, n in enumerate(names)
    ]
    annotations = cpwl.read_annotations(write(tmp_path / "a.jsonl", records), exclude=names[:2])
    assert (annotations.factors == bits[2:]).all()
    assert annotations.labels[0] == 2
    models = []
    for m in range(2):
        order = rng.permutation(45)[: 40 + m]
        lines = [f"img_{i}.jpeg,{(i + (i % 5 == m)) % 4},0.5" for i in order]
        path = tmp_path / f"{m}.csv"
        path.write_text("\n".join(["file_name,predicted_class,predicted_probability", *lines]) + "\n")
        models.append(cpwl.read_predictions(path))
    joined = cpwl.join_predictions(annotations, models)
    report = joined.images.report(joined.predictions)
    kept = [int(n[4:-5]) for n in joined.file_names]
    right = np.array([[i % 5 != m for i in kept] for m in range(2)])
    assert (report.correct == by_hand(bits[kept], right)[1]).all()
    assert joined.without_annotation.tolist() == [len(set(m.file_names) - set(names[2:])) for m in models]
    assert joined.without_prediction == 38 - len(kept)
    assert (joined.confidence == 0.5).all()
    for bad, word in [
        (records[:1] * 2, "img_0.jpeg"),
        ([records[0] | {"fog": 1}], "fog"),
        ([{k: v for k, v in records[0].items() if k != "pose"}], "pose"),
        ([records[0] | {"pose": 2}], "pose"),
    ]:
        with pytest.raises(cpwl.ArgumentError, match=word):
            cpwl.read_annotations(write(tmp_path / "b.jsonl", bad))
    assert cpwl.read_annotations(write(tmp_path / "c.jsonl", [records[0] | {"fog": 1}]), extra=["fog"])


def test_reports_and_pictures(images):
    factors, labels, predictions = images
    names = ["blur", "shift", "noise", "thin", "never"]
    report = cpwl.factor_report(predictions, labels, factors, names=names, models=list("ABCD"))
    records = report.records()
    assert len(records) == 20
    assert records[0]["model"] == "A"
    assert records[0]["factor"] == "blur"
    assert records[4]["note"] == "few images, absent"
    text = report.to_markdown()
    assert text.count("**") == 8
    assert "| blur | " in text
    for kind in ("bars", "heatmap", "accuracy"):
        report.plot(kind=kind)
    with pytest.raises(ValueError, match="kind is 'pie'"):
        report.plot(kind="pie")


def test_what_cannot_be_is_refused(images):
    factors, labels, predictions = images
    with pytest.raises(cpwl.ShapeError, match="expected 1500"):
        cpwl.factor_report(predictions[:, 1:], labels, factors)
    with pytest.raises(cpwl.DtypeError, match="predictions"):
        cpwl.factor_report(predictions * 1.0, labels, factors)
    with pytest.raises(cpwl.ArgumentError, match="expected 0 or 1"):
        cpwl.factor_report(predictions, labels, factors * 3)
    with pytest.raises(ValueError, match="names"):
        cpwl.Factors(factors, labels, names=["one"])
    held = cpwl.Factors(factors, labels)
    assert copy.copy(held) is held
    assert "1500 images" in repr(held)
