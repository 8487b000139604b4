"""The datum-index loss in torch's autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .diet import DietHead, DietLoss, diet_loss


class _Loss(torch.autograd.Function):
    """Gradients are made with the loss, and scaled on the way back."""

    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, head: torch.Tensor, bias: Any, scale: Any, index: Any,
                smoothing: float, options: dict[str, Any]) -> torch.Tensor:  # fmt: skip
        wanted = any(t is not None and t.requires_grad for t in (features, head, bias, scale))
        found = diet_loss(
            features.detach(), head.detach(), index, smoothing, bias=None if bias is None else bias.detach(),
            scale=1.0 if scale is None else float(scale), gradients=wanted, **options,
        )  # fmt: skip
        ctx.found, ctx.scale = found, scale
        ctx.dtypes = [None if t is None else t.dtype for t in (features, head, bias)]
        return torch.tensor(found.loss, dtype=torch.float64 if features.dtype == torch.float64 else torch.float32)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        found = ctx.found
        parts = (found.d_features, found.d_head, found.d_bias)
        moved = [
            (part * upstream.to(part.dtype)).to(dtype) if want and part is not None else None
            for part, want, dtype in zip(parts, ctx.needs_input_grad, ctx.dtypes, strict=False)
        ]
        by_scale = None
        if ctx.needs_input_grad[3]:
            by_scale = (upstream * found.d_scale).reshape(ctx.scale.shape).to(ctx.scale.dtype)
        return (*moved, by_scale, None, None, None)


def loss(
    features: torch.Tensor, head: torch.Tensor, index: Any, smoothing: float = 0.8, *, bias: Any = None,
    scale: torch.Tensor | None = None, **options: Any,
) -> torch.Tensor:  # fmt: skip
    """:func:`cpwl.diet_loss` as a differentiable function of `features`, `head`, `bias` and `scale` (a tensor with one
    element). First derivatives only.
    """
    return _Loss.apply(features, head, bias, scale, index, smoothing, options)


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, features: torch.Tensor, head: DietHead, index: Any, options: dict[str, Any], out: list
    ) -> Any:
        found = head.step(features.detach(), index, **options)
        ctx.gradient, ctx.dtype = found.d_features, features.dtype
        out.append(found)
        return torch.tensor(found.loss, dtype=found.d_features.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        return ((ctx.gradient * upstream.to(ctx.gradient.dtype)).to(ctx.dtype), None, None, None, None)


def step(head: DietHead, features: torch.Tensor, index: Any, **options: Any) -> tuple[torch.Tensor, DietLoss]:
    """A step of the head, and its loss as a differentiable function of `features`: call ``backward()`` on it to train
    what computed them. Scaling the loss scales the gradient of the features, not the step of the head, which is done.

    Returns
    -------
    loss : torch.Tensor
    found : DietLoss
    """
    out: list[DietLoss] = []
    value = _Step.apply(features, head, index, options, out)
    return value, out[0]
