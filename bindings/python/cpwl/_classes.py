"""The winning class on every region; regions cut where it changes inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from .regions import Partition

__all__ = ["Pieces", "at_centroids", "pieces"]

# Numbers worked on at a time: 32 MiB.
_CHUNK = 1 << 22


class Pieces(NamedTuple):
    """The part of one region on which one class wins, for every region and class: ``polygons[i]`` (k, 2),
    ``cells[i]`` its region, ``classes[i]``."""

    polygons: list[np.ndarray]
    cells: np.ndarray
    classes: np.ndarray


def scores(p: Partition) -> tuple[np.ndarray, np.ndarray]:
    """``a`` (F, classes, 2) and ``b`` (F, classes): the class with the largest ``a . x + b`` wins, the lowest on ties.

    A single output stands for two classes: 1 where it is positive.
    """
    a, b = p.maps
    if a.shape[1] == 1:
        a, b = np.pad(a, ((0, 0), (1, 0), (0, 0))), np.pad(b, ((0, 0), (1, 0)))
    return a, b


def at_centroids(p: Partition) -> np.ndarray:
    """(F,) the class that wins at the centroid of every region."""
    a, b = scores(p)
    return ((a @ p.centroids[:, :, None])[..., 0] + b).argmax(axis=1)


def pieces(p: Partition) -> Pieces:
    """The regions, cut where the winner changes inside."""
    a, b = scores(p)
    polygons = np.split(p.polygons, p.cell_offsets[1:-1])
    winners = _at_corners(p, a, b)
    lowest = np.minimum.reduceat(winners, p.cell_offsets[:-1])
    highest = np.maximum.reduceat(winners, p.cell_offsets[:-1])
    # A class that wins at all corners of a convex region wins on all of it.
    whole = lowest == highest
    shapes = [polygons[i] for i in np.flatnonzero(whole)]
    cells, classes = list(np.flatnonzero(whole)), list(lowest[whole])
    for i in np.flatnonzero(~whole):
        for k, piece in _cut(polygons[i], a[i], b[i]):
            shapes.append(piece)
            cells.append(i)
            classes.append(k)
    return Pieces(shapes, np.array(cells), np.array(classes))


def _at_corners(p: Partition, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The winner at each entry of ``p.polygons``."""
    owner = np.repeat(np.arange(p.n_regions), np.diff(p.cell_offsets))
    winners = np.empty(len(owner), np.int64)
    step = max(1, _CHUNK // (2 * a.shape[1]))
    for start in range(0, len(owner), step):
        part = slice(start, start + step)
        i = owner[part]
        winners[part] = ((a[i] @ p.polygons[part, :, None])[..., 0] + b[i]).argmax(axis=1)
    return winners


def _cut(polygon: np.ndarray, a: np.ndarray, b: np.ndarray) -> list[tuple[int, np.ndarray]]:
    outputs = polygon @ a.T + b
    # A class that wins inside may win at no corner: try all that are not beaten by one other at every corner.
    beaten = (outputs[:, :, None] < outputs[:, None, :]).all(axis=0).any(axis=1)
    candidates = np.flatnonzero(~beaten)
    found = []
    for k in candidates:
        piece = polygon
        for j in candidates[candidates != k]:
            piece = _clip(piece, piece @ (a[k] - a[j]) + b[k] - b[j])
        if len(piece) > 2:
            found.append((int(k), piece))
    return found


def _clip(polygon: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """The part of a convex polygon where a function with those values at the corners is >= 0."""
    kept = []
    for i, (corner, height) in enumerate(zip(polygon, heights)):
        before, other = polygon[i - 1], heights[i - 1]
        if (height < 0) != (other < 0):
            kept.append(before + other / (other - height) * (corner - before))
        if height >= 0:
            kept.append(corner)
    return np.array(kept).reshape(-1, 2)
