"""Statistics of a partition."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi
from ._lib import Handle, Native, call, lib, sized
from .boundary import lent, metric_code

if TYPE_CHECKING:
    from .regions import Partition

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Stats(Native):
    """Numbers that describe a partition, in total and for every region.

    Lengths, areas and slopes are in (u, v) units, or, with ``metric="ambient"``, in those of the input space. `print`
    shows the totals. F is the number of regions, E that of edges, L that of lines (a line is what one unit made).

    Attributes
    ----------
    regions, vertices, edges : int
    euler : int
        V - E + F, which is 1 on a convex domain.
    linear_pieces : int
        Regions merged across edges on which the affine map is exactly the same.
    cells_after_layer : tuple of int
        Number of cells after each layer of units.
    exact_signs : int
        Signs decided in exact arithmetic.
    area : float
        Sum over all regions.
    area_min, area_max, area_mean, area_std : float
    vertices_per_cell, neighbours_per_cell : float
        Means.
    perimeter : float
        Mean over the regions.
    eccentricity_mean, eccentricity_std : float
        Of SplineCam's eccentricity, see `eccentricities`.
    moment_eccentricity_mean : float
    inradius_mean, inradius_max : float
    centrality : float
        Mean distance of the vertices from the mean of all vertices.
    slope_mean, slope_max : float
        Frobenius norm of the linear map of a region.
    spectral_mean, spectral_max : float
        Spectral norm of the linear map of a region.
    edge_length : float
        Total length of all edges, each counted once, sides of the domain included.
    """

    _rebuild = "compute them again from the partition"

    regions: int
    vertices: int
    edges: int
    euler: int
    linear_pieces: int
    cells_after_layer: tuple[int, ...]
    exact_signs: int
    area: float
    area_min: float
    area_max: float
    area_mean: float
    area_std: float
    vertices_per_cell: float
    neighbours_per_cell: float
    perimeter: float
    eccentricity_mean: float
    eccentricity_std: float
    moment_eccentricity_mean: float
    inradius_mean: float
    inradius_max: float
    centrality: float
    slope_mean: float
    slope_max: float
    spectral_mean: float
    spectral_max: float
    edge_length: float

    @classmethod
    def of(cls, p: Partition, metric: str = "domain") -> Stats:
        """The statistics of `p`, which must hold polygons, patterns, maps and mesh."""
        options = sized(_abi.StatisticsOptions, metric=metric_code(metric))
        run = p._context
        arguments = (run, p._handle, ctypes.byref(options))
        handle = run._run(lambda: Handle(lib.cpwl_statistics_free, lib.cpwl_statistics_new, *arguments))
        info = sized(_abi.StatisticsSummary)
        call(lib.cpwl_statistics_info, None, handle, ctypes.byref(info))

        def spread(quantity: int) -> Any:
            numbers = sized(_abi.Spread)
            call(lib.cpwl_statistics_spread, None, handle, quantity, ctypes.byref(numbers))
            return numbers

        area, eccentricity = spread(_abi.CPWL_QUANTITY_AREA), spread(_abi.CPWL_QUANTITY_ECCENTRICITY)
        inradius, slope = spread(_abi.CPWL_QUANTITY_INRADIUS), spread(_abi.CPWL_QUANTITY_SLOPE_FROBENIUS)
        spectral = spread(_abi.CPWL_QUANTITY_SLOPE_SPECTRAL)
        n_vertices, n_edges = len(p.vertices), len(p.edges)
        self = cls(
            regions=p.n_regions,
            vertices=n_vertices,
            edges=n_edges,
            euler=n_vertices - n_edges + p.n_regions,
            linear_pieces=p.n_linear_pieces,
            cells_after_layer=tuple(int(n) for n in p.layer_cells),
            exact_signs=p.exact_signs,
            area=area.total,
            area_min=area.min,
            area_max=area.max,
            area_mean=area.mean,
            area_std=area.std,
            vertices_per_cell=spread(_abi.CPWL_QUANTITY_VERTICES).mean,
            neighbours_per_cell=spread(_abi.CPWL_QUANTITY_NEIGHBOURS).mean,
            perimeter=spread(_abi.CPWL_QUANTITY_PERIMETER).mean,
            eccentricity_mean=eccentricity.mean,
            eccentricity_std=eccentricity.std,
            moment_eccentricity_mean=spread(_abi.CPWL_QUANTITY_MOMENT_ECCENTRICITY).mean,
            inradius_mean=inradius.mean,
            inradius_max=inradius.max,
            centrality=info.centrality,
            slope_mean=slope.mean,
            slope_max=slope.max,
            spectral_mean=spectral.mean,
            spectral_max=spectral.max,
            edge_length=info.edge_length,
        )
        object.__setattr__(self, "_handle", handle)  # no field: it is neither shown nor compared
        return self

    @cached_property
    def areas(self) -> Floats:
        """(F,) areas."""
        return self._array(_abi.CPWL_STATISTICS_AREAS)

    @cached_property
    def perimeters(self) -> Floats:
        """(F,) lengths of the borders."""
        return self._array(_abi.CPWL_STATISTICS_PERIMETERS)

    @cached_property
    def vertex_counts(self) -> Ints:
        """(F,) numbers of vertices."""
        return self._array(_abi.CPWL_STATISTICS_VERTEX_COUNTS)

    @cached_property
    def neighbour_counts(self) -> Ints:
        """(F,) numbers of regions across an edge."""
        return np.diff(self.neighbour_offsets)

    @cached_property
    def eccentricities(self) -> Floats:
        """(F,) largest over smallest distance of two vertices, 1e-10 being added to the smallest (SplineCam)."""
        return self._array(_abi.CPWL_STATISTICS_ECCENTRICITIES)

    @cached_property
    def moment_eccentricities(self) -> Floats:
        """(F,) eccentricity of the ellipse with the second moments of the region: 0 is round, 1 a line."""
        return self._array(_abi.CPWL_STATISTICS_MOMENT_ECCENTRICITIES)

    @cached_property
    def inradii(self) -> Floats:
        """(F,) radii of the largest circles inside."""
        return self._array(_abi.CPWL_STATISTICS_INRADII)

    @cached_property
    def incentres(self) -> Floats:
        """(F, 2) centres of those circles, in (u, v); of the largest ones the middle one."""
        return self._array(_abi.CPWL_STATISTICS_INCENTRES)

    @cached_property
    def slopes(self) -> Floats:
        """(F,) Frobenius norms of the linear maps."""
        return self._array(_abi.CPWL_STATISTICS_SLOPES_FROBENIUS)

    @cached_property
    def spectral_norms(self) -> Floats:
        """(F,) spectral norms of the linear maps."""
        return self._array(_abi.CPWL_STATISTICS_SLOPES_SPECTRAL)

    @cached_property
    def neighbour_offsets(self) -> Ints:
        """(F + 1,) the neighbours of region i are ``neighbours[neighbour_offsets[i]:neighbour_offsets[i + 1]]``:
        with ones as data, the adjacency matrix of `scipy.sparse.csr_array`."""
        return self._array(_abi.CPWL_STATISTICS_NEIGHBOUR_OFFSETS)

    @cached_property
    def neighbours(self) -> Ints:
        """Regions across the edges of each region, in the order of its sides."""
        return self._array(_abi.CPWL_STATISTICS_NEIGHBOURS)

    @cached_property
    def line_layers(self) -> npt.NDArray[np.int32]:
        """(L,) layer of units of each line; -1 for the sides of the domain."""
        return self._array(_abi.CPWL_STATISTICS_LINE_LAYER)

    @cached_property
    def line_units(self) -> Ints:
        """(L,) unit within that layer, or side of the domain. Units that made no edge have no line."""
        return self._array(_abi.CPWL_STATISTICS_LINE_UNIT)

    @cached_property
    def line_lengths(self) -> Floats:
        """(L,) total length of the edges of each line."""
        return self._array(_abi.CPWL_STATISTICS_LINE_LENGTH)

    @cached_property
    def line_offsets(self) -> Ints:
        """(L + 1,) the edges of line i are ``line_edges[line_offsets[i]:line_offsets[i + 1]]``."""
        return self._array(_abi.CPWL_STATISTICS_LINE_OFFSETS)

    @cached_property
    def line_edges(self) -> Ints:
        """(E,) edges, line by line."""
        return self._array(_abi.CPWL_STATISTICS_LINE_EDGES)

    @cached_property
    def layer_cells_added(self) -> Ints:
        """(unit layers,) regions that each layer added."""
        return self._array(_abi.CPWL_STATISTICS_LAYER_CELLS_ADDED)

    @cached_property
    def layer_lengths(self) -> Floats:
        """(unit layers,) total length of the edges that each layer made."""
        return self._array(_abi.CPWL_STATISTICS_LAYER_LENGTH)

    def __str__(self) -> str:
        rows = [(f.name.replace("_", " "), getattr(self, f.name)) for f in fields(self)]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {_text(value)}" for name, value in rows)

    def _array(self, which: int) -> Any:
        return lent(lib.cpwl_statistics_array, self._handle, which)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
