"""Recorded forward passes and their gradients."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import _abi, _tensor
from . import context as _context
from ._lib import Handle, Native, call, lib

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Gradients", "Parameter", "Tape"]


class Parameter(NamedTuple):
    """One array of constants of a network.

    Attributes
    ----------
    node : str
        Name of the layer.
    name : {"weight", "bias", "scale", "shift"}
    value : numpy array, read-only
        (out, in) or (O, C / groups, kh, kw) of a weight, (n,) of the others; float32 or float64 as it is kept.
    """

    node: str
    name: str
    value: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.value.shape


class Gradients(NamedTuple):
    """Gradients of a scalar L.

    Attributes
    ----------
    x : array of the shape of the input, or None
        dL/dx; None if it was not asked for.
    parameters : list of array
        dL/dp for each of :attr:`Network.parameters`, summed over the batch; empty if it was not asked for.
    """

    x: Any
    parameters: list[Any]


class Tape(Native):
    """A forward pass ``y = net(x)``, recorded by :meth:`Network.record`. Immutable; needs neither `x` nor `net`.

    Attributes
    ----------
    y : numpy array, or torch tensor when given one
        The output.
    """

    _rebuild = "record the pass again"

    def __init__(self, net: Network, x: Any, context: _context.Context | None) -> None:
        borrowed, self._single = net._batch(x)
        self._dtype = np.float64 if borrowed.dtype == "float64" else np.float32
        self._torch = borrowed.is_torch
        self._input_shape = (borrowed.shape[0], *net.input_shape)
        self._shapes = net._array_shapes
        self._output_shape = (borrowed.shape[0], *net.output_shape)
        y = np.empty(self._output_shape, self._dtype)

        def create(*_: Any) -> int:
            net._run(lib.cpwl_network_record, context, borrowed, _tensor.borrow(y, "y"), *_)
            return 0

        self._handle = Handle(lib.cpwl_tape_free, create)
        self._work = borrowed.shape[0] * net.n_parameters
        self.y = self._result(y)

    def backward(
        self, dy: Any, *, x: bool = True, parameters: bool = True, context: _context.Context | None = None
    ) -> Gradients:
        """The way back: gradients of L, given ``dy`` = dL/dy.

        At a kink the slope is that of the piece that :meth:`Network.pattern` reports (a ReLU has slope 0 at 0), and a
        maximum passes its gradient to the lowest of equal candidates.

        Parameters
        ----------
        dy : array of the shape of ``y``, or with the axes of a sample flattened
        x, parameters : bool
            Which gradients are wanted.
        context : Context, optional

        Returns
        -------
        Gradients
            In the precision of the recorded pass; torch tensors if `x` was one.

        Raises
        ------
        ShapeError
            If `dy` does not have the shape of ``y``.
        NonfiniteError
            If a number in `dy` is NaN or infinite.
        """
        from .network import _LONG

        borrowed = _tensor.borrow(dy, "dy")
        if self._single and borrowed.shape in (self._output_shape[1:], (int(np.prod(self._output_shape)),)):
            borrowed = borrowed.as_batch()
        dx = np.empty(self._input_shape, self._dtype) if x else None
        arrays = [np.empty(shape, self._dtype) for shape in self._shapes] if parameters else []
        lent = [_tensor.borrow(array, "parameters") for array in arrays]
        structs = (_abi.Tensor * len(lent))(*(each._struct for each in lent))
        to_x = _tensor.borrow(dx, "dx") if dx is not None else None
        run = context or _context.default()

        def work() -> None:
            call(lib.cpwl_tape_backward, run, self._handle, borrowed, to_x, structs, len(lent))

        if self._work < _LONG:
            work()
        else:
            run._run(work)
        return Gradients(None if dx is None else self._result(dx), [self._like(array) for array in arrays])

    def _like(self, array: np.ndarray) -> Any:
        if not self._torch:
            return array
        import torch

        return torch.from_numpy(array)

    def _result(self, array: np.ndarray) -> Any:
        return self._like(array[0] if self._single else array)


def parameters(net: Network) -> list[Parameter]:
    """See :attr:`Network.parameters`."""
    found = []
    names = [node.name for node in net.nodes]
    for i in range(net._info.n_arrays):
        info = _abi.ParameterInfo(struct_size=ctypes.sizeof(_abi.ParameterInfo))
        call(lib.cpwl_network_parameter, None, net._handle, i, ctypes.byref(info))
        found.append(Parameter(names[info.node], info.name.decode(), _tensor.lend(net._handle, info.values)))
    return found


def with_parameters(net: Network, arrays: Any) -> Handle:
    """See :meth:`Network.with_parameters`."""
    borrowed = [None if array is None else _tensor.borrow(array, f"arrays[{i}]") for i, array in enumerate(arrays)]
    structs = (_abi.Tensor * len(borrowed))(*(_abi.Tensor() if each is None else each._struct for each in borrowed))
    return Handle(lib.cpwl_network_free, lib.cpwl_network_with_parameters, None, net._handle, structs, len(borrowed))
