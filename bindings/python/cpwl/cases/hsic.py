"""The cases of the room `hsic`: `cases.json` with the expected numbers, `<case>/<array>.npy` with the arrays."""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .. import Error, embedding
from .. import hsic as _function
from ..hsic import (
    Kernel,
    LayerCka,
    bandwidth,
    cka,
    dhsic,
    dhsic_gradient,
    dhsic_test,
    hsic_blocks,
    hsic_estimates,
    hsic_gradient,
    hsic_nystrom,
    hsic_random_features,
    hsic_test,
    pairwise_hsic,
    pairwise_mean,
    pairwise_mean_gradient,
)
from . import Report

F64, F32 = 1e-10, 1e-5  # relative
GRADIENT_F32 = 1e-4  # of the largest entry
P_VALUE = 1e-8
MEDIAN = 1e-12
OFFSETS = {"rbf": 1e-7, "linear": 1e-9}
RULES = {"dist": "distance", "half": "half", "nonzero": "nonzero"}


class Case:
    """The numbers and arrays of one case."""

    def __init__(self, folder: pathlib.Path, name: str, spec: dict[str, Any], report: Report) -> None:
        self.name, self.spec, self.expect = name, spec, spec["expect"]
        self._folder, self._report = folder / name, report

    def __getitem__(self, array: str) -> np.ndarray:
        return np.load(self._folder / f"{array}.npy")

    def close(self, figure: str, value: float, want: float, relative: float = F64, absolute: float = 1e-14) -> None:
        """A number, to a relative or an absolute tolerance, whichever is larger."""
        self._report.close(self.name, figure, value, want, max(relative * abs(want), absolute))

    def all_close(self, figure: str, value: Any, array: str | np.ndarray, relative: float = F64) -> None:
        """An array, to a part of its largest entry."""
        want = self[array] if isinstance(array, str) else array
        bound = relative * np.abs(want).max() + 1e-14
        self._report.bound(self.name, figure, float(np.abs(np.asarray(value) - want).max()), bound)

    def fails(self, figure: str, condition: str, work: Callable[[], Any]) -> None:
        """What must be an error of this condition."""
        try:
            found = f"the value {work()}"
        except Error as problem:
            found = problem.condition
        self._report.exact(self.name, figure, found, condition)

    def test(self, figure: str, found: Any) -> None:
        """A gamma test."""
        want = self.expect[figure]
        names = {"stat": "statistic", "var": "variance"}
        for key in ("stat", "mean", "var", "shape", "scale", "p"):
            self.close(f"{figure}.{key}", getattr(found, names.get(key, key)), want[key], P_VALUE, 0.0)


def run(folder: pathlib.Path, report: Report) -> None:
    """Runs every case of `folder`."""
    for name, spec in json.loads((folder / "cases.json").read_text()).items():
        try:
            KINDS[spec["kind"]](Case(folder, name, spec, report))
        except Exception as problem:  # a case that cannot be run is a failed case
            report.error(name, "case", repr(problem))


def kernel(spec: dict[str, Any]) -> Kernel:
    """A kernel as the files write it."""
    return Kernel(**spec)


def rbf(gamma: float) -> Kernel:
    """A Gaussian kernel."""
    return Kernel("rbf", gamma)


