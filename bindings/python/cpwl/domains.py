"""Domains: convex sets of any dimension, in the input space itself or in a slice of it."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from ._lib import Handle, Native, call, lib, sized

__all__ = ["Ball", "Box", "Domain", "Polygon", "Polytope", "Simplex", "Slice", "Space"]

Array = npt.NDArray[np.float64]


class Domain(Native):
    """Base of all domains: a convex set of dimension d, and where it lies in the input space.

    Attributes
    ----------
    dim : int
        Dimension d. The coordinates of a plane domain are called (u, v).
    vertices : (m, 2) array
        The polygon in (u, v), as given; plane domains only.
    """

    dim: int = 2
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

    @property
    def is_plane(self) -> bool:
        """Whether the domain is a polygon, which is partitioned exactly."""
        return bool(self._info().plane)

    @property
    def bounded(self) -> bool:
        """Whether the domain is bounded."""
        return bool(self._info().bounded)

    def _info(self) -> Any:
        info = sized(_abi.DomainSummary)
        call(lib.cpwl_domain_info, None, self._handle, ctypes.byref(info))
        return info

    def to_input(self, points: Any) -> Array:
        """Points (..., d) of the domain as inputs of the network (..., input...)."""
        return np.asarray(points, dtype=np.float64)

    def __repr__(self) -> str:
        if not self.is_plane:
            return f"<cpwl.{type(self).__name__} of dimension {self.dim}>"
        return f"<cpwl.{type(self).__name__} with {len(self.vertices)} corners>"


class Box(Domain):
    """The box of all x with ``lo[i] <= x[i] <= hi[i]``, of any dimension.

    Parameters
    ----------
    lo, hi : (d,)

    Raises
    ------
    ArgumentError
        If the box has no interior.
    """

    def __init__(self, lo: Any, hi: Any) -> None:
        corners = _tensor.borrow(lo, "lo"), _tensor.borrow(hi, "hi")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_box, None, *corners)
        self.lo, self.hi = _tensor.to_float64(lo, "lo"), _tensor.to_float64(hi, "hi")
        self.dim = len(self.lo)
        if self.dim == 2:
            (u0, v0), (u1, v1) = self.lo, self.hi
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


class Simplex(Domain):
    """The simplex of d + 1 vertices.

    Parameters
    ----------
    vertices : (d + 1, d)

    Raises
    ------
    ArgumentError
        If the vertices lie in a hyperplane.
    """

    def __init__(self, vertices: Any) -> None:
        borrowed = _tensor.borrow(vertices, "vertices")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_simplex, None, borrowed)
        self.vertices = _tensor.to_float64(vertices, "vertices")
        self.dim = self.vertices.shape[1]


class Polytope(Domain):
    """The polytope of all x with ``a @ x <= b``, bounded or not.

    Parameters
    ----------
    a : (m, d)
    b : (m,)

    Raises
    ------
    ArgumentError
        If the half-spaces have no interior in common.
    """

    def __init__(self, a: Any, b: Any) -> None:
        arrays = _tensor.borrow(a, "a"), _tensor.borrow(b, "b")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_polytope, None, *arrays)
        self.a, self.b = _tensor.to_float64(a, "a"), _tensor.to_float64(b, "b")
        self.dim = self.a.shape[1]


class Ball(Domain):
    """The ball of all x with ``|x - center| <= radius``.

    Parameters
    ----------
    center : (d,)
    radius : float
    """

    def __init__(self, center: Any, radius: float) -> None:
        borrowed = _tensor.borrow(center, "center")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_ball, None, borrowed, radius)
        self.center, self.radius = _tensor.to_float64(center, "center"), float(radius)
        self.dim = len(self.center)


class Space(Domain):
    """The whole space of `dim` coordinates."""

    def __init__(self, dim: int) -> None:
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_space, None, dim)
        self.dim = dim


class Slice(Domain):
    """The part ``origin + sum of t[j] axes[j]`` of an input space of any dimension, t in a domain with a coordinate for
    each axis.

    Areas, lengths and volumes of results are in units of t (in the plane: (u, v)); the axes need not be orthonormal.

    Parameters
    ----------
    origin : (D,) or the network's input shape
    axes : (d, D) or (d, input shape...)
    polygon : (m, 2) or Domain, optional
        A convex polygon in (u, v), or a domain of dimension d; default the box [-1, 1]^d.

    Raises
    ------
    ArgumentError
        If the axes are linearly dependent.
    """

    def __init__(self, origin: Any, axes: Any, polygon: Any = None) -> None:
        self._place(_tensor.to_float64(origin, "origin"), _tensor.to_float64(axes, "axes"))
        self.dim = len(self.axes)
        if polygon is None:
            polygon = Box(-np.ones(self.dim), np.ones(self.dim))
        self.within = within = polygon if isinstance(polygon, Domain) else Polygon(polygon)
        arrays = _tensor.borrow(origin, "origin"), _tensor.borrow(axes, "axes")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_embed, None, within._handle, *arrays)
        if self.is_plane:
            self.vertices = within.vertices

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
