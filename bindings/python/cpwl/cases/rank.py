"""The cases of the room `rank`: `cases.json`, a list of matrices with their exact spectra and measures."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .. import (
    Context,
    Error,
    Lidar,
    Moments,
    Queue,
    Spectrum,
    UnsupportedError,
    alpha_req,
    alpha_robust,
    coherence,
    curvature,
    effective_rank,
    lidar,
    rank_gradient,
    rankme,
    sample_size_law,
    select_run,
    self_cluster,
    spectrum,
    two_nn,
)
from .._tensor import Borrowed
from . import Report

CONDITIONS = {"nonfinite": "NONFINITE", "zero": "NUMERIC", "empty": "SHAPE"}
DTYPES = {"f32": "<f4", "f64": "<f8", "f16": "<f2", "bf16": "<u2"}
WEIGHTINGS = {"inverse_rank": "inverse_rank", "none": None}
SCALES = {"raw": None, "ln_n": "ln_rows", "ln_d": "ln_columns", "min": "ln_min", "product": "ln_product"}

# One figure each, whatever they are run with: 1 thread, 2, plain code for any CPU, and the reference.
CONTEXTS = [
    Context(threads=1),
    Context(threads=2),
    Context(threads=2, isa="portable"),
    Context(threads=1, reference=True),
]


class Case:
    """One entry of the list, and its matrix where it lies in its file."""

    def __init__(self, folder: pathlib.Path, spec: dict[str, Any]) -> None:
        self.folder, self.spec, self.name = folder, spec, spec["name"]

    def __getitem__(self, key: str) -> Any:
        return self.spec[key]

    def number(self, key: str) -> float:
        """A number, which may be written as a string."""
        return float(self.spec[key])

    def array(self, key: str) -> np.ndarray:
        """An array {file, dtype, shape}."""
        item = self.spec[key]
        return np.fromfile(self.folder / item["file"], DTYPES[item["dtype"]]).reshape(item["shape"])

    def rows(self, start: int = 0, count: int | None = None) -> Any:
        """Rows of the matrix, as the strides say."""
        dtype = np.dtype(DTYPES[self["dtype"]])
        values = np.fromfile(self.folder / self["file"], dtype) if self["file"] else np.empty(0, dtype)
        strides = self["row_stride"], self["col_stride"]
        count = self["n"] - start if count is None else count
        offset = self["offset"] + start * strides[0]
        if self["dtype"] == "bf16":  # which numpy does not have
            return Borrowed(values, values.ctypes.data, "bfloat16", (count, self["k"]), strides, 2 * offset)
        in_bytes = tuple(dtype.itemsize * s for s in strides)
        return np.ndarray((count, self["k"]), dtype, values, dtype.itemsize * offset, in_bytes)


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    for spec in json.loads((folder / "cases.json").read_text()):
        case = Case(folder, spec)
        try:
            if spec["kind"] not in KINDS:
                raise UnsupportedError(f"[UNSUPPORTED] kind {spec['kind']!r} is not one of this room's README")
            KINDS[spec["kind"]](case, report)
        except Exception as problem:  # a case that cannot be run is a failed case
            report.error(case.name, "case", repr(problem))


def near(
    report: Report, case: Case, figure: str, got: float, expected: Any, rtol: float, relative: bool = False
) -> None:
    """The gate of most figures: relative to the larger of 1 and the expected value, or to that alone."""
    want = float(expected)
    if got == want:  # both may be infinite
        report.close(case.name, figure, 0.0 if np.isinf(want) else got, 0.0 if np.isinf(want) else want, 0.0)
        return
    report.close(case.name, figure, got, want, rtol * (abs(want) if relative else max(1.0, abs(want))))


def worst(values: Iterable[float], expected: Any) -> float:
    """Of the same figure from several runs, the one that is furthest off; NaN if there is one."""
    found = [float(v) for v in values]
    return next(
        (v for v in found if np.isnan(v)),
        max(found, key=lambda v: abs(v - float(expected)) if v != float(expected) else 0),
    )


def measures(s: Spectrum) -> dict[str, float]:
    """The figures of a spectrum, in the words of the file."""
    at: dict[str, Any] = {"center": s.centered}
    return {
        "erank": s.effective_rank(**at),
        "rankme_eps_1e-7": s.effective_rank("paper", **at),
        "rankme_eps_1e-5": s.effective_rank("stable_pretraining", **at),
        "erank_eig": s.effective_rank(power="eigen", **at),
        "reptrix_eps_1e-7": s.effective_rank("reptrix", **at),
        "entropy_over_lnk": s.effective_rank(normalize=True, **at),
        "von_neumann": s.von_neumann,
        "renyi_0.5": s.renyi(0.5),
        "renyi_2": s.renyi(2),
        "renyi_3": s.renyi(3),
        "participation_ratio": s.participation_ratio,
        "stable_rank": s.stable_rank,
        "nuclear_over_operator": s.nuclear_over_operator,
        "nuclear_norm": s.nuclear_norm,
        "frobenius_sq": s.frobenius_sq,
        "inv_cond": s.inverse_condition,
        "num_rank_f32": s.numerical_rank(),
    }


def _compare(
    case: Case, report: Report, how: str, expected: dict[str, Any], found: list[Spectrum], rtol: float, inv_cond: Any
) -> None:
    """All measures of one matrix; `inv_cond` is the relative tolerance of that figure, None where it is not
    compared."""
    computed = [measures(s) for s in found]
    for figure in computed[0]:
        want = expected.get(figure)
        if want is None or (figure == "inv_cond" and inv_cond is None):
            continue
        values = [c[figure] for c in computed]
        if figure == "num_rank_f32":
            report.exact(case.name, f"{how}{figure}", values, [want] * len(values))
        elif figure == "inv_cond":
            near(report, case, f"{how}{figure}", worst(values, want), want, *inv_cond)
        else:
            relative = figure in ("nuclear_norm", "frobenius_sq")
            near(report, case, f"{how}{figure}", worst(values, want), want, rtol, relative)


def _of_inv_cond(case: Case) -> tuple[float, bool] | None:
    """The relative tolerance of the default mode, where there is one."""
    return None if case["rtol_inv_cond"] is None else (case.number("rtol_inv_cond"), True)


def _outcomes(work: Callable[[Context], Spectrum]) -> tuple[list[str], list[Spectrum]]:
    """What every context gives, and the words of what they refuse."""
    words, found = [], []
    for context in CONTEXTS:
        try:
            found.append(work(context))
            words.append("ok")
        except Error as problem:
            words.append(problem.condition)
    return words, found


def _spectrum(case: Case, report: Report) -> None:
    z = case.rows()
    for center, exact in itertools.product((False, True), (False, True)):
        expected = case.spec.get("expected_centred" if center else "expected")
        how = ("exact " if exact else "") + ("centred " if center else "")
        outcome = CONDITIONS.get(case["status"]) or ("NUMERIC" if expected is None else "ok")

        def work(context: Context, center: bool = center, exact: bool = exact) -> Spectrum:
            return spectrum(z, center=center, exact=exact, context=context)

        words, found = _outcomes(work)
        report.exact(case.name, f"{how}outcome", words, [outcome] * len(words))
        if expected is None or outcome != "ok" or len(found) != len(CONTEXTS):
            continue
        rtol = case.number("rtol_exact" if exact else "rtol_centred" if center else "rtol")
        inv_cond = (rtol, False) if exact else _of_inv_cond(case)
        _compare(case, report, how, expected, found, rtol, inv_cond)
        one, two = (s.singular_values for s in found[:2])
        report.exact(case.name, f"{how}bits that depend on threads", int((one != two).sum()), 0)
        if exact and not center:
            want = np.array(case["singular_values"], np.float64)
            off = max(float(np.abs(s.singular_values - want).max() / want[0]) for s in found)
            report.bound(case.name, "exact singular_values", off, rtol)
    _one_call(case, report, z)


def _one_call(case: Case, report: Report, z: Any) -> None:
    """The functions that take rows, and a queue that holds all of them."""
    if case["status"] != "ok":
        try:
            outcome = f"{rankme(z)}"
        except Error as problem:
            outcome = problem.condition
        report.exact(case.name, "rankme()", outcome, CONDITIONS[case["status"]])
        return
    rtol, expected = case.number("rtol"), case["expected"]
    queue = Queue(case["n"], case["k"], "float64")
    queue.push(z)
    near(report, case, "rankme()", rankme(z), expected["rankme_eps_1e-7"], rtol)
    near(report, case, "queue", queue.rankme(), expected["rankme_eps_1e-7"], rtol)
    if case["expected_centred"] is not None:
        got, want = effective_rank(z, "reptrix"), case["expected_centred"]["reptrix_eps_1e-7"]
        near(report, case, "reptrix", got, want, case.number("rtol_centred"))


def _merge(case: Case, report: Report) -> None:
    starts = np.cumsum([0, *case["chunks"]])
    chunks = [case.rows(int(start), n) for start, n in zip(starts, case["chunks"], strict=False)]
    shift = {
        "zero": lambda z: np.zeros(case["k"]),
        "first_row": lambda z: np.asarray(z[0], np.float64),
        "mean": lambda z: np.asarray(z, np.float64).mean(axis=0),
    }
    states = []
    for z, kind in zip(chunks, case["shifts"], strict=True):
        state = Moments(shift=shift[kind](z))
        state.update(z)
        states.append(state)
    totals = [_total(case, [states[i] for i in order], states) for order in itertools.permutations(range(len(states)))]
    # By groups: all but the first, and those into the first; and by way of bytes.
    tail, first = _total(case, states[1:], []), Moments.from_bytes(states[0].to_bytes())
    first.merge(tail)
    totals.append(_total(case, [first], states))
    report.exact(case.name, "rows", [t.n_rows for t in totals], [case["rows"]] * len(totals))
    arrays: dict[str, tuple[Callable[[Moments], np.ndarray], str]] = {
        "mean": (lambda t: t.mean(), "rtol_state"),
        "uncentred": (lambda t: t.products(), "rtol_state"),
        "comoment": (lambda t: t.products(center=True), "rtol_state_C"),
    }
    for name, (get, rtol) in arrays.items():
        want = case.array(name)
        off = max(float(np.abs(get(t) - want).max() / np.abs(want).max()) for t in totals)
        report.bound(case.name, name, off, case.number(rtol))
    inv_cond = _of_inv_cond(case)
    for center, key, rtol in ((False, "expected", "rtol"), (True, "expected_centred", "rtol_centred")):
        found = [t.spectrum(center=center) for t in totals]
        how = "centred " if center else ""
        _compare(case, report, how, case[key], found, case.number(rtol), inv_cond)


def _total(case: Case, states: list[Moments], removed: list[Moments]) -> Moments:
    """All of these states in one, less those that the case takes out again."""
    total = Moments(case["k"])
    for state in states:
        total.merge(state)
    for i in case.spec.get("remove") or [] if removed else []:
        total.subtract(removed[i])
    return total


def _lidar(case: Case, report: Report) -> None:
    z, groups, rtol = case.rows(), case["groups"], case.number("rtol")
    settings: dict[str, Any] = {"delta": case.number("delta"), "eps": case.number("eps")}
    found = [lidar(z, groups, context=context, **settings) for context in CONTEXTS]
    unbiased = [lidar(z, groups, unbiased=True, context=context, **settings) for context in CONTEXTS]
    # Merged from two states, groups in reverse.
    halves = [Lidar(case["k"]), Lidar(case["k"])]
    ends = np.cumsum(groups)
    for i in reversed(range(len(groups))):
        halves[i % 2].push(case.rows(int(ends[i]) - groups[i], groups[i]))
    halves[0].merge(halves[1])
    found.append(halves[0].measure(**settings))
    expected = case["expected"]
    figures = {
        "lidar": [f.lidar for f in found],
        "lidar_eps0": [float(np.exp(f.entropy)) for f in found],
        "entropy_eps0": [f.entropy for f in found],
        "lidar_unbiased": [f.lidar for f in unbiased],
    }
    for figure, values in figures.items():
        near(report, case, figure, worst(values, expected[figure]), expected[figure], rtol)
    want = np.array(expected["eigenvalues"], np.float64)
    off = max(float((np.abs(f.eigenvalues - want) / np.maximum(1, np.abs(want))).max()) for f in found)
    report.bound(case.name, "eigenvalues", off, rtol)


def _gradient(case: Case, report: Report) -> None:
    z, want, value = case.rows(), case.array("gradient"), case.number("value")
    of = {"rankme": "rank", "entropy": "entropy"}[case["of"]]
    found = [rank_gradient(z, eps=case.number("eps"), of=of, context=context) for context in CONTEXTS]
    near(report, case, "value", worst([f.value for f in found], value), value, case.number("rtol"))
    off = max(float(np.abs(f.gradient - want).max()) for f in found)
    allowed = case.number("rtol") * float(np.abs(want).max()) + 1e-12 * abs(value)
    report.bound(case.name, "gradient", off, allowed)


def _alpha_req(case: Case, report: Report) -> None:
    rtol = case.number("rtol")
    if case["input"] == "data":
        s = spectrum(case.rows(), center=bool(case["centred"]))
        values = s.variance_ratios
        off = float(np.abs(values - case.array("explained_variance_ratio")).max())
        report.bound(case.name, "explained_variance_ratio", off, rtol)
    else:
        values = case.array("eigenvalues")
    for fit in case["fits"]:
        start, end, weighting = fit["start"], fit["end"], fit["weighting"]
        found = alpha_req(values, start, end, weighting=WEIGHTINGS[weighting])
        for figure, want in fit["expected"].items():
            near(report, case, f"{figure} {start}..{end} {weighting}", getattr(found, figure), want, rtol)
    robust = case.spec.get("robust")
    if robust:
        near(report, case, "robust", alpha_robust(values, robust["start"], robust["end"]), robust["alpha"], rtol)


def _tokens(case: Case, report: Report) -> None:
    z, rtol, expected = case.rows(), case.number("rtol"), case["expected"]
    found = [spectrum(z, unit_rows=True, context=context) for context in CONTEXTS]
    for name, scale in SCALES.items():
        want = expected[f"entropy_{name}"]
        near(report, case, f"entropy_{name}", worst([s.renyi(1, scale) for s in found], want), want, rtol)
    near(report, case, "curvature_abs", curvature(z), expected["curvature_abs"], rtol)
    near(report, case, "curvature_signed", curvature(z, signed=True), expected["curvature_signed"], rtol)


def _of_rows(measure: Callable[..., float], figure: str) -> Callable[[Case, Report], None]:
    def compare(case: Case, report: Report) -> None:
        want = case["expected"][figure]
        got = worst([measure(case.rows(), context=context) for context in CONTEXTS], want)
        near(report, case, figure, got, want, case.number("rtol"))

    return compare


def _two_nn(case: Case, report: Report) -> None:
    found = [two_nn(case.rows(), context=context) for context in CONTEXTS]
    expected, rtol = case["expected"], case.number("rtol")
    for figure in ("used", "dropped"):
        report.exact(case.name, figure, [getattr(f, f"n_{figure}") for f in found], [expected[figure]] * len(found))
    for figure, name in (("fit_base1", "dimension"), ("fit_base0", "dimension_base0"), ("mle", "likelihood")):
        near(report, case, figure, worst([getattr(f, name) for f in found], expected[figure]), expected[figure], rtol)


def _law(case: Case, report: Report) -> None:
    for pair in case["expected"]:
        near(report, case, f"f({pair['g']})", sample_size_law(float(pair["g"])), pair["f"], case.number("rtol"))


def _select(case: Case, report: Report) -> None:
    for i, choice in enumerate(case["expected"]):
        got = select_run(choice["values"], choice["rankme"], tolerance=choice["tol"], prefer=choice["prefer"])
        report.exact(case.name, f"index {i}", got, choice["index"])


KINDS: dict[str, Callable[[Case, Report], None]] = {
    "spectrum": _spectrum,
    "merge": _merge,
    "lidar": _lidar,
    "gradient": _gradient,
    "alpha_req": _alpha_req,
    "selfcluster": _of_rows(self_cluster, "selfcluster"),
    "coherence": _of_rows(coherence, "coherence"),
    "twonn": _two_nn,
    "tokens": _tokens,
    "law": _law,
    "select": _select,
}