def _hsic(case: Case) -> None:
    x, y = case["X"], case["Y"]
    for name, want in case.expect.items():
        if not isinstance(want, dict) or "kernel" not in want:
            continue
        k = kernel(want["kernel"])
        e = hsic_estimates(x, y, kernel=k)
        scale = 1e-14 * max(1.0, want["hsic_b_xx"], want["hsic_b_yy"])
        figures = {
            "hsic_b_n2": e.biased, "hsic_b_nm1": e.biased_nm1, "hsic_u": e.unbiased, "hsic_b_xx": e.biased_xx,
            "hsic_b_yy": e.biased_yy, "hsic_u_xx": e.unbiased_xx, "hsic_u_yy": e.unbiased_yy, "cka_b": e.cka,
            "cka_u": e.cka_debiased,
        }  # fmt: skip
        for key, value in figures.items():
            if want.get(key) is not None:
                case.close(f"{name}.{key}", value, want[key], absolute=scale)
        for key, objective in (("b", "biased"), ("u", "unbiased")):
            array = f"gradX_{key}_{name}"
            if array in case.spec["arrays"]:
                case.all_close(array, hsic_gradient(x, y, kernel=k, objective=objective, both=False).x, array)
    for rule, sigmas in case.expect.get("median", {}).items():
        for data, want in zip((x, y), sigmas, strict=True):
            case.close(f"median.{rule}", bandwidth(data, RULES[rule]), want, MEDIAN, 0.0)
    if "gamma_test_gretton" in case.expect:
        z = case["Zindep"]
        for figure, other, key, method in (
            ("gamma_test_gretton", y, "gamma_y", "gamma"),
            ("gamma_test_dhsic", y, "gamma_y", "gamma_dhsic"),
            ("gamma_test_null", z, "gamma_z", "gamma"),
        ):
            want = case.expect[figure]
            case.test(figure, hsic_test(x, other, kernel=(rbf(want["gamma_x"]), rbf(want[key])), method=method))
        shared = case.expect["shared_gamma_debiased_cka"]
        gamma = 0.5 / bandwidth(x, "distance") ** 2
        case.close("shared gamma", gamma, shared["gamma"], MEDIAN, 0.0)
        case.close("shared_gamma_debiased_cka", cka(x, y, kernel=rbf(shared["gamma"]), debiased=True), shared["value"])


def _block(case: Case) -> None:
    x, y = case["X"], case["Y"]
    for name, spec in case.spec["kernels"].items():
        want = case.expect[name]
        found = hsic_blocks(x, y, want["B"], kernel=kernel(spec))
        case.close(f"{name}.mean", found.hsic, want["mean"])
        case.close(f"{name}.minibatch_cka", found.cka, want["minibatch_cka"])
        case.all_close(f"{name}.blocks", found.batches, np.array(want["blocks"]))
        layers = LayerCka(1, 1, kernel=kernel(spec))
        for i in range(len(want["blocks"])):
            rows = slice(i * want["B"], (i + 1) * want["B"])
            layers.push([x[rows]], [y[rows]])
        case.close(f"{name}.minibatch_cka, layers", layers.result()[0, 0], want["minibatch_cka"])


def _dhsic(case: Case) -> None:
    data, kernels = [case[k] for k in "ABCD"], [kernel(k) for k in case.spec["kernels"]]
    for figure, d in (("d2_AB", 2), ("d2_equals_biased_hsic", 2), ("d3_ABC", 3), ("d4", 4)):
        case.close(figure, dhsic(*data[:d], kernel=kernels[:d]), case.expect[figure])
    for figure, d in (("gamma_d3", 3), ("gamma_d4", 4)):
        case.test(figure, dhsic_test(*data[:d], kernel=kernels[:d], method="gamma"))
    value, gradients = dhsic_gradient(*data[:3], kernel=kernels[:3])
    case.close("d3_ABC with gradient", value, case.expect["d3_ABC"])
    for name, gradient in zip("ABC", gradients, strict=True):
        case.all_close(f"d3_grad{name}", gradient, f"d3_grad{name}")


