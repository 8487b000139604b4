"""Reads torch modules: plain sequences layer by layer, everything else through torch's ONNX export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from . import errors, layers

if TYPE_CHECKING:
    from .network import Network


class _NotPlain(Exception):
    """The module is no plain sequence of layers that have a direct translation."""


def network(kind: type[Network], module: nn.Module, input_shape: Sequence[int], knots: int | None) -> Network:
    """The network of `module`; `input_shape` is per sample, `knots` for smooth activations."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"module is a {type(module).__name__}; expected a torch.nn.Module")
    for name, part in module.named_modules():
        if part.training and isinstance(part, nn.modules.batchnorm._NormBase | nn.modules.dropout._DropoutNd):
            raise errors.UnsupportedError(
                f"[UNSUPPORTED] {name or 'module'} ({type(part).__name__}) is in training mode, where it is not the "
                "network that predicts; call module.eval() first"
            )
    try:
        return kind.from_layers(list(_walk(module, knots)), input_shape)
    except _NotPlain:
        return kind.from_onnx(_export(module, input_shape), smooth_knots=knots)


def _walk(module: nn.Module, knots: int | None) -> Iterator[layers.Layer]:
    # Exact types: a subclass may compute something else.
    if type(module) is nn.Sequential:
        for part in module:
            yield from _walk(part, knots)
    elif _hooked(module) or type(module) not in _TRANSLATIONS | _SMOOTH:
        raise _NotPlain
    elif type(module) in _SMOOTH:
        yield _SMOOTH[type(module)](module, knots)
    else:
        layer = _TRANSLATIONS[type(module)](module)
        if layer is not None:
            yield layer


def layer(module: nn.Module) -> layers.Layer | None:
    """One layer of a sequence; None for what is nothing in evaluation mode.

    Raises
    ------
    UnsupportedError
        If it is none of the usual layers.
    """
    try:
        found = list(_walk(module, None))
    except _NotPlain:
        raise errors.UnsupportedError(
            f"[UNSUPPORTED] {type(module).__name__} is none of the layers that a sequence is read by, or has hooks or "
            "parametrisations that may change what it computes"
        ) from None
    return found[0] if found else None


def _hooked(module: nn.Module) -> bool:
    """Hooks and parametrisations may change what a layer computes."""
    return bool(module._forward_hooks or module._forward_pre_hooks or hasattr(module, "parametrizations"))


def _array(tensor: torch.Tensor | None) -> torch.Tensor | None:
    return None if tensor is None else tensor.detach()


def _linear(m: nn.Linear) -> layers.Layer:
    return layers.Dense(_array(m.weight), _array(m.bias))


def _conv2d(m: nn.Conv2d) -> layers.Layer:
    if m.padding_mode != "zeros" or m.padding == "same":
        raise _NotPlain
    padding = 0 if m.padding == "valid" else m.padding
    return layers.Conv2d(_array(m.weight), _array(m.bias), m.stride, padding, m.dilation, m.groups)


def _batch_norm(m: nn.BatchNorm1d | nn.BatchNorm2d) -> layers.Layer:
    if m.running_mean is None:
        raise errors.UnsupportedError("[UNSUPPORTED] batch-norm without running statistics is no fixed affine map")
    gamma, beta = _array(m.weight), _array(m.bias)
    return layers.BatchNorm(_array(m.running_mean), _array(m.running_var), gamma, beta, m.eps)


def _max_pool2d(m: nn.MaxPool2d) -> layers.Layer:
    if m.return_indices:
        raise _NotPlain
    return layers.MaxPool2d(m.kernel_size, m.stride, m.padding, m.dilation, m.ceil_mode)


def _avg_pool2d(m: nn.AvgPool2d) -> layers.Layer:
    if m.divisor_override is not None:
        raise _NotPlain
    return layers.AvgPool2d(m.kernel_size, m.stride, m.padding, m.ceil_mode, m.count_include_pad)


def _adaptive(m: nn.AdaptiveAvgPool2d) -> layers.Layer:
    if m.output_size not in (1, (1, 1)):
        raise _NotPlain
    return layers.GlobalAvgPool()


def _flatten(m: nn.Flatten) -> layers.Layer:
    if (m.start_dim, m.end_dim) != (1, -1):
        raise _NotPlain
    return layers.Flatten()


_TRANSLATIONS: dict[type[nn.Module], Any] = {
    nn.Linear: _linear,
    nn.Conv2d: _conv2d,
    nn.BatchNorm1d: _batch_norm,
    nn.BatchNorm2d: _batch_norm,
    nn.ReLU: lambda m: layers.ReLU(),
    nn.LeakyReLU: lambda m: layers.LeakyReLU(m.negative_slope),
    nn.PReLU: lambda m: layers.PReLU(_array(m.weight)),
    nn.Hardtanh: lambda m: layers.HardTanh(m.min_val, m.max_val),
    nn.ReLU6: lambda m: layers.ReLU6(),
    nn.Hardsigmoid: lambda m: layers.HardSigmoid(),
    nn.MaxPool2d: _max_pool2d,
    nn.AvgPool2d: _avg_pool2d,
    nn.AdaptiveAvgPool2d: _adaptive,
    nn.Flatten: _flatten,
    nn.Dropout: lambda m: None,
    nn.Identity: lambda m: None,
}


_SMOOTH: dict[type[nn.Module], Any] = {
    nn.GELU: lambda m, knots: layers.GELU(m.approximate, knots=knots),
    nn.SiLU: lambda m, knots: layers.SiLU(knots=knots),
    nn.Tanh: lambda m, knots: layers.Tanh(knots=knots),
    nn.Sigmoid: lambda m, knots: layers.Sigmoid(knots=knots),
    nn.Softplus: lambda m, knots: layers.Softplus(m.beta, m.threshold, knots=knots),
    nn.ELU: lambda m, knots: layers.ELU(m.alpha, knots=knots),
    nn.SELU: lambda m, knots: layers.SELU(knots=knots),
    nn.CELU: lambda m, knots: layers.CELU(m.alpha, knots=knots),
    nn.Mish: lambda m, knots: layers.Mish(knots=knots),
    nn.Hardswish: lambda m, knots: layers.HardSwish(knots=knots),
}


def _export(module: nn.Module, input_shape: Sequence[int]) -> bytes:
    parameter = next(module.parameters(), torch.empty(0))
    sample = torch.zeros(2, *input_shape, dtype=parameter.dtype, device=parameter.device)
    batch = torch.export.Dim("batch")
    program = torch.onnx.export(module, (sample,), dynamo=True, verbose=False, dynamic_shapes=({0: batch},))
    return program.model_proto.SerializeToString()
