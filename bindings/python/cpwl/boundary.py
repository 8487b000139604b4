"""Decision boundaries and level sets: line segments in the domain of a partition."""

from __future__ import annotations

import ctypes
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from ._lib import Handle, Native, call, lib, sized

if TYPE_CHECKING:
    from .regions import Partition

__all__ = ["Boundary", "Nearest"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_METRICS = {"domain": _abi.CPWL_METRIC_DOMAIN, "ambient": _abi.CPWL_METRIC_AMBIENT}


def metric_code(metric: str) -> int:
    """The code of a metric by its name."""
    if metric not in _METRICS:
        raise ValueError(f"metric is {metric!r}; expected one of {', '.join(map(repr, _METRICS))}")
    return _METRICS[metric]


class Nearest(NamedTuple):
    """The nearest points of a boundary.

    Attributes
    ----------
    distance : (n,) array
        Signed: positive on the side of the segment's first label, or of higher values. Infinite without a boundary.
    point : (n, 2) array
        In (u, v).
    segment : (n,) array
        The segment on which the point lies; -1 without a boundary.
    """

    distance: Floats
    point: Floats
    segment: Ints


class Boundary(Native):
    """Line segments in the domain, and the polylines that they form: a decision boundary or a level set.

    Made by :meth:`Partition.decision_boundary` and :meth:`Partition.level_set`. Segments and polylines are directed:
    the first label is the class on the left, the second that on the right; a level set has higher values on the left.
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
        """(n, 2) the classes on the left and on the right of every segment; (output, -1) for a level set."""
        return self._array(_abi.CPWL_BOUNDARY_LABELS)

    @cached_property
    def on_edge(self) -> npt.NDArray[np.bool_]:
        """(n,) whether the segment lies on an edge of its region."""
        return self._array(_abi.CPWL_BOUNDARY_ON_EDGE).astype(bool)

    @cached_property
    def flat_cells(self) -> Ints:
        """Regions on the whole of which the tie or the level holds: they belong to the set, but have no length."""
        return self._array(_abi.CPWL_BOUNDARY_FLAT_CELLS)

    @cached_property
    def sides(self) -> npt.NDArray[np.int32]:
        """(n, 2) signs, on the left and on the right, of the first output minus the second one or the level. Where they
        are equal (1 a valley, -1 a ridge) the segment has no direction."""
        return self._array(_abi.CPWL_BOUNDARY_SIDES)

    @cached_property
    def polylines(self) -> list[Floats]:
        """(k, 2) points of each polyline. It goes on where exactly two segments with the same labels meet, found by
        what made their ends and not by coordinates; a closed loop ends at the point at which it starts."""
        points = self._array(_abi.CPWL_BOUNDARY_POLYLINE_POINTS)
        return np.split(points, self.polyline_offsets[1:-1]) if len(points) else []

    @cached_property
    def polyline_offsets(self) -> Ints:
        """(P + 1,) the segments of polyline p are ``polyline_segments[offsets[p] - p : offsets[p + 1] - p - 1]``."""
        return self._array(_abi.CPWL_BOUNDARY_POLYLINE_OFFSETS)

    @cached_property
    def polyline_segments(self) -> Ints:
        """(n,) the segments of all polylines, in order."""
        return self._array(_abi.CPWL_BOUNDARY_POLYLINE_SEGMENTS)

    @cached_property
    def polyline_labels(self) -> npt.NDArray[np.int32]:
        """(P, 2) labels of each polyline."""
        return self._array(_abi.CPWL_BOUNDARY_POLYLINE_LABELS)

    @cached_property
    def polyline_closed(self) -> npt.NDArray[np.bool_]:
        """(P,) whether each polyline is a closed loop."""
        return self._array(_abi.CPWL_BOUNDARY_POLYLINE_CLOSED).astype(bool)

    @cached_property
    def polyline_ends(self) -> Ints:
        """(P, 2) the junctions at which each polyline starts and ends; -1 on the border of the domain."""
        return self._array(_abi.CPWL_BOUNDARY_POLYLINE_ENDS)

    @cached_property
    def junctions(self) -> Floats:
        """(J, 2) points at which three segments or more meet: three classes, or a saddle."""
        return self._array(_abi.CPWL_BOUNDARY_JUNCTIONS)

    def measure(self, metric: str = "domain") -> float:
        """Total length in (u, v) units, or with ``metric="ambient"`` in those of the input space of a Slice."""
        lengths = ctypes.c_double(), ctypes.c_double()
        arguments = (None, self._handle, metric_code(metric), *map(ctypes.byref, lengths))
        call(lib.cpwl_boundary_length, *arguments)
        return lengths[0].value + lengths[1].value

    def sample(self, n: int, seed: int = 0, *, metric: str = "domain", return_segments: bool = False) -> Any:
        """(n, 2) random points, uniform along the length of the segments.

        Point i depends on the seed and on i alone: the same on every machine, for any n and any number of threads.

        Parameters
        ----------
        n, seed : int
        metric : {"domain", "ambient"}
            Uniform by length in (u, v), or in the input space of a Slice.
        return_segments : bool
            Whether to return (n,) the segments of the points as well; `cell` has the region of each segment.

        Raises
        ------
        ValueError
            If there is no boundary.
        """
        points, segments = np.empty((n, 2)), np.empty(n, np.int64)
        options = sized(_abi.BoundaryPointsOptions, seed=seed, metric=metric_code(metric))
        out = _tensor.borrow(points, "points"), _tensor.borrow(segments, "segments")
        call(lib.cpwl_boundary_sample, self.partition._context, self._handle, ctypes.byref(options), *out, None)
        return (points, segments) if return_segments else points

    def nearest(self, points: Any, *, metric: str = "domain") -> Nearest:
        """The nearest point of the boundary to each of `points`, (n, 2) in the domain, and its signed distance.

        Distances are in (u, v) units or, with ``metric="ambient"``, in those of the input space of a Slice: how far an
        input has to move within the slice for its class to change.
        """
        given = _tensor.borrow(points, "points")
        n = given.shape[0] if given.shape else 0
        found = Nearest(np.empty(n), np.empty((n, 2)), np.empty(n, np.int64))
        options = sized(_abi.BoundaryPointsOptions, metric=metric_code(metric))
        out = [_tensor.borrow(array, name) for name, array in found._asdict().items()]
        run = self.partition._context
        call(lib.cpwl_boundary_nearest, run, self._handle, given, ctypes.byref(options), *out)
        return found

    def distance(self, points: Any, *, metric: str = "domain") -> Floats:
        """(n,) signed distance of each point to the boundary, see :meth:`nearest`."""
        return self.nearest(points, metric=metric).distance

    def _array(self, which: int) -> Any:
        return lent(lib.cpwl_boundary_array, self._handle, which)


def lent(getter: Any, handle: Handle, which: int) -> np.ndarray:
    """Array `which` of a result, as a read-only view of the library's memory."""
    tensor = _abi.Tensor()
    call(getter, None, handle, which, ctypes.byref(tensor))
    return _tensor.lend(handle, tensor)
