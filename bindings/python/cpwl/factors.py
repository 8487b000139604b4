"""Which factors of variation a model fails on, and how sure that is (ImageNet-X style, for thousands of models).

>>> import cpwl, numpy as np
>>> labels = np.array([0, 1, 1, 0, 1, 0])
>>> blurred = np.array([[1], [1], [1], [0], [0], [0]])
>>> report = cpwl.factor_report([[0, 0, 0, 0, 1, 0]], labels, blurred, names=["blurred"])
>>> float(report.error_ratio[0, 0])
2.0
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor, rank
from . import context as _context
from ._factor_report import FactorReport
from ._lib import Handle, Native, call, lib, sized

__all__ = [
    "FACTORS",
    "Bootstrap",
    "Calibration",
    "FactorReport",
    "Factors",
    "Pairing",
    "Populations",
    "Spillover",
    "factor_report",
    "populations",
    "spillover",
]

Reals = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

#: The factors of ImageNet-X, in the order of its toolkit.
FACTORS = (
    "pose", "background", "pattern", "color", "smaller", "shape", "partial_view", "subcategory", "texture", "larger",
    "darker", "object_blocking", "person_blocking", "style", "brighter", "multiple_objects",
)  # fmt: skip

_FORMS = {"auto": 0, "planes": 1, "patterns": 2}


class Pairing(NamedTuple):
    """How model a differs from model b on the same images; arrays (F).

    Attributes
    ----------
    delta, standard_error : error ratio of a minus that of b.
    only_a_wrong, only_b_wrong : images of the factor that one alone gets wrong.
    p : McNemar's exact two-sided test within the factor.
    holm, q : the same corrected for F tests, by Holm and by Benjamini and Hochberg.
    """

    delta: Reals
    standard_error: Reals
    only_a_wrong: Counts
    only_b_wrong: Counts
    p: Reals
    holm: Reals
    q: Reals


class Bootstrap(NamedTuple):
    """Resampled error ratios of one model; arrays (F), ``replicates`` (F, R), NaN where left out."""

    low: Reals
    high: Reals
    mean: Reals
    standard_error: Reals
    left_out: Counts
    replicates: Reals


class Calibration(NamedTuple):
    """Expected calibration errors: over all images, and (F) over those of each factor."""

    all: float
    factors: Reals


class Association(NamedTuple):
    """How factors are spread: images of each (F), by number of active factors (F + 1), of each pair (F, F), and the
    pairs' Spearman correlation with its two-sided p-value."""

    total: Counts
    active: Counts
    both: Counts
    correlation: Reals
    p: Reals


class Spillover(NamedTuple):
    """Error ratios along a strength axis; arrays (F). See :func:`spillover`.

    Attributes
    ----------
    at_lowest, at_highest : strengths at which a cubic fit is lowest and highest.
    weakest, strongest : mean error ratio at the weakest and the strongest strength of all.
    t, standard_error, dof, p : Welch's test of those two, the weaker first: t < 0 if the ratio rises with strength.
    q : p corrected by Benjamini and Hochberg. Both are optimistic: the strengths were picked by looking.
    slope, slope_error : of a straight line.
    permutation_p : of the largest abs(t) between any two strengths, by permutation: honest about the choice.
    """

    at_lowest: Reals
    at_highest: Reals
    weakest: Reals
    strongest: Reals
    t: Reals
    standard_error: Reals
    dof: Reals
    p: Reals
    q: Reals
    slope: Reals
    slope_error: Reals
    permutation_p: Reals

    def plot(self, ax: Any = None, names: Sequence[str] | None = None, level: float = 0.05) -> Any:
        """Arrows from the error ratio at the weakest strength to that at the strongest; pale where q > `level`."""
        from ._factor_plot import arrows

        return arrows(self, ax, names, level)


class Populations(NamedTuple):
    """Populations of models compared: ``mean`` (P, F), otherwise (F). Two: Welch's test, the first minus the second;
    more: Alexander and Govern's test, without `delta` and `standard_error`."""

    mean: Reals
    delta: Reals
    standard_error: Reals
    statistic: Reals
    dof: Reals
    p: Reals
    q: Reals


