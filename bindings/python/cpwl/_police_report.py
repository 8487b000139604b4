"""What was done to a network that was made affine on regions."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from . import _abi
from ._lib import call, lib, sized

if TYPE_CHECKING:
    from .network import Node
    from .police import Policed

__all__ = ["PoliceReport", "PolicedLayer"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


class PolicedLayer:
    """One layer of units that was kept on fixed pieces. A *group* is what shares a bias: a unit, or a channel of a
    convolution with tied biases. Arrays are read-only views of the library's memory.

    Attributes
    ----------
    unit_layer : int
        Which layer of units, from 0; -1 for the outputs.
    node : int
        Index in :attr:`Network.nodes` of the original network of the layer whose bias was shifted; -1 if the shift has
        a layer of its own.
    parameter : int
        Index in :attr:`Network.parameters` of the folded network of the folded biases; -1 if there are none, for a
        shift that would have had a layer of its own and is 0.
    n_groups, n_shifted, n_dead : int
        Groups in all, with a shift, and constant on every region, such as ReLUs that are off.
    largest_shift : float
        The largest |shift|.
    """

    def __init__(self, policed: Policed, index: int) -> None:
        info = sized(_abi.PolicedLayerSummary)
        call(lib.cpwl_policed_layer, None, policed._handle, index, ctypes.byref(info))
        self._policed, self._index = policed, index
        self.unit_layer: int = info.unit_layer
        self.node: int = info.node
        self.parameter: int = info.parameter
        self.n_groups: int = info.n_groups
        self.n_shifted: int = info.n_shifted
        self.n_dead: int = info.n_dead
        self.largest_shift: float = info.largest_shift

    @cached_property
    def _units(self) -> Node | None:
        nodes = [node for node in self._policed.original.nodes if node.first_unit >= 0]
        return None if self.unit_layer < 0 else nodes[self.unit_layer]

    @property
    def name(self) -> str:
        """Of the layer of units; ``"output"`` for the outputs."""
        return self._units.name if self._units else "output"

    @property
    def rank(self) -> int:
        """Number of axes of its values, per sample."""
        return len(self._units.shape if self._units else self._policed.original.output_shape)

    @cached_property
    def shift(self) -> Floats:
        """(groups,) what was subtracted from the bias."""
        return self._array(_abi.CPWL_POLICED_SHIFTS)

    @cached_property
    def bias(self) -> Floats:
        """(groups,) the folded bias."""
        return self._array(_abi.CPWL_POLICED_BIASES)

    @cached_property
    def margin(self) -> Floats:
        """(groups,) the distance from the knots that was asked for."""
        return self._array(_abi.CPWL_POLICED_MARGINS)

    @cached_property
    def codes(self) -> Ints:
        """(regions, groups) the piece that each group is on, as in :meth:`Network.pattern`; for a ReLU 1 = on."""
        return self._array(_abi.CPWL_POLICED_CODES)

    @cached_property
    def region(self) -> Ints:
        """(groups,) the region that decided on the shift; -1 where there is none."""
        return self._array(_abi.CPWL_POLICED_DECIDING_REGION)

    @cached_property
    def corner(self) -> Ints:
        """(groups,) which of its vertices decided; -1 where there is none, or a region without vertices."""
        return self._array(_abi.CPWL_POLICED_DECIDING_CORNER)

    def __repr__(self) -> str:
        return f"<cpwl.PolicedLayer {self.name}: {self.n_shifted} of {self.n_groups} groups shifted>"

    def _array(self, which: int) -> np.ndarray:
        return self._policed._array(which, self._index)


@dataclass(frozen=True)
class PoliceReport:
    """What policing did; `print` it for a table.

    Attributes
    ----------
    layers : tuple of str
        Names of the policed layers.
    groups, shifted, dead : tuple of int
        Per layer: groups in all, with a shift, and constant on every region. Where all groups of a layer are dead the
        network is constant on the regions.
    largest_shifts : tuple of float
        Per layer: the largest |shift|.
    smallest_margin : float
        The smallest distance of a unit from its knots over the regions.
    n_regions : int
    shared : tuple of (int, int)
        Pairs of regions on which all units are on the same pieces: the network is affine on the hull of both.
    """

    layers: tuple[str, ...]
    groups: tuple[int, ...]
    shifted: tuple[int, ...]
    dead: tuple[int, ...]
    largest_shifts: tuple[float, ...]
    smallest_margin: float
    n_regions: int
    shared: tuple[tuple[int, int], ...]

    @property
    def largest_shift(self) -> float:
        """The largest |shift| of all."""
        return max(self.largest_shifts, default=0.0)

    def __str__(self) -> str:
        width = max(map(len, ("layer", *self.layers)))
        lines = [f"{'layer':<{width}} {'groups':>8} {'shifted':>8} {'dead':>8} {'largest shift':>14}"]
        for row in zip(self.layers, self.groups, self.shifted, self.dead, self.largest_shifts, strict=True):
            name, groups, shifted, dead, largest = row
            lines.append(f"{name:<{width}} {groups:>8} {shifted:>8} {dead:>8} {largest:>14.6g}")
        regions = "1 region" if self.n_regions == 1 else f"{self.n_regions} regions"
        lines.append(f"affine on {regions}; every unit is at least {self.smallest_margin:.3g} from its knots there")
        if self.shared:
            pairs = ", ".join(f"{i} and {j}" for i, j in self.shared)
            lines.append(f"regions with the same pieces, hence one map on the hull of both: {pairs}")
        return "\n".join(lines)
