"""Independence: HSIC, CKA, dHSIC, HSIC of all pairs of features, tests. Memory is O(n): Gram matrices are never formed.

Unbiased HSIC may be negative, which is right: its mean over samples of independent variables is 0. Debiased CKA is
then negative or undefined. Biased CKA of few rows is far above 0 for independent data; take the debiased one there.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from . import context as _context
from ._lib import Handle, call, lib, sized
from ._variables import ESTIMATORS, KINDS, RULES, Kernel, Product, Variables, code, two
from .context import Context

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Blocks", "Estimates", "HsicApproximation", "HsicGradient", "IndependenceTest", "Kernel", "LayerCka", "Product",
    "bandwidth", "cka", "dhsic", "dhsic_gradient", "dhsic_test", "hsic", "hsic_blocks", "hsic_estimates",
    "hsic_gradient", "hsic_nystrom", "hsic_random_features", "hsic_test", "pairwise_hsic", "pairwise_mean",
    "pairwise_mean_gradient", "pairwise_test", "random_features",
]  # fmt: skip


@dataclass(frozen=True)
class Estimates:
    """Every estimator of one pair of variables, from one pass.

    Attributes
    ----------
    n : int
        Number of rows.
    biased, biased_xx, biased_yy : float
        Tr(K H L H) / n^2 of x and y, of x with itself, of y with itself.
    unbiased, unbiased_xx, unbiased_yy : float
        Song et al. 2012; NaN for n < 4.
    cka, cka_debiased : float
        Centred kernel alignment; NaN where it has no value (a constant variable, too few rows).
    gamma : (float, float)
        gamma of the kernels as given or found; 0 for those that have none.
    """

    n: int
    biased: float
    biased_xx: float
    biased_yy: float
    unbiased: float
    unbiased_xx: float
    unbiased_yy: float
    cka: float
    cka_debiased: float
    gamma: tuple[float, float]

    @property
    def biased_nm1(self) -> float:
        """Tr(K H L H) / (n - 1)^2; NaN for one row."""
        return self.biased * (self.n / (self.n - 1)) ** 2 if self.n > 1 else math.nan


@dataclass(frozen=True)
class HsicApproximation:
    """Estimates by explicit features.

    Attributes
    ----------
    estimates : Estimates
    error : float
        Random features: a standard error of the biased HSIC. Nystrom: a bound on what it misses.
    """

    estimates: Estimates
    error: float


def _estimates(s: _abi.HsicSummary) -> Estimates:
    b, u = s.biased, s.unbiased
    return Estimates(s.n, b[0], b[1], b[2], u[0], u[1], u[2], s.cka, s.cka_debiased, (s.gamma[0], s.gamma[1]))


def _run(x: Any, y: Any, kernel: Any, require: int, ctx: Context) -> Estimates:
    variables, out = two(x, y, kernel), sized(_abi.HsicSummary)
    ctx._run(lambda: call(lib.cpwl_hsic, ctx, variables[0], variables[1], require, ctypes.byref(out)))
    return _estimates(out)


def hsic_estimates(x: Any, y: Any, *, kernel: Any = "rbf", context: Context | None = None, **options: Any) -> Estimates:
    """All estimators of HSIC and CKA of `x` and `y` in one pass; parameters as in :func:`hsic`."""
    return _run(x, y, kernel, 0, _context.resolve(context, options))


def hsic(
    x: Any,
    y: Any,
    *,
    kernel: Any = "rbf",
    estimator: str = "biased",
    context: Context | None = None,
    **options: Any,
) -> float:
    """Hilbert-Schmidt independence criterion of `x` and `y`.

    Parameters
    ----------
    x, y : array (n, d) or (n,), or Product
        Rows are samples; float64, float32, float16, bfloat16. float64 if either is, else float32 with sums in float64.
    kernel : Kernel or str, or a pair of them
        For both, or one each. By default Gaussian with a median bandwidth of its own for each.
    estimator : {"biased", "biased_nm1", "unbiased"}
        Tr(K H L H) over n^2, over (n - 1)^2, or unbiased (n >= 4; may be negative).
    context, **options
        A :class:`cpwl.Context` or its options.

    Raises
    ------
    ShapeError
        Also TOO_FEW rows.
    NonfiniteError
        NaN or infinity in the data, with its index.
    NumericError
        ZERO_MEDIAN: no bandwidth follows from the data.

    References
    ----------
    A. Gretton et al.: Measuring statistical dependence with Hilbert-Schmidt norms, ALT 2005. L. Song et al.: Feature
    selection via dependence maximization, JMLR 2012.
    """
    if estimator not in ("biased", "biased_nm1", "unbiased"):
        raise ValueError(f"estimator is {estimator!r}; expected 'biased', 'biased_nm1' or 'unbiased'")
    return getattr(_run(x, y, kernel, ESTIMATORS[estimator], _context.resolve(context, options)), estimator)


def cka(
    x: Any,
    y: Any,
    *,
    kernel: Any = "linear",
    debiased: bool = False,
    context: Context | None = None,
    **options: Any,
) -> float:
    """Centred kernel alignment of `x` and `y` (Kornblith et al., arXiv:1905.00414); parameters as in :func:`hsic`.

    Raises
    ------
    NumericError
        UNDEFINED: a variable is constant, or its unbiased HSIC with itself is not positive.
    """
    name = "cka_debiased" if debiased else "cka"
    return getattr(_run(x, y, kernel, ESTIMATORS[name], _context.resolve(context, options)), name)


@dataclass(frozen=True, eq=False)
class HsicGradient:
    """A value and its gradients.

    Attributes
    ----------
    value : float
    x, y : array
        Of the shape of the variables; `y` is None unless asked for.
    gamma : (float, float)
        Derivatives in the gamma of the kernels; NaN where there is none, or was not asked for.
    estimates : Estimates
    """

    value: float
    x: Any
    y: Any
    gamma: tuple[float, float]
    estimates: Estimates


def hsic_gradient(
    x: Any,
    y: Any,
    *,
    kernel: Any = "rbf",
    objective: str = "biased",
    both: bool = True,
    context: Context | None = None,
    **options: Any,
) -> HsicGradient:
    """Value and gradients of ``"biased"``, ``"biased_nm1"``, ``"unbiased"`` HSIC, ``"cka"`` or ``"cka_debiased"``.

    A bandwidth that is found from the data counts as a constant. Other parameters as in :func:`hsic`; `both` is
    whether the gradient in y is wanted too.
    """
    ctx = _context.resolve(context, options)
    variables, out, value = two(x, y, kernel), sized(_abi.HsicSummary), ctypes.c_double()
    dx, dy, gamma = variables.empty_like(0), variables.empty_like(1) if both else None, (ctypes.c_double * 2)()
    places = [_tensor.borrow(dx, "dx"), _tensor.borrow(dy, "dy") if both else None]
    which = code(ESTIMATORS, objective, "objective")
    ctx._run(lambda: call(lib.cpwl_hsic_gradient, ctx, variables[0], variables[1], which, ctypes.byref(value), *places,
                          gamma, ctypes.byref(out)))  # fmt: skip
    like = variables.borrowed
    return HsicGradient(
        value.value,
        _tensor.as_result(dx, like[0]),
        None if dy is None else _tensor.as_result(dy, like[1]),
        (gamma[0], gamma[1]),
        _estimates(out),
    )


def bandwidth(
    x: Any, rule: str = "half", *, fallback: float | None = None, seed: int = 0, context: Context | None = None,
    **options: Any,
) -> float:  # fmt: skip
    """sigma of `x` by a rule; gamma = 1 / (2 sigma^2).

    Parameters
    ----------
    x : array (n, d) or (n,)
    rule : {"half", "distance", "nonzero"}
        sqrt of half the upper median of squared distances (R's dHSIC); the median distance (hyppo); sqrt of half the
        median of the squared distances that are not 0 (Gretton's test). Over all pairs of up to 4096 rows, else of a
        sample.
    fallback : float, optional
        What to return where the median is 0; hyppo takes 1, dHSIC 0.001.
    seed : int
        Seed of the sample.
    """
    ctx = _context.resolve(context, options)
    t, sigma = _tensor.borrow(x, "x"), ctypes.c_double()
    ctx._run(lambda: call(lib.cpwl_hsic_bandwidth, ctx, t, code(RULES, rule, "rule"), fallback or 0.0, seed,
                          ctypes.byref(sigma), None))  # fmt: skip
    return sigma.value


def _several(variables: Sequence[Any], kernel: Any) -> Variables:
    kernels = list(kernel) if isinstance(kernel, tuple | list) else [kernel] * len(variables)
    if len(kernels) != len(variables):
        raise ValueError(f"{len(kernels)} kernels for {len(variables)} variables; expected one, or one each")
    return Variables(variables, kernels, [f"variables[{k}]" for k in range(len(variables))])


def dhsic(*variables: Any, kernel: Any = "rbf", context: Context | None = None, **options: Any) -> float:
    """dHSIC: joint independence of several variables (Pfister et al., JRSS B 2018); for two it is biased HSIC.

    `kernel` is one for all, or a sequence of one each; other parameters as in :func:`hsic`.
    """
    ctx = _context.resolve(context, options)
    given, value = _several(variables, kernel), ctypes.c_double()
    ctx._run(lambda: call(lib.cpwl_dhsic, ctx, given[0], given.count, ctypes.byref(value), None))
    return value.value


def dhsic_gradient(
    *variables: Any, kernel: Any = "rbf", context: Context | None = None, **options: Any
) -> tuple[float, list[Any]]:
    """dHSIC and its gradient in every variable."""
    ctx = _context.resolve(context, options)
    given, value = _several(variables, kernel), ctypes.c_double()
    outs = [given.empty_like(k) for k in range(given.count)]
    borrowed = [_tensor.borrow(out, "gradients") for out in outs]
    array = (_abi.Tensor * max(given.count, 1))(*(b._struct for b in borrowed))
    ctx._run(lambda: call(lib.cpwl_dhsic, ctx, given[0], given.count, ctypes.byref(value), array))
    return value.value, [_tensor.as_result(out, like) for out, like in zip(outs, given.borrowed, strict=True)]


@dataclass(frozen=True, eq=False)
class IndependenceTest:
    """A test of independence.

    Attributes
    ----------
    statistic : float
        HSIC or dHSIC for permutations, n times it for the gamma approximation.
    p, log_p : float
        Probability of a statistic as large under independence, and its logarithm.
    permuted : (B,) array or None
        The statistic of every permutation.
    mean, variance, shape, scale : float
        Of the gamma approximation (mean and variance as its authors have them, n and n^2 times less than those of the
        statistic); 0 for permutations.
    """

    statistic: float
    p: float
    log_p: float
    permuted: npt.NDArray[np.float64] | None
    mean: float
    variance: float
    shape: float
    scale: float


_METHODS = {
    "permutation": _abi.CPWL_TEST_PERMUTATION,
    "gamma": _abi.CPWL_TEST_GAMMA,
    "gamma_dhsic": _abi.CPWL_TEST_GAMMA_DHSIC,
}


def _test(
    given: Variables, method: str, permutations: Any, seed: int, unbiased: bool, ctx: Context
) -> IndependenceTest:
    o = sized(_abi.HsicTestOptions, method=code(_METHODS, method, "method"), unbiased=unbiased, seed=seed)
    orders, permuted = None, None
    if method == "permutation":
        if isinstance(permutations, int | np.integer):
            if permutations < 1:
                raise ValueError(f"permutations is {permutations}; expected at least 1")
            o.permutations = count = int(permutations)
        else:
            orders = _tensor.borrow(np.ascontiguousarray(permutations, dtype=np.int64), "permutations")
            o.given, count = ctypes.pointer(orders._struct), orders.shape[0]
        permuted = np.empty(count)
    out = sized(_abi.HsicTestSummary)
    place = None if permuted is None else _tensor.borrow(permuted, "permuted")
    ctx._run(lambda: call(lib.cpwl_hsic_test, ctx, given[0], given.count, ctypes.byref(o), ctypes.byref(out), place))
    return IndependenceTest(out.statistic, out.p, out.log_p, permuted, out.mean, out.variance, out.shape, out.scale)


def hsic_test(
    x: Any,
    y: Any,
    *,
    kernel: Any = "rbf",
    method: str = "permutation",
    permutations: Any = 999,
    seed: int = 0,
    unbiased: bool = False,
    context: Context | None = None,
    **options: Any,
) -> IndependenceTest:
    """Tests whether `x` and `y` are independent.

    Parameters
    ----------
    x, y, kernel
        As in :func:`hsic`.
    method : {"permutation", "gamma", "gamma_dhsic"}
        Permutations of the rows of y, p = (1 + permutations that reach the statistic) / (1 + B); or a gamma
        distribution for the null (Gretton et al. 2007, or as for dHSIC), for kernels with k(x, x) = 1.
    permutations : int or (B, n) array of int
        How many, or which.
    seed : int
        Seed of them. The same answer for any number of threads.
    unbiased : bool
        Whether permutations take the unbiased statistic.

    For many tests at once correct p, for example by :func:`scipy.stats.false_discovery_control`.
    """
    return _test(two(x, y, kernel), method, permutations, seed, unbiased, _context.resolve(context, options))


def dhsic_test(
    *variables: Any,
    kernel: Any = "rbf",
    method: str = "permutation",
    permutations: int = 999,
    seed: int = 0,
    context: Context | None = None,
    **options: Any,
) -> IndependenceTest:
    """Tests whether several variables are jointly independent; parameters as in :func:`hsic_test` and :func:`dhsic`."""
    method = "gamma_dhsic" if method == "gamma" else method
    return _test(_several(variables, kernel), method, permutations, seed, False, _context.resolve(context, options))


def _features(f: Any, kernel: str, gammas: Any, bandwidth_rule: str) -> tuple[_tensor.Borrowed, int, Any]:
    borrowed, kind = _tensor.borrow(f, "f"), code(KINDS, kernel, "kernel")
    if kernel == "linear":
        return borrowed, kind, None
    if gammas is None:
        if kernel != "rbf":
            raise ValueError(f"gammas is None; the kernel {kernel!r} needs one for all features, or one each")
        columns = _tensor.to_float64(f, "f")
        gammas = [0.5 / bandwidth(c, bandwidth_rule) ** 2 for c in columns.T] if columns.ndim == 2 else [1.0]
    return borrowed, kind, _tensor.borrow(np.atleast_1d(np.asarray(gammas, dtype=np.float64)), "gammas")


def pairwise_hsic(
    f: Any,
    *,
    kernel: str = "rbf",
    gammas: Any = None,
    estimator: str = "biased",
    bandwidth_rule: str = "half",
    context: Context | None = None,
    **options: Any,
) -> npt.NDArray[np.float64]:
    """HSIC of every pair of the K columns of `f`, each a variable of its own.

    Parameters
    ----------
    f : array (n, K)
    kernel : {"rbf", "laplace_l1", "linear"}
    gammas : float or (K,) array, optional
        By default from the median of each column by `bandwidth_rule` (``"rbf"``).
    estimator : {"biased", "biased_nm1", "unbiased", "cka", "cka_debiased"}
        CKA of a constant column is NaN.

    Returns
    -------
    (K, K) array, symmetric.

    Notes
    -----
    K^2 n^2 / 2 multiplications in one product of matrices; :func:`pairwise_mean` needs no matrix.
    """
    ctx = _context.resolve(context, options)
    borrowed, kind, given = _features(f, kernel, gammas, bandwidth_rule)
    width = borrowed.shape[-1] if borrowed.shape else 0
    out = np.empty((width, width))
    which, place = code(ESTIMATORS, estimator, "estimator"), _tensor.borrow(out, "out")
    ctx._run(lambda: call(lib.cpwl_pairwise_hsic, ctx, borrowed, kind, given, which, place))
    return out


def pairwise_mean(
    f: Any,
    *,
    kernel: str = "rbf",
    gammas: Any = None,
    normalised: bool = False,
    bandwidth_rule: str = "half",
    context: Context | None = None,
    **options: Any,
) -> float:
    """Mean HSIC (or with `normalised` CKA) of all pairs of different columns of `f`, in O(K n^2); see
    :func:`pairwise_hsic`."""
    ctx = _context.resolve(context, options)
    borrowed, kind, given = _features(f, kernel, gammas, bandwidth_rule)
    mean = ctypes.c_double()
    ctx._run(lambda: call(lib.cpwl_pairwise_mean, ctx, borrowed, kind, given, normalised, ctypes.byref(mean), None))
    return mean.value


def pairwise_mean_gradient(
    f: Any,
    *,
    kernel: str = "rbf",
    gammas: Any = None,
    normalised: bool = False,
    bandwidth_rule: str = "half",
    context: Context | None = None,
    **options: Any,
) -> tuple[float, Any]:
    """The mean of :func:`pairwise_mean` and its gradient in `f`; found bandwidths count as constants."""
    ctx = _context.resolve(context, options)
    borrowed, kind, given = _features(f, kernel, gammas, bandwidth_rule)
    mean, out = ctypes.c_double(), np.empty(borrowed.shape, "float64" if borrowed.dtype == "float64" else "float32")
    place = _tensor.borrow(out, "gradient")
    ctx._run(lambda: call(lib.cpwl_pairwise_mean, ctx, borrowed, kind, given, normalised, ctypes.byref(mean), place))
    return mean.value, _tensor.as_result(out, borrowed)


def pairwise_test(
    f: Any,
    *,
    kernel: str = "rbf",
    gammas: Any = None,
    permutations: int = 999,
    seed: int = 0,
    bandwidth_rule: str = "half",
    context: Context | None = None,
    **options: Any,
) -> npt.NDArray[np.float64]:
    """p of independence of every pair of columns of `f`, (K, K), by permutations that serve all pairs at once.

    (1 + permutations whose HSIC reaches that of the data) / (1 + B); 1 on the diagonal. Correct for the number of
    pairs, for example with :func:`scipy.stats.false_discovery_control`. Parameters as in :func:`pairwise_hsic` and
    :func:`hsic_test`.
    """
    if permutations < 1:
        raise ValueError(f"permutations is {permutations}; expected at least 1")
    ctx = _context.resolve(context, options)
    borrowed, kind, given = _features(f, kernel, gammas, bandwidth_rule)
    width = borrowed.shape[-1] if borrowed.shape else 0
    out = np.empty((width, width))
    place = _tensor.borrow(out, "out")
    ctx._run(lambda: call(lib.cpwl_pairwise_test, ctx, borrowed, kind, given, permutations, seed, place))
    return out


@dataclass(frozen=True, eq=False)
class Blocks:
    """HSIC and CKA from blocks of rows.

    Attributes
    ----------
    hsic, error : float
        Mean unbiased HSIC over the blocks and its standard error.
    z, p : float
        Their ratio, and the one-sided probability of one as large under independence.
    cka : float
        Ratio of mean HSIC (never the mean of ratios).
    batches : array
        HSIC of each block.
    dropped : int
        Rows behind the last block.
    """

    hsic: float
    error: float
    z: float
    p: float
    cka: float
    batches: npt.NDArray[np.float64]
    dropped: int


def hsic_blocks(
    x: Any, y: Any, size: int, *, kernel: Any = "rbf", context: Context | None = None, **options: Any
) -> Blocks:
    """Unbiased HSIC and debiased CKA from blocks of `size` rows: linear in n (Zaremba et al. 2013; Nguyen et al.
    2021)."""
    ctx = _context.resolve(context, options)
    variables, out = two(x, y, kernel), sized(_abi.HsicBlocksSummary)
    rows = variables.borrowed[0].shape[0] if variables.borrowed[0].shape else 0
    batches = np.empty(max(rows // size, 0) if size > 0 else 0)
    place = _tensor.borrow(batches, "batches")
    ctx._run(lambda: call(lib.cpwl_hsic_blocks, ctx, variables[0], variables[1], size, ctypes.byref(out), place))
    return Blocks(out.hsic, out.error, out.z, out.p, out.cka, batches, out.dropped)


def random_features(
    d: int, m: int, *, kernel: str = "rbf", gamma: float = 1.0, seed: int = 0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """W (d, m) and b (m,): the products of sqrt(2 / m) cos(x W + b) are the kernel on average."""
    w, b = np.empty((d, m)), np.empty(m)
    kind = code(KINDS, kernel, "kernel")
    call(lib.cpwl_random_features, None, kind, gamma, seed, _tensor.borrow(w, "w"), _tensor.borrow(b, "b"))
    return w, b


def hsic_random_features(
    x: Any, y: Any, wx: Any, bx: Any, wy: Any, by: Any, *, context: Context | None = None, **options: Any
) -> HsicApproximation:
    """HSIC with the features cos(x wx + bx) of x and cos(y wy + by) of y, see :func:`random_features`."""
    ctx, out = _context.resolve(context, options), sized(_abi.HsicSummary)
    names = ("x", "wx", "bx", "y", "wy", "by")
    given = [_tensor.borrow(v, name) for v, name in zip((x, wx, bx, y, wy, by), names, strict=True)]
    ctx._run(lambda: call(lib.cpwl_hsic_random_features, ctx, *given, ctypes.byref(out)))
    return HsicApproximation(_estimates(out), out.error)


def hsic_nystrom(
    x: Any,
    y: Any,
    landmarks: Any,
    *,
    kernel: Any = "rbf",
    rcond: float = 0.0,
    context: Context | None = None,
    **options: Any,
) -> HsicApproximation:
    """HSIC with Nystrom features from landmark rows: indices for both, or a pair of arrays, one each."""
    ctx, out = _context.resolve(context, options), sized(_abi.HsicSummary)
    variables = two(x, y, kernel)
    a, b = landmarks if isinstance(landmarks, tuple) else (landmarks, landmarks)
    rows = [_tensor.borrow(np.ascontiguousarray(v, dtype=np.int64), "landmarks") for v in (a, b)]
    ctx._run(lambda: call(lib.cpwl_hsic_nystrom, ctx, variables[0], rows[0], variables[1], rows[1], rcond,
                          ctypes.byref(out)))  # fmt: skip
    return HsicApproximation(_estimates(out), out.error)


class LayerCka:
    """Debiased CKA between every layer of one network and every layer of another, over minibatches.

    Parameters
    ----------
    rows, columns : int
        Layers of the two networks.
    kernel : Kernel or str
        For all layers.

    Notes
    -----
    Unbiased HSIC is summed over batches, and CKA is a ratio of sums: it does not depend on the order of batches, and
    hardly on their size (Nguyen et al., arXiv:2010.15327).
    """

    def __init__(self, rows: int, columns: int, *, kernel: Kernel | str = "linear",
                 context: Context | None = None, **options: Any) -> None:  # fmt: skip
        self._context = _context.resolve(context, options)
        self._kernel, self.shape = kernel, (rows, columns)
        self._handle = Handle(lib.cpwl_layer_cka_free, lib.cpwl_layer_cka_new, self._context, rows, columns)

    def push(self, x: Sequence[Any], y: Sequence[Any]) -> None:
        """Adds a batch of at least 4 samples: the outputs of every layer; more than two axes are flattened."""
        flat = [[_flat(v) for v in layers] for layers in (x, y)]
        a, b = (_several(layers, self._kernel) for layers in flat)
        ctx = self._context
        ctx._run(lambda: call(lib.cpwl_layer_cka_push, ctx, self._handle, a[0], a.count, b[0], b.count))

    @property
    def batches(self) -> int:
        """Batches so far."""
        return lib.cpwl_layer_cka_batches(self._handle)

    def result(self) -> npt.NDArray[np.float64]:
        """(rows, columns) array of CKA; NaN where it has no value."""
        out = np.empty(self.shape)
        call(lib.cpwl_layer_cka_get, self._context, self._handle, _tensor.borrow(out, "out"))
        return out

    def plot(self, ax: Axes | None = None, *, names: tuple[Sequence[str], Sequence[str]] | None = None,
             annotate: bool | None = None) -> Axes:  # fmt: skip
        """A heat map with matplotlib; numbers in the cells where there are few."""
        return heat_map(self.result(), ax, names=names, annotate=annotate)


def heat_map(values: np.ndarray, ax: Axes | None = None, *, names: tuple[Sequence[str], Sequence[str]] | None = None,
             annotate: bool | None = None) -> Axes:  # fmt: skip
    """Draws CKA of pairs of layers."""
    from matplotlib import pyplot

    if ax is None:
        _, ax = pyplot.subplots(figsize=(5, 4.2), layout="constrained")
    image = ax.imshow(values, vmin=0, vmax=1, cmap="viridis", origin="lower")
    ax.figure.colorbar(image, ax=ax, label="CKA, debiased")
    for axis, labels, length in zip((ax.yaxis, ax.xaxis), names or ((), ()), values.shape, strict=True):
        if length <= 30:
            axis.set_ticks(range(length), labels if len(labels) else [str(i) for i in range(length)])
    ax.set_ylabel("layer of the first network")
    ax.set_xlabel("layer of the second network")
    if annotate if annotate is not None else values.size <= 100:
        for (i, j), v in np.ndenumerate(values):
            color = "white" if not v > 0.6 else "black"
            ax.text(j, i, "-" if math.isnan(v) else f"{v:.2f}", ha="center", va="center", color=color, fontsize=8)
    return ax


def _flat(v: Any) -> Any:
    shape = getattr(v, "shape", None)
    return v.reshape(shape[0], -1) if shape is not None and len(shape) > 2 else v
