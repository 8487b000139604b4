"""Effective rank of representations, RankMe and its family.

>>> import cpwl, numpy as np
>>> z = np.random.default_rng(0).standard_normal((4096, 64))
>>> round(cpwl.rankme(z), 1)
63.9
>>> s = cpwl.spectrum(z, center=True)
>>> round(s.participation_ratio, 1), s.n_rows, s.n_columns
(63.0, 4096, 64)

Rows are samples. Everything takes numpy arrays and torch tensors (float16 and bfloat16 too) as they lie in memory, of
any strides, and computes in double precision. Whatever asks for rows `z` takes a :class:`Spectrum`, :class:`Moments`
or :class:`Queue` as well, where the rows themselves are not needed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from . import context as _context
from ._lib import Handle, Native, call, lib, sized

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "AlphaFit",
    "RankGradient",
    "Spectrum",
    "alpha_req",
    "alpha_robust",
    "effective_rank",
    "expected_rank",
    "rank_gradient",
    "rankme",
    "sample_size_law",
    "select_run",
    "spectrum",
]

Array = npt.NDArray[np.float64]

_PRESETS = {
    "roy_vetterli": _abi.CPWL_RANK_ROY_VETTERLI,
    "paper": _abi.CPWL_RANK_PAPER,
    "stable_pretraining": _abi.CPWL_RANK_STABLE_PRETRAINING,
    "reptrix": _abi.CPWL_RANK_REPTRIX,
}
_POWERS = {None: 0, "singular": _abi.CPWL_RANK_SINGULAR, "eigen": _abi.CPWL_RANK_EIGEN}
_EPS_MODES = {None: 0, "after": _abi.CPWL_RANK_EPS_AFTER, "before": _abi.CPWL_RANK_EPS_BEFORE}
_CENTERS = {None: 0, False: _abi.CPWL_RANK_UNCENTERED, True: _abi.CPWL_RANK_CENTERED}
_SCALES = {
    None: _abi.CPWL_ENTROPY_RAW,
    "ln_rows": _abi.CPWL_ENTROPY_LN_ROWS,
    "ln_columns": _abi.CPWL_ENTROPY_LN_COLUMNS,
    "ln_min": _abi.CPWL_ENTROPY_LN_MIN,
    "ln_product": _abi.CPWL_ENTROPY_LN_PRODUCT,
}
_WEIGHTINGS = {"inverse_rank": _abi.CPWL_WEIGHT_INVERSE_RANK, None: _abi.CPWL_WEIGHT_NONE}
_TARGETS = {"rank": _abi.CPWL_RANK_OF_RANK, "entropy": _abi.CPWL_RANK_OF_ENTROPY}
_PREFERENCES = {"min": _abi.CPWL_PREFER_MIN, "max": _abi.CPWL_PREFER_MAX}

# Products beyond which a call is run so that Ctrl-C stops it, which costs some ten microseconds.
_LONG = 10**8


def choose(table: dict[Any, int], value: Any, name: str) -> int:
    """The code of a word."""
    if value not in table:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, table))}")
    return table[value]


def rows(z: Any, name: str = "z") -> _tensor.Borrowed:
    """Borrows rows; a torch tensor also where it takes part in a gradient."""
    return _tensor.borrow(z.detach() if hasattr(z, "detach") else z, name)


def run(context: _context.Context, work: float, function: Callable[..., int], *arguments: Any) -> None:
    """Calls `function(context, *arguments)`; stoppable by Ctrl-C where that may be wished for."""
    if work < _LONG and not context._listened_to:
        call(function, context, *arguments)
    else:
        context._run(lambda: call(function, context, *arguments))


def number(context: _context.Context, work: float, function: Callable[..., int], *arguments: Any) -> float:
    """The same for a function that gives a double."""
    out = ctypes.c_double()
    run(context, work, function, *arguments, ctypes.byref(out))
    return out.value


def handle(context: _context.Context, work: float, free: Any, function: Any, *arguments: Any) -> Handle:
    """The same for a function that makes a handle."""
    if work < _LONG and not context._listened_to:
        return Handle(free, function, context, *arguments)
    return context._run(lambda: Handle(free, function, context, *arguments))


def products(z: _tensor.Borrowed) -> float:
    """Products behind the spectrum of rows."""
    if len(z.shape) != 2:
        return 0
    n, k = z.shape
    return float(n) * k * min(n, k) + float(min(n, k)) ** 3


def conventions(
    preset: str,
    power: str | None = None,
    eps: float | None = None,
    eps_mode: str | None = None,
    center: bool | None = None,
    normalize: bool = False,
    base: float | None = None,
) -> Any:
    """The options of an effective rank as the ABI has them."""
    flags = _abi.CPWL_RANK_NORMALIZE if normalize else 0
    return sized(
        _abi.RankOptions,
        preset=choose(_PRESETS, preset, "preset"),
        power=choose(_POWERS, power, "power"),
        eps_mode=choose(_EPS_MODES, eps_mode, "eps_mode"),
        center=choose(_CENTERS, center, "center"),
        eps=0.0 if eps is None else eps,
        base=0.0 if base is None else base,
        flags=flags | (0 if eps is None else _abi.CPWL_RANK_EPS),
    )


class AlphaFit(NamedTuple):
    """A power law, ``log(values[t - 1]) = intercept - alpha * log(t)`` for ranks t from 1.

    Attributes
    ----------
    alpha : float
    intercept : float
    r2 : float
        Share of the variance that it explains on the fitted ranks.
    r2_tail : float
        The same on the ranks from `start` + 1 to 500, or to 10 before the last of fewer than 512; NaN without any.
    """

    alpha: float
    intercept: float
    r2: float
    r2_tail: float


class Spectrum(Native):
    """Singular values of rows, and the measures that are read from them. Made by :func:`cpwl.spectrum`,
    :meth:`Moments.spectrum`, :meth:`Queue.spectrum` or :meth:`from_values`. Immutable.

    In the formulas sigma are the singular values, largest first, lambda their squares, and P = lambda / sum(lambda).
    """

    _rebuild = "keep its singular_values, and build it again with Spectrum.from_values"

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    @classmethod
    def from_values(cls, values: Any, shape: tuple[int, int], *, centered: bool = False) -> Spectrum:
        """A spectrum of singular values that are known, in any order: ``min(shape)`` of them, of a matrix of that
        shape."""
        n, k = shape
        array = _tensor.to_float64(values, "values")
        arguments = (None, _tensor.borrow(array, "values"), n, k, centered)
        return cls(Handle(lib.cpwl_spectrum_free, lib.cpwl_spectrum_from_values, *arguments))

    @cached_property
    def _info(self) -> Any:
        info = sized(_abi.SpectrumSummary)
        call(lib.cpwl_spectrum_info, None, self._handle, ctypes.byref(info))
        return info

    def _array(self, which: int) -> Array:
        tensor = _abi.Tensor()
        call(lib.cpwl_spectrum_array, None, self._handle, which, ctypes.byref(tensor))
        return _tensor.lend(self._handle, tensor)

    @property
    def n_rows(self) -> int:
        """Number of rows, N."""
        return self._info.n_rows

    @property
    def n_columns(self) -> int:
        """Number of columns, K."""
        return self._info.n_columns

    @property
    def centered(self) -> bool:
        """Whether the mean of the rows was subtracted."""
        return bool(self._info.centered)

    def __len__(self) -> int:
        return self._info.n_values

    @cached_property
    def singular_values(self) -> Array:
        """(min(N, K),) sigma, descending. Read-only."""
        return self._array(_abi.CPWL_SPECTRUM_SINGULAR_VALUES)

    @cached_property
    def variance_ratios(self) -> Array:
        """(min(N, K),) P, descending: explained-variance ratios of centred rows. Read-only."""
        return self._array(_abi.CPWL_SPECTRUM_VARIANCE_RATIOS)

    def rankme(self) -> float:
        """RankMe as published: :meth:`effective_rank` with ``"paper"``."""
        return self.effective_rank("paper")

    def effective_rank(self, preset: str = "roy_vetterli", **options: Any) -> float:
        """The exponential of the entropy of probabilities; see :func:`cpwl.effective_rank` for conventions."""
        convention = ctypes.byref(conventions(preset, **options))
        return number(_context.default(), 0, lib.cpwl_spectrum_effective_rank, self._handle, convention)

    def entropy(self, preset: str = "roy_vetterli", **options: Any) -> float:
        """The entropy itself, in nats or to the given `base`."""
        convention = ctypes.byref(conventions(preset, **options))
        return number(_context.default(), 0, lib.cpwl_spectrum_entropy, self._handle, convention)

    def renyi(self, order: float, scale: str | None = None) -> float:
        """Matrix entropy of order a >= 0, ``log(sum(P**a)) / (1 - a)`` in nats; 1 is von Neumann's, ``inf`` minus the
        log of the largest P.

        Parameters
        ----------
        order : float
        scale : {None, "ln_rows", "ln_columns", "ln_min", "ln_product"}
            What it is divided by: ln N, ln K, the smaller, the product.
        """
        scale_code = choose(_SCALES, scale, "scale")
        return number(_context.default(), 0, lib.cpwl_spectrum_renyi, self._handle, order, scale_code)

    @property
    def von_neumann(self) -> float:
        """Matrix entropy, that of P, in nats."""
        return self._info.von_neumann

    @property
    def participation_ratio(self) -> float:
        """``sum(lambda)**2 / sum(lambda**2)``."""
        return self._info.participation_ratio

    @property
    def stable_rank(self) -> float:
        """``sum(lambda) / lambda[0]``; of centred rows also known as NESum."""
        return self._info.stable_rank

    @property
    def nuclear_over_operator(self) -> float:
        """``sum(sigma) / sigma[0]``."""
        return self._info.nuclear_over_operator

    @property
    def nuclear_norm(self) -> float:
        """``sum(sigma)``; infinite if no float holds it."""
        return self._info.nuclear_norm

    @property
    def frobenius_sq(self) -> float:
        """``sum(lambda)``; infinite or 0 if no float holds it."""
        return self._info.frobenius_sq

    @property
    def inverse_condition(self) -> float:
        """``sigma[-1] / sigma[0]``."""
        return self._info.inverse_condition

    @property
    def pseudo_condition(self) -> float:
        """``sigma[0] / sigma[-1]``, or 0 if the last is 0."""
        return self._info.pseudo_condition

    def numerical_rank(self, dtype: str = "float32") -> int:
        """How many sigma exceed ``sigma[0] * max(N, K) * eps`` of a data type: float32, or float64 for exact
        spectra."""
        ranks = {"float32": self._info.numerical_rank_f32, "float64": self._info.numerical_rank_f64}
        return choose(ranks, dtype, "dtype")

    @property
    def expected_rank(self) -> float:
        """What full rank looks like at this sample size, see :func:`cpwl.expected_rank`."""
        return expected_rank(self.n_rows, self.n_columns)

    def alpha_req(self, start: int = 11, end: int = 100, *, weighting: str | None = "inverse_rank") -> AlphaFit:
        """Decay of P as a power law of the rank, meant for centred rows; see :func:`cpwl.alpha_req`."""
        return alpha_req(self.variance_ratios, start, end, weighting=weighting)

    def plot(self, ax: Axes | None = None, *, fit: tuple[int, int] | None = (11, 100), **options: Any) -> Axes:
        """Draws the eigenvalue ratios P against their rank on logarithmic axes.

        Parameters
        ----------
        ax : matplotlib axes, optional
        fit : (int, int) or None
            Ranks of the power law that is drawn with them, cut to those that are there.
        **options
            Passed on to ``ax.loglog``.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from . import _rank_plot

        return _rank_plot.spectrum(self, ax, fit, options)

    def __repr__(self) -> str:
        centred = ", centred" if self.centered else ""
        rank = self._info.effective_rank
        return f"<cpwl.Spectrum of {self.n_rows} x {self.n_columns}{centred}: effective rank {rank:.6g} of {len(self)}>"


