"""Pictures of a partition with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .regions import Boundary, Partition

_LABELS = {"slope": "norm of the slope", "area": "area of the region", "class": "class", "pattern": ""}


def plot(
    p: Partition, ax: Axes | None, color: str, boundary: Boundary | None, edges: bool, style: dict[str, Any]
) -> Axes:
    """See :meth:`cpwl.Partition.plot`."""
    from matplotlib import pyplot
    from matplotlib.collections import LineCollection, PolyCollection

    if ax is None:
        _, ax = pyplot.subplots(figsize=(7, 7), layout="constrained")
    values, settings = _colors(p, color)
    polygons = np.split(p.polygons, p.cell_offsets[1:-1])
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
    if color == "class":
        a, b = p.maps
        classes = (np.einsum("foi,fi->fo", a, p.centroids) + b).argmax(axis=1)
        return classes, {"cmap": "tab10", "clim": (-0.5, 9.5), "alpha": 0.75}
    # A pattern's colour depends on nothing but the pattern.
    weights = np.random.default_rng(0).random(p.patterns.shape[1])
    return (p.patterns @ weights) % 1.0, {"cmap": "twilight"}


def _legend(ax: Axes, cells: Any, classes: np.ndarray) -> None:
    from matplotlib.patches import Patch

    found = np.unique(classes)
    handles = [Patch(color=cells.cmap(cells.norm(k)), label=f"class {k}", alpha=0.75) for k in found]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
