"""Certificates: whether a network, made by whomever, is affine on convex regions, with proof."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from . import context as _context
from ._lib import Handle, call, lib, sized
from .convex import as_set
from .network import Network

__all__ = ["AffineCertificate", "LayerVerdict", "RegionVerdict", "Witness", "certify"]

_VERDICTS = {
    _abi.CPWL_CERTIFIED: "certified",
    _abi.CPWL_NOT_CERTIFIED: "not certified",
    _abi.CPWL_VIOLATED: "violated",
}
_REASONS = {
    _abi.CPWL_REASON_CROSSES: "a unit takes inputs on both sides of a bend",
    _abi.CPWL_REASON_ELSEWHERE: "a unit is on another piece than the one asked for",
    _abi.CPWL_REASON_RADIUS: "a margin is below the error bound of the arithmetic",
}


@dataclass(frozen=True, eq=False)
class Witness:
    """Three points of a region on a line, at which no affine function agrees with the network.

    Attributes
    ----------
    ends : (2, n_inputs)
    point : (n_inputs,)
        Between the ends. All three are rounded to float64.
    output : int
        The output that deviates most.
    deviation, radius : float
        f at `point` less the affine function through the values at the ends, and how far that may be from the truth.
    """

    ends: npt.NDArray[np.float64]
    point: npt.NDArray[np.float64]
    output: int
    deviation: float
    radius: float


@dataclass(frozen=True)
class LayerVerdict:
    """What was found in one layer of units.

    Attributes
    ----------
    crossing, elsewhere, open : int
        Units that are certainly on no single piece; certainly on one, but not on the one asked for; neither for
        certain.
    margin, radius : float
        Smallest distance of a unit from the ends of its piece (negative by how far a crossing unit is beyond), and how
        far that may be from the truth.
    unit, corner : int
        The unit with that margin, and the vertex of the region where it is taken; -1 if it is none.
    stages : (int, int, int)
        Units that f64, double-double and exact arithmetic had the last word on.
    """

    crossing: int
    elsewhere: int
    open: int
    margin: float
    radius: float
    unit: int
    corner: int
    stages: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class RegionVerdict:
    """The verdict on one region.

    Attributes
    ----------
    verdict : {"certified", "not certified", "violated"}
    reason : str
        Why it was not certified; "" otherwise.
    margin, radius : float
        Smallest distance of a unit from the ends of its piece, and how far that may be from the truth.
    layer, unit : int
        Where; -1 without units.
    layers : list of LayerVerdict
        Up to the first that was not certified.
    codes : (n_units,)
        Piece of every unit over the region, as in :meth:`Network.pattern`; -1 where it is not known.
    exact_skipped : bool
        Whether exact arithmetic would have taken more work than `exact_work` allows.
    witness : Witness or None
    """

    verdict: str
    reason: str
    margin: float
    radius: float
    layer: int
    unit: int
    layers: list[LayerVerdict]
    codes: npt.NDArray[np.int32]
    exact_skipped: bool
    witness: Witness | None

    @property
    def certified(self) -> bool:
        """Whether the network was shown to be affine on the region."""
        return self.verdict == "certified"

    def __bool__(self) -> bool:
        return self.certified

    def __str__(self) -> str:
        if self.certified:
            where = f"; the tightest is unit {self.unit} of layer {self.layer}" if self.layer >= 0 else ""
            return f"certified: every unit keeps {self.margin:.3g} from its bends{where}"
        if self.witness is not None:
            w = self.witness
            return f"violated: at {w.point} output {w.output} is {w.deviation:.3g} off every affine function"
        bad = self.layers[-1] if self.layers else None
        what = f" (layer {len(self.layers) - 1}: {bad.crossing} units cross, {bad.open} are open)" if bad else ""
        return f"not certified: {self.reason}{what}"


@dataclass(frozen=True, eq=False)
class AffineCertificate:
    """Verdicts on all regions; true if the network was shown to be affine on each of them. Made by :func:`certify`.

    Attributes
    ----------
    regions : list of RegionVerdict
    shared : list of (int, int)
        Pairs of certified regions whose units are on the same pieces throughout: on the hull of both the network is one
        affine map.
    """

    regions: list[RegionVerdict]
    shared: list[tuple[int, int]]

    @property
    def certified(self) -> bool:
        """Whether the network was shown to be affine on every region."""
        return all(self.regions)

    @property
    def margin(self) -> float:
        """Smallest distance of a unit from its bends over all regions."""
        return min((r.margin for r in self.regions), default=np.inf)

    def __bool__(self) -> bool:
        return self.certified

    def __str__(self) -> str:
        if len(self.regions) == 1:
            return str(self.regions[0])
        return "\n".join(f"region {i}: {r}" for i, r in enumerate(self.regions))


def certify(
    net: Network,
    regions: Any,
    *,
    codes: Any = None,
    exact_work: int | None = None,
    witness: bool = True,
    context: _context.Context | None = None,
    **options: Any,
) -> AffineCertificate:
    """Whether a network, made by whomever, is affine on convex regions, with proof.

    A region is certified if over it every unit stays on one affine piece of its function: shown in float64 with bounds
    of all errors, what that cannot decide in double-double, what is left in exact arithmetic. Numbers count as they are
    stored. "Certified" is never said where exact arithmetic would say otherwise. What is not certified may be affine
    all the same, if the bend of one unit is undone by others; what is violated is not, as three points show.

    Parameters
    ----------
    net : Network
    regions : ConvexSet or domain, or a sequence of these
    codes : (n_units,) int array, optional
        Pieces that the units are to be on, as in :meth:`Network.pattern`.
    exact_work : int, optional
        Most multiplications of large numbers in exact arithmetic for each region, about a microsecond each (default
        2^22); 0 for none.
    witness : bool
        Whether to look for points that show that a network is not affine.
    context : Context, optional
    **options
        `threads`, `isa`, `reference`, `memory_limit`, `progress`, `cancel` of a :class:`Context` for this call.

    Raises
    ------
    ArgumentError
        EMPTY_REGION: there is no region.
    ShapeError
        DIM_MISMATCH: a region is not in the input space.
    """
    if not isinstance(net, Network):
        raise TypeError(f"net is a {type(net).__name__}; expected a cpwl.Network")
    sets = [as_set(r) for r in (regions if isinstance(regions, Sequence) else [regions])]
    given = None if codes is None else np.ascontiguousarray(codes, dtype=np.int32).ravel()
    settings = sized(
        _abi.CertifyOptions,
        codes=None if given is None else given.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
        n_codes=0 if given is None else len(given),
        exact_work=0 if exact_work is None else exact_work or -1,
        flags=0 if witness else _abi.CPWL_CERTIFY_NO_WITNESS,
    )
    handles = (ctypes.c_void_p * len(sets))(*(s._handle._pointer.value for s in sets))
    run = _context.resolve(context, options)
    arguments = (run, net._handle, handles, len(sets), ctypes.byref(settings))
    made = run._run(lambda: Handle(lib.cpwl_certificates_free, lib.cpwl_certify, *arguments))
    pairs = _array(made, _abi.CPWL_CERTIFICATE_SHARED, 0)
    return AffineCertificate([_region(made, i) for i in range(len(sets))], [(int(i), int(j)) for i, j in pairs])


def _array(made: Handle, which: int, region: int) -> np.ndarray:
    tensor = _abi.Tensor()
    call(lib.cpwl_certificates_array, None, made, which, region, ctypes.byref(tensor))
    return np.array(_tensor.lend(made, tensor))


def _region(made: Handle, i: int) -> RegionVerdict:
    s = sized(_abi.CertificateSummary)
    call(lib.cpwl_certificates_get, None, made, i, ctypes.byref(s))
    layers = []
    for k in range(s.n_layers):
        layer = sized(_abi.CertificateLayerSummary)
        call(lib.cpwl_certificates_layer, None, made, i, k, ctypes.byref(layer))
        stages = (layer.stages[0], layer.stages[1], layer.stages[2])
        counts = layer.crossing, layer.elsewhere, layer.open
        layers.append(LayerVerdict(*counts, layer.margin, layer.radius, layer.unit, layer.corner, stages))
    witness = None
    if s.verdict == _abi.CPWL_VIOLATED:
        points = _array(made, _abi.CPWL_CERTIFICATE_WITNESS, i)
        witness = Witness(points[:2], points[2], s.output, s.deviation, s.deviation_radius)
    verdict, reason = _VERDICTS[s.verdict], _REASONS.get(s.reason, "")
    codes = _array(made, _abi.CPWL_CERTIFICATE_CODES, i)
    where = s.layer, s.unit, layers, codes, bool(s.exact_skipped)
    return RegionVerdict(verdict, reason, s.margin, s.radius, *where, witness)