def spectrum(
    z: Any,
    *,
    center: bool = False,
    unit_rows: bool = False,
    exact: bool = False,
    context: _context.Context | None = None,
    **options: Any,
) -> Spectrum:
    """Singular values of rows.

    From second moments in double precision, which resolve ``sigma / sigma[0]`` above 1.5e-8 sqrt(K): all that float32
    data hold, at a fraction of the cost of a decomposition.

    Parameters
    ----------
    z : (N, K) array, Moments or Queue
        float16, bfloat16, float32 or float64, of any strides; not copied.
    center : bool
        Subtract the mean of the rows.
    unit_rows : bool
        Divide each row by its length first, as matrix entropies of token representations want it.
    exact : bool
        Small singular values of float64 rows to full accuracy, by QR and Jacobi rotations: seconds for 500 columns, a
        minute or two for 2000.
    context : Context, optional
        Or its options by keyword, such as ``threads=1``.

    Raises
    ------
    ShapeError
        Not a matrix, no rows or no columns.
    NonfiniteError
        NaN or infinity anywhere.
    NumericError
        A zero spectrum: all elements 0, or all rows equal and centred.
    """
    ctx = _context.resolve(context, options)
    if hasattr(z, "spectrum"):
        if unit_rows or exact:
            raise TypeError(f"unit_rows and exact need the rows themselves; z is a {type(z).__name__}")
        return z.spectrum(center=center, context=ctx)
    lent = rows(z)
    flags = {
        _abi.CPWL_SPECTRUM_CENTER: center,
        _abi.CPWL_SPECTRUM_UNIT_ROWS: unit_rows,
        _abi.CPWL_SPECTRUM_EXACT: exact,
    }
    how = sized(_abi.SpectrumOptions, flags=sum(flag for flag, on in flags.items() if on))
    arguments = (lib.cpwl_spectrum_free, lib.cpwl_spectrum_new, lent, ctypes.byref(how))
    return Spectrum(handle(ctx, products(lent), *arguments))


