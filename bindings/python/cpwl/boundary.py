"""Decision boundaries and level sets: line segments in the domain of a partition."""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from ._lib import Handle, Native, call, lib, sized

if TYPE_CHECKING:
    from .regions import Partition

__all__ = ["Boundary"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

METRICS = {"domain": _abi.CPWL_METRIC_DOMAIN, "ambient": _abi.CPWL_METRIC_AMBIENT}


class Boundary(Native):
    """Line segments in the domain: a decision boundary or a level set.

    Made by :meth:`Partition.decision_boundary` and :meth:`Partition.level_set`.
    """

    _rebuild = "compute it again from the partition"

    def __init__(self, partition: Partition, mode: int, output: int = 0, level: float = 0.0) -> None:
        options = sized(_abi.BoundaryOptions, mode=mode, output=output, level=level)
        run = partition._context
        arguments = (run, partition._handle, ctypes.byref(options))
        self._handle = run._run(lambda: Handle(lib.cpwl_boundary_free, lib.cpwl_boundary_new, *arguments))
        self.partition = partition
        info = sized(_abi.BoundarySummary)
        call(lib.cpwl_boundary_info, None, self._handle, ctypes.byref(info))
        self._info = info

    def __repr__(self) -> str:
        return f"<cpwl.Boundary: {len(self)} segments of length {self.length:g}>"

    def __len__(self) -> int:
        return self._info.n_segments

    @property
    def length(self) -> float:
        """Total length in (u, v) units."""
        return self.interior_length + self.on_edge_length

    @property
    def interior_length(self) -> float:
        """Length of the pieces strictly inside regions."""
        return self._info.interior_length

    @property
    def on_edge_length(self) -> float:
        """Length of the pieces that lie on edges of regions, each counted once."""
        return self._info.on_edge_length

    @cached_property
    def segments(self) -> Floats:
        """(n, 2, 2) end points of every segment."""
        return self._array(_abi.CPWL_BOUNDARY_SEGMENTS)

    @cached_property
    def cell(self) -> Ints:
        """(n,) the region of every segment."""
        return self._array(_abi.CPWL_BOUNDARY_CELL)

    @cached_property
    def labels(self) -> npt.NDArray[np.int32]:
        """(n, 2) the two classes that meet at every segment."""
        return self._array(_abi.CPWL_BOUNDARY_LABELS)

    @cached_property
    def on_edge(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the segment lies on an edge of its region."""
        return self._array(_abi.CPWL_BOUNDARY_ON_EDGE).astype(bool)

    @cached_property
    def flat_cells(self) -> Ints:
        """Regions on the whole of which the tie or the level holds: they belong to the set, but have no length."""
        return self._array(_abi.CPWL_BOUNDARY_FLAT_CELLS)

    def sample(self, n: int, seed: int = 0) -> Floats:
        """(n, 2) random points, uniform along the length of the segments; the same for the same seed.

        Raises
        ------
        ValueError
            If there is no boundary.
        """
        lengths = np.linalg.norm(self.segments[:, 1] - self.segments[:, 0], axis=1)
        ends = np.cumsum(lengths)
        if not len(ends) or ends[-1] == 0:
            raise ValueError("there is no boundary to sample from")
        where, along = np.random.Generator(np.random.Philox(seed)).random((2, n))
        chosen = np.searchsorted(ends, where * ends[-1], side="right")
        segments = self.segments[np.minimum(chosen, len(ends) - 1)]  # rounding may go beyond the end
        return segments[:, 0] + along[:, None] * (segments[:, 1] - segments[:, 0])

    def _array(self, which: int) -> Any:
        return lent(lib.cpwl_boundary_array, self._handle, which)


def lent(getter: Any, handle: Handle, which: int) -> np.ndarray:
    """Array `which` of a result, as a read-only view of the library's memory."""
    tensor = _abi.Tensor()
    call(getter, None, handle, which, ctypes.byref(tensor))
    return _tensor.lend(handle, tensor)
