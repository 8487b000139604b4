"""What was done to a network that was made affine on regions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PoliceReport", "PolicedLayer"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class PolicedLayer:
    """One layer of units that was kept on fixed pieces. A *group* is what shares a bias: a unit, or a channel of a
    convolution with tied biases.

    Attributes
    ----------
    name : str
        Of the layer of units; ``"output"`` for the outputs.
    unit_layer : int
        Which layer of units, from 0; -1 for the outputs.
    node : int
        Index in :attr:`Network.nodes` of the original network of the layer whose bias was shifted; -1 if the shift has
        a layer of its own.
    parameter : int
        Index in :attr:`Network.parameters` of the folded network of the folded biases; -1 if there are none, for a
        shift that would have had a layer of its own and is 0.
    rank : int
        Number of axes of its values, per sample.
    shift : (groups,) array
        What was subtracted from the bias.
    bias : (groups,) array
        The folded bias.
    margin : (groups,) array
        The distance from the knots that was asked for.
    codes : (regions, groups) int array
        The piece that each group is on, as in :meth:`Network.pattern`; for a ReLU 1 = on.
    region, corner : (groups,) int array
        Which region, and which of its vertices, decided on the shift; -1 where there is none.
    n_dead : int
        Groups that are constant on every region, such as ReLUs that are off.
    """

    name: str
    unit_layer: int
    node: int
    parameter: int
    rank: int
    shift: Floats
    bias: Floats
    margin: Floats
    codes: Ints
    region: Ints
    corner: Ints
    n_dead: int

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.shift)

    @property
    def n_shifted(self) -> int:
        """Number of groups with a shift."""
        return int(np.count_nonzero(self.shift))

    def __repr__(self) -> str:
        return f"<cpwl.PolicedLayer {self.name}: {self.n_shifted} of {self.n_groups} groups shifted>"


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
