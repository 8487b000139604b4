"""Turns a list of layer descriptions into a native network."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

from . import _tensor, errors
from ._lib import Handle, call, lib
from .layers import Dense, Layer


class Builder:
    """A native builder, the labels of its nodes, and the arrays that one call borrows."""

    def __init__(self, input_shape: Sequence[int]) -> None:
        n = len(input_shape)
        shape = (ctypes.c_int64 * n)(*input_shape)
        self._handle = Handle(lib.cpwl_network_builder_free, lib.cpwl_network_builder_new, None, shape, n)
        self._labels = {"input": 0}

    def array(self, value: Any, name: str) -> _tensor.Borrowed | None:
        """A weight for the length of a call; None stays None."""
        return None if value is None else _tensor.borrow(value, name)

    def find(self, label: str) -> int:
        """The node with that label."""
        if label not in self._labels:
            known = ", ".join(repr(name) for name in self._labels)
            raise errors.ArgumentError(f"[ARGUMENT] no layer before this one is named {label!r}; known: {known}")
        return self._labels[label]

    def add(self, function: Callable[..., int], *arguments: Any) -> int:
        """Calls `function(ctx, builder, *arguments, &node)`; returns the node."""
        node = ctypes.c_int32()
        call(function, None, self._handle, *arguments, ctypes.byref(node))
        return node.value

    def join(self, function: Callable[..., int], nodes: Sequence[int], *more: Any) -> int:
        """Adds a node that reads several."""
        return self.add(function, (ctypes.c_int32 * len(nodes))(*nodes), len(nodes), *more)

    def append(self, layer: Layer, source: int) -> int:
        """Adds a layer behind node `source`, or behind the node that it names itself."""
        node = layer._build(self, source if layer.after is None else self.find(layer.after))
        if layer.name is not None:
            if layer.name in self._labels:
                raise errors.ArgumentError(f"[ARGUMENT] two layers are named {layer.name!r}; names must differ")
            self._labels[layer.name] = node
            call(lib.cpwl_network_builder_name, None, self._handle, node, layer.name.encode())
        return node

    def finish(self, node: int) -> Handle:
        """The network whose output is `node`."""
        return Handle(lib.cpwl_network_free, lib.cpwl_network_builder_finish, None, self._handle, node)


def build(layers: Sequence[Layer], input_shape: Sequence[int] | int | None) -> Handle:
    """The network of a list of layers; `input_shape` None is taken from a dense first layer."""
    for position, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(f"layers[{position}] is {layer!r}; expected a layer of cpwl.layers")
    if input_shape is None:
        if not layers or not isinstance(layers[0], Dense):
            first = f"{type(layers[0]).__name__} as the first layer" if layers else "a list without layers"
            raise errors.ArgumentError(f"[ARGUMENT] input_shape is needed: {first} does not tell it")
        input_shape = _tensor.borrow(layers[0].weight, "weight").shape[1:]
    builder = Builder([input_shape] if isinstance(input_shape, int) else list(input_shape))
    node = 0
    for position, layer in enumerate(layers):
        try:
            node = builder.append(layer, node)
        except errors.Error as problem:
            raise type(problem)(f"{problem} (in layers[{position}], {type(layer).__name__})") from None
    return builder.finish(node)
