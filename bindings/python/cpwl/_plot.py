"""Pictures of a partition with matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import _classes
from ._values import Numbers, Values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .boundary import Boundary
    from .regions import Partition

# Beyond this number of regions a vector file of the picture (PDF, SVG) holds them as pixels.
_RASTER = 20_000
_MAPS = {"linear": "viridis", "log": "magma", "count": "viridis", "cyclic": "twilight"}


def plot(
    p: Partition,
    ax: Axes | None,
    color: Any,
    boundary: Boundary | None,
    edges: bool | str,
    label: str | None,
    colorbar: bool,
    style: dict[str, Any],
) -> Axes:
    """See :meth:`cpwl.Partition.plot`."""
    from matplotlib import pyplot
    from matplotlib.collections import LineCollection, PolyCollection

    if edges not in (True, False, "layer"):
        raise ValueError(f"edges is {edges!r}; expected True, False or 'layer'")
    shown = Numbers(p).values(color, label)
    if ax is None:
        _, ax = pyplot.subplots(figsize=(7, 7), layout="constrained")
    if shown.scale == "class":
        polygons, _, numbers = _classes.pieces(p)
    else:
        polygons, numbers = np.split(p.polygons, p.cell_offsets[1:-1]), shown.array
    outline = edges is True
    line = {"linewidth": _thin(p) if outline else 0.2, "edgecolor": (0, 0, 0, 0.35) if outline else "face"}
    pale = {"alpha": 0.5} if edges == "layer" else {}  # coloured lines need a pale ground
    settings = {**_colors(shown), **line, **pale, "rasterized": p.n_regions > _RASTER, **style}
    cells = PolyCollection(polygons, array=numbers % 10 if shown.scale == "class" else numbers, **settings)
    ax.add_collection(cells)
    if colorbar:
        _legend(ax, cells, shown, numbers)
    if edges == "layer":
        _layers(p, ax, colorbar)
    if boundary:
        lines = list(boundary.segments)
        ax.add_collection(LineCollection(lines, colors="white", linewidths=3.2, capstyle="round"))
        ax.add_collection(LineCollection(lines, colors="crimson", linewidths=1.6, capstyle="round"))
    corners = p.domain.vertices
    ax.set(xlim=(corners[:, 0].min(), corners[:, 0].max()), ylim=(corners[:, 1].min(), corners[:, 1].max()),
           xlabel="u", ylabel="v", aspect="equal")  # fmt: skip
    return ax


def _thin(p: Partition) -> float:
    """Lines fade out as regions get small, so that dense parts stay readable."""
    return float(np.clip(0.5 - 0.04 * np.log2(p.n_regions / 64), 0.05, 0.5))


def _colors(shown: Values) -> dict[str, Any]:
    """How to colour the values."""
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, LogNorm, Normalize

    low, high = shown.low, shown.high
    if shown.scale == "class":
        return {"cmap": _pale(), "norm": Normalize(-0.5, 9.5)}
    cmap = colormaps[_MAPS[shown.scale]]
    if shown.scale == "count":
        return {"cmap": cmap, "norm": BoundaryNorm(np.arange(low, high + 1), cmap.N)}
    return {"cmap": cmap, "norm": (LogNorm if shown.scale == "log" else Normalize)(low, high)}


def _pale() -> Any:
    """Ten colours that lines can be seen on."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(0.35 + 0.65 * colormaps["tab10"](range(10))[:, :3])


def _legend(ax: Axes, cells: Any, shown: Values, numbers: np.ndarray) -> None:
    """What the colours mean: names of the classes, or a bar; a hash means nothing."""
    from matplotlib.patches import Patch

    if shown.scale == "class":
        handles = [Patch(color=cells.cmap(cells.norm(k % 10)), label=f"class {k}") for k in np.unique(numbers)]
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False)
    elif shown.scale != "cyclic":
        outside = numbers.min() < shown.low, numbers.max() > shown.high
        extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(outside, "neither")
        bar = ax.figure.colorbar(cells, ax=ax, label=shown.label, shrink=0.7, pad=0.02, extend=extend)
        if shown.scale == "count":
            low, high = round(shown.low + 0.5), round(shown.high - 0.5)
            bar.set_ticks(range(low, high + 1, 1 + (high - low) // 10))


def _layers(p: Partition, ax: Axes, colorbar: bool) -> None:
    """The edges, coloured by the layer that made them: early ones thick and on top."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import LineCollection
    from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap

    n = max(1, len(p.layer_cells))
    order = np.argsort(-p.edge_layer, kind="stable")
    order = order[p.edge_layer[order] >= 0]
    layer = p.edge_layer[order]
    cmap = LinearSegmentedColormap.from_list("layers", colormaps["plasma"](np.linspace(0, 0.75, 64)))
    norm = BoundaryNorm(np.arange(0.5, n + 1), cmap.N) if n > 1 else None
    colors = cmap(norm(layer + 1) if norm else np.full(len(layer), 0.5))
    widths = (1.2 - 0.8 * layer / n) * (0.3 + _thin(p))
    lines = LineCollection(list(p.vertices[p.edges[order]]), colors=colors, linewidths=widths, capstyle="round",
                           rasterized=p.n_regions > _RASTER)  # fmt: skip
    ax.add_collection(lines)
    if colorbar and norm:
        bar = ax.figure.colorbar(ScalarMappable(norm, cmap), ax=ax, label="layer of the line", shrink=0.7, pad=0.02)
        bar.set_ticks(range(1, n + 1, 1 + n // 10))
