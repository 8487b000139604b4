"""The exact partition of a 2-D domain into the regions on which a network is affine.

A region (activation cell) is a full-dimensional maximal set of constant activation pattern. Counts, vertices and
edges are exact: no tolerance decides them. See :class:`Partition`.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi, _ball, _tensor
from . import context as _context
from ._cells import Cells
from ._lib import Handle, call, lib, sized
from ._stats import Stats
from .boundary import Boundary
from .certificate import Certificate
from .domains import Domain
from .network import Affine, Network

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Partition"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WANT = {
    "polygons": _abi.CPWL_WANT_POLYGONS,
    "patterns": _abi.CPWL_WANT_PATTERNS,
    "maps": _abi.CPWL_WANT_MAPS,
    "mesh": _abi.CPWL_WANT_MESH,
}
_MODES = {"argmax": _abi.CPWL_BOUNDARY_MODE_ARGMAX, "pairwise": _abi.CPWL_BOUNDARY_MODE_PAIRWISE}
# What the native pictures can colour by; `_values` has more.
_SVG_COLORS = {
    "slope": _abi.CPWL_COLOR_SLOPE,
    "area": _abi.CPWL_COLOR_AREA,
    "class": _abi.CPWL_COLOR_CLASS,
    "pattern": _abi.CPWL_COLOR_PATTERN,
}


def _choose(table: dict[str, int], value: str, name: str) -> int:
    if value not in table:
        raise ValueError(f"{name} is {value!r}; expected one of {', '.join(map(repr, table))}")
    return table[value]


def want_bits(want: Iterable[str] | None) -> int:
    """The `want` of the C ABI; 0 = everything."""
    return sum(_choose(_WANT, name, "want") for name in set(want or ()))


class Partition(Cells):
    """The regions of a network on a domain.

    Made by :meth:`cpwl.Network.partition`. Array attributes are read-only views of the library's memory. F, V and E
    are the numbers of regions, vertices and edges; coordinates are the (u, v) of the domain.

    Parameters
    ----------
    network : Network
    domain : Box, Polygon or Slice
    want : iterable of {"polygons", "patterns", "maps", "mesh"}, optional
        What to keep; default everything. Asking for a part that was not kept raises ArgumentError.
    count_only : bool
        Keep nothing but the counts.
    max_regions : int
        Give up with LimitError beyond that many; 0 = no limit.
    context : Context, optional
    **options
        `threads`, `isa`, `reference`, `memory_limit`, `progress`, `cancel` of a :class:`Context` for this call.

    Raises
    ------
    UnsupportedError
        For layers that this version cannot cut along; the message names the layer.
    LimitError
        When `max_regions` or `memory_limit` is reached.
    KeyboardInterrupt
        On Ctrl-C; nothing is left behind.

    References
    ----------
    A. I. Humayun et al.: SplineCam: Exact Visualization and Characterization of Deep Network Geometry and Decision
    Boundaries, CVPR 2023, arXiv:2302.12828.
    """

    _noun = "partition"

    def __init__(
        self,
        network: Network,
        domain: Domain,
        *,
        want: Iterable[str] | None = None,
        count_only: bool = False,
        max_regions: int = 0,
        context: _context.Context | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(domain, Domain):
            raise TypeError(f"domain is a {type(domain).__name__}; expected a Box, Polygon or Slice")
        bits = _abi.CPWL_WANT_COUNT_ONLY if count_only else want_bits(want)
        settings = sized(_abi.PartitionOptions, want=bits, max_regions=max_regions)
        run = _context.resolve(context, options)
        arguments = (run, network._handle, domain._handle, ctypes.byref(settings))
        self._handle = run._run(lambda: Handle(lib.cpwl_partition_free, lib.cpwl_partition_new, *arguments))
        self._context = run
        self.network, self.domain = network, domain
        info = sized(_abi.PartitionSummary)
        call(lib.cpwl_partition_info, None, self._handle, ctypes.byref(info))
        self._info = info

    def __repr__(self) -> str:
        n = len(self.network.approximations)
        smooth = f", {n} smooth layer{'s' * (n > 1)} approximated" if n else ""
        return f"<cpwl.Partition: {self.n_regions} regions of area {self.area:g}{smooth}>"

    @property
    def area(self) -> float:
        """Sum of the areas of all regions: the area of the domain, up to rounding."""
        return self._info.area

    @property
    def exact_signs(self) -> int:
        """Signs that floating point could not certify and that were decided in exact arithmetic."""
        return self._info.exact_signs

    @property
    def vertex_error(self) -> float:
        """A bound of the error of vertex coordinates."""
        return self._info.vertex_error

    @cached_property
    def layer_cells(self) -> Ints:
        """(unit layers,) number of cells after each layer of units."""
        return self._array(_abi.CPWL_PARTITION_LAYER_CELLS)

    @cached_property
    def areas(self) -> Floats:
        """(F,) area of every region."""
        return self._array(_abi.CPWL_PARTITION_AREAS)

    @cached_property
    def centroids(self) -> Floats:
        """(F, 2) centre of gravity of every region."""
        return self._array(_abi.CPWL_PARTITION_CENTROIDS)

    @cached_property
    def vertices(self) -> Floats:
        """(V, 2) vertices, each once."""
        return self._array(_abi.CPWL_PARTITION_VERTICES)

    @cached_property
    def cell_offsets(self) -> Ints:
        """(F + 1,) region i has entries ``cell_offsets[i]:cell_offsets[i + 1]`` of `cell_vertices`, `cell_edges` and
        `polygons`."""
        return self._array(_abi.CPWL_PARTITION_CELL_OFFSETS)

    @cached_property
    def cell_vertices(self) -> Ints:
        """Indices of the vertices of all regions, counter-clockwise."""
        return self._array(_abi.CPWL_PARTITION_CELL_VERTICES)

    @cached_property
    def cell_edges(self) -> Ints:
        """Index of the edge from each vertex of a region to the next."""
        return self._array(_abi.CPWL_PARTITION_CELL_EDGES)

    @cached_property
    def polygons(self) -> Floats:
        """Coordinates of `cell_vertices`."""
        return self._array(_abi.CPWL_PARTITION_POLYGONS)

    @cached_property
    def edges(self) -> Ints:
        """(E, 2) vertices of every edge, each edge once."""
        return self._array(_abi.CPWL_PARTITION_EDGES)

    @cached_property
    def edge_cells(self) -> Ints:
        """(E, 2) regions on both sides of every edge; -1 is outside the domain. This is the neighbour graph."""
        return self._array(_abi.CPWL_PARTITION_EDGE_CELLS)

    @cached_property
    def edge_layer(self) -> npt.NDArray[np.int32]:
        """(E,) layer of units that made the edge; -1 for a side of the domain."""
        return self._array(_abi.CPWL_PARTITION_EDGE_LAYER)

    @cached_property
    def edge_unit(self) -> Ints:
        """(E,) unit within that layer, or index of the side of the domain."""
        return self._array(_abi.CPWL_PARTITION_EDGE_UNIT)

    @cached_property
    def edge_knot(self) -> npt.NDArray[np.int32]:
        """(E,) knot of that unit's activation function."""
        return self._array(_abi.CPWL_PARTITION_EDGE_KNOT)

    @cached_property
    def maps(self) -> Affine:
        """``a`` (F, n_outputs, 2) and ``b`` (F, n_outputs): on region i the output is ``a[i] @ (u, v) + b[i]``."""
        return Affine(self._array(_abi.CPWL_PARTITION_MAP_A), self._array(_abi.CPWL_PARTITION_MAP_B))

    def cells(self, i: int) -> Floats:
        """(k, 2) the polygon of region `i`, counter-clockwise."""
        i = self._index(i)
        return self.polygons[self.cell_offsets[i] : self.cell_offsets[i + 1]]

    def neighbours(self, i: int) -> Ints:
        """Regions that share an edge with region `i`, in the order of its sides."""
        i = self._index(i)
        pairs = self.edge_cells[self.cell_edges[self.cell_offsets[i] : self.cell_offsets[i + 1]]]
        across = np.where(pairs[:, 0] == i, pairs[:, 1], pairs[:, 0])
        return across[across >= 0]

    def count_in_ball(self, center: Any, radius: Any, *, metric: str = "domain") -> Any:
        """The number of regions that an open disc meets: those nearer to its centre than its radius. Exact.

        Parameters
        ----------
        center : (2,) or (n, 2)
            In (u, v).
        radius : float or (n,)
        metric : {"domain", "ambient"}
            Units of the radius: those of (u, v), or of the input space in which a Slice lies.

        Returns
        -------
        int, or (n,) array for n centres
        """
        return _ball.of_partition(self, center, radius, metric)

    @cached_property
    def linear_pieces(self) -> np.ndarray:
        """(F,) number of the connected linear piece of each region, in the order of their first regions.

        Regions are activation cells. Cells merged across the edges on which the affine map of the outputs is exactly
        the same are linear pieces: fewer, wherever a change of pattern does not reach the outputs.
        """
        labels = np.empty(self.n_regions, np.int64)
        out = _tensor.borrow(labels, "labels")
        call(lib.cpwl_partition_linear_pieces, self._context, self._handle, out, None)
        return labels

    @property
    def n_linear_pieces(self) -> int:
        """Number of connected linear pieces, see `linear_pieces`."""
        return int(self.linear_pieces.max()) + 1

    @cached_property
    def distinct_maps(self) -> np.ndarray:
        """(F,) number of the affine map of each region, in the order of their first regions.

        Regions with exactly the same map of the outputs have the same number, also where they do not touch.
        """
        labels = np.empty(self.n_regions, np.int64)
        out = _tensor.borrow(labels, "labels")
        call(lib.cpwl_partition_distinct_maps, self._context, self._handle, out, None)
        return labels

    @property
    def n_distinct_maps(self) -> int:
        """Number of distinct affine maps, see `distinct_maps`."""
        return int(self.distinct_maps.max()) + 1

    def seam_keys(self, layer: int) -> Ints:
        """(n, 2) names of the cells that have an edge on a seam of a tile, after a layer of units; see
        :class:`cpwl.Seams`."""
        count = ctypes.c_int64()
        call(lib.cpwl_partition_seam_keys, None, self._handle, layer, None, ctypes.byref(count))
        keys = np.empty((count.value, 2), np.int64)
        out = _tensor.borrow(keys, "keys")
        call(lib.cpwl_partition_seam_keys, None, self._handle, layer, out, None)
        return keys

    @property
    def certificate(self) -> Certificate:
        """What speaks for the result: Euler's formula, areas, and how the signs were settled."""
        return Certificate.of(self._info, self.network)

    def stats(self, metric: str = "domain") -> Stats:
        """Statistics of the regions, in total and for each; `print` them for a table.

        Parameters
        ----------
        metric : {"domain", "ambient"}
            Units of lengths, areas and slopes: those of (u, v), or of the input space in which a Slice lies.
        """
        return Stats.of(self, metric)

    def layer_lines(self, layer: int, unit: int) -> Floats:
        """(n, 2, 2) the edges that one unit made, as pairs of points; of several with one line, the first made it.

        Parameters
        ----------
        layer : int
            Layer of units, from 0; -1 for the sides of the domain.
        unit : int
            Unit within that layer, or side of the domain.
        """
        edges = self.edges[(self.edge_layer == layer) & (self.edge_unit == unit)]
        return self.vertices[edges]

    def decision_boundary(self, mode: str = "argmax") -> Boundary:
        """Where the predicted class changes.

        Parameters
        ----------
        mode : {"argmax", "pairwise"}
            "argmax": only where the two classes beat all others. "pairwise": all lines on which two outputs are
            equal, a superset.
        """
        return Boundary(self, _choose(_MODES, mode, "mode"))

    def level_set(self, output: int = 0, level: float = 0.0) -> Boundary:
        """The set on which one output has the value `level`."""
        return Boundary(self, _abi.CPWL_BOUNDARY_MODE_LEVEL_SET, output=output, level=level)

    def sample_boundary(self, n: int, seed: int = 0) -> Floats:
        """(n, 2) random points on the decision boundary (the zero level of a single output), see
        :meth:`Boundary.sample`."""
        return self._default_boundary().sample(n, seed)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        color: Any = "slope",
        boundary: Boundary | bool | None = True,
        edges: bool | str = True,
        label: str | None = None,
        colorbar: bool = True,
        **style: Any,
    ) -> Axes:
        """Draws the regions with matplotlib.

        Parameters
        ----------
        ax : matplotlib axes, optional
        color : str or (F,) array
            What the colour of a region says. Your own number per region, or one of

            - "slope": Frobenius norm of the region's linear map;
            - "class": the largest output, regions cut where it changes inside (a single output: 1 where positive);
            - "spectral_norm" of the linear map;
            - "area", "perimeter", "inradius" (of the largest disc inside), "eccentricity" (largest over smallest
              distance of two vertices): on a logarithmic scale; "moment_eccentricity" (0 is round, 1 a line);
            - "n_vertices", "n_neighbours"; "layer": the last layer of units that cut the region, counted from 1;
            - "pattern": one colour per activation pattern.
        boundary : Boundary or bool
            Lines drawn on top; True = the decision boundary (the zero level of a single output).
        edges : bool or "layer"
            Whether to draw the edges of the regions; "layer" colours them by the layer of units that made them.
        label : str, optional
            Text at the colour bar.
        colorbar : bool
            Whether to draw colour bars and the legend of the classes.
        **style
            Passed on to matplotlib's PolyCollection, e.g. ``cmap="magma"`` or ``norm=LogNorm()``.

        Raises
        ------
        ValueError
            For an unknown name, or an array that does not hold one number per region.
        """
        from ._plot import plot

        return plot(self, ax, color, self._lines(boundary), edges, label, colorbar, style)

    def to_svg(
        self,
        path: str | os.PathLike[str],
        *,
        color: str = "slope",
        boundary: Boundary | bool | None = True,
        width: int = 800,
    ) -> None:
        """Writes the regions as an SVG file, `width` pixels wide; needs no matplotlib. See :meth:`plot`."""
        lines = self._lines(boundary)
        options = sized(_abi.SvgOptions, color=_choose(_SVG_COLORS, color, "color"), width=width)
        handle = lines._handle if lines else None
        file = os.fsencode(path)
        call(lib.cpwl_partition_write_svg, self._context, self._handle, handle, ctypes.byref(options), file)

    def to_html(
        self,
        path: str | os.PathLike[str],
        *,
        color: Any = "slope",
        boundary: Boundary | bool | None = True,
        values: Mapping[str, Any] | None = None,
        title: str | None = None,
    ) -> None:
        """Writes the regions as one HTML file to pan, zoom and point into, in any browser since 2023.

        Pointing at a region tells its index, class, activation pattern and every statistic; zoom is limited by double
        precision only, so that regions of 1e-9 of the domain can be looked at. The file needs nothing from the network
        and no server; it takes some 100 bytes per region.

        Parameters
        ----------
        path : path
        color : str or (F,) array
            What the page colours by at first, see :meth:`plot`; all statistics can be chosen on the page.
        boundary : Boundary or bool
            Lines drawn on top; True = the decision boundary (the zero level of a single output).
        values : dict of str to (F,) array, optional
            Numbers of your own per region, which the page offers beside the statistics.
        title : str, optional

        Raises
        ------
        ValueError
            For an unknown name, or an array that does not hold one number per region.
        ArgumentError
            If polygons, patterns, maps or mesh were not kept.
        """
        from .viewer import write

        write(self, path, color, self._lines(boundary), values or {}, title)

    def _lines(self, boundary: Boundary | bool | None) -> Boundary | None:
        return self._default_boundary() if boundary is True else boundary or None

    def _default_boundary(self) -> Boundary:
        return self.decision_boundary() if self._info.n_outputs > 1 else self.level_set()