def rankme(z: Any, *, context: _context.Context | None = None, **options: Any) -> float:
    """RankMe of rows as published: the exponential of the entropy of ``sigma / sum(sigma) + 1e-7``.

    Meant for the embeddings, the outputs of the projector, of some 25,000 samples; values compare runs of one method.
    Rows are neither centred nor normalised.

    Parameters
    ----------
    z : (N, K) array, Spectrum, Moments or Queue
    context : Context, optional
        Or its options by keyword.

    References
    ----------
    Q. Garrido, R. Balestriero, L. Najman, Y. LeCun: RankMe: Assessing the Downstream Performance of Pretrained
    Self-Supervised Representations by Their Rank, arXiv:2210.02885.
    """
    return effective_rank(z, "paper", context=context, **options)


def effective_rank(
    z: Any,
    preset: str = "roy_vetterli",
    *,
    power: str | None = None,
    eps: float | None = None,
    eps_mode: str | None = None,
    center: bool | None = None,
    normalize: bool = False,
    context: _context.Context | None = None,
    **options: Any,
) -> float:
    """Effective rank of rows in any convention. Published codes differ by up to 98 % on the same data.

    Parameters
    ----------
    z : (N, K) array, Spectrum, Moments or Queue
    preset : {"roy_vetterli", "paper", "stable_pretraining", "reptrix"}
        What is meant where nothing else is said: singular values without eps; RankMe as published (eps 1e-7 after the
        division); the same with 1e-5; eigenvalues of centred rows with 1e-7.
    power : {"singular", "eigen"}, optional
        What probabilities are made of.
    eps : float, optional
        Added to them.
    eps_mode : {"after", "before"}, optional
        ``s / sum(s) + eps``, or ``(s + eps) / sum(s + eps)``.
    center : bool, optional
        Of the rows minus their mean. Of a :class:`Spectrum` it is what that is.
    normalize : bool
        Give the entropy over ln K, from 0 to 1, instead.
    context : Context, optional
        Or its options by keyword.

    Raises
    ------
    ArgumentError
        Of a spectrum that is not centred as the convention wants it.
    ShapeError, NonfiniteError, NumericError
        See :func:`cpwl.spectrum`.
    """
    convention: dict[str, Any] = {
        "power": power,
        "eps": eps,
        "eps_mode": eps_mode,
        "center": center,
        "normalize": normalize,
    }
    if isinstance(z, Spectrum):
        return z.effective_rank(preset, **convention)
    ctx = _context.resolve(context, options)
    if hasattr(z, "spectrum"):
        centered = preset == "reptrix" if center is None else center
        return z.spectrum(center=centered, context=ctx).effective_rank(preset, **convention)
    lent = rows(z)
    how = ctypes.byref(conventions(preset, **convention))
    return number(ctx, products(lent), lib.cpwl_effective_rank, lent, how)


