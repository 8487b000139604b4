"""Finds and loads the shared library; calls into it; owns its handles."""

from __future__ import annotations

import ctypes
import os
import pathlib
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from . import _abi, errors

_SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
_NAME = ("cpwl" if sys.platform == "win32" else "libcpwl") + _SUFFIX


def find() -> pathlib.Path:
    """The shared library: `CPWL_LIBRARY`, else the copy in this package, else the release build of a source tree."""
    named = os.environ.get("CPWL_LIBRARY")
    if named:
        return pathlib.Path(named)
    here = pathlib.Path(__file__).resolve().parent
    places = [here / _NAME, here.parents[2] / "target" / "release" / _NAME]
    for place in places:
        if place.is_file():
            return place
    tried = "\n  ".join(str(p) for p in places)
    raise ImportError(f"{_NAME} not found; build it with `make build` or set CPWL_LIBRARY. Tried:\n  {tried}")


def _load() -> ctypes.CDLL:
    path = find()
    library = ctypes.CDLL(str(path))
    for name, (result, arguments) in _abi.FUNCTIONS.items():
        try:
            function = getattr(library, name)
        except AttributeError:
            raise ImportError(f"{path} has no {name}: it belongs to another version of this package") from None
        function.restype, function.argtypes = result, arguments
    return library


lib = _load()


def call(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function that returns a status; a failure becomes an exception with the library's message."""
    status = function(*arguments)
    if status:
        raise errors.from_status(status, lib.cpwl_last_error().decode())


class Handle:
    """Owns one opaque object of the library and frees it with the last reference."""

    __slots__ = ("_free", "_pointer")

    def __init__(self, free: Callable[[Any], None], create: Callable[..., int], *arguments: Any) -> None:
        """Calls `create(*arguments, &pointer)`."""
        self._free = free
        self._pointer = ctypes.c_void_p()
        call(create, *arguments, ctypes.byref(self._pointer))

    @property
    def _as_parameter_(self) -> ctypes.c_void_p:
        return self._pointer

    def __del__(self) -> None:
        if getattr(self, "_pointer", None):
            self._free(self._pointer)


class Native:
    """Base of the public classes that hold a handle: immutable, shared by copies, not picklable."""

    _handle: Handle
    _rebuild = "build it again from what it was made of"

    def __copy__(self) -> Native:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Native:
        return self

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError(f"cpwl.{type(self).__name__} holds native memory and cannot be pickled; {self._rebuild}")


def sized(kind: type[ctypes.Structure], /, **fields: Any) -> Any:
    """A structure of the ABI with `struct_size` filled in."""
    return kind(struct_size=ctypes.sizeof(kind), **fields)


def version() -> str:
    """Version of the loaded library."""
    return lib.cpwl_version_string().decode()


def build_info() -> str:
    """Instruction sets, features and devices of the loaded library."""
    return lib.cpwl_build_info().decode()
