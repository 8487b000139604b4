"""Convex sets of any dimension, on which networks are made affine: see :func:`cpwl.police`.

>>> import cpwl
>>> room = cpwl.Cube([0, 0], [2, 1]) + cpwl.LpBall([0, 0], 0.5, p=2)
>>> room.support([1, 0])
2.5
>>> room.scaled(0.5).support([1, 0])
1.25
"""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor, domains
from ._lib import Handle, Native, call, lib, sized

__all__ = [
    "ConvexSet",
    "CornerSimplex",
    "Cube",
    "Ellipsoid",
    "HPolytope",
    "LpBall",
    "ProbabilitySimplex",
    "Vertices",
    "Zonotope",
    "as_set",
    "hull",
    "product",
]

Array = npt.NDArray[np.float64]


class ConvexSet(Native):
    """Base of all convex sets: non-empty, closed, perhaps unbounded or flat.

    ``a + b`` is the Minkowski sum of two sets; see also :func:`product`, :func:`hull`, :meth:`image` and
    :meth:`scaled`.
    """

    _rebuild = "build it again"

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    @cached_property
    def _info(self) -> Any:
        info = sized(_abi.SetSummary)
        call(lib.cpwl_set_info, None, self._handle, ctypes.byref(info))
        return info

    @property
    def dim(self) -> int:
        """Dimension of the space."""
        return self._info.dim

    @property
    def rank(self) -> int:
        """Dimension of the set itself, from 0 for a point to `dim`."""
        return self._info.affine_rank

    @property
    def bounded(self) -> bool:
        """Whether the set is bounded."""
        return bool(self._info.bounded)

    @cached_property
    def rows(self) -> Array:
        """(n, dim) the points and directions that the set is kept as, in the order that each class documents: what it
        costs to carry it through a network, and the form in which gradients with respect to it come back. Read-only."""
        tensor = _abi.Tensor()
        call(lib.cpwl_set_rows, None, self._handle, ctypes.byref(tensor))
        return _tensor.lend(self._handle, tensor)

    def support(self, directions: Any) -> Any:
        """The largest value of ``a @ x`` over the set for directions (..., dim); infinite where there is none. The
        smallest is ``-support(-a)``."""
        a = _tensor.to_float64(directions, "directions")
        values = np.empty(a.shape[:-1])
        flat = np.ascontiguousarray(a.reshape(-1, a.shape[-1] if a.ndim else 1))
        out = np.empty(len(flat))
        call(
            lib.cpwl_set_support, None, self._handle, _tensor.borrow(flat, "directions"), _tensor.borrow(out, "values")
        )
        values[...] = out.reshape(values.shape)
        return float(values) if values.ndim == 0 else values

    def extreme(self, directions: Any) -> Array:
        """Points of the set at which ``a @ x`` is largest, for directions (..., dim). Rays do not take part."""
        a = np.ascontiguousarray(_tensor.to_float64(directions, "directions"))
        flat = a.reshape(-1, a.shape[-1] if a.ndim else 1)
        points = np.empty_like(flat)
        arrays = _tensor.borrow(flat, "directions"), _tensor.borrow(points, "points")
        call(lib.cpwl_set_extreme, None, self._handle, *arrays)
        return points.reshape(a.shape)

    def outline(self, n: int = 360) -> Array:
        """(m, 2) corners of a set in the plane, counter-clockwise: all of a polygon whose sides differ by more than 360
        / `n` degrees, points of the boundary of any other set. Rays are left out."""
        if self.dim != 2:
            raise ValueError(f"the set has dimension {self.dim}; an outline needs 2")
        angle = 2 * np.pi * (np.arange(n) + 0.5) / n
        points = self.extreme(np.stack([np.cos(angle), np.sin(angle)], axis=1))
        fresh = (points != np.roll(points, 1, axis=0)).any(axis=1)
        return points[fresh] if fresh.any() else points[:1]

    def sample(self, n: int, seed: int = 0) -> Array:
        """(n, dim) points of the set, the same for the same seed everywhere. They reach all of it, its boundary too,
        but not uniformly; rays up to about the size of the rest."""
        points = np.empty((n, self.dim))
        call(lib.cpwl_set_sample, None, self._handle, seed, _tensor.borrow(points, "points"))
        return points

    def scaled(self, t: float) -> ConvexSet:
        """The set scaled by `t`, 0 <= t <= 1, about its centre (the mean of its points where it has none)."""
        return ConvexSet(Handle(lib.cpwl_set_free, lib.cpwl_set_scaled, None, self._handle, t))

    def image(self, matrix: Any, shift: Any = None) -> ConvexSet:
        """The image of the set under ``x -> matrix @ x + shift``; `matrix` is (e, dim), `shift` (e,)."""
        shift = None if shift is None else _tensor.borrow(shift, "shift")
        arguments = (None, self._handle, _tensor.borrow(matrix, "matrix"), shift)
        return ConvexSet(Handle(lib.cpwl_set_free, lib.cpwl_set_image, *arguments))

    def __add__(self, other: Any) -> ConvexSet:
        if not isinstance(other, ConvexSet | domains.Domain):
            return NotImplemented
        return ConvexSet(Handle(lib.cpwl_set_free, lib.cpwl_set_sum, None, self._handle, as_set(other)._handle))

    def __radd__(self, other: Any) -> ConvexSet:
        return as_set(other) + self if isinstance(other, domains.Domain) else NotImplemented

    def __repr__(self) -> str:
        what = f"dimension {self.dim}" if self.rank == self.dim else f"rank {self.rank} in dimension {self.dim}"
        return f"<cpwl.{type(self).__name__} of {what}>"


