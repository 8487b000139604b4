"""Level sets in space: the surface on which an output of a network has a given value, as a mesh."""

from __future__ import annotations

import ctypes
import os
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi
from . import context as _context
from ._lib import Handle, Native, call, lib, sized
from .boundary import lent
from .domains import Domain
from .network import Network

if TYPE_CHECKING:
    from mpl_toolkits.mplot3d import Axes3D

__all__ = ["Surface"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Surface(Native):
    """The border of the solid on which an output is below a level: a mesh of V vertices, E edges and F polygons.

    Made by :meth:`cpwl.Network.surface`, for neural signed distance functions for instance. Polygons are plane and
    convex, and counter-clockwise as seen from where the output is larger. Vertices are named by what makes them, never
    by coordinates, so the mesh is watertight: away from the sides of the domain every edge has exactly two polygons
    (where the solid touches itself, an even number). Cells of the partition that cannot hold any of the surface are not
    worked out.

    Parameters
    ----------
    network : Network
    domain : Box, Polyhedron or any other bounded polyhedral domain of dimension 3
    output : int
    level : float
    max_cells : int
        Give up with LimitError beyond that many cells; 0 = no limit.
    context : Context, optional
    **options
        `threads`, `isa`, `reference`, `memory_limit`, `progress`, `cancel` of a :class:`Context` for this call.

    Raises
    ------
    ArgumentError
        If there is no such output.
    UnsupportedError
        For layers of max units; the message names the layer.
    """

    _rebuild = "compute it again from the network and the domain"

    def __init__(
        self,
        network: Network,
        domain: Domain,
        output: int = 0,
        level: float = 0.0,
        *,
        max_cells: int = 0,
        context: _context.Context | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(domain, Domain):
            raise TypeError(f"domain is a {type(domain).__name__}; expected a domain of dimension 3")
        settings = sized(_abi.SurfaceOptions, output=output, level=level, max_cells=max_cells)
        run = _context.resolve(context, options)
        arguments = (run, network._handle, domain._handle, ctypes.byref(settings))
        self._handle = run._run(lambda: Handle(lib.cpwl_surface_free, lib.cpwl_surface_new, *arguments))
        self.network, self.domain, self.output, self.level = network, domain, output, level
        self._info = sized(_abi.SurfaceSummary)
        call(lib.cpwl_surface_info, None, self._handle, ctypes.byref(self._info))

    def __repr__(self) -> str:
        return f"<cpwl.Surface: {len(self)} polygons of area {self.area:g}>"

    def __len__(self) -> int:
        return self._info.n_polygons

    @property
    def area(self) -> float:
        """Area in (u, v, w) units."""
        return self._info.area

    @property
    def volume(self) -> float:
        """Volume of the part of the domain in which the output is below the level: of the inside of a signed distance
        function."""
        return self._info.volume_below

    @property
    def euler_characteristic(self) -> int:
        """V - E + F: 2 for a sphere, 0 for a torus, summed over the parts of a closed surface."""
        return self._info.euler

    @property
    def is_manifold(self) -> bool:
        """Whether every edge has one polygon, or two that pass it in opposite directions."""
        return bool(self._info.is_manifold)

    @property
    def is_closed(self) -> bool:
        """Whether the surface stays away from the sides of the domain: no edge has an odd number of polygons."""
        return bool(self._info.is_closed)

    @property
    def n_cells(self) -> int:
        """Cells at which the search ended: how many a partition would have had, without those let go early."""
        return self._info.n_cells

    @property
    def flat_cells(self) -> int:
        """Cells on which the output has the level everywhere."""
        return self._info.flat_cells

    @property
    def vertex_error(self) -> float:
        """A bound of the error of vertex coordinates."""
        return self._info.vertex_error

    @cached_property
    def vertices(self) -> Floats:
        """(V, 3) vertices, each once."""
        return self._array(_abi.CPWL_SURFACE_VERTICES)

    @cached_property
    def edges(self) -> Ints:
        """(E, 2) vertices of every edge, each edge once."""
        return self._array(_abi.CPWL_SURFACE_EDGES)

    @cached_property
    def edge_polygons(self) -> npt.NDArray[np.int32]:
        """(E,) number of polygons at every edge."""
        return self._array(_abi.CPWL_SURFACE_EDGE_POLYGONS)

    @cached_property
    def polygon_offsets(self) -> Ints:
        """(F + 1,) polygon i has entries ``polygon_offsets[i]:polygon_offsets[i + 1]`` of `polygon_vertices`."""
        return self._array(_abi.CPWL_SURFACE_POLYGON_OFFSETS)

    @cached_property
    def polygon_vertices(self) -> Ints:
        """Vertices of all polygons, counter-clockwise as seen from where the output is larger."""
        return self._array(_abi.CPWL_SURFACE_POLYGON_VERTICES)

    @cached_property
    def gradients(self) -> Floats:
        """(F, 3) gradient of the output on every polygon: a normal, towards larger values."""
        return self._array(_abi.CPWL_SURFACE_GRADIENTS)

    @cached_property
    def triangles(self) -> Ints:
        """(T, 3) the polygons cut into fans of triangles, with the same vertices and orientation."""
        starts, sizes = self.polygon_offsets[:-1], np.diff(self.polygon_offsets)
        counts = sizes - 2
        first = np.repeat(starts, counts)
        step = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return self.polygon_vertices[np.stack([first, first + step + 1, first + step + 2], 1)]

    def polygons(self) -> list[Ints]:
        """The vertices of each polygon."""
        return np.split(self.polygon_vertices, self.polygon_offsets[1:-1]) if len(self) else []

    def export(self, path: str | os.PathLike[str]) -> None:
        """Writes the mesh to a file, in the format that its name ends with.

        ``.ply`` or ``.obj`` (text, polygons, all digits of the coordinates) or ``.stl``
        (binary, triangles in single precision with normals; that format knows no shared vertices).
        """
        from ._mesh_files import write

        write(self, os.fspath(path))

    def to_trimesh(self) -> Any:
        """The triangles as a ``trimesh.Trimesh`` (`pip install trimesh`), vertices as they are."""
        import trimesh

        return trimesh.Trimesh(self.vertices, self.triangles, process=False)

    def plot(self, ax: Axes3D | None = None, *, edges: bool = True, **style: Any) -> Axes3D:
        """Draws the surface with matplotlib, shaded by its normals.

        Parameters
        ----------
        ax : matplotlib 3-D axes, optional
        edges : bool
            Whether to draw the edges of the polygons.
        **style
            Passed on to matplotlib's Poly3DCollection, e.g. ``facecolors="teal"``.
        """
        from ._plot3d import plot_surface

        return plot_surface(self, ax, edges, style)

    def _array(self, which: int) -> Any:
        return lent(lib.cpwl_surface_array, self._handle, which)