def _pairwise(case: Case) -> None:
    f, gammas, laplace = case["F"], case["gammas"], case.expect["laplace_gamma"]
    case.all_close("rbf_b", pairwise_hsic(f, gammas=gammas), "rbf_b")
    case.all_close("rbf_u", pairwise_hsic(f, gammas=gammas, estimator="unbiased"), "rbf_u")
    case.all_close("rbf_cka", pairwise_hsic(f, gammas=gammas, estimator="cka"), "rbf_cka")
    case.all_close("laplace_b", pairwise_hsic(f, kernel="laplace_l1", gammas=laplace), "laplace_b")
    case.all_close("linear_b", pairwise_hsic(f, kernel="linear"), "linear_b")
    k = f.shape[1]
    case.close("rbf_offdiag_sum", pairwise_mean(f, gammas=gammas) * k * (k - 1), case.expect["rbf_offdiag_sum"])
    for normalised, figure, array in (
        (False, "rbf_offdiag_mean", "grad_mean_raw"),
        (True, "rbf_offdiag_mean_cka", "grad_mean_cka"),
    ):
        mean, gradient = pairwise_mean_gradient(f, gammas=gammas, normalised=normalised)
        case.close(figure, mean, case.expect[figure])
        case.all_close(array, gradient, array)


def _vicreg(case: Case) -> None:
    z1, z2, c = case["Z1"], case["Z2"], case.spec["coeffs"]
    for variant in ("fair", "paper"):
        want = case.expect[variant]
        found = embedding.vicreg_loss(z1, z2, invariance=c["sim"], variance=c["std"], covariance=c["cov"],
                                      gamma=c["gamma"], eps=c["eps"], variant=variant, gradient=True)  # fmt: skip
        case.close(f"{variant}.loss", found.value, want["loss"])
        for key, value in zip(("inv", "std", "cov"), found.terms.values(), strict=True):
            case.close(f"{variant}.{key}", value, want[key])
        _gradients(case, variant, found)
    want = case.expect["vcreg"]
    found = embedding.vcreg_loss(z1, gradient=True, **{k: want[k] for k in ("alpha", "beta", "gamma", "eps", "ddof")})
    for key, value in zip(("loss", "var", "cov"), (found.value, *found.terms.values()), strict=True):
        case.close(f"vcreg.{key}", value, want[key])
    case.all_close("vcreg_grad", found.gradients[0], "vcreg_grad")
    want = case.expect["barlow"]
    found = embedding.barlow_loss(z1, z2, lambda_=want["lam"], eps=want["eps"], gradient=True)
    case.close("barlow.loss", found.value, want["loss"])
    _gradients(case, "barlow", found)


def _gradients(case: Case, name: str, found: embedding.Loss) -> None:
    for v, gradient in enumerate(found.gradients):
        case.all_close(f"{name}_g{v + 1}", gradient, f"{name}_g{v + 1}")


def _ckagrad(case: Case) -> None:
    x, y, want = case["X"], case["Y"], case.expect
    gammas = (rbf(want["gamma_x"]), rbf(want["gamma_y"]))
    for name, k in (("rbf", gammas), ("linear", "linear")):
        for key, objective in (("b", "cka"), ("u", "cka_debiased")):
            figure = f"cka_{name}_{key}"
            found = hsic_gradient(x, y, kernel=k, objective=objective, both=False)
            case.close(figure, found.value, want[figure])
            case.all_close(f"gradX_{figure}", found.x, f"gradX_{figure}")
    for key, objective in (("b", "biased"), ("u", "unbiased")):
        found = hsic_gradient(x, y, kernel=gammas, objective=objective, both=False)
        case.close(f"dhsic_{key}_dgamma_x", found.gamma[0], want[f"dhsic_{key}_dgamma_x"])


def _oned(case: Case) -> None:
    x, y, want = case["x"], case["y"], case.expect
    kernels = (Kernel("laplace_l1", want["a"]), Kernel("laplace_l1", want["b"]))
    for prefix, k in (("", kernels), ("dist_", "distance")):
        e = hsic_estimates(x, y, kernel=k)
        case.close(f"{prefix}hsic_b_n2", e.biased, want[f"{prefix}hsic_b_n2"])
        case.close(f"{prefix}hsic_u", e.unbiased, want[f"{prefix}hsic_u"])


