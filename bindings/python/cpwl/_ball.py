"""Counts of regions that meet a disc."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _abi, _tensor
from . import context as _context
from ._lib import call, lib, sized
from .boundary import metric_code

if TYPE_CHECKING:
    from .domains import Domain
    from .network import Network
    from .regions import Partition


def of_partition(p: Partition, center: Any, radius: Any, metric: str) -> Any:
    """See :meth:`cpwl.Partition.count_in_ball`."""
    at = _tensor.borrow(center, "center")
    single = at.shape == (2,)
    at = at.as_batch() if single else at
    # One radius serves all centres: an axis of stride 0.
    radii = np.broadcast_to(_tensor.to_float64(radius, "radius"), at.shape[:1])
    counts = np.empty(at.shape[:1], np.int64)
    options = sized(_abi.BallOptions, metric=metric_code(metric))
    out = _tensor.borrow(counts, "counts")
    arguments = (p._handle, at, _tensor.borrow(radii, "radius"), ctypes.byref(options), out)
    p._context._run(lambda: call(lib.cpwl_partition_count_in_ball, p._context, *arguments))
    return int(counts[0]) if single else counts


def of_network(
    net: Network,
    center: Any,
    radius: float,
    domain: Domain | None,
    metric: str,
    max_regions: int,
    run: _context.Context,
) -> int:
    """See :meth:`cpwl.Network.count_in_ball`."""
    count = ctypes.c_int64()
    options = sized(_abi.BallOptions, metric=metric_code(metric), max_regions=max_regions)
    at = _tensor.borrow(center, "center")
    place = domain._handle if domain is not None else None
    arguments = (run, net._handle, place, at, radius, ctypes.byref(options), ctypes.byref(count))
    run._run(lambda: call(lib.cpwl_network_count_in_ball, *arguments))
    return count.value
