"""The cases of the room `factors`: `cases.json` and one binary file a case."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np

from .. import Context, Error, Factors, factor_report, spillover
from . import Report

DTYPES = {"f64": "<f8", "f32": "<f4", "i64": "<i8", "i32": "<i4", "u16": "<u2", "u8": "|u1"}

# One figure each, whatever they are run with: 1 thread, 2, plain code for any CPU, and the reference.
CONTEXTS = [
    Context(threads=1),
    Context(threads=2),
    Context(threads=2, isa="portable"),
    Context(threads=1, reference=True),
]
TABLE = {
    "average": "average", "acc": "accuracy", "worst": "worst", "error_ratio": "error_ratio",
    "misclass_prevalence": "misclassified_prevalence", "shift": "shift",
}  # fmt: skip
INTERVALS = {
    "er_se": "standard_error", "er_lo": "low", "er_hi": "high", "acc_lo": "accuracy_low", "acc_hi": "accuracy_high",
}  # fmt: skip
SPILLOVER = {
    "er_weakest": "weakest", "er_strongest": "strongest", "at_min": "at_lowest", "at_max": "at_highest", "t": "t",
    "se": "standard_error", "dof": "dof", "p": "p", "bh": "q", "slope": "slope", "slope_se": "slope_error",
}  # fmt: skip
PAIRED = {"delta_er": "delta", "delta_se": "standard_error", "mcnemar_p": "p", "holm": "holm", "bh": "q"}


class Case:
    """One entry of the list with its arrays."""

    def __init__(self, folder: pathlib.Path, spec: dict[str, Any]) -> None:
        raw = (folder / spec["file"]).read_bytes() if spec["file"] else b""
        self.name, self.params = spec["name"], spec["params"]
        self.inputs, self.expect = ({k: self._value(raw, v) for k, v in spec[g].items()} for g in ("inputs", "expect"))

    @staticmethod
    def _value(raw: bytes, item: Any) -> Any:
        if isinstance(item, dict):
            count = int(np.prod(item["shape"]))
            return np.frombuffer(raw, DTYPES[item["dtype"]], count, item["offset"]).reshape(item["shape"])
        return float(item) if isinstance(item, str) else item

    def images(self) -> Factors:
        """The images of the case."""
        mask, given = self.inputs["mask16"], {}
        if "group" in self.inputs:
            given["groups"] = self.inputs["group"]
        if "pred_row" in self.inputs:
            given["rows"] = self.inputs["pred_row"]
        return Factors((mask[:, None] >> np.arange(16) & 1).astype(np.uint8), self.inputs["label"], **given)

    def reports(self, **options: Any) -> list[Any]:
        """Of every context, by planes and by patterns."""
        images = self.images()
        return [
            images.report(self.inputs["pred"], context=context, form=form, **options)
            for context in CONTEXTS
            for form in ("planes", "patterns")
        ]


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    cases = json.loads((folder / "cases.json").read_text())
    for spec in cases["cases"]:
        try:
            KINDS[spec["kind"]](Case(folder, spec), report)
        except Exception as problem:  # a case that cannot be run is a failed case
            report.error(spec["name"], "case", repr(problem))
    for spec in cases["errors"]:
        _error(spec["name"], report)


def whole(case: Case, report: Report, figure: str, values: list[np.ndarray]) -> None:
    """Counts: equal."""
    want = np.asarray(case.expect[figure])
    wrong = sum(int((np.asarray(v).reshape(want.shape) != want).sum()) for v in values)
    report.exact(case.name, f"{figure}: counts that differ", wrong, 0)


def real(case: Case, report: Report, figure: str, values: list[Any], rtol: float) -> None:
    """Numbers, relative; NaN matches NaN. A bound that should be 0 may be a rounding error of 1."""
    if figure not in case.expect:
        return
    want = np.asarray(case.expect[figure], np.float64)
    worst = 0.0
    for value in values:
        got = np.asarray(value, np.float64).reshape(want.shape)
        if (np.isnan(got) != np.isnan(want)).any():
            worst = np.inf
            continue
        with np.errstate(all="ignore"):
            off = np.where(
                (got == want) | np.isnan(want) | (np.abs(got - want) <= 1e-16), 0, np.abs(got - want) / np.abs(want)
            )
        worst = max(worst, float(off.max(initial=0.0)))
    report.bound(case.name, figure, worst, rtol)


def _table(case: Case, report: Report) -> None:
    found = case.reports()
    whole(case, report, "total", [r.total for r in found])
    whole(case, report, "correct", [r.correct for r in found])
    whole(case, report, "n_correct", [r.n_correct for r in found])
    for figure, name in TABLE.items():
        real(case, report, figure, [getattr(r, name) for r in found], 1e-14)
    real(case, report, "prevalence", [r.prevalence[0] for r in found], 1e-14)
    for figure, name in INTERVALS.items():
        real(case, report, figure, [getattr(r, name) for r in found], 1e-10)
    if "joined" in case.params:
        report.exact(case.name, "joined", found[0].n_images, case.params["joined"])


def _grouped(case: Case, report: Report) -> None:
    found = case.reports(worst_classes=case.params["worst_k"])
    whole(case, report, "total", [r.group_total for r in found])
    whole(case, report, "correct", [r.group_correct for r in found])
    whole(case, report, "group_n", [r.group_n for r in found])
    whole(case, report, "group_correct", [r.group_n_correct for r in found])
    real(case, report, "worst_k_acc", [r.worst_classes for r in found], 1e-14)


def _paired(case: Case, report: Report) -> None:
    a, b = case.inputs["pred"]
    found = [case.images().compare(a, b, context=context) for context in CONTEXTS]
    whole(case, report, "a_wrong_b_right", [p.only_a_wrong for p in found])
    whole(case, report, "a_right_b_wrong", [p.only_b_wrong for p in found])
    for figure, name in PAIRED.items():
        real(case, report, figure, [getattr(p, name) for p in found], 1e-10)


def _spillover(case: Case, report: Report) -> None:
    er, strength, more_than = case.inputs["er"], case.inputs["strength"], case.params["more_than"]
    found = [spillover(er, strength, more_than=more_than, context=context) for context in CONTEXTS]
    for figure, name in SPILLOVER.items():
        real(case, report, figure, [getattr(s, name) for s in found], 1e-8)


def _calibration(case: Case, report: Report) -> None:
    images, bins = case.images(), case.params["bins"]
    prediction, confidence = case.inputs["pred"][0], case.inputs["prob"]
    found = [images.calibration(prediction, confidence, bins=bins, context=context) for context in CONTEXTS]
    real(case, report, "ece", [c.all for c in found], 1e-10)
    real(case, report, "ece_factor", [c.factors for c in found], 1e-10)


def _error(name: str, report: Report) -> None:
    """Inputs that must be refused, or taken for wrong."""
    factors, labels = np.array([[1], [0]], np.uint8), np.array([0, 1])
    if name == "pred_outside_class_range":
        found = factor_report([[-1, 70_000], [2**31 - 1, -(2**31)]], labels, factors)
        report.exact(name, "right answers", found.n_correct.tolist(), [0, 0])
        return
    outcome = "taken"
    try:
        if name == "n_zero":
            factor_report(np.empty((1, 0), np.int32), np.empty(0, np.int32), np.empty((0, 1), np.uint8))
        elif name == "length_mismatch":
            factor_report([[0, 1, 1]], labels, factors)
        elif name == "factor_value_not_0_or_1":
            factor_report([[0, 1]], labels, factors * 2)
        elif name in ("duplicate_image_name", "unknown_factor_column"):
            _refuse_file(name)
        else:
            report.skip(name, "not known to this runner")
            return
    except Error:
        outcome = "refused"
    report.exact(name, "outcome", outcome, "refused")


def _refuse_file(name: str) -> None:
    import tempfile

    from .. import read_annotations

    record = {"file_name": "a", "class": 0, "blur": 1} | ({"fog": 1} if name == "unknown_factor_column" else {})
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "annotations.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for _ in range(2)))
        read_annotations(path, names=["blur"])


KINDS = {
    "table": _table, "join": _table, "grouped": _grouped, "paired": _paired, "spillover": _spillover,
    "calibration": _calibration,
}  # fmt: skip