def _features(case: Case) -> None:
    x, y, want = case["X"], case["Y"], case.expect
    found = hsic_random_features(x, y, case["Wx"], case["bx"], case["Wy"], case["by"]).estimates
    case.close("rff_hsic_b", found.biased, want["rff_hsic_b"])
    case.close("rff_hsic_u", found.unbiased, want["rff_hsic_u"])
    kernels = (rbf(want["gamma_x"]), rbf(want["gamma_y"]))
    case.close("exact_hsic_b", hsic_estimates(x, y, kernel=kernels).biased, want["exact_hsic_b"])
    found = hsic_nystrom(x, y, case["landmarks"].astype(int), kernel=kernels).estimates
    case.close("nystrom_hsic_b", found.biased, want["nystrom_hsic_b"])
    case.close("nystrom_hsic_u", found.unbiased, want["nystrom_hsic_u"])


def _perm(case: Case) -> None:
    x, others = case["X"], {"xy": case["Y"], "xz": case["Z"]}
    for name, other in others.items():
        kernels = (rbf(case.expect["gamma_x"]), rbf(case.expect[f"gamma_{name[1]}"]))
        for key, unbiased in (("b", False), ("u", True)):
            want = case.expect[f"{name}_{key}"]
            found = hsic_test(x, other, kernel=kernels, permutations=case["perms"].astype(int), unbiased=unbiased)
            case.close(f"{name}_{key}.stat", found.statistic, want["stat"])
            case.close(f"{name}_{key}.p", found.p, want["p"], P_VALUE, 0.0)
            case.all_close(f"stats_{name}_{key}", found.permuted, f"stats_{name}_{key}")


def _vc_hsic(case: Case) -> None:
    f, w, b, want = case["F"], case["w"], case["b"], case.expect
    n, p = f.shape
    ratio = (n / (n - 1)) ** 2
    case.close("vcreg_cov_term_of_F", embedding.vcreg_loss(f).terms["covariance"], want["vcreg_cov_term_of_F"])
    linear = pairwise_hsic(f, kernel="linear")
    case.close("sum_linear_hsic_offdiag", linear.sum() - np.trace(linear), want["sum_linear_hsic_offdiag"])
    case.close("ratio", ratio, want["ratio"])
    blocks = [np.cos(f[:, [a]] * w[a] + b[a]) for a in range(p)]
    found = np.array([[hsic_estimates(u, v, kernel="linear").biased for v in blocks] for u in blocks])
    case.all_close("hsic_blocks", found, "hsic_blocks")
    case.close("offblock_cov_ddof1", ratio * (found.sum() - np.trace(found)), want["offblock_cov_ddof1"])


