"""How calls run: threads, instruction set, limits, progress bar, cancellation."""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from . import _abi
from ._lib import Handle, Native, lib, sized

__all__ = ["Context"]

T = TypeVar("T")

_ISAS = {
    "auto": _abi.CPWL_ISA_AUTO,
    "portable": _abi.CPWL_ISA_PORTABLE,
    "avx2": _abi.CPWL_ISA_AVX2,
    "avx512": _abi.CPWL_ISA_AVX512,
    "neon": _abi.CPWL_ISA_NEON,
}
_CALLBACKS: dict[str, Any] = {field[0]: field[1] for field in _abi.ContextOptions._fields_}


class Context(Native):
    """Settings of a call. Immutable; may be shared between threads.

    Ctrl-C stops long work: `KeyboardInterrupt` comes out once the library has freed what it had. What other threads
    run on the same context at that moment stops too.

    Parameters
    ----------
    threads : int
        Worker threads; 0 = all cores the process may use, 1 = none beside the caller's.
    isa : {"auto", "portable", "avx2", "avx512", "neon"}
        Instruction set; "auto" = the best that the CPU has.
    reference : bool
        Run the plain reference implementations: slow, for checking.
    memory_limit : int
        Largest number of bytes that one call may hold; 0 = no limit.
    progress : bool or callable
        True shows a tqdm bar per stage; a callable gets ``(fraction, stage)`` from a worker thread.
    cancel : callable, optional
        Polled from worker threads; a true result stops the work with :class:`cpwl.Cancelled`. An exception that it
        (or `progress`) raises stops the work too, and comes out of the call.

    Raises
    ------
    UnsupportedError
        If this CPU does not have the forced instruction set.
    """

    _rebuild = "make a new one from the same options"

    def __init__(
        self,
        *,
        threads: int = 0,
        isa: str = "auto",
        reference: bool = False,
        memory_limit: int = 0,
        progress: bool | Callable[[float, str], object] = False,
        cancel: Callable[[], object] | None = None,
    ) -> None:
        if isa not in _ISAS:
            raise ValueError(f"isa is {isa!r}; expected one of {', '.join(_ISAS)}")
        self._stop = ctypes.c_int32(0)  # read by the library from its worker threads
        self._raised: list[BaseException] = []
        self._bar = _Bar() if progress is True else None
        hear = self._bar if progress is True else progress
        self._listened_to = bool(hear or cancel)  # whether a call may have to carry an exception of the caller's
        # Without a cancel function of the caller the library polls the flag itself and never waits for the GIL.
        self._callbacks = {
            "cancel": _CALLBACKS["cancel"](self._guarded(lambda _: self._stop.value or bool(cancel()), 1))
            if cancel
            else ctypes.cast(lib.cpwl_cancel_flag, _CALLBACKS["cancel"]),
        }
        if hear:
            self._callbacks["progress"] = _CALLBACKS["progress"](
                self._guarded(lambda fraction, stage, _: hear(fraction, stage.decode()), None)
            )
        options = sized(
            _abi.ContextOptions,
            threads=threads,
            isa=_ISAS[isa],
            flags=_abi.CPWL_CONTEXT_REFERENCE if reference else 0,
            memory_limit=memory_limit,
            userdata=ctypes.addressof(self._stop),
            **self._callbacks,
        )
        self._handle = Handle(lib.cpwl_context_free, lib.cpwl_context_new, ctypes.byref(options))

    @property
    def threads(self) -> int:
        """Worker threads that a call may use, at least 1."""
        return lib.cpwl_context_threads(self._handle)

    @property
    def isa(self) -> str:
        """The instruction set in use."""
        number = lib.cpwl_context_isa(self._handle)
        return next(name for name, value in _ISAS.items() if value == number)

    def __repr__(self) -> str:
        return f"cpwl.Context(threads={self.threads}, isa={self.isa!r})"

    @property
    def _as_parameter_(self) -> ctypes.c_void_p:
        return self._handle._as_parameter_

    def _guarded(self, function: Callable[..., Any], on_error: Any) -> Callable[..., Any]:
        """A callback must not raise into the library: keep the exception for the caller and stop the work."""

        @functools.wraps(function)
        def guarded(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except BaseException as problem:
                self._raised.append(problem)
                self._stop.value = 1
                return on_error

        return guarded

    def _run(self, work: Callable[[], T]) -> T:
        """Runs `work`, which makes one long call, so that Ctrl-C stops it.

        Python handles signals only in the main thread and only between bytecodes, so the main thread waits here
        while another one is inside the library.
        """
        try:
            if threading.current_thread() is threading.main_thread():
                return _in_other_thread(work, self._interrupt)
            return work()
        except Exception:
            if self._raised:
                raise self._raised[0] from None
            raise
        finally:
            self._stop.value = 0
            self._raised.clear()
            if self._bar:
                self._bar.close()

    def _interrupt(self) -> None:
        self._stop.value = 1


def _in_other_thread(work: Callable[[], T], interrupt: Callable[[], None]) -> T:
    done = threading.Event()
    results: list[T] = []
    problems: list[BaseException] = []

    def body() -> None:
        try:
            results.append(work())
        except BaseException as problem:
            problems.append(problem)
        finally:
            done.set()

    threading.Thread(target=body, name="cpwl call", daemon=True).start()
    try:
        done.wait()
    except BaseException:
        interrupt()
        done.wait()
        raise
    if problems:
        raise problems[0]
    return results[0]


_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}"


class _Bar:
    """A tqdm bar per stage."""

    def __init__(self) -> None:
        from tqdm.auto import tqdm

        self._tqdm = tqdm
        self._bar: Any = None
        self._stage = ""

    def __call__(self, fraction: float, stage: str) -> None:
        if stage != self._stage:
            self.close()
            self._stage = stage
            self._bar = self._tqdm(total=100, desc=stage, bar_format=_BAR)
        self._bar.update(100 * fraction - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, ""


@functools.cache
def default() -> Context:
    """The context of calls that are given none: all cores, the best instruction set, no limits."""
    return Context()


def resolve(context: Context | None, options: dict[str, Any]) -> Context:
    """The context of one call: the one given, or one made of the keyword options, or the default."""
    if context is not None and options:
        raise TypeError(f"give a context or the options {', '.join(options)}, not both")
    if context is not None:
        return context
    return Context(**options) if options else default()