class RankGradient(NamedTuple):
    """An effective rank and its gradient.

    Attributes
    ----------
    value : float
    gradient : (N, K)
        Of the type of the rows: a numpy array or a torch tensor, float64 for float64 rows, otherwise float32.
    """

    value: float
    gradient: Any


def rank_gradient(
    z: Any,
    preset: str = "roy_vetterli",
    *,
    of: str = "rank",
    tolerance: float = 1e-7,
    context: _context.Context | None = None,
    power: str | None = None,
    eps: float | None = None,
    eps_mode: str | None = None,
    center: bool | None = None,
    normalize: bool = False,
    base: float | None = None,
) -> RankGradient:
    """An effective rank of rows, or its entropy, and its gradient with respect to the rows.

    Repeated singular values do no harm, where automatic differentiation of a decomposition gives NaN. For torch there
    is :func:`cpwl.torch.effective_rank`.

    Parameters
    ----------
    z : (N, K) array
    preset, power, eps, eps_mode, center, normalize
        See :func:`cpwl.effective_rank`.
    of : {"rank", "entropy"}
    tolerance : float
        Singular values up to this much of the largest contribute nothing: a rank has no derivative where they are 0.
    base : float, optional
        Of the logarithm of the entropy.
    """
    lent = rows(z)
    rank = conventions(preset, power, eps, eps_mode, center, normalize, base)
    how = sized(
        _abi.RankGradientOptions,
        rank=ctypes.pointer(rank),
        target=choose(_TARGETS, of, "of"),
        tolerance=tolerance,
    )
    out = np.empty(lent.shape, np.float64 if lent.dtype == "float64" else np.float32)
    value = ctypes.c_double()
    arguments = (lent, ctypes.byref(how), ctypes.byref(value), _tensor.borrow(out, "dz"))
    run(context or _context.default(), 3 * products(lent), lib.cpwl_rank_gradient, *arguments)
    return RankGradient(value.value, _tensor.as_result(out, lent))


