"""Pictures of a partition with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .boundary import Boundary
    from .regions import Partition

_LABELS = {"slope": "norm of the slope", "area": "area of the region", "class": "class", "pattern": ""}


def plot(
    p: Partition, ax: Axes | None, color: str, boundary: Boundary | None, edges: bool, style: dict[str, Any]
) -> Axes:
    """See :meth:`cpwl.Partition.plot`."""
    from matplotlib import pyplot
    from matplotlib.collections import LineCollection, PolyCollection

    if ax is None:
        _, ax = pyplot.subplots(figsize=(7, 7), layout="constrained")
    polygons = np.split(p.polygons, p.cell_offsets[1:-1])
    if color == "class":
        polygons, values = _classes(p, polygons)
        settings = {"cmap": _pale(), "clim": (-0.5, 9.5)}
    else:
        values, settings = _colors(p, color)
    # Thin lines fade out as regions get small, so that dense parts stay readable.
    width = np.clip(0.5 - 0.04 * np.log2(p.n_regions / 64), 0.08, 0.5) if edges else 0.2
    line = {"linewidth": width, "edgecolor": (0, 0, 0, 0.35) if edges else "face"}
    cells = PolyCollection(polygons, **{"array": values, **settings, **line, **style})
    ax.add_collection(cells)
    if color == "class":
        _legend(ax, cells, values)
    elif color != "pattern":
        ax.figure.colorbar(cells, ax=ax, label=_LABELS[color], shrink=0.7, pad=0.02)
    if boundary:
        lines = list(boundary.segments)
        ax.add_collection(LineCollection(lines, colors="white", linewidths=3.2, capstyle="round"))
        ax.add_collection(LineCollection(lines, colors="crimson", linewidths=1.6, capstyle="round"))
    corners = p.domain.vertices
    ax.set(xlim=(corners[:, 0].min(), corners[:, 0].max()), ylim=(corners[:, 1].min(), corners[:, 1].max()),
           xlabel="u", ylabel="v", aspect="equal")  # fmt: skip
    return ax


def _colors(p: Partition, color: str) -> tuple[np.ndarray, dict[str, Any]]:
    """A value per region, and how to colour it."""
    from matplotlib.colors import LogNorm

    if color == "slope":
        return np.linalg.norm(p.maps.a, axis=(1, 2)), {"cmap": "viridis"}
    if color == "area":
        return p.areas, {"cmap": "magma", "norm": LogNorm()}
    # A pattern's colour depends on nothing but the pattern.
    weights = np.random.default_rng(0).random(p.patterns.shape[1])
    return (p.patterns @ weights) % 1.0, {"cmap": "twilight"}


def _pale() -> Any:
    """Ten colours that lines can be seen on."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(0.35 + 0.65 * colormaps["tab10"](range(10))[:, :3])


def _classes(p: Partition, polygons: list[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """The regions, cut where the winning class changes inside, and the class of every piece."""
    a, b = p.maps
    pieces, classes = [], []
    for polygon, rows, shift in zip(polygons, a, b):
        outputs = polygon @ rows.T + shift
        winners = np.unique(outputs.argmax(axis=1))
        # A class that wins inside may win at no corner: try all that are not beaten by one other at every corner.
        if len(winners) > 1:
            beaten = (outputs[:, :, None] < outputs[:, None, :]).all(axis=0).any(axis=1)
            winners = np.flatnonzero(~beaten)
        for k in winners:
            piece = polygon
            for j in winners[winners != k]:
                piece = _clip(piece, piece @ (rows[k] - rows[j]) + shift[k] - shift[j])
            if len(piece) > 2:
                pieces.append(piece)
                classes.append(k)
    return pieces, np.array(classes)


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


def _legend(ax: Axes, cells: Any, classes: np.ndarray) -> None:
    from matplotlib.patches import Patch

    found = np.unique(classes)
    handles = [Patch(color=cells.cmap(cells.norm(k)), label=f"class {k}") for k in found]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
