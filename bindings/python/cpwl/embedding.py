"""Losses on embeddings with their gradients, and independent components by one of them."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _abi, _tensor
from . import context as _context
from ._lib import call, lib, sized
from .context import Context

__all__ = ["Ica", "Loss", "barlow_loss", "ica", "vcreg_loss", "vicreg_loss", "wmse_loss"]


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss.

    Attributes
    ----------
    value : float
    terms : dict of float
        Its terms, before they are weighted.
    gradients : tuple of array
        One for each view, of its shape; empty unless asked for.
    """

    value: float
    terms: dict[str, float]
    gradients: tuple[Any, ...]


def _loss(
    function: Any,
    views: list[tuple[str, Any]],
    options: Any,
    names: list[str],
    gradient: bool,
    ctx: Context,
    *more: Any,
    double: bool = False,
) -> Loss:
    given = [_tensor.borrow(v, name) for name, v in views]
    wide = double or any(b.dtype == "float64" for b in given)
    outs = [np.empty(b.shape, "float64" if wide else "float32") for b in given] if gradient else []
    places: list[Any] = [_tensor.borrow(out, "gradient") for out in outs] or [None] * len(given)
    out = sized(_abi.LossSummary)
    ctx._run(lambda: call(function, ctx, *given, options, ctypes.byref(out), *places, *more))
    found = tuple(_tensor.as_result(o, b) for o, b in zip(outs, given, strict=False))
    return Loss(out.value, dict(zip(names, out.terms, strict=False)), found)


def vcreg_loss(
    z: Any,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    gamma: float = 1.0,
    eps: float = 0.0,
    ddof: int = 1,
    per_feature: bool = False,
    gradient: bool = False,
    context: Context | None = None,
    **options: Any,
) -> Loss:
    """VCReg: alpha sum_k max(0, gamma - sqrt(C_kk + eps)) + beta sum_{k != l} C_kl^2, C the covariance of `z`.

    Parameters
    ----------
    z : array (n, d)
        float64, or float32 and below with arithmetic in float32 and sums in float64.
    ddof : {0, 1}
        C is over n - ddof.
    per_feature : bool
        Both terms over d, as in VICReg, instead of plain sums.
    gradient : bool
        Whether the gradient is wanted.

    References
    ----------
    G. Mialon, R. Balestriero, Y. LeCun: Variance covariance regularization enforces pairwise independence in
    self-supervised representations, arXiv:2209.14905.
    """
    if ddof not in (0, 1):
        raise ValueError(f"ddof is {ddof}; expected 0 or 1")
    ctx = _context.resolve(context, options)
    o = sized(_abi.VcregOptions, alpha=alpha, beta=beta, gamma=gamma, eps=eps, over_n=1 - ddof,
              per_feature=per_feature, set=_abi.CPWL_LOSS_AS_GIVEN)  # fmt: skip
    return _loss(lib.cpwl_vcreg, [("z", z)], ctypes.byref(o), ["variance", "covariance"], gradient, ctx)


def vicreg_loss(
    z1: Any,
    z2: Any,
    *,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
    gamma: float = 1.0,
    eps: float = 1e-4,
    variant: str = "fair",
    gradient: bool = False,
    context: Context | None = None,
    **options: Any,
) -> Loss:
    """VICReg of two views (n, d), n the whole batch.

    `variant` ``"fair"`` has the factors of facebookresearch/vicreg, ``"paper"`` those of arXiv:2105.04906: they differ
    by 2 in the variance term and by d in the invariance term. Other parameters as in :func:`vcreg_loss`.
    """
    if variant not in ("fair", "paper"):
        raise ValueError(f"variant is {variant!r}; expected 'fair' or 'paper'")
    ctx = _context.resolve(context, options)
    o = sized(_abi.VicregOptions, invariance=invariance, variance=variance, covariance=covariance, gamma=gamma, eps=eps,
              paper=variant == "paper", set=_abi.CPWL_LOSS_AS_GIVEN)  # fmt: skip
    names = ["invariance", "variance", "covariance"]
    return _loss(lib.cpwl_vicreg, [("z1", z1), ("z2", z2)], ctypes.byref(o), names, gradient, ctx)


def barlow_loss(
    z1: Any,
    z2: Any,
    *,
    lambda_: float = 5e-3,
    eps: float = 0.0,
    gradient: bool = False,
    context: Context | None = None,
    **options: Any,
) -> Loss:
    """Barlow Twins of two views (n, d): sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2, C their cross-correlation
    (Zbontar et al., arXiv:2103.03230)."""
    ctx = _context.resolve(context, options)
    o = sized(_abi.BarlowOptions, eps=eps, set=_abi.CPWL_LOSS_AS_GIVEN)
    setattr(o, "lambda", lambda_)
    views, names = [("z1", z1), ("z2", z2)], ["diagonal", "off_diagonal"]
    return _loss(lib.cpwl_barlow, views, ctypes.byref(o), names, gradient, ctx, None)


def wmse_loss(
    z1: Any, z2: Any, *, eps: float = 0.0, gradient: bool = False, context: Context | None = None, **options: Any
) -> Loss:
    """W-MSE of two views (n, d), n > d: mean squared distance of their whitened, normalised rows; float64 (Ermolov et
    al., arXiv:2007.06346). `eps` of the identity is mixed into the covariance."""
    ctx = _context.resolve(context, options)
    eps_ = ctypes.c_double(eps)
    return _loss(lib.cpwl_wmse, [("z1", z1), ("z2", z2)], eps_, ["distance"], gradient, ctx, double=True)


@dataclass(frozen=True, eq=False)
class Ica:
    """Sources of a linear mixture.

    Attributes
    ----------
    sources : (n, p) array
        Of mean 0 and variance 1, in no order and of no sign.
    unmixing : (p, p) array
        ``sources = (x - x.mean(0)) @ unmixing``.
    objectives : array
        Mean pairwise HSIC of the sources of each start; the smallest was taken.
    best : int
        That start.
    agree : bool
        Whether the two best starts found the same sources. If not, ask for more `restarts`.
    """

    sources: npt.NDArray[np.float64]
    unmixing: npt.NDArray[np.float64]
    objectives: npt.NDArray[np.float64]
    best: int
    agree: bool


def ica(
    x: Any,
    *,
    restarts: int = 8,
    steps: int = 600,
    batch: int = 512,
    cosines: int = 16,
    rate: float = 0.02,
    seed: int = 0,
    context: Context | None = None,
    **options: Any,
) -> Ica:
    """Independent components of a linear mixture `x` (n, p) by VCReg on random features of the whitened data.

    The search has local optima; the best of `restarts` by its own pairwise HSIC is taken, and the result says how they
    compare. Mixtures that are not linear are not solved this way (arXiv:2209.14905).
    """
    ctx = _context.resolve(context, options)
    given = _tensor.borrow(x, "x")
    o = sized(_abi.IcaOptions, restarts=restarts, steps=steps, batch=batch, cosines=cosines, rate=rate, seed=seed)
    p = given.shape[-1] if given.shape else 0
    sources, unmixing, objectives = np.empty(given.shape), np.empty((p, p)), np.empty(max(restarts, 1))
    names = ("sources", "unmixing", "objectives")
    places = [_tensor.borrow(v, n) for v, n in zip((sources, unmixing, objectives), names, strict=True)]
    out = sized(_abi.IcaSummary)
    ctx._run(lambda: call(lib.cpwl_ica, ctx, given, ctypes.byref(o), ctypes.byref(out), *places))
    return Ica(sources, unmixing, objectives, out.best, bool(out.agree))