def matched(sources: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute correlation of the best matching."""
    from itertools import permutations

    p = truth.shape[1]
    c = np.abs(np.corrcoef(sources.T, truth.T)[:p, p:])
    if p <= 6:
        return max(float(np.mean([c[i, j] for i, j in enumerate(order)])) for order in permutations(range(p)))
    return float(c.max(0).mean())


def _ica(case: Case) -> None:
    found = matched(embedding.ica(case["X"], restarts=12).sources, case["S"])
    case.close("mean_abs_corr", found, 1.0, 0.0, 1.0 - case.expect["min_mean_abs_corr"])


def _f32(case: Case) -> None:
    want = case.expect
    kernels = (rbf(want["gamma_x"]), rbf(want["gamma_y"]))
    for dtype, relative in ((np.float64, F64), (np.float32, F32)):
        y = case["Y"].astype(dtype)
        for array, suffix in (("X", ""), ("Xoff", "_off")):
            x, name = case[array].astype(dtype), np.dtype(dtype).name
            e = hsic_estimates(x, y, kernel=kernels)
            case.close(f"{name} hsic_b{suffix}", e.biased, want[f"hsic_b{suffix}"], relative, 0.0)
            case.close(f"{name} hsic_u{suffix}", e.unbiased, want[f"hsic_u{suffix}"], relative, 0.0)
            found = hsic_estimates(x, y, kernel="linear").biased
            case.close(f"{name} linear_b{suffix}", found, want[f"linear_b{suffix}"], relative, 0.0)
    gradients = [
        hsic_gradient(case["X"].astype(t), case["Y"].astype(t), kernel=kernels).x for t in (np.float64, np.float32)
    ]
    case.all_close("float32 gradient", gradients[1], gradients[0], GRADIENT_F32)


def _edge(case: Case) -> None:
    x, dup, want = case["X"], case["Dup"], case.expect
    k = kernel(case.spec["kernel"])
    case.close("biased_n1", hsic_estimates(x[:1], dup[:1], kernel=k).biased, want["biased_n1"])
    for n in (1, 2, 3):
        case.fails(f"unbiased n={n}", "TOO_FEW", partial(_function, x[:n], dup[:n], kernel=k, estimator="unbiased"))
        if n > 1:
            case.close(f"biased_n{n}", hsic_estimates(x[:n], 2 * dup[:n], kernel=k).biased, want[f"biased_n{n}"])
    const = case["Yconst"]
    e = hsic_estimates(x, const, kernel=k)
    case.close("const.hsic_b", e.biased, 0.0, 0.0, want["const"]["hsic_b_abs_max"])
    case.close("const.hsic_u", e.unbiased, 0.0, 0.0, want["const"]["hsic_u_abs_max"])
    for debiased in (False, True):
        case.fails("const.cka", "UNDEFINED", partial(cka, x, const, kernel=k, debiased=debiased))
    case._report.exact(case.name, "const.cka is NaN", math.isnan(e.cka) and math.isnan(e.cka_debiased), True)
    case.fails("const.median", "ZERO_MEDIAN", lambda: bandwidth(const))
    e = hsic_estimates(x, dup, kernel=k)
    figures = {"hsic_b": e.biased, "hsic_u": e.unbiased, "hsic_b_self": e.biased_yy, "hsic_u_self": e.unbiased_yy}
    for key, value in figures.items():
        case.close(f"duplicates.{key}", value, want["duplicates"][key])
    for gamma, (b, u) in want["bandwidth_b_u"].items():
        e = hsic_estimates(x, dup, kernel=rbf(float(gamma)))
        case.close(f"gamma {gamma} biased", e.biased, b, 0.0, 1e-12)
        case.close(f"gamma {gamma} unbiased", e.unbiased, u, 0.0, 1e-12)
    for offset, value in want["offset_invariance_rbf"].items():
        o, relative = float(offset), F64 if float(offset) == 0 else OFFSETS["rbf"]
        case.close(f"offset {offset} rbf", hsic_estimates(x + o, dup + o, kernel=k).biased, value, relative)
    for offset, value in want["cka_b_linear_offset"].items():
        o, relative = float(offset), F64 if float(offset) == 0 else OFFSETS["linear"]
        case.close(f"offset {offset} linear cka", cka(x + o, dup - o), value, relative)
    # Of exp_l2 (gamma 0.4) on Dup against rbf (gamma 0.5) on X.
    found = hsic_gradient(dup, x, kernel=(Kernel("exp_l2", 0.4), rbf(0.5)), both=False)
    case.all_close("exp_l2_grad_dup", found.x, "exp_l2_grad_dup")
    for array in ("Xnan", "Xinf"):
        case.fails(array, "NONFINITE", partial(hsic_estimates, case[array], dup, kernel=k))


KINDS: dict[str, Callable[[Case], None]] = {
    "hsic": _hsic, "block": _block, "dhsic": _dhsic, "pairwise": _pairwise, "vicreg": _vicreg, "ckagrad": _ckagrad,
    "oned": _oned, "features": _features, "perm": _perm, "vc_hsic": _vc_hsic, "ica": _ica, "f32": _f32, "edge": _edge,
}  # fmt: skip
