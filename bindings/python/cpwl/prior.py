"""Prototype losses with a chosen cluster prior (MSN, PMSN), Sinkhorn, and which prior data follow."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _abi, _tensor, errors
from . import context as _context
from ._lib import Handle, call, lib, sized

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .context import Context

__all__ = [
    "PriorFit",
    "PriorLoss",
    "SinkhornPlan",
    "cluster_log_mean",
    "cluster_mean",
    "cluster_prior",
    "fit_prior",
    "power_law_prior",
    "prior_matching_loss",
    "sinkhorn",
]

_DIRECTIONS = {"mean_to_prior": _abi.CPWL_PRIOR_MEAN_TO_PRIOR, "prior_to_mean": _abi.CPWL_PRIOR_PRIOR_TO_MEAN}
_KINDS = {
    "uniform": _abi.CPWL_PRIOR_UNIFORM,
    "power_law": _abi.CPWL_PRIOR_POWER_LAW,
    "zipf_mandelbrot": _abi.CPWL_PRIOR_ZIPF,
    "exponential": _abi.CPWL_PRIOR_EXPONENTIAL,
    "step": _abi.CPWL_PRIOR_STEP,
    "counts": _abi.CPWL_PRIOR_COUNTS,
    "dirichlet": _abi.CPWL_PRIOR_DIRICHLET,
}


def _struct(value: _tensor.Borrowed | None) -> Any:
    return None if value is None else ctypes.pointer(value._struct)


def _law(value: Any, name: str) -> _tensor.Borrowed | None:
    return None if value is None else _tensor.borrow(_tensor.to_float64(value, name), name)


@dataclass
class PriorLoss:
    """What some views cost.

    Attributes
    ----------
    loss : float
        ``cross_entropy + weight * divergence + entropy_weight * entropy``.
    cross_entropy, divergence, entropy : float
        Of targets and assignments; between mean assignment and prior; mean of the assignments.
    log_mean : float64 array (K,)
        Logarithm of the mean assignment.
    targets : float64 array (B, K)
        Rows add up to 1.
    column_error : float
        Largest difference between what the columns of the targets have and should have; NaN without Sinkhorn.
    d_anchors, d_prototypes : array or None
        Gradients, if asked for.
    """

    loss: float
    cross_entropy: float
    divergence: float
    entropy: float
    log_mean: np.ndarray
    targets: np.ndarray
    column_error: float
    d_anchors: Any = None
    d_prototypes: Any = None


def prior_matching_loss(
    anchors: Any,
    targets: Any,
    prototypes: Any,
    prior: Any = None,
    *,
    temperature: float = 0.1,
    sharpening: float = 0.25,
    sinkhorn: int = 3,
    sinkhorn_prior: Any = None,
    weight: float = 1.0,
    entropy_weight: float = 0.0,
    direction: str = "mean_to_prior",
    normalize: bool = False,
    log_mean: Any = None,
    double: bool = False,
    gradients: bool = False,
    context: Context | None = None,
    **options: Any,
) -> PriorLoss:
    """The loss of MSN with a cluster prior of your choice (PMSN).

    Parameters
    ----------
    anchors : array (V * B, d)
        Row ``v * B + i`` is view v of image i.
    targets : array (B, d)
        The views that targets are made of; no gradient.
    prototypes : array (K, d)
        All three are divided by their lengths.
    prior : array (K,), optional
        What the mean assignment is drawn to; default uniform (MSN). See :func:`power_law_prior`.
    temperature : float
        Assignments are softmax(cosine / temperature).
    sharpening : float
        The same for targets, besides the temperature.
    sinkhorn : int
        Iterations that balance the targets; 0 = none.
    sinkhorn_prior : array (K,), optional
        What they are balanced to; default uniform, whatever `prior` is.
    weight, entropy_weight : float
        Of the divergence and of the mean entropy of the assignments. MSN's configurations have 0 for the latter.
    direction : {"mean_to_prior", "prior_to_mean"}
        KL(mean || prior), or KL(prior || mean).
    normalize : bool
        Divide priors by their sums; otherwise those that do not add up to 1 are refused.
    log_mean : array (K,), optional
        Of the anchors of all processes, see :func:`cluster_log_mean`. Gradients are then those that data-parallel
        training averages.
    double : bool
        Compute in f64 whatever the inputs are.
    gradients : bool
        Also compute `d_anchors` and `d_prototypes`.

    Returns
    -------
    PriorLoss

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> views, protos = rng.normal(size=(8, 4)), rng.normal(size=(5, 4))
    >>> found = prior_matching_loss(views, views, protos, power_law_prior(5))
    >>> bool(np.isclose(found.loss, found.cross_entropy + found.divergence))
    True
    """
    if direction not in _DIRECTIONS:
        raise ValueError(f"direction is {direction!r}; expected 'mean_to_prior' or 'prior_to_mean'")
    given = {
        "anchors": _tensor.borrow(anchors, "anchors"),
        "targets": _tensor.borrow(targets, "targets"),
        "prototypes": _tensor.borrow(prototypes, "prototypes"),
        "prior": _law(prior, "prior"),
        "sinkhorn_prior": _law(sinkhorn_prior, "sinkhorn_prior"),
        "log_mean": _law(log_mean, "log_mean"),
    }
    views = sized(_abi.PriorViews, **{k: _struct(v) for k, v in given.items()})
    flags = _abi.CPWL_PRIOR_WEIGHT | _abi.CPWL_PRIOR_NORMALIZE * normalize | _abi.CPWL_PRIOR_DOUBLE * double
    flags |= 0 if sinkhorn else _abi.CPWL_PRIOR_NO_SINKHORN
    opts = sized(
        _abi.PriorOptions, temperature=_given("temperature", temperature),
        sharpening=_given("sharpening", sharpening), weight=weight, entropy_weight=entropy_weight, sinkhorn=sinkhorn,
        direction=_DIRECTIONS[direction], flags=flags,
    )  # fmt: skip
    a, c = given["anchors"], given["prototypes"]
    assert a is not None
    assert c is not None
    wide = double or any(t is not None and t.dtype == "float64" for t in (a, given["targets"], c))
    made = [np.zeros(t.shape, np.float64 if wide else np.float32) for t in (a, c)] if gradients else []
    outputs: list[Any] = [_tensor.borrow(x, "gradient") for x in made] or [None, None]
    ctx = _context.resolve(context, options)
    handle = ctx._run(lambda: Handle(lib.cpwl_prior_result_free, lib.cpwl_prior_loss, ctx, views, opts, *outputs))
    s = sized(_abi.PriorSummary)
    call(lib.cpwl_prior_result_info, None, handle, ctypes.byref(s))
    arrays = []
    for which in (_abi.CPWL_PRIOR_LOG_MEAN, _abi.CPWL_PRIOR_TARGETS):
        tensor = _abi.Tensor()
        call(lib.cpwl_prior_result_array, None, handle, which, ctypes.byref(tensor))
        arrays.append(_tensor.lend(handle, tensor))
    found = PriorLoss(s.loss, s.cross_entropy, s.divergence, s.entropy, arrays[0], arrays[1], s.column_error)
    if made:
        found.d_anchors, found.d_prototypes = (_tensor.as_result(x, a) for x in made)
    return found


def _given(name: str, value: float) -> float:
    """A number above 0, for which 0 would stand for the library's default."""
    if value == 0:
        raise errors.ArgumentError(f"[ARGUMENT] {name} is 0; expected a number above 0")
    return value


