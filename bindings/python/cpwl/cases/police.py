"""The cases of the room `police`: `<name>.json` with the settings, `<name>.bin` with the arrays, and `errors.json`."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import Error, Network, Policed, UnsupportedError, layers, police
from . import Report, _police_sets

FLOAT64 = 1e-10  # of 1 + the largest entry
FAR = 1e-7  # the same for a small region far from the origin
SOLVED = 1e-9  # of the condition number of the system behind a prescribed map
FLOAT32 = 1e-5  # of the largest output, for arithmetic in single precision
MARGIN = 1e-9  # relative

# The words of the files and of the library.
CONDITIONS = {"NON_FINITE": "NONFINITE", "BAD_ARGUMENT": "ARGUMENT"}
RULES = {"gap": "min_shift"}
VERDICTS = {True: "certified", False: "not_certified"}


class Case:
    """The settings and arrays of one case."""

    def __init__(self, path: pathlib.Path) -> None:
        self.name = path.stem
        self.spec: dict[str, Any] = json.loads(path.read_text())
        data = path.with_suffix(".bin").read_bytes()
        self.arrays = {
            name: np.ndarray(a["shape"], {"f64": "<f8", "f32": "<f4", "i32": "<i4"}[a["dtype"]], data, a["offset"])
            for name, a in self.spec["arrays"].items()
        }
        self.tolerance = FAR if self.name.startswith("far_box_") else FLOAT64

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def series(self, prefix: str) -> list[np.ndarray]:
        """The arrays `prefix`0, `prefix`1, ..."""
        found: list[np.ndarray] = []
        while f"{prefix}{len(found)}" in self.arrays:
            found.append(self.arrays[f"{prefix}{len(found)}"])
        return found


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    for path in sorted(folder.glob("*.json")):
        if path.name == "errors.json":
            _errors(json.loads(path.read_text()), report)
            continue
        try:
            case = Case(path)
            kind = case.spec["kind"]
            if kind not in KINDS:
                raise UnsupportedError(f"[UNSUPPORTED] kind {kind!r} is not one of this room's README")
            KINDS[kind](case, report)
        except Exception as problem:  # a case that cannot be run is a failed case
            report.error(path.stem, "case", repr(problem))


def network(spec: Mapping[str, Any], weights: list[Any], biases: list[Any]) -> Network:
    """The network of a case: affine layers with an activation between."""
    chain: list[layers.Layer] = []
    for w, b in zip(weights, biases, strict=True):
        chain += [layers.Dense(w, b), activation(spec)]
    return Network.from_layers(chain[:-1])


def activation(spec: Mapping[str, Any]) -> layers.Layer:
    """The activation of a case."""
    match spec.get("act", "relu"):
        case "relu":
            return layers.ReLU()
        case "leaky_relu":
            return layers.LeakyReLU(0.01)
        case "abs":
            return layers.Abs()
        case "relu6":
            return layers.ReLU6()
        case "hardtanh":
            return layers.HardTanh()
        case "hardsigmoid":
            return layers.HardSigmoid()
        case "hardswish":
            return layers.HardSwish()
        case "gelu":
            return layers.GELU()
        case other:
            raise UnsupportedError(f"[UNSUPPORTED] activation {other!r} is not one of this room's README")


def regions(case: Case) -> list[Any]:
    """The regions of a case: those described, or the hull of its vertices."""
    described = case.spec.get("regions") or [{"type": "vertices", "vertices": "V"}]
    return [_police_sets.region(d, case.arrays) for d in described]


def settings(case: Case) -> dict[str, Any]:
    """The options of a plan. Expected values in double precision are those of exact arithmetic: no margin for
    rounding unless the case names one."""
    rule = case.spec.get("rule", "min_shift")
    return {
        "rule": RULES.get(rule, rule),
        "margin": case.spec.get("margin", 0.0),
        "kappa": case.spec.get("kappa", 0.0),
    }


def close(case: Case, report: Report, figure: str, ours: Any, theirs: np.ndarray, tolerance: float = 0.0) -> None:
    """Compares relative to 1 + the largest entry."""
    ours = np.asarray(ours, np.float64)
    if ours.shape != theirs.shape:
        report.exact(case.name, f"{figure} shape", ours.shape, theirs.shape)
        return
    scale = 1 + np.abs(theirs).max(initial=0.0)
    report.bound(case.name, figure, np.abs(ours - theirs).max(initial=0.0) / scale, tolerance or case.tolerance)


def _vertices(case: Case, report: Report) -> None:
    net = network(case.spec, case.series("W"), case.series("b"))
    done = police(net, regions(case), gradient=True, **settings(case))
    _layers(case, report, done, case.series("W"))
    _outputs(case, report, done)
    _map(case, report, done, "A", "c", "P", "YP", case.spec["A_canonical"])
    [rows] = _gradients(case, report, done)
    close(case, report, "dV", rows, case["dV"])


def _regions(case: Case, report: Report) -> None:
    net = network(case.spec, case.series("W"), case.series("b"))
    backward = bool(case.spec.get("has_gradient"))
    done = police(net, regions(case), gradient=backward, **settings(case))
    _layers(case, report, done, case.series("W"))
    _outputs(case, report, done)
    for j, described in enumerate(case.spec["regions"]):
        full = _police_sets.is_full_dimensional(described, case.arrays)
        _map(case, report, done, f"A{j}", f"c{j}", f"P{j}", f"YP{j}", full, j)
    if "distinct_codes" in case.spec:
        codes = np.concatenate([layer.codes for layer in done.layers], axis=1)
        report.exact(case.name, "distinct_codes", len(np.unique(codes, axis=0)), case.spec["distinct_codes"])
    if backward:
        for j, rows in enumerate(_gradients(case, report, done)):
            if f"R{j}_dc" in case:
                moved = _police_sets.translation(case.spec["regions"][j], rows)
                close(case, report, f"R{j}_dc", moved, case[f"R{j}_dc"])
            if f"R{j}_dr" in case:
                close(case, report, f"R{j}_dr", np.diagonal(rows[1:]), case[f"R{j}_dr"])


def _layers(case: Case, report: Report, done: Policed, weights: list[np.ndarray]) -> None:
    """Shifts, codes, deciding vertices and folded biases of every layer of a plain network."""
    doubtful = _police_sets.doubtful(case.spec, case.arrays, case.series("fb"), case.series("s"))
    biases = _biases(done.net)
    for k, w in enumerate(weights):
        units, layer = len(w), done.layers[k] if k < len(done.layers) else None
        shift = layer.shift if layer else np.zeros(units)
        codes = layer.codes if layer else np.ones((1, units))
        signs = np.where(codes > 0, 1, -1)
        skipped = np.asarray(doubtful[k].any(axis=0))
        if f"s{k}" in case:
            theirs = case[f"s{k}"].reshape(-1, units)
            wrong = signs != theirs
            skipped = np.asarray((wrong & doubtful[k]).any(axis=0))
            _count(case, report, f"s{k}", wrong & ~doubtful[k], int((wrong & doubtful[k]).sum()))
        if f"e{k}" in case:
            if case.tolerance == FAR:
                skipped = skipped | np.asarray(doubtful[k].any(axis=0))
            close(case, report, f"e{k}", np.where(skipped, case[f"e{k}"], shift), case[f"e{k}"])
        if f"fb{k}" in case:
            close(case, report, f"fb{k}", np.where(skipped, case[f"fb{k}"], biases[k]), case[f"fb{k}"])
        if f"pv{k}" in case:
            _deciding(case, report, k, layer.corner if layer else np.full(units, -1), skipped)
    if "shifted_units" in case.spec:
        counts = [int(np.count_nonzero(layer.shift)) for layer in done.layers]
        expected = case.spec["shifted_units"]
        report.exact(case.name, "shifted_units", counts + [0] * (len(expected) - len(counts)), expected)


def _biases(net: Network) -> list[np.ndarray]:
    """The biases of all layers."""
    return [p.value for p in net.parameters if p.name == "bias"]


def _deciding(case: Case, report: Report, k: int, ours: np.ndarray, skipped: np.ndarray) -> None:
    """Deciding vertices: another index of the same vertex will do."""
    theirs, v = case[f"pv{k}"], case["V"]
    same = (ours == theirs) | ((ours >= 0) & (theirs >= 0) & (v[ours] == v[theirs]).all(axis=1))
    _count(case, report, f"pv{k}", ~same & ~skipped, int((~same & skipped).sum()))


def _count(case: Case, report: Report, figure: str, wrong: np.ndarray, excused: int) -> None:
    report.exact(case.name, f"wrong {figure}", int(wrong.sum()), 0)
    if excused:
        report.note(case.name, figure, f"{excused} units differ whose deciding quantity is below 1e-9 of its scale")


def _outputs(case: Case, report: Report, done: Policed) -> None:
    if "X" in case:
        close(case, report, "Y", done(case["X"]), case["Y"])


def _map(
    case: Case, report: Report, done: Policed, a: str, c: str, p: str, yp: str, full: bool, region: int = 0
) -> None:
    """The affine map on a region and the network at points of it. Off the affine hull of a flat region no map is
    better than another: there only values are compared."""
    ours = done.affine(region)
    if full:
        close(case, report, a, ours.a, case[a])
        close(case, report, c, ours.b, case[c])
    close(case, report, yp, done(case[p]), case[yp])
    close(case, report, f"{a} {p} + {c}", case[p] @ ours.a.T + ours.b, case[yp])


def _gradients(case: Case, report: Report, done: Policed) -> list[np.ndarray]:
    """Gradients of the batch, weights and biases; returns those of the rows of each region."""
    folded = done.net.record(case["X"]).backward(case["G"])
    found = done.backward(folded)
    close(case, report, "dX", folded.x, case["dX"])
    for prefix, name in (("dW", "weight"), ("db", "bias")):
        ours = [g for p, g in zip(done.original.parameters, found.parameters, strict=True) if p.name == name]
        for k, expected in enumerate(case.series(prefix)):
            close(case, report, f"{prefix}{k}", ours[k], expected)
    return found.rows


def _set_affine(case: Case, report: Report) -> None:
    net = network(case.spec, case.series("W"), case.series("b"))
    done = police(net, regions(case), **settings(case))
    _layers(case, report, done, case.series("W"))
    try:
        fixed = done.set_affine(case["F"], case["g"], case["E"])
    except Error as problem:
        report.exact(case.name, "outcome", problem.condition, case.spec["expect"])
        return
    report.exact(case.name, "outcome", "ok", case.spec["expect"])
    tolerance = SOLVED * case.spec["cond_M"]
    weight, bias = (p.value for p in fixed.net.parameters[-2:])
    close(case, report, "WL", weight, case["WL"], tolerance)
    close(case, report, "bL", bias, case["bL"], tolerance)
    close(case, report, "YP", fixed(case["P"]), case["YP"], tolerance)
    prescribed = case["P"] @ case["F"].T + case["g"]
    close(case, report, "E f(P)", fixed(case["P"]) @ case["E"].T, prescribed, tolerance)


def _certify(case: Case, report: Report) -> None:
    net = network(case.spec, case.series("W"), case.series("fb"))
    from .. import certify

    found = certify(net, regions(case))
    verdict = VERDICTS[found.certified]
    if case.spec["must"] == "either":
        report.exact(case.name, "claims too much", found.certified and case.spec["truth"] != "certified", False)
    else:
        report.exact(case.name, "verdict", verdict, case.spec["must"])
    for theirs, ours in zip(case.spec.get("layers_report", ()), found.regions[0].layers, strict=False):
        k = theirs["layer"]
        report.exact(case.name, f"crossing_units{k}", ours.crossing, theirs["crossing_units"])
        tolerance = FLOAT64 * (1 + abs(theirs["min_margin"]))
        report.close(case.name, f"min_margin{k}", ours.margin, theirs["min_margin"], tolerance)
        report.exact(case.name, f"worst_unit{k}", ours.unit, theirs["worst_unit"])


def _f32plan(case: Case, report: Report) -> None:
    net = network(case.spec, case.series("W"), case.series("b"))
    done = police(net, regions(case), **settings(case))
    biases = _biases(done.net)
    for k, expected in enumerate(case.series("fb")):
        ulp = np.abs(biases[k] - expected) / np.spacing(np.abs(expected))
        report.bound(case.name, f"fb{k} in ulps", float(ulp.max()), 1.0)
    for k, layer in enumerate(done.layers):
        _count(case, report, f"s{k}", np.where(layer.codes > 0, 1, -1) != case[f"s{k}"], 0)
        mu = case[f"mu{k}"]
        report.bound(case.name, f"mu{k}", float(np.abs(layer.margin / mu - 1).max()), MARGIN)
        close(case, report, f"e{k}", layer.shift, case[f"e{k}"])
    points = np.concatenate([case["V"], case["P"]])
    signs = np.where(done.net.pattern(points) > 0, 1, -1)
    report.exact(case.name, "sign flips", int((signs != np.concatenate(case.series("s"))).sum()), 0)
    error = np.abs(done.net(points) - case["YVP"]).max() / np.abs(case["YVP"]).max()
    report.bound(case.name, "YVP", float(error), FLOAT32)
    ours = done.affine(0)
    close(case, report, "A", ours.a, case["A"])
    close(case, report, "c", ours.b, case["c"])


def _pieces(case: Case, report: Report) -> None:
    net = network(case.spec, case.series("W"), case.series("b"))
    done = police(net, regions(case), **settings(case))
    pieces = case.spec["pieces"]
    for k, layer in enumerate(done.layers):
        _count(case, report, f"piece{k}", _piece(layer.codes[0], pieces) != case[f"piece{k}"], 0)
    biases = _biases(done.net)
    for k, expected in enumerate(case.series("fb")):
        close(case, report, f"fb{k}", biases[k], expected)
    for k, expected in enumerate(case.series("e")):
        close(case, report, f"e{k}", done.layers[k].shift, expected)
    _outputs(case, report, done)
    _map(case, report, done, "A", "c", "P", "YP", True)


def _piece(codes: np.ndarray, pieces: list[list[float | None]]) -> np.ndarray:
    """Index into `pieces` of codes, which number the intervals between all knots from the left."""
    knots = sorted({k for left, right, *_ in pieces for k in (left, right) if k is not None})
    starts = [0 if left is None else knots.index(left) + 1 for left, *_ in pieces]
    return np.array([starts.index(code) if code in starts else -1 for code in codes.tolist()])


def _conv(case: Case, report: Report) -> None:
    spec = case.spec
    net = Network.from_layers(
        [
            layers.Conv2d(case["K"], case["bc"], stride=spec["stride"], padding=spec["pad"]),
            activation(spec),
            layers.Flatten(),
            layers.Dense(case["W1"], case["b1"]),
        ],
        spec["input"],
    )
    done = police(net, regions(case), tied=spec["tied"], **settings(case))
    [layer] = done.layers
    shape = case["e"].shape
    _count(case, report, "s", np.where(layer.codes > 0, 1, -1).reshape(shape) != case["s"], 0)
    close(case, report, "e", layer.shift.reshape(shape), case["e"])
    # Shifts of single positions have a layer of their own behind the bias.
    own = case["bc"][:, None, None] if layer.node < 0 else 0.0
    close(case, report, "fb", own + layer.bias.reshape(shape), case["fb"])
    _outputs(case, report, done)
    _map(case, report, done, "A", "c", "P", "YP", True)


def _errors(file: Mapping[str, Any], report: Report) -> None:
    """Inputs that must be refused, or accepted."""
    for case in file["cases"]:
        expected = CONDITIONS.get(case["expect"], case["expect"])
        try:
            net = file["nets"][case["net"]]
            weights, biases = ([_numbers(layer[key]) for layer in net] for key in ("W", "b"))
            described = case["region"]
            space = [] if described is None else [_police_sets.region(_values(described), {})]
            police(network(case, weights, biases), space, margin=float(case.get("margin", 0.0)))
            outcome = "OK"
        except Exception as problem:
            outcome = problem.condition if isinstance(problem, Error) else repr(problem)
        report.exact("errors", case["name"], outcome, expected)


def _numbers(value: Any) -> Any:
    """Numbers of the file, where words stand for NaN and infinity."""
    return None if value is None else np.array(value, dtype=object).astype(np.float64)


def _values(described: Mapping[str, Any]) -> dict[str, Any]:
    """A region with its numbers in place."""
    words = ("type", "t", "radius_value", "dims")
    return {key: value if key in words else _numbers(value) for key, value in described.items()}


KINDS: dict[str, Callable[[Case, Report], None]] = {
    "vertices": _vertices,
    "regions": _regions,
    "set_affine": _set_affine,
    "certify": _certify,
    "f32plan": _f32plan,
    "pieces": _pieces,
    "conv": _conv,
}