def alpha_req(eigenvalues: Any, start: int = 11, end: int = 100, *, weighting: str | None = "inverse_rank") -> AlphaFit:
    """Fits a power law ``t**-alpha`` to eigenvalues by least squares of logarithms over ranks `start` to `end`.

    Parameters
    ----------
    eigenvalues : (L,) array
        Largest first, on whatever scale; usually those of the covariance. Zeros are left out.
    start, end : int
        From 1, both included.
    weighting : {"inverse_rank", None}
        1 / t as the reference does, or none.

    Raises
    ------
    ArgumentError
        Ranks beyond the values, or fewer than 3 positive values among them.

    References
    ----------
    K. K. Agrawal, A. K. Mondal, A. Ghosh, B. Richards: alpha-ReQ: Assessing Representation Quality in Self-Supervised
    Learning by measuring eigenspectrum decay, NeurIPS 2022.
    """
    how = sized(_abi.AlphaOptions, start=_rank(start, "start"), end=_rank(end, "end"),
                weighting=choose(_WEIGHTINGS, weighting, "weighting"))  # fmt: skip
    fit = sized(_abi.AlphaFit)
    call(lib.cpwl_alpha_req, None, rows(eigenvalues, "eigenvalues"), ctypes.byref(how), ctypes.byref(fit))
    return AlphaFit(fit.alpha, fit.intercept, fit.r2, fit.r2_tail)


def alpha_robust(eigenvalues: Any, start: int = 11, end: int = 100) -> float:
    """The median of the unweighted slopes over windows of ranks s to ``s + (end - start) // 10``, s from `start` to
    `end`; otherwise as :func:`alpha_req`."""
    arguments = (rows(eigenvalues, "eigenvalues"), _rank(start, "start"), _rank(end, "end"))
    return number(_context.default(), 0, lib.cpwl_alpha_robust, *arguments)


def _rank(rank: int, name: str) -> int:
    # 0 means the default in C, and is a mistake here.
    if rank < 1:
        raise ValueError(f"{name} is {rank}; expected a rank, 1 or more")
    return rank


def sample_size_law(g: float) -> float:
    """The part f(g) of full rank that samples of an isotropic Gaussian show, ``g = min(N, K) / max(N, K)``: from 1 at
    g = 0 to 0.805 at g = 1 (the limit of Marchenko and Pastur)."""
    return number(_context.default(), 0, lib.cpwl_sample_size_law, g)


def expected_rank(n_rows: int, n_columns: int) -> float:
    """The RankMe that N samples of an isotropic Gaussian in K dimensions have in expectation: what full rank looks
    like at this sample size. 25,600 samples give 99.0 % of 2048, but 95.6 % of 8192."""
    return number(_context.default(), 0, lib.cpwl_expected_rank, n_rows, n_columns)


def select_run(values: Any, ranks: Any, *, tolerance: float = 0.0, prefer: str = "min") -> int:
    """The run to take by the rule of the RankMe paper: that of the highest rank, and on a plateau the one with the
    smallest (or largest) hyperparameter.

    Parameters
    ----------
    values : (n,) array
        Hyperparameters.
    ranks : (n,) array
        RankMe of each run, of one method.
    tolerance : float
        Ranks of at least ``(1 - tolerance) * max(ranks)`` are on the plateau.
    prefer : {"min", "max"}

    Returns
    -------
    int
        Index of the run.
    """
    arrays = [_tensor.to_float64(values, "values"), _tensor.to_float64(ranks, "ranks")]
    lent = [_tensor.borrow(a, name) for a, name in zip(arrays, ("values", "ranks"), strict=True)]
    out = ctypes.c_int64()
    call(lib.cpwl_rank_select, None, *lent, tolerance, choose(_PREFERENCES, prefer, "prefer"), ctypes.byref(out))
    return out.value
