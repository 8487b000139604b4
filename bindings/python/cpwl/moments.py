"""Second moments of a stream of rows, and the last rows of one: what an effective rank in training is made of.

>>> import cpwl, numpy as np
>>> rng = np.random.default_rng(0)
>>> m = cpwl.Moments(16)
>>> for _ in range(10):
...     m.update(rng.standard_normal((256, 16)).astype(np.float32))
>>> m.n_rows, round(m.rankme(), 2)
(2560, 15.99)
>>> cpwl.Moments.from_bytes(m.to_bytes()).rankme() == m.rankme()
True
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor, rank
from . import context as _context
from ._lib import Handle, Native, call, lib, sized

__all__ = ["Moments", "Queue", "RankEstimate"]

Array = npt.NDArray[np.float64]


class State(Native):
    """Base of what changes: one thread at a time is let in, and copies are no second names."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._lock = threading.Lock()

    def __copy__(self) -> NoReturn:
        raise TypeError(f"cpwl.{type(self).__name__} holds native memory and cannot be copied; {self._rebuild}")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        self.__copy__()


@contextlib.contextmanager
def alone(*states: State) -> Iterator[None]:
    """Keeps other threads out of these, in an order in which nobody waits for ever."""
    with contextlib.ExitStack() as stack:
        for state in sorted({id(s): s for s in states}.values(), key=id):
            stack.enter_context(state._lock)
        yield


class RankEstimate(NamedTuple):
    """An estimate of an effective rank.

    Attributes
    ----------
    rank : float
        Of Roy and Vetterli's effective rank.
    error : float
        Half the width of a 95 % confidence interval.
    deflated : int
        Eigenvalues that were found one by one.
    """

    rank: float
    error: float
    deflated: int