def cluster_mean(
    anchors: Any, prototypes: Any, temperature: float = 0.1, *, double: bool = False, context: Context | None = None,
    **options: Any,
) -> np.ndarray:  # fmt: skip
    """The mean assignment of these anchors as a state that processes can exchange: (2 K + 1,) float64."""
    a, c = _tensor.borrow(anchors, "anchors"), _tensor.borrow(prototypes, "prototypes")
    state = np.empty(2 * c.shape[0] + 1 if c.shape else 1)
    ctx = _context.resolve(context, options)
    flags = _abi.CPWL_PRIOR_DOUBLE * double
    out = _tensor.borrow(state, "state")
    ctx._run(lambda: call(lib.cpwl_cluster_mean, ctx, a, c, temperature, flags, out))
    return state


def cluster_log_mean(states: Any) -> np.ndarray:
    """The logarithm of the mean assignment of all processes, (K,), from their states, (processes, 2 K + 1)."""
    states = np.ascontiguousarray(states, np.float64)
    log_mean = np.empty(states.shape[-1] // 2)
    call(lib.cpwl_cluster_log_mean, None, _tensor.borrow(states, "states"), _tensor.borrow(log_mean, "log_mean"))
    return log_mean


@dataclass
class SinkhornPlan:
    """A plan and how far it came.

    Attributes
    ----------
    plan : array
        Of the shape of the scores.
    column_error, row_error : float
        Largest difference between sums and marginals, of the worst problem.
    iterations : int
        Iterations done, by the slowest.
    """

    plan: Any
    column_error: float
    row_error: float
    iterations: int


def sinkhorn(
    scores: Any,
    rows: Any = None,
    columns: Any = None,
    *,
    iterations: int = 3,
    reg: float = 1.0,
    tolerance: float = 0.0,
    targets: bool = False,
    normalize: bool = False,
    context: Context | None = None,
    **options: Any,
) -> SinkhornPlan:
    """Plans with given marginals by Sinkhorn's iterations: ``exp(scores / reg + u + v)``, columns before rows.

    Parameters
    ----------
    scores : array (B, K) or (P, B, K)
        Logarithms; -inf allowed. The last two axes are one problem.
    rows : array (B,), optional
        Marginal of the rows, above 0; default 1/B.
    columns : array (K,), optional
        Marginal of the columns, 0 or more; default 1/K.
    iterations : int
        Most iterations.
    reg : float
        What scores are divided by.
    tolerance : float
        Stop when every column sum is within this of its marginal; 0 = do all iterations.
    targets : bool
        Rows over their marginals, so that they add up to 1.
    normalize : bool
        Divide marginals by their sums; otherwise they must add up to 1.

    Returns
    -------
    SinkhornPlan

    Examples
    --------
    >>> found = sinkhorn([[0.0, 1.0], [2.0, 0.0]], iterations=50)
    >>> found.plan.sum(axis=0).round(6).tolist()
    [0.5, 0.5]
    """
    if iterations < 1:
        raise ValueError(f"iterations is {iterations}; expected 1 or more")
    z = _tensor.borrow(scores, "scores")
    plan = np.zeros(z.shape, np.float64 if z.dtype == "float64" else np.float32)
    flags = _abi.CPWL_PRIOR_NORMALIZE * normalize | _abi.CPWL_SINKHORN_TARGETS * targets
    opts = sized(_abi.SinkhornOptions, reg=_given("reg", reg), tolerance=tolerance, iterations=iterations, flags=flags)
    summary = sized(_abi.SinkhornSummary)
    ctx = _context.resolve(context, options)
    a, b, out = _law(rows, "rows"), _law(columns, "columns"), _tensor.borrow(plan, "plan")
    ctx._run(lambda: call(lib.cpwl_sinkhorn, ctx, z, a, b, opts, out, ctypes.byref(summary)))
    return SinkhornPlan(_tensor.as_result(plan, z), summary.column_error, summary.row_error, summary.iterations)


def cluster_prior(
    kind: str, k: int, *, exponent: float = 0.0, shift: float = 0.0, ratio: float = 1.0, head: int = 0,
    counts: Any = None, alpha: float = 0.0, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """A law over k clusters, (k,) float64.

    Parameters
    ----------
    kind : str
        "uniform"; "power_law" i^-exponent; "zipf_mandelbrot" (i + shift)^-exponent; "exponential"
        ratio^-((i - 1) / (k - 1)); "step" `ratio` for the first `head`, 1 for the others; "counts" counts + alpha;
        "dirichlet" a sample of the symmetric law.
    k : int
    """
    if kind not in _KINDS:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(_KINDS)}")
    if k < 1:
        raise ValueError(f"k is {k}; expected 1 or more")
    given = _law(counts, "counts")
    family = sized(
        _abi.PriorFamily, exponent=exponent, shift=shift, ratio=ratio, head=head, alpha=alpha, seed=seed,
        counts=_struct(given),
    )  # fmt: skip
    family.kind = _KINDS[kind]
    prior = np.empty(k)
    call(lib.cpwl_prior_make, None, ctypes.byref(family), _tensor.borrow(prior, "prior"))
    return prior


def power_law_prior(k: int, exponent: float = 0.25) -> np.ndarray:
    """The power law i^-exponent over k clusters. The default is PMSN's, which is mild: at k = 1024 the largest is 5.7
    times the smallest.
    """
    return cluster_prior("power_law", k, exponent=exponent)


@dataclass
class PriorFit:
    """What counts of clusters say about the law that they follow.

    Attributes
    ----------
    exponent : float
        Of the power law of maximum likelihood, given the ranks: 0 for a uniform law, inf if one cluster has everything.
        Sorting alone makes it positive: compare with `null_mean` and `null_q95`, or take `null_p`.
    exponent_se : float
        Its standard error if the ranks had been known beforehand.
    exponent_interval, entropy_interval, effective_interval : (float, float)
        Percentile intervals of the bootstrap; NaN without.
    null_mean, null_sd, null_q95, null_p : float
        Of exponents of simulated counts of the null law; NaN without.
    entropy, effective : float
        Of the shares; exp of it, the effective number of clusters.
    kl_uniform, kl_uniform_debiased, kl_power_law : float
        Divergence from the uniform law, the same less its bias, and from the fitted power law.
    g, g_degrees, g_p : float
        G-test against the uniform law; poor where n / k < 5.
    gini, head, tail : float
        Gini coefficient, largest and smallest share.
    n : float
        Sum of the counts.
    k, used : int
        Clusters, and those that have any.
    shares : float64 array (k,)
        Largest first.
    """

    exponent: float
    exponent_se: float
    exponent_interval: tuple[float, float]
    entropy_interval: tuple[float, float]
    effective_interval: tuple[float, float]
    null_mean: float
    null_sd: float
    null_q95: float
    null_p: float
    entropy: float
    effective: float
    kl_uniform: float
    kl_uniform_debiased: float
    kl_power_law: float
    g: float
    g_degrees: float
    g_p: float
    gini: float
    head: float
    tail: float
    n: float
    k: int
    used: int
    shares: np.ndarray = field(repr=False)

    def prior(self) -> np.ndarray:
        """The fitted power law."""
        return power_law_prior(self.k, min(self.exponent, 64.0))

    def plot(self, ax: Axes | None = None, **style: Any) -> Axes:
        """Shares by rank on logarithmic axes, with the fitted power law and the uniform law."""
        from matplotlib import pyplot

        if ax is None:
            _, ax = pyplot.subplots(figsize=(6, 4), layout="constrained")
        rank = np.arange(1, self.k + 1)
        used = self.shares > 0
        ax.loglog(rank[used], self.shares[used], ".", **{"label": "clusters", **style})
        ax.loglog(rank, self.prior(), "-", lw=1, label=f"power law {self.exponent:.3g}")
        ax.axhline(1 / self.k, color="0.6", lw=1, ls="--", label="uniform")
        ax.set_xlabel("rank")
        ax.set_ylabel("share")
        tested = "" if np.isnan(self.null_p) else f", p = {self.null_p:.3g}"
        ax.set_title(f"{self.effective:.1f} effective of {self.k} clusters{tested}")
        ax.legend()
        return ax


def fit_prior(
    counts: Any,
    k: int | None = None,
    *,
    null: int = 2000,
    null_prior: Any = None,
    bootstrap: int = 0,
    coverage: float = 0.95,
    seed: int = 0,
    context: Context | None = None,
    **options: Any,
) -> PriorFit:
    """Which power law clusters follow, and how sure that is.

    Parameters
    ----------
    counts : array
        Counts (k,); or with `k` the cluster of every datum.
    k : int, optional
        Number of clusters, if `counts` are assignments 0 .. k - 1.
    null : int
        Replicates of the null law that are sorted and fitted for comparison; 0 = none.
    null_prior : array (k,), optional
        That law; default uniform.
    bootstrap : int
        Replicates for intervals; 0 = none.
    coverage : float
        Of the intervals.
    seed : int
        Results are the same for any number of threads.

    Returns
    -------
    PriorFit

    Examples
    --------
    >>> fit = fit_prior([50, 25, 17, 12, 10])
    >>> fit.null_p < 0.01
    True
    """
    if k is not None:
        assigned = np.asarray(counts)
        if assigned.size and not (assigned.min() >= 0 and assigned.max() < k):
            raise ValueError(f"assignments are {assigned.min()} to {assigned.max()}; expected 0 to {k - 1}")
        counts = np.bincount(assigned.ravel().astype(np.int64), minlength=k)
    values = _tensor.to_float64(counts, "counts")
    law = _law(null_prior, "null_prior")
    opts = sized(
        _abi.DiagnosisOptions, null=null, bootstrap=bootstrap, coverage=coverage, seed=seed, null_prior=_struct(law)
    )
    d = sized(_abi.Diagnosis)
    ctx = _context.resolve(context, options)
    given = _tensor.borrow(values, "counts")
    ctx._run(lambda: call(lib.cpwl_prior_diagnose, ctx, given, opts, ctypes.byref(d)))
    names = [
        "exponent", "exponent_se", "null_mean", "null_sd", "null_q95", "null_p", "entropy", "effective", "kl_uniform",
        "kl_uniform_debiased", "kl_power_law", "g", "g_degrees", "g_p", "gini", "head", "tail", "n", "k", "used",
    ]  # fmt: skip
    intervals: dict[str, Any] = {
        f"{name}_interval": (getattr(d, f"{name}_low"), getattr(d, f"{name}_high"))
        for name in ("exponent", "entropy", "effective")
    }
    shares = np.sort(values / values.sum())[::-1]
    return PriorFit(**{name: getattr(d, name) for name in names}, **intervals, shares=shares)
