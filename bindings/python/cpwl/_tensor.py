"""Borrows arrays for the length of a call, without copying, from anything with a buffer or `__dlpack__`."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi, errors

_DTYPES = {
    "float32": _abi.CPWL_F32,
    "float64": _abi.CPWL_F64,
    "float16": _abi.CPWL_F16,
    "bfloat16": _abi.CPWL_BF16,
    "int32": _abi.CPWL_I32,
    "int64": _abi.CPWL_I64,
    "uint8": _abi.CPWL_U8,
    "uint16": _abi.CPWL_U16,
}
# Looking a dtype up is much cheaper than asking for its name. What numpy itself does not have is known by name only.
_NATIVE = {np.dtype(name): name for name in _DTYPES if name != "bfloat16"}
_SIZES = {name: 2 if name == "bfloat16" else np.dtype(name).itemsize for name in _DTYPES}
_DLPACK_DTYPES = {(0, 32): "int32", (0, 64): "int64", (1, 8): "uint8", (1, 16): "uint16", (2, 16): "float16",
                  (2, 32): "float32", (2, 64): "float64", (4, 16): "bfloat16"}  # fmt: skip


class _DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype = ctypes.c_void_p
_capsule_pointer.argtypes = [ctypes.py_object, ctypes.c_char_p]


class Borrowed:
    """A view of somebody's memory as the ABI describes it; keeps the owner alive.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
        numpy's name of the element type, or ``"bfloat16"``.
    is_torch : bool
        Whether the owner is a torch tensor: results are then torch tensors too.
    """

    def __init__(self, owner: Any, address: int, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...],
                 byte_offset: int = 0, device: tuple[int, int] = (_abi.CPWL_DEVICE_CPU, 0)) -> None:  # fmt: skip
        self._owner, self._address, self._byte_offset, self._device = owner, address, byte_offset, device
        self.dtype, self.shape, self._strides = dtype, shape, strides
        self.is_torch = False
        n = len(shape)
        self._dims = ((ctypes.c_int64 * n)(*shape), (ctypes.c_int64 * n)(*strides))
        self._struct = _abi.Tensor(data=address, byte_offset=byte_offset, dtype=_DTYPES[dtype], ndim=n,
                                   shape=self._dims[0], strides=self._dims[1], device=device[0],
                                   device_id=device[1])  # fmt: skip

    @property
    def _as_parameter_(self) -> Any:
        return ctypes.byref(self._struct)

    def as_batch(self) -> Borrowed:
        """The same memory with a leading axis of length 1."""
        view = Borrowed(self._owner, self._address, self.dtype, (1, *self.shape), (0, *self._strides),
                        self._byte_offset, self._device)  # fmt: skip
        view.is_torch = self.is_torch
        return view

    def part(self, index: int | None, start: int, count: int) -> Borrowed:
        """The same memory from `start` on, `count` entries of the first axis; at `index` of the axis before it,
        unless that is None."""
        shape, strides = self.shape, self._strides
        skip = start * strides[0] if index is None else index * strides[0] + start * strides[1]
        rest = 1 if index is None else 2
        offset = self._byte_offset + skip * _SIZES[self.dtype]
        return Borrowed(self._owner, self._address, self.dtype, (count, *shape[rest:]), strides[rest - 1 :], offset,
                        self._device)  # fmt: skip


def borrow(value: Any, name: str) -> Borrowed:
    """Borrows `value`: a numpy array, an object with ``__dlpack__`` (torch, jax, cupy) or a buffer, without
    copying; nested sequences of numbers become a float64 array. What is borrowed already is returned as it is.

    Raises
    ------
    DtypeError
        If the element type is none of float16, bfloat16, float32, float64, int32, int64, uint8, uint16.
    """
    if isinstance(value, Borrowed):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _from_numpy(np.asarray(value), name)
    if hasattr(value, "__dlpack__"):
        return _from_dlpack(value, name)
    try:
        view = memoryview(value)
    except TypeError:
        return _from_numpy(_from_sequence(value, name), name)
    return _from_numpy(np.asarray(view), name)


def to_float64(value: Any, name: str) -> npt.NDArray[np.float64]:
    """A float64 copy of an array-like: for the few small arrays that the Python side keeps itself."""
    if hasattr(value, "detach"):
        value = value.detach().double().cpu().numpy()
    return np.array(_from_sequence(value, name), dtype=np.float64)


def as_result(array: np.ndarray, like: Borrowed) -> Any:
    """`array` itself, or a torch tensor on the same memory when `like` came from torch."""
    return sys.modules["torch"].from_numpy(array) if like.is_torch else array


class _Lent:
    """Lets numpy view memory of the library and keep its owner alive."""

    def __init__(self, owner: Any, interface: dict[str, Any]) -> None:
        self._owner = owner
        self.__array_interface__ = interface


def lend(owner: Any, tensor: _abi.Tensor) -> np.ndarray:
    """A read-only numpy view of memory that the library lends until `owner` is freed."""
    dtype = np.dtype({number: name for name, number in _DTYPES.items()}[tensor.dtype])
    shape = tuple(tensor.shape[i] for i in range(tensor.ndim))
    if 0 in shape:
        return np.empty(shape, dtype)
    strides = tuple(tensor.strides[i] * dtype.itemsize for i in range(tensor.ndim)) if tensor.strides else None
    address = tensor.data + tensor.byte_offset
    return np.asarray(_Lent(owner, {"version": 3, "data": (address, True), "typestr": dtype.str, "shape": shape,
                                    "strides": strides}))  # fmt: skip


def _from_sequence(value: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as problem:
        raise errors.DtypeError(f"[DTYPE] {name}: {type(value).__name__} is no array of numbers ({problem})") from None


def _from_numpy(array: np.ndarray, name: str) -> Borrowed:
    dtype = _NATIVE.get(array.dtype) or array.dtype.name
    if dtype not in _DTYPES or not array.dtype.isnative:
        expected = ", ".join(_DTYPES)
        raise errors.DtypeError(f"[DTYPE] {name}: dtype is {array.dtype.str} ({array.dtype.name}); expected {expected}")
    size = array.itemsize
    if any(stride % size for stride in array.strides):  # a field of a record array: no stride in elements
        array = np.ascontiguousarray(array)
    return Borrowed(array, array.ctypes.data, dtype, array.shape, tuple(s // size for s in array.strides))


def _from_dlpack(value: Any, name: str) -> Borrowed:
    # The capsule is only looked into: its destructor releases the memory when `Borrowed` goes.
    capsule = value.__dlpack__()
    tensor = _DLTensor.from_address(_capsule_pointer(capsule, b"dltensor"))
    dtype = _DLPACK_DTYPES.get((tensor.code, tensor.bits))
    if dtype is None or tensor.lanes != 1:
        found = getattr(value, "dtype", f"DLPack code {tensor.code} with {tensor.bits} bits")
        raise errors.DtypeError(f"[DTYPE] {name}: dtype is {found}; expected {', '.join(_DTYPES)}")
    shape = tuple(tensor.shape[i] for i in range(tensor.ndim))
    if tensor.strides:
        strides = tuple(tensor.strides[i] for i in range(tensor.ndim))
    else:
        strides = tuple(int(np.prod(shape[i + 1 :])) for i in range(tensor.ndim))
    borrowed = Borrowed((value, capsule), tensor.data, dtype, shape, strides, tensor.byte_offset,
                        (tensor.device_type, tensor.device_id))  # fmt: skip
    torch = sys.modules.get("torch")
    borrowed.is_torch = torch is not None and isinstance(value, torch.Tensor)
    return borrowed
