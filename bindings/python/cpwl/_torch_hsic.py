"""Independence as torch functions with gradients: what is saved for the backward pass are gradients, never Gram
matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from . import embedding
from ._variables import ESTIMATORS, code
from .hsic import hsic_gradient
from .hsic import pairwise_mean_gradient as _pairwise_mean_gradient

__all__ = ["barlow_twins", "cka", "hsic", "pairwise_hsic_mean", "vcreg", "vicreg", "wmse"]


class _Value(torch.autograd.Function):
    """A scalar whose gradients come with it: `compute` takes detached tensors, and gives value and gradients."""

    @staticmethod
    def forward(ctx: Any, compute: Callable[..., tuple[float, Any]], *inputs: torch.Tensor) -> torch.Tensor:
        value, gradients = compute(*(t.detach().cpu() for t in inputs))
        ctx.likes = [(t.dtype, t.device) for t in inputs]
        ctx.save_for_backward(*(g for g in gradients if g is not None))
        ctx.given = [g is not None for g in gradients]
        return inputs[0].new_tensor(value)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        saved = iter(ctx.saved_tensors)
        found = [next(saved) if given else None for given in ctx.given]
        wanted = ctx.needs_input_grad[1:]
        moved = [
            None if g is None or not want else g.to(dtype=dtype, device=device) * upstream.to(device)
            for g, (dtype, device), want in zip(found, ctx.likes, wanted, strict=True)
        ]
        return (None, *moved)


def _objective(x: torch.Tensor, y: torch.Tensor, kernel: Any, name: str, options: dict[str, Any]) -> torch.Tensor:
    code(ESTIMATORS, name, "estimator")
    both = y.requires_grad

    def compute(x: torch.Tensor, y: torch.Tensor) -> tuple[float, Any]:
        found = hsic_gradient(x, y, kernel=kernel, objective=name, both=both, **options)
        return found.value, (found.x, found.y)

    return _Value.apply(compute, x, y)


def hsic(
    x: torch.Tensor, y: torch.Tensor, *, kernel: Any = "rbf", estimator: str = "biased", **options: Any
) -> torch.Tensor:
    """HSIC of `x` and `y`, differentiable in both; parameters as in :func:`cpwl.hsic`. A bandwidth that is found from
    the data counts as a constant."""
    return _objective(x, y, kernel, estimator, options)


def cka(
    x: torch.Tensor, y: torch.Tensor, *, kernel: Any = "linear", debiased: bool = False, **options: Any
) -> torch.Tensor:
    """CKA of `x` and `y`, differentiable in both; parameters as in :func:`cpwl.cka`."""
    return _objective(x, y, kernel, "cka_debiased" if debiased else "cka", options)


def pairwise_hsic_mean(f: torch.Tensor, *, normalised: bool = False, **options: Any) -> torch.Tensor:
    """Mean HSIC, or with `normalised` CKA, of all pairs of columns of `f`; parameters as in
    :func:`cpwl.pairwise_mean`."""

    def compute(f: torch.Tensor) -> tuple[float, Any]:
        value, gradient = _pairwise_mean_gradient(f, normalised=normalised, **options)
        return value, (gradient,)

    return _Value.apply(compute, f)


def _loss(function: Callable[..., embedding.Loss], views: tuple[torch.Tensor, ...], options: Any) -> torch.Tensor:
    def compute(*views: torch.Tensor) -> tuple[float, Any]:
        found = function(*views, gradient=True, **options)
        return found.value, found.gradients

    return _Value.apply(compute, *views)


def vcreg(z: torch.Tensor, **options: Any) -> torch.Tensor:
    """VCReg of a batch (n, d); parameters as in :func:`cpwl.vcreg_loss`."""
    return _loss(embedding.vcreg_loss, (z,), options)


def vicreg(z1: torch.Tensor, z2: torch.Tensor, **options: Any) -> torch.Tensor:
    """VICReg of two views (n, d); parameters as in :func:`cpwl.vicreg_loss`."""
    return _loss(embedding.vicreg_loss, (z1, z2), options)


def barlow_twins(z1: torch.Tensor, z2: torch.Tensor, **options: Any) -> torch.Tensor:
    """Barlow Twins of two views (n, d); parameters as in :func:`cpwl.barlow_loss`."""
    return _loss(embedding.barlow_loss, (z1, z2), options)


def wmse(z1: torch.Tensor, z2: torch.Tensor, **options: Any) -> torch.Tensor:
    """W-MSE of two views (n, d); parameters as in :func:`cpwl.wmse_loss`."""
    return _loss(embedding.wmse_loss, (z1, z2), options)