class Moments(State):
    """Second moments of rows in double precision: rows come and go, states merge and travel.

    K^2 numbers, whatever the number of rows. States of several processes merge to that of all rows (:meth:`merge` with
    :meth:`to_bytes`, or one all-reduce of :meth:`to_flat`), equal to the batch result up to rounding. A call that fails
    leaves the state as it was. Picklable.

    Parameters
    ----------
    n_columns : int, optional
        K; may be left out with `shift`.
    shift : (K,) array, optional
        What rows are kept about; then it stays, as :meth:`to_flat` needs it. Otherwise the mean of the first rows.
    exponent : int
        With `shift`: rows are scaled by ``2**-exponent``; for numbers beyond 2^300 or below 2^-300.
    """

    def __init__(self, n_columns: int | None = None, *, shift: Any = None, exponent: int = 0) -> None:
        self._shift: Array | None = None
        if shift is None:
            if n_columns is None:
                raise TypeError("give n_columns, or a shift")
            handle = Handle(lib.cpwl_moments_free, lib.cpwl_moments_new, None, n_columns)
        else:
            self._shift = _tensor.to_float64(shift, "shift")
            lent = _tensor.borrow(self._shift, "shift")
            if n_columns is not None and lent.shape != (n_columns,):
                raise ValueError(f"shift has shape {lent.shape}; expected ({n_columns},)")
            handle = Handle(lib.cpwl_moments_free, lib.cpwl_moments_with_shift, None, lent, exponent)
        super().__init__(handle)

    @classmethod
    def _of(cls, handle: Handle, shift: Array | None = None) -> Moments:
        made = cls.__new__(cls)
        State.__init__(made, handle)
        made._shift = shift
        return made

    def _info(self) -> Any:
        info = sized(_abi.MomentsSummary)
        with alone(self):
            call(lib.cpwl_moments_info, None, self._handle, ctypes.byref(info))
        return info

    @property
    def n_rows(self) -> int:
        """Number of rows, N."""
        return self._info().n_rows

    @property
    def n_columns(self) -> int:
        """Number of columns, K."""
        return self._info().n_columns

    @property
    def exponent(self) -> int:
        """Rows are kept as ``2**-exponent`` times what they are: 0 unless they are extreme."""
        return self._info().exponent

    def update(self, z: Any, *, context: _context.Context | None = None) -> None:
        """Adds the rows of `z`, (n, K), of any float type and strides. n K^2 products.

        Raises
        ------
        NonfiniteError
            NaN or infinity anywhere; nothing has been added then.
        """
        self._rows(lib.cpwl_moments_update, z, context)

    def downdate(self, z: Any, *, context: _context.Context | None = None) -> None:
        """Takes rows out that came in before. Each such pair leaves its rounding behind: start anew when as many rows
        have left as are there."""
        self._rows(lib.cpwl_moments_downdate, z, context)

    def _rows(self, function: Any, z: Any, context: _context.Context | None) -> None:
        lent = rank.rows(z)
        work = float(np.prod(lent.shape)) * (lent.shape[-1] if lent.shape else 0)
        with alone(self):
            rank.run(context or _context.default(), work, function, self._handle, lent)

    def merge(self, other: Moments) -> None:
        """Adds the rows that `other` has seen."""
        with alone(self, other):
            call(lib.cpwl_moments_merge, None, self._handle, other._handle)

    def subtract(self, other: Moments) -> None:
        """Takes the rows that `other` has seen out again."""
        with alone(self, other):
            call(lib.cpwl_moments_subtract, None, self._handle, other._handle)

    def clear(self) -> None:
        """Forgets all rows; a given shift stays."""
        with alone(self):
            call(lib.cpwl_moments_clear, None, self._handle)

    def mean(self) -> Array:
        """(K,) the mean of the rows."""
        out = np.empty(self.n_columns)
        with alone(self):
            call(lib.cpwl_moments_mean, None, self._handle, _tensor.borrow(out, "out"))
        return out

    def products(self, *, center: bool = False) -> Array:
        """(K, K) ``z.T @ z`` of the rows z, or of the rows minus their mean."""
        out = np.empty((self.n_columns,) * 2)
        with alone(self):
            call(lib.cpwl_moments_products, None, self._handle, center, _tensor.borrow(out, "out"))
        return out

    def spectrum(self, *, center: bool = False, context: _context.Context | None = None) -> rank.Spectrum:
        """Singular values of the rows, or of the rows minus their mean. 4/3 K^3 products.

        Raises
        ------
        ShapeError
            There are no rows yet.
        NumericError
            A zero spectrum, or rows were taken out that are not there.
        """
        work, free = float(self.n_columns) ** 3, lib.cpwl_spectrum_free
        with alone(self):
            arguments = (free, lib.cpwl_moments_spectrum, self._handle, center)
            return rank.Spectrum(rank.handle(context or _context.default(), work, *arguments))

    def rankme(self, *, context: _context.Context | None = None) -> float:
        """See :func:`cpwl.rankme`."""
        return rank.rankme(self, context=context)

    def effective_rank(self, preset: str = "roy_vetterli", **options: Any) -> float:
        """See :func:`cpwl.effective_rank`."""
        return rank.effective_rank(self, preset, **options)

    def participation_ratio(self, *, center: bool = False) -> float:
        """``sum(lambda)**2 / sum(lambda**2)`` without eigenvalues: K^2 products."""
        with alone(self):
            context = _context.default()
            return rank.number(context, 0, lib.cpwl_moments_participation_ratio, self._handle, center)

    def approximate_rank(
        self,
        *,
        center: bool = False,
        probes: int = 8,
        steps: int = 48,
        deflation: int = 320,
        seed: int = 0,
        context: _context.Context | None = None,
    ) -> RankEstimate:
        """Estimates the effective rank (eps = 0) without all eigenvalues, with a 95 % confidence interval: for K from
        about 8192 on, below which :meth:`spectrum` is exact and no slower.

        Parameters
        ----------
        center : bool
        probes : int
            Random vectors, at least 2: the error falls with their square root.
        steps : int
            Lanczos steps of each, at least 4.
        deflation : int
            Vectors to multiply with in search of the largest eigenvalues.
        seed : int
            The same seed gives the same result.
        """
        for value, name in ((probes, "probes"), (steps, "steps")):
            if value < 1:
                raise ValueError(f"{name} is {value}; expected 1 or more")
        flags = _abi.CPWL_ESTIMATE_DEFLATION | (_abi.CPWL_ESTIMATE_CENTER if center else 0)
        how = sized(_abi.RankEstimateOptions, probes=probes, steps=steps, deflation=deflation, seed=seed, flags=flags)
        found = sized(_abi.RankEstimate)
        work = 2.0 * self.n_columns**2 * (deflation + probes * steps)
        with alone(self):
            arguments = (self._handle, ctypes.byref(how), ctypes.byref(found))
            rank.run(context or _context.default(), work, lib.cpwl_moments_estimate_rank, *arguments)
        return RankEstimate(found.rank, found.error, found.deflated)

    def to_bytes(self) -> bytes:
        """Rows, mean and centred second moments, for files and other processes; the layout is in cpwl.h. A given
        shift is not part of it."""
        with alone(self):
            made = Handle(lib.cpwl_bytes_free, lib.cpwl_moments_to_bytes, None, self._handle)
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        call(lib.cpwl_bytes_get, None, made, ctypes.byref(data), ctypes.byref(size))
        return ctypes.string_at(data.value or 0, size.value)

    @classmethod
    def from_bytes(cls, data: bytes) -> Moments:
        """The state that :meth:`to_bytes` wrote.

        Raises
        ------
        ArgumentError
            MALFORMED: something else, cut short, or changed.
        """
        data = bytes(data)
        return cls._of(Handle(lib.cpwl_moments_free, lib.cpwl_moments_from_bytes, None, data, len(data)))

    def to_flat(self) -> Array:
        """(1 + K + K (K + 1) / 2,) numbers that may be summed over processes whose states share shift and exponent: an
        all-reduce of K^2 / 2 numbers instead of a gathering of all rows.

        Raises
        ------
        ArgumentError
            The state was not made with a shift.
        """
        out = np.empty(self._info().flat_size)
        with alone(self):
            call(lib.cpwl_moments_flat, None, self._handle, _tensor.borrow(out, "out"))
        return out

    @classmethod
    def from_flat(cls, flat: Any, *, shift: Any, exponent: int = 0) -> Moments:
        """The state of the numbers of :meth:`to_flat`, or of the sum of several."""
        at = _tensor.to_float64(shift, "shift")
        arguments = (None, _tensor.borrow(at, "shift"), exponent, rank.rows(flat, "flat"))
        return cls._of(Handle(lib.cpwl_moments_free, lib.cpwl_moments_from_flat, *arguments), at)

    def __copy__(self) -> Any:
        make, arguments = self.__reduce_ex__(0)
        return make(*arguments)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return self.__copy__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        if self._shift is None:
            return Moments.from_bytes, (self.to_bytes(),)
        return _from_flat, (self.to_flat(), self._shift, self.exponent)

    def __repr__(self) -> str:
        info = self._info()
        return f"<cpwl.Moments of {info.n_rows} rows of {info.n_columns}>"


