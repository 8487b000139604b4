"""What speaks for a partition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .network import Approximation, Network

__all__ = ["Certificate"]


@dataclass(frozen=True)
class Certificate:
    """How a partition was certified.

    Attributes
    ----------
    euler : int or None
        V - E + F, which must be 1; None without a mesh.
    area, domain_area : float
        Sum of the areas of the regions, and the area of the domain: they differ by rounding only.
    filter_signs, double_signs, exact_signs : int
        Signs settled in f64 by a bound of the error, in double-double, and in exact arithmetic.
    zero_signs : int
        Those of `exact_signs` that were zero: lines through vertices, lines that coincide.
    exact_vertices : int
        Vertices that were computed exactly and rounded.
    sign_margin : float
        Smallest relative distance from zero of a nonzero sign; 2**-33 stands for that or more.
    vertex_error : float
        Bound of the error of vertex coordinates.
    approximations : tuple of Approximation
        Smooth activations that the network has in piecewise-linear form, with the bounds of the difference: the regions
        are exactly those of that network. Empty if nothing was replaced.
    """

    euler: int | None
    area: float
    domain_area: float
    filter_signs: int
    double_signs: int
    exact_signs: int
    zero_signs: int
    exact_vertices: int
    sign_margin: float
    vertex_error: float
    approximations: tuple[Approximation, ...]

    @classmethod
    def of(cls, info: Any, network: Network) -> Certificate:
        """The certificate in a `cpwl_partition_summary`."""
        names = ("area", "domain_area", "filter_signs", "double_signs", "exact_signs", "zero_signs", "exact_vertices",
                 "sign_margin", "vertex_error")  # fmt: skip
        euler = info.n_vertices - info.n_edges + info.n_regions if info.n_vertices else None
        return cls(
            euler,
            **{name: getattr(info, name) for name in names},
            approximations=tuple(network.approximations),
        )
