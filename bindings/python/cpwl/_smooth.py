"""The layers of :mod:`cpwl.layers` that stand for smooth activations."""

from __future__ import annotations

import ctypes
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Literal

from . import _abi
from ._layer import Layer
from ._lib import lib, sized

if TYPE_CHECKING:
    from ._builder import Builder

__all__ = ["CELU", "ELU", "GELU", "SELU", "HardSwish", "Mish", "Sigmoid", "SiLU", "Softplus", "Tanh"]


@dataclass(frozen=True, eq=False)
class Smooth(Layer):
    """A smooth activation, replaced by a continuous piecewise-linear function with at most `knots` knots (2 to 1024).

    Near the best for so many knots, with the asymptotes of the smooth function as tails.
    :attr:`cpwl.Network.approximations` has a proven bound on the difference over all real numbers, which falls as
    ``1 / knots ** 2``. Without `knots` the layer is refused: all that is exact about a network is so for the
    piecewise-linear function, not for the smooth one.
    """

    _: KW_ONLY
    knots: int | None = None

    def _add(self, b: Builder, source: int, kind: int, **parameters: float) -> int:
        given = sum(1 << bit for bit, name in enumerate(("alpha", "beta", "threshold")) if name in parameters)
        options = sized(_abi.SmoothOptions, given=given, **parameters)
        knots = 0 if self.knots is None else self.knots
        return b.add(lib.cpwl_network_builder_smooth, source, kind, knots, ctypes.byref(options))


@dataclass(frozen=True, eq=False)
class GELU(Smooth):
    """``x * Phi(x)``, or with `approximate` ``"tanh"`` the formula with a hyperbolic tangent; see :class:`Smooth`."""

    approximate: Literal["none", "tanh"] = "none"

    def _build(self, b: Builder, source: int) -> int:
        if self.approximate not in ("none", "tanh"):
            raise ValueError(f"approximate is {self.approximate!r}; expected 'none' or 'tanh'")
        return self._add(b, source, _abi.CPWL_GELU_TANH if self.approximate == "tanh" else _abi.CPWL_GELU)


@dataclass(frozen=True, eq=False)
class SiLU(Smooth):
    """``x * sigmoid(beta * x)``; see :class:`Smooth`."""

    beta: float = 1.0

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_SILU, beta=self.beta)


@dataclass(frozen=True, eq=False)
class Tanh(Smooth):
    """``tanh(x)``; see :class:`Smooth`."""

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_TANH)


@dataclass(frozen=True, eq=False)
class Sigmoid(Smooth):
    """``1 / (1 + exp(-x))``; see :class:`Smooth`."""

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_SIGMOID)


@dataclass(frozen=True, eq=False)
class Softplus(Smooth):
    """``log(1 + exp(beta * x)) / beta``, ``x`` where ``beta * x > threshold``; see :class:`Smooth`."""

    beta: float = 1.0
    threshold: float = 20.0

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_SOFTPLUS, beta=self.beta, threshold=self.threshold)


@dataclass(frozen=True, eq=False)
class ELU(Smooth):
    """``x`` where positive, ``alpha * (exp(x) - 1)`` elsewhere; see :class:`Smooth`."""

    alpha: float = 1.0

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_ELU, alpha=self.alpha)


@dataclass(frozen=True, eq=False)
class SELU(Smooth):
    """ELU with the constants of Klambauer et al. (2017), times a constant of theirs; see :class:`Smooth`."""

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_SELU)


@dataclass(frozen=True, eq=False)
class CELU(Smooth):
    """``x`` where positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere; see :class:`Smooth`."""

    alpha: float = 1.0

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_CELU, alpha=self.alpha)


@dataclass(frozen=True, eq=False)
class Mish(Smooth):
    """``x * tanh(log(1 + exp(x)))``; see :class:`Smooth`."""

    def _build(self, b: Builder, source: int) -> int:
        return self._add(b, source, _abi.CPWL_MISH)


@dataclass(frozen=True, eq=False)
class HardSwish(Smooth):
    """``x * min(max(x + 3, 0), 6) / 6``: with `knots` approximated, see :class:`Smooth`; without, exactly.

    The exact function is affine left of -3 and right of 3 only. A network with it can be run, differentiated and
    policed, but has no partition, and :meth:`cpwl.Network.affine_at` works where no input of the layer lies between.
    """

    def _build(self, b: Builder, source: int) -> int:
        if self.knots is None:
            return b.add(lib.cpwl_network_builder_activation, source, _abi.CPWL_EXACT_HARD_SWISH, None)
        return self._add(b, source, _abi.CPWL_HARD_SWISH)