def _from_flat(flat: Array, shift: Array, exponent: int) -> Moments:
    return Moments.from_flat(flat, shift=shift, exponent=exponent)


class Queue(State):
    """The last rows of a stream, with their second moments: a RankMe that forgets, at the price of the rows that come
    and go.

    Parameters
    ----------
    capacity : int
        Rows that it holds at most.
    n_columns : int
    dtype : {"float32", "float64"}
        How rows are kept; float32 holds float16 and bfloat16 too.
    """

    _rebuild = "push the rows into another one"

    def __init__(self, capacity: int, n_columns: int, dtype: str = "float32") -> None:
        code = rank.choose({"float32": _abi.CPWL_F32, "float64": _abi.CPWL_F64}, dtype, "dtype")
        super().__init__(Handle(lib.cpwl_queue_free, lib.cpwl_queue_new, None, capacity, n_columns, code))
        self.dtype = dtype

    def _info(self) -> Any:
        info = sized(_abi.QueueSummary)
        with alone(self):
            call(lib.cpwl_queue_info, None, self._handle, ctypes.byref(info))
        return info

    def __len__(self) -> int:
        return self._info().n_rows

    @property
    def capacity(self) -> int:
        """Rows that it holds at most."""
        return self._info().capacity

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return self._info().n_columns

    def push(self, z: Any, *, context: _context.Context | None = None) -> None:
        """Takes the rows of `z`, (n, K), in, oldest first, and lets as many go as do not fit.

        Raises
        ------
        DtypeError
            float64 rows in a queue of float32, which would round them.
        NonfiniteError
            NaN or infinity anywhere; the queue is as it was then.
        """
        lent = rank.rows(z)
        work = 2.0 * float(np.prod(lent.shape)) * (lent.shape[-1] if lent.shape else 0)
        with alone(self):
            rank.run(context or _context.default(), work, lib.cpwl_queue_push, self._handle, lent)

    def moments(self, *, context: _context.Context | None = None) -> Moments:
        """The second moments of the rows that are in, as a state of its own."""
        ctx, work = context or _context.default(), self._work()
        with alone(self):
            made = rank.handle(ctx, work, lib.cpwl_moments_free, lib.cpwl_queue_moments, self._handle)
        return Moments._of(made)

    def spectrum(self, *, center: bool = False, context: _context.Context | None = None) -> rank.Spectrum:
        """Singular values of the rows that are in, or of these minus their mean."""
        ctx, work = context or _context.default(), self._work()
        with alone(self):
            made = rank.handle(ctx, work, lib.cpwl_spectrum_free, lib.cpwl_queue_spectrum, self._handle, center)
        return rank.Spectrum(made)

    def rankme(self, *, context: _context.Context | None = None) -> float:
        """See :func:`cpwl.rankme`."""
        return rank.rankme(self, context=context)

    def effective_rank(self, preset: str = "roy_vetterli", **options: Any) -> float:
        """See :func:`cpwl.effective_rank`."""
        return rank.effective_rank(self, preset, **options)

    def _work(self) -> float:
        info = self._info()
        return float(info.n_columns) ** 2 * (info.n_rows + info.n_columns)

    def __repr__(self) -> str:
        info = self._info()
        return f"<cpwl.Queue of {info.n_rows} of {info.capacity} rows of {info.n_columns}>"
