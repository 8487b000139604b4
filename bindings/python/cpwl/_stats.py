"""Statistics of a partition."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .regions import Partition


@dataclass(frozen=True)
class Stats:
    """Numbers that describe a partition; lengths and areas in (u, v) units.

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
        Largest over smallest distance between two vertices of a region.
    centrality : float
        Mean distance of the vertices from the mean of all vertices.
    slope_mean, slope_max : float
        Frobenius norm of the linear map of a region, with respect to (u, v).
    """

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
    centrality: float
    slope_mean: float
    slope_max: float

    @classmethod
    def of(cls, p: Partition) -> Stats:
        """The statistics of `p`, which must hold polygons, maps and mesh."""
        offsets = p.cell_offsets
        sides = np.diff(offsets)
        following = np.arange(1, len(p.polygons) + 1)
        following[offsets[1:] - 1] = offsets[:-1]
        lengths = np.linalg.norm(p.polygons[following] - p.polygons, axis=1)
        spread = _eccentricity(p, sides)
        slopes = np.linalg.norm(p.maps.a, axis=(1, 2))
        inner = np.count_nonzero((p.edge_cells >= 0).all(axis=1))
        n_vertices, n_edges = len(p.vertices), len(p.edges)
        return cls(
            regions=p.n_regions,
            vertices=n_vertices,
            edges=n_edges,
            euler=n_vertices - n_edges + p.n_regions,
            linear_pieces=p.n_linear_pieces,
            cells_after_layer=tuple(int(n) for n in p.layer_cells),
            exact_signs=p.exact_signs,
            area=p.area,
            area_min=float(p.areas.min()),
            area_max=float(p.areas.max()),
            area_mean=float(p.areas.mean()),
            area_std=float(p.areas.std()),
            vertices_per_cell=float(sides.mean()),
            neighbours_per_cell=2 * inner / p.n_regions,
            perimeter=float(lengths.sum() / p.n_regions),
            eccentricity_mean=float(spread.mean()),
            eccentricity_std=float(spread.std()),
            centrality=float(np.linalg.norm(p.vertices - p.vertices.mean(axis=0), axis=1).mean()),
            slope_mean=float(slopes.mean()),
            slope_max=float(slopes.max()),
        )

    def __str__(self) -> str:
        rows = [(f.name.replace("_", " "), getattr(self, f.name)) for f in fields(self)]
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {_text(value)}" for name, value in rows)


def _eccentricity(p: Partition, sides: np.ndarray) -> np.ndarray:
    """(F,) max / (min + 1e-10) of the distances between two vertices of a region."""
    result = np.empty(p.n_regions)
    for k in np.unique(sides):
        cells = np.flatnonzero(sides == k)
        points = p.polygons[p.cell_offsets[cells, None] + np.arange(k)]
        first, second = np.triu_indices(k, 1)
        distances = np.linalg.norm(points[:, first] - points[:, second], axis=2)
        result[cells] = distances.max(axis=1) / (distances.min(axis=1) + 1e-10)
    return result


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)
