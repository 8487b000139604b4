"""Pictures of policed networks of two inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._plot import _thin
from .domains import Box

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .domains import Domain
    from .police import Policed
    from .regions import Partition


def plot(policed: Policed, ax: Axes | None, domain: Domain | None, color: Any, **options: Any) -> Axes:
    """See :meth:`cpwl.Policed.plot`."""
    from matplotlib import pyplot

    outlines = policed._outlines()
    single = policed.net.output_shape == (1,)
    if color is None:
        color = "value" if single else "class"
    if isinstance(color, str) and color == "value" and not single:
        raise ValueError(
            f"color is 'value', but the outputs have shape {policed.net.output_shape}; expected one output"
        )
    if ax is None:
        _, ax = pyplot.subplots(figsize=(7, 7), layout="constrained")
    p = policed.net.partition(domain or _around(outlines))
    if isinstance(color, str) and color == "value":
        _values(p, ax, options)
    else:
        p.plot(ax, color=color, **options)
    for i, corners in enumerate(outlines):
        closed = np.concatenate([corners, corners[:1]])
        ax.plot(*closed.T, color="white", linewidth=3.5, solid_joinstyle="round")
        ax.plot(*closed.T, color="black", linewidth=1.8, solid_joinstyle="round", label=f"region {i}")
    return ax


def _around(outlines: list[np.ndarray]) -> Box:
    """A box about all regions, twice as large."""
    points = np.concatenate(outlines)
    lo, hi = points.min(axis=0), points.max(axis=0)
    half = np.maximum(hi - lo, 1e-3 * max(1.0, float(np.abs(points).max())))
    return Box((lo + hi) / 2 - half, (lo + hi) / 2 + half)


def _values(p: Partition, ax: Axes, options: dict[str, Any]) -> None:
    """The values of a single output, exactly: linear on every triangle of a region. `options` are those of
    :meth:`Partition.plot` that make sense."""
    from matplotlib.collections import LineCollection
    from matplotlib.tri import Triangulation

    boundary = options.pop("boundary", False)
    edges, colorbar, label = (options.pop(name, value) for name, value in
                              (("edges", True), ("colorbar", True), ("label", "output")))  # fmt: skip
    owner = np.repeat(np.arange(p.n_regions), np.diff(p.cell_offsets))
    values = (p.maps.a[owner, 0] * p.polygons).sum(axis=1) + p.maps.b[owner, 0]
    first = p.cell_offsets[owner]
    second = np.arange(len(owner))
    fan = (second > first) & (second < p.cell_offsets[owner + 1] - 1)
    triangles = np.stack([first, second, second + 1], axis=1)[fan]
    x, y = p.polygons.T
    shown = ax.tripcolor(Triangulation(x, y, triangles), values, shading="gouraud", **options)
    if edges:
        lines = LineCollection(list(p.vertices[p.edges]), colors=[(0, 0, 0, 0.35)], linewidths=_thin(p))
        ax.add_collection(lines)
    drawn = p._lines(boundary)
    if drawn:
        ax.add_collection(LineCollection(list(drawn.segments), colors="crimson", linewidths=1.6))
    if colorbar:
        ax.figure.colorbar(shown, ax=ax, label=label, shrink=0.7, pad=0.02)
    corners = p.domain.vertices
    ax.set(xlim=(corners[:, 0].min(), corners[:, 0].max()), ylim=(corners[:, 1].min(), corners[:, 1].max()),
           xlabel="u", ylabel="v", aspect="equal")  # fmt: skip
