"""A convex polyhedron as a domain."""

from __future__ import annotations

from typing import Any

from . import _tensor
from ._lib import Handle, lib
from .domains import Domain

__all__ = ["Polyhedron"]


class Polyhedron(Domain):
    """The convex hull of points in space.

    Parameters
    ----------
    vertices : (n, 3)
        4 to 512 points in any order; points inside are fine. Taken exactly.

    Raises
    ------
    ArgumentError
        If the points lie in a plane.
    """

    dim = 3

    def __init__(self, vertices: Any) -> None:
        points = _tensor.borrow(vertices, "vertices")
        self._handle = Handle(lib.cpwl_domain_free, lib.cpwl_domain_polyhedron, None, points)
        self.vertices = _tensor.to_float64(vertices, "vertices")
