"""Descriptions of layers, for :meth:`cpwl.Network.from_layers`.

A list of layers is a chain: each reads the one before it. Two keywords make it a graph: `name` labels the value of
a layer, and `after` makes a layer read a labelled value (the network's input is labelled ``"input"``) instead of the
one before it. A residual block::

    [Conv2d(w1, b1, padding=1, name="skip"), ReLU(), Conv2d(w2, b2, padding=1), Add("skip"), ReLU()]

Weights are float32 or float64 arrays (numpy, torch, anything with ``__dlpack__``) and are kept exactly as given.
Shapes are per sample: (n,) or (C, H, W). Smooth activations (GELU, SiLU, ...) need a number of `knots`: the network has
a piecewise-linear function in their place.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import _abi
from ._layer import Layer
from ._lib import lib, sized
from ._smooth import CELU, ELU, GELU, SELU, HardSwish, Mish, Sigmoid, SiLU, Softplus, Tanh

if TYPE_CHECKING:
    from ._builder import Builder

__all__ = [
    "Abs",
    "Add",
    "AvgPool2d",
    "BatchNorm",
    "CELU",
    "Clip",
    "Concat",
    "Conv2d",
    "Dense",
    "ELU",
    "Flatten",
    "GELU",
    "GlobalAvgPool",
    "HardSigmoid",
    "HardSwish",
    "HardTanh",
    "Layer",
    "LeakyReLU",
    "MaxPool2d",
    "Maxout",
    "Mish",
    "PReLU",
    "PWL",
    "ReLU",
    "ReLU6",
    "Reshape",
    "SELU",
    "ScaleShift",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Tanh",
]

Pair = int | Sequence[int]


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """``weight @ x + bias`` of a flat input.

    Parameters
    ----------
    weight : (out, in)
    bias : (out,), optional
    """

    weight: Any
    bias: Any = None

    def _build(self, b: Builder, source: int) -> int:
        return b.add(lib.cpwl_network_builder_dense, source, b.array(self.weight, "weight"), b.array(self.bias, "bias"))


@dataclass(frozen=True, eq=False)
class Conv2d(Layer):
    """2-D convolution (cross-correlation, as in every framework) of a (C, H, W) input.

    Parameters
    ----------
    weight : (out, C / groups, kh, kw)
    bias : (out,), optional
    stride, dilation : int or (int, int)
    padding : int, (rows, columns) or (top, left, bottom, right)
        Zeros.
    groups : int
    """

    weight: Any
    bias: Any = None
    stride: Pair = 1
    padding: Pair = 0
    dilation: Pair = 1
    groups: int = 1

    def _build(self, b: Builder, source: int) -> int:
        options = sized(
            _abi.Conv2dOptions,
            stride=_pair(self.stride, "stride"),
            padding=_sides(self.padding),
            dilation=_pair(self.dilation, "dilation"),
            groups=_positive(self.groups, "groups"),
        )
        weight, bias = b.array(self.weight, "weight"), b.array(self.bias, "bias")
        return b.add(lib.cpwl_network_builder_conv2d, source, weight, bias, ctypes.byref(options))


@dataclass(frozen=True, eq=False)
class ReLU(Layer):
    """``max(x, 0)``."""

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_RELU)


@dataclass(frozen=True, eq=False)
class LeakyReLU(Layer):
    """``max(x, 0) + slope * min(x, 0)``."""

    slope: float = 0.01

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_LEAKY_RELU, alpha=self.slope)


@dataclass(frozen=True, eq=False)
class Abs(Layer):
    """``|x|``."""

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_ABS)


@dataclass(frozen=True, eq=False)
class ReLU6(Layer):
    """``min(max(x, 0), 6)``."""

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_RELU6)


@dataclass(frozen=True, eq=False)
class HardTanh(Layer):
    """``min(max(x, lo), hi)``."""

    lo: float = -1.0
    hi: float = 1.0

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_HARD_TANH, lo=self.lo, hi=self.hi)


@dataclass(frozen=True, eq=False)
class Clip(Layer):
    """``min(max(x, lo), hi)``; either bound may be infinite."""

    lo: float = float("-inf")
    hi: float = float("inf")

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_CLIP, lo=self.lo, hi=self.hi)


@dataclass(frozen=True, eq=False)
class HardSigmoid(Layer):
    """``min(max(alpha * x + beta, 0), 1)``."""

    alpha: float = 1 / 6
    beta: float = 0.5

    def _build(self, b: Builder, source: int) -> int:
        return _activation(b, source, _abi.CPWL_HARD_SIGMOID, alpha=self.alpha, beta=self.beta)


@dataclass(frozen=True, eq=False)
class PReLU(Layer):
    """Leaky ReLU with a slope of its own per channel (first axis), or one for all: `slopes` is (C,) or (1,)."""

    slopes: Any

    def _build(self, b: Builder, source: int) -> int:
        return b.add(lib.cpwl_network_builder_prelu, source, b.array(self.slopes, "slopes"))


@dataclass(frozen=True, eq=False)
class PWL(Layer):
    """Any continuous piecewise-linear function of one variable, applied to every element.

    Parameters
    ----------
    knots : (m,)
        Strictly increasing.
    slopes : (m + 1,)
    value : float
        The function at the first knot (at 0 when there is none).
    """

    knots: Any
    slopes: Any
    value: float = 0.0

    def _build(self, b: Builder, source: int) -> int:
        knots, slopes = b.array(self.knots, "knots"), b.array(self.slopes, "slopes")
        return b.add(lib.cpwl_network_builder_pwl, source, knots, slopes, self.value)


@dataclass(frozen=True, eq=False)
class Maxout(Layer):
    """Maximum over groups of `group` consecutive elements (channels of a (C, H, W) input)."""

    group: int

    def _build(self, b: Builder, source: int) -> int:
        return b.add(lib.cpwl_network_builder_maxout, source, self.group)


@dataclass(frozen=True, eq=False)
class MaxPool2d(Layer):
    """Maximum over windows of each channel; padding never wins. `stride` None = the kernel."""

    kernel: Pair
    stride: Pair | None = None
    padding: Pair = 0
    dilation: Pair = 1
    ceil_mode: bool = False

    def _build(self, b: Builder, source: int) -> int:
        options = _pool(self, dilation=_pair(self.dilation, "dilation"))
        return b.add(lib.cpwl_network_builder_max_pool2d, source, ctypes.byref(options))


@dataclass(frozen=True, eq=False)
class AvgPool2d(Layer):
    """Mean over windows of each channel. `stride` None = the kernel."""

    kernel: Pair
    stride: Pair | None = None
    padding: Pair = 0
    ceil_mode: bool = False
    count_padding: bool = True

    def _build(self, b: Builder, source: int) -> int:
        options = _pool(self, dilation=_pair(1, "dilation"), exclude_padding=not self.count_padding)
        return b.add(lib.cpwl_network_builder_avg_pool2d, source, ctypes.byref(options))


@dataclass(frozen=True, eq=False)
class GlobalAvgPool(Layer):
    """Mean of each channel: (C, H, W) to (C, 1, 1)."""

    def _build(self, b: Builder, source: int) -> int:
        return b.add(lib.cpwl_network_builder_global_avg_pool, source)


@dataclass(frozen=True, eq=False)
class BatchNorm(Layer):
    """``gamma * (x - mean) / sqrt(var + eps) + beta`` per channel (first axis), all (C,); folded in float64."""

    mean: Any
    var: Any
    gamma: Any = None
    beta: Any = None
    eps: float = 1e-5

    def _build(self, b: Builder, source: int) -> int:
        arrays = [b.array(getattr(self, name), name) for name in ("gamma", "beta", "mean", "var")]
        return b.add(lib.cpwl_network_builder_batch_norm, source, *arrays, self.eps)


@dataclass(frozen=True, eq=False)
class ScaleShift(Layer):
    """``scale * x + shift``, each None, (1,), one per channel (first axis) or one per element."""

    scale: Any = None
    shift: Any = None

    def _build(self, b: Builder, source: int) -> int:
        scale, shift = b.array(self.scale, "scale"), b.array(self.shift, "shift")
        return b.add(lib.cpwl_network_builder_scale_shift, source, scale, shift)


@dataclass(frozen=True, eq=False)
class Flatten(Layer):
    """All elements in one axis, row-major."""

    def _build(self, b: Builder, source: int) -> int:
        return b.add(lib.cpwl_network_builder_flatten, source)


@dataclass(frozen=True, eq=False)
class Reshape(Layer):
    """Another shape of the same elements, row-major; one entry may be -1."""

    shape: Sequence[int]

    def _build(self, b: Builder, source: int) -> int:
        n = len(self.shape)
        return b.add(lib.cpwl_network_builder_reshape, source, (ctypes.c_int64 * n)(*self.shape), n)


@dataclass(frozen=True, eq=False, init=False)
class Add(Layer):
    """Elementwise sum of the value before it and the labelled values: ``Add("skip")``."""

    labels: tuple[str, ...]

    def __init__(self, *labels: str, name: str | None = None, after: str | None = None) -> None:
        super().__init__(name=name, after=after)
        object.__setattr__(self, "labels", labels)

    def _build(self, b: Builder, source: int) -> int:
        return b.join(lib.cpwl_network_builder_add, [source, *map(b.find, self.labels)])


@dataclass(frozen=True, eq=False, init=False)
class Concat(Layer):
    """The value before it, then the labelled values, along `axis` (per sample: 0 = channels)."""

    labels: tuple[str, ...]
    axis: int

    def __init__(self, *labels: str, axis: int = 0, name: str | None = None, after: str | None = None) -> None:
        super().__init__(name=name, after=after)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "axis", axis)

    def _build(self, b: Builder, source: int) -> int:
        return b.join(lib.cpwl_network_builder_concat, [source, *map(b.find, self.labels)], self.axis)


def _activation(b: Builder, source: int, kind: int, **values: float) -> int:
    bits = {"alpha": 1, "beta": 2, "lo": 4, "hi": 8}
    options = sized(_abi.ActivationOptions, given=sum(bits[name] for name in values), **values)
    return b.add(lib.cpwl_network_builder_activation, source, kind, ctypes.byref(options))


def _pool(layer: MaxPool2d | AvgPool2d, **more: Any) -> _abi.Pool2dOptions:
    return sized(
        _abi.Pool2dOptions,
        kernel=_pair(layer.kernel, "kernel"),
        stride=_pair(layer.kernel if layer.stride is None else layer.stride, "stride"),
        padding=_sides(layer.padding),
        ceil_mode=layer.ceil_mode,
        **more,
    )


def _pair(value: Pair, name: str) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2:
        raise ValueError(f"{name} is {value!r}; expected an int or a pair")
    return _positive(pair[0], name), _positive(pair[1], name)


def _positive(value: int, name: str) -> int:
    if value < 1:  # zero means "default" to the C ABI
        raise ValueError(f"{name} is {value!r}; expected at least 1")
    return value


def _sides(padding: Pair) -> tuple[int, int, int, int]:
    sides = (padding, padding) if isinstance(padding, int) else tuple(padding)
    if len(sides) == 2:
        sides = (*sides, *sides)
    if len(sides) != 4:
        raise ValueError(f"padding is {padding!r}; expected an int, a pair or (top, left, bottom, right)")
    return sides
