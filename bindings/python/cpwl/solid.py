"""The exact partition of a domain in space into the polyhedra on which a network is affine."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi
from . import context as _context
from ._cells import Cells
from ._lib import Handle, call, lib, sized
from .domains import Domain
from .network import Affine, Network
from .regions import want_bits

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

__all__ = ["Partition3D"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Partition3D(Cells):
    """The regions of a network on a domain in space: convex polyhedra.

    Made by :meth:`cpwl.Network.partition` for a domain of dimension 3. Array attributes are read-only views of the
    library's memory. C, V, E and F are the numbers of regions, vertices, edges and facets; V - E + F - C = 1.
    Coordinates are the (u, v, w) of the domain.

    Parameters
    ----------
    network : Network
    domain : Box, Polyhedron or any other bounded polyhedral domain of dimension 3
    want : iterable of {"polygons", "patterns", "maps", "mesh"}, optional
        What to keep; default everything. "polygons" stands for volumes and centroids, "mesh" for vertices, edges and
        facets. Asking for a part that was not kept raises ArgumentError.
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
        For layers of max units; the message names the layer.
    LimitError
        When `max_regions` or `memory_limit` is reached.
    KeyboardInterrupt
        On Ctrl-C; nothing is left behind.
    """

    _noun = "partition3d"

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
            raise TypeError(f"domain is a {type(domain).__name__}; expected a domain of dimension 3")
        bits = _abi.CPWL_WANT_COUNT_ONLY if count_only else want_bits(want)
        settings = sized(_abi.PartitionOptions, want=bits, max_regions=max_regions)
        run = _context.resolve(context, options)
        arguments = (run, network._handle, domain._handle, ctypes.byref(settings))
        create = lib.cpwl_partition3d_new
        self._handle = run._run(lambda: Handle(lib.cpwl_partition3d_free, create, *arguments))
        self._context = run
        self.network, self.domain = network, domain
        self._info = sized(_abi.Partition3dSummary)
        call(lib.cpwl_partition3d_info, None, self._handle, ctypes.byref(self._info))

    def __repr__(self) -> str:
        return f"<cpwl.Partition3D: {self.n_regions} regions of volume {self.volume:g}>"

    @property
    def volume(self) -> float:
        """Sum of the volumes of all regions: that of the domain, up to rounding."""
        return self._info.volume

    @property
    def domain_volume(self) -> float:
        """Volume of the domain."""
        return self._info.domain_volume

    @property
    def euler_characteristic(self) -> int:
        """V - E + F - C, which must be 1."""
        info = self._info
        return info.n_vertices - info.n_edges + info.n_facets - info.n_regions

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
        return self._array(_abi.CPWL_PARTITION3D_LAYER_CELLS)

    @cached_property
    def vertices(self) -> Floats:
        """(V, 3) vertices, each once."""
        return self._array(_abi.CPWL_PARTITION3D_VERTICES)

    @cached_property
    def edges(self) -> Ints:
        """(E, 2) vertices of every edge, each edge once."""
        return self._array(_abi.CPWL_PARTITION3D_EDGES)

    @cached_property
    def facet_offsets(self) -> Ints:
        """(F + 1,) facet i has entries ``facet_offsets[i]:facet_offsets[i + 1]`` of `facet_vertices`."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_OFFSETS)

    @cached_property
    def facet_vertices(self) -> Ints:
        """Vertices of all facets, counter-clockwise as seen from outside of the first region of each."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_VERTICES)

    @cached_property
    def facet_cells(self) -> Ints:
        """(F, 2) regions on both sides of every facet; -1 is outside the domain. This is the neighbour graph."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_CELLS)

    @cached_property
    def facet_layer(self) -> npt.NDArray[np.int32]:
        """(F,) layer of units that made the facet; -1 for a side of the domain."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_LAYER)

    @cached_property
    def facet_unit(self) -> Ints:
        """(F,) unit within that layer, or index of the side of the domain."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_UNIT)

    @cached_property
    def facet_knot(self) -> npt.NDArray[np.int32]:
        """(F,) knot of that unit's activation function."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_KNOT)

    @cached_property
    def facet_areas(self) -> Floats:
        """(F,) area of every facet."""
        return self._array(_abi.CPWL_PARTITION3D_FACET_AREAS)

    @cached_property
    def cell_offsets(self) -> Ints:
        """(C + 1,) region i has entries ``cell_offsets[i]:cell_offsets[i + 1]`` of `cell_vertices`."""
        return self._array(_abi.CPWL_PARTITION3D_CELL_OFFSETS)

    @cached_property
    def cell_vertices(self) -> Ints:
        """Vertices of all regions."""
        return self._array(_abi.CPWL_PARTITION3D_CELL_VERTICES)

    @cached_property
    def cell_facet_offsets(self) -> Ints:
        """(C + 1,) region i has entries ``cell_facet_offsets[i]:cell_facet_offsets[i + 1]`` of `cell_facets`."""
        return self._array(_abi.CPWL_PARTITION3D_CELL_FACET_OFFSETS)

    @cached_property
    def cell_facets(self) -> Ints:
        """Facets of all regions."""
        return self._array(_abi.CPWL_PARTITION3D_CELL_FACETS)

    @cached_property
    def volumes(self) -> Floats:
        """(C,) volume of every region."""
        return self._array(_abi.CPWL_PARTITION3D_VOLUMES)

    @cached_property
    def areas(self) -> Floats:
        """(C,) surface area of every region."""
        return self._array(_abi.CPWL_PARTITION3D_AREAS)

    @cached_property
    def centroids(self) -> Floats:
        """(C, 3) centre of gravity of every region."""
        return self._array(_abi.CPWL_PARTITION3D_CENTROIDS)

    @cached_property
    def maps(self) -> Affine:
        """``a`` (C, n_outputs, 3) and ``b`` (C, n_outputs): on region i the output is ``a[i] @ (u, v, w) + b[i]``."""
        return Affine(self._array(_abi.CPWL_PARTITION3D_MAP_A), self._array(_abi.CPWL_PARTITION3D_MAP_B))

    def cells(self, i: int) -> Floats:
        """(k, 3) the vertices of region `i`, whose convex hull it is."""
        i = self._index(i)
        return self.vertices[self.cell_vertices[self.cell_offsets[i] : self.cell_offsets[i + 1]]]

    def facets(self, i: int) -> list[Ints]:
        """The facets of region `i`: indices of vertices, counter-clockwise as seen from outside of it."""
        i = self._index(i)
        mine = self.cell_facets[self.cell_facet_offsets[i] : self.cell_facet_offsets[i + 1]]
        loops = (self.facet_vertices[self.facet_offsets[f] : self.facet_offsets[f + 1]] for f in mine)
        return [loop if self.facet_cells[f, 0] == i else loop[::-1] for f, loop in zip(mine, loops, strict=True)]

    def neighbours(self, i: int) -> Ints:
        """Regions that share a facet with region `i`."""
        i = self._index(i)
        pairs = self.facet_cells[self.cell_facets[self.cell_facet_offsets[i] : self.cell_facet_offsets[i + 1]]]
        across = np.where(pairs[:, 0] == i, pairs[:, 1], pairs[:, 0])
        return across[across >= 0]

    def plot(self, ax: Axes3D | None = None, *, explode: float = 0.3, color: str = "slope", **style: Any) -> Axes3D:
        """Draws the regions with matplotlib, moved apart.

        Parameters
        ----------
        ax : matplotlib 3-D axes, optional
        explode : float
            How far every region is moved away from the middle, as a part of its distance from it.
        color : {"slope", "volume", "pattern"}
            Norm of the region's linear map, its volume (logarithmic), or one colour per activation pattern.
        **style
            Passed on to matplotlib's Poly3DCollection, e.g. ``alpha=0.5``.
        """
        from ._plot3d import plot_cells

        return plot_cells(self, ax, explode, color, style)
