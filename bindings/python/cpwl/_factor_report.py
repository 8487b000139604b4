"""The table of a factor analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .factors import Bootstrap, Factors

Array = npt.NDArray[Any]

_FLAGS = {
    _abi.CPWL_FACTOR_FEW: "few images",
    _abi.CPWL_FACTOR_ABSENT: "absent",
    _abi.CPWL_FACTOR_NO_ERROR: "no error at all",
    _abi.CPWL_FACTOR_NO_ERROR_HERE: "no error here",
}
_COLUMNS = ("accuracy", "accuracy_low", "accuracy_high", "error_ratio", "standard_error", "low", "high", "prevalence",
            "misclassified_prevalence", "shift")  # fmt: skip


class FactorReport:
    """What :func:`cpwl.factor_report` finds: integer counts, and what follows from them.

    Attributes
    ----------
    names, models : tuple of str
    total : (F,) int
        Images of each factor.
    n_correct : (M,) int
    correct : (M, F) int
        Right answers, over all images and over those of each factor.
    average, worst : (M,)
        Accuracy over all images, and the lowest of a factor.
    accuracy, accuracy_low, accuracy_high : (M, F)
        With Wilson's interval.
    error_ratio, standard_error, low, high : (M, F)
        ``(1 - accuracy) / (1 - average)`` with an interval on the scale of logarithms; NaN for a model without errors.
    prevalence, misclassified_prevalence, shift : (M, F)
    flags : (M, F) int
        CPWL_FACTOR_* bits, in words in :meth:`records`.
    group_n, group_total, group_n_correct, group_correct : int
        The same counts by group: (G), (G, F), (M, G), (M, G, F).
    worst_classes : (M,) or None
        Accuracy over the pooled images of the worst classes.
    """

    def __init__(self, factors: Factors, models: tuple[str, ...], level: float, total: Array, n_correct: Array,
                 correct: Array, groups: dict[str, Array], worst_classes: Array | None) -> None:  # fmt: skip
        from .factors import table

        self._factors, self.names, self.models, self.level = factors, factors.names, models, level
        self.n_images = factors.n_images
        self.total, self.n_correct, self.correct, self.worst_classes = total, n_correct, correct, worst_classes
        self.group_n, self.group_total = groups["group_n"], groups["group_total"]
        self.group_n_correct, self.group_correct = groups["group_n_correct"], groups["group_correct"]
        self._set(table(self.n_images, n_correct, total, correct, level) if len(n_correct) else None)

    def _set(self, figures: dict[str, Array] | None) -> None:
        shape = (len(self.models), len(self.names))
        empty = {name: np.empty(shape) for name in (*_COLUMNS, "flags")} | {
            k: np.empty(0) for k in ("average", "worst")
        }
        for name, values in (figures or empty).items():
            setattr(self, name, values)

    average: Array
    worst: Array
    accuracy: Array
    accuracy_low: Array
    accuracy_high: Array
    error_ratio: Array
    standard_error: Array
    low: Array
    high: Array
    prevalence: Array
    misclassified_prevalence: Array
    shift: Array
    flags: Array

    def groups(self, level: float | None = None) -> dict[str, Array]:
        """The same figures within each group: "average" and "worst" (M, G), all others (M, G, F)."""
        from .factors import table

        m, g, f = self.group_correct.shape
        n = np.tile(self.group_n, m)
        total = np.tile(self.group_total, (m, 1))
        correct = self.group_correct.reshape(m * g, f)
        found = table(n, self.group_n_correct.reshape(-1), total, correct, level or self.level)
        return {name: values.reshape((m, g, *values.shape[1:])) for name, values in found.items()}

    def bootstrap(self, model: int = 0, *, replicates: int = 10_000, seed: int = 0) -> Bootstrap:
        """Resamples the images behind one model's error ratios, every factor by itself, from the counts alone."""
        from .factors import bootstrap_counts

        n_correct, correct = int(self.n_correct[model]), np.ascontiguousarray(self.correct[model])
        how: dict[str, Any] = {"replicates": replicates, "seed": seed, "level": self.level}
        return bootstrap_counts(self.n_images, n_correct, self.total, correct, **how)

    def records(self) -> list[dict[str, Any]]:
        """A tidy table: one dict a model and factor."""
        return [
            {
                "model": model,
                "factor": name,
                "total": int(self.total[f]),
                "correct": int(self.correct[m, f]),
                "average": float(self.average[m]),
                **{column: float(getattr(self, column)[m, f]) for column in _COLUMNS},
                "note": ", ".join(word for bit, word in _FLAGS.items() if int(self.flags[m, f]) & bit),
            }
            for m, model in enumerate(self.models)
            for f, name in enumerate(self.names)
        ]

    def to_frame(self) -> Any:
        """:meth:`records` as a pandas data frame."""
        import pandas

        return pandas.DataFrame(self.records())

    def to_markdown(self) -> str:
        """One table a model: the factors, the most harmful first."""
        tables = []
        for m, model in enumerate(self.models):
            rows = sorted(
                (r for r in self.records() if r["model"] == model),
                key=lambda r: -np.nan_to_num(r["error_ratio"], nan=-1),
            )
            title = f"**{model}**: accuracy {self.average[m]:.4f} on {self.n_images} images"
            head = "| factor | images | accuracy | error ratio | interval | note |\n|---|--:|--:|--:|---|---|"
            lines = [
                f"| {r['factor']} | {r['total']} | {r['accuracy']:.4f} | {r['error_ratio']:.3f} | "
                f"{r['low']:.3f} to {r['high']:.3f} | {r['note']} |"
                for r in rows
            ]
            tables.append("\n".join([title, "", head, *lines]))
        return "\n\n".join(tables) + "\n"

    def plot(self, ax: Axes | None = None, kind: str | None = None, **options: Any) -> Axes:
        """Draws error ratios.

        Parameters
        ----------
        ax : matplotlib axes, optional
        kind : {"bars", "heatmap", "accuracy"}, optional
            Bars with intervals and a line at 1 (for up to 5 models the default), a heat map of models and factors, or
            the accuracy on each factor against that over all images.
        **options
            Passed on to matplotlib.
        """
        from . import _factor_plot

        kind = kind or ("bars" if len(self.models) <= 5 else "heatmap")
        kinds = {"bars": _factor_plot.bars, "heatmap": _factor_plot.heatmap, "accuracy": _factor_plot.accuracy}
        if kind not in kinds:
            raise ValueError(f"kind is {kind!r}; expected one of {', '.join(kinds)}")
        return kinds[kind](self, ax, options)

    def __repr__(self) -> str:
        return f"<cpwl.FactorReport: {len(self.models)} models, {len(self.names)} factors, {self.n_images} images>"
