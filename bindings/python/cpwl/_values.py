"""One number per region, by name: what pictures are coloured by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _classes

if TYPE_CHECKING:
    from .regions import Partition

__all__ = ["NAMES", "Values", "values"]


class Statistic(NamedTuple):
    """How to compute a number per region, what to call it, and what scale its colours have.

    A scale is "linear", "log", "count" (whole numbers), "class" or "cyclic" (a hash in [0, 1)).
    """

    of: Callable[[Partition], np.ndarray]
    label: str
    scale: str


class Values(NamedTuple):
    """A number per region and the range of its colours."""

    array: np.ndarray
    label: str
    scale: str
    low: float
    high: float


def values(p: Partition, color: Any, label: str | None = None) -> Values:
    """The numbers that `color` stands for: the name of a statistic, or an (F,) array of the user's own.

    Colours of a named statistic span what 99 % of the domain's area shows, so that a few slivers do not use up the
    range; those of a given array span all its finite values.

    Raises
    ------
    ValueError
        For an unknown name, or an array that does not hold one number per region.
    """
    if isinstance(color, str):
        if color not in STATISTICS:
            raise ValueError(f"color is {color!r}; expected one of {', '.join(map(repr, STATISTICS))}, or an array")
        of, name, scale = STATISTICS[color]
        array = np.asarray(of(p))
        low, high = _range(array, p.areas, scale)
    else:
        array, name, scale = np.asarray(color), "", "linear"
        if array.shape != (p.n_regions,) or array.dtype.kind not in "biuf":
            raise ValueError(
                f"color is an array of shape {array.shape} and type {array.dtype}; "
                f"expected one number for each of the {p.n_regions} regions, or the name of a statistic"
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


def _slope(p: Partition) -> np.ndarray:
    return np.linalg.norm(p.maps.a, axis=(1, 2))


def _hash(p: Partition) -> np.ndarray:
    """A colour that depends on nothing but the pattern."""
    weights = np.random.default_rng(0).random(p.patterns.shape[1])
    return (p.patterns @ weights) % 1.0


def _perimeter(p: Partition) -> np.ndarray:
    return np.add.reduceat(_side_lengths(p), p.cell_offsets[:-1])


def _side_lengths(p: Partition) -> np.ndarray:
    following = np.arange(1, len(p.polygons) + 1)
    following[p.cell_offsets[1:] - 1] = p.cell_offsets[:-1]
    return np.linalg.norm(p.polygons[following] - p.polygons, axis=1)


def _eccentricity(p: Partition) -> np.ndarray:
    """Largest over smallest distance of two vertices, as SplineCam defines it."""
    result = np.empty(p.n_regions)
    for cells, points in _by_sides(p):
        first, second = np.triu_indices(points.shape[1], 1)
        distances = np.linalg.norm(points[:, first] - points[:, second], axis=2)
        result[cells] = distances.max(axis=1) / (distances.min(axis=1) + 1e-10)
    return result


def _inradius(p: Partition) -> np.ndarray:
    """Radius of the largest disc in each region.

    The largest r with ``n_i . x + r <= c_i`` for all sides i is the least over all triples of sides, and by duality a
    triple gives ``sum w_i c_i``, where w >= 0 adds up to 1 and ``sum w_i n_i = 0``; without such a w there is no bound.
    """
    result = np.empty(p.n_regions)
    for cells, points in _by_sides(p):
        sides = np.roll(points, -1, axis=1) - points
        normals = np.stack([sides[..., 1], -sides[..., 0]], axis=2)
        normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), np.finfo(float).tiny)
        shifts = ((points - points[:, :1]) * normals).sum(axis=2)
        best = np.full(len(cells), np.inf)
        for i, j, k in combinations(range(points.shape[1]), 3):
            w = np.stack([_cross(normals[:, a], normals[:, b]) for a, b in ((j, k), (k, i), (i, j))], axis=1)
            total = w.sum(axis=1)
            bounded = (w >= -1e-12).all(axis=1) & (total > 0)
            radius = (w * shifts[:, [i, j, k]]).sum(axis=1)[bounded] / total[bounded]
            best[bounded] = np.minimum(best[bounded], radius)
        result[cells] = np.maximum(best, 0)
    return result


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _last_layer(p: Partition) -> np.ndarray:
    """The last cut of a region leaves a side on it, so the last layer is the largest of its sides'."""
    return np.maximum.reduceat(p.edge_layer[p.cell_edges], p.cell_offsets[:-1]) + 1


def _by_sides(p: Partition) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Regions with equally many sides at a time: their indices (n,) and polygons (n, sides, 2)."""
    sides = np.diff(p.cell_offsets)
    for k in np.unique(sides):
        cells = np.flatnonzero(sides == k)
        yield cells, p.polygons[p.cell_offsets[cells, None] + np.arange(k)]


STATISTICS = {
    "slope": Statistic(_slope, "norm of the slope", "linear"),
    "area": Statistic(lambda p: p.areas, "area", "log"),
    "class": Statistic(_classes.at_centroids, "class", "class"),
    "pattern": Statistic(_hash, "activation pattern", "cyclic"),
    "perimeter": Statistic(_perimeter, "perimeter", "log"),
    "eccentricity": Statistic(_eccentricity, "eccentricity", "log"),
    "inradius": Statistic(_inradius, "inradius", "log"),
    "n_vertices": Statistic(lambda p: np.diff(p.cell_offsets), "vertices", "count"),
    "layer": Statistic(_last_layer, "last layer that cut", "count"),
}
NAMES = tuple(STATISTICS)
