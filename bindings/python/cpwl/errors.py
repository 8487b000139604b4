"""Exceptions: one class per status of the C ABI, each also the built-in exception that a caller would expect."""

from __future__ import annotations

import re

__all__ = [
    "ArgumentError",
    "Cancelled",
    "CertifyError",
    "DeviceError",
    "DtypeError",
    "Error",
    "FileError",
    "InternalError",
    "LimitError",
    "MemoryExhausted",
    "NonfiniteError",
    "NumericError",
    "ShapeError",
    "UnsupportedError",
]


class Error(Exception):
    """Something went wrong in the library.

    Attributes
    ----------
    condition : str
        The stable word that opens the message in brackets, e.g. ``"RANK"``; safe to match on.
    status : int
        The status code of the C ABI.
    """

    status: int = 0

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = re.match(r"\[(\w+)\]", message)
        self.condition: str = found.group(1) if found else ""


class ArgumentError(Error, ValueError):
    """An argument is not in its documented range."""

    status = 1


class ShapeError(Error, ValueError):
    """Shapes or numbers of dimensions do not fit together."""

    status = 2


class DtypeError(Error, TypeError):
    """An array has a data type that the call does not take."""

    status = 3


class NonfiniteError(Error, ValueError):
    """A NaN or an infinity where a finite number is needed."""

    status = 4


class UnsupportedError(Error, NotImplementedError):
    """Well-formed, but outside what this version does."""

    status = 5


class NumericError(Error, ArithmeticError):
    """A numerical method did not reach its guarantee."""

    status = 6


class LimitError(Error, RuntimeError):
    """A limit set by the caller (`max_regions`, `memory_limit`) was reached; partial work was freed."""

    status = 7


class MemoryExhausted(Error, MemoryError):
    """Memory could not be had."""

    status = 8


class Cancelled(Error, RuntimeError):
    """The cancel callback asked to stop."""

    status = 9


class DeviceError(Error, RuntimeError):
    """A device is missing or failed."""

    status = 10


class FileError(Error, OSError):
    """A file could not be read or written."""

    status = 11


class CertifyError(Error, ArithmeticError):
    """The guarantee that was asked for could not be given."""

    status = 12


class InternalError(Error, RuntimeError):
    """A bug in the library: please report it."""

    status = 13


_BY_STATUS = {kind.status: kind for kind in Error.__subclasses__()}


def from_status(status: int, message: str) -> Error:
    """The exception of a failed call."""
    return _BY_STATUS.get(status, InternalError)(message)
