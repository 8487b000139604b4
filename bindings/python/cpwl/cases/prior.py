"""The cases of the room `prior`: losses, Sinkhorn plans, families, fits, diagnoses."""

from __future__ import annotations

import math
import pathlib
from typing import Any

import numpy as np

from .. import Error, cluster_prior, fit_prior, prior_matching_loss, sinkhorn
from . import Report
from ._arrays import Case, apart, load, off


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    cases, errors = load(folder)
    for case in cases:
        try:
            KINDS[case.kind](case, report)
        except Error as problem:
            report.error(case.name, "result", problem)
    _refused(next(c for c in cases if c.name == "pmsn_pl0.25"), errors, report)


def _arguments(case: Case) -> dict[str, Any]:
    p, x = case.params, case.inputs
    return {
        "anchors": x["anchors"], "targets": x["targets_in"], "prototypes": x["protos"], "prior": x["prior"],
        "sinkhorn_prior": x["sink_prior"], "temperature": p["tau"], "sharpening": p["T"], "sinkhorn": p["sink_iters"],
        "weight": p["lam"], "entropy_weight": p["ent_weight"], "direction": p["kl_dir"],
    }  # fmt: skip


def _loss(case: Case, report: Report) -> None:
    arguments, want = _arguments(case), case.expect
    found = prior_matching_loss(**arguments, gradients=True)
    terms = {"loss": found.loss, "ce": found.cross_entropy, "reg": found.divergence, "ent": found.entropy}
    for key, got in terms.items():
        report.bound(case.name, key, off(got, want[key]), 1e-12)
    gate = 1e-9 if case.name.startswith("collapse") else 1e-11
    report.bound(case.name, "pbar", apart(np.exp(found.log_mean), want["pbar"]), 1e-11)
    report.bound(case.name, "log_pbar", apart(found.log_mean, want["log_pbar"]), 1e-11)
    report.bound(case.name, "targets", apart(found.targets, want["targets"]), gate)
    report.bound(case.name, "d_protos", apart(found.d_prototypes, want["d_protos"]), gate)
    if case.name == "zero_anchor":
        rest = np.arange(len(found.d_anchors)) != 4
        report.bound(case.name, "d_anchors[4]", apart(found.d_anchors[4], want["d_anchors"][4]), gate)
        report.bound(case.name, "d_anchors", apart(found.d_anchors[rest], want["d_anchors"][rest]), gate)
    else:
        report.bound(case.name, "d_anchors", apart(found.d_anchors, want["d_anchors"]), gate)
    narrow = {k: arguments[k].astype(np.float32) for k in ("anchors", "targets", "prototypes")}
    single = prior_matching_loss(**{**arguments, **narrow}, gradients=True)
    finite = all(np.isfinite(x).all() for x in (single.d_anchors, single.d_prototypes, single.loss))
    report.exact(case.name, "finite in f32", bool(finite), True)
    report.bound(case.name, "f32 target rows", float(np.abs(single.targets.sum(1) - 1).max()), 1e-5)
    if case.name.startswith("collapse") or case.name == "zero_anchor":
        return
    low = case.params["tau"] < 0.05 or case.params["T"] < 0.1
    report.bound(case.name, "f32 loss", off(single.loss, want["loss"]), 1e-3 if low else 1e-5)
    for key, grad in (("d_anchors", single.d_anchors), ("d_protos", single.d_prototypes)):
        report.bound(case.name, f"f32 {key}", apart(grad, want[key]), 1e-2 if low else 1e-4)


def _sinkhorn(case: Case, report: Report) -> None:
    p, x, want = case.params, case.inputs, case.expect
    settings = {"iterations": p["iters"], "reg": p["reg"]}
    found = sinkhorn(x["logQ"], x["a"], x["b"], **settings)
    gate = 1e-10 if case.name == "sink_extreme" else 1e-12
    report.bound(case.name, "plan", float(np.abs(found.plan - want["plan"]).max()), gate)
    report.bound(case.name, "row sums", found.row_error, 1e-13)
    report.close(case.name, "column error", found.column_error, want["col_err"], 1e-10)
    if case.name == "sink_zero_prior":
        report.exact(case.name, "column without mass", float(np.abs(found.plan[:, x["b"] == 0]).max()), 0.0)
    targets = sinkhorn(x["logQ"], x["a"], x["b"], targets=True, **settings).plan
    report.bound(case.name, "targets", float(np.abs((targets - want["targets"]) * x["a"][:, None]).max()), gate)
    single = sinkhorn(x["logQ"].astype(np.float32), x["a"], x["b"], targets=True, **settings).plan.astype(float)
    report.bound(case.name, "f32 target rows", float(np.abs(single.sum(1) - 1).max()), 1e-5)
    if case.name != "sink_extreme":
        error = float(np.abs((single - want["targets"]) * x["a"][:, None]).max())
        report.bound(case.name, "f32 plan", error, 1e-6)


