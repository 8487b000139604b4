"""Regions in chunks, none of them kept; and tiles of a domain that add up to the whole."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi
from . import context as _context
from ._lib import call, lib, sized
from .boundary import lent
from .domains import Domain
from .network import Affine, Network
from .regions import Partition, want_bits

__all__ = ["Chunk", "Seams", "Streamed", "stream"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chunk:
    """Consecutive regions of a partition: n of them, with C polygon vertices in all. What was not wanted is None.

    Attributes
    ----------
    first : int
        Index of the first region in the whole partition.
    n_regions : int
    cell_offsets : (n + 1,)
    polygons : (C, 2)
    areas : (n,)
    patterns : (n, n_units)
    maps : Affine
    vertex_keys : (C, 2)
        128-bit names: two regions share a vertex, in whatever chunks they are, if they name it alike.
    edge_layer, edge_unit, edge_knot : (C,)
        What made the edge from each vertex to the next, as in :class:`cpwl.Partition`.
    """

    first: int
    n_regions: int
    cell_offsets: Ints | None
    polygons: Floats | None
    areas: Floats | None
    patterns: npt.NDArray[np.uint8] | None
    maps: Affine | None
    vertex_keys: Ints | None
    edge_layer: npt.NDArray[np.int32] | None
    edge_unit: Ints | None
    edge_knot: npt.NDArray[np.int32] | None


@dataclass(frozen=True)
class Streamed:
    """What is known of a partition when all its chunks have been handed out."""

    n_regions: int
    area: float
    domain_area: float
    layer_cells: Ints = field(repr=False)
    filter_signs: int
    double_signs: int
    exact_signs: int
    zero_signs: int
    sign_margin: float


def stream(
    network: Network,
    domain: Domain,
    take: Callable[[Chunk], object],
    *,
    want: Iterable[str] | None = None,
    max_regions: int = 0,
    chunk_regions: int = 0,
    context: _context.Context | None = None,
    **options: Any,
) -> Streamed:
    """Hands the regions of a network on a 2-D domain to `take`, chunk by chunk, in the order of a partition.

    Memory stays bounded by a few chunks a thread, however many regions there are.

    Parameters
    ----------
    network : Network
    domain : Box, Polygon or Slice
    take : function of a Chunk
        Its arrays are copies that may be kept. An exception ends the stream and comes out here.
    want, max_regions, context, **options
        As for :class:`cpwl.Partition`.
    chunk_regions : int
        Regions of a chunk, more or less; 0 = 4096.
    """
    bits = want_bits(want)
    settings = sized(_abi.StreamOptions, want=bits, max_regions=max_regions, chunk_regions=chunk_regions)
    run = _context.resolve(context, options)
    layer_cells = np.empty(network._info.n_unit_layers, np.int64)
    summary = sized(_abi.StreamSummary)
    problems: list[BaseException] = []

    def hear(chunk: int, first: int, n: int, _: Any) -> int:
        try:
            take(_chunk(chunk, first, n, bits or ~0))
        except BaseException as problem:
            problems.append(problem)
            return 1
        return 0

    function = _TAKE(hear)
    places = layer_cells.ctypes.data_as(ctypes.POINTER(ctypes.c_int64))
    arguments = (run, network._handle, domain._handle, ctypes.byref(settings), function, None, places)
    try:
        run._run(lambda: call(lib.cpwl_partition_stream, *arguments, ctypes.byref(summary)))
    except Exception:
        if problems:
            raise problems[0] from None
        raise
    names = [
        "n_regions",
        "area",
        "domain_area",
        "filter_signs",
        "double_signs",
        "exact_signs",
        "zero_signs",
        "sign_margin",
    ]
    return Streamed(layer_cells=layer_cells, **{name: getattr(summary, name) for name in names})


_TAKE: Any = lib.cpwl_partition_stream.argtypes[4]


def _chunk(handle: int, first: int, n: int, bits: int) -> Chunk:
    pointer: Any = ctypes.c_void_p(handle)

    def array(which: int, bit: int) -> Any:
        return np.array(lent(lib.cpwl_chunk_array, pointer, which)) if bits & bit else None

    outlines = _abi.CPWL_WANT_POLYGONS | _abi.CPWL_WANT_MESH
    mesh, maps = _abi.CPWL_WANT_MESH, _abi.CPWL_WANT_MAPS
    a, b = array(_abi.CPWL_CHUNK_MAP_A, maps), array(_abi.CPWL_CHUNK_MAP_B, maps)
    return Chunk(
        first,
        n,
        array(_abi.CPWL_CHUNK_CELL_OFFSETS, outlines),
        array(_abi.CPWL_CHUNK_POLYGONS, outlines),
        array(_abi.CPWL_CHUNK_AREAS, outlines),
        array(_abi.CPWL_CHUNK_PATTERNS, _abi.CPWL_WANT_PATTERNS),
        None if a is None else Affine(a, b),
        array(_abi.CPWL_CHUNK_VERTEX_KEYS, mesh),
        array(_abi.CPWL_CHUNK_EDGE_LAYER, mesh),
        array(_abi.CPWL_CHUNK_EDGE_UNIT, mesh),
        array(_abi.CPWL_CHUNK_EDGE_KNOT, mesh),
    )


@dataclass(frozen=True)
class Seams:
    """Counts of the partition of a whole domain, from those of its tiles; small, and may be sent between processes.

    ``Seams.of(partition_of_tile)`` for every tile, then ``+``: the order does not matter. A region that lies in several
    tiles is known by its pattern and counted once; areas add up.

    Examples
    --------
    >>> tiles = domain.tiles(4, 4)                                                  # doctest: +SKIP
    >>> total = sum((Seams.of(net.partition(t)) for t in tiles), Seams.nothing())   # doctest: +SKIP
    >>> total.n_regions                                                             # doctest: +SKIP

    Attributes
    ----------
    area : float
        Sum of the areas of the regions.
    """

    area: float
    _apart: tuple[int, ...]
    _shared: tuple[frozenset[bytes], ...]

    @classmethod
    def nothing(cls) -> Seams:
        """Where a sum begins."""
        return cls(0.0, (), ())

    @classmethod
    def of(cls, p: Partition) -> Seams:
        """The counts of one tile, whose partition must hold patterns and mesh."""
        keys = [p.seam_keys(layer) for layer in range(len(p.layer_cells))]
        apart = tuple(int(n) - len(k) for n, k in zip(p.layer_cells, keys))
        return cls(p.area, apart, tuple(frozenset(row.tobytes() for row in k) for k in keys))

    def __add__(self, other: Seams) -> Seams:
        if not self._apart or not other._apart:
            return other if not self._apart else self
        if len(self._apart) != len(other._apart):
            raise ValueError("these tiles belong to different networks")
        apart = tuple(a + b for a, b in zip(self._apart, other._apart))
        shared = tuple(a | b for a, b in zip(self._shared, other._shared))
        return Seams(self.area + other.area, apart, shared)

    @property
    def layer_cells(self) -> Ints:
        """(unit layers,) number of cells of the whole after each layer of units."""
        return np.array([n + len(keys) for n, keys in zip(self._apart, self._shared)])

    @property
    def n_regions(self) -> int:
        """F of the whole."""
        return int(self.layer_cells[-1]) if self._apart else 0

    def __repr__(self) -> str:
        return f"<cpwl.Seams: {self.n_regions} regions of area {self.area:g}>"
