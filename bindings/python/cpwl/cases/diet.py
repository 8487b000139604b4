"""The cases of the room `diet`: losses, gradients, optimiser steps and generated batches."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from .. import DietHead, Error, diet_loss, diet_merge, diet_shard_backward, diet_shard_forward
from . import Report
from ._arrays import Case, apart, load, off

SHARDS = (1, 2, 3, 7)


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    cases, errors = load(folder)
    for case in cases:
        try:
            KINDS[case.kind](case, report)
        except Error as problem:
            report.error(case.name, "result", problem)
    _refused(next(c for c in cases if c.name == "small_eps0.8"), errors, report)


def _arguments(case: Case) -> dict[str, Any]:
    p, x = case.params, case.inputs
    mixed = {"index": x["t_idx"], "shares": x["t_w"]} if "t_idx" in x else {"index": x["y"]}
    return {
        "features": x["F"], "head": x["W"], **mixed, "bias": x.get("bias"), "weights": x.get("g"),
        "smoothing": p["eps"], "scale": p.get("sigma", 1.0), "norm": p.get("norm", "none"),
        "reduction": p["reduction"], "ignore_index": p.get("ignore_index", -100),
    }  # fmt: skip


def _loss(case: Case, report: Report) -> None:
    arguments = _arguments(case)
    gates = {"huge_logits": (1e-10, 1e-10), "at_optimum": (1e-12, 1e-14)}.get(case.name, (1e-12, 1e-12))
    _compare(case, "", diet_loss(**arguments, gradients=True, double=True), report, *gates)
    for shards in SHARDS:
        if case.params["N"] >= shards:
            _compare(case, f"{shards} shards, ", _sharded(arguments, shards), report, *gates)
    if case.name in ("mid_f32exact", "at_optimum"):
        narrow = {k: arguments[k].astype(np.float32) for k in ("features", "head")}
        gates = (2e-6, 1e-5) if case.name == "mid_f32exact" else (2e-6, 5e-6)
        _compare(case, "f32, ", diet_loss(**{**arguments, **narrow}, gradients=True), report, *gates)


def _compare(case: Case, how: str, found: Any, report: Report, gate: float, of_gradients: float) -> None:
    name, want = case.name, case.expect
    clean = ~np.isnan(want["row_loss"])
    report.exact(name, f"{how}rows that are NaN", bool((np.isnan(found.row_loss) == ~clean).all()), True)
    report.bound(name, f"{how}row_loss", off(found.row_loss[clean], want["row_loss"][clean]), gate)
    report.bound(name, f"{how}lse", off(found.lse[clean], want["lse"][clean]), gate)
    if case.params["reduction"] != "none":
        report.bound(name, f"{how}loss", off(found.loss, want["loss"]), gate)
    parts = {"dF": found.d_features, "dW": found.d_head, "db": found.d_bias}
    for key, got in parts.items():
        if key not in want or got is None:
            continue
        if name == "at_optimum":
            error = float(np.abs(got).max())
        elif name == "nan_row":
            report.exact(name, f"{how}{key} NaN", bool((np.isnan(got) == np.isnan(want[key])).all()), True)
            error = apart(got[~np.isnan(got)], want[key][~np.isnan(want[key])])
        else:
            error = apart(got, want[key])
        report.bound(name, f"{how}{key}", error, of_gradients)
    if "dsigma" in want:
        report.bound(name, f"{how}dsigma", abs(found.d_scale / want["dsigma"] - 1), of_gradients)


def _sharded(arguments: dict[str, Any], shards: int) -> Any:
    rest = {k: v for k, v in arguments.items() if k not in ("features", "head", "bias", "index")}
    f, w, b, y = (arguments[k] for k in ("features", "head", "bias", "index"))
    f = f.astype(np.float64)
    n = len(w)
    cuts = [(n * s // shards, n * (s + 1) // shards) for s in range(shards)]
    part = [{"bias": None if b is None else b[lo:hi], **rest} for lo, hi in cuts]
    states = [diet_shard_forward(f, w[lo:hi], y, lo, n, **p) for (lo, hi), p in zip(cuts, part, strict=True)]
    merged = diet_merge(np.stack(states))
    found = [diet_shard_backward(f, w[lo:hi], y, lo, n, merged, **p) for (lo, hi), p in zip(cuts, part, strict=True)]
    total = found[0]
    total.d_features = sum(x.d_features for x in found)
    total.d_head = np.concatenate([x.d_head for x in found])
    total.d_bias = None if b is None else np.concatenate([x.d_bias for x in found])
    total.d_scale = sum(x.d_scale for x in found)
    return total


def _adamw(case: Case, report: Report) -> None:
    p, x = case.params, case.inputs
    head = DietHead(
        p["N"], p["K"], smoothing=p["eps"], lr=p["lr"], betas=(p["beta1"], p["beta2"]), eps=p["adam_eps"],
        weight_decay=p["weight_decay"], dtype="float64",
    )  # fmt: skip
    head.weight, head.state, head.steps = x["W"].copy(), [x["m"].copy(), x["v"].copy()], p["step"] - 1
    found = head.step(x["F"], x["y"])
    report.bound(case.name, "loss", off(found.loss, case.expect["loss"]), 1e-12)
    for key, got in {"dF": found.d_features, "W": head.weight, "m": head.state[0], "v": head.state[1]}.items():
        report.bound(case.name, key, apart(got, case.expect[key]), 1e-12)


def _sampled(case: Case, report: Report) -> None:
    x = case.inputs
    found = diet_loss(x["F"], x["W"], x["y"], case.params["eps"], others=x["S"], gradients=True)
    _compare(case, "", found, report, 1e-12, 1e-12)


def _splitmix(seed: int, n: int) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _generated(case: Case, report: Report) -> None:
    p, want = case.params, case.expect
    b, n, k = p["B"], p["N"], p["K"]

    def matrix(seed: int, rows: int, span: tuple[float, float]) -> np.ndarray:
        unit = (_splitmix(seed, rows * k) >> np.uint64(11)).astype(float) * 2.0**-53
        return (span[0] + (span[1] - span[0]) * unit).reshape(rows, k)

    f, w = matrix(p["seed_F"], b, p["F_range"]), matrix(p["seed_W"], n, p["W_range"])
    y = (_splitmix(p["seed_y"], b) % np.uint64(n)).astype(np.int64)
    # Room for a sixteenth of the scores.
    found = diet_loss(f, w, y, p["eps"], gradients=True, memory_limit=b * n * 8 // 16)
    report.bound(case.name, "loss", off(found.loss, want["loss"]), 1e-12)
    report.bound(case.name, "row_loss", off(found.row_loss, want["row_loss"]), 1e-12)
    report.bound(case.name, "lse", off(found.lse, want["lse"]), 1e-12)
    report.bound(case.name, "dF", apart(found.d_features, want["dF"]), 1e-12)
    report.bound(case.name, "dW of some rows", apart(found.d_head[want["probe_rows"]], want["dW_probe"]), 1e-12)
    # Sums that are 0 but for rounding.
    sums = np.abs(found.d_head.sum(0) - want["dW_colsum"]).max() / want["dW_fro"]
    report.bound(case.name, "column sums of dW", float(sums), 1e-12)
    norm = np.linalg.norm(found.d_head)
    report.bound(case.name, "norm of dW", abs(norm / want["dW_fro"] - 1), 1e-12)


def _refused(case: Case, names: set[str], report: Report) -> None:
    base = _arguments(case)
    y, n = case.inputs["y"], case.params["N"]
    changed = {
        "label_eq_N": {"index": np.where(np.arange(len(y)) == 2, n, y)},
        "label_minus1": {"index": np.where(np.arange(len(y)) == 2, -1, y)},
        "eps_below_0": {"smoothing": -1e-9},
        "eps_above_1": {"smoothing": 1.0000001},
        "eps_nan": {"smoothing": float("nan")},
        "mixup_weights": {"index": np.stack([y, y], 1), "shares": np.full((len(y), 2), 0.4)},
    }
    for name, change in changed.items():
        if name not in names:
            continue
        d_head = np.full(base["head"].shape, 7.0)
        try:
            diet_loss(**{**base, **change}, d_head=d_head)
            report.exact("errors", name, "no error", "ARGUMENT")
        except Error as problem:
            report.exact("errors", name, problem.condition, "ARGUMENT")
            report.exact("errors", f"{name} writes nothing", bool((d_head == 7.0).all()), True)
    for name, value, smoothing in (("neg_inf_logit_eps0.8", -np.inf, 0.8), ("pos_inf_logit", np.inf, 0.0)):
        if name in names:
            bias = np.zeros(n)
            bias[(y.max() + 1) % n if value < 0 else 0] = value
            found = diet_loss(**{**base, "bias": bias, "smoothing": smoothing}, gradients=value < 0)
            if value < 0:
                report.exact("errors", name, bool((found.row_loss == np.inf).all()), True)
                report.exact("errors", f"{name} gradients", bool(np.isfinite(found.d_head).all()), True)
            else:
                report.exact("errors", name, bool(np.isnan(found.row_loss).all()), True)


KINDS = {"loss": _loss, "adamw": _adamw, "sampled": _sampled, "generated": _generated}
