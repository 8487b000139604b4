"""Convex regions with torch parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

from . import convex

Tensors = tuple[torch.Tensor, ...]


class Kind(NamedTuple):
    """The rows of a region as a function of its parameters, as the native library has them, and the parameters of the
    region scaled by t about its centre."""

    rows: Callable[..., torch.Tensor]
    scaled: Callable[..., Tensors]


def _along_axes(center: torch.Tensor, radius: torch.Tensor) -> torch.Tensor:
    return torch.cat([center[None], torch.diag_embed(radius.expand(len(center)))])


def _spanned(center: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    return torch.cat([center[None], matrix.T])


def _about(center: torch.Tensor, size: torch.Tensor, t: float) -> Tensors:
    return center, t * size


def _points(points: torch.Tensor, t: float) -> Tensors:
    center = points.mean(dim=0)
    return (center + t * (points - center),)


def _simplex(origin: torch.Tensor, size: torch.Tensor, t: float) -> Tensors:
    # About the centroid, which is size / (dim + 1) from the origin along every axis.
    return origin + (1 - t) * size / (len(origin) + 1), t * size


KINDS: dict[type, Kind] = {
    convex.Cube: Kind(_along_axes, _about),
    convex.Zonotope: Kind(_spanned, _about),
    convex.Ellipsoid: Kind(_spanned, _about),
    convex.LpBall: Kind(_along_axes, _about),
    convex.CornerSimplex: Kind(_along_axes, _simplex),
    convex.Vertices: Kind(lambda points: points, _points),
}


class Region(nn.Module):
    """A convex region whose numbers are parameters of a module.

    Parameters
    ----------
    kind : class
        `cpwl.Cube`, `Zonotope`, `Ellipsoid`, `LpBall`, `CornerSimplex` or `Vertices`.
    *values : tensor, nn.Parameter or array
        What the class is called with: ``Region(cpwl.Cube, center, radius)``.
    **options
        What else the class takes: ``p=1`` for `LpBall`.

    Raises
    ------
    UnsupportedError
        For another class.
    """

    def __init__(self, kind: type, *values: Any, **options: Any) -> None:
        super().__init__()
        if kind not in KINDS:
            from .errors import UnsupportedError

            known = ", ".join(k.__name__ for k in KINDS)
            raise UnsupportedError(f"[UNSUPPORTED] kind is {kind!r}; expected one of {known}")
        self._kind, self._options = kind, options
        self.values = nn.ParameterList(
            v if isinstance(v, nn.Parameter) else nn.Parameter(torch.as_tensor(v).detach().clone()) for v in values
        )

    @property
    def dim(self) -> int:
        """Dimension of the space."""
        return self.values[0].shape[-1]

    def set(self, scale: float = 1.0) -> Any:
        """The region of now, scaled by `scale` about its centre."""
        with torch.no_grad():
            return self._kind(*(v.cpu().numpy() for v in self._values(scale)), **self._options)

    def rows(self, scale: float = 1.0) -> torch.Tensor:
        """(rows, dim) its rows, as :attr:`cpwl.ConvexSet.rows` has them, for gradients."""
        return KINDS[self._kind].rows(*self._values(scale))

    def _values(self, scale: float) -> Tensors:
        values = tuple(v.double() for v in self.values)
        return values if scale == 1 else KINDS[self._kind].scaled(*values, scale)