class _Result:
    """The arrays of a result, copied: they are small beside what they came from."""

    def __init__(self, context: _context.Context, work: float, function: Any, *arguments: Any) -> None:
        self._handle = rank.handle(context, work, lib.cpwl_factor_result_free, function, *arguments)

    def __getitem__(self, name: str) -> Any:
        out = _abi.Tensor()
        which = getattr(_abi, f"CPWL_FACTOR_{name.upper()}")
        call(lib.cpwl_factor_result_array, None, self._handle, which, ctypes.byref(out))
        return _tensor.lend(self, out).copy()

    def get(self, *names: str) -> tuple[Any, ...]:
        return tuple(self[name] for name in names)


def _whole(value: Any, name: str) -> _tensor.Borrowed:
    """Whole numbers in place if the library reads their type, as int64 otherwise; floats and the like are refused."""
    if not hasattr(value, "__dlpack__") or isinstance(value, np.ndarray):
        array = np.asarray(value)
        if array.dtype == bool or (array.dtype.kind in "iu" and array.dtype.name not in _tensor._DTYPES):
            array = array.astype(np.int64)
        if array.size == 0 and array.dtype == np.float64:
            array = array.astype(np.int64)
        value = array
    return _tensor.borrow(value, name)


class Factors(Native):
    """Images, the factors that are active on them, and what counts as a right answer.

    Parameters
    ----------
    factors : (n, F) array of 0 and 1
    labels : (n,) array of int, optional
        Classes from 0 on.
    names : sequence of str, optional
        The factors, in the order of the columns.
    groups : (n,) array of int, optional
        The group of each image from 0 on, -1 = of none.
    class_groups : (C,) array of int, optional
        The group of each class: a prediction is right if its group is that of the label ("metaclass" correctness).
    accepted : sequence of sequences of int, optional
        Instead of labels: the classes that are right for each image ("real" labels); none = always wrong.
    rows : (p,) array of int, optional
        The image that each prediction of a model belongs to, -1 = to none: it is left out of numerators and averages.

    Raises
    ------
    ShapeError
        No images, lengths that differ, more than 64 factors.
    ArgumentError
        A factor that is neither 0 nor 1, a negative label, a row that does not exist or occurs twice.
    """

    _rebuild = "make it again from its arrays"

    def __init__(
        self,
        factors: Any,
        labels: Any = None,
        *,
        names: Sequence[str] | None = None,
        groups: Any = None,
        class_groups: Any = None,
        accepted: Sequence[Sequence[int]] | None = None,
        rows: Any = None,
    ) -> None:
        if not hasattr(factors, "__dlpack__") or isinstance(factors, np.ndarray):
            factors = np.asarray(factors)
            factors = factors.view(np.uint8) if factors.dtype == bool else factors
        elif str(factors.dtype) == "torch.bool":
            factors = factors.byte()
        lent = _tensor.borrow(factors, "factors")
        options = sized(_abi.FactorsOptions)
        given = {"groups": groups, "rows": rows, "class_groups": class_groups}
        if accepted is not None:
            sets = [np.asarray(a, np.int64).ravel() for a in accepted]
            given["accepted_offsets"] = np.cumsum([0, *(len(a) for a in sets)])
            given["accepted"] = np.concatenate([np.empty(0, np.int64), *sets])
        held = {name: _whole(value, name) for name, value in given.items() if value is not None}
        for name, value in held.items():
            setattr(options, name, ctypes.pointer(value._struct))
        self._handle = Handle(
            lib.cpwl_factors_free, lib.cpwl_factors_new, None, lent,
            None if labels is None else _whole(labels, "labels"), ctypes.byref(options),
        )  # fmt: skip
        self._info = sized(_abi.FactorsSummary)
        call(lib.cpwl_factors_info, None, self._handle, ctypes.byref(self._info))
        f = self._info.n_factors
        self.names: tuple[str, ...] = tuple(names) if names is not None else tuple(f"factor {i}" for i in range(f))
        if len(self.names) != f:
            raise ValueError(f"there are {len(self.names)} names; expected {f}")

    @property
    def n_images(self) -> int:
        """Images that predictions belong to."""
        return self._info.n_images

    @property
    def n_factors(self) -> int:
        """Number of factors, F."""
        return self._info.n_factors

    @property
    def n_groups(self) -> int:
        """Number of groups, G."""
        return self._info.n_groups

    def describe(self) -> Association:
        """How factors are spread over the images, and which come together."""
        result = _Result(_context.default(), 0, lib.cpwl_factors_describe, self._handle)
        return Association(*result.get("total", "active", "both", "correlation", "p"))

    def report(
        self,
        predictions: Any,
        *,
        models: Sequence[str] | None = None,
        level: float = 0.95,
        worst_classes: int = 0,
        form: str = "auto",
        context: _context.Context | None = None,
        **options: Any,
    ) -> FactorReport:
        """Accuracies, error ratios, intervals and prevalence shifts of models; see :func:`cpwl.factor_report`."""
        ctx = _context.resolve(context, options)
        lent = _whole(predictions, "predictions")
        if form not in _FORMS:
            raise ValueError(f"form is {form!r}; expected one of {', '.join(_FORMS)}")
        how = sized(_abi.FactorCountOptions, worst_classes=worst_classes, form=_FORMS[form])
        work = float(np.prod(lent.shape))
        result = _Result(ctx, work, lib.cpwl_factors_count, self._handle, lent, ctypes.byref(how))
        total, n_correct, correct = result.get("total", "n_correct", "correct")
        counts = {name: result[name] for name in ("group_n", "group_total", "group_n_correct", "group_correct")}
        worst = result["worst_classes"] if worst_classes else None
        m = len(n_correct)
        names = tuple(models) if models is not None else tuple(f"model {i}" for i in range(m))
        if len(names) != m:
            raise ValueError(f"there are {len(names)} names of models; expected {m}")
        return FactorReport(self, names, level, total, n_correct, correct, counts, worst)

    def compare(self, a: Any, b: Any, *, context: _context.Context | None = None) -> Pairing:
        """Compares the predictions of two models, (p) each, factor by factor."""
        lent = _whole(a, "a"), _whole(b, "b")
        result = _Result(context or _context.default(), 0, lib.cpwl_factors_compare, self._handle, *lent)
        names = ("delta", "standard_error", "only_a_wrong", "only_b_wrong", "p", "holm", "q")
        return Pairing(*result.get(*names))

    def bootstrap(
        self,
        predictions: Any,
        *,
        replicates: int = 10_000,
        seed: int = 0,
        level: float = 0.95,
        context: _context.Context | None = None,
    ) -> Bootstrap:
        """Resamples the images behind one model's error ratios, all factors jointly."""
        how = sized(_abi.BootstrapOptions, replicates=replicates, seed=seed, level=level)
        work = 100.0 * replicates * self._info.n_patterns
        lent = _whole(predictions, "predictions")
        function = lib.cpwl_factors_joint_bootstrap
        result = _Result(context or _context.default(), work, function, self._handle, lent, ctypes.byref(how))
        return _resampled(result)

    def calibration(
        self, predictions: Any, confidence: Any, *, bins: int = 15, context: _context.Context | None = None
    ) -> Calibration:
        """Expected calibration error of one model, over all images and those of each factor.

        Parameters
        ----------
        predictions : (p,) array of int
        confidence : (p,) array of float
            Probability that each prediction is right. Bin b holds ``(b / bins, (b + 1) / bins]``, the first one 0 too.
        bins : int
        """
        lent = _whole(predictions, "predictions"), _tensor.borrow(confidence, "confidence")
        result = _Result(context or _context.default(), 0, lib.cpwl_factors_calibration, self._handle, *lent, bins)
        return Calibration(float(result["calibration_all"][0]), result["calibration"])

    def __repr__(self) -> str:
        groups = f" in {self.n_groups} groups" if self.n_groups else ""
        return f"<cpwl.Factors: {self.n_factors} factors of {self.n_images} images{groups}>"