class Cube(ConvexSet):
    """The box of all x with ``|x - center| <= radius`` along every axis. A radius may be 0.

    Parameters
    ----------
    center : (d,)
    radius : (d,) or float

    Raises
    ------
    ArgumentError
        BAD_REGION: a radius is negative.

    Notes
    -----
    Rows: the centre, then radius i times unit vector i.
    """

    def __init__(self, center: Any, radius: Any) -> None:
        self.center = _tensor.to_float64(center, "center")
        radius = _tensor.to_float64(radius, "radius")
        self.radius = np.full(len(self.center), radius) if radius.ndim == 0 else radius
        arrays = _tensor.borrow(self.center, "center"), _tensor.borrow(self.radius, "radius")
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_box, None, *arrays))


class Zonotope(ConvexSet):
    """All ``center + generators @ t`` with ``|t_j| <= 1``.

    Parameters
    ----------
    center : (d,)
    generators : (d, p)

    Notes
    -----
    Rows: the centre, then the columns of `generators`.
    """

    def __init__(self, center: Any, generators: Any) -> None:
        arrays = _tensor.borrow(center, "center"), _tensor.borrow(generators, "generators")
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_zonotope, None, *arrays))


class Ellipsoid(ConvexSet):
    """All ``center + shape @ t`` with ``|t|_2 <= 1``: an ellipsoid with the given semi-axes.

    Parameters
    ----------
    center : (d,)
    shape : (d, p)
        Of any rank. For ``(x - c)' Q^-1 (x - c) <= 1`` any matrix with ``shape @ shape.T == Q``, such as the Cholesky
        factor.

    Notes
    -----
    Rows: the centre, then the columns of `shape`.
    """

    def __init__(self, center: Any, shape: Any) -> None:
        arrays = _tensor.borrow(center, "center"), _tensor.borrow(shape, "shape")
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_ellipsoid, None, *arrays))


class LpBall(ConvexSet):
    """All x with ``|x - center|_p <= radius``.

    Parameters
    ----------
    center : (d,)
    radius : float
        May be 0.
    p : {1, 2, inf}

    Raises
    ------
    ArgumentError
        BAD_REGION: the radius is negative.
    UnsupportedError
        For another `p`.

    Notes
    -----
    Rows: the centre, then radius times unit vector i.
    """

    def __init__(self, center: Any, radius: Any, p: float = 2) -> None:
        size = float(_tensor.to_float64(radius, "radius"))
        arguments = (_tensor.borrow(center, "center"), size, float(p))
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_ball, None, *arguments))


class CornerSimplex(ConvexSet):
    """All ``origin + x`` with ``x >= 0`` that add up to `size` at most.

    Parameters
    ----------
    origin : (d,)
    size : float
        May be 0.

    Raises
    ------
    ArgumentError
        BAD_REGION: the size is negative.

    Notes
    -----
    Rows: the origin, then size times unit vector i.
    """

    def __init__(self, origin: Any, size: Any) -> None:
        arguments = (_tensor.borrow(origin, "origin"), float(_tensor.to_float64(size, "size")))
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_simplex, None, *arguments))


class ProbabilitySimplex(ConvexSet):
    """All ``x >= 0`` of `dim` numbers that add up to `size`.

    Notes
    -----
    Rows: its corners, size times unit vector i.
    """

    def __init__(self, dim: int, size: float = 1.0) -> None:
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_probability_simplex, None, dim, size))


class Vertices(ConvexSet):
    """The hull of points, and of everything in the directions of rays from it.

    Parameters
    ----------
    points : (n, d)
        Repeated points and flat hulls are fine.
    rays : (m, d), optional

    Raises
    ------
    ArgumentError
        EMPTY_REGION: there are no points.

    Notes
    -----
    Rows: the points, then the rays.
    """

    def __init__(self, points: Any, rays: Any = None) -> None:
        rays = None if rays is None else _tensor.borrow(rays, "rays")
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_vertices, None, _tensor.borrow(points, "points"), rays))


class HPolytope(ConvexSet):
    """All x with ``a @ x <= b``, which may be unbounded or flat.

    Parameters
    ----------
    a : (m, d)
    b : (m,)

    Raises
    ------
    ArgumentError
        EMPTY_REGION: no x satisfies that.

    Notes
    -----
    In few dimensions all vertices are enumerated; otherwise every range takes two linear programs. Rows: the vertices,
    or a point inside and directions.
    """

    def __init__(self, a: Any, b: Any) -> None:
        arrays = _tensor.borrow(a, "a"), _tensor.borrow(b, "b")
        super().__init__(Handle(lib.cpwl_set_free, lib.cpwl_set_polytope, None, *arrays))


def product(*sets: Any) -> ConvexSet:
    """The product of sets, in the space of all their coordinates one after the other. Rows: theirs in order."""
    return _of_several(lib.cpwl_set_product, sets)


def hull(*sets: Any) -> ConvexSet:
    """The convex hull of the union of sets of one space. Rows: those of the sets in order."""
    return _of_several(lib.cpwl_set_hull, sets)


def _of_several(function: Any, sets: tuple[Any, ...]) -> ConvexSet:
    parts = [as_set(s) for s in sets]
    handles = (ctypes.c_void_p * len(parts))(*(p._handle._pointer.value for p in parts))
    return ConvexSet(Handle(lib.cpwl_set_free, function, None, handles, len(parts)))


def as_set(region: Any) -> ConvexSet:
    """A domain as a convex set of the input space; sets are returned as they are.

    A box becomes a box that contains it, its radius rounded up where centre and radius are not exact. Other domains
    become what they are; a slice is rounded.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(region, ConvexSet):
        return region
    if isinstance(region, domains.Domain):
        return ConvexSet(Handle(lib.cpwl_set_free, lib.cpwl_set_from_domain, None, region._handle))
    raise TypeError(f"region is a {type(region).__name__}; expected a convex set or a domain")
