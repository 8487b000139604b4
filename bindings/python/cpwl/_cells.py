"""What partitions of every kind have in common: they are sequences of regions with patterns and affine maps."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from . import _tensor
from . import context as _context
from ._lib import Native, call, lib
from .boundary import lent
from .domains import Domain
from .network import Affine, Network


class Cells(Native):
    """Base of :class:`cpwl.Partition`, :class:`cpwl.Partition3D` and :class:`cpwl.Enumeration`."""

    _rebuild = "compute it again from the network and the domain"
    _noun: ClassVar[str]  # as in the functions cpwl_NOUN_array, _patterns and _locate

    network: Network
    domain: Domain
    _context: _context.Context
    _info: Any

    def __len__(self) -> int:
        return self.n_regions

    @property
    def n_regions(self) -> int:
        """The number of regions (activation cells)."""
        return self._info.n_regions

    @property
    def maps(self) -> Affine:
        """``a`` and ``b`` of every region, see :meth:`affine`."""
        raise NotImplementedError

    @cached_property
    def patterns(self) -> npt.NDArray[np.int32]:
        """(regions, n_units) activation pattern of every region, as :meth:`Network.pattern` gives it."""
        codes = np.empty((self.n_regions, self.network.n_units), np.int32)
        out = _tensor.borrow(codes, "codes")
        call(self._function("patterns"), None, self._handle, 0, self.n_regions, out)
        return codes

    def affine(self, i: int) -> Affine:
        """The output on region `i`: ``a @ t + b`` at the point t, in the coordinates of the domain."""
        i = self._index(i)
        return Affine(self.maps.a[i], self.maps.b[i])

    def locate(self, points: Any) -> Any:
        """Index of the region that holds each point: (n, d) to (n,), or (d,) to an int. -1 is outside the domain, or
        not among the regions of a partial result."""
        points = _tensor.borrow(points, "points")
        single = points.shape == (self.domain.dim,)
        points = points.as_batch() if single else points
        cells = np.empty(points.shape[:1], np.int64)
        out = _tensor.borrow(cells, "cells")
        call(self._function("locate"), self._context, self._handle, points, out)
        return int(cells[0]) if single else cells

    def _function(self, verb: str) -> Any:
        return getattr(lib, f"cpwl_{self._noun}_{verb}")

    def _index(self, i: int) -> int:
        if not -self.n_regions <= i < self.n_regions:
            raise IndexError(f"region {i} of {self.n_regions}")
        return i % self.n_regions

    def _array(self, which: int) -> Any:
        return lent(self._function("array"), self._handle, which)