def _resampled(result: _Result) -> Bootstrap:
    return Bootstrap(*result.get("low", "high", "mean", "standard_error", "left_out", "replicates"))


def bootstrap_counts(
    n: int, n_correct: int, total: Any, correct: Any, *, replicates: int = 10_000, seed: int = 0, level: float = 0.95
) -> Bootstrap:
    """The bootstrap over images from counts alone, every factor by itself; see :meth:`FactorReport.bootstrap`."""
    how = sized(_abi.BootstrapOptions, replicates=replicates, seed=seed, level=level)
    lent = _whole(total, "total"), _whole(correct, "correct")
    work = 1e3 * replicates * max(1, int(np.size(total)))
    function = lib.cpwl_factor_bootstrap
    return _resampled(_Result(_context.default(), work, function, n, n_correct, *lent, ctypes.byref(how)))


def table(n: Any, n_correct: Any, total: Any, correct: Any, level: float) -> dict[str, npt.NDArray[Any]]:
    """The figures that follow from counts, by name: (R) for "average" and "worst", (R, F) for all others."""
    lent = [
        _whole(np.atleast_1d(n), "n"),
        _whole(n_correct, "n_correct"),
        _whole(total, "total"),
        _whole(correct, "correct"),
    ]
    result = _Result(_context.default(), 0, lib.cpwl_factor_table, *lent, level)
    names = (
        "average", "worst", "accuracy", "accuracy_low", "accuracy_high", "error_ratio", "standard_error", "low", "high",
        "prevalence", "misclassified_prevalence", "shift", "flags",
    )  # fmt: skip
    return {name: result[name] for name in names}


