"""Pictures in space with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

    from .solid import Partition3D
    from .surface import Surface

COLORS = ("slope", "volume", "pattern")


def plot_surface(s: Surface, ax: Axes3D | None, edges: bool, style: dict[str, Any]) -> Axes3D:
    """See :meth:`cpwl.Surface.plot`."""
    line = {"linewidths": 0.2, "edgecolors": (0, 0, 0, 0.35)} if edges else {"linewidths": 0.0}
    polygons = [s.vertices[p] for p in s.polygons()]
    return _draw(ax, polygons, {"facecolors": "tab:blue", "shade": True, **line, **style})


def plot_cells(p: Partition3D, ax: Axes3D | None, explode: float, color: str, style: dict[str, Any]) -> Axes3D:
    """See :meth:`cpwl.Partition3D.plot`."""
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm, Normalize

    if color not in COLORS:
        raise ValueError(f"color is {color!r}; expected one of {', '.join(map(repr, COLORS))}")
    shift = explode * (p.centroids - p.centroids.mean(0))
    facets = [p.facets(i) for i in range(p.n_regions)]
    polygons = [p.vertices[f] + shift[i] for i, mine in enumerate(facets) for f in mine]
    if color == "slope":
        values, norm = np.linalg.norm(p.maps.a, axis=(1, 2)), Normalize()
    elif color == "volume":
        values, norm = p.volumes, LogNorm()
    else:
        # A pattern's colour depends on nothing but the pattern.
        weights = np.random.default_rng(0).random(p.patterns.shape[1])
        values, norm = (p.patterns @ weights) % 1.0, Normalize(0, 1)
    colors = colormaps["viridis"](norm(values))
    each = np.repeat(colors, [len(mine) for mine in facets], axis=0)
    line = {"linewidths": 0.2, "edgecolors": (0, 0, 0, 0.5)}
    return _draw(ax, polygons, {"facecolors": each, **line, **style})


def _draw(ax: Axes3D | None, polygons: list[np.ndarray], style: dict[str, Any]) -> Axes3D:
    from matplotlib import pyplot
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    if ax is None:
        figure = pyplot.figure(figsize=(7, 7), layout="constrained")
        ax = figure.add_subplot(projection="3d")
    if not polygons:
        return ax
    ax.add_collection3d(Poly3DCollection(polygons, **style))
    points = np.concatenate(polygons)
    lo, hi = points.min(0), points.max(0)
    ax.set(xlim=(lo[0], hi[0]), ylim=(lo[1], hi[1]), zlim=(lo[2], hi[2]), xlabel="u", ylabel="v", zlabel="w")
    ax.set_box_aspect(hi - lo)
    return ax
