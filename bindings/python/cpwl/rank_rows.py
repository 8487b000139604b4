"""Measures of the rows themselves, beside their spectrum: LiDAR, SelfCluster, coherence, intrinsic dimension,
curvature.

>>> import cpwl, numpy as np
>>> rng = np.random.default_rng(0)
>>> samples, views = rng.standard_normal((200, 1, 8)), 0.1 * rng.standard_normal((200, 10, 8))
>>> round(cpwl.lidar(samples + views).lidar, 1)
7.8
>>> round(cpwl.coherence([[1, 0], [0, 1], [0, 1]]), 9)
1.5
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor, errors, rank
from . import context as _context
from ._lib import Handle, call, lib, sized
from .moments import State, alone

__all__ = [
    "Lidar",
    "LidarValue",
    "TwoNN",
    "coherence",
    "curvature",
    "lidar",
    "self_cluster",
    "two_nn",
]

Array = npt.NDArray[np.float64]

_TURNS = {False: _abi.CPWL_TURN_ABSOLUTE, True: _abi.CPWL_TURN_SIGNED}


class LidarValue(NamedTuple):
    """What LiDAR says.

    Attributes
    ----------
    lidar : float
        Between 1 and min(K, groups - 1).
    entropy : float
        With eps = 0, in nats.
    eigenvalues : (K,)
        Descending.
    """

    lidar: float
    entropy: float
    eigenvalues: Array


class Lidar(State):
    """Groups of views, of which LiDAR is taken: streams and merges.

    Parameters
    ----------
    n_columns : int
    """

    _rebuild = "push the groups into another one"

    def __init__(self, n_columns: int) -> None:
        super().__init__(Handle(lib.cpwl_lidar_free, lib.cpwl_lidar_new, None, n_columns))

    def _info(self) -> Any:
        info = sized(_abi.LidarSummary)
        with alone(self):
            call(lib.cpwl_lidar_info, None, self._handle, ctypes.byref(info))
        return info

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return self._info().n_groups

    @property
    def n_views(self) -> int:
        """Number of views in all groups."""
        return self._info().n_views

    @property
    def n_columns(self) -> int:
        """Number of columns, K."""
        return self._info().n_columns

    def push(self, z: Any, *, context: _context.Context | None = None) -> None:
        """Adds a group: the views of one sample, (q, K) with q >= 1."""
        lent = rank.rows(z)
        with alone(self):
            call(lib.cpwl_lidar_push, context or _context.default(), self._handle, lent)

    def merge(self, other: Lidar) -> None:
        """Adds the groups of `other`."""
        with alone(self, other):
            call(lib.cpwl_lidar_merge, None, self._handle, other._handle)

    def measure(
        self,
        *,
        delta: float = 1e-4,
        eps: float = 1e-8,
        unbiased: bool = False,
        context: _context.Context | None = None,
    ) -> LidarValue:
        """LiDAR of the groups so far; see :func:`cpwl.lidar`."""
        how = sized(
            _abi.LidarOptions,
            delta=delta,
            eps=eps,
            denominators=_abi.CPWL_LIDAR_UNBIASED if unbiased else _abi.CPWL_LIDAR_BIASED,
            flags=_abi.CPWL_LIDAR_DELTA | _abi.CPWL_LIDAR_EPS,
        )
        found, k = sized(_abi.LidarSummary), self.n_columns
        eigenvalues = np.empty(k)
        arguments = (ctypes.byref(how), _tensor.borrow(eigenvalues, "eigenvalues"), ctypes.byref(found))
        with alone(self):
            rank.run(context or _context.default(), 4.0 * k**3, lib.cpwl_lidar_measure, self._handle, *arguments)
        return LidarValue(found.lidar, found.entropy, eigenvalues)

    def __repr__(self) -> str:
        info = self._info()
        return f"<cpwl.Lidar of {info.n_views} views of {info.n_columns} in {info.n_groups} groups>"


def lidar(
    z: Any,
    groups: Any = None,
    *,
    delta: float = 1e-4,
    eps: float = 1e-8,
    unbiased: bool = False,
    context: _context.Context | None = None,
    **options: Any,
) -> LidarValue:
    """LiDAR: the effective rank of what tells samples apart, over what views of one sample differ in.

    Parameters
    ----------
    z : (n, q, K) array, or (rows, K)
        q views of each of n samples; about 1000 samples of 50 views are usual.
    groups : int or sequence of int, optional
        For (rows, K): how many views of a sample follow each other, one number for all or one for each.
    delta : float
        Added to the diagonal of the scatter within groups, in units of the data squared: the result depends on the
        scale.
    eps : float
        Added to the probabilities.
    unbiased : bool
        Denominators n - 1 and sum(q - 1) instead of n and sum(q), and eps added to the eigenvalues.
    context : Context, optional
        Or its options by keyword.

    Raises
    ------
    NumericError
        Fewer than two groups, groups of equal means, or a singular scatter with ``delta=0``.
    ArgumentError
        Unbiased, and no group has two views.

    References
    ----------
    V. Thilak et al.: LiDAR: Sensing Linear Probing Performance in Joint Embedding SSL Architectures, arXiv:2312.04000.
    """
    ctx = _context.resolve(context, options)
    lent = rank.rows(z)
    state = Lidar(lent.shape[-1] if lent.shape else 0)
    for group in _groups(lent, groups):
        state.push(group, context=ctx)
    return state.measure(delta=delta, eps=eps, unbiased=unbiased, context=ctx)


def _groups(z: _tensor.Borrowed, groups: Any) -> Iterator[_tensor.Borrowed]:
    """The views of each sample, in place."""
    if len(z.shape) == 3 and groups is None:
        yield from (z.part(i, 0, z.shape[1]) for i in range(z.shape[0]))
        return
    if len(z.shape) != 2 or groups is None:
        raise errors.ShapeError(
            f"[RANK] z has shape {z.shape}; expected (samples, views, features), or (rows, features) and groups"
        )
    n = z.shape[0]
    if isinstance(groups, int | np.integer):
        sizes = [int(groups)] * (n // groups if groups > 0 else 0)
    else:
        sizes = [int(q) for q in groups]
    if sum(sizes) != n or any(q < 1 for q in sizes):
        raise errors.ShapeError(f"[SHAPE] groups do not add up to the {n} rows of z; expected the views of each sample")
    start = 0
    for q in sizes:
        yield z.part(None, start, q)
        start += q


def self_cluster(z: Any, *, context: _context.Context | None = None, **options: Any) -> float:
    """How much rows point the same way: 1 when they all do, about 0 for random directions.

    ``(|Zn Zn'|_F**2 - E) / (n**2 - E)`` of rows Zn of length 1, ``E = n + n (n - 1) / d`` the expectation for random
    directions.

    Parameters
    ----------
    z : (n, d) array
    context : Context, optional
        Or its options by keyword.

    Raises
    ------
    NumericError
        A row of zeros, which has no direction.
    """
    lent = rank.rows(z)
    return rank.number(_context.resolve(context, options), rank.products(lent), lib.cpwl_self_cluster, lent)


def coherence(z: Any, *, context: _context.Context | None = None, **options: Any) -> float:
    """The largest leverage of a row, ``max_i x_i' (Z'Z)^-1 x_i``, times n / d: 1 if all rows matter alike, n / d if a
    direction hangs on one row.

    Parameters
    ----------
    z : (n, d) array
    context : Context, optional
        Or its options by keyword.
    """
    lent = rank.rows(z)
    return rank.number(_context.resolve(context, options), 2 * rank.products(lent), lib.cpwl_coherence, lent)


class TwoNN(NamedTuple):
    """Intrinsic dimension by two nearest neighbours.

    Attributes
    ----------
    dimension : float
        By the fit, the empirical distribution counted from 1: the usual one.
    dimension_base0 : float
        The same counted from 0.
    likelihood : float
        Of maximum likelihood.
    n_used, n_dropped : int
        Points used, and left out because another one lies on them.
    """

    dimension: float
    dimension_base0: float
    likelihood: float
    n_used: int
    n_dropped: int


def two_nn(z: Any, *, context: _context.Context | None = None, **options: Any) -> TwoNN:
    """Intrinsic dimension of points from the distances to the two nearest neighbours of each.

    Parameters
    ----------
    z : (n, d) array
        n^2 d products.
    context : Context, optional
        Or its options by keyword.

    References ---------- E. Facco, M. d'Errico, A. Rodriguez, A. Laio: Estimating the intrinsic dimension of datasets
    by a minimal neighborhood information, Scientific Reports 7 (2017).
    """
    lent, found = rank.rows(z), sized(_abi.TwoNnSummary)
    work = float(np.prod(lent.shape)) * (lent.shape[0] if lent.shape else 0)
    rank.run(_context.resolve(context, options), work, lib.cpwl_two_nn, lent, ctypes.byref(found))
    return TwoNN(found.fit, found.fit_base0, found.likelihood, found.n_used, found.n_dropped)


def curvature(
    z: Any, *, signed: bool = False, normalize: bool = False, context: _context.Context | None = None
) -> float:
    """Mean angle in radians between successive steps of a path, such as that of the tokens of a sequence.

    Parameters
    ----------
    z : (T, D) array
        T >= 3.
    signed : bool
        ``arccos(cos)`` up to pi instead of ``arccos(|cos|)``, the form of the published toolkits.
    normalize : bool
        Divide by ln D.
    """
    turn = _TURNS[bool(signed)]
    return rank.number(context or _context.default(), 0, lib.cpwl_curvature, rank.rows(z), turn, normalize)
