"""The linear regions of a network on a domain of any dimension, each given by half-spaces.

A region is a full-dimensional maximal set of constant activation pattern. Linear programs in floating point decide what
splits what, with a tolerance; the result says how close the decisions were. See :class:`Enumeration`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _abi
from . import context as _context
from ._cells import Cells
from ._lib import Handle, call, lib, sized
from .domains import Domain
from .network import Affine, Network

__all__ = ["Enumeration", "Facets"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WANT = {
    "patterns": _abi.CPWL_WANT_PATTERNS,
    "maps": _abi.CPWL_WANT_MAPS,
    "facets": _abi.CPWL_WANT_FACETS,
    "centers": _abi.CPWL_WANT_CENTERS,
    "volumes": _abi.CPWL_WANT_VOLUMES,
}


class Facets(NamedTuple):
    """The k facets of a region: it is where ``normals @ t <= levels``, and none of these can be left out.

    `layer` is the layer of units that made each facet (-1 for a side of the domain), `unit` the unit within it (or the
    side), `knot` the knot of its function, and `neighbours` the region across (-1 for none).
    """

    normals: Floats
    levels: Floats
    layer: npt.NDArray[np.int32]
    unit: Ints
    knot: npt.NDArray[np.int32]
    neighbours: Ints | None


class Enumeration(Cells):
    """The regions of a network on a domain of dimension d.

    Made by :meth:`cpwl.Network.enumerate`. Array attributes are read-only views of the library's memory. F is the
    number of regions, H that of facets in all; t are the coordinates of the domain.

    Parameters
    ----------
    network : Network
    domain : Domain
        Box, Simplex, Polytope, Ball, Space, a Slice with one of these, or a plane domain.
    want : iterable of {"patterns", "maps", "facets", "centers", "volumes"}, optional
        What to keep; default everything but volumes, which need a bounded domain of at most 8 dimensions that is no
        ball. Asking for a part that was not kept raises ArgumentError.
    count_only : bool
        Keep nothing but the counts.
    max_regions : int
        Give up with LimitError beyond that many; 0 = no limit.
    keep_partial : bool
        At `max_regions` keep the first ones instead of giving up; `complete` is False then.
    tolerance : float
        A unit splits a region if the region reaches farther than this on both of its sides, in coordinates in which the
        domain fills [-1, 1]^d (homogeneous ones if it is unbounded). Default 1e-10.
    context : Context, optional
    **options
        `threads`, `isa`, `memory_limit`, `progress`, `cancel` of a :class:`Context` for this call.

    Raises
    ------
    ShapeError
        If the domain does not fit the network.
    LimitError
        When `max_regions` or `memory_limit` is reached.
    KeyboardInterrupt
        On Ctrl-C; nothing is left behind.
    """

    _noun = "enumeration"

    def __init__(
        self,
        network: Network,
        domain: Domain,
        *,
        want: Iterable[str] | None = None,
        count_only: bool = False,
        max_regions: int = 0,
        keep_partial: bool = False,
        tolerance: float = 0.0,
        context: _context.Context | None = None,
        **options: Any,
    ) -> None:
        if not isinstance(domain, Domain):
            raise TypeError(f"domain is a {type(domain).__name__}; expected a cpwl.Domain")
        names = set(want or ())
        if unknown := names - set(_WANT):
            raise ValueError(f"want has {min(unknown)!r}; expected some of {', '.join(map(repr, _WANT))}")
        bits = _abi.CPWL_WANT_COUNT_ONLY if count_only else sum(_WANT[name] for name in names)
        flags = _abi.CPWL_ENUMERATION_KEEP_PARTIAL if keep_partial else 0
        settings = sized(_abi.EnumerationOptions, want=bits, flags=flags, max_regions=max_regions, tolerance=tolerance)
        run = _context.resolve(context, options)
        arguments = (run, network._handle, domain._handle, ctypes.byref(settings))
        self._handle = run._run(lambda: Handle(lib.cpwl_enumeration_free, lib.cpwl_enumeration_new, *arguments))
        self._context = run
        self.network, self.domain = network, domain
        info = sized(_abi.EnumerationSummary)
        call(lib.cpwl_enumeration_info, None, self._handle, ctypes.byref(info))
        self._info = info

    def __repr__(self) -> str:
        more = "" if self.complete else ", and there are more"
        return f"<cpwl.Enumeration: {self.n_regions} regions in {self.dim} dimensions{more}>"

    @property
    def dim(self) -> int:
        """Dimension d of the domain."""
        return self._info.dim

    @property
    def complete(self) -> bool:
        """Whether these are all regions of the domain; False only with `keep_partial`."""
        return bool(self._info.complete)

    @property
    def tolerance(self) -> float:
        """The tolerance that was used."""
        return self._info.tolerance

    @property
    def smallest_crossing(self) -> float:
        """The smallest depth, on the shallower side, of a crossing that was accepted, in units of the tolerance."""
        return self._info.smallest_crossing

    @property
    def largest_touch(self) -> float:
        """The largest depth to which a unit reached across without being taken for a crossing."""
        return self._info.largest_touch

    @property
    def smallest_radius(self) -> float:
        """The smallest inscribed radius of a region; infinite unless interior points were kept."""
        return self._info.smallest_radius

    @property
    def n_programs(self) -> int:
        """Linear programs solved."""
        return self._info.n_programs

    @cached_property
    def layer_cells(self) -> Ints:
        """(unit layers,) number of cells after each layer of units; of a partial result, those that hold its
        regions."""
        return self._array(_abi.CPWL_ENUMERATION_LAYER_CELLS)

    @cached_property
    def maps(self) -> Affine:
        """``a`` (F, n_outputs, d) and ``b`` (F, n_outputs): on region i the output is ``a[i] @ t + b[i]``."""
        return Affine(self._array(_abi.CPWL_ENUMERATION_MAP_A), self._array(_abi.CPWL_ENUMERATION_MAP_B))

    @cached_property
    def facet_offsets(self) -> Ints:
        """(F + 1,) region i has entries ``facet_offsets[i]:facet_offsets[i + 1]`` of the arrays of facets."""
        return self._array(_abi.CPWL_ENUMERATION_FACET_OFFSETS)

    @cached_property
    def facet_normals(self) -> Floats:
        """(H, d) outward normals of length 1."""
        return self._array(_abi.CPWL_ENUMERATION_FACET_NORMALS)

    @cached_property
    def facet_levels(self) -> Floats:
        """(H,) a region is where ``normal @ t <= level`` for all its facets."""
        return self._array(_abi.CPWL_ENUMERATION_FACET_LEVELS)

    @cached_property
    def facet_layer(self) -> npt.NDArray[np.int32]:
        """(H,) layer of units that made the facet; -1 for a side of the domain."""
        return self._array(_abi.CPWL_ENUMERATION_FACET_LAYER)

    @cached_property
    def facet_unit(self) -> Ints:
        """(H,) unit within that layer, or index of the side of the domain."""
        return self._array(_abi.CPWL_ENUMERATION_FACET_UNIT)

    @cached_property
    def facet_knot(self) -> npt.NDArray[np.int32]:
        """(H,) knot of that unit's function; a g + b where candidates a < b of a max unit of g candidates tie."""
        return self._array(_abi.CPWL_ENUMERATION_FACET_KNOT)

    @cached_property
    def facet_neighbours(self) -> Ints:
        """(H,) region across each facet; -1 outside the domain, or if a partial result does not have it. One of them
        where a degenerate network has several, see `neighbours`."""
        return self._array(_abi.CPWL_ENUMERATION_NEIGHBOURS)

    @cached_property
    def interior_points(self) -> Floats:
        """(F, d) centre of the largest ball in each region; of an unbounded domain, a deep interior point."""
        return self._array(_abi.CPWL_ENUMERATION_CENTERS)

    @cached_property
    def radii(self) -> Floats:
        """(F,) distance of the interior point from the border of its region: the inscribed radius."""
        return self._array(_abi.CPWL_ENUMERATION_RADII)

    @cached_property
    def volumes(self) -> Floats:
        """(F,) volume of every region, exact up to rounding."""
        return self._array(_abi.CPWL_ENUMERATION_VOLUMES)

    def facets(self, i: int) -> Facets:
        """The facets of region `i`."""
        i = self._index(i)
        rows = slice(self.facet_offsets[i], self.facet_offsets[i + 1])
        try:
            neighbours = self.facet_neighbours[rows]
        except ValueError:  # patterns were not kept
            neighbours = None
        return Facets(
            self.facet_normals[rows],
            self.facet_levels[rows],
            self.facet_layer[rows],
            self.facet_unit[rows],
            self.facet_knot[rows],
            neighbours,
        )

    def neighbours(self, i: int) -> Ints:
        """Regions that share a facet with region `i`, in ascending order. Mutual."""
        first, second = self._pairs
        i = self._index(i)
        return second[np.searchsorted(first, i) : np.searchsorted(first, i, side="right")]

    @cached_property
    def _pairs(self) -> tuple[Ints, Ints]:
        """Pairs of neighbours, both ways, in order: a facet of a degenerate network may have several regions across,
        each of which has one of its own."""
        owners = np.repeat(np.arange(self.n_regions), np.diff(self.facet_offsets))
        inner = self.facet_neighbours >= 0
        a, b = owners[inner], self.facet_neighbours[inner]
        pairs = np.unique(np.concatenate([a * self.n_regions + b, b * self.n_regions + a]))
        return pairs // self.n_regions, pairs % self.n_regions