def factor_report(
    predictions: Any,
    labels: Any,
    factors: Any,
    *,
    names: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    groups: Any = None,
    class_groups: Any = None,
    accepted: Sequence[Sequence[int]] | None = None,
    rows: Any = None,
    level: float = 0.95,
    worst_classes: int = 0,
    context: _context.Context | None = None,
    **options: Any,
) -> FactorReport:
    """Which factors models fail on: counts, accuracies, error ratios with intervals, prevalence shifts.

    Parameters
    ----------
    predictions : (M, n) or (n,) array of int
        Predicted classes; uint16 and int32 are read in place. What is no class is wrong.
    labels : (n,) array of int, or None with `accepted`
    factors : (n, F) array of 0 and 1
        Or :class:`Factors`, with `labels` None, when several analyses share the images.
    names, models : sequences of str, optional
    groups, class_groups, accepted, rows : optional
        See :class:`Factors`.
    level : float
        Confidence of the intervals.
    worst_classes : int
        Classes of the lowest accuracy to pool.
    context : Context, optional
        Or its options by keyword.

    Returns
    -------
    FactorReport

    References
    ----------
    B. Y. Idrissi et al.: ImageNet-X: Understanding Model Mistakes with Factor of Variation Annotations,
    arXiv:2211.01866.
    """
    if not isinstance(factors, Factors):
        factors = Factors(
            factors, labels, names=names, groups=groups, class_groups=class_groups, accepted=accepted, rows=rows
        )
    ctx = _context.resolve(context, options)
    return factors.report(predictions, models=models, level=level, worst_classes=worst_classes, context=ctx)


def spillover(
    ratios: Any,
    strength: Any,
    *,
    more_than: int = 4,
    permutations: int = 999,
    seed: int = 0,
    context: _context.Context | None = None,
    **options: Any,
) -> Spillover:
    """Whether a choice of training spills over to other factors: error ratios of many models along a strength axis.

    Parameters
    ----------
    ratios : (M, F) array
        Error ratios; NaN (a model without errors) is left out of its factor.
    strength : (M,) array
        Of an augmentation, say.
    more_than : int
        Strengths with no more models than this are left out.
    permutations : int
        For `permutation_p`; 0 = none.
    seed : int
    context : Context, optional
        Or its options by keyword.
    """
    lent = _tensor.borrow(np.asarray(ratios, np.float64), "ratios")
    axis = _tensor.borrow(np.asarray(strength, np.float64), "strength")
    how = sized(_abi.SpilloverOptions, more_than=more_than or -1, permutations=permutations or -1, seed=seed)
    work = 100.0 * float(np.prod(lent.shape)) * permutations
    result = _Result(_context.resolve(context, options), work, lib.cpwl_spillover, lent, axis, ctypes.byref(how))
    return Spillover(*result.get(*(f if f != "t" else "statistic" for f in Spillover._fields)))


def populations(ratios: Any, population: Any) -> Populations:
    """Compares populations of models by their error ratios, (M, F); `population` (M) numbers from 0 on, -1 = none."""
    lent = _tensor.borrow(np.asarray(ratios, np.float64), "ratios")
    of = _whole(population, "population")
    result = _Result(_context.default(), 0, lib.cpwl_spillover_populations, lent, of)
    return Populations(*result.get(*Populations._fields))
