"""One number per region, by name: what pictures are coloured by."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _classes

if TYPE_CHECKING:
    from ._stats import Stats
    from .regions import Partition

__all__ = ["NAMES", "Numbers", "Values"]


class Statistic(NamedTuple):
    """How to get a number per region, what to call it, and what scale its colours have.

    A scale is "linear", "log", "count" (whole numbers), "class" or "cyclic" (a hash in [0, 1)).
    """

    of: Callable[[Numbers], np.ndarray]
    label: str
    scale: str


class Values(NamedTuple):
    """A number per region and the range of its colours."""

    array: np.ndarray
    label: str
    scale: str
    low: float
    high: float


class Numbers:
    """The numbers of one partition; its statistics are computed when first asked for."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition

    @cached_property
    def stats(self) -> Stats:
        """See :meth:`cpwl.Partition.stats`."""
        return self.partition.stats()

    def values(self, color: Any, label: str | None = None) -> Values:
        """The numbers that `color` stands for: the name of a statistic, or an (F,) array of the user's own.

        Colours of a named statistic span what 99 % of the domain's area shows, so that a few slivers do not use up
        the range; those of a given array span all its finite values.

        Raises
        ------
        ValueError
            For an unknown name, or an array that does not hold one number per region.
        """
        if isinstance(color, str):
            if color not in STATISTICS:
                raise ValueError(f"color is {color!r}; expected one of {', '.join(map(repr, STATISTICS))}, or an array")
            of, name, scale = STATISTICS[color]
            array = np.asarray(of(self))
            low, high = _range(array, self.partition.areas, scale)
        else:
            array, name, scale = np.asarray(color), "", "linear"
            n = self.partition.n_regions
            if array.shape != (n,) or array.dtype.kind not in "biuf":
                raise ValueError(
                    f"color is an array of shape {array.shape} and type {array.dtype}; "
                    f"expected one number for each of the {n} regions, or the name of a statistic"
                )
            array = array.astype(np.float64)
            finite = array[np.isfinite(array)]
            low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
        if scale == "log" and low == high:
            low, high = low / 2, high * 2
        elif low == high:
            low, high = low - 0.5, high + 0.5
        return Values(array, name if label is None else label, scale, low, high)


def _range(array: np.ndarray, areas: np.ndarray, scale: str) -> tuple[float, float]:
    if scale == "cyclic":
        return 0.0, 1.0
    if scale in ("count", "class"):
        return array.min() - 0.5, array.max() + 0.5
    use = array > 0 if scale == "log" else np.isfinite(array)
    if not use.any():
        return (1.0, 1.0) if scale == "log" else (0.0, 0.0)
    order = np.flatnonzero(use)[np.argsort(array[use])]
    shown = np.cumsum(areas[order])
    low, high = np.searchsorted(shown, shown[-1] * np.array([0.005, 0.995]))
    return float(array[order[low]]), float(array[order[high]])


def _hash(numbers: Numbers) -> np.ndarray:
    """A colour that depends on nothing but the pattern."""
    patterns = numbers.partition.patterns
    return (patterns @ np.random.default_rng(0).random(patterns.shape[1])) % 1.0


def _last_layer(numbers: Numbers) -> np.ndarray:
    """The last cut of a region leaves a side on it, so the last layer is the largest of its sides'."""
    p = numbers.partition
    return np.maximum.reduceat(p.edge_layer[p.cell_edges], p.cell_offsets[:-1]) + 1


STATISTICS = {
    "slope": Statistic(lambda n: np.linalg.norm(n.partition.maps.a, axis=(1, 2)), "norm of the slope", "linear"),
    "spectral_norm": Statistic(lambda n: n.stats.spectral_norms, "spectral norm of the slope", "linear"),
    "area": Statistic(lambda n: n.partition.areas, "area", "log"),
    "class": Statistic(lambda n: _classes.at_centroids(n.partition), "class", "class"),
    "pattern": Statistic(_hash, "activation pattern", "cyclic"),
    "perimeter": Statistic(lambda n: n.stats.perimeters, "perimeter", "log"),
    "eccentricity": Statistic(lambda n: n.stats.eccentricities, "eccentricity", "log"),
    "moment_eccentricity": Statistic(lambda n: n.stats.moment_eccentricities, "eccentricity by moments", "linear"),
    "inradius": Statistic(lambda n: n.stats.inradii, "inradius", "log"),
    "n_vertices": Statistic(lambda n: np.diff(n.partition.cell_offsets), "vertices", "count"),
    "n_neighbours": Statistic(lambda n: n.stats.neighbour_counts, "neighbours", "count"),
    "layer": Statistic(_last_layer, "last layer that cut", "count"),
}
NAMES = tuple(STATISTICS)