def _family(case: Case, report: Report) -> None:
    p = case.params
    words = {"tau": "exponent", "s": "exponent", "q": "shift", "ratio": "ratio", "head": "head", "alpha": "alpha"}
    settings = {words[k]: v for k, v in p.items() if k in words}
    prior = cluster_prior(p["family"], p["K"], counts=case.inputs.get("counts"), **settings)
    report.bound(case.name, "prior", float(np.abs(prior / case.expect["prior"] - 1).max()), 1e-14)
    used = prior[prior > 0]
    report.bound(case.name, "entropy", off(-(used * np.log(used)).sum(), case.expect["entropy"]), 1e-13)


def _fit(case: Case, report: Report) -> None:
    got, want = fit_prior(case.inputs["p"], null=0).exponent, case.expect["tau_hat"]
    report.bound(case.name, "tau_hat", 0.0 if got == want else abs(got - want), 1e-9)


def _diagnose(case: Case, report: Report) -> None:
    want = case.expect
    replicates = case.params["null_replicates"]
    d = fit_prior(case.inputs["counts"], null=replicates)
    figures = {
        "n": d.n, "K": d.k, "H": d.entropy, "kl_uniform": d.kl_uniform, "kl_power_law": d.kl_power_law,
        "tau_hat": d.exponent, "tau_se": d.exponent_se, "effective": d.effective, "gini": d.gini, "g_stat": d.g,
        "g_dof": d.g_degrees, "g_p": d.g_p, "kl_uniform_debiased": d.kl_uniform_debiased, "used": d.used,
        "head": d.head, "tail": d.tail,
    }  # fmt: skip
    for key, got in figures.items():
        report.bound(case.name, key, off(got, want[key]), 1e-10)
    if replicates:
        # Both sides are simulated: sqrt(2) standard errors; that of a 95% point is 2.1 times that of a mean.
        sd = want["null_tau_sd"]
        error = 4 * sd * math.sqrt(2 / replicates)
        report.close(case.name, "null_tau_mean", d.null_mean, want["null_tau_mean"], error)
        report.close(case.name, "null_tau_sd", d.null_sd, sd, error)
        report.close(case.name, "null_tau_q95", d.null_q95, want["null_tau_q95"], 2.1 * error)


def _refused(case: Case, names: set[str], report: Report) -> None:
    base = _arguments(case)
    prior = base["prior"]
    zero = prior.copy()
    zero[5] = 0.0
    zero /= zero.sum()
    nothing = np.full((3, 4), -np.inf)
    nothing[:2] = 0.0

    def loss(**change: Any) -> Any:
        return lambda: prior_matching_loss(**{**base, **change}, gradients=True)

    attempts = {
        "prior_not_normalised": [loss(prior=prior * 1.1)],
        "prior_zero_mean_to_prior": [loss(prior=zero)],
        "prior_negative_or_nan": [loss(prior=np.where(zero == 0, x, prior)) for x in (-0.1, np.nan)],
        "prior_length": [loss(prior=prior[:-1])],
        "tau_or_T_not_positive": [loss(**{k: x}) for k in ("temperature", "sharpening") for x in (0.0, -1.0, np.nan)],
        "lambda_negative": [loss(weight=-1.0)],
        "rows_not_multiple": [loss(anchors=base["anchors"][:-1])],
        "B_zero": [loss(anchors=base["anchors"][:0], targets=base["targets"][:0])],
        "a_zero_entry": [lambda: sinkhorn(np.zeros((3, 4)), [0.5, 0.5, 0.0])],
        "row_all_neg_inf": [lambda: sinkhorn(nothing), lambda: sinkhorn(np.where(nothing == 0, 0.0, np.nan))],
        "counts_all_zero": [lambda: fit_prior(np.zeros(4))],
    }
    for name, calls in attempts.items():
        for i, attempt in enumerate(calls if name in names else []):
            try:
                attempt()
                report.exact("errors", f"{name} {i}", "no error", "ARGUMENT")
            except Error as problem:
                report.exact("errors", f"{name} {i}", problem.condition, "ARGUMENT")
    if "prior_zero_prior_to_mean" in names:
        found = loss(prior=zero, direction="prior_to_mean")()
        finite = np.isfinite(found.loss) and np.isfinite(found.d_anchors).all()
        report.exact("errors", "prior_zero_prior_to_mean is finite", bool(finite), True)


KINDS = {"loss": _loss, "sinkhorn": _sinkhorn, "family": _family, "fit": _fit, "diagnose": _diagnose}
