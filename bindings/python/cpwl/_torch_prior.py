"""The prototype loss in torch's autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .prior import PriorLoss, prior_matching_loss


class _Loss(torch.autograd.Function):
    """Gradients are made with the loss, and scaled on the way back."""

    @staticmethod
    def forward(ctx: Any, anchors: torch.Tensor, prototypes: torch.Tensor, targets: torch.Tensor, prior: Any,
                options: dict[str, Any], out: list) -> torch.Tensor:  # fmt: skip
        wanted = anchors.requires_grad or prototypes.requires_grad
        found = prior_matching_loss(
            anchors.detach(), targets.detach(), prototypes.detach(), prior, gradients=wanted, **options
        )
        ctx.parts = (found.d_anchors, found.d_prototypes)
        ctx.dtypes = (anchors.dtype, prototypes.dtype)
        out.append(found)
        return torch.tensor(found.loss, dtype=torch.float64 if anchors.dtype == torch.float64 else torch.float32)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: torch.Tensor) -> tuple[Any, ...]:
        moved = [
            (part * upstream.to(part.dtype)).to(dtype) if want else None
            for part, dtype, want in zip(ctx.parts, ctx.dtypes, ctx.needs_input_grad, strict=False)
        ]
        return (*moved, None, None, None, None)


def loss(
    anchors: torch.Tensor, targets: torch.Tensor, prototypes: torch.Tensor, prior: Any = None, **options: Any
) -> tuple[torch.Tensor, PriorLoss]:
    """:func:`cpwl.prior_matching_loss` as a differentiable function of `anchors` and `prototypes`, and what it found.
    First derivatives only; targets carry no gradient.
    """
    out: list[PriorLoss] = []
    value = _Loss.apply(anchors, prototypes, targets, prior, options, out)
    return value, out[0]
