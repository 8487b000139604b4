"""Domains of a partition: convex pieces of the plane, or of a plane through a high-dimensional input space."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import _tensor
from ._lib import Handle, Native, lib

__all__ = ["Box", "Domain", "Polygon", "Slice"]

Array = npt.NDArray[np.float64]


class Domain(Native):
    """Base of all domains: a convex polygon in coordinates (u, v), and where it lies in the input space.

    Attributes
    ----------
    vertices : (m, 2) array
        The polygon in (u, v), as given.
    """

    vertices: Array

    def tile(self, nu: int, nv: int, i: int, j: int) -> Domain | None:
        """Tile (i, j) of a grid of `nu` x `nv` tiles over the bounding box; None if it has no area in common with the
        domain. Exact: tiles that meet share their seam, and their partitions add up to that of the whole
        (:class:`cpwl.Seams`)."""
        tile = Tile(self, nu, nv, i, j)
        return tile if tile._handle._pointer else None

    def tiles(self, nu: int, nv: int) -> list[Domain]:
        """All tiles of a grid that have an area in common with the domain, row by row. See :meth:`tile`."""
        every = (self.tile(nu, nv, i, j) for j in range(nv) for i in range(nu))
        return [tile for tile in every if tile is not None]

    def to_input(self, points: Any) -> Array:
        """Points (..., 2) of the plane as inputs of the network (..., input...)."""
        return np.asarray(points, dtype=np.float64)

    def __repr__(self) -> str:
        return f"<cpwl.{type(self).__name__} with {len(self.vertices)} corners>"


class Box(Domain):
    """The rectangle ``lo[0] <= u <= hi[0]``, ``lo[1] <= v <= hi[1]`` in a 2-D input space.

    Parameters
    ----------
    lo, hi : (2,)

    Raises
    ------
    ArgumentError
        If the box has no area.
    UnsupportedError
        If it is not 2-D.
    """

    def __init__(self, lo: Any, hi: Any) -> None:
        corners = _tensor.borrow(lo, "lo"), _tensor.borrow(hi, "hi")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_box, None, *corners)
        (u0, v0), (u1, v1) = _tensor.to_float64(lo, "lo"), _tensor.to_float64(hi, "hi")
        self.vertices = np.array([[u0, v0], [u1, v0], [u1, v1], [u0, v1]])


class Polygon(Domain):
    """A convex polygon in a 2-D input space.

    Parameters
    ----------
    vertices : (m, 2)
        In either direction; repeated and collinear vertices do no harm.

    Raises
    ------
    ArgumentError
        With fewer than three vertices, without area, or when sides cross.
    UnsupportedError
        If it is not convex: split it into convex parts.
    """

    def __init__(self, vertices: Any) -> None:
        borrowed = _tensor.borrow(vertices, "vertices")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_polygon, None, borrowed)
        self.vertices = _tensor.to_float64(vertices, "vertices")


class Slice(Domain):
    """The part ``origin + u axes[0] + v axes[1]`` of an input space of any dimension, (u, v) in a convex polygon.

    Areas and lengths of results are in (u, v) units; the axes need not be orthonormal.

    Parameters
    ----------
    origin : (D,) or the network's input shape
    axes : (2, D) or (2, input shape...)
    polygon : (m, 2), optional
        In (u, v); default the square [-1, 1]^2.

    Raises
    ------
    ArgumentError
        If the axes are linearly dependent.
    """

    def __init__(self, origin: Any, axes: Any, polygon: Any = None) -> None:
        if polygon is None:
            polygon = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
        arrays = (
            _tensor.borrow(origin, "origin"),
            _tensor.borrow(axes, "axes"),
            _tensor.borrow(polygon, "polygon"),
        )
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_slice, None, *arrays)
        self._place(_tensor.to_float64(origin, "origin"), _tensor.to_float64(axes, "axes"))
        self.vertices = _tensor.to_float64(polygon, "polygon")

    @classmethod
    def through(cls, a: Any, b: Any, c: Any, margin: float = 0.25) -> Slice:
        """The plane through three inputs, at (u, v) = (0, 0), (1, 0) and (0, 1): the square that holds them plus
        `margin` on every side.
        """
        points = [_tensor.to_float64(p, name) for p, name in ((a, "a"), (b, "b"), (c, "c"))]
        anchors = np.stack(points)
        self = cls.__new__(cls)
        borrowed = _tensor.borrow(anchors, "anchors")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_slice_anchors, None, borrowed, margin)
        self._place(points[0], anchors[1:] - anchors[0])
        lo, hi = -margin, 1 + margin
        self.vertices = np.array([[lo, lo], [hi, lo], [hi, hi], [lo, hi]])
        return self

    def _place(self, origin: Array, axes: Array) -> None:
        self.origin, self.axes = origin, axes

    def to_input(self, points: Any) -> Array:
        points = np.asarray(points, dtype=np.float64)
        return self.origin + np.tensordot(points, self.axes, axes=([-1], [0]))


class Tile(Domain):
    """A part of another domain, made by :meth:`Domain.tile`."""

    def __init__(self, whole: Domain, nu: int, nv: int, i: int, j: int) -> None:
        place = (nu, nv, i, j)
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_tile, None, whole._handle, *place)
        self.whole = whole
        self.vertices = whole.vertices
        lo, hi = whole.vertices.min(axis=0), whole.vertices.max(axis=0)
        for axis, n, k in ((0, nu, i), (1, nv, j)):
            for sign, m in ((1, k), (-1, k + 1)):
                if 0 < m < n:
                    seam = lo[axis] + (hi[axis] - lo[axis]) * (m / n)
                    self.vertices = _clip(self.vertices, sign * (self.vertices[:, axis] - seam))

    def to_input(self, points: Any) -> Array:
        return self.whole.to_input(points)


def _clip(polygon: Array, heights: Array) -> Array:
    """The part of a convex polygon where a function with those values at the corners is >= 0."""
    kept = []
    for i, (corner, height) in enumerate(zip(polygon, heights)):
        before, other = polygon[i - 1], heights[i - 1]
        if (height < 0) != (other < 0):
            kept.append(before + other / (other - height) * (corner - before))
        if height >= 0:
            kept.append(corner)
    return np.array(kept).reshape(-1, 2)
